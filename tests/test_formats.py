"""Shapes: each is recognised from its content, in all its dialects, and read into the same sessions."""

import csv
import datetime as dt
import gzip
import json
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import flat_csv, flat_line, stored_rows
from ga4_builders import csv_of, event, ndjson

from ingest.engine import connect
from ingest.formats import FORMATS, format_of, ga4_flat
from ingest.pipeline import ingest_exports, prepare
from ingest.raw import EVENT_FIELDS, RAW_FIELDS
from ingest.report import RefusedFileError
from ingest.sniff import look_at
from queries.store import Store

VISIT = {
    "fullVisitorId": "0077",
    "visitId": "1499201738",
    "visitNumber": "2",
    "visitStartTime": "1499201738",
    "date": "20170704",
    "channelGrouping": "Organic Search",
}
TOTALS = {"hits": "9", "pageviews": "7", "timeOnSite": "60", "transactions": "1", "transactionRevenue": "12500000"}
DEVICE = {"deviceCategory": "mobile", "operatingSystem": "iOS", "browser": "Safari"}
GEO = {"country": "Japan", "region": "Tokyo"}
TRAFFIC = {"source": "google", "medium": "organic", "campaign": "(not set)"}
FLAT = VISIT | TOTALS | DEVICE | GEO | TRAFFIC
HITS = [
    {"type": "EVENT", "page": {"pagePath": "/early", "hostname": "early.example"}},
    {
        "type": "PAGE",
        "page": {"pagePath": "/shirt?a=1", "hostname": "shop.example"},
        "eCommerceAction": {"action_type": "2"},
    },
    {
        "type": "EVENT",
        "page": {"pagePath": "/cart", "hostname": "shop.example"},
        "eCommerceAction": {"action_type": "3"},
    },
]
NESTED = VISIT | {"totals": TOTALS, "device": DEVICE, "geoNetwork": GEO, "trafficSource": TRAFFIC, "hits": HITS}


def write_csv(path, *rows):
    """Write a CSV of mappings."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_ndjson(path, *rows):
    """Write newline-delimited JSON."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def ingested(tmp_path, *paths):
    """Ingest files into a new store; return the report of the last and the rows."""
    store = Store(tmp_path / "store")
    report = ingest_exports(paths, store)
    return report.files[-1], stored_rows(store) if store.exists else []


def snake(name):
    """Turn camelCase into snake_case."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def dotted(name):
    """Put a GA360 field's section before its name."""
    sections = {"totals": TOTALS, "device": DEVICE, "geoNetwork": GEO, "trafficSource": TRAFFIC}
    return next((f"{section}.{name}" for section, members in sections.items() if name in members), name)


@pytest.mark.parametrize(
    "dialect", [str, snake, str.lower, str.upper, dotted], ids=["camel", "snake", "lower", "upper", "dotted"]
)
def test_a_flat_export_is_read_the_same_in_every_header_dialect(tmp_path, dialect):
    report, rows = ingested(
        tmp_path, write_csv(tmp_path / "x.csv", {dialect(name): value for name, value in FLAT.items()})
    )
    assert report.shape == "ga360_flat"
    (row,) = rows
    wanted = {"device_category": "mobile", "browser": "Safari", "country": "JP", "region": "Tokyo", "medium": "organic"}
    wanted |= {
        "channel_group": "Organic Search",
        "pageviews": 7,
        "events": 9,
        "duration_seconds": 60,
        "transactions": 1,
    }
    wanted |= {"visitor_type": "returning", "campaign": "(not set)", "viewed_item": None}
    assert {name: row[name] for name in wanted} == wanted
    assert str(row["revenue"]) == "12.500000"


@pytest.mark.parametrize("delimiter", [";", "\t", "|"], ids=["semicolon", "tab", "pipe"])
def test_a_flat_export_is_read_with_any_usual_delimiter(tmp_path, delimiter):
    text = "\n".join(delimiter.join(cells) for cells in (FLAT.keys(), FLAT.values()))
    (tmp_path / "x.csv").write_text(text, encoding="utf-8-sig")
    report, rows = ingested(tmp_path, tmp_path / "x.csv")
    assert (report.shape, len(rows)) == ("ga360_flat", 1)


