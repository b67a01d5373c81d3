"""May the numbers be believed? Judgements of daily aggregates, made before any leak is looked for.

Each check compares a day with the days before it, says what was found where how much was expected, and gives one of
three verdicts. A "probable tracking break" has a sharp onset and something that ordinary traffic cannot do, such as
sessions of one value turning up under another; where the same could be real, the verdict is "cannot tell".
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from queries.check import VERDICTS, Check, Row
from queries.check_days import (
    missing_days,
    provisional_days,
    revenue_faults,
    scaled_revenue,
    shifted_measures,
    silent_days,
    unseen_steps,
)
from queries.check_values import days_by_value, not_exported, not_set_jumps, odd_shares, vanished_values
from queries.engine import Cancel, Engine

CHECKED_DIMENSIONS = ("source", "medium", "channel_group", "device_category", "browser", "country", "hostname")
STABLE_DIMENSIONS = ("device_category", "browser", "hostname")


@dataclass(frozen=True, slots=True)
class DailyCounts:
    """Hold what the checks look at: rows of the metrics of the same names, `values` by dimension, the day of ingest."""

    days: Sequence[Row]
    by_device: Sequence[Row] = ()
    cells: Sequence[Row] = ()
    not_set: Sequence[Row] = ()
    values: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    loaded: dt.date | None = None


def ask_checks(engine: Engine, cancel: Cancel | None = None) -> list[Check]:
    """Return the findings about all sessions of the store, whatever is filtered: a fault of one day taints the rest."""

    def ask(metric: str, by: str | None = None) -> list[Row]:
        return list(engine.run(metric, by=by, cancel=cancel).rows)

    return checks_of(DailyCounts(
        ask("quality_days"),
        ask("quality_days", "device_category"),
        ask("day_cells"),
        ask("not_set_by_day"),
        {dimension: ask("values_by_day", dimension) for dimension in CHECKED_DIMENSIONS},
        engine.snapshot.loaded_at.date(),
    ))  # fmt: skip


def checks_of(counts: DailyCounts) -> list[Check]:
    """Return every finding: probable breaks first, then what cannot be told, then missing days; each by date."""
    totals = {row["session_date"]: float(row["sessions"]) for row in counts.days}
    found = [*missing_days(totals), *silent_days(counts.days, counts.cells)]
    found += provisional_days(totals, counts.loaded) if counts.loaded else []
    unmeasured = [row["session_date"] for row in counts.days if not row["sessions_with_duration"]]
    measured = len(unmeasured) < len(counts.days)
    found += not_exported(counts.not_set, {"duration_seconds": unmeasured} if measured else {})
    for dimension, rows in counts.values.items():
        bare = {row["session_date"] for row in counts.not_set if row[dimension] == row["sessions"]}
        by_value = days_by_value([row for row in rows if row["session_date"] not in bare])
        carried = {date: sessions for date, sessions in totals.items() if date not in bare}
        vanished = vanished_values(dimension, by_value, carried)
        spoilt = {day for check in vanished for day in (check.first, check.last)}
        found += vanished
        if dimension in STABLE_DIMENSIONS:
            found += [check for check in odd_shares(dimension, by_value, carried) if check.first not in spoilt]
    found += not_set_jumps(counts.not_set)
    found += shifted_measures(counts.by_device)
    found += [*revenue_faults(counts.days), *scaled_revenue(counts.days), *unseen_steps(counts.days)]
    return sorted(_one_a_cause(found), key=lambda check: (VERDICTS.index(check.verdict), check.first, check.kind))


def _one_a_cause(found: Sequence[Check]) -> list[Check]:
    """Keep one finding where several dimensions tell of the same sessions on the same days: the largest, naming all."""
    kept: list[Check] = []
    for check in sorted(found, key=lambda check: -check.expected):
        place = next((place for place, other in enumerate(kept) if _same_cause(check, other)), None)
        if place is None:
            kept.append(check)
        else:
            also = (*kept[place].also, (check.dimension, check.value, check.taken_by))
            kept[place] = replace(kept[place], also=also)
    return kept


def _same_cause(check: Check, other: Check) -> bool:
    same_days = (other.kind, other.first, other.last) == (check.kind, check.first, check.last)
    return check.kind in ("vanished", "shares") and same_days and other.dimension != check.dimension
