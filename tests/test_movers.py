"""What moved between two periods: the test by hand and by another route, planted moves, and what is no move."""

import datetime as dt
import itertools

import numpy as np
import pytest
from builders import sessions, store_of
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import poisson

from queries.cells import OTHER, Cells
from queries.engine import Engine
from queries.filters import Filters
from queries.funnel import ENGAGEMENT
from queries.judged import judged_movers
from queries.leak_list import leak_list
from queries.mover_search import Pair, Search, compare, unrest
from queries.movers import ask_movers, find_movers, mover_rows

DEVICES, BROWSERS, SOURCES = ("desktop", "mobile"), ("Chrome", "Edge", "Safari"), ("google", "mail", "bing", "news")
NAMES = ("device_category", "browser", "source")


def shop(
    rate, sessions_of=lambda device, browser, source: 1000, values=(DEVICES, BROWSERS, SOURCES), seed=None
) -> Cells:
    """Build cells over all combinations: of a rate in each, exact where no seed is given, else drawn."""
    rows = list(itertools.product(*values))
    counts = np.array([sessions_of(*row) for row in rows], dtype=float)
    rates = np.array([rate(*row) for row in rows])
    drawn = (
        np.round(counts * rates) if seed is None else np.random.default_rng(seed).binomial(counts.astype(int), rates)
    )
    return Cells.of(
        NAMES, [list(column) for column in zip(*rows, strict=True)], counts, drawn, drawn * 40.0, [40.0] * 50
    )


def usual(device, browser, source):
    return 0.05 * (0.6 if device == "mobile" else 1.0) * (1.4 if source == "mail" else 1.0)


def one(c0, c1, r0, r1, e0=1.0, e1=1.0, k0=1.0, k1=1.0):
    """Compare one segment (c, e) with the rest (r, k), before and after."""
    arrays = [np.array([float(value)]) for value in (c0, c1, e0, e1)]
    return compare((arrays[0], arrays[1]), (arrays[2], arrays[3]), (c0 + r0, c1 + r1, e0 + k0, e1 + k1))


def test_by_hand_the_expectation_is_the_segments_past_times_what_all_others_did():
    look = one(c0=100, c1=30, r0=1000, r1=1500, e0=100, e1=200, k0=1000, k1=1000)
    assert look.expected[0] == pytest.approx(100 * 2 * 1.5)
    assert look.ratio[0] == pytest.approx(0.1)
    assert look.signed[0] < -10


def test_what_moves_as_all_others_do_has_not_moved():
    look = one(c0=40, c1=80, r0=400, r1=800)
    assert look.signed[0] == pytest.approx(0, abs=1e-6)
    assert look.ratio[0] == pytest.approx(1)


@pytest.mark.parametrize("counts", [(40, 20, 300, 330), (5, 12, 60, 40), (9, 0, 80, 80), (0, 9, 80, 80)])
def test_the_deviance_is_that_of_a_numerical_fit(counts):
    """Two free parameters and a common factor against three, fitted by an optimiser that knows no formula."""
    c0, c1, r0, r1 = counts
    e0, e1, k0, k1 = 3.0, 4.0, 20.0, 25.0
    look = one(c0, c1, r0, r1, e0, e1, k0, k1)

    def worse(logs):
        a, b, g = np.exp(logs)
        means = np.array([a * e0, a * g * e1, b * k0, b * g * k1])
        return -float(poisson.logpmf(np.array(counts), means).sum())

    sure = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 5000}
    starts = [1.0, 1.0, 0.0], [0.0, 1.0, 0.5]
    fitted = min(minimize(worse, start, method="Nelder-Mead", options=sure).fun for start in starts)
    free = -float(poisson.logpmf(np.array(counts), np.array(counts)).sum())
    assert look.signed[0] ** 2 == pytest.approx(2 * (fitted - free), rel=1e-4)


SUMS = st.tuples(*[st.integers(0, 5000)] * 4)
DUE = st.tuples(*[st.floats(0.5, 5000)] * 4)


@given(SUMS, DUE)
def test_segment_and_rest_mirror_each_other_and_so_do_the_periods(counts, due):
    c0, c1, r0, r1 = counts
    e0, e1, k0, k1 = due
    if not (c0 + r0 and c1 + r1):
        return
    signed = one(c0, c1, r0, r1, e0, e1, k0, k1).signed[0]
    close = pytest.approx(-signed, rel=1e-3, abs=2e-2)
    assert one(r0, r1, c0, c1, k0, k1, e0, e1).signed[0] == close
    assert one(c1, c0, r1, r0, e1, e0, k1, k0).signed[0] == close


@pytest.mark.parametrize("moved", [{"browser": "Edge"}, {"browser": "Edge", "device_category": "desktop"}])
@pytest.mark.parametrize("factor", [0.4, 2.0])
def test_a_planted_move_is_one_row_with_its_size(moved, factor):
    def after(device, browser, source):
        inside = {"device_category": device, "browser": browser}
        hit = all(inside[name] == value for name, value in moved.items())
        return usual(device, browser, source) * 1.2 * (factor if hit else 1.0)

    report = find_movers(shop(usual, seed=1), shop(after, seed=2))
    assert [row.segment for row in report.rows] == [moved]
    (row,) = report.rows
    assert row.fell is (factor < 1)
    assert row.ratio_interval[0] <= factor <= row.ratio_interval[1]
    assert row.ratio == pytest.approx(factor, rel=0.25)
    assert (row.missing.median > 0) is row.fell
    assert row.revenue.median == pytest.approx(row.missing.median * 40, rel=0.05)


