"""Measure how silent leaks are found and dated, on days of invented shops where each fall is known.

    python -m benchmarks.watch --series 40 --seed 95000
    python -m benchmarks.watch --short

Each series is a shop of `benchmarks/days.py`: weekdays, promotions, a trend, who visits drifts, two combinations leak
on all days (no fall), and two segments of one or two values fall on a day, against the same shop in which nothing
does. The rules of others are run on the same days. Seeds below 10000 were used for tuning.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.days import FIRST_DAY, Fall, Series, build_days, inside_of
from benchmarks.naive import total_z, week_on_week
from benchmarks.scores import overlap
from benchmarks.worlds import Recipe
from queries.watch import watch_days
from queries.watch_report import SilentLeak, Watch
from queries.watch_scan import WINDOW

INTERVAL = 0.9
HIT, EXACT = 0.5, 0.99
QUIET = 55
LOST = (0, 20, 40, 80, 160, 320, np.inf)
SHORT = 8
SHOP = Recipe("", 300_000, leaks=2)
FALLEN = Series("4 k a day", SHOP, a_day=4_000, days=110, shares=(0.03, 0.2), drop=(0.4, 0.7))
SEASON = replace(FALLEN, name="4 k a day, season and campaigns", season=0.2, campaigns=0.5)
SLOPE = replace(FALLEN, name="4 k a day, over 40 days", ramp=40)
OVERLAP = replace(FALLEN, name="4 k a day, two that overlap", shared=(0.2, 0.6))
PLAIN = Series("10 k a day", SHOP)
SERIES = (
    PLAIN,
    Series("10 k a day, 20 to 30 %", SHOP, drop=(0.2, 0.3)),
    Series("10 k a day, over 28 days", SHOP, ramp=28),
    Series("10 k a day, ends after 14 to 30 days", SHOP, lasts=(14, 31)),
    Series("10 k a day, near-duplicates", replace(SHOP, duplicates=True)),
    Series("10 k a day, dense", replace(SHOP, interactions=0.1)),
    Series("10 k a day, mix drifts much", SHOP, mix=0.6),
    Series("10 k a day, restless", SHOP, unrest=0.1),
    Series("10 k a day, 1 % convert", replace(SHOP, conversion=0.01)),
    Series("10 k a day, bots come to a source", SHOP, falls=0, surge=3.5),
    FALLEN,
    SEASON,
    SLOPE,
    OVERLAP,
    Series("1.6 k a day, 180 days", SHOP, a_day=1_600, days=180),
    Series("30 k a day, 90 days", SHOP, a_day=30_000, days=100),
)

FLOORS = (
    (PLAIN, {"recall": 0.70, "delay": -12.0, "false": -0.15}),
    (SEASON, {"recall": 0.60, "false": -0.50}),
    (SLOPE, {"recall": 0.45, "off": -16.0}),
    (OVERLAP, {"recall": 0.75}),
)
"""Of the short form: recall at least, days until found, days off and false incidents in 55 quiet days at most
(negative). The recall of 16 falls has a standard error of .08, so its floor is that much below what 80 of them must
reach."""


@dataclass(frozen=True, slots=True)
class Score:
    """Hold what became of one planted fall: how it was found, after how many days, how far off, what held.

    `held` says of an exactly found one whether the truth is in the interval of onset, lost conversions and revenue.
    """

    lost: float
    found: bool
    exact: bool
    delay: int = 0
    off: int = 0
    held: tuple[bool, bool, bool] | None = None
    ratio: float = 0.0
    recovered: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Hold one watched series: its falls, rows that are none of them, seconds, and what two plain rules did.

    `rules` are (found, false alarms) of each rule. `visits` are the rows of more visits and not fewer orders, and how
    many falls are taken for such.
    """

    falls: tuple[Score, ...]
    false: int
    watched_days: int
    seconds: float
    rules: tuple[tuple[int, int], ...] = ()
    visits: tuple[int, int] = (0, 0)


