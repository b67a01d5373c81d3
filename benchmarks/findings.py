"""Measure the register on invented shops: is each planted cause one finding, and what does the merging rule cost?

Each shop has one to six causes: combinations that leak on all days, and segments that fall on a known day; in every
third shop two falls have 20 to 60 % of the smaller one in common. All engines are run once a shop and merged under
several thresholds of "the same cause". Prices are held against those planted, one by one and added up by shop.

    uv run python -m benchmarks.findings --shops 200
    uv run python -m benchmarks.findings --short      # with floors, for CI

A finding hits a cause where their cells share half of their union by expected conversions and, for a fall, the days are
two weeks apart at most. A second finding of one cause is a double; one that hits none is false.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from unittest.mock import patch

import numpy as np

from benchmarks.days import FIRST_DAY, Known, Mask, Series, build_days, inside_of
from benchmarks.scores import overlap
from benchmarks.worlds import Recipe, members
from queries.findings import register
from queries.findings.causes import Ground
from queries.findings.finding import Register
from queries.findings.promise import keeps_promise
from queries.leaks import find_leaks
from queries.revenue import DAYS_A_MONTH, Estimate
from queries.watch import watch_days

THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.8)
HIT, APART = 0.5, 14
SESSIONS = 300_000
SIZES = (0, 30, 60, 120, np.inf)
OVERLAP = 0.2, 0.6
SHORT = 8
FLOORS = {"recall": 0.65, "precision": 0.80, "doubles": -0.15}
"""Of the short form, per shop for doubles: its standard errors are about .08."""


@dataclass(frozen=True, slots=True)
class Price:
    """Hold a finding that hit a cause: its missing orders, its price a month, and what was planted of both."""

    basis: str
    missing: float
    lost: float
    price: Estimate
    planted: float


@dataclass(frozen=True, slots=True)
class Score:
    """Hold what became of the causes of one shop: planted, found, findings, doubles; orders planted and counted."""

    planted: int
    found: int
    findings: int
    doubles: int
    lost: float
    counted: float
    overlapping: bool
    prices: tuple[Price, ...]


def shop_of(seed: int) -> Series:
    """Return the shop of a seed: its causes were drawn before anything was looked at."""
    rng = np.random.default_rng([seed, 13])
    leaks, falls = int(rng.integers(0, 4)), int(rng.integers(1, 4))
    overlapping = seed % 3 == 0
    return Series(f"{leaks} + {falls}", Recipe("", SESSIONS, leaks=leaks), falls=max(falls, 2 if overlapping else 1),
                  days=120, shared=OVERLAP if overlapping else None)  # fmt: skip


def searched(known: Known) -> register.Results:
    """Run the engines once."""
    watch, cells = watch_days(known.daily), known.daily.cells
    return register.Results(watch, find_leaks(cells, days=known.daily.days), None, None, ())


def scored(known: Known, found: Register, overlapping: bool = False) -> Score:
    """Count which causes are findings, once or twice, and what each is said to cost."""
    world, cells = known.world, known.world.cells
    more = known.daily.cells.sessions.sum() / SESSIONS  # what leaks cost was reckoned for as many
    a_month = DAYS_A_MONTH / known.daily.days
    causes: list[tuple[Mask, int | None, float, float]]
    causes = [(fall.inside, fall.onset, fall.lost, fall.monthly) for fall in known.falls]
    causes += [(members(cells.codes, leak.segment), None, more * leak.lost, more * leak.revenue * a_month)
               for leak in world.leaks]  # fmt: skip
    hits = np.zeros(len(causes), dtype=int)
    told = [one for one in found.open if keeps_promise(one)]
    prices = []
    for one in told:
        inside = inside_of(cells, dict(one.segment))
        onset = (one.onset - FIRST_DAY).days if one.onset else None
        shares = [
            overlap(world, inside, cause)
            if (begins is None) == (onset is None) and (begins is None or abs(begins - (onset or 0)) <= APART)
            else 0.0
            for cause, begins, *_ in causes
        ]
        if shares and max(shares) >= HIT:
            place = int(np.argmax(shares))
            hits[place] += 1
            if one.price:
                prices.append(Price(one.basis, one.missing.median, causes[place][2], one.price, causes[place][3]))
    counted = sum(one.missing.median for one in told)
    lost = sum(cause[2] for cause, hit in zip(causes, hits, strict=True) if hit)
    doubles = int((hits - 1).clip(0).sum())
    return Score(len(causes), int((hits > 0).sum()), len(told), doubles, lost, counted, overlapping, tuple(prices))


def of_shop(seed: int) -> dict[float, Score]:
    """Return the scores of one shop by threshold."""
    series = shop_of(seed)
    known = build_days(series, seed)
    results, ground, scores = searched(known), Ground(known.daily), {}
    for threshold in THRESHOLDS:
        with patch.object(register, "SAME", threshold):
            scores[threshold] = scored(known, register.merged(results, ground), series.shared is not None)
    return scores


def measured(seeds: Sequence[int], processes: int) -> dict[float, list[Score]]:
    """Return the scores of all shops by threshold."""
    with ProcessPoolExecutor(processes) as pool:
        shops = list(pool.map(of_shop, seeds))
    return {threshold: [shop[threshold] for shop in shops] for threshold in THRESHOLDS}


def figures(scores: Sequence[Score]) -> dict[str, float]:
    """Return recall, precision, doubles a shop, and orders counted over those planted in the causes that were found."""
    planted, found, told, doubles = (sum(getattr(one, name) for one in scores)
                                     for name in ("planted", "found", "findings", "doubles"))  # fmt: skip
    held = [one for one in scores if one.lost > 0]
    return {
        "recall": found / planted,
        "precision": found / max(told, 1),
        "doubles": doubles / len(scores),
        "counted": float(np.median([one.counted / one.lost for one in held])) if held else float("nan"),
    }


def say_prices(scores: Sequence[Score]) -> None:
    """Print how prices and missing orders keep to those planted, one by one, by size, and added up by shop."""
    for basis in ("costs", "worth"):
        held = [price for one in scores for price in one.prices if price.basis == basis]
        shops = [own for one in scores if (own := [price for price in one.prices if price.basis == basis])]
        inside = np.mean([price.price.low <= price.planted <= price.price.high for price in held])
        added = [sum(price.price.median for price in own) / sum(price.planted for price in own) for own in shops]
        within = np.mean([
            sum(price.price.low for price in own) <= sum(price.planted for price in own)
            <= sum(price.price.high for price in own) for own in shops
        ])  # fmt: skip
        print(f"{basis}: {len(held)} prices, what was planted within {inside:.2f} of their ranges")
        print(f"  sums of {len(shops)} shops: {np.median(added):.2f} of those planted, within {within:.2f} of ranges")
        for low, high in pairwise(SIZES):
            rows = [price for price in held if low <= price.missing < high]
            if rows:
                said, lost = (sum(getattr(row, name) for row in rows) for name in ("missing", "lost"))
                print(f"  {low:.0f} to {high:.0f} missing orders: {len(rows)} rows, {said / lost:.2f} of those planted")


def main() -> None:
    """Print a line a threshold; in the short form fail under a floor."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--shops", type=int, default=40)
    ask.add_argument("--seed", type=int, default=400_000)
    ask.add_argument("--processes", type=int, default=2)
    ask.add_argument("--short", action="store_true", help=f"{SHORT} shops, with floors")
    wanted = ask.parse_args()
    number, started = SHORT if wanted.short else wanted.shops, time.perf_counter()
    scores = measured(range(wanted.seed, wanted.seed + number), wanted.processes)
    causes = sum(one.planted for one in scores[register.SAME])
    print(f"{number} shops, {causes} causes, {time.perf_counter() - started:.0f} s")
    for threshold, held in scores.items():
        said = ", ".join(f"{name} {value:.2f}" for name, value in figures(held).items())
        print(f"same cause from {threshold:.0%}: {said}")
    for name, own in (("apart", False), ("overlapping", True)):
        said = [one for one in scores[register.SAME] if one.overlapping == own]
        print(f"falls {name}: {', '.join(f'{key} {value:.2f}' for key, value in figures(said).items())}")
    say_prices(scores[register.SAME])
    if wanted.short:
        got = figures(scores[register.SAME])
        under = [name for name, floor in FLOORS.items() if (got[name] if floor > 0 else -got[name]) < floor]
        if under:
            sys.exit(f"under the floor: {', '.join(under)}")


if __name__ == "__main__":
    main()
