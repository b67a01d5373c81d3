"""Run metrics: execute a composed question on DuckDB and add intervals; the only module that executes SQL."""

import decimal
import logging
import uuid
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import duckdb
import numpy as np
from sqlglot import exp

from queries.cancel import Cancel, Cancelled
from queries.compose import STATEMENTS, Question, compose
from queries.filters import Filters
from queries.funnel import ENGAGEMENT, Funnel
from queries.memory import Memory
from queries.metrics import Metric, QuestionError, metric_asked
from queries.rollup import folder_of, is_worth_it
from queries.rollup_state import Background, RollupState, rollup_state
from queries.routes import Routes, compose_route
from queries.statistics import wilson_interval
from queries.store import Snapshot, Store

LOG = logging.getLogger(__name__)
CACHED_RESULTS = 1024
CACHED_CELLS, CACHED_VALUES = 16, 256
"""Cell tables take up to 5 MB each: those that a register looks at, and those that a command asked before. The values
of dimensions and of orders are asked once for all tables."""
AT_ONCE = 2
"""Questions of one `run_many` that run at the same time."""


class QueryError(Exception):
    """Say which metric failed and why; carries the SQL and an id that the page and the log share."""

    def __init__(self, metric: str, reason: str, sql: str) -> None:
        """Remember the metric, the database's own words and the statement."""
        self.query_id = uuid.uuid4().hex[:4]
        self.metric, self.reason, self.sql = metric, reason, sql
        super().__init__(f"{metric} could not be computed (query {self.query_id}): {reason}")


@dataclass(frozen=True, slots=True)
class Result:
    """Hold the rows of one metric with all that is needed to repeat the question.

    `sql` asks the store's own files; `read` says what was read in their place, such as "rollup days". `by` is the
    dimension whose values the column "segment" holds, None without such a column.
    """

    metric: str
    rows: list[dict[str, Any]]
    sql: str
    parameters: Mapping[str, Any]
    store_version: int
    filters: Filters
    read: str = field(default="files", kw_only=True)
    by: str | None = field(default=None, kw_only=True)

    @property
    def columns(self) -> dict[str, list[Any]]:
        """Return the same rows as one list per column."""
        names = self.rows[0] if self.rows else ()
        return {name: [row[name] for row in self.rows] for name in names}


@dataclass(frozen=True, slots=True)
class Call:
    """Name one question, as `Engine.run` takes it; `options` as sorted pairs."""

    metric: str
    filters: Filters = field(default_factory=Filters)
    by: str | None = None
    funnel: Funnel = ENGAGEMENT
    options: tuple[tuple[str, int], ...] = ()

    def ask(self, engine: "Engine", cancel: Cancel | None = None) -> Result:
        """Return the answer."""
        return engine.run(
            self.metric, self.filters, by=self.by, funnel=self.funnel, options=dict(self.options), cancel=cancel
        )


