"""The register: what all engines say about all sessions of a store, merged into one ranked list of findings."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from queries.check import Check
from queries.daily_cells import kept_daily_beside, kept_daily_cells
from queries.engine import Cancel, Engine
from queries.filters import Filters
from queries.findings.book import Book
from queries.findings.cache import found_before
from queries.findings.causes import Cause, Ground, explained_by
from queries.findings.finding import EngineName, Finding, Register, Seen, ranked
from queries.findings.made import combination, difference, fall, false_shares, moved
from queries.findings.narrow import narrowed_to_the_fall
from queries.findings.promise import FALSE_A_YEAR, combination_in_a_year, moved_in_a_year
from queries.findings.remembered import remembered
from queries.findings.rows import finding_rows
from queries.findings.steps import lost_at, standardised
from queries.funnel import ENGAGEMENT, Funnel
from queries.judged import MEMORY, Judged, judged_checks, judged_leaks, judged_movers, judged_watch, key_of, narrowed
from queries.leak_list import searched_dimensions
from queries.leak_report import LeakReport
from queries.movers import Movers
from queries.overlap import SAME
from queries.watch import Watch, broken_days
from queries.watch_scan import WINDOW

MAY_EXPLAIN = 0.5
"""A finding that is more likely chance than not explains no other."""
SHORTEST = 7
"""Two periods of fewer days are not compared."""
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
    told: Register = MEMORY.get(key_of("told", engine, funnel, book.written_at()), lambda: remembered(found, book))
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
    beside = kept_daily_beside(engine, EVERYTHING, funnel=funnel, cancel=cancel)
    broken, ground = broken_days(checks), None
    if daily and watch.conversions:
        ground = Ground(daily.without(broken), [each.without(broken) for each in beside])
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
    """Return the register of what the engines said, whatever its chance; each missing order is counted once.

    Falls come first: they have a date, and of two names of one fall the likelier stands. What a finding explains to
    60 % is that finding seen from elsewhere.
    """
    watch, leaks = results.watch, results.leaks
    findings: list[Finding] = []
    causes: list[Cause] = []
    weak: list[Finding] = []

    def placed(cause: Cause) -> tuple[int | None, float]:
        if ground is None:
            return None, 1.0
        place, share, every = explained_by(ground, causes, cause)
        return (place if share >= SAME else None), 1.0 - every

    def add(one: Finding, cause: Cause) -> bool:
        sure = one.chance < MAY_EXPLAIN
        (findings if sure else weak).append(one)
        causes.extend([cause] * sure)
        return sure

    def see(place: int, engine: EngineName, segment: Mapping[str, str], cause: Cause) -> None:
        share = ground.explains(causes[place], cause) if ground else 1.0
        one = findings[place]
        if dict(segment) != dict(one.segment):
            findings[place] = replace(one, seen=(*one.seen, Seen(engine, dict(segment), round(share, 3))))

    rows = [narrowed_to_the_fall(row, ground) if ground else row for row in watch.rows]
    for row in sorted(rows, key=lambda row: -row.score):
        missing = row.lost.median if row.lost else max(row.expected - row.conversions, 0.0)
        cause = Cause(row.segment, missing, row.onset, row.recovered)
        place, _ = placed(cause)
        if place is not None:
            see(place, "falls", row.segment, cause)
            continue
        add(fall(row, watch, results.checks), cause)
    chances = false_shares([leak.p for leak in leaks.leaks], leaks.searched)
    for leak, chance in zip(leaks.leaks, chances, strict=True):
        cause = Cause(leak.segment, leak.missing_conversions.median)
        place, kept = placed(cause)
        if place is not None:
            see(place, "combinations", leak.segment, cause)
        else:
            chance = combination_in_a_year(chance, leak.p, watch.days)
            if not add(combination(leak, leaks, chance, kept, watch.first, watch.last, results.checks), cause):
                continue
            place = len(causes) - 1
        for relative in leak.relatives:
            missing = relative.expected - relative.conversions
            see(place, "combinations", relative.segment, Cause(relative.segment, max(missing, 0.0)))
    fell = [mover for mover in results.movers.rows if mover.fell] if results.movers else []
    shares = false_shares([mover.p for mover in fell], results.movers.searched if results.movers else 0)
    for mover, chance in zip(fell, shares, strict=True):
        cause = Cause(mover.segment, mover.missing.median, results.moved_from, dated=False)
        place, kept = placed(cause)
        if place is not None:
            see(place, "moves", mover.segment, cause)
        elif not watch.enough_days and results.movers:  # too early to date a fall: what moved stands for it
            chance = moved_in_a_year(chance)
            add(moved(mover, results.movers, results.moved_from, chance, kept, results.checks), cause)
    standing = []
    for gap in leaks.gaps:
        cause = Cause(gap.segment, gap.missing_conversions.median)
        place, kept = placed(cause)
        if place is not None:
            see(place, "values", gap.segment, cause)
        standing.append(difference(gap, leaks, kept, same_as="" if place is None else findings[place].id))
    above = [difference(leak, leaks, 1.0) for leak in (*leaks.above, *leaks.strong)]
    return ranked(Register(
        version, watch.first, watch.last, watch.days, leaks.sessions, leaks.conversions,
        (*findings, *weak), tuple(standing), tuple(above), period=leaks.period, mirrored=leaks.mirrored,
        too_small=leaks.too_small, searched=leaks.searched, watched=watch.watched, smallest_fall=watch.smallest[1],
        left_out=watch.left_out, odd=watch.odd, false_a_year=FALSE_A_YEAR,
    ))  # fmt: skip


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
