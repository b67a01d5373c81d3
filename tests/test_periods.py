"""What a period is compared with, counted by hand on the days of the original's export."""

import datetime as dt

import pytest

from dashboard.periods import (
    CUSTOM,
    MONTH,
    OFF,
    PREVIOUS,
    YEAR,
    Comparison,
    Days,
    comparison,
    gaps,
    is_relative,
    missing_words,
    mode_title,
    preset_title,
    presets,
    relative_days,
    relative_title,
    shown_days,
)


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


@pytest.mark.parametrize(
    ("shown", "before"),
    [
        (("2026-10-01", "2026-10-31"), ("2026-09-01", "2026-09-30")),
        (("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-02-28")),
        (("2026-01-01", "2026-01-31"), ("2025-12-01", "2025-12-31")),
        (("2026-08-01", "2026-10-31"), ("2026-05-01", "2026-07-31")),
        (("2026-01-01", "2026-12-31"), ("2025-01-01", "2025-12-31")),
    ],
)
def test_whole_months_can_be_compared_with_as_many_whole_months_before(shown, before):
    shown, before = (Days(*map(dt.date.fromisoformat, days)) for days in (shown, before))
    held = {before.first + dt.timedelta(days=number) for number in range(before.length)}
    assert comparison(MONTH, shown, held) == Comparison(MONTH, before)
    months = {31: "month", 92: "3 months", 365: "12 months"}[shown.length]
    assert mode_title(MONTH, shown) == f"The {months} before"


def test_days_that_are_no_whole_months_have_no_month_before():
    found = comparison(MONTH, Days(july(2), july(7)), HELD)
    assert (found.days, found.reason) == (None, "only for whole months")


def test_a_preset_of_a_month_says_which_month_it_is():
    shown = [preset_title(name, days) for name, days in presets(STORE_2026) if days]
    assert shown[-2:] == ["This month · Aug 2026", "Last month · Jul 2026"]
    assert shown[0] == "Last 7 days"


def test_a_year_before_keeps_the_weekdays():
    held = HELD | {july(6, 2016), july(7, 2016)}
    found = comparison(YEAR, Days(july(5), july(7)), held)
    assert found.days == Days(july(6, 2016), july(8, 2016))
    assert [day.weekday() for day in (found.days.first, found.days.last)] == [july(5).weekday(), july(7).weekday()]


def test_a_period_of_which_most_days_are_missing_compares_with_nothing_unless_a_person_chose_it():
    shown, mostly_missing = Days(july(4), july(7)), Days(dt.date(2017, 6, 30), july(3))
    found = comparison(PREVIOUS, shown, HELD)
    assert (found.days, found.reason) == (None, "data on only 1 of 4 days")
    assert comparison(CUSTOM, shown, HELD, mostly_missing).days == Days(july(2), july(3))


def test_days_that_a_person_chose_far_outside_the_store_are_those_within_it():
    endless = Days(dt.date(6, 2, 2), dt.date(9999, 12, 31))
    assert comparison(CUSTOM, STORE, HELD, endless).days == STORE
    assert comparison(CUSTOM, STORE, HELD, Days(dt.date(6, 2, 2), dt.date(7, 2, 2))).reason == "no earlier data"


@pytest.mark.parametrize("mode", [PREVIOUS, MONTH, YEAR])
def test_days_from_which_the_calendar_does_not_reach_back_compare_with_nothing(mode):
    first, far = dt.date(1, 1, 1), Days(dt.date(6000, 1, 1), dt.date(9999, 12, 31))
    assert comparison(mode, Days(first, dt.date(1, 1, 31)), HELD) == Comparison(mode, None, "no earlier data")
    assert comparison(mode, far, HELD).days is None


def test_other_days_are_as_chosen_and_may_lie_after_the_shown_ones():
    chosen = Days(july(6), july(7))
    assert comparison(CUSTOM, Days(july(2), july(4)), HELD, chosen).days == chosen
    assert comparison(CUSTOM, STORE, HELD).reason == "choose its days"
    assert comparison(CUSTOM, STORE, HELD, Days(july(3), july(3))).reason == "no data on 3 Jul 2017"


def test_shown_days_stay_within_the_store():
    assert shown_days(None, None, STORE) == STORE
    assert shown_days(july(5), july(20), STORE) == Days(july(5), july(7))
    assert shown_days(july(10), july(20), STORE) == Days(july(10), july(20))


STORE_2026 = Days(dt.date(2025, 9, 1), dt.date(2026, 8, 20))


def test_presets_count_back_from_the_last_day_and_are_no_longer_than_the_store():
    assert presets(STORE_2026) == [
        ("", None),
        ("last-7", Days(dt.date(2026, 8, 14), dt.date(2026, 8, 20))),
        ("last-28", Days(dt.date(2026, 7, 24), dt.date(2026, 8, 20))),
        ("last-90", Days(dt.date(2026, 5, 23), dt.date(2026, 8, 20))),
        ("this-month", Days(dt.date(2026, 8, 1), dt.date(2026, 8, 20))),
        ("last-month", Days(dt.date(2026, 7, 1), dt.date(2026, 7, 31))),
    ]
    assert presets(STORE) == [("", None)]


def test_a_relative_period_moves_with_the_store_and_has_a_title():
    later = Days(STORE_2026.first, dt.date(2026, 9, 2))
    assert relative_days("last-28", later) == Days(dt.date(2026, 8, 6), dt.date(2026, 9, 2))
    assert relative_days("last-month", later) == Days(dt.date(2026, 8, 1), dt.date(2026, 8, 31))
    assert relative_days("last-400", later) == later
    assert relative_days("last-month", STORE) == Days(dt.date(2017, 6, 1), dt.date(2017, 6, 30))
    assert [relative_title(name) for name in ("last-1", "last-28", "this-month")] == [
        "Last 1 day", "Last 28 days", "This month",
    ]  # fmt: skip
    assert not any(is_relative(name) for name in ("", "last-0", "last-12345", "last-٣", "next-month", "last-7 "))


def test_gaps_are_days_that_no_export_holds():
    assert gaps(STORE, HELD) == 1
    assert missing_words(Days(july(4), july(7)), HELD) == ""


class Asked(frozenset):
    """A set of days that tells when it is asked about one after another."""

    def __contains__(self, day):
        raise AssertionError("every day of a period is looked up: thousands of years take a quarter of a minute")


def test_the_missing_days_of_thousands_of_years_are_counted_without_walking_through_them():
    held = Asked({dt.date(2017, 7, 2), dt.date(2017, 7, 4), dt.date(2017, 8, 1)})
    assert gaps(Days(dt.date(2017, 7, 1), dt.date(2017, 7, 5)), held) == 3
    assert gaps(Days(dt.date.min, dt.date.max), held) == (dt.date.max - dt.date.min).days + 1 - 3
