"""Measure the leak list on worlds with planted leaks, beside an oracle and the rules that others use.

Run `python -m benchmarks.leaks --worlds 40 --seed 5000`; seeds below 1000 were used for tuning.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.rules import RULES
from benchmarks.worlds import RECIPES, Recipe, World, build, members, thinned
from queries.baseline import Design
from queries.cube import ask_cells
from queries.engine import Engine
from queries.leaks import LeakReport, find_leaks
from queries.peel import Search, peel
from queries.scan import Candidates, Scan, corrected
from queries.store import Store

ROWS = 8
HIT = 0.5


@dataclass(frozen=True, slots=True)
class Score:
    """Hold how one list did in one world: planted leaks, those found, rows shown, rows that hit, seconds."""

    planted: int
    found: int
    shown: int
    hits: int
    listed: int
    seconds: float
    sizes: tuple[tuple[float, bool], ...] = ()
    covered: tuple[tuple[bool, bool, bool], ...] = ()
    relative: tuple[float, ...] = ()


def overlap(world: World, first: np.ndarray, second: np.ndarray) -> float:
    """Return intersection over union of two sets of cells, by sessions."""
    sessions = world.cells.sessions
    return float(sessions[first & second].sum() / sessions[first | second].sum())


def score(world: World, segments: list, seconds: float, report: LeakReport | None = None) -> Score:
    """Score the first rows of a list of segments (in codes) against what was planted."""
    planted = [members(world.cells.codes, leak.segment) for leak in world.leaks]
    shown = [members(world.cells.codes, segment) for segment in segments[:ROWS]]
    table = np.array([[overlap(world, row, truth) for truth in planted] for row in shown]).reshape(
        len(shown), len(planted)
    )
    found = np.asarray((table >= HIT).any(axis=0) if len(shown) else np.zeros(len(planted), dtype=bool))
    hits = int((table >= HIT).any(axis=1).sum()) if len(planted) else 0
    sizes = tuple((leak.lost, bool(found[place])) for place, leak in enumerate(world.leaks))
    covered, relative = [], []
    if report is not None:
        for place, (row, leak) in enumerate(zip(segments[:ROWS], report.leaks, strict=False)):
            for truth, planted_leak in enumerate(world.leaks):
                if tuple(row) == planted_leak.segment and table[place, truth] >= HIT:
                    covered.append(_covered(world, leak, planted_leak))
                    relative.append(leak.recoverable_conversions.median / planted_leak.lost)
    return Score(len(planted), int(found.sum()), len(shown), hits, len(segments), seconds, sizes, tuple(covered),
                 tuple(relative))  # fmt: skip


def _covered(world: World, leak, planted) -> tuple[bool, bool, bool]:
    low, high = leak.ratio_interval
    lost, money = leak.recoverable_conversions, leak.revenue_at_stake
    return (
        low <= planted.factor <= high,
        lost.low <= planted.lost <= lost.high,
        money.low <= planted.lost * world.true_order <= money.high,
    )


def this_method(world: World, fdr: float = 0.10) -> Score:
    """Score the leak list of the product."""
    started = time.perf_counter()
    report = find_leaks(world.cells, fdr=fdr, interval=0.9)
    seconds = time.perf_counter() - started
    return score(world, [in_codes(world, leak.segment) for leak in report.leaks], seconds, report)


def in_codes(world: World, segment: dict[str, str]) -> tuple[tuple[int, int], ...]:
    """Return a named segment as (dimension, value) codes."""
    cells = world.cells
    places = {name: place for place, name in enumerate(cells.dimensions)}
    return tuple(sorted((places[name], cells.labels[places[name]].index(value)) for name, value in segment.items()))


def oracle(world: World, fdr: float = 0.10) -> Score:
    """Score the same scan and peeling when the true rates without leaks are known."""
    started = time.perf_counter()
    cells, total = world.cells, world.cells.sessions.sum()
    candidates = Candidates.of(cells, Design.of(cells.codes, cells.sizes), range(2, 4), max(200, 0.002 * total))

    def rates(found: tuple[int, ...]) -> np.ndarray:
        rate, inside = world.clean.copy(), [candidates.members(segment) for segment in found]
        for _ in range(15):
            for cell in inside:
                rate[cell] *= (cells.conversions[cell].sum() + 0.1) / (cells.sessions[cell] @ rate[cell] + 0.1)
        return np.minimum(rate, 0.99)

    def judged(conversions, rate, rows=slice(None)) -> Scan:
        expected, variance = candidates.sums(cells.sessions * rate, cells.sessions * rate * (1 - rate))[rows].T
        return corrected(conversions, expected, variance, np.zeros(len(expected)))

    def own(found: tuple[int, ...]) -> Scan:
        parts = [
            judged(candidates.conversions[[segment]], rates(found[:place] + found[place + 1 :]), [segment])
            for place, segment in enumerate(found)
        ]
        if not parts:
            return judged(candidates.conversions[[]], world.clean, [])
        return Scan(*(np.concatenate([getattr(part, name) for part in parts]) for name in Scan.__slots__[:-1]))

    search = Search(candidates, lambda found: judged(candidates.conversions, rates(found)), own, fdr, exact=True)
    peeled = peel(search)
    lost = peeled.own.expected - candidates.conversions[list(peeled.found)]
    ranked = [candidates.key(list(peeled.found)[place]) for place in np.argsort(-lost) if lost[place] > 0]
    return score(world, ranked, time.perf_counter() - started)


def rule(name: str, world: World) -> Score:
    """Score one of the rules that others use."""
    started = time.perf_counter()
    return score(world, RULES[name](world), time.perf_counter() - started)


METHODS = {"this method": this_method, "oracle": oracle} | {name: partial(rule, name) for name in RULES}


def summary(scores: list[Score]) -> dict[str, float]:
    """Return recall and precision over worlds with their standard errors (jackknife), coverage and run time."""
    planted, found, shown, hits = (
        np.array([getattr(entry, name) for entry in scores], dtype=float)
        for name in ("planted", "found", "shown", "hits")
    )
    recall, recall_error = _ratio(found, planted)
    precision, precision_error = _ratio(hits, shown)
    covered = np.array([row for entry in scores for row in entry.covered], dtype=float).reshape(-1, 3)
    relative = np.array([value for entry in scores for value in entry.relative])
    listed = np.array([entry.listed for entry in scores], dtype=float)
    false_rows = listed - hits
    return {
        "worlds": len(scores), "recall": recall, "recall_se": recall_error, "precision": precision,
        "precision_se": precision_error, "rows": float(shown.mean()), "false_rows": float(false_rows.mean()),
        "false_rows_se": float(false_rows.std(ddof=1) / np.sqrt(len(scores))) if len(scores) > 1 else float("nan"),
        "seconds": float(np.mean([entry.seconds for entry in scores])), "covered_rows": len(covered),
        "coverage_ratio": float(covered[:, 0].mean()) if len(covered) else float("nan"),
        "coverage_lost": float(covered[:, 1].mean()) if len(covered) else float("nan"),
        "coverage_revenue": float(covered[:, 2].mean()) if len(covered) else float("nan"),
        "estimate_over_truth": float(np.median(relative)) if len(relative) else float("nan"),
    }  # fmt: skip


def _ratio(part: np.ndarray, whole: np.ndarray) -> tuple[float, float]:
    if whole.sum() == 0:
        return float("nan"), float("nan")
    value, count = part.sum() / whole.sum(), len(part)
    left = (part.sum() - part) / np.maximum(whole.sum() - whole, 1e-9)
    return float(value), float(np.sqrt((count - 1) / count * ((left - left.mean()) ** 2).sum()))


def main() -> None:
    """Measure the chosen worlds and print a table; append one JSON line per world to a log when asked."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--worlds", type=int, default=40)
    asked.add_argument("--seed", type=int, default=5000)
    asked.add_argument("--only", nargs="*", default=[])
    asked.add_argument("--methods", nargs="*", default=["this method", "oracle"])
    asked.add_argument("--no-leak", action="store_true")
    asked.add_argument("--log", type=Path)
    asked.add_argument("--store", type=Path, help="plant the leaks into the sessions of this store instead")
    chosen = asked.parse_args()
    if chosen.store:
        _measure_store(chosen)
        return
    for recipe in RECIPES:
        if chosen.only and not any(recipe.name.startswith(name) for name in chosen.only):
            continue
        _measure(recipe, chosen)


