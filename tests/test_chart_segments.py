"""Leaderboards and the pivot: what they say of rows by hand, their frames, and their figures of bars and of cells."""

import datetime as dt
import math
from dataclasses import replace

import holoviews as hv
import pytest
from alike import assert_patched_like_fresh
from charts_builders import context, judged, result, segments
from hypothesis import given, settings
from hypothesis import strategies as st
from test_charts_sentences import plain

from dashboard.charts.leaderboards import Leaderboards
from dashboard.charts.pivot import ROWS, Pivot
from dashboard.theme import LIGHT
from queries.changes import difference_interval
from queries.filters import Filters
from queries.pivot import Group
from queries.statistics import wilson_interval
from queries.vocabulary import STORED_DIMENSIONS

COMPARED = Filters.of(dt.date(2017, 7, 2), dt.date(2017, 7, 4))


def asked(before=None, **dimension):
    shown = [dimension.get(name, segments(**{"(not set)": (700, 25)})) for name in STORED_DIMENSIONS]
    return [*shown, *(before or [result([])] * len(STORED_DIMENSIONS))]


def boards(chosen, before=None, **dimension):
    return Leaderboards(context=chosen).state(asked(before, **dimension))


def test_a_leaderboard_ranks_only_what_is_large_enough():
    counts = {"big": (500, 5), "good": (200, 20), "tiny": (9, 3)}

    def ranks(before=None, **chosen):
        past = [segments(**before) if before and name == "source" else result([]) for name in STORED_DIMENSIONS]
        held = replace(context(**chosen), compared=COMPARED if before else None)
        [board] = boards(held, past, source=segments(**counts)).body["boards"]
        return board["rows"]

    assert [row["name"] for row in ranks(sort="Rate")] == ["good", "big", "tiny"]
    assert [row["name"] for row in ranks(sort="Rate", order="Smallest first")] == ["big", "good", "tiny"]
    assert ranks()[2]["cells"][1] == "too few"
    assert ranks({"good": (200, 10)}, sort="Change")[0]["name"] == "good"


def test_a_board_counts_the_values_that_it_does_not_send():
    rows = segments(**{f"source{number}": (300 - number, 5) for number in range(239)})
    [board] = boards(context(), source=rows).body["boards"]
    assert (len(board["rows"]), board["unsent"]) == (200, 39)


def test_leaderboards_show_rate_interval_and_revenue_and_say_what_no_export_gives():
    state = boards(
        context(Filters.of(include={"source": ["good"]})), source=segments(big=(500, 5), good=(200, 20), tiny=(9, 3))
    )
    [board] = state.body["boards"]
    assert [row["name"] for row in board["rows"]] == ["big", "good", "tiny"]
    assert [row.get("state", "") for row in board["rows"]] == ["", "selected", "few"]
    assert [plain(text) for text in board["rows"][1]["cells"]] == ["200", "10.0 %", "$2.00 k"]
    assert plain(board["rows"][1]["subs"][1]) == "6.6–14.9 %"
    assert board["rows"][0]["action"] == {"dimension": "source", "value": "big"}
    assert (
        plain(state.heading)
        == "Source good stands out: 10.0 % of 200 sessions convert, of other source values no more than 2.32 %"
    )
    assert "No export here gives device" in state.note


def test_leaderboards_show_the_change_in_points_and_as_a_ratio_when_days_are_compared():
    before = [segments(good=(200, 8)) if name == "source" else result([]) for name in STORED_DIMENSIONS]
    state = boards(replace(context(), compared=COMPARED), before, source=segments(good=(200, 20), big=(500, 5)))
    [board] = state.body["boards"]
    good = next(row for row in board["rows"] if row["name"] == "good")
    assert plain(good["cells"][2]) == "+6.00 pp"
    assert plain(good["subs"][2]) == "×2.5"
    assert [head["label"] for head in state.body["heads"]] == ["Sessions", "Rate", "Change", "Revenue"]


CHANGED = {"edge": ((3000, 90), (3000, 30)), "chrome": ((9000, 180), (9000, 185)), "mail": ((2000, 20), (2000, 70)),
           "new": ((0, 0), (400, 4)), "tiny": ((20, 9), (20, 0))}  # fmt: skip


