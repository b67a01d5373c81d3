"""A first look at a file: its compression, encoding, header and first rows, before anyone decides what it is."""

import csv
import gzip
import io
import json
import re
import zlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import duckdb

from ingest.engine import glob_safe
from ingest.files import why_unreadable
from ingest.report import RefusedFileError

Kind = Literal["csv", "json", "parquet", "binary", "empty"]
Layout = Literal["lines", "array", "objects"]
Rows = tuple[tuple[str, ...], ...]

FIRST_BYTES = 1 << 21
LARGEST_OBJECT = 1 << 26
FIRST_ROWS = 50
MOST_COMMENTS = 20
MOSTLY = 0.5
FEW_NULS = 8
DELIMITERS = ",;\t|"
SEPARATOR = re.compile(r"\ufeff?sep=(.)\s*", re.IGNORECASE)
JSON_START = re.compile(r"[\s,]*(?=[{\[\"\w-])")
DOCUMENTS = (b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
GZIP, ZSTD, PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
PARQUET_COLUMNS = "select * from read_parquet($path, hive_partitioning = false, binary_as_string = true) limit 0"
PARQUET_TEXTS = (
    "select columns($texts) from read_parquet($path, hive_partitioning = false, binary_as_string = true) limit 50"
)
SECTION_PREFIX = re.compile(
    r"^(ga:|(?i:(totals|geo_?network|traffic_?source)[._]+|device\.+|device_+(?=device|browser|operating))"
    r"|(totals|geoNetwork|trafficSource)(?=[A-Z])|device(?=Device|Browser|Operating))"
)


@dataclass(frozen=True)
class Sample:
    """Hold the beginning of a file: text decoded, CSV cells split, JSON objects read, Parquet columns named.

    `types` are DuckDB's types of the columns of a Parquet file; `day` is the day that the file's place tells, such as
    the folder date=2017-07-04. A CSV's header comes after `skip` lines; `is_short` when its rows lack their last cells.
    """

    path: Path
    size: int
    kind: Kind
    compression: str = "none"
    first_bytes: bytes = b""
    text: str = ""
    delimiter: str = ","
    header: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    objects: tuple[dict, ...] = ()
    layout: Layout = "lines"
    day: str | None = None
    skip: int = 0
    is_short: bool = False

    @cached_property
    def keys(self) -> dict[str, int]:
        """Return the header cells as comparable keys with their position; the first of equal keys counts."""
        positions: dict[str, int] = {}
        for position, name in enumerate(self.header):
            positions.setdefault(key_of(name), position)
        return positions

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns, or of the fields of the first JSON objects."""
        return self.header or tuple(dict.fromkeys(name for entry in self.objects for name in entry))

    @cached_property
    def flat(self) -> dict[str, str]:
        """Return the names as comparable keys with the name itself; the first of equal keys counts."""
        names: dict[str, str] = {}
        for name in self.names:
            names.setdefault(key_of(name), name)
        return names

    def values(self, name: str) -> list[str]:
        """Return the first rows' values of the column or field of that name, as texts."""
        if self.kind == "json":
            return [str(entry[name]).strip() for entry in self.objects if entry.get(name) is not None]
        position = self.header.index(name)
        return [row[position].strip() for row in self.rows if position < len(row)]


def key_of(name: str) -> str:
    """Fold a header cell: `totals.pageviews`, `Page_Views` and `pageviews` are one column."""
    return re.sub(r"[^0-9a-z]", "", SECTION_PREFIX.sub("", name.strip()).lower())


def look_at(path: Path, day: str | None = None) -> Sample:
    """Read the beginning of a file; `day` is what its place tells of its day.

    Raises RefusedFileError when it cannot be opened or is broken at its beginning.
    """
    try:
        size = path.stat().st_size
        first_bytes, compression = _first_bytes(path)
    except (OSError, EOFError, zlib.error) as error:
        raise RefusedFileError(why_unreadable(path, error)) from None
    if not first_bytes.strip(b"\xef\xbb\xbf \t\r\n"):
        return Sample(path, size, "empty", compression)
    if first_bytes.startswith(PARQUET):
        header, types, rows = _parquet_columns(path)
        return Sample(path, size, "parquet", compression, first_bytes, header=header, types=types, rows=rows, day=day)
    if first_bytes.count(b"\x00") > max(FEW_NULS, len(first_bytes) // 1000) or first_bytes.startswith(DOCUMENTS):
        return Sample(path, size, "binary", compression, first_bytes)
    text = first_bytes.decode("utf-8-sig", errors="replace")
    if text.lstrip()[:1] in ("{", "["):
        objects, layout = _first_objects(text)
        if not objects and len(first_bytes) == FIRST_BYTES:
            objects, layout = _first_objects(
                _first_bytes(path, LARGEST_OBJECT)[0].decode("utf-8-sig", errors="replace")
            )
        if objects:
            return Sample(path, size, "json", compression, first_bytes, text, objects=objects, layout=layout, day=day)
    skip, delimiter, header, rows = _first_rows(text)
    is_short = sum(len(row) < len(header) for row in rows) > len(rows) * MOSTLY
    header += ("",) * _width_of_blank_ends(header, rows)
    sample = Sample(path, size, "csv", compression, first_bytes, text, delimiter, header, rows=rows, day=day)
    return replace(sample, skip=skip, is_short=is_short)


def _first_bytes(path: Path, size: int = FIRST_BYTES) -> tuple[bytes, str]:
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic.startswith(GZIP):
            with gzip.GzipFile(fileobj=file) as unpacked:
                return unpacked.read1(size) or b"", "gzip"
        if magic == ZSTD:
            import pyarrow

            with pyarrow.CompressedInputStream(pyarrow.PythonFile(file), "zstd") as unpacked:
                return unpacked.read(size), "zstd"
        return file.read(size), "none"


def _parquet_columns(path: Path) -> tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return names, types and first rows; cells of other columns than texts are left empty."""
    source = {"path": glob_safe(path)}
    try:
        with duckdb.connect() as connection:
            connection.execute(PARQUET_COLUMNS, source)
            columns = connection.description or ()
            names, types = tuple(column[0] for column in columns), tuple(str(column[1]) for column in columns)
            texts = [name for name, kind in zip(names, types, strict=True) if kind in ("VARCHAR", "JSON")]
            found = connection.execute(PARQUET_TEXTS, source | {"texts": texts}).fetchall() if texts else []
            cells = [dict(zip(texts, row, strict=True)) for row in found]
            return names, types, tuple(tuple(row.get(name) or "" for name in names) for row in cells)
    except (duckdb.Error, RuntimeError) as error:  # RuntimeError: a name of a column is no text
        first_line = str(error).splitlines()[0]
        raise RefusedFileError(
            f"{path.name} begins like Parquet but cannot be read ({first_line}): download it again."
        ) from None


def _first_objects(text: str) -> tuple[tuple[dict, ...], Layout]:
    """Return the objects that the text holds whole, and how they are laid out."""
    if text.lstrip().startswith("["):
        return _objects_in_a_row(text.lstrip()[1:]), "array"
    objects = []
    for line in text.split("\n"):
        value = _json_value(line)
        if isinstance(value, dict):
            objects.append(value)
    if objects:
        return tuple(objects), "lines"
    return _objects_in_a_row(text), "objects"


def _json_value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _objects_in_a_row(text: str) -> tuple[dict, ...]:
    decoder, objects, position = json.JSONDecoder(), [], 0
    while found := JSON_START.match(text, position):
        try:
            value, position = decoder.raw_decode(text, found.end())
        except (ValueError, RecursionError):
            break
        if isinstance(value, dict):
            objects.append(value)
    return tuple(objects)


def _first_rows(text: str) -> tuple[int, str, tuple[str, ...], Rows]:
    """Return the lines before the header, the delimiter, the header and the first rows of a CSV.

    Excel's line "sep=;" and lines of comment are no header.
    """
    skip, delimiters = 0, DELIMITERS
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n", MOST_COMMENTS + 1)
    while skip < len(lines) - 1 and skip < MOST_COMMENTS and _is_aside(lines[skip], lines[skip + 1]):
        if found := SEPARATOR.fullmatch(lines[skip]):
            delimiters = found[1]
        skip += 1
    if not any(line.strip() for line in lines[:skip]):
        skip = 0
    rest = "\n".join(lines[skip:])
    split = {delimiter: _split_rows(rest, delimiter) for delimiter in delimiters}
    delimiter = max(split, key=lambda one: _evenness(split[one]))
    rows = split[delimiter]
    return skip, delimiter, tuple(cell.strip() for cell in rows[0]) if rows else (), rows[1:]


def _is_aside(line: str, following: str) -> bool:
    if not line.strip() or SEPARATOR.fullmatch(line):
        return True
    return line.startswith("#") and all(
        line.count(one) != following.count(one) or not line.count(one) for one in DELIMITERS
    )


def _split_rows(text: str, delimiter: str) -> Rows:
    rows: list[tuple[str, ...]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row:
                rows.append(tuple(row))
            if len(rows) > FIRST_ROWS:
                break
    except csv.Error:
        pass
    return tuple(rows)


def _evenness(rows: Rows) -> tuple[bool, int]:
    """Return how well a delimiter splits the rows: whether most are as wide as the header, and how wide that is."""
    width = len(rows[0]) if rows else 0
    even = sum(len(row) == width for row in rows[1:]) >= len(rows[1:]) * MOSTLY
    return even and width > 1, width


def _width_of_blank_ends(header: tuple[str, ...], rows: Rows) -> int:
    """Return by how many blank cells the rows are wider than the header."""
    wider = [row[len(header) :] for row in rows if len(row) > len(header)]
    is_blank = len(wider) > len(rows) * MOSTLY and not any(cell.strip() for end in wider for cell in end)
    return max(map(len, wider)) if is_blank else 0
