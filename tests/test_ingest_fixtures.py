"""Real exports: what must come out of each, together, in any order."""

import itertools
from decimal import Decimal

import pytest
from builders import FIXTURES, stored_rows

from ingest.pipeline import ingest_exports
from queries.store import Store

FLAT = FIXTURES / "silent_leak_raw_sessions_10000.csv"
KAGGLE = FIXTURES / "kaggle_gstore_v1_json_columns_1000.csv"
PRODUCTS = FIXTURES / "ga360_d2i_all_sessions_15134.csv"
BIGQUERY = FIXTURES / "ga360_sessions_37days_bqextract.ndjson"

pytestmark = pytest.mark.skipif(not FLAT.exists(), reason=f"the real exports are not at {FIXTURES}")


def ingest_one(path, tmp_path):
    """Ingest one file into a new store; return its report and the stored rows."""
    store = Store(tmp_path / "store")
    (report,) = ingest_exports([path], store).files
    return report, stored_rows(store)


def test_the_flat_export_gives_its_known_figures(tmp_path):
    report, rows = ingest_one(FLAT, tmp_path)
    assert (report.shape, report.rows, report.sessions_added, report.rejected) == ("ga360_flat", 10_000, 10_000, [])
    assert (report.converted, report.transactions, Decimal(report.revenue)) == (94, 97, Decimal("13383.35"))
    assert (report.first_date, report.last_date) == ("2017-07-02", "2017-07-07")
    assert report.missing_days == ["2017-07-03"]
    assert sum(row["revenue"] for row in rows) == Decimal("13383.350000")
    assert {row["session_start"] is None for row in rows} == {False}
    assert {row["viewed_item"] for row in rows} == {None}


def test_the_kaggle_export_gives_its_known_figures(tmp_path):
    report, rows = ingest_one(KAGGLE, tmp_path)
    assert (report.shape, report.rows, report.sessions_added) == ("kaggle_json", 1_000, 1_000)
    assert (report.converted, Decimal(report.revenue)) == (16, Decimal("2398.90"))
    assert sum(row["pageviews"] for row in rows) == 6_068
    assert report.first_date == report.last_date == "2016-09-02"
    assert "not available in demo dataset" not in {row["region"] for row in rows}


def test_the_bigquery_export_gives_its_known_figures(tmp_path):
    report, rows = ingest_one(BIGQUERY, tmp_path)
    assert (report.shape, report.rows, report.sessions_added) == ("ga360_bigquery", 185, 185)
    assert (report.converted, Decimal(report.revenue)) == (5, Decimal("142.63"))
    assert len({row["session_date"] for row in rows}) == 37
    assert (report.first_date, report.last_date) == ("2016-08-01", "2017-07-27")
    pages = {row["landing_page"] for row in rows}
    assert all(page.startswith("/") and "?" not in page for page in pages - {"(not set)"})
    assert all(row["began_checkout"] for row in rows if row["transactions"])
    assert 0 < sum(row["added_to_cart"] for row in rows) < sum(row["viewed_item"] for row in rows) < 185


def test_the_product_rows_are_rolled_up_to_their_sessions_and_the_rounded_ids_warned_of(tmp_path):
    """Over rows the revenue is 14,281.31: the order of 124.00 whose session has two rows is in it twice."""
    report, rows = ingest_one(PRODUCTS, tmp_path)
    assert (report.shape, report.rows, report.sessions_added, report.rejected) == ("ga360_hits", 14_562, 14_562, [])
    assert (report.converted, report.transactions, Decimal(report.revenue)) == (80, 80, Decimal("14157.31"))
    assert (report.first_date, report.last_date) == ("2016-08-01", "2017-08-01")
    assert sum(row["revenue"] for row in rows) == Decimal("14157.310000")
    assert any("15,134 rows were rolled up into 14,562 sessions" in warning for warning in report.warnings)
    assert any("visitor ids of 14,562 sessions were rounded by a spreadsheet" in warning for warning in report.warnings)


def test_every_country_of_the_real_exports_has_a_code(tmp_path):
    report = ingest_exports([FLAT, KAGGLE, BIGQUERY], Store(tmp_path / "store"))
    assert [warning for file in report.files for warning in file.warnings if "country" in warning.lower()] == []
    codes = {row["country"] for row in stored_rows(Store(tmp_path / "store"), "country")}
    assert {"CZ", "CI", "MM", "BA", "VC", "RE", "XK", "TR", "CV", "MO", "LA"} <= codes


def test_any_order_and_any_repetition_of_the_exports_gives_the_same_store(tmp_path, monkeypatch):
    monkeypatch.setenv("SILENT_LEAK_SALT", "the same for all stores")
    contents = []
    for number, order in enumerate(itertools.permutations([FLAT, KAGGLE, BIGQUERY])):
        store = Store(tmp_path / str(number))
        if number % 2:
            ingest_exports(order, store)
        else:
            for path in order:
                ingest_exports([path], store)
        version = store.table().version()
        again = ingest_exports([*reversed(order)], store)
        assert (again.version_before, again.version_after) == (version, version)
        assert all(file.sessions_added == file.sessions_replaced == 0 for file in again.files)
        contents.append(stored_rows(store))
    assert len(contents[0]) == 11_180
    assert all(content == contents[0] for content in contents)


def test_the_same_visit_in_two_shapes_is_one_session_with_the_richer_rows_content(tmp_path, monkeypatch):
    store = Store(tmp_path / "store")
    ingest_exports([FLAT], store)
    (report,) = ingest_exports([BIGQUERY], store).files
    assert (report.sessions_added, report.sessions_replaced, report.duplicates) == (180, 5, 0)
    replaced = [row for row in stored_rows(store) if row["session_date"].month == 7 and row["viewed_item"] is not None]
    assert all(row["landing_page"] != "(not set)" for row in replaced)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ui_ga4_traffic_acquisition.csv", "Google Analytics interface"),
        ("ui_ga4_landing_pages.csv", "Google Analytics interface"),
        ("ui_ga4_channel_hourly_bom.csv", "Google Analytics interface"),
        ("ui_ga4_snapshot_multitable_crlf.csv", "Google Analytics interface"),
        ("ui_ua_pages_totals_thousands_dayindex.csv", "Google Analytics interface"),
        ("ga4_api_hourly_2023-07_2024-10.csv", "aggregated table"),
        ("ga4_events_min_100.csv", "ga_session_id and event_timestamp"),
        ("ga4_items_flat_16003.csv", "list of items"),
        ("uci_online_shoppers_intention.csv", "--suggest-mapping"),
    ],
)
def test_what_holds_no_sessions_is_refused_with_what_to_export_instead(name, words, tmp_path):
    store = Store(tmp_path / "store")
    report = ingest_exports([FIXTURES / name], store)
    assert not report.accepted
    assert words in report.files[0].reason
    assert "xport" in report.files[0].reason
    assert (report.version_before, report.version_after) == (None, None)
    assert not store.path.exists()
