"""Why conversion changed as an object: its frame, its waterfall, and a patched figure that equals a fresh one."""

import datetime as dt
from dataclasses import replace

import pytest
from alike import assert_patched_like_fresh, layer
from charts_builders import context, counted, funnel_rows, result
from hypothesis import given, settings
from hypothesis import strategies as st
from test_charts_sentences import plain

from dashboard.charts.why import Why
from dashboard.charts.why_figure import size_of
from dashboard.theme import DARK, LIGHT
from queries.filters import Filters

COMPARED = Filters.of(dt.date(2017, 7, 2), dt.date(2017, 7, 4))
BEFORE, AFTER = (3833, (3831, 641, 227, 15)), (6167, (6166, 1080, 456, 79))
CELLS = ("device_category", "visitor_type", "country", "sessions", "conversions")
CLEAR = (
    (*BEFORE, ("desktop", "new", "US", 1000, 12), ("mobile", "new", "IN", 2833, 3)),
    (*AFTER, ("desktop", "new", "US", 3000, 75), ("mobile", "new", "IN", 3167, 4)),
)
CHANCE = (
    (1000, (1000, 100, 50, 10), ("desktop", "new", "US", 1000, 10)),
    (1000, (1000, 110, 55, 12), ("desktop", "new", "US", 1000, 12)),
)
REVERSED = (
    (1000, (1000, 900, 800, 140), ("desktop", "new", "US", 100, 50), ("mobile", "new", "US", 900, 90)),
    (1000, (1000, 900, 800, 414), ("desktop", "new", "US", 900, 405), ("mobile", "new", "US", 100, 9)),
)


def period(sessions, reached, *rows):
    steps = [row | {"segment": "(all)"} for row in funnel_rows(every=reached)]
    cells = [dict(zip(CELLS, row, strict=True)) for row in rows]
    return result([counted(sessions, reached[-1])]), result(steps), result(cells)


def changed(before, after):
    """Return the card's chart and its frame for two periods."""
    chart = Why(context=replace(context(), compared=COMPARED))
    return chart, chart.read([*period(*after), *period(*before)])


def uncompared(held):
    chart = Why(context=held)
    return chart, chart.read([*period(*AFTER), result([]), result([]), result([])])


reach = st.integers(1, 2000).flatmap(
    lambda n: st.tuples(st.just(n), st.integers(0, n)).flatmap(
        lambda two: st.tuples(*map(st.just, two), st.integers(0, two[1])).flatmap(
            lambda three: st.tuples(*map(st.just, three), st.integers(0, three[2]))
        )
    )
)
periods = reach.map(lambda reached: (reached[0], reached, ("desktop", "new", "US", reached[0], reached[-1])))


@settings(max_examples=3, deadline=None)
@given(periods, periods)
def test_a_patched_figure_equals_a_fresh_one_after_any_frames(before, after):
    chart, frame = changed(before, after)
    assert_patched_like_fresh(chart, [frame, uncompared(context())[1], changed(*REVERSED)[1]])


def test_the_parts_add_up_to_the_change_and_begin_where_the_part_before_ends():
    parts = changed(*CLEAR)[1]["parts"]
    assert parts["part"].tolist() == [
        "All sessions → Browsed",
        "Browsed → Engaged",
        "Engaged → Deep engagement",
        "Deep engagement → Converted",
        "Change",
        "Who visited",
        "How they convert",
    ]
    total = 79 / 6167 - 15 / 3833
    assert parts["change"][:4].sum() == pytest.approx(total)
    assert parts["change"][5:].sum() == pytest.approx(total) == parts["change"][4]
    assert parts["start"][1:4].tolist() == pytest.approx(parts["end"][:3].tolist())
    assert (parts["start"][6], parts["end"][6]) == (parts["end"][5], pytest.approx(total))
    assert parts["low"][4] < total < parts["high"][4] and parts["low"].notna().sum() == 1


