"""Rows: what becomes of each cell, and which rows are rejected with which reason."""

import datetime as dt
from decimal import Decimal

import pytest
from builders import FLAT_HEADER, flat_csv, flat_line, stored_rows

from ingest.pipeline import ingest_exports
from queries.store import Store


@pytest.fixture
def store(tmp_path):
    """Return a store that does not exist yet."""
    return Store(tmp_path / "store")


def ingest_lines(store, *lines):
    """Ingest a flat CSV of those lines; return its report."""
    (report,) = ingest_exports([flat_csv(store.path.parent / "export.csv", *lines)], store).files
    return report


@pytest.mark.parametrize(
    ("cells", "reason", "value"),
    [
        ({"date": "20170230"}, "date is not a calendar day", "20170230"),
        ({"date": "yesterday"}, "date is not a calendar day", "yesterday"),
        ({"date": ""}, "date is not a calendar day", ""),
        ({"date": "19990101"}, "date is before 2005, when Google Analytics began", "19990101"),
        ({"date": "29990101"}, "date is in the future", "29990101"),
        ({"fullVisitorId": ""}, "no visitor or visit id", "1500000000"),
        ({"visitNumber": "first"}, "visit number is not a whole number", "first"),
        ({"pageviews": "3.5"}, "pageviews is not a whole number", "3.5"),
        ({"pageviews": "-1"}, "negative pageviews", "-1"),
        ({"timeOnSite": "-5"}, "negative duration", "-5"),
        ({"timeOnSite": "99999999999"}, "duration is not a whole number of seconds", "99999999999"),
        ({"transactions": "1.5"}, "transactions is not a whole number", "1.5"),
        ({"transactionRevenue": "$12"}, "revenue is not a number", "$12"),
        ({"transactionRevenue": "-1000000"}, "negative revenue", "-1000000"),
    ],
)
def test_a_row_that_cannot_be_a_session_is_rejected_with_its_reason_and_value(store, cells, reason, value):
    report = ingest_lines(store, flat_line(), flat_line(**{"visitId": "1500000000"} | cells), flat_line())
    (reject,) = report.rejected
    assert (reject.reason, reject.count) == (reason, 1)
    assert (reject.examples[0].row, reject.examples[0].value) == (2, value)
    assert (report.rows, report.sessions_added) == (3, 2)


def test_a_visit_id_that_a_spreadsheet_rounded_is_rejected_and_a_visitor_id_warned_of(store):
    lines = [flat_line(visitId="1.5E+09"), flat_line(fullVisitorId="2.81772E+18")]
    report = ingest_lines(store, *lines)
    assert [reject.reason for reject in report.rejected] == ["visit id was rounded by a spreadsheet"]
    assert any("rounded" in warning and "visitor ids of 1 session" in warning for warning in report.warnings)


def test_revenue_in_micros_is_exact(store):
    ingest_lines(store, flat_line(transactions=1, transactionRevenue="101000001"))
    assert [row["revenue"] for row in stored_rows(store)] == [Decimal("101.000001")]


def test_missing_measures_are_zero_but_an_unmeasured_duration_is_unknown(store):
    ingest_lines(store, flat_line(pageviews="", transactions="", timeOnSite=""))
    (row,) = stored_rows(store)
    assert (row["pageviews"], row["transactions"], row["revenue"]) == (0, 0, Decimal(0))
    assert row["duration_seconds"] is None
    assert row["events"] is None


@pytest.mark.parametrize("spelling", ["", "(not set)", "null", " NULL ", "undefined", "(not provided)", "<Other>"])
def test_all_ways_to_say_not_set_are_one_value(store, spelling):
    ingest_lines(store, flat_line(source=spelling, country=spelling, deviceCategory=spelling))
    (row,) = stored_rows(store)
    assert (row["source"], row["country"], row["device_category"]) == ("(not set)",) * 3


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "=cmd()", "' or 1=1 --", "naïve café", "a|b", "nullable"]
)
def test_a_strange_source_name_is_kept_as_text(store, name):
    ingest_lines(store, flat_line(source=name))
    assert [row["source"] for row in stored_rows(store)] == [name]


def test_spaces_and_control_characters_leave_a_value_and_overlong_ones_are_cut_and_counted(store):
    report = ingest_lines(store, flat_line(source='" my\tsite\x07.com "'), flat_line(source="x" * 600))
    assert {row["source"] for row in stored_rows(store)} == {"my site.com", "x" * 500}
    assert any("longer than 500" in warning for warning in report.warnings)


def test_an_unknown_country_is_not_set_and_named_in_a_warning(store):
    report = ingest_lines(
        store, flat_line(country="Atlantis"), flat_line(country="Atlantis"), flat_line(country="TURKEY")
    )
    assert sorted(row["country"] for row in stored_rows(store)) == ["(not set)", "(not set)", "TR"]
    assert any('"Atlantis" (2)' in warning for warning in report.warnings)


