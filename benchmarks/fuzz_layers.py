"""The layers of the fuzz run: what a case of each is, and how it is read."""

import collections
import csv
import io
import json
import random
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks import fuzz_exports as exports
from benchmarks.fuzz_exports import GA4, GA4_FLAT, HEADERS, NESTED, PLACES, RECORDS, SECTIONS, STRANGE, VISIT
from benchmarks.fuzz_reader import Reader, tell
from ingest.engine import name_relation
from ingest.formats import format_of
from ingest.report import FileReport, IngestError, RefusedFileError

Outcomes = collections.Counter[str]
BATCH = 200
"""Changed records that are read from one file, each of which is a case."""

WRITERS = (exports.as_csv, exports.as_csv, exports.as_lines, exports.as_array, exports.as_parquet)
KINDS = ("csv", "csv", "lines", "array", "parquet")
CODE_PAGES = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-7",
    "latin-1",
    "cp1250",
    "cp1251",
)
CODE_PAGES += (
    "cp1252",
    "cp437",
    "mac-roman",
    "iso8859-15",
    "koi8-r",
    "shift-jis",
    "euc-jp",
    "euc-kr",
    "big5",
    "gb18030",
)
WORDS = (
    "Zürich",
    "naïve café",
    "東京",
    "Москва",
    "Αθήνα",
    "서울",
    "القاهرة",
    "€ 9",
    "œuvre",
    "\x85",
    "🛒",
    "Côte d’Ivoire",
)


def files(reader: Reader, number: int) -> Outcomes:
    """Read a file of 1 to 150 records, changed in every way, to the end of its report."""
    chance = random.Random(number)  # noqa: S311 not a secret
    content, records = exports.export(chance)
    name = chance.choice(PLACES)
    outcomes = Outcomes(cases=reader.is_new(name.encode() + content), records=records)
    reports: list[FileReport] = []
    try:
        for sample in reader.looks(content, name):
            report = FileReport(str(sample.path))
            reports.append(report)
            try:
                shape = reader.mapped(sample, chance) if chance.random() < 0.1 else format_of(sample)
                reader.judge(sample, shape, report)
            except (RefusedFileError, IngestError) as refusal:
                report.status, report.reason = "refused", str(refusal)
            outcomes[f"{report.status} {report.shape or sample.kind}"] += 1
    except RefusedFileError as refusal:
        reports.append(FileReport.refused(name, str(refusal)))
        outcomes["refused unopened"] += 1
    tell(reports)
    return outcomes


def headers(reader: Reader, number: int) -> Outcomes:
    """Recognise a file whose names are changed, at any depth, and let DuckDB plan the query of its shape."""
    chance = random.Random(f"headers {number}")  # noqa: S311
    records = [_renamed(chance, chance.choice((*RECORDS, GA4_FLAT)), chance.choice((0.03, 0.1, 0.3)))] * 2
    content = chance.choice(WRITERS)(chance, records)
    outcomes = Outcomes(cases=reader.is_new(content))
    try:
        for sample in reader.looks(content, "x"):
            shape = format_of(sample)
            name_relation(reader.connection, "raw", shape.read(sample))
            outcomes[f"planned {shape.NAME}"] += 1
    except RefusedFileError as refusal:
        tell([FileReport.refused("x", str(refusal))])
        outcomes["refused"] += 1
    return outcomes


def encodings(reader: Reader, number: int) -> Outcomes:
    """Open, look at, convert and recognise a text in some encoding, its bytes perhaps changed or exports.packed."""
    chance = random.Random(f"encodings {number}")  # noqa: S311
    record = {**chance.choice((*RECORDS, GA4_FLAT))}
    for name in chance.sample(sorted(record), 2):
        record[name] = chance.choice(WORDS) + _any_text(chance)
    text = chance.choice((exports.as_csv, exports.as_csv, exports.as_lines, exports.as_array))(
        chance, [record] * chance.randrange(1, 4)
    )
    content = text.decode("utf-8", "replace").encode(
        chance.choice(CODE_PAGES), errors=chance.choice(("replace", "ignore"))
    )
    for change in (exports.changed_bytes, exports.packed):
        if chance.random() < 0.3:
            content = change(chance, content)
    outcomes = Outcomes(cases=reader.is_new(content))
    try:
        for sample in reader.looks(content, chance.choice(PLACES)):
            shape = format_of(reader.in_utf8(sample))
            outcomes[f"recognised {shape.NAME}"] += 1
    except RefusedFileError as refusal:
        tell([FileReport.refused("x", str(refusal))])
        outcomes["refused"] += 1
    return outcomes


def cells(reader: Reader, number: int) -> Outcomes:
    """Judge the rows of a file, of each of which one to four cells are changed in another way."""
    chance = random.Random(f"cells {number}")  # noqa: S311
    record = chance.choice([one for one in (*RECORDS, GA4_FLAT) if not _records_in(one)])
    changes = [_with_changed_cells(random.Random(f"cells {number} {row}"), record) for row in range(BATCH)]  # noqa: S311
    return _batch(reader, record, changes, chance.choice(KINDS))


