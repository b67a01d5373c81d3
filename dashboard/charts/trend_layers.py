"""What each layer of the trend draws: marks, lines, bars, gaps and words, for the shown and the compared periods."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from dashboard.charts.trend_level import mean_line, mean_word
from dashboard.charts.trend_periods import DAILY, MONTHLY, Period, moment
from dashboard.charts.trend_scene import ABOVE, BELOW, Scene
from dashboard.format import count, date_range, day, exact, money, rate, rate_range
from dashboard.panels import Columns, columns
from dashboard.theme import Theme

BARS = (-0.62, -0.2)
"""Of the highest value: from where to where the bars of sessions stand, the largest of them with room above it."""
HEADROOM = 1.25
CORNERS = {"left": "day", "bottom": "number", "right": "day", "top": "number"}
TITLED = {**CORNERS, "title": "text"}
DOT = {"day": "day", "rate": "number"}
WHISKER = {**DOT, "minus": "number", "plus": "number"}
WORD = {"day": "day", "y": "number", "label": "text"}
LAYERS: dict[str, dict[str, str]] = {
    "ground": CORNERS,
    "gaps": CORNERS,
    "gap words": WORD,
    "sessions": {**CORNERS, "sessions": "number", "color": "text", "hatch": "text"},
    "session words": WORD,
    "mean before": DOT,
    "line before": DOT,
    "whiskers before": WHISKER,
    "dots before": {**DOT, "title": "text"},
    "words before": WORD,
    "mean": DOT,
    "band": {"day": "day", "low": "number", "high": "number"},
    "line": DOT,
    "whiskers": WHISKER,
    "mean words": WORD,
    "labels": WORD,
    "arrows": {**DOT, "color": "text"},
    "notes": {"day": "day", "bottom": "number", "day_too": "day", "top": "number", "title": "text"},
    "note words": {**WORD, "align": "text"},
    "heads": WORD,
    "bar head": WORD,
    "days": {**DOT, "size": "number", "color": "text"},
    "targets": TITLED,
}
"""The columns of every layer, and what each holds."""
Rows = list[dict[str, Any]]


def layers(scene: Scene | None, look: Theme) -> dict[str, Columns]:
    """Return the rows of every layer in order of days, as hvPlot draws them; none in any of them without a scene."""
    drawn = (
        {**marks(scene, look), **lines(scene), **bars(scene, look), **grounds(scene), **said(scene)} if scene else {}
    )
    rows = {name: sorted(held, key=lambda row: row.get("day", 0.0)) for name, held in drawn.items()}
    return {name: columns(rows.get(name, ()), **kinds) for name, kinds in LAYERS.items()}


def place(milliseconds: float) -> np.datetime64:
    """Return a place on the axis of days."""
    return np.datetime64(round(milliseconds), "ms")


def _box(period: Period, bottom: float, top: float, width: float = 1.0) -> dict[str, Any]:
    half = period.width * width / 2
    return {"left": (period.x - half), "right": (period.x + half), "bottom": bottom, "top": top}


def marks(scene: Scene, look: Theme) -> dict[str, Rows]:
    """Return the dots and, while they are few, their whiskers and words; an incomplete period is hollow.

    The targets are what a pointer hits: the whole height of each shown period, so that the nearest day always answers.
    """
    shown = [period for period in scene.shown if period.rate is not None]
    before = [] if scene.dense else [(period, x) for period, x in scene.laid if period.rate is not None]
    sparse = [] if scene.dense else shown
    cut = [(period.x, look.accent) for period in sparse if scene.is_cut(period)]
    cut += [(x, look.previous) for period, x in before if scene.beside and scene.is_cut(period)]
    beside = before if scene.beside else []
    hovered = [(one, hover_words(scene, one)) for one in scene.shown]
    return {
        "days": [
            {"day": one.x, "rate": one.rate, "size": 4 if scene.dense else 9, "color": _dot(scene, one, look)}
            for one in shown
        ],
        "labels": [_word(one.x, _above(one, scene.top), rate(one.rate)) for one in shown if scene.labelled],
        "whiskers": [_whisker(one, one.x, scene.top) for one in sparse],
        "dots before": [{"day": x, "rate": one.rate, "title": title(one)} for one, x in before],
        "words before": [_word(x, _above(one, scene.top), rate(one.rate)) for one, x in beside if scene.labelled],
        "whiskers before": [_whisker(one, x, scene.top) for one, x in beside],
        "arrows": [{"day": x, "rate": scene.top, "color": color} for x, color in cut],
        "targets": [
            {**_box(one, BELOW * scene.top, ABOVE * scene.top), "title": words}
            for one, words in (*((one, title(one)) for one in scene.beside_before), *hovered)
        ],
    }


def _dot(scene: Scene, period: Period, look: Theme) -> str:
    if not period.is_complete:
        return look.surface
    return look.sequential[1] if scene.stands_back(period) else look.accent


def _bar(scene: Scene, period: Period, look: Theme) -> str:
    if scene.focus is None:
        return look.sequential[2]
    return look.sequential[0] if scene.stands_back(period) else look.accent


def _word(x: float, y: float, text: str) -> dict[str, Any]:
    return {"day": x, "y": y, "label": text}


def _above(period: Period, top: float) -> float:
    """Return where the word of a period stands: above its whisker, within the figure."""
    return min(period.interval[1] or 0.0, top)


def _whisker(period: Period, x: float, top: float) -> dict[str, Any]:
    here = period.rate or 0.0
    return {
        "day": x,
        "rate": here,
        "minus": here - (period.interval[0] or 0.0),
        "plus": _above(period, top) - here,
    }


def hover_words(scene: Scene, period: Period) -> str:
    """Return what is said of the period under the pointer, and what a click does."""
    if period.is_gap:
        return f"{_when(period)}: {period.blank}"
    if scene.focus == period.asked:
        return f"{title(period)}. Click: all days again."
    return f"{title(period)}. Click: only this {period.unit.lower()}. Alt-click: leave it out. Drag: some days."


def cut_words(scene: Scene) -> str:
    """Return what an arrow stands for, where one is drawn."""
    return "" if scene.dense or not any(map(scene.is_cut, scene.standing)) else "Arrow: the interval goes on."


def lines(scene: Scene) -> dict[str, Rows]:
    """Return the line and its band from 20 periods on, broken where there are no sessions; the compared line dashed."""
    dense = scene.shown if scene.dense else []
    laid = [] if scene.beside else scene.laid
    means = [
        (name, periods)
        for name, periods in (("mean", scene.shown), ("mean before", scene.before if scene.beside else []))
    ]
    return {
        "line": [{"day": one.x, "rate": one.rate} for one in dense],
        "band": [{"day": one.x, "low": one.interval[0], "high": one.interval[1]} for one in dense],
        "line before": [{"day": x, "rate": one.rate} for one, x in laid],
        **{name: [{"day": x, "rate": y} for x, y in mean_line(scene, periods)] for name, periods in means},
        "mean words": [_word(*word) for _, periods in means if (word := mean_word(scene, periods))],
    }


def bars(scene: Scene, look: Theme) -> dict[str, Rows]:
    """Return the bars of sessions; those of compared periods only where they have a place of their own.

    They stand on a scale of their own below zero, the largest with room for its word.
    """
    drawn = [(period, _bar(scene, period, look)) for period in scene.shown if not period.is_gap]
    if scene.beside:
        drawn = [(period, look.bars) for period in scene.before if not period.is_gap] + drawn
    low, high = (end * scene.top for end in BARS)
    unit = (high - low) / (max((one.sessions for one, _ in drawn), default=1) * HEADROOM or 1)
    width = 0.5 if scene.labelled else 0.8
    return {
        "sessions": [
            {
                **_box(one, low, low + one.sessions * unit, width),
                "sessions": one.sessions,
                "color": color,
                "hatch": " " if one.is_complete else "/",
            }
            for one, color in drawn
        ],
        "session words": [
            _word(one.x, low + one.sessions * unit, count(one.sessions)) for one, _ in drawn if scene.labelled
        ],
    }


def grounds(scene: Scene) -> dict[str, Rows]:
    """Return what lies behind: periods without an export, and the ground of the compared periods."""
    gaps = [one for one in scene.standing if one.is_gap]
    low, high = BELOW * scene.top, ABOVE * scene.top
    ground = []
    if scene.beside:
        first, last = scene.before[0], scene.before[-1]
        ends = {"left": (first.x - first.width / 2), "right": (last.x + last.width / 2)}
        ground = [{**ends, "bottom": low, "top": high}]
    return {
        "ground": ground,
        "gaps": [_box(one, low, high) for one in gaps],
        "gap words": [_word(one.x, 0.9 * scene.top, one.blank.replace(" ", "\n")) for one in gaps if scene.labelled],
    }


def said(scene: Scene) -> dict[str, Rows]:
    """Return the words of the figure: what is compared, what the bars are, and the annotations."""
    heads = []
    if scene.beside:
        heads = [
            (scene.start, f"Compared: {_range(scene.before)}"),
            (scene.shown[0].x - scene.shown[0].width / 2, f"Shown: {_range(scene.shown)}"),
        ]
    most = count(max(period.sessions for period in scene.shown))
    head = "Sessions" if scene.labelled else f"Sessions, at most {most} a {scene.shown[0].unit.lower()}"
    noted = [(moment(date), text) for date, text in scene.notes]
    named = len(noted) <= 4
    return {
        "bar head": [_word(scene.start, -0.14 * scene.top, head)],
        "heads": [_word(x, scene.ceiling - 0.08 * scene.top, text) for x, text in heads],
        "notes": [{"day": x, "day_too": x, "bottom": 0.0, "top": scene.words_from, "title": text} for x, text in noted],
        "note words": [
            {
                **_word(x, scene.words_from, text if named else str(number)),
                "align": "right" if x > (scene.start + 2 * scene.end) / 3 else "left",
            }
            for number, (x, text) in enumerate(noted, start=1)
        ],
    }


def ticks(scene: Scene) -> tuple[list[np.datetime64], list[str]]:
    """Return at most seven ticks: weekday over date while days are few, dates up to a year, else month and year."""
    drawn = scene.standing
    shown = drawn[:: -(-len(drawn) // 7)]
    if drawn[0].unit == DAILY and len(drawn) <= 7:
        labels = [day(period.first, weekday=True).replace(" ", "\n", 1) for period in shown]
    elif drawn[0].unit == MONTHLY or (drawn[-1].last - drawn[0].first).days > 366:
        labels = [day(period.first, year=True).split(" ", 1)[1].replace(" ", "\n") for period in shown]
    else:
        labels = [day(period.first) for period in shown]
    return [place(period.x) for period in shown], labels


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
