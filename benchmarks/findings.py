"""Measure the register on invented shops: is each planted cause one finding, and what does the merging rule cost?

Each shop has one to six causes: combinations that leak on all days, and segments that fall on a known day. All
engines are run once a shop and merged under several thresholds of "the same cause".

    uv run python -m benchmarks.findings --shops 40
    uv run python -m benchmarks.findings --short      # with floors, for CI

A finding hits a cause where their cells share half of their union by expected conversions and, for a fall, the days are
two weeks apart at most. A second finding of one cause is a double; one that hits none is false.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np

from benchmarks.days import FIRST_DAY, Known, Series, build_days, inside_of
from benchmarks.scores import overlap
from benchmarks.worlds import Recipe, members
from queries.findings import register
from queries.findings.causes import Ground
from queries.findings.finding import Register
from queries.findings.promise import keeps_promise
from queries.leaks import find_leaks
from queries.watch import watch_days

THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.8)
HIT, APART = 0.5, 14
SESSIONS = 300_000
SHORT = 8
FLOORS = {"recall": 0.65, "precision": 0.80, "doubles": -0.15}
"""Of the short form, per shop for doubles: its standard errors are about .08."""


@dataclass(frozen=True, slots=True)
class Score:
    """Hold what became of the causes of one shop: planted, found, findings, doubles; orders planted and counted."""

    planted: int
    found: int
    findings: int
    doubles: int
    lost: float
    counted: float


def shop_of(seed: int) -> Series:
    """Return the shop of a seed: its causes were drawn before anything was looked at."""
    rng = np.random.default_rng([seed, 13])
    leaks, falls = int(rng.integers(0, 4)), int(rng.integers(1, 4))
    return Series(f"{leaks} + {falls}", Recipe("", SESSIONS, leaks=leaks), falls=falls, days=120)


def searched(known: Known) -> register.Results:
    """Run the engines once."""
    watch, cells = watch_days(known.daily), known.daily.cells
    return register.Results(watch, find_leaks(cells, days=known.daily.days), None, None, ())


def scored(known: Known, found: Register) -> Score:
    """Count which causes are findings, once or twice."""
    world, cells = known.world, known.world.cells
    falls = [(fall.inside, fall.onset, fall.lost) for fall in known.falls]
    more = cells.sessions.sum() / SESSIONS  # what leaks cost was reckoned for as many
    causes = [*falls, *((members(cells.codes, leak.segment), None, more * leak.lost) for leak in world.leaks)]
    hits = np.zeros(len(causes), dtype=int)
    told = [one for one in found.open if keeps_promise(one)]
    for one in told:
        inside = inside_of(cells, dict(one.segment))
        onset = (one.onset - FIRST_DAY).days if one.onset else None
        shares = [
            overlap(world, inside, cause)
            if (begins is None) == (onset is None) and (begins is None or abs(begins - (onset or 0)) <= APART)
            else 0.0
            for cause, begins, _ in causes
        ]
        if shares and max(shares) >= HIT:
            hits[int(np.argmax(shares))] += 1
    counted = sum(one.missing.median for one in told)
    lost = sum(cause[2] for cause, hit in zip(causes, hits, strict=True) if hit)
    return Score(len(causes), int((hits > 0).sum()), len(told), int((hits - 1).clip(0).sum()), lost, counted)


def measured(seeds: Sequence[int]) -> dict[float, list[Score]]:
    """Return the scores of all shops by threshold."""
    scores: dict[float, list[Score]] = {threshold: [] for threshold in THRESHOLDS}
    for seed in seeds:
        known = build_days(shop_of(seed), seed)
        results, ground = searched(known), Ground(known.daily)
        for threshold in THRESHOLDS:
            with patch.object(register, "SAME", threshold):
                scores[threshold].append(scored(known, register.merged(results, ground)))
    return scores


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


def main() -> None:
    """Print a line a threshold; in the short form fail under a floor."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--shops", type=int, default=40)
    ask.add_argument("--seed", type=int, default=400_000)
    ask.add_argument("--short", action="store_true", help=f"{SHORT} shops, with floors")
    wanted = ask.parse_args()
    number, started = SHORT if wanted.short else wanted.shops, time.perf_counter()
    scores = measured(range(wanted.seed, wanted.seed + number))
    causes = sum(one.planted for one in scores[register.SAME])
    print(f"{number} shops, {causes} causes, {time.perf_counter() - started:.0f} s")
    for threshold, held in scores.items():
        said = ", ".join(f"{name} {value:.2f}" for name, value in figures(held).items())
        print(f"same cause from {threshold:.0%}: {said}")
    if wanted.short:
        got = figures(scores[register.SAME])
        under = [name for name, floor in FLOORS.items() if (got[name] if floor > 0 else -got[name]) < floor]
        if under:
            sys.exit(f"under the floor: {', '.join(under)}")


if __name__ == "__main__":
    main()
