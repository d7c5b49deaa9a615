"""Findings: what is wrong with a school, what it costs, and the evidence."""
