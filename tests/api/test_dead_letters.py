from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ingest.letters import Letters, NewLetter
from ingest.message import Message

LETTERS = "/api/v1/dead-letters"
KEY = {"Authorization": "Bearer the key"}


def keep(letters: Letters, *found: NewLetter) -> None:
    letters.write("spool", found[-1].spool_id, found, [])


def letter(n: int, topic: str, reason: str, payload: bytes, detail: str = "") -> NewLetter:
    received = datetime(2026, 11, 16, 9, tzinfo=UTC)
    return NewLetter(n, Message(topic, payload, received), len(payload), reason, detail)


def test_dead_letters_newest_first_page_by_page(client: TestClient, letters: Letters) -> None:
    keep(letters, *(letter(n, f"t/{n}", "not_json" if n % 2 else "no_decoder", b"{") for n in range(1, 6)))

    first = client.get(f"{LETTERS}?limit=2").json()
    second = client.get(f"{LETTERS}?limit=3&before={first['next']}").json()
    odd = client.get(f"{LETTERS}?reason=not_json").json()

    assert first["counts"] == {"no_decoder": 2, "not_json": 3}
    assert [item["id"] for item in first["items"]] == [5, 4]
    assert ([item["id"] for item in second["items"]], second["next"]) == ([3, 2, 1], None)
    assert [item["id"] for item in odd["items"]] == [5, 3, 1]
    assert first["items"][0] == {
        "id": 5,
        "received": "2026-11-16T09:00:00Z",
        "topic": "t/5",
        "device": None,
        "reason": "not_json",
        "detail": "",
        "payload_bytes": 1,
        "encoding": "utf-8",
        "payload": "{",
        "family": None,
        "tries": 1,
    }


@pytest.mark.parametrize(
    ("payload", "encoding", "shown"),
    [
        (b"", "utf-8", ""),
        ("{å\r\n\t}".encode(), "utf-8", "{å\r\n\t}"),
        (b"\x00\x01", "base64", base64.b64encode(b"\x00\x01").decode()),
        (b"\xff\xfe\xfd", "base64", base64.b64encode(b"\xff\xfe\xfd").decode()),
        (b"a" * 999 + "å".encode() + b"b", "utf-8", "a" * 999),  # cut in the middle of a letter
    ],
)
def test_payloads_as_text_where_they_are(
    client: TestClient, letters: Letters, payload: bytes, encoding: str, shown: str
) -> None:
    keep(letters, letter(1, "t", "not_json", payload))
    item = client.get(LETTERS).json()["items"][0]
    assert (item["encoding"], item["payload"], item["payload_bytes"]) == (encoding, shown, len(payload))


def test_one_letter_with_its_whole_payload(client: TestClient, letters: Letters) -> None:
    keep(letters, letter(1, "t", "too_large", b"a" * 5_000))
    assert client.get(f"{LETTERS}/1").json()["payload"] == "a" * 5_000
    assert client.get(f"{LETTERS}/2").status_code == 404
    assert client.get(f"{LETTERS}/0").status_code == 422


def test_hostile_topics_are_no_formula(client: TestClient, letters: Letters) -> None:
    keep(
        letters,
        letter(1, '=HYPERLINK("http://x";"y")', "bad_topic", b"@SUM(1)", "+1"),
        letter(2, "-2", "bad_topic", b"\t=1\r\n"),
    )
    text = client.get(f"{LETTERS}?format=csv").text
    lines = text.split("\r\n")
    assert lines[0] == "id,received,topic,device,reason,detail,payload_bytes,encoding,payload,family,tries"
    assert lines[1] == "2,2026-11-16T09:00:00Z,'-2,,bad_topic,,5,utf-8,\"'\t=1"
    assert lines[3] == (
        '1,2026-11-16T09:00:00Z,"\'=HYPERLINK(""http://x"";""y"")",,bad_topic,\'+1,7,utf-8,\'@SUM(1),,1'
    )


