"""Dialects: however the same three sessions are written, they are the same three sessions in the store."""

import csv
import datetime as dt
import io
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import stored_rows

from ingest.files import day_of
from ingest.pipeline import ingest_exports
from queries.store import Store

HEADER = ["fullVisitorId", "visitId", "visitNumber", "date", "deviceCategory", "country", "source", "pageviews"]
HEADER += ["timeOnSite", "transactions", "transactionRevenue"]
ROWS = [
    ["0077", "1499201738", "1", "20170704", "desktop", "Taiwan", "google", "3", "10", "1", "12500000"],
    ["0078", "1499201739", "2", "20170704", "mobile", "Japan", "bing", "1", "", "", ""],
    ["79", "1499201740", "1", "20170704", "mobile", "Japan", "a, b", "1", "", "", ""],
]
DATE, VISIT, PAGEVIEWS, REVENUE = 3, 1, 7, 10


def table(header=HEADER, rows=ROWS, *, delimiter=",", ends="\n", quoting=csv.QUOTE_MINIMAL):
    """Write a CSV as text."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=ends, quoting=quoting)
    writer.writerows([header, *rows])
    return text.getvalue()


def with_column(position, change):
    """Write the CSV with the filled cells of one column changed."""
    return table(
        rows=[[change(cell) if at == position and cell else cell for at, cell in enumerate(row)] for row in ROWS]
    )


def with_blanks(word):
    """Write the CSV with a word in its empty cells."""
    return table(rows=[[cell or word for cell in row] for row in ROWS])


RECORDS = [dict(zip(HEADER, row, strict=True)) for row in ROWS]
OMITTED = [{name: value for name, value in record.items() if value} for record in RECORDS]
SECTIONS = {
    "totals": {"pageviews", "timeOnSite", "transactions", "transactionRevenue"},
    "device": {"deviceCategory"},
    "geoNetwork": {"country"},
    "trafficSource": {"source"},
}


def snake(name):
    """Turn camelCase into snake_case."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def nested(record, name=str):
    """Return the record with its sections as records."""
    flat = {name(key): value for key, value in record.items() if not any(key in keys for keys in SECTIONS.values())}
    sections = {
        name(section): {name(key): record[key] for key in sorted(keys) if key in record}
        for section, keys in SECTIONS.items()
    }
    return flat | sections


def in_sections(name):
    """Put a field's section before it, as a query that flattens a nested table does."""
    return next((f"{section}.{name}" for section, keys in SECTIONS.items() if name in keys), name)


def camel(name):
    """Join the parts of a dotted name as camelCase."""
    first, *others = name.split(".")
    return first + "".join(part[:1].upper() + part[1:] for part in others)


def lines(records):
    """Write newline-delimited JSON as text."""
    return "".join(json.dumps(record) + "\n" for record in records)


def texts(record, name=str):
    """Write the sections of a nested record as JSON texts."""
    return {
        name(key): json.dumps(value, indent=1) if isinstance(value, dict) else value for key, value in record.items()
    }


