"""Silent leaks: the score by hand, planted falls found with their day, quiet where nothing falls, closed when over."""

import datetime as dt
import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from builders import sessions, store_of
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from queries.cells import OTHER, Cells
from queries.check import Check
from queries.daily_cells import DailyCells, ask_daily_cells, dated
from queries.engine import Engine
from queries.filters import Filters
from queries.findings.finding import certainty_of
from queries.funnel import CHECKOUT, ENGAGEMENT
from queries.gumbel import Gumbel
from queries.judged import judged_watch
from queries.local_level import kept_a_day, walk_of, walked, weighted_sums
from queries.routes import Routes
from queries.traffic import Traffic
from queries.watch import broken_days, watch_days
from queries.watch_null import NIGHTS, Stack, drawn_days, highest, nights_scanned, null_of, walks
from queries.watch_report import NOTHING, SilentLeak, Watch, watch_rows
from queries.watch_scan import BASE, PRIOR, WINDOW, Sums, Watched, Windows, best_of, fall, first_onset, odds_ratio

FIRST = dt.date(2026, 1, 5)
DEVICES, BROWSERS, SOURCES = ("desktop", "mobile"), ("Chrome", "Edge", "Safari"), ("google", "mail", "bing", "news")
NAMES = ("device_category", "browser", "source")
COMBINATIONS = list(itertools.product(DEVICES, BROWSERS, SOURCES))
EDGE = np.array([browser == "Edge" for _, browser, _ in COMBINATIONS])
BING = np.array([source == "bing" for _, _, source in COMBINATIONS])
MOBILE_CHROME = np.array([row[:2] == ("mobile", "Chrome") for row in COMBINATIONS])
MOBILE_EDGE = EDGE & np.array([device == "mobile" for device, _, _ in COMBINATIONS])


def usual():
    """Return a rate for each combination: main effects only."""
    return np.array(
        [
            0.04 * (0.6 if device == "mobile" else 1) * (1.4 if source == "mail" else 1)
            for device, _, source in COMBINATIONS
        ]
    )


def shop(days=90, a_day=60, seed=1, kept=None, promotions=(), bots=None) -> DailyCells:
    """Draw days of a shop: `kept` is the share of its conversions that each combination keeps (combinations x days).

    `bots` are as many times its sessions that come besides and never buy (combinations x days).
    """
    rng = np.random.default_rng(seed)
    week = 1 + 0.3 * np.sin(np.arange(days) * 2 * np.pi / 7)
    held = rng.poisson(a_day * week, (len(COMBINATIONS), days))
    rates = usual()[:, None] * np.where(np.isin(np.arange(days), promotions), 2.0, 1.0) * (1 if kept is None else kept)
    bought = rng.binomial(held, rates)
    return rows_of(held if bots is None else held + rng.poisson(held * bots), bought)


def rows_of(held, bought) -> DailyCells:
    """Return counts (combinations x days) as daily cells."""
    columns = [list(column) for column in zip(*COMBINATIONS, strict=True)]
    bought = np.asarray(bought)
    cells = Cells.of(NAMES, columns, held.sum(axis=1), bought.sum(axis=1), bought.sum(axis=1) * 40.0, [40.0] * 50)
    codes = [[names.index(value) for names, value in zip(cells.labels, row, strict=True)] for row in COMBINATIONS]
    keys = np.ravel_multi_index(np.array(codes).T, cells.sizes)
    place = np.argsort(np.argsort(keys))
    cell, day = np.nonzero(held)
    return DailyCells.of(cells, FIRST, held.shape[1], place[cell], day, held[cell, day], bought[cell, day])


def kept_by(inside, share, first, before=None, days=90):
    """Return the share of conversions that is kept: a fall of some combinations from one day to before another."""
    kept = np.ones((len(COMBINATIONS), days))
    kept[inside, first:before] = share
    return kept


def certain(daily):
    """Return the rows that chance would show in under one of a hundred shops."""
    report = watch_days(daily)
    return [row for row in report.rows if certainty_of(report.chance_of(row.score)) == "certain"]