@pytest.mark.parametrize("kind", ["us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/Los_Angeles"])
def test_a_day_in_parquet_may_be_a_timestamp_of_any_kind(tmp_path, kind, zone):
    midnight = dt.datetime(2017, 7, 4, tzinfo=dt.UTC if zone else None)
    dates = pa.array([midnight], pa.timestamp(kind, tz=zone))
    table = pa.table({"fullVisitorId": ["7"], "visitId": [1499201738], "date": dates, "pageviews": [3.0]})
    pq.write_table(table, tmp_path / "x.parquet")
    _, rows = ingested(tmp_path, tmp_path / "x.parquet")
    assert [(row["session_date"], row["pageviews"]) for row in rows] == [(dt.date(2017, 7, 4), 3)]


def test_columns_of_the_right_names_but_of_lists_are_refused_in_whole_sentences(tmp_path):
    pq.write_table(
        pa.table({"fullVisitorId": [["7"]], "visitId": [["1"]], "date": ["20170704"]}), tmp_path / "x.parquet"
    )
    report, _ = ingested(tmp_path, tmp_path / "x.parquet")
    assert report.status == "refused"
    assert "these columns do not hold what it needs." in report.reason


def test_total_revenue_counts_only_where_there_is_no_revenue_column(tmp_path):
    both = FLAT | {"totalTransactionRevenue": "99000000"}
    total = {name: value for name, value in both.items() if name != "transactionRevenue"} | {"visitId": "1499201739"}
    report, rows = ingested(tmp_path, write_csv(tmp_path / "a.csv", both), write_csv(tmp_path / "b.csv", total))
    assert sorted(str(row["revenue"]) for row in rows) == ["12.500000", "99.000000"]
    assert "revenue is totalTransactionRevenue, which includes tax and shipping" in report.notes


def test_json_cells_are_read_and_a_broken_one_is_a_reject(tmp_path):
    cells = {name: json.dumps(part) for name, part in NESTED.items() if isinstance(part, dict)}
    rows = [VISIT | cells, VISIT | cells | {"visitId": "1499201739", "totals": '{"hits": '}]
    report, stored = ingested(tmp_path, write_csv(tmp_path / "x.csv", *rows))
    assert report.shape == "kaggle_json"
    assert [(reject.reason, reject.examples[0].row) for reject in report.rejected] == [("totals is not JSON", 2)]
    assert (stored[0]["pageviews"], stored[0]["operating_system"], stored[0]["country"]) == (7, "iOS", "JP")


def test_hits_that_are_no_json_are_counted_and_their_session_is_kept(tmp_path):
    cells = {name: json.dumps(part) for name, part in NESTED.items() if isinstance(part, dict | list)}
    cut = [VISIT | cells | {"visitId": str(1499201739 + n), "hits": cells["hits"][:40]} for n in range(2)]
    report, stored = ingested(tmp_path, write_csv(tmp_path / "x.csv", VISIT | cells, *cut))
    assert (report.shape, report.rows_rejected, report.sessions_added) == ("ga360_bigquery", 0, 3)
    assert sorted(row["viewed_item"] is None for row in stored) == [False, True, True]
    (told,) = [warning for warning in report.warnings if "JSON" in warning]
    assert told.startswith("2 sessions have hits that are no JSON")


def test_hits_tell_the_landing_page_and_the_steps_of_the_checkout(tmp_path):
    report, rows = ingested(tmp_path, write_ndjson(tmp_path / "x.json", NESTED))
    (row,) = rows
    assert report.shape == "ga360_bigquery"
    assert (row["landing_page"], row["hostname"]) == ("/shirt", "shop.example")
    assert (row["viewed_item"], row["added_to_cart"], row["began_checkout"]) == (True, True, False)


def test_numbers_in_json_are_read_like_texts_of_numbers(tmp_path):
    numbers = NESTED | {
        "visitId": 1499201738,
        "visitNumber": 2,
        "totals": {name: int(text) for name, text in TOTALS.items()},
    }
    store = Store(tmp_path / "store")
    ingest_exports([write_ndjson(tmp_path / "texts.json", NESTED)], store)
    (report,) = ingest_exports([write_ndjson(tmp_path / "numbers.json", numbers)], store).files
    assert (report.duplicates, report.sessions_added, report.sessions_replaced) == (1, 0, 0)


