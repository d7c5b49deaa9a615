"""Faults that can be planted: the ``[[faults]]`` tables of a scenario, and what the truth says of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import AwareDatetime, Discriminator, Field, model_validator

from classroom.faults import ConfigurationError, Fault
from classroom.places import Device, DeviceKey, Key
from classroom.quantity import QUANTITIES, Domain
from classroom.section import Section
from classroom.site import Site
from simulators.keys import LORAWAN, Speaks, spoken

Share = Annotated[float, Field(gt=0, le=1)]


class Window(Section):
    """From ``start`` to ``end`` (half open)."""

    start: AwareDatetime
    end: AwareDatetime

    @model_validator(mode="after")
    def _ends_after_start(self) -> Window:
        if self.end <= self.start:
            raise ValueError(
                f"a fault must end after its start {self.start.isoformat()}; correct start or end"
            )
        return self


class Delivery(Window):
    """Something on the way: of one device, one school, its ``gateway`` (LoRaWAN only), or of everything."""

    device: DeviceKey | None = None
    school: Key | None = None
    gateway: Key | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Delivery:
        if sum(place is not None for place in (self.device, self.school, self.gateway)) > 1:
            raise ValueError("name a device, a school or a gateway (of a school), or none for everything")
        return self

    def concerns(self, placed: Device) -> bool:
        """Whether the messages of ``placed`` pass here."""
        if self.gateway is not None:
            return placed.school == self.gateway and spoken(placed) in LORAWAN
        return self.device in (None, placed.key) and self.school in (None, placed.school)


class Outage(Delivery):
    """Silence; what is behind goes on, only the messages are missing."""

    kind: Literal["outage"]


class Duplicates(Delivery):
    """A ``share`` of the messages arrives twice, the copy ``delay_s`` later."""

    kind: Literal["duplicates"]
    share: Share = 0.1
    delay_s: Annotated[float, Field(ge=0, le=86_400)] = 2.0


class Late(Delivery):
    """Nothing arrives before ``end``, then everything at once, as when a server back-fills."""

    kind: Literal["late"]


class Reordered(Delivery):
    """A ``share`` of the messages is held up, each for its own time of up to ``up_to_s``."""

    kind: Literal["reordered"]
    share: Share = 0.3
    up_to_s: Annotated[float, Field(gt=0, le=86_400)] = 1800.0


class Garbage(Delivery):
    """A ``share`` of the payloads is cut off, empty, a word, or bytes that are no text."""

    kind: Literal["garbage"]
    share: Share = 0.1


class AtDevice(Window):
    """Something wrong with one device."""

    device: DeviceKey


class Drift(AtDevice):
    """A quantity wanders off by ``per_day`` (in its unit) from ``start``; at ``end`` it is calibrated."""

    kind: Literal["drift"]
    per_day: float
    quantity: str = "co2_ppm"


class SelfCalibration(AtDevice):
    """Automatic baseline correction (ABC): every ``every_days`` the lowest CO2 seen is taken for 400 ppm.

    Right where a room is aired out in that time; a room that never is reads too low from then on.
    """

    kind: Literal["abc"]
    every_days: Annotated[float, Field(ge=1, le=60)] = 8.0
    baseline_ppm: Annotated[float, Field(ge=380, le=450)] = 400.0
    quantity: ClassVar[str] = "co2_ppm"


class Stuck(AtDevice):
    """The device repeats what it last measured: one ``quantity``, or all."""

    kind: Literal["stuck"]
    quantity: str | None = None


class Spike(AtDevice):
    """In a ``share`` of the messages ``size`` is added to a quantity."""

    kind: Literal["spike"]
    size: float
    quantity: str = "co2_ppm"
    share: Share = 0.02


class Sentinel(AtDevice):
    """In a ``share`` of the messages ``value`` stands where a sensor did not answer (-127 °C)."""

    kind: Literal["sentinel"]
    value: float
    quantity: str = "temperature_c"
    share: Share = 0.1


class ClockOff(AtDevice):
    """The device's (or its gateway's) clock is wrong by ``offset_s``."""

    kind: Literal["clock_off"]
    offset_s: Annotated[float, Field(ge=-4e9, le=4e9)]


class LocalTime(AtDevice):
    """A native device writes local time, ``with_offset`` (+02:00) or without: the hour of DST nights."""

    kind: Literal["local_time"]
    with_offset: bool = False


class Moved(AtDevice):
    """The device hangs in another ``room`` of its school, and ``devices.csv`` does not know."""

    kind: Literal["moved"]
    room: Key


class CounterReset(Section):
    """At ``start`` the register begins anew at ``to_kwh``."""

    kind: Literal["counter_reset"]
    device: DeviceKey
    start: AwareDatetime
    to_kwh: Annotated[float, Field(ge=0, le=1e9)] = 0.0


class Rollover(Section):
    """The register has ``digits`` whole digits and ``left_kwh`` to go before all are nines."""

    kind: Literal["rollover"]
    device: DeviceKey
    digits: Annotated[int, Field(ge=2, le=9)] = 6
    left_kwh: Annotated[float, Field(gt=0, lt=1e9)]

    @model_validator(mode="after")
    def _within_its_digits(self) -> Rollover:
        if self.left_kwh > 10**self.digits:
            raise ValueError(f"a register of {self.digits} digits has at most {10**self.digits} kWh to go")
        return self


class MeterSwap(Section):
    """At ``start`` a new meter hangs there, at ``to_kwh``; with a ``successor`` it has a key of its own.

    ``devices.csv`` does not know of either; a swap that it knows is two rows of it, and needs no fault.
    """

    kind: Literal["meter_swap"]
    device: DeviceKey
    start: AwareDatetime
    to_kwh: Annotated[float, Field(ge=0, le=1e9)] = 12.0
    successor: DeviceKey | None = None


PlantedFault = Annotated[
    Outage
    | Duplicates
    | Late
    | Reordered
    | Garbage
    | Drift
    | SelfCalibration
    | Stuck
    | Spike
    | Sentinel
    | ClockOff
    | LocalTime
    | Moved
    | CounterReset
    | Rollover
    | MeterSwap,
    Discriminator("kind"),
]
REGISTER_FAULTS = (CounterReset, Rollover, MeterSwap)
_OF_ROOMS = ("co2_ppm", "temperature_c", "humidity_pct", "illuminance_lux", "motion_count", "pressure_hpa")


class FaultRow(NamedTuple):
    """A fault as the truth lists it; ``messages`` is how many it touched (lost, copied, held up, changed)."""

    kind: str
    device: str | None
    school: str | None
    start: datetime | None  # None: it never happened in the time that was played
    end: datetime | None
    messages: int
    detail: str  # JSON: the other keys of the table


def check_faults(site: Site, faults: tuple[PlantedFault, ...], file: str) -> None:
    """Refuse what names a device, school or room that the site does not have, or does not fit it.

    Raises:
        ConfigurationError: with every fault.
    """
    wrong = []
    for index, fault in enumerate(faults):
        for key, value, cure in _unfit(site, fault):
            wrong.append(Fault(file, f"faults.{index}.{key}", repr(value), cure))
    if wrong:
        raise ConfigurationError(wrong)


def _unfit(site: Site, fault: PlantedFault) -> list[tuple[str, object, str]]:
    """Key, value and cure of everything in ``fault`` that does not fit the site."""
    if isinstance(fault, Delivery):
        schools = {school.key for school in site.schools}
        for key in ("school", "gateway"):
            name = getattr(fault, key)
            if name is not None and name not in schools:
                return [(key, name, "name a school of schools.csv")]
        if fault.device is None:
            return []
    placed = [device for device in site.devices if device.key == fault.device]
    if not placed:
        return [("device", fault.device, "name a device of devices.csv")]
    if isinstance(fault, Moved):
        return _unfit_move(site, fault, placed[0])
    if isinstance(fault, MeterSwap) and fault.successor in {device.key for device in site.devices}:
        return [("successor", fault.successor, "devices.csv knows it already; remove the fault, or the row")]
    cure = _unfit_device(fault, placed[0])
    return [("device", fault.device, cure)] if cure else _unfit_quantity(fault, placed[0])


def _unfit_device(fault: PlantedFault, placed: Device) -> str | None:
    """Why this kind of device cannot have the fault."""
    if isinstance(fault, REGISTER_FAULTS) and placed.meter is None:
        return "name a device at a meter: a room's device has no register"
    if isinstance(fault, Rollover) and spoken(placed) is Speaks.SHELLY:
        return "name another: a Shelly's registers do not roll over"
    if isinstance(fault, SelfCalibration) and placed.room is None:
        return "name a room's device: a meter measures no CO2"
    if isinstance(fault, LocalTime) and spoken(placed) is not Speaks.NATIVE:
        return "name a native device (school/name): others do not write local time"
    return None


def _unfit_move(site: Site, fault: Moved, placed: Device) -> list[tuple[str, object, str]]:
    if placed.room is None:
        return [("device", fault.device, "name a room's device")]
    if fault.room not in {room.key for room in site.rooms_of(placed.school)}:
        return [("room", fault.room, f"name a room of {placed.school} in rooms.csv")]
    return []


def _unfit_quantity(fault: PlantedFault, placed: Device) -> list[tuple[str, object, str]]:
    quantity = getattr(fault, "quantity", None)
    if quantity is None:
        return []
    if quantity not in QUANTITIES:
        return [("quantity", quantity, "name a quantity of docs/quantities.md")]
    if placed.room is not None and quantity not in _OF_ROOMS:
        return [("quantity", quantity, f"rooms' devices measure {', '.join(_OF_ROOMS)}; name one of them")]
    if placed.meter is not None and QUANTITIES[quantity].domain is not Domain.ENERGY:
        return [("quantity", quantity, f"{placed.key} is at a meter; name a quantity of energy")]
    return []
