"""A school's energy of one local day from its meter tree: each meter, and the school, by day and by UTC hour.

The school's ``energy_kwh`` of a carrier is the sum over its MAIN meters, each times its share; SUB meters
are inside a main one, EXPORT and PRODUCTION stand apart (``exported_kwh``, ``produced_kwh``). Where one
main meter says nothing the school's value is null: the sum of the others would look like a saving. What is
known all the same is carried in ``energy_unresolved_kwh``, so that a month loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from analytics.bills import BILLED, CALCULATED, Bill, billed_day
from analytics.catalog import CATALOG, UNRESOLVED
from analytics.coverage import reasons, worst
from analytics.meters import Day, Leg, PeriodEnergy, day_periods, meter_day
from analytics.points import RegisterSeries
from classroom.metric import Interval, Metric, Scope, Status
from classroom.places import Device, Meter, MeterRole
from classroom.quantity import (
    EXPORT_INTERVALS,
    EXPORT_REGISTERS,
    IMPORT_INTERVALS,
    IMPORT_REGISTERS,
    Carrier,
)
from classroom.site import overlap
from classroom.timetable import day_span

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)

REGISTERS = frozenset(
    name
    for options in (*IMPORT_REGISTERS.values(), EXPORT_REGISTERS, (("pulse_count",),))
    for names in options
    for name in names
)
"""Quantities that energy is computed from."""


class Measured(NamedTuple):
    """Periods of one meter for one metric: the meter's own energy, and the school's part of it."""

    meter: Meter
    metric: str
    own: list[PeriodEnergy | None]
    share: list[PeriodEnergy | None]


def to_us(time: datetime) -> int:
    """An aware time as integer microseconds since 1970."""
    return (time - _EPOCH) // _US


def school_day(
    meters: Sequence[Meter],
    devices: Sequence[Device],
    series: Mapping[tuple[str, str], RegisterSeries],
    day: date,
    zone: ZoneInfo,
    now: datetime,
    fingerprint: str,
    bills: Sequence[Bill] = (),
) -> list[Metric]:
    """Energy metrics of one school (all rows of its ``meters`` and their ``devices``) on local ``day``.

    Nothing for a day that has not begun at ``now``. Emissions are made from these by
    :mod:`analytics.emissions`.
    """
    span = day_span(day, zone)
    periods = day_periods(to_us(span[0]), to_us(span[1]), to_us(now))
    if periods is None or not meters:
        return []
    periods = periods._replace(before_us=to_us(day_span(day - timedelta(days=1), zone)[0]))
    write = _Writer(meters[0].school, zone, periods, fingerprint)
    measured = [
        found
        for key in dict.fromkeys(meter.key for meter in meters)
        for found in _measure([m for m in meters if m.key == key], devices, series, periods, bills)
    ]
    found = [
        metric
        for one in measured
        for metric in write.metrics(Scope.METER, one.meter.key, one.metric, one.meter.carrier, one.own)
    ]
    for name, carrier in dict.fromkeys((one.metric, one.meter.carrier) for one in measured):
        parts = [(one.meter.key, one.share) for one in _of_school(measured, name, carrier)]
        if parts:
            total = [_add([(key, share[i]) for key, share in parts]) for i in range(len(periods.start_us))]
            found += write.metrics(Scope.SCHOOL, write.school, name, carrier, total)
    return found


def _of_school(measured: Sequence[Measured], name: str, carrier: Carrier) -> list[Measured]:
    """The meters that make up the school's ``name``; export of its own meters rather than of the main
    ones."""
    mine = [
        one
        for one in measured
        if one.metric == name and one.meter.carrier is carrier and one.meter.role is not MeterRole.SUB
    ]
    own_export = [one for one in mine if one.meter.role is MeterRole.EXPORT]
    return own_export if name == "exported_kwh" and own_export else mine


def _measure(
    rows: Sequence[Meter],
    devices: Sequence[Device],
    series: Mapping[tuple[str, str], RegisterSeries],
    periods: Day,
    bills: Sequence[Bill],
) -> list[Measured]:
    """What the rows of one meter (its table may change over time) say of the day; nothing where it does not
    exist."""
    end = int(periods.whole_end_us[0])
    rows = [row for row in rows if _validity(row)[0] < end and _validity(row)[1] > int(periods.start_us[0])]
    if not rows:
        return []
    latest = max(rows, key=lambda row: _validity(row)[0])
    name = {MeterRole.EXPORT: "exported_kwh", MeterRole.PRODUCTION: "produced_kwh"}.get(
        latest.role, "energy_kwh"
    )
    found = [
        _with_bills(
            _measured(rows, latest, name, devices, series, periods, export=False), devices, periods, bills
        )
    ]
    if latest.role is MeterRole.MAIN and latest.carrier is Carrier.ELECTRICITY:
        exported = _measured(rows, latest, "exported_kwh", devices, series, periods, export=True)
        if any(one is not None and one.coverage > 0 for one in exported.own):
            found.append(exported)
    return found


def _measured(
    rows: Sequence[Meter],
    latest: Meter,
    name: str,
    devices: Sequence[Device],
    series: Mapping[tuple[str, str], RegisterSeries],
    periods: Day,
    *,
    export: bool,
) -> Measured:
    legs = [leg for row in rows for device in devices for leg in _legs(row, device, export=export)]
    validity = [_validity(row) for row in rows]
    own = meter_day([replace(leg, weight=1.0) for leg in legs], series, periods, validity)
    shared = any(leg.weight != 1.0 for leg in legs)
    share = meter_day(legs, series, periods, validity) if shared else own
    return Measured(latest, name, own, share)


def _with_bills(one: Measured, devices: Sequence[Device], periods: Day, bills: Sequence[Bill]) -> Measured:
    """The meter's energy with its bills, which belong to it by where their device hung when they began."""
    if not bills:
        return one
    hung = [
        bill
        for bill in bills
        for device in devices
        if device.key == bill.device
        and (device.school, device.meter) == (one.meter.school, one.meter.key)
        and device.holds_at(_EPOCH + bill.start_us * _US)
    ]
    start_us = int(periods.start_us[0])
    own = billed_day(hung, one.own, start_us, 1.0)
    share = own if one.meter.share == 1.0 else billed_day(hung, one.share, start_us, one.meter.share)
    return one._replace(own=own, share=share)


