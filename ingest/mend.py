"""The slow path for a broken text file: keep its good lines, and say which are lost and why."""

import codecs
import csv
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from ingest.files import CHUNK, open_unpacked
from ingest.report import RefusedFileError
from ingest.sniff import LARGEST_OBJECT, Sample
from ingest.sources import Shape

Lost = tuple[int, str, str]
"""A lost row: its number (the first after a header is 1), the reason, the text."""

UNCLOSED = "a quote that is not closed"
LINES_A_ROW = 100


def mend_csv(sample: Sample, mended: Path) -> Iterator[Lost]:
    """Copy a CSV to `mended` without the lines whose quotes would swallow the lines after them; yield those lines.

    A row may have up to 100 lines, if together they have as many cells as the header.
    """
    with (
        sample.path.open("rb", buffering=0) as file,
        open_unpacked(file, sample.compression) as source,
        mended.open("wb") as kept,
    ):
        lines = (part for line in source for part in line.rstrip(b"\r\n").split(b"\r"))
        lines = islice(lines, sample.skip, None)
        waiting: list[bytes] = []
        row = -1
        while waiting or (waiting := list(islice(lines, 1))):
            line = waiting.pop(0)
            if not line.strip():
                continue
            row += 1
            if line.count(b'"') % 2 == 0:
                kept.write(line + b"\n")
                continue
            waiting += islice(lines, LINES_A_ROW - len(waiting))
            if size := _row_of_lines(line, waiting, sample):
                kept.write(b"\n".join((line, *waiting[:size])) + b"\n")
                del waiting[:size]
            else:
                yield row, UNCLOSED, line[:400].decode("utf-8", errors="replace").strip()


def _row_of_lines(line: bytes, following: list[bytes], sample: Sample) -> int:
    """Return how many of the following lines belong to the row that `line` begins; 0 when none completes it."""
    for size, last in enumerate(following, 1):
        if last.count(b'"') % 2 == 0:
            continue
        text = b"\n".join((line, *following[:size])).decode("utf-8", errors="replace")
        try:
            rows = list(csv.reader(text.splitlines(keepends=True), delimiter=sample.delimiter, strict=True))
        except csv.Error:
            return 0
        return size if len(rows) == 1 and len(rows[0]) == len(sample.header) else 0
    return 0


def row_in_file(row: int, lost_rows: list[int]) -> int:
    """Return a kept row's number in the file, from its number among the kept and the sorted numbers of the lost."""
    for lost in lost_rows:
        if lost > row:
            break
        row += 1
    return row


def mend_ndjson(sample: Sample, shape: Shape, mended: Path) -> Iterator[Lost]:
    """Copy the lines that are JSON objects of that shape to `mended`; yield the others."""
    with (
        sample.path.open("rb", buffering=0) as file,
        open_unpacked(file, sample.compression) as lines,
        mended.open("wb") as kept,
    ):
        row = 0
        for line in lines:
            if not line.strip():
                continue
            row += 1
            if reason := why_no_object(line, shape):
                yield row, reason, line[:400].decode("utf-8", errors="replace").strip()
            else:
                kept.write(_rewritten(json.loads(line.decode("utf-8-sig"))))


def mend_json(sample: Sample, shape: Shape, mended: Path) -> Iterator[Lost]:
    """Copy the objects of a JSON array, or in a row, that have that shape to `mended`, a line each; yield the others.

    Raises RefusedFileError where the JSON itself breaks off.
    """
    with (
        sample.path.open("rb", buffering=0) as file,
        open_unpacked(file, sample.compression) as source,
        mended.open("wb") as kept,
    ):
        text = codecs.getreader("utf-8-sig")(source, "replace")
        for row, value in enumerate(_values(text, sample.path.name), 1):
            if reason := _misfit(value, shape, "the record") if isinstance(value, Mapping) else "not an object":
                yield row, reason, _without_surrogates(json.dumps(value, ensure_ascii=False)[:400])
            else:
                kept.write(_rewritten(value))


def _rewritten(value: object) -> bytes:
    """Return a JSON line that DuckDB can read: each key once, no halves of a character."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", errors="replace") + b"\n"


def _without_surrogates(text: str) -> str:
    """Return a text that can be written: JSON may hold halves of a character."""
    return text.encode("utf-8", errors="replace").decode()


def _values(text: codecs.StreamReader, name: str) -> Iterator[object]:
    """Yield the values of a JSON array, or values in a row, reading on only when one is not complete."""
    decoder, buffer, size, found = json.JSONDecoder(), "", CHUNK, 0
    while True:
        start = len(buffer) - len(buffer.lstrip("[, \t\r\n" if not found else ", \t\r\n"))
        try:
            value, end = decoder.raw_decode(buffer, start)
        except (ValueError, RecursionError):
            more = text.read(size)
            if more and len(buffer) < LARGEST_OBJECT:
                buffer, size = buffer[start:] + more, size * 2
                continue
            if not buffer.strip("[], \t\r\n"):
                return
            raise RefusedFileError(
                f"{name} is JSON that breaks off or is broken after its record {found:,}: download it again."
            ) from None
        yield value
        found, size, buffer = found + 1, CHUNK, buffer[end:]


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