def test_a_visitor_id_that_lost_its_leading_zeros_is_the_same_visitor(store):
    lines = [flat_line(fullVisitorId="0005096736", visitId=f"149920173{n}") for n in (1, 2)]
    ingest_lines(store, *lines, flat_line(fullVisitorId="5096736", visitId="1499201733"))
    assert len({row["visitor_id"] for row in stored_rows(store)}) == 1


def test_a_visit_split_at_midnight_is_a_session_on_each_day(store):
    visit = {"fullVisitorId": "77", "visitId": "1499212700"}
    report = ingest_lines(store, flat_line(**visit, date="20170704"), flat_line(**visit, date="20170705"))
    assert report.sessions_added == 2
    assert len({row["session_id"] for row in stored_rows(store)}) == 2
    told = "1 visit lies on two days: a visit across midnight is a session of each day, as GA counts"
    assert told in report.notes


def test_more_visits_on_two_days_than_midnight_explains_are_warned_of(store):
    visits = [{"fullVisitorId": str(70 + n), "visitId": "1499212700"} for n in range(20)]
    report = ingest_lines(store, *(flat_line(**one, date=day) for one in visits for day in ("20170704", "20170705")))
    assert any("20 visits lie on two days" in warning and "time zone" in warning for warning in report.warnings)


def test_raw_ids_are_stored_nowhere_and_hashed_differently_in_each_store(tmp_path):
    export = flat_csv(tmp_path / "export.csv", flat_line(fullVisitorId="5551234567890"))
    stores = [Store(tmp_path / name) for name in ("one", "two")]
    for store in stores:
        ingest_exports([export], store)
    assert stored_rows(stores[0], "visitor_id") != stored_rows(stores[1], "visitor_id")
    assert not [file for file in tmp_path.glob("*/**/*") if file.is_file() and b"5551234567890" in file.read_bytes()]
    assert (stores[0].path / "salt").stat().st_mode & 0o777 == 0o600


def test_visit_start_is_known_from_an_epoch_visit_id_near_the_day(store):
    ingest_lines(store, flat_line(visitId="1499201738"), flat_line(visitId="1199201738"))
    starts = {row["session_start"] for row in stored_rows(store)}
    assert starts == {dt.datetime(2017, 7, 4, 20, 55, 38, tzinfo=dt.UTC), None}


def test_revenue_without_a_number_of_transactions_is_one_order_and_warned_of(store):
    report = ingest_lines(store, flat_line(transactions="", transactionRevenue="5000000"))
    assert (report.converted, report.transactions) == (1, 1)
    assert any("counted as one" in warning for warning in report.warnings)


def test_of_two_different_rows_of_a_session_the_later_is_kept_and_a_repeated_row_is_a_duplicate(store):
    visit = {"fullVisitorId": "77", "visitId": "1499212700"}
    first, second = flat_line(**visit, pageviews=3), flat_line(**visit, pageviews=9)
    report = ingest_lines(store, first, second, second)
    assert (report.rows, report.sessions_added, report.duplicates) == (3, 1, 2)
    assert [row["pageviews"] for row in stored_rows(store)] == [9]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"4,5", "too few columns"),
        (b"1,2,3,4,5,6,7,8,9,10,11,12", "too many columns"),
        (b"1" + 40 * b",2", "too many columns"),
        (b"x" * 4_100_000 + 40 * b",2", "longer than 4 MB"),
        (flat_line(source="caf\xe9").encode("latin-1"), "not UTF-8 text"),
        (flat_line(source="x" * 10_000_000).encode(), "longer than 4 MB"),
        (flat_line(source='"goo"gle').encode(), "a quote that is not closed"),
        (flat_line(source='"google').encode(), "a quote that is not closed"),
    ],
    ids=[
        "too few",
        "too many",
        "far too many",
        "4 MB cell and too many",
        "latin-1",
        "10 MB cell",
        "quote",
        "open quote",
    ],
)
def test_a_line_that_is_no_row_is_a_counted_reject_and_the_others_are_kept(store, tmp_path, raw, reason):
    good = flat_line(source="naïve café").encode()
    lines = [FLAT_HEADER.encode(), good, raw, flat_line().encode(), flat_line(date="never").encode()]
    (tmp_path / "export.csv").write_bytes(b"\n".join(lines) + b"\n")
    (report,) = ingest_exports([tmp_path / "export.csv"], store).files
    assert (report.status, report.rows, report.sessions_added) == ("accepted", 4, 2)
    rows = {reject.reason: reject.examples[0].row for reject in report.rejected}
    assert rows == {reason: 2, "date is not a calendar day": 4}
    assert all(len(example.value) <= 200 for reject in report.rejected for example in reject.examples)


