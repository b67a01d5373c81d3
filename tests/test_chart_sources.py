"""Sources as an object: its frames, its heat map with the table beside it, a patched figure that equals a fresh one."""

import holoviews as hv
import pytest
from alike import assert_patched_like_fresh
from charts_builders import context, day, result, source_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.charts import sources
from dashboard.charts.source_heat import HEAD, LINE, axis_name, factors_of
from dashboard.charts.sources import Sources
from dashboard.format import DASH, THIN
from dashboard.theme import DARK, LIGHT, text_on
from queries.filters import Filters

CELLS = {
    "google": {"desktop": (53, 0), "mobile": (9947, 94)},
    "(direct)": {"desktop": (4000, 94), "tablet": (500, 30)},
    "youtube.com": {"desktop": (3000, 2)},
}


def heat(cells=None, filters=None, theme="light", total=(10_000, 94)):
    """Return the chart and its frames: `cells` are (sessions, converted) by source and device."""
    cells = CELLS if cells is None else cells
    rows = source_rows(total, **cells) if cells else []
    days = [{"source": name, "session_date": day(2 + n), "sessions": 10 + n} for name in cells for n in (0, 1)]
    trend = [{"session_date": day(2 + n), "sessions": 30 + n} for n in (0, 1)] if cells else []
    chart = Sources(context=context(filters, days=3), theme=theme)
    return chart, chart.read([result(rows), result(days), result(trend), result([]), result(rows)])


def layer(chart, frame, name):
    return chart.panels(frame)[0].table(name)


counts = st.integers(0, 3000).flatmap(lambda sessions: st.tuples(st.just(sessions), st.integers(0, sessions)))
devices = st.sampled_from(["desktop", "mobile", "tablet", "smart tv", "(not set)", "Desktop"])
names = st.sampled_from(["google", "", "10", "9", "All sources", "a:b", "<b>", "ä" * 30, "ä" * 31, "Zoë", "x"])


@settings(max_examples=4, deadline=None)
@given(st.dictionaries(names, st.dictionaries(devices, counts, min_size=1, max_size=4), max_size=6))
def test_a_patched_figure_equals_a_fresh_one_after_any_frames(cells):
    chart, frame = heat(cells)
    assert_patched_like_fresh(chart, [heat()[1], heat({})[1], frame])


def test_the_frame_has_a_row_a_source_and_device_with_its_colour_class():
    _, frame = heat()
    cells = frame["cells"].set_index(["source", "device_category"])
    assert cells.loc[("google", "mobile"), ["sessions", "conversions", "color_class"]].tolist() == [9947, 94, 3]
    assert cells.loc[("youtube.com", "desktop"), "color_class"] == 0
    assert cells.loc[("(all)", "(all)"), "sessions"] == 17_500
    assert not cells.loc[("google", "desktop"), "enough"]
    assert cells.loc[("google", "mobile"), "conversion_rate"] == 94 / 9947
    assert frame["days"].query("source == 'google'")["sessions"].tolist() == [10, 11]
    assert frame["all_days"]["sessions"].tolist() == [30, 31]


def test_the_cells_are_an_hvplot_heat_map_in_the_diverging_colours_of_the_theme():
    for theme in (LIGHT, DARK):
        chart, frame = heat(theme=theme.name)
        [cells] = [each for each in chart.plot(frame) if isinstance(each, hv.HeatMap)]
        held = {
            (row.device, row.source): row[2]
            for row in cells.dframe()[["device", "source", "class"]].itertuples(index=False)
        }
        assert held["Mobile", "google"] == 3
        assert held["Desktop", "youtube.com"] == 0
        plot = hv.renderer("bokeh").get_plot(chart.plot(frame))
        mapper = next(each for each in plot.traverse(lambda each: each) if "color_mapper" in each.handles).handles[
            "color_mapper"
        ]
        assert (list(mapper.palette), mapper.low, mapper.high) == (list(theme.diverging), -0.5, 6.5)


def test_sources_stand_in_order_of_sessions_from_the_top_and_devices_as_everywhere():
    chart, frame = heat()
    [panel] = chart.panels(frame)
    assert panel.y.factors == ["All sources", "youtube.com", "(direct)", "google"]
    assert panel.x.factors == ["Desktop", "Mobile", "Tablet"]
    assert panel.height == HEAD + 4 * LINE + 1
    assert [row["cells"][0]["text"] for row in chart.body(frame)["rows"]] == panel.y.factors[::-1]


def test_the_rest_is_called_shorter_on_the_axis_than_in_the_table():
    rest = {"row_kind": "more", "sources": 429, "source": "(more)"}
    assert axis_name(rest, "source") == "429 more"
    assert axis_name({**rest, "row_kind": "source", "source": "two sources"}, "source") == "two sources"


