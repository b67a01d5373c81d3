"""The charts of steps as objects: frames, what is drawn of them, and patched figures that equal fresh ones."""

import datetime as dt
import math
from dataclasses import replace

import holoviews as hv
import numpy as np
import pytest
from alike import assert_patched_like_fresh, layer
from charts_builders import ORIGINAL, context, counted, funnel_rows, result
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.charts.completion import Completion
from dashboard.charts.completion_figure import BELOW
from dashboard.charts.funnel import Funnel
from dashboard.charts.step_times import StepTimes
from dashboard.charts.steps import NOTE, Steps
from dashboard.theme import DARK, LIGHT
from queries.filters import Filters
from queries.funnel import ENGAGEMENT
from queries.judged import Judged
from queries.pivot import Group
from queries.statistics import wilson_interval

COMPARED = Filters.of(dt.date(2017, 7, 2), dt.date(2017, 7, 4))
SHARES = [1159 / 6108, 489 / 3437, 73 / 452]


def plain(text):
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def funnel(before=None, held=None, every=None, **reached):
    """Return the funnel by device and its frame, of what reached each step in the shown and the compared days."""
    held = held or context()
    chart = Funnel(context=replace(held, compared=COMPARED) if before else held)
    sessions = counted(every or sum(counts[0] for counts in reached.values()), 0)
    return chart, chart.read([result(funnel_rows(**reached)), result([sessions]), result(funnel_rows(**before or {}))])


def completion(before=None, held=None, **reached):
    held = held or context()
    chart = Completion(context=replace(held, compared=COMPARED) if before else held)
    return chart, chart.read([result(funnel_rows(**reached)), result(funnel_rows(**before or {}))])


def steps(*reached, sessions=None, held=None):
    chart = Steps(context=held or context())
    rows = funnel_rows(every=reached) if reached else []
    return chart, chart.read([result([row | {"segment": "(all)"} for row in rows]),
                              result([counted(sessions or reached[0], 0)] if reached else [])])  # fmt: skip


def times(*rows):
    """Return the times of steps: (last step, sessions, measured, median seconds) each."""
    names = ("last_step", "sessions", "sessions_with_duration", "median_duration_seconds")
    chart = StepTimes(context=context())
    return chart, chart.read([result([dict(zip(names, row, strict=True)) for row in rows])])


def by_two(groups, **held):
    chart = Funnel(context=context(by="Visitor type", **{"and": "Device"}, **held))
    found = Judged("built", [], "", {}, 1, Filters(), groups)
    return chart, chart.read([found, found, result([])])


reach = st.lists(st.integers(0, 5000), min_size=4, max_size=4).map(lambda counts: tuple(sorted(counts, reverse=True)))
devices = st.dictionaries(st.sampled_from(["desktop", "mobile", "tablet", "(not set)", "tv"]), reach, max_size=5)


@settings(max_examples=2, deadline=None)
@given(devices, devices, st.sampled_from(["Linear", "Log"]))
def test_a_patched_funnel_equals_a_fresh_one_after_any_frames(shown, before, scale):
    chart, frame = funnel(before if shown else None, context(scale=scale), **shown)
    _, empty = funnel()
    _, wide = funnel(**ORIGINAL)
    assert_patched_like_fresh(chart, [empty, frame, wide, empty])


@settings(max_examples=2, deadline=None)
@given(devices, devices)
def test_patched_completion_equals_a_fresh_one_after_any_frames(shown, before):
    chart, frame = completion(before if shown else None, **shown)
    assert_patched_like_fresh(chart, [frame, completion()[1]])


@settings(max_examples=2, deadline=None)
@given(reach, st.lists(st.tuples(st.integers(0, 99), st.none() | st.integers(1, 9999)), min_size=5, max_size=5))
def test_patched_steps_and_their_times_equal_fresh_ones_after_any_frames(reached, ended):
    chart, frame = steps(*reached)
    assert_patched_like_fresh(chart, [frame, steps()[1]])
    rows = [(place, 100, 0 if median is None else measured, median) for place, (measured, median) in enumerate(ended)]
    chart, frame = times(*rows)
    assert_patched_like_fresh(chart, [times()[1], frame, times(rows[1])[1]])


