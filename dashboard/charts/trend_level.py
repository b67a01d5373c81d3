"""The level of the trend: the mean of each period as a dashed line, with a step where the rate changed; its words."""

import datetime as dt
from collections.abc import Sequence

from dashboard.charts.trend_periods import DAY, Period, moment
from dashboard.charts.trend_scene import Scene
from dashboard.format import day, rate

FEW = 4
"""Between so many periods there is room for a word."""


def mean_line(scene: Scene, periods: Sequence[Period]) -> list[tuple[float, float]]:
    """Return the mean of some periods as a line over their days; where the shown rate changed, it has a step."""
    whole = sum(period.sessions for period in periods)
    if not whole:
        return []
    left, right = periods[0].x - periods[0].width / 2, periods[-1].x + periods[-1].width / 2
    if scene.step and periods is scene.shown:
        when, earlier, later = scene.step
        place = moment(when) - DAY / 2
        return [(left, earlier), (place, earlier), (place, later), (right, later)]
    mean = sum(period.conversions for period in periods) / whole
    return [(left, mean), (right, mean)]


def mean_word(scene: Scene, periods: Sequence[Period]) -> tuple[float, float, str] | None:
    """Return the word of the mean with its place, where it hides no mark; else the note says it, as `mean_words`."""
    whole = sum(period.sessions for period in periods)
    if not whole or len(periods) < 2 or (scene.step and periods is scene.shown):
        return None
    mean = sum(period.conversions for period in periods) / whole
    return (clear_place(periods, mean), mean, f"mean {rate(mean)}") if has_place(periods, mean, scene) else None


def mean_words(scene: Scene) -> str:
    """Return the mean of the shown days in words where the figure has no place for them."""
    sessions = sum(period.sessions for period in scene.shown)
    if sessions and scene.step:
        when, earlier, later = scene.step
        return f"Level, dashed: {rate(earlier)} until {day(when - dt.timedelta(days=1))}, {rate(later)} since."
    mean = sum(period.conversions for period in scene.shown) / sessions if sessions else 0.0
    if not sessions or len(scene.shown) < 2 or has_place(scene.shown, mean, scene):
        return ""
    return f"Level, dashed: the mean, {rate(mean)}."


def has_place(periods: Sequence[Period], mean: float, scene: Scene) -> bool:
    """Say whether the word "mean" hides no mark: on a gap, between few periods, or where a mark is far from it."""
    if not scene.labelled:
        return False
    return (
        len(periods) <= FEW or any(period.is_gap for period in periods) or not _covers(_furthest(periods, mean), mean)
    )


def clear_place(periods: Sequence[Period], mean: float) -> float:
    """Return where the word "mean" hides no mark: on a gap, else at the period furthest from it or beside that."""
    gaps = [period for period in periods if period.is_gap]
    if gaps:
        return gaps[len(gaps) // 2].x
    furthest = _furthest(periods, mean)
    return furthest.x + furthest.width / 2 if _covers(furthest, mean) else furthest.x


def _furthest(periods: Sequence[Period], mean: float) -> Period:
    counted = [period for period in periods if period.rate is not None]
    return max(counted[:-1] or counted, key=lambda period: abs((period.rate or 0) - mean))


def _covers(period: Period, mean: float) -> bool:
    low, high = period.interval
    return low is not None and high is not None and low <= mean <= high
