"""Converted against engaged sessions as an object: its frame, its pictures, its table."""

import holoviews as hv
import pytest
from alike import assert_patched_like_fresh
from charts_builders import context, result

from dashboard.charts.converted_vs_engaged import ConvertedVsEngaged
from dashboard.format import DASH
from dashboard.theme import LIGHT


def group(name, sessions, pages, seconds):
    return {
        "visit_group": name, "sessions": sessions, "mean_pageviews": pages, "median_pageviews": pages - 1,
        "mean_duration_seconds": seconds, "median_duration_seconds": seconds and seconds - 60,
        "sessions_with_duration": sessions if seconds else 0, "segment": "(all)",
    }  # fmt: skip


CONVERTED, ENGAGED = group("converted", 94, 24.0, 1020.0), group("engaged, no order", 1627, 10.0, 420.0)


def compared(*rows):
    chart = ConvertedVsEngaged(context=context())
    return chart, chart.read([result(list(rows))])


def test_a_patched_figure_equals_a_fresh_one():
    chart, both = compared(CONVERTED, ENGAGED)
    frames = [both, compared(ENGAGED)[1], compared()[1], compared(group("converted", 4, 9.0, None))[1]]
    assert_patched_like_fresh(chart, frames)


def test_the_frame_has_a_row_a_group():
    _, frame = compared(CONVERTED, ENGAGED)
    assert frame["visit_group"].tolist() == ["converted", "engaged, no order"]
    assert frame["mean_pageviews"].tolist() == [24.0, 10.0]
    assert frame["median_duration_seconds"].tolist() == [960.0, 360.0]
    assert "segment" not in frame


def test_the_bars_are_means_and_medians_of_both_groups_in_pages_and_in_minutes():
    chart, frame = compared(CONVERTED, ENGAGED)
    pages, minutes = (next(each for each in one if isinstance(each, hv.Bars)) for one in chart.plot(frame))
    assert pages["value"].tolist() == [24.0, 10.0, 23.0, 9.0]
    assert minutes["value"].tolist() == [17.0, 7.0, 16.0, 6.0]
    assert pages["color"].tolist() == [LIGHT.accent, LIGHT.bars] * 2
    panel = chart.panels(frame)[0]
    assert panel.x.factors == ["Mean,\nconverted", "Mean,\nengaged", "Median,\nconverted", "Median,\nengaged"]
    assert (panel.y.start, panel.y.end) == (0.0, pytest.approx(28.8))
    assert panel.table("values")["label"].tolist() == ["24.0", "10.0", "23.0", "9.0"]


def test_on_the_page_it_is_a_table():
    chart, frame = compared(CONVERTED, ENGAGED)
    assert ConvertedVsEngaged.card().renderer == "rows"
    assert [row["cells"][1]["text"] for row in chart.body(frame)["rows"]][:2] == ["94", "24.0"]
    assert [row[0] for row in chart.table(frame).rows][:2] == ["Sessions", "Mean pageviews"]
    without, lacking = compared(group("converted", 40, 9.0, None), group("engaged, no order", 50, 8.0, None))
    assert without.table(lacking).rows[3][1:] == (DASH, DASH)
    assert "durations are not in this export" in without.say(lacking).heading
    assert compared()[0].say(compared()[1]).empty == "No session has five pageviews or an order."