def test_only_the_broken_lines_of_ndjson_are_rejected(tmp_path):
    good = [json.dumps(NESTED | {"visitId": str(1499201738 + n)}).encode() for n in range(3)]
    broken = [b'{"visitId": ', b'"a text"', json.dumps(NESTED | {"totals": "7"}).encode(), b'{"date": "caf\xe9"}']
    good[1] = json.dumps(
        NESTED | {"visitId": "1499201739", "trafficSource": {"source": "naïve café"}}, ensure_ascii=False
    ).encode()
    lines = [good[0], broken[0], broken[1], good[1], broken[2], broken[3], good[2]]
    (tmp_path / "x.ndjson").write_bytes(b"\n".join(lines) + b"\n")
    report, rows = ingested(tmp_path, tmp_path / "x.ndjson")
    found = {reject.reason: [example.row for example in reject.examples] for reject in report.rejected}
    assert found == {
        "not JSON": [2],
        "the line is not an object": [3],
        "totals is not an object": [5],
        "not UTF-8 text": [6],
    }
    assert (len(rows), report.rows) == (3, 7)


def test_a_key_twice_and_half_a_character_cost_no_session(tmp_path):
    twice = json.dumps(FLAT)[:-1] + ', "visitId": "1499201739", "visitId": "1499201739"}'
    half = json.dumps(FLAT | {"visitId": "1499201740", "source": "x"}).replace('"x"', '"\\ud800"')
    (tmp_path / "x.ndjson").write_text(f"{json.dumps(FLAT)}\n{twice}\n{half}\n", encoding="utf-8")
    report, rows = ingested(tmp_path, tmp_path / "x.ndjson")
    assert (report.status, report.rejected, len(rows)) == ("accepted", [], 3)


CANONICAL = {"session_date": "2017-07-04", "session_id": "a-1", "pageviews": "5", "engaged": "true", "country": "JP"}


def test_canonical_csv_and_parquet_give_the_same_sessions(tmp_path):
    store = Store(tmp_path / "store")
    ingest_exports([write_csv(tmp_path / "x.csv", CANONICAL)], store)
    pq.write_table(pa.Table.from_pylist([CANONICAL | {"pageviews": 5, "engaged": True}]), tmp_path / "x.parquet")
    (report,) = ingest_exports([tmp_path / "x.parquet"], store).files
    assert (report.shape, report.duplicates, report.sessions_added) == ("canonical", 1, 0)
    (row,) = stored_rows(store)
    assert (row["country"], row["engaged"], row["visitor_id"]) == ("JP", True, None)


TYPED = pa.schema(
    [
        ("session_date", pa.date32()),
        ("session_id", pa.string()),
        ("session_start", pa.timestamp("us", tz="UTC")),
        ("visit_number", pa.int16()),
        ("pageviews", pa.int64()),
        ("events", pa.int32()),
        ("transactions", pa.int32()),
        ("revenue", pa.decimal128(18, 6)),
        ("engaged", pa.bool_()),
    ]
)


def test_typed_columns_and_the_same_as_texts_give_the_same_sessions_and_rejects(tmp_path, monkeypatch):
    monkeypatch.setenv("SILENT_LEAK_SALT", "same")
    day, start = dt.date(2017, 7, 4), dt.datetime(2017, 7, 4, 9, 30, tzinfo=dt.UTC)
    rows = [
        (day, "a", start, 1, 5, 7, 1, Decimal("12.5"), True),
        (day, "b", None, None, None, None, None, None, None),
        (day, "c", start, 2, -1, 7, 0, Decimal(0), False),
        (day, "d", start, 2, 2**40, 7, 0, Decimal(0), False),
        (day, "e", start, 2, 1, 7, 0, Decimal("-0.5"), False),
        (dt.date(1999, 1, 1), "f", start, 2, 1, 7, 0, Decimal(0), False),
        (None, "g", start, 2, 1, 7, 0, Decimal(0), False),
    ]
    typed = pa.Table.from_pylist([dict(zip(TYPED.names, row, strict=True)) for row in rows], TYPED)
    paths = {name: str(tmp_path / f"{name}.parquet") for name in ("typed", "texts")}
    pq.write_table(typed, paths["typed"])
    with connect(tmp_path) as connection:
        connection.execute(
            "copy (select cast(columns(*) as varchar) from read_parquet($typed)) to $texts (format parquet)", paths
        )
    found = []
    for name in paths:
        report, stored = ingested(tmp_path / name, tmp_path / f"{name}.parquet")
        with next((tmp_path / name).rglob("rejects/*.csv")).open(encoding="utf-8", newline="") as file:
            kept = [row[1:] for row in csv.reader(file)]
        found.append((report.rejected, kept, [row | {"export_id": ""} for row in stored]))
    assert found[0][0] == found[1][0]
    assert found[0] == found[1]
    assert [(reject.reason, reject.count, reject.examples[0].value) for reject in found[0][0]] == [
        ("date is before 2005, when Google Analytics began", 1, "1999-01-01"),
        ("date is not a calendar day", 1, ""),
        ("negative pageviews", 1, "-1"),
        ("negative revenue", 1, "-0.500000"),
        ("pageviews is not a whole number", 1, "1099511627776"),
    ]
    assert [row["revenue"] for row in found[0][2]] in ([Decimal("12.5"), 0], [0, Decimal("12.5")])


