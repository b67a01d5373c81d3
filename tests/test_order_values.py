"""What a conversion is worth in a segment."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.baseline import Design
from queries.cells import Cells
from queries.order_values import OrderValues, ValueEffects

OVERALL = np.full(4000, 50.0)


def shop(factors, sessions: int = 40_000, seed: int = 2, rate: float = 0.1) -> Cells:
    """Return cells of three countries whose mean orders are 50 times these factors, and of four sources."""
    rng = np.random.default_rng(seed)
    country, source = rng.choice(3, sessions, p=[0.6, 0.3, 0.1]), rng.choice(4, sessions)
    converted = rng.random(sessions) < rate
    worth = 50 * np.asarray(factors)[country] * np.exp(rng.normal(-0.32, 0.8, sessions))
    names = [["US", "DE", "IN"], ["a", "b", "c", "d"]]
    return Cells.of_codes(
        ("country", "source"), names, np.column_stack([country, source]), np.ones(sessions), converted,
        converted * worth, worth[converted],
    )  # fmt: skip


def values_of(cells: Cells) -> OrderValues:
    return OrderValues.of(cells, Design.of(cells.codes, cells.sizes), OVERALL)


def test_a_value_is_moved_from_the_mean_by_its_share_of_information_worked_by_hand():
    # Four conversions worth 1.50 each and four worth 18.50, 10 at the mean; their values become 4 and 16 about 8, with
    # effects -ln 2 and ln 2. In means: 0.6 - 4 x 0.4 = -1 = -ln 2 / variance and 7.4 - 4 x 1.6 = 1, so noise 1 and
    # variance ln 2 belong to it.
    cells = Cells.of_codes(("one",), [["a", "b"]], [[0], [1]], [9, 9], [4, 4], [6.0, 74.0])
    design = Design.of(cells.codes, cells.sizes)
    effects = ValueEffects.start(design)
    for _ in range(60):
        effects = effects.moved(cells, design, 1.0, np.array([0, *[1 / np.log(2)] * 2]))
    assert effects.coefficients == pytest.approx(np.log([8 / 10, 1 / 2, 2]), rel=1e-6)
    assert effects.expected(cells) == pytest.approx([1.6, 6.4], rel=1e-6)
    # The information of the two is 1.6 and 6.4, of both 8: 2 x 1.6 x 6.4 / 8 = 2.56 for what they differ by.
    apart = np.array([0.0, -1.0, 1.0])
    assert apart @ effects.covariance @ apart == pytest.approx(2 / (2.56 + 1 / np.log(2)), rel=1e-6)


def test_conversions_that_brought_nothing_yet_are_not_worth_nothing():
    """A step is completed by many who buy later or not: a country without an order is no proof of worthlessness."""
    rng = np.random.default_rng(5)
    codes = np.array([[number] for number in range(40)])
    completed = np.full(40, 60.0)
    orders = rng.gamma(0.5, 200.0, 120)
    revenue = np.zeros(40)
    np.add.at(revenue, rng.integers(0, 20, 120), orders)
    cells = Cells.of_codes(("country",), [[f"c{number}" for number in range(40)]], codes, completed * 3, completed,
                           revenue, orders, 120 / completed.sum())  # fmt: skip
    ratio, doubt = values_of(cells).ratio(completed[39:], np.array([39]))
    assert 0.3 < ratio < 1.0
    assert 0.2 < doubt < 3


def test_a_country_with_small_orders_lowers_the_worth_of_its_segments():
    cells = shop([1.0, 1.0, 0.3])
    inside = np.nonzero((cells.codes[:, 0] == 2) & (cells.codes[:, 1] == 1))[0]
    ratio, doubt = values_of(cells).ratio(cells.conversions[inside], inside)
    overall = 0.6 + 0.3 + 0.1 * 0.3
    assert ratio == pytest.approx(0.3 / overall, rel=3 * doubt)
    assert 0 < doubt < 0.1


def test_equal_orders_everywhere_move_next_to_nothing():
    cells = shop([1.0, 1.0, 1.0])
    inside = np.nonzero(cells.codes[:, 0] == 2)[0]
    ratio, doubt = values_of(cells).ratio(cells.conversions[inside], inside)
    assert ratio == pytest.approx(1.0, abs=0.05)
    assert doubt < 0.05


def test_a_few_orders_say_less_than_many():
    shares, doubts = [], []
    for cells in (shop([1.0, 1.0, 0.3], sessions) for sessions in (2_000, 100_000)):
        inside = np.nonzero(cells.codes[:, 0] == 2)[0]
        ratio, doubt = values_of(cells).ratio(cells.conversions[inside], inside)
        own, every = (money.sum() / count.sum() for money, count in (
            (cells.revenue[inside], cells.conversions[inside]), (cells.revenue, cells.conversions)))  # fmt: skip
        shares.append(np.log(ratio) / np.log(own / every))
        doubts.append(doubt)
    assert 0.5 < shares[0] < shares[1] < 1.01
    assert doubts[0] > 2 * doubts[1]


def test_one_large_order_does_not_make_its_source_dear():
    cells = shop([1.0, 1.0, 1.0], 4_000)
    revenue = cells.revenue.copy()
    revenue[0] += 0.3 * revenue.sum()
    dear = Cells.of_codes(cells.dimensions, cells.labels, cells.codes, cells.sessions, cells.conversions, revenue,
                          np.append(cells.orders, revenue[0]))  # fmt: skip
    ratio, _ = values_of(dear).ratio(cells.conversions[:1], np.array([0]))
    raw = revenue[0] / cells.conversions[0] / (revenue.sum() / cells.conversions.sum())
    assert raw > 2
    assert ratio < 1.3


def test_draws_hold_the_true_worth_nine_times_in_ten():
    held = []
    for seed in range(60):
        cells = shop([1.2, 1.0, 0.4], 15_000, seed, 0.05)
        inside = np.nonzero(cells.codes[:, 0] == 2)[0]
        ratio, doubt = values_of(cells).ratio(cells.conversions[inside], inside)
        rate = np.bincount(cells.codes[:, 0], cells.conversions) / cells.conversions.sum()
        held.append(abs(np.log(ratio / 0.4 * (rate @ [1.2, 1.0, 0.4]))) < 1.645 * doubt)
    assert np.mean(held) >= 0.8


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000), st.floats(0.01, 1000))
def test_the_unit_of_money_changes_no_ratio(seed, unit):
    rng = np.random.default_rng(seed)
    codes = np.array([[a, b] for a in range(3) for b in range(2)])
    converted = rng.integers(1, 40, 6).astype(float)
    revenue, orders = converted * rng.uniform(10, 90, 6), rng.uniform(5, 100, 30)
    names = [list("abc"), list("xy")]
    ratios = []
    for scale in (1.0, unit):
        cells = Cells.of_codes(("one", "two"), names, codes, converted * 9, converted, revenue * scale, orders * scale)
        ratios.append(values_of(cells).ratio(converted[:2], np.array([0, 1])))
    assert ratios[0] == pytest.approx(ratios[1], rel=1e-3)


def test_without_revenue_nothing_differs():
    cells = shop([1.0, 1.0, 1.0], 500)
    free = Cells.of_codes(cells.dimensions, cells.labels, cells.codes, cells.sessions, cells.conversions)
    everything = np.arange(len(free.codes))
    values = OrderValues.of(free, Design.of(free.codes, free.sizes), OVERALL)
    assert values.ratio(free.conversions, everything) == (1.0, 0.0)
    assert (values.draws(free.conversions, everything, np.random.default_rng(1)) == OVERALL).all()
