"""The API's description as pages, from the OpenAPI document."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from reading import Visit, text_of

from api.access import rules
from api.pages.api_docs import Type, api_docs, coded, type_of
from api.pages.api_docs_router import access_words
from api.pages.language import language


def test_every_operation_of_the_document_is_described(school_client: TestClient) -> None:
    document = school_client.get("/openapi.json").json()
    docs = api_docs(document)
    overview = school_client.get("/api-docs").text
    said = {(one.method.lower(), one.path) for group in docs.groups.values() for one in group.operations}
    assert said == {(method, path) for path, item in document["paths"].items() for method in item}
    for key, group in docs.groups.items():
        answer = school_client.get(f"/api-docs/{key}")
        assert answer.status_code == 200
        for one in group.operations:
            assert f'id="{one.anchor}"' in answer.text
            assert f'href="/api-docs/{key}#{one.anchor}"' in overview
        links = set(re.findall(r'href="#(model-\w+)"', answer.text))
        assert links <= set(re.findall(r'id="(model-\w+)"', answer.text))
        ids = re.findall(r' id="([^"]+)"', answer.text)
        assert len(ids) == len(set(ids))
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script>|https?://(?!127\.0\.0\.1)", answer.text)


def test_the_frame_speaks_both_languages(visit: Visit) -> None:
    swedish, english = visit("/api-docs/rooms"), visit("/api-docs/rooms", "en")
    assert "GET /api/v1/schools/{school}/rooms/{room}/now" in swedish
    assert "För skolans egna." in swedish
    assert "For those of the school." in english
    assert "The newest value of each quantity and the CO2 light." in swedish


def test_every_rule_has_words() -> None:
    known = {value.name for value in vars(rules).values() if isinstance(value, rules.Rule)}
    assert known == access_words(language("en", ZoneInfo("UTC"))).keys()


def test_the_footer_leads_there_and_an_unknown_group_is_not_found(school_client: TestClient) -> None:
    assert 'href="/api-docs"' in school_client.get("/").text
    assert school_client.get("/api-docs/none").status_code == 404
    assert "classroom-climate tokens create" in text_of(school_client.get("/api-docs").text)


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "string", "format": "date"}, Type("string (date)", None)),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, Type("number, or null", None)),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Point"}}, Type("list of Point", "Point")),
        ({"enum": ["json", None]}, Type("json | null", None)),
        ({"type": "integer", "minimum": 1, "maximum": 9}, Type("integer ≥ 1 ≤ 9", None)),
        ({"type": "object", "additionalProperties": {"type": "number"}}, Type("object of number", None)),
        ({}, Type("anything", None)),
    ],
)
def test_types_in_words(schema: dict[str, object], told: Type) -> None:
    assert type_of(schema) == told


def test_texts_are_escaped_and_backticks_are_code() -> None:
    assert coded("`a < b` & <script>\n\nnext") == "<code>a &lt; b</code> &amp; &lt;script&gt;<br>next"
