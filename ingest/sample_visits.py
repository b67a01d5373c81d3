"""Who comes on which day: the size of each day, and visitors who come back on a schedule of their own."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ingest.sample_draws import Codes, Keys, fixed_uniform, normal, stream, uniform

LOOKBACK_DAYS = 60
SPLITS_PER_SESSION = 0.0003
WHOLE, FIRST_HALF, SECOND_HALF = 0, 1, 2
WEEKDAYS = (1.06, 1.08, 1.07, 1.05, 0.97, 0.82, 0.87)


@dataclass(frozen=True)
class Calendar:
    """Hold the exported days and what happened on them; every moment is a day number from `first_day`."""

    first_day: dt.date
    days: int

    @property
    def missing(self) -> int:
        """Return the day on which nothing was recorded."""
        return self.days * 2 // 5

    @property
    def misfiled(self) -> int:
        """Return the day on which one source was filed under (direct)."""
        return self.days * 3 // 5

    @property
    def onset(self) -> int:
        """Return the first day of the silent change."""
        return self.days * 3 // 4

    def date(self, day: int) -> dt.date:
        """Return the date of a day number."""
        return self.first_day + dt.timedelta(days=int(day))


@dataclass(frozen=True)
class Visits:
    """Hold visits, one a row: the visitor, the day, and the place of the visit among the visitor's visits."""

    visitor: Keys
    day: Codes
    number: Codes
    earliest: NDArray[np.float64]
    latest: NDArray[np.float64]
    half: Codes

    def __len__(self) -> int:
        """Return the number of visits."""
        return len(self.visitor)

    def taken(self, rows: slice | Codes) -> Self:
        """Return some of the visits."""
        return replace(self, **{column.name: getattr(self, column.name)[rows] for column in fields(self)})

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the visits of several parts, in order."""
        return cls(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(cls)))


@dataclass(frozen=True)
class Schedules:
    """Hold the schedules of returning visitors: `weight` per schedule, the rest per visit, in order of schedule.

    Schedule 0 is a single visit. `offset` counts days from the first visit; a day's visits share it in equal parts,
    `earliest` to `latest`.
    """

    weight: NDArray[np.float64]
    schedule: Codes
    offset: Codes
    number: Codes
    earliest: NDArray[np.float64]
    latest: NDArray[np.float64]


def _schedules() -> Schedules:
    sizes = [1, *[2] * 24, *[3] * 16, *[4] * 9, *[5] * 7, *[7] * 8, *[12] * 6, *[26] * 4]
    shares = {1: 0.874, 2: 0.078, 3: 0.024, 4: 0.0105, 5: 0.0052, 7: 0.0052, 12: 0.0022, 26: 0.0009}
    lists: dict[str, list] = {name: [] for name in ("schedule", "offset", "number", "earliest", "latest")}
    for schedule, size in enumerate(sizes):
        draws = fixed_uniform(size, 100 + schedule)
        mean_gap = 7.0 if size < 6 else 2.5
        gaps = np.where(draws < 0.3, 0, 1 + np.floor(-mean_gap * np.log1p(-(draws - 0.3) / 0.7)))
        gaps[0] = 0
        offsets = np.minimum(np.cumsum(gaps), LOOKBACK_DAYS).astype(int)
        same = np.array([np.count_nonzero(offsets == offset) for offset in offsets])
        place = np.array([np.count_nonzero(offsets[:visit] == offset) for visit, offset in enumerate(offsets)])
        lists["schedule"].append(np.full(size, schedule))
        lists["offset"].append(offsets)
        lists["number"].append(np.arange(1, size + 1))
        lists["earliest"].append(place / same)
        lists["latest"].append((place + 0.97) / same)
    weight = np.array([shares[size] / sizes.count(size) for size in sizes])
    return Schedules(weight / weight.sum(), **{name: np.concatenate(values) for name, values in lists.items()})


def day_weights(calendar: Calendar, seed_key: int) -> NDArray[np.float64]:
    """Return the relative traffic of each day, from LOOKBACK_DAYS before the first: weekday, season, trend, noise."""
    numbers = np.arange(-LOOKBACK_DAYS, calendar.days)
    weekday = np.array(WEEKDAYS)[(calendar.first_day.weekday() + numbers) % 7]
    season = 1 + 0.07 * np.sin(2 * np.pi * (numbers + calendar.first_day.timetuple().tm_yday) / 365.25 + 2.4)
    keys = (numbers + LOOKBACK_DAYS).astype(np.uint64) + np.uint64(seed_key)
    promotion = np.where(uniform(keys, 50) < 0.02, 1.5, 1.0)
    return weekday * season * (1 + 0.0006 * numbers) * promotion * np.exp(0.05 * normal(keys, 51))


class Attendance:
    """Say who visits on which day; memory grows with the number of days, not of sessions."""

    def __init__(self, calendar: Calendar, sessions: int, seed_key: int) -> None:
        """Plan the days so that exactly `sessions` sessions are exported."""
        self.calendar, self.seed_key, self.plan = calendar, seed_key, _schedules()
        self.sizes = self._day_sizes(sessions)
        total_days = len(self.sizes)
        self.splits = np.diff(np.floor(np.cumsum(self.sizes) * SPLITS_PER_SESSION), prepend=0).astype(int)
        self.counts = np.zeros((total_days, len(self.plan.weight)), dtype=np.int64)
        self.first_visitor = np.zeros(total_days + 1, dtype=np.int64)
        expected = 0.0
        phase = fixed_uniform(len(self.plan.weight), 90)
        again = self.plan.number > 1
        same_day = 1 + self.plan.weight[self.plan.schedule[again & (self.plan.offset == 0)]].sum()
        for position in range(total_days):
            room = self._room(position)
            before, expected = expected, expected + max(room, 0) / same_day
            counts = np.floor(expected * self.plan.weight + phase) - np.floor(before * self.plan.weight + phase)
            self.counts[position] = counts
            today = self.plan.offset == 0
            later = self.counts[position][self.plan.schedule[today & (self.plan.schedule > 0)]].sum()
            self.counts[position, 0] = max(0, room - later)
            self.splits[position] = self._possible_splits(position)
            self.first_visitor[position + 1] = self.first_visitor[position] + self.counts[position].sum()

    def _day_sizes(self, sessions: int) -> Codes:
        weights = day_weights(self.calendar, self.seed_key)
        weights[LOOKBACK_DAYS + self.calendar.missing] = 0
        ends = np.cumsum(weights[LOOKBACK_DAYS:]) / weights[LOOKBACK_DAYS:].sum()
        exported = np.diff(np.rint(ends * sessions), prepend=0)
        before = np.rint(weights[:LOOKBACK_DAYS] / weights[LOOKBACK_DAYS:].sum() * sessions)
        return np.concatenate([before, exported]).astype(np.int64)

    def _room(self, position: int) -> int:
        """Return how many sessions of a day are left for visitors who come for the first time."""
        if self.sizes[position] == 0:
            return 0
        source = position - self.plan.offset
        back = (self.plan.offset > 0) & (source >= 0)
        returning = self.counts[source[back], self.plan.schedule[back]].sum()
        continued = self.splits[position - 1] if position else 0
        return int(self.sizes[position] - returning - continued)

    def _possible_splits(self, position: int) -> int:
        last = position + 1 == len(self.sizes)
        if last or position < LOOKBACK_DAYS or self.sizes[position + 1] == 0:
            return 0
        return int(min(self.splits[position], self.counts[position, 0]))

    def day(self, day: int) -> Visits:
        """Return the visits of one day, shuffled; their number is the planned size of the day."""
        position, plan = day + LOOKBACK_DAYS, self.plan
        source = position - plan.offset
        counts = np.where(source >= 0, self.counts[source, plan.schedule], 0)
        starts = self.first_visitor[source] + self._before(source)
        return self._shuffled(position, starts, counts)

    def _before(self, source: Codes) -> Codes:
        """Return how many of the visitors first seen on a day have an earlier schedule than each visit's."""
        days, row = np.unique(source, return_inverse=True)
        preceding = np.cumsum(self.counts[days], axis=1) - self.counts[days]
        return preceding[row, self.plan.schedule]

    def _shuffled(self, position: int, starts: Codes, counts: Codes) -> Visits:
        plan, day = self.plan, position - LOOKBACK_DAYS
        if self.sizes[position] == 0:
            counts = np.zeros_like(counts)
        visit = np.repeat(np.arange(len(counts)), counts)
        within = np.arange(len(visit)) - np.repeat(np.cumsum(counts) - counts, counts)
        visitor = (starts[visit] + within).astype(np.uint64)
        half = np.where((visit == 0) & (within >= counts[0] - self.splits[position]), FIRST_HALF, WHOLE)
        visits = Visits(
            visitor,
            np.full(len(visit), day),
            plan.number[visit],
            plan.earliest[visit],
            plan.latest[visit],
            half,
        )
        visits = Visits.joined([self._continued(position), visits]).taken(slice(int(self.sizes[position])))
        keys = visits.visitor * np.uint64(64) + visits.number.astype(np.uint64) + np.uint64(self.seed_key)
        return visits.taken(np.argsort(stream(keys, 60), kind="stable"))

    def _continued(self, position: int) -> Visits:
        """Return the second halves of the visits that were under way at midnight."""
        count = int(self.splits[position - 1]) if self.sizes[position] else 0
        last = self.first_visitor[position - 1] + self.counts[position - 1, 0]
        zeros = np.zeros(count)
        return Visits(
            np.arange(last - count, last).astype(np.uint64),
            np.full(count, position - LOOKBACK_DAYS),
            np.ones(count, dtype=np.int64),
            zeros,
            zeros,
            np.full(count, SECOND_HALF),
        )

    def chunks(self, first: int, last: int, rows: int) -> Iterator[Visits]:
        """Yield the visits of the days `first` to `last`, in order, about `rows` at a time."""
        waiting: list[Visits] = []
        held = 0
        for day in range(first, last + 1):
            visits = self.day(day)
            for begin in range(0, len(visits), rows):
                waiting.append(visits.taken(slice(begin, begin + rows)))
                held += len(waiting[-1])
                if held >= rows:
                    yield Visits.joined(waiting)
                    waiting, held = [], 0
        if held:
            yield Visits.joined(waiting)