def test_the_frame_has_a_row_a_step_and_segment_with_the_compared_period_beside():
    _, frame = funnel({"desktop": (80, 20, 8, 2)}, desktop=(100, 50, 20, 10), mobile=(40, 10, 0, 0))
    assert frame[["step", "device_category"]].values.tolist()[:3] == [
        ["Browsed", "desktop"], ["Browsed", "mobile"], ["Engaged", "desktop"],
    ]  # fmt: skip
    first = frame.iloc[2]
    assert (first["reached"], first["share_of_first"], first["completion_rate"]) == (50, 0.5, 0.4)
    assert (first["reached_before"], first["share_of_first_before"], first["abandonments"]) == (20, 0.25, 30)
    low, high = wilson_interval(50, 100)
    assert (first["share_of_first_low"], first["share_of_first_high"]) == pytest.approx((low, high))
    assert math.isnan(frame.iloc[3]["reached_before"]) and math.isnan(frame.iloc[-1]["completion_rate"])


def test_bars_are_the_shares_of_the_frame_in_the_colours_of_devices():
    chart, frame = funnel(**ORIGINAL)
    engaged = [layer(chart, frame, f"bars {slot}").iloc[1] for slot in range(3)]
    assert [bar["length"] for bar in engaged] == SHARES
    assert [bar["color"] for bar in engaged] == [LIGHT.devices[name] for name in ("desktop", "mobile", "tablet")]
    left = layer(chart, frame, "left")
    assert left["length"].tolist() == [1.0] * 3 + SHARES + [473 / 6108, 184 / 3437, 26 / 452]
    assert sum(isinstance(each, hv.Bars) for each in chart.plot(frame)) == 6
    chart.theme = "dark"
    assert layer(chart, frame, "bars 1")["color"].tolist() == [DARK.devices["mobile"]] * 4


def test_a_bar_stands_at_the_name_of_its_segment():
    chart, frame = funnel(**ORIGINAL)
    [panel] = chart.panels(frame)
    names = dict(zip(panel.y.ticks, panel.y.labels, strict=True))
    assert list(panel.y.ticks) == sorted(panel.y.ticks), "Bokeh leaves out names whose places fall"
    for slot, name in enumerate(["Desktop", "Mobile", "Tablet"]):
        assert {names[row] for row in layer(chart, frame, f"bars {slot}")["row"]} == {name}
    assert (panel.x.start, panel.x.end, list(panel.x.ticks)) == (0.0, 1.0, [])
    assert panel.y.start < min(panel.y.ticks) and max(panel.y.ticks) < panel.y.end


def test_a_chosen_device_keeps_its_colour_and_the_others_are_pale():
    chosen = context(Filters.of(include={"device_category": ["mobile"]}))
    chart, frame = funnel(held=chosen, **ORIGINAL)
    colours = [set(layer(chart, frame, f"bars {slot}")["color"]) for slot in range(3)]
    assert colours == [{LIGHT.bars}, {LIGHT.devices["mobile"]}, {LIGHT.bars}]
    unwanted = context(Filters.of(exclude={"device_category": ["mobile"]}))
    chart, frame = funnel(held=unwanted, **ORIGINAL)
    assert set(layer(chart, frame, "bars 1")["color"]) == {LIGHT.bars}
    assert " on mobile" in chart.say(frame).heading.split("; ")[1]


def test_a_click_on_a_bar_filters_to_its_segment_and_one_on_a_name_to_its_step():
    chart, frame = funnel(**ORIGINAL)
    assert chart.tapped(frame, 0, "targets", [4]) == {"dimension": "device_category", "value": "mobile"}
    assert chart.tapped(frame, 0, "step targets", [2]) == {"step": "Deep engagement"}
    targets, heads = layer(chart, frame, "targets"), layer(chart, frame, "step targets")
    [mobile] = targets[targets["title"].str.startswith("Mobile: 489 reached Engaged")].to_dict("records")
    at = layer(chart, frame, "bars 1")["row"][1]
    assert mobile["bottom"] < at < mobile["top"] and (mobile["left"], mobile["right"]) == (0.0, 1.0)
    names = layer(chart, frame, "steps")
    assert np.all((heads["bottom"] < names["row"]) & (names["row"] < heads["top"]))
    assert names["label"].tolist() == [step.name for step in ENGAGEMENT.steps]


