"""Metrics: given rows, expected rows."""

import datetime as dt

import pytest
import sqlglot
from builders import session, sessions, store_of

from queries.compose import compose
from queries.engine import Engine
from queries.filters import Filters
from queries.funnel import CHECKOUT, ENGAGEMENT
from queries.metrics import METRICS, SQL_FOLDER, QuestionError


@pytest.fixture
def ask(tmp_path):
    """Return a function that asks a metric of given rows."""

    def asked(rows, metric, filters=None, **options):
        return Engine(store_of(tmp_path / "store", rows)).run(metric, filters, **options).rows

    return asked


def test_overview_counts_converted_sessions_not_transactions(ask):
    rows = [session(transactions=2, revenue=30), session(transactions=1, revenue=10), session()]
    [row] = ask(rows, "overview")
    assert (row["sessions"], row["conversions"], row["transactions"], row["revenue"]) == (3, 2, 3, 40)
    assert row["conversion_rate"] == pytest.approx(2 / 3)
    assert row["revenue_per_conversion"] == 20
    assert row["conversion_rate_low"] < 2 / 3 < row["conversion_rate_high"]


def test_an_empty_selection_gives_zero_counts_and_undefined_rates(ask):
    [row] = ask([session()], "overview", Filters.of(include={"country": ["XX"]}))
    assert row["sessions"] == 0
    assert row["conversion_rate"] is None
    assert row["conversion_rate_low"] is None
    assert row["revenue_per_conversion"] is None


def test_a_later_step_implies_the_earlier_ones(ask):
    rows = [session(pageviews=0), session(pageviews=3, transactions=1), session(pageviews=7), session(pageviews=12)]
    funnel = ask(rows, "funnel")
    assert [(row["step"], row["reached"]) for row in funnel] == [
        ("Browsed", 3),
        ("Engaged", 3),
        ("Deep engagement", 2),
        ("Converted", 1),
    ]
    assert [row["abandonments"] for row in funnel] == [0, 1, 1, None]
    assert funnel[1]["completion_rate"] == pytest.approx(2 / 3)
    assert funnel[1]["abandonment_rate"] == pytest.approx(1 / 3)


def test_the_funnel_has_all_its_steps_in_every_segment_and_when_nothing_passes(ask):
    rows = [session(device_category="desktop"), session(device_category="mobile", pageviews=12)]
    assert len(ask(rows, "funnel", by="device_category")) == 8
    empty = ask(rows, "funnel", Filters.of(include={"country": ["XX"]}))
    assert [row["reached"] for row in empty] == [0, 0, 0, 0]
    assert empty[0]["completion_rate"] is None


def test_unknown_flags_do_not_reach_a_checkout_step(ask):
    rows = [session(), session(viewed_item=True), session(viewed_item=False, added_to_cart=True)]
    assert [row["reached"] for row in ask(rows, "funnel", funnel=CHECKOUT)] == [3, 2, 1, 0, 0]


def test_stages_are_exclusive_classes_of_pageviews(ask):
    rows = [session(pageviews=pages) for pages in (0, 1, 4, 5, 9, 10, 40)]
    assert [(row["stage"], row["sessions"]) for row in ask(rows, "stages")] == [
        ("Bounced", 1),
        ("Browsed", 2),
        ("Engaged", 2),
        ("Deep engagement", 2),
    ]


def test_the_ceiling_is_abandonments_times_mean_revenue_per_converted_session(ask):
    rows = [session(pageviews=12, transactions=2, revenue=60), *sessions(3)]
    lost = ask(rows, "revenue_lost")
    assert [(row["abandonments"], row["ceiling"]) for row in lost] == [(3, 180), (0, 0), (0, 0)]


def test_the_ceiling_is_undefined_without_an_order(ask):
    assert [row["ceiling"] for row in ask([session()], "revenue_lost")] == [None, None, None]


def test_countries_below_the_minimum_are_kept_and_marked(ask):
    rows = [*sessions(3, country="US"), session(country="FR")]
    countries = ask(rows, "countries", options={"min_sessions": 2})
    assert [(row["country"], row["sessions"], row["enough"]) for row in countries] == [
        ("US", 3, True),
        ("FR", 1, False),
    ]


def test_a_country_without_an_expected_conversion_is_marked_and_its_rate_is_drawn_towards_the_mean(ask):
    rows = [*sessions(8, country="US"), *sessions(2, country="US", transactions=1), *sessions(2, country="FR")]
    us, fr = ask(rows, "countries", options={"min_sessions": 1, "prior_sessions": 6})
    assert (us["enough"], fr["enough"]) == (True, False)
    assert (us["expected"], fr["expected"]) == pytest.approx((10 / 6, 2 / 6))
    assert (us["shrunk_rate"], fr["shrunk_rate"]) == pytest.approx((3 / 16, 1 / 8))


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [
        (None, "0 s (not measured)"),
        (0, "0 s (not measured)"),
        (1, "< 10 s"),
        (9, "< 10 s"),
        (10, "10-60 s"),
        (59, "10-60 s"),
        (60, "1-3 m"),
        (180, "3-5 m"),
        (300, "5-10 m"),
        (600, "10-20 m"),
        (1200, "20-60 m"),
        (3600, "20-60 m"),
        (3601, "> 60 m"),
    ],
)
def test_durations_fall_into_their_bucket(ask, seconds, bucket):
    durations = ask([session(duration_seconds=seconds)], "durations")
    assert len(durations) == 9
    assert [row["bucket"] for row in durations if row["sessions"]] == [bucket]


