"""Days and slopes of the watch: weekdays by value, odd days set aside and real falls kept, falls that come slowly."""

import datetime as dt

import numpy as np
import pytest
from scipy import stats
from test_watch import BING, COMBINATIONS, EDGE, FIRST, certain, kept_by, number, shop, usual

from queries.findings.finding import Counts, Finding, Register
from queries.findings.names import began, between, set_aside
from queries.odd_days import CHANCE, OddDay, mixed, odd_days, oddness, usual_days
from queries.revenue import Estimate
from queries.slopes import slope_of
from queries.terminal.findings import since_words
from queries.watch import watch_days
from queries.watch_scan import Watched
from queries.weekdays import shrunk, weekday_factors


def due_of(daily):
    """Return what main effects make due in each row."""
    rates = dict(zip(COMBINATIONS, usual(), strict=True))
    cells = daily.cells
    named = [tuple(names[code] for names, code in zip(cells.labels, row, strict=True)) for row in cells.codes]
    return daily.sessions * np.array([rates[each] for each in named])[daily.cell]


def test_the_ratio_of_a_weekday_by_hand():
    had = np.array([[30.0, 10, 10, 10, 10, 10, 10], [10.0, 30, 10, 10, 10, 10, 10]])
    due = np.full((2, 7), 5.0)
    expected = np.full((2, 7), 90 / 7)
    noise = (expected * (1 - 1 / 7) * (1 - 1 / 2)).sum()
    prior = (expected**2).sum() / (((had - expected) ** 2).sum() - noise)
    assert shrunk(had, due) == pytest.approx((had + prior) / (expected + prior))
    assert shrunk(expected, due).tolist() == np.ones((2, 7)).tolist()


def test_weekdays_of_a_value_are_learned_and_no_fall_is():
    weekday = np.arange(84) % 7
    moved = np.ones((len(COMBINATIONS), 84))
    moved[np.ix_(BING, weekday >= 5)] = 0.4
    daily = shop(days=84, a_day=1000, kept=moved)
    factors = weekday_factors(daily, due_of(daily))
    source = daily.cells.codes[daily.cell, 2]
    bing = source == daily.cells.labels[2].index("bing")
    moves = [factors[inside & (daily.day % 7 == 6)].mean() / factors[inside & (daily.day % 7 == 0)].mean()
             for inside in (bing, ~bing)]  # fmt: skip
    assert moves[0] / moves[1] == pytest.approx(0.4, abs=0.08)
    fallen = shop(days=84, a_day=200, kept=kept_by(BING, 0.3, 60, days=84))
    assert weekday_factors(fallen, due_of(fallen)) == pytest.approx(1.0, abs=0.05)


def test_what_a_value_does_each_weekend_is_no_fall():
    weekday = np.arange(90) % 7
    moved = np.ones((len(COMBINATIONS), 90))
    moved[np.ix_(BING, weekday >= 5)] = 0.2
    assert not certain(shop(a_day=200, kept=moved))


def test_the_oddness_of_a_day_by_hand_where_it_is_not_the_fall_of_one_value():
    had = np.array([[60.0] * 9, [40.0] * 9, [50.0] * 9])
    had[:, 4] = 30, 30, 90
    told, due = np.ones(9, dtype=bool), np.full((3, 9), 50.0)
    expected = 150 * np.array([245, 165, 205]) / 615
    noise = expected * (1 + expected / [245, 165, 205])
    rest = expected[1:] * 120 / expected[1:].sum()
    squares = ((had[1:, 4] - rest) ** 2 / (noise[1:] * rest / expected[1:])).sum()
    assert stats.chi2.sf(squares, 1) < 0.01
    chances = oddness(had, due, told, 1)
    assert chances[4] == pytest.approx(stats.chi2.sf(((had[:, 4] - expected) ** 2 / noise).sum(), 2))
    assert chances[[0, 8]].tolist() == [1, 1]
    had[:, 4] = 0, 67, 83
    assert oddness(had, due, told, 1)[4] == 1


def test_a_few_orders_more_or_less_beside_a_run_of_days_make_none_odd():
    # the demo's browsers on four days, a week, four days: the fourth had 1, 20 and 4 orders where 7, 12 and 8 were due
    counts = [(77, 25, 13, 1, 4, 3), (150, 48, 18, 20, 8, 4), (118, 21, 8, 4, 1, 9)]
    due = [(78.7, 25.7, 10.6, 6.7, 3.5, 3.8), (150.6, 49.2, 23.2, 12.4, 6.2, 8.2), (104.4, 34.4, 13.6, 8.5, 3.3, 5.6)]
    table = [np.repeat(np.array(parts).T / [4, 7, 4], [4, 7, 4], axis=1) for parts in (counts, due)]
    assert oddness(*table, np.ones(15, dtype=bool), 7)[4] > CHANCE


