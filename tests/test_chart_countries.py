"""The map as an object: its frame, colours that follow the data, taps, and a patched figure that equals a fresh one."""

import holoviews as hv
import numpy as np
import pytest
from alike import assert_patched_like_fresh
from charts_builders import context, counted, result

from dashboard.charts.countries import Countries
from dashboard.charts.countries_figure import breaks_of, class_labels, dotted, shade_of, shaped
from dashboard.charts.countries_words import hatched, legend, note
from dashboard.figures import figure_of
from dashboard.format import exact
from dashboard.live import Drawn, patch
from dashboard.theme import DARK, LIGHT, blended
from dashboard.world import world
from queries.filters import Filters

DEMO = {
    "US": (122_501, 3_892),
    "IN": (18_087, 83),
    "ET": (129, 4),
    "SG": (4_351, 41),
    "FR": (50, 9),
    "(not set)": (739, 9),
}


def plain(text):
    return text.replace("\u202f", " ")


def rows_of(minimum=100, **counts):
    """Return countries as the metric does: US=(sessions, converted)."""
    sessions, orders = (sum(one[place] for one in counts.values()) for place in (0, 1))
    mean = orders / sessions
    return [
        counted(
            *one,
            country=country,
            expected=one[0] * mean,
            shrunk_rate=(one[1] + 300 * mean) / (one[0] + 300),
            enough=one[0] >= minimum and (not orders or one[0] * orders >= sessions),
        )
        for country, one in counts.items()
    ]


def countries(counts=DEMO, filters=None, **settings):
    """Return a map and its frame."""
    chart = Countries(context=context(filters, **settings))
    minimum = int(settings.get("min_sessions", 100))
    return chart, chart.read([result(rows_of(minimum, **counts) if counts else [])])


def same(drawn, rings):
    """Say whether two polygons are the same, a ring of the first closed or not."""
    return [len(one) for one in drawn] == [len(one) for one in rings] and all(
        [*map(float, ring)] in ([*held], [*held, held[0]])
        for one, two in zip(drawn, rings, strict=True)
        for ring, held in zip(one, two, strict=True)
    )


def looks(chart, frame, layer="land"):
    """Return what a layer draws of each country, by its code."""
    held = chart.panels(frame)[0].table(layer).to_dict("records")
    numbers = shaped() if layer == "land" else dotted()
    return {world().iso[number]: row for number, row in zip(numbers, held, strict=True)}


def test_a_patched_map_equals_a_fresh_one_after_nothing_and_after_a_choice():
    chart, frame = countries(filters=Filters.of(include={"country": ["US"]}))
    assert_patched_like_fresh(chart, [frame, countries({})[1]])


def test_a_patch_sends_the_looks_and_leaves_the_shapes_and_the_zoom_of_the_viewer():
    chart, frame = countries()
    figure = figure_of(Countries, LIGHT)
    [drawn] = figure.drawn
    events = patch(drawn.changes(chart.panels(frame)[0]))
    [land] = [event for event in events if event["model"]["id"] == drawn.layers["land"].source.id]
    assert land["kind"] == "ColumnDataChanged"
    assert set(land["cols"]) == {"fill_color", "line_color", "hatch", "title"}
    ranges = {drawn.figure.x_range.id, drawn.figure.y_range.id}
    assert not [event for event in events if event["model"]["id"] in ranges]
    xs = drawn.layers["land"].source.data["xs"]
    for number, rings in zip(shaped(), xs, strict=True):
        assert same(rings, world().xs[number])
    lesotho_in = next(rings for number, rings in zip(shaped(), xs, strict=True) if world().iso[number] == "ZA")
    assert [len(polygon) for polygon in lesotho_in] == [2, 1]


def test_the_map_zooms_by_ctrl_and_wheel_within_the_world_and_a_double_click_shows_all():
    fig = figure_of(Countries, LIGHT).drawn[0].figure
    tools = {type(tool).__name__: tool for tool in fig.toolbar.tools}
    assert {"WheelZoomTool", "PanTool", "TapTool", "HoverTool"} == set(tools)
    assert tools["WheelZoomTool"].modifiers == {"ctrl": True}
    assert fig.x_range.bounds == world().x_range
    assert fig.y_range.bounds == world().y_range
    back = {(each.obj.id, each.attr): each.value for each in fig.js_event_callbacks["doubletap"]}
    assert back == {
        (bounds.id, end): value
        for bounds, ends in ((fig.x_range, world().x_range), (fig.y_range, world().y_range))
        for end, value in zip(("start", "end"), ends, strict=True)
    }
    assert fig.aspect_ratio == pytest.approx(np.ptp(world().x_range) / np.ptp(world().y_range))
    assert not any(axis.visible for axis in fig.axis)


