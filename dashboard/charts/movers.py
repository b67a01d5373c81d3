"""Where the change lies: segments that fell or rose against their own past, otherwise than all others did."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.body import Action
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.chosen import MOVES, shared_note
from dashboard.charts.leak_rows import LANDS_ON, breaks_over, orders_words, ratio_words, scale_to, spoilt, tracking_tag
from dashboard.charts.leaks import CHECKS
from dashboard.charts.leaks import NEED as LEAKS
from dashboard.charts.segments import can_filter, segment_pairs, segment_words
from dashboard.charts.stakes import MOVERS, counts
from dashboard.charts.why import compared_days, not_compared
from dashboard.charts.words import empty_sentence, part_of
from dashboard.findings import Band, Bar, FindingRow, Findings, Nothing, Tag
from dashboard.format import MINUS, count, expected, money, money_short, plural, rate, share
from queries.check import Check
from queries.engine import Result
from queries.judged import found_of, judged_movers
from queries.leak_report import Leak
from queries.movers import Mover, Movers
from queries.revenue import Estimate

NEED = Need("movers", change=judged_movers)
SHOWN = 3
FOLLOWS = 0.8
"""From this share on two segments, one within the other, hold mostly the same sessions."""


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for what moved, for the data checks, and for the leaks and gaps that may be the same sessions."""
    return NEED, CHECKS, LEAKS


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the segments that fell, then those that rose, the surest first."""
    report: Movers | None = found_of(results[0])
    checks: Sequence[Check] = found_of(results[1]) or []
    if report is None:
        return CardState("Nothing is compared", body={"nothing": not_compared(context)})
    if not all(report.sessions):
        return CardState("No two periods to compare", empty=empty_sentence(context))
    named = [*found_of(results[2]).report.leaks, *found_of(results[2]).report.gaps]
    rows = sorted_movers(report, checks)
    scale = scale_of(rows)
    body = Findings(
        caption="Segments that moved, the surest first",
        heads=("What moved", "Converted sessions", f"Against its past {report.period}"),
        rows=[row_of(row, report, scale, checks, named) for row in rows],
        shown=SHOWN,
    )
    if not rows:
        body["nothing"] = nothing_found(report)
    headers = (*HEADERS[:-2], f"{HEADERS[-2]} {report.period}", HEADERS[-1])
    table = TableTwin("Segments that moved", headers, tuple(twin_row(row, report) for row in rows), NUMERIC)
    said = " ".join(part for part in (shared_note(context.filters, MOVES), note(report, context)) if part)
    return CardState(heading(rows), said, body=body, table=table if rows else None)


def sorted_movers(report: Movers, checks: Sequence[Check]) -> list[Mover]:
    """Return what fell before what rose, each with those under a probable tracking break last."""
    return sorted(report.rows, key=lambda row: (not row.fell, bool(breaks_over(row.segment, checks))))


def nothing_found(report: Movers) -> Nothing:
    """Return what was compared, where nothing moved, or that nothing was large enough."""
    if not report.searched:
        text = (
            f"With {plural(sum(report.conversions), 'converted session')} in both periods together no segment has "
            "enough of them to be compared with its own past. Show more days, or take a filter off."
        )
        return Nothing(icon="search", title="Too few to say", text=text)
    text = (
        f"{plural(report.searched, 'value or pair of values', 'values and pairs of values')} were compared with their "
        "own past and with what all others did: none is a tenth or more off, beyond chance. "
        f"{count(report.too_small)} more are too small to say."
    )
    return Nothing(icon="search", text=text)


def heading(rows: Sequence[Mover]) -> str:
    """Return what moved most, and how many others did."""
    if not rows:
        return "No move of a segment can be told from chance"
    others = f", and {plural(len(rows) - 1, 'other segment')} moved" if len(rows) > 1 else ""
    return f"{moved_words(rows[0])}{others}"


def moved_words(row: Mover) -> str:
    """Return one row in short: Edge fell from 2.80 % to 0.92 %."""
    before, after = row.rates
    verb = "fell" if row.fell else "rose"
    if (after < before) is row.fell and before != after:
        return f"{segment_words(row.segment)} {verb} from {rate(before)} to {rate(after)}"
    return f"{segment_words(row.segment)} stayed at {rate(after)} ({rate(before)} before) while others {_others(row)}"


def _others(row: Mover) -> str:
    return "rose" if row.fell else "fell"


def row_of(
    row: Mover, report: Movers, scale: float, checks: Sequence[Check], named: Sequence[Leak] = ()
) -> FindingRow:  # fmt: skip
    """Return a row of the list; `scale` is the number of conversions at its right end, `named` are leaks and gaps."""
    had = row.conversions[1]
    ends = sorted(max(0.0, had + end) for end in (row.missing.low, row.missing.high))
    mine = breaks_over(row.segment, checks)
    stake, sign = report.in_period(row.revenue if row.fell else flipped(row.revenue)), MINUS if row.fell else "+"
    lost = row.missing if row.fell else flipped(row.missing)
    drawn = FindingRow(
        title=f"{moved_words(row)}: {plural(had, 'converted session')} where {expected(row.expected)} were expected",
        why=" ".join([evidence(row, report), *same_sessions(row, named), *(spoilt(check) for check in mine)]),
        tags=[
            Tag(label="Fell" if row.fell else "Rose", look="loss" if row.fell else "accent", icon="bars"),
            tracking_tag(row.segment, checks),
        ],
        expected=Band(
            low=ends[0] / scale,
            mark=row.expected / scale,
            high=ends[1] / scale,
            label=f"{expected(row.expected)} expected",
        ),
        actual=Bar(value=had / scale, label=f"{count(had)} actual", color="loss" if row.fell else "accent"),
        interval=f"{share(report.interval)} interval: {expected(ends[0])} to {expected(ends[1])} expected",
        money=f"{sign}{money_short(stake.median)}",
        range=f"{sign}{money_short(stake.low)} to {sign}{money_short(stake.high)}",
        orders=f"{orders_words(abs(row.expected - had), lost)} {'missing' if row.fell else 'more'}",
        orders_over=f"in {plural(report.days, 'day')}" if report.days else "",
    )
    if can_filter(row.segment):
        drawn["action"] = Action(where=dict(row.segment), view=LANDS_ON)
        drawn["action_label"] = "Filter to this"
    return drawn


def evidence(row: Mover, report: Movers) -> str:
    """Return the counts of both periods and how far the segment is from what was expected."""
    before, after = (part_of(row.conversions[place], row.sessions[place]) for place in (0, 1))
    ratio = ratio_words(row.ratio, row.ratio_interval, report.interval)
    return f"{before} before, {after} now. Converts at {ratio} what its own past and all others give."


def same_sessions(row: Mover, named: Sequence[Leak]) -> list[str]:
    """Return where the same sessions stand under another name, or the same one: among the leaks, among the gaps."""
    told = []
    for other in named:
        own, theirs = set(row.segment.items()), set(other.segment.items())
        small, large = sorted((row.sessions[1], other.sessions))
        if own == theirs:
            told.append(f"Named among the {other.kind}s too.")
        elif (own < theirs or theirs < own) and small >= FOLLOWS * large:
            share_ = part_of(small, large)
            told.append(
                f"Mostly the same sessions as {segment_words(other.segment)} among the {other.kind}s ({share_})."
            )
    return told


def flipped(estimate: Estimate) -> Estimate:
    """Return what is missing as what is there besides."""
    return Estimate(-estimate.high, -estimate.median, -estimate.low)


def scale_of(rows: Sequence[Mover]) -> float:
    """Return the conversions at the right end of the one scale of the list."""
    highest = [max(row.expected, row.conversions[1], row.conversions[1] + row.missing.high) for row in rows]
    return scale_to(highest)


def note(report: Movers, context: Context) -> str:
    """Return the rule, what was searched, and the compared days."""
    false = f", of which at most {share(report.fdr)} are expected to be false" if report.rows else ""
    priced = f"{counts(MOVERS)} " if report.rows else ""
    return (
        "Expected is what the segment would have converted at its own rate of "
        f"{compared_days(context)}, times what all others did since, its mix held equal: what it always was is no "
        f"move. {count(report.searched)} values and pairs were compared{false}; {count(report.too_small)} are too "
        f"small to say. One cause is one row. {priced}When a move began, the trend of the segment shows."
    )


def twin_row(row: Mover, report: Movers) -> tuple[str, ...]:
    """Return a row as text: segment, counts and rates of both periods, expected, ratio, what is missing, money."""
    low, high = row.ratio_interval
    stake = report.in_period(row.revenue)
    return (
        segment_pairs(row.segment),
        *(part_of(row.conversions[place], row.sessions[place]) for place in (0, 1)),
        *(rate(value) for value in row.rates),
        f"{row.expected:,.1f}",
        f"{row.ratio:.0%}",
        f"{low:.0%} to {high:.0%}",
        f"{row.missing.low:,.1f} to {row.missing.high:,.1f}".replace("-", MINUS),
        f"{money(stake.low)} to {money(stake.high)}".replace("-", MINUS),
        f"{row.p:.2g}",
    )


HEADERS = ("Segment", "Before", "Now", "Rate before", "Rate now", "Expected", "Ratio", "Interval", "Missing",
           "Missing revenue", "Chance")  # fmt: skip
NUMERIC = (False, *(True,) * (len(HEADERS) - 1))

CHART = Card("movers", "Where it changed", needs, update, renderer="findings", span=12, height=160, slow=True,
              compares=True)  # fmt: skip
