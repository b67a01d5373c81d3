"""The register under the ids, names and states that were told or set before."""

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import replace

from queries.engine import Engine
from queries.findings.book import Book, BookError, Entry
from queries.findings.finding import Finding, Register, State, ranked

LOG = logging.getLogger(__name__)
DOUBLED = 2.0
"""A finding that was ignored is shown again when its price is so many times what it was."""
SAME_FALL = 7
"""A fall that begins so many days from one already told, in the same place, is that one."""


def remembered(register: Register, book: Book) -> Register:
    """Return the findings under the ids and names that were told first, in the states that people set.

    What is new is written down. Where nothing can be written the register is as it would be without a past.
    """
    told: list[Finding] = []

    def remember(entries: dict[str, Entry]) -> dict[str, Entry]:
        told.clear()
        free = dict(entries)
        day = register.last or dt.date(1970, 1, 1)
        for one in register.findings:
            entry = _entry_of(one, free)
            if entry:
                free.pop(entry.id)
            told.append(_told(one, entry))
            entries[told[-1].id] = _kept(one, entry, told[-1], day, register.store_version)
        return entries

    try:
        book.change(remember)
    except BookError as error:
        LOG.warning("%s; findings are told without their past", error)
        return register
    ids = {one.id: other.id for one, other in zip(register.findings, told, strict=True)}
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
            near.append((not same, apart, entry.id))
    return entries[min(near)[2]] if near else None


def _told(one: Finding, entry: Entry | None) -> Finding:
    if entry is None:
        return one
    name = entry.name if _name_holds(one, entry) else one.name
    state, marked = entry.state, {}
    if state == "ignored" and entry.price and one.price and one.price.median >= DOUBLED * entry.price:
        state = "known"
    if one.state in ("tracking suspected", "recovered"):
        state = one.state
    if entry.state_day:
        marked = {"state_day": dt.date.fromisoformat(entry.state_day), "state_by": entry.by, "reason": entry.reason}
    return replace(one, id=entry.id, name=name, state=state, **marked)


def _name_holds(one: Finding, entry: Entry) -> bool:
    """Say whether the name told first is still true: the same segment and kind, and its share within today's range."""
    low, high = one.ratio_interval
    same = dict(entry.segment) == dict(one.segment) and entry.kind == one.kind
    return same and low <= entry.ratio <= high


def _kept(one: Finding, entry: Entry | None, told: Finding, day: dt.date, version: int) -> Entry:
    onset = f"{one.onset:%Y-%m-%d}" if one.onset else ""
    if entry is None:
        first = f"told as “{one.name}”" + (f" since {onset}" if onset else "")
        log = ((f"{day:%Y-%m-%d}", version, first),)
        return Entry(told.id, one.kind, dict(one.segment), onset, one.name, one.ratio, f"{day:%Y-%m-%d}", log=log)
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
    return entry


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
