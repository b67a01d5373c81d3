import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from queries.null import lower_p
from queries.revenue import DAYS_A_MONTH, Estimate, draw_loss, draw_order_values, per_month

ORDERS = np.exp(np.random.default_rng(8).normal(3.8, 1.1, 900))


def test_a_period_is_scaled_to_a_month_of_30_days_and_a_bit():
    assert per_month(100.0, DAYS_A_MONTH) == pytest.approx(100.0)
    assert per_month(10.0, 1) == pytest.approx(304.375)
    with pytest.raises(ValueError, match="at least one day"):
        per_month(10.0, 0)


def interval_of(orders, seed: int = 1, draws: int = 1000) -> Estimate:
    return Estimate.of(draw_order_values(np.asarray(orders, dtype=float), np.random.default_rng(seed), draws), 0.8)


def test_equal_orders_leave_no_doubt():
    for count in (1, 30, 5_000):
        assert interval_of(np.full(count, 40.0)) == Estimate(40.0, 40.0, 40.0)


def test_orders_without_a_tail_have_the_standard_error_of_their_mean():
    orders = np.repeat([20.0, 1_000.0], [4_000, 1_000])
    error = 1.2816 * orders.std() / np.sqrt(len(orders))
    estimate = interval_of(orders, draws=40_000)
    assert (estimate.low, estimate.median, estimate.high) == pytest.approx((216 - error, 216, 216 + error), rel=0.005)


def test_one_large_order_widens_the_interval_but_not_without_end():
    estimate = interval_of(np.append(np.full(300, 40.0), 4_000.0))
    assert 39 < estimate.low < 40 + 4_000 / 301 < estimate.high < 200
    absurd = interval_of(np.append(ORDERS[:300], 1e9))
    assert absurd.high < 1e9 / 100


def test_orders_whose_tail_has_no_mean_end_somewhere():
    orders = 1.0 + np.random.default_rng(4).pareto(0.8, 300)
    drawn = draw_order_values(orders, np.random.default_rng(1))
    assert np.isfinite(drawn).all()
    assert drawn.max() < 30 * orders.max()


@settings(deadline=None, max_examples=50)
@example([0.0, 2.0, 1.1125369292536007e-308], 0.25)
@example([5e-324, 0.0], 1024.0)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=80), st.sampled_from([0.25, 4.0, 1024.0]))
def test_draws_are_finite_and_follow_the_unit_of_money(orders, unit):
    drawn, other = (draw_order_values(np.array(orders) * scale, np.random.default_rng(1), 200) for scale in (1.0, unit))
    assert np.isfinite(drawn).all()
    assert (drawn >= 0).all()
    assert other == pytest.approx(drawn * unit, rel=1e-6)


def test_the_same_random_numbers_give_the_same_draws_in_whatever_order_the_orders_come():
    drawn = [draw_order_values(orders, np.random.default_rng(3)) for orders in (ORDERS, ORDERS[::-1])]
    assert (drawn[0] == drawn[1]).all()


SHAPES = {
    "log-normal, 1": (lambda rng, count: rng.lognormal(0, 1, count), np.exp(0.5)),
    "log-normal, 1.5": (lambda rng, count: rng.lognormal(0, 1.5, count), np.exp(1.125)),
    "Pareto, 1.5": (lambda rng, count: 1 + rng.pareto(1.5, count), 3.0),
    "Pareto, 2.5": (lambda rng, count: 1 + rng.pareto(2.5, count), 2.5 / 1.5),
}


@pytest.mark.parametrize("count", [30, 300, 5_000])
@pytest.mark.parametrize("shape", SHAPES)
def test_eight_of_ten_intervals_at_eighty_percent_hold_the_true_mean(shape, count):
    draw, truth = SHAPES[shape]
    rng = np.random.default_rng(20_000)
    estimates = [interval_of(draw(rng, count), seed, 500) for seed in range(200)]
    held = np.mean([estimate.low <= truth <= estimate.high for estimate in estimates])
    assert 0.68 <= held <= 0.95, held
    assert np.median([estimate.median for estimate in estimates]) == pytest.approx(truth, rel=0.15)


def test_without_orders_nothing_is_worth_anything():
    assert (draw_order_values(np.array([]), np.random.default_rng(1)) == 0).all()


def test_an_estimate_orders_its_bounds_and_can_be_cut_off():
    estimate = Estimate.of(np.linspace(-10, 90, 1001), 0.8)
    assert (estimate.low, estimate.median, estimate.high) == pytest.approx((0, 40, 80))
    assert Estimate(-5, 2, 4).at_least(0.0) == Estimate(0.0, 2, 4)


@pytest.mark.parametrize(("expected", "factor", "doubt"), [(40, 0.3, 0.01), (150, 0.5, 0.005), (600, 0.4, 0.002)])
def test_nine_of_ten_intervals_at_ninety_percent_hold_the_truth(expected, factor, doubt):
    rng = np.random.default_rng(expected)
    tau, true_order, held = 0.08, float(np.exp(3.8 + 1.1**2 / 2)), []
    for _ in range(400):
        should = expected * np.exp(rng.normal(0, np.hypot(tau, np.sqrt(doubt))))
        conversions = rng.poisson(factor * should)
        orders = draw_order_values(np.exp(rng.normal(3.8, 1.1, 1500)), rng, 400)
        drawn = draw_loss(conversions, expected, doubt, tau, orders, rng)
        truth = factor, should * (1 - factor), should * (1 - factor) * true_order
        estimates = [Estimate.of(draws, 0.9) for draws in (drawn.ratio, drawn.lost, drawn.revenue)]
        held.append([each.low <= true <= each.high for each, true in zip(estimates, truth, strict=True)])
    coverage = np.mean(held, axis=0)
    assert (coverage >= 0.85).all(), coverage
    assert (coverage <= 0.97).all(), coverage


@pytest.mark.parametrize("expected", [11, 18, 30])
def test_intervals_of_rows_that_were_listed_for_being_low_hold_the_truth(expected):
    rng = np.random.default_rng(expected)
    worth, held = np.ones(400), []
    while len(held) < 400:
        ratio = rng.uniform(0, 1)
        conversions = rng.poisson(ratio * expected)
        if lower_p(np.array([conversions]), np.array([float(expected)]), np.zeros(1))[0] <= 1e-4:
            interval = Estimate.of(draw_loss(conversions, expected, 0.0, 0.0, worth, rng).ratio, 0.9)
            held.append(interval.low <= ratio <= interval.high)
    assert np.mean(held) >= 0.86
    assert np.mean(held) <= 0.97
