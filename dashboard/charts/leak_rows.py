"""Rows of the leak list for people: sentence, evidence, expected over actual, money with its range, explanation."""

import dataclasses
from collections.abc import Sequence

from dashboard.body import Action
from dashboard.cards import TableTwin
from dashboard.charts.leak_explained import explanation
from dashboard.charts.segments import Segment, can_filter, segment_pairs, segment_words
from dashboard.charts.words import joined
from dashboard.findings import Band, Bar, FindingRow, Look, Tag
from dashboard.format import DASH, THIN, count, exact, expected, money, money_range, money_short, plural, share
from queries.check import Check
from queries.judged import Explained
from queries.leak_report import Leak, LeakReport, is_first_visits
from queries.leak_words import FIRST_VISITS
from queries.revenue import CLOSABLE_GAP, Estimate
from queries.vocabulary import TITLES

SORTS = {"Money, low end": "money", "Lost orders": "lost", "Sessions": "sessions"}
LANDS_ON = "overview"
"""The view that a click on "Filter to this" opens: a list of leaks has nothing more to say of one segment."""
MANY_TIMES = 10
BETTER = ("strong", "above")
"""Kinds of rows with more conversions than expected."""


def sorted_leaks(rows: Sequence[Leak], checks: Sequence[Check], by: str) -> list[Leak]:
    """Return rows by what is chosen; first visits come after the others, rows under a probable tracking break last."""
    keys = {
        "money": lambda row: row.revenue_at_stake.low,
        "lost": lambda row: row.recoverable_conversions.low,
        "sessions": lambda row: row.sessions,
    }
    key = keys[SORTS.get(by, "money")]
    return sorted(rows, key=lambda row: (bool(breaks_over(row.segment, checks)), is_first_visits(row), -key(row)))


def breaks_over(segment: Segment, checks: Sequence[Check]) -> list[Check]:
    """Return the probable tracking breaks that touch a value of the segment."""
    return [
        check for check in checks if check.verdict == "probable tracking break" and check.values & set(segment.items())
    ]


def title_of(leak: Leak) -> str:
    """Return the sentence of a row: Mobile: 7 converted sessions where 44 were expected."""
    who = segment_words(leak.segment)
    if not leak.conversions:
        return f"{who}: no order in {plural(leak.sessions, 'session')}, {expected(leak.expected)} expected"
    return f"{who}: {plural(leak.conversions, 'converted session')} where {expected(leak.expected)} were expected"


def times(ratio: float) -> str:
    """Return a ratio to what was expected: 41 % below twice, ×3.5 from there on."""
    return f"{ratio * 100:.0f}{THIN}%" if ratio < 2 else f"×{ratio:.1f}" if ratio < 10 else f"×{ratio:.0f}"


def ratio_words(ratio: float, ends: tuple[float, float], interval: float) -> str:
    """Return a ratio with its interval in one unit: 33 % (80 % interval 14 to 75 %) of, or ×2.1 (... ×1.4 to ×2.9).

    From ten times on only the lower end is worth a sentence.
    """
    low, high = ends
    if ratio >= MANY_TIMES:
        return f"{_as_times(low)} or more"
    if not ratio:
        return f"{times(ratio)} ({share(interval)} interval up to {times(high)}) of"
    if high < 2:
        return f"{times(ratio)} ({share(interval)} interval {low * 100:.0f} to {times(high)}) of"
    return f"{_as_times(ratio)} ({share(interval)} interval {_as_times(low)} to {_as_times(high)})"


def _as_times(ratio: float) -> str:
    return f"×{ratio:.1f}" if ratio < 10 else f"×{ratio:.0f}"


def evidence(leak: Leak, report: LeakReport) -> str:
    """Return what a row rests on: its ratio to what was expected with the interval, its counts, its money."""
    of_what = {
        "leak": "what its parts predict",
        "strong": "what its parts predict",
        "gap": "what its peers convert, all else equal",
        "above": "what its peers convert, all else equal",
    }[leak.kind]
    had = f"had {count(leak.conversions)}" if leak.conversions else "had none"
    stake = report.in_period(leak.revenue_at_stake)
    worth = f"; between {money_range(stake.low, stake.high, sentence=True)} {report.period}"
    worth = worth.replace(" to $", " and $") if stake.high > 0 else ""
    what = f"{ratio_words(leak.ratio, leak.ratio_interval, report.interval)} {of_what}"
    due = f"{plural(leak.sessions, 'session')} expected {expected(leak.expected)} conversions"
    return f"Converts at {what}: {due}, {had}{worth}."


def reasons(leak: Leak, report: LeakReport) -> tuple[str, ...]:
    """Return what a row rests on, what was held equal, and a warning where the value explains itself."""
    return evidence(leak, report), adjusted_for(leak, report), FIRST_VISITS if is_first_visits(leak) else ""


def adjusted_for(leak: Leak, report: LeakReport) -> str:
    """Return what the expectation holds equal: browser, country and source."""
    others = [TITLES[name].lower() for name in report.dimensions if name not in leak.segment]
    return f"Expected from its {joined(others)} as they convert elsewhere." if others else ""


def tags_of(leak: Leak, checks: Sequence[Check]) -> list[Tag]:
    """Return the kind of a row, and whether its tracking was sound."""
    names: dict[str, tuple[str, Look]] = {
        "leak": ("Leak", "loss"),
        "gap": ("Gap", "loss"),
        "strong": ("Strong", "accent"),
        "above": ("Above its peers", "accent"),
    }
    label, look = names[leak.kind]
    tags = [Tag(label=label, look=look, icon="bars")]
    if breaks_over(leak.segment, checks):
        tags[0]["look"] = "plain"
        return [*tags, tracking_tag(leak.segment, checks)]
    if is_first_visits(leak):
        tags[0]["look"] = "plain"
        return [*tags, Tag(label="Usual for first visits", look="plain", icon="info")]
    return [*tags, tracking_tag(leak.segment, checks)]


