"""Rollups: sessions added up beforehand, so that a question reads thousands of rows where there are millions.

A rollup holds totals for each combination of its keys. It answers every question whose columns and filters are among
those keys; the smallest that does is read. Rollups are a cache beside the store, kept in one DuckDB file for one
content of the store, together with a narrow copy of the sessions for what no rollup answers. Deleting it loses nothing.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from queries.compose import columns_of
from queries.filters import Filters
from queries.funnel import Funnel, Step
from queries.metrics import Metric
from queries.store import Snapshot
from queries.vocabulary import DIMENSIONS

LAYOUT = 1
"""Goes up when the tables of a rollup file change, so that no older file is read."""

SMALLEST_BYTES = 2_000_000
"""In a store of smaller files, reading them costs no more than planning a question."""

LOCK = "build.lock"
"""Held, in the folder of the rollup files, by whoever builds one."""

DAY = "session_date"
COMMON = ("device_category", "country", "channel_group", "source", "visitor_type")
"""The dimensions that are filtered most."""
RARER = tuple(name for name in DIMENSIONS if name not in COMMON)

PAGEVIEW_BOUNDS = (1, 5, 10)
DURATION_BOUNDS = (1, 10, 60, 180, 300, 600, 1200, 3601)
FLAGS = ("viewed_item", "added_to_cart", "began_checkout")
CLASSES = {"pageviews": PAGEVIEW_BOUNDS, "duration_seconds": DURATION_BOUNDS}
"""Of these columns a rollup keeps the class: the greatest bound that the value reaches, else 0."""
CONVERTED = "converted"
STEP_KEYS = (*CLASSES, *FLAGS, CONVERTED)
"""What decides the deepest funnel step and the duration bucket of a session."""

SUMS = ("sessions", "conversions", "transactions", "revenue", "total_pageviews")
TOTALS = (*SUMS, "largest_revenue")
COPY = "sessions"
ENGAGED, ENGAGED_PAGEVIEWS = "engaged_sessions", 5
"""The sessions of the copy that have so many pageviews or an order: a sixth of all, and what medians are taken of."""

COPIED = (DAY, *DIMENSIONS, *CLASSES, "events", "engaged", *FLAGS, "transactions", "revenue")
"""The session columns of the narrow copy."""


@dataclass(frozen=True, slots=True)
class Rollup:
    """Name one rollup and its keys; `steps` says whether the step keys are among them."""

    name: str
    keys: tuple[str, ...]
    steps: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Return all its keys."""
        return (*self.keys, *STEP_KEYS) if self.steps else self.keys


def _rollups_of(name: str) -> tuple[Rollup, ...]:
    device, country, channel, source, visitor = COMMON
    return (
        Rollup(f"{name}_steps", (name, *COMMON), True),
        Rollup(f"{name}_steps_by_country", (name, device, country, visitor), True),
        Rollup(f"{name}_steps_by_source", (name, device, channel, source, visitor), True),
        Rollup(f"{name}_days", (DAY, name, device), True),
        Rollup(f"{name}_days_by_source", (DAY, name, device, source)),
        Rollup(f"{name}_days_by_country", (DAY, name, device, country)),
    )


ROLLUPS = (
    Rollup("days", (DAY, *COMMON)),
    Rollup("steps", COMMON, True),
    Rollup("steps_by_source", (DAY, "device_category", "channel_group", "source", "visitor_type"), True),
    Rollup("steps_by_country", (DAY, "device_category", "country", "visitor_type"), True),
    Rollup("segments", COMMON),
    Rollup("days_by_source", (DAY, "device_category", "channel_group", "source", "visitor_type")),
    Rollup("days_by_country", (DAY, "device_category", "country", "visitor_type")),
    Rollup("days_by_device", (DAY, "device_category")),
    *(rollup for name in RARER for rollup in _rollups_of(name)),
)


@dataclass(frozen=True, slots=True)
class Needed:
    """Hold what a question must find among the keys of a rollup."""

    keys: frozenset[str]
    steps: bool


def needed(metric: Metric, filters: Filters, by: str | None, funnel: Funnel) -> Needed | None:
    """Return the keys that answer a question; None when only sessions can."""
    if not metric.adds_up:
        return None
    wanted = columns_of(metric.name) - {*TOTALS, "segment"}
    keys = filtered(filters) | ({by} if by else set()) | (wanted & {DAY, *DIMENSIONS})
    rest = wanted - keys
    if not rest <= {"step", *CLASSES} or ("step" in rest and not all(map(_is_between_classes, funnel.steps))):
        return None
    return Needed(frozenset(keys), bool(rest))


def filtered(filters: Filters) -> set[str]:
    """Return the columns that filters look at."""
    named = {dimension for dimension, _ in (*filters.include, *filters.exclude)}
    return named | {DAY} if filters.date_from or filters.date_to else named


def _is_between_classes(step: Step) -> bool:
    """Say whether the classes tell the sessions that reach a step from those that do not."""
    if step.operator == "is true":
        return step.column in FLAGS
    bound = {">=": step.value, ">": step.value + 1}.get(step.operator)
    return bound in {"pageviews": PAGEVIEW_BOUNDS, "transactions": (1,)}.get(step.column, ())


def covering(rollups: Iterable[Rollup], wanted: Needed) -> list[Rollup]:
    """Return the rollups that hold what is needed."""
    return [rollup for rollup in rollups if wanted.keys <= set(rollup.keys) and (rollup.steps or not wanted.steps)]


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
