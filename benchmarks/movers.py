"""Measure what is said to have moved between two periods, on worlds where that is known.

    python -m benchmarks.movers --worlds 40 --seed 92000
    python -m benchmarks.movers --short

Each world is a shop of `benchmarks/worlds.py` in two periods: who visits changes, everything converts by one factor
more or less, and some segments of one or two values move besides. Combinations that convert badly in both periods are
planted too: they did not move. Seeds below 10000 were used for tuning.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.scores import Score, overlap, summary
from benchmarks.worlds import Recipe, Segment, World, build, members
from queries.cells import Cells
from queries.movers import find_movers

Moves = list[tuple[Segment, float]]
FDR, INTERVAL = 0.10, 0.9
HIT = 0.5
SHORT = 8
FLOORS = 0.60, 0.85, -0.40
"""Recall, precision, and less the rows a world where nothing moved, of the short form."""


@dataclass(frozen=True, slots=True)
class Change:
    """Describe a kind of change: so many sessions in the later period, moves, and what else is different."""

    name: str
    shop: Recipe
    moves: int = 3
    shares: tuple[float, float] = (0.01, 0.15)
    drop: tuple[float, float] = (0.3, 0.65)
    rises: float = 0.25
    unrest: float = 0.0
    mix: float = 0.2
    everything: float = 0.2


def base(sessions: int, **given) -> Recipe:
    """Return a shop with two combinations that leak in both periods."""
    return Recipe("", sessions, leaks=2, **given)


CHANGES = (
    Change("100 k", base(100_000)),
    Change("300 k", base(300_000)),
    Change("1 M", base(1_000_000)),
    Change("300 k, dense", base(300_000, interactions=0.1)),
    Change("300 k, restless", base(300_000), unrest=0.1),
    Change("300 k, mix shifts much", base(300_000), mix=0.6),
    Change("300 k, near-duplicates", base(300_000, duplicates=True)),
    Change("300 k, heavy tails", base(300_000, sizes=(3, 60, 300, 6, 2, 12))),
    Change("300 k, one large segment", base(300_000), moves=1, shares=(0.2, 0.6)),
    Change("300 k, small moves", base(300_000), drop=(0.1, 0.3)),
)


def second_period(world: World, change: Change, rng: np.random.Generator) -> tuple[Cells, Moves]:
    """Draw the later period of a shop, and by what factor which segment moved besides everything else."""
    cells, sizes = world.cells, world.cells.sizes
    pull = np.zeros(len(cells.codes))
    for place, size in enumerate(sizes):
        pull += rng.normal(0, change.mix, size)[cells.codes[:, place]]
    sessions = rng.poisson(cells.sessions * np.exp(pull - (pull**2).mean() / 2))
    rates = world.clean.copy()
    for leak in world.leaks:
        rates[members(cells.codes, leak.segment)] *= leak.factor
    rates *= np.exp(rng.normal(0, change.everything))
    for place, size in enumerate(sizes):
        rates *= np.exp(rng.normal(0, change.unrest, size))[cells.codes[:, place]]
    moved: Moves = []
    taken = np.zeros(len(rates), dtype=bool)
    while len(moved) < change.moves:
        segment = a_segment(cells, change.shares, rng)
        inside = members(cells.codes, segment)
        if cells.sessions[inside & taken].sum() > 0.2 * cells.sessions[inside].sum():
            continue
        factor = 1 - rng.uniform(*change.drop)
        factor = 1 / factor if rng.random() < change.rises else factor
        rates[inside] *= factor
        taken |= inside
        moved.append((segment, factor))
    conversions = rng.binomial(sessions, np.minimum(rates, 0.95))
    kept = sessions > 0
    after = Cells.of_codes(
        cells.dimensions, cells.labels, cells.codes[kept], sessions[kept], conversions[kept],
        conversions[kept] * 50.0, cells.orders,
    )  # fmt: skip
    return after, moved


def a_segment(cells: Cells, shares: tuple[float, float], rng: np.random.Generator) -> Segment:
    """Draw a segment of one or two values that holds such a share of the sessions."""
    while True:
        places = sorted(int(place) for place in rng.choice(len(cells.sizes), int(rng.integers(1, 3)), replace=False))
        row = cells.codes[rng.choice(len(cells.codes), p=cells.sessions / cells.sessions.sum())]
        segment = tuple((place, int(row[place])) for place in places)
        share = cells.sessions[members(cells.codes, segment)].sum() / cells.sessions.sum()
        if shares[0] <= share <= shares[1]:
            return segment


def measured(change: Change, seed: int) -> Score:
    """Score what is found in one world; coverage is that of the ratio."""
    world, after, moved = drawn(change, seed)
    started = time.perf_counter()
    report = find_movers(world.cells, after, fdr=FDR, interval=INTERVAL)
    seconds = time.perf_counter() - started
    table = agreement(world, moved, [(row.segment, row.fell) for row in report.rows])
    covered = [
        (mover.ratio_interval[0] <= factor <= mover.ratio_interval[1], True, True)
        for row, mover in enumerate(report.rows)
        for truth, (_, factor) in enumerate(moved)
        if table[row, truth] > 1 - 1e-9
    ]
    return scored(table, seconds, tuple(covered))


def drawn(change: Change, seed: int) -> tuple[World, Cells, Moves]:
    """Draw a shop, its later period and what moved in it."""
    world = build(change.shop, seed)
    return world, *second_period(world, change, np.random.default_rng([seed, 20_260_916]))


def agreement(world: World, moved: Moves, rows: Sequence[tuple[dict[str, str], bool]]) -> np.ndarray:
    """Overlap of each row, a named segment and whether it fell, with each planted move: 0 if it went the other way."""
    cells = world.cells
    table = np.zeros((len(rows), len(moved)))
    for row, (segment, fell) in enumerate(rows):
        inside = members(cells.codes, coded(cells, segment))
        for truth, (planted, factor) in enumerate(moved):
            table[row, truth] = overlap(world, inside, members(cells.codes, planted)) * (fell == (factor < 1))
    return table


def scored(table: np.ndarray, seconds: float, covered: tuple[tuple[bool, bool, bool], ...] = ()) -> Score:
    """Score rows by their agreement with the planted moves (rows x moves)."""
    shown, planted = table.shape
    found, hits = (int((table >= HIT).any(axis=axis).sum()) for axis in (0, 1))
    return Score(planted, found, shown, hits, shown, seconds, covered=covered)


def coded(cells: Cells, segment: dict[str, str]) -> Segment:
    """Return a named segment as (dimension, value) codes."""
    places = {name: place for place, name in enumerate(cells.dimensions)}
    return tuple((places[name], cells.labels[places[name]].index(value)) for name, value in segment.items())


def short(seed: int) -> int:
    """Compare a few worlds with floors; return the exit code."""
    change = next(change for change in CHANGES if change.name == "300 k")
    found = summary([measured(change, seed + place) for place in range(SHORT)])
    calm = summary([measured(replace(change, moves=0), seed + place) for place in range(SHORT)])
    values = found["recall"], found["precision"], -calm["false_rows"]
    for name, value, floor in zip(("recall", "precision", "rows where nothing moved"), values, FLOORS, strict=True):
        print(f"{name}: {abs(value):.2f}, {'no more than' if floor < 0 else 'at least'} {abs(floor):.2f} is asked")
    return int(any(value < floor for value, floor in zip(values, FLOORS, strict=True)))


def main() -> None:
    """Print one line a kind of change, with moves and without."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--worlds", type=int, default=40)
    ask.add_argument("--seed", type=int, default=90_000)
    ask.add_argument("--short", action="store_true", help="a few worlds against floors; fails below them")
    ask.add_argument("--only", default="", help="the kinds whose name holds this")
    args = ask.parse_args()
    if args.short:
        sys.exit(short(args.seed))
    print("| change | recall | precision | coverage of 90 % | rows where nothing moved | seconds |")
    print("|---|---|---|---|---|---|")
    for change in CHANGES:
        if args.only not in change.name:
            continue
        seeds = range(args.seed, args.seed + args.worlds)
        with_moves = summary([measured(change, seed) for seed in seeds])
        without = summary([measured(replace(change, moves=0), seed) for seed in seeds])
        print(
            f"| {change.name} | {with_moves['recall']:.2f} ± {with_moves['recall_se']:.2f} "
            f"| {with_moves['precision']:.2f} ± {with_moves['precision_se']:.2f} "
            f"| {with_moves['coverage_ratio']:.2f} of {with_moves['covered_rows']} "
            f"| {without['false_rows']:.2f} ± {without['false_rows_se']:.2f} | {with_moves['seconds']:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