CSVS = {
    "as it is": table(),
    "all quoted": table(quoting=csv.QUOTE_ALL),
    "semicolons": table(delimiter=";"),
    "tabs": table(delimiter="\t"),
    "pipes": table(delimiter="|"),
    "CR": table(ends="\r"),
    "CRLF": table(ends="\r\n"),
    "one CRLF": table().replace("\n", "\r\n", 1),
    "no last line end": table().rstrip("\n"),
    "blank lines before": "\n\n" + table(),
    "blank lines between": table().replace("\n", "\n\n"),
    "Excel's sep": "sep=;\n" + table(delimiter=";"),
    "comments before": "# made by x, on Monday\n#\n" + table(),
    "a BOM": "\ufeff" + table(quoting=csv.QUOTE_ALL),
    "empty last columns": table([*HEADER, "", ""], [[*row, "", ""] for row in ROWS]),
    "empty last cells": table().replace("\n", ",\n").replace("Revenue,", "Revenue"),
    "last empty cells cut off": table(rows=[ROWS[0], *(row[:8] for row in ROWS[1:])]),
    "a column twice": table([*HEADER, "date", "country"], [[*row, "x", "y"] for row in ROWS]),
    "unknown columns": table(["", "Unnamed: 1", *HEADER], [["1", "x", *row] for row in ROWS]),
    "another order": table(HEADER[::-1], [row[::-1] for row in ROWS]),
    "spaces": table([f" {name} " for name in HEADER], [[f" {cell} " for cell in row] for row in ROWS]),
    "a control Z": table() + "\x1a",
    "a NUL": table().replace("bing", "bi\0ng"),
    "a sum at the end": table() + "Total,,,,,,,5,,1,\n",
    "the header again": table() + table()[: table().index("\n") + 1],
    "words in the header": table([snake(name).replace("_", " ").title() for name in HEADER]),
    "snake_case": table([snake(name) for name in HEADER]),
    "UPPER_CASE": table([snake(name).upper() for name in HEADER]),
    "ga: names": table([f"ga:{name}" for name in HEADER]),
    "dots": table([in_sections(name) for name in HEADER]),
    "underscores": table([snake(in_sections(name)).replace(".", "__") for name in HEADER]),
    "sections in camelCase": table([camel(in_sections(name)) for name in HEADER]),
    "ISO dates": with_column(DATE, lambda _: "2017-07-04"),
    "ISO times": with_column(DATE, lambda _: "2017-07-04T00:00:00.000Z"),
    "BigQuery times": with_column(DATE, lambda _: "2017-07-04 00:00:00 UTC"),
    "slashes": with_column(DATE, lambda _: "2017/07/04"),
    "dots in dates": with_column(DATE, lambda _: "04.07.2017"),
    "short dots in dates": with_column(DATE, lambda _: "4.7.2017"),
    "dates as numbers": with_column(DATE, lambda cell: f"{cell}.0"),
    "epoch seconds": with_column(DATE, lambda _: "1499126400"),
    "epoch milliseconds": with_column(DATE, lambda _: "1499126400000"),
    "epoch microseconds": with_column(DATE, lambda _: "1499126400000000"),
    "names of months": with_column(DATE, lambda _: "Jul 4, 2017"),
    "names of months, day first": with_column(DATE, lambda _: "4-Jul-2017"),
    "ids as decimals": with_column(VISIT, lambda cell: f"{cell}.0"),
    "ids as formulas": with_column(VISIT, lambda cell: f'="{cell}"'),
    "ids as Excel's texts": with_column(VISIT, lambda cell: f"'{cell}"),
    "counts as decimals": with_column(PAGEVIEWS, lambda cell: f"{cell}.0"),
    "counts with a space": with_column(PAGEVIEWS, lambda cell: f"\u00a0{cell}"),
    "revenue in groups": with_column(REVENUE, lambda _: "12,500,000"),
    "revenue as a power": with_column(REVENUE, lambda _: "1.25E+07"),
    "revenue in whole units": with_column(REVENUE, lambda _: "12.50"),
    "revenue in whole units, comma": with_column(REVENUE, lambda _: "12,50"),
    **{f"{word} for nothing": with_blanks(word) for word in ("null", "NULL", "\\N", "None", "NaN", "<NA>", "N/A", "-")},
    "JSON cells": table(list(RECORDS[0] | nested(RECORDS[0]))[:4] + list(SECTIONS), [
        [*row[:4], *(json.dumps(nested(record)[section], indent=2) for section in SECTIONS)]
        for row, record in zip(ROWS, RECORDS, strict=True)
    ]),
    "dictionaries of Python": table(HEADER[:4] + list(SECTIONS), [
        [*row[:4], *(str(nested(record)[section]) for section in SECTIONS)]
        for row, record in zip(ROWS, RECORDS, strict=True)
    ]),
    "flat beside JSON of hits": table([*map(in_sections, HEADER), "hits"], [
        [*row, json.dumps([{"type": "PAGE", "page": {"pagePath": "/a"}}], indent=2)] for row in ROWS
    ]),
}  # fmt: skip
JSONS = {
    "lines": lines(RECORDS),
    "lines, CRLF": lines(RECORDS).replace("\n", "\r\n"),
    "lines and blank lines": lines(RECORDS).replace("\n", "\n\n"),
    "lines with a BOM": "\ufeff" + lines(RECORDS),
    "lines with commas": lines(RECORDS).replace("\n", ",\n"),
    "lines without what is null": lines(OMITTED[::-1]),
    "upper-case lines without what is null": lines(
        {snake(name).upper(): value for name, value in record.items()} for record in OMITTED[::-1]
    ),
    "dotted lines without what is null": lines(
        {in_sections(name): value for name, value in record.items()} for record in OMITTED[::-1]
    ),
    "numbers": lines(
        {name: int(value) if value.isdigit() else value or None for name, value in record.items()} for record in RECORDS
    ),
    "an array": json.dumps(RECORDS),
    "an array in many lines": json.dumps(RECORDS, indent=2),
    "an array, an object a line": "[\n" + ",\n".join(json.dumps(record) for record in RECORDS) + "\n]\n",
    "objects in many lines": "\n".join(json.dumps(record, indent=1) for record in RECORDS),
    "nested lines": lines(map(nested, RECORDS)),
    "nested lines without what is null": lines(map(nested, OMITTED[::-1])),
    "nested snake_case": lines(nested(record, snake) for record in OMITTED[::-1]),
    "nested UPPER CASE": lines(nested(record, str.upper) for record in OMITTED[::-1]),
    "nested array": json.dumps([nested(record) for record in RECORDS]),
    "Snowflake: JSON in texts": lines(texts(nested(record), str.upper) for record in OMITTED[::-1]),
    "JSON in texts of an array": json.dumps([texts(nested(record)) for record in RECORDS]),
}
TABLES = {
    "flat Parquet": RECORDS,
    "nested Parquet": [nested(record) for record in RECORDS],
    "Parquet of JSON in texts": [texts(nested(record), str.upper) for record in RECORDS],
    "Parquet of bytes": [{name: value.encode() for name, value in record.items()} for record in RECORDS],
}


