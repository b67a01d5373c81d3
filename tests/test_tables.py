"""Sums over a few dimensions: the same by way of a larger table and straight from the cells."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.tables import Keys, Tables, summed

SIZES = (3, 4, 2, 5)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.permutations([(0, 1), (0, 1, 3), (1,), (0, 1, 2, 3), (2, 3), (1, 2, 3)]))
def test_a_table_is_the_same_whatever_was_asked_before(seed, asked):
    rng = np.random.default_rng(seed)
    codes = tuple(rng.integers(0, size, 50) for size in SIZES)
    column = rng.random(50)
    tables = Tables(Keys(codes, SIZES), column)
    for chosen in asked:
        wanted = np.zeros([SIZES[place] for place in chosen])
        np.add.at(wanted, tuple(codes[place] for place in chosen), column)
        assert tables.of(chosen) == pytest.approx(wanted)


def test_a_table_far_larger_than_the_cells_is_not_worth_filling():
    codes = tuple(np.zeros(10, dtype=np.intp) for _ in range(3))
    keys = Keys(codes, (60, 300, 12))
    assert not keys.fits((0, 1, 2))
    assert keys.fits((0, 1))


def test_numbers_without_a_row_sum_to_nothing():
    assert summed(np.array([2, 2]), np.array([1.5, 2.0]), 4).tolist() == [0, 0, 3.5, 0]
