"""Build what charts are given: rows as the engine returns them, results and contexts, from counts alone."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from dashboard.cards import Context
from queries.engine import Result
from queries.filters import Filters
from queries.funnel import ENGAGEMENT
from queries.judged import Judged
from queries.statistics import wilson_interval


def counted(sessions: int, conversions: int, **more: Any) -> dict[str, Any]:
    """Return a row of counts with its conversion rate and interval."""
    low, high = wilson_interval(conversions, sessions)
    return {
        "sessions": sessions,
        "conversions": conversions,
        "conversion_rate": conversions / sessions if sessions else None,
        "conversion_rate_low": low,
        "conversion_rate_high": high,
        "transactions": conversions,
        "revenue": 100.0 * conversions,
        **more,
    }


def funnel_rows(**reached: tuple[int, ...]) -> list[dict[str, Any]]:
    """Return the funnel of each device from what reached its steps: desktop=(6108, 1159, 473, 85)."""
    rows = []
    for segment, counts in reached.items():
        for place, step in enumerate(ENGAGEMENT.steps):
            here, first = counts[place], counts[0]
            after = counts[place + 1] if place + 1 < len(counts) else None
            share_low, share_high = wilson_interval(here, first)
            low, high = (None, None) if after is None else wilson_interval(after, here)
            rows.append(
                {
                    "segment": segment,
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


ORIGINAL = {"desktop": (6108, 1159, 473, 85), "mobile": (3437, 489, 184, 7), "tablet": (452, 73, 26, 2)}
"""What reached each step in the original's 10,000 sessions."""


def source_rows(total: tuple[int, int], **sources: dict[str, tuple[int, int]]) -> list[dict[str, Any]]:
    """Return sources by device as the metric does, without a "more" row: google={"desktop": (2305, 15)}.

    `total` holds the sessions and conversions that make the mean.
    """
    rows, mean = [], total[1] / total[0]
    every: dict[str, tuple[int, int]] = {}
    for cells in sources.values():
        for device, (sessions, conversions) in cells.items():
            held = every.get(device, (0, 0))
            every[device] = held[0] + sessions, held[1] + conversions
    for rank, (name, cells) in enumerate([*sources.items(), ("(all)", every)], start=1):
        kind = "all" if name == "(all)" else "source"
        whole = tuple(map(sum, zip(*cells.values(), strict=True)))
        for device, (sessions, conversions) in {"(all)": whole, **cells}.items():
            shrunk = (conversions + 300 * mean) / (sessions + 300)
            rows.append(
                counted(
                    sessions,
                    conversions,
                    source_rank=rank,
                    row_kind=kind,
                    source=name,
                    sources=1,
                    device_category=device,
                    expected=sessions * mean,
                    shrunk_rate=shrunk,
                    shrunk_ratio=shrunk / mean if mean else None,
                    enough=sessions * mean >= 1,
                )
            )
    return rows


def result(rows: list[dict[str, Any]], metric: str = "built") -> Result:
    """Return rows as the engine hands them over."""
    return Result(metric, rows, "select", {}, 1, Filters())


def context(filters: Filters | None = None, days: int = 6, missing: tuple[int, ...] = (), **settings: Any) -> Context:
    """Return a context of that many days from 2 July 2017; `missing` counts days from 0."""
    first = dt.date(2017, 7, 2)
    held = frozenset(first + dt.timedelta(days=day) for day in range(days) if day not in missing)
    return Context(filters or Filters(), ENGAGEMENT, first, first + dt.timedelta(days=days - 1), settings, held)


def day(number: int) -> dt.date:
    """Return a day of July 2017."""
    return dt.date(2017, 7, number)


def judged(found: Any, rows: Sequence[dict[str, Any]] = ()) -> Judged:
    """Return a judgement as the engine hands it over."""
    return Judged("built", list(rows), "", {}, 1, Filters(), found)


def segments(**counts: tuple[int, int]) -> Result:
    """Return values of a dimension with their sessions and converted sessions: google=(100, 2)."""
    return result([counted(sessions, converted, segment=name) for name, (sessions, converted) in counts.items()])
