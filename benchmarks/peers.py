"""Measure packages of others, by name, on the worlds of the leak list and of what moved, beside this project's lists.

    uv run --group peers python -m benchmarks.peers --worlds 6 --seed 160000

Run by hand: a world takes minutes. Settings were chosen on seeds below 10000: measure on others. A list is cut at its
first eight rows, as that of the leaks is; the last columns cut it at as many rows as were planted, which no user knows.
"""

import argparse
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.leaks import METHODS, in_codes
from benchmarks.movers import CHANGES, agreement, drawn, measured, scored
from benchmarks.rules import Segments
from benchmarks.scores import ROWS, Score, score, summary
from benchmarks.worlds import RECIPES, World, build
from queries.baseline import Design
from queries.cells import Cells
from queries.leaks import support_of
from queries.mover_search import Pair
from queries.scan import Candidates

COMMAND = "uv run --group peers python -m benchmarks.peers"
MOST_SESSIONS = 100_000
SUPPORT = 0.01
Moved = list[tuple[dict[str, str], bool]]


def package(module: str) -> Any:
    """Import a module of the group "peers"; raises SystemExit that says how to run with it where it is missing."""
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        raise SystemExit(f"{module} cannot be imported ({missing}): run {COMMAND}") from missing


def wise_pizza_levels(world: World, depth: int = 2, segments: int = 20) -> Segments:
    """List wise-pizza's segments of low conversion by impact: lasso and 20 segments as in its README.

    Exactly two values a segment: with single values too, their main effects take nearly all of the 20.
    """
    cells = world.cells
    found = package("wise_pizza").explain_levels(
        df=table_of(cells), dims=list(cells.dimensions), total_name="conversions", size_name="sessions",
        min_depth=2, max_depth=depth, max_segments=segments, solver="lasso",
    )  # fmt: skip
    return [in_codes(world, segment["segment"]) for segment in found.segments if segment["impact"] < 0]


def sliceline_slices(world: World, weight: float = 0.9999, rows: int = 20) -> Segments:
    """List SliceLine's slices of two or three values on sampled sessions, whose error is that they do not convert.

    Of the weights .95, .998, .9997 and .9999 the one that found most: with an error of 97 % a slice of fewer than 63 %
    of the sessions has no score above 0 at the .95 of the paper.
    """
    codes, converted = sampled(world.cells)
    finder = package("sliceline.slicefinder").Slicefinder(
        alpha=weight, k=rows, max_l=3, min_sup=smallest_share(world.cells), verbose=False
    )
    slices = finder.fit(codes, 1.0 - converted).top_slices_
    segments = [tuple((place, int(code)) for place, code in enumerate(row) if code is not None) for row in slices]
    return [segment for segment in segments if len(segment) > 1]


def divexplorer_patterns(world: World, redundancy: float = 0.01, t: float = 2.0) -> Segments:
    """List DivExplorer's patterns of two or three values that convert least, of sampled sessions.

    Pruned as its documentation does for a rate: each value must change it by .01, and |t| be above 2.
    """
    explorer, cells = package("divexplorer"), world.cells
    codes, converted = sampled(cells)
    rows = pd.DataFrame(codes, columns=list(cells.dimensions)).assign(converted=converted.astype(int))
    patterns = explorer.DivergenceExplorer(rows).get_pattern_divergence(
        min_support=smallest_share(cells), attributes=list(cells.dimensions), boolean_outcomes=["converted"]
    )
    kept = explorer.DivergencePatternProcessor(patterns, "converted").redundancy_pruning(th_redundancy=redundancy)
    kept = kept[kept["length"].isin((2, 3)) & (kept["converted_t"] > t) & (kept["converted_div"] < 0)]
    places = {name: place for place, name in enumerate(cells.dimensions)}
    pairs = ([item.split("=") for item in items] for items in kept.sort_values("converted_div")["itemset"])
    return [tuple(sorted((places[name], int(code)) for name, code in items)) for items in pairs]


def wise_pizza_changes(before: Cells, after: Cells, segments: int = 20) -> Moved:
    """List wise-pizza's segments of changed conversion by impact: of the change in totals, the part of the averages.

    One or two values and 20 segments as in its README; "split_fits" tells a change of traffic apart. Scaling the
    earlier period to the later rate first found no more.
    """
    found = package("wise_pizza").explain_changes_in_totals(
        df1=table_of(before), df2=table_of(after), dims=list(before.dimensions),
        total_name="conversions", size_name="sessions", max_depth=2, min_segments=segments, how="split_fits",
    )  # fmt: skip
    ranked = sorted(found.s2.segments, key=lambda segment: -abs(segment["impact"]))
    return [(segment["segment"], segment["impact"] < 0) for segment in ranked if segment["impact"]]


def contribution_analysis(before: Cells, after: Cells) -> Moved:
    """List the segments of one or two values by their unexpected difference, largest first."""
    return [(segment, difference < 0) for segment, difference in unexpected(before, after)]


