"""Nested records: as structs, as JSON in texts, in any case, they are one relation of the stated shape."""

import csv
import json

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlglot import exp

from ingest.nested import is_nested, nested_relation
from ingest.raw import EVENT_FIELDS, RAW_FIELDS, filled_columns, raw_events, raw_sessions
from ingest.sniff import look_at

SHAPE = {"id": None, "totals": {"hits": None, "visits": None}, "hits": [{"page": {"path": None}}]}
RECORD = {"id": 7, "totals": {"hits": 2}, "hits": [{"page": {"path": "/a"}}, {"page": {"path": "/b", "more": 1}}]}
READ = ("7", {"hits": "2", "visits": None}, [{"page": {"path": "/a"}}, {"page": {"path": "/b"}}])


def rows_of(path, names=tuple(SHAPE)):
    """Read a file by the shape."""
    with duckdb.connect() as connection:
        query = exp.select(*(exp.column(name) for name in names)).from_(nested_relation(look_at(path), SHAPE))
        return connection.execute(query.sql(dialect="duckdb")).fetchall()


def write_lines(path, *records):
    """Write newline-delimited JSON."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def as_texts(record, name=str):
    """Return the record as Snowflake exports it: records as JSON in texts."""
    return {name(key): json.dumps(value) if isinstance(value, dict | list) else value for key, value in record.items()}


def test_newline_delimited_json_and_an_array_are_read_alike(tmp_path):
    array = tmp_path / "x.json"
    array.write_text(json.dumps([RECORD, RECORD]), encoding="utf-8")
    assert rows_of(array) == [READ, READ]
    assert rows_of(write_lines(tmp_path / "x.ndjson", RECORD)) == [READ]


def test_json_in_texts_of_json_csv_and_parquet_is_opened_whatever_the_case_of_the_names(tmp_path):
    texts = as_texts(RECORD, str.upper)
    assert rows_of(write_lines(tmp_path / "x.ndjson", texts)) == [READ]
    with (tmp_path / "x.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(texts))
        writer.writeheader()
        writer.writerow(texts)
    assert rows_of(tmp_path / "x.csv") == [READ]
    pq.write_table(pa.Table.from_pylist([texts]), tmp_path / "x.parquet")
    assert rows_of(tmp_path / "x.parquet") == [READ]


def test_parquet_records_are_read_with_and_without_list_element(tmp_path):
    pq.write_table(pa.Table.from_pylist([RECORD]), tmp_path / "plain.parquet")
    assert rows_of(tmp_path / "plain.parquet") == [READ]
    wrapped = RECORD | {"hits": {"list": [{"element": hit} for hit in RECORD["hits"]]}}
    pq.write_table(pa.Table.from_pylist([wrapped]), tmp_path / "bigquery.parquet")
    assert rows_of(tmp_path / "bigquery.parquet") == [READ]


def test_a_field_that_is_absent_or_of_the_null_type_is_null(tmp_path):
    table = pa.table({"id": ["7"], "totals": pa.array([None], pa.null())})
    pq.write_table(table, tmp_path / "x.parquet")
    assert rows_of(tmp_path / "x.parquet") == [("7", None, None)]


def test_a_text_that_is_no_json_is_null_and_named_while_the_row_stays(tmp_path):
    path = write_lines(tmp_path / "x.ndjson", as_texts(RECORD), as_texts(RECORD) | {"totals": "{"})
    assert rows_of(path, (*SHAPE, "broken")) == [(*READ, None), ("7", None, READ[2], "totals")]


def test_names_of_any_case_with_and_without_underscores_are_the_same(tmp_path):
    spelled = {"ID": 7, "Totals": {"HITS": 2, "vi_sits": None}, "hits": [{"Page": {"pA_th": "/a"}}]}
    read = (*READ[:2], READ[2][:1])
    assert rows_of(write_lines(tmp_path / "x.ndjson", spelled)) == [read]
    pq.write_table(pa.Table.from_pylist([spelled]), tmp_path / "x.parquet")
    assert rows_of(tmp_path / "x.parquet") == [read]
    assert rows_of(write_lines(tmp_path / "t.ndjson", as_texts(spelled))) == [read]


def test_what_python_prints_of_a_dictionary_is_read_unless_an_apostrophe_is_in_it(tmp_path):
    printed = RECORD | {"totals": "{'hits': 2, 'visits': None}"}
    apostrophe = RECORD | {"totals": """{'hits': "it's", 'visits': True}"""}
    path = write_lines(tmp_path / "x.ndjson", printed, apostrophe)
    assert rows_of(path, ("totals", "broken")) == [(READ[1], None), (None, "totals")]


@pytest.mark.parametrize(("name", "nested"), [("totals", True), ("id", False)])
def test_a_column_is_nested_when_it_holds_records(tmp_path, name, nested):
    assert is_nested(look_at(write_lines(tmp_path / "x.ndjson", RECORD)), name) is nested
    pq.write_table(pa.Table.from_pylist([RECORD]), tmp_path / "x.parquet")
    assert is_nested(look_at(tmp_path / "x.parquet"), name) is nested


def test_raw_queries_have_their_fields_in_order_and_know_what_they_fill(tmp_path):
    relation = nested_relation(look_at(write_lines(tmp_path / "x.ndjson", RECORD)), SHAPE)
    events = raw_events(relation, {"user": exp.column("id")})
    sessions = raw_sessions(relation, {"visitor": exp.column("id")})
    assert tuple(events.named_selects) == EVENT_FIELDS
    assert tuple(sessions.named_selects) == RAW_FIELDS
    assert filled_columns(events) == filled_columns(sessions) == {"session_id", "visitor_id"}
    with pytest.raises(KeyError, match="colour"):
        raw_events(relation, {"colour": exp.column("id")})
