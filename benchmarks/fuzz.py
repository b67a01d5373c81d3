"""Read exports that are wrong in every way we can think of: each must be accepted or refused, never fail otherwise.

    uv run python benchmarks/fuzz.py --cases 100000

A case is one file: a small export of one of the shapes, whose header, cells, nested values, bytes, encoding or packing
are changed at random; each of its 1 to 150 records is changed in its own way. It is looked at, recognised, read,
checked and told as in an ingest. Any exception but a refusal is a failure, and so is a report whose rows do not add up.
A case is made from its number alone, so that `--first 4711 --cases 1` makes it again. Prints the figures; the exit code
is 1 when a case failed.
"""

import argparse
import collections
import csv
import gzip
import io
import json
import random
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.check import describe, warn_of_columns, warn_of_grain
from ingest.containers import as_utf8, open_sources
from ingest.engine import connect
from ingest.files import day_of, fingerprint
from ingest.formats import format_of
from ingest.mapping import load_mapping
from ingest.mapping_suggest import suggest_mapping
from ingest.pipeline import prepare
from ingest.rejects import RejectsFile
from ingest.report import FileReport, IngestError, IngestReport, RefusedFileError
from ingest.sniff import Sample, look_at
from ingest.staging import stage
from ingest.telling import findings, table_rows

VISIT = {"fullVisitorId": "0077", "visitId": "1499201738", "visitNumber": "2", "visitStartTime": "1499201738"}
VISIT |= {"date": "20170704", "channelGrouping": "Direct"}
SECTIONS = {
    "totals": {
        "hits": "9",
        "pageviews": "7",
        "timeOnSite": "60",
        "transactions": "1",
        "transactionRevenue": "12500000",
    },
    "device": {"deviceCategory": "mobile", "operatingSystem": "iOS", "browser": "Safari"},
    "geoNetwork": {"country": "Japan", "region": "Tokyo"},
    "trafficSource": {"source": "google", "medium": "organic", "campaign": "(not set)"},
}
HITS: list[dict[str, Any]] = [{"hitNumber": "1", "type": "PAGE", "page": {"pagePath": "/a?b", "hostname": "x.example"}}]
HITS += [{"hitNumber": "2", "type": "EVENT", "eCommerceAction": {"action_type": "3"}, "product": [{"productSKU": "7"}]}]
FLAT = VISIT | {name: value for section in SECTIONS.values() for name, value in section.items()}
NESTED = VISIT | SECTIONS | {"hits": HITS}
CANONICAL = {"session_date": "2017-07-04", "session_id": "a", "visitor_id": "b", "pageviews": "5", "revenue": "1.5"}
CANONICAL |= {"engaged": "true", "country": "JP", "transactions": "1", "session_start": "2017-07-04T10:00:00Z"}
GA4 = {
    "event_date": "20210131", "event_timestamp": "1612069510766593", "event_name": "purchase", "user_pseudo_id": "1.2",
    "event_params": [{"key": "ga_session_id", "value": {"int_value": "17"}},
                     {"key": "page_location", "value": {"string_value": "https://x.example/a?b=c"}}],
    "device": {"category": "mobile", "operating_system": "iOS", "web_info": {"browser": "Safari", "hostname": "x"}},
    "geo": {"country": "Japan", "region": "Tokyo"},
    "traffic_source": {"source": "google", "medium": "cpc", "name": "n"},
    "ecommerce": {"transaction_id": "T1", "purchase_revenue": 2.5}, "items": [{"item_id": "7"}],
}  # fmt: skip
RECORDS = (FLAT, NESTED, CANONICAL, GA4, FLAT | {"hitNumber": "1", "productSKU": "x", "transactionId": "T"})
STRANGE = (
    *(
        "",
        " ",
        "null",
        "NULL",
        "None",
        "nan",
        "NaN",
        "\\N",
        "(not set)",
        "-",
        "0",
        "-1",
        "1e400",
        "-0.0",
        "1.5",
        "1,234",
    ),
    *("1.234,50", "12,5", "2.81772E+18", "99999999999999999999999", "9" * 400, "٣", "０", "true", "TRUE", "Yes", "1.0"),
    *("2017-07-04", "04.07.2017", "04/07/2017", "20170230", "99999999", "00000000", "infinity", "-infinity", "epoch"),
    *("2017-13-45", "1499126400", "14991264000000000000", "2017-07-04T25:61:61Z", "294277-01-01", "0001-01-01 BC"),
    *(
        "x" * 600,
        "é",
        "日本",
        "🛒",
        "\u202e",
        "\ufeff",
        "\x00",
        "\x07",
        "\t",
        "\n",
        "\r\n",
        "\r",
        '"',
        '""',
        "'",
        "\\",
        "`",
    ),
    *(
        "<script>",
        "=cmd()",
        "' or 1=1 --",
        "%s%n",
        "{}",
        "[]",
        "{",
        "[{",
        '{"a":1}',
        "{'a': 1}",
        "[[[[[[[[",
        "$1",
        "€ 9",
    ),
    *("Türkiye", "United States", "Côte d’Ivoire", "/a?b#c", "https://x.example:99999/%zz?", "http://[::1", "\udcff"),
)
NUMBERS: tuple[Any, ...] = (0, -1, 1.5, 1e300, -(2**63), 2**64, 2**70, True, False, None, [], {}, [[]], [{}], {"a": {}})
HEADERS = ("", " ", "date", "Date", "totals", "hits", "sessions", "userpseudoid", "event_name", "session_date", "日付")
HEADERS += ("a" * 300, '"', "c0", "select", "*", "row", "broken", "totals.totals.totals", "visitId ", "fullVisitorId")
DELIMITERS = (",", ",", ",", ";", "\t", "|", ":", " ")
ENCODINGS = ("utf-8",) * 8 + (
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "latin-1",
    "utf-32",
    "cp1252",
    "shift-jis",
)
PLACES = ("x.csv",) * 6 + ("date=2017-07-04.csv", "ga_sessions_20170704", "events_intraday_20210131.json", "[x]*?.csv")
ROWS = (1, 3, 12, 60, 150)


