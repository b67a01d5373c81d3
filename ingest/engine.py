"""The writing DuckDB connection: one a run, spilling into the run's own staging folder."""

import json
import re
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from ingest.report import IngestError

SQL_FOLDER = Path(__file__).parent / "sql"
POLL_SECONDS = 0.2
SET_THREADS = "set threads = $threads"
WRAPPED = re.compile(r'"exception_message":("(?:[^"\\]|\\.)*")')


def connect(scratch: Path, memory_limit: str | None = None, jobs: int | None = None) -> duckdb.DuckDBPyConnection:
    """Open an in-memory DuckDB that spills into `scratch`, keeps time in UTC and joins as written.

    `jobs` is the number of threads; all cores unless it is given. Joins as written (build on the right) keep the rows
    of the left side in order and memory small.

    Raises IngestError when DuckDB cannot read `memory_limit` ("2GB", "512MB").
    """
    settings = {
        "temp_directory": str(scratch),
        "autoinstall_known_extensions": "false",
        "TimeZone": "UTC",
        "disabled_optimizers": "join_order,build_side_probe_side,in_clause",
    }
    if jobs:
        settings["threads"] = str(jobs)
    if memory_limit:
        settings["memory_limit"] = memory_limit
    try:
        return duckdb.connect(config=settings)
    except duckdb.Error as error:
        raise IngestError(f'the memory limit "{memory_limit}" cannot be used, write it like 2GB: {error}') from None


def run(connection: duckdb.DuckDBPyConnection, name: str, parameters: Mapping[str, Any] | None = None) -> list[tuple]:
    """Execute `sql/<name>.sql`, one statement, with bound parameters; return all its rows.

    What does not fit into the memory limit is done again on one thread: a sort of rows as wide as GA4's keeps for each
    thread what it cannot spill. Raises OutOfMemoryException when that does not fit either.
    """
    statement = (SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    try:
        return connection.execute(statement, parameters or None).fetchall()
    except duckdb.OutOfMemoryException:
        with _one_thread(connection):
            return connection.execute(statement, parameters or None).fetchall()


@contextmanager
def _one_thread(connection: duckdb.DuckDBPyConnection) -> Generator[None]:
    """Give a connection one thread for a while."""
    ((threads,),) = connection.execute("select current_setting('threads')").fetchall()
    connection.execute(SET_THREADS, {"threads": 1})
    try:
        yield
    finally:
        connection.execute(SET_THREADS, {"threads": threads})


def glob_safe(path: Path | str) -> str:
    """Return a path that DuckDB's readers take literally, whatever wildcards its name holds."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def plain_words(error: duckdb.Error) -> str:
    """Return what DuckDB says first, without the JSON in which it wraps an error of another thread."""
    first = str(error).splitlines()[0]
    wrapped = WRAPPED.search(first)
    return json.loads(wrapped[1]) if wrapped else first.removeprefix("IO Error: ")


def name_relation(connection: duckdb.DuckDBPyConnection, name: str, query: exp.Expression) -> None:
    """Let later statements call `query` by `name` (a temporary view)."""
    temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
    view = exp.Create(this=exp.to_table(name), kind="VIEW", replace=True, expression=query, properties=temporary)
    connection.execute(view.sql(dialect="duckdb"))


def watched(
    connection: duckdb.DuckDBPyConnection, work: Callable[[], list[tuple]], tick: Callable[[float], None] | None
) -> list[tuple]:
    """Do `work` on the connection, calling `tick` with the share done (0-1); Ctrl-C interrupts the query at once."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        running = pool.submit(work)
        while True:
            try:
                return running.result(timeout=POLL_SECONDS)
            except NotYet:
                if running.done():
                    raise
                if tick:
                    tick(max(0.0, connection.query_progress()) / 100)
            except KeyboardInterrupt:
                connection.interrupt()
                raise
