"""How far the largest orders may go beyond those that were seen."""

import numpy as np
import pytest
from scipy.special import erfcx

from queries.order_tail import BEYOND, MOST, Tail, mean_over_edge, split


def mean(rate: float, bend: float, end: float) -> float:
    return float(mean_over_edge(np.array([rate]), np.array([bend]), end)[0])


def expected_rate(tail: Tail) -> float:
    return float(np.exp(tail.chances @ np.log(tail.rates)))


def test_the_tail_is_the_largest_tenth_but_no_fewer_than_five_and_no_more_than_sixty():
    for count, above in ((100, 10), (30, 5), (5_000, MOST), (3, 2), (1, 0)):
        body, top = split(np.arange(1.0, count + 1))
        assert len(top) == above
        assert len(body) == count - above


def test_orders_at_the_edge_belong_to_the_body():
    assert len(split(np.full(50, 40.0))[1]) == 0
    prices = np.repeat([20.0, 1000.0], [95, 5])
    body, top = split(prices)
    assert (body == 20).all()
    assert (top == 1000).all()
    assert len(split(np.repeat([20.0, 1000.0], [4_000, 1_000]))[1]) == 0


def test_the_mean_over_the_edge_worked_by_hand():
    assert mean(3.0, 0.0, 200.0) == pytest.approx(3 / 2)
    assert mean(1.0, 0.0, np.log(30)) == pytest.approx(1 + np.log(30))
    assert mean(0.5, 0.0, np.log(100)) == pytest.approx(1 + (np.sqrt(100) - 1) / 0.5)
    assert mean(1000.0, 1.6, 9.0) == pytest.approx(1.0, abs=0.001)


@pytest.mark.parametrize(("rate", "bend"), [(0.5, 0.4), (1.5, 0.1), (4.0, 1.6)])
def test_a_bend_gives_every_tail_a_mean(rate, bend):
    square = bend * rate**2
    closed = 1 + np.sqrt(np.pi / square) / 2 * erfcx((rate - 1) / (2 * np.sqrt(square)))
    assert mean(rate, bend, 30.0) == pytest.approx(closed, rel=1e-4)


def test_the_rate_of_many_pareto_orders_is_hills():
    top = (1 - (np.arange(60) + 0.5) / 60) ** (-1 / 2.0)
    tail = Tail.of(top)
    hill = 59 / np.log(top / top[0]).sum()
    assert expected_rate(tail) == pytest.approx(hill, rel=0.15)
    assert tail.chances[tail.bends == 0].sum() > 0.7


def test_log_normal_orders_bend():
    logs = np.random.default_rng(3).normal(0, 1, 600)
    top = np.exp(np.sort(np.abs(logs)))
    assert Tail.of(top).chances[Tail.of(top).bends == 0].sum() < 0.05


def test_one_order_above_the_others_leaves_the_tail_as_likely_as_before():
    assert expected_rate(Tail.of(np.array([4_000.0]))) > 1.5
    assert Tail.of(np.array([4_000.0])).end == pytest.approx(np.log(BEYOND))
    assert Tail.of(np.array([4_000.0])).chances.sum() == pytest.approx(1)


def test_a_few_equal_prices_above_the_others_are_no_heavy_tail():
    tail = Tail.of(np.full(20, 1_000.0))
    assert tail.chances @ mean_over_edge(tail.rates, tail.bends, tail.end) < 1.1


def test_drawn_orders_have_the_mean_that_their_tail_says():
    tail, rng = Tail.of(np.geomspace(1, 3, 60)), np.random.default_rng(5)
    pairs = np.full(400, int(np.argmax(tail.chances)))
    assert tail.sampled(pairs, 60, rng).mean() == pytest.approx(tail.means(pairs)[0], rel=0.02)
    pairs = tail.pairs(rng, 4_000)
    assert np.log(tail.rates[pairs]).mean() == pytest.approx(np.log(expected_rate(tail)), abs=0.02)
