"""Choose what a question reads: the smallest rollup that answers it, else its sessions in the narrow copy, else files.

The answers are the same whichever is read. Without a rollup file (not built yet, deleted, unreadable) it is the files.
"""

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from queries.compose import (
    MOST_VISITORS,
    OF_ONE_SESSION,
    VISITOR,
    VISITOR_NUMBER,
    Question,
    Reads,
    Shape,
    columns_of,
    compose,
    kept,
    over_table,
    over_totals,
)
from queries.filters import Filters
from queries.funnel import Funnel
from queries.metrics import Metric
from queries.rollup import (
    CLASSES,
    COMMON,
    COPIED,
    COPY,
    DAY,
    ENGAGED,
    FLAGS,
    ORDERS,
    ROLLUPS,
    Rollup,
    covering,
    file_of,
    filtered,
    needed,
)
from queries.rollup_build import rows_of
from queries.store import Snapshot

OF_COPY = frozenset({*COPIED, *OF_ONE_SESSION, VISITOR, "sessions", "conversions", "segment", "step"})
OF_ORDERS = (*COPIED, "session_id")
OF_SUBSETS = (DAY, *COMMON, "browser", "landing_page", *CLASSES, *FLAGS, "transactions", "revenue", VISITOR_NUMBER)
"""What is kept of the sessions of a filter, with the columns that it looks at: to copy all takes twice as long."""

WORTH_A_SUBSET = 3_000_000
"""In a copy of fewer sessions, finding those that pass a filter costs too little to keep them."""

SUBSET_ROWS, ALL_SUBSETS_ROWS = 2_500_000, 5_000_000
"""The most sessions that are kept for one filter, and for all the latest filters together."""

MOST_BITS = 2**30
"""The most bits that distinct visitors may take: one a returning visitor and segment."""


@dataclass(frozen=True, slots=True)
class Route:
    """Name what is read, the table or files to bind, and the filters still to be applied."""

    reads: Reads
    bound: Mapping[str, Any]
    filters: Filters
    name: str = "files"


@dataclass(slots=True)
class _Subset:
    name: str
    rows: int = 0
    making: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class Attached:
    """Hold what is known of a rollup file that the engine has attached."""

    version: int
    path: Path
    database: str
    rows: Mapping[str, int]
    rollups: Mapping[Rollup, int]
    counts: Mapping[str, Mapping[str, int]]
    most_visitors: int

    def table(self, name: str) -> str:
        """Return a table's name as `query_table` takes it."""
        return f"{self.database}.main.{name}"

    def smallest(self, keys: Set[str] | None) -> Rollup | None:
        """Return the smallest rollup that has these keys."""
        fitting = covering(self.rollups, keys) if keys is not None else []
        return min(fitting, key=lambda rollup: self.rollups[rollup], default=None)

    def at_most(self, filters: Filters) -> int:
        """Return a bound of the sessions that pass the filters, from the counts of single values."""
        bounds = [self.rows[COPY]]
        for dimension, values in filters.include:
            counts = self.counts[dimension]
            least = min(counts.values(), default=0)
            bounds.append(sum(counts.get(value, least) for value in values))
        if filters.has_days:
            first, last = str(filters.date_from or ""), str(filters.date_to or "9999")
            left_out = [(str(start), str(end)) for start, end in filters.left_out]
            bounds.append(
                sum(
                    count
                    for day, count in self.counts[DAY].items()
                    if first <= day <= last and not any(start <= day <= end for start, end in left_out)
                )
            )
        return min(bounds)


