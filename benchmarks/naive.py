"""Rules that others watch a conversion rate by, for comparison: the total's z-test, and a fall from week to week."""

import numpy as np

from benchmarks.days import Known, inside_of
from benchmarks.scores import overlap
from queries.watch_scan import WINDOW, Watched, running

WEEK = 7
SURELY = -3.0
FALLEN = 0.8
LEAST = 10
HIT = 0.5


def total_z(known: Known) -> tuple[int, int]:
    """Alarm where the rate of the last 7 days is 3 standard errors below that of the 28 before; (found, alarms).

    A fall counts as found when an alarm begins within 28 days of its onset.
    """
    sessions, converted = map(known.daily.total, (known.daily.sessions, known.daily.conversions))
    alarms = []
    for day in range(WINDOW + WEEK - 1, known.daily.days):
        last, before = slice(day - WEEK + 1, day + 1), slice(day - WEEK - WINDOW + 1, day - WEEK + 1)
        pooled = converted[before.start : last.stop].sum() / sessions[before.start : last.stop].sum()
        spread = np.sqrt(pooled * (1 - pooled) * (1 / sessions[last].sum() + 1 / sessions[before].sum()))
        difference = converted[last].sum() / sessions[last].sum() - converted[before].sum() / sessions[before].sum()
        if difference / spread < SURELY:
            alarms.append(day)
    begun = [day for day in alarms if day - 1 not in alarms]
    found = sum(any(fall.onset <= day < fall.onset + WINDOW for day in begun) for fall in known.falls)
    return found, len(begun)


def week_on_week(known: Known) -> tuple[int, int]:
    """Alarm for each segment whose rate fell by a fifth from one week to the next; (found, alarms).

    A fall counts as found when an alarm of half its segment or more begins within 28 days of its onset.
    """
    watched = Watched(known.daily)
    sessions, converted = watched.by_day(known.daily.sessions), watched.had
    sums = [running(each) for each in (sessions, converted)]
    days = np.arange(2 * WEEK, known.daily.days + 1)
    now, before = ([each[:, days - shift] - each[:, days - shift - WEEK] for each in sums] for shift in (0, WEEK))
    with np.errstate(divide="ignore", invalid="ignore"):
        fell = (before[1] >= LEAST) & (now[1] / now[0] < FALLEN * before[1] / before[0])
    begun = fell & ~np.concatenate([np.zeros((len(fell), 1), dtype=bool), fell[:, :-1]], axis=1)
    found = 0
    for fall in known.falls:
        inside = (days > fall.onset) & (days <= fall.onset + WINDOW)
        named = np.nonzero(begun[:, inside].any(axis=1))[0]
        found += any(overlap(known.world, _cells(known, watched, row), fall.inside) >= HIT for row in named)
    return found, int(begun.sum())


def _cells(known: Known, watched: Watched, row: int) -> np.ndarray:
    key, cells = watched.key(row), known.daily.cells
    named = {cells.dimensions[place]: cells.labels[place][value] for place, value in key}
    return inside_of(known.world.cells, named)
