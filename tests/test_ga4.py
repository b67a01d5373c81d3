"""GA4 events become sessions: each figure computed by hand from a few events."""

import datetime as dt
from decimal import Decimal

import duckdb
import pytest
from builders import FIXTURES, stored_rows
from ga4_builders import content, csv_of, event, ndjson, parts, purchase

from ingest.formats import ga4_flat
from ingest.pipeline import ingest_exports
from ingest.sessionize import pieces
from queries.store import Store

TWINS = ("ga4_events_31days_bqextract.ndjson", "ga4_events_31days_nested.parquet")


@pytest.fixture
def session_of(tmp_path):
    """Return a function that ingests events as one file and returns the only session."""

    def ingest(*events):
        (row,) = sessions_of(tmp_path, *events)
        return row

    return ingest


def sessions_of(folder, *events):
    """Ingest events as one file and return the sessions, oldest first."""
    store = Store(folder / "store")
    report = ingest_exports([ndjson(folder / "events.ndjson", *events)], store)
    assert report.accepted, report
    return sorted(stored_rows(store), key=lambda row: row["session_start"])


def test_a_session_is_what_one_user_did_under_one_ga_session_id(tmp_path):
    rows = sessions_of(
        tmp_path,
        event(at="2024-03-05 10:00:00", user="u1"),
        event(at="2024-03-05 11:00:00", user="u2"),
        event(at="2024-03-05 12:00:00", user="u1", session=1700000002),
        event(at="2024-03-05 10:00:30", user="u1"),
    )
    assert [row["events"] for row in rows] == [2, 1, 1]
    assert len({row["visitor_id"] for row in rows}) == 2


def test_start_day_duration_pageviews_and_flags(session_of):
    row = session_of(
        event("session_start", "2024-03-05 23:30:00", day="20240306", page_location="https://shop.example/a?x=1"),
        event(
            "page_view", "2024-03-05 23:30:00", day="20240306", page_location="https://shop.example/a?x=1", entrances=1
        ),
        event("page_view", "2024-03-05 23:31:00", day="20240306", page_location="https://shop.example/b"),
        event("view_item", "2024-03-05 23:31:00", day="20240306"),
        event("add_to_cart", "2024-03-05 23:32:10", day="20240306", session_engaged="1", engagement_time_msec=9000),
    )
    assert row["session_start"] == dt.datetime(2024, 3, 5, 23, 30, tzinfo=dt.UTC)
    assert row["session_date"] == dt.date(2024, 3, 6), "the property's own day, not the UTC day"
    assert (row["pageviews"], row["events"], row["duration_seconds"], row["engaged"]) == (2, 5, 130, True)
    assert (row["viewed_item"], row["added_to_cart"], row["began_checkout"]) == (True, True, False)
    assert (row["landing_page"], row["hostname"]) == ("/a", "shop.example")
    assert (row["device_category"], row["operating_system"], row["browser"]) == ("desktop", "Windows", "Edge")
    assert (row["country"], row["region"], row["visitor_type"]) == ("DE", "Berlin", "new")


