"""What is in a store, as `silent-leak status` prints it."""

import datetime as dt
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from queries.engine import Engine
from queries.filters import Filters
from queries.terminal.arguments import Format
from queries.terminal.rows import cell, print_facts, print_rows


def print_store_facts(engine: Engine, output: Format) -> None:
    """Print one fact a line for people, or all as JSON or CSV for programs."""
    facts = store_facts(engine)
    if output is Format.JSON:
        print(json.dumps(facts, indent=2, default=str))
    elif output is Format.CSV:
        print_rows("status", engine.snapshot.version, Filters(), [facts], output)
    else:
        print_facts(
            {
                name: ", ".join(map(str, value)) or "none" if isinstance(value, list) else cell(name, value)
                for name, value in facts.items()
            }
        )


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
