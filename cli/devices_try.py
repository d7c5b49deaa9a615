"""``classroom-climate devices try``: what a message would become, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from classroom.faults import ConfigurationError
from classroom.quantity import QUANTITIES
from classroom.reading import Flag, Reading
from classroom.settings import IngestSettings
from classroom.site import Site
from cli.codecs import load_codecs
from cli.site import at_site, load_mappings, load_site_or_exit, tell_faults
from ingest.check import believable, check
from ingest.codecs.codec import Codec
from ingest.codecs.runner import Codecs
from ingest.decoders import decode
from ingest.decoders.generic_mapping import CustomMapping, parse_mappings
from ingest.message import Decoded, Message, Undecodable


def try_(
    topic: Annotated[str, typer.Option(help="Topic of the message.")],
    payload: Annotated[str | None, typer.Option(help="Payload as text.")] = None,
    payload_file: Annotated[
        Path | None, typer.Option(help="File with the payload instead.", exists=True, dir_okay=False)
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(help="A mappings.toml to try before the decoders.", exists=True, dir_okay=False),
    ] = None,
    retained: Annotated[bool, typer.Option(help="As if the broker had kept the message.")] = False,
    site_dir: Annotated[
        Path | None,
        typer.Option(
            "--site",
            "-s",
            envvar="CLASSROOM_SITE",
            help="Site whose mappings, codecs, limits and places count.",
        ),
    ] = None,
) -> None:
    """Say what would be stored of one message, under which device and time, and why. Nothing is stored.

    Leaves with code 1 if the message would become a dead letter, 2 if the site or the mapping has faults.

    Example: `classroom-climate devices try --mapping mappings.toml --topic hus/12 --payload '{"t": 215}'`

    As a site would read it: `classroom-climate devices try --site helsingborg --topic hus/12 --payload 215`
    """
    if (payload is None) == (payload_file is None):
        raise typer.BadParameter("give --payload or --payload-file")
    of_site = None if site_dir is None else load_site_or_exit(site_dir)
    codecs, mappings = _codecs(site_dir), _mappings(mapping, site_dir)
    body = (payload or "").encode(errors="surrogateescape")
    if payload_file is not None:
        body = payload_file.read_bytes()
    message = Message(topic, body, datetime.now(UTC), retained)
    output = Console(highlight=False, soft_wrap=True)
    try:
        with closing(Codecs(codecs, decode=lambda message: decode(message, mappings))) as decoder:
            for line in _report(message, mappings, decoder, of_site, site_dir):
                output.print(line, markup=False)
    except Undecodable as refusal:
        output.print(f"Dead letter: {refusal.reason}: {refusal.detail or 'no more is known'}", markup=False)
        if refusal.device:
            output.print(f"  device {refusal.device}", markup=False)
        raise typer.Exit(1) from refusal


def _report(
    message: Message,
    mappings: Sequence[CustomMapping],
    decoder: Codecs,
    site: Site | None,
    site_dir: Path | None,
) -> Iterator[str]:
    limits = IngestSettings() if site is None else site.settings.ingest
    yield from _matches(mappings, message)
    decoded = decoder.decode(message)
    yield from _understood(decoded, message, limits)
    if site is not None and site_dir is not None:
        yield _place(site, site_dir, decoded.device, message)
    yield from _stored(decoded, message, limits)


def _place(site: Site, folder: Path, device: str, message: Message) -> str:
    """Where the site says that the device hangs."""
    placed = site.placement(device, message.received)
    if device in site.station_keys:
        return "  place: a weather station (stations.csv)"
    if placed is None:
        assign = f"classroom-climate devices assign {device}{at_site(folder)}"
        return f"  place: none yet; give it one with: {assign} …"
    return f"  place: {placed.school}, {placed.room or placed.meter}"


def _codecs(site_dir: Path | None) -> list[Codec]:
    if site_dir is None:
        return []
    try:
        return load_codecs(site_dir)
    except ConfigurationError as error:
        tell_faults(f"The site in {site_dir}", error)
        raise typer.Exit(2) from error


def _mappings(file: Path | None, site_dir: Path | None) -> tuple[CustomMapping, ...]:
    """Those of ``file``, else of the site."""
    if file is None:
        return () if site_dir is None else load_mappings(site_dir)
    try:
        return parse_mappings(file.read_text(encoding="utf-8-sig"), str(file))
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{file} is not UTF-8 text (byte {error.start})") from error
    except ConfigurationError as error:
        tell_faults(str(file), error)
        raise typer.Exit(2) from error


def _matches(mappings: Sequence[CustomMapping], message: Message) -> Iterator[str]:
    """Which mappings were asked, and why each did not or did answer."""
    try:
        document: object = orjson.loads(message.payload)
    except orjson.JSONDecodeError:
        document = None
    for each in mappings:
        name = f"mapping {each.number} ({each.entry.topic})"
        names = each.match(message.topic)
        if names is None:
            yield f"{name}: the topic does not fit"
        elif not each.finds(message, document):
            paths = ", ".join(value.path for value in each.entry.value)
            yield f"{name}: the topic fits, but nothing stands at {paths}"
        else:
            levels = ", ".join(f"{key} = {text}" for key, text in names.items())
            yield f"{name}: reads this message" + (f" with {levels}" if levels else "")
            return


def _understood(decoded: Decoded, message: Message, limits: IngestSettings) -> Iterator[str]:
    yield f"Understood by {decoded.family}, device {decoded.device}"
    for key, text in decoded.hints.items():
        yield f"  hint {key}: {text}"
    receipt = f"{message.received:%Y-%m-%d %H:%M:%S} UTC, its receipt"
    if decoded.time is not None and believable(decoded.time, message.received, limits) is None:
        yield f"  time {receipt}: a clock cannot say {decoded.time}"
    elif decoded.time is not None:
        yield f"  time {decoded.time:%Y-%m-%d %H:%M:%S} UTC, from the message"
    elif message.retain:
        yield "  time unknown: the broker kept the message, and it has no time of its own"
    else:
        yield f"  time {receipt}: the message has no time of its own"
    for text in (*decoded.rejected, *decoded.unknown):
        yield f"  left out: {text}"


def _stored(decoded: Decoded, message: Message, limits: IngestSettings) -> Iterator[str]:
    """The readings as the store would get them."""
    checked = check(message, decoded, limits)
    yield f"Would store {len(checked.readings)} reading{'s' if len(checked.readings) != 1 else ''}:"
    for reading in checked.readings:
        yield f"  {_shown(reading)}"
    for reason, count in checked.refused.items():
        yield f"  refused: {count} × {reason}"


def _shown(reading: Reading) -> str:
    quantity = QUANTITIES[reading.quantity]
    marks = {
        Flag.LIMITS: f"outside {quantity.low:g} to {quantity.high:g} {quantity.unit}",
        Flag.CLOCK: "the device's clock is not believed",
        Flag.SENTINEL: "the maker's number for not available",
    }
    flagged = [text for flag, text in marks.items() if reading.flag & flag]
    line = f"{reading.time:%Y-%m-%d %H:%M:%S}  {quantity.key} = {reading.value:.10g} {quantity.unit}"
    return line + (f"  (flagged: {'; '.join(flagged)})" if flagged else "")
