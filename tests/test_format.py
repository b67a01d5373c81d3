"""Numbers for people: the design's own examples, and the edges between its rules."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import format as fmt

T = "\u202f"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (6167, "6,167"),
        (99_999, "99,999"),
        (100_000, f"100{T}k"),
        (123_456, f"123{T}k"),
        (999_600, f"1.00{T}M"),
        (1_240_113, f"1.24{T}M"),
        (2_500_000_000, f"2.50{T}bn"),
        (-18, "\u221218"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_counts_have_commas_and_three_digits_from_100_000(value, text):
    assert fmt.count(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0128, f"1.28{T}%"),
        (0.195, f"19.5{T}%"),
        (0.0999, f"9.99{T}%"),
        (0.099996, f"10.0{T}%"),
        (0, f"0{T}%"),
        (1, f"100{T}%"),
        (0.99999, f">{T}99.9{T}%"),
        (0.00001, f"<{T}0.01{T}%"),
        (None, "–"),
    ],
)
def test_rates_keep_zero_and_hundred_for_exact_values(value, text):
    assert fmt.rate(value) == text


@given(st.floats(0, 1))
def test_only_no_session_at_all_reads_as_zero_percent(value):
    assert (fmt.rate(value) == f"0{T}%") == (value == 0)
    assert (fmt.share(value) == f"0{T}%") == (value == 0)
    assert (fmt.share(value) == f"100{T}%") == (value == 1)


@pytest.mark.parametrize(
    ("value", "text"), [(0.8276, f"83{T}%"), (0.0094, f"0.94{T}%"), (0.999, f"99.9{T}%"), (1, f"100{T}%")]
)
def test_shares_in_sentences_are_whole_percents(value, text):
    assert fmt.share(value) == text


def test_an_interval_of_a_rate_says_percent_once():
    assert fmt.rate_range(0.0077, 0.0115) == f"0.77–1.15{T}%"
    assert fmt.rate_range(0.0077, 0.0115, sentence=True) == f"0.77 to 1.15{T}%"
    assert fmt.rate_range(0.266, 0.309) == f"26.6–30.9{T}%"
    assert fmt.rate_range(0, 0.0065) == f"0–0.65{T}%"
    assert fmt.rate_range(None, 0.1) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0089, f"+0.89{T}pp"), (-0.18, f"\u221218.0{T}pp"), (0.00001, f"0{T}pp"), (0, f"0{T}pp"), (None, "–")],
)
def test_differences_of_rates_are_signed_points(value, text):
    assert fmt.points(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.5, "×3.5"), (295, "×295"), (1.07, f"+7{T}%"), (0.61, f"\u221239{T}%"), (1, f"0{T}%"), (None, "–")],
)
def test_ratios_are_factors_from_two_up(value, text):
    assert fmt.change(value) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (3421, 2, f"$3.4{T}k"),
        (616, 2, "$620"),
        (999.6, 2, f"$1.0{T}k"),
        (338_700, 3, f"$339{T}k"),
        (1_412_000, 3, f"$1.41{T}M"),
        (13_383.35, 3, f"$13.4{T}k"),
        (0, 2, "$0"),
        (-51, 2, "\u2212$51"),
        (None, 2, "–"),
    ],
)
def test_estimated_money_has_few_digits(value, digits, text):
    assert fmt.money_short(value, digits) == text


def test_exact_money_has_cents_only_when_asked():
    assert fmt.money(12368.4) == "$12,368"
    assert fmt.money(142.376, cents=True) == "$142.38"
    assert fmt.money_range(2510, 4790) == f"$2.5{T}k – $4.8{T}k"
    assert fmt.money_range(2510, 4790, sentence=True) == f"$2.5{T}k to $4.8{T}k"


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (dt.date(2017, 7, 5), dt.date(2017, 7, 7), "5–7 Jul 2017"),
        (dt.date(2017, 7, 5), dt.date(2017, 7, 5), "5 Jul 2017"),
        (dt.date(2017, 6, 28), dt.date(2017, 7, 3), "28 Jun – 3 Jul 2017"),
        (dt.date(2016, 12, 28), dt.date(2017, 1, 3), "28 Dec 2016 – 3 Jan 2017"),
        (None, dt.date(2017, 1, 3), "–"),
    ],
)
def test_a_date_range_names_the_year_once(first, last, text):
    assert fmt.date_range(first, last) == text


def test_days_durations_and_nouns_read_as_a_person_writes_them():
    assert fmt.day(dt.date(2017, 7, 5), weekday=True) == "Wed 5 Jul"
    assert fmt.seconds(434) == f"7{T}min 14{T}s"
    assert fmt.seconds(45.4) == f"45{T}s"
    assert fmt.seconds(7500) == f"2{T}h 5{T}min"
    assert fmt.plural(1, "session") == "1 session"
    assert fmt.plural(2802, "session") == "2,802 sessions"
    assert fmt.expected(6.4) == "6"
    assert fmt.expected(4.96) == "5"
    assert fmt.expected(4.4) == "4.4"
