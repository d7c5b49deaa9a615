"""An answer that has not changed is not sent again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from api.context import ApiContext
from classroom.reading import Reading

SERIES = "/api/v1/schools/tagaborg/rooms/a101/series?quantity=co2_ppm&from=2026-11-16&to=2026-11-17"


def test_an_answer_that_has_not_changed_is_not_sent_again(
    client: TestClient, context: ApiContext, co2: Callable[..., Reading]
) -> None:
    first = client.get(SERIES)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    assert "Authorization" in first.headers["vary"]

    for known in (tag, f'"another", {tag}', f"W/{tag}", "*"):
        again = client.get(SERIES, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["x-content-type-options"] == "nosniff"

    context.store.write_readings([co2("first", 5, 700.0)])
    changed = client.get(SERIES, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag
    assert client.get(f"{SERIES}&format=csv", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/schools/nowhere", "/healthz"])
def test_what_is_no_answer_has_no_tag(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"If-None-Match": "*"})
    assert answer.status_code != 304
    assert "etag" not in answer.headers