def test_by_family_and_topic(client: TestClient, letters: Letters) -> None:
    received = datetime(2026, 11, 16, 9, tzinfo=UTC)
    for n, (topic, family) in enumerate([("a/1/x", "native"), ("a/2/x", "p1"), ("b", "p1")], 1):
        keep(letters, NewLetter(n, Message(topic, b"", received), 0, "wrong_type", family=family))

    def ids(query: str) -> list[int]:
        return [item["id"] for item in client.get(f"{LETTERS}?{query}").json()["items"]]

    assert ids("family=p1") == [3, 2]
    assert ids("topic=a/%2B/x") == [2, 1]
    assert ids("topic=a/%23&family=p1") == [2]
    assert ids("topic=a") == []


@pytest.mark.parametrize("action", ["replay", "purge"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer another"},
        {"Authorization": "the key"},
        {"Authorization": "Basic the key"},
    ],
)
def test_nobody_writes_without_the_key(
    client: TestClient, letters: Letters, asked: Any, action: str, headers: dict[str, str]
) -> None:
    keep(letters, letter(1, "t", "not_json", b"{"))
    answer = client.post(f"{LETTERS}/{action}", json={}, headers=headers)
    is_token = headers.get("Authorization", "").startswith("Bearer ")
    assert answer.status_code == (401 if is_token else 403)
    assert ("tokens" if is_token else "control.key") in answer.json()["detail"]
    assert letters.count_by_reason() == {"not_json": 1}
    assert asked.replays == []


def test_a_page_of_a_replay(client: TestClient, asked: Any) -> None:
    answer = client.post(f"{LETTERS}/replay", json={"reason": "not_json", "ids": [1, 2]}, headers=KEY)
    assert answer.json() == {
        "placed": 3,
        "failed": {"not_json": 1},
        "cut": 1,
        "waiting": 0,
        "next_id": None,
        "through_id": 5,
    }
    (meant,) = asked.replays
    assert meant == {
        "reason": "not_json",
        "family": None,
        "topic": None,
        "ids": [1, 2],
        "after_id": 0,
        "through_id": None,
        "limit": 5_000,
    }


def test_purging_what_is_meant_and_no_more(client: TestClient, letters: Letters) -> None:
    old = datetime(2026, 10, 1, tzinfo=UTC)
    keep(letters, *(letter(n, f"t/{n}", "no_codec" if n % 2 else "not_json", b"") for n in range(1, 5)))
    keep(letters, NewLetter(5, Message("t/5", b"", old), 0, "no_codec"))

    def purge(**meant: object) -> int:
        answer = client.post(f"{LETTERS}/purge", json=meant, headers=KEY)
        assert answer.status_code == 200, answer.text
        purged: int = answer.json()["purged"]
        return purged

    assert purge(received_before="2026-11-01") == 1
    assert purge(reason="no_codec", topic="t/1") == 1
    assert purge(ids=[2, 99]) == 1
    assert [kept.id for kept in letters.list()] == [4, 3]
    assert purge() == 2


def test_what_cannot_be_done_now_says_why(client: TestClient, asked: Any) -> None:
    asked.refuse = "Nothing was replayed: mappings.toml has a fault. Mend it and replay again."
    answer = client.post(f"{LETTERS}/replay", json={}, headers=KEY)
    assert (answer.status_code, answer.json()["detail"]) == (409, asked.refuse)


@pytest.mark.parametrize(
    "body",
    [
        {"reason": "NOT JSON"},
        {"resaon": "not_json"},
        {"ids": [0]},
        {"ids": [2**63]},
        {"received_before": "yesterday"},
        {"received_before": "0001-01-01T00:00:00+14:00"},
        [],
    ],
)
def test_a_purge_of_something_wrong_deletes_nothing(
    client: TestClient, letters: Letters, body: object
) -> None:
    keep(letters, letter(1, "t", "not_json", b"{"))
    answer = client.post(f"{LETTERS}/purge", json=body, headers=KEY)
    assert answer.status_code == 422, answer.text
    assert letters.count_by_reason() == {"not_json": 1}
