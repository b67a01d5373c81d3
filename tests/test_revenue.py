import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.null import lower_p
from queries.revenue import DAYS_A_MONTH, Estimate, ceiling, draw_loss, draw_order_values, per_month, step_gaps

ORDERS = np.exp(np.random.default_rng(8).normal(3.8, 1.1, 900))


def test_the_ceiling_is_every_dropped_visitor_at_the_mean_order():
    assert ceiling(8_276, 142.38) == pytest.approx(1_178_336.88)


def test_a_period_is_scaled_to_a_month_of_30_days_and_a_bit():
    assert per_month(100.0, DAYS_A_MONTH) == pytest.approx(100.0)
    assert per_month(10.0, 1) == pytest.approx(304.375)
    with pytest.raises(ValueError, match="at least one day"):
        per_month(10.0, 0)


def test_the_revenue_of_each_step_worked_by_hand():
    reached, completion = np.array([1000.0, 200.0, 50.0]), np.array([0.2, 0.25, 0.1])
    reference = np.array([0.3, 0.2, 0.2])
    drawn = step_gaps(reached, completion, reference, np.array([10.0, 20.0]))
    assert drawn[0] == pytest.approx([1000 * 0.1 * 0.25 * 0.1 * 10, 0.0, 50 * 0.1 * 10])
    assert drawn[1] == pytest.approx(2 * drawn[0])


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=5), st.integers(0, 100))
def test_a_step_at_its_reference_loses_nothing_and_no_step_loses_less(rates, seed):
    completion = np.array(rates)
    rng = np.random.default_rng(seed)
    reached = rng.uniform(0, 1e4, len(rates))
    assert (step_gaps(reached, completion, completion, np.array([5.0])) == 0).all()
    assert (step_gaps(reached, completion, rng.uniform(0, 1, len(rates)), np.array([5.0])) >= 0).all()


def test_winsorised_order_values_keep_the_mean_and_bound_one_large_order():
    rng = np.random.default_rng(1)
    assert np.median(draw_order_values(ORDERS, rng)) == pytest.approx(ORDERS.mean(), rel=0.01)
    large = np.append(np.full(300, 40.0), 4_000.0)
    drawn = draw_order_values(large, rng)
    assert np.median(drawn) == pytest.approx(large.mean(), rel=0.01)
    assert drawn.std() < 0.2 * large.std() / np.sqrt(len(large))


def test_the_bootstrap_and_its_normal_form_for_many_orders_agree():
    rng = np.random.default_rng(2)
    few, many = draw_order_values(ORDERS[:200], rng), draw_order_values(np.tile(ORDERS[:200], 4), rng)
    assert many.std() == pytest.approx(few.std() / 2, rel=0.15)
    assert np.median(many) == pytest.approx(np.median(few), rel=0.05)


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
