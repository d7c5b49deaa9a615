"""Class experiments: written through a form, judged with their uncertainty, or not yet and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient
from reading import HERE, text_of

from api.app import create_app
from api.context import ApiContext

PATH = "/schools/tagaborg/experiments"
OURS = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "sv"}
FORM = {**OURS, "Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def client(open_context: Callable[..., ApiContext]) -> Iterator[TestClient]:
    context = open_context(tried=True)
    for document in context.store.read_documents("experiment"):
        context.store.delete_documents("experiment", document.school, [document.key])
    with TestClient(create_app(context), base_url=HERE, follow_redirects=False) as opened:
        yield opened


def _send(client: TestClient, path: str = PATH, **fields: str) -> tuple[int, str]:
    answer = client.post(path, content=urlencode(fields), headers=FORM)
    return answer.status_code, text_of(answer.text)


def test_an_experiment_is_kept_judged_and_deleted(client: TestClient) -> None:
    assert "Inga än." in text_of(client.get(PATH, headers=OURS).text)
    status, _ = _send(client, action=" Vädrade <b>varje</b> rast ", room="a101", first="2026-11-02", last="")
    assert status == 303
    page = client.get(PATH, headers=OURS).text
    text = text_of(page)
    assert "<b>varje" not in page
    assert "Vädrade <b>varje</b> rast" in page.replace("&lt;", "<").replace("&gt;", ">")
    assert "Sal A101 · sedan måndag 2 november" in text
    assert "Koldioxiden på lektionerna blev ungefär 190 ppm lägre (mellan 160 ppm och 220 ppm)." in text
    assert "Skolans andra rum visar hur det annars hade varit." in text
    assert "Temperaturen på lektionerna: det går inte att säga än. Det behövs 5 skoldagar" in text

    key = page.split(f"{PATH}/")[1].split("/delete")[0]
    assert client.post(f"{PATH}/{key}/delete", headers=OURS).status_code == 303
    assert "Inga än." in text_of(client.get(PATH, headers=OURS).text)


def test_where_nothing_was_changed_nothing_is_claimed(client: TestClient) -> None:
    assert _send(client, action="Tänkte på saken", room="a102", first="2026-11-02")[0] == 303
    text = text_of(client.get(PATH, headers=OURS).text)
    assert "Koldioxiden på lektionerna: ingen skillnad som går att skilja från slumpen" in text


def test_a_new_experiment_cannot_be_told_yet(client: TestClient) -> None:
    assert _send(client, action="Vädrade", room="a101", first="2026-11-17")[0] == 303
    assert _send(client, action="Släckte", first="2026-11-19")[0] == 303
    text = text_of(client.get(PATH, headers=OURS).text)
    assert "det behövs 5 skoldagar före och 5 efter; det finns 15 och 2." in text.replace("Det", "det")
    assert "hela skolan · sedan torsdag 19 november Det började i dag: titta igen om en vecka." in text


def test_energy_is_judged_for_the_whole_school(open_context: Callable[..., ApiContext]) -> None:
    context = open_context(learned=True)
    with TestClient(create_app(context), base_url=HERE, follow_redirects=False) as client:
        assert _send(client, action="Sänkte värmen", first="2026-11-16", last="2026-11-18")[0] == 303
        text = text_of(client.get(PATH, headers=OURS).text)
    assert "El: ingen skillnad som går att skilja från slumpen. Använt: 1 297,5 kWh" in text
    assert "Fjärrvärme: mindre än vanligt! Använt: 5 645,7 kWh" in text


@pytest.mark.parametrize(
    ("fields", "cure"),
    [
        ({}, "Skriv vad ni gjorde, med högst 120 tecken. Skriv första dagen som ett datum."),
        ({"action": "x" * 121, "first": "2026-11-02"}, "med högst 120 tecken"),
        ({"action": "a\x00b", "first": "2026-11-02"}, "med högst 120 tecken"),
        ({"action": "x", "first": "2026-11-20"}, "Första dagen har inte varit än"),
        ({"action": "x", "first": "2026-11-02", "last": "2026-11-01"}, "inte före den första"),
        ({"action": "x", "first": "2026-11-02", "room": "none"}, "Välj ett rum i listan"),
        ({"action": "x", "first": "2026-11-02", "room": "b1"}, "Välj ett rum i listan"),  # another school's
        ({"action": "x", "first": "0001-01-01"}, "Skriv första dagen som ett datum."),
    ],
)
def test_a_wrong_form_comes_back_with_what_to_do(
    client: TestClient, fields: dict[str, str], cure: str
) -> None:
    status, text = _send(client, **fields)
    assert status == 422
    assert cure in text
    assert "Inga än." in text


def test_a_form_of_another_site_or_without_end_is_refused(client: TestClient) -> None:
    foreign = {**FORM, "Sec-Fetch-Site": "cross-site"}
    assert client.post(PATH, content="action=x&first=2026-11-02", headers=foreign).status_code == 403
    assert client.post(PATH, content="action=" + "x" * 20_000, headers=FORM).status_code == 413
    assert client.post("/schools/none/experiments", content="", headers=FORM).status_code == 404
