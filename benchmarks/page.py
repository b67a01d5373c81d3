"""Measure an uncached change of filters: all questions of five charts and the lists beside them, on random filters.

    uv run python benchmarks/page.py --store my-store

Each change is asked three ways: of the store's files, of the rollups, and of the rollups two questions at a time. They
are compared with the plainest question in the same run: a count by device over the same files. Filters are drawn from
the sessions themselves: one to three dimensions of all, the commoner a value the likelier, half of them with dates.
"""

import argparse
import random
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from queries.cube import ask_cells
from queries.engine import Call, Engine
from queries.filters import Filters
from queries.store import Store
from queries.vocabulary import STORED_DIMENSIONS

CHARTS = (
    ("overview", None, None),
    ("trend", None, None),
    ("funnel", None, None),
    ("funnel", "device_category", "device_category"),
    ("revenue_lost", None, None),
    ("countries", None, "country"),
    ("durations", "device_category", "device_category"),
    ("converted_vs_engaged", None, None),
    ("sources_by_device", None, "source"),
    ("sources_by_day", None, "source"),
)
LISTS = ("device_category", "country", "source", "channel_group", "visitor_type")
"""What is shown beside the charts: the values of these dimensions with their sessions."""

KINDS = ("files", "rollups", "rollups, two at a time")


def main() -> None:
    """Run the benchmark over a store and print a table."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--store", type=Path, required=True)
    ask.add_argument("--changes", type=int, default=20)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--dimensions", type=int, default=3, help="the most dimensions that a filter is drawn on")
    wanted = ask.parse_args()
    show(page_times(Store(wanted.store), wanted.changes, wanted.seed, wanted.dimensions))


def page_times(store: Store, changes: int, seed: int = 1, most: int = 3) -> dict:
    """Return milliseconds per change (median, 90 %), their ratio to a plain count, and how the rollups are made."""
    files, rollups = Engine(store), Engine(store)
    begun, worked = time.perf_counter(), time.process_time()
    rollups.keep_rollups(wait=True)
    figures: dict = {
        "rollups_s": time.perf_counter() - begun,
        "rollups_processor_s": time.process_time() - worked,
        "rollups_bytes": rollups.rollups.bytes,
        "store_bytes": sum(Path(file).stat().st_size for file in files.snapshot.files),
    }
    filters = random_filters(files, changes + 1, seed, most)
    counted = list(files.snapshot.files)
    floor = statistics.median(timed(lambda: plain_count(counted))[0] for _ in range(5)) * 1000
    figures["plain_count_ms"] = floor
    engines = (files, rollups, Engine(store))
    taken: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    read: dict[str, int] = {}
    for one in filters:
        calls, first = calls_of(one), calls_of(emptied(one))
        for engine in engines:
            engine.run_many(first)
        asks = (
            lambda asked=calls: [call.ask(files) for call in asked],
            lambda asked=calls: answer(rollups, asked, read),
            lambda asked=calls: engines[2].run_many(asked),
        )
        for kind, work in zip(KINDS, asks, strict=True):
            taken[kind].append(timed(work))
    figures["changes"] = {kind: summary(times[1:], floor) for kind, times in taken.items()}
    figures["questions_read"] = read
    figures["cube_ms"] = {
        "files": min(timed(lambda: ask_cells(files)) for _ in range(2))[0] * 1000,
        "rollups": min(timed(lambda: ask_cells(rollups)) for _ in range(2))[0] * 1000,
    }
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures


def calls_of(filters: Filters) -> list[Call]:
    """Return the questions of a page; a chart does not follow the filter on what it shows."""
    charts = [
        Call(metric, filters.without(shows) if shows else filters, by if by else None) for metric, by, shows in CHARTS
    ]
    return charts + [Call("segments", filters.without(name), name) for name in LISTS]


def answer(engine: Engine, calls: Sequence[Call], read: dict[str, int]) -> None:
    """Ask one question after another, and count what they read."""
    for call in calls:
        kind = call.ask(engine).read.split()[0]
        read[kind] = read.get(kind, 0) + 1


def emptied(filters: Filters) -> Filters:
    """Return filters of the same shape that no session passes: what is composed once a shape is not measured."""
    return replace(filters, include=tuple((name, ("no such value",)) for name, _ in filters.include))


def random_filters(engine: Engine, number: int, seed: int, most: int) -> list[Filters]:
    """Return filters on one to `most` dimensions, values drawn by their sessions; every other one has dates."""
    chance = random.Random(seed)  # noqa: S311 - drawing what to measure
    values = {name: engine.run("segments", by=name).rows for name in STORED_DIMENSIONS}
    days = [row["session_date"] for row in engine.run("trend").rows]
    drawn = []
    for place in range(number):
        include = {}
        for name in chance.sample(STORED_DIMENSIONS, 1 + place % most):
            rows = values[name]
            [value] = chance.choices(rows, [row["sessions"] for row in rows])
            include[name] = [value["segment"]]
        first, last = sorted(chance.sample(days, 2)) if place % 2 and len(days) > 1 else (None, None)
        drawn.append(replace(Filters.of(include=include), date_from=first, date_to=last))
    return drawn


def summary(times: Sequence[tuple[float, float]], floor: float) -> dict[str, float]:
    """Return the median and the 90 % point of the time, the median of the processor's, and the ratio to the floor."""
    waited, worked = (sorted(column) for column in zip(*times, strict=True))
    median = statistics.median(waited) * 1000
    return {
        "ms": median,
        "p90_ms": waited[int(len(waited) * 0.9)] * 1000,
        "processor_ms": statistics.median(worked) * 1000,
        "against_floor": median / floor,
    }


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that `work` takes, and the processor's seconds of this process meanwhile."""
    begun, worked = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun, time.process_time() - worked


def plain_count(files: list[str]) -> None:
    """Ask DuckDB itself for a count by device."""
    duckdb.execute("select device_category, count(*) from read_parquet(?) group by 1", [files]).fetchall()


def show(figures: dict) -> None:
    """Print the figures as tables."""
    console = Console()
    table = Table(
        "an uncached change",
        "median ms",
        "90 % ms",
        "processor ms",
        "against plain count",
        header_style="bold",
        box=None,
    )
    for kind, taken in figures["changes"].items():
        table.add_row(
            kind,
            f"{taken['ms']:,.0f}",
            f"{taken['p90_ms']:,.0f}",
            f"{taken['processor_ms']:,.0f}",
            f"{taken['against_floor']:.1f}",
        )
    console.print(table)
    reads = ", ".join(f"{count} {kind}" for kind, count in sorted(figures["questions_read"].items()))
    console.print(f"With rollups the questions read: {reads}", highlight=False)
    cube = figures["cube_ms"]
    console.print(
        f"Cell table of the leaks: {cube['files']:,.0f} ms from files, {cube['rollups']:,.0f} ms from rollups"
    )
    size, store = figures["rollups_bytes"] / 1e6, figures["store_bytes"] / 1e6
    console.print(
        f"Rollups: {figures['rollups_s']:.1f} s ({figures['rollups_processor_s']:.1f} s of processor time), "
        f"{size:,.1f} MB beside {store:,.1f} MB of store; peak memory {figures['peak_mb']:,.0f} MB",
        highlight=False,
    )


if __name__ == "__main__":
    main()
