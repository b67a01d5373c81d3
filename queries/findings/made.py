"""What each engine says, as findings and differences: named, dated, priced, and doubted where data checks say so."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from queries.check import Check
from queries.findings import names
from queries.findings.book import new_id
from queries.findings.finding import Counts, Difference, Finding
from queries.leak_report import Leak, LeakReport
from queries.movers import Mover, Movers
from queries.revenue import Estimate
from queries.watch import SilentLeak, Watch, broken_days
from queries.watch_scan import WINDOW

BROKEN = "Hardly anything is left, all at once, and on technical values alone: a tracking break looks like this."


def fall(row: SilentLeak, watch: Watch, checks: Sequence[Check]) -> Finding:
    """Return a dated fall as a finding; one of more visits has no price."""
    tracking = (*([BROKEN] if row.looks_broken else []), *doubts(row.segment, row.began, checks))
    more = row.verdict == "more visits"
    priced = row.monthly is not None and row.monthly.high > 0 and not tracking and not more
    return Finding(
        id=new_id("fell", row.segment, row.onset),
        kind="more visits" if more else "fell",
        name=names.more_visits(row.segment) if more else names.fell(row.segment, row.ratio),
        segment=dict(row.segment),
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
        chance=watch.chance_in_a_year(row),
        tracking=tracking,
        state="tracking suspected" if tracking else "recovered" if row.recovered else "new",
    )


def combination(
    leak: Leak,
    report: LeakReport,
    chance: float,
    kept: float,
    first: dt.date | None,
    last: dt.date | None,
    checks: Sequence[Check],
) -> Finding:
    """Return a combination as a finding, of which `kept` is not counted with others; the days are those searched."""
    price = report.in_period(leak.revenue_at_stake).times(kept)
    tracking = doubts(leak.segment, (first, last), checks) if first and last else ()
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
        since=first,
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


def moved(
    mover: Mover, report: Movers, first: dt.date | None, chance: float, kept: float, checks: Sequence[Check]
) -> Finding:
    """Return what moved as a finding, where the days are too few to date a fall; `first` begins the later half."""
    price = report.in_period(mover.revenue).times(kept)
    tracking = doubts(mover.segment, (first, first), checks) if first else ()
    priced = price.high > 0 and not tracking
    return Finding(
        id=new_id("moved", mover.segment, None),
        kind="moved",
        name=names.fell(mover.segment, mover.ratio),
        segment=dict(mover.segment),
        since=first,
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


def difference(leak: Leak, report: LeakReport, kept: float, same_as: str = "") -> Difference:
    """Return a single value, or a combination above its parts, as a difference without money."""
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


def false_shares(chances: Sequence[float], searched: int) -> list[float]:
    """Return for each p the smallest false discovery rate at which it is called (Benjamini, Hochberg 1995)."""
    order = sorted(range(len(chances)), key=chances.__getitem__)
    shares, least = [0.0] * len(chances), 1.0
    for rank in range(len(order), 0, -1):
        least = min(least, chances[order[rank - 1]] * searched / rank)
        shares[order[rank - 1]] = least
    return shares
