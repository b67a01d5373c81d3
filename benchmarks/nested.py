"""Measure what the smaller tables find: causes in campaigns, regions and page folders of invented shops.

    uv run python -m benchmarks.nested --shops 20

A shop has sources with thousands of campaigns, countries with regions, folders with pages: each narrow value lies in
one wide one. What fell or leaks was drawn before anything was looked at: two falls and a combination in the narrow
dimensions, alone or with one other value, a fall and a combination in the usual ones. The register is made twice of
each shop, with the large table alone and with the smaller ones beside it, and of the same shop without a cause.
"""

import argparse
import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks.days import FIRST_DAY, WEEK_RATES
from benchmarks.worlds import LOG_ORDER, LOG_ORDER_SPREAD, REAL
from queries.cells import OTHER, Cells
from queries.cube import BESIDE, CELL_DIMENSIONS, MOST_CELLS, SMALLEST_SHARE, TOP_BESIDE, TOP_VALUES
from queries.daily_cells import DailyCells, dated, recoded, spread
from queries.findings.causes import Ground
from queries.findings.finding import Register
from queries.findings.register import Results, merged
from queries.leaks import find_leaks
from queries.vocabulary import NOT_SET
from queries.watch import watch_days

Codes = NDArray[np.intp]
Mask = NDArray[np.bool_]
Named = dict[str, str]

NARROW = {"campaign": "source", "region": "country", "page_folder": "landing_page"}
SIZES = {"device_category": 3, "country": 20, "source": 15, "browser": 6, "visitor_type": 2}
SPREADS = {"device_category": 0.5, "country": 0.7, "source": 0.6, "browser": 0.3, "visitor_type": 0.5,
           "campaign": 0.2, "region": 0.2, "landing_page": 0.3, "page_folder": 0.4}  # fmt: skip
CHANNELS, CAMPAIGNS, REGIONS, PAGES, FOLDERS = 6, 200, 8, 400, 12
UNTAGGED = 0.4
CONVERSION = 0.025
DAYS, BEFORE, AFTER = 120, 60, 30
SHARES, DROP = (0.01, 0.10), (0.35, 0.7)
HIT, APART = 0.5, 14


@dataclass(frozen=True, slots=True)
class Planted:
    """Hold one cause: its segment, its sessions, the day it began (None: all days), orders lost, whether narrow."""

    segment: Named
    inside: Mask
    onset: int | None
    lost: float
    narrow: bool


@dataclass(frozen=True, slots=True)
class Shop:
    """Hold the sessions of one shop: values by dimension (names and codes), day and order of each, and its causes."""

    names: dict[str, list[str]]
    codes: dict[str, Codes]
    day: Codes
    ordered: Mask
    causes: tuple[Planted, ...]

    def inside(self, segment: Named) -> Mask:
        """Say which sessions lie in a segment."""
        inside = np.ones(len(self.day), dtype=bool)
        for name, value in segment.items():
            inside &= self.codes[name] == self.names[name].index(value)
        return inside


def shop_of(seed: int, sessions: int, causes: bool = True, days: int = DAYS) -> Shop:
    """Draw one shop of so many days; without causes it has the same visitors."""
    rng = np.random.default_rng([seed, 20_261_201])
    codes = {name: _zipf(rng, size, sessions) for name, size in SIZES.items()}
    names = {name: [*REAL.get(name, ()), *(f"{name}-{value}" for value in range(size))][:size]
             for name, size in SIZES.items()}  # fmt: skip
    codes["channel_group"] = rng.integers(0, CHANNELS, SIZES["source"])[codes["source"]]
    names["channel_group"] = [f"channel-{value}" for value in range(CHANNELS)]
    untagged = rng.random(SIZES["source"]) < UNTAGGED
    tag = _zipf(rng, CAMPAIGNS, sessions)
    codes["campaign"] = np.where(untagged[codes["source"]], 0, 1 + codes["source"] * CAMPAIGNS + tag)
    names["campaign"] = [NOT_SET, *(f"campaign-{value}" for value in range(SIZES["source"] * CAMPAIGNS))]
    codes["region"] = codes["country"] * REGIONS + _zipf(rng, REGIONS, sessions)
    names["region"] = [f"region-{value}" for value in range(SIZES["country"] * REGIONS)]
    codes["landing_page"] = _zipf(rng, PAGES, sessions)
    folder = rng.choice(FOLDERS, PAGES, p=rng.dirichlet(np.full(FOLDERS, 3.0)))
    codes["page_folder"] = folder[codes["landing_page"]]
    names["page_folder"] = [f"/folder-{value}/" for value in range(FOLDERS)]
    names["landing_page"] = [f"{names['page_folder'][place]}page-{value}" for value, place in enumerate(folder)]
    day = np.sort(rng.integers(0, days, sessions))
    logit = sum((rng.normal(0, SPREADS[name], len(names[name]))[codes[name]] for name in SPREADS), np.zeros(sessions))
    logit += np.log(np.array(WEEK_RATES))[day % 7] + rng.uniform(-0.3, 0.3) * day / days
    low, high = -15.0, 5.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if expit(logit + middle).mean() < CONVERSION else (low, middle)
    rate = expit(logit + low)
    shop = Shop(names, codes, day, np.zeros(sessions, dtype=bool), ())
    planted = _planted(shop, rate, rng) if causes else ()
    lottery = np.random.default_rng([seed, 20_261_202]).random(sessions)
    for cause, factor in planted:
        since = cause.inside & (day >= (cause.onset or 0))
        rate = np.where(since, rate * factor, rate)
    return Shop(names, codes, day, lottery < rate, tuple(cause for cause, _ in planted))