def test_sources_keep_zeros_shrink_rates_and_add_up(ask):
    rows = [
        *sessions(300, source="google", device_category="desktop"),
        *sessions(6, source="google", device_category="desktop", transactions=1, revenue=10),
        *sessions(2, source="tiny", device_category="mobile", transactions=1, revenue=10),
        session(source="other", device_category="mobile"),
    ]
    cells = {(row["source"], row["device_category"]): row for row in ask(rows, "sources_by_device", options={"top": 2})}
    assert cells["google", "(all)"]["sessions"] == 306
    assert cells["(more)", "(all)"]["sources"] == 1
    assert cells["(all)", "(all)"]["sessions"] == 309
    assert cells["(all)", "mobile"]["conversions"] == 2
    tiny = cells["tiny", "mobile"]
    assert tiny["conversion_rate"] == 1
    mean = 8 / 309
    assert tiny["shrunk_rate"] == pytest.approx((2 + 300 * mean) / 302)
    assert not tiny["enough"]


def test_the_trend_has_one_row_per_day_that_has_sessions(ask):
    rows = [session(session_date=dt.date(2017, 7, day)) for day in (2, 2, 4)]
    trend = ask(rows, "trend")
    assert [(row["session_date"].day, row["sessions"]) for row in trend] == [(2, 2), (4, 1)]


def test_missing_durations_are_left_out_of_the_mean(ask):
    rows = [
        session(transactions=1, pageviews=20, duration_seconds=100),
        session(transactions=1, pageviews=10, duration_seconds=None),
        session(pageviews=5, duration_seconds=30),
        session(pageviews=4, duration_seconds=999),
    ]
    converted, engaged = ask(rows, "converted_vs_engaged")
    assert (converted["mean_pageviews"], converted["mean_duration_seconds"]) == (15, 100)
    assert converted["sessions_with_duration"] == 1
    assert (engaged["sessions"], engaged["mean_duration_seconds"]) == (1, 30)


def test_distinct_visitors_are_counted_once(ask):
    [row] = ask([session(visitor_id=1), session(visitor_id=1), session(visitor_id=2)], "visitors")
    assert (row["visitors"], row["sessions"]) == (2, 3)


def test_segments_come_largest_first(ask):
    rows = [session(browser="Safari"), *sessions(2, browser="Chrome")]
    assert [row["segment"] for row in ask(rows, "segments", by="browser")] == ["Chrome", "Safari"]


def test_time_by_last_step_is_the_median_of_measured_sessions_of_exactly_that_step(ask):
    rows = [
        session(pageviews=0, duration_seconds=500),
        session(pageviews=1, duration_seconds=10),
        session(pageviews=4, duration_seconds=30),
        session(pageviews=2, duration_seconds=0),
        session(pageviews=3, duration_seconds=None),
        session(pageviews=5, duration_seconds=61),
        session(pageviews=12, transactions=1, revenue=5, duration_seconds=900),
        session(pageviews=1, transactions=1, revenue=5, duration_seconds=100),
    ]
    found = [
        (row["last_step"], row["sessions"], row["sessions_with_duration"], row["median_duration_seconds"])
        for row in ask(rows, "step_times")
    ]
    assert found == [(0, 1, 1, 500), (1, 4, 2, 20), (2, 1, 1, 61), (4, 2, 2, 500)]


def test_filters_take_several_values_exclusions_and_dates(ask):
    rows = [
        session(country="US", session_date=dt.date(2017, 7, 1)),
        session(country="FR", session_date=dt.date(2017, 7, 2)),
        session(country="DE", session_date=dt.date(2017, 8, 3)),
    ]

    def count(filters):
        return ask(rows, "overview", filters)[0]["sessions"]

    assert count(Filters.of(include={"country": ["US", "DE"]})) == 2
    assert count(Filters.of(exclude={"country": ["US"]})) == 2
    assert count(Filters.of(date_from=dt.date(2017, 7, 2))) == 2
    assert count(Filters.of(date_from=dt.date(2017, 7, 2), date_to=dt.date(2017, 7, 31))) == 1
    assert count(Filters.of(date_from=dt.date(2030, 1, 1))) == 0


@pytest.mark.parametrize(
    "hostile", ["' or 1=1 --", "'; drop table sessions; --", "$files", "%", "\x00", "{0}", "(all)"]
)
def test_a_hostile_value_matches_nothing(ask, hostile):
    [row] = ask(sessions(3), "overview", Filters.of(include={"source": [hostile]}))
    assert row["sessions"] == 0


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_answers_with_its_columns_in_order(ask, metric):
    by = "device_category" if metric.segmented == "must" else None
    rows = ask([session(transactions=1, revenue=5), session()], metric.name, by=by)
    assert rows
    assert tuple(rows[0]) == (("segment",) if by else ()) + metric.columns


