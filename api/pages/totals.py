"""A school's week over all of its carriers: what may be added, and what then must be said beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.pages.language import Language
from api.pages.visit import Visit
from api.pages.week import CarrierWeek, Week


@dataclass(frozen=True, slots=True)
class WeekTotal:
    """Bought energy and its emissions on the location basis; None where a part is missing.

    A sum of the parts that are there would look like a saving, so it is not made. ``coverage`` is that of the
    least covered carrier. ``pupils`` and ``atemp_m2`` are those of the week's last day.
    """

    energy_kwh: float | None
    emissions_kg: float | None
    coverage: float | None
    pupils: int | None
    atemp_m2: float | None
    remark: str

    @property
    def energy_per_pupil_kwh(self) -> float | None:
        """kWh a pupil."""
        return _over(self.energy_kwh, self.pupils)

    @property
    def emissions_per_pupil_kg(self) -> float | None:
        """kgCO2e a pupil."""
        return _over(self.emissions_kg, self.pupils)

    @property
    def energy_per_m2_kwh(self) -> float | None:
        """kWh a square metre Atemp."""
        return _over(self.energy_kwh, self.atemp_m2)


def week_total(visit: Visit, school: str, week: Week, carriers: Sequence[CarrierWeek]) -> WeekTotal:
    """The total of a school's bought carriers in a week."""
    say, bought = visit.say, [carrier for carrier in carriers if not carrier.produced]
    size = visit.site.attributes_on(school, min(week.days[-1], visit.today))
    energies = [carrier.energy for carrier in bought]
    silent = [carrier.name for carrier in bought if carrier.energy is None or carrier.energy.value is None]
    energy = _sum([metric.value if metric else None for metric in energies])
    emissions, why = _emissions(bought, say)
    if silent:
        why = say.text("nothing to say of: %(carriers)s") % {"carriers": ", ".join(silent)}
    return WeekTotal(
        energy_kwh=energy,
        emissions_kg=emissions,
        coverage=min((metric.coverage if metric else 0.0 for metric in energies), default=None),
        pupils=size.pupils if size else None,
        atemp_m2=size.atemp_m2 if size else None,
        remark=why if bought else say.text("no meters"),
    )


def _emissions(bought: Sequence[CarrierWeek], say: Language) -> tuple[float | None, str]:
    """kgCO2e of all carriers, and why there is none: lines that cover different things are never added."""
    shown = [carrier.location for carrier in bought]
    lines = {emission.line for emission in shown if emission is not None and not emission.lacks_factor}
    lacking = [c.name for c, e in zip(bought, shown, strict=True) if e is None or e.lacks_factor]
    if lacking:
        return None, say.text("no emission factor: %(carriers)s") % {"carriers": ", ".join(lacking)}
    if len(lines) > 1:
        return None, say.text("the factors cover different things and are not added")
    return _sum([emission.metric.value if emission else None for emission in shown]), ""


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None


def _over(amount: float | None, size: float | None) -> float | None:
    return amount / size if amount is not None and size else None