def test_a_step_that_is_filtered_to_has_the_accent():
    chart, frame = funnel(held=context(Filters(reached=(ENGAGEMENT.steps[1],))), **ORIGINAL)
    colours = layer(chart, frame, "steps")["color"].tolist()
    assert colours == [LIGHT.text, LIGHT.accent, LIGHT.text, LIGHT.text]


def test_figures_stand_at_the_right_of_each_bar():
    chart, frame = funnel(every=10_000, **ORIGINAL)
    said = layer(chart, frame, "texts").groupby("row")["label"].apply(lambda each: [plain(one) for one in each])
    row = layer(chart, frame, "bars 1")["row"][1]
    assert said[row] == ["489", "14.2 %"]
    more = layer(chart, frame, "wide texts")
    assert [plain(one) for one in more[more["row"] == row]["label"]] == ["13.1–15.4 %", "14.2 %"]
    assert [plain(one) for one in layer(chart, frame, "texts")["label"] if "left" in one] == [
        "8,276 left before", "1,038 left before", "589 left before",
    ]  # fmt: skip
    assert chart.say(frame).note.endswith("3 of 10,000 sessions reached no step.")


def test_on_a_log_scale_dots_with_intervals_stand_for_bars():
    chart, frame = funnel(held=context(scale="Log"), **ORIGINAL)
    [panel] = chart.panels(frame)
    assert [plain(label) for label in panel.x.labels] == ["0.1", "1", "10", "100 %"]
    assert list(panel.x.ticks) == pytest.approx([0, 1 / 3, 2 / 3, 1])
    dots, whiskers = layer(chart, frame, "dots 1"), layer(chart, frame, "whiskers")
    assert dots["share"].tolist() == [1.0, 489 / 3437, 184 / 3437, 7 / 3437]
    assert dots["place"].tolist() == pytest.approx([1 + math.log10(share) / 3 for share in dots["share"]])
    ends = whiskers[whiskers["from_row"] == dots["row"][1]].iloc[0]
    low, high = wilson_interval(489, 3437)
    assert (ends["from_place"], ends["to_place"]) == pytest.approx((1 + math.log10(low) / 3, 1 + math.log10(high) / 3))
    assert ends["color"] == LIGHT.devices["mobile"] and set(dots["shape"]) == {"square"}
    assert layer(chart, frame, "bars 1").empty and layer(chart, frame, "left").empty
    assert panel.legend == {"dots 0": "Desktop", "dots 1": "Mobile", "dots 2": "Tablet"}


def test_both_periods_stand_side_by_side():
    chart, frame = funnel({"desktop": (80, 20, 8, 2)}, desktop=(100, 50, 20, 10))
    marks = layer(chart, frame, "before")
    assert marks["from_place"].tolist() == marks["to_place"].tolist() == [1.0, 0.25, 0.1, 0.025]
    [panel] = chart.panels(frame)
    assert plain(panel.legend["before"]) == "2–4 Jul"
    table = chart.table(frame)
    assert table.headers[-3:] == ("Reached, 2–4 Jul", "Share, 2–4 Jul", "Completion, 2–4 Jul")
    assert plain(table.rows[1][-2]) == "25.0 %"
    assert "20 reached it in the compared days" in layer(chart, frame, "targets")["title"][1]
    alone, frame = funnel(desktop=(100, 50, 20, 10))
    assert layer(alone, frame, "before").empty and "before" not in alone.panels(frame)[0].legend


