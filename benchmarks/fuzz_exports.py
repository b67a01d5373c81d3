"""Exports that are wrong in every way we can think of, each made from a source of chance alone."""

import csv
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

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
GA4_FLAT = {
    "event_date": "20210131", "event_timestamp": "1612069510766593", "event_name": "page_view", "user_pseudo_id": "1.2",
    "ga_session_id": "17", "ga_session_number": "2", "session_engaged": "1", "engagement_time_msec": "1200",
    "page_location": "https://x.example/a?b=c", "session_source": "google", "session_medium": "cpc",
    "session_campaign": "n", "device_category": "mobile", "geo_country": "Japan", "transaction_id": "T1",
    "ecommerce_purchase_revenue": "2.5",
}  # fmt: skip
RECORDS = (FLAT, NESTED, CANONICAL, GA4, FLAT | {"hitNumber": "1", "productSKU": "x", "transactionId": "T"})
STRANGE = (
    "", " ", "null", "NULL", "None", "nan", "NaN", "\\N", "(not set)", "-", "0", "-1", "1e400", "-0.0", "1.5", "1,234",
    "1.234,50", "12,5", "2.81772E+18", "99999999999999999999999", "9" * 400, "٣", "０", "true", "TRUE", "Yes", "1.0",
    "2017-07-04", "04.07.2017", "04/07/2017", "20170230", "99999999", "00000000", "infinity", "-infinity", "epoch",
    "2017-13-45", "1499126400", "14991264000000000000", "2017-07-04T25:61:61Z", "294277-01-01", "0001-01-01 BC",
    "x" * 600, "é", "日本", "🛒", "\u202e", "\ufeff", "\x00", "\x07", "\t", "\n", "\r\n", "\r", '"', '""', "'", "\\",
    "`", "<script>", "=cmd()", "' or 1=1 --", "%s%n", "{}", "[]", "{", "[{", '{"a":1}', "{'a': 1}", "[[[[[[[[", "$1",
    "€ 9", "Türkiye", "United States", "Côte d’Ivoire", "/a?b#c", "https://x.example:99999/%zz?", "http://[::1",
    "\udcff",
)  # fmt: skip
NUMBERS: tuple[Any, ...] = (0, -1, 1.5, 1e300, -(2**63), 2**64, 2**70, True, False, None, [], {}, [[]], [{}], {"a": {}})
HEADERS = ("", " ", "date", "Date", "totals", "hits", "sessions", "userpseudoid", "event_name", "session_date", "日付")
HEADERS += ("a" * 300, '"', "c0", "select", "*", "row", "broken", "totals.totals.totals", "visitId ", "fullVisitorId")
DELIMITERS = (",", ",", ",", ";", "\t", "|", ":", " ")
ENCODINGS = ("utf-8",) * 8
ENCODINGS += ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "utf-32", "cp1252", "shift-jis")
PLACES = ("x.csv",) * 6 + ("date=2017-07-04.csv", "ga_sessions_20170704", "events_intraday_20210131.json", "[x]*?.csv")
ROWS = (1, 3, 12, 60, 150)


def export(chance: random.Random) -> tuple[bytes, int]:
    """Return the bytes of one export, changed, and how many records were written to it."""
    record = chance.choice(RECORDS)
    records = [changed(chance, record) for _ in range(chance.choice(ROWS))]
    style = chance.choice((str, str, str.upper, str.lower, _snake))
    records = [{style(name): value for name, value in one.items()} for one in records]
    write = chance.choice((as_csv, as_csv, as_lines, as_lines, as_array, as_parquet))
    content = write(chance, records)
    for change in (changed_bytes, packed):
        if chance.random() < 0.15:
            content = change(chance, content)
    return content, len(records)


def changed(chance: random.Random, record: dict[str, Any]) -> dict[str, Any]:
    """Return a copy with some fields dropped, renamed, added, or given strange values, at any depth."""
    result: dict[str, Any] = {}
    for name, value in record.items():
        fate = chance.random()
        if fate < 0.02:
            continue
        new = name if fate > 0.03 else chance.choice(HEADERS)
        result[new] = changed_value(chance, value)
    if chance.random() < 0.05:
        result[chance.choice(HEADERS)] = chance.choice(STRANGE)
    return result


def changed_value(chance: random.Random, value: Any) -> Any:
    """Return the value, or a strange one instead, or one with changes inside it."""
    fate = chance.random()
    if fate < 0.04:
        return chance.choice(STRANGE)
    if fate < 0.06:
        return chance.choice(NUMBERS)
    if isinstance(value, dict):
        return json.dumps(value) if fate < 0.08 else changed(chance, value)
    if isinstance(value, list):
        return [changed_value(chance, one) for one in value] * chance.choice((1, 1, 1, 0, 3))
    return value


def as_csv(chance: random.Random, records: list[dict[str, Any]]) -> bytes:
    """Write records as CSV under the names of the first, in some dialect, encoding and order."""
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


def as_lines(chance: random.Random, records: list[dict[str, Any]]) -> bytes:
    """Write records as JSON, a line each or without an end between them."""
    lines = [json.dumps(record, ensure_ascii=chance.random() < 0.5) for record in records]
    if chance.random() < 0.1:
        lines.insert(chance.randrange(len(lines) + 1), chance.choice(STRANGE))
    return _encoded(chance, chance.choice(("\n", "\n", "\r\n", "\n\n", ",\n", "")).join(lines) + "\n")


def as_array(chance: random.Random, records: list[dict[str, Any]]) -> bytes:
    """Write records as one JSON array, perhaps with something else in it."""
    values: list[Any] = [*records, *chance.choices(NUMBERS, k=chance.choice((0, 0, 0, 1)))]
    return _encoded(chance, json.dumps(values, indent=chance.choice((None, None, 1))))


def as_parquet(chance: random.Random, records: list[dict[str, Any]]) -> bytes:
    """Write records as Parquet; a column of several kinds of values as bytes."""
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
        return as_lines(chance, records)
    return buffer.getvalue()


def _encoded(chance: random.Random, text: str) -> bytes:
    if chance.random() < 0.05:
        text = changed_text(chance, text)
    return text.encode(chance.choice(ENCODINGS), errors="replace")


def changed_text(chance: random.Random, text: str) -> str:
    """Put strange texts into a text, one to three times, or in the place of some of it."""
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice(STRANGE) + text[at + chance.choice((0, 1, 20)) :]
    return text


def changed_bytes(chance: random.Random, content: bytes) -> bytes:
    """Cut the bytes off, or change, insert or delete some, one to four times."""
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


def packed(chance: random.Random, content: bytes) -> bytes:
    """Pack the bytes, and change the packed ones in four of ten cases."""
    pack: Callable[[bytes], bytes] = chance.choice((gzip.compress, _zipped, _zstd))
    result = pack(content)
    return changed_bytes(chance, result) if chance.random() < 0.4 else result


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
