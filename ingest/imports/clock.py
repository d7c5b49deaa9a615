"""Times of a file to UTC: normaltid, local time with its two odd nights, UTC, or offsets written with each
time.

Local time repeats an hour in autumn: the first row of a device in it is summer time, the second winter time
(the other way round in a file that runs backwards). An hour that summer time leaves out cannot stand in a
file.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ingest.imports.mapping import TimePart
from ingest.imports.refusal import FileFault
from ingest.imports.source import Cell

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - reckoned without zones, which are added at the end
_US = timedelta(microseconds=1)
_NORMALTID_US = 3_600_000_000
_MOST_CACHED = 200_000
_ISO = {"%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"}


class Moment:
    """A time as it can be: one instant [us since 1970], two (a repeated hour), or none for a reason."""

    __slots__ = ("cure", "first_us", "naive", "second_us")

    def __init__(self, naive: datetime | None, first_us: int, second_us: int, cure: str = "") -> None:
        self.naive, self.first_us, self.second_us, self.cure = naive, first_us, second_us, cure


class Clock:
    """Reads the times of one file; remembers which of a repeated hour it has met."""

    def __init__(self, part: TimePart, zone: ZoneInfo, name: str) -> None:
        self._part, self._zone, self._name = part, zone, name
        self._cache: dict[Cell, Moment] = {}
        self._met: dict[tuple[str, Cell], list[int]] = {}
        self._order: dict[str, datetime] = {}
        self._descending: bool | None = None
        self._fast = bool(_ISO & set(part.format))
        self._shift = (
            timedelta(days=1) if part.interval == "day" and part.stands_for == "end" else timedelta()
        )

    def joined(self, days: Sequence[Cell], clocks: Sequence[Cell] | None) -> Sequence[Cell]:
        """Day and time of day in one."""
        if clocks is None:
            return days
        return [_join(day, clock) for day, clock in zip(days, clocks, strict=True)]

    def instants(
        self, cells: Sequence[Cell], devices: Sequence[str], rows: Sequence[int], faults: list[FileFault]
    ) -> list[int]:
        """The instant [us] of each cell; a cell without one leaves a fault and 0."""
        found = []
        for cell, device, row in zip(cells, devices, rows, strict=True):
            moment = self.moment(cell)
            if moment.cure:
                faults.append(FileFault(self._name, row, self._part.column[0], repr(cell)[:60], moment.cure))
                found.append(0)
                continue
            if self._descending is None:
                self._notice_order(device, moment)
            if moment.first_us == moment.second_us:
                found.append(moment.first_us)
            else:
                found.append(self._of_two(moment, cell, device, row))
        return found

    def moment(self, cell: Cell) -> Moment:
        """What a cell can mean."""
        found = self._cache.get(cell)
        if found is None:
            if len(self._cache) >= _MOST_CACHED:
                self._cache.clear()
            found = self._cache[cell] = self._read(cell)
        return found

    def unpaired(self) -> list[FileFault]:
        """Repeated hours of which the file holds only one, where the mapping does not say which it is."""
        if self._part.repeated_hour != "refuse":
            return []
        cure = (
            'this hour came twice that night and stands here once; write time.repeated_hour = "first" or '
            '"second" in the mapping, or time.basis = "normaltid" if the file has no summer time'
        )
        return [
            FileFault(self._name, rows[0], self._part.column[0], repr(cell)[:60], cure)
            for (_, cell), rows in self._met.items()
            if len(rows) == 1
        ]

    def _of_two(self, moment: Moment, cell: Cell, device: str, row: int) -> int:
        rows = self._met.setdefault((device, cell), [])
        rows.append(row)
        second = (len(rows) > 1) != (self._part.repeated_hour == "second")
        if self._descending:
            second = not second
        return moment.second_us if second else moment.first_us

    def _notice_order(self, device: str, moment: Moment) -> None:
        assert moment.naive is not None  # noqa: S101
        before = self._order.setdefault(device, moment.naive)
        if before != moment.naive:
            self._descending = moment.naive < before
            self._order.clear()

    def _read(self, cell: Cell) -> Moment:
        naive = self._naive(cell)
        if naive is None:
            shown = " or ".join(self._part.format)
            return Moment(
                None, 0, 0, f"this is no time as {shown}; correct the row, or time.format in the mapping"
            )
        if naive.tzinfo is not None:
            if self._part.basis != "offset":
                cure = f'the time names its offset; write time.basis = "offset", not "{self._part.basis}"'
                return Moment(None, 0, 0, cure)
            us = (naive.astimezone(UTC).replace(tzinfo=None) - _EPOCH) // _US
            return Moment(naive.replace(tzinfo=None), us, us)
        naive -= self._shift
        us = (naive - _EPOCH) // _US
        if self._part.basis == "utc":
            return Moment(naive, us, us)
        if self._part.basis == "normaltid":
            return Moment(naive, us - _NORMALTID_US, us - _NORMALTID_US)
        if self._part.basis == "offset":
            return Moment(
                None, 0, 0, "the time names no offset; write whose clock it is as time.basis in the mapping"
            )
        return self._local(naive)

    def _local(self, naive: datetime) -> Moment:
        first, second = (naive.replace(tzinfo=self._zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        first_us, second_us = ((one.replace(tzinfo=None) - _EPOCH) // _US for one in (first, second))
        if first.astimezone(self._zone).replace(tzinfo=None) != naive:
            cure = (
                f"this time does not exist in {self._zone.key}: clocks went past it; if the file has no "
                'summer time write time.basis = "normaltid" in the mapping'
            )
            return Moment(None, 0, 0, cure)
        return Moment(naive, first_us, second_us)

    def _naive(self, cell: Cell) -> datetime | None:
        if isinstance(cell, datetime):
            rounded = cell + timedelta(
                microseconds=500_000
            )  # a workbook's 0.041666 of a day is an hour less a bit
            return rounded.replace(microsecond=0)
        if isinstance(cell, date):
            return datetime.combine(cell, time())
        if isinstance(cell, float):
            cell = f"{cell:.0f}"  # 2024010100 of a workbook
        if not isinstance(cell, str):
            return None
        text = cell.strip()
        if "24:00" in text and (midnight := self._naive(text.replace("24:00", "00:00", 1))) is not None:
            return midnight + timedelta(days=1)
        return self._text(text)

    def _text(self, text: str) -> datetime | None:
        if self._fast and len(text) in (16, 19) and text[4:5] == "-":
            try:
                return datetime.fromisoformat(text)
            except ValueError:
                pass
        for form in self._part.format:
            try:
                return datetime.strptime(text, form)  # noqa: DTZ007 - whose clock it is says the mapping
            except ValueError:
                continue
        if self._part.basis == "offset":
            try:
                return datetime.fromisoformat(text)
            except ValueError:
                return None
        return None


def _join(day: Cell, clock: Cell) -> Cell:
    if isinstance(day, datetime | date) and isinstance(clock, time):
        return datetime.combine(day, clock)
    if isinstance(day, datetime | date) and isinstance(clock, str):
        return f"{day:%Y-%m-%d} {clock.strip()}"
    if isinstance(clock, time | datetime):
        return f"{str(day).strip()} {clock:%H:%M:%S}"
    return f"{str(day).strip()} {str(clock).strip()}"
