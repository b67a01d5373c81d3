"""The trend as an object: its frame, its plot, and a patched figure that equals a fresh one."""

import datetime as dt

import holoviews as hv
from alike import assert_patched_like_fresh
from charts_builders import counted, result
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.cards import Context
from dashboard.charts.trend import Trend
from queries.filters import Filters
from queries.funnel import ENGAGEMENT

FIRST = dt.date(2026, 3, 2)


def trend(days, compared=(), unit="Day", notes=()):
    """Return a trend and its frame: `days` are (sessions, converted) a day, None for a day without an export."""
    length = max(len(days), 1)
    last = FIRST + dt.timedelta(days=length - 1)
    held = frozenset(FIRST + dt.timedelta(days=n) for n, one in enumerate(days) if one)
    before = [FIRST - dt.timedelta(days=len(compared) - n) for n in range(len(compared))]
    past = Filters.of(before[0], before[-1]) if before else None
    held |= {date for date, one in zip(before, compared, strict=True) if one}
    context = Context(Filters.of(FIRST, last), ENGAGEMENT, min([FIRST, *before]), last, {"unit": unit}, held, past)
    rows = [counted(*one, session_date=FIRST + dt.timedelta(days=n)) for n, one in enumerate(days) if one]
    earlier = [counted(*one, session_date=date) for date, one in zip(before, compared, strict=True) if one]
    noted = [{"session_date": FIRST + dt.timedelta(days=n), "text": text} for n, text in notes]
    chart = Trend(context=context)
    return chart, chart.read([result(rows), result(earlier), result(noted)])


day_counts = st.one_of(
    st.none(), st.integers(0, 3000).flatmap(lambda n: st.tuples(st.just(n + 1), st.integers(0, n + 1)))
)
frames = st.tuples(
    st.lists(day_counts, min_size=0, max_size=60),
    st.lists(day_counts, min_size=0, max_size=40),
    st.sampled_from(["Day", "Week", "Month"]),
)


@settings(max_examples=3, deadline=None)
@given(st.lists(frames, min_size=1, max_size=2))
def test_a_patched_figure_equals_a_fresh_one_after_any_frames(asked):
    for days, compared, unit in asked:
        chart, frame = trend(days, compared if days else (), unit, notes=[(0, "sale")] if len(days) > 3 else ())
        assert_patched_like_fresh(chart, [trend([])[1], frame])


def test_the_frame_has_a_row_a_day_and_says_why_a_day_is_blank():
    _, frame = trend([(100, 2), None, (50, 0)])
    assert frame[["sessions", "conversions", "blank"]].to_dict("list") == {
        "sessions": [100, 0, 50], "conversions": [2, 0, 0], "blank": ["", "no export", ""],
    }  # fmt: skip
    assert frame["conversion_rate"].tolist()[0] == 0.02


def test_the_plot_is_hvplot_elements_with_the_rates_of_the_frame():
    chart, frame = trend([(1000, 20 + n % 5) for n in range(30)])
    elements = {type(each).__name__ for each in chart.plot(frame)}
    assert {"Area", "Curve", "Scatter", "Labels"} <= elements
    [dots] = [each for each in chart.plot(frame) if isinstance(each, hv.Scatter) and len(each) == 30]
    assert dots["rate"].tolist() == frame["conversion_rate"].tolist()


def test_a_click_chooses_the_day_under_the_pointer_and_a_drag_several():
    chart, frame = trend([(100, 1)] * 10)
    assert chart.tapped(frame, 0, "targets", [3]) == {"first": "2026-03-05", "last": "2026-03-05"}
    assert chart.tapped(frame, 0, "targets", [4, 2, 3]) == {"first": "2026-03-04", "last": "2026-03-06"}
    assert chart.tapped(frame, 0, "targets", [99]) is None


def test_a_click_on_a_compared_day_does_nothing_and_one_on_a_shown_day_chooses_that_day():
    chart, frame = trend([(100, 1)] * 3, [(90, 2)] * 3)
    assert [chart.tapped(frame, 0, "targets", [row]) for row in range(3)] == [None] * 3
    assert chart.tapped(frame, 0, "targets", [3]) == {"first": "2026-03-02", "last": "2026-03-02"}
    assert chart.tapped(frame, 0, "targets", [5]) == {"first": "2026-03-04", "last": "2026-03-04"}
