"""Tokens and screen links: shown once, kept as hashes, and what no longer lets in."""

from __future__ import annotations

import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.access.file import AccessError, AccessFile
from api.access.sessions import Sessions
from api.access.tokens import Tokens
from classroom.access import Grant, Role

NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)
GRANT = Grant(role=Role.STAFF, schools=("oppen", "hemlig"))


def test_a_token_is_found_by_its_text_alone(tokens: Tokens) -> None:
    key, text = tokens.create(GRANT, "BMS", NOW, NOW + timedelta(days=1))
    found = tokens.find(text, NOW)
    assert found is not None
    assert (found.id, found.grant, found.note, found.place) == (key, GRANT, "BMS", None)
    assert tokens.find(text, NOW + timedelta(days=1)) is None
    assert tokens.find_screen(text, NOW) is None
    assert [(token.id, token.state(NOW + timedelta(days=2))) for token in tokens.list()] == [(key, "expired")]


def test_a_revoked_token_is_refused_at_once_in_every_process(tokens: Tokens, tmp_path: Path) -> None:
    key, text = tokens.create(GRANT, "", NOW, None)
    other = AccessFile(tmp_path / "data" / "access.sqlite")
    assert Tokens(other).find(text, NOW) is not None
    assert tokens.revoke(key, NOW)
    assert Tokens(other).find(text, NOW) is None
    assert not tokens.revoke(key, NOW)
    assert not tokens.revoke("unknown", NOW)
    other.close()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_token_is_none(tokens: Tokens, data: st.DataObject) -> None:
    """Any sign of it changed, left out or doubled."""
    _, text = tokens.create(GRANT, "", NOW, None)
    place = data.draw(st.integers(0, len(text) - 1))
    sign = data.draw(st.one_of(st.just(""), st.just(text[place] * 2), st.characters()))
    changed = text[:place] + sign + text[place + 1 :]
    assert (tokens.find(changed, NOW) is None) == (changed != text)
    assert tokens.find_screen(changed, NOW) is None


def test_nothing_of_a_secret_is_kept(tokens: Tokens, file: AccessFile, tmp_path: Path) -> None:
    _, text = tokens.create(GRANT, "", NOW, None)
    _, link = tokens.create_screen("oppen", "rum1", "", NOW, None)
    name = Sessions(file).begin({"name": "anna", "groups": []}, NOW, timedelta(hours=1))
    kept = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    for secret in (text.split("_", 2)[2], link.split("-", 1)[1], name):
        assert len(secret) == 43
        assert secret.encode() not in kept


def test_the_file_is_its_owners(tokens: Tokens, tmp_path: Path) -> None:
    tokens.create(GRANT, "", NOW, None)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
    assert modes
    assert set(modes.values()) == {0o600}


def test_a_screen_is_one_room(tokens: Tokens) -> None:
    key, link = tokens.create_screen("oppen", "rum1", "by the door", NOW, None)
    found = tokens.find_screen(link, NOW)
    assert found is not None
    assert (found.id, found.place) == (key, ("oppen", "rum1"))
    assert tokens.find(link, NOW) is None
    assert tokens.find(f"cc_{link.replace('-', '_', 1)}", NOW) is None  # its secret is no token's


def test_a_file_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "access.sqlite"
    AccessFile(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(AccessError, match="newer version"):
        AccessFile(path)


def test_a_file_that_is_none_says_so(tmp_path: Path) -> None:
    path = tmp_path / "access.sqlite"
    path.write_bytes(b"something else" * 100)
    with pytest.raises(AccessError, match="cannot be opened"):
        AccessFile(path)


def test_sessions_end_and_are_cleared(file: AccessFile) -> None:
    sessions = Sessions(file)
    name = sessions.begin({"groups": ["a"]}, NOW, timedelta(hours=1))
    assert sessions.state(name, NOW) == {"groups": ["a"]}
    assert sessions.state(name, NOW + timedelta(hours=1)) is None
    other = sessions.begin({}, NOW + timedelta(hours=2), timedelta(hours=1))
    assert file.rows("SELECT count(*) FROM sessions") == [(1,)]
    sessions.end(other)
    assert sessions.state(other, NOW + timedelta(hours=2)) is None
