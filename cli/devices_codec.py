"""``classroom-climate devices codec``: makers' JavaScript codecs with a reviewed mapping."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from classroom.faults import ConfigurationError
from classroom.quantity import QUANTITIES
from cli.codecs import codecs_folder, read_text
from cli.site import SiteDir, console, tell_faults
from ingest.codecs.codec import Codec, digest, parse_codec
from ingest.codecs.runner import Codecs
from ingest.decoders.lorawan import Uplink
from ingest.message import Undecodable

codec = typer.Typer(help="Makers' JavaScript codecs.", no_args_is_help=True, rich_markup_mode="markdown")

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@codec.callback()
def codec_group() -> None:
    """Makers' JavaScript codecs (needs `pip install 'classroom-climate[codecs]'`)."""


@codec.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="The maker's script with decodeUplink.")],
    mapping: Annotated[Path, typer.Option("--map", help="TOML: which devices, and what its keys mean.")],
    site_dir: SiteDir = Path(),
    payload: Annotated[str, typer.Option(help="Bytes to try it with, in hexadecimal.")] = "",
    f_port: Annotated[int, typer.Option(help="LoRaWAN port of the bytes.")] = 1,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a codec of the same name.")] = False,
) -> None:
    """Check a maker's codec and its mapping and keep both in the site's folder `codecs`.

    The script runs in a process of its own, with a quarter of a second and 24 MB for a message. Its SHA-256
    is kept in the mapping: a changed script is refused until it is added again.

    Example: `classroom-climate devices codec add acme.js --map acme.toml --payload 0100eb --f-port 2`
    """
    target = codecs_folder(site_dir)
    name = file.stem.lower()
    if not _NAME.fullmatch(name):
        _refuse(f"{file.name}: name the file with letters a-z, digits, - and _ only")
    if not replace and (target / f"{name}.js").exists():
        _refuse(f"{target / name}.js is there already; give --replace to review it anew")
    try:
        # The new script is reviewed with this call: an older one's SHA-256 does not count.
        script, text = read_text(file), _unpinned(read_text(mapping))
        checked = parse_codec(name, script, text, str(mapping))
        found = _tried(checked, payload, f_port)
    except ConfigurationError as error:
        tell_faults(f"The codec {name}", error)
        raise typer.Exit(2) from error
    target.mkdir(parents=True, exist_ok=True)
    (target / f"{name}.js").write_text(script, encoding="utf-8")
    (target / f"{name}.toml").write_text(f'sha256 = "{digest(script)}"\n{text}', encoding="utf-8")
    for line in found:
        Console().print(line, markup=False)
    Console().print(f"Added {name} to {target}. It is used from the next start.", markup=False)


def _unpinned(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("sha256"))


def _tried(checked: Codec, payload: str, f_port: int) -> list[str]:
    """Run the script, with the given bytes or just so far that it loads; what the bytes would give."""
    try:
        data = bytes.fromhex(payload)
    except ValueError:
        _refuse(f"--payload {payload[:40]}: write the bytes as hexadecimal digits")
    uplink = Uplink("0000000000000000", f_port, None, data or b"\0")
    with closing(Codecs([checked])) as codecs:
        try:
            outcome = checked.outcome(codecs.run(checked, uplink))
        except Undecodable as refusal:
            if payload or refusal.reason == "codec_stopped" or "SyntaxError" in refusal.detail:
                _refuse(f"the script was tried and refused: {refusal}")
            return []
    if not payload:
        return []
    lines = [f"  {v.quantity} = {v.value:g} {QUANTITIES[v.quantity].unit}" for v in outcome.values]
    left_out = (f"  left out: {fault}" for fault in outcome.rejected)
    return [*(lines or ["  nothing of these bytes would be stored"]), *left_out]


def _refuse(text: str) -> NoReturn:
    console.print(text, markup=False)
    raise typer.Exit(2)