def watched(series: Series, seed: int, rules: bool = False) -> Run:
    """Watch one series and score it; with `rules` those of others too."""
    known = build_days(series, seed)
    started = time.perf_counter()
    report = watch_days(known.daily, interval=INTERVAL)
    seconds = time.perf_counter() - started
    cells = known.world.cells
    fallen = [row for row in report.rows if row.lost is not None]
    visits = [inside_of(cells, row.segment) for row in report.rows if row.lost is None]
    mistaken = sum(any(overlap(known.world, row, fall.inside) >= HIT for row in visits) for fall in known.falls)
    report = replace(report, rows=tuple(fallen))
    rows = [inside_of(cells, row.segment) for row in fallen]
    table = np.array([[overlap(known.world, row, fall.inside) for fall in known.falls] for row in rows])
    table = table.reshape(len(rows), len(known.falls))
    for place, row in enumerate(report.rows):
        for number, fall in enumerate(known.falls):
            table[place, number] *= _in_time(row, fall)
    scores = [_scored(report, table[:, number], fall) for number, fall in enumerate(known.falls)]
    false = int((~(table >= HIT).any(axis=1)).sum()) if len(known.falls) else len(rows)
    others = (total_z(known), week_on_week(known)) if rules else ()
    return Run(tuple(scores), false, known.daily.days - WINDOW, seconds, others, (len(visits), mistaken))


def _in_time(row: SilentLeak, fall: Fall) -> bool:
    """Say whether a row was found while the fall went on, its onset within two weeks of the true one."""
    onset, found = place(row.onset), place(row.found)
    return fall.onset <= found < fall.end + WINDOW and abs(onset - fall.onset) <= WINDOW


def place(day) -> int:
    """Return the place of a day in a series."""
    return (day - FIRST_DAY).days


def _scored(report: Watch, shared: np.ndarray, fall: Fall) -> Score:
    hits = [number for number, share in enumerate(shared) if share >= HIT]
    if not hits:
        return Score(fall.lost, False, False)
    best = max(hits, key=lambda number: shared[number])
    row, exact = report.rows[best], bool(shared[best] >= EXACT)
    delay = min(place(report.rows[number].found) for number in hits) - fall.onset + 1
    held = None
    if exact and row.lost and row.revenue:
        first, last = (place(day) for day in row.began)
        held = (
            first <= fall.onset <= last,
            row.lost.low <= fall.lost <= row.lost.high,
            row.revenue.low <= fall.revenue <= row.revenue.high,
        )
    back = place(row.recovered) - fall.end if row.recovered else None
    return Score(
        fall.lost,
        True,
        exact,
        delay,
        place(row.onset) - fall.onset,
        held,
        row.lost.median / fall.lost if row.lost else 0.0,
        back,
    )


def table_of(runs: Sequence[Run], quiet: Sequence[Run]) -> dict[str, float]:
    """Return the figures of one kind of series."""
    falls = [fall for run in runs for fall in run.falls]
    found = [fall for fall in falls if fall.found]
    exact = [fall for fall in falls if fall.held]
    held = np.array([fall.held for fall in exact]).reshape(-1, 3)
    days = sum(run.watched_days for run in quiet)
    means = held.mean(axis=0) if len(held) else [np.nan] * 3
    backs = [fall.recovered for fall in found if fall.recovered is not None]
    by_run = [sum(fall.found for fall in run.falls) for run in runs]
    return {
        "falls": len(falls),
        "recall": len(found) / max(len(falls), 1),
        "recall_se": float(np.std(by_run, ddof=1) / np.sqrt(len(runs)) / max(len(runs[0].falls), 1)),
        "exact": sum(fall.exact for fall in falls) / max(len(falls), 1),
        "delay": float(np.median([fall.delay for fall in found])) if found else np.nan,
        "delay_90": float(np.quantile([fall.delay for fall in found], 0.9)) if found else np.nan,
        "off": float(np.median([abs(fall.off) for fall in found])) if found else np.nan,
        "off_90": float(np.quantile([abs(fall.off) for fall in found], 0.9)) if found else np.nan,
        "rows": len(exact),
        "onset": float(means[0]), "lost": float(means[1]), "revenue": float(means[2]),
        "ratio": float(np.median([fall.ratio for fall in exact])) if exact else np.nan,
        "beside": sum(run.false for run in runs) / len(runs),
        "false": sum(run.false for run in quiet) * QUIET / days,
        "any_false": sum(run.false > 0 for run in quiet) / len(quiet),
        "recovered": len(backs) / max(len(found), 1),
        "back_off": float(np.median(np.abs(backs))) if backs else np.nan,
        "visits": sum(run.visits[0] for run in (*runs, *quiet)) / len(runs),
        "mistaken": sum(run.visits[1] for run in runs) / max(len(falls), 1),
        "seconds": float(np.mean([run.seconds for run in (*runs, *quiet)])),
    }  # fmt: skip


HEADS = (
    "series", "recall", "exactly", "delay: median, p90", "date off: median, p90", "onset / lost / revenue hold",
    "estimate / truth", "others beside falls", "false in 55 quiet days", "seconds",
)  # fmt: skip