def test_duration_is_the_longer_of_timestamps_and_engagement_and_null_when_neither_was_measured(tmp_path):
    rows = sessions_of(
        tmp_path,
        event(at="2024-03-05 10:00:00", user="a", engagement_time_msec=7000),
        event(at="2024-03-05 11:00:00", user="b"),
        event(at="2024-03-05 12:00:00", user="c", engagement_time_msec=40_000),
        event("scroll", at="2024-03-05 12:00:10", user="c", engagement_time_msec=20_000),
    )
    assert [row["duration_seconds"] for row in rows] == [7, None, 60]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"last_click": {"manual_campaign": {"source": "news", "medium": "email", "campaign_name": "May"}},
          "traffic": {"source": "google", "medium": "organic"}, "source": "bing"}, ("news", "email", "May", "Email")),
        ({"last_click": {"cross_channel_campaign": {"source": "google", "medium": "cpc", "campaign_name": "Brand",
                                                    "default_channel_group": "Paid Search"},
                         "manual_campaign": {"source": "x", "medium": "y"}}},
         ("google", "cpc", "Brand", "Paid Search")),
        ({"last_click": {"google_ads_campaign": {"customer_id": "7", "campaign_name": "Shop"}}},
         ("google", "cpc", "Shop", "Paid Shopping")),
        ({"source": "bing", "medium": "organic", "campaign": "c", "traffic": {"source": "google", "medium": "cpc"}},
         ("bing", "organic", "c", "Organic Search")),
        ({"collected": {"manual_source": "fb", "manual_medium": "paid_social", "manual_campaign_name": "s"},
          "source": "bing"}, ("fb", "paid_social", "s", "Paid Social")),
        ({"gclid": "abc", "traffic": {"source": "(direct)", "medium": "(none)"}},
         ("google", "cpc", "(not set)", "Paid Search")),
        ({"traffic": {"source": "(direct)", "medium": "(none)", "name": "(direct)"}},
         ("(direct)", "(none)", "(direct)", "Direct")),
        ({"traffic": {"source": "blog.example", "medium": "referral"}},
         ("blog.example", "referral", "(not set)", "Referral")),
        ({}, ("(not set)", "(not set)", "(not set)", "(not set)")),
    ],
)  # fmt: skip
def test_session_scoped_traffic_comes_first_then_the_events_own_then_the_users_first(session_of, given, expected):
    row = session_of(event(**given))
    assert (row["source"], row["medium"], row["campaign"], row["channel_group"]) == expected


def test_the_first_event_with_a_source_speaks_for_the_session(session_of):
    row = session_of(
        event(at="2024-03-05 10:00:00"),
        event(at="2024-03-05 10:00:09", source="bing", medium="organic"),
        event(at="2024-03-05 10:00:05", source="news", medium="email"),
    )
    assert (row["source"], row["medium"], row["channel_group"]) == ("news", "email", "Email")


def test_a_transaction_counts_once_however_often_and_in_whichever_session_it_is_reported(tmp_path):
    rows = sessions_of(
        tmp_path,
        purchase("T1", 20.5, "2024-03-05 10:00:00", user="a"),
        purchase("T1", 20.5, "2024-03-05 10:00:09", user="a"),
        purchase("T2", 5, "2024-03-05 10:01:00", user="a"),
        purchase("T1", 20.5, "2024-03-06 11:00:00", user="a", session=1700000002),
        purchase("(not set)", 1, "2024-03-06 12:00:00", user="b"),
        purchase(None, 1, "2024-03-06 13:00:00", user="c"),
    )
    assert [(row["transactions"], row["revenue"]) for row in rows] == [
        (2, Decimal("25.5")),
        (0, Decimal(0)),
        (1, Decimal(1)),
        (1, Decimal(1)),
    ]


def test_the_same_event_twice_is_one_event(session_of):
    once = event(at="2024-03-05 10:00:00", page_location="https://shop.example/", engagement_time_msec=3000)
    item = event("view_item", at="2024-03-05 10:00:05", item="A")
    other = event("view_item", at="2024-03-05 10:00:05", item="B")
    row = session_of(once, item, once, other, item)
    assert (row["events"], row["pageviews"], row["duration_seconds"]) == (3, 1, 5)


def test_an_event_without_user_pseudo_id_is_of_its_user_id(session_of):
    events = [event(name, at=f"2024-03-05 10:00:0{n}", user=None) for n, name in enumerate(("page_view", "scroll"))]
    row = session_of(*(one | {"user_id": "customer-7"} for one in events))
    assert (row["events"], row["pageviews"]) == (2, 1)