def test_a_funnel_by_two_dimensions_says_who_and_filters_to_both():
    chart, frame = by_two({
        ("new", "desktop"): Group(400, 4, 40.0, (400, 60, 20, 4)),
        ("returning", "desktop"): Group(100, 9, 90.0, (100, 40, 20, 9)),
    })  # fmt: skip
    assert plain(chart.say(frame).heading) == (
        "80 % of sessions never reach a fifth page: 85 % of new visitors on desktop, 60 % of returning visitors on "
        "desktop"
    )
    assert frame["segment"].tolist()[0] == "New, Desktop"
    assert chart.tapped(frame, 0, "targets", [2]) == {"where": {"visitor_type": "new", "device_category": "desktop"}}
    assert chart.table(frame).headers[1] == "Visitor type and device"
    assert chart.panels(frame)[0].legend == {"left": "left at this step", "bars 0": "reached"}
    assert set(layer(chart, frame, "bars 0")["color"]) == {LIGHT.accent}
    assert chart.settings == {"by": "Visitor type", "and": "Device", "scale": "Linear"}
    assert list(Funnel.card().settings) == ["by", "and", "scale"]


def test_small_groups_are_one_grey_bar_without_a_click():
    chart = Funnel(context=context(by="Source"))
    reached = {f"site{number}": (100 - number, 10, 5, 1) for number in range(9)}
    frame = chart.read([result(funnel_rows(**reached)), result([counted(864, 9)]), result([])])
    [panel] = chart.panels(frame)
    assert len(frame) == 6 * 4 and frame["segment"][5] == "Others"
    assert layer(chart, frame, "bars 0")["color"][5] == LIGHT.bars
    assert panel.taps["targets"][5] is None
    assert "The 4 smaller groups stand together as others." in chart.say(frame).note
    assert panel.height > funnel(**ORIGINAL)[0].panels(funnel(**ORIGINAL)[1])[0].height


def test_completion_has_a_picture_a_step_with_the_rates_of_the_frame():
    chart, frame = completion(**ORIGINAL)
    panels = chart.panels(frame)
    assert [panel.title for panel in panels] == ["Browsed → Engaged", "Engaged → Deep engagement",
                                                 "Deep engagement → Converted"]  # fmt: skip
    assert plain(panels[2].verdict) == "Desktop ahead of mobile: 18 % against 4 %"
    dots, whiskers = layer(chart, frame, "dots", 2), layer(chart, frame, "whiskers", 2)
    assert dots["completion_rate"].tolist() == [85 / 473, 7 / 184, 2 / 26]
    assert dots["color"].tolist() == [LIGHT.devices[name] for name in ("desktop", "mobile", "tablet")]
    assert dots["alpha"].tolist() == [1.0, 1.0, 0.45]
    low, high = wilson_interval(85, 473)
    assert (whiskers["low"][0], whiskers["high"][0]) == pytest.approx((low, high))
    assert dict(zip(panels[2].y.ticks, panels[2].y.labels, strict=True))[dots["row"][1]] == "Mobile"
    assert layer(chart, frame, "counts", 2)["label"].tolist() == ["388 left", "177 left", "n 26"]
    assert chart.tapped(frame, 2, "dots", [1]) == {"dimension": "device_category", "value": "mobile"}
    assert panels[2].x.ticks[0] == 0 and panels[2].x.start < 0 < high <= panels[2].x.end


def test_completion_shows_the_compared_period_as_hollow_marks_below():
    chart, frame = completion({"desktop": (80, 20, 8, 2)}, desktop=(100, 50, 40, 20))
    past = layer(chart, frame, "dots before")
    assert (past["completion_rate"].tolist(), past["row"].tolist()) == ([0.25], [-BELOW])
    assert [plain(text) for text in layer(chart, frame, "counts")["label"]] == ["25.0 %"]
    assert layer(chart, frame, "dots before", 2).empty
    assert chart.table(frame).headers[-2:] == ("Reached, 2–4 Jul", "Completion, 2–4 Jul")
    alone, frame = completion(desktop=(100, 50, 40, 20))
    assert layer(alone, frame, "dots before").empty
    assert layer(alone, frame, "counts")["label"].tolist() == ["50 left"]