def test_canonical_rows_are_identified_by_visitor_and_visit_number_too(tmp_path):
    rows = [{"session_date": "2017-07-04", "visitor_id": "v", "visit_number": str(number)} for number in (1, 2, 2)]
    report, stored = ingested(tmp_path, write_csv(tmp_path / "x.csv", *rows))
    assert (report.sessions_added, report.duplicates) == (2, 1)
    assert sorted(row["visitor_type"] for row in stored) == ["new", "returning"]
    assert any("no column for pageviews" in warning for warning in report.warnings)


def test_packed_exports_are_read_like_plain_ones(tmp_path):
    plain = flat_csv(tmp_path / "x.csv", flat_line(), flat_line())
    (tmp_path / "y.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    (tmp_path / "z.csv.zst").write_bytes(pa.compress(plain.read_bytes(), "zstd", asbytes=True))
    store = Store(tmp_path / "store")
    ingest_exports([plain], store)
    for name in ("y.csv.gz", "z.csv.zst"):
        (report,) = ingest_exports([tmp_path / name], store).files
        assert (report.status, report.duplicates) == ("accepted", 2)


def test_a_name_full_of_wildcards_is_one_file(tmp_path):
    folder = tmp_path / "a [b] *"
    folder.mkdir()
    flat_csv(folder / "x.csv", flat_line())
    report, rows = ingested(tmp_path, flat_csv(folder / "[x]?*.csv", flat_line(), flat_line()))
    assert (report.sessions_added, len(rows)) == (2, 2)


def test_every_shape_reads_into_the_raw_fields_of_its_grain(tmp_path):
    cells = {name: json.dumps(part) for name, part in NESTED.items() if isinstance(part, dict)}
    samples = {
        "ga360_flat": write_csv(tmp_path / "flat.csv", FLAT),
        "kaggle_json": write_csv(tmp_path / "kaggle.csv", VISIT | cells),
        "ga360_bigquery": write_ndjson(tmp_path / "bigquery.json", NESTED),
        "canonical": write_csv(tmp_path / "canonical.csv", CANONICAL),
        "ga360_hits": write_csv(tmp_path / "hits.csv", FLAT | {"hitNumber": "1"}),
        "ga4_events": ndjson(tmp_path / "events.json", event()),
        "ga4_flat": csv_of(tmp_path / "events.csv", ",".join(ga4_flat.REQUIRED), ["20240305", 1, "scroll", "u", 2]),
    }
    assert set(samples) == {shape.NAME for shape in FORMATS}
    for name, path in samples.items():
        sample = look_at(path)
        shape = format_of(sample)
        assert name == shape.NAME
        with duckdb.connect() as connection:
            prepare(connection)
            described = connection.execute(shape.read(sample).sql(dialect="duckdb")).description
        fields = EVENT_FIELDS if shape.GRAIN == "event" else RAW_FIELDS
        assert tuple(column[0] for column in described) == fields


def test_a_csv_with_other_columns_is_refused_with_what_it_has_and_what_it_lacks(tmp_path):
    path = write_csv(tmp_path / "x.csv", {"fullVisitorId": "1", "date": "20170704", "colour": "red"})
    with pytest.raises(RefusedFileError, match=r"fullVisitorId, date, colour.*also needs.*visitId"):
        format_of(look_at(path))
