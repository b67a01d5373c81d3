"""The register under the ids, names and states that were told or set before: what was told leaves with a reason only.

A finding is told when it keeps the promise of a year (promise.py). It then stays while the search shows it at all. One
that the search does not show is listed for a week more as it was told last, without a part in the sums; then it is
taken back. Its name and group change, and what was over opens again, when the search says so for a week. It leaves at
once where it is told under another id, or where the days that showed it are gone.
"""

import datetime as dt
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from queries.engine import Engine
from queries.findings.book import Book, BookError, Entry
from queries.findings.cache import finding_from
from queries.findings.finding import Finding, Register, State, ranked
from queries.findings.promise import keeps_promise

LOG = logging.getLogger(__name__)
DOUBLED = 2.0
"""A finding that was ignored is shown again when its price is so many times what it was."""
TAKEN_BACK = 7
"""After so many days on which the search does not show a finding it is told no more."""
AWAY = f"The newest data do not show it; after {TAKEN_BACK} days without it, it is taken back."
BY_DATA = {"recovered", "tracking suspected"}
"""The states that people do not set."""
SAME_FALL = 7
"""A fall that begins so many days from one already told, in the same place, is that one."""


def remembered(register: Register, book: Book) -> Register:
    """Return the findings under the ids and names that were told first, in the states that people set.

    What is new is written down if it keeps the promise of a year, and what is no longer found stays for a week. Where
    nothing can be written the register is as it would be without a past.
    """
    told: list[Finding] = []
    ids: dict[str, str] = {}

    def remember(entries: dict[str, Entry]) -> dict[str, Entry]:
        told.clear()
        ids.clear()
        free = dict(entries)
        day = register.last or dt.date(1970, 1, 1)
        for one in register.findings:
            entry = _entry_of(one, free)
            if not keeps_promise(one) and (entry is None or entry.gone):
                continue
            if entry:
                free.pop(entry.id)
                if _waits(one, entry, day):
                    told.append(_told(finding_from(entry.last), entry))
                    ids[one.id] = entry.id
                    continue
            told.append(_told(one, entry))
            ids[one.id] = told[-1].id
            entries[told[-1].id] = _kept(one, entry, told[-1], day, register.store_version)
        found = tuple(told)
        for entry in free.values():
            if not entry.gone:
                away = entries[entry.id] = _away(entry, found, day, register.store_version)
                told.extend([] if away.gone else [_as_last_told(away)])
        return entries

    try:
        book.change(remember)
    except BookError as error:
        LOG.warning("%s; findings are told without their past", error)
        told = [one for one in register.findings if keeps_promise(one)]
        ids = {one.id: one.id for one in told}
    standing = tuple(replace(each, same_as=ids.get(each.same_as, "")) for each in register.standing)
    return ranked(replace(register, findings=tuple(told), standing=standing))


def _entry_of(one: Finding, entries: Mapping[str, Entry]) -> Entry | None:
    """Return the entry of a finding: the same segment, else for falls one inside the other; falls of about that day."""
    near = []
    for entry in entries.values():
        if (entry.onset == "") != (one.onset is None):
            continue
        apart = abs((dt.date.fromisoformat(entry.onset) - one.onset).days) if one.onset else 0
        if one.onset is None and entry.kind != one.kind:
            continue
        mine, theirs = set(one.segment.items()), set(entry.segment.items())
        same, inside = mine == theirs, mine <= theirs or theirs <= mine
        if apart <= SAME_FALL and (same or (one.onset and inside)):
            near.append((bool(entry.gone), not same, apart, entry.id))
    return entries[min(near)[3]] if near else None


def _waits(one: Finding, entry: Entry, day: dt.date) -> bool:
    """Say whether a finding stays as it was told last: another name, or being open again, must be so for a week.

    That it is over, or that its counts are in doubt, is said at once.
    """
    state = entry.last.get("state", "")
    changed = state != one.state
    if entry.gone or not entry.seen or (changed and one.state in BY_DATA):
        return False
    if _name_holds(one, entry) and not (changed and state in BY_DATA):
        return False
    return 0 <= (day - dt.date.fromisoformat(entry.seen)).days <= TAKEN_BACK