def _validity(row: Meter) -> tuple[int, int]:
    return _bounds(row.valid_from, row.valid_to)


def _bounds(valid_from: datetime | None, valid_to: datetime | None) -> tuple[int, int]:
    return (
        -(2**62) if valid_from is None else to_us(valid_from),
        2**62 if valid_to is None else to_us(valid_to),
    )


def _legs(meter: Meter, device: Device, *, export: bool) -> list[Leg]:
    """The leg of ``device`` at this row of the meter's table, if it hung there."""
    if device.school != meter.school or device.meter != meter.key:
        return []
    common = overlap(meter.valid_from, meter.valid_to, device.valid_from, device.valid_to)
    if common is None:
        return []
    meter_from, meter_to = _validity(meter)
    device_from, device_to = _bounds(device.valid_from, device.valid_to)
    registers, unit = _registers(meter, device, export=export)
    from_us, until_us = max(meter_from, device_from), min(meter_to, device_to)
    intervals = (EXPORT_INTERVALS,) if export else _INTERVALS.get(meter.role, (IMPORT_INTERVALS,))
    return [Leg(device.key, from_us, until_us, device.interval_s, registers, unit, meter.share, intervals)]


_INTERVALS = {
    MeterRole.EXPORT: (EXPORT_INTERVALS, IMPORT_INTERVALS),
    MeterRole.PRODUCTION: (IMPORT_INTERVALS, EXPORT_INTERVALS),
}


def _registers(meter: Meter, device: Device, *, export: bool) -> tuple[tuple[tuple[str, ...], ...], float]:
    """Registers that carry what the meter is for, in order of preference, and their kWh per unit."""
    if export:
        return EXPORT_REGISTERS, device.scale
    if device.pulses_per_kwh is not None:
        return (("pulse_count",),), device.scale / device.pulses_per_kwh
    options = IMPORT_REGISTERS[meter.carrier]
    if meter.role is MeterRole.EXPORT:
        options = (*EXPORT_REGISTERS, *options)
    if meter.role is MeterRole.PRODUCTION:
        options = (*IMPORT_REGISTERS[Carrier.SOLAR], *options)
    return tuple(dict.fromkeys(options)), device.scale