def test_events_that_belong_to_no_session_are_rejected_with_the_reason(tmp_path):
    store = Store(tmp_path / "store")
    path = ndjson(
        tmp_path / "events.ndjson",
        event(),
        event("scroll", session=None),
        event("scroll", user=None),
        event("scroll", session=None),
        event("purchase", ecommerce={"transaction_id": "T", "purchase_revenue": "much"}),
        event("scroll", day="20241399"),
    )
    (report,) = ingest_exports([path], store).files
    assert (report.rows, report.sessions_added, report.rows_rejected) == (6, 1, 5)
    assert "1 event was put together into 1 session, which are the rows of this report" in report.notes
    found = {reject.reason: (reject.count, [one.row for one in reject.examples]) for reject in report.rejected}
    assert found == {
        "no ga_session_id: the event belongs to no session (consent mode)": (2, [2, 4]),
        "no user_pseudo_id and no user_id: the visitor gave no consent to be recognised": (1, [3]),
        "revenue is not a number": (1, [5]),
        "event_date is not a calendar day": (1, [6]),
    }


FLAT = (
    "event_date,event_timestamp,event_name,user_pseudo_id,ga_session_id,ga_session_number,session_engaged,"
    "engagement_time_msec,page_location,session_source,session_medium,session_campaign,session_default_channel_group,"
    "device_category,geo_country,ecommerce.transaction_id,ecommerce.purchase_revenue"
)


def test_flattened_csv_with_session_scoped_columns(tmp_path):
    seconds = 1709632800
    first = ("u1.1", 1700000001, 2, "1", "", "https://shop.example/a")
    scoped = ("news", "email", "May", "Email", "mobile", "Germany")
    rows = [
        ("20240305", f"{seconds}000000", "page_view", *first, *scoped, "", ""),
        ("20240305", f"{seconds + 60}000000", "purchase", *first, *scoped, "T1", "12.50"),
        ("20240305", f"{seconds + 60}000000", "purchase", *first, *scoped, "T1", "12.50"),
        ("20240305", f"{seconds + 90}000000", "page_view", "u2", "", 1, "", "", "", *scoped, "", ""),
    ]
    store = Store(tmp_path / "store")
    (report,) = ingest_exports([csv_of(tmp_path / "flat.csv", FLAT, *rows)], store).files
    assert (report.shape, report.sessions_added, report.rows_rejected) == ("ga4_flat", 1, 1)
    (row,) = stored_rows(store)
    assert (row["events"], row["pageviews"], row["duration_seconds"], row["engaged"]) == (2, 1, 60, True)
    assert (row["source"], row["medium"], row["campaign"]) == ("news", "email", "May")
    assert (row["channel_group"], row["device_category"], row["country"]) == ("Email", "mobile", "DE")
    assert (row["transactions"], row["revenue"], row["visitor_type"]) == (1, Decimal("12.5"), "returning")


@pytest.mark.parametrize(
    "written",
    [
        ("20240305", "1709632800000000", "1700000001"),
        ("2024-03-05", "1709632800000000.0", "1700000001.0"),
        ("2024-03-05", "2024-03-05 10:00:00 UTC", "1700000001"),
        ("20240305", "1709632800", "1700000001"),
        ("20240305", "1709632800000", " 1700000001 "),
    ],
)
def test_the_same_moment_and_session_however_a_tool_has_written_them(tmp_path, monkeypatch, written):
    monkeypatch.setenv("SILENT_LEAK_SALT", "same")
    day, at, session = written
    store = Store(tmp_path / "store")
    path = csv_of(tmp_path / "a.csv", ",".join(ga4_flat.REQUIRED), (day, at, "page_view", "u1.1", session))
    assert ingest_exports([path], store).accepted
    ingest_exports([ndjson(tmp_path / "b.ndjson", event("scroll", "2024-03-06 10:00:00"))], store)
    (row,) = stored_rows(store)
    assert (row["session_start"].isoformat(), row["events"]) == ("2024-03-05T10:00:00+00:00", 2)