def test_the_frame_has_a_row_a_country_with_the_rate_drawn_towards_the_mean():
    _, frame = countries({"US": (900, 30), "ET": (100, 0)})
    assert frame[["country", "name", "sessions", "conversions", "enough"]].values.tolist() == [
        ["US", "United States", 900, 30, True],
        ["ET", "Ethiopia", 100, 0, True],
    ]
    assert frame["expected"].tolist() == pytest.approx([27, 3])
    assert frame["shrunk_rate"].tolist() == pytest.approx([39 / 1200, 9 / 400])
    assert countries({})[1].empty


def test_four_of_129_are_not_coloured_as_three_percent_of_a_hundred_thousand():
    chart, frame = countries()
    drawn, ramp = looks(chart, frame), LIGHT.sequential
    # mean 2.77 %: classes from 1.2, 1.5, 2, 3 and 5 %
    assert [drawn[code]["fill_color"] for code in ("US", "ET", "IN")] == [ramp[4], ramp[3], ramp[0]]
    assert looks(chart, frame, "dots")["SG"]["fill_color"] == ramp[0]
    chart.theme = "dark"
    assert looks(chart, frame)["IN"]["fill_color"] == DARK.sequential[0]


def test_classes_are_round_rates_around_the_mean_and_never_the_same():
    for mean in np.geomspace(0.0003, 0.4, 400):
        breaks = breaks_of(mean)
        assert breaks == sorted(set(breaks))
        assert breaks[2] < mean < breaks[3]
    assert breaks_of(0.0197) == [0.008, 0.012, 0.015, 0.025, 0.03]
    assert [plain(label) for label in class_labels(breaks_of(0.0094))] == [
        "< 0.4 %", "0.4–0.6 %", "0.6–0.8 %", "0.8–1.2 %", "1.2–1.5 %", "≥ 1.5 %",
    ]  # fmt: skip
    assert [plain(label) for label in class_labels(breaks_of(0.0))] == ["0 %"]


def test_a_shrunk_rate_on_a_break_begins_the_next_class():
    breaks = breaks_of(0.0197)
    shades = [shade_of({"enough": True, "shrunk_rate": each}, breaks) for each in (0.0, 0.0079, 0.008, 0.02, 0.03, 1)]
    assert shades == [0, 0, 1, 3, 6, 6]
    assert shade_of({"enough": False, "shrunk_rate": 0.02}, breaks) is None


def test_a_country_without_an_expected_order_is_hatched_never_coloured():
    chart, frame = countries({"US": (4000, 20), "FR": (120, 9), "CA": (200, 0), "XX": (1, 0)})
    drawn = looks(chart, frame)
    assert (drawn["FR"]["hatch"], drawn["FR"]["fill_color"]) == ("/", LIGHT.sunken)
    assert (drawn["CA"]["hatch"], drawn["BR"]["hatch"], drawn["BR"]["fill_color"]) == (" ", " ", LIGHT.sunken)
    assert "expected: too few for a rate" in drawn["FR"]["title"]


def test_both_rules_of_the_hatch_are_said_and_the_legend_has_the_stricter():
    assert hatched(100, 51).endswith("the chosen minimum. One order is expected from 51 on.")
    assert hatched(100, 152) == (
        "Countries under 152 sessions are hatched, not coloured: less than one order is expected there. The chosen "
        "minimum of 100 is below that."
    )
    assert hatched(100, 0).endswith("their rate would be noise.")
    for orders, words in ((10, "less than one order expected"), (100, "under 100 sessions")):
        rows = rows_of(US=(3000, orders))
        assert [item["label"] for item in legend(rows, 100) if item.get("shape") == "hatch"] == [words]
    assert "13 sessions have no country." in note(rows_of(**{"US": (3000, 10), "(not set)": (13, 0)}), 100)


