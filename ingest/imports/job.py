"""One import from file to store, and the report of it, the same wherever the file came from."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

from classroom.words import counted
from ingest.imports.mapping import Mapping
from ingest.imports.preview import lines, preview
from ingest.imports.reader import Given, Terms, read_file
from ingest.imports.refusal import FileRefused
from ingest.imports.stage import Stage
from ingest.imports.writing import Submit, in_store, write
from ingest.letters import Letters, NewLetter, Sighting
from ingest.message import Message
from store.base import ReadingsRefused, Store, Written

log = logging.getLogger(__name__)

State = Literal["waiting", "reading", "storing", "stored", "refused"]


@dataclass
class Report:
    """What became of a file. ``state`` ends as stored or refused; of a refused one nothing is stored."""

    id: str
    source: str
    name: str
    received: str  # RFC 3339
    state: State = "waiting"
    done: int = 0  # rows read, then readings stored
    readings: int = 0
    stored: int = 0
    unchanged: int = 0
    corrected: int = 0
    without_place: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    preview: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @property
    def summary(self) -> str:
        """One line for people."""
        if self.state == "refused":
            return f"{self.name} is refused, nothing of it is stored: {self.faults[0]}"
        if self.state != "stored":
            return f"{self.name}: {self.state}, {self.done} so far"
        return (
            f"{self.name}: {counted(self.readings, 'reading')}, {self.stored} new, "
            f"{self.corrected} corrected, {self.unchanged} as they were"
        )

    def text(self) -> str:
        """The report as a file for people."""
        parts = [self.summary, f"Source {self.source}, received {self.received}."]
        if self.faults:
            parts += ["", *self.faults]
        if self.without_place:
            parts += ["", *placeless(self.without_place)]
        if self.preview:
            parts += ["", *self.preview]
        return "\n".join(parts) + "\n"


def placeless(devices: list[str], at_site: str = "") -> list[str]:
    """What to do about devices without a place; ``at_site`` is what a command needs to find the site."""
    shown = ", ".join(devices[:10]) + (" …" if len(devices) > 10 else "")
    return [
        f"{counted(len(devices), 'device hangs', 'devices hang')} nowhere yet, so that no value of theirs "
        f"is in any figure: {shown}",
        "Give each a row in devices.csv (meters; stations.csv for weather), or: "
        f"classroom-climate devices assign {devices[0]} --school SCHOOL --meter METER{at_site}",
    ]


class Hands(NamedTuple):
    """What an import works with: the store (read), its writer, the dead letters, and who is known to hang
    where."""

    store: Store
    submit: Submit
    letters: Letters
    placed: Callable[[str], bool]


def carry_out(
    report: Report,
    path: Path,
    mapping: Mapping,
    terms: Terms,
    hands: Hands,
    stage_path: Path,
    progress: Callable[[Report], None] = lambda _: None,
) -> None:
    """Read, check and store the file at ``path``; what happens is told in ``report``.

    Raises:
        StoreError: the store cannot serve; the same again completes it.
    """

    def tell(state: State, done: int) -> None:
        report.state, report.done = state, done
        progress(report)

    tell("reading", 0)
    with Stage(stage_path) as stage:
        try:
            tally = read_file(Given(path, report.name), mapping, terms, stage, lambda n: tell("reading", n))
        except FileRefused as refusal:
            report.faults = [str(fault) for fault in refusal.faults]
            if refusal.more:
                report.faults.append(f"… and {refusal.more} more faults")
            tell("refused", 0)
            return
        report.preview = lines(preview(stage, tally, mapping, terms.zone), terms.zone, most=1_000)
        report.readings = tally.readings
        devices = sorted({device for device, _ in stage.series})
        report.without_place = [device for device in devices if not hands.placed(device)]
        tell("storing", 0)
        written = write(
            stage,
            hands.submit,
            lambda refusal: _bury(hands.letters, report, refusal, terms.now),
            in_store(hands.store),
            fill_only=mapping.fill_only,
            progress=lambda n: tell("storing", n),
        )
        _see(hands.letters, report, devices, terms.now)
    _note(report, written)
    tell("stored", report.readings)


def _note(report: Report, written: Written) -> None:
    report.stored, report.corrected = written.stored, written.conflicts
    report.unchanged = report.readings - written.stored - written.conflicts


def _topic(report: Report) -> str:
    return f"import/{report.source}/{report.name}"


def _bury(letters: Letters, report: Report, refusal: ReadingsRefused, now: datetime) -> None:
    """Readings that the store will never take become dead letters, as live ones do."""
    log.warning("import of %s: %s; they are dead letters", report.name, refusal)
    found = []
    for number, reading in enumerate(refusal.readings, start=1):
        content = {reading.quantity: reading.value, "time": reading.time.isoformat()}
        message = Message(_topic(report), json.dumps(content).encode(), now)
        size, device = len(message.payload), reading.device
        found.append(NewLetter(number, message, size, "store_refused", refusal.why, device))
    letters.keep(f"import {report.id}", found)


def _see(letters: Letters, report: Report, devices: list[str], now: datetime) -> None:
    """Devices of a file are heard of like those of messages, so that those without a place are listed."""
    seen = [Sighting(device, "import", now, now, _topic(report), 1) for device in devices]
    letters.write(f"import {report.id}", 1, [], seen)