def test_flattened_parquet_in_upper_case_gives_the_same_sessions_as_the_nested_events(tmp_path):
    nested = [
        event(at="2024-03-05 10:00:00", page_location="https://shop.example/a", source="bing", medium="organic"),
        event("view_item", at="2024-03-05 10:00:20", page_location="https://shop.example/b"),
    ]
    ingest_exports([ndjson(tmp_path / "nested.ndjson", *nested)], Store(tmp_path / "one"))
    ingest = """
        copy (
            select event_date, event_timestamp::bigint as event_timestamp, event_name, user_pseudo_id,
                event_params[1].value.int_value::bigint as EVENT_PARAMS_GA_SESSION_ID,
                event_params[2].value.int_value::bigint as GA_SESSION_NUMBER,
                event_params[3].value.string_value as PAGE_LOCATION,
                event_params[4].value.string_value as SOURCE, event_params[5].value.string_value as MEDIUM,
                device.category as DEVICE_CATEGORY, device.operating_system as DEVICE_OPERATING_SYSTEM,
                device.web_info.browser as DEVICE_WEB_INFO_BROWSER, geo.country as GEO_COUNTRY, geo.region as GEO_REGION
            from read_json($source)
        ) to $target (format parquet)
    """
    duckdb.execute(ingest, {"source": str(tmp_path / "nested.ndjson"), "target": str(tmp_path / "flat.parquet")})
    ingest_exports([tmp_path / "flat.parquet"], Store(tmp_path / "two"))
    ids = {"session_id": 0, "visitor_id": 0, "export_detail": 0}
    one, two = ([row | ids for row in content(Store(tmp_path / name))] for name in ("one", "two"))
    assert one == two
    assert one[0]["source"] == "bing"


def test_the_days_of_a_file_are_added_up_in_pieces_that_fit():
    days = [("2024-03-01", 3), ("2024-03-02", 3), ("2024-03-03", 25), ("2024-03-04", 9)]
    assert [tuple(piece.values()) for piece in pieces(days, at_once=10)] == [
        ("2024-03-01", "2024-03-02", 1, 0),
        ("2024-03-03", "2024-03-03", 3, 0),
        ("2024-03-03", "2024-03-03", 3, 1),
        ("2024-03-03", "2024-03-03", 3, 2),
        ("2024-03-04", "2024-03-04", 1, 0),
    ]


def test_adding_up_in_pieces_changes_nothing(tmp_path, monkeypatch):
    path = FIXTURES / TWINS[0]
    if not path.exists():
        pytest.skip("no fixtures beside the project")
    monkeypatch.setenv("SILENT_LEAK_SALT", "same")
    ingest_exports([path], Store(tmp_path / "whole"))
    monkeypatch.setattr("ingest.sessionize.pieces", lambda days: pieces(days, at_once=4))
    ingest_exports([path], Store(tmp_path / "pieces"))
    assert content(Store(tmp_path / "whole")) == content(Store(tmp_path / "pieces"))


def test_the_twins_give_identical_stores(tmp_path, monkeypatch):
    monkeypatch.setenv("SILENT_LEAK_SALT", "same")
    stores = []
    for name in TWINS:
        if not (FIXTURES / name).exists():
            pytest.skip("no fixtures beside the project")
        stores.append(Store(tmp_path / name))
        (report,) = ingest_exports([FIXTURES / name], stores[-1]).files
        assert (report.shape, report.sessions_added, report.rows_rejected, report.converted) == ("ga4_events", 42, 0, 0)
        assert len(report.missing_days) == 91 - 31
    assert content(stores[0]) == content(stores[1])
    assert parts(stores[0]) == parts(stores[1])
    rows = content(stores[0])
    assert len({row["visitor_id"] for row in rows}) == 37
    assert len({row["session_date"] for row in rows}) == 31
    assert sum(row["events"] for row in rows) == 155
    again = ingest_exports([FIXTURES / TWINS[1]], stores[0])
    assert (again.changed, again.files[0].duplicates) == (False, 42)
