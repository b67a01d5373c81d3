"""Revenue at stake by step as an object: its frame, its ranges on one axis of money, and its patches."""

from types import SimpleNamespace

import pytest
from alike import assert_patched_like_fresh, layer
from charts_builders import context, counted, result
from hypothesis import given, settings
from hypothesis import strategies as st
from test_charts_sentences import plain

from dashboard.charts.revenue_figure import money_ticks, short
from dashboard.charts.revenue_lost import RevenueLost
from dashboard.theme import LIGHT
from queries.filters import Filters
from queries.judged import Judged
from queries.revenue import Estimate

STEPS = ("Browsed", "Engaged", "Deep engagement", "Converted")


def row(place, left, ceiling, conversions=94, revenue=13_383.35):
    return {
        "step": STEPS[place], "next_step": STEPS[place + 1], "abandonments": left, "ceiling": ceiling,
        "conversions": conversions, "revenue": revenue, "revenue_per_conversion": revenue / conversions,
    }  # fmt: skip


def stakes(*ends, sessions=1000):
    """Return the chart and its frame: one step each, with (low, median, high) or None."""
    leaks = [
        [SimpleNamespace(segment={"device_category": "mobile"}, revenue_at_stake=Estimate(*end))] if end else []
        for end in ends
    ]
    reports = [
        SimpleNamespace(leaks=held, gaps=[], in_period=lambda money: money, monthly=lambda one: one, period="a month")
        for held in leaks
    ]
    found = Judged("built", [], "", {}, 1, Filters(), [SimpleNamespace(leaks=report) for report in reports])
    rows = [row(place, 1000 * (place + 1), 10_000.0 * (place + 1)) for place in range(len(ends))]
    chart = RevenueLost(context=context())
    return chart, chart.read([result(rows), result([counted(sessions, 10 if sessions else 0)]), found])


THREE = ((3400.0, 4800.0, 6500.0), None, (1900.0, 2300.0, 2600.0))
money = st.tuples(*[st.floats(1, 9000)] * 3).map(lambda ends: tuple(sorted(ends)))


@settings(max_examples=3, deadline=None)
@given(st.lists(st.none() | money, min_size=1, max_size=3))
def test_a_patched_figure_equals_a_fresh_one_after_any_frames(ends):
    chart, frame = stakes(*ends)
    assert_patched_like_fresh(chart, [stakes(*THREE)[1], stakes(sessions=0)[1], frame])


def test_the_frame_has_a_row_a_step_with_its_ceiling_and_its_estimate_if_it_has_one():
    _, frame = stakes(*THREE)
    assert frame["ceiling"].tolist() == [10_000, 20_000, 30_000]
    assert frame["median"].fillna(0).tolist() == [4800, 0, 2300]
    assert frame["who"].tolist() == [("Mobile",), (), ("Mobile",)]
    assert frame.attrs == {"period": "a month", "sessions": True}


def test_ranges_end_where_the_estimates_do_and_all_steps_stand_last():
    chart, frame = stakes(*THREE)
    ranges, medians = layer(chart, frame, "ranges"), layer(chart, frame, "medians")
    assert ranges["left"][:2].tolist() == [3400, 1900] and ranges["right"][:2].tolist() == [6500, 2600]
    assert medians["median"].tolist() == [4800, 2300, 7100]
    assert medians["y"].tolist() == ((ranges["bottom"] + ranges["top"]) / 2).tolist()
    assert ranges["title"].tolist() == ["Mobile against their peers"] * 2 + ["All steps together"]
    assert [plain(label) for label in layer(chart, frame, "amounts")["label"]] == ["$4.8 k", "–", "$2.3 k", "$7.1 k"]
    assert plain(layer(chart, frame, "intervals")["label"][0]) == "$3.4 k – $6.5 k"


def test_the_axis_begins_at_0_and_holds_all_steps_together_but_no_ceiling():
    chart, frame = stakes(*THREE)
    [panel] = chart.panels(frame)
    total = layer(chart, frame, "ranges")["right"].max()
    assert panel.x.start == 0 and total < panel.x.end < 10_000
    assert [plain(label) for label in panel.x.labels] == ["0", "$2 k", "$4 k", "$6 k", "$8 k"]
    assert panel.taps == {}


def test_words_beside_a_step_say_who_left_in_the_colour_of_loss_and_the_ceiling():
    chart, frame = stakes(*THREE)
    assert layer(chart, frame, "names")["label"].tolist() == [
        "Browsed → Engaged", "Engaged → Deep engagement", "Deep engagement → Converted", "All steps",
    ]  # fmt: skip
    lefts = layer(chart, frame, "lefts")
    assert lefts["label"].tolist() == ["1,000 left", "2,000 left", "3,000 left", "6,000 left"]
    assert set(lefts["color"]) == {LIGHT.loss}
    assert plain(layer(chart, frame, "ceilings")["label"][3]) == "ceiling $60.0 k"
    assert plain(layer(chart, frame, "heads")["label"][0]) == "At stake a month, 80 % interval"


def test_nothing_stands_out_and_nothing_at_all():
    chart, frame = stakes(None, None)
    assert layer(chart, frame, "ranges").empty and set(layer(chart, frame, "amounts")["label"]) == {"–"}
    assert "nobody falls short" in chart.say(frame).note
    chart, frame = stakes(sessions=0)
    assert chart.say(frame).empty and chart.say(frame).heading == "No sessions, so nothing left"


@pytest.mark.parametrize(("end", "ticks"), [(0, []), (7.0, [0, 2, 4, 6]), (9900, [0, 2000, 4000, 6000, 8000])])
def test_ticks_of_money_are_round(end, ticks):
    assert money_ticks(end) == pytest.approx(ticks)


def test_a_long_step_is_shortened_in_its_middle():
    assert short("All sessions → Browsed") == "All sessions → Browsed"
    assert len(short("Reached a page of the shop → Reached the checkout")) == 28
