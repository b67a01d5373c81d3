"""The key figures as an object: frames of totals and days, words, one picture of bars, and its patches."""

from dataclasses import replace

import pytest
from alike import assert_patched_like_fresh, layer
from charts_builders import context, counted, day, result
from hypothesis import given, settings
from hypothesis import strategies as st
from test_charts_sentences import day_row, overview, plain

from dashboard.charts import kpis
from dashboard.charts.kpis import KeyFigures
from dashboard.theme import DARK, LIGHT
from queries.filters import Filters

MONEY = {"days": 1, "revenue_per_session": 1.0, "revenue_per_conversion": 100.0, "largest_revenue": 1.0}
ASKED = {"asked_days": 5, "missing_days": 0, "left_out_days": 0}


def strip(days, held=None, compared=(), totals=(1000, 10), before=(800, 9)):
    """Return the chart and its frames: `days` and `compared` are rows of days, `held` the context."""
    chart = KeyFigures(context=held or context())
    one = [overview(*totals) | MONEY]
    past = [overview(*before) | MONEY] if compared else []
    return chart, chart.read([result(one), result(list(days)), result(past), result(list(compared))])


def cells_of(totals, **more):
    return kpis.cells_of(totals | ASKED | more)


counts = st.one_of(st.none(), st.integers(0, 500).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))


@settings(max_examples=3, deadline=None)
@given(st.lists(counts, min_size=1, max_size=40), st.booleans())
def test_a_patched_figure_equals_a_fresh_one_after_any_frames(every, alone):
    held = context(days=len(every), missing=tuple(n for n, one in enumerate(every) if one is None))
    if not alone and len(every) > 1:
        held = replace(held, filters=Filters.of(day(3), None), compared=Filters.of(day(2), day(2)))
    days = [
        counted(*one, session_date=date)
        for date, one in zip(sorted(held.store_days), filter(None, every), strict=False)
    ]
    chart, frame = strip(days, held, compared=[] if alone else [day_row(2, 80, 3)])
    assert_patched_like_fresh(chart, [strip([day_row(2, 100, 2), day_row(3, 50, 1)])[1], frame])


def test_the_frame_has_a_row_a_figure_and_day_and_says_why_a_day_is_blank():
    held = replace(context(missing=(1,)), filters=Filters.of(left_out=[(day(5), day(6))]))
    _, frame = strip([day_row(2, 10, 1)], held)
    days = frame["days"]
    assert len(days) == 5 * 6 and days["name"].unique().tolist()[2] == "Conversion rate"
    first = days[days["figure"] == 0]
    assert first["first"].tolist() == [day(n) for n in range(2, 8)]
    assert first["blank"].tolist() == ["", "no export", "", "left out", "left out", ""]
    assert first["value"].fillna(-1).tolist() == [10, -1, 0, -1, -1, 0]
    assert first["words"][3] == "Wed 5 Jul: left out"
    assert days[days["figure"] == 2]["value"].iloc[0] == 0.1
    assert frame["totals"][["asked_days", "missing_days", "left_out_days"]].to_numpy().tolist() == [[6, 1, 2]]