def test_every_sql_file_is_a_metric_and_the_reverse():
    assert {path.stem for path in SQL_FOLDER.glob("*.sql")} == {metric.name for metric in METRICS}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_sql_files_state_their_grain_and_stay_short(metric):
    lines = metric.sql.splitlines()
    assert lines[0].startswith("-- grain: ")
    assert len(lines) <= 80
    assert "count(*)" not in metric.sql


def test_only_needed_columns_are_read():
    [overview] = [metric for metric in METRICS if metric.name == "trend"]
    sql = compose(overview, Filters(), None, ENGAGEMENT, {}).sql
    assert "pageviews" not in sql
    assert "visitor_id" not in sql


def test_what_cannot_be_asked_is_refused_with_the_choices(ask):
    with pytest.raises(QuestionError, match='no metric "nonsense"; choose one of: overview'):
        ask([session()], "nonsense")
    with pytest.raises(QuestionError, match='"nonsense" is not a dimension; choose one of: device_category'):
        ask([session()], "funnel", by="nonsense")
    with pytest.raises(QuestionError, match="cannot be split"):
        ask([session()], "countries", by="browser")
    with pytest.raises(QuestionError, match="needs a dimension"):
        ask([session()], "segments")
    with pytest.raises(QuestionError, match='no option "nonsense"'):
        ask([session()], "overview", options={"nonsense": 1})


def test_cells_of_who_visits_add_up(ask):
    rows = [
        *sessions(2, device_category="desktop", visitor_type="new", country="US"),
        session(device_category="desktop", visitor_type="new", country="US", transactions=2),
        session(device_category="mobile", country="FR"),
    ]
    assert [tuple(row.values()) for row in ask(rows, "change_cells")] == [
        ("desktop", "new", "US", 3, 1),
        ("mobile", "(not set)", "FR", 1, 0),
    ]


def test_a_day_tells_what_was_recorded_and_what_does_not_fit(ask):
    rows = [
        session(pageviews=12, duration_seconds=60, transactions=1, began_checkout=False),
        session(pageviews=0, revenue=5),
        session(pageviews=2, transactions=1, revenue=7, began_checkout=True),
    ]
    [row] = ask(rows, "quality_days")
    assert (row["sessions"], row["conversions"], row["revenue"], row["pageviews"]) == (3, 2, 12, 14)
    assert (row["duration_seconds"], row["sessions_with_duration"]) == (60, 1)
    assert (row["deep_sessions"], row["sessions_without_page"]) == (1, 1)
    assert (row["orders_without_revenue"], row["revenue_without_order"]) == (1, 1)
    assert (row["orders_with_steps_known"], row["orders_without_checkout"]) == (2, 1)


def test_not_set_is_counted_for_every_dimension_and_day(ask):
    rows = [session(source="google", country="US"), session(source="google"), session(session_date=dt.date(2017, 7, 4))]
    first, second = ask(rows, "not_set_by_day")
    assert (first["sessions"], first["source"], first["country"], first["browser"]) == (2, 0, 1, 2)
    assert (second["sessions"], second["source"]) == (1, 1)


def test_values_by_day_keep_the_largest_and_put_the_rest_together(ask):
    rows = [
        *sessions(3, source="a"),
        *sessions(2, source="b"),
        session(source="c"),
        session(source="d", transactions=1),
    ]
    assert [tuple(row.values()) for row in ask(rows, "values_by_day", by="source", options={"top": 2})] == [
        ("(other)", dt.date(2017, 7, 2), 2, 1),
        ("a", dt.date(2017, 7, 2), 3, 0),
        ("b", dt.date(2017, 7, 2), 2, 0),
    ]


def test_cells_by_day_keep_the_largest_country(ask):
    rows = [*sessions(2, country="US"), session(country="FR", transactions=1), session(country="DE")]
    assert [(row["country"], row["sessions"], row["conversions"]) for row in ask(rows, "day_cells")] == [
        ("(other)", 2, 1),
        ("US", 2, 0),
    ]


@pytest.mark.parametrize("dialect", ["bigquery", "snowflake", "postgres"])
@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_sql_files_can_be_transpiled_to_other_engines(metric, dialect):
    [told] = sqlglot.transpile(metric.sql, read="duckdb", write=dialect, unsupported_level=sqlglot.ErrorLevel.RAISE)
    for select in sqlglot.parse_one(told, dialect=dialect).find_all(sqlglot.exp.Select):
        assert select.args.get("from_") or not select.args.get("where"), "BigQuery has no WHERE without a FROM"


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_sql_files_give_null_for_an_undefined_rate_and_order_their_rows(metric):
    statement = sqlglot.parse_one(metric.sql, dialect="duckdb")
    assert statement.args.get("order")
    for division in statement.find_all(sqlglot.exp.Div):
        assert isinstance(division.expression.unnest(), sqlglot.exp.Nullif)
    for ordered in statement.args["order"].expressions:
        assert not ordered.args.get("desc") or not ordered.args.get("nulls_first")