def tracking_tag(segment: Segment, checks: Sequence[Check]) -> Tag:
    """Return whether the tracking of a segment's values was sound."""
    if breaks_over(segment, checks):
        return Tag(label="Probable tracking break", look="warn", icon="warn")
    beside = any(check.verdict == "probable tracking break" and check.dimension in segment for check in checks)
    sound = "No fault found in its own tracking" if beside else "No tracking fault found"
    return Tag(label=sound, look="accent", icon="check")


def row_of(
    leak: Leak,
    report: LeakReport,
    scale: float,
    checks: Sequence[Check] = (),
    found: Explained | None = None,
    part: float = CLOSABLE_GAP,
) -> FindingRow:
    """Return a row of the list; `scale` is the conversions at its right end, `part` that of a gap which is priced."""
    lost, stake = leak.missing_conversions, report.in_period(leak.revenue_at_stake)
    had, sign = leak.conversions, -1 if leak.kind in BETTER else 1
    ends = sorted(max(0.0, had + sign * end) for end in (lost.low, lost.high))
    mine = breaks_over(leak.segment, checks)
    row = FindingRow(
        title=title_of(leak),
        why=" ".join(part for part in (*reasons(leak, report), *map(spoilt, mine)) if part),
        tags=tags_of(leak, checks),
        expected=Band(
            low=ends[0] / scale,
            mark=leak.expected / scale,
            high=ends[1] / scale,
            label=f"{expected(leak.expected)} expected",
        ),
        actual=Bar(value=had / scale, label=f"{count(had)} actual", color="accent" if leak.kind in BETTER else "loss"),
        interval=f"{share(report.interval)} interval: {expected(ends[0])} to {expected(ends[1])} expected",
        money=money_short(stake.median),
        range=money_range(stake.low, stake.high, sentence=True) + part_words(leak, part),
        orders=f"{orders_words(abs(leak.expected - had), lost)} {'above' if leak.kind in BETTER else 'missing'}",
        orders_over=_counted_over(report),
        explain=explanation(leak, report, found),
    )
    if can_filter(leak.segment):
        row["action"] = Action(where=dict(leak.segment), view=LANDS_ON)
        row["action_label"] = "Filter to this"
    return row


def part_words(leak: Leak, part: float) -> str:
    """Return which part of what a gap lacks is priced: it can hardly be won back whole."""
    if leak.kind != "gap" or part == 1:
        return ""
    return ", for half of it" if part == CLOSABLE_GAP else f", for {share(part)} of it"


def orders_words(number: float, lost: Estimate) -> str:
    """Return what is missing, expected less actual as the bars show it, with its interval: 38 (28-46)."""
    return f"{expected(number)} ({expected(lost.low)}{DASH}{expected(lost.high)})"


def _counted_over(report: LeakReport) -> str:
    return f"in {plural(report.days, 'day')}" if report.days and report.monthly(1.0) else ""


def spoilt(check: Check) -> str:
    """Return what a probable tracking break did to a value, and that it comes first."""
    filed = f" and turned up under {check.taken_by}" if check.taken_by else ""
    return f"Sessions of {check.value} were not counted as such for a time{filed}: settle that first."


def scale_of(rows: Sequence[Leak]) -> float:
    """Return the conversions at the right end of the one scale of a list."""
    highest = [max(row.expected, row.conversions, row.conversions + row.missing_conversions.high) for row in rows]
    return scale_to(highest)


def scale_to(highest: Sequence[float]) -> float:
    """Return the right end of a scale for these numbers: a quarter beyond the largest, so that words have room."""
    return max(highest, default=1.0) * 1.25 or 1.0


def with_closable(leak: Leak, factor: float) -> Leak:
    """Return a gap with another share of it that can be won back; leaks and strong segments stay whole."""
    if leak.kind != "gap" or factor == 1:
        return leak
    return dataclasses.replace(leak, revenue_at_stake=leak.revenue_at_stake.times(factor))


def twin_row(leak: Leak, report: LeakReport) -> tuple[str, ...]:
    """Return a row as text: segment, counts, ratio with interval, what is missing, money with range, chance."""
    low, high = leak.ratio_interval
    stake, lost = report.in_period(leak.revenue_at_stake), leak.missing_conversions
    return (
        segment_pairs(leak.segment),
        exact(leak.sessions),
        exact(leak.conversions),
        f"{leak.expected:,.1f}",
        f"{leak.ratio:.0%}",
        f"{low:.0%} to {high:.0%}",
        f"{lost.low:,.1f} to {lost.high:,.1f}",
        f"{money(stake.low)} to {money(stake.high)}",
        f"{leak.p:.2g}",
    )


def twin_of(caption: str, rows: Sequence[Leak], report: LeakReport) -> TableTwin | None:
    """Return a list as text; None when it is empty."""
    if not rows:
        return None
    lines = tuple(twin_row(row, report) for row in rows)
    return TableTwin(caption, TWIN_HEADERS, lines, (False, *(True,) * (len(TWIN_HEADERS) - 1)))


TWIN_HEADERS = ("Segment", "Sessions", "Converted", "Expected", "Ratio", "Interval", "Missing", "At stake", "Chance")
