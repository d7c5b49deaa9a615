"""Grafana: dashboards and alert rules as code, their provisioning, and what pushes them to a server."""
