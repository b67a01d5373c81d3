"""How much of one segment lies in another: within one table by its cells, across tables by what they share."""

import numpy as np
import pytest

from queries.cells import OTHER, Cells
from queries.overlap import part_in, shared_keys, table_of


def table(dimensions, rows):
    """Return cells of rows (values..., due) and what is due of them."""
    columns, due = [list(column) for column in zip(*rows, strict=True)][:-1], [row[-1] for row in rows]
    cells = Cells.of(dimensions, columns, due, [0.0] * len(due))
    return cells, cells.sessions


BROWSERS = table(
    ("device", "browser"),
    [("mobile", "Safari", 30.0), ("mobile", "Chrome", 70.0), ("desktop", "Safari", 10.0), ("desktop", "Chrome", 90.0)],
)
CAMPAIGNS = table(
    ("device", "campaign"), [("mobile", "summer", 40.0), ("mobile", "none", 60.0), ("desktop", "none", 100.0)]
)
TABLES, DUE = zip(BROWSERS, CAMPAIGNS, strict=True)


@pytest.mark.parametrize(
    ("one", "other", "part"),
    [
        ({"browser": "Safari"}, {"device": "mobile"}, 30 / 40),
        ({"device": "mobile"}, {"browser": "Safari"}, 30 / 100),
        ({"campaign": "summer"}, {"device": "mobile"}, 1.0),
        ({"device": "mobile"}, {"device": "desktop"}, 0.0),
        ({"campaign": "summer"}, {"browser": "Safari"}, 0.3),
        ({"browser": "Safari"}, {"campaign": "summer"}, 30 / 40 * 0.4),
        ({"browser": "Safari", "device": "desktop"}, {"campaign": "summer"}, 0.0),
        ({"browser": "Safari"}, {"campaign": "winter"}, 0.0),
    ],
)
def test_the_part_of_a_segment_in_another_by_hand(one, other, part):
    assert part_in(TABLES, DUE, one, other) == pytest.approx(part)


def test_the_first_table_that_tells_all_apart():
    assert table_of(TABLES, {"device": "mobile"}) == 0
    assert table_of(TABLES, {"campaign": "summer"}, {"device": "mobile"}) == 1
    assert table_of(TABLES, {"campaign": "summer"}, {"browser": "Safari"}) is None
    assert table_of(TABLES, {"device": "mobile"}, {"device": "desktop"}) == 0


def test_a_value_that_only_one_table_names_is_among_the_others_of_both():
    fine, _ = table(("source",), [("a", 1.0), ("b", 1.0), (OTHER, 1.0)])
    coarse, _ = table(("source",), [("a", 1.0), (OTHER, 2.0)])
    (first, second), size = shared_keys(fine, coarse)
    names = [[cells.labels[0][code] for code in cells.codes[:, 0]] for cells in (fine, coarse)]
    known = [dict(zip(*pair, strict=True)) for pair in zip(names, (first, second), strict=True)]
    assert size == 2 and known[0]["a"] == known[1]["a"] != known[0]["b"] == known[0][OTHER] == known[1][OTHER]


def test_the_parts_in_the_values_of_a_dimension_add_up_to_one():
    parts = [part_in(TABLES, DUE, {"browser": "Safari"}, {"campaign": name}) for name in ("summer", "none")]
    assert np.sum(parts) == pytest.approx(1.0)
