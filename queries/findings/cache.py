"""What a search found, kept beside the store, so that the next process need not search the same data again."""

import datetime as dt
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from queries.files import code_of_today, write_whole
from queries.findings.finding import Counts, Difference, Finding, Register, Seen
from queries.odd_days import OddDay
from queries.revenue import Estimate

LOG = logging.getLogger(__name__)
FILE = "findings-cache.json"


def found_before(folder: Path, key: str, search: Callable[[], Register]) -> Register:
    """Return what a search found under a key, from the file if it is there and can be read, else searched and kept."""
    path, name = folder / FILE, f"{code_of_today()} {key}"
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if held["key"] == name:
            return register_from(held["register"])
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        LOG.warning("%s cannot be read; the findings are searched for again", path)
    found = search()
    try:
        write_whole(path, json.dumps({"key": name, "register": found.as_json()}, default=str, ensure_ascii=False))
    except OSError as error:
        LOG.warning("%s cannot be written (%s); the findings are searched for again next time", path, error.strerror)
    return found


def register_from(held: Mapping[str, Any]) -> Register:
    """Return a register from its JSON."""
    values: dict[str, Any] = {
        **{name: held[name] for name in Register.__dataclass_fields__},
        "first": _day(held["first"]),
        "last": _day(held["last"]),
        "findings": tuple(finding_from(each) for each in held["findings"]),
        "standing": tuple(_difference(each) for each in held["standing"]),
        "above": tuple(_difference(each) for each in held["above"]),
        "costs": _estimate(held["costs"]),
        "worth": _estimate(held["worth"]),
        "left_out": tuple(dt.date.fromisoformat(each) for each in held["left_out"]),
        "odd": tuple(OddDay(dt.date.fromisoformat(each["date"]), each["dimension"]) for each in held["odd"]),
    }
    return Register(**values)


def finding_from(held: Mapping[str, Any]) -> Finding:
    """Return a finding from its JSON."""
    ends = held["onset_range"]
    values: dict[str, Any] = {
        **{name: held[name] for name in Finding.__dataclass_fields__},
        **{name: _day(held[name]) for name in ("since", "onset", "found", "recovered", "state_day")},
        "onset_range": (dt.date.fromisoformat(ends[0]), dt.date.fromisoformat(ends[1])) if ends else None,
        "before": Counts(**held["before"]) if held["before"] else None,
        "counts": Counts(**held["counts"]),
        "ratio_interval": tuple(held["ratio_interval"]),
        "missing": _estimate(held["missing"]),
        "price": _estimate(held["price"]),
        "tracking": tuple(held["tracking"]),
        "seen": tuple(Seen(**each) for each in held["seen"]),
        "against": tuple(held["against"]),
    }
    return Finding(**values)


def _difference(held: Mapping[str, Any]) -> Difference:
    values: dict[str, Any] = {
        **{name: held[name] for name in Difference.__dataclass_fields__},
        "counts": Counts(**held["counts"]),
        "orders_a_month": _estimate(held["orders_a_month"]),
        "ratio_interval": tuple(held["ratio_interval"]),
    }
    return Difference(**values)


def _estimate(held: Mapping[str, float] | None) -> Estimate | None:
    return Estimate(**held) if held else None


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
