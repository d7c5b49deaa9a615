"""How well a school is measured: which devices are silent, wrong or low on battery, and what helps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from api.pages.language import Language
from api.pages.visit import Visit
from api.trouble import Trouble, trouble_of
from classroom.places import Device


@dataclass(frozen=True, slots=True)
class Sensor:
    """A device as technicians see it. ``trouble`` None: it is well."""

    device: str
    family: str | None
    school: str | None
    place: str
    last_seen: datetime | None
    interval_s: int | None
    battery_pct: float | None
    battery_v: float | None
    trouble: Trouble | None
    cure: str


def placed_sensors(visit: Visit, school: str | None = None) -> list[Sensor]:
    """Devices that hang at a place now, of one school or all, those in trouble first."""
    placed = [
        device
        for device in visit.site.devices
        if device.holds_at(visit.now) and (school is None or device.school == school)
    ]
    families = {sighting.device: sighting.family for sighting in visit.context.sightings.sightings()}
    found = [_sensor(visit, device, families.get(device.key)) for device in placed]
    worst = list(Trouble)
    return sorted(
        found,
        key=lambda one: (
            worst.index(one.trouble) if one.trouble else len(worst),
            one.school or "",
            one.place.casefold(),
            one.device,
        ),
    )


def trouble_name(trouble: Trouble, say: Language) -> str:
    """What is wrong, in a word or two."""
    return {
        Trouble.NEVER: say.text("never heard"),
        Trouble.SILENT: say.text("silent"),
        Trouble.DRIFT: say.text("drifted"),
        Trouble.STUCK: say.text("stuck"),
        Trouble.BATTERY: say.text("low battery"),
    }[trouble]


def _sensor(visit: Visit, device: Device, family: str | None) -> Sensor:
    readings = [r for r in visit.context.live.latest(device.key) if device.holds_at(r.time)]
    values = {reading.quantity: reading.value for reading in readings}
    last = max((reading.time for reading in readings), default=None)
    trouble = trouble_of(device, readings, visit.context.live, visit.now)
    return Sensor(
        device=device.key,
        family=family,
        school=device.school,
        place=_place(visit, device),
        last_seen=last,
        interval_s=device.interval_s,
        battery_pct=values.get("battery_pct"),
        battery_v=values.get("battery_v"),
        trouble=trouble,
        cure=_cure(trouble, visit.say) if trouble else "",
    )


def _place(visit: Visit, device: Device) -> str:
    if device.room is not None:
        room = visit.site.room_by_key.get((device.school, device.room))
        return room.name if room else device.room
    meters = [m for m in visit.site.meters_of(device.school) if m.key == device.meter]
    return meters[0].name if meters else device.meter or ""


def _cure(trouble: Trouble, say: Language) -> str:
    return {
        Trouble.NEVER: say.text("Switch it on, and see that its key in devices.csv is the one on its label."),
        Trouble.SILENT: say.text("See that it hangs where it should and has power; change the battery."),
        Trouble.DRIFT: say.text("Calibrate it in outdoor air, or change it."),
        Trouble.STUCK: say.text("Restart it; if it stays at one value, change it."),
        Trouble.BATTERY: say.text("Change the battery at the next visit."),
    }[trouble]
