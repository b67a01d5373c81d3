"""Parts of a message from a browser, in which nothing is trusted."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from dashboard.links import day_in

Said = Mapping[str, Any]


def cleaned(said: Said) -> dict[str, Any]:
    """Return the parts of a message that can be used: text, yes or no, whole numbers, texts by name."""
    kept: dict[str, Any] = {key: value for key, value in said.items() if isinstance(value, str | int)}
    where = said.get("where")
    if isinstance(where, dict):
        kept["where"] = {key: value for key, value in where.items() if isinstance(key, str) and isinstance(value, str)}
    for name in ("steps", "rows"):
        if isinstance(said.get(name), list):
            kept[name] = [each for each in said[name] if isinstance(each, int) and not isinstance(each, bool)]
    return kept


def text_of(said: Said, name: str) -> str:
    """Return a text of a message, empty when it is missing or no text."""
    value = said.get(name)
    return value if isinstance(value, str) else ""


def day_of(said: Said, name: str) -> dt.date | None:
    """Return a day of a message, None when it is missing or no day."""
    return day_in(text_of(said, name))
