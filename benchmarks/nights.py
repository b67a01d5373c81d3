"""Replay the nights of a shop, ingest by ingest: what the register says must not change without a logged reason.

Shops have combinations that leak, falls of which some recover, and days on which orders are not counted. Every night
the register is made of the days so far by the functions that the page calls; what was told and the frozen null are
carried from night to night, as beside a store. `--store` ingests the same days one by one into a real store and asks
the command line: it must say the same, night by night.

    uv run python -m benchmarks.nights --shops 6 --nights 60
    uv run python -m benchmarks.nights --store --shops 3 --nights 60
    uv run python -m benchmarks.nights --short        # with a floor, for CI
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.days import FIRST_DAY, Known, Series, build_days
from benchmarks.worlds import REAL, Recipe
from queries.cells import OTHER, Cells
from queries.check import Check
from queries.cube import SMALLEST_SHARE, TOP_VALUES
from queries.cube_statements import ORDER_SAMPLE
from queries.daily_cells import DailyCells
from queries.filters import Filters
from queries.findings.book import Book
from queries.findings.causes import Ground
from queries.findings.finding import Register
from queries.findings.register import SHORTEST, Results, merged
from queries.findings.remembered import remembered
from queries.frozen_null import frozen_null
from queries.leak_list import searched_dimensions
from queries.leaks import find_leaks
from queries.movers import find_movers
from queries.vocabulary import NOT_SET
from queries.watch import broken_days, watch_days
from queries.watch_scan import WINDOW

SIZES = (3, 8, 6, 4, 2, 6)
FIRST_NIGHT = 2 * SHORTEST
"""A store of fewer days has no finding."""
A_DAY, DAYS, BREAK = 1_500, 130, 2
SHORT = 1, 20
"""Shops and nights of the short form."""

Tables = Callable[[int, int], Sequence[DailyCells]]
"""The large table of the days from one to before another, then smaller ones of the same sessions."""
Write = Callable[[int, int, Path], None]
"""Writes the sessions of the days from one to before another."""


@dataclass(frozen=True, slots=True)
class Night:
    """Hold what one night says: the register, all that was found, told or not, and what each engine said."""

    told: Register
    found: Register
    results: Results


@dataclass(slots=True)
class Replay:
    """Hold the nights of a shop: changes by kind, those without a line in the log, and what went back and forth."""

    nights: int = 0
    findings: set[str] = field(default_factory=set)
    changes: Counter = field(default_factory=Counter)
    unlogged: list[str] = field(default_factory=list)
    flickers: Counter = field(default_factory=Counter)


def shop(series: Series, seed: int) -> Known:
    """Draw a shop, its values named as an ingest leaves them."""
    known = build_days(series, seed)
    cells = known.daily.cells
    labels = tuple(tuple(REAL.get(name, names))[: len(names)]
                   for name, names in zip(cells.dimensions, cells.labels, strict=True))  # fmt: skip
    return replace(known, daily=replace(known.daily, cells=replace(cells, labels=labels)))


def restless_series(seed: int) -> Series:
    """Describe a shop with two combinations and three falls; in every other one these end after three to six weeks."""
    return Series("", Recipe("", 100_000, leaks=2, sizes=SIZES), a_day=A_DAY, days=DAYS, falls=3, shares=(0.05, 0.3),
                  drop=(0.4, 0.7), lasts=(21, 42) if seed % 2 else None)  # fmt: skip


def until(known: Known, days: int) -> Known:
    """Return a shop of the first days only."""
    return replace(known, daily=replace(known.daily, days=days))


def break_of(known: Known, days: int, begins: int | None) -> tuple[Check, ...]:
    """Return what data checks say so far of two days without orders from a day on."""
    if begins is None or days <= begins:
        return ()
    first, last = (known.daily.date(day) for day in (begins, min(begins + BREAK, days) - 1))
    return (Check("no orders", "probable tracking break", first, last),)


def days_so_far(known: Known, first: int, before: int) -> DailyCells:
    """Return some days as a store would be asked for them: the dimensions of the search, rare values together."""
    daily, cells = known.daily, known.daily.cells
    rows = (daily.day >= first) & (daily.day < before)
    cell, sessions = daily.cell[rows], daily.sessions[rows]
    labels, columns = [], []
    for name in searched_dimensions(Filters()):
        if name not in cells.dimensions:
            labels.append([OTHER, NOT_SET])
            columns.append(np.ones(len(cell), dtype=np.intp))
            continue
        place = cells.dimensions.index(name)
        codes = cells.codes[cell, place]
        held = np.bincount(codes, sessions, minlength=len(cells.labels[place]))
        order = sorted(np.nonzero(held >= max(SMALLEST_SHARE * held.sum(), 1))[0],
                       key=lambda code: (-held[code], cells.labels[place][code]))  # fmt: skip
        order = [code for code in order if cells.labels[place][code] != OTHER][:TOP_VALUES]
        lookup = np.zeros(len(held), dtype=np.intp)
        lookup[order] = np.arange(1, len(order) + 1)
        labels.append([OTHER, *(cells.labels[place][code] for code in order)])
        columns.append(lookup[codes])
    keys = np.ravel_multi_index(tuple(columns), tuple(len(names) for names in labels))
    unique, places = np.unique(keys, return_inverse=True)
    codes = np.column_stack(np.unravel_index(unique, tuple(len(names) for names in labels)))
    bought = daily.conversions[rows]
    sums = [np.bincount(places, column, minlength=len(unique)) for column in (sessions, bought)]
    mean = float(cells.orders.mean()) if len(cells.orders) else 0.0
    orders = np.full(min(int(bought.sum()), ORDER_SAMPLE), mean)  # as exported: draws of prices hang on how many
    asked = Cells.of_codes(searched_dimensions(Filters()), labels, codes, sums[0], sums[1], sums[1] * mean, orders)
    date = FIRST_DAY if first == 0 else daily.date(first)
    return DailyCells.of(asked, date, before - first, places, daily.day[rows] - first, sessions, bought)


def night(tables: Tables, days: int, folder: Path, version: int, checks: Sequence[Check] = ()) -> Night:
    """Search so many days; the folder carries what was told and the null to the next night."""
    daily, *beside = tables(0, days)
    broken = broken_days(checks)
    null = partial(frozen_null, folder, "year", version)
    watch = watch_days(daily, beside, null=null, left_out=broken)
    leaks = find_leaks(daily.cells, [each.cells for each in beside], days=len(np.unique(daily.day)))
    movers, length = None, min(WINDOW, days // 2)
    if not watch.enough_days:
        before, after = (tables(days - part * length, days - (part - 1) * length)[0].cells for part in (2, 1))
        movers = find_movers(before, after, days=length)
    results = Results(watch, leaks, movers, daily.date(days - length), checks)
    ground = Ground(daily.without(broken), [each.without(broken) for each in beside]) if watch.conversions else None
    found = merged(results, ground, version)
    return Night(remembered(found, Book(folder)), found, results)


def nights_of(known: Known, first: int, folder: Path, broken: int | None = None) -> Iterator[Night]:
    """Search night by night, from so many days to all of them."""

    def tables(begin: int, before: int) -> list[DailyCells]:
        return [days_so_far(known, begin, before)]

    for version, days in enumerate(range(first, known.daily.days + 1)):
        yield night(tables, days, folder, version, break_of(known, days, broken))


def replayed(known: Known, first: int, broken: int | None = None) -> Replay:
    """Compare the register of each night with that of the night before, and with the lines of the log."""
    seen = Replay()
    before: Register | None = None
    past: dict[tuple[str, str], list[Any]] = {}
    lines: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        for register in (each.told for each in nights_of(known, first, Path(folder), broken)):
            seen.nights += 1
            entries = Book(Path(folder)).read()
            seen.findings |= {one.id for one in register.findings}
            for what, id, was, now in changes(before, register) if before else ():
                seen.changes[what] += 1
                if len(entries[id].log) <= lines.get(id, 0):
                    seen.unlogged.append(f"{register.last} {id} {what}: {was} -> {now}")
                values = past.setdefault((id, what), [was])
                seen.flickers[what] += now in values and now is not False
                values.append(now)
            before, lines = register, {id: len(entry.log) for id, entry in entries.items()}
    return seen


def changes(before: Register, now: Register) -> Iterator[tuple[str, str, Any, Any]]:
    """Return what differs from one night to the next: (what, id, was, is)."""
    for id in {one.id for one in (*before.findings, *now.findings)}:
        old, new = before.named(id), now.named(id)
        if old is None or new is None:
            yield "presence", id, old is not None, new is not None
            continue
        for what in ("name", "onset", "segment", "kind", "state"):
            if getattr(old, what) != getattr(new, what):
                yield what, id, getattr(old, what), getattr(new, what)


def by_command_line(write: Write, first: int, last: int, folder: Path) -> Iterator[dict[str, Any]]:
    """Ingest the days one by one into a store, and return the register of each night as the command line prints it."""
    store, program = folder / "store", [sys.executable, "-m", "silent_leak"]
    for days in range(first, last + 1):
        export = folder / f"{days}.csv"
        write(0 if days == first else days - 1, days, export)
        subprocess.run([*program, "ingest", export, "--store", store], check=True, capture_output=True)  # noqa: S603 (our own)
        export.unlink()
        asked = [*program, "findings", "--store", store, "--format", "json"]
        yield json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)  # noqa: S603 (our own)


def write_export(known: Known, first: int, before: int, path: Path) -> None:
    """Write the sessions of some days, one a line, in the words of the vocabulary."""
    daily, cells = known.daily, known.daily.cells
    worth = f"{cells.orders.mean():.6f}"
    rows = np.nonzero((daily.day >= first) & (daily.day < before))[0]
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(("session_id", "session_date", *cells.dimensions, "pageviews", "transactions", "revenue"))
        for row in rows:
            codes = cells.codes[daily.cell[row]]
            named = [names[code] for names, code in zip(cells.labels, codes, strict=True)]
            for number in range(round(daily.sessions[row])):
                bought = number < daily.conversions[row]
                out.writerow((f"{row}-{number}", daily.date(daily.day[row]), *named, 9 if bought else 1 + number % 3,
                              int(bought), worth if bought else 0))  # fmt: skip


def told(register: Mapping[str, Any]) -> dict[str, Any]:
    """Return what must be equal by both ways: counts of the search, and of each finding id, name and day."""
    kept = {name: register[name] for name in ("days", "sessions", "orders", "watched", "searched", "too_small")}
    names = ("id", "kind", "name", "segment", "onset", "state", "certainty")
    return {**kept, "findings": {one["id"]: {name: one[name] for name in names} for one in register["findings"]}}


def compared(ours: Iterable[Register], printed: Iterable[Mapping[str, Any]]) -> tuple[int, int, list[str]]:
    """Hold the registers of the same nights against what was printed: nights, findings on all of them, what differs."""
    differ, findings, nights = [], 0, 0
    for register, other in zip(ours, printed, strict=True):
        here = told(json.loads(json.dumps(register.as_json(), default=str)))
        nights, findings = nights + 1, findings + len(here["findings"])
        if here != (there := told(other)):
            differ.append(f"{register.last}: {here} but {there}")
    return nights, findings, differ


def both_ways(seed: int, first: int, nights: int) -> tuple[int, int, list[str]]:
    """Ask the functions and the command line on the same nights of a restless shop."""
    last = first + nights - 1
    known = until(shop(restless_series(seed), seed), last)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        ours = (each.told for each in nights_of(known, first, Path(one)))
        return compared(ours, by_command_line(partial(write_export, known), first, last, Path(other)))


def main() -> None:
    """Print what changed in the nights of each shop; in the short form fail where a change has no reason."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--shops", type=int, default=6)
    ask.add_argument("--nights", type=int, default=60)
    ask.add_argument("--seed", type=int, default=600_000)
    ask.add_argument("--first", type=int, default=70, help="days in the store on the first night")
    ask.add_argument("--store", action="store_true", help="ask real stores by the command line on the same nights")
    ask.add_argument("--short", action="store_true", help="one shop; fails where a change has no reason")
    wanted = ask.parse_args()
    shops, nights = SHORT if wanted.short else (wanted.shops, wanted.nights)
    wrong = 0
    for seed in range(wanted.seed, wanted.seed + shops):
        if wanted.store:
            asked, findings, differ = both_ways(seed, wanted.first, nights)
            print(f"shop {seed}: {asked} nights, {findings} findings told, {len(differ)} nights differ", *differ[:2],
                  sep="\n  ", flush=True)  # fmt: skip
            wrong += len(differ)
            continue
        known = until(shop(restless_series(seed), seed), wanted.first + nights - 1)
        seen = replayed(known, wanted.first, known.daily.days - nights // 3)
        print(f"shop {seed}: {seen.nights} nights, {len(seen.findings)} findings, changes {dict(seen.changes)}, "
              f"without a reason {len(seen.unlogged)}, back to what it was {dict(seen.flickers)}", *seen.unlogged,
              sep="\n  ", flush=True)  # fmt: skip
        wrong += len(seen.unlogged)
    if wrong and (wanted.short or wanted.store):
        sys.exit(f"{wrong} are not as they should be")


if __name__ == "__main__":
    main()