def number(day):
    return (day - FIRST).days


def test_the_score_of_a_fall_by_hand():
    gain = fall(np.array([64.0]), np.array([206.0]), np.array([1700.0]))[0]
    assert gain == pytest.approx(64 * math.log(64 / 206) + 1636 * math.log(1636 / 1494))
    small = fall(np.array([3.0]), np.array([10.0]), np.array([1e9]))[0]
    assert small == pytest.approx(3 * math.log(0.3) + 7, abs=1e-6)
    assert fall(np.array([0.0]), np.array([10.0]), np.array([1e9]))[0] == pytest.approx(10, abs=1e-6)
    assert fall(np.array([11.0]), np.array([10.0]), np.array([100.0]))[0] == 0


def test_the_ratio_takes_all_others_as_they_are():
    assert odds_ratio(np.array([30.0]), np.array([50.0]), np.array([130.0]))[0] == pytest.approx(30 / 50 * 80 / 100)
    assert odds_ratio(np.array([50.0]), np.array([50.0]), np.array([130.0]))[0] == 1


@given(st.integers(0, 60), st.floats(1, 60), st.floats(61, 500))
def test_a_score_is_never_more_than_its_bound(had, due, every):
    gain = fall(np.array([float(had)]), np.array([due]), np.array([every]))[0]
    assert 0 <= gain <= (had - due) ** 2 / (due * (1 - due / every)) + 1e-6


@pytest.mark.parametrize("walk", [0.0, 0.003])
def test_windows_by_hand_a_segments_own_past_times_its_share_of_the_day(walk):
    had = np.array([[4.0] * 30 + [1.0, 2.0]])
    due = np.array([[5.0] * 30 + [6.0, 7.0]])
    sums = Sums.of(had, due, np.array([50.0] * 32), np.array([walk]))
    windows = Windows.every_onset(sums, slice(30, 32), 31)
    kept = kept_a_day(np.array([walk]), had.mean(axis=1))[0]
    known = 4 * sum(kept**age for age in range(30)) + PRIOR * kept**30
    own = known / (5 * sum(kept**age for age in range(30)) + PRIOR * kept**30)
    after = kept * known + 1
    later = after / (kept * known / own + 6)
    assert windows.had.tolist() == [[3, 2]]
    assert windows.due[0] == pytest.approx([own * 13, later * 7])
    assert windows.every[0].tolist() == [100, 50]
    drift = 0.6 * walk / 3
    assert windows.doubt[0] == pytest.approx(
        [1 + own * 13 * (1 / known + 2 * drift), 1 + later * 7 * (1 / after + drift)]
    )


def test_what_the_days_do_to_everything_is_due_of_every_segment_alike():
    """The due of a day adds up to its conversions, promotion or not: nothing that all do together is a fall."""
    daily = shop(promotions=(70, 71, 72))
    watched = Watched(daily)
    devices = [row for row in range(len(watched)) if watched.key(row)[0][0] == 0]
    single = [row for row in devices if len(watched.key(row)) == 1]
    assert len(single) == 2
    assert watched.due[single].sum(axis=0) == pytest.approx(daily.total(daily.conversions))


@pytest.mark.parametrize("seed", range(3))
def test_the_quick_look_of_a_day_finds_what_a_full_one_does(seed):
    watched = Watched(shop(seed=seed, kept=kept_by(EDGE, 0.5, 60)))
    watched.set_walk(np.full(len(watched), 0.001 * seed))
    for day in (66, 89):
        best = best_of(watched.sums, day, watched.cost, 1.0)
        first = first_onset(day)
        windows = Windows.every_onset(watched.sums, slice(first, day + 1), day)
        scores = windows.falls() - watched.cost[:, None]
        assert best is not None
        assert best.score == pytest.approx(scores.max())
        assert scores[best.segment, best.onset - first] == pytest.approx(scores.max())


