"""Making a bucket and its two tokens, with an operator's token that the service itself never sees."""

from __future__ import annotations

from typing import Any

import httpx


class SetupError(Exception):
    """InfluxDB did not make bucket or tokens; the message holds its words."""


def make_bucket(url: str, org: str, bucket: str, admin_token: str) -> dict[str, str]:
    """A bucket that keeps for ever, made if absent, and new tokens: ``write`` and ``read``.

    Raises:
        SetupError: the server is away or refuses, or the bucket is there and forgets.
    """
    headers = {"Authorization": f"Token {admin_token}"}
    try:
        with httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False) as http:
            found = _told(http.get("/api/v2/orgs", params={"org": org}))["orgs"]
            org_id = found[0]["id"]
            buckets = _told(http.get("/api/v2/buckets", params={"org": org, "name": bucket}), 404)["buckets"]
            if not buckets:
                body = {"orgID": org_id, "name": bucket, "retentionRules": []}
                buckets = [_told(http.post("/api/v2/buckets", json=body))]
            if any(rule["everySeconds"] for rule in buckets[0].get("retentionRules", [])):
                raise SetupError(f"bucket {bucket} forgets after a time; set its retention to 0 (for ever)")
            return {action: _mint(http, org_id, buckets[0], action) for action in ("write", "read")}
    except httpx.TransportError as error:
        raise SetupError(f"InfluxDB at {url} does not answer: {error}") from error


def let_in(url: str, org: str, bucket: str, tokens: dict[str, str]) -> bool:
    """Whether ``tokens`` (``write``, ``read``) may do so in a bucket that is there.

    Raises:
        SetupError: the server is away.
    """
    try:
        with httpx.Client(base_url=url, timeout=30, trust_env=False) as http:
            place = {"org": org, "bucket": bucket}
            write = {"Authorization": f"Token {tokens['write']}"}
            nothing = http.post("/api/v2/write", params=place, headers=write, content=b"# nothing\n")
            read = {"Authorization": f"Token {tokens['read']}"}
            found = http.get("/api/v2/buckets", params={"org": org, "name": bucket}, headers=read)
            return nothing.is_success and found.is_success and bool(found.json()["buckets"])
    except httpx.TransportError as error:
        raise SetupError(f"InfluxDB at {url} does not answer: {error}") from error


def _mint(http: httpx.Client, org_id: str, bucket: dict[str, Any], action: str) -> str:
    resource = {"type": "buckets", "id": bucket["id"], "orgID": org_id}
    body = {
        "orgID": org_id,
        "description": f"classroom-climate may {action} {bucket['name']}",
        "permissions": [{"action": action, "resource": resource}],
    }
    return str(_told(http.post("/api/v2/authorizations", json=body))["token"])


def _told(answer: httpx.Response, absent: int = 0) -> dict[str, Any]:
    if answer.status_code == absent:
        return {"buckets": []}
    if answer.is_error:
        raise SetupError(f"{answer.request.url} answers {answer.status_code}: {answer.text.strip()}")
    found: dict[str, Any] = answer.json()
    return found