def test_the_legend_shows_the_colours_of_the_map():
    chart, frame = countries()
    items = [item for item in chart.say(frame).legend if item.get("color", "").startswith("sequential")]
    assert [(plain(item["label"]), item["color"]) for item in items][-2:] == [
        ("3–5 %", "sequential-4"), ("≥ 5 %", "sequential-6"),
    ]  # fmt: skip


def test_the_hover_tells_rate_interval_counts_and_the_rate_behind_the_colour():
    chart, frame = countries()
    row = frame.set_index("country").loc["US"]
    said = plain(looks(chart, frame)["US"]["title"])
    assert said == (
        f"United States: 3.18 % (3.08–3.28 %), {exact(3892)} of {exact(122501)} sessions converted, "
        f"$389,200, coloured as {row['shrunk_rate'] * 100:.2f} %; click to filter"
    )


def test_a_place_too_small_to_see_is_a_dot_only_when_it_has_sessions():
    chart, frame = countries()
    assert [code for code, dot in looks(chart, frame, "dots").items() if dot["size"]] == ["SG"]


def test_a_tap_filters_to_the_country_and_where_there_is_a_dot_only_the_dot_answers():
    chart, frame = countries({**DEMO, "LU": (400, 4)})
    land, dots = ([world().iso[number] for number in numbers] for numbers in (shaped(), dotted()))
    assert chart.tapped(frame, 0, "land", [land.index("US")]) == {"dimension": "country", "value": "US"}
    assert chart.tapped(frame, 0, "land", [land.index("BR")]) is None
    assert chart.tapped(frame, 0, "dots", [dots.index("LU")]) == {"dimension": "country", "value": "LU"}
    assert chart.tapped(frame, 0, "land", [land.index("LU")]) is None


def test_chosen_countries_are_outlined_and_the_others_pale():
    chart, frame = countries(filters=Filters.of(include={"country": ["US"]}))
    drawn = looks(chart, frame)
    assert drawn["US"]["fill_color"] == LIGHT.sequential[4]
    assert drawn["IN"]["fill_color"] == blended(LIGHT.sequential[0], LIGHT.surface, 0.35)
    assert drawn["US"]["title"].endswith("; chosen, a click takes the filter off")
    assert drawn["IN"]["title"].endswith("; click to filter")
    outline = chart.panels(frame)[0].table("chosen")
    rings = [ring for polygon in world().xs[world().iso.index("US")] for ring in polygon]
    assert outline["x"].isna().sum() == len(rings) - 1
    assert outline["x"].dropna().tolist() == [x for ring in rings for x in (*ring, ring[0])]
    assert countries()[0].panels(frame)[0].table("chosen").empty


def test_the_plot_is_hvplot_elements_with_the_looks_of_the_frame():
    chart, frame = countries()
    land, outline, dots = chart.plot(frame)
    assert [type(each) for each in (land, outline, dots)] == [hv.Polygons, hv.Curve, hv.Points]
    expected = looks(chart, frame)
    colours = land.dimension_values("fill_color", expanded=False)
    assert list(colours) == [expected[world().iso[number]]["fill_color"] for number in shaped()]
    assert list(dots["size"]) == [7.0 if world().iso[number] == "SG" else 0.0 for number in dotted()]
    drawn = Drawn(chart.draw(chart.panels(frame)[0]))
    for name in ("land", "dots"):
        glyph = drawn.layers[name].plot.handles["glyph"]
        assert (glyph.fill_color.field, glyph.line_color.field, glyph.hatch_pattern.field) == (
            "fill_color", "line_color", "hatch",
        )  # fmt: skip
        assert set(glyph.hatch_extra) == {"/", " "}


def test_the_largest_stand_beside_the_map_the_chosen_one_among_them():
    counts = {f"Z{chr(65 + n)}": (500 - n, 5) for n in range(12)}
    chart, frame = countries({**counts, "MT": (2, 0)}, filters=Filters.of(include={"country": ["MT"]}))
    rows = chart.body(frame)["rows"]
    assert [row["cells"][0]["text"] for row in rows[-2:]] == ["Malta", "4 more"]
    assert rows[-2]["kind"] == "selected"
    assert rows[-2]["cells"][2]["text"] == "too few"
    assert len(rows) == 10