def main() -> None:
    """Try the cases and print what came of them."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--cases", type=int, default=2_000)
    ask.add_argument("--first", type=int, default=0)
    given = ask.parse_args()
    outcomes: collections.Counter[str] = collections.Counter()
    failures = 0
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, Reader(Path(folder)) as reader:
        for number in range(given.first, given.first + given.cases):
            try:
                outcomes.update(reader.read(number))
            except Exception:
                failures += 1
                print(f"case {number}: {traceback.format_exc(limit=-4)}", flush=True)
                reader.renew()
            if number % 1_000 == 999:
                print(f"{number + 1:,} {dict(outcomes)} {failures} failed", file=sys.stderr, flush=True)
    seconds = time.perf_counter() - started
    print(f"{given.cases:,} files of {outcomes['records']:,} changed records in {seconds:,.0f} s: {failures} failed")
    for outcome, count in sorted(outcomes.items()):
        print(f"  {outcome}: {count:,}")
    sys.exit(1 if failures else 0)


class Reader:
    """Read cases, one after the other, with one DuckDB connection."""

    def __init__(self, folder: Path) -> None:
        """Work in a folder of its own."""
        self.folder = folder
        self.renew()

    def __enter__(self) -> "Reader":
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self.connection.close()

    def renew(self) -> None:
        """Open a new connection: an internal error of DuckDB ends the old one; without optimizer it plans faster."""
        self.connection = connect(self.folder, "1GB", 1)
        prepare(self.connection)
        self.connection.execute("pragma disable_optimizer")

    def read(self, number: int) -> collections.Counter[str]:
        """Make the case and read it; return what came of it, counted."""
        chance = random.Random(number)  # noqa: S311 not a secret
        content, records = export(chance)
        path = self.folder / chance.choice(PLACES)
        path.write_bytes(content)
        outcomes = collections.Counter({"records": records})
        reports: list[FileReport] = []
        try:
            for source in open_sources(path, self.folder / "unpacked" / str(number)):
                sample = look_at(source.path, day_of(source.shown))
                report = FileReport(source.shown)
                reports.append(report)
                try:
                    self._ingest(sample, report, chance)
                except (RefusedFileError, IngestError) as refusal:
                    report.status, report.reason = "refused", str(refusal)
                outcomes[f"{report.status} {report.shape or sample.kind}"] += 1
                outcomes["rows"] += report.rows
        except RefusedFileError as refusal:
            reports.append(FileReport.refused(path, str(refusal)))
            outcomes["refused unopened"] += 1
        _tell(reports)
        path.unlink()
        return outcomes

    def _ingest(self, sample: Sample, report: FileReport, chance: random.Random) -> None:
        if chance.random() < 0.1:
            text = suggest_mapping(sample).replace("year = 0 ", "year = 2017 ")
            written = self.folder / "m.toml"
            text = _changed_text(chance, text) if chance.random() < 0.3 else text
            written.write_text(text, encoding="utf-8", errors="replace")
            shape = load_mapping(written).format_of(sample)
        else:
            shape = format_of(sample)
        report.shape = shape.NAME
        target = self.folder / "0.parquet"
        _, census = fingerprint(sample.path, sample.compression, is_text=sample.kind in ("csv", "json"))
        if sample.kind in ("csv", "json") and census.encoding != "utf-8":
            sample = look_at(as_utf8(sample.path, "x", self.folder / "utf8", census).path, sample.day)
        staged = stage(self.connection, sample, shape, target, salt="x", export_id="x")
        accepted = describe(self.connection, staged.path, report, staged.unreadable)
        if accepted and shape.GRAIN == "hit":
            warn_of_grain(self.connection, staged.path, report)
        if accepted:
            warn_of_columns(self.connection, staged.path, report, staged.filled, sample.names)
        with RejectsFile(self.folder) as rejects:
            rejects.add(self.connection, staged.path, report, staged.unreadable)
        assert report.rows == accepted + report.rows_rejected  # noqa: S101 what the script checks
        json.dumps(report.warnings)
        for written in self.folder.glob("0*"):
            written.unlink()


def _tell(reports: list[FileReport]) -> None:
    report = IngestReport(reports, None, None)
    table_rows(report)
    for finding in findings(report):
        f"{finding.where} {finding.text}".encode("utf-8", "surrogatepass")
    json.dumps(report.as_json(), default=str)


def export(chance: random.Random) -> tuple[bytes, int]:
    """Return the bytes of one export, changed, and how many records were written to it."""
    record = chance.choice(RECORDS)
    records = [_changed(chance, record) for _ in range(chance.choice(ROWS))]
    style = chance.choice((str, str, str.upper, str.lower, _snake))
    records = [{style(name): value for name, value in one.items()} for one in records]
    write = chance.choice((_as_csv, _as_csv, _as_lines, _as_lines, _as_array, _as_parquet))
    content = write(chance, records)
    for change in (_changed_bytes, _packed):
        if chance.random() < 0.15:
            content = change(chance, content)
    return content, len(records)


def _changed(chance: random.Random, record: dict[str, Any]) -> dict[str, Any]:
    """Return a copy with some fields dropped, renamed, added, or given strange values, at any depth."""
    changed: dict[str, Any] = {}
    for name, value in record.items():
        fate = chance.random()
        if fate < 0.02:
            continue
        new = name if fate > 0.03 else chance.choice(HEADERS)
        changed[new] = _changed_value(chance, value)
    if chance.random() < 0.05:
        changed[chance.choice(HEADERS)] = chance.choice(STRANGE)
    return changed


def _changed_value(chance: random.Random, value: Any) -> Any:
    fate = chance.random()
    if fate < 0.04:
        return chance.choice(STRANGE)
    if fate < 0.06:
        return chance.choice(NUMBERS)
    if isinstance(value, dict):
        return json.dumps(value) if fate < 0.08 else _changed(chance, value)
    if isinstance(value, list):
        return [_changed_value(chance, one) for one in value] * chance.choice((1, 1, 1, 0, 3))
    return value


def _as_csv(chance: random.Random, records: list[dict[str, Any]]) -> bytes:
    header = list(records[0])
    if chance.random() < 0.1:
        header.insert(chance.randrange(len(header) + 1), chance.choice(HEADERS))
    if chance.random() < 0.1:
        chance.shuffle(header)
    text = io.StringIO(newline="")
    quoting = chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    ends = chance.choice(("\n", "\n", "\r\n", "\r"))
    writer = csv.writer(text, delimiter=chance.choice(DELIMITERS), lineterminator=ends, quoting=quoting)
    dump = chance.choice((json.dumps, json.dumps, str))
    for row in [dict(zip(header, header, strict=True)), *records]:
        cells = [row.get(name, "") for name in header]
        writer.writerow([dump(cell) if isinstance(cell, dict | list) else cell for cell in cells])
    return _encoded(chance, chance.choice(("", "", "", "sep=;\n", "# x\n", "\n\n", "Report,,\n")) + text.getvalue())


def _as_lines(chance: random.Random, records: list[dict[str, Any]]) -> bytes:
    lines = [json.dumps(record, ensure_ascii=chance.random() < 0.5) for record in records]
    if chance.random() < 0.1:
        lines.insert(chance.randrange(len(lines) + 1), chance.choice(STRANGE))
    return _encoded(chance, chance.choice(("\n", "\n", "\r\n", "\n\n", ",\n", "")).join(lines) + "\n")


def _as_array(chance: random.Random, records: list[dict[str, Any]]) -> bytes:
    values: list[Any] = [*records, *chance.choices(NUMBERS, k=chance.choice((0, 0, 0, 1)))]
    return _encoded(chance, json.dumps(values, indent=chance.choice((None, None, 1))))


def _as_parquet(chance: random.Random, records: list[dict[str, Any]]) -> bytes:
    names = {name: None for record in records for name in record}
    columns = {}
    for name in names:
        values = [record.get(name) for record in records]
        try:
            columns[name] = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeEncodeError):
            texts = [None if value is None else json.dumps(value).encode("utf-8", "replace") for value in values]
            columns[name] = pa.array(texts, pa.binary())
    buffer = io.BytesIO()
    try:
        pq.write_table(pa.table(columns), buffer, compression=chance.choice(("snappy", "zstd", "none")))
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # Parquet has no empty record
        return _as_lines(chance, records)
    return buffer.getvalue()


def _encoded(chance: random.Random, text: str) -> bytes:
    if chance.random() < 0.05:
        text = _changed_text(chance, text)
    return text.encode(chance.choice(ENCODINGS), errors="replace")


def _changed_text(chance: random.Random, text: str) -> str:
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice(STRANGE) + text[at + chance.choice((0, 1, 20)) :]
    return text


def _changed_bytes(chance: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(changed) + 1)
        fate = chance.randrange(4)
        if fate == 0:
            del changed[at:]
        elif fate == 1:
            changed[at : at + 1] = chance.randbytes(1)
        elif fate == 2:
            changed[at:at] = chance.randbytes(chance.randrange(1, 9))
        else:
            del changed[at : at + chance.randrange(1, 40)]
    return bytes(changed)


def _packed(chance: random.Random, content: bytes) -> bytes:
    pack: Callable[[bytes], bytes] = chance.choice((gzip.compress, _zipped, _zstd))
    packed = pack(content)
    return _changed_bytes(chance, packed) if chance.random() < 0.4 else packed


def _zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", content)
        archive.writestr("xl/b.json", content)
    return buffer.getvalue()


def _zstd(content: bytes) -> bytes:
    return pa.compress(content, "zstd", asbytes=True)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


if __name__ == "__main__":
    main()
