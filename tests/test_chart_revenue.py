"""Revenue lost by step as an object: findings at their steps, ranges on one axis of money, and its patches."""

from dataclasses import replace
from itertools import pairwise

import pytest
from alike import assert_patched_like_fresh, layer
from charts_builders import context, counted, result
from hypothesis import given, settings
from hypothesis import strategies as st
from test_charts_sentences import plain
from test_findings import fall, leak, register

from dashboard.charts.revenue_figure import money_ticks, short
from dashboard.charts.revenue_lost import RevenueLost
from dashboard.theme import LIGHT
from queries.filters import Filters
from queries.judged import Judged
from queries.revenue import Estimate

STEPS = ("Browsed", "Engaged", "Deep engagement", "Converted")
REACHED = (10_000, 4_000, 1_500, 94)
AT = ("before a fifth page", "before a tenth page", "at the order", "at every step", "at “Paid”")


def funnel_rows(sessions=10_000):
    left = [now - after for now, after in pairwise(REACHED)] + [None]
    return [
        {"step": step, "reached": reached if sessions else 0, "abandonments": gone}
        for step, reached, gone in zip(STEPS, REACHED, left, strict=True)
    ]


def lost(*told, sessions=10_000):
    """Return the chart and its frame; each finding is (step, basis, (low, median, high))."""
    [model] = register([fall()], []).findings
    found = tuple(
        replace(model, id=f"{place}", name=f"Cause {place}", step=step, basis=basis, price=Estimate(*money))
        for place, (step, basis, money) in enumerate(told)
    )
    judged = Judged("findings", [], "", {}, 1, Filters(), replace(register([fall()], [leak()]), findings=found))
    chart = RevenueLost(context=context())
    return chart, chart.read(
        [result(funnel_rows(sessions)), result([counted(sessions, 94 if sessions else 0)]), judged]
    )


THREE = (
    ("at the order", "costs", (3400.0, 4800.0, 6500.0)),
    ("at the order", "worth", (900.0, 1000.0, 1200.0)),
    ("before a tenth page", "costs", (1900.0, 2300.0, 2600.0)),
)
money = st.tuples(*[st.floats(1, 9000)] * 3).map(lambda ends: tuple(sorted(ends)))
told = st.tuples(st.sampled_from(AT), st.sampled_from(["costs", "worth"]), money)


@settings(max_examples=5, deadline=None)
@given(st.lists(told, max_size=6))
def test_a_patched_figure_equals_a_fresh_one_after_any_frames(findings):
    chart, frame = lost(*findings)
    assert_patched_like_fresh(chart, [lost(*THREE)[1], lost(sessions=0)[1], frame])


@settings(max_examples=40, deadline=None)
@given(st.lists(told, max_size=8))
def test_every_counted_finding_stands_at_one_step_and_the_medians_add_up_to_all(findings):
    _, frame = lost(*findings)
    parts, whole = frame[~frame["whole"]], frame[frame["whole"]]
    for basis in ("costs", "worth"):
        planted = sum(price[1] for _, kind, price in findings if kind == basis)
        for rows in (parts, whole):
            assert rows[rows["basis"] == basis]["median"].sum() == pytest.approx(planted)
    assert sorted(name for names in parts["who"] for name in names) == [f"Cause {n}" for n in range(len(findings))]
    assert parts["name"].drop_duplicates().tolist()[:3] == [
        "Browsed → Engaged", "Engaged → Deep engagement", "Deep engagement → Converted",
    ]  # fmt: skip


def test_falls_and_combinations_of_a_step_are_two_rows_and_two_sums():
    _, frame = lost(*THREE)
    assert list(zip(frame["name"], frame["basis"], frame["median"].fillna(0), strict=True)) == [
        ("Browsed → Engaged", "", 0), ("Engaged → Deep engagement", "costs", 2300),
        ("Deep engagement → Converted", "costs", 4800), ("Deep engagement → Converted", "worth", 1000),
        ("All findings", "costs", 7100), ("All findings", "worth", 1000),
    ]  # fmt: skip
    assert frame["abandonments"].tolist() == [6000, 2500, 1406, 1406, 9906, 9906]


