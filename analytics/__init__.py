"""From readings to metrics: pure functions over pandas and numpy; only :mod:`analytics.jobs` loads and
saves."""
