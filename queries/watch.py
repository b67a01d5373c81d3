"""Silent leaks: segments that fell against their own past, each with the day it began, what it costs and its state."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from queries.baseline import Floats
from queries.check import Check
from queries.daily_cells import DailyCells, kept_daily_beside, kept_daily_cells
from queries.engine import Cancel, Engine
from queries.filters import Filters
from queries.frozen_null import frozen_null
from queries.funnel import ENGAGEMENT, Funnel
from queries.gumbel import Gumbel
from queries.incidents import Incident, Watcher
from queries.leak_list import searched_dimensions
from queries.local_level import walked
from queries.order_values import OrderValues
from queries.revenue import DAYS_A_MONTH, DRAWS, Estimate, draw_loss, draw_order_values
from queries.threads import at_once
from queries.traffic import Traffic
from queries.watch_null import null_of, walks
from queries.watch_report import FALSE_CHANCE, NOTHING, SilentLeak, Watch
from queries.watch_scan import PRIOR, SMALLEST, WINDOW, Watched, fall, watch_together

MAX_ORDER = 2
MOST_STIRRING = 3
"""So few falls are taken out before the walk is measured again."""
MISCOUNTED = frozenset({"no orders", "vanished", "shares", "not set"})
"""Kinds of data checks that say sessions or orders were not counted under their values."""
LONGEST_BREAK = 7
TAKEN_BACK = 0.5
"""A fall that by its last days is more likely chance than not is no finding any more."""


@threadpool_limits.wrap(limits=1, user_api="blas")  # the matrices are small: threads only wait for each other
def watch_days(
    daily: DailyCells,
    beside: Sequence[DailyCells] = (),
    *,
    max_order: int = MAX_ORDER,
    chance: float = FALSE_CHANCE,
    interval: float = 0.8,
    left_out: Sequence[dt.date] = (),
    draws: int = DRAWS,
    seed: int = 1,
    null: Callable[[Sequence[Watched], int], Gumbel] = null_of,
) -> Watch:
    """Watch cells by day and return the segments of one to `max_order` values that fell, dated.

    `beside` are smaller tables of the same sessions, whose further dimensions and values are watched too; one cause may
    then be a row of each table. `left_out` are days not to be believed. `chance` is that of any false incident in all
    days of a store where nothing leaks; `interval` the coverage of the money's; `null` gives the highest score of a
    night where nothing falls. The same arguments give the same report.
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
    watched, *others = at_once(lambda table: Watched(table.without(left_out), max_order), (daily, *beside))
    if not len(watched):
        return replace(report, too_small=watched.too_small)
    tables = [watched, *(each for each in others if len(each))]
    watch_together(tables)
    by_chance = null(tables, seed).over(report.nights)
    least = by_chance.score(chance)
    rngs = [np.random.default_rng(seed + number) for number in range(len(tables))]
    found = at_once(lambda each, rng: _rows(each, by_chance, least, interval, rng, draws), tables, rngs)
    rows = [row for part in found for row in part]
    rows.sort(key=lambda row: (row.lost is None, row.recovered is not None, -row.lost.low if row.lost else 0.0))
    return replace(
        report, watched=sum(int(each.mine.sum()) for each in tables), too_small=watched.too_small,
        threshold=float(least), middle=by_chance.middle, scale=by_chance.scale,
        dimensions=tuple(dict.fromkeys(name for each in tables for name in each.daily.cells.varied)),
        drift=float(np.sqrt(max(each.walk.max(initial=0.0) for each in tables) * WINDOW)),
        smallest=_smallest(watched, least), rows=tuple(rows), odd=watched.odd,
    )  # fmt: skip


