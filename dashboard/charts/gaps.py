"""Gaps: single values that convert below their adjusted peers; apart from leaks, because a snapshot cannot tell why."""

from collections.abc import Sequence
from typing import Any

from dashboard.cards import Card, CardState, Context
from dashboard.charts import stakes
from dashboard.charts.leak_rows import (
    SORTS,
    is_first_visits,
    row_of,
    scale_of,
    sorted_leaks,
    twin_of,
    with_closable,
)
from dashboard.charts.leaks import needs, numbered
from dashboard.charts.segments import segment_words
from dashboard.charts.stakes import counts
from dashboard.charts.words import empty_sentence
from dashboard.findings import Findings, Nothing
from dashboard.format import expected, plural
from queries.engine import Result
from queries.judged import found_of
from queries.leak_report import LeakReport
from queries.revenue import CLOSABLE_GAP

SHOWN = 5
WON_BACK = {"25 %": 0.25, "50 %": 0.5, "100 %": 1.0}


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the gaps, the surest loss first."""
    found, checks = (found_of(result) for result in results)
    report: LeakReport = found.report
    if not report.sessions:
        return CardState("No sessions to compare", empty=empty_sentence(context))
    part = WON_BACK.get(context.settings.get("won_back", ""), CLOSABLE_GAP)
    gaps = [with_closable(gap, part / CLOSABLE_GAP) for gap in report.gaps]
    rows = sorted_leaks(gaps, checks, context.settings.get("sort", ""))
    scale = scale_of(rows)
    body = Findings(
        caption="Gaps, the surest loss first",
        heads=("What was found", "Converted sessions", f"At stake {report.period}"),
        rows=[row_of(row, report, scale, checks, found, part) for row in rows],
        shown=SHOWN,
    )
    if not rows:
        body["nothing"] = nothing_found(report)
    table = twin_of("Gaps", rows, report)
    last = " First visits come last: they convert less nearly everywhere." if any(map(is_first_visits, rows)) else ""
    priced = f"{counts(stakes.gaps(part))} " if rows else ""
    note = (
        "Expected is what the value would have converted at the rate of its typical peer, all other dimensions held "
        f"equal. At stake is what can be won back. {priced}"
        f"Gaps overlap, so they are not added up. A gap is a difference, not yet a fault.{last}"
    )
    return CardState(heading(rows), note, body=body, table=table)


def nothing_found(report: LeakReport) -> Nothing:
    """Return that no value falls short of its peers, or that none could be judged."""
    if not report.values_judged:
        text = (
            f"With {plural(report.conversions, 'converted session')} in {plural(report.sessions, 'session')} no value "
            "of any dimension has a peer to compare with and orders enough to judge. Add days or take a filter off."
        )
        return Nothing(icon="search", title="Too few to say", text=text)
    text = (
        f"{plural(report.values_judged, 'value')} had sessions and orders enough to judge: none converts below four "
        "fifths of what the typical one of its dimension does by more than chance, all else equal."
    )
    return Nothing(icon="search", title="No value stands out below its peers", text=text)


def heading(rows: Sequence[Any]) -> str:
    """Return the largest gap with its counts, and how many there are besides that of first visits."""
    if not rows:
        return "Single values that convert below their adjusted peers"
    told = [row for row in rows if not is_first_visits(row)]
    if not told:
        return "Only first visits convert below their adjusted peers, as they do nearly everywhere"
    usual = "; so do first visits, as nearly everywhere" if len(told) < len(rows) else ""
    first = told[0]
    had = "none" if not first.conversions else f"{first.conversions:,}"
    most = f"{segment_words(first.segment)} had {had} of {expected(first.expected)} expected"
    if len(told) == 1:
        return f"One value converts below its adjusted peers: {most}{usual}"
    many = numbered(len(told))
    return f"{many[0].upper()}{many[1:]} values convert below their adjusted peers: {most}{usual}"


CHART = Card(
    "gaps",
    "Gaps",
    needs,
    update,
    renderer="findings",
    settings={"sort": (tuple(SORTS), "Money, low end"), "won_back": (tuple(WON_BACK), "50 %")},
    span=12,
    height=260,
    slow=True,
)
