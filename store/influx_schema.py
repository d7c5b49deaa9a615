"""Whose bucket it is: the version of the server store's schema, and the checks before its first use."""

from __future__ import annotations

from store.base import SchemaError
from store.influx_server import InfluxServer

SCHEMA_VERSION = 1


def made_ours(server: InfluxServer, read_only: bool) -> bool:
    """Is the bucket there, does it keep for ever, is it ours? An empty one becomes ours by its version.

    Returns:
        False: it is empty and who asks may only read; whoever writes makes it ours.

    Raises:
        SchemaError: it forgets, holds another program's data, or was written by a newer version.
    """
    retention_s = server.retention_s()
    if retention_s:
        raise SchemaError(
            f"{server.address} forgets after {retention_s / 86_400:g} days and refuses older "
            "readings. Set its retention to 0 (for ever); the retention job deletes by rule."
        )
    tables = server.query("SHOW FIELD KEYS", strings=("fieldKey", "fieldType"))
    names = {name for table in tables for name in table["name"].to_pylist()}
    if not names:
        if not read_only:
            server.write([f"classroom_schema version={SCHEMA_VERSION} 0"])
        return not read_only
    if "classroom_schema" not in names:
        raise SchemaError(
            f"{server.address} holds data of another program ({', '.join(sorted(names)[:5])}). "
            "Name a bucket of its own for the store."
        )
    (table,) = server.query("SELECT last(version) FROM classroom_schema")
    version = int(table["last"][0].as_py())
    if version > SCHEMA_VERSION:
        raise SchemaError(
            f"{server.address} has schema version {version}, this program knows versions up to "
            f"{SCHEMA_VERSION}: it was written by a newer classroom-climate. Start that version."
        )
    return True
