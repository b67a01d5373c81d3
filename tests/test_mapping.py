"""Mapping files: any table of sessions is read by one, and a fault in one is told with its line."""

import datetime as dt
import json
from decimal import Decimal

import pytest
from builders import FIXTURES, ROOT, stored_rows

from ingest.mapping import load_mapping
from ingest.mapping_suggest import suggest_mapping
from ingest.pipeline import Options, ingest_exports
from ingest.report import IngestError
from ingest.sniff import look_at
from queries.store import Store

UCI = FIXTURES / "uci_online_shoppers_intention.csv"


def ingested(tmp_path, text, mapping, name="shop.csv"):
    """Ingest a file of that text by a mapping of that text into a new store; return its report and the rows."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "shop.toml").write_text(mapping, encoding="utf-8")
    store = Store(tmp_path / "store")
    options = Options(load_mapping(tmp_path / "shop.toml"))
    (report,) = ingest_exports([tmp_path / name], store, options=options).files
    return report, stored_rows(store) if store.exists else []


def test_columns_dates_money_times_and_values_are_read_as_the_mapping_says(tmp_path):
    mapping = """
        [date]
        column = "Tag"
        format = "%d.%m.%Y"
        [columns]
        session_id = "Nr"
        session_start = "Beginn"
        duration_seconds = "Dauer"
        pageviews = ["Seiten", "Bilder"]
        device_category = "Gerät"
        transactions = "Gekauft"
        revenue = "Umsatz"
        [constants]
        hostname = "shop.example"
        [session_start]
        format = "%d.%m.%Y %H:%M"
        time_zone = "Europe/Berlin"
        [duration]
        unit = "hh:mm:ss"
        [revenue]
        decimal = ","
        thousands = "."
        currency = "EUR"
        [values.device_category]
        Handy = "mobile"
        [values.transactions]
        ja = 1
        nein = 0
    """
    text = (
        "Nr;Tag;Beginn;Dauer;Seiten;Bilder;Gerät;Gekauft;Umsatz\n"
        "1;02.07.2017;02.07.2017 14:30;00:02:05;3;2;Handy;ja;1.234,50 €\n"
        "2;02.07.2017;02.07.2017 23:59;0:00:00;1;;Rechner;nein;\n"
        "3;31.02.2017;;;1;1;Handy;nein;\n"
    )
    report, rows = ingested(tmp_path, text, mapping)
    assert [(reject.reason, reject.count) for reject in report.rejected] == [("date is not a calendar day", 1)]
    assert any("revenue is in EUR" in note for note in report.notes)
    bought, left = sorted(rows, key=lambda row: -row["transactions"])
    assert (bought["session_date"], bought["duration_seconds"], bought["pageviews"]) == (dt.date(2017, 7, 2), 125, 5)
    assert bought["session_start"] == dt.datetime(2017, 7, 2, 12, 30, tzinfo=dt.UTC)
    assert (bought["device_category"], bought["revenue"]) == ("mobile", Decimal("1234.500000"))
    assert (left["device_category"], left["pageviews"], left["hostname"]) == ("rechner", 1, "shop.example")


def test_the_mapping_of_readme_is_one_that_works(tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    mapping = readme.split("```toml\n")[1].split("```")[0]
    text = 'Nr,Tag,Seiten,Bilder,Dauer,Gekauft,Umsatz\n1,02.07.2017,3,2,0:02:05,ja,"1.234,50"\n'
    report, (row,) = ingested(tmp_path, text, mapping)
    assert (report.rejected, row["pageviews"], row["duration_seconds"], row["transactions"]) == ([], 5, 125, 1)
    assert (row["revenue"], row["hostname"]) == (Decimal("1234.5"), "shop.example")


@pytest.mark.parametrize(
    ("unit", "rate", "revenue"), [("units", 1, "1500"), ("cents", 1, "15"), ("micros", 1, "0.0015"), ("cents", 2, "30")]
)
def test_revenue_is_in_the_unit_that_the_mapping_names(tmp_path, unit, rate, revenue):
    mapping = f"""
        [date]
        column = "day"
        [columns]
        session_id = "id"
        revenue = "paid"
        [revenue]
        unit = "{unit}"
        rate = {rate}
    """
    _, rows = ingested(tmp_path, "id,day,paid\n1,2017-07-02,1500\n", mapping)
    assert [row["revenue"] for row in rows] == [Decimal(revenue)]


def test_nested_json_is_named_with_dots(tmp_path):
    mapping = '[date]\ncolumn = "at.day"\n[columns]\nvisitor_id = "who.id"\nvisit_number = "n"\nbrowser = "who.with"\n'
    record = {"at": {"day": "2017-07-02"}, "who": {"id": 7, "with": "Lynx"}, "n": 2}
    report, rows = ingested(tmp_path, json.dumps(record) + "\n", mapping, "shop.ndjson")
    assert report.status == "accepted"
    assert [(row["browser"], row["visitor_type"]) for row in rows] == [("Lynx", "returning")]


def test_rows_without_an_id_are_sessions_each_and_the_same_file_again_adds_none(tmp_path):
    mapping = '[date]\nmonth = "m"\nyear = 2017\n[columns]\npageviews = "p"\n[values.month]\nMai = 5\n'
    text = "m,p\nMai,1\nMai,1\njune,2\n7,3\n"
    report, rows = ingested(tmp_path, text, mapping)
    assert [row["session_date"].month for row in rows] == [5, 5, 6, 7]
    assert any("no id of their own" in note for note in report.notes)
    again, _ = ingested(tmp_path, text, mapping)
    assert (again.sessions_added, again.duplicates) == (0, 4)


GOOD = '[date]\ncolumn = "d"\n\n[columns]\nsession_id = "i"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[date]\ncolumn = d\n", "line 2"),
        ("[date]\n", "line 1 (date): sessions need a day"),
        ("", "sessions need a day"),
        ('[date]\nmonth = "m"\n', "date.year"),
        ('[date]\nmonth = "m"\nyear = 0\n', "line 3 (date.year) = 0: write a number from 2005 to 2100"),
        ('[date]\ncolumn = "d"\nformat = "dd/mm"\n', "line 3 (date.format)"),
        ('[date]\ncolumn = "d"\nformat = "%Q%d"\n', "line 3 (date.format)"),
        (GOOD + 'pagevievs = "p"\n', 'line 6 (columns.pagevievs): no such key; did you mean "pageviews"?'),
        (GOOD + 'browser = ["a", "b"]\n', "line 6 (columns.browser)"),
        (GOOD + "pageviews = 3\n", "line 6 (columns.pageviews) = 3"),
        (GOOD + "[colums]\n", "line 6 (colums): no such section"),
        (GOOD + '[revenue]\nunit = "pence"\n', "line 7 (revenue.unit) = 'pence': choose from units, cents, micros"),
        (GOOD + '[revenue]\ndecimal = ","\nthousands = ","\n', "line 8 (revenue.thousands)"),
        (GOOD + '[session_start]\ntime_zone = "Mars/Base"\n', "line 7 (session_start.time_zone) = 'Mars/Base'"),
        (GOOD + '[values.browser]\na = "b"\n', "line 6 (values.browser): browser is not in [columns]"),
        (GOOD + '[constants]\nsession_id = "x"\n', "line 7 (constants.session_id)"),
        (GOOD + "[duration]\nunit = 1\n", "line 7 (duration.unit)"),
    ],
)
def test_a_fault_in_a_mapping_file_is_told_with_its_line_and_the_remedy(tmp_path, text, words):
    (tmp_path / "shop.toml").write_text(text, encoding="utf-8")
    with pytest.raises(IngestError) as fault:
        load_mapping(tmp_path / "shop.toml")
    assert words in str(fault.value)


def test_a_mapping_that_cannot_be_read_says_so(tmp_path):
    with pytest.raises(IngestError, match="cannot be read"):
        load_mapping(tmp_path / "nowhere.toml")
    (tmp_path / "shop.toml").write_bytes(b"\xff\xfe[")
    with pytest.raises(IngestError, match="not UTF-8"):
        load_mapping(tmp_path / "shop.toml")


def test_a_column_that_the_export_has_not_is_named_with_the_line_and_the_nearest(tmp_path):
    report, _ = ingested(tmp_path, "day,i\n2017-07-02,1\n", '[date]\ncolumn = "days"\n\n[columns]\nsession_id = "i"\n')
    assert report.status == "refused"
    assert 'has no column "days", which shop.toml, line 2 (date.column) names: did you mean "day"?' in str(
        report.reason
    )


@pytest.mark.parametrize(
    "text",
    [
        "id,day,pages,paid\n1,02.07.2017,3,\n2,13.07.2017,1,\n",
        "id;day;pages;paid\n1;20170702;3;TRUE\n2;20170713;1;TRUE\n",
        'id,"a ""quoted"" one",day,"new\nline"\n1,x,2017-07-02,4\n',
        "Session ID,Event date,Umlaut ä\n1,2017-07-02,x\n",
    ],
)
def test_a_suggested_mapping_reads_the_file_that_it_was_made_for(tmp_path, text):
    (tmp_path / "shop.csv").write_text(text, encoding="utf-8")
    report, rows = ingested(tmp_path, text, suggest_mapping(look_at(tmp_path / "shop.csv")))
    assert (report.status, report.rejected) == ("accepted", [])
    assert rows[0]["session_date"] == dt.date(2017, 7, 2)


def test_a_suggested_mapping_asks_for_what_the_file_does_not_tell(tmp_path):
    (tmp_path / "shop.csv").write_text("Month,VisitorType,Revenue,Shoe size\nFeb,New,TRUE,44\n", encoding="utf-8")
    text = suggest_mapping(look_at(tmp_path / "shop.csv"))
    (tmp_path / "shop.toml").write_text(text, encoding="utf-8")
    assert "#   Shoe size   # 44" in text
    assert '"TRUE" = 1' in text
    assert '"FALSE" = 0' in text
    with pytest.raises(IngestError, match=r"\(date.year\) = 0"):
        load_mapping(tmp_path / "shop.toml")


@pytest.mark.skipif(not UCI.exists(), reason=f"the real exports are not at {FIXTURES}")
def test_the_uci_sessions_are_accepted_with_the_suggested_mapping_and_a_year(tmp_path):
    mapping = suggest_mapping(look_at(UCI)).replace("year = 0 ", "year = 2017 ")
    pages = 'pageviews = ["Administrative", "Informational", "ProductRelated"]\n'
    (tmp_path / "uci.toml").write_text(mapping.replace("[columns]\n", "[columns]\n" + pages), encoding="utf-8")
    store = Store(tmp_path / "store")
    (report,) = ingest_exports([UCI], store, options=Options(load_mapping(tmp_path / "uci.toml"))).files
    assert (report.status, report.sessions_added, report.converted) == ("accepted", 12_330, 1_908)
    rows = stored_rows(store, "visitor_type", "session_date", "pageviews")
    assert {row["session_date"].month for row in rows} == {2, 3, 5, 6, 7, 8, 9, 10, 11, 12}
    assert sum(row["visitor_type"] == "returning" for row in rows) == 10_551
