"""Annotations: days worth a word (a sale, a release, an outage), kept in `annotations.csv` beside the sessions."""

import csv
import datetime as dt
import logging
from functools import lru_cache
from pathlib import Path
from typing import Any

from queries.engine import Cancel, Engine, Result
from queries.filters import Filters
from queries.funnel import Funnel

LOG = logging.getLogger(__name__)
FILE = "annotations.csv"
MOST = 500
LONGEST = 80


def annotations(engine: Engine, filters: Filters, funnel: Funnel, cancel: Cancel | None = None) -> Result:
    """Return one row per annotated day and text, in order of day; no rows without a file.

    The file has the columns `date` (2017-07-04) and `text`. A line that has no day is left out and named in the log.
    """
    rows = _read(engine.store.path / FILE)
    return Result("annotations", rows, "", {}, engine.snapshot.version, filters)


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return []
    except OSError:
        LOG.exception("%s cannot be read", path)
        return []
    return _rows(path, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size)


@lru_cache(8)
def _rows(path: Path, *_as_it_was: int) -> list[dict[str, Any]]:
    """Return the lines of a file, read once as long as it does not change."""
    rows = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, line in enumerate(csv.DictReader(file), start=2):
                try:
                    date = dt.date.fromisoformat((line.get("date") or "").strip())
                except ValueError:
                    LOG.warning('%s line %s: "%s" is no date such as 2017-07-04', FILE, number, line.get("date"))
                    continue
                text = " ".join((line.get("text") or "").split())[:LONGEST]
                if text and len(rows) < MOST:
                    rows.append({"session_date": date, "text": text})
    except (OSError, UnicodeDecodeError, csv.Error):
        LOG.exception("%s cannot be read", path)
    return sorted(rows, key=lambda row: (row["session_date"], row["text"]))