def test_completion_is_split_as_the_funnel_is_and_greys_what_is_not_chosen():
    held = context(Filters.of(include={"browser": ["Edge"]}), by="Browser")
    chart, frame = completion(held=held, Chrome=(900, 900, 900, 300), Edge=(400, 400, 400, 30))
    assert chart.needs()[0].by == "browser" and Completion.card().settings == {}
    assert layer(chart, frame, "dots", 2)["color"].tolist() == [LIGHT.previous, LIGHT.accent]
    assert chart.tapped(frame, 2, "dots", [1]) == {"dimension": "browser", "value": "Edge"}


def test_no_whisker_of_a_handful_of_sessions_leaves_its_panel():
    chart, frame = completion(desktop=(5, 0, 0, 0))
    panel = chart.panels(frame)[0]
    assert panel.x.ticks[-1] == 0.5
    assert 0.4 < layer(chart, frame, "whiskers")["high"][0] <= panel.x.end == pytest.approx(0.525)
    chart, frame = completion(desktop=(9000, 90, 0, 0), mobile=(5, 0, 0, 0))
    assert max(layer(chart, frame, "whiskers")["high"]) == chart.panels(frame)[0].x.end < 0.05


def test_the_small_funnel_says_how_many_sessions_did_not_enter_it():
    chart, frame = steps(55_467, 9_000, 4_000, 1_160, sessions=55_483)
    assert "16 of 55,483 sessions did not reach Browsed: shares leave them out." in chart.say(frame).note
    chart, frame = steps(55_467, 9_000, 4_000, 1_160)
    assert chart.say(frame).note == NOTE
    assert chart.label == chart.table(frame).caption == "Funnel of the sessions shown"


def test_the_small_funnel_draws_shares_and_a_click_filters_to_a_step():
    chart, frame = steps(1000, 400, 100, 10, held=context(Filters(reached=(ENGAGEMENT.steps[2],))))
    bars = layer(chart, frame, "bars")
    assert bars["length"].tolist() == [1.0, 0.4, 0.1, 0.01]
    assert plain(layer(chart, frame, "below")["label"][1]) == "25.0 % go on, 300 leave"
    assert layer(chart, frame, "chosen")["bottom"][0] < bars["row"][2] < layer(chart, frame, "chosen")["top"][0]
    assert chart.tapped(frame, 0, "targets", [1]) == {"step": "Engaged"}
    assert chart.table(frame).actions[1] == {"step": "Engaged"}
    assert steps()[0].say(steps()[1]).empty


def test_time_on_site_is_said_only_where_enough_is_measured():
    chart, frame = times((1, 100, 60, 41.0), (3, 100, 80, 446.0), (4, 100, 90, 703.0))
    assert plain(chart.say(frame).heading) == (
        "Half of those who reach Converted stay 11 min 43 s or longer, half of those who leave at Deep engagement "
        "7 min 26 s"
    )
    chart, frame = times((1, 100, 3, 41.0), (3, 100, 3, 446.0), (4, 100, 3, 703.0))
    assert chart.say(frame).heading == "Too few measured sessions at the last step to say"
    assert set(layer(chart, frame, "bars")["length"]) == {0.0}
    chart, frame = times((3, 100, 0, None), (4, 100, 0, None))
    assert chart.say(frame).heading == "No time is measured in these sessions"


def test_bars_of_times_are_in_proportion_with_their_words_at_their_ends():
    chart, frame = times((0, 10, 0, None), (1, 100, 60, 41.0), (3, 100, 80, 351.5), (4, 100, 90, 703.0))
    assert frame["step"].tolist() == ["No step", *(step.name for step in ENGAGEMENT.steps)]
    bars, said = layer(chart, frame, "bars"), layer(chart, frame, "texts")
    assert bars["length"][3] / bars["length"][4] == pytest.approx(0.5)
    assert bars["seconds"].tolist()[3:] == [351.5, 703.0]
    [last] = said[said["label"].map(plain) == "11 min 43 s"].to_dict("records")
    assert (last["row"], last["at"]) == (bars["row"][4], bars["length"][4])
    assert [plain(one) for one in layer(chart, frame, "wide texts")["label"]][1:] == [
        "0 %",
        "60.0 %",
        "–",
        "80.0 %",
        "90.0 %",
    ]
