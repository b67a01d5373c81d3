"""What a period is compared with, counted by hand on the days of the original's export."""

import datetime as dt

from dashboard.periods import CUSTOM, OFF, PREVIOUS, YEAR, Days, comparison, gaps, missing_words, presets, shown_days


def july(day, year=2017):
    return dt.date(year, 7, day)


HELD = frozenset(july(day) for day in (2, 4, 5, 6, 7))
STORE = Days(july(2), july(7))


def test_the_period_before_has_the_same_length_and_says_what_is_missing():
    found = comparison(PREVIOUS, Days(july(5), july(7)), HELD)
    assert found.days == Days(july(2), july(4))
    assert found.days.words == "2–4 Jul 2017"
    assert missing_words(found.days, HELD) == "1 day missing"


def test_without_earlier_data_there_is_no_comparison_and_a_reason():
    assert comparison(PREVIOUS, STORE, HELD).reason == "no earlier data"
    assert comparison(PREVIOUS, STORE, HELD).days is None
    assert comparison(OFF, STORE, HELD).reason == ""


def test_a_year_before_keeps_the_weekdays():
    held = HELD | {july(6, 2016)}
    found = comparison(YEAR, Days(july(5), july(7)), held)
    assert found.days == Days(july(6, 2016), july(8, 2016))
    assert [day.weekday() for day in (found.days.first, found.days.last)] == [july(5).weekday(), july(7).weekday()]


def test_other_days_are_as_chosen_and_may_lie_after_the_shown_ones():
    chosen = Days(july(6), july(7))
    assert comparison(CUSTOM, Days(july(2), july(4)), HELD, chosen).days == chosen
    assert comparison(CUSTOM, STORE, HELD).reason == "choose its days"
    assert comparison(CUSTOM, STORE, HELD, Days(july(3), july(3))).reason == "no data on 3 Jul 2017"


def test_shown_days_stay_within_the_store():
    assert shown_days(None, None, STORE) == STORE
    assert shown_days(july(5), july(20), STORE) == Days(july(5), july(7))
    assert shown_days(july(10), july(20), STORE) == Days(july(10), july(20))


def test_presets_count_back_from_the_last_day_and_are_no_longer_than_the_store():
    year = Days(dt.date(2025, 9, 1), dt.date(2026, 8, 20))
    offered = dict(presets(year))
    assert offered["All days"] is None
    assert offered["Last 7 days"] == Days(dt.date(2026, 8, 14), dt.date(2026, 8, 20))
    assert offered["This month"] == Days(dt.date(2026, 8, 1), dt.date(2026, 8, 20))
    assert offered["Last month"] == Days(dt.date(2026, 7, 1), dt.date(2026, 7, 31))
    assert [title for title, _ in presets(STORE)] == ["All days"]


def test_gaps_are_days_that_no_export_holds():
    assert gaps(STORE, HELD) == 1
    assert missing_words(Days(july(4), july(7)), HELD) == ""
