"""One file to one staged Parquet file: read once, typed, judged row by row, its order kept."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from ingest.engine import glob_safe, name_relation, run, watched
from ingest.formats import Format
from ingest.mend import UNCLOSED, Lost, mend_csv, mend_json, mend_ndjson, row_in_file
from ingest.raw import filled_columns, in_whole_units, reads_micros
from ingest.report import RefusedFileError
from ingest.sessionize import put_together
from ingest.sniff import Sample

CSV_REASONS = {
    "MISSING COLUMNS": "too few columns",
    "TOO MANY COLUMNS": "too many columns",
    "UNQUOTED VALUE": UNCLOSED,
    "INVALID ENCODING": "not UTF-8 text",
    "LINE SIZE OVER MAXIMUM": "longer than 4 MB",
    "INVALID STATE": "a quote in the wrong place",
}
UNREADABLE = (
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
    duckdb.SerializationException,
)
"""What DuckDB raises for a file it cannot read; other errors are ours or the machine's."""

PACKING = re.compile("gzip|zstd", re.IGNORECASE)
"""What DuckDB names where it cannot unpack a file; Python may: gzip with zeros at its end is common on tapes."""


@dataclass(frozen=True, slots=True)
class Staged:
    """Name a staged file and say what could not be staged: (row number, reason, text), in the order of the file."""

    path: str
    filled: frozenset[str]
    reads_micros: bool
    unreadable: tuple[Lost, ...]


def stage(
    connection: duckdb.DuckDBPyConnection,
    sample: Sample,
    shape: Format,
    target: Path,
    *,
    salt: str,
    export_id: str,
    in_units: bool = False,
    tick: Callable[[float], None] | None = None,
) -> Staged:
    """Write a file's sessions, typed and judged, to `target`; rows keep their order.

    `in_units` reads a revenue that the shape takes for micros (millionths) as whole units.

    Raises RefusedFileError when DuckDB cannot read the file at all.
    """
    query = shape.read(sample)
    filled = filled_columns(query)
    parameters = {
        "salt": salt,
        "export_id": export_id,
        "export_detail": len(filled),
        "today": dt.datetime.now(dt.UTC).date(),
        "target": str(target),
    }

    def copy(source: Sample) -> tuple[Lost, ...]:
        raw = query if source is sample else shape.read(source)
        name_relation(connection, "raw", in_whole_units(raw) if in_units else raw)
        if shape.GRAIN == "event":
            put_together(connection, target, parameters | {"export_detail": len(filled) - is_intraday(sample)}, tick)
        else:
            watched(connection, lambda: run(connection, "stage", parameters), tick)
        return tuple(_csv_rejects(connection, source.skip)) if source.kind == "csv" else ()

    try:
        lost = copy(sample)
        if not any(reason == UNCLOSED for _, reason, _ in lost):
            return Staged(glob_safe(target), filled, reads_micros(query), lost)
    except (*UNREADABLE, duckdb.IOException) as error:
        if isinstance(error, duckdb.IOException) and not PACKING.search(str(error)):
            raise
        if sample.kind == "parquet":
            raise _refusal(sample, shape, error) from None
        _forget_rejects(connection)
    mended = target.with_suffix(".mended")
    first = tuple(_mend(sample, shape, mended))
    try:
        second = copy(replace(sample, path=mended, compression="none", skip=0, layout="lines"))
    except UNREADABLE as error:
        raise _refusal(sample, shape, error) from None
    mended.unlink()
    rows = [row for row, _, _ in first]
    lost = sorted((*first, *((row_in_file(row, rows), reason, text) for row, reason, text in second)))
    return Staged(glob_safe(target), filled, reads_micros(query), tuple(lost))


def _mend(sample: Sample, shape: Format, mended: Path) -> Iterator[Lost]:
    if sample.kind == "csv":
        return mend_csv(sample, mended)
    mend = mend_ndjson if sample.layout == "lines" else mend_json
    return mend(sample, shape.fields_of(sample), mended)


def _refusal(sample: Sample, shape: Format, error: Exception) -> RefusedFileError:
    return RefusedFileError(f"{sample.path.name} cannot be read as {shape.TITLE}: {_first_line(error)}")


def is_intraday(sample: Sample) -> bool:
    """Say whether a file is named like GA4's table of a day that is not over: the final table counts before it."""
    return "intraday" in sample.path.name.lower()


def _csv_rejects(connection: duckdb.DuckDBPyConnection, skipped: int) -> Iterator[Lost]:
    for line, error_type, text in run(connection, "csv_rejects"):
        yield line - 1 - skipped, CSV_REASONS.get(error_type, error_type.lower()), (text or "").strip()
    _forget_rejects(connection)


def _forget_rejects(connection: duckdb.DuckDBPyConnection) -> None:
    run(connection, "forget_csv_rejects")
    run(connection, "forget_csv_scans")


def _first_line(error: Exception) -> str:
    """Return what DuckDB says first, without the folders of the file that it read."""
    return re.sub(r'"[^"]*/([^"/]+)"', r'"\1"', str(error).splitlines()[0])[:300]
