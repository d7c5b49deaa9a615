"""``init --broker``: what it writes, what it keeps, what it refuses."""

from __future__ import annotations

import shutil
import stat
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.app import app
from cli.site import load_site
from ingest.certificates import Pair, hosts_of, issue, valid_until
from ingest.mosquitto import matches, password_hash, read_hashes

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

Init = Callable[..., Result]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A broker with one gateway, made once: keys take a second."""
    folder = tmp_path_factory.mktemp("made") / "broker"
    arguments = ["--host", "mqtt.example.se", "--host", "127.0.0.1", "--gateway", "north=classroom/north/#"]
    result = CliRunner().invoke(app, ["init", "--broker", str(folder), *arguments])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy that belongs to the test."""
    return Path(shutil.copytree(made, tmp_path / "broker"))


@pytest.fixture
def init(folder: Path) -> Init:
    """Run it again on the copy; its output has no line breaks."""

    def again(*arguments: str, expected: int = 0) -> Result:
        result = CliRunner().invoke(app, ["init", "--broker", str(folder), *arguments])
        assert result.exit_code == expected, result.output
        return result

    return again


def said(result: Result) -> str:
    return " ".join(result.output.split())


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "broker.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_second_run_changes_nothing(folder: Path, init: Init) -> None:
    init()  # the copy lies elsewhere, so its configuration names other paths
    before = contents(folder)
    assert "Nothing had to be changed" in init().output
    assert "Nothing had to be changed" in init("--gateway", "north=classroom/north/#").output
    assert contents(folder) == before


def test_secrets_are_random_and_for_nobody_else(made: Path) -> None:
    secrets = [*made.glob("accounts/*/password"), *made.rglob("*.key"), made / "passwords"]
    assert {path.name for path in secrets} == {"password", "passwords", "server.key", "client.key", "ca.key"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
    assert stat.S_IMODE((made / "accounts").stat().st_mode) == 0o700
    words = [path.read_text().strip() for path in made.glob("accounts/*/password")]
    assert len(set(words)) == 2
    assert min(map(len, words)) == 32
    hashes = read_hashes((made / "passwords").read_text())
    for name, hashed in hashes.items():
        assert matches((made / "accounts" / name / "password").read_text().strip(), hashed)
    assert not any(word in path.read_text() for word in words for path in made.glob("*") if path.is_file())


def test_a_gateway_is_added_and_the_others_stay(folder: Path, init: Init) -> None:
    init()
    before = contents(folder)
    result = init("--gateway", "south=classroom/south/#", "--gateway", "south=zigbee/south/#")
    after = contents(folder)
    changed = {name for name in after if before.get(name) != after[name]}
    assert changed == {"broker.toml", "acl", "passwords", "accounts/south/password", "accounts/south/ca.pem"}
    assert "a new password for south" in said(result)
    old, new = (read_hashes(texts["passwords"][0].decode()) for texts in (before, after))
    assert {name: new[name] for name in old} == old
    rights = (folder / "acl").read_text()
    assert rights.endswith("user south\ntopic write classroom/south/#\ntopic write zigbee/south/#\n")


def test_a_gateway_taken_away_may_not_come_in(folder: Path, init: Init) -> None:
    edit(folder, '"north" = ["classroom/north/#"]', "")
    assert "north may not come in any more" in said(init())
    assert set(read_hashes((folder / "passwords").read_text())) == {"ingester"}
    assert "north" not in (folder / "acl").read_text()
    assert not (folder / "accounts" / "north").exists()


def test_what_was_handed_over_and_deleted_is_not_made_again(folder: Path, init: Init) -> None:
    hashes = (folder / "passwords").read_text()
    shutil.rmtree(folder / "accounts" / "north")
    init()
    assert (folder / "passwords").read_text() == hashes
    assert not (folder / "accounts" / "north").exists()
    assert "a new password for north" in said(init("--renew", "north"))
    assert (folder / "passwords").read_text() != hashes
    assert {path.name for path in (folder / "accounts" / "north").iterdir()} == {"password", "ca.pem"}


def test_schools_of_a_site_become_gateways(folder: Path, init: Init, tmp_path: Path) -> None:
    CliRunner().invoke(app, ["init", str(tmp_path / "site")])
    init("--schools-of", str(tmp_path / "site"))
    assert "user exempelskolan\ntopic write classroom/exempelskolan/#\n" in (folder / "acl").read_text()


def test_required_certificates_are_made_for_gateways_too(folder: Path, init: Init) -> None:
    edit(folder, "# require_certificate = false", "require_certificate = true")
    assert "a client certificate for north" in said(init())
    assert {path.name for path in (folder / "accounts/north").iterdir()} == {
        "password", "ca.pem", "client.pem", "client.key",
    }  # fmt: skip
    assert "require_certificate true" in (folder / "mosquitto.conf").read_text()
    assert "Nothing had to be changed" in init().output


def test_the_brokers_certificate_follows_its_hosts(folder: Path, init: Init) -> None:
    assert hosts_of(folder / "server.pem") == {"mqtt.example.se", "127.0.0.1"}
    edit(folder, '"mqtt.example.se"', '"new.example.se", "::1"')
    assert "its hosts changed" in said(init())
    assert hosts_of(folder / "server.pem") == {"new.example.se", "::1", "127.0.0.1"}


def test_a_certificate_about_to_end_is_renewed_in_time(folder: Path, init: Init) -> None:
    authority = Pair((folder / "ca.pem").read_text(), (folder / "authority/ca.key").read_text())
    for name, hosts in (("server", ("mqtt.example.se", "127.0.0.1")), ("accounts/ingester/client", ())):
        pair = issue(authority, "old", hosts, days=20)
        (folder / f"{name}.pem").write_text(pair.certificate)
        (folder / f"{name}.key").write_text(pair.key)
    words = said(init())
    assert "the old one was about to end" in words
    assert "renew it with --renew ingester" in words
    assert valid_until(folder / "server.pem") - datetime.now(UTC) > timedelta(days=800)
    assert valid_until(folder / "accounts/ingester/client.pem") - datetime.now(UTC) < timedelta(days=21)
    init("--renew", "ingester")
    assert valid_until(folder / "accounts/ingester/client.pem") - datetime.now(UTC) > timedelta(days=800)


def test_without_the_authoritys_key_it_says_so(folder: Path, init: Init) -> None:
    (folder / "authority/ca.key").unlink()
    assert "a new password for south" in said(init("--gateway", "south=south/#"))  # needs no certificate
    assert "put the authority's key back" in said(init("--renew", "server", expected=2))


def test_the_settings_it_prints_fit_a_site(made: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    CliRunner().invoke(app, ["init", str(site)])
    shutil.copytree(made / "accounts/ingester", site / "ingester")
    (site / "classroom.toml").write_text((made / "accounts/ingester/mqtt.toml").read_text())
    mqtt = load_site(site).settings.mqtt
    assert (mqtt.host, mqtt.port, mqtt.tls, mqtt.username) == ("mqtt.example.se", 8883, True, "ingester")
    files = (mqtt.ca_file, mqtt.cert_file, mqtt.key_file, mqtt.password_file)
    assert all(path is not None and path.parent == site / "ingester" and path.is_file() for path in files)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--gateway", "north"], "write NAME=TOPICFILTER"),
        (["--gateway", "North Pole=a/#"], "lower-case letters"),
        (["--gateway", "west=a/#/b"], "# stands alone at the end"),
        (["--gateway", "west=$SYS/#"], "leave $-topics to the broker"),
        (["--gateway", "west=classroom/+/1"], "which match the same topics"),
        (["--gateway", "north=else/#"], "it has classroom/north/#; change it in"),
        (["--gateway", "ingester=a/#"], "give the gateway another name"),
        (["--gateway", "west=a\nuser ingester"], "without control characters"),
        (["--host", "other.example.se"], "add it to hosts in"),
        (["--renew", "west"], "renew one of: server, ingester, north"),
    ],
)
def test_bad_options_are_refused_and_nothing_is_written(
    folder: Path, init: Init, arguments: list[str], words: str
) -> None:
    before = contents(folder)
    assert words in said(init(*arguments, expected=2))
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("# port = 8883", "port = 88830", "port = 88830"),
        ("# port = 8883", "prot = 8883", "this key is not known"),
        ("hosts = [", "hosts = [1, ", "hosts.0 = 1"),
        ('"mqtt.example.se"', '"mqtts://mqtt.example.se:8883"', "without scheme and port"),
        ("[gateways]", "[gateways", "correct the TOML"),
        ('["classroom/north/#"]', "[]", "gateways.north"),
    ],
)
def test_a_bad_plan_is_refused_by_key(folder: Path, init: Init, old: str, new: str, words: str) -> None:
    edit(folder, old, new)
    result = init(expected=2)
    assert words in said(result)
    assert "broker.toml" in result.output.replace("\n", "")