class Routes:
    """Know the rollup file of the engine's snapshot, and keep the sessions of the latest filters at hand."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Start with the files alone; the connection is that of the reading engine."""
        self._connection = connection
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._subsets: OrderedDict[tuple[str, Filters], _Subset] = OrderedDict()
        self.attached: Attached | None = None

    def attach(self, snapshot: Snapshot) -> bool:
        """Read from the snapshot's rollup file from now on, if there is one; raises duckdb.Error if it is no such."""
        path = file_of(snapshot)
        if self.attached and self.attached.path == path:
            self.attached = replace(self.attached, version=snapshot.version)
            return True
        if not path.exists():
            self.detach()
            return False
        database = f"rollup_{next(self._numbers)}"
        with self._connection.cursor() as cursor:
            named = exp.alias_(exp.Literal.string(str(path)), database)
            readable = [exp.AttachOption(this=exp.var("read_only"))]
            cursor.execute(exp.Attach(this=named, expressions=readable).sql(dialect="duckdb"))
            attached = _described(cursor, snapshot, path, database)
        self.detach()
        self.attached = attached
        return True

    def detach(self) -> None:
        """Read files again; what still runs on the old file finishes on it."""
        old, self.attached = self.attached, None
        with self._lock:
            subsets = list(self._subsets.values())
            self._subsets.clear()
        for subset in subsets:
            self._drop(subset)
        if old:
            with self._connection.cursor() as cursor:
                cursor.execute(exp.Detach(this=exp.to_table(old.database)).sql(dialect="duckdb"))

    def choose(
        self,
        metric: Metric,
        filters: Filters,
        by: str | None,
        funnel: Funnel,
        snapshot: Snapshot,
        execute: Callable[[Question], object],
    ) -> Route | None:
        """Return what a question is to read, None for the files; `execute` makes the sessions of a filter if needed."""
        attached = self.attached
        if not attached or attached.version != snapshot.version:
            return None
        columns = columns_of(metric.name)
        if metric.adds_up and (smallest := attached.smallest(needed(columns, filters, by, funnel))):
            return Route("totals", {"table": attached.table(smallest.name)}, filters, f"rollup {smallest.name}")
        steps = set(funnel.columns) if "step" in columns else set()
        if not columns | steps | filtered(filters) <= OF_COPY or (VISITOR in columns and not _fit_bits(attached, by)):
            return None
        if metric.engaged_only:
            return Route("rows", {"table": attached.table(ENGAGED)}, filters, "engaged sessions")
        bits = {MOST_VISITORS: attached.most_visitors} if VISITOR in columns else {}
        wanted = (columns | steps | ({by} if by else set())) & set(COPIED)
        if subset := self.subset(attached, filters, wanted, execute):
            return Route("rows", {**bits, "table": subset}, Filters(), "subset")
        return Route("rows", {**bits, "table": attached.table(COPY)}, filters, "copy")

    def rewrite(
        self, question: Question, filters: Filters, snapshot: Snapshot, execute: Callable[[Question], object]
    ) -> Question | None:
        """Return a composed question as it is asked of a rollup or of a subset; None for the files."""
        attached, counts = self.attached, question.counts
        if not attached or attached.version != snapshot.version:
            return None
        if counts and (smallest := attached.smallest(needed(counts.columns, filters, None, counts.funnel))):
            sql = over_totals(question.sql, Shape.of(filters), counts)
            return Question(sql, {**question.parameters, "table": attached.table(smallest.name)})
        if question.of_orders and (sql := over_table(question.sql, OF_ORDERS)):
            return Question(sql, {**question.parameters, "table": attached.table(ORDERS)})
        sql = over_table(question.sql, (*OF_SUBSETS, *sorted(filtered(filters))))
        if sql and (subset := self.subset(attached, filters, set(), execute)):
            return Question(sql, {**question.parameters, "table": subset})
        return None

    def subset(
        self, attached: Attached, filters: Filters, wanted: Set[str], execute: Callable[[Question], object]
    ) -> str | None:
        """Return the table of the sessions that pass the filters, made if need be; None when that is not worth it."""
        bound, columns = attached.at_most(filters), dict.fromkeys((*OF_SUBSETS, *sorted(filtered(filters))))
        if attached.rows[COPY] < WORTH_A_SUBSET or bound > min(SUBSET_ROWS, attached.rows[COPY] // 3):
            return None
        if not wanted <= set(columns):
            return None
        with self._lock:
            key = (attached.database, filters)
            subset = self._subsets.setdefault(key, _Subset(f"memory.main.subset_{next(self._numbers)}"))
            self._subsets.move_to_end(key)
        with subset.making:
            if not subset.rows:
                made = kept(subset.name, filters, tuple(columns))
                execute(Question(made.sql, {**made.parameters, "table": attached.table(COPY)}))
                subset.rows = max(1, bound)
        self._forget_old()
        return subset.name

    def _forget_old(self) -> None:
        while True:
            with self._lock:
                if sum(subset.rows for subset in self._subsets.values()) <= ALL_SUBSETS_ROWS:
                    return
                _, oldest = self._subsets.popitem(last=False)
            self._drop(oldest)

    def _drop(self, subset: _Subset) -> None:
        dropped = exp.Drop(kind="TABLE", tables=[exp.to_table(subset.name)], exists=True)
        with self._connection.cursor() as cursor:
            cursor.execute(dropped.sql(dialect="duckdb"))


def compose_route(route: Route, metric: Metric, by: str | None, funnel: Funnel, options: Mapping[str, int]) -> Question:
    """Return the question as its route asks it, all values bound."""
    question = compose(metric, route.filters, by, funnel, options, route.reads)
    return Question(question.sql, {**question.parameters, **route.bound})


def _fit_bits(attached: Attached, by: str | None) -> bool:
    segments = len(attached.counts[by]) if by else 1
    return segments * attached.most_visitors <= MOST_BITS


def _described(cursor: duckdb.DuckDBPyConnection, snapshot: Snapshot, path: Path, database: str) -> Attached:
    rows = rows_of(cursor, database)
    counts: dict[str, dict[str, int]] = {}
    listed = exp.select("name", "value", "sessions").from_(exp.to_table(f"{database}.main.value_counts"))
    for name, value, sessions in cursor.execute(listed.sql(dialect="duckdb")).fetchall():
        counts.setdefault(name, {})[value] = sessions
    most = exp.select(exp.Max(this=exp.column(VISITOR_NUMBER))).from_(exp.to_table(f"{database}.main.{COPY}"))
    [(most_visitors,)] = cursor.execute(most.sql(dialect="duckdb")).fetchall()
    rollups = {rollup: rows[rollup.name] for rollup in ROLLUPS if rollup.name in rows}
    return Attached(snapshot.version, path, database, rows, rollups, counts, max(1, most_visitors or 0))
