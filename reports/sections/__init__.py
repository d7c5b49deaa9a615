"""What a report says, topic by topic, in either language."""
