"""Invented shops by day: weekdays, promotions, a trend, a mix that drifts, and segments that fall on a known day."""

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.movers import a_segment
from benchmarks.worlds import LOG_ORDER, LOG_ORDER_SPREAD, NAMES, Recipe, Segment, World, build, members
from queries.cells import Cells
from queries.daily_cells import DailyCells, dated, recoded, spread
from queries.revenue import DAYS_A_MONTH
from queries.watch_scan import WINDOW

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FIRST_DAY = dt.date(2026, 1, 5)
WEEK_VISITS = (1.05, 1.1, 1.05, 1.0, 0.95, 0.85, 1.0)
WEEK_RATES = (1.05, 1.05, 1.0, 1.0, 0.95, 0.9, 1.0)
PROMOTION_DAYS = 3
CAMPAIGN_DAYS = (3, 8)
MOST_TRIES, MOST = 100, 0.95
BEFORE, AFTER = 60, 35
SOURCE = NAMES.index("source")


@dataclass(frozen=True, slots=True)
class Series:
    """Describe a kind of series: a shop, its sessions a day, its days, and what falls in it.

    `mix` is by how much the share of each value drifts (sd of its logarithm from end to end), `unrest` by how much the
    rate of each does; `ramp` the days that a fall takes, `lasts` after how many days it ends, None where it goes on.
    `surge` multiplies the sessions of one source from a day on without one order more: bots. `season` is by how much
    (sd of the logarithm) each weekday moves the rate of each value, `campaigns` by how much a campaign of 3 to 7 days
    moves the visits and the rate of each source; there is one in 30 days. `shared` is the part of the smaller one that
    a second fall has in common with the first; None keeps them apart.
    """

    name: str
    shop: Recipe
    a_day: int = 10_000
    days: int = 120
    falls: int = 2
    shares: tuple[float, float] = (0.01, 0.15)
    drop: tuple[float, float] = (0.35, 0.7)
    ramp: int = 0
    lasts: tuple[int, int] | None = None
    mix: float = 0.2
    unrest: float = 0.0
    surge: float = 1.0
    season: float = 0.0
    campaigns: float = 0.0
    shared: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Fall:
    """Hold one planted fall: its cells, the day it begins, the first day after it, what it costs in expectation.

    `ratio` is that of the whole fall to what the rates were; `lost` are conversions, `revenue` their money, `monthly`
    that of 30.4 days like the last 28.
    """

    inside: Mask
    onset: int
    end: int
    ratio: float
    lost: float
    revenue: float
    monthly: float


@dataclass(frozen=True, slots=True)
class Known:
    """Hold the days of one invented shop as the watch is given them, the shop, and what fell."""

    daily: DailyCells
    world: World
    falls: tuple[Fall, ...]