def changed(order, sort="Change"):
    before, after = ({name: pair[place] for name, pair in CHANGED.items() if pair[place][0]} for place in (0, 1))
    past = [segments(**before) if name == "source" else result([]) for name in STORED_DIMENSIONS]
    chosen = replace(context(sort=sort, order=order), compared=COMPARED)
    return boards(chosen, past, source=segments(**after))


def test_sorted_by_change_the_heading_names_the_largest_one_and_bold_is_more_than_chance():
    fell, rose = changed("Smallest first"), changed("Largest first")
    assert plain(fell.heading) == (
        "Source edge fell most: 3.00 % to 1.00 % (-2.00 pp), the only one that fell by more than chance"
    )
    assert plain(rose.heading).startswith("Source mail rose most: 1.00 % to 3.50 % (+2.50 pp)")
    assert [row["name"] for row in fell.body["boards"][0]["rows"]] == ["edge", "mail", "chrome", "new", "tiny"]
    assert [row["name"] for row in rose.body["boards"][0]["rows"]] == ["mail", "edge", "chrome", "new", "tiny"]
    marks = {row["name"]: row.get("marks") for row in fell.body["boards"][0]["rows"]}
    assert marks["edge"] == ["", "", "fall", ""]
    assert marks["mail"] == ["", "", "rise", ""]
    assert marks["chrome"] is marks["new"] is marks["tiny"] is None
    assert "at most 5 % of those that are bold" in plain(fell.note)
    yes = {row[1]: row[9] for row in fell.table.rows}
    assert (yes["edge"], yes["chrome"]) == ("yes", "–")
    assert plain(changed("Largest first", "Rate").heading).startswith("Source mail stands out")


PAIRS = {
    ("google", "desktop"): Group(1000, 30, 300.0, (1000, 0, 0, 30)),
    ("google", "mobile"): Group(1000, 2, 20.0, (1000, 0, 0, 2)),
    ("bing", "desktop"): Group(20, 1, 10.0, (20, 0, 0, 1)),
}


def test_a_pivot_names_the_pair_that_lacks_most_where_too_little_can_be_compared():
    state = Pivot(context=context(rows="Source", columns="Device", measure="Rate")).state([judged(PAIRS)])
    assert plain(state.heading) == "google and mobile: 2 of 1,000 converted, 16 at the mean of 1.63 %"
    cell = state.body["rows"][0]["cells"][3]
    assert cell["action"] == {"where": {"source": "google", "device_category": "mobile"}}
    assert cell["fill"] == "diverging-0"
    assert state.body["rows"][1]["cells"][2]["hatch"]
    assert [plain(one["text"]) for one in state.body["rows"][-2]["cells"]] == ["All", "1.63 %", "3.04 %", "0.20 %"]
    assert [one["text"] for one in state.body["rows"][-1]["cells"]] == ["Against desktop", "", "–", "lower in 1 of 1"]


def test_a_pivot_says_in_how_many_rows_a_device_converts_below_another():
    """Below: 2 of 1,000 against 30 of 1,000; close: 20 against 22; too few: less than an order expected in one."""
    rows = {
        "google": ((1000, 30), (1000, 2)),
        "bing": ((1000, 22), (1000, 20)),
        "yahoo": ((900, 27), (900, 1)),
        "ask": ((400, 4), (40, 0)),
    }
    pairs = {
        (source, device): Group(sessions, orders, 10.0 * orders, (sessions, 0, 0, orders))
        for source, both in rows.items()
        for device, (sessions, orders) in zip(("desktop", "mobile"), both, strict=True)
    }
    state = Pivot(context=context(rows="Source", columns="Device", measure="Interval")).state([judged(pairs)])
    said = "Mobile against desktop: lower in 2 of 3 comparable sources, higher in none, 1 too close to tell"
    assert state.heading == f"{said}; 1 too few to say"
    last = state.body["rows"][-1]["cells"][-1]
    assert (last["text"], last["sub"]) == ("lower in 2 of 3", "higher in none")
    assert last["title"] == "lower: google, yahoo; too close: bing; too few: ask"
    assert plain(state.body["rows"][0]["cells"][2]["sub"]) == "1.46–3.31 %"
    only = Pivot(context=context()).state([judged({key: pairs[key] for key in pairs if key[0] in ("google", "yahoo")})])
    assert only.heading == "Mobile against desktop: lower in both comparable sources, higher in none"