def _zipf(rng: np.random.Generator, size: int, count: int) -> Codes:
    share = np.arange(1, size + 1) ** -0.9 * np.exp(rng.normal(0, 0.3, size))
    return rng.choice(size, count, p=rng.permutation(share / share.sum())).astype(np.intp)


def _planted(shop: Shop, rate: NDArray[np.float64], rng: np.random.Generator) -> list[tuple[Planted, float]]:
    usual = [name for name in CELL_DIMENSIONS if name != "landing_page"]
    wanted: list[tuple[tuple[str, ...], bool]] = []
    for fell in (True, True, False):
        narrow = str(rng.choice(list(NARROW)))
        others = [name for name in _beside(narrow) if name != NARROW[narrow]]
        alone = fell and rng.random() < 0.5
        wanted.append(((narrow,) if alone else (narrow, str(rng.choice(others))), fell))
    wanted += [(tuple(map(str, rng.choice(usual, int(rng.integers(1, 3)), replace=False))), True)]
    wanted += [(tuple(map(str, rng.choice(usual, 2, replace=False))), False)]
    taken, found = np.zeros(len(shop.day), dtype=bool), []
    for dimensions, fell in wanted:
        for _ in range(200):
            place = int(rng.integers(len(shop.day)))
            segment = {name: shop.names[name][shop.codes[name][place]] for name in dimensions}
            inside = shop.inside(segment)
            if (
                SHARES[0] <= inside.mean() <= SHARES[1]
                and (inside & taken).sum() < 0.2 * inside.sum()
                and (NOT_SET not in segment.values())
            ):
                break
        else:
            continue
        taken |= inside
        onset = int(rng.integers(BEFORE, DAYS - AFTER)) if fell else None
        factor = 1 - rng.uniform(*DROP) if fell else float(1 / rng.uniform(2.0, 4.0))
        lost = float(rate[inside & (shop.day >= (onset or 0))].sum()) * (1 - factor)
        found.append((Planted(segment, inside, onset, lost, bool(set(segment) & set(NARROW))), factor))
    return found


def _beside(narrow: str) -> Sequence[str]:
    return next(dimensions[:-1] for dimensions in BESIDE if dimensions[-1] == narrow)


def tables_of(
    shop: Shop, dimensions: Sequence[str], top: int, first: int = 0, before: int = DAYS
) -> tuple[Cells, DailyCells]:
    """Return the cells of some dimensions in some days, and by day, cut to the largest values as in a store."""
    labels, columns = [], []
    rows = slice(*np.searchsorted(shop.day, [first, before]))
    for name in dimensions:
        own = shop.codes[name][rows]
        held = np.bincount(own, minlength=len(shop.names[name]))
        large = np.nonzero(held >= SMALLEST_SHARE * held.sum())[0]
        kept = sorted(large, key=lambda code: (-held[code], shop.names[name][code]))[:top]
        lookup = np.zeros(len(held), dtype=np.intp)
        lookup[kept] = np.arange(1, len(kept) + 1)
        labels.append([OTHER, *(shop.names[name][code] for code in kept)])
        columns.append(lookup[own])
    codes, ordered = np.column_stack(columns), shop.ordered[rows].astype(float)
    orders = np.random.default_rng(1).lognormal(LOG_ORDER, LOG_ORDER_SPREAD, 5000)
    cells = Cells.of_codes(dimensions, labels, codes, np.ones(len(codes)), ordered, ordered * orders.mean(), orders)
    cells = cells.coarsened(MOST_CELLS)
    coarse, date = dated(cells, before - first), FIRST_DAY + dt.timedelta(days=first)
    coded, ones, every = recoded(codes, labels, coarse), np.ones(len(codes)), np.arange(len(codes))
    daily = spread(coarse, coded, every, shop.day[rows] - first, date, before - first, ones, ordered)
    return cells, daily


