"""What every test run shows first."""

from influx import header


def pytest_report_header() -> str:
    """The servers that tests marked ``server`` will meet."""
    return header()
