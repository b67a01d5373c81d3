"""The columns of the trend's figure: marks, lines, bars, gaps and words, for the shown and the compared periods."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from dashboard.charts.trend_level import Columns, means
from dashboard.charts.trend_periods import DAILY, MONTHLY, Period, moment
from dashboard.charts.trend_scene import ABOVE, BELOW, Scene
from dashboard.format import count, date_range, day, exact, money, rate, rate_range

HATCH, PLAIN = "/", " "


def columns(scene: Scene) -> Columns:
    """Return the columns of every source in the figure."""
    return {
        **marks(scene),
        **lines(scene),
        **bars(scene),
        **grounds(scene),
        **means(scene),
        **words(scene),
        **targets(scene),
    }


def targets(scene: Scene) -> Columns:
    """Return what can be clicked: the whole height of each shown period, with its days."""
    asked = [(period, period.asked) for period in scene.shown if not period.is_gap]
    return {
        "trend-targets": {
            "x": [period.x for period, _ in asked],
            "width": [period.width for period, _ in asked],
            "bottom": [BELOW * scene.top] * len(asked),
            "top": [ABOVE * scene.top] * len(asked),
            "first": [days.first.isoformat() for _, days in asked],
            "last": [days.last.isoformat() for _, days in asked],
        }
    }


def marks(scene: Scene) -> Columns:
    """Return the dots and, while they are few, their whiskers; an incomplete period is hollow."""
    shown = [period for period in scene.shown if period.rate is not None]
    before = [(period, x) for period, x in scene.laid if period.rate is not None]
    sparse = [] if scene.dense else shown
    dotted = [] if scene.dense else before
    cut = [(period.x, "$accent") for period in sparse if scene.is_cut(period)]
    cut += [(x, "$previous") for period, x in dotted if scene.beside and scene.is_cut(period)]
    return {
        "trend-days": {
            "x": [period.x for period in shown],
            "conversion_rate": [period.rate for period in shown],
            "size": [4 if scene.dense else 9] * len(shown),
            "fill_color": [_dot_color(scene, period) for period in shown],
            "label": [rate(period.rate) if scene.labelled else "" for period in shown],
            "label_y": _above(shown, scene.top),
            "title": [f"{title(period)}. {click_words(scene, period)}" for period in shown],
        },
        "trend-whiskers": _whiskers(sparse, [period.x for period in sparse], scene.top),
        "trend-before": {
            "x": [x for _, x in dotted],
            "y": [period.rate for period, _ in dotted],
            "label": [rate(period.rate) if scene.labelled and scene.beside else "" for period, _ in dotted],
            "label_y": _above([period for period, _ in dotted], scene.top),
            "title": [title(period) for period, _ in dotted],
        },
        "trend-before-whiskers": _whiskers(
            [period for period, _ in dotted] if scene.beside else [],
            [x for _, x in dotted] if scene.beside else [],
            scene.top,
        ),
        "trend-cut": {
            "x": [x for x, _ in cut],
            "y": [scene.top] * len(cut),
            "color": [color for _, color in cut],
        },
    }


def _dot_color(scene: Scene, period: Period) -> str:
    if not period.is_complete:
        return "$surface"
    return "$sequential-1" if scene.stands_back(period) else "$accent"


def _bar_color(scene: Scene, period: Period) -> str:
    if scene.focus is None:
        return "$sequential-2"
    return "$sequential-0" if scene.stands_back(period) else "$accent"


def _above(periods: Sequence[Period], top: float) -> list[float]:
    """Return where the words stand: above the whiskers, within the figure."""
    return [min(period.interval[1] or 0.0, top) for period in periods]


def click_words(scene: Scene, period: Period) -> str:
    """Return what a click on a period does."""
    if scene.focus == period.asked:
        return "Click: all days again."
    return f"Click: only this {period.unit.lower()}. Alt-click: leave it out."


def _whiskers(periods: Sequence[Period], places: Sequence[float], top: float) -> dict[str, list[Any]]:
    lows = [period.interval[0] for period in periods]
    return {"x": list(places), "low": lows, "high": _above(periods, top)}


def cut_words(scene: Scene) -> str:
    """Return what an arrow stands for, where one is drawn."""
    drawn = [*scene.shown, *(scene.before if scene.beside else ())]
    return "" if scene.dense or not any(map(scene.is_cut, drawn)) else "Arrow: the interval goes on."


def lines(scene: Scene) -> Columns:
    """Return the line and its band from 20 periods on, broken where there are no sessions; the compared line dashed."""
    runs = _runs(scene.shown) if scene.dense else []
    line = scene.shown if scene.dense else []
    overlaid = [] if scene.beside else scene.laid
    return {
        "trend-line": {"x": [period.x for period in line], "y": [period.rate for period in line]},
        "trend-before-line": {"x": [x for _, x in overlaid], "y": [period.rate for period, _ in overlaid]},
        "trend-band": {
            "xs": [_there_and_back([period.x for period in run]) for run in runs],
            "ys": [
                [*(period.interval[0] for period in run), *(period.interval[1] for period in run[::-1])] for run in runs
            ],
        },
    }


def _runs(periods: Sequence[Period]) -> list[list[Period]]:
    runs: list[list[Period]] = [[]]
    for period in periods:
        if period.rate is None:
            runs.append([])
        else:
            runs[-1].append(period)
    return [run for run in runs if run]


def _there_and_back(values: list[float]) -> list[float]:
    return values + values[::-1]


def bars(scene: Scene) -> Columns:
    """Return the bars of sessions; those of compared periods only where they have a place of their own."""
    drawn = [(period, _bar_color(scene, period)) for period in scene.shown if not period.is_gap]
    if scene.beside:
        drawn = [(period, "$bars") for period in scene.before if not period.is_gap] + drawn
    return {
        "trend-sessions": {
            "x": [period.x for period, _ in drawn],
            "sessions": [period.sessions for period, _ in drawn],
            "width": [period.width * (0.5 if scene.labelled else 0.8) for period, _ in drawn],
            "fill_color": [color for _, color in drawn],
            "hatch": [PLAIN if period.is_complete else HATCH for period, _ in drawn],
            "label": [count(period.sessions) if scene.labelled else "" for period, _ in drawn],
            "title": [title(period) for period, _ in drawn],
        }
    }


def grounds(scene: Scene) -> Columns:
    """Return what lies behind: periods without an export, and the ground of the compared periods."""
    gaps = [period for period in (*(scene.before if scene.beside else ()), *scene.shown) if period.is_gap]
    first, last = (scene.before[0], scene.before[-1]) if scene.beside else (None, None)
    left = first.x - first.width / 2 if first else 0.0
    right = last.x + last.width / 2 if last else 0.0
    return {
        "trend-gaps": {
            "x": [period.x for period in gaps],
            "width": [period.width for period in gaps],
            "bottom": [BELOW * scene.top] * len(gaps),
            "top": [ABOVE * scene.top] * len(gaps),
            "middle": [0.9 * scene.top] * len(gaps),
            "label": [period.blank.replace(" ", "\n") if scene.labelled else "" for period in gaps],
            "title": [f"{_when(period)}: {period.blank}" for period in gaps],
        },
        "trend-ground": {
            "x": [(left + right) / 2] if first else [],
            "width": [right - left] if first else [],
            "bottom": [BELOW * scene.top] if first else [],
            "top": [ABOVE * scene.top] if first else [],
        },
    }


def words(scene: Scene) -> Columns:
    """Return the words of the figure: what is compared, what the bars are, and the annotations."""
    heads = []
    if scene.beside:
        heads = [
            (scene.start, f"Compared: {_range(scene.before)}"),
            (scene.shown[0].x - scene.shown[0].width / 2, f"Shown: {_range(scene.shown)}"),
        ]
    most = count(max(period.sessions for period in scene.shown))
    said = "Sessions" if scene.labelled else f"Sessions, at most {most} a {scene.shown[0].unit.lower()}"
    marked = [(moment(date), text) for date, text in scene.notes if scene.start <= moment(date) <= scene.end]
    named = len(marked) <= 4
    return {
        "trend-words": {"x": [scene.start], "y": [-0.14 * scene.top], "label": [said]},
        "trend-heads": {
            "x": [x for x, _ in heads],
            "y": [scene.ceiling - 0.08 * scene.top] * len(heads),
            "label": [text for _, text in heads],
        },
        "trend-notes": {
            "x": [x for x, _ in marked],
            "y": [scene.words_from] * len(marked),
            "bottom": [0.0] * len(marked),
            "label": [text if named else str(number) for number, (_, text) in enumerate(marked, start=1)],
            "align": ["right" if x > (scene.start + 2 * scene.end) / 3 else "left" for x, _ in marked],
            "title": [text for _, text in marked],
        },
    }


def ticks(scene: Scene) -> tuple[list[float], list[str]]:
    """Return at most seven ticks: weekday over date while days are few, dates up to a year, else month and year."""
    drawn = [*(scene.before if scene.beside else ()), *scene.shown]
    shown = drawn[:: -(-len(drawn) // 7)]
    if drawn[0].unit == DAILY and len(drawn) <= 7:
        labels = [day(period.first, weekday=True).replace(" ", "\n", 1) for period in shown]
    elif drawn[0].unit == MONTHLY or (drawn[-1].last - drawn[0].first).days > 366:
        labels = [day(period.first, year=True).split(" ", 1)[1].replace(" ", "\n") for period in shown]
    else:
        labels = [day(period.first) for period in shown]
    return [period.x for period in shown], labels


def _range(periods: Sequence[Period]) -> str:
    return date_range(periods[0].first, periods[-1].last).rsplit(" ", 1)[0]


def _when(period: Period) -> str:
    if period.unit == DAILY:
        return day(period.first, weekday=True)
    return period.name[0].upper() + period.name[1:]


@lru_cache(4096)
def title(period: Period) -> str:
    """Return the hover text of a period: rate, interval, counts, revenue, and what it lacks."""
    counts = f"{exact(period.conversions)} of {exact(period.sessions)} sessions converted"
    when = (
        day(period.first, weekday=True, year=True) if period.unit == DAILY else f"{_when(period)} ({_range([period])})"
    )
    lacks = "" if period.is_complete else f"; {period.held} of {(period.last - period.first).days + 1} days"
    return f"{when}: {rate(period.rate)} ({rate_range(*period.interval)}), {counts}, {money(period.revenue)}{lacks}"
