"""Statistics: known values, bounds and symmetry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from queries.statistics import intervals_meet, wilson_interval


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
