"""Who leaves against who goes on as an object: its frame, its table, its plot, and its patches."""

import pytest
from alike import assert_patched_like_fresh, layer
from charts_builders import context, funnel_rows, result
from hypothesis import given, settings
from hypothesis import strategies as st
from test_charts_sentences import plain

from dashboard.charts import leavers
from dashboard.charts.leavers import Leavers
from dashboard.theme import LIGHT
from queries.changes import difference_interval
from queries.vocabulary import STORED_DIMENSIONS

APART = {"desktop": (600, 400, 120, 90), "mobile": (400, 100, 80, 10)}
ALIKE = {"desktop": (600, 300, 120, 62), "mobile": (400, 200, 80, 38)}
WHOLE = (1000, 500, 200, 100)


def leaving(step="Last", whole=WHOLE, **by_dimension):
    """Return the chart and its frame, for funnels by dimension."""
    every = [row | {"segment": "(all)"} for row in funnel_rows(every=whole)]
    rows = [result(funnel_rows(**by_dimension.get(name, {"(not set)": whole}))) for name in STORED_DIMENSIONS]
    chart = Leavers(context=context(step=step))
    return chart, chart.read([result(every), *rows])


@settings(max_examples=3, deadline=None)
@given(st.integers(30, 89))
def test_a_patched_figure_equals_a_fresh_one_after_any_frames(bought):
    two = {"desktop": (600, 400, 120, bought), "mobile": (400, 100, 80, 100 - bought)}
    chart, frame = leaving(device_category=two)
    nothing = chart.read([result([]) for _ in chart.needs()])
    assert_patched_like_fresh(chart, [leaving(device_category=APART)[1], nothing, frame])


def test_the_frame_has_shares_and_the_interval_of_their_difference():
    _, frame = leaving(device_category=APART)
    first = frame.iloc[0]
    assert (first["dimension"], first["value"], first["left"], first["on"]) == ("device_category", "desktop", 30, 90)
    assert (first["share_left"], first["share_on"]) == (0.3, 0.9)
    assert first["difference"] == pytest.approx(0.6)
    ends = difference_interval((100, 30), (100, 90))
    assert (first["difference_low"], first["difference_high"]) == pytest.approx(ends, abs=1e-4)
    assert frame.attrs == {"place": 2, "left": 100, "on": 100}


def test_who_leaves_is_compared_with_who_goes_on():
    chart, frame = leaving(device_category=APART)
    said = plain(chart.say(frame).heading)
    assert said == "90 % of those who go on are on desktop, 30 % of those who leave without an order"
    first = chart.body(frame)["rows"][1]["cells"]
    assert [plain(cell["text"]) for cell in first] == ["Desktop", "30 %", "90 %", "+60.0 pp"]
    assert first[0]["action"] == {"dimension": "device_category", "value": "desktop"}


def test_the_plot_has_a_point_a_value_within_its_interval_in_the_colour_of_its_side():
    chart, frame = leaving(device_category=APART)
    dots, lines = layer(chart, frame, "differences"), layer(chart, frame, "intervals")
    assert dots["difference"].tolist() == frame["difference"].tolist()
    assert dots["color"].tolist() == [LIGHT.accent, LIGHT.loss]
    assert lines["low"].tolist() == frame["difference_low"].tolist()
    assert lines["high"].tolist() == frame["difference_high"].tolist()
    [panel] = chart.panels(frame)
    assert list(panel.y.labels) == ["Desktop", "Mobile"]
    assert panel.x.start == -panel.x.end and panel.x.end > frame["difference_high"].max()
    assert chart.tapped(frame, 0, "differences", [1]) == {"dimension": "device_category", "value": "mobile"}


def test_who_differs_by_chance_only_is_not_told_apart():
    chart, frame = leaving(device_category=ALIKE)
    assert chart.say(frame).heading == "Those who leave without an order look like those who go on"
    assert len(chart.body(frame)["rows"]) == 1 and not frame["apart"].any()
    assert len(chart.table(frame).rows) == 3, "the table has what is alike too"


def test_a_handful_is_too_few():
    chart, frame = leaving(whole=(40, 20, 10, 4))
    assert chart.say(frame).heading == "Too few to compare: 6 left and 4 went on"


def test_nothing_is_said_to_be_nothing():
    chart, _ = leaving()
    said = chart.say(chart.read([result([]) for _ in chart.needs()]))
    assert said.heading == "No sessions to compare" and said.empty


@pytest.mark.parametrize(("choice", "place"), [("Last", 2), ("Largest", 0), ("First", 0)])
def test_the_step_is_chosen(choice, place):
    assert leavers.place_of([1000, 500, 200, 100], choice) == place
    assert leaving(choice)[1].attrs["place"] == place
