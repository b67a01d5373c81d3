"""Steps that the exports of some days cannot know: said, and never counted as if nobody had taken them."""

import datetime as dt

import pytest
from builders import sessions, store_of

from dashboard.ask import Ask, compared_period, held_by, met_days
from dashboard.charts.finding import FINDING
from dashboard.charts.registry import CHARTS
from dashboard.charts.view_findings import FUNNEL
from dashboard.compute import answer
from dashboard.periods import Comparison, Days
from dashboard.selection import Selection
from queries.engine import Engine
from queries.filters import Filters
from queries.funnel import CHECKOUT, ENGAGEMENT

STEPS = [chart for chart in CHARTS if chart.name in ("steps", "funnel", "why", "completion")]
KNOWN, BARE = Filters.of(dt.date(2017, 7, 6), dt.date(2017, 7, 7)), Filters.of(dt.date(2017, 7, 2), dt.date(2017, 7, 7))


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Flat exports without steps from 2 to 5 July, one with them on the 6th and 7th."""
    rows = []
    for number in range(2, 8):
        knows = number > 5
        held = {"session_date": dt.date(2017, 7, number), "device_category": "desktop"}
        asked = {"viewed_item": True, "added_to_cart": False, "began_checkout": False} if knows else {}
        rows += sessions(40, pageviews=3, **held, **asked)
        rows += sessions(60, pageviews=2, **held, **({name: False for name in asked}))
        rows += sessions(3, transactions=1, revenue=9, pageviews=9, **held, **dict.fromkeys(asked, True))
    return Engine(store_of(tmp_path_factory.mktemp("lacking") / "store", rows))


def said(engine, filters, funnel=CHECKOUT, finding=FUNNEL, compared=None):
    ask = Ask(filters, funnel, {}, compared, finding)
    return answer(engine, STEPS, ask)


def test_days_beyond_those_with_steps_are_refused_with_the_way_out(engine):
    lacking = "Only the exports of 6–7 Jul 2017 know “Viewed item”, and the days shown reach beyond"
    for filters in (BARE, Filters()):
        found = said(engine, filters)
        assert found.finding[0].startswith(lacking)
        assert all(card.empty.startswith(lacking) for card in found.cards.values())
        first, line = said(engine, filters, finding=FINDING).finding
        assert "sessions converted" in first
        assert line.startswith(lacking)


def test_days_that_have_the_steps_are_shown_and_compared_ones_without_are_refused(engine):
    shown = said(engine, KNOWN)
    assert not any(card.empty for card in shown.cards.values() if card.heading != "Nothing is compared")
    before = Comparison("custom", Days(dt.date(2017, 7, 4), dt.date(2017, 7, 5)))
    beside = said(engine, KNOWN, compared=before)
    assert "compare with days among these, or with none" in beside.finding[0]
    assert all("compare with days among these" in card.empty for card in beside.cards.values())


def test_a_funnel_that_every_export_knows_is_never_refused(engine):
    found = said(engine, Filters(), funnel=ENGAGEMENT)
    assert not any("know" in (card.empty or "") for card in found.cards.values())


def test_a_few_days_without_a_view_are_chance_and_many_sessions_without_are_not():
    days = {dt.date(2017, 7, day): 50 for day in range(1, 8)}
    yes = {dt.date(2017, 7, day): 2 for day in range(2, 8)}
    assert met_days(days, yes) is None
    assert met_days({**days, dt.date(2017, 6, 30): 5000}, yes) == Days(dt.date(2017, 7, 2), dt.date(2017, 7, 7))
    assert met_days(days, {}) is None


def test_a_funnel_of_steps_in_no_export_says_so(tmp_path):
    bare = Engine(store_of(tmp_path / "store", sessions(50, pageviews=6)))
    assert held_by(bare).unmet
    assert said(bare, Filters()).finding[0] == "No session of any export here has “Viewed item”: choose another funnel."


def test_days_that_cannot_know_the_steps_are_not_compared_with_by_themselves(engine):
    selection = Selection()
    selection.choose_funnel("Checkout")
    selection.choose_dates(dt.date(2017, 7, 6), dt.date(2017, 7, 7))
    found = compared_period(selection, held_by(engine))
    assert (found.days, found.reason) == (None, "no earlier data")
    selection.choose_dates(dt.date(2017, 7, 7), dt.date(2017, 7, 7))
    assert compared_period(selection, held_by(engine)).days == Days(dt.date(2017, 7, 6), dt.date(2017, 7, 6))
    selection.choose_funnel("Engagement")
    selection.choose_dates(dt.date(2017, 7, 6), dt.date(2017, 7, 7))
    assert compared_period(selection, held_by(engine)).days == Days(dt.date(2017, 7, 4), dt.date(2017, 7, 5))


def test_days_without_the_steps_that_are_left_out_are_no_hindrance(engine):
    left_out = Filters.of(left_out=[(dt.date(2017, 7, 2), dt.date(2017, 7, 5))])
    assert not any(card.empty for card in said(engine, left_out).cards.values() if "compared" not in card.heading)