def test_a_planted_fall_is_one_row_with_its_day_its_ratio_and_what_it_costs():
    kept = kept_by(EDGE, 0.35, 60)
    daily = shop(kept=kept, a_day=150, seed=2)
    [row] = watch_days(daily).rows
    assert row.segment == {"browser": "Edge"}
    assert abs(number(row.onset) - 60) <= 1
    assert number(row.began[0]) <= 60 <= number(row.began[1])
    assert 1 <= row.delay <= 10
    assert row.recovered is None and number(row.last) == 89
    assert row.ratio_interval[0] < 0.35 < row.ratio_interval[1]
    lost = usual()[EDGE].sum() * 150 * 0.65 * 30
    assert row.lost.low < lost < row.lost.high
    assert row.revenue.median == pytest.approx(row.lost.median * 40, rel=0.05)
    assert row.monthly is not None
    assert row.monthly.median == pytest.approx(row.revenue.median * 365.25 / 12 / 30, rel=0.15)


def test_a_fall_of_a_pair_is_named_as_the_pair():
    [row] = watch_days(shop(kept=kept_by(MOBILE_EDGE, 0.3, 55), a_day=200)).rows
    assert row.segment == {"device_category": "mobile", "browser": "Edge"}


def test_a_promotion_a_weekday_and_a_trend_are_no_fall():
    trend = np.linspace(1.0, 0.5, 90)[None, :] * np.ones((len(COMBINATIONS), 1))
    shops = [shop(seed=seed, kept=trend, promotions=(30, 31, 64, 65, 66), a_day=150) for seed in range(1, 9)]
    assert sum(bool(watch_days(daily).rows) for daily in shops) <= 2  # in one of ten something is named by chance


def test_of_shops_where_nothing_falls_few_are_said_to_have_one():
    named = [len(watch_days(shop(seed=seed)).rows) for seed in range(100, 120)]
    assert sum(map(bool, named)) <= 5


def test_a_fall_that_ends_is_closed_with_its_day_and_costs_no_month():
    [row] = watch_days(shop(kept=kept_by(EDGE, 0.25, 50, 70), a_day=200)).rows
    assert row.recovered is not None
    assert abs(number(row.recovered) - 70) <= 1
    assert row.monthly is None
    assert row.lost.low < usual()[EDGE].sum() * 200 * 0.75 * 20 < row.lost.high


def test_a_fall_that_eases_without_ending_goes_on():
    eased = kept_by(EDGE, 0.2, 50, 65) * kept_by(EDGE, 0.6, 65)
    rows = watch_days(shop(kept=eased, a_day=200)).rows
    assert [row.recovered for row in rows if row.segment == {"browser": "Edge"}] == [None]


def test_a_fall_from_few_conversions_that_goes_on_is_not_closed():
    for seed in range(5):
        rows = watch_days(shop(kept=kept_by(EDGE, 0.45, 50, days=150), days=150, a_day=30, seed=seed)).rows
        assert [row.recovered for row in rows if row.segment == {"browser": "Edge"}] in ([None], [])


def test_the_change_of_sessions_and_orders_by_hand_against_all_others():
    """Three times the sessions and the same orders, in a shop of which all others double both."""
    grown = Traffic.of((99.5, 19.5), (599.5, 39.5), (999.5, 49.5), (1999.5, 99.5))
    assert grown.sessions == pytest.approx(600 / 100 / 2)
    assert grown.orders == pytest.approx(40 / 20 / 2)
    assert grown.error == pytest.approx(math.sqrt(1 / 40 + 1 / 20 + 1 / 50 + 1 / 100))
    assert grown.more_visits
    assert grown.usual(40, 0.8)[1] == pytest.approx(40)
    assert grown.usual(40, 0.8)[0] == pytest.approx(40 * math.exp(-1.2816 * grown.error), rel=1e-3)


@pytest.mark.parametrize(
    ("sessions", "orders", "error", "more"),
    [(3.5, 1.0, 0.1, True), (1.3, 1.0, 0.1, False), (3.5, 0.59, 0.5, False), (3.5, 0.7, 0.1, False),
     (3.5, 0.85, 0.05, True),
     (3.5, 0.7, 0.2, True), (3.5, 2.0, 0.1, True)],
)  # fmt: skip
def test_more_visits_need_many_more_sessions_and_all_their_orders(sessions, orders, error, more):
    assert Traffic(sessions, orders, error).more_visits == more