def test_a_combination_that_always_converted_badly_has_not_moved():
    def bad(device, browser, source):
        return usual(device, browser, source) * (0.2 if (browser, source) == ("Safari", "mail") else 1.0)

    report = find_movers(shop(bad, seed=3), shop(lambda *row: 0.7 * bad(*row), seed=4))
    assert report.rows == ()
    assert report.searched > 10


def test_other_visitors_alone_are_no_move():
    few = lambda device, browser, source: 300 if device == "mobile" else 2000  # noqa: E731
    many = lambda device, browser, source: 2000 if device == "mobile" else 300  # noqa: E731
    assert find_movers(shop(usual, few, seed=5), shop(usual, many, seed=6)).rows == ()


def test_two_causes_are_two_rows_and_the_first_is_the_surest():
    def after(device, browser, source):
        return usual(device, browser, source) * (0.3 if browser == "Edge" else 1.0) * (0.5 if source == "bing" else 1.0)

    rows = find_movers(shop(usual, seed=7), shop(after, seed=8)).rows
    assert [row.segment for row in rows] == [{"browser": "Edge"}, {"source": "bing"}]
    assert rows[0].missing.low >= rows[1].missing.low


def test_a_value_of_one_period_only_goes_under_other():
    more = shop(usual, values=(DEVICES, BROWSERS, (*SOURCES, "tiktok")))
    pair = Pair.of(shop(usual), more)
    assert pair.both.labels[2] == (*sorted(SOURCES), OTHER)
    assert pair.sessions[1].sum() == more.sessions.sum()
    assert pair.both.conversions.sum() == shop(usual).conversions.sum() + more.conversions.sum()
    assert find_movers(shop(usual), more).rows == ()


def test_periods_without_orders_or_sessions_have_nothing_to_say():
    nobody = shop(lambda *row: 0.0)
    for before, after in ((nobody, shop(usual)), (shop(usual), nobody)):
        report = find_movers(before, after)
        assert report.rows == ()
        assert report.searched == 0


def test_the_same_cells_give_the_same_report_and_other_dimensions_are_refused():
    before, after = shop(usual, seed=1), shop(lambda *row: usual(*row) * (0.4 if row[1] == "Edge" else 1), seed=2)
    assert find_movers(before, after) == find_movers(before, after)
    fewer = Cells.of(NAMES[:1], [["desktop"]], [10.0], [1.0])
    with pytest.raises(ValueError, match="cannot compare cells over"):
        find_movers(before, fewer)


def test_a_restless_shop_widens_what_chance_does():
    calm = shop(usual, seed=11), shop(usual, seed=12)
    rng = np.random.default_rng(13)
    pulls = {value: np.exp(rng.normal(0, 0.5)) for value in (*BROWSERS, *SOURCES, *DEVICES)}
    wild = shop(lambda *row: min(0.5, usual(*row) * np.prod([pulls[value] for value in row])), seed=14)
    looked = [unrest(Search(Pair.of(calm[0], after), 0.1, 2).look({})) for after in (calm[1], wild)]
    assert looked[0] < 0.02 < looked[1]


def test_asked_of_a_store_the_days_differ_and_nothing_else(tmp_path):
    rows = []
    for day, edge in ((1, 12), (2, 1)):
        date = dt.date(2017, 7, day)
        for browser, bought in (("Chrome", 40), ("Edge", edge)):
            rows += sessions(bought * 5, session_date=date, browser=browser, transactions=1, revenue=20, pageviews=9)
            rows += sessions(2000, session_date=date, browser=browser)
    engine = Engine(store_of(tmp_path / "store", rows))
    days = [Filters.of(date_from=dt.date(2017, 7, day), date_to=dt.date(2017, 7, day)) for day in (1, 2)]
    found = judged_movers(engine, days[1], days[0], ENGAGEMENT)
    (row,) = found.found.rows
    assert row.segment == {"browser": "Edge"}
    assert row.sessions == (2060, 2005)
    assert row.conversions == (60, 5)
    assert found.found.days == 1
    (flat,) = found.rows
    assert flat["kind"] == "fell"
    assert flat["segment"] == "browser=Edge"
    assert (flat["conversions_before"], flat["conversions"]) == (60, 5)
    assert flat["missing_conversions_low"] <= flat["missing_conversions_median"] <= flat["missing_conversions_high"]
    assert mover_rows(found.found) == found.rows
    assert judged_movers(engine, days[1], days[0], ENGAGEMENT) is found


def test_the_leak_list_and_what_moved_ask_for_the_cells_of_the_shown_days_once(tmp_path, monkeypatch):
    day, before = dt.date(2017, 7, 2), dt.date(2017, 7, 1)
    rows = [
        row
        for date in (before, day)
        for transactions, count in ((0, 60), (1, 9))
        for row in sessions(count, session_date=date, transactions=transactions, revenue=20, pageviews=9)
    ]
    store = store_of(tmp_path / "store", rows)
    engine, asked = Engine(store), []
    arrays = engine.arrays
    monkeypatch.setattr(engine, "arrays", lambda name, *given: asked.append(name) or arrays(name, *given))
    shown, compared = (Filters.of(date_from=date, date_to=date) for date in (day, before))
    report = leak_list(engine, shown)
    assert (report.sessions, report.conversions) == (69, 9)
    moved = ask_movers(engine, compared, shown)
    assert (moved.sessions, moved.conversions) == ((69, 69), (9, 9))
    assert asked.count("cells") == 2
    store_of(tmp_path / "store", sessions(5, session_date=day))
    engine.refresh()
    assert leak_list(engine, shown).sessions == 5
    assert asked.count("cells") == 3
