"""Statistics: known values, bounds and symmetry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, hypergeom

from queries.statistics import difference_chance, intervals_meet, larger_than_chance, wilson_interval


@st.composite
def counts(draw):
    whole = draw(st.integers(1, 10_000_000))
    return draw(st.integers(0, whole)), whole


@given(counts())
def test_wilson_agrees_with_scipy(pair):
    part, whole = pair
    expected = binomtest(part, whole).proportion_ci(0.95, method="wilson")
    assert wilson_interval(part, whole) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(counts())
def test_wilson_holds_the_rate_and_mirrors(pair):
    part, whole = pair
    low, high = wilson_interval(part, whole)
    assert 0 <= low <= part / whole <= high <= 1
    mirrored_low, mirrored_high = wilson_interval(whole - part, whole)
    assert (mirrored_low, mirrored_high) == pytest.approx((1 - high, 1 - low), abs=1e-12)


def test_wilson_of_nothing_is_undefined():
    assert wilson_interval(0, 0) == (None, None)
    assert wilson_interval(None, None) == (None, None)


@pytest.mark.parametrize(("part", "whole"), [(3, 2), (-1, 2)])
def test_wilson_refuses_what_is_no_rate(part, whole):
    with pytest.raises(ValueError, match="is no rate"):
        wilson_interval(part, whole)


def test_intervals_meet_when_they_share_a_point_or_one_is_undefined():
    assert intervals_meet((0.1, 0.2), (0.2, 0.3))
    assert not intervals_meet((0.1, 0.2), (0.21, 0.3))
    assert intervals_meet((None, None), (0.2, 0.3))


@st.composite
def two_shares(draw):
    wholes = draw(st.tuples(st.integers(1, 20_000), st.integers(1, 20_000)))
    return tuple((draw(st.integers(0, whole)), whole) for whole in wholes)


@given(two_shares())
def test_the_chance_of_a_difference_is_twice_the_smaller_tail_of_fishers_test(pair):
    (part, whole), (other, rest) = pair
    table = hypergeom(whole + rest, part + other, whole)
    tail = table.sf(part - 1) if part * rest >= other * whole else table.cdf(part)
    assert difference_chance(*pair) == pytest.approx(min(1.0, 2 * tail), rel=1e-6, abs=1e-300)


@given(two_shares())
def test_the_chance_of_a_difference_is_the_same_whichever_comes_first(pair):
    assert difference_chance(*pair) == pytest.approx(difference_chance(*pair[::-1]), rel=1e-9)


def test_a_difference_from_nothing_may_be_chance():
    assert difference_chance((3, 10), (0, 0)) == 1.0


def test_the_more_is_looked_at_the_farther_a_difference_must_lie():
    pair = (20, 1000), (41, 1000)  # a chance of .009
    assert larger_than_chance([pair]) == [True]
    assert larger_than_chance([pair], looks=5) == [True]
    assert larger_than_chance([pair], looks=6) == [False]


def test_of_several_differences_the_clearest_uses_up_a_look_for_the_next():
    clear, near, same = ((20, 1000), (60, 1000)), ((20, 1000), (38, 1000)), ((20, 1000), (20, 1000))
    assert larger_than_chance([near, clear, same]) == [True, True, False]  # .022 is looked at beside one other
    assert larger_than_chance([near, same, same]) == [False, False, False]
    assert larger_than_chance([]) == []