@given(st.floats(0.3, 3), st.integers(1, 400), st.integers(1, 400), st.integers(30, 4000))
def test_what_the_whole_shop_does_is_no_more_visits(growth, orders, others, visits):
    """Whatever all visits and orders are multiplied by, a segment that does the same is unchanged."""
    before, rest = (10.0 * visits, float(orders)), (50.0 * visits, float(others))
    since, rest_since = ((growth * pair[0], growth * pair[1]) for pair in (before, rest))
    traffic = Traffic.of(before, since, rest, rest_since)
    assert not traffic.more_visits and traffic.sessions == pytest.approx(1, abs=0.1)


def test_bots_are_more_visits_and_carry_no_money():
    bots = np.zeros((len(COMBINATIONS), 90))
    bots[BING, 60:] = 2.5
    for seed in range(3):
        rows = certain(shop(a_day=200, seed=seed, bots=bots))
        assert rows and {row.verdict for row in rows} == {"more visits"}
        assert {(row.lost, row.revenue, row.monthly, row.looks_broken) for row in rows} == {(None, None, None, False)}
        assert all(row.segment["source"] == "bing" and abs(number(row.onset) - 60) <= 1 for row in rows)
    [row] = watch_rows(
        Watch(("source",), None, None, 90, 1, 1, 1, 1, 1.0, 0.0, 0.1, 0.8, (None, None), tuple(rows[:1]))
    )
    assert row["verdict"] == "more visits" and row["sessions_ratio"] == pytest.approx(3.5, rel=0.1)
    assert [value for name, value in row.items() if name.startswith("missing")] == [None] * 9


def test_a_fall_beside_bots_and_one_in_a_rise_of_all_visits_stay_falls_with_their_money():
    bots = np.zeros((len(COMBINATIONS), 90))
    bots[BING, 50:] = 2.5
    lost, mere = certain(shop(a_day=200, bots=bots, kept=kept_by(EDGE, 0.35, 60)))
    assert lost.segment == {"browser": "Edge"} and lost.verdict == "fell" and lost.lost.low > 0
    assert mere.segment == {"source": "bing"} and mere.verdict == "more visits"
    everywhere = np.zeros((len(COMBINATIONS), 90))
    everywhere[:, 60:] = 1.0
    [row] = certain(shop(a_day=200, bots=everywhere, kept=kept_by(EDGE, 0.35, 60)))
    assert row.verdict == "fell" and row.traffic.sessions == pytest.approx(1, abs=0.1)


def test_two_falls_are_two_rows_though_one_stirs_what_is_beside_it():
    both = kept_by(EDGE, 0.35, 50) * kept_by(MOBILE_CHROME, 0.4, 65)
    edge, chrome = sorted(certain(shop(kept=both, a_day=250)), key=lambda row: row.onset)
    assert edge.segment == {"browser": "Edge"} and abs(number(edge.onset) - 50) <= 1
    assert chrome.segment == {"device_category": "mobile", "browser": "Chrome"} and abs(number(chrome.onset) - 65) <= 2


def test_days_that_are_not_believed_raise_no_alarm():
    kept = kept_by(EDGE, 0.0, 60, 63)
    daily = shop(kept=kept, a_day=250)
    assert watch_days(daily).rows
    days = [FIRST + dt.timedelta(days=day) for day in (60, 61, 62)]
    report = watch_days(daily, left_out=days)
    assert report.rows == () and report.days == 87 and report.left_out == tuple(days)


def test_the_same_days_give_the_same_report():
    daily = shop(kept=kept_by(EDGE, 0.4, 60), a_day=120)
    report = watch_days(daily)
    assert report == watch_days(daily)
    assert {type(value) for value in (report.drift, report.threshold, *report.smallest)} <= {float, type(None)}


