"""``classroom-climate health``: whether a process here is ready, for a container's or a supervisor's check.

It is asked again and again, so that it imports next to nothing.
"""

from __future__ import annotations

import http.client
import json
from typing import Annotated

import typer

_PATIENCE_S = 10.0


def health(
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Where the process answers.")] = 8000,
    host: Annotated[str, typer.Option(help="Where the process answers.")] = "127.0.0.1",
    alive: Annotated[bool, typer.Option("--alive", help="Only whether it answers at all.")] = False,
) -> None:
    """Leave with code 0 if the process at PORT is ready (`/readyz`), else with 1 and what is wrong.

    For `run`, `ingest`, `api`, and `analyze --listen PORT`. `doctor` says more.

    Example: `classroom-climate health --port 8001`
    """
    path = "/healthz" if alive else "/readyz"
    connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        status, body = answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        typer.echo(f"nothing answers at {host}:{port}{path}: {error or type(error).__name__}")
        raise typer.Exit(1) from error
    finally:
        connection.close()
    if status != http.client.OK:
        typer.echo(f"{host}:{port}{path} answers {status}{_why(body)}")
        raise typer.Exit(1)
    typer.echo("alive" if alive else "ready")


def _why(body: bytes) -> str:
    """The parts that do not work, as far as they are told to whoever asks."""
    try:
        parts = json.loads(body)["parts"]
        words = [f"{part['name']}: {part['message']}" for part in parts if not part["ok"]]
    except (ValueError, KeyError, TypeError):
        return ""
    return "".join(f"\n  {word}" for word in words)