def test_days_across_an_onset_are_a_mixture_of_both_sides():
    old, new = np.array([[80.0], [40.0], [30.0]]), np.array([[40.0], [60.0], [50.0]])
    nothing = np.zeros((3, 1))
    expected, noise = mixed(old + 0.25 * (new - old), (old, old), (new, nothing))
    assert expected == pytest.approx(old + 0.25 * (new - old))
    assert noise == pytest.approx(expected + 0.75**2 * old)
    assert mixed(2 * old - new, (old, nothing), (new, nothing))[0] == pytest.approx(old)


def test_a_few_days_on_which_another_source_sells_are_set_aside_and_counted():
    kept = np.ones((len(COMBINATIONS), 90))
    kept[BING, 70:75] = 4.0
    daily = shop(a_day=100, kept=kept)
    _, odd = usual_days(daily, due_of(daily))
    assert {number(each.date) for each in odd} == {70, 71, 72, 73, 74}
    assert {each.dimension for each in odd} == {"source"}
    watched, report = Watched(daily), watch_days(daily)
    assert not watched.every[70:75].any()
    assert watched.counted.sum() == daily.conversions.sum() == report.conversions
    assert report.odd == odd
    assert not [row for row in report.rows if row.lost and report.chance_of(row.score) < 0.01]


@pytest.mark.parametrize("before", [None, 74])
@pytest.mark.parametrize("first", [60, 86, 89])
@pytest.mark.parametrize("a_day", [60, 1000])
def test_a_fall_that_lasts_takes_no_day_out_however_large_the_shop(a_day, first, before):
    daily = shop(a_day=a_day, kept=kept_by(EDGE, 0.3, first, before))
    assert not odd_days(daily, due_of(daily))


def test_few_days_are_odd_where_chance_alone_is_at_work():
    odd = [odd_days(daily, due_of(daily)) for daily in (shop(seed=seed) for seed in range(10))]
    assert sum(map(len, odd)) <= 2


def course(day, begun, length, depth, usual=10.0):
    """Return what is left of so many conversions a day on a slope."""
    days = np.arange(day + 1)
    return usual * (1 - depth * np.clip((days - begun + 1) / length, 0, 1))


def test_a_slope_is_told_from_a_step_and_both_are_dated():
    due = np.full(100, 10.0)
    slope, clearer = slope_of(course(99, 50, 42, 0.6), due, 28, 70, 99, 20.0)
    assert clearer > 1
    assert abs(slope.days[np.argmax(slope.gains)] - 50) <= 2
    assert slope.levels[0][0] == slope.days[np.argmax(slope.gains)]
    assert [level for _, level in slope.levels] == sorted((level for _, level in slope.levels), reverse=True)
    assert slope.levels[-1][1] == pytest.approx(0.4, abs=0.05)
    _, clearer = slope_of(course(99, 60, 1, 0.6), due, 28, 60, 99, 20.0)
    assert clearer < 0


def test_orders_that_go_over_weeks_are_dated_by_the_days_they_began_between():
    kept = np.ones((len(COMBINATIONS), 110))
    kept[EDGE, :] = course(109, 60, 40, 0.6, 1.0)
    (row,) = certain(shop(days=110, a_day=200, kept=kept))
    assert row.segment == {"browser": "Edge"}
    assert row.slope
    assert abs(number(row.onset) - 60) <= 7
    assert number(row.began[0]) <= 60 < number(row.began[1])
    (step,) = certain(shop(days=110, a_day=200, kept=kept_by(EDGE, 0.4, 60, days=110)))
    assert not step.slope
    assert number(step.onset) == 60


def a_fall(first, last):
    return Finding(
        id="1", kind="fell", name="Edge lost half of its orders", segment={"browser": "Edge"}, since=first,
        onset=first, onset_range=(first, last), counts=Counts(100, 5), expected=10.0, ratio=0.5,
        ratio_interval=(0.4, 0.6), missing=Estimate(4, 5, 6), chance=0.001,
    )  # fmt: skip


def test_a_range_of_days_reads_one_way_and_only_a_wide_one_stands_for_the_day():
    day = dt.date
    assert between(day(2026, 9, 3), day(2026, 9, 24)) == "between 3 and 24 Sep 2026"
    assert between(day(2026, 9, 28), day(2026, 10, 3)) == "between 28 Sep and 3 Oct 2026"
    assert between(day(2026, 12, 28), day(2027, 1, 3)) == "between 28 Dec 2026 and 3 Jan 2027"
    assert since_words(a_fall(day(2026, 9, 3), day(2026, 9, 24))) == "between 3 and 24 Sep 2026"
    assert since_words(a_fall(day(2026, 9, 3), day(2026, 9, 5))) == "since 3 Sep 2026"
    assert began(a_fall(day(2026, 9, 3), day(2026, 9, 5))) == ""


def test_days_that_date_no_fall_are_named_in_runs():
    days = [FIRST + dt.timedelta(days=place) for place in (0, 1, 2, 10)]
    register = Register(1, FIRST, days[-1], 11, 1, 1, odd=tuple(OddDay(date, "source") for date in days))
    assert "5 to 7 Jan 2026 (by source), 15 Jan 2026 (by source)" in set_aside(register)
    assert set_aside(Register(1, None, None, 0, 0, 0)) == ""