def test_too_few_days_and_too_few_conversions_are_said():
    few = watch_days(shop(days=28))
    assert not few.enough_days and few.rows == () and few.days == 28
    small = watch_days(shop(days=40, a_day=0.3))
    assert small.enough_days and small.watched == 0 and small.too_small > 0


def test_other_values_put_together_are_never_named():
    daily = shop(kept=kept_by(EDGE, 0.3, 60), a_day=200)
    place = daily.cells.dimensions.index("browser")
    labels = [*daily.cells.labels]
    labels[place] = tuple(OTHER if name == "Edge" else name for name in labels[place])
    lumped = replace(daily, cells=replace(daily.cells, labels=tuple(labels)))
    assert all(OTHER not in row.segment.values() for row in watch_days(lumped).rows)


def test_a_walk_is_nought_where_nothing_moves_and_seen_where_all_does():
    calm, restless = ([walks(Watched(shop(a_day=200, days=120, seed=seed, kept=moods(seed, sd)))) for seed in range(3)]
                      for sd in (0.0, 0.15))  # fmt: skip
    assert max(np.sqrt(28 * walk.max()) for walk in calm) < 0.08
    assert np.median([np.sqrt(28 * walk.max()) for walk in restless]) > 0.07


def moods(seed, sd, days=120):
    """Return rates of each combination that walk: those of its device, browser and source by `sd` in 28 days each."""
    rng = np.random.default_rng([seed, 7])
    walked = np.zeros((len(COMBINATIONS), days))
    for names in (DEVICES, BROWSERS, SOURCES):
        steps = np.cumsum(rng.normal(0, sd / np.sqrt(28), (len(names), days)), axis=1)
        walked += steps[[next(i for i, name in enumerate(names) if name in row) for row in COMBINATIONS]]
    return np.minimum(np.exp(walked), 3)


def test_what_a_day_leaves_of_the_level_by_hand():
    """A = A / (1 + q A) + due in the steady state; without a walk all is kept."""
    known = 50.0
    kept = kept_a_day(np.array([0.0, 0.002]), np.array([3.0, known - known / (1 + 0.002 * known)]))
    assert kept == pytest.approx([1.0, 1 / 1.1])
    sums = weighted_sums(np.array([[1.0, 2.0, 4.0, 8.0]]), np.array([0.5]), 3)
    assert sums[0] == pytest.approx([0, 1, 2.5, 5.25, 10.5])
    assert weighted_sums(np.array([[1.0, 2.0, 4.0, 8.0]]), np.array([1.0]), 3)[0].tolist() == [0, 1, 3, 7, 14]
    assert walked(np.array([0.01]), np.array([10]))[0] == pytest.approx(0.6 * 0.01 * 10 / 3)


@given(st.floats(1e-5, 0.02), st.floats(0.05, 200))
def test_the_level_of_a_walk_forgets_as_the_filter_does(walk, due):
    kept = kept_a_day(np.array([walk]), np.array([due]))[0]
    known = due / (1 - kept)
    assert 0 < kept < 1 and known / (1 + walk * known) == pytest.approx(kept * known)


def test_the_walk_of_rises_is_that_which_makes_their_median_chance():
    rng = np.random.default_rng(5)
    noise, walks_by = np.full(4000, 30.0), np.full(4000, 9000.0)
    rises = np.abs(rng.normal(0, np.sqrt(noise + 0.004 * walks_by)))
    assert walk_of(rises, noise, walks_by, np.ones(4000)) == pytest.approx(0.004, rel=0.15)
    assert walk_of(rises / 10, noise, walks_by, np.ones(4000)) == 0
    assert walk_of(rises[:0], noise[:0], walks_by[:0], noise[:0]) == 0


def test_in_restless_shops_falls_are_found_and_little_else():
    quiet = [watch_days(shop(days=120, a_day=150, seed=seed, kept=moods(seed, 0.1))).rows for seed in range(6)]
    assert sum(map(len, quiet)) <= 3
    fallen = [moods(seed, 0.1) * kept_by(EDGE, 0.4, 80, days=120) for seed in range(3)]
    rows = [watch_days(shop(days=120, a_day=150, seed=seed, kept=kept)).rows for seed, kept in enumerate(fallen)]
    assert all(any(row.segment == {"browser": "Edge"} for row in each) for each in rows)


