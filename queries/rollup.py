"""Rollups: sessions added up beforehand, so that a question reads thousands of rows where there are millions.

A rollup holds totals for each combination of its keys. It answers every question whose columns and filters are among
those keys; the smallest that does is read. Rollups are a cache beside the store, kept in one DuckDB file for one
content of the store, together with a narrow copy of the sessions for what no rollup answers. Deleting it loses nothing.
"""

import hashlib
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path

import duckdb

from queries.derived import stored
from queries.filters import Filters
from queries.funnel import Funnel, Step
from queries.store import Snapshot
from queries.vocabulary import DIMENSIONS, STORED_DIMENSIONS

LAYOUT = 3
"""Goes up when the tables of a rollup file change, so that no older file is read."""

SMALLEST_BYTES = 2_000_000
"""In a store of smaller files, reading them costs no more than planning a question."""

LOCK = "build.lock"
"""Held, in the folder of the rollup files, by whoever builds one."""

DAY = "session_date"
COMMON = ("device_category", "country", "channel_group", "source", "visitor_type")
"""The dimensions that are filtered most."""
RARER = tuple(name for name in STORED_DIMENSIONS if name not in COMMON)

PAGEVIEW_BOUNDS = (1, 5, 10)
DURATION_BOUNDS = (1, 10, 60, 180, 300, 600, 1200, 3601)
FLAGS = ("viewed_item", "added_to_cart", "began_checkout")
CLASSES = {"pageviews": PAGEVIEW_BOUNDS, "duration_seconds": DURATION_BOUNDS}
"""Of these columns a rollup keeps the class: the greatest bound that the value reaches, else 0."""
CONVERTED = "converted"
FUNNEL_KEYS = ("pageviews", *FLAGS, CONVERTED)
"""What decides the deepest funnel step of a session."""

STEP_KEYS = (*FUNNEL_KEYS, "duration_seconds")

SUMS = ("sessions", "conversions", "transactions", "revenue", "total_pageviews")
TOTALS = (*SUMS, "largest_revenue")
COPY = "sessions"
ENGAGED, ENGAGED_PAGEVIEWS = "engaged_sessions", 5
"""The sessions of the copy that have so many pageviews or an order: a sixth of all, and what medians are taken of."""

ORDERS = "orders"
"""The sessions that brought revenue, with their ids, in the order of these: a few of a hundred, to draw samples of."""

COPIED = (DAY, *DIMENSIONS, *CLASSES, "events", "engaged", *FLAGS, "transactions", "revenue")
"""The session columns of the narrow copy."""


@dataclass(frozen=True, slots=True)
class Rollup:
    """Name one rollup and its keys."""

    name: str
    keys: tuple[str, ...]


def _rollups_of(name: str) -> tuple[Rollup, ...]:
    device, country, channel, source, visitor = COMMON
    return (
        Rollup(f"{name}_steps", (name, *COMMON, *STEP_KEYS)),
        Rollup(f"{name}_steps_by_country", (name, device, country, visitor, *STEP_KEYS)),
        Rollup(f"{name}_steps_by_source", (name, device, channel, source, visitor, *STEP_KEYS)),
        Rollup(f"{name}_days", (DAY, name, device, *STEP_KEYS)),
        Rollup(f"{name}_days_by_source", (DAY, name, device, channel, source, visitor)),
        Rollup(f"{name}_days_by_country", (DAY, name, device, country)),
    )


ROLLUPS = (
    Rollup("days", (DAY, *COMMON)),
    Rollup("steps", (*COMMON, *STEP_KEYS)),
    Rollup("steps_by_source", (DAY, "device_category", "channel_group", "source", "visitor_type", *STEP_KEYS)),
    Rollup("steps_by_country", (DAY, "device_category", "country", "visitor_type", *STEP_KEYS)),
    Rollup("cells", (*COMMON, "browser", "landing_page", *FUNNEL_KEYS)),
    Rollup("segments", COMMON),
    Rollup("days_by_source", (DAY, "device_category", "channel_group", "source", "visitor_type")),
    Rollup("days_by_country", (DAY, "device_category", "country", "visitor_type")),
    Rollup("days_by_device", (DAY, "device_category")),
    *(rollup for name in RARER for rollup in _rollups_of(name)),
)


def needed(columns: Set[str], filters: Filters, by: str | None, funnel: Funnel) -> Set[str] | None:
    """Return the keys that a rollup must have to give these columns of the relation `sessions`; None if none can."""
    wanted = columns - {*TOTALS, "segment"}
    if not all(map(_is_between_classes, (*filters.reached, *filters.missed))):
        return None
    if "step" in wanted:
        if not all(map(_is_between_classes, funnel.steps)):
            return None
        wanted = wanted - {"step"} | {CONVERTED if name == "transactions" else name for name in funnel.columns}
    looked_at = {CONVERTED if name == "transactions" else name for name in filtered(filters)}
    keys = stored(wanted | looked_at | ({by} if by else set()))
    return keys if keys <= {DAY, *DIMENSIONS, *STEP_KEYS} else None


def filtered(filters: Filters) -> set[str]:
    """Return the columns that filters look at."""
    named = {dimension for dimension, _ in (*filters.include, *filters.exclude)}
    named |= {step.column for step in (*filters.reached, *filters.missed)}
    return named | {DAY} if filters.has_days else named


def _is_between_classes(step: Step) -> bool:
    """Say whether the classes tell the sessions that reach a step from those that do not."""
    if step.operator == "is true":
        return step.column in FLAGS
    bound = {">=": step.value, ">": step.value + 1}.get(step.operator)
    return bound in {"pageviews": PAGEVIEW_BOUNDS, "transactions": (1,)}.get(step.column, ())


def covering(rollups: Iterable[Rollup], keys: Set[str]) -> list[Rollup]:
    """Return the rollups that have these keys."""
    return [rollup for rollup in rollups if keys <= set(rollup.keys)]


def folder_of(store: Path) -> Path:
    """Return where the rollup files of a store are kept."""
    return store / "rollup"


def is_worth_it(snapshot: Snapshot) -> bool:
    """Say whether a snapshot is large enough for rollups to save anything."""
    return sum(Path(file).stat().st_size for file in snapshot.files) >= SMALLEST_BYTES


def file_of(snapshot: Snapshot) -> Path:
    """Return the file of a snapshot's rollups, named after its content: the same files give the same rollups."""
    told = repr(
        (LAYOUT, duckdb.__version__, ROLLUPS, COPIED, CLASSES, ENGAGED, [Path(file).name for file in snapshot.files])
    )
    return folder_of(snapshot.store) / f"{hashlib.blake2b(told.encode(), digest_size=12).hexdigest()}.duckdb"
