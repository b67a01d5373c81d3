"""Durations as an object: its frame, what each picture draws, and a patched figure that equals a fresh one."""

import holoviews as hv
import pandas as pd
from alike import assert_patched_like_fresh
from charts_builders import context, counted, result
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.charts.durations import PLACES, TICKS, Durations
from dashboard.format import rate
from dashboard.theme import DARK, LIGHT
from queries.filters import Filters


def bucket(device, position, sessions, conversions, share=0.1):
    return counted(sessions, conversions, segment=device, position=position, bucket=f"b{position}", share=share)


def durations(rows, filters=None, theme="light"):
    """Return the chart and its frame: `rows` are (device, position, sessions, converted)."""
    chart = Durations(context=context(filters), theme=theme)
    return chart, chart.read([result([bucket(*row) for row in rows])])


counts = st.integers(0, 400).flatmap(lambda sessions: st.tuples(st.just(sessions), st.integers(0, sessions)))
frames = st.dictionaries(
    st.sampled_from(["desktop", "mobile", "tablet", "smart tv", "(not set)"]),
    st.lists(counts, min_size=1, max_size=9), max_size=5,
)  # fmt: skip


@settings(max_examples=3, deadline=None)
@given(frames)
def test_a_patched_figure_equals_a_fresh_one_after_any_frames(devices):
    rows = [(device, place + 1, *one) for device, held in devices.items() for place, one in enumerate(held)]
    chart, frame = durations(rows)
    one = durations([("mobile", 3, 50, 1)])[1]
    assert_patched_like_fresh(chart, [one, durations([])[1], frame])


def layer(chart, frame, name, panel=0):
    return chart.panels(frame)[panel].table(name)


def test_the_frame_has_a_row_a_bucket_with_its_interval():
    _, frame = durations([("tablet", 2, 19, 1), ("mobile", 3, 200, 4), ("mobile", 4, 0, 0)])
    known = frame[["device_category", "position", "sessions", "conversions"]]
    assert known.to_dict("list") == {
        "device_category": ["mobile", "mobile", "tablet"], "position": [3, 4, 2], "sessions": [200, 0, 19],
        "conversions": [4, 0, 1],
    }  # fmt: skip
    assert frame["conversion_rate"][0] == 0.02 and pd.isna(frame["conversion_rate"][1])
    assert (round(frame["conversion_rate_low"][0], 4), round(frame["conversion_rate_high"][0], 4)) == (0.0078, 0.0503)


def test_a_bucket_of_19_sessions_has_a_dotted_interval_and_no_mark():
    chart, frame = durations([("tablet", 2, 19, 1), ("tablet", 3, 20, 1)])
    assert layer(chart, frame, "rates")["position"].tolist() == [3.0]
    assert layer(chart, frame, "whiskers")["position"].tolist() == [3.0]
    assert layer(chart, frame, "few")["position"].tolist() == [2.0]
    assert layer(chart, frame, "sessions")["sessions"].tolist() == [19.0, 20.0]
    drawn = chart.plot(frame)
    assert [len(each) for each in drawn if isinstance(each, hv.Segments)] == [1, 1]
    assert [each.opts.get().kwargs["line_dash"] for each in drawn if "line_dash" in each.opts.get().kwargs] == [
        "dotted"
    ]


def test_the_dots_are_the_rates_in_the_colour_and_shape_of_the_device():
    for theme in (LIGHT, DARK):
        chart, frame = durations([("mobile", 3, 200, 4), ("mobile", 9, 100, 20)], theme=theme.name)
        [dots] = [each for each in chart.plot(frame) if isinstance(each, hv.Scatter)]
        assert dots["conversion_rate"].tolist() == frame["conversion_rate"].tolist() == [0.02, 0.2]
        assert dots["color"].tolist() == [theme.devices["mobile"]] * 2
        assert dots["marker"].tolist() == ["square"] * 2
        whiskers = layer(chart, frame, "whiskers")
        assert whiskers["conversion_rate_low"].tolist() == frame["conversion_rate_low"].tolist()
        assert whiskers["top"].tolist() == frame["conversion_rate_high"].tolist()


def test_a_device_that_a_filter_leaves_out_is_grey():
    mobile = Filters.of(include={"device_category": ["mobile"]})
    chart, frame = durations([("desktop", 3, 90, 1), ("mobile", 3, 90, 1)], mobile)
    colors = [set(layer(chart, frame, "rates", place)["color"]) for place in (0, 1)]
    assert colors == [{LIGHT.previous}, {LIGHT.devices["mobile"]}]


def test_all_pictures_have_the_same_two_scales_and_the_bars_stand_below_zero():
    chart, frame = durations([("desktop", 1, 1000, 0), ("desktop", 9, 200, 100), ("mobile", 9, 500, 5)])
    first, second = chart.panels(frame)
    assert first.y == second.y and first.x == second.x
    assert (first.x.start, first.x.end, first.x.ticks, first.x.labels) == (0.4, 9.6, PLACES, TICKS)
    assert (first.y.ticks[0], first.y.ticks[-1]) == (0.0, 0.6)
    bars = [panel.table("sessions") for panel in (first, second)]
    heights = [(bar["end"] - bar["base"]).tolist() for bar in bars]
    assert [round(height / heights[0][0], 3) for height in (*heights[0], *heights[1])] == [1, 0.2, 0.5]
    assert all((bar["end"] < 0).all() for bar in bars)
    assert bars[0]["alpha"].tolist() == [0.55, 1.0]
    assert first.y.start == bars[0]["base"][0]


def test_four_devices_are_drawn_and_the_note_names_the_others():
    chart, frame = durations([(device, 3, 50, 1) for device in ("tablet", "a", "mobile", "b", "desktop", "c")])
    assert [panel.title for panel in chart.panels(frame)] == ["Desktop", "Mobile", "Tablet", "a"]
    assert chart.say(frame).note.endswith("Not drawn, see the table: b and c.")
    assert len(chart.blank_panels()) == 4


def test_the_picture_says_its_highest_bucket():
    chart, frame = durations([("mobile", 3, 3000, 10), ("mobile", 8, 200, 80)])
    assert chart.panels(frame)[0].verdict == f"Highest at b8: {rate(0.4)}"
    assert chart.say(frame).heading == f"Highest rate by time on site: Mobile {rate(0.4)} at b8"
    assert chart.table(frame).rows[1][:2] == ("Mobile", "b8")
    assert chart.table(frame).rows[1][5] == rate(0.4)