def _rows(
    watched: Watched, by_chance: Gumbel, least: float, interval: float, rng: np.random.Generator, draws: int
) -> list[SilentLeak]:
    """Return the rows of one table: of the segments that no table before it watches."""
    watched.set_walk(walks(watched))
    watcher = Watcher(watched, least)
    incidents = watcher.run()
    # a large fall stirs what is beside it; many falls are the drift itself, which must not be taken out of it
    if len(incidents) <= MOST_STIRRING and (rest := walks(watched)).sum() < watched.walk.sum():
        watched.reset()
        watched.set_walk(rest)
        watcher = Watcher(watched, least)
        incidents = watcher.run()
    lasting = [incident for incident in incidents if by_chance.chance(incident.score) <= TAKEN_BACK]
    own = [incident for incident in lasting if watched.mine[incident.segment]]
    if not own:
        return []
    cells = watched.daily.cells
    worth = OrderValues.of(cells, watched.design, cells.onward * draw_order_values(cells.orders, rng, draws))
    return [row for incident in own if (row := _row(watcher, incident, worth, interval, rng))]


def _row(
    watcher: Watcher, incident: Incident, worth: OrderValues, interval: float, rng: np.random.Generator
) -> SilentLeak | None:
    """Return the row of an incident; None where later days took it back, so that it may have lost nothing."""
    daily, onset = watcher.watched.daily, incident.onset
    end = _end(watcher, incident)
    had, _, usual, every = watcher.row(incident)
    observed, due, _ = _since(had, usual, every, slice(onset, end))
    ratio, lost, revenue, monthly = (
        Estimate.of(drawn, interval) for drawn in _draws(watcher, incident, worth, rng)
    )  # fmt: skip
    if lost.low <= 0:
        return None
    before, since, *others = _counts(watcher.watched, incident.segment, onset, end)
    traffic = Traffic.of(before, since, others[0], others[1])
    fell = not traffic.more_visits
    return SilentLeak(
        watcher.watched.named(incident.segment),
        daily.date(onset),
        (daily.date(incident.began[0]), daily.date(incident.began[1])),
        daily.date(incident.found),
        None if incident.recovered is None else daily.date(incident.recovered),
        daily.date(end - 1),
        round(since[0]),
        round(observed),
        due,
        (round(before[0]), round(before[1])),
        observed / max(due, SMALLEST),
        (ratio.low, ratio.high),
        lost if fell else None,
        revenue if fell else None,
        monthly if fell and incident.recovered is None else None,
        incident.score,
        traffic,
        incident.middle is not None,
    )


def _counts(watched: Watched, segment: int, onset: int, end: int) -> list[tuple[float, float]]:
    """Return (sessions, conversions) of a segment in the 28 days before its onset and since; then of all others."""
    daily = watched.daily
    inside, others = [], []
    for first, before in ((max(0, onset - WINDOW), onset), (onset, end)):
        rows, days = watched.rows(segment, first, before), slice(*np.searchsorted(daily.day, [first, before]))
        columns = daily.sessions, daily.conversions
        own, every = ([float(column[part].sum()) for column in columns] for part in (rows, days))
        inside.append((own[0], own[1]))
        others.append((every[0] - own[0], every[1] - own[1]))
    return inside + others


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
    known, month = watched.sums.known[incident.segment, incident.level_day], _due_a_month(had, usual, every)
    days, weights = incident.onsets
    parts = np.split(values, np.cumsum(rng.multinomial(len(values), weights / weights.sum()))[:-1])
    drawn = []
    for day, part in zip(days, parts, strict=True):
        observed, due, rest = _since(had, usual, every, slice(int(day), end))
        drift = float(walked(watched.walk[incident.segment], end - day))
        loss = draw_loss(observed, due, 1.0 / known + 1.0 / max(rest, 1.0) + drift, 0.0, part, rng)
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
        doubt = 1.0 + due / (due + PRIOR) + due * walked(watched.walk.max(), WINDOW)
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
    large, small = searched_dimensions(filters), partial(kept_daily_beside, engine, every_day, funnel=funnel)
    ask = partial(kept_daily_cells, engine, large, every_day, funnel=funnel)
    daily, beside = at_once(lambda table: table(cancel=cancel), (ask, small))
    if daily is None:
        return NOTHING
    null = null_of
    if filters == Filters():
        null = partial(frozen_null, engine.store.path, f"{funnel}", engine.snapshot.version)
    return watch_days(daily, beside, left_out=left_out, interval=interval, null=null)