@pytest.mark.parametrize("name", ["mosquitto.conf", "acl", "passwords"])
def test_a_file_changed_by_hand_is_not_overwritten(folder: Path, init: Init, name: str) -> None:
    with (folder / name).open("a") as file:
        file.write("# mine\n")
    before = contents(folder)
    assert "changed by hand or another's" in said(init(expected=2))
    assert contents(folder) == before


def test_anothers_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mosquitto.conf").write_text("listener 1883\n")
    result = CliRunner().invoke(app, ["init", "--broker", str(tmp_path), "--host", "a"])
    assert result.exit_code == 2
    assert "this folder is another's (mosquitto.conf)" in said(result)
    assert [path.name for path in tmp_path.iterdir()] == ["mosquitto.conf"]


def test_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["init", "--broker", str(tmp_path / "broker")])
    assert result.exit_code == 2
    assert "--host mqtt.example.se" in said(result)
    result = CliRunner().invoke(app, ["init", str(tmp_path / "site"), "--host", "a"])
    assert result.exit_code == 2
    assert "give it together with --broker" in said(result)
    assert list(tmp_path.iterdir()) == []


def test_no_openssl_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(app, ["init", "--broker", str(tmp_path / "broker"), "--host", "a"])
    assert result.exit_code == 1
    assert "apt-get install openssl" in said(result)


def test_a_container_sees_the_folder_elsewhere(folder: Path, init: Init) -> None:
    edit(folder, "# seen_as", "seen_as")
    init()
    text = (folder / "mosquitto.conf").read_text()
    assert "acl_file /mosquitto/config/acl\n" in text
    assert str(folder) not in text


def test_hashes_are_of_one_password_and_salted() -> None:
    first, second = password_hash("å b"), password_hash("å b")
    assert first != second
    assert first.startswith("$7$101$")
    assert matches("å b", first)
    assert matches("å b", second)
    assert not matches("other", first)
    assert not matches("å b", "$6$abc$def")
    assert not matches("å b", "plain")


def test_the_plan_in_the_folder_is_toml(made: Path) -> None:
    plan = tomllib.loads((made / "broker.toml").read_text())
    assert plan["gateways"] == {"north": ["classroom/north/#"]}
