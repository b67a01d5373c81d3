"""How high scores grow by chance, kept beside the store from night to night, so that no row flickers with it."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from queries.files import code_of_today, write_whole
from queries.gumbel import Gumbel
from queries.watch_null import nights_scanned, null_of
from queries.watch_scan import Watched

LOG = logging.getLogger(__name__)
FILE = "watch-null.json"
GREW, CHANGED = 1.5, 1.25
"""It is made again when there are 1.5 times the nights, or when segments or conversions a day are 1.25 times others."""


def frozen_null(folder: Path, question: str, version: int, tables: Sequence[Watched], seed: int) -> Gumbel:
    """Return the highest score of a night where nothing falls, as it was reckoned last for a question to all sessions.

    It is reckoned again by the rule above, for other code, and for fewer nights; the file's log says when and why.
    """
    path = folder / FILE
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        why = _why(held, question, tables)
        if not why:
            return Gumbel(float(held["middle"]), float(held["scale"]))
        log = list(held["log"])
    except FileNotFoundError:
        why, log = "first reckoned", []
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        LOG.warning("%s cannot be read; what chance does is reckoned again", path)
        why, log = "the file could not be read", []
    null = null_of(tables, seed)
    day = tables[0].daily.date(tables[0].daily.days - 1)
    log.append([f"{day:%Y-%m-%d}", version, why])
    made = {"question": question, "code": code_of_today(), "middle": null.middle, "scale": null.scale}
    try:
        write_whole(path, json.dumps({**made, **_sizes(tables), "log": log}, indent=1) + "\n")
    except OSError as error:
        LOG.warning("%s cannot be written (%s); what chance does is reckoned again next time", path, error.strerror)
    return null


def _sizes(tables: Sequence[Watched]) -> dict[str, float]:
    first, segments = tables[0], sum(int(watched.mine.sum()) for watched in tables)
    days = first.every[first.every > 0]
    return {"nights": nights_scanned(first), "segments": segments, "conversions_a_day": float(days.mean())}


def _why(held: dict, question: str, tables: Sequence[Watched]) -> str:
    """Return why what was reckoned holds no more; empty where it holds."""
    if held["question"] != question or held["code"] != code_of_today():
        return "another question, or another version of the program"
    now = _sizes(tables)
    grew = now["nights"] / held["nights"]
    if not 1.0 <= grew <= GREW:
        return f"{now['nights']:.0f} nights, until now {held['nights']:.0f}"
    for name in ("segments", "conversions_a_day"):
        if not 1.0 / CHANGED <= now[name] / max(held[name], 1e-9) <= CHANGED:
            return f"{now[name]:.0f} {name.replace('_', ' ')}, until now {held[name]:.0f}"
    return ""
