"""Grafana dashboards as code, and a client that puts them in place."""
