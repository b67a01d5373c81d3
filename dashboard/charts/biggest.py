"""The findings that cost most, leaks and gaps apart: what the first screen says about where to look next."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.chart import CardState, Chart, Context, Need
from dashboard.charts.chosen import shared_note
from dashboard.charts.leak_rows import breaks_over, is_first_visits, row_of, scale_of, sorted_leaks, twin_of
from dashboard.charts.leaks import CHECKS, NEED
from dashboard.charts.segments import segment_words
from dashboard.charts.stakes import LEAKS, counts, gaps
from dashboard.charts.words import empty_sentence
from dashboard.findings import FindingRow, Findings, Nothing
from dashboard.format import count, expected, plural
from queries.check import Check
from queries.engine import Result
from queries.judged import found_of
from queries.leak_report import Leak, LeakReport
from queries.revenue import CLOSABLE_GAP

SHOWN, SHOWN_ALONE = 2, 3
"""So many rows of each kind where there are both, and of the one kind that there is."""
NOTE = (
    "A leak is a combination that converts worse than its parts predict, a gap a single value below its adjusted "
    "peers. The pale bar is the 80\u202f% interval of what was expected. At stake is what can be won back. "
    f"{counts(f'{LEAKS}, {gaps(CLOSABLE_GAP)}')} The view Leaks has all of them, with what speaks against each."
)


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the leak list and for the data checks."""
    return NEED, CHECKS


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the first leaks and the first gaps without their reasons, each kind with the surest loss first."""
    found, checks = (found_of(result) for result in results)
    report: LeakReport = found.report
    if not report.sessions:
        return CardState("No sessions to compare", empty=empty_sentence(context))
    kinds = [sorted_leaks(rows, checks, "") for rows in (report.leaks, report.gaps)]
    most = SHOWN if all(kinds) else SHOWN_ALONE
    rows = [row for kind in kinds for row in kind]
    shown = [row for kind in kinds for row in kind[:most]]
    body = Findings(
        caption="Biggest leaks and gaps",
        heads=("What was found", "Converted sessions", f"At stake {report.period}"),
        rows=[drawn for kind in kinds for drawn in group_of(kind[:most], len(told(kind)), report, checks)],
    )
    if not shown:
        body["nothing"] = Nothing(
            icon="search", title="Nothing stands out", text="No leak and no gap can be named here."
        )
    said = " ".join(part for part in (shared_note(context.filters), NOTE) if part)
    return CardState(heading(rows, checks), said, body=body, table=twin_of("Biggest leaks and gaps", shown, report))


def group_of(rows: Sequence[Leak], number: int, report: LeakReport, checks: Sequence[Check]) -> list[FindingRow]:
    """Return the first rows of one kind on a scale of their own, which the first of them says."""
    scale = scale_of(rows)
    drawn = [short(row_of(row, report, scale, checks), row, checks) for row in rows]
    if drawn:
        many = f"{len(rows)} of {number}, the surest loss first" if number > len(rows) else "the surest loss first"
        drawn[0]["group"] = f"{'Leaks' if rows[0].kind == 'leak' else 'Gaps'}, {many}; bars end at {expected(scale)}"
    return drawn


def short(drawn: FindingRow, row: Leak, checks: Sequence[Check]) -> FindingRow:
    """Return a row as the first screen has it: its size in place of its reasons, and a way to the view with all."""
    under = " Its tracking broke, so it comes last." if breaks_over(row.segment, checks) else ""
    kept: FindingRow = {**drawn, "why": f"{plural(row.sessions, 'session')}.{under}"}
    kept.pop("explain", None)
    return kept


def heading(rows: Sequence[Leak], checks: Sequence[Check] = ()) -> str:
    """Return how many leaks and gaps there are, led by that with most at stake; first visits do not count as a gap."""
    named = told(rows)
    if not named and rows:
        return "No leak, and only first visits convert below their peers, as they do nearly everywhere"
    if not named:
        return "No leak and no gap can be named in these sessions"
    leaks = sum(row.kind == "leak" for row in named)
    first = max(named, key=lambda row: (not breaks_over(row.segment, checks), row.revenue_at_stake.low))
    had = count(first.conversions) if first.conversions else "none"
    gaps = len(named) - leaks
    counts = f"{plural(leaks, 'leak') if leaks else 'No leak'} and {plural(gaps, 'gap') if gaps else 'no gap'}"
    besides = " besides first visits" if len(named) < len(rows) else ""
    most = "most at stake on " if len(named) > 1 else ""
    who = segment_words(first.segment)
    return f"{counts}{besides}: {most}{who}{',' if most else ' had'} {had} of {expected(first.expected)} expected"


def told(rows: Sequence[Leak]) -> list[Leak]:
    """Return the rows that count: without the gap of first visits, which is there nearly everywhere."""
    return [row for row in rows if not is_first_visits(row)]


def open_findings(results: Sequence[Result], context: Context) -> int:
    """Return how many leaks and gaps are open: neither explained by a probable tracking break nor first visits."""
    found, checks = (found_of(result) for result in results)
    rows = (*found.report.leaks, *found.report.gaps)
    return sum(not breaks_over(row.segment, checks) and not is_first_visits(row) for row in rows)


CHART = Chart("biggest", "Biggest leaks and gaps", needs, update, renderer="findings", span=12, height=200, slow=True)
