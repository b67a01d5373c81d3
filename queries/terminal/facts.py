"""What is in a store, as `silent-leak status` prints it."""

import datetime as dt
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from queries.engine import Engine


def store_facts(engine: Engine) -> dict[str, Any]:
    """Return what `status` prints: one value per name; gaps as "first to last" ranges of days without a session."""
    [row] = engine.run("overview").rows
    days = [day["session_date"] for day in engine.run("trend").rows]
    snapshot = engine.snapshot
    return {
        "store": str(snapshot.store),
        "version": snapshot.version,
        "loaded_at": snapshot.loaded_at.isoformat(timespec="seconds"),
        "first_date": row["first_date"],
        "last_date": row["last_date"],
        "gaps": gaps(days),
        "sessions": row["sessions"],
        "conversions": row["conversions"],
        "conversion_rate": row["conversion_rate"],
        "transactions": row["transactions"],
        "revenue": row["revenue"],
        "files": len(snapshot.files),
        "bytes": sum(Path(file).stat().st_size for file in snapshot.files),
        "rollups": engine.rollups.word,
    }


def gaps(days: Sequence[dt.date]) -> list[str]:
    """Return the stretches of missing days between sorted days, as "2017-07-03" or "2017-07-03 to 2017-07-05"."""
    one = dt.timedelta(days=1)
    found = []
    for before, after in itertools.pairwise(days):
        if after - before > one:
            first, last = before + one, after - one
            found.append(str(first) if first == last else f"{first} to {last}")
    return found