@pytest.mark.parametrize(
    ("step", "name"), [("at every step", "At every step"), ("at “Paid”", "At steps of another funnel")]
)
def test_what_loses_at_no_step_of_this_funnel_has_a_row_of_its_own(step, name):
    _, frame = lost((step, "costs", (1.0, 2.0, 3.0)))
    assert frame["name"].tolist()[3:] == [name, "All findings"]


def test_a_finding_that_could_be_chance_or_is_over_is_left_out():
    judged = replace(register([fall()], []), findings=())
    chart = RevenueLost(context=context())
    [one] = register([fall()], []).findings
    for other in (replace(one, chance=0.3), replace(one, state="recovered"), replace(one, price=None)):
        found = Judged("findings", [], "", {}, 1, Filters(), replace(judged, findings=(other,)))
        frame = chart.read([result(funnel_rows()), result([counted(10_000, 94)]), found])
        assert not frame["whole"].any() and frame["median"].isna().all()


def test_ranges_end_where_the_prices_do_and_say_whose_they_are():
    chart, frame = lost(*THREE)
    ranges, medians = layer(chart, frame, "ranges"), layer(chart, frame, "medians")
    assert ranges["left"][:3].tolist() == [1900, 3400, 900] and ranges["right"][:3].tolist() == [2600, 6500, 1200]
    assert medians["y"].tolist() == ((ranges["bottom"] + ranges["top"]) / 2).tolist()
    assert ranges["title"].tolist()[:3] == ["Cause 2", "Cause 0", "Cause 1"]
    assert [plain(label) for label in layer(chart, frame, "amounts")["label"]] == [
        "–", "$2.3 k", "$4.8 k", "$1.0 k", "$7.1 k", "$1.0 k",
    ]  # fmt: skip
    lefts = layer(chart, frame, "lefts")
    assert lefts["label"].tolist()[:4] == ["6,000 left", "2,500 left", "1,406 left", "missing orders of combinations"]
    assert set(lefts["color"]) == {LIGHT.loss}


def test_the_axis_begins_at_0_and_holds_all_findings_together():
    chart, frame = lost(*THREE)
    [panel] = chart.panels(frame)
    assert panel.x.start == 0 and layer(chart, frame, "ranges")["right"].max() < panel.x.end < 10_000
    assert panel.taps == {}


def test_the_heading_says_what_falls_cost_and_where_most_is_lost():
    chart, frame = lost(*THREE)
    said = chart.say(frame)
    assert plain(said.heading) == "Falls cost $7.1 k a month, $4.8 k of it at Deep engagement → Converted"
    chart, frame = lost(*THREE[:1])
    assert plain(chart.say(frame).heading) == "Falls cost $4.8 k a month, all of it at Deep engagement → Converted"
    chart, frame = lost(*THREE[1:2])
    assert plain(chart.say(frame).heading).startswith("Combinations are worth $1.0 k a month, all of it at ")


def test_nothing_open_and_nothing_at_all():
    chart, frame = lost()
    assert layer(chart, frame, "ranges").empty and set(layer(chart, frame, "amounts")["label"]) == {"–"}
    assert chart.say(frame).heading == "No open finding costs anything"
    assert "have been seen" in chart.say(frame).note
    chart, frame = lost(sessions=0)
    assert chart.say(frame).empty and chart.say(frame).heading == "No sessions, so nothing left"


@pytest.mark.parametrize(("end", "ticks"), [(0, []), (7.0, [0, 2, 4, 6]), (9900, [0, 2000, 4000, 6000, 8000])])
def test_ticks_of_money_are_round(end, ticks):
    assert money_ticks(end) == pytest.approx(ticks)


def test_a_long_step_is_shortened_in_its_middle():
    assert short("All sessions → Browsed") == "All sessions → Browsed"
    assert len(short("Reached a page of the shop → Reached the checkout")) == 30
