"""Events to sessions: type them, add them up by session and day, put the days of a session together."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from ingest.engine import glob_safe, name_relation, run, watched
from ingest.sources import staged_relation

READING = 0.5
"""The share of the work on a file of events that is done when they are read: adding them up by days is the other."""

EVENTS_AT_ONCE = 1_000_000
"""Events that are added up together: some days, or a share of a day's visitors, so that memory stays bounded."""

NO_DAY = {"first_day": "2005-01-02", "last_day": "2005-01-01", "shares": 1, "share": 0}

MACROS = ("is_yes", "event_micros", "location_host", "channel_group")


def put_together(
    connection: duckdb.DuckDBPyConnection,
    target: Path,
    parameters: Mapping[str, Any],
    tick: Callable[[float], None] | None = None,
) -> None:
    """Write the relation `raw` of events (see ingest.raw) as sessions to `target`, their parts and orders beside it.

    One row a session, and one a rejected event; sessions are in no order.
    """
    whole = tick or (lambda _: None)
    tick = partial(_tell_reading, whole)
    for macro in MACROS:
        run(connection, f"macro_{macro}")
    events = target.with_name(f"{target.stem}-events.parquet")
    typed = {name: parameters[name] for name in ("salt", "today")} | {"target": str(events)}
    watched(connection, lambda: run(connection, "stage_events", typed), tick)
    for file in parts_of(target):
        file.unlink()
    source = {"events": glob_safe(events)}
    written = source | {"file_no": int(target.stem), "export_id": parameters["export_id"]}
    days = run(connection, "count_events", source)
    counted = list(pieces(days)) or [NO_DAY]
    for number, piece in enumerate(counted):
        part = target.with_name(f"{target.stem}-parts-{number}.parquet")
        sized = {"export_detail": parameters["export_detail"], "target": str(part)}
        run(connection, "create_parts", written | piece | sized)
        whole(READING + (1 - READING) * (number + 1) / (len(counted) + 1))
    run(connection, "create_orders", written | {"target": str(orders_of(target))})
    name_relation(connection, "parts", staged_relation(paths_of(parts_of(target))))
    name_relation(connection, "orders", staged_relation(paths_of([orders_of(target)])))
    run(connection, "create_assembled")
    run(connection, "stage_assembled", source | {"target": str(target)})
    events.unlink()


def pieces(days: Iterable[tuple[str, int]], at_once: int = EVENTS_AT_ONCE) -> Iterator[dict[str, Any]]:
    """Yield the pieces to add up, as parameters of create_parts: days in a row, or shares of a day that is too big."""
    first = last = None
    waiting = 0
    for day, events in days:
        if first and waiting + events > at_once:
            yield {"first_day": first, "last_day": last, "shares": 1, "share": 0}
            first, waiting = None, 0
        if events > at_once:
            shares = 1 + events // at_once
            for share in range(shares):
                yield {"first_day": day, "last_day": day, "shares": shares, "share": share}
            continue
        first, last, waiting = first or day, day, waiting + events
    if first:
        yield {"first_day": first, "last_day": last, "shares": 1, "share": 0}


def paths_of(files: Iterable[Path]) -> list[str]:
    """Return files as DuckDB takes them."""
    return [glob_safe(file) for file in files]


def parts_of(target: Path) -> list[Path]:
    """Return the files with the parts of a staged file's sessions; none when the file holds sessions already."""
    return sorted(target.parent.glob(f"{target.stem}-parts-*.parquet"))


def orders_of(target: Path) -> Path:
    """Return the file with the orders of a staged file's events."""
    return target.with_name(f"{target.stem}-orders.parquet")


def _tell_reading(whole: Callable[[float], None], share: float) -> None:
    whole(READING * share)