class Engine:
    """Answer metrics over the newest version of a store; safe to share between threads and viewers."""

    def __init__(self, store: Store, *, threads: int | None = None, memory_limit: str | None = None) -> None:
        """Open the newest version; `memory_limit` is DuckDB's, such as "2GB". Raises StoreError when there is none."""
        self.store = store
        self.snapshot = store.snapshot()
        self._results = Memory(CACHED_RESULTS)
        self.cells = Memory(CACHED_CELLS)
        self.values = Memory(CACHED_VALUES)
        self._keeps_rollups = False
        config: dict[str, Any] = {}
        if threads:
            config["threads"] = threads
        if memory_limit:
            config["memory_limit"] = memory_limit
        self._connection = duckdb.connect(":memory:", config=config)
        self._connection.load_extension("parquet")
        self._connection.execute("set parquet_metadata_cache = true")
        folders = [f"{folder.resolve()}/" for folder in (store.sessions, folder_of(store.path))]
        allowed = exp.Array(expressions=[exp.Literal.string(folder) for folder in folders])
        self._connection.execute(f"set allowed_directories = {allowed.sql(dialect='duckdb')}")
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set lock_configuration = true")
        self._parsed = lru_cache(STATEMENTS)(partial(_parse, self._connection))
        self._routes = Routes(self._connection)
        self._background = Background(self._take_up_rollups)
        self._take_up_rollups(self.snapshot)

    def refresh(self) -> Snapshot:
        """Take up the newest version of the store; questions already running finish on the version they began with."""
        newest = self.store.snapshot()
        if newest.version != self.snapshot.version:
            self.snapshot = newest
            self._results.clear()
            self.cells.clear()
            self.values.clear()
            self._take_up_rollups(newest)
            if self._keeps_rollups:
                self.keep_rollups()
        elif not self._routes.attached:
            self._take_up_rollups(newest)
        return self.snapshot

    def keep_rollups(self, *, wait: bool = False) -> None:
        """Build rollups of this version and of each later one, in the background; files answer until they are ready."""
        self._keeps_rollups = True
        if not self._routes.attached and is_worth_it(self.snapshot):
            self._background.build(self.snapshot, at_once=wait)
        if wait:
            self._background.wait()

    @property
    def rollups(self) -> RollupState:
        """Return how far the rollups of this version are."""
        reason = self._background.reason
        return RollupState("failed", reason) if reason else rollup_state(self.snapshot)

    def _take_up_rollups(self, snapshot: Snapshot) -> None:
        try:
            if snapshot == self.snapshot:
                self._routes.attach(snapshot)
        except (OSError, duckdb.Error) as error:
            LOG.warning("the rollups cannot be read, questions read the sessions instead: %s", error)

    def run(
        self,
        metric: str,
        filters: Filters | None = None,
        *,
        by: str | None = None,
        funnel: Funnel = ENGAGEMENT,
        options: Mapping[str, int] | None = None,
        cancel: Cancel | None = None,
    ) -> Result:
        """Return one metric over the sessions that pass the filters, split by a dimension if one is named.

        The grain and the columns are those of the metric in METRICS; rates are fractions, None where undefined.
        Raises QuestionError for what cannot be asked, QueryError when the database fails, Cancelled when interrupted.
        """
        asked = metric_asked(metric, by)
        filters = filters or Filters()
        chosen = _options(asked, options or {})
        snapshot = self.snapshot
        key = (snapshot.version, asked.name, filters, by, funnel, tuple(sorted(chosen.items())))

        def answer() -> Result:
            question = compose(asked, filters, by, funnel, chosen)
            read, names, records = self._answer(asked, question, filters, by, funnel, chosen, snapshot, cancel)
            rows = [finish_row(asked, by, dict(zip(names, record, strict=True))) for record in records]
            said = question.sql, question.parameters
            return Result(asked.name, rows, *said, snapshot.version, filters, read=read, by=by)

        return self._results.get(key, answer)

    @contextmanager
    def asking(self, calls: Iterable[Call], cancel: Cancel | None = None) -> Generator[None]:
        """Ask several questions two at a time beside what the caller does; each is then answered as soon as it is.

        Half of what a small question takes is planning, which DuckDB does on one core. What fails here fails again in
        `run`, which raises it.
        """
        pool = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="questions")
        try:
            for call in dict.fromkeys(calls):
                pool.submit(call.ask, self, cancel)
            yield
        finally:
            pool.shutdown(cancel_futures=True)

    def run_many(self, calls: Sequence[Call], cancel: Cancel | None = None) -> list[Result]:
        """Return the results of several questions in their order, asked two at a time. Raises as `run` does."""
        with self.asking(calls, cancel):
            return [call.ask(self, cancel) for call in calls]

    def arrays(self, name: str, question: Question, filters: Filters, cancel: Cancel | None = None) -> dict[str, Any]:
        """Return the columns of a composed question as numpy arrays; masked where there are NULLs. Not cached."""
        snapshot = self.snapshot
        try:
            routed = self._routes.rewrite(question, filters, snapshot, lambda made: self._execute(name, made, cancel))
            if routed:
                with self._asked(name, routed, cancel) as cursor:
                    return {column: np.asarray(array) if hasattr(array, "categories") else array
                            for column, array in cursor.fetchnumpy().items()}  # fmt: skip
        except QueryError as error:
            LOG.warning("%s; reading the files instead", error)
        values = {**question.parameters, "files": snapshot.files_between(filters.date_from, filters.date_to)}
        with self._asked(name, Question(question.sql, values), cancel) as cursor:
            return cursor.fetchnumpy()

    def _answer(
        self,
        metric: Metric,
        question: Question,
        filters: Filters,
        by: str | None,
        funnel: Funnel,
        options: Mapping[str, int],
        snapshot: Snapshot,
        cancel: Cancel | None,
    ) -> tuple[str, list[str], list[tuple]]:
        """Return what was read, the columns' names and the rows; whatever ails the rollups, files answer."""
        try:
            route = self._routes.choose(
                metric, filters, by, funnel, snapshot, lambda made: self._execute(metric.name, made, cancel)
            )
            if route:
                routed = compose_route(route, metric, by, funnel, options)
                return (route.name, *self._execute(metric.name, routed, cancel))
        except QueryError as error:
            LOG.warning("%s; reading the files instead", error)
        values = {**question.parameters, "files": snapshot.files_between(filters.date_from, filters.date_to)}
        return ("files", *self._execute(metric.name, Question(question.sql, values), cancel))

    def _execute(self, metric: str, question: Question, cancel: Cancel | None) -> tuple[list[str], list[tuple]]:
        with self._asked(metric, question, cancel) as cursor:
            return [column[0] for column in cursor.description or ()], cursor.fetchall()

    @contextmanager
    def _asked(self, name: str, question: Question, cancel: Cancel | None) -> Generator[duckdb.DuckDBPyConnection]:
        cursor = self._connection.cursor()
        try:
            if cancel:
                cancel.watch(cursor)
            yield cursor.execute(self._parsed(question.sql), question.parameters)
        except duckdb.InterruptException:
            raise Cancelled from None
        except duckdb.Error as error:
            raise QueryError(name, str(error), question.sql) from error
        finally:
            if cancel:
                cancel.release(cursor)
            cursor.close()


def _parse(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """Return one statement, parsed once: that is a tenth of what a small question takes."""
    with connection.cursor() as cursor:
        [statement] = cursor.extract_statements(sql)
    return statement


def _options(metric: Metric, options: Mapping[str, int]) -> dict[str, int]:
    if unknown := sorted(set(options) - set(metric.options)):
        known = ", ".join(metric.options) or "none"
        raise QuestionError(f'"{metric.name}" has no option "{unknown[0]}" (its options: {known})')
    return {**metric.options, **options}


def finish_row(metric: Metric, by: str | None, row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with its intervals, in the metric's column order, with plain Python numbers."""
    for interval in metric.intervals:
        low, high = wilson_interval(row[interval.part], row[interval.whole])
        row[f"{interval.rate}_low"], row[f"{interval.rate}_high"] = low, high
    names = ("segment", *metric.columns) if by else metric.columns
    return {name: _plain(row[name]) for name in names}


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, decimal.Decimal) else value
