"""The balances of simulated schools, integrated anew from what the model says of a day."""

import numpy as np

from simulators.school import Town, TownDay


def co2_balance(town: Town, day: TownDay) -> tuple[np.ndarray, np.ndarray]:
    """Error of the CO2 balances over a day, of each school and of each zone that somebody was in.

    As shares of what was breathed out. Stored = breathed out + came through the door - carried away; what is
    carried away is integrated here, by the trapezoid rule.
    """
    volume, mixing = town.zones.volume_m3, town.zones.mixing
    breathed = 60 * day.co2_m3_s.sum(axis=0)
    levels = np.concatenate([day.course.start.co2_ppm[None], day.course.co2_ppm])
    excess = (levels[1:] + levels[:-1]) / 2 - day.weather.co2_ppm[:, None]
    leaving = day.course.flow_m3_s - day.course.fan_m3_s * (1 - mixing)
    carried = 60 * (leaving * excess).sum(axis=0) / 1e6
    stored = volume * (levels[-1] - levels[0]) / 1e6
    through = 60 * day.course.door_co2_m3_s.sum(axis=0)
    error = breathed + through - carried - stored
    schools = np.array([error[s.zones].sum() / breathed[s.zones].sum() for s in town.schools])
    used = breathed > 0.2 * breathed.mean()
    return schools, (error / np.maximum(breathed, 1e-9))[used]


def heat_balance(town: Town, day: TownDay) -> np.ndarray:
    """Error of each school's heat balance over a day, as a share of the heat that came in.

    Bought heat and gains = losses (walls, air, culvert, hot water down the drain) + stored.
    """
    zones, course, start = town.zones, day.course, day.course.start
    stored_j = zones.air_j_k * (course.air_c[-1] - start.air_c) + zones.mass_j_k * (
        course.mass_c[-1] - start.mass_c
    )
    gain_j, loss_j = 60 * day.gain_w.sum(axis=0), 60 * course.loss_w.sum(axis=0)
    bought_j = 60 * day.power.heat_w.sum(axis=0)
    lost_j = 60 * (day.power.culvert_w + day.power.hot_water_w).sum(axis=0)
    errors = []
    for index, school in enumerate(town.schools):
        came = bought_j[index] + gain_j[school.zones].sum()
        went = lost_j[index] + loss_j[school.zones].sum() + stored_j[school.zones].sum()
        errors.append((came - went) / came)
    return np.array(errors)
