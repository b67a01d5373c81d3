"""The register: what all engines say about all sessions of a store, merged into one ranked list of findings."""

import datetime as dt
import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from queries.check import Check
from queries.daily_cells import kept_daily_cells
from queries.engine import Cancel, Engine
from queries.filters import Filters
from queries.findings import names
from queries.findings.book import Book, BookError, Entry, new_id
from queries.findings.cache import found_before
from queries.findings.causes import SAME, Cause, Ground, explained_by
from queries.findings.finding import Counts, Difference, Finding, Register, Seen, State
from queries.findings.narrow import narrowed_to_the_fall
from queries.findings.rows import finding_rows
from queries.findings.steps import lost_at, standardised
from queries.funnel import ENGAGEMENT, Funnel
from queries.judged import MEMORY, Judged, judged_checks, judged_leaks, judged_movers, judged_watch, key_of, narrowed
from queries.leak_list import searched_dimensions
from queries.leak_report import Leak, LeakReport
from queries.movers import Mover, Movers
from queries.revenue import Estimate
from queries.watch import SilentLeak, Watch, broken_days
from queries.watch_scan import WINDOW

LOG = logging.getLogger(__name__)
DOUBLED = 2.0
"""A finding that was ignored is shown again when its price is so many times what it was."""
SHORTEST = 7
"""Two periods of fewer days are not compared."""
SAME_FALL = 7
"""A fall that begins so many days from one already told, in the same place, is that one."""
BROKEN = "Hardly anything is left, all at once, and on technical values alone: a tracking break looks like this."
EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class Results:
    """Hold what the engines said: falls with a date, combinations and single values, moves, breaks."""

    watch: Watch
    leaks: LeakReport
    movers: Movers | None
    moved_from: dt.date | None
    checks: Sequence[Check]


def ask_findings(engine: Engine, *, funnel: Funnel = ENGAGEMENT, cancel: Cancel | None = None) -> Register:
    """Return the register of the newest version of a store, with what people said about each finding.

    The search is done once a version, and kept beside the store; states are read each time. Raises QueryError when the
    database fails, Cancelled when interrupted.
    """
    folder, snapshot = engine.store.path, engine.snapshot
    key = f"{snapshot.version} {snapshot.loaded_at} {funnel}"
    found: Register = MEMORY.get(
        key_of("findings", engine, funnel), lambda: found_before(folder, key, lambda: _search(engine, funnel, cancel))
    )
    book = Book(folder)
    told: Register = MEMORY.get(key_of("told", engine, funnel, book.changed()), lambda: remembered(found, book))
    return told


def judged_findings(engine: Engine, filters: Filters, funnel: Funnel, cancel: Cancel | None = None) -> Judged:
    """Return the register, whatever is filtered; `found` is a `Register`, its rows are those for a spreadsheet."""
    register = ask_findings(engine, cancel=cancel)
    return Judged("findings", finding_rows(register), "", {}, register.store_version, EVERYTHING, register)


def _search(engine: Engine, funnel: Funnel, cancel: Cancel | None) -> Register:
    checks = judged_checks(engine, EVERYTHING, funnel, cancel).found
    watch: Watch = judged_watch(engine, EVERYTHING, funnel, cancel).found
    leaks: LeakReport = judged_leaks(engine, EVERYTHING, funnel, cancel).found
    periods = moved_periods(engine)
    movers = judged_movers(engine, *periods, funnel, cancel).found if periods else None
    moved_from = periods[0].date_from if periods else None
    daily = kept_daily_cells(engine, searched_dimensions(EVERYTHING), EVERYTHING, funnel=funnel, cancel=cancel)
    results = Results(watch, leaks, movers, moved_from, checks)
    ground = Ground(daily.without(broken_days(checks))) if daily and watch.conversions else None
    found = merged(results, ground, engine.snapshot.version)
    return replace(found, findings=tuple(_at_its_step(engine, one, funnel, watch, cancel) for one in found.findings))


