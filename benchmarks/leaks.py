"""Measure the leak list on worlds with planted leaks, beside an oracle and the rules that others use.

    python -m benchmarks.leaks --worlds 40 --seed 20000 --log log.jsonl
    python -m benchmarks.leaks --table log.jsonl

Seeds below 10000 were used for tuning: measure on others.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.rules import RULES
from benchmarks.scores import FLOORS, Score, below_floor, by_size, of_json, score, summary
from benchmarks.worlds import RECIPES, Recipe, World, build, thinned
from queries.baseline import Design
from queries.cube import ask_cells
from queries.engine import Engine
from queries.leaks import find_leaks, support_of
from queries.peel import Search, peel
from queries.scan import Candidates, Scan, corrected
from queries.store import Store


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
    cells = world.cells
    smallest = support_of(float(cells.sessions.sum()), float(cells.conversions.sum()))
    candidates = Candidates.of(cells, Design.of(cells.codes, cells.sizes), range(2, 4), smallest)

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


SHORT_SEED, SHORT_WORLDS = 9100, 8
SHORT = (*(recipe for recipe in RECIPES if recipe.name in FLOORS), RECIPES[1].without_leaks())
METHODS = {"this method": this_method, "oracle": oracle} | {name: partial(rule, name) for name in RULES}


def main() -> None:
    """Measure the chosen worlds and print a table; append one JSON line per world to a log when asked."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--worlds", type=int, default=40)
    asked.add_argument("--seed", type=int, default=20_000)
    asked.add_argument("--only", nargs="*", default=[], help="kinds of worlds, by the beginning of their names")
    asked.add_argument("--methods", nargs="*", default=["this method", "oracle"], help=", ".join(METHODS))
    asked.add_argument("--no-leak", action="store_true", help="the same kinds of worlds with nothing planted")
    asked.add_argument("--log", type=Path, help="append one JSON line per world and method to this file")
    asked.add_argument("--store", type=Path, help="plant the leaks into the sessions of this store instead (W9)")
    asked.add_argument("--short", action="store_true", help="a minute's worth; fails when a score is below its floor")
    asked.add_argument("--table", type=Path, help="measure nothing: print the tables of a log")
    chosen = asked.parse_args()
    if chosen.table:
        _tables(chosen.table)
    elif chosen.short:
        _short()
    elif chosen.store:
        _measure_store(chosen)
    else:
        for recipe in RECIPES:
            if not chosen.only or any(recipe.name.startswith(name) for name in chosen.only):
                _measure(recipe, chosen)


def _short() -> None:
    wrong = []
    for recipe in SHORT:
        entries = [this_method(build(recipe, seed)) for seed in range(SHORT_SEED, SHORT_SEED + SHORT_WORLDS)]
        _show(recipe.name, "this method", entries)
        wrong += below_floor(recipe.name, summary(entries))
    if wrong:
        raise SystemExit("\n".join(wrong))


def _measure_store(chosen: argparse.Namespace) -> None:
    """Thin conversions of chosen combinations in real cells; rows that were listed before are not counted."""
    cells = ask_cells(Engine(Store(chosen.store)))
    before = {tuple(sorted(leak.segment.items())) for leak in find_leaks(cells).leaks}
    scores = []
    for seed in range(chosen.seed, chosen.seed + chosen.worlds):
        world = thinned(cells, RECIPES[1], seed)
        started = time.perf_counter()
        report = find_leaks(world.cells, interval=0.9)
        seconds = time.perf_counter() - started
        new = [leak for leak in report.leaks if tuple(sorted(leak.segment.items())) not in before]
        scores.append(score(world, [in_codes(world, leak.segment) for leak in new], seconds))
        _log(chosen.log, f"W9 {chosen.store.parent.name}", seed, "this method", scores[-1])
    _show(f"W9 {chosen.store.parent.name}", "this method", scores)


def _measure(recipe: Recipe, chosen: argparse.Namespace) -> None:
    if chosen.no_leak:
        recipe = recipe.without_leaks()
    scores: dict[str, list[Score]] = {name: [] for name in chosen.methods}
    for seed in range(chosen.seed, chosen.seed + chosen.worlds):
        world = build(recipe, seed)
        for name in chosen.methods:
            scores[name].append(METHODS[name](world))
            _log(chosen.log, recipe.name, seed, name, scores[name][-1])
    for name, entries in scores.items():
        _show(recipe.name, name, entries)


def _log(log: Path | None, world: str, seed: int, method: str, entry: Score) -> None:
    if log:
        with log.open("a") as lines:
            lines.write(json.dumps({"world": world, "seed": seed, "method": method, **asdict(entry)}) + "\n")


def _show(world: str, name: str, entries: list[Score]) -> None:
    figures = summary(entries)
    print(
        f"{world:34} {name:12} n={figures['worlds']:3} recall {figures['recall']:.3f}±"
        f"{figures['recall_se']:.3f} precision {figures['precision']:.3f}±{figures['precision_se']:.3f} "
        f"rows {figures['rows']:.2f} false {figures['false_rows']:.2f}±{figures['false_rows_se']:.2f} "
        f"{figures['seconds']:.2f} s coverage {figures['coverage_ratio']:.2f}/{figures['coverage_lost']:.2f}/"
        f"{figures['coverage_revenue']:.2f} ({figures['covered_rows']}) est {figures['estimate_over_truth']:.2f} "
        f"warned {figures['warned']:.2f}",
        flush=True,
    )


def _tables(log: Path) -> None:
    groups: dict[tuple[str, str], list[Score]] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        groups.setdefault((entry["world"], entry["method"]), []).append(of_json(entry))
    print(
        "| world | method | worlds | recall | precision | false rows | coverage | warned | s |\n"
        "|---|---|---|---|---|---|---|---|---|"
    )
    for (world, method), entries in groups.items():
        figures = summary(entries)
        cells = [
            world, method, f"{len(entries)}",
            *(f"{figures[name]:.2f} ± {figures[name + '_se']:.2f}" for name in ("recall", "precision", "false_rows")),
            " / ".join(f"{figures['coverage_' + name]:.2f}" for name in ("ratio", "lost", "revenue")),
            f"{figures['warned']:.2f}", f"{figures['seconds']:.2f}",
        ]  # fmt: skip
        print("| " + " | ".join(cells).replace("nan ± nan", "-").replace("nan / nan / nan", "-") + " |")
    print("\n| lost conversions | method | planted | found |\n|---|---|---|---|")
    for method in dict.fromkeys(method for _, method in groups):
        entries = [entry for (_, its), some in groups.items() if its == method for entry in some]
        for name, planted, share in by_size(entries):
            print(f"| {name} | {method} | {planted} | {share:.2f} |")


if __name__ == "__main__":
    main()
