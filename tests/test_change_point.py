"""Since when: a change of a rate found at its day, seldom where there is none, by hand and against another route."""

import numpy as np
import pytest
from scipy.stats import binom

from queries.change_point import change_point


def drawn(rates, sessions=1600, seed=1):
    rng = np.random.default_rng(seed)
    counts = rng.poisson(sessions, len(rates))
    return list(zip(counts.tolist(), rng.binomial(counts, rates).tolist(), strict=True))


def test_a_plain_step_is_found_at_its_place_with_both_sums():
    found = change_point([(100, 10)] * 20 + [(100, 3)] * 10)
    assert (found.place, found.first, found.last) == (20, 20, 20)
    assert found.before == (2000, 200)
    assert found.after == (1000, 30)
    assert found.p < 1e-6


@pytest.mark.parametrize("counts", [[], [(10, 1)], [(10, 0)] * 30, [(10, 10)] * 30, [(0, 0)] * 30, [(100, 5)] * 40])
def test_nothing_is_said_where_nothing_changes(counts):
    assert change_point(counts) is None


def test_days_without_sessions_do_not_break_it():
    counts = [(100, 10), (0, 0)] * 15 + [(100, 2), (0, 0)] * 10
    assert change_point(counts).place in (29, 30)


def test_the_place_is_that_of_the_largest_likelihood():
    counts = drawn([0.03] * 40 + [0.02] * 25, seed=3)
    found = change_point(counts)

    def likelihood(place):
        total = 0.0
        for part in (counts[:place], counts[place:]):
            sessions, converted = (sum(column) for column in zip(*part, strict=True))
            total += sum(binom.logpmf(c, n, converted / sessions) for n, c in part)
        return total

    assert found.place == max(range(1, len(counts)), key=likelihood)
    assert found.first <= found.place <= found.last


def test_chance_alone_is_called_a_change_less_than_one_time_in_twenty():
    weekly = np.tile([0.02, 0.02, 0.02, 0.02, 0.02, 0.016, 0.016], 13)
    called = sum(change_point(drawn(weekly, seed=seed)) is not None for seed in range(200))
    assert called <= 15


def test_restless_days_are_no_change_either():
    rng = np.random.default_rng(7)
    called = sum(
        change_point(drawn(0.02 * np.exp(rng.normal(0, 0.3, 90)), seed=seed)) is not None for seed in range(100)
    )
    assert called <= 10


def test_a_third_of_the_rate_is_missed_seldom_and_its_day_held():
    found = [change_point(drawn([0.02] * 60 + [0.0134] * 30, seed=seed)) for seed in range(60)]
    assert sum(each is not None for each in found) >= 57
    assert sum(each.first <= 60 <= each.last for each in found if each) >= 48
