"""The command line: one file a command.

The only place that reads files, environment and clock, and that wires the parts.
"""
