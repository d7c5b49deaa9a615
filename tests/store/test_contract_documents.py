"""Documents: kept whole, replaced by kind, school and key."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.base import Document, Store

TEXT = st.text(st.characters(codec="utf-8"), max_size=100)
NAMES = ["", "a", 'x" OR 1=1 --', "å,ä = ö\\"]


def test_documents_come_back_sorted_and_whole(reopen: Callable[[], Store]) -> None:
    store = reopen()
    written = [Document(kind, school, key, "{}") for kind in "ba" for school in NAMES for key in NAMES]
    store.write_documents(written)
    store.write_documents([])
    store = reopen()
    assert store.read_documents(None) == sorted(written)
    for school in NAMES:
        mine = sorted(row for row in written if row.school == school)
        assert store.read_documents(None, school) == mine
        assert store.read_documents("a", school) == [row for row in mine if row.kind == "a"]
    assert store.read_documents("none") == []


def test_a_document_is_replaced_and_the_later_stands(store: Store) -> None:
    long = orjson.dumps(["å\n\x00😀" * 20_000]).decode()
    store.write_documents([Document("insight", "s", "1", long), Document("insight", "s", "2", "2")])
    assert store.read_documents("insight", "s")[0].body == long
    store.write_documents([Document("insight", "s", "1", "old"), Document("insight", "s", "1", "new")])
    assert store.read_documents("insight") == [
        Document("insight", "s", "1", "new"),
        Document("insight", "s", "2", "2"),
    ]


def test_deleting_forgets_the_named_ones_only(store: Store) -> None:
    rows = [Document("insight", "s", key, "{}") for key in ("1", "2", "3")]
    others = [Document("insight", "t", "1", "{}"), Document("experiment", "s", "1", "{}")]
    store.write_documents([*rows, *others])
    store.delete_documents("insight", "s", [])
    store.delete_documents("insight", "s", ["1", "3", "unknown"])
    assert store.read_documents(None) == sorted([rows[1], *others])
    store.write_documents([rows[0]])
    assert rows[0] in store.read_documents("insight", "s")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.text(st.characters(codec="utf-8"), max_size=200),
    key=st.text(st.characters(codec="utf-8"), max_size=8),
)
def test_any_text_comes_back(store: Store, body: str, key: str) -> None:
    one = Document(uuid.uuid4().hex, "s", key, body)
    store.write_documents([one])
    assert store.read_documents(one.kind) == [one]
