"""Silent leaks: segments that fell against their own past while the total may look flat, each with the day it began."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.body import Action
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts import silent_words as words
from dashboard.charts.chosen import MOVES, shared_note
from dashboard.charts.leak_rows import LANDS_ON, breaks_over, orders_words, scale_to, spoilt, tracking_tag
from dashboard.charts.leaks import CHECKS
from dashboard.charts.segments import can_filter, segment_pairs
from dashboard.charts.words import empty_sentence, part_of
from dashboard.findings import Band, Bar, FindingRow, Findings, Tag
from dashboard.format import DASH, count, day, expected, money, money_range, money_short, plural, share
from queries.check import Check
from queries.engine import Result
from queries.judged import found_of, judged_watch, judged_watch_of_all
from queries.watch_report import SilentLeak, Watch

NEED = Need("silent_leaks", compute=judged_watch)
NEEDS = NEED, CHECKS
OF_ALL = Need("silent_leaks", compute=judged_watch_of_all), CHECKS
"""What the page's own sentence asks for: nothing while any segment is filtered, for it would take seconds a click."""
SHOWN = 3


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the silent leaks up to the last shown day, and for the data checks."""
    return NEEDS


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the silent leaks, those that go on first; what could have been seen where there are none."""
    report: Watch = found_of(results[0])
    checks: Sequence[Check] = found_of(results[1]) or []
    if not report.sessions:
        return CardState("No sessions to watch", empty=empty_sentence(context))
    rows = shown_rows(report, checks, context)
    said = " ".join(
        part for part in (shared_note(context.filters, MOVES), words.note(report, len(report.rows) - len(rows))) if part
    )
    if not rows:
        heading = words.heading(rows) if report.watched else "Not enough days to watch"
        if report.enough_days and not report.watched:
            heading = "Not enough converted sessions to watch"
        nothing = words.nothing_found(report)
        return CardState(heading, said, body={"nothing": nothing})
    scale = scale_of(rows, report.interval)
    body = Findings(
        caption="Silent leaks, those that go on first",
        heads=("What fell", "Converted sessions since", "At stake a month"),
        rows=[row_of(row, report, scale, checks) for row in rows],
        shown=SHOWN,
    )
    table = TableTwin("Silent leaks", HEADERS, tuple(twin_row(row) for row in rows), NUMERIC)
    heading = words.heading(rows)
    return CardState(heading, said, body=body, table=table)


def shown_rows(report: Watch, checks: Sequence[Check], context: Context) -> list[SilentLeak]:
    """Return the falls of which a day is shown: what goes on, what recovered, mere visits, then probable breaks."""
    first = context.filters.date_from or report.first
    rows = [row for row in report.rows if first is None or row.last >= first]
    return sorted(
        rows, key=lambda row: (bool(breaks_over(row.segment, checks)), row.lost is None, row.recovered is not None)
    )


def going_on(results: Sequence[Result], context: Context) -> SilentLeak | None:
    """Return the silent leak that goes on with most at stake, its tracking sound; `results` are those of NEEDS."""
    report: Watch | None = found_of(results[0])
    checks: Sequence[Check] = found_of(results[1]) or []
    rows = shown_rows(report, checks, context) if report else []
    fallen = [row for row in rows if row.recovered is None and row.verdict == "fell"]
    sound = [row for row in fallen if not breaks_over(row.segment, checks)]
    return sound[0] if sound else None


def row_of(row: SilentLeak, report: Watch, scale: float, checks: Sequence[Check]) -> FindingRow:
    """Return a row of the list; `scale` is the number of conversions at its right end."""
    days = plural((row.last - row.onset).days + 1, "day")
    low, due, high = due_of(row, report.interval)
    mine = breaks_over(row.segment, checks)
    drawn = FindingRow(
        title=words.title(row),
        why=" ".join([words.evidence(row, report), *(spoilt(check) for check in mine)]),
        tags=tags_of(row, checks),
        expected=Band(low=low / scale, mark=due / scale, high=high / scale, label=f"{expected(due)} expected"),
        actual=Bar(value=row.conversions / scale, label=f"{count(row.conversions)} actual"),
        interval=f"{share(report.interval)} interval: {expected(low)} to {expected(high)} expected",
        orders_over=f"in {days}",
    )
    stake = row.monthly or row.revenue
    if stake and row.lost:
        drawn["money"] = money_short(stake.median)
        drawn["range"] = money_range(stake.low, stake.high, sentence=True) + (
            f", lost in {days}" if row.recovered else ""
        )
        drawn["orders"] = f"{orders_words(row.expected - row.conversions, row.lost)} missing"
    else:
        drawn["actual"]["color"] = "accent"
        drawn |= FindingRow(money=DASH, range="nothing is lost", orders="No order is missing")
    if can_filter(row.segment):
        drawn["action"] = Action(where=dict(row.segment), view=LANDS_ON)
        drawn["action_label"] = "Filter to this"
    return drawn


def due_of(row: SilentLeak, interval: float) -> tuple[float, float, float]:
    """Return the orders that were expected with their interval: at the past rate, or a day's where visits rose."""
    if row.lost is None:
        return row.traffic.usual(row.conversions, interval)
    low, high = (max(0.0, row.conversions + end) for end in (row.lost.low, row.lost.high))
    return low, row.expected, high


def tags_of(row: SilentLeak, checks: Sequence[Check]) -> list[Tag]:
    """Return whether it goes on, and whether its tracking is to be looked at first."""
    state = Tag(label="Fell", look="loss", icon="bars")
    if row.recovered:
        state = Tag(label=f"Recovered on {day(row.recovered)}", look="plain", icon="check")
    if row.verdict == "more visits":
        state = Tag(label="More visits, not fewer orders", look="plain", icon="info")
    if row.looks_broken and not breaks_over(row.segment, checks):
        return [state, Tag(label="Probable tracking break or broken page", look="warn", icon="warn")]
    return [state, tracking_tag(row.segment, checks)]


def scale_of(rows: Sequence[SilentLeak], interval: float) -> float:
    """Return the conversions at the right end of the one scale of the list."""
    highest = [max(row.conversions, *due_of(row, interval)) for row in rows]
    return scale_to(highest)


def twin_row(row: SilentLeak) -> tuple[str, ...]:
    """Return a row as text: segment, verdict, dates, counts, expected, ratio, what is missing, money."""
    low, high = row.ratio_interval
    return (
        segment_pairs(row.segment),
        "Fell" if row.verdict == "fell" else "More visits, not fewer orders",
        day(row.onset, year=True),
        words.days_words(*row.began),
        day(row.found, year=True),
        day(row.recovered, year=True),
        part_of(*reversed(row.before)),
        part_of(row.conversions, row.sessions),
        f"{row.expected:,.1f}",
        f"{row.ratio:.0%}",
        f"{low:.0%} to {high:.0%}",
        f"{row.lost.low:,.1f} to {row.lost.high:,.1f}" if row.lost else DASH,
        *(f"{money(each.low)} to {money(each.high)}" if each else DASH for each in (row.revenue, row.monthly)),
    )


HEADERS = ("Segment", "Verdict", "Since", "May be", "Found", "Recovered", "28 days before", "Since then", "Expected",
           "Ratio", "Interval", "Missing", "Missing revenue", "A month")  # fmt: skip
NUMERIC = (False, False, *(True,) * (len(HEADERS) - 2))

CHART = Card("silent", "Silent leaks", needs, update, renderer="findings", span=12, height=160, slow=True)
