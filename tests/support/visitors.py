"""A site with an open school and a secret one, and somebody who asks for its pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient

URL = "http://127.0.0.1:8000"
SECRET = "hemlig"
"""Stands in every name of the other school."""

SETTINGS = """
[site]
time_zone = "Europe/Stockholm"
[access]
url = "http://127.0.0.1:8000"
public = {public}
[access.oidc]
issuer = "http://127.0.0.1:1"
client_id = "klimat"
client_secret_file = "unused"
groups = [
    {{ group = "teachers", schools = ["oppen"] }},
    {{ group = "janitors", role = "staff", schools = ["oppen"] }},
]
"""

TABLES = {
    "schools.csv": "key,name\noppen,Öppna skolan\nhemlig,Hemliga skolan\n",
    "rooms.csv": "school,key,name\n"
    + "".join(f"oppen,rum{n},Rum {n}\n" for n in (1, 2, 3))
    + "".join(f"hemlig,hemligt{n},Hemligt {n}\n" for n in (1, 2, 3)),
    "buildings.csv": "school,key,name\noppen,hus,Hus\nhemlig,hemligt-hus,Hemligt hus\n",
    "meters.csv": "school,key,name,carrier\n"
    "oppen,el,El,electricity\nhemlig,hemlig-el,Hemlig el,electricity\n",
    "devices.csv": "key,school,room,meter,valid_from,valid_to\n"
    "air,oppen,rum1,,2026-01-01T00:00:00Z,\n"
    "hemlig-air,hemlig,hemligt1,,2026-01-01T00:00:00Z,\n",
}


@dataclass
class Somebody:
    """Who asks, and over which application."""

    client: TestClient
    headers: dict[str, str]

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """The answer to a request in this one's name."""
        headers = {**self.headers, **more.pop("headers", {})}
        return self.client.request(method, path, headers=headers, follow_redirects=False, **more)