def build_days(series: Series, seed: int) -> Known:
    """Draw one series; the same arguments give the same."""
    world = build(series.shop, seed)
    rng = np.random.default_rng([seed, 20_260_916])
    cells, days = world.cells, series.days
    progress = np.linspace(-0.5, 0.5, days)
    drift, mood = np.zeros((len(cells.codes), 1)), np.zeros((len(cells.codes), days))
    weekend = np.zeros((len(cells.codes), 1))
    for place, size in enumerate(cells.sizes):
        own = cells.codes[:, place]
        drift[:, 0] += rng.normal(0, series.mix, size)[own]
        weekend[:, 0] += rng.normal(0, 0.15, size)[own]
        if series.unrest:
            steps = rng.normal(0, series.unrest / np.sqrt(28), (size, days))
            mood += np.cumsum(steps, axis=1)[own]
    week = np.arange(days) % 7
    come, buy = moods(series, world, seed)
    share = cells.sessions[:, None] * np.exp(drift * progress + weekend * (week >= 5) + come)
    visits = np.array(WEEK_VISITS)[week] * (1 + rng.uniform(-0.3, 0.3) * progress)
    sessions = rng.poisson(series.a_day * visits * share / share.sum(axis=0)).astype(np.int32)
    rates = world.clean.copy()
    for leak in world.leaks:
        rates[members(cells.codes, leak.segment)] *= leak.factor
    by_day = np.array(WEEK_RATES)[week] * (1 + rng.uniform(-0.3, 0.3) * progress)
    for start in rng.integers(0, days - PROMOTION_DAYS, days // 30):
        by_day[start : start + PROMOTION_DAYS] *= rng.uniform(1.2, 1.8)
    usual = np.minimum(rates[:, None] * by_day * np.exp(mood + buy), MOST)
    falls, kept = plant(series, world, sessions * usual, rng)
    buyers, sessions = sessions, sessions + bots(series, world, sessions, seed)
    rows, places = np.nonzero(sessions)
    conversions = rng.binomial(buyers[rows, places], np.minimum(usual * kept, MOST)[rows, places])
    orders = rng.lognormal(LOG_ORDER, LOG_ORDER_SPREAD, int(conversions.sum()))
    bought = np.repeat(rows, conversions)
    whole = Cells.of_codes(
        cells.dimensions, cells.labels, cells.codes, sessions.sum(axis=1),
        np.bincount(rows, conversions, minlength=len(share)), np.bincount(bought, orders, minlength=len(share)),
        rng.permutation(orders)[:5000],
    )  # fmt: skip
    coarse = dated(whole, days)
    codes = recoded(cells.codes, cells.labels, coarse)
    daily = spread(coarse, codes, rows, places, FIRST_DAY, days, sessions[rows, places].astype(float), conversions)
    return Known(daily, replace(world, cells=whole), falls)


def moods(series: Series, world: World, seed: int) -> tuple[Floats, Floats]:
    """Draw what weekdays and campaigns do to the visits and to the rate of each cell (logarithms, cells x days)."""
    rng = np.random.default_rng([seed, 20_261_201])
    cells, days = world.cells, series.days
    come, buy = np.zeros((len(cells.codes), days)), np.zeros((len(cells.codes), days))
    if series.season:
        for place, size in enumerate(cells.sizes):
            buy += rng.normal(0, series.season, (size, 7))[:, np.arange(days) % 7][cells.codes[:, place]]
    for _ in range(days // 30 if series.campaigns else 0):
        first = int(rng.integers(0, days - CAMPAIGN_DAYS[1]))
        held = slice(first, first + int(rng.integers(*CAMPAIGN_DAYS)))
        for moved in (come, buy):
            moved[:, held] += rng.normal(0, series.campaigns, (cells.sizes[SOURCE], 1))[cells.codes[:, SOURCE]]
    return come, buy


def bots(series: Series, world: World, sessions: NDArray, seed: int) -> NDArray:
    """Draw the sessions that come to one source from a day on without buying (cells x days); none without a surge."""
    more = np.zeros_like(sessions)
    if series.surge > 1:
        rng = np.random.default_rng([seed, 20_261_130])
        codes = world.cells.codes[:, SOURCE]
        held = np.bincount(codes, world.cells.sessions) / world.cells.sessions.sum()
        low, high = series.shares
        source = rng.choice(np.nonzero((held >= low) & (held <= high))[0])
        inside, onset = codes == source, int(rng.integers(BEFORE, series.days - AFTER))
        more[inside, onset:] = rng.poisson((series.surge - 1) * sessions[inside, onset:])
    return more


def plant(series: Series, world: World, due: Floats, rng: np.random.Generator) -> tuple[tuple[Fall, ...], Floats]:
    """Draw what falls, and return the share of the conversions that each cell keeps on each day."""
    cells, days = world.cells, series.days
    kept, found = np.ones_like(due), []
    for inside in fallen(series, cells, rng):
        onset = int(rng.integers(BEFORE, days - AFTER))
        end = min(days, onset + int(rng.integers(*series.lasts))) if series.lasts else days
        left = 1 - rng.uniform(*series.drop)
        depth = np.clip((np.arange(days) - onset + 1) / max(series.ramp, 1), 0, 1) * (np.arange(days) < end)
        factor = 1 - (1 - left) * depth
        lost = float((due[inside] * (1 - factor)).sum())
        kept[inside] *= factor
        worth = float(np.exp(LOG_ORDER + LOG_ORDER_SPREAD**2 / 2))
        ratio = 1 - lost / float(due[inside, onset:end].sum())
        last = float((due[inside, -WINDOW:] * (1 - factor[-WINDOW:])).sum()) if end == days else 0.0
        monthly = last * worth * DAYS_A_MONTH / WINDOW
        found.append(Fall(inside, onset, end, ratio, lost, lost * worth, monthly))
    return tuple(found), kept


def fallen(series: Series, cells: Cells, rng: np.random.Generator) -> list[Mask]:
    """Draw the cells of each fall: apart from each other, or with a part in common, drawn anew where none has it."""
    chosen: list[Mask] = []
    tries = 0
    while len(chosen) < series.falls:
        tries += 1
        if tries % MOST_TRIES == 0:
            chosen.clear()
        inside = members(cells.codes, a_segment(cells, series.shares, rng))
        taken = np.any(chosen, axis=0) if chosen else np.zeros(len(inside), dtype=bool)
        both, own, others = (cells.sessions[part].sum() for part in (inside & taken, inside, taken))
        low, high = series.shared or (0.0, 0.2)
        if not chosen or low <= both / (min(own, others) if series.shared else own) <= high:
            chosen.append(inside)
    return chosen


def inside_of(cells: Cells, named: dict[str, str]) -> Mask:
    """Return which cells have all values of a named segment."""
    places = {name: place for place, name in enumerate(cells.dimensions)}
    segment: Segment = tuple((places[name], cells.labels[places[name]].index(value)) for name, value in named.items())
    return members(cells.codes, segment)
