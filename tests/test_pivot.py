"""Two dimensions at once: counts add up, steps are cumulative, rare values stand together."""

import pytest
from builders import session, sessions, store_of

from queries.engine import Engine
from queries.filters import FilterError, Filters
from queries.funnel import CHECKOUT, ENGAGEMENT
from queries.pivot import OTHERS, Group, ask_pivot, cut, margin

ROWS = [
    *sessions(3, source="google", device_category="desktop"),
    session(source="google", device_category="desktop", pageviews=12, transactions=2, revenue=30),
    session(source="google", device_category="mobile", pageviews=7),
    *sessions(2, source="bing", device_category="mobile"),
    session(source="' or 1=1 --", device_category="mobile", transactions=1, revenue=5),
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return Engine(store_of(tmp_path_factory.mktemp("pivot") / "store", ROWS))


def test_sessions_are_counted_by_both_dimensions_and_by_the_steps_they_reached(engine):
    groups, result = ask_pivot(engine, ("source", "device_category"), Filters(), ENGAGEMENT)
    assert groups == {
        ("google", "desktop"): Group(4, 1, 30.0, (4, 1, 1, 1)),
        ("google", "mobile"): Group(1, 0, 0.0, (1, 1, 0, 0)),
        ("bing", "mobile"): Group(2, 0, 0.0, (2, 0, 0, 0)),
        ("' or 1=1 --", "mobile"): Group(1, 1, 5.0, (1, 1, 1, 1)),
    }
    assert result.rows[0] == {
        "source": "google", "device_category": "desktop", "sessions": 4, "conversions": 1, "revenue": 30.0,
        "reached_1": 4, "reached_2": 1, "reached_3": 1, "reached_4": 1,
    }  # fmt: skip


def test_it_agrees_with_the_funnel_of_one_dimension(engine):
    groups, _ = ask_pivot(engine, ("source", "device_category"), Filters(), CHECKOUT)
    funnel = engine.run("funnel", by="device_category", funnel=CHECKOUT).rows
    for device, group in margin(groups, 1).items():
        assert list(group.reached) == [row["reached"] for row in funnel if row["segment"] == device]


def test_filters_are_followed_and_a_wrong_dimension_is_refused(engine):
    only = Filters.of(include={"source": ["' or 1=1 --"]})
    groups, _ = ask_pivot(engine, ("source", "device_category"), only, ENGAGEMENT)
    assert list(groups) == [("' or 1=1 --", "mobile")]
    with pytest.raises(FilterError, match="is not a dimension"):
        ask_pivot(engine, ("source", "pageviews"), Filters(), ENGAGEMENT)


def test_rare_values_stand_together_and_nothing_is_lost(engine):
    groups, _ = ask_pivot(engine, ("source", "device_category"), Filters(), ENGAGEMENT)
    small = cut(groups, (1, 2))
    assert small[(OTHERS, "mobile")] == Group(3, 1, 5.0, (3, 1, 1, 1))
    assert sum(group.sessions for group in small.values()) == len(ROWS)
    assert list(margin(small, 0)) == ["google", OTHERS]
