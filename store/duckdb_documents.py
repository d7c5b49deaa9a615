"""Documents in DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa
from duckdb import DuckDBPyConnection

from store.base import Document
from store.duckdb_tables import registered


def write_documents(con: DuckDBPyConnection, documents: Sequence[Document]) -> None:
    """Replace documents with the same key; of two in ``documents`` the later stands."""
    rows = list({row[:3]: row for row in documents}.values())
    if not rows:
        return
    columns = {
        name: pa.array(column, pa.string())
        for name, column in zip(Document._fields, zip(*rows, strict=True), strict=True)
    }
    with registered(con, "papers", columns):
        con.execute(
            "DELETE FROM documents d USING papers p "
            "WHERE d.kind = p.kind AND d.school = p.school AND d.key = p.key"
        )
        con.execute("INSERT INTO documents BY NAME SELECT * FROM papers")


def delete_documents(con: DuckDBPyConnection, kind: str, school: str, keys: Iterable[str]) -> None:
    """Delete those of the named documents that exist."""
    con.execute(
        "DELETE FROM documents WHERE kind = ? AND school = ? AND key IN (SELECT unnest(?::VARCHAR[]))",
        [kind, school, list(keys)],
    )


def read_documents(con: DuckDBPyConnection, kind: str | None, school: str | None) -> list[Document]:
    """Documents sorted by kind, school, key; None is all."""
    rows = con.execute(
        "SELECT kind, school, key, body FROM documents "
        "WHERE ($kind::VARCHAR IS NULL OR kind = $kind) AND ($school::VARCHAR IS NULL OR school = $school)",
        {"kind": kind, "school": school},
    ).fetchall()
    return sorted(Document(*row) for row in rows)