def check(path, tmp_path):
    """Ingest a file and compare it with the three sessions."""
    store = Store(tmp_path / "store")
    (report,) = ingest_exports([path], store).files
    assert report.status == "accepted", report.reason
    assert (report.sessions_added, report.converted, Decimal(report.revenue)) == (3, 1, Decimal("12.5"))
    rows = sorted(stored_rows(store), key=lambda row: (-row["transactions"], row["device_category"], row["source"]))
    assert {row["session_date"] for row in rows} == {dt.date(2017, 7, 4)}
    assert [row["source"] for row in rows] == ["google", "a, b", "bing"] or [row["source"] for row in rows][2] != "bing"
    assert [row["country"] for row in rows] == ["TW", "JP", "JP"]
    assert [row["pageviews"] for row in rows] == [3, 1, 1]
    assert [row["duration_seconds"] for row in rows] == [10, None, None]
    return rows


@pytest.mark.parametrize("name", CSVS)
def test_a_csv_gives_the_same_sessions_however_it_is_written(tmp_path, name):
    (tmp_path / "x.csv").write_bytes(CSVS[name].encode())
    check(tmp_path / "x.csv", tmp_path)


@pytest.mark.parametrize("name", JSONS)
def test_json_gives_the_same_sessions_however_it_is_written(tmp_path, name):
    (tmp_path / "x.json").write_bytes(JSONS[name].encode())
    check(tmp_path / "x.json", tmp_path)


@pytest.mark.parametrize("name", TABLES)
def test_parquet_gives_the_same_sessions_however_it_is_written(tmp_path, name):
    pq.write_table(pa.Table.from_pylist(TABLES[name]), tmp_path / "x.parquet")
    check(tmp_path / "x.parquet", tmp_path)


