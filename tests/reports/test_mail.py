"""Mail with reports: over TLS to a server whose certificate is believed, or not at all."""

from __future__ import annotations

import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from mail_server import PASSWORD, UNKNOWN, USER, Certificates, MailServer, certificates, mail_server

from reports.language import language
from reports.mail import TLS, TROUBLES, Post, message_of, told
from reports.make import File
from reports.period import parse_period

NOW = datetime(2026, 11, 2, 5, 0, tzinfo=UTC)
TO = ["namnd@kommun.example", "rektor@skola.example"]
FILES = [
    File("tagaborg-2026-10-sv.pdf", "pdf", b"%PDF-1.7\n\x00\xff"),
    File("tagaborg-2026-10-sv.csv", "csv", "\ufeffskola;värde\r\n".encode()),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("authority"))


def post(made: Certificates, server: MailServer, tls: TLS, password: str = PASSWORD) -> Post:
    context = ssl.create_default_context(cafile=str(made.ca))
    return Post("127.0.0.1", server.port, tls, context, "klimat@kommun.example", USER, password, 10)


def mail(name: str = "Tågaborgsskolan") -> EmailMessage:
    names = {"site": "Helsingborg, miljö", "sender": "klimat@kommun.example", "mark": "board/x/2026-10"}
    words = language("sv", ZoneInfo("Europe/Stockholm"))
    return message_of(FILES, (name, parse_period("2026-10")), names, TO, NOW, words)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_mail_goes_over_tls_with_its_files(made: Certificates, tls: TLS) -> None:
    with mail_server(made, tls) as server:
        assert post(made, server, tls).send(mail(), TO) == {}
    (one,) = server.arrived
    assert (one.to, one.tls, one.user) == (TO, True, USER)
    assert one.message["Subject"] == "Energi och klimat: Tågaborgsskolan, oktober 2026"
    assert one.message["From"] == '"Helsingborg, miljö" <klimat@kommun.example>'
    assert one.message["Auto-Submitted"] == "auto-generated"
    assert one.message["Message-ID"].endswith("@kommun.example>")
    body, *attached = one.message.walk()
    assert body.is_multipart()
    text, pdf, csv = attached
    assert "tagaborg-2026-10-sv.pdf, tagaborg-2026-10-sv.csv" in text.get_content()
    assert pdf.get_content_type() == "application/pdf"
    assert [part.get_filename() for part in (pdf, csv)] == [file.name for file in FILES]
    assert [part.get_payload(decode=True) for part in (pdf, csv)] == [file.content for file in FILES]


def test_the_same_report_has_the_same_id_each_time() -> None:
    assert mail()["Message-ID"] == mail()["Message-ID"]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_of_another_authority_ends_it_before_the_password(
    made: Certificates, tmp_path: Path, tls: TLS
) -> None:
    stranger = certificates(tmp_path)
    with mail_server(made, tls) as server:
        with pytest.raises(ssl.SSLCertVerificationError) as found:
            post(stranger, server, tls).send(mail(), TO)
        assert server.passwords == 0
        assert server.arrived == []
    assert told(found.value).startswith("the mail server's certificate is not believed: ")


def test_a_certificate_for_another_name_is_not_believed(tmp_path: Path) -> None:
    other = certificates(tmp_path, address="127.0.0.9")
    with (
        mail_server(other) as server,
        pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"),
    ):
        post(other, server, "starttls").send(mail(), TO)


def test_a_server_that_offers_no_tls_gets_neither_password_nor_mail(made: Certificates) -> None:
    with mail_server(made, "none") as server:
        with pytest.raises(smtplib.SMTPNotSupportedError) as found:
            post(made, server, "starttls").send(mail(), TO)
        assert (server.passwords, server.arrived) == (0, [])
    assert "STARTTLS" in told(found.value)


def test_a_wrong_password_is_told_in_the_servers_words(made: Certificates) -> None:
    for wrong in ("wrong", "lösen"):
        with mail_server(made) as server, pytest.raises(smtplib.SMTPAuthenticationError) as found:
            post(made, server, "starttls", wrong).send(mail(), TO)
        assert told(found.value).startswith("the mail server answers 535 ")
        assert wrong not in told(found.value)


def test_a_refused_address_is_named_and_the_others_get_it(made: Certificates) -> None:
    with mail_server(made) as server:
        assert post(made, server, "starttls").send(mail(), [TO[0], UNKNOWN]) == {
            UNKNOWN: "550 5.1.1 no such user"
        }
        assert [one.to for one in server.arrived] == [[TO[0]]]
        with pytest.raises(smtplib.SMTPRecipientsRefused) as found:
            post(made, server, "starttls").send(mail(), [UNKNOWN])
    assert told(found.value) == f"every address was refused: {UNKNOWN}: 550 5.1.1 no such user"


def test_a_server_that_is_away_is_a_trouble(made: Certificates) -> None:
    with mail_server(made) as server:
        pass
    with pytest.raises(TROUBLES):
        post(made, server, "starttls").send(mail(), TO)


@pytest.mark.parametrize(
    "name", ["Å" * 200, "שלום 😀", '=HYPERLINK("x")', "<b>a</b>; Bcc: x@y.example", "a,b@c"]
)
def test_a_hostile_name_stays_in_the_subject(made: Certificates, name: str) -> None:
    with mail_server(made) as server:
        post(made, server, "starttls").send(mail(name), TO)
    (one,) = server.arrived
    assert one.message["Subject"] == f"Energi och klimat: {name}, oktober 2026"
    assert one.message["Bcc"] is None
