"""A first look at a file: its compression, encoding, header and first rows, before anyone decides what it is."""

import csv
import gzip
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from ingest.engine import glob_safe
from ingest.report import RefusedFileError

Kind = Literal["csv", "json", "parquet", "binary", "empty"]
Layout = Literal["lines", "array", "objects"]

FIRST_BYTES = 1 << 21
FIRST_ROWS = 50
GZIP, ZSTD, PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
PARQUET_COLUMNS = "select * from read_parquet($path, hive_partitioning = false, binary_as_string = true) limit 0"
PARQUET_TEXTS = (
    "select columns($texts) from read_parquet($path, hive_partitioning = false, binary_as_string = true) limit 50"
)
UTF16 = (b"\xff\xfe", b"\xfe\xff")
SECTION_PREFIX = re.compile(
    r"^((totals|geo_?network|traffic_?source)[._]|device\.|device_(?=device|browser|operating))", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Sample:
    """Hold the beginning of a file: text decoded, CSV cells split, JSON objects read, Parquet columns named.

    `types` are DuckDB's types of the columns of a Parquet file; `day` is the day that the file's place tells, such as
    the folder date=2017-07-04.
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

    @property
    def keys(self) -> dict[str, int]:
        """Return the header cells as comparable keys with their position; the first of equal keys counts."""
        positions: dict[str, int] = {}
        for position, name in enumerate(self.header):
            positions.setdefault(key_of(name), position)
        return positions

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns, or of the fields of the first JSON objects."""
        return self.header or tuple(dict.fromkeys(name for entry in self.objects for name in entry))

    @property
    def flat(self) -> dict[str, str]:
        """Return the names as comparable keys with the name itself; the first of equal keys counts."""
        names: dict[str, str] = {}
        for name in self.names:
            names.setdefault(key_of(name), name)
        return names

    def cells(self, name: str) -> list[str]:
        """Return the first rows' cells of the column with that key."""
        position = self.keys[name]
        return [row[position] for row in self.rows if position < len(row)]


def key_of(name: str) -> str:
    """Fold a header cell: `totals.pageviews`, `Page_Views` and `pageviews` are one column."""
    return re.sub(r"[^0-9a-z]", "", SECTION_PREFIX.sub("", name.strip()).lower())


def look_at(path: Path) -> Sample:
    """Read the beginning of a file.

    Raises RefusedFileError when it cannot be opened, is broken at its beginning, or is UTF-16.
    """
    try:
        size = path.stat().st_size
        first_bytes, compression = _first_bytes(path)
    except (OSError, EOFError) as error:
        raise RefusedFileError(_why_unreadable(path, error)) from None
    if not first_bytes.strip(b"\xef\xbb\xbf \t\r\n"):
        return Sample(path, size, "empty", compression)
    if first_bytes.startswith(PARQUET):
        header, types, rows = _parquet_columns(path)
        return Sample(path, size, "parquet", compression, first_bytes, header=header, types=types, rows=rows)
    if first_bytes.startswith(UTF16):
        raise RefusedFileError(
            f'{path} is UTF-16 text (Excel\'s "Unicode text"): save it as CSV in UTF-8 and ingest that.'
        )
    if b"\x00" in first_bytes or first_bytes.startswith((b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0")):
        return Sample(path, size, "binary", compression, first_bytes)
    text = first_bytes.decode("utf-8-sig", errors="replace")
    if text.lstrip()[:1] in ("{", "["):
        objects, layout = _first_objects(text)
        if objects:
            return Sample(path, size, "json", compression, first_bytes, text, objects=objects, layout=layout)
    delimiter, header, rows = _first_rows(text)
    return Sample(path, size, "csv", compression, first_bytes, text, delimiter, header, rows=rows)


def _first_bytes(path: Path) -> tuple[bytes, str]:
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic.startswith(GZIP):
            with gzip.GzipFile(fileobj=file) as unpacked:
                return unpacked.read1(FIRST_BYTES) or b"", "gzip"
        if magic == ZSTD:
            import pyarrow

            with pyarrow.CompressedInputStream(pyarrow.PythonFile(file), "zstd") as unpacked:
                return unpacked.read(FIRST_BYTES), "zstd"
        return file.read(FIRST_BYTES), "none"


def _why_unreadable(path: Path, error: Exception) -> str:
    if isinstance(error, PermissionError):
        return f"{path.name} may not be read by this user: change its permissions (chmod u+r) or run as its owner."
    if isinstance(error, EOFError | gzip.BadGzipFile):
        return f"{path.name} is a gzip file that is broken at its beginning ({error}): download it again."
    if "ZSTD" in str(error):
        return f"{path.name} is a zstd file that is broken at its beginning: download it again."
    return f"{path.name} cannot be read: {error}."


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
    except duckdb.Error as error:
        first_line = str(error).splitlines()[0]
        raise RefusedFileError(
            f"{path.name} begins like Parquet but cannot be read ({first_line}): download it again."
        ) from None


def _first_objects(text: str) -> tuple[tuple[dict, ...], Layout]:
    if text.lstrip().startswith("["):
        return _first_array_objects(text.lstrip()[1:]), "array"
    objects = []
    for line in text.splitlines()[:FIRST_ROWS]:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            objects.append(value)
    if not objects:
        return _first_array_objects(text), "objects"
    return tuple(objects), "lines"


def _first_array_objects(text: str) -> tuple[dict, ...]:
    try:
        value, _ = json.JSONDecoder().raw_decode(text.lstrip())
    except ValueError:
        return ()
    return (value,) if isinstance(value, dict) else ()


def _first_rows(text: str) -> tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]:
    first_line = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",;\t|", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[str, ...]] = []
    try:
        for row in reader:
            if row:
                rows.append(tuple(row))
            if len(rows) > FIRST_ROWS:
                break
    except csv.Error:
        pass
    if not rows:
        return delimiter, (), ()
    return delimiter, tuple(cell.strip() for cell in rows[0]), tuple(rows[1:])
