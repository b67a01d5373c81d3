"""What a finding means for a selection: whether it touches it, and which part of its price lies inside."""

import datetime as dt
from dataclasses import replace

import pytest
from builders import sessions, store_of
from hypothesis import given
from hypothesis import strategies as st
from test_charts_sentences import plain
from test_findings import DAYS, EDGE, FIRST, ONSET, fall, leak, register

from dashboard.charts.touching import TOUCHES, line, touching
from queries.engine import Engine
from queries.filters import Filters
from queries.findings.inside import is_part, may_touch, share_inside
from queries.funnel import CHECKOUT, ENGAGEMENT

[EDGE_FELL] = register([fall(EDGE)], []).findings
EDGE_FELL = replace(EDGE_FELL, step="at the order")
[SAFARI] = register([], [leak()]).findings
BEFORE = ONSET - dt.timedelta(days=5)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Return a store where Edge had 6 orders before its onset, in the US 3, in India 2, elsewhere 1; then 90 others."""
    orders = {"US": 3, "IN": 2, "DE": 1}
    rows = [
        row for country, count in orders.items()
        for row in sessions(count, browser="Edge", country=country, session_date=BEFORE, transactions=1, revenue=50)
    ]  # fmt: skip
    rows += sessions(90, browser="Edge", country="IN", session_date=ONSET, transactions=1, revenue=50)
    rows += sessions(30, browser="Safari", device_category="mobile", country="US", session_date=BEFORE)
    rows += sessions(10, browser="Safari", device_category="mobile", country="IN", session_date=ONSET)
    return Engine(store_of(tmp_path_factory.mktemp("inside") / "store", rows))


def test_parts_of_a_fall_miss_what_they_had_of_the_orders_before_it(engine):
    shares = [share_inside(engine, EDGE_FELL, Filters.of(include={"country": [name]})) for name in ("US", "IN", "DE")]
    assert shares == [pytest.approx(share) for share in (3 / 6, 2 / 6, 1 / 6)]
    both = share_inside(engine, EDGE_FELL, Filters.of(exclude={"country": ["US"]}))
    assert both == pytest.approx(shares[1] + shares[2])


def test_parts_of_a_combination_miss_what_they_have_of_its_sessions(engine):
    assert share_inside(engine, SAFARI, Filters.of(include={"country": ["US"]})) == pytest.approx(30 / 40)


def test_the_days_of_a_selection_do_not_change_a_part(engine):
    asked = Filters.of(ONSET, ONSET, include={"country": ["US"]}, left_out=[(BEFORE, BEFORE)])
    assert share_inside(engine, EDGE_FELL, asked) == pytest.approx(1 / 2)


def test_nothing_is_said_of_a_group_that_holds_rare_values_put_together(engine):
    assert share_inside(engine, replace(EDGE_FELL, segment={"browser": "(other)"}), Filters()) is None


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        (Filters(), False),
        (Filters.of(FIRST, ONSET), False),
        (Filters.of(include={"browser": ["Edge"]}), False),
        (Filters.of(include={"browser": ["Chrome", "Edge"]}), False),
        (Filters.of(include={"country": ["US"]}), True),
        (Filters.of(exclude={"country": ["US"]}), True),
        (Filters.of(exclude={"browser": ["Chrome"]}), False),
        (replace(Filters.of(include={"country": ["US"]}), reached=(ENGAGEMENT.steps[1],)), False),
    ],
)
def test_a_part_is_what_leaves_out_sessions_of_the_finding(asked, part):
    assert is_part(EDGE_FELL, asked) is part


@given(st.integers(0, DAYS), st.integers(0, DAYS), st.sampled_from(["Edge", "Chrome"]), st.booleans())
def test_a_finding_touches_sessions_of_its_values_on_days_since_it_began(start, length, browser, excluded):
    first = FIRST + dt.timedelta(days=start)
    last = first + dt.timedelta(days=length)
    wanted = {"exclude" if excluded else "include": {"browser": [browser]}}
    inside = last >= ONSET and (browser == "Edge") is not excluded
    assert may_touch(EDGE_FELL, Filters.of(first, last, **wanted)) is inside
    over = replace(EDGE_FELL, recovered=ONSET + dt.timedelta(days=5))
    assert may_touch(over, Filters.of(first, last, **wanted)) is (inside and first < over.recovered)


EVERY = Filters()


def told(engine, found, asked=EVERY, funnel=ENGAGEMENT):
    lines = touching(engine, found, [*TOUCHES, "kpis"], asked, funnel, None)
    return {name: [plain(each["text"]) for each in said] for name, said in lines.items() if said}


def test_a_card_tells_of_a_finding_at_its_step_on_its_days_or_of_its_values(engine):
    found = replace(register([fall(EDGE)], [leak()]), findings=(EDGE_FELL, SAFARI))
    edge = "Edge lost three quarters of its orders since 10 Jun, at the order: $4.0 k a month."
    assert told(engine, found) == {"trend": [edge], "steps": [edge], "funnel": [edge]}
    assert told(engine, found, funnel=CHECKOUT)["funnel"] == [edge]
    assert told(engine, found, Filters.of(date_to=ONSET - dt.timedelta(days=1))) == {}
    placed = replace(EDGE_FELL, step="at every step", segment={"browser": "Edge", "country": "US", "source": "google"})
    assert set(told(engine, replace(found, findings=(placed,)))) == {"trend", "countries", "sources"}


def test_a_selection_is_told_its_part_of_the_price(engine):
    found = replace(register([fall(EDGE)], []), findings=(EDGE_FELL,))
    [said] = told(engine, found, Filters.of(include={"country": ["US"]}))["funnel"]
    assert said.endswith("at the order: of $4.0 k a month, $2.0 k in this selection.")
    assert plain(line(EDGE_FELL, 0.0)["text"]).endswith("of $4.0 k a month, none in this selection.")


def test_what_is_over_ignored_or_could_be_chance_is_not_told(engine):
    for other in ({"state": "recovered"}, {"state": "ignored"}, {"chance": 0.5}):
        found = replace(register([fall(EDGE)], []), findings=(replace(EDGE_FELL, **other),))
        assert told(engine, found) == {}