def test_a_cell_has_the_raw_rate_over_its_counts_in_a_readable_colour():
    chart, frame = heat()
    rates, counted = layer(chart, frame, "rates"), layer(chart, frame, "counts")
    texts = dict(zip(zip(rates["source"], rates["device"], strict=True), rates["label"], strict=True))
    assert texts["google", "Mobile"] == f"0.95{THIN}%"
    assert texts["youtube.com", "Desktop"] == f"0.07{THIN}%"
    assert counted["label"].tolist()[0] == "94 of 9,947"
    inks = dict(zip(rates["source"], rates["color"], strict=True))
    assert inks["youtube.com"] == text_on(LIGHT.diverging[0]) == "#FFFFFF"
    assert inks["google"] == text_on(LIGHT.diverging[3]) == LIGHT.text


def test_a_cell_of_less_than_one_expected_order_is_hatched_with_its_counts():
    chart, frame = heat()
    few = layer(chart, frame, "few")
    assert few.to_dict("list") == {"left": [0.0], "bottom": [3.0], "right": [1.0], "top": [4.0]}
    said = layer(chart, frame, "few words")
    assert said["label"][0] == "0 of 53\ntoo few"
    assert set(said["label"][1:]) == {DASH}
    cells = layer(chart, frame, "cells").set_index(["device", "source"])["class"]
    assert cells["Desktop", "google"] != cells["Desktop", "google"], "it has no colour"
    assert cells["Desktop", "All sources"] != cells["Desktop", "All sources"]


def test_a_click_on_a_cell_filters_to_its_source_and_device_and_on_the_sums_to_nothing():
    chart, frame = heat()
    targets = layer(chart, frame, "targets")
    asked = [chart.tapped(frame, 0, "targets", [row]) for row in range(len(targets))]
    assert asked[:2] == [
        {"where": {"source": "google", "device_category": "desktop"}},
        {"where": {"source": "google", "device_category": "mobile"}},
    ]
    assert (targets["left"][1], targets["top"][1]) == (1.0, 4.0)
    assert asked[-3:] == [None] * 3
    assert targets["title"][1].startswith(f"google, mobile: 0.95{THIN}%")
    assert targets["title"].tolist()[-1].startswith("All sources, tablet: ")


def test_a_filtered_source_is_outlined_and_marked_in_the_table():
    chart, frame = heat(filters=Filters.of(include={"source": ["(direct)"]}))
    assert layer(chart, frame, "chosen")[["left", "top"]].values.tolist() == [[0.0, 3.0], [2.0, 3.0]]
    assert [row["kind"] for row in chart.body(frame)["rows"]] == ["", "selected", "", "total"]
    assert chart.say(frame).heading.startswith("(direct) converts at")
    assert len(layer(*heat(), "chosen")) == 0


def test_the_table_beside_has_volume_days_rate_interval_and_revenue_but_no_cell_of_a_device():
    chart, frame = heat()
    body = chart.body(frame)
    assert [column["label"].split(",")[0] for column in body["columns"]] == [
        "Source", "Sessions", "By day", "Rate", f"95{THIN}% interval", "Revenue",
    ]  # fmt: skip
    google = body["rows"][0]["cells"]
    assert google[0]["action"] == {"dimension": "source", "value": "google"}
    assert (google[1]["text"], google[3]["text"], google[5]["text"]) == ("10,000", f"0.94{THIN}%", "$9,400")
    assert [bar["value"] for bar in google[2]["days"]] == [10 / 11, 1.0, 0.0]
    assert google[4]["span"]["mark"] == pytest.approx(0.0094 / 0.04)


def test_four_devices_have_rounded_counts():
    cells = {"google": {name: (20_000, 1_234) for name in ("desktop", "mobile", "tablet", "tv")}}
    assert layer(*heat(cells), "counts")["label"][0] == f"1.2{THIN}k of 20{THIN}k"


def test_names_on_an_axis_are_short_and_never_the_same():
    factors = factors_of(["google", "a" * 40, "a" * 41, "google"])
    assert len(set(factors)) == 4
    assert factors[:2] == ["google", "aaaaaa…aaaaaaa"]


def test_a_tab_asks_for_another_dimension():
    chart = Sources(context=context(group="Channel"))
    assert (chart.group, chart.by) == ("Channel", "channel_group")
    assert [need.shows for need in chart.needs()[:3]] == ["channel_group"] * 3
    assert Sources.card().settings == {"group": (("Source", "Channel", "Campaign"), "Source")}


def test_a_cell_whose_interval_holds_the_mean_stays_pale():
    rows = source_rows((10_000, 70), a={"desktop": (400, 0), "mobile": (9600, 70)}, b={"desktop": (3000, 3)})
    assert [sources.cell_class(row) for row in (rows[1], rows[4])] == [2, 0]
