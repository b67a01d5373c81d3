"""Judgements as results: what no single metric answers, asked like one and computed once a question.

Each function takes `(engine, filters, funnel, cancel)` and returns a `Judged`: flat rows to show and save, and in
`found` the judgement itself.
"""

from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from queries.check import Check
from queries.cube import OTHER
from queries.engine import Cancel, Engine, Result
from queries.filters import Filters
from queries.funnel import Funnel
from queries.leak_list import leak_list
from queries.leak_words import flat_rows
from queries.memory import Memory
from queries.movers import ask_movers, mover_rows
from queries.pivot import ask_pivot
from queries.quality import ask_checks
from queries.watch import ask_watch, broken_days
from queries.watch_report import watch_rows

INGESTED = ("file_count", "added", "replaced", "duplicates", "rejected")
KEPT = 64


@dataclass(frozen=True, slots=True)
class Judged(Result):
    """Hold a result together with the judgement that its rows were taken from."""

    found: Any = None


def found_of(result: Result) -> Any:
    """Return the judgement of a result; None when it holds none, as for days that are not compared."""
    return result.found if isinstance(result, Judged) else None


MEMORY = Memory(KEPT)


def key_of(name: str, engine: Engine, *parts: Hashable) -> tuple[Hashable, ...]:
    """Return under what a judgement of a store's version is kept."""
    return name, str(engine.store.path), engine.snapshot.version, *parts


def judged_leaks(engine: Engine, filters: Filters, funnel: Funnel, cancel: Cancel | None = None) -> Judged:
    """Return the leak list; `found` is a `LeakReport`, its rows are those of leaks, gaps and strong segments."""

    def compute() -> Judged:
        version = engine.snapshot.version
        report = leak_list(engine, filters, funnel=funnel, cancel=cancel)
        return Judged("leaks", flat_rows(report), "", {}, version, filters, report)

    return MEMORY.get(key_of("leaks", engine, filters, funnel), compute)


def judged_movers(
    engine: Engine, filters: Filters, compared: Filters, funnel: Funnel, cancel: Cancel | None = None
) -> Judged:
    """Return what moved from the compared period to the shown one; `found` is a `Movers`, its rows are those."""

    def compute() -> Judged:
        report = ask_movers(engine, compared, filters, funnel=funnel, cancel=cancel)
        return Judged("movers", mover_rows(report), "", {}, engine.snapshot.version, filters, report)

    return MEMORY.get(key_of("movers", engine, filters, compared, funnel), compute)


def judged_watch(engine: Engine, filters: Filters, funnel: Funnel, cancel: Cancel | None = None) -> Judged:
    """Return the silent leaks up to the last shown day, whatever the first; `found` is a `Watch`, its rows are those.

    All days of the store up to then are watched, but those that data checks call broken.
    """
    last = max((row["session_date"] for row in engine.run("trend", cancel=cancel).rows), default=None)
    reaches = filters.date_to is None or last is None or filters.date_to >= last
    watched = filters.on_days(None, None if reaches else filters.date_to)

    def compute() -> Judged:
        checks: list[Check] = MEMORY.get(key_of("checks", engine), lambda: ask_checks(engine, cancel))
        report = ask_watch(engine, watched, funnel=funnel, left_out=broken_days(checks), cancel=cancel)
        return Judged("silent_leaks", watch_rows(report), "", {}, engine.snapshot.version, watched, report)

    return MEMORY.get(key_of("silent_leaks", engine, watched, funnel), compute)


def narrowed(filters: Filters, segment: Mapping[str, str]) -> Filters | None:
    """Return the filters of one segment within those given; None where it holds rare values put together."""
    if OTHER in segment.values():
        return None
    wanted = {**dict(filters.include), **{name: (value,) for name, value in segment.items()}}
    return replace(filters, include=Filters.of(include=wanted).include)


def judged_checks(engine: Engine, filters: Filters, funnel: Funnel, cancel: Cancel | None = None) -> Judged:
    """Return the data checks of the whole store that touch the shown days; `found` is a list of `Check`."""

    def compute() -> list[Check]:
        return ask_checks(engine, cancel)

    every: list[Check] = MEMORY.get(key_of("checks", engine), compute)
    found = [check for check in every if check.touches(filters)]
    rows = [
        {**asdict(check), "also": ", ".join(f"{dimension} {value}" for dimension, value, _ in check.also)}
        for check in found
    ]
    return Judged("checks", rows, "", {}, engine.snapshot.version, filters, found)


def judged_ingests(engine: Engine, filters: Filters, funnel: Funnel, cancel: Cancel | None = None) -> Judged:
    """Return what each commit of the store did, newest first; `found` are the kept rejected rows (`Rejected`)."""

    def compute() -> Judged:
        rows = [
            {
                "version": commit.version,
                "at": commit.at,
                "operation": commit.operation,
                "files": list(commit.summary.get("files", ())),
                **{name: int(commit.summary.get(name, 0)) for name in INGESTED},
            }
            for commit in engine.store.history()
        ]
        version = engine.snapshot.version
        return Judged("ingests", rows, "", {}, version, filters, engine.store.rejected())

    return MEMORY.get(key_of("ingests", engine), compute)


def judged_pivot(
    engine: Engine,
    filters: Filters,
    funnel: Funnel,
    cancel: Cancel | None = None,
    *,
    dimensions: tuple[str, ...] = (),
    shows: bool = False,
) -> Judged:
    """Return the sessions by some dimensions and the step they reached; `found` are groups by their values.

    `shows` leaves out the filters on those dimensions, for a chart that shows them.
    """
    for dimension in dimensions if shows else ():
        filters = filters.without(dimension)

    def compute() -> Judged:
        groups, result = ask_pivot(engine, dimensions, filters, funnel, cancel)
        return Judged(result.metric, result.rows, result.sql, result.parameters, result.store_version, filters, groups)

    return MEMORY.get(key_of("pivot", engine, dimensions, filters, funnel), compute)
