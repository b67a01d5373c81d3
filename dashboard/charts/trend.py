"""Conversion rate by day, week or month with its intervals over its sessions, beside or above a compared period."""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import holoviews as hv
import pandas as pd
import param

from dashboard.annotations import annotations
from dashboard.body import Action
from dashboard.cards import Need, TableTwin
from dashboard.chart import ChartView, Words
from dashboard.charts.trend_layers import cut_words, layers, place, ticks
from dashboard.charts.trend_level import mean_words
from dashboard.charts.trend_periods import DAILY, UNITS, Period, periods_of
from dashboard.charts.trend_scene import BELOW, Scene, scene_of
from dashboard.charts.trend_words import LINE_FROM, against, began, heading, note, step_of, within
from dashboard.charts.words import (
    FEW_SESSIONS,
    Row,
    blank_days,
    blank_word,
    compared_days,
    days_of,
    empty_sentence,
    left_out_words,
    missing_days,
    sentence_range,
)
from dashboard.format import DASH, THIN, count, date_range, day, exact, money, rate
from dashboard.look import by, framed, hatching, mark, rate_ticks, words
from dashboard.panels import Axis, Panel, frame_of_rows, rows_of
from dashboard.periods import Days
from queries.engine import Result

MOST_NOTES = 8
SHOWN, COMPARED = "shown", "compared"