def test_the_words_name_the_step_and_how_much_is_who_visited():
    chart, frame = changed(*CLEAR)
    said = chart.say(frame)
    assert plain(said.heading).startswith("+0.72 pp of the +0.89 pp rise came from the last step; ")
    assert plain(said.heading).endswith("% of it is a change in who visited")
    assert "2–4 Jul 2017" in said.note
    rows = chart.table(frame).rows
    assert [row[:2] for row in rows[3:8]] == [
        ("Step", "Deep engagement → Converted"),
        ("Change", "all steps"),
        ("Mix", "who visited"),
        ("Rate", "how they convert"),
        ("Mix of a group", "desktop, new, United States"),
    ]
    assert plain(rows[4][2]) == "+0.8897 pp"


def test_the_bars_stand_between_the_sums_with_their_interval_and_amounts():
    chart, frame = changed(*CLEAR)
    parts, bars = frame["parts"], layer(chart, frame, "bars")
    assert bars["left"].tolist() == parts["start"].tolist()
    assert bars["right"].tolist() == parts["end"].tolist()
    fall = parts["change"][0] < 0
    assert bars["color"].tolist() == [LIGHT.loss if fall else LIGHT.accent, *[LIGHT.accent] * 4, *[LIGHT.bars] * 2]
    interval = layer(chart, frame, "interval")
    assert interval[["x", "x_too"]].to_numpy().tolist() == [[parts["low"][4], parts["high"][4]]]
    assert interval["y"].tolist() == [-4]
    values = layer(chart, frame, "values")
    assert [plain(text) for text in values["label"][1:5]] == ["+0.03 pp", "+0.13 pp", "+0.72 pp", "+0.89 pp"]
    assert values["x"][4] == parts["high"][4], "the amount stands behind the interval"
    assert layer(chart, frame, "names")["label"][3] == "Deep engagement →\nConverted"
    assert bars["title"][6].startswith("How they convert: +")


def test_a_fall_has_the_colour_of_loss_in_both_themes():
    chart, frame = changed(*reversed(CLEAR))
    assert layer(chart, frame, "bars")["color"][4] == LIGHT.loss
    chart.theme = "dark"
    assert layer(chart, frame, "bars")["color"][4] == DARK.loss


def test_the_axis_holds_all_bars_and_the_interval_with_room_for_the_amounts():
    chart, frame = changed(*CHANCE)
    [panel] = chart.panels(frame)
    parts = frame["parts"]
    assert panel.x.start < parts["low"].min() < 0 < parts["high"].max() < panel.x.end
    assert (panel.x.end - parts["high"].max()) / (panel.x.end - panel.x.start) > 0.25
    assert panel.height == size_of(parts)[0] > 200


def test_a_change_within_chance_is_grey_and_said_to_be():
    chart, frame = changed(*CHANCE)
    assert plain(chart.say(frame).heading) == "No change beyond chance: +0.20 pp (-0.78 pp to +1.20 pp)"
    assert set(layer(chart, frame, "bars")["color"]) == {LIGHT.bars}


def test_a_total_that_moves_against_its_groups_is_marked():
    chart, frame = changed(*REVERSED)
    assert chart.say(frame).heading.endswith("though the groups of visitors moved the other way")
    assert layer(chart, frame, "warning")["label"].tolist() == ["The total moved against its groups"]
    assert layer(*changed(*CLEAR), "warning").empty


def test_without_compared_days_the_card_leads_to_them_or_says_that_there_are_none():
    def offered(held):
        chart, frame = uncompared(held)
        said = chart.say(frame)
        assert said.heading == "Nothing is compared" and said.empty == said.nothing["text"]
        state = chart.state([*period(*AFTER), result([]), result([]), result([])])
        assert (state.empty, state.table, state.body["nothing"]) == (said.empty, None, said.nothing)
        return said.nothing

    later = context(Filters.of(dt.date(2017, 7, 5), dt.date(2017, 7, 7)))
    assert offered(later)["opens"] == "compare"
    every = offered(context())
    assert every["text"] == "The data begin on 2 Jul: show fewer days, and those before them can be compared."
    assert every["opens"] == "days"
    alone = offered(context(days=1))
    assert alone["text"] == "The store holds one day, 2 Jul: there is none to compare it with."
    assert "opens" not in alone
