"""How much of a finding lies inside a selection: its share of the missing orders there."""

import datetime as dt
from dataclasses import replace

from queries.engine import Cancel, Engine
from queries.filters import Filters
from queries.findings.finding import Finding
from queries.judged import narrowed
from queries.watch_scan import WINDOW


def may_touch(one: Finding, filters: Filters) -> bool:
    """Say whether sessions of a finding, on days since it began, may pass the filters."""
    if filters.date_from and one.recovered and one.recovered <= filters.date_from:
        return False
    if filters.date_to and one.onset and one.onset > filters.date_to:
        return False
    return all(
        value in (filters.values(name) or (value,)) and value not in dict(filters.exclude).get(name, ())
        for name, value in one.segment.items()
    )


def is_part(one: Finding, filters: Filters) -> bool:
    """Say whether the filters by value may leave out sessions of a finding; not where they choose by steps reached."""
    if filters.reached or filters.missed:
        return False
    cut = any(one.segment.get(name) not in values for name, values in filters.include)
    return cut or any(name not in one.segment for name, _ in filters.exclude)


def share_inside(engine: Engine, one: Finding, filters: Filters, cancel: Cancel | None = None) -> float | None:
    """Return the share of a finding's missing orders inside the filters, 0 to 1; None where it cannot be counted.

    A fall takes the same share of the orders of all its parts, so a part misses what it had of the 28 days' orders
    before the onset; a combination has no days before, so a part misses what it has of the sessions. The shares of
    parts without an overlap add up. The days of the filters do not count: a price is that of a month.
    """
    first = one.onset_range[0] if one.onset and one.onset_range else None
    days = (first - dt.timedelta(days=WINDOW), first - dt.timedelta(days=1)) if first else (None, None)
    counted = "conversions" if first else "sessions"
    asked = [narrowed(each.on_days(*days), one.segment) for each in (replace(filters, left_out=()), Filters())]
    part, whole = (engine.run("overview", each, cancel=cancel).rows[0][counted] or 0 if each else 0 for each in asked)
    return part / whole if whole else None
