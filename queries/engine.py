"""Run metrics: execute a composed question on DuckDB and add intervals; the only module that executes SQL."""

import decimal
import threading
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
from sqlglot import exp

from queries.compose import Question, compose
from queries.filters import Filters, check_dimension
from queries.funnel import ENGAGEMENT, Funnel
from queries.metrics import Metric, metric_named
from queries.statistics import wilson_interval
from queries.store import Snapshot, Store

CACHED_RESULTS = 512


class QueryError(Exception):
    """Say which metric failed and why; carries the SQL and an id that the page and the log share."""

    def __init__(self, metric: str, reason: str, sql: str) -> None:
        """Remember the metric, the database's own words and the statement."""
        self.query_id = uuid.uuid4().hex[:4]
        self.metric, self.reason, self.sql = metric, reason, sql
        super().__init__(f"{metric} could not be computed (query {self.query_id}): {reason}")


class QuestionError(ValueError):
    """Say what cannot be asked of a metric, and what can."""


class Cancelled(Exception):  # noqa: N818 - it is no error: a newer question is on its way
    """Tell that a newer question made this one useless."""


class Cancel:
    """Let another thread stop a running question."""

    def __init__(self) -> None:
        """Start with nothing to stop."""
        self._cursors: set[duckdb.DuckDBPyConnection] = set()
        self._lock = threading.Lock()
        self.cancelled = False

    def cancel(self) -> None:
        """Interrupt whatever runs under this object now and refuse what comes later."""
        with self._lock:
            self.cancelled = True
            for cursor in self._cursors:
                cursor.interrupt()

    def watch(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Take a cursor into care; raises Cancelled when it is too late."""
        with self._lock:
            if self.cancelled:
                raise Cancelled
            self._cursors.add(cursor)

    def release(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Let go of a cursor that has finished."""
        with self._lock:
            self._cursors.discard(cursor)


@dataclass(frozen=True, slots=True)
class Result:
    """Hold the rows of one metric with all that is needed to repeat the question."""

    metric: str
    rows: list[dict[str, Any]]
    sql: str
    parameters: Mapping[str, Any]
    store_version: int
    filters: Filters

    @property
    def columns(self) -> dict[str, list[Any]]:
        """Return the same rows as one list per column."""
        names = self.rows[0] if self.rows else ()
        return {name: [row[name] for row in self.rows] for name in names}


class Engine:
    """Answer metrics over the newest version of a store; safe to share between threads and viewers."""

    def __init__(self, store: Store, *, threads: int | None = None, memory_limit: str | None = None) -> None:
        """Open the newest version; `memory_limit` is DuckDB's, such as "2GB". Raises StoreError when there is none."""
        self.store = store
        self.snapshot = store.snapshot()
        self._lock = threading.Lock()
        self._results: OrderedDict[tuple, Result] = OrderedDict()
        config: dict[str, Any] = {}
        if threads:
            config["threads"] = threads
        if memory_limit:
            config["memory_limit"] = memory_limit
        self._connection = duckdb.connect(":memory:", config=config)
        self._connection.load_extension("parquet")
        self._connection.execute("set parquet_metadata_cache = true")
        allowed = exp.Array(expressions=[exp.Literal.string(str(store.sessions.resolve()) + "/")])
        self._connection.execute(f"set allowed_directories = {allowed.sql(dialect='duckdb')}")
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set lock_configuration = true")

    def refresh(self) -> Snapshot:
        """Take up the newest version of the store; questions already running finish on the version they began with."""
        newest = self.store.snapshot()
        if newest.version != self.snapshot.version:
            self.snapshot = newest
            with self._lock:
                self._results.clear()
        return self.snapshot

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
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key]
        question = compose(asked, filters, by, funnel, chosen)
        names, records = self._execute(asked.name, question, files_of(snapshot, filters), cancel)
        rows = [finish_row(asked, by, dict(zip(names, record, strict=True))) for record in records]
        result = Result(asked.name, rows, question.sql, question.parameters, snapshot.version, filters)
        with self._lock:
            self._results[key] = result
            while len(self._results) > CACHED_RESULTS:
                self._results.popitem(last=False)
        return result

    def arrays(self, name: str, question: Question, filters: Filters, cancel: Cancel | None = None) -> dict[str, Any]:
        """Return the columns of a composed question as numpy arrays; masked where there are NULLs. Not cached."""
        cursor = self._connection.cursor()
        try:
            if cancel:
                cancel.watch(cursor)
            cursor.execute(question.sql, {**question.parameters, "files": files_of(self.snapshot, filters)})
            return cursor.fetchnumpy()
        except duckdb.InterruptException:
            raise Cancelled from None
        except duckdb.Error as error:
            raise QueryError(name, str(error), question.sql) from error
        finally:
            if cancel:
                cancel.release(cursor)
            cursor.close()

    def _execute(
        self, metric: str, question: Question, files: list[str], cancel: Cancel | None
    ) -> tuple[list[str], list[tuple]]:
        cursor = self._connection.cursor()
        try:
            if cancel:
                cancel.watch(cursor)
            cursor.execute(question.sql, {**question.parameters, "files": files})
            return [column[0] for column in cursor.description or ()], cursor.fetchall()
        except duckdb.InterruptException:
            raise Cancelled from None
        except duckdb.Error as error:
            raise QueryError(metric, str(error), question.sql) from error
        finally:
            if cancel:
                cancel.release(cursor)
            cursor.close()


def metric_asked(name: str, by: str | None) -> Metric:
    """Return the metric, if it exists and can be split that way; raise QuestionError otherwise."""
    try:
        metric = metric_named(name)
    except KeyError as error:
        raise QuestionError(error.args[0]) from None
    if by is not None:
        try:
            check_dimension(by)
        except ValueError as error:
            raise QuestionError(str(error)) from None
    if by and metric.segmented == "no":
        raise QuestionError(f'"{name}" cannot be split: it is {metric.grain}; ask for "segments" by {by} instead')
    if not by and metric.segmented == "must":
        raise QuestionError(f'"{name}" needs a dimension to split by: {metric.grain}')
    return metric


def _options(metric: Metric, options: Mapping[str, int]) -> dict[str, int]:
    if unknown := sorted(set(options) - set(metric.options)):
        known = ", ".join(metric.options) or "none"
        raise QuestionError(f'"{metric.name}" has no option "{unknown[0]}" (its options: {known})')
    return {**metric.options, **options}


def files_of(snapshot: Snapshot, filters: Filters) -> list[str]:
    """Return the snapshot's files that can hold sessions of the date range: months outside it are not opened."""
    first = f"{filters.date_from:%Y-%m}" if filters.date_from else ""
    last = f"{filters.date_to:%Y-%m}" if filters.date_to else "9999-12"
    inside = [file for file in snapshot.files if first <= _month_of(file) <= last]
    return inside or list(snapshot.files[:1])


def _month_of(file: str) -> str:
    return file.rsplit("session_month=", 1)[-1][:7]


def finish_row(metric: Metric, by: str | None, row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with its intervals, in the metric's column order, with plain Python numbers."""
    for interval in metric.intervals:
        low, high = wilson_interval(row[interval.part], row[interval.whole])
        row[f"{interval.rate}_low"], row[f"{interval.rate}_high"] = low, high
    names = ("segment", *metric.columns) if by else metric.columns
    return {name: _plain(row[name]) for name in names}


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, decimal.Decimal) else value