def test_a_smaller_chance_asks_for_more_and_every_score_has_its_chance():
    watched = Watched(shop())
    null = null_of([watched], 1).over(watched.nights)
    bars = [null.score(chance) for chance in (0.5, 0.1, 0.01)]
    assert bars == sorted(bars) and bars[0] > 0
    assert [null.chance(bar) for bar in bars] == pytest.approx([0.5, 0.1, 0.01])


def test_the_chance_of_a_largest_score_by_hand():
    null = Gumbel(3.0, 0.5)
    assert null.chance(3.0) == pytest.approx(1 - math.exp(-1))
    assert null.chance(5.0) == pytest.approx(1 - math.exp(-math.exp(-4)))
    assert null.chance(-1e6) == 1 and 0 < null.chance(20) < 1e-14
    assert null.score(0.1) == pytest.approx(3 - 0.5 * math.log(-math.log(0.9)))
    report = replace(NOTHING, middle=3.0, scale=0.5)
    rows = [replace(LEAK, score=null.score(chance)) for chance in (0.009, 0.02, 0.2)]
    assert [certainty_of(report.chance_of(row.score)) for row in rows] == ["certain", "likely", "could be chance"]
    assert report.chance_of(rows[1].score) == pytest.approx(0.02)


def test_the_fit_to_largest_scores_is_the_likeliest():
    drawn = np.random.default_rng(1).gumbel(4.0, 0.8, 4000)
    null = Gumbel.fitted(drawn)
    assert (null.middle, null.scale) == pytest.approx((4.0, 0.8), rel=0.03)
    assert null.scale == pytest.approx(stats.gumbel_r.fit(drawn)[1], rel=1e-3)
    assert Gumbel.fitted(np.full(5, 2.0)).score(0.1) == pytest.approx(2.0, abs=1e-3)
    flat = Gumbel.fitted(drawn, 1.0)  # the likeliest middle of that scale
    assert flat.scale == 1.0 and flat.middle == pytest.approx(stats.gumbel_r.fit(drawn, fscale=1.0)[0], rel=1e-3)


def test_chance_of_the_first_nights_is_no_rarer_than_a_likelihood_ratio_can_be():
    """Most replicates of one night have no score at all: their spread would call anything certain."""
    null = null_of([Watched(shop(days=30, a_day=10))], 1)
    assert null.scale >= 1.0
    assert null.over(365.0).chance(5.0) > 0.5


@pytest.mark.parametrize(("a_day", "days"), [(25, 75), (100, 75), (10, 140)])
def test_replicates_scanned_together_have_the_highest_scores_of_a_watch_day_by_day(a_day, days):
    watched = Watched(shop(days=days, a_day=a_day))
    drawn, picks = drawn_days(watched, 1, 40)
    stack = Stack.of([watched])
    assert stack.first == max(28, days - NIGHTS) and nights_scanned(watched) == days - stack.first
    found = highest(stack, drawn, picks)
    for number, chosen in enumerate(picks):
        had = np.stack([drawn[day, :, draw] for day, draw in enumerate(chosen)], axis=1).astype(float)
        sums = Sums.of(had, watched.due, watched.every, np.zeros(len(watched)))
        best = [best_of(sums, day, watched.cost, 0.0) for day in range(stack.first, days)]
        assert found[number] == pytest.approx(max((each.score for each in best if each), default=0.0))


def test_days_that_no_scanned_night_looks_back_to_are_not_drawn():
    watched = Watched(shop(days=320, a_day=10))
    drawn, _ = drawn_days(watched, 1, 3)
    first = 320 - NIGHTS - WINDOW - BASE
    assert first > 0 and not drawn[:first].any() and drawn[first:].any(axis=(1, 2)).all()