def test_row_numbers_are_those_of_the_file_also_in_a_long_one(store, tmp_path):
    template = flat_line(visitId="VISIT", date="DATE", source="a")
    bad = {7, 150_000, 290_001}
    lines = (
        template.replace("VISIT", str(1_400_000_000 + row)).replace("DATE", "never" if row in bad else "20170704")
        for row in range(1, 300_001)
    )
    (report,) = ingest_exports([flat_csv(tmp_path / "long.csv", *lines)], store).files
    assert {example.row for example in report.rejected[0].examples} == bad
    assert report.sessions_added == 300_000 - len(bad)


def test_at_most_five_examples_are_shown_of_many_rejects(store):
    report = ingest_lines(store, flat_line(), *(flat_line(date="never") for _ in range(20)))
    assert (report.rejected[0].count, len(report.rejected[0].examples)) == (20, 5)


def test_a_file_without_one_good_row_is_refused_with_the_commonest_reason(store):
    report = ingest_lines(store, flat_line(date="never"), flat_line(date="never"))
    assert report.status == "refused"
    assert "date is not a calendar day (2 rows)" in report.reason
    assert not store.exists


def test_an_open_quote_costs_its_own_row_only_and_rows_of_several_lines_survive_beside_it(store):
    lines = [flat_line(source='"two\nlines"'), flat_line(source='"open'), *(flat_line() for _ in range(500))]
    report = ingest_lines(store, *lines, flat_line(date="never"), flat_line(source='"again\nopen'))
    assert report.sessions_added == 501
    found = {(reject.reason, example.row) for reject in report.rejected for example in reject.examples}
    assert {("a quote that is not closed", 2), ("date is not a calendar day", 503)} <= found
    assert {row["source"] for row in stored_rows(store)} == {"two lines", "google"}


def test_line_ends_of_several_kinds_in_one_file_are_all_line_ends(store, tmp_path):
    lines = [FLAT_HEADER, *(flat_line() for _ in range(30))]
    text = "".join(line + ("\r\n" if number % 3 else "\n") for number, line in enumerate(lines))
    (tmp_path / "x.csv").write_bytes(text.encode())
    (report,) = ingest_exports([tmp_path / "x.csv"], store).files
    assert (report.sessions_added, report.rejected) == (30, [])


def test_a_header_without_rows_is_refused(store):
    assert "has a header but no rows" in ingest_lines(store).reason


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        ([f"{number}81772{number}000000000000"[:19] for number in range(1, 9)], "end in zeros after 15 digits"),
        ([str(int(float(2_817_720_563_123_456_789 + 7_919 * number))) for number in range(8)], "are rounded numbers"),
        ([str(2_817_720_563_123_456_789 + 7_919 * number) for number in range(8)], None),
        ([f"{7_919 * number:019d}" for number in range(1, 9)], None),
    ],
    ids=["spreadsheet", "float", "whole", "leading zeros"],
)
def test_visitor_ids_that_lost_their_last_digits_are_warned_of(store, ids, words):
    report = ingest_lines(store, *(flat_line(fullVisitorId=visitor) for visitor in ids))
    found = [warning for warning in report.warnings if "visitor ids" in warning]
    assert len(found) == (words is not None)
    assert all(str(words) in warning for warning in found)


def test_the_mean_order_of_a_day_a_thousand_times_the_others_is_warned_of(store):
    days = [(day, "45000000") for day in range(1, 9)] + [(9, "45000000000")]
    lines = [flat_line(date=f"2017070{day}", transactions=1, transactionRevenue=micros) for day, micros in days]
    report = ingest_lines(store, *lines)
    assert any("power of ten away" in warning and "2017-07-09 (1,000 times)" in warning for warning in report.warnings)


def test_a_month_in_another_unit_than_the_store_is_warned_of(store, tmp_path):
    ingest_lines(store, *(flat_line(transactions=1, transactionRevenue="45000000") for _ in range(20)))
    cents = [flat_line(date="20170804", transactions=1, transactionRevenue="4500000000") for _ in range(20)]
    (report,) = ingest_exports([flat_csv(tmp_path / "august.csv", *cents)], store).files
    assert any("100 times that of the store" in warning for warning in report.warnings)


def test_revenue_that_can_be_no_micros_is_read_as_whole_units_and_said(store):
    report = ingest_lines(store, *(flat_line(transactions=1, transactionRevenue="45.50") for _ in range(3)))
    assert report.revenue == "136.500000"
    assert any("read as whole units" in warning for warning in report.warnings)


def test_repeated_rows_other_versions_and_values_that_are_always_set_are_warned_of_and_others_told(store):
    unset = {"source": "", "deviceCategory": ""}
    row = flat_line(fullVisitorId="7", **unset)
    other = row.replace(",3,", ",9,")
    report = ingest_lines(store, row, row, other, *(flat_line(**unset) for _ in range(5)))
    told = " / ".join(report.warnings)
    assert "1 row is the same as an earlier row" in told
    assert "1 row is another version of a session" in told
    assert "often (not set): Device in all of the sessions" in told
    assert any(note.startswith("often (not set): ") and "Source in all" in note for note in report.notes)