def test_each_figure_has_its_column_and_its_own_scale_and_gaps_are_hatched():
    chart, frame = strip([day_row(2, 100, 1), day_row(3, 50, 1)], context(days=3, missing=(2,)))
    bars = layer(chart, frame, "days")
    assert bars["x"].astype(int).tolist() == [n for n in range(5) for _ in range(3)]
    assert bars["share"][:3].tolist() == [1.0, 0.5, 1.0]
    assert bars["share"][3:5].tolist() == [1.0, 1.0], "converted sessions are measured by their own largest day"
    assert bars["hatch"][:3].tolist() == [" ", " ", "/"] and bars["alpha"][:3].tolist() == [1, 1, 0]
    assert bars["title"][:3].tolist() == ["Sun 2 Jul: 100", "Mon 3 Jul: 50", "Tue 4 Jul: no export"]
    assert set(bars["color"]) == {LIGHT.accent}
    [panel] = chart.panels(frame)
    assert (panel.x.start, panel.x.end, panel.y.start, panel.y.end) == (0, 5, 0, 1)
    half = bars["width"] / 2
    assert ((bars["x"] - half) // 1 == (bars["x"] + half) // 1).all(), "no bar reaches into the next column"


def test_compared_days_are_grey_and_come_first():
    held = replace(context(days=4), filters=Filters.of(day(4), day(5)), compared=Filters.of(day(2), day(3)))
    chart, frame = strip([day_row(4, 100, 1), day_row(5, 50, 1)], held, [day_row(2, 70, 1), day_row(3, 60, 1)])
    chart.theme = "dark"
    bars = layer(chart, frame, "days")
    assert bars["color"][:4].tolist() == [DARK.bars, DARK.bars, DARK.accent, DARK.accent]
    assert bars["share"][:4].tolist() == [0.7, 0.6, 1.0, 0.5]
    assert frame["totals"]["period"].tolist() == ["shown", "compared"]


def test_many_days_are_stretches_of_equal_length():
    days = [counted(10, 1, session_date=date) for date in sorted(context(days=62).store_days)]
    _, frame = strip(days, context(days=62))
    first = frame["days"][frame["days"]["figure"] == 0]
    assert len(first) == 31 and set(first["value"]) == {20}


def test_the_words_have_an_interval_and_name_the_order_that_dominates():
    totals = overview(10_000, 94) | {
        "largest_revenue": 4010.0, "revenue": 13_383.35, "revenue_per_conversion": 142.38, "revenue_per_session": 1.34,
    }  # fmt: skip
    cells = {cell["label"]: cell for cell in cells_of(totals, missing_days=1)}
    assert plain(cells["Conversion rate"]["interval"]) == "95 % interval 0.77\u20131.15 %"
    assert plain(cells["Revenue"]["detail"]) == "one order ($4,010) is 30 % of it"
    assert cells["Sessions"]["interval"] == "5 days, 1 missing"
    assert cells_of(totals, missing_days=1, left_out_days=2)[0]["interval"] == "5 days, 1 missing, 2 left out"


def test_two_orders_do_not_make_one_that_dominates():
    assert kpis.dominating(overview(100, 2) | {"largest_revenue": 120.0, "revenue": 200.0}) == ""


def test_nothing_is_dashes():
    nothing = [overview(0, 0) | {"revenue_per_conversion": None, "largest_revenue": None, "revenue_per_session": None}]
    chart = KeyFigures(context=context())
    frame = chart.read([result(nothing), result([]), result([]), result([])])
    assert {cell["value"] for cell in chart.body(frame)["cells"]} == {"\u2013"}
    assert chart.say(frame).note.startswith("Sessions: \u2013; Converted sessions: \u2013")
    assert chart.say(frame).empty is None and chart.say(frame).heading != "Key figures"
    assert len(chart.table(frame).rows) == 5


def test_a_change_is_said_per_day_and_coloured_only_beyond_chance():
    now = overview(6167, 79) | {
        "days": 3,
        "revenue": 12368.0,
        "revenue_per_session": 2.0055,
        "revenue_per_conversion": 156.56,
        "largest_revenue": 4010.0,
    }
    before = overview(3833, 15) | {
        "days": 2,
        "revenue": 1015.0,
        "revenue_per_session": 0.2648,
        "revenue_per_conversion": 67.7,
        "largest_revenue": 300.0,
    }
    cells = cells_of(now)
    kpis.compare(cells, now, before)
    said = {cell["label"]: (plain(cell["delta"]), plain(cell["interval"]), plain(cell["detail"])) for cell in cells}
    assert said["Sessions"] == ("+7 %", "per day", "2,056 a day, 1,916 before")
    assert said["Converted sessions"] == ("×3.5", "per day", "26.3 a day, 7.5 before")
    assert said["Conversion rate"] == ("+0.89 pp", "(0.53 to 1.24)", "0.39 % before")
    assert said["Revenue per session"][0] == "×7.6"
    assert {cell["label"]: cell["tone"] for cell in cells}["Conversion rate"] == "accent"
    cells = cells_of(before)
    kpis.compare(cells, before, before | {"conversions": 14, "conversion_rate": 14 / 3833})
    rates = next(cell for cell in cells if cell["label"] == "Conversion rate")
    assert (rates["tone"], "no clear change" in rates["interval"]) == ("muted", True)


def test_a_change_between_a_handful_of_sessions_is_too_few_to_say():
    money = {"days": 1, "revenue": 45.0, "revenue_per_session": 5.68, "revenue_per_conversion": 45.0}
    now, before = overview(1, 0) | money, overview(8, 1) | money
    cells = cells_of(now)
    kpis.compare(cells, now, before)
    said = {cell["label"]: (cell.get("delta", ""), cell["interval"], cell.get("tone")) for cell in cells}
    assert said["Conversion rate"] == said["Revenue per session"] == ("", "too few to say", None)
    assert said["Sessions"][2] == ""
    assert cells[0]["detail"] == "1, 8 before", "one day beside one day has no mean a day"


@pytest.mark.parametrize("name", ["Sessions", "Converted", "Rate", "Revenue", "Per session"])
def test_every_cell_has_a_short_name_for_its_bars(name):
    assert name in [cell["short"] for cell in cells_of(overview(100, 2) | MONEY)]