@pytest.mark.parametrize("a_day", [25, 400])
def test_each_day_of_a_replicate_holds_the_conversions_of_that_day(a_day):
    daily = shop(days=40, a_day=a_day)
    watched = Watched(daily)
    rows = np.bincount(daily.day)
    assert (daily.total(daily.conversions) > rows).all() == (a_day == 400)  # conversions are drawn, or rows
    devices = [row for row in range(len(watched)) if len(watched.key(row)) == 1 and watched.key(row)[0][0] == 0]
    drawn, _ = drawn_days(watched, 1, 3)
    assert (drawn[:, devices].sum(axis=1) == daily.total(daily.conversions)[:, None]).all()
    share = drawn[:, devices[0]].sum() / drawn[:, devices].sum()
    assert share == pytest.approx(
        watched.row_due[watched.rows(devices[0], 0, 40)].sum() / watched.row_due.sum(), abs=0.02
    )


def test_one_day_more_hardly_moves_the_threshold():
    """The same days are drawn with the same numbers: rows do not come and go from night to night."""
    daily = shop(days=100, seed=4)
    bars = []
    for days in (97, 98, 99):
        until = daily.without([daily.date(day) for day in range(days, 100)])
        bars.append(null_of([Watched(replace(until, days=days))], 1).score(0.1))
    others = [null_of([Watched(replace(until, days=99))], seed).score(0.1) for seed in range(2, 6)]
    assert np.ptp(bars) < 0.15 and np.std(others) < 0.35


LEAK = SilentLeak(
    {"browser": "Edge"}, FIRST, (FIRST, FIRST + dt.timedelta(days=2)), FIRST + dt.timedelta(days=4), None,
    FIRST + dt.timedelta(days=20), 1000, 1, 40.0, (900, 38), 0.025, (0.0, 0.1), *[None] * 3, 9.0,
)  # fmt: skip


def test_nearly_nothing_left_at_once_on_technical_values_alone_looks_broken():
    assert LEAK.looks_broken
    assert not replace(LEAK, ratio=0.2).looks_broken
    assert not replace(LEAK, segment={"browser": "Edge", "source": "mail"}).looks_broken
    assert not replace(LEAK, began=(FIRST, FIRST + dt.timedelta(days=3))).looks_broken


