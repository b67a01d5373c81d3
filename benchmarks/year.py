"""Measure the promise of a year: how many quiet shops are told a false finding on any of 365 nights, and the recall.

Each shop is one of `benchmarks/nested.py` with 150 to 400 sessions a day, in which nothing leaks and nothing falls.
Every night the register is made of the days so far by the functions that the page calls, campaigns, regions and page
folders included; what was told and the frozen null are carried from night to night, as beside a store
(benchmarks/nights.py, which holds them against real stores).

    uv run python -m benchmarks.year --shops 60 --nights 365 --processes 2
    uv run python -m benchmarks.year --store --shops 3 --nights 365    # by the command line too, equal night by night
    uv run python -m benchmarks.year --recall 40      # falls of 40 to 70 %, found at that error and at one look's
    uv run python -m benchmarks.year --short          # with a floor, for CI
"""

import argparse
import csv
import datetime as dt
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from scipy.stats import beta

from benchmarks.days import FIRST_DAY, Mask, Series, build_days, inside_of
from benchmarks.nested import Shop, shop_of, tables_of
from benchmarks.nights import FIRST_NIGHT, SIZES, Tables, by_command_line, compared, night
from benchmarks.scores import overlap
from benchmarks.worlds import Recipe, members
from queries.cube import BESIDE, CELL_DIMENSIONS, TOP_BESIDE, TOP_VALUES
from queries.daily_cells import DailyCells
from queries.findings.made import false_shares
from queries.findings.promise import FALSE_A_YEAR, SHARES, combination_in_a_year, words
from queries.leaks import find_leaks
from queries.watch import watch_days

A_DAY = 150, 400
LINES = 0.1, 0.3, 0.5
RECALLED = Series(
    "", Recipe("", 100_000, leaks=2, sizes=SIZES), a_day=2_000, days=150, shares=(0.03, 0.3), drop=(0.4, 0.7)
)
HIT, APART = 0.5, 14
SHORT_SHOPS, SHORT_NIGHTS = 2, 40


@dataclass(slots=True)
class Year:
    """Hold what a shop was told in its nights: open findings by kind, each once; `looks` by each night's own 10 %.

    `least` is by kind the least chance of a year that any night named.
    """

    nights: int = 0
    told: Counter = field(default_factory=Counter)
    looks: Counter = field(default_factory=Counter)
    least: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Cause:
    """Hold a planted cause and the chance of its clearest row: in one look, in a year."""

    kind: str
    look: float = 1.0
    year: float = 1.0


def quiet_shop(seed: int, nights: int) -> Shop:
    """Draw a shop in which nothing leaks, of the sessions a day that its seed gives."""
    a_day, days = int(np.random.default_rng([seed, 365]).integers(*A_DAY)), FIRST_NIGHT + nights
    return shop_of(seed, a_day * days, causes=False, days=days)


def tables_in(known: Shop) -> Tables:
    """Return what gives the tables of some days of a shop, as a store is asked for them."""

    def tables(first: int, before: int) -> list[DailyCells]:
        large = tables_of(known, CELL_DIMENSIONS, TOP_VALUES, first, before)[1]
        return [large, *(tables_of(known, names, TOP_BESIDE, first, before)[1] for names in BESIDE)]

    return tables


def quiet_year(seed: int, nights: int) -> Year:
    """Count what a quiet shop is told in its nights."""
    year, tables, told = Year(), tables_in(quiet_shop(seed, nights)), set()
    looks: set[tuple] = set()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, nights + 1):
            each = night(tables, FIRST_NIGHT + number, Path(folder), number)
            results = each.results
            year.nights += 1
            told |= {(one.id, one.kind) for one in each.told.open}
            for one in each.found.findings:
                year.least[one.kind] = min(one.chance, year.least.get(one.kind, 1.0))
            looks |= {("fell", row.onset, *row.segment.items()) for row in results.watch.rows if row.verdict == "fell"}
            looks |= {("combination", *leak.segment.items()) for leak in results.leaks.leaks}
            moved = results.movers.rows if results.movers else ()
            looks |= {("moved", *mover.segment.items()) for mover in moved if mover.fell}
    year.told.update(kind for _, kind in told)
    year.looks.update(kind for kind, *_ in looks)
    year.seconds = (time.perf_counter() - started) / max(year.nights, 1)
    return year


def write_days(known: Shop, first: int, before: int, path: Path) -> None:
    """Write the sessions of some days as an export; their page folder follows from the landing page."""
    rows = range(*np.searchsorted(known.day, [first, before]))
    names = [name for name in known.codes if name != "page_folder"]
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(("session_id", "session_date", *names, "pageviews", "transactions", "revenue"))
        for row in rows:
            values = (known.names[name][known.codes[name][row]] for name in names)
            bought = bool(known.ordered[row])
            date = FIRST_DAY + dt.timedelta(days=int(known.day[row]))
            out.writerow((row, date, *values, 9 if bought else 1 + row % 3, int(bought), 40 * bought))


def both_ways(seed: int, nights: int) -> tuple[int, int, list[str]]:
    """Ask the functions and the command line on the same nights of a quiet shop: nights, findings, what differs."""
    known, first, last = quiet_shop(seed, nights), FIRST_NIGHT + 1, FIRST_NIGHT + nights
    tables = tables_in(known)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        ours = (night(tables, days, Path(one), days).told for days in range(first, last + 1))
        return compared(ours, by_command_line(partial(write_days, known), first, last, Path(other)))