def test_a_pivot_says_which_rows_its_heading_counts():
    """Two can be compared, one has too few orders, one was never seen on mobile, and ten small ones stand together."""
    rows = {"google": ((1000, 30), (1000, 2)), "bing": ((1000, 22), (1000, 20)), "ask": ((900, 4), (40, 0))}
    rows |= {f"site{number}": ((300 - number, 1),) for number in range(ROWS)}
    pairs = {
        (source, device): Group(sessions, orders, 10.0 * orders, (sessions, 0, 0, orders))
        for source, both in rows.items()
        for device, (sessions, orders) in zip(("desktop", "mobile"), both, strict=False)
    }
    state = Pivot(context=context(rows="Source", columns="Device", measure="Rate")).state([judged(pairs)])
    assert state.heading.startswith("Mobile against desktop: lower in 1 of 2 comparable sources, ")
    assert state.note.startswith(
        "12 sources have a row of their own: 2 can be compared, 1 has too few orders and 9 have no session in one of "
        "the two (–); the row “(other)” is not counted. "
    )
    assert "no session in one of the two: site0, site1" in state.body["rows"][-1]["cells"][-1]["title"]
    few = Pivot(context=context()).state([judged({key: pairs[key] for key in pairs if not key[0].startswith("site")})])
    assert few.note.startswith("3 sources have a row of their own: 2 can be compared and 1 has too few orders. ")


def test_a_pivot_of_a_dimension_with_itself_takes_another():
    assert Pivot(rows="Device", columns="Device").dimensions == ("device_category", "visitor_type")
    assert Pivot(context=context(rows="nonsense")).dimensions == ("source", "device_category")


def test_the_frame_of_leaderboards_has_a_row_a_dimension_and_value():
    past = [segments(google=(400, 4)) if name == "source" else result([]) for name in STORED_DIMENSIONS]
    chart = Leaderboards(context=replace(context(), compared=COMPARED))
    frame = chart.read(asked(past, source=segments(google=(500, 20), bing=(200, 2))))
    assert len(frame) == 2 + len(STORED_DIMENSIONS) - 1
    google, bing = frame[frame["dimension"] == "source"].to_dict("records")
    assert (google["value"], google["sessions"], google["conversions"], google["conversion_rate"]) == (
        "google", 500, 20, 0.04,
    )  # fmt: skip
    assert (google["conversion_rate_low"], google["conversion_rate_high"]) == wilson_interval(20, 500)
    assert (google["compared_sessions"], google["compared_conversion_rate"]) == (400, 0.01)
    assert google["change"] == pytest.approx(0.03)
    assert (google["change_low"], google["change_high"]) == difference_interval((400, 4), (500, 20))
    assert google["beyond_chance"] and not bing["beyond_chance"]
    assert bing["compared_sessions"] == 0 and math.isnan(bing["change"])


def test_leaderboards_draw_the_largest_values_of_one_dimension_as_bars():
    within = context(Filters.of(include={"source": ["bing"]}))
    chart = Leaderboards(context=within, dimension="source")
    frame = chart.read(asked(source=segments(bing=(200, 2), google=(500, 20), tiny=(9, 3))))
    [bars] = [each for each in chart.plot(frame) if isinstance(each, hv.Bars)]
    [labels] = [each for each in chart.plot(frame) if isinstance(each, hv.Labels)]
    assert bars["number"].tolist() == [500, 200, 9]
    assert bars["place"].tolist() == [0, 1, 2]
    assert bars["color"].tolist() == [LIGHT.bars, LIGHT.accent, LIGHT.bars]
    assert [plain(word) for word in labels["label"]] == [
        "500, 4.00 % (2.60–6.10 %)",
        "200, 1.00 % (0.27–3.57 %)",
        "9, too few",
    ]
    assert bars["title"][0].startswith("google; 500 sessions; ")
    [panel] = chart.panels(frame)
    assert panel.y.labels == ["google", "bing", "tiny"]
    assert (panel.x.start, panel.x.end, panel.y.start, panel.y.end) == (0.0, 950.0, 2.5, -0.5)
    assert chart.tapped(frame, 0, "bars", [1]) == {"dimension": "source", "value": "bing"}