def test_days_of_short_breaks_are_left_out_and_long_or_other_ones_are_not():
    def check(kind, verdict, days):
        return Check(kind, verdict, FIRST, FIRST + dt.timedelta(days=days - 1))

    known = "probable tracking break"
    assert broken_days([check("vanished", known, 2)]) == (FIRST, FIRST + dt.timedelta(days=1))
    assert broken_days([check("vanished", known, 8), check("scale", known, 1), check("thin", "cannot tell", 1)]) == ()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Fifty days in which Edge keeps a tenth of its orders from the 41st on; day 8 is missing."""
    rows = []
    for day in range(50):
        date = FIRST + dt.timedelta(days=day)
        for browser, bought in (("Chrome", 12), ("Edge", 1 if day >= 40 else 10), ("Safari", 9)):
            if day != 8:
                held = {"browser": browser, "session_date": date, "country": "US", "device_category": "desktop"}
                rows += sessions(bought, transactions=1, revenue=50, pageviews=12, **held)
                rows += sessions(60 - bought, pageviews=3, **held)
    return store_of(tmp_path_factory.mktemp("watch") / "store", rows)


def test_daily_cells_add_up_to_the_cells_and_days_without_sessions_have_none(store):
    daily = ask_daily_cells(Engine(store), ("browser", "country"))
    assert daily.days == 50 and daily.first_day == FIRST and 8 not in daily.day
    assert daily.total(daily.sessions).tolist() == [0 if day == 8 else 180 for day in range(50)]
    by_cell = np.bincount(daily.cell, daily.conversions)
    assert by_cell.tolist() == daily.cells.conversions.tolist()
    edge = daily.cells.labels[0].index("Edge")
    rows = daily.cells.codes[daily.cell, 0] == edge
    bought = np.bincount(daily.day[rows], daily.conversions[rows], minlength=50)
    assert bought.tolist() == [0 if day == 8 else 1 if day >= 40 else 10 for day in range(50)]


def test_files_rollups_and_a_subset_give_the_same_daily_cells(store, monkeypatch):
    monkeypatch.setattr("queries.rollup.SMALLEST_BYTES", 0)
    monkeypatch.setattr("queries.rollup_build.SMALLEST_STORE", 0)
    monkeypatch.setattr("queries.rollup_build.WORTH_IT", 10.0)
    monkeypatch.setattr("queries.rollup_build.ALL_TOGETHER", 1e9)
    plain, kept = Engine(store), Engine(store)
    kept.keep_rollups(wait=True)
    assert kept.rollups.word == "ready"
    monkeypatch.setattr("queries.routes.WORTH_A_SUBSET", 0)
    tables, rewrite = [], Routes.rewrite

    def spied(self, question, filters, snapshot, execute):
        routed = rewrite(self, question, filters, snapshot, execute)
        if "first_day" in question.parameters:
            tables.append(routed and str(routed.parameters["table"]).split(".")[-1].split("_")[0])
        return routed

    monkeypatch.setattr(Routes, "rewrite", spied)
    narrow = Filters.of(include={"browser": ["Edge"]})
    for names, filters in (
        (("device_category", "visitor_type"), Filters()),
        (("device_category", "visitor_type", "browser", "country"), Filters()),
        (("device_category", "channel_group", "visitor_type", "landing_page", "page_folder"), Filters()),
        (("device_category", "visitor_type", "country"), narrow),
        (("device_category", "visitor_type"), Filters(date_to=FIRST + dt.timedelta(days=30))),
    ):
        for funnel in (ENGAGEMENT, CHECKOUT):
            one, other = (ask_daily_cells(engine, names, filters, funnel=funnel) for engine in (plain, kept))
            assert one.cells.labels == other.cells.labels
            for column in ("cell", "day", "sessions", "conversions"):
                assert getattr(one, column).tolist() == getattr(other, column).tolist()
            assert one.cells.revenue.tolist() == other.cells.revenue.tolist()
    assert tables[::2] == [None] * 10  # the engine without rollups reads files
    assert tables[1::2] == ["days", "days", None, None, "landing", "landing", "subset", "subset", "days", "days"]


def test_a_fall_is_named_whatever_the_first_shown_day_and_asked_once(store):
    engine = Engine(store)
    judged = judged_watch(engine, Filters(), ENGAGEMENT)
    [row] = judged.found.rows
    assert row.segment == {"browser": "Edge"}
    assert abs(number(row.onset) - 40) <= 1
    later = Filters(date_from=FIRST + dt.timedelta(days=45), date_to=FIRST + dt.timedelta(days=49))
    assert judged_watch(engine, later, ENGAGEMENT) is judged
    before = judged_watch(engine, Filters(date_to=FIRST + dt.timedelta(days=39)), ENGAGEMENT)
    assert before.found.rows == () and before.found.days == 39
    assert judged.rows == watch_rows(judged.found)
    assert judged.rows[0]["segment"] == "browser=Edge" and judged.rows[0]["recovered"] is None


def test_no_sessions_are_no_report(store):
    assert judged_watch(Engine(store), Filters.of(include={"browser": ["Lynx"]}), ENGAGEMENT).found.sessions == 0


def test_what_is_dated_is_coarse_where_days_are_many():
    rng = np.random.default_rng(1)
    sizes = 40, 40, 40
    codes = np.column_stack([rng.integers(0, size, 60_000) for size in sizes])
    cells = Cells.of_codes(("source", "country", "browser"), [[f"{value}" for value in range(size)] for size in sizes],
                           codes, np.full(60_000, 3.0), np.zeros(60_000))  # fmt: skip
    assert len(dated(cells, 30).codes) == len(cells.codes)
    heavy = replace(cells, sessions=cells.sessions * 1000)
    coarse = dated(heavy, 300)
    assert np.minimum(coarse.sessions, 300).sum() <= 1_500_000
    assert coarse.sessions.sum() == heavy.sessions.sum()