def nested(reader: Reader, number: int) -> Outcomes:
    """Judge the records of a file, of each of which nested values are changed in another way."""
    chance = random.Random(f"nested {number}")  # noqa: S311
    record = chance.choice((NESTED, GA4, VISIT | SECTIONS))
    changes = [_changed_inside(random.Random(f"nested {number} {row}"), record) for row in range(BATCH)]  # noqa: S311
    return _batch(reader, record, changes, chance.choice(KINDS))


LAYERS: Mapping[str, Callable[[Reader, int], Outcomes]] = {
    "files": files,
    "headers": headers,
    "encodings": encodings,
    "cells": cells,
    "nested": nested,
}


def _batch(reader: Reader, record: dict, changes: list[dict], kind: str) -> Outcomes:
    """Read changed records behind one that is not changed; where a file is refused or fails, each half of it."""
    content = _plainly([record, *changes], kind)
    outcomes = Outcomes()
    report = FileReport("x")
    try:
        for sample in reader.looks(content, "x"):
            reader.judge(sample, format_of(sample), report)
            outcomes[f"accepted rows {report.shape}"] += report.rows - report.rows_rejected
            outcomes[f"rejected rows {report.shape}"] += report.rows_rejected
        tell([report])
    except RefusedFileError as refusal:
        if len(changes) > 1:
            middle = len(changes) // 2
            return sum(
                (_batch(reader, record, half, kind) for half in (changes[:middle], changes[middle:])),
                Outcomes(),
            )
        report.status, report.reason = "refused", str(refusal)
        tell([report])
        outcomes["refused, one record"] += 1
    outcomes["cases"] = sum(reader.is_new((kind + json.dumps(one)).encode()) for one in changes if one != record)
    return outcomes


def _plainly(records: list[dict], kind: str) -> bytes:
    """Write records as an export does, so that nothing but their values is odd."""
    if kind == "parquet":
        return exports.as_parquet(random.Random(0), records)  # noqa: S311
    if kind == "array":
        return json.dumps(records).encode()
    if kind == "lines":
        return "".join(json.dumps(one) + "\n" for one in records).encode()
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(records[0])
    for one in records:
        cells = [one.get(name, "") for name in records[0]]
        writer.writerow([json.dumps(cell) if isinstance(cell, dict | list) else cell for cell in cells])
    return text.getvalue().encode("utf-8", "replace")


def _renamed(chance: random.Random, record: dict[str, Any], share: float) -> dict[str, Any]:
    """Return the record with names dropped, written in another way, changed or strange, at any depth."""
    style = chance.choice((str, str, str.upper, str.lower, str.title, str.swapcase))
    result = {}
    for name, value in record.items():
        inner = _renamed(chance, value, share) if isinstance(value, dict) else value
        if isinstance(value, list):
            inner = [_renamed(chance, one, share) if isinstance(one, dict) else one for one in value]
        if chance.random() < share / 2:
            continue
        result[_other_name(chance, name) if chance.random() < share else style(name)] = inner
    if chance.random() < share:
        result[chance.choice(HEADERS)] = _any_text(chance)
    return result


def _other_name(chance: random.Random, name: str) -> str:
    fate = chance.randrange(5)
    if fate == 0:
        return chance.choice(HEADERS)
    if fate == 1:
        return (
            chance.choice(("ga:", "totals.", "totals_", "hits.", "event_params.", "device.", " ", "_", "\ufeff")) + name
        )
    if fate == 2:
        return name + chance.choice((" ", "_", "s", "2", ".x", "\x00", "\n", '"', "'"))
    at = chance.randrange(len(name) + 1)
    return (
        name[:at] + chance.choice(("", "_", " ", ".", "é", "İ", "ß", "\t", _any_text(chance))) + name[at + fate - 3 :]
    )


def _any_text(chance: random.Random) -> str:
    """Return up to 12 characters from anywhere in Unicode that can be written."""
    limits = chance.choice(((32, 127), (0, 256), (0, 0xD800), (0xE000, 0x110000)))
    return "".join(chr(chance.randrange(*limits)) for _ in range(chance.randrange(13)))


def _with_changed_cells(chance: random.Random, record: dict[str, Any]) -> dict[str, Any]:
    result = dict(record)
    for name in chance.sample(sorted(record), chance.randrange(1, 5)):
        text = str(record[name])
        at = chance.randrange(len(text) + 1)
        result[name] = chance.choice((
            chance.choice(STRANGE),
            _any_text(chance),
            text[:at] + chance.choice(STRANGE) + text[at:],
            text[:at] + text[at + 1 :],
            text[:at] + chance.choice("0123456789-+.,eE: /TZ") + text[at + chance.randrange(2) :],
            str(record[chance.choice(sorted(record))]),
            str(chance.randrange(-(10**chance.randrange(1, 25)), 10**20)),
        ))  # fmt: skip
    return result


def _changed_inside(chance: random.Random, record: dict[str, Any]) -> dict[str, Any]:
    """Return a copy that differs from the record inside the fields that hold records."""
    while True:
        result = dict(record)
        for name in _records_in(record):
            value = record[name]
            result[name] = (
                exports.changed(chance, value) if isinstance(value, dict) else exports.changed_value(chance, value)
            )
        if result != record:
            return result


def _records_in(record: dict[str, Any]) -> list[str]:
    return [name for name, value in record.items() if isinstance(value, dict | list)]
