"""One file to one staged Parquet file: read once, typed, judged row by row, its order kept."""

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from ingest.engine import name_relation, run, watched
from ingest.files import open_unpacked
from ingest.formats import Format
from ingest.raw import filled_columns
from ingest.report import RefusedFileError
from ingest.sniff import Sample
from ingest.sources import Shape

CSV_REASONS = {
    "MISSING COLUMNS": "too few columns",
    "TOO MANY COLUMNS": "too many columns",
    "UNQUOTED VALUE": "a quote that is not closed",
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


@dataclass(frozen=True, slots=True)
class Staged:
    """Name a staged file and say what could not be staged: (row number, reason, text), in the order of the file."""

    path: str
    filled: frozenset[str]
    unreadable: tuple[tuple[int, str, str], ...]


def stage(
    connection: duckdb.DuckDBPyConnection,
    sample: Sample,
    shape: Format,
    target: Path,
    *,
    salt: str,
    export_id: str,
    tick: Callable[[float], None] | None = None,
) -> Staged:
    """Write a file's sessions, typed and judged, to `target`; rows keep their order.

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

    def copy(source: Sample) -> None:
        name_relation(connection, "raw", shape.read(source))
        watched(connection, lambda: run(connection, "stage", parameters), tick)

    try:
        copy(sample)
        return Staged(str(target), filled, tuple(_csv_rejects(connection)) if sample.kind == "csv" else ())
    except UNREADABLE as error:
        json_shape = getattr(shape, "JSON_SHAPE", None)
        if sample.kind != "json" or sample.is_array or json_shape is None:
            raise RefusedFileError(
                f"{sample.path.name} cannot be read as {shape.TITLE}: {_first_line(error)}"
            ) from None
    cleaned = target.with_suffix(".clean.ndjson")
    unreadable = tuple(_clean_lines(sample, json_shape, cleaned))
    copy(replace(sample, path=cleaned, compression="none"))
    cleaned.unlink()
    return Staged(str(target), filled, unreadable)


def _csv_rejects(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, str, str]]:
    for line, error_type, text in run(connection, "csv_rejects"):
        yield line - 1, CSV_REASONS.get(error_type, error_type.lower()), (text or "").strip()
    run(connection, "forget_csv_rejects")
    run(connection, "forget_csv_scans")


def _clean_lines(sample: Sample, shape: Shape, cleaned: Path) -> Iterator[tuple[int, str, str]]:
    with (
        sample.path.open("rb", buffering=0) as file,
        open_unpacked(file, sample.compression) as lines,
        cleaned.open("wb") as kept,
    ):
        row = 0
        for line in lines:
            if not line.strip():
                continue
            row += 1
            if reason := why_no_object(line, shape):
                yield row, reason, line[:400].decode("utf-8", errors="replace").strip()
            else:
                kept.write(line.rstrip(b"\r\n") + b"\n")


def why_no_object(line: bytes, shape: Shape) -> str | None:
    """Return why a line of newline-delimited JSON cannot be read as an object of that shape; None when it can."""
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return "not UTF-8 text"
    except (ValueError, RecursionError):
        return "not JSON"
    return _misfit(value, shape, "the line")


def _misfit(value: object, shape: "Shape | list | None", name: str) -> str | None:
    if value is None or shape is None:
        return None
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{name} is not a list"
        return next((why for one in value if (why := _misfit(one, shape[0], name))), None)
    if not isinstance(value, Mapping):
        return f"{name} is not an object"
    return next((why for key, inner in shape.items() if (why := _misfit(value.get(key), inner, key))), None)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:300]
