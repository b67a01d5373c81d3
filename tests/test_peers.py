"""Packages of others beside this project's lists: contribution analysis by hand, and what is said without them."""

import sys

import numpy as np
import pytest

from benchmarks.peers import COMMAND, contribution_analysis, package, sampled, unexpected
from queries.cells import Cells

NAMES = ("device_category", "browser")
ROWS = (["desktop", "desktop", "mobile", "mobile"], ["Chrome", "Edge", "Chrome", "Edge"])
BEFORE = Cells.of(NAMES, ROWS, [1000, 1000, 1000, 1000], [100, 50, 100, 50])
AFTER = Cells.of(NAMES, ROWS, [1000, 1000, 1000, 2000], [200, 100, 200, 50])


def differences(**given) -> dict[tuple[str, ...], float]:
    return {tuple(segment.values()): value for segment, value in unexpected(BEFORE, AFTER, **given)}


def test_by_hand_a_segment_is_expected_to_change_its_rate_as_all_others_do():
    found = differences()
    # others of mobile Edge: 250 of 3000, then 500 of 3000, twice the rate; its own 5 % doubles to 200 of 2000
    assert found["mobile", "Edge"] == pytest.approx(50 - 2000 * 0.05 * 2)
    # mobile had 7.5 %; desktop doubled too
    assert found["mobile",] == pytest.approx(250 - 3000 * 0.075 * 2)
    # desktop had 7.5 %; mobile went from 150 of 2000 to 250 of 3000
    assert found["desktop",] == pytest.approx(300 - 2000 * 0.075 * (250 / 3000) / 0.075)
    assert len(found) == 8
    assert list(map(abs, found.values())) == sorted(map(abs, found.values()), reverse=True)


def test_a_segment_below_the_support_in_both_periods_is_left_out():
    # mobile Edge has 50 of 300 conversions, then 50 of 550
    assert ("mobile", "Edge") in differences(support=50 / 300)
    assert ("mobile", "Edge") not in differences(support=51 / 300)


def test_a_move_says_whether_it_fell():
    fell = {tuple(segment.values()): sank for segment, sank in contribution_analysis(BEFORE, AFTER)}
    assert fell["mobile", "Edge"]
    assert not fell["desktop",]


def test_sessions_drawn_from_cells_keep_their_counts_unless_there_are_too_many():
    codes, converted = sampled(AFTER)
    drawn = Cells.of_codes(NAMES, AFTER.labels, codes, np.ones(len(codes)), converted)
    assert (drawn.sessions == AFTER.sessions).all()
    assert (drawn.conversions == AFTER.conversions).all()
    assert len(sampled(AFTER, most=700)[0]) == 700


def test_a_package_that_is_not_installed_is_named_with_the_command_that_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "wise_pizza", None)
    with pytest.raises(SystemExit, match="wise_pizza cannot be imported") as said:
        package("wise_pizza")
    assert COMMAND in str(said.value)
