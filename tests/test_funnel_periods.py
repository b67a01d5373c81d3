"""The funnel in both periods side by side: of all sessions by one dimension, and by two; counted by hand."""

import datetime as dt

import pytest
from builders import sessions, store_of

from dashboard.ask import Ask
from dashboard.charts.registry import CHARTS
from dashboard.compute import answer
from dashboard.panels import rows_of
from dashboard.periods import Comparison, Days
from queries.engine import Engine
from queries.filters import Filters
from queries.funnel import ENGAGEMENT

BEFORE, NOW = dt.date(2017, 7, 4), dt.date(2017, 7, 5)
# day, device, country: sessions of 1, of 6 and of 12 pageviews with an order
COUNTS = {
    (BEFORE, "desktop", "US"): (60, 30, 10),
    (BEFORE, "mobile", "US"): (90, 8, 2),
    (NOW, "desktop", "US"): (50, 40, 10),
    (NOW, "desktop", "GB"): (75, 20, 5),
    (NOW, "mobile", "US"): (80, 19, 1),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    rows = []
    for (day, device, country), (browsed, engaged, bought) in COUNTS.items():
        held = {"session_date": day, "device_category": device, "country": country}
        rows += sessions(browsed, pageviews=1, **held) + sessions(engaged, pageviews=6, **held)
        rows += sessions(bought, pageviews=12, transactions=1, revenue=10, **held)
    return Engine(store_of(tmp_path_factory.mktemp("periods") / "store", rows))


def shares(engine, settings):
    """Return of each segment at the second step: its share now and before, None where there was none."""
    [chart] = [chart for chart in CHARTS if chart.name == "funnel"]
    comparison = Comparison("previous", Days(BEFORE, BEFORE))
    ask = Ask(Filters.of(NOW, NOW), ENGAGEMENT, {"funnel": settings}, comparison, finding=None)
    frame = answer(engine, [chart], ask).cards["funnel"].frame
    engaged = rows_of(frame[frame["position"] == 2])
    return {row["segment"]: (row["share_of_first"], row["share_of_first_before"]) for row in engaged}


def test_by_one_dimension_each_row_has_its_own_share_before(engine):
    assert shares(engine, {}) == {
        "Desktop": (75 / 200, 40 / 100),
        "Mobile": (20 / 100, 10 / 100),
    }


def test_by_two_dimensions_each_combination_has_its_own_and_a_new_one_has_none(engine):
    assert shares(engine, {"by": "Device", "and": "Country"}) == {
        "Desktop, United States": (50 / 100, 40 / 100),
        "Mobile, United States": (20 / 100, 10 / 100),
        "Desktop, United Kingdom": (25 / 100, None),
    }