counts = st.integers(1, 3000).flatmap(lambda whole: st.tuples(st.just(whole), st.integers(0, whole)))


@settings(max_examples=3, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abcdefghijkl"), counts, max_size=12), min_size=1, max_size=2))
def test_patched_leaderboards_equal_fresh_ones(boards):
    chart = Leaderboards(context=context(), dimension="source")
    frames = [chart.read(asked(source=segments(**each))) for each in ({}, {"a": (500, 20)}, *boards)]
    assert_patched_like_fresh(chart, frames)


def pivot_of(pairs, **chosen):
    chart = Pivot(context=context(rows="Source", columns="Device", **chosen))
    return chart, chart.read([judged(pairs)])


def test_the_frame_of_a_pivot_has_a_row_a_pair():
    _, frame = pivot_of(PAIRS)
    assert frame[["row", "column", "sessions", "conversions"]].to_numpy().tolist() == [
        ["google", "desktop", 1000, 30], ["google", "mobile", 1000, 2], ["bing", "desktop", 20, 1],
    ]  # fmt: skip
    mean = 33 / 2020
    first = frame.iloc[0]
    assert first["expected"] == pytest.approx(1000 * mean)
    assert first["shrunk_ratio"] == pytest.approx((30 + 300 * mean) / 1300 / mean)
    assert (first["conversion_rate_low"], first["conversion_rate_high"]) == wilson_interval(30, 1000)
    assert frame.attrs == {"rows": "source", "columns": "device_category"}


def test_a_pivot_draws_a_cell_a_pair_on_the_colour_of_its_rate_and_hatches_a_handful():
    chart, frame = pivot_of(PAIRS)
    [cells] = [each for each in chart.plot(frame) if isinstance(each, hv.Rectangles)]
    [labels] = [each for each in chart.plot(frame) if isinstance(each, hv.Labels)]
    assert cells["color"].tolist() == [LIGHT.diverging[5], LIGHT.diverging[0], LIGHT.sunken]
    assert cells["hatch"].tolist() == [" ", " ", "/"]
    assert ((cells["left"] + cells["right"]) / 2).tolist() == pytest.approx([0, 1, 0])
    assert ((cells["bottom"] + cells["top"]) / 2).tolist() == pytest.approx([0, 0, 1])
    assert [plain(word) for word in labels["label"]] == ["3.00 %", "0.20 %", "1 of 20"]
    assert labels["ink"].tolist()[1] == "#FFFFFF"
    [panel] = chart.panels(frame)
    assert (panel.x.labels, panel.y.labels) == (["Desktop", "Mobile"], ["google", "bing"])
    assert chart.tapped(frame, 0, "cells", [1]) == {"where": {"source": "google", "device_category": "mobile"}}


def test_a_pivot_of_sessions_is_as_strong_as_they_are_many():
    chart, frame = pivot_of(PAIRS, measure="Sessions")
    [panel] = chart.panels(frame)
    assert panel.layers["cells"]["color"].tolist() == [LIGHT.sequential[6], LIGHT.sequential[6], LIGHT.sequential[0]]
    assert [plain(word) for word in panel.layers["words"]["label"]] == ["1,000", "1,000", "20"]


pairs = st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from(["desktop", "mobile"])), counts, max_size=6)


@settings(max_examples=3, deadline=None)
@given(st.lists(pairs, min_size=1, max_size=2))
def test_a_patched_pivot_equals_a_fresh_one(shown):
    chart, whole = pivot_of(PAIRS)
    groups = [{key: Group(*both, 0.0, (both[0], 0, 0, both[1])) for key, both in each.items()} for each in shown]
    assert_patched_like_fresh(chart, [pivot_of({})[1], whole, *(pivot_of(each)[1] for each in groups)])
