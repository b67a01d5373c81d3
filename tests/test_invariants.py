"""What must hold for any sessions, any funnel and any filter."""

import tempfile
from collections import defaultdict
from pathlib import Path

from builders import session, store_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queries.engine import Engine
from queries.filters import Filters
from queries.funnel import FUNNELS
from queries.vocabulary import NOT_SET

FLAG = st.sampled_from([None, True, False])
WORLD = st.lists(
    st.builds(
        session,
        pageviews=st.integers(0, 15),
        transactions=st.integers(0, 2),
        revenue=st.integers(0, 500),
        duration_seconds=st.one_of(st.none(), st.integers(0, 4000)),
        device_category=st.sampled_from(["desktop", "mobile", NOT_SET]),
        country=st.sampled_from(["US", "FR", "' or 1=1 --"]),
        viewed_item=FLAG,
        added_to_cart=FLAG,
        began_checkout=FLAG,
    ),
    min_size=1,
    max_size=25,
)
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def engine_over(rows):
    return Engine(store_of(Path(tempfile.mkdtemp()) / "store", rows), threads=1)


@FEW
@given(WORLD, st.sampled_from(FUNNELS))
def test_reach_never_increases_along_a_funnel_and_abandonments_add_up(rows, funnel):
    reach = defaultdict(list)
    for row in engine_over(rows).run("funnel", by="device_category", funnel=funnel).rows:
        reach[row["segment"]].append(row)
    for steps in reach.values():
        reached = [row["reached"] for row in steps]
        assert reached == sorted(reached, reverse=True)
        assert sum(row["abandonments"] or 0 for row in steps) == reached[0] - reached[-1]


@FEW
@given(WORLD)
def test_segments_sum_to_the_total(rows):
    engine = engine_over(rows)
    [total] = engine.run("overview").rows
    for dimension in ("device_category", "country"):
        parts = engine.run("overview", by=dimension).rows
        for measure in ("sessions", "conversions", "transactions", "revenue", "pageviews"):
            assert sum(row[measure] for row in parts) == total[measure]
    assert sum(row["sessions"] for row in engine.run("stages").rows) == total["sessions"]
    assert sum(row["sessions"] for row in engine.run("durations").rows) == total["sessions"]
    assert sum(row["sessions"] for row in engine.run("countries").rows) == total["sessions"]
    whole = [row for row in engine.run("sources_by_device").rows if row["row_kind"] != "all"]
    assert sum(row["sessions"] for row in whole if row["device_category"] == "(all)") == total["sessions"]


@FEW
@given(WORLD, st.sampled_from(["US", "FR", "' or 1=1 --", "DE"]))
def test_a_filter_and_its_opposite_share_the_sessions_out(rows, country):
    engine = engine_over(rows)

    def count(filters):
        return engine.run("overview", filters).rows[0]["sessions"]

    inside = count(Filters.of(include={"country": [country]}))
    outside = count(Filters.of(exclude={"country": [country]}))
    assert inside == sum(row["country"] == country for row in rows)
    assert inside + outside == len(rows)


@FEW
@given(WORLD, st.sampled_from(FUNNELS), st.integers(0, 3))
def test_sessions_that_reached_a_step_and_those_that_did_not_are_all_sessions(rows, funnel, place):
    engine = engine_over(rows)
    steps = funnel.steps[place:]
    reached = engine.run("funnel", funnel=funnel).rows[place]["reached"]
    inside = engine.run("overview", Filters(reached=steps)).rows[0]
    outside = engine.run("overview", Filters(missed=steps)).rows[0]
    assert inside["sessions"] == reached
    assert inside["sessions"] + outside["sessions"] == len(rows)
    assert outside["conversions"] == 0
