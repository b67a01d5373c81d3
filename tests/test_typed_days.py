"""Days as people type them, read against a store from 1 May to 31 October 2026."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.format import date_range
from dashboard.periods import Days
from dashboard.typed_days import DaysError, read_days, read_left_out

STORE = Days(dt.date(2026, 5, 1), dt.date(2026, 10, 31))


def days(first, last=None):
    return Days(dt.date.fromisoformat(first), dt.date.fromisoformat(last or first))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2-7 jul", days("2026-07-02", "2026-07-07")),
        ("2–7 Jul 2025", days("2025-07-02", "2025-07-07")),
        ("28 jun - 3 jul", days("2026-06-28", "2026-07-03")),
        ("28 Dec 2025 – 3 Jan 2026", days("2025-12-28", "2026-01-03")),
        ("28 dec - 3 jan 2026", days("2025-12-28", "2026-01-03")),
        ("2 to 7 jul", days("2026-07-02", "2026-07-07")),
        ("jul 5, 2017", days("2017-07-05")),
        ("5 July", days("2026-07-05")),
        ("24 dec", days("2025-12-24")),
        ("september", days("2026-09-01", "2026-09-30")),
        ("jul - sep", days("2026-07-01", "2026-09-30")),
        ("jul-sep", days("2026-07-01", "2026-09-30")),
        ("2026-09", days("2026-09-01", "2026-09-30")),
        ("2026", days("2026-01-01", "2026-12-31")),
        ("2026-07-05", days("2026-07-05")),
        ("2026-07-05 to 2026-07-07", days("2026-07-05", "2026-07-07")),
        ("2026-07-07..2026-07-05", days("2026-07-05", "2026-07-07")),
        ("5.7.2026", days("2026-07-05")),
        ("9/16/2026 - 10/31/2026", days("2026-09-16", "2026-10-31")),
        ("16/9/2026", days("2026-09-16")),
        ("since 16 sep", days("2026-09-16", "2026-10-31")),
        ("from 2026-07-05 to 2026-07-07", days("2026-07-05", "2026-07-07")),
        ("feb 2024", days("2024-02-01", "2024-02-29")),
        ("last 14 days", "last-14"),
        ("14 days", "last-14"),
        ("last-28", "last-28"),
        ("This month", "this-month"),
        ("last month", "last-month"),
        ("all", ""),
        (" ", ""),
    ],
)
def test_days_are_read_as_people_write_them(text, meant):
    assert read_days(text, STORE) == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("5/7/2026", "two ways"),
        ("31 feb 2026", "no day of the calendar"),
        ("13/13/2026", "no day of the calendar"),
        ("yesterday-ish", "names no days"),
        ("2026-13", "no day"),
        ("1 jul to 2 jul to 3 jul", "names no days"),
        ("last 0 days", "names no days"),
    ],
)
def test_what_names_no_days_says_what_would(text, said):
    with pytest.raises(DaysError, match=said):
        read_days(text, STORE)


def test_days_to_leave_out_are_named_after_not():
    assert read_left_out("not 5 jul", STORE) == read_left_out("Without  2026-07-05", STORE) == days("2026-07-05")
    assert read_left_out("leave out 2-7 jul", STORE) == days("2026-07-02", "2026-07-07")
    assert read_left_out("except last 7 days", STORE) == days("2026-10-25", "2026-10-31")
    assert read_left_out("5 jul", STORE) is None
    for text, said in (("not all", "all days cannot be left out"), ("not soon", "names no days")):
        with pytest.raises(DaysError, match=said):
            read_left_out(text, STORE)


@given(st.dates(dt.date(1990, 1, 1), dt.date(2050, 1, 1)), st.integers(0, 800))
def test_what_the_page_writes_can_be_typed_back(first, length):
    last = first + dt.timedelta(days=length)
    assert read_days(date_range(first, last), STORE) == Days(first, last)
    assert read_days(date_range(first, last, sentence=True), STORE) == Days(first, last)


@given(st.text(max_size=40))
def test_any_text_is_days_or_an_error_in_words(text):
    try:
        assert isinstance(read_days(text, STORE), Days | str)
    except DaysError as error:
        assert str(error)
