"""A simulated town of schools: physics with known truth, real device formats, published over MQTT."""