def _add(parts: Sequence[tuple[str, PeriodEnergy | None]]) -> PeriodEnergy | None:
    """A school's energy of one period from its meters'; null as soon as one of them is."""
    mine = [(key, one) for key, one in parts if one is not None]
    if not mine:
        return None
    if len(mine) == 1:
        return mine[0][1]
    some = [one for _, one in mine]
    silent = [key for key, one in mine if one.value is None]
    known = sum(one.known_kwh for one in some)
    carried = sum(one.carried_kwh for one in some)
    bounded = any(one.low is not None for one in some)
    highs = [one.value if one.low is None else one.high for one in some]
    total = PeriodEnergy(
        value=known,
        low=sum(one.known_kwh if one.low is None else one.low for one in some) if bounded else None,
        high=sum(h for h in highs if h is not None) if bounded and None not in highs else None,
        coverage=sum(one.coverage for one in some) / len(some),
        status=worst(one.status for one in some),
        reason=reasons(*(one.reason for one in some)),
        known_kwh=known,
        accounted=min(one.accounted for one in some),
        carried_kwh=carried,
        carried_to_us=max(one.carried_to_us for one in some),
        billed=any(one.billed for one in some),
        methods=tuple(sorted({method for one in some for method in one.methods})),
    )
    if not silent:
        return total
    nothing = all(one.status is Status.NO_DATA for one in some)
    withheld = sum(one.known_kwh for one in some if one.value is not None)
    return total._replace(
        value=None,
        low=None,
        high=None,
        status=Status.NO_DATA if nothing else Status.INSUFFICIENT,
        reason=reasons("meter_missing:" + ",".join(silent), total.reason),
        carried_kwh=carried + withheld,
    )


class _Writer(NamedTuple):
    """Turns the periods of one school and day into metrics."""

    school: str
    zone: ZoneInfo
    periods: Day
    fingerprint: str

    def metrics(
        self, scope: Scope, key: str, name: str, carrier: Carrier, energy: Sequence[PeriodEnergy | None]
    ) -> list[Metric]:
        """The day, its hours, and what the day leaves out."""
        found = []
        for i, one in enumerate(energy):
            if one is None:
                continue
            metric = Metric(
                time=_EPOCH + int(self.periods.start_us[i]) * _US,
                period_end=_EPOCH + int(self.periods.whole_end_us[i]) * _US,
                interval=Interval.HOUR if i else Interval.DAY,
                school=self.school,
                scope=scope,
                id=key,
                metric=name,
                carrier=carrier,
                basis=None,
                value=one.value,
                low=one.low,
                high=one.high,
                unit=CATALOG[name].unit,
                coverage=one.coverage,
                status=one.status,
                reason=one.reason,
                method="+".join(one.methods),
                factors=(),
                fingerprint=self.fingerprint,
            )
            found.append(metric)
            if i == 0:
                found.append(self._unresolved(metric, one))
        return found

    def _unresolved(self, day: Metric, energy: PeriodEnergy) -> Metric:
        """Energy that the day's value leaves out and a longer interval has: its period ends with the day it
        reaches."""
        end = day.period_end
        if energy.carried_to_us > to_us(end):
            last = _EPOCH + (energy.carried_to_us - 1) * _US
            end = day_span(last.astimezone(self.zone).date(), self.zone)[1]
        accounted = min(1.0, energy.accounted)
        name = UNRESOLVED[day.metric]
        nothing = accounted <= 0
        whole = accounted >= 1 - 1e-9
        return day._replace(
            metric=name,
            period_end=end,
            value=None if nothing else energy.carried_kwh,
            low=None,
            high=None,
            unit=CATALOG[name].unit,
            coverage=max(0.0, accounted),
            status=Status.NO_DATA if nothing else Status.OK if whole else Status.PARTIAL,
            reason="no_readings" if nothing else _bill_reason(energy),
        )


def _bill_reason(energy: PeriodEnergy) -> str | None:
    """That a bill is in what is carried, and whether it will be corrected."""
    if not energy.billed:
        return None
    return reasons(BILLED, CALCULATED if CALCULATED in (energy.reason or "") else None)
