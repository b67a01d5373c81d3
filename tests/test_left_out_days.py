"""Days that are left out: nothing of them is counted, each card says so, and a data check offers it."""

import dataclasses
import datetime as dt

import pytest
from builders import sessions, store_of
from charts_builders import context, day

from dashboard.ask import compared_period, held_by
from dashboard.charts import check_words, checks, source_days
from dashboard.charts.words import blank_days, counted_days, empty_sentence
from dashboard.filters import chips, filter_sentences
from dashboard.periods import CUSTOM, Days
from dashboard.selection import Selection
from queries.check import Check
from queries.engine import Engine
from queries.filters import Filters
from queries.judged import judged_checks

FIFTH = Filters.of(left_out=[(day(5), day(5))])
GONE = Check(
    "vanished", "probable tracking break", day(5), day(5), "source", "google", 0.0, 50.0, 50.0, "(direct)", 60.0
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Ten sessions on 2 July, twenty on the 3rd and so on to the 7th, one order each; 210 in all, 40 on the 5th."""
    rows = []
    for number in range(2, 8):
        rows += sessions(1, session_date=day(number), pageviews=9, transactions=1, revenue=10)
        rows += sessions(10 * (number - 1) - 1, session_date=day(number), pageviews=2)
    return Engine(store_of(tmp_path_factory.mktemp("left_out") / "store", rows))


def test_nothing_of_a_left_out_day_is_counted(engine):
    [row] = engine.run("overview", FIFTH).rows
    assert (row["sessions"], row["conversions"], row["days"]) == (170, 5, 5)
    assert [found["session_date"].day for found in engine.run("trend", FIFTH).rows] == [2, 3, 4, 6, 7]
    within = Filters.of(day(4), day(6), left_out=FIFTH.left_out)
    assert engine.run("overview", within).rows[0]["sessions"] == 30 + 50


def test_what_is_left_out_and_the_rest_are_all_sessions(engine):
    for first in range(2, 8):
        for last in range(first, 8):
            inside = engine.run("overview", Filters.of(day(first), day(last))).rows[0]
            outside = engine.run("overview", Filters.of(left_out=[(day(first), day(last))])).rows[0]
            assert inside["sessions"] + outside["sessions"] == 210
            assert inside["conversions"] + outside["conversions"] == 6


def test_a_left_out_day_is_blank_and_not_missing():
    shown = context(FIFTH, missing=(1,))
    assert blank_days(shown, set()) == {day(3), day(5)}
    assert counted_days(shown) == [day(2), day(4), day(6), day(7)]
    bars = source_days.day_strip({day(4): 9, day(6): 9}, shown, {day(4), day(6)})
    assert [bar["title"] for bar in bars if bar["value"] is None] == ["Mon 3 Jul: no export", "Wed 5 Jul: left out"]


def test_an_empty_selection_says_which_days_are_left_out():
    said = empty_sentence(context(Filters.of(day(5), day(5), left_out=FIFTH.left_out)))
    assert said == "No sessions match 5 Jul 2017, 5 Jul 2017 left out."


def test_a_check_of_a_left_out_day_is_settled_and_one_that_goes_on_is_not(engine):
    assert not GONE.touches(FIFTH)
    assert dataclasses.replace(GONE, last=day(6)).touches(FIFTH)
    assert GONE.touches(Filters())
    missing = [check for check in judged_checks(engine, Filters(), None).found if check.first == day(5)]
    assert not [check for check in judged_checks(engine, FIFTH, None).found if check in missing]


def test_a_notice_offers_to_leave_its_days_out_where_others_stay():
    [notice] = check_words.notices_of([GONE], [day(4), day(5)])
    assert notice["action_label"] == "Leave out 5 Jul"
    assert notice["action"] == {"first": "2017-07-05", "last": "2017-07-05", "exclude": True}
    [alone] = check_words.notices_of([GONE], [day(5)])
    assert "action" not in alone
    [missing] = check_words.notices_of([dataclasses.replace(GONE, kind="missing", verdict="missing")], [day(4)])
    assert "action" not in missing
    assert checks.compared(notice)["action"] == notice["action"]


def test_the_gravest_break_is_offered_in_the_head_of_the_card():
    later = dataclasses.replace(GONE, first=day(6), last=day(7), value="bing", expected=70.0)
    offer = source_days.way_out_of([GONE, later], context())
    assert offer["label"].replace("\u202f", " ") == "Leave out 6–7 Jul"
    assert source_days.way_out_of([], context()) is None


def test_chips_and_files_say_what_is_left_out():
    selection = Selection()
    selection.leave_out(Days(day(5), day(5)))
    assert [(chip["title"], chip["verb"], chip["label"]) for chip in chips(selection)] == [
        ("Day", "is not", "5 Jul 2017")
    ]
    selection.leave_out(Days(day(2), day(3)))
    [chip] = chips(selection)
    assert (chip["title"], chip["verb"], chip["label"]) == ("Days", "are not", "2–3 Jul 2017 +1")
    assert filter_sentences(selection) == ["Days are not 2–3 Jul 2017, 5 Jul 2017"]
    assert selection.to_query() == "?not.on=2017-07-02_2017-07-03&not.on=2017-07-05_2017-07-05"


def test_the_day_that_was_clicked_is_shown_no_more_once_it_is_left_out():
    selection = Selection()
    selection.toggle_days(Days(day(5), day(5)))
    selection.leave_out(Days(day(5), day(6)))
    assert selection.focus is None
    selection.reset()
    assert selection.filters.is_empty


def test_compared_days_without_the_left_out_ones_must_still_be_half(engine):
    held = held_by(engine)
    selection = Selection()
    selection.choose_dates(day(5), day(7))
    selection.leave_out(Days(day(2), day(2)))
    assert compared_period(selection, held).days == Days(day(2), day(4))
    selection.leave_out(Days(day(3), day(3)))
    assert compared_period(selection, held).reason == "data on only 1 of 3 days"
    selection.choose_comparison(CUSTOM, dt.date(2017, 7, 3), dt.date(2017, 7, 4))
    assert compared_period(selection, held).days == Days(day(4), day(4))
