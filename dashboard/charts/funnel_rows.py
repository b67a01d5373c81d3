"""Funnels by one or two dimensions, as rows: the largest segments, the rest together, with rates and intervals."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from dashboard.body import Action
from dashboard.cards import Need
from dashboard.charts.chosen import passes
from dashboard.charts.segments import FOLLOWING, value_words
from dashboard.charts.words import Row, device_label, device_place, device_shape, value_label
from dashboard.panels import frame_of_rows, rows_of
from dashboard.theme import Theme
from queries.engine import Result
from queries.filters import Filters
from queries.funnel import Funnel
from queries.judged import found_of, judged_pivot
from queries.pivot import OTHERS, Group
from queries.statistics import wilson_interval
from queries.vocabulary import DIMENSIONS, TITLES

DEVICE = "device_category"
NOTHING = "Nothing"
ALL = ("(all)",)
"""The values of a funnel that no dimension splits."""
BY_TITLE = {TITLES[name]: name for name in DIMENSIONS}
MOST = 5
STEP_TITLE = "Click: the rest of the page shows sessions that reached {}. Alt + click: those that did not"
Values = tuple[str, ...]
Reach = Mapping[Values, tuple[int, ...]]
Segments = Mapping[Values, Sequence[Row]]
"""The steps of each segment."""


def chosen_dimensions(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the one or two dimensions that a card is split by: device unless another is chosen."""
    first = BY_TITLE.get(settings.get("by", ""), DEVICE)
    second = BY_TITLE.get(settings.get("and", ""), "")
    return (first, second) if second and second != first else (first,)


def funnel_needs(dimensions: tuple[str, ...]) -> tuple[Need, Need, Need]:
    """Ask for the funnel of each segment, for all sessions of the same selection, and for the compared funnel."""
    if len(dimensions) == 1:
        by = dimensions[0]
        return (
            Need("funnel", by=by, shows=by, shows_steps=True),
            Need("overview", shows=by, shows_steps=True),
            Need("funnel", by=by, shows=by, compared=True, shows_steps=True),
        )
    every = Need("overview", compute=partial(judged_pivot, dimensions=dimensions, shows=True), shows_steps=True)
    ask = partial(judged_pivot, dimensions=dimensions, shows=True)
    before = Need("pivot", compute=ask, compared=True, shows_steps=True)
    return Need("pivot", compute=ask, shows_steps=True), every, before


def reach_of(result: Result) -> dict[Values, tuple[int, ...]]:
    """Return what reached each step, by the values of the segment; none for an empty selection."""
    groups: Mapping[Values, Group] | None = found_of(result)
    if groups is not None:
        return {values: group.reached for values, group in groups.items()}
    reached: dict[Values, list[int]] = {}
    for row in result.rows:
        if row["segment"] != "(all)":
            reached.setdefault((row["segment"],), []).append(row["reached"])
    return {values: tuple(counts) for values, counts in reached.items()}


def sessions_of(result: Result) -> int:
    """Return all sessions of the selection, those that reach no step included."""
    groups: Mapping[Values, Group] | None = found_of(result)
    if groups is not None:
        return sum(group.sessions for group in groups.values())
    return result.rows[0]["sessions"] if result.rows else 0


def largest(reach: Reach, most: int = MOST) -> list[Values]:
    """Return the segments to show: devices in their own order, others by size; all of them if one more would fit."""
    if all(len(values) == 1 and device_place(values[0]) < 3 for values in reach):
        return sorted(reach, key=lambda values: device_place(values[0]))
    ordered = sorted(reach, key=lambda values: (-reach[values][0], values))
    return ordered if len(ordered) <= most + 1 else ordered[:most]


def kept_of(reach: Reach, dimensions: tuple[str, ...], filters: Filters) -> list[Values]:
    """Return the segments to show: the largest, and those that a filter wants, however small they are."""
    kept = largest(reach)
    if not any(filters.values(name) for name in dimensions):
        return kept
    wanted = [
        values
        for values in reach
        if values not in kept and all(map(partial(passes, filters), dimensions, values))
    ]  # fmt: skip
    return kept + sorted(wanted, key=lambda values: (-reach[values][0], values))[:MOST]


def merged(reach: Reach, kept: Sequence[Values]) -> dict[Values, tuple[int, ...]]:
    """Return the kept segments in order, and all others together."""
    shown = {values: reach[values] for values in kept if values in reach}
    rest = [counts for values, counts in reach.items() if values not in shown]
    if rest:
        shown[(OTHERS,)] = tuple(map(sum, zip(*rest, strict=True)))
    return shown


def rows_from(reach: Reach, funnel: Funnel) -> dict[Values, list[Row]]:
    """Return the rows of the metric "funnel" for each segment, from what reached each step."""
    return {values: _rows(values, counts, funnel) for values, counts in reach.items()}


