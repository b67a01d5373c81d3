"""Countries and regions: text on the page, a plot of rates with intervals elsewhere."""

import holoviews as hv
import pytest
from alike import assert_patched_like_fresh
from charts_builders import context, counted, result

from dashboard.charts.places import Places
from dashboard.theme import LIGHT
from queries.filters import Filters


def plain(text):
    return text.replace("\u202f", " ")


def places(counts, filters=None, **settings):
    """Return the places and their frame: US=(sessions, converted)."""
    chart = Places(context=context(filters, **settings))
    return chart, chart.read([result([counted(*one, segment=name) for name, one in counts.items()])])


def test_a_patched_figure_equals_a_fresh_one_after_any_frames():
    many = {f"Z{chr(65 + n)}": (900 - n, n) for n in range(20)}
    chart, frame = places(many)
    some = places({"US": (4136, 92), "MT": (3, 1)})[1]
    assert_patched_like_fresh(chart, [some, places({})[1], frame, some])


def test_the_frame_is_in_the_chosen_order_those_too_few_last():
    counts = {"(not set)": (50, 1), "US": (4136, 92), "IN": (606, 60), "MT": (3, 3)}
    _, frame = places(counts, sort="Rate")
    assert frame["place"].tolist() == ["IN", "US", "MT", "(not set)"]
    assert frame["enough"].tolist() == [True, True, False, False]
    assert frame["conversion_rate"].tolist()[:2] == pytest.approx([60 / 606, 92 / 4136])
    assert places(counts)[1]["place"].tolist() == ["US", "IN", "MT", "(not set)"]


def test_the_place_that_stands_above_the_rest_is_named():
    chart, frame = places({"US": (4136, 92), "IN": (606, 0), "MT": (3, 1)})
    said = chart.say(frame)
    assert plain(said.heading) == "United States stands above the rest of 3 countries: 2.22 % (92 of 4,136)"
    rows = chart.body(frame)["rows"]
    assert [row["cells"][2]["text"] for row in rows][-1] == "too few"
    assert rows[0]["cells"][0]["action"] == {"dimension": "country", "value": "US"}


def test_regions_that_no_export_gives_are_said_to_be_missing():
    chart, frame = places({"(not set)": (50, 1)}, level="Regions")
    said = chart.say(frame)
    assert said.heading == "No session has a region in these exports"
    assert said.note.endswith("50 of 50 sessions have no region.")
    assert chart.body(frame)["rows"] == []
    assert chart.table(frame).rows[0][:2] == ("(not set)", "50")


def test_places_without_a_difference_are_not_ranked_in_words():
    chart, frame = places({"US": (400, 4), "IN": (400, 5)})
    assert chart.say(frame).heading == "2 countries: none stands above the rest by more than chance"


def test_places_after_the_first_25_are_a_count_but_for_a_chosen_one():
    counts = {f"place {n:02}": (900 - n, 9) for n in range(30)}
    chart, frame = places(counts, Filters.of(include={"region": ["place 29"]}), level="Regions")
    names = [row["cells"][0]["text"] for row in chart.body(frame)["rows"]]
    assert names[24:] == ["place 24", "place 29", "4 more places"]


def test_the_plot_has_dots_on_intervals_grey_where_few_and_a_tap_filters():
    chart, frame = places({"US": (4136, 92), "IN": (606, 0), "MT": (3, 1)})
    ends, dots = chart.plot(frame)
    assert [type(each) for each in (ends, dots)] == [hv.Segments, hv.Scatter]
    assert dots["rate"].tolist() == pytest.approx([92 / 4136, 0.0, 0.04])
    assert dots["color"].tolist() == [LIGHT.accent, LIGHT.accent, LIGHT.previous]
    assert dots["y"].tolist() == [0.0, -1.0, -2.0]
    assert ends.dimension_values("low").tolist()[0] == frame["conversion_rate_low"].tolist()[0]
    assert ends.dimension_values("high").tolist()[0] == frame["conversion_rate_high"].tolist()[0]
    [panel] = chart.panels(frame)
    assert list(panel.y.labels) == ["United States", "India", "Malta"]
    assert (panel.x.start, panel.x.end) == (0.0, pytest.approx(0.04 * 1.02))
    assert chart.tapped(frame, 0, "rates", [1]) == {"dimension": "country", "value": "IN"}


def test_the_places_not_chosen_stand_back():
    chart, frame = places({"US": (4136, 92), "IN": (606, 9)}, Filters.of(include={"country": ["IN"]}))
    assert chart.plot(frame).values()[1]["color"].tolist() == [LIGHT.sequential[2], LIGHT.accent]