def test_a_session_has_the_same_identity_in_every_dialect(tmp_path):
    plain, other = tmp_path / "plain.csv", tmp_path / "other"
    plain.write_text(table(), encoding="utf-8")
    store = Store(tmp_path / "store")
    ingest_exports([plain], store)
    same = ("semicolons", "ids as decimals", "ids as formulas", "ids as Excel's texts", "dots in dates", "UPPER_CASE")
    for text in [CSVS[name] for name in same] + [JSONS["nested lines"], JSONS["Snowflake: JSON in texts"]]:
        other.write_text(text, encoding="utf-8")
        (report,) = ingest_exports([other], store).files
        assert report.sessions_added == 0


def test_the_broken_elements_of_an_array_are_rejects_and_a_broken_off_array_is_refused(tmp_path):
    mixed = [nested(RECORDS[0]), 7, "x", nested(RECORDS[1]) | {"totals": [3]}, nested(RECORDS[2])]
    (tmp_path / "x.json").write_text(json.dumps(mixed), encoding="utf-8")
    store = Store(tmp_path / "store")
    (report,) = ingest_exports([tmp_path / "x.json"], store).files
    found = {reject.reason: [example.row for example in reject.examples] for reject in report.rejected}
    assert (report.sessions_added, found) == (2, {"not an object": [2, 3], "totals is not an object": [4]})
    (tmp_path / "x.json").write_text(json.dumps(mixed)[:-9], encoding="utf-8")
    (report,) = ingest_exports([tmp_path / "x.json"], Store(tmp_path / "other")).files
    assert "breaks off or is broken after its record 4" in str(report.reason)


def test_dates_that_can_be_read_two_ways_are_refused_with_the_way_out(tmp_path):
    (tmp_path / "x.csv").write_text(with_column(DATE, lambda _: "04/07/2017"), encoding="utf-8")
    (report,) = ingest_exports([tmp_path / "x.csv"], Store(tmp_path / "store")).files
    assert report.status == "refused"
    assert "mapping" in str(report.reason)


def test_an_amount_that_can_be_read_two_ways_is_a_reject(tmp_path):
    amounts = enumerate(("1,234", "1.234,50", "1,234.50", "9,5"))
    text = "".join(f"2017-07-04;{number};{amount}\n" for number, amount in amounts)
    (tmp_path / "x.csv").write_text("session_date;session_id;revenue\n" + text, encoding="utf-8")
    store = Store(tmp_path / "store")
    (report,) = ingest_exports([tmp_path / "x.csv"], store).files
    assert [reject.reason for reject in report.rejected] == [
        "revenue can be read two ways, name decimal in a mapping file"
    ]
    assert sorted(row["revenue"] for row in stored_rows(store)) == [
        Decimal("9.5"),
        Decimal("1234.5"),
        Decimal("1234.5"),
    ]


@pytest.mark.parametrize(
    ("place", "day"),
    [
        ("x/date=2017-07-04/part-0.csv", "2017-07-04"),
        ("x/dt=20170704/part-0.csv", "2017-07-04"),
        ("x/year=2017/month=7/day=4/part-0.csv", "2017-07-04"),
        ("x/ga_sessions_20170704.csv.gz", "2017-07-04"),
        ("x/ga_sessions_20170704/part-0.csv", "2017-07-04"),
        ("x/ga_sessions_20179999.csv", None),
        ("x/export.csv", None),
        ("x/date=never/part-0.csv", None),
    ],
)
def test_a_files_place_tells_its_day(tmp_path, place, day):
    assert day_of(place) == day
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    without = [[*row[:DATE], *row[DATE + 1 :]] for row in [HEADER, *ROWS]]
    path.write_text(table(without[0], without[1:]), encoding="utf-8")
    store = Store(tmp_path / "store")
    (report,) = ingest_exports([path], store).files
    assert (report.status == "accepted") == (day is not None)
    if day:
        assert {row["session_date"].isoformat() for row in stored_rows(store)} == {day}
        assert (str(report.first_date), str(report.last_date)) == (day, day)
        assert any("the file's place or name" in note for note in report.notes)


def test_the_day_in_a_column_counts_before_the_day_of_the_place(tmp_path):
    folder = tmp_path / "date=2001-01-01"
    folder.mkdir()
    (folder / "x.csv").write_text(table(), encoding="utf-8")
    check(folder / "x.csv", tmp_path)