def _rows(values: Values, counts: tuple[int, ...], funnel: Funnel) -> list[Row]:
    rows: list[Row] = []
    for place, step in enumerate(funnel.steps):
        here, first = counts[place], counts[0]
        after = counts[place + 1] if place + 1 < len(counts) else None
        share_low, share_high = wilson_interval(here, first)
        low, high = (None, None) if after is None else wilson_interval(after, here)
        rows.append(
            {
                "segment": values[0],
                "position": place + 1,
                "step": step.name,
                "definition": step.definition,
                "reached": here,
                "share_of_first": here / first if first else None,
                "share_of_first_low": share_low,
                "share_of_first_high": share_high,
                "completion_rate": after / here if here and after is not None else None,
                "completion_rate_low": low,
                "completion_rate_high": high,
                "abandonments": None if after is None else here - after,
                "abandonment_rate": (here - after) / here if here and after is not None else None,
            }
        )
    return rows


MEASURES = (
    "reached", "share_of_first", "share_of_first_low", "share_of_first_high", "completion_rate", "completion_rate_low",
    "completion_rate_high", "abandonments", "abandonment_rate",
)  # fmt: skip
COUNTS = ("reached", "abandonments")
BEFORE = "_before"


def frame_of(segments: Segments, before: Segments, dimensions: tuple[str, ...]) -> pd.DataFrame:
    """Return one row a step and segment, steps first; the measures of the compared period end in `_before`."""
    rows = [
        {
            "step": row["step"],
            "definition": row["definition"],
            "position": row["position"],
            "segment": label_of(dimensions, values),
            **dict(zip(dimensions, values * len(dimensions), strict=False)),
            **{name: row[name] for name in MEASURES},
            **{f"{name}{BEFORE}": before[values][place][name] if values in before else None for name in MEASURES},
        }
        for place in range(len(next(iter(segments.values()), ())))
        for values, steps in segments.items()
        for row in (steps[place],)
    ]
    measures = [*MEASURES, *(f"{name}{BEFORE}" for name in MEASURES)]
    names = ["step", "definition", "position", "segment", *dimensions, *measures]
    return frame_of_rows(rows, names, numbers=measures)


def segments_in(frame: pd.DataFrame, dimensions: tuple[str, ...], suffix: str = "") -> dict[Values, list[Row]]:
    """Return the steps of each segment of a frame; with the suffix `BEFORE` those of the compared period."""
    found: dict[Values, list[Row]] = {}
    for row in rows_of(frame):
        measures: dict[str, Any] = {name: _known(name, row[f"{name}{suffix}"]) for name in MEASURES}
        if measures["reached"] is not None:
            values = tuple(row[name] for name in dimensions) or ALL
            values = (OTHERS,) if OTHERS in values else values
            held = {name: row[name] for name in ("step", "definition", "position")}
            found.setdefault(values, []).append({"segment": values[0], **held, **measures})
    return found


def _known(name: str, measure: float | None) -> float | int | None:
    return int(measure) if measure is not None and name in COUNTS else measure


def label_of(dimensions: tuple[str, ...], values: Values) -> str:
    """Return a segment as a short label: Desktop, United States, mobile, new."""
    if values == (OTHERS,):
        return "Others"
    if not dimensions:
        return "All"
    if dimensions == (DEVICE,):
        return device_label(values[0])
    return ", ".join(value_label(name, value) for name, value in zip(dimensions, values, strict=True))


def phrase_of(dimensions: tuple[str, ...], values: Values) -> str:
    """Return a segment as a sentence has it after a rate: on desktop, from google, in United States."""
    if values == (OTHERS,):
        return "elsewhere"
    parts = []
    for name, value in zip(dimensions, values, strict=True):
        words = FOLLOWING[name].replace("{}", value_words(name, value))
        parts.append(f"of {words}" if name == "visitor_type" else words)
    return " ".join(parts)


def look_of(dimensions: tuple[str, ...], values: Values, theme: Theme) -> tuple[str, str]:
    """Return the colour and the mark of a segment; only devices have their own."""
    if dimensions == (DEVICE,) and values != (OTHERS,):
        return theme.devices.get(values[0], theme.previous), device_shape(values[0])
    return (theme.bars if values == (OTHERS,) else theme.accent), "circle"


def action_of(dimensions: tuple[str, ...], values: Values) -> Action | None:
    """Return the click on a segment; none where it holds several values."""
    if values == (OTHERS,):
        return None
    if len(values) == 1:
        return Action(dimension=dimensions[0], value=values[0])
    return Action(where=dict(zip(dimensions, values, strict=True)))