def bound(false: int, shops: int) -> float:
    """Return the upper end of the one-sided 95 % interval of a share (Clopper, Pearson 1934)."""
    return float(beta.ppf(0.95, false + 1, shops - false)) if false < shops else 1.0


def say(years: list[Year]) -> str:
    """Return what the shops so far were told."""
    shops, false = len(years), sum(bool(year.told) for year in years)
    kinds: Counter[str] = sum((year.told for year in years), Counter())
    looks = sum(bool(year.looks) for year in years)
    least = {
        kind: " / ".join(f"{sum(year.least.get(kind, 1.0) < line for year in years) / shops:.2f}" for line in LINES)
        for kind in ("fell", "combination", "moved")
    }
    return (
        f"{shops} quiet shops, {sum(year.nights for year in years):,} nights: {false} were told a false finding "
        f"({false / shops:.2f}, at most {bound(false, shops):.2f}); {dict(kinds) or 'none'} in all. "
        f"Each night's own 10 %: {looks} shops ({looks / shops:.2f}). "
        f"Least chance of a year below .1 / .3 / .5 by kind: {least}. "
        f"{np.mean([year.seconds for year in years]):.2f} s a night."
    )


def quiet(seed: int, shops: int, nights: int, processes: int) -> list[Year]:
    """Run quiet shops, and say after each what is counted so far."""
    years: list[Year] = []
    with ProcessPoolExecutor(processes) as pool:
        for year in pool.map(partial(quiet_year, nights=nights), range(seed, seed + shops)):
            years.append(year)
            print(say(years), flush=True)
    return years


def causes_of(seed: int) -> list[Cause]:
    """Plant two falls and two combinations in a shop, and say how clear each shows on the last night."""
    known = build_days(RECALLED, seed)
    world, cells = known.world, known.world.cells
    watch, leaks = watch_days(known.daily), find_leaks(known.daily.cells, days=known.daily.days)
    shares = false_shares([leak.p for leak in leaks.leaks], leaks.searched)
    days = known.daily.days
    falls = [(row.onset, inside_of(cells, row.segment), watch.chance_of(row.score), watch.chance_in_a_year(row))
             for row in watch.rows if row.lost is not None]  # fmt: skip
    pairs = [(None, inside_of(cells, leak.segment), share, combination_in_a_year(share, leak.p, days))
             for leak, share in zip(leaks.leaks, shares, strict=True)]  # fmt: skip
    planted: list[tuple[str, Mask, list, int | None]]
    planted = [("fell", fall.inside, falls, fall.onset) for fall in known.falls]
    planted += [("combination", members(cells.codes, leak.segment), pairs, None)
                for leak in world.leaks]  # fmt: skip
    causes = []
    for kind, inside, rows, onset in planted:
        hits = [each[2:] for each in rows if overlap(world, each[1], inside) >= HIT
                and (onset is None or abs((each[0] - FIRST_DAY).days - onset) <= APART)]  # fmt: skip
        look, year = (min((hit[place] for hit in hits), default=1.0) for place in (0, 1))
        causes.append(Cause(kind, look, year))
    return causes


def recall(seed: int, shops: int) -> None:
    """Say what is found of falls of 40 to 70 % and of combinations: by one look, and by the promise of a year."""
    causes = [cause for number in range(seed, seed + shops) for cause in causes_of(number)]
    for kind in ("fell", "combination"):
        held = [cause for cause in causes if cause.kind == kind]
        print(f"{kind}: {len(held)} planted, by one look {np.mean([each.look < FALSE_A_YEAR for each in held]):.2f}")
        for share in (0.01, 0.03, 0.06, 0.1):
            found = [each.year < share for each in held]
            error = np.std(found) / np.sqrt(len(found))
            own = " (its share)" if share == dict(SHARES)[kind] else ""
            print(f"  by {share:.2f} of a year: {np.mean(found):.2f} ± {error:.2f}{own}")


def main() -> None:
    """Print what was counted; in the short form fail above the promise."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--shops", type=int, default=60)
    ask.add_argument("--nights", type=int, default=365)
    ask.add_argument("--seed", type=int, default=500_000)
    ask.add_argument("--processes", type=int, default=2)
    ask.add_argument("--recall", type=int, default=0, help="so many shops with falls instead", metavar="SHOPS")
    ask.add_argument("--store", action="store_true", help="ask real stores by the command line on the same nights")
    ask.add_argument("--short", action="store_true", help="few shops and nights; fails where one is told anything")
    wanted = ask.parse_args()
    print(words(), f"{FALSE_A_YEAR:.2f} is promised.")
    if wanted.recall:
        recall(wanted.seed, wanted.recall)
        return
    if wanted.store:
        wrong = 0
        for seed in range(wanted.seed, wanted.seed + wanted.shops):
            asked, told, differ = both_ways(seed, wanted.nights)
            print(f"shop {seed}: {asked} nights, {told} findings told, {len(differ)} nights differ", *differ[:2],
                  sep="\n  ", flush=True)  # fmt: skip
            wrong += len(differ)
        if wrong:
            sys.exit(f"{wrong} nights differ")
        return
    if wanted.short:
        if any(year.told for year in quiet(wanted.seed, SHORT_SHOPS, SHORT_NIGHTS, wanted.processes)):
            sys.exit("a quiet shop was told a finding")
        return
    quiet(wanted.seed, wanted.shops, wanted.nights, wanted.processes)


if __name__ == "__main__":
    main()