def unexpected(before: Cells, after: Cells, support: float = SUPPORT) -> list[tuple[dict[str, str], float]]:
    """Later conversions of segments less those expected had their rate changed as that of all others did.

    The largest difference comes first. Left out are segments with less than `support` of the conversions of both
    periods. Source: unexpected_difference and apriori_support of BigQuery ML's CONTRIBUTION_ANALYSIS, with sessions
    held equal: for plain conversions a change of traffic is a difference too, and it found less than half as much.
    """
    pair = Pair.of(before, after)
    candidates = Candidates.of(pair.both, Design.of(pair.both.codes, pair.both.sizes), range(1, 3), 1)
    columns = np.column_stack([*pair.sessions, *pair.conversions])
    sums, every = candidates.sums(*columns.T), columns.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        (n0, n1, c0, c1), (m0, m1, d0, d1) = sums.T, (every - sums).T
        difference = c1 - n1 * (c0 / n0) * (d1 / m1) / (d0 / m0)
    judged = ((c0 >= support * every[2]) | (c1 >= support * every[3])) & np.isfinite(difference)
    names, labels = pair.both.dimensions, pair.both.labels
    return [
        ({names[place]: labels[place][code] for place, code in candidates.key(int(row))}, float(difference[row]))
        for row in np.argsort(-np.abs(difference), kind="stable")
        if judged[row]
    ]


LEAKS = {"wise-pizza": wise_pizza_levels, "sliceline": sliceline_slices, "divexplorer": divexplorer_patterns}
MOVES = {"wise-pizza": wise_pizza_changes, "contribution analysis": contribution_analysis}


def table_of(cells: Cells) -> pd.DataFrame:
    """Cells as a table: the names of their values, sessions and conversions."""
    columns = zip(cells.dimensions, cells.labels, cells.codes.T, strict=True)
    values = {name: np.array(labels, dtype=object)[codes] for name, labels, codes in columns}
    return pd.DataFrame({**values, "sessions": cells.sessions, "conversions": cells.conversions})


def sampled(cells: Cells, most: int = MOST_SESSIONS, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Codes of single sessions (sessions x dimensions) and whether they converted; at most so many, drawn at random."""
    kinds = np.column_stack([cells.conversions, cells.sessions - cells.conversions]).astype(int).ravel()
    drawn_kinds = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(kinds)), kinds))[:most]
    return cells.codes[drawn_kinds // 2], drawn_kinds % 2 == 0


def smallest_share(cells: Cells) -> float:
    """Share of the sessions that the leak list's smallest segment has."""
    total = float(cells.sessions.sum())
    return support_of(total, float(cells.conversions.sum())) / total


def timed(find: Callable, *given: Any) -> tuple[Any, float]:
    """What a function returns, and the seconds that it took."""
    started = time.perf_counter()
    return find(*given), time.perf_counter() - started


def leaks_scores(name: str, world: World) -> tuple[Score, ...]:
    """Score a list of leaks: its first rows and, for a peer, as many as were planted."""
    if name not in LEAKS:
        return (METHODS[name](world),)
    segments, seconds = timed(LEAKS[name], world)
    return score(world, segments, seconds), score(world, segments[: len(world.leaks)], seconds)


def moves_scores(name: str, change: Any, seed: int) -> tuple[Score, ...]:
    """Score a list of moves: its first rows and, for a peer, as many as were planted."""
    if name not in MOVES:
        return (measured(change, seed),)
    world, after, moved = drawn(change, seed)
    rows, seconds = timed(MOVES[name], world.cells, after)
    table = agreement(world, moved, rows[:ROWS])
    return scored(table, seconds), scored(table[: len(moved)], seconds)


def line(kind: str, name: str, scores: list[tuple[Score, ...]]) -> str:
    """Row of the table: recall, precision, the same for as many rows as were planted, seconds."""
    cuts = [summary(list(entries)) for entries in zip(*scores, strict=True)]
    shown = [f"{cut[of]:.2f} ± {cut[of + '_se']:.2f}" for cut in cuts for of in ("recall", "precision")]
    shown += ["-"] * (4 - len(shown))
    return f"| {kind} | {name} | {' | '.join(shown)} | {cuts[0]['seconds']:.1f} |".replace("nan ± nan", "-")


def main() -> None:
    """Print one row a kind of world and method."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--worlds", type=int, default=6)
    ask.add_argument("--seed", type=int, default=160_000)
    ask.add_argument("--leaks", nargs="*", default=["base 300 k"], help="kinds of worlds with leaks")
    ask.add_argument("--moves", nargs="*", default=["300 k"], help="kinds of changes between two periods")
    ask.add_argument("--methods", nargs="*", default=["this method", "z and BH", *LEAKS, *MOVES])
    args = ask.parse_args()
    seeds = range(args.seed, args.seed + args.worlds)
    print("| world | method | recall | precision | recall, as many rows as planted | precision | seconds |")
    print("|---|---|---|---|---|---|---|")
    methods = list(dict.fromkeys(args.methods))
    for recipe in (recipe for recipe in RECIPES if recipe.name in args.leaks):
        worlds = [build(recipe, seed) for seed in seeds]
        for name in (name for name in methods if name in {**LEAKS, **METHODS}):
            print(line(recipe.name, name, [leaks_scores(name, world) for world in worlds]), flush=True)
    for change in (change for change in CHANGES if change.name in args.moves):
        for name in (name for name in methods if name in {**MOVES, "this method": None}):
            print(line(f"moves, {change.name}", name, [moves_scores(name, change, seed) for seed in seeds]), flush=True)


if __name__ == "__main__":
    main()
