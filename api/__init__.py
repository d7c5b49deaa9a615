"""The way out: JSON and CSV for Grafana and others, live values, operations, classroom pages."""
