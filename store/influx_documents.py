"""Documents in InfluxDB: a point (a few when the text is long) at a fixed time, replaced in one stroke."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import orjson

from store.base import Document
from store.influx_lines import string, tag, tags_of
from store.influx_query import Question
from store.influx_server import InfluxServer

_CHARACTERS = 8_000  # a point; a string field may hold 64 kB, and escaping makes six bytes of some characters


def document_lines(documents: Sequence[Document]) -> Iterator[str]:
    """Lines that replace documents with the same key; of two in ``documents`` the later stands."""
    for kind, school, key, body in {row[:3]: row for row in documents}.values():
        pieces = [body[at : at + _CHARACTERS] for at in range(0, len(body), _CHARACTERS)] or [""]
        for index, piece in enumerate(pieces):
            text = string(orjson.dumps(piece).decode())
            yield f"{_head(kind, school, key)} pieces={len(pieces)},body={text} {index}"


def gone_lines(kind: str, school: str, keys: Iterable[str]) -> Iterator[str]:
    """Lines after which the named documents exist no more."""
    for key in keys:
        yield f'{_head(kind, school, key)} pieces=0,body="" 0'


def read_documents(server: InfluxServer, kind: str | None, school: str | None) -> list[Document]:
    """Documents sorted by kind, school, key; None is all."""
    question = Question()
    asked = {"kind": kind, "school": school}
    conditions = [question.one_of(name, [value]) for name, value in asked.items() if value is not None]
    question.ask(["pieces", "body"], "documents", *conditions)
    bodies: dict[tuple[str, str, str], list[str]] = {}
    pieces: dict[tuple[str, str, str], float] = {}  # of each, as its first point says
    for table in server.query(str(question), question.parameters, strings=("body",)):
        rows = zip(*(table[name].to_pylist() for name in table.column_names[1:]), strict=True)
        for text, index, count, body in rows:
            tags = tags_of(text)
            key = (tags["kind"], tags["school"], tags["key"])
            if index < pieces.setdefault(key, count):
                bodies.setdefault(key, []).append(orjson.loads(body))
    return sorted(Document(*key, "".join(parts)) for key, parts in bodies.items())


def _head(kind: str, school: str, key: str) -> str:
    return f"documents,kind={tag(kind)},school={tag(school)},key={tag(key)}"
