"""Silent leaks: segments that fell against their own past, each with the day it began, what it costs and its state."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from queries.baseline import Floats
from queries.check import Check
from queries.daily_cells import DailyCells, kept_daily_cells
from queries.engine import Cancel, Engine
from queries.filters import Filters
from queries.funnel import ENGAGEMENT, Funnel
from queries.incidents import Incident, Watcher
from queries.leak_list import searched_dimensions
from queries.leak_report import Segment
from queries.leak_words import ends_of, values_of
from queries.order_values import OrderValues
from queries.revenue import DAYS_A_MONTH, DRAWS, Estimate, draw_loss, draw_order_values
from queries.watch_null import threshold, unrest
from queries.watch_scan import PRIOR, SMALLEST, WINDOW, Watched, fall

FALSE_CHANCE = 0.10
MAX_ORDER = 2
MOST_STIRRING = 2
"""So few falls are taken out before the unrest is measured again."""
TECHNICAL = frozenset({"browser", "device_category", "operating_system"})
MISCOUNTED = frozenset({"no orders", "vanished", "shares", "not set"})
"""Kinds of data checks that say sessions or orders were not counted under their values."""
LONGEST_BREAK = 7
BROKEN, SHARP = 0.1, 3
"""A fall to less than a tenth within so many days, on technical values alone, looks like a break, not like a leak."""


@dataclass(frozen=True, slots=True)
class SilentLeak:
    """Hold one segment that fell against its own past, from its onset to its recovery or the last day.

    `began` are the first and last day it may have begun on; `found` the day whose data told it; `recovered` the first
    day on which it converts as before, None while it goes on. `sessions`, `conversions` and `expected` are those since
    the onset; `before` are (sessions, conversions) of the 28 days before. `lost` and `revenue` are what is missing
    since the onset, `monthly` the revenue of a month at the present rate of loss, None for one that recovered.
    """

    segment: Segment
    onset: dt.date
    began: tuple[dt.date, dt.date]
    found: dt.date
    recovered: dt.date | None
    last: dt.date
    sessions: int
    conversions: int
    expected: float
    before: tuple[int, int]
    ratio: float
    ratio_interval: tuple[float, float]
    lost: Estimate
    revenue: Estimate
    monthly: Estimate | None
    score: float

    @property
    def delay(self) -> int:
        """Return how many days of it were there when it was found."""
        return (self.found - self.onset).days + 1

    @property
    def looks_broken(self) -> bool:
        """Say whether it looks like a tracking break or a broken page: nearly nothing left, at once, technical only."""
        sharp = (self.began[1] - self.began[0]).days < SHARP
        return self.ratio < BROKEN and sharp and set(self.segment) <= TECHNICAL


@dataclass(frozen=True, slots=True)
class Watch:
    """Hold the silent leaks of a store up to a day, those that go on first, the largest sure loss first.

    `days` are those with sessions, `watched` the segments that are large enough to be dated; `left_out` the days that
    data checks call broken. `threshold` is the score of an alarm, `chance` that of any false one in all these days.
    `smallest` are the falls (0.4 is 40 % less) of the largest and of the median segment that 28 days would show; None
    where not even a fall to nought would.
    """

    dimensions: tuple[str, ...]
    first: dt.date | None
    last: dt.date | None
    days: int
    sessions: int
    conversions: int
    watched: int
    too_small: int
    threshold: float
    unrest: float
    chance: float
    interval: float
    smallest: tuple[float | None, float | None]
    rows: tuple[SilentLeak, ...] = ()
    left_out: tuple[dt.date, ...] = ()

    @property
    def enough_days(self) -> bool:
        """Say whether there are days before, and a day to watch."""
        return self.days > WINDOW


NOTHING = Watch((), None, None, 0, 0, 0, 0, 0, 0.0, 1.0, FALSE_CHANCE, 0.8, (None, None))


@threadpool_limits.wrap(limits=1, user_api="blas")  # the matrices are small: threads only wait for each other
def watch_days(
    daily: DailyCells,
    *,
    max_order: int = MAX_ORDER,
    chance: float = FALSE_CHANCE,
    interval: float = 0.8,
    left_out: Sequence[dt.date] = (),
    draws: int = DRAWS,
    seed: int = 1,
) -> Watch:
    """Watch cells by day and return the segments of one to `max_order` values that fell, dated.

    `left_out` are days not to be believed. `chance` is that of any false incident in all days of a store where nothing
    leaks; `interval` the coverage of the money's. The same arguments give the same report.
    """
    daily = daily.without(left_out)
    cells = daily.cells
    held = np.unique(daily.day)
    sessions, conversions = round(cells.sessions.sum()), round(cells.conversions.sum())
    report = replace(
        NOTHING, dimensions=cells.varied, days=len(held), sessions=sessions, conversions=conversions, chance=chance,
        interval=interval, left_out=tuple(left_out), first=daily.first_day, last=daily.date(daily.days - 1),
    )  # fmt: skip
    if not report.enough_days or not 0 < conversions < sessions:
        return report
    watched = Watched(daily, max_order)
    if not len(watched):
        return replace(report, too_small=watched.too_small)
    rng = np.random.default_rng(seed)
    least = threshold(watched, chance, rng)
    watcher = Watcher(watched, least, unrest(watched))
    incidents = watcher.run()
    # a large fall stirs what is beside it; many falls are the unrest itself, which must not be taken out of it
    if len(incidents) <= MOST_STIRRING and (rest := unrest(watched)) < watcher.unrest:
        watched.reset()
        watcher = Watcher(watched, least, rest)
        incidents = watcher.run()
    worth = OrderValues.of(cells, watched.design, cells.onward * draw_order_values(cells.orders, rng, draws))
    rows = [_row(watcher, incident, worth, interval, rng) for incident in incidents]
    rows = [row for row in rows if row.lost.low > 0]  # one that later days took back is no finding any more
    rows.sort(key=lambda row: (row.recovered is not None, -row.lost.low))
    return replace(
        report, watched=len(watched), too_small=watched.too_small, threshold=float(least), unrest=float(watcher.unrest),
        smallest=_smallest(watched, least * watcher.unrest), rows=tuple(rows),
    )  # fmt: skip


def _row(
    watcher: Watcher, incident: Incident, worth: OrderValues, interval: float, rng: np.random.Generator
) -> SilentLeak:
    daily, cells, onset = watcher.watched.daily, watcher.watched.daily.cells, incident.onset
    end = _end(watcher, incident)
    had, _, usual, every = watcher.row(incident)
    observed, due, _ = _since(had, usual, every, slice(onset, end))
    ratio, lost, revenue, monthly = (
        Estimate.of(drawn, interval) for drawn in _draws(watcher, incident, worth, rng)
    )  # fmt: skip
    start = max(0, onset - WINDOW)
    since, before = (
        daily.sessions[watcher.watched.rows(incident.segment, *days)].sum() for days in ((onset, end), (start, onset))
    )
    return SilentLeak(
        {cells.dimensions[place]: cells.labels[place][value] for place, value in watcher.watched.key(incident.segment)},
        daily.date(onset),
        (daily.date(incident.onsets[0][0]), daily.date(incident.onsets[0][-1])),
        daily.date(incident.found),
        None if incident.recovered is None else daily.date(incident.recovered),
        daily.date(end - 1),
        round(since),
        round(observed),
        due,
        (round(before), round(had[start:onset].sum())),
        observed / max(due, SMALLEST),
        (ratio.low, ratio.high),
        lost,
        revenue,
        None if incident.recovered is not None else monthly,
        incident.score,
    )


def _end(watcher: Watcher, incident: Incident) -> int:
    return watcher.watched.daily.days if incident.recovered is None else incident.recovered


def _draws(
    watcher: Watcher, incident: Incident, worth: OrderValues, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats, Floats]:
    """Draw the ratio, the conversions lost, their revenue, and that of a month; as often from a day as it is likely."""
    watched, daily, end = watcher.watched, watcher.watched.daily, _end(watcher, incident)
    members, rows = watched.members(incident.segment), watched.rows(incident.segment, incident.onset, end)
    due_of_cells = np.bincount(daily.cell[rows], watched.row_due[rows], minlength=len(watched.cell_due))
    values = worth.draws(due_of_cells[members].astype(float), members, rng)
    had, _, usual, every = watcher.row(incident)
    known, month = had[slice(*incident.base)].sum() + PRIOR, _due_a_month(had, usual, every)
    days, weights = incident.onsets
    parts = np.split(values, np.cumsum(rng.multinomial(len(values), weights / weights.sum()))[:-1])
    drawn = []
    for day, part in zip(days, parts, strict=True):
        observed, due, rest = _since(had, usual, every, slice(int(day), end))
        loss = draw_loss(observed, due, 1.0 / known + 1.0 / max(rest, 1.0), 0.0, part, rng)
        drawn.append((loss.ratio, loss.lost, loss.revenue, loss.revenue * month / max(due, SMALLEST)))
    ratio, lost, revenue, monthly = (np.concatenate(column) for column in zip(*drawn, strict=True))
    return ratio, lost, revenue, monthly


def _since(had: Floats, usual: Floats, every: Floats, days: slice) -> tuple[float, float, float]:
    """Return the conversions of these days, those due at the pace of all others, and those of all others."""
    observed, due, total = (float(column[days].sum()) for column in (had, usual, every))
    rest = total - observed
    return observed, due * rest / max(total - due, SMALLEST), rest


def _due_a_month(had: Floats, usual: Floats, every: Floats) -> float:
    """Return the conversions that a month like the last 28 days would be due."""
    last = slice(max(0, len(had) - WINDOW), len(had))
    days = max(1, np.count_nonzero(every[last]))
    return float(_since(had, usual, every, last)[1] * DAYS_A_MONTH / days)


def _smallest(watched: Watched, least: float) -> tuple[float | None, float | None]:
    """Return the fall of the largest and of the median watched segment that half of the time 28 days would show."""
    total = watched.every.sum() * WINDOW / max(np.count_nonzero(watched.every), 1)
    found: list[float | None] = []
    for due in (float(np.max(watched.typical)), float(np.median(watched.typical))):
        falls = np.linspace(0.0, 1.0, 101)
        doubt = 1.0 + due / (due + PRIOR)
        seen = fall(due * (1 - falls), np.full(101, due), np.full(101, max(total, due))) / doubt
        enough = np.nonzero(seen >= least + float(watched.cost.max()))[0]
        found.append(float(falls[enough[0]]) if len(enough) else None)
    return found[0], found[1]


def broken_days(checks: Sequence[Check]) -> tuple[dt.date, ...]:
    """Return the days whose counts data checks do not believe, of breaks of up to a week: longer ones are only told."""
    days = set()
    for check in checks:
        length = (check.last - check.first).days + 1
        if check.verdict == "probable tracking break" and check.kind in MISCOUNTED and length <= LONGEST_BREAK:
            days |= {check.first + dt.timedelta(days=number) for number in range(length)}
    return tuple(sorted(days))


def ask_watch(
    engine: Engine,
    filters: Filters,
    *,
    funnel: Funnel = ENGAGEMENT,
    left_out: Sequence[dt.date] = (),
    interval: float = 0.8,
    cancel: Cancel | None = None,
) -> Watch:
    """Return the silent leaks among the sessions that pass the filters, on all days of the store up to the last shown.

    Raises QueryError when the database fails, Cancelled when interrupted.
    """
    every_day = filters.on_days(None, filters.date_to)
    daily = kept_daily_cells(engine, searched_dimensions(filters), every_day, funnel=funnel, cancel=cancel)
    return watch_days(daily, left_out=left_out, interval=interval) if daily else NOTHING


def watch_rows(report: Watch) -> list[dict[str, Any]]:
    """Return one flat row per silent leak for a spreadsheet; what is missing is that since the onset."""
    nothing = dict.fromkeys(("low", "median", "high"))
    return [
        {
            "segment": values_of(row.segment),
            "onset": row.onset,
            "onset_first": row.began[0],
            "onset_last": row.began[1],
            "found": row.found,
            "recovered": row.recovered,
            "sessions": row.sessions,
            "conversions": row.conversions,
            "expected": row.expected,
            "ratio": row.ratio,
            "ratio_low": row.ratio_interval[0],
            "ratio_high": row.ratio_interval[1],
            **ends_of("missing_conversions", row.lost.as_json()),
            **ends_of("missing_revenue", row.revenue.as_json()),
            **ends_of("missing_revenue_a_month", row.monthly.as_json() if row.monthly else nothing),
            "score": row.score,
        }
        for row in report.rows
    ]
