"""Changes between two periods: both splits add up to the last digit, zeros and empty periods included."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.changes import beyond_chance, difference_interval, log_mean, merged_small, mix_change, step_change

COUNT = st.integers(0, 1_000_000)
FUNNEL = st.lists(COUNT, min_size=5, max_size=5).map(lambda counts: sorted(counts, reverse=True))
SEGMENT = COUNT.flatmap(lambda sessions: st.tuples(st.just(sessions), st.integers(0, sessions)))
PERIOD = st.dictionaries(st.sampled_from("abcdefgh"), SEGMENT)


@given(FUNNEL, FUNNEL)
def test_the_steps_add_up_to_the_change(before, after):
    found = step_change(before, after)
    if not before[0] or not after[0]:
        assert found is None
    else:
        assert abs(sum(found.contributions) - (after[-1] / after[0] - before[-1] / before[0])) < 1e-9


@given(FUNNEL, FUNNEL)
def test_going_back_undoes_every_step(before, after):
    there, back = step_change(before, after), step_change(after, before)
    if there and back:
        assert there.contributions == pytest.approx([-part for part in back.contributions], abs=1e-12)


def test_a_change_of_one_step_is_all_of_that_step():
    found = step_change([1000, 500, 100, 10], [2000, 1000, 200, 40])
    assert found.contributions == pytest.approx((0, 0, 0.01))


def test_the_original_three_days_against_the_three_before():
    """5-7 July against 2-4 July: +0.89 points, of which +0.72 at the last step, as the design's picture has it."""
    found = step_change([3833, 3831, 641, 227, 15], [6167, 6166, 1080, 456, 79])
    assert found.total == pytest.approx(0.0089, abs=5e-5)
    assert found.contributions == pytest.approx((0.0, 0.0003, 0.0013, 0.0072), abs=6e-5)


def test_a_step_that_fell_to_nobody_takes_the_whole_fall():
    assert step_change([100, 50, 10], [100, 0, 0]).contributions == pytest.approx((-0.1, 0))
    assert step_change([100, 50, 10], [200, 50, 0]).contributions == pytest.approx((0, -0.1))


def test_a_step_that_was_empty_takes_the_whole_rise():
    assert step_change([100, 50, 0], [100, 10, 5]).contributions == pytest.approx((0, 0.05))
    assert step_change([100, 0, 0], [100, 50, 5]).contributions == pytest.approx((0.05, 0))
    assert step_change([100, 0, 0], [100, 50, 0]).contributions == (0, 0)


def test_what_is_no_funnel_is_refused():
    with pytest.raises(ValueError, match="no funnel"):
        step_change([10, 20], [20, 10])
    with pytest.raises(ValueError, match="same two or more steps"):
        step_change([10, 5], [10, 5, 1])


def test_the_logarithmic_mean_lies_between_its_rates_and_meets_them():
    assert log_mean(0.02, 0.01) == pytest.approx(0.01 / 0.6931471805599453)
    assert log_mean(0.3, 0.3) == 0.3
    assert log_mean(0.3, 0.3 * (1 + 1e-13)) == pytest.approx(0.3)
    assert log_mean(0.0, 0.3) == 0


@given(PERIOD, PERIOD)
def test_mix_and_rate_add_up_to_the_change(before, after):
    found = mix_change(before, after)
    whole = [(sum(n for n, _ in held.values()), sum(c for _, c in held.values())) for held in (before, after)]
    if not whole[0][0] or not whole[1][0]:
        assert found is None
        return
    delta = whole[1][1] / whole[1][0] - whole[0][1] / whole[0][0]
    assert abs(found.mix + found.rate - delta) < 1e-9


def test_only_the_mix_moved():
    found = mix_change({"a": (500, 50), "b": (500, 5)}, {"a": (250, 25), "b": (750, 7.5)})
    assert (found.rate, found.mix) == pytest.approx((0, -0.0225))


def test_only_the_rates_moved():
    found = mix_change({"a": (500, 50), "b": (500, 5)}, {"a": (500, 60), "b": (500, 5)})
    assert (found.rate, found.mix) == pytest.approx((0.01, 0))
    assert {part.segment: part.rate for part in found.segments} == pytest.approx({"a": 0.01, "b": 0})


def test_a_new_segment_is_all_mix():
    found = mix_change({"a": (100, 10)}, {"a": (100, 10), "b": (100, 0)})
    assert (found.rate, found.mix) == pytest.approx((0, -0.05))


def test_every_segment_falls_while_the_total_rises():
    found = mix_change({"a": (100, 50), "b": (900, 90)}, {"a": (900, 405), "b": (100, 9)})
    assert found.total > 0
    assert found.rate < 0
    assert found.is_simpson
    assert not mix_change({"a": (100, 50)}, {"a": (100, 60)}).is_simpson


@given(SEGMENT, SEGMENT)
def test_the_interval_of_a_difference_holds_it_and_turns_round_with_it(before, after):
    low, high = difference_interval(before, after)
    if not before[0] or not after[0]:
        assert (low, high) == (None, None)
        return
    difference = after[1] / after[0] - before[1] / before[0]
    assert -1 - 1e-12 <= low <= difference <= high <= 1 + 1e-12
    assert difference_interval(after, before) == pytest.approx((-high, -low), abs=1e-12)


def test_newcombes_own_example():
    """56 of 70 against 48 of 80: difference 0.2, interval 0.0524 to 0.3339 (Newcombe 1998, table II, method 10)."""
    assert difference_interval((80, 48), (70, 56)) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_rare_values_are_cut_alike_in_both_periods():
    before = {("desktop", "US"): (90, 9), ("desktop", "MT"): (2, 1), ("mobile", "FR"): (50, 0)}
    after = {("desktop", "US"): (80, 8), ("mobile", "FR"): (3, 1)}
    assert merged_small(before, after, 1, 10) == (
        {("desktop", "US"): (90, 9), ("desktop", "(other)"): (2, 1), ("mobile", "(other)"): (50, 0)},
        {("desktop", "US"): (80, 8), ("mobile", "(other)"): (3, 1)},
    )


def test_two_rates_beyond_chance_by_hand():
    pairs = [((1000, 30), (1000, 12)), ((200, 4), (300, 9)), ((50, 0), (60, 3)), ((10, 10), (10, 10)), ((0, 0), (9, 1))]
    assert beyond_chance(pairs, 0.05) == [True, False, False, False, False]


def test_of_a_thousand_values_that_did_not_change_hardly_one_is_called():
    rng = np.random.default_rng(5)
    counts = rng.binomial(2000, 0.03, (1000, 2))
    called = beyond_chance([((2000, int(before)), (2000, int(after))) for before, after in counts])
    assert sum(called) <= 2
    assert beyond_chance([]) == []