def _measure_store(chosen: argparse.Namespace) -> None:
    """Thin conversions of chosen combinations in real cells; rows that were listed before are not counted."""
    cells = ask_cells(Engine(Store(chosen.store)))
    before = {tuple(sorted(leak.segment.items())) for leak in find_leaks(cells).leaks}
    scores = []
    for seed in range(chosen.seed, chosen.seed + chosen.worlds):
        world = thinned(cells, RECIPES[1], seed)
        report = find_leaks(world.cells, interval=0.9)
        new = [leak for leak in report.leaks if tuple(sorted(leak.segment.items())) not in before]
        scores.append(score(world, [in_codes(world, leak.segment) for leak in new], 0.0))
    _show(f"thinned rows of {chosen.store.name}", "this method", scores)


def _measure(recipe: Recipe, chosen: argparse.Namespace) -> None:
    if chosen.no_leak:
        recipe = recipe.without_leaks()
    scores: dict[str, list[Score]] = {name: [] for name in chosen.methods}
    for seed in range(chosen.seed, chosen.seed + chosen.worlds):
        world = build(recipe, seed)
        for name in chosen.methods:
            scores[name].append(METHODS[name](world))
            if chosen.log:
                entry = {"world": recipe.name, "seed": seed, "method": name, **asdict(scores[name][-1])}
                with chosen.log.open("a") as log:
                    log.write(json.dumps(entry) + "\n")
    for name, entries in scores.items():
        _show(recipe.name, name, entries)


def _show(world: str, name: str, entries: list[Score]) -> None:
    figures = summary(entries)
    print(
        f"{world:34} {name:12} n={figures['worlds']:3} recall {figures['recall']:.3f}±"
        f"{figures['recall_se']:.3f} precision {figures['precision']:.3f}±{figures['precision_se']:.3f} "
        f"rows {figures['rows']:.2f} false {figures['false_rows']:.2f}±{figures['false_rows_se']:.2f} "
        f"{figures['seconds']:.2f} s coverage {figures['coverage_ratio']:.2f}/{figures['coverage_lost']:.2f}/"
        f"{figures['coverage_revenue']:.2f} ({figures['covered_rows']}) est {figures['estimate_over_truth']:.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