def moved_periods(engine: Engine) -> tuple[Filters, Filters] | None:
    """Return the last 28 days and the 28 before them, or the two halves of a shorter store; None under two weeks."""
    days = [row["session_date"] for row in engine.run("trend").rows]
    length = min(WINDOW, ((max(days) - min(days)).days + 1) // 2) if days else 0
    if length < SHORTEST:
        return None
    first = max(days) - dt.timedelta(days=length - 1)
    earlier = EVERYTHING.on_days(first - dt.timedelta(days=length), first - dt.timedelta(days=1))
    return EVERYTHING.on_days(first, max(days)), earlier


def merged(results: Results, ground: Ground | None, version: int = 0) -> Register:
    """Return the register of what the engines said; each missing order is counted once.

    Falls come first: they have a date. What a finding explains to 60 % is that finding seen from elsewhere.
    """
    watch, leaks = results.watch, results.leaks
    findings: list[Finding] = []
    causes: list[Cause] = []

    def placed(cause: Cause) -> tuple[int | None, float]:
        if ground is None:
            return None, 1.0
        place, share, every = explained_by(ground, causes, cause)
        return (place if share >= SAME else None), 1.0 - every

    def see(place: int, engine: str, segment: Mapping[str, str], cause: Cause) -> None:
        share = ground.explains(causes[place], cause) if ground else 1.0
        one = findings[place]
        if dict(segment) != dict(one.segment):
            findings[place] = replace(one, seen=(*one.seen, Seen(engine, dict(segment), round(share, 3))))  # ty: ignore

    rows = [narrowed_to_the_fall(row, ground) if ground else row for row in watch.rows]
    for row in sorted(rows, key=lambda row: -(row.lost.low if row.lost else 0.0)):
        missing = row.lost.median if row.lost else max(row.expected - row.conversions, 0.0)
        cause = Cause(row.segment, missing, row.onset, row.recovered)
        place, _ = placed(cause)
        if place is not None:
            see(place, "falls", row.segment, cause)
            continue
        findings.append(_fall(row, watch, results.checks))
        causes.append(cause)
    chances = _false_shares([leak.p for leak in leaks.leaks], leaks.searched)
    for leak, chance in zip(leaks.leaks, chances, strict=True):
        cause = Cause(leak.segment, leak.missing_conversions.median)
        place, kept = placed(cause)
        if place is None:
            findings.append(_combination(leak, leaks, chance, kept, results))
            causes.append(cause)
            place = len(causes) - 1
        else:
            see(place, "combinations", leak.segment, cause)
        for relative in leak.relatives:
            missing = relative.expected - relative.conversions
            see(place, "combinations", relative.segment, Cause(relative.segment, max(missing, 0.0)))
    fell = [mover for mover in results.movers.rows if mover.fell] if results.movers else []
    shares = _false_shares([mover.p for mover in fell], results.movers.searched if results.movers else 0)
    for mover, chance in zip(fell, shares, strict=True):
        cause = Cause(mover.segment, mover.missing.median, results.moved_from, dated=False)
        place, kept = placed(cause)
        if place is not None:
            see(place, "moves", mover.segment, cause)
        elif not watch.enough_days and results.movers:  # too early to date a fall: what moved stands for it
            findings.append(_moved(mover, results.movers, results.moved_from, chance, kept, results.checks))
            causes.append(cause)
    standing = []
    for gap in leaks.gaps:
        cause = Cause(gap.segment, gap.missing_conversions.median)
        place, kept = placed(cause)
        if place is not None:
            see(place, "values", gap.segment, cause)
        standing.append(_difference(gap, leaks, kept, same_as="" if place is None else findings[place].id))
    above = [_difference(leak, leaks, 1.0) for leak in (*leaks.above, *leaks.strong)]
    return _ranked(Register(
        version, watch.first, watch.last, watch.days, leaks.sessions, leaks.conversions,
        tuple(findings), tuple(standing), tuple(above), period=leaks.period, mirrored=leaks.mirrored,
        too_small=leaks.too_small, searched=leaks.searched, watched=watch.watched, smallest_fall=watch.smallest[1],
        left_out=watch.left_out,
    ))  # fmt: skip


def _fall(row: SilentLeak, watch: Watch, checks: Sequence[Check]) -> Finding:
    tracking = (*([BROKEN] if row.looks_broken else []), *doubts(row.segment, row.began, checks))
    more = row.verdict == "more visits"
    priced = row.monthly is not None and row.monthly.high > 0 and not tracking and not more
    return Finding(
        id=new_id("fell", row.segment, row.onset),
        kind="more visits" if more else "fell",
        name=names.more_visits(row.segment) if more else names.fell(row.segment, row.ratio),
        segment=dict(row.segment),
        step="",
        since=row.onset,
        onset=row.onset,
        onset_range=row.began,
        found=row.found,
        recovered=row.recovered,
        before=Counts(*row.before),
        counts=Counts(row.sessions, row.conversions),
        expected=row.expected,
        ratio=row.ratio,
        ratio_interval=row.ratio_interval,
        missing=row.lost or Estimate(0.0, 0.0, 0.0),
        price=row.monthly if priced else None,
        basis="costs" if priced else "",
        period="a month",
        chance=watch.chance_of(row.score),
        tracking=tracking,
        state="tracking suspected" if tracking else "recovered" if row.recovered else "new",
    )


def _combination(leak: Leak, report: LeakReport, chance: float, kept: float, results: Results) -> Finding:
    price = report.in_period(leak.revenue_at_stake).times(kept)
    first, last = results.watch.first, results.watch.last
    tracking = doubts(leak.segment, (first, last), results.checks) if first and last else ()
    against = []
    if report.mirrored:
        against.append(f"{report.mirrored} groups buy as much above average: this may be a difference, no fault.")
    if kept < 1.0:
        against.append(f"{1.0 - kept:.0%} of its missing orders are counted with other findings.")
    priced = price.high > 0 and not tracking
    return Finding(
        id=new_id("combination", leak.segment, None),
        kind="combination",
        name=names.combination(leak.segment, leak.ratio),
        segment=dict(leak.segment),
        step="",
        since=first,
        onset=None,
        onset_range=None,
        found=None,
        recovered=None,
        before=None,
        counts=Counts(leak.sessions, leak.conversions),
        expected=leak.expected,
        ratio=leak.ratio,
        ratio_interval=leak.ratio_interval,
        missing=leak.missing_conversions.times(kept),
        price=price if priced else None,
        basis="worth" if priced else "",
        period=report.period,
        chance=chance,
        tracking=tracking,
        against=tuple(against),
        state="tracking suspected" if tracking else "new",
    )


def _moved(
    mover: Mover, report: Movers, first: dt.date | None, chance: float, kept: float, checks: Sequence[Check]
) -> Finding:
    price = report.in_period(mover.revenue).times(kept)
    tracking = doubts(mover.segment, (first, first), checks) if first else ()
    priced = price.high > 0 and not tracking
    return Finding(
        id=new_id("moved", mover.segment, None),
        kind="moved",
        name=names.fell(mover.segment, mover.ratio),
        segment=dict(mover.segment),
        step="",
        since=first,
        onset=None,
        onset_range=None,
        found=None,
        recovered=None,
        before=Counts(mover.sessions[0], mover.conversions[0]),
        counts=Counts(mover.sessions[1], mover.conversions[1]),
        expected=mover.expected,
        ratio=mover.ratio,
        ratio_interval=mover.ratio_interval,
        missing=mover.missing.times(kept),
        price=price if priced else None,
        basis="costs" if priced else "",
        period=report.period,
        chance=chance,
        tracking=tracking,
        against=("The days are too few to say on which it began.",),
        state="tracking suspected" if tracking else "new",
    )


def _difference(leak: Leak, report: LeakReport, kept: float, same_as: str = "") -> Difference:
    above = leak.kind in ("above", "strong")
    return Difference(
        names.standing(leak.segment, leak.ratio), dict(leak.segment), above,
        Counts(leak.sessions, leak.conversions), leak.expected, leak.ratio, leak.ratio_interval,
        report.in_period(leak.missing_conversions).times(kept), report.period, same_as,
    )  # fmt: skip


def doubts(segment: Mapping[str, str], days: tuple[dt.date, dt.date], checks: Iterable[Check]) -> tuple[str, ...]:
    """Return why the counts of a finding are in doubt: data checks that touch its values, or all sessions at its onset.

    Breaks of up to a week are left out of the search, so that only a longer one that touches a value counts.
    """
    left_out = set(broken_days(list(checks)))
    said = []
    for check in checks:
        if check.verdict != "probable tracking break" or check.first in left_out:
            continue
        touches = bool(check.values & set(segment.items())) and check.last >= days[0]
        begins = not check.values and days[0] <= check.first + dt.timedelta(days=1) and check.first <= days[1]
        if touches or (begins and (days[1] - days[0]).days < WINDOW):
            said.append(f"{check.kind} from {check.first:%Y-%m-%d} to {check.last:%Y-%m-%d}")
    return tuple(dict.fromkeys(said))


def _false_shares(chances: Sequence[float], searched: int) -> list[float]:
    """Return for each p the smallest false discovery rate at which it is called (Benjamini, Hochberg 1995)."""
    order = sorted(range(len(chances)), key=chances.__getitem__)
    shares, least = [0.0] * len(chances), 1.0
    for rank in range(len(order), 0, -1):
        least = min(least, chances[order[rank - 1]] * searched / rank)
        shares[order[rank - 1]] = least
    return shares


def _ranked(register: Register) -> Register:
    """Sort findings by the low end of their price, the dated first among equals, and add up the counted prices."""

    def rank(one: Finding) -> tuple:
        return not one.is_open, -(one.price.low if one.price else 0.0), one.onset is None, -one.missing.low, one.id

    ordered = tuple(sorted(register.findings, key=rank))
    sums = {basis: [one.price for one in ordered if one.is_counted and one.basis == basis and one.price]
            for basis in ("costs", "worth")}  # fmt: skip
    return replace(register, findings=ordered, costs=added(sums["costs"]), worth=added(sums["worth"]))


def added(prices: Sequence[Estimate]) -> Estimate | None:
    """Return the sum of independent estimates: medians add up, and so do the squares of their distances to each end."""
    if not prices:
        return None
    median = sum(price.median for price in prices)
    below = math.sqrt(sum((price.median - price.low) ** 2 for price in prices))
    over = math.sqrt(sum((price.high - price.median) ** 2 for price in prices))
    return Estimate(median - below, median, median + over)


def _at_its_step(engine: Engine, one: Finding, funnel: Funnel, watch: Watch, cancel: Cancel | None) -> Finding:
    """Return a finding with the step at which it loses: against its own past if it fell, else against all sessions."""
    if narrowed(EVERYTHING, one.segment) is None:
        return one

    def ask(filters: Filters) -> list[dict]:
        return engine.run("funnel", filters, funnel=funnel, cancel=cancel).rows

    if one.kind == "moved" and one.since and (periods := moved_periods(engine)):
        after, before = periods
        spans = [(span, narrowed(span, one.segment) or span) for span in (before, after)]
    elif one.onset is None or one.onset_range is None:
        own = narrowed(EVERYTHING, one.segment)
        return replace(one, step=lost_at(funnel, ask(own or EVERYTHING), ask(EVERYTHING)))
    else:
        until = one.recovered - dt.timedelta(days=1) if one.recovered else watch.last
        since = EVERYTHING.on_days(one.onset, until)
        ends = one.onset_range[0] - dt.timedelta(days=1)
        before = EVERYTHING.on_days(ends - dt.timedelta(days=WINDOW - 1), ends)
        spans = [(span, narrowed(span, one.segment) or span) for span in (before, since)]
    (every_before, own_before), (every, own) = ((ask(whole), ask(inside)) for whole, inside in spans)
    return replace(one, step=lost_at(funnel, own, standardised(own_before, every, every_before)))


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
    return _ranked(replace(register, findings=tuple(told), standing=standing))


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
