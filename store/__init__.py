"""Readings, hourly rollups, verdicts, metrics and the ledger of changed hours, behind one protocol."""