def line(name: str, figures: dict[str, float]) -> str:
    """Return one row of the table."""
    return (
        f"| {name} | {figures['recall']:.2f} ± {figures['recall_se']:.2f} | {figures['exact']:.2f} "
        f"| {figures['delay']:.0f}, {figures['delay_90']:.0f} | {figures['off']:.0f}, {figures['off_90']:.0f} "
        f"| {figures['onset']:.2f} / {figures['lost']:.2f} / {figures['revenue']:.2f} ({figures['rows']}) "
        f"| {figures['ratio']:.2f} | {figures['beside']:.2f} "
        f"| {figures['false']:.2f} ({figures['any_false']:.2f} of series) | {figures['seconds']:.2f} |"
    )


def measured(
    series: Series, seeds: range, rules: bool = False, processes: int = 1
) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    """Watch series with falls, and the same shops without."""
    plain = replace(series, name="", falls=0, ramp=0, lasts=None, shared=None, drop=FALLEN.drop, surge=1.0)
    return runs_of(series, seeds, rules, processes), runs_of(plain, seeds, rules, processes)


@cache
def runs_of(series: Series, seeds: range, rules: bool, processes: int) -> tuple[Run, ...]:
    """Watch shops once; those in which nothing falls are the same for all kinds of falls in them."""
    with ProcessPoolExecutor(processes) as pool:
        return tuple(pool.map(partial(watched, series, rules=rules), seeds))


def by_size(runs: Sequence[Run]) -> str:
    """Return the share found by the conversions lost, as one row."""
    falls = [fall for run in runs for fall in run.falls]
    parts = []
    for low, high in pairwise(LOST):
        inside = [fall.found for fall in falls if low <= fall.lost < high]
        name = f"{low}+" if high == np.inf else f"{low}-{high}"
        parts.append(f"{name}: {np.mean(inside):.2f} ({len(inside)})" if inside else f"{name}: -")
    return ", ".join(parts)


def short(seed: int) -> int:
    """Compare a few series of some kinds with floors; return the exit code."""
    wrong = False
    for series, floors in FLOORS:
        figures = table_of(*measured(series, range(seed, seed + SHORT), processes=os.cpu_count() or 1))
        for name, floor in floors.items():
            sign = -1 if floor < 0 else 1
            asked = f"{'at least' if sign > 0 else 'no more than'} {abs(floor):.2f} is asked"
            print(f"{series.name}, {name}: {figures[name]:.2f}, {asked}", flush=True)
            wrong |= bool(sign * figures[name] < floor)
    return int(wrong)


def main() -> None:
    """Print one line a kind of series, with falls and without, and what was found by size."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--series", type=int, default=40)
    ask.add_argument("--seed", type=int, default=95_000)
    ask.add_argument("--short", action="store_true", help="a few series against floors; fails below them")
    ask.add_argument("--rules", action="store_true", help="the rules of others too")
    ask.add_argument("--only", default="", help="the kinds whose name holds this")
    args = ask.parse_args()
    if args.short:
        sys.exit(short(args.seed))
    print(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}")
    every: list[Run] = []
    said = []
    for series in SERIES:
        if args.only not in series.name:
            continue
        runs, quiet = measured(series, range(args.seed, args.seed + args.series), args.rules)
        figures = table_of(runs, quiet)
        every += runs
        print(line(series.name, figures), flush=True)
        said.append(
            f"{series.name}: recovered {figures['recovered']:.2f}, date off {figures['back_off']:.0f}; "
            f"{figures['visits']:.2f} rows of more visits, {figures['mistaken']:.2f} of the falls taken for such"
        )
        if args.rules:
            said.append(f"{series.name}: {rules_words(runs, quiet)}")
    print("", *said, f"by conversions lost: {by_size(every)}", sep="\n")


def rules_words(runs: Sequence[Run], quiet: Sequence[Run]) -> str:
    """Return what the rules of others found, and their alarms in 55 quiet days."""
    falls, days = sum(len(run.falls) for run in runs), sum(run.watched_days for run in quiet)
    parts = []
    for place, name in enumerate(("total z", "week on week")):
        found, alarms = (sum(run.rules[place][part] for run in held) for part, held in ((0, runs), (1, quiet)))
        parts.append(f"{name} found {found / max(falls, 1):.2f}, {alarms * QUIET / days:.2f} alarms")
    return "; ".join(parts)


if __name__ == "__main__":
    main()