class Trend(ChartView):
    """Conversion rate over time with 95 % Wilson intervals, over the sessions of the same days.

    Frame: one row a day, week or month (`unit`), compared ones first: `period` ("shown" or "compared"), `first` and
    `last` day, `asked_first` and `asked_last` (those looked at), `held` (days that an export holds), `blank` (why
    nothing is shown), `sessions`, `conversions`, `conversion_rate` with `_low` and `_high` (0-1), `revenue`, `note`
    ((what people noted). `attrs` has what is judged from the days, whatever the unit: "heading"; "step", the day from
    which the rate is another by more than chance with the rates before and since; "missing" days without an export.
    """

    unit = param.Selector(default=DAILY, objects=list(UNITS), doc="Length of a period.")

    key = "trend"
    label = "Conversion rate over time"
    own_settings = ("unit",)
    height = 300
    traits: ClassVar[Mapping[str, Any]] = {"shows_days": True}

    def needs(self) -> tuple[Need, ...]:
        """Ask for the days, shown and compared, and for what people noted about days."""
        return Need("trend"), Need("trend", compared=True), Need("annotations", compute=annotations)

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return the periods that have days."""
        rows, past = results[0].rows, results[1].rows
        shown, before = [], []
        if rows:
            present = {row["session_date"] for row in rows}
            days = days_of(self.context) or sorted(present)
            shown = periods_of(
                rows, days, blank_days(self.context, present), self.unit, partial(blank_word, self.context)
            )
        if rows and past and (days := compared_days(self.context)):
            known = self.context.store_days
            held = known if known is not None else {row["session_date"] for row in past}
            blank = {date for date in days if date not in held or self.context.filters.leaves_out(date)}
            before = periods_of(past, days, blank, self.unit, partial(blank_word, self.context))
        frame = frame_of(before, shown, [(row["session_date"], row["text"]) for row in results[2].rows])
        if shown:
            frame.attrs = {
                "heading": _heading(rows, shown, past if before else [], before),
                "step": None if before else step_of(rows),
                "missing": sorted(missing_days(self.context, {row["session_date"] for row in rows})),
            }
        return frame

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return rates above zero, sessions below it on a scale of their own, on one x axis."""
        scene = self._scene(frame)
        if scene is None:
            return [Panel(layers(None, self.colors), y=Axis(BELOW, 1.0), height=self.height, taps={"targets": ()})]
        rates, labels = rate_ticks(highest_shown([*scene.shown, *scene.before]))
        return [
            Panel(
                layers(scene, self.colors),
                Axis(place(scene.start), place(scene.end), *ticks(scene)),
                Axis(BELOW * scene.top, scene.ceiling, rates, labels),
                height=self.height,
                taps={"targets": [*([None] * len(scene.beside_before)), *map(_action, scene.shown)]},
                legend=legend(scene),
            )
        ]

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return marks, lines and words over bars, gaps and the ground of the compared days."""
        at, look = panel.table, self.colors
        corners = ["left", "bottom", "right", "top"]
        ground: dict[str, Any] = {"fill_color": look.sunken, "fill_alpha": 0.6, "line_color": None}
        hatch: dict[str, Any] = {"hatch_pattern": "/", "hatch_color": look.hatch}
        previous = {"color": look.previous}
        dashed = {"line_dash": "4 3", "alpha": 0.8, "hover": False}
        drawn = [
            mark("ground", hv.Rectangles(at("ground"), corners), **ground),
            mark("gaps", hv.Rectangles(at("gaps"), corners), glyph=hatch, **ground),
            words("gap words", at("gap words").hvplot.labels("day", "y", "label"), look, text_baseline="top"),
            mark("sessions", hv.Rectangles(at("sessions"), corners, ["sessions", "color", "hatch"]),
                 series="sessions", fill_color=by("color"), line_color=None,
                 glyph={"border_radius": 2, **hatching(look.surface)}),
            words("session words", at("session words").hvplot.labels("day", "y", "label"), look, glyph={"y_offset": -3},
                  text_baseline="bottom"),
            mark("mean before", at("mean before").hvplot.line("day", "rate", **previous, **dashed)),
            mark("line before", at("line before").hvplot.line("day", "rate", line_width=1.5, **previous,
                 line_dash="5 4", hover=False), series="compared"),
            mark("whiskers before", at("whiskers before").hvplot.errorbars("day", "rate", "minus", "plus"),
                 line_color=look.previous, line_width=2, lower_head=None, upper_head=None),
            mark("dots before", at("dots before").hvplot.scatter("day", "rate", hover_cols=["title"]),
                 series="compared", size=8, fill_color=look.previous, line_color=look.surface),
            words("words before", at("words before").hvplot.labels("day", "y", "label"), look, halo=True,
                  glyph={"y_offset": -5}, text_baseline="bottom"),
            mark("mean", at("mean").hvplot.line("day", "rate", color=look.accent, **dashed), series="mean"),
            mark("band", at("band").hvplot.area("day", "low", "high", color=look.accent, alpha=0.16, hover=False),
                 series="interval", line_color=None),
            mark("line", at("line").hvplot.line("day", "rate", color=look.accent, line_width=1.5, hover=False),
                 series="rate"),
            mark("whiskers", at("whiskers").hvplot.errorbars("day", "rate", "minus", "plus"), line_color=look.accent,
                 line_width=2, lower_head=None, upper_head=None),
            words("mean words", at("mean words").hvplot.labels("day", "y", "label"), look, halo=True,
                  glyph={"y_offset": -4}, text_baseline="bottom"),
            words("labels", at("labels").hvplot.labels("day", "y", "label"), look, halo=True, text_color=look.text,
                  glyph={"y_offset": -5}, text_baseline="bottom"),
            mark("arrows", at("arrows").hvplot.scatter("day", "rate", hover_cols=["color"]), marker="triangle", size=8,
                 fill_color=by("color"), line_color=None),
            mark("notes", hv.Segments(at("notes"), ["day", "bottom", "day_too", "top"], ["title"]),
                 line_color=look.warn, line_dash="2 3"),
            words("note words", at("note words").hvplot.labels("day", "y", "label", hover_cols=["align"]), look,
                  text_color=look.warn, text_align=by("align"), text_baseline="bottom", glyph={"y_offset": -3}),
            words("heads", at("heads").hvplot.labels("day", "y", "label"), look, text_color=look.text_secondary,
                  text_align="left", text_baseline="middle", glyph={"x_offset": 4}),
            words("bar head", at("bar head").hvplot.labels("day", "y", "label"), look, text_align="left",
                  text_baseline="middle", glyph={"x_offset": 2}),
            mark("days", at("days").hvplot.scatter("day", "rate", hover_cols=["size", "color"]), series="rate",
                 size=by("size"), fill_color=by("color"), line_color=look.accent),
            mark("targets", hv.Rectangles(at("targets"), corners, ["title"]), fill_alpha=0, line_color=None),
        ]  # fmt: skip
        return framed(drawn, panel, look, name=self.key, hover=["dots before", "targets"], crosshair=True, drag=True)

    def say(self, frame: pd.DataFrame) -> Words:
        """Return how far the periods differ, and how the picture is read."""
        scene, context = self._scene(frame), self.context
        if scene is None:
            return Words("No day to show", empty=empty_sentence(context))
        asked, missing = days_of(context), set(frame.attrs.get("missing", ()))
        parts = (
            note(scene.shown, asked, missing, laid(scene), left_out_words(context.filters)),
            mean_words(scene),
            cut_words(scene),
            noted(scene.notes),
        )
        return Words(frame.attrs.get("heading", ""), " ".join(part for part in parts if part))

    def table(self, frame: pd.DataFrame) -> TableTwin | None:
        """Return one line per period, compared ones first, those without an export too."""
        scene = self._scene(frame)
        return table_twin(scene.before, scene.shown) if scene else None

    def _scene(self, frame: pd.DataFrame) -> Scene | None:
        return self.once(scene_in, frame, self.context.focus)


def frame_of(before: Sequence[Period], shown: Sequence[Period], notes: Sequence[tuple[dt.date, str]]) -> pd.DataFrame:
    """Return periods as rows, each with what was noted about its days."""
    said = [(which, period) for which, periods in ((COMPARED, before), (SHOWN, shown)) for period in periods]
    rows = [
        {
            "period": which,
            "unit": period.unit,
            "first": period.first,
            "last": period.last,
            "asked_first": period.asked.first,
            "asked_last": period.asked.last,
            "held": period.held,
            "blank": period.blank if period.is_gap else "",
            "sessions": period.sessions,
            "conversions": period.conversions,
            "conversion_rate": period.rate,
            "conversion_rate_low": period.interval[0],
            "conversion_rate_high": period.interval[1],
            "revenue": period.revenue,
            "note": "; ".join(text for date, text in notes if which == SHOWN and period.first <= date <= period.last),
        }
        for which, period in said
    ]
    return frame_of_rows(rows, COLUMNS)


COLUMNS = (
    "period", "unit", "first", "last", "asked_first", "asked_last", "held", "blank", "sessions", "conversions",
    "conversion_rate", "conversion_rate_low", "conversion_rate_high", "revenue", "note",
)  # fmt: skip


def scene_in(frame: pd.DataFrame, focus: Days | None = None) -> Scene | None:
    """Return what is drawn of a frame: its periods with their places; None where it has no row."""
    held: dict[str, list[Period]] = {COMPARED: [], SHOWN: []}
    notes = []
    for row in rows_of(frame):
        asked = Days(row["asked_first"], row["asked_last"])
        counts = row["held"], row["sessions"], row["conversions"], row["revenue"]
        period = Period(row["unit"], row["first"], row["last"], *counts, asked, row["blank"] or "no export")
        held[row["period"]].append(period)
        if row["note"]:
            notes.append((row["first"], row["note"]))
    shown, before = held[SHOWN], held[COMPARED]
    if not shown:
        return None
    top = rate_ticks(highest_shown([*shown, *before]))[0][-1]
    return scene_of(shown, before, top, notes, focus, frame.attrs.get("step"))


def _heading(rows: Sequence[Row], shown: Sequence[Period], past: Sequence[Row], before: Sequence[Period]) -> str:
    if before:
        held = [period for period in shown if not period.is_gap]
        since = began([*past, *rows], shown, before) if len(past) + len(rows) >= LINE_FROM else ""
        return against(held, before) + (since or within(rows))
    if shown[0].unit == DAILY:
        return heading(rows)
    complete = [period for period in shown if period.is_complete and period.sessions]
    return heading(rows, [row_of(period) for period in complete or shown])


def row_of(period: Period) -> dict[str, Any]:
    """Return a week or a month as a row of counts that has a name."""
    low, high = period.interval
    return {
        "session_date": period.first,
        "last": period.last,
        "unit": period.unit,
        "name": period.name,
        "sessions": period.sessions,
        "conversions": period.conversions,
        "conversion_rate": period.rate,
        "conversion_rate_low": low,
        "conversion_rate_high": high,
        "revenue": period.revenue,
    }


def highest_shown(periods: Sequence[Period]) -> float:
    """Return the highest rate the scale must hold: every rate, and the intervals of periods large enough to read.

    Where none is large enough, it holds the intervals of all.
    """
    enough = [period for period in periods if period.sessions >= FEW_SESSIONS] or periods
    large = [period.interval[1] or 0 for period in enough]
    return max([*large, *(period.rate or 0 for period in periods)], default=0.01) or 0.01


def laid(scene: Scene) -> str:
    """Return how the compared periods are drawn, and how many are not; empty when nothing is compared."""
    before = scene.before
    if not before:
        return ""
    words = date_range(before[0].first, before[-1].last)
    if scene.beside:
        return f"Grey: {words}."
    unit = before[0].unit
    how = "each under the same weekday" if unit == DAILY else "in their order"
    drawn = [period for period, _ in scene.laid]
    left = sum(period not in drawn and not period.is_gap for period in before)
    verb = "falls" if left == 1 else "fall"
    rest = f" {count(left)} of its {unit.lower()}s {verb} outside the picture: counted, not drawn."
    return f"Grey, dashed: {words}, {how}.{rest if left else ''}"


def noted(inside: Sequence[tuple[dt.date, str]]) -> str:
    """Return the annotations of the shown days as one line, where they are too many to stand in the figure."""
    if len(inside) <= 4:
        return ""
    listed = [f"{number} {day(date)}: {text}" for number, (date, text) in enumerate(inside[:MOST_NOTES], start=1)]
    more = f"; {len(inside) - MOST_NOTES} more" if len(inside) > MOST_NOTES else ""
    return f"Noted: {'; '.join(listed)}{more}."


def table_twin(before: Sequence[Period], shown: Sequence[Period]) -> TableTwin:
    """Return one line per period, compared ones first, those without an export too."""
    rows = [_line(period, "compared") for period in before] + [_line(period, "shown") for period in shown]
    actions = (*(None for _ in before), *(_action(period) for period in shown))
    headers = (shown[0].unit, "Sessions", "Converted", "Rate", "95\u202f% interval", "Revenue")
    if not before:
        return TableTwin("Conversion by time", headers, tuple(row[:-1] for row in rows), (False, *(True,) * 5), actions)
    return TableTwin("Conversion by time", (*headers, "Period"), tuple(rows), (False, *(True,) * 5, False), actions)


def _action(period: Period) -> Action | None:
    days = period.asked
    return None if period.is_gap else Action(first=days.first.isoformat(), last=days.last.isoformat())


def _line(period: Period, which: str) -> tuple[str, ...]:
    if period.unit == DAILY:
        when = day(period.first, weekday=True, year=True)
    else:
        when = date_range(period.first, period.last) + ("" if period.is_complete else f" ({period.held} days)")
    if period.is_gap:
        return when, period.blank, "", "", "", "", which
    low, high = period.interval
    interval = DASH if low is None or high is None else sentence_range(low, high)
    counts = exact(period.sessions), exact(period.conversions)
    return when, *counts, rate(period.rate), interval, money(period.revenue, cents=True), which


def legend(scene: Scene) -> dict[str, str]:
    """Return the words of each series that is drawn."""
    said = {"rate": "Conversion rate", "interval": f"95{THIN}% interval" if scene.dense else "", "mean": "Mean"}
    said["compared"] = "Compared" if scene.before else ""
    return {**said, "sessions": "Sessions"}