def _told(one: Finding, entry: Entry | None) -> Finding:
    if entry is None:
        return one
    name = entry.name if _name_holds(one, entry) else one.name
    state = entry.state
    marked: dict[str, Any] = {}
    if state == "ignored" and entry.price and one.price and one.price.median >= DOUBLED * entry.price:
        state = "known"
    if one.state in ("tracking suspected", "recovered"):
        state = one.state
    if entry.onset and one.onset_range and one.onset_range[0] <= (day := dt.date.fromisoformat(entry.onset)):
        marked = {"onset": day, "since": day} if day <= one.onset_range[1] else {}
    if entry.state_day:
        marked |= {"state_day": dt.date.fromisoformat(entry.state_day), "state_by": entry.by, "reason": entry.reason}
    return replace(one, id=entry.id, name=name, state=state, **marked)


def _name_holds(one: Finding, entry: Entry) -> bool:
    """Say whether the name told first is still true: the same segment and kind, and its share within today's range."""
    low, high = one.ratio_interval
    same = dict(entry.segment) == dict(one.segment) and entry.kind == one.kind
    return same and low <= entry.ratio <= high


def _kept(one: Finding, entry: Entry | None, told: Finding, day: dt.date, version: int) -> Entry:
    onset = f"{told.onset:%Y-%m-%d}" if told.onset else ""
    last = json.loads(json.dumps(told.as_json(), default=str))
    if entry is None:
        first = f"told as “{one.name}”" + (f" since {onset}" if onset else "")
        log = ((f"{day:%Y-%m-%d}", version, first),)
        return Entry(told.id, one.kind, dict(one.segment), onset, one.name, one.ratio, f"{day:%Y-%m-%d}", log=log,
                     last=last, seen=f"{day:%Y-%m-%d}")  # fmt: skip
    if entry.gone:
        entry = entry.changed(day, version, f"new data show it again, taken back on {entry.gone}", gone="")
    if dict(entry.segment) != dict(one.segment) or entry.kind != one.kind:
        why = f"new data show it elsewhere: “{one.name}”, until now “{entry.name}”"
        entry = entry.changed(day, version, why, segment=dict(one.segment), kind=one.kind, name=one.name,
                              ratio=one.ratio)  # fmt: skip
    elif told.name != entry.name:
        why = f"new data change its size: “{one.name}”, until now “{entry.name}”"
        entry = entry.changed(day, version, why, name=one.name, ratio=one.ratio)
    if entry.onset != onset:
        entry = entry.changed(day, version, f"new data date it {onset}, until now {entry.onset}", onset=onset)
    if entry.state == "ignored" and told.state == "known":
        entry = entry.changed(day, version, "its price doubled since it was ignored", state="known")
    if (before := entry.last.get("state", told.state)) != told.state and {before, told.state} & BY_DATA:
        over = f" since {told.recovered}" if told.recovered else ""
        entry = entry.changed(day, version, f"new data say {told.state}{over}, until now {before}")
    return replace(entry, last=last, seen=f"{day:%Y-%m-%d}")


def _away(entry: Entry, told: Sequence[Finding], day: dt.date, version: int) -> Entry:
    """Return the entry of a finding that the search does not show, with the reason if it is told no more."""
    today = f"{day:%Y-%m-%d}"
    other = next((one for one in told if any(dict(each.segment) == dict(entry.segment) for each in one.seen)), None)
    if other:
        why = f"it is the same cause as {other.id}, “{other.name}”"
    elif not entry.last:
        why = "the data do not show it"
    elif today < entry.seen:
        why = "the days that showed it are no longer in the store"
    elif (day - dt.date.fromisoformat(entry.seen)).days > TAKEN_BACK:
        why = f"new data do not show it since {entry.seen}"
    else:
        return entry
    return entry.changed(day, version, f"taken back: {why}", gone=today)


def _as_last_told(entry: Entry) -> Finding:
    """Return a finding as it was told last, in no sum."""
    one = _told(finding_from(entry.last), entry)
    return replace(one, chance=1.0, against=(*(each for each in one.against if each != AWAY), AWAY))


def mark(
    engine: Engine, register: Register, id: str, state: State, *, day: dt.date, by: str = "", reason: str = ""
) -> Register:
    """Set the state of a finding and return the register with it. Raises BookError.

    A mark "fixed?" keeps the rate since the onset, "ignored" the price: both are what later data are held against.
    """
    one = register.named(id)
    rate = one.counts.rate if one else None
    price = one.price.median if one and one.price else None
    Book(engine.store.path).mark(id, state, day=day, by=by, reason=reason, rate=rate, price=price,
                                 version=register.store_version)  # fmt: skip
    return remembered(register, Book(engine.store.path))
