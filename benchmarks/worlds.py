"""Invented shops with planted leaks: the worlds that the leak list is measured on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from queries.cells import Cells

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Segment = tuple[tuple[int, int], ...]

NAMES = ("device_category", "country", "source", "browser", "visitor_type", "landing_page")
BASE_SIZES = (3, 14, 12, 6, 2, 12)
EFFECTS = (0.5, 0.8, 0.7, 0.3, 0.5, 0.6)
CLASSES = 6
CONVERSION = 0.03
REAL: Mapping[str, Sequence[str]] = {
    "device_category": ("desktop", "mobile", "tablet"),
    "visitor_type": ("new", "returning"),
    "country": ("US", "DE", "FR", "GB", "IN", "JP", "BR", "CA", "IT", "ES", "NL", "SE", "PL", "MX", "AU", "CH", "AT",
                "BE", "TR", "PT"),
}  # fmt: skip
"""Values that an ingest knows; of other dimensions it takes any as they are."""
SHARES = (0.005, 0.08)
LEADER, FOLLOWER = 1, 3
LOG_ORDER, LOG_ORDER_SPREAD, ORDER_SAMPLE = 3.8, 1.1, 20_000


@dataclass(frozen=True, slots=True)
class Planted:
    """Hold one leak: its segment in codes, the factor its rate was multiplied by, and what that cost in expectation.

    `lost` are conversions, `revenue` their money.
    """

    segment: Segment
    factor: float
    lost: float
    revenue: float


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Hold the cells of one invented shop, the true rate of each cell without any leak, and the leaks."""

    cells: Cells
    clean: Floats
    leaks: tuple[Planted, ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Describe a kind of world."""

    name: str
    sessions: int = 300_000
    leaks: int = 4
    factors: tuple[float, float] = (2.0, 6.0)
    sizes: tuple[int, ...] = BASE_SIZES
    interactions: float = 0.0
    orders: tuple[int, ...] = (2,)
    freedom: float = np.inf
    additive: bool = False
    duplicates: bool = False
    mix: float = 0.7
    simpson: bool = False
    order_spread: float = 0.0
    conversion: float = CONVERSION

    def without_leaks(self) -> "Recipe":
        """Return the same kind of world with nothing planted."""
        return replace(self, name=f"{self.name}, no leak", leaks=0)


def build(recipe: Recipe, seed: int) -> World:
    """Draw one world; the same recipe and seed give the same world."""
    rng = np.random.default_rng([seed, 20_170_702])
    rows = _visits(recipe, rng)
    keys = np.ravel_multi_index(tuple(rows.T), recipe.sizes)
    unique, counts = np.unique(keys, return_counts=True)
    codes = np.column_stack(np.unravel_index(unique, recipe.sizes))
    sessions = counts.astype(float)
    clean = _rates(recipe, rng, codes, sessions)
    money = np.random.default_rng([seed, 20_170_801])
    typical = np.full(len(codes), LOG_ORDER)
    for place, size in enumerate(recipe.sizes):
        typical += money.normal(0, recipe.order_spread, size)[codes[:, place]]
    worth = np.exp(typical + LOG_ORDER_SPREAD**2 / 2)
    leaks, rates = _plant(recipe, rng, codes, sessions, clean, worth, {})
    conversions = rng.binomial(counts, rates)
    ordered = np.repeat(np.arange(len(codes)), conversions)
    orders = np.exp(money.normal(typical[ordered], LOG_ORDER_SPREAD))
    revenue = np.bincount(ordered, orders, minlength=len(codes))
    orders = money.permutation(orders)[:ORDER_SAMPLE]
    labels = [[f"{name}-{value}" for value in range(size)] for name, size in zip(NAMES, recipe.sizes, strict=True)]
    cells = Cells.of_codes(NAMES[: len(recipe.sizes)], labels, codes, sessions, conversions, revenue, orders)
    return World(cells, clean, leaks)


def _visits(recipe: Recipe, rng: np.random.Generator) -> NDArray:
    kinds = rng.choice(CLASSES, recipe.sessions, p=rng.dirichlet(np.full(CLASSES, 4.0)))
    rows = np.empty((recipe.sessions, len(recipe.sizes)), dtype=np.intp)
    for place, size in enumerate(recipe.sizes):
        steep = 1.1 if size > 30 else 0.9
        common = 1.0 / np.arange(1, size + 1) ** steep
        for kind in range(CLASSES):
            share = common * np.exp(rng.normal(0, recipe.mix, size))
            inside = kinds == kind
            rows[inside, place] = rng.choice(size, int(inside.sum()), p=share / share.sum())
    if recipe.simpson:
        follows = rng.random(recipe.sessions) < 0.8
        rows[follows, FOLLOWER] = rng.integers(0, recipe.sizes[FOLLOWER], recipe.sizes[LEADER])[rows[follows, LEADER]]
    if recipe.duplicates:
        for source, copy in ((0, 3), (2, 5)):
            translated = rng.permutation(recipe.sizes[copy])[rows[:, source] % recipe.sizes[copy]]
            kept = rng.random(recipe.sessions) < 0.93
            rows[kept, copy] = translated[kept]
    return rows


def _rates(recipe: Recipe, rng: np.random.Generator, codes: NDArray, sessions: Floats) -> Floats:
    effects = [rng.normal(0, spread, size) for spread, size in zip(EFFECTS, recipe.sizes, strict=True)]
    if recipe.simpson:
        effects[FOLLOWER] = _against(codes, sessions, effects[LEADER], recipe.sizes[FOLLOWER])
    if recipe.additive:
        parts = sum(np.exp(effect)[codes[:, place]] for place, effect in enumerate(effects))
        floor = parts - 0.8 * parts.min()
        return np.clip(floor * recipe.conversion * sessions.sum() / (sessions @ floor), 1e-4, 0.6)
    logit = sum(effect[codes[:, place]] for place, effect in enumerate(effects))
    if recipe.interactions:
        for order in recipe.orders:
            for chosen in combinations(range(len(recipe.sizes)), order):
                shape = tuple(recipe.sizes[place] for place in chosen)
                keys = np.ravel_multi_index(tuple(codes[:, place] for place in chosen), shape)
                table = rng.normal(0, recipe.interactions, int(np.prod(shape)))
                if np.isfinite(recipe.freedom):
                    table /= np.sqrt(rng.chisquare(recipe.freedom, len(table)) / recipe.freedom)
                    table = np.clip(table, -2.5, 2.5)
                logit = logit + table[keys]
    total = sessions.sum()
    shift = brentq(lambda shift: sessions @ expit(logit + shift) / total - recipe.conversion, -30, 10)
    return expit(logit + shift)


def _against(codes: NDArray, sessions: Floats, effect: Floats, size: int) -> Floats:
    """Return effects of the follower that are half of, and opposed to, what its leader's values bring it."""
    follower = codes[:, FOLLOWER]
    held = np.bincount(follower, sessions, minlength=size)
    brought = np.bincount(follower, sessions * effect[codes[:, LEADER]], minlength=size) / np.maximum(held, 1)
    return -0.5 * (brought - np.average(brought, weights=held))


def _plant(
    recipe: Recipe,
    rng: np.random.Generator,
    codes: NDArray,
    sessions: Floats,
    clean: Floats,
    worth: Floats,
    others: dict[int, int],
) -> tuple[tuple[Planted, ...], Floats]:
    total, rates, chosen = sessions.sum(), clean.copy(), []
    taken = np.zeros(len(sessions), dtype=bool)
    while len(chosen) < recipe.leaks:
        segment = _segment(recipe, rng, codes, sessions / total)
        if any(value == others[place] for place, value in segment if place in others):
            continue
        inside = members(codes, segment)
        if sessions[inside & taken].sum() > 0.2 * sessions[inside].sum():
            continue
        if recipe.duplicates and _nearly_one_way(codes, sessions, segment, inside):
            continue
        factor = 1.0 / rng.uniform(*recipe.factors)
        chosen.append((segment, factor, inside))
        taken |= inside
        rates[inside] *= factor
    due = sessions * clean
    leaks = tuple(
        Planted(
            segment, factor, float(due[inside].sum()) * (1 - factor), float(due[inside] @ worth[inside]) * (1 - factor)
        )
        for segment, factor, inside in chosen
    )
    return leaks, rates


def _segment(recipe: Recipe, rng: np.random.Generator, codes: NDArray, shares: Floats) -> Segment:
    """Draw a segment of 2 or 3 values whose share of the sessions is spread evenly on a log scale."""
    low, high = SHARES
    while True:
        places = sorted(int(place) for place in rng.choice(len(recipe.sizes), int(rng.integers(2, 4)), replace=False))
        shape = tuple(recipe.sizes[place] for place in places)
        keys = np.ravel_multi_index(tuple(codes[:, place] for place in places), shape)
        table = np.bincount(keys, shares, minlength=int(np.prod(shape)))
        wanted = np.exp(rng.uniform(np.log(low), np.log(high)))
        near = np.nonzero(np.abs(np.log(np.maximum(table, 1e-12) / wanted)) < 0.15)[0]
        if len(near):
            values = np.unravel_index(int(rng.choice(near)), shape)
            return tuple((place, int(value)) for place, value in zip(places, values, strict=True))


def thinned(cells: Cells, recipe: Recipe, seed: int) -> World:
    """Return a world of real cells in which leaks are planted by taking conversions away at random (W9).

    What the cells had before counts as clean: leaks that were already in them are no part of the truth.
    """
    rng = np.random.default_rng([seed, 9])
    shape = replace(recipe, sizes=cells.sizes)
    clean = cells.conversions / cells.sessions
    others = {place: code for place, code in enumerate(cells.others) if code is not None}
    worth = np.full(len(clean), cells.orders.mean() if len(cells.orders) else 0.0)
    leaks, rates = _plant(shape, rng, cells.codes, cells.sessions, clean, worth, others)
    kept = np.divide(rates, clean, out=np.ones_like(clean), where=clean > 0)
    conversions = rng.binomial(cells.conversions.astype(int), np.minimum(kept, 1.0)).astype(float)
    revenue = np.divide(conversions, cells.conversions, out=np.zeros_like(clean), where=clean > 0) * cells.revenue
    return World(replace(cells, conversions=conversions, revenue=revenue), clean, leaks)


def _nearly_one_way(codes: NDArray, sessions: Floats, segment: Segment, inside: NDArray[np.bool_]) -> bool:
    whole = sessions[inside].sum()
    return any(whole > 0.5 * sessions[codes[:, place] == value].sum() for place, value in segment)


def members(codes: NDArray, segment: Segment) -> NDArray[np.bool_]:
    """Say which cells lie in a segment."""
    inside = np.ones(len(codes), dtype=bool)
    for place, value in segment:
        inside &= codes[:, place] == value
    return inside


RECIPES = (
    Recipe("base 100 k", 100_000),
    Recipe("base 300 k"),
    Recipe("base 1 M", 1_000_000),
    Recipe("dense sd .1, 300 k", interactions=0.1),
    Recipe("dense sd .2, 300 k", interactions=0.2),
    Recipe("dense to order 3, sd .1, 300 k", interactions=0.1, orders=(2, 3)),
    Recipe("additive, 300 k", additive=True),
    Recipe("near-duplicates, 300 k", duplicates=True),
    Recipe("heavy tails, 300 k", sizes=(3, 60, 300, 6, 2, 12)),
    Recipe("modest leaks, 300 k", factors=(1 / 0.8, 1 / 0.6)),
    Recipe("heavy-tailed interactions, 300 k", interactions=0.1, freedom=2.0),
    Recipe("order values differ, 300 k", order_spread=0.3),
    Recipe("W4 sharp mix, 300 k", mix=1.5),
    Recipe("W5 Simpson, 300 k", simpson=True),
    Recipe("a step of 20 k where 30 % go on", 20_000, conversion=0.3),
    Recipe("a step of 5 k where 30 % go on", 5_000, conversion=0.3),
    Recipe("a step of 20 k, 30 %, dense sd .1", 20_000, conversion=0.3, interactions=0.1),
)