@dataclass(frozen=True, slots=True)
class Score:
    """Hold what a register found in one shop: (narrow, fell, found, named as planted, orders lost) by cause.

    `false` are open findings that hit no cause, `false_narrow` those of them that name a narrow value.
    """

    causes: tuple[tuple[bool, bool, bool, bool, float], ...]
    findings: int
    false: int
    false_narrow: int
    seconds: float
    told: tuple[str, ...] = ()


def scored(shop: Shop, found: Register, seconds: float) -> Score:
    """Score a register: a finding hits a cause with which it shares half of the union of their sessions."""
    told = [one for one in found.open if one.certainty != "could be chance"]
    hit, exact, false = [False] * len(shop.causes), [False] * len(shop.causes), []
    for one in told:
        inside = shop.inside(dict(one.segment))
        onset = (one.onset - FIRST_DAY).days if one.onset else None
        hits = [
            place
            for place, cause in enumerate(shop.causes)
            if (cause.onset is None) == (onset is None)
            and (cause.onset is None or abs(cause.onset - (onset or 0)) <= APART)
            and (inside & cause.inside).sum() >= HIT * (inside | cause.inside).sum()
        ]
        for place in hits:
            hit[place] = True
            exact[place] |= dict(one.segment) == shop.causes[place].segment
        if not hits:
            false.append(one)
    causes = tuple(
        (cause.narrow, cause.onset is not None, hit[place], exact[place], cause.lost)
        for place, cause in enumerate(shop.causes)
    )
    narrow = sum(bool(set(one.segment) & set(NARROW)) for one in false)
    names = tuple(f"{one.segment} {one.since} {one.missing.median:.0f}" for one in told)
    return Score(causes, len(told), len(false), narrow, seconds, names)


def measured(shop: Shop) -> tuple[Score, Score]:
    """Return the scores of the register with the large table alone, and with the smaller ones beside it."""
    cells, daily = tables_of(shop, CELL_DIMENSIONS, TOP_VALUES)
    smaller = [tables_of(shop, dimensions, TOP_BESIDE) for dimensions in BESIDE]
    scores = []
    for beside in ([], smaller):
        started = time.perf_counter()
        days = [by_day for _, by_day in beside]
        watch, leaks = watch_days(daily, days), find_leaks(cells, [each for each, _ in beside], days=DAYS)
        found = merged(Results(watch, leaks, None, None, ()), Ground(daily, days))
        scores.append(scored(shop, found, time.perf_counter() - started))
    return scores[0], scores[1]


def line(name: str, scores: Sequence[Score], quiet: Sequence[Score]) -> str:
    """Return one row of the table: recall by kind of cause, names, false findings a shop."""
    said = [name]
    for narrow in (True, False):
        for fell in (True, False):
            held = [cause for score in scores for cause in score.causes if cause[:2] == (narrow, fell)]
            found, exact = (np.mean([cause[place] for cause in held]) if held else np.nan for place in (2, 3))
            said.append(f"{found:.2f}, named {exact:.2f} ({len(held)})")
    findings, false = (sum(getattr(score, what) for score in scores) for what in ("findings", "false"))
    said.append(f"{1 - false / max(findings, 1):.2f}")
    said += [f"{np.mean([each.false for each in held]):.2f} ({np.mean([each.false_narrow for each in held]):.2f})"
             for held in (scores, quiet) if held]  # fmt: skip
    said.append(f"{np.mean([each.seconds for each in (*scores, *quiet)]):.1f}")
    return f"| {' | '.join(said)} |"


def main() -> None:
    """Print one line for each of the two ways to search."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--shops", type=int, default=20)
    ask.add_argument("--seed", type=int, default=610_000)
    ask.add_argument("--sessions", type=int, default=600_000)
    ask.add_argument("--verbose", action="store_true", help="each cause, and what became of it")
    wanted = ask.parse_args()
    pairs, quiet = [], []
    for seed in range(wanted.seed, wanted.seed + wanted.shops):
        shop = shop_of(seed, wanted.sessions)
        pairs.append(measured(shop))
        quiet.append(measured(shop_of(seed, wanted.sessions, causes=False)))
        if wanted.verbose:
            for cause, *ways in zip(shop.causes, *(score.causes for score in pairs[-1]), strict=True):
                print(seed, cause.segment, cause.onset, f"{cause.lost:.0f}", [way[2:4] for way in ways], flush=True)
            for score in (*pairs[-1][1:], *quiet[-1][1:]):
                print("   told:", *score.told, sep="\n      ", flush=True)
    print("| tables | narrow: fall | combination | usual: fall | combination | precision "
          "| false a shop (narrow) | without a cause | seconds |\n|" + "---|" * 9)  # fmt: skip
    for place, name in enumerate(("the large one", "and three beside it")):
        print(line(name, [pair[place] for pair in pairs], [pair[place] for pair in quiet]))


if __name__ == "__main__":
    main()
