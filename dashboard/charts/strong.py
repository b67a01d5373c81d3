"""Strong segments: combinations that convert better than their parts predict, found with the control of the leaks."""

from collections.abc import Sequence

from dashboard.cards import Card, CardState, Context
from dashboard.charts.leak_rows import row_of, scale_of, sorted_leaks, twin_of
from dashboard.charts.leaks import needs, numbered
from dashboard.charts.segments import segment_words
from dashboard.charts.words import empty_sentence
from dashboard.findings import Findings, Nothing
from dashboard.format import plural, share
from queries.engine import Result
from queries.judged import found_of
from queries.leak_report import LeakReport

SHOWN = 4


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the strong segments, the surest surplus first."""
    found, checks = (found_of(result) for result in results)
    report: LeakReport = found.report
    if not report.sessions:
        return CardState("No sessions to search", empty=empty_sentence(context))
    rows = [*sorted_leaks(report.strong, checks, "money"), *sorted_leaks(report.above, checks, "money")]
    scale = scale_of(rows)
    body = Findings(
        caption="Strong segments, the surest surplus first",
        heads=("What was found", "Converted sessions", f"Surplus {report.period}"),
        rows=[row_of(row, report, scale, checks, found) for row in rows],
        shown=SHOWN,
    )
    if not rows:
        text = (
            f"Of {plural(report.searched, 'combination')} searched, none converts better than its parts predict by "
            "more than "
            "chance. A high rate on a handful of sessions is not named here."
        )
        body["nothing"] = Nothing(icon="search", title="None stands out", text=text)
    table = twin_of("Strong segments", rows, report)
    note = (
        f"Searched together with the leaks and under the same control: at most {share(report.fdr)} are expected to "
        "be false. "
        "Worth a trial with more budget; whether more of the same visitors would convert as well, these sessions "
        "cannot say."
    )
    return CardState(heading(report), note, body=body, table=table)


def heading(report: LeakReport) -> str:
    """Return how many combinations and single values convert better than predicted, and the first of them."""
    found = [*report.strong, *report.above]
    if not found:
        return "Combinations that convert better than their parts predict"
    first = segment_words(found[0].segment)
    if report.strong:
        many = numbered(len(report.strong))
        several = len(report.strong) > 1
        what = "combinations convert better than their parts predict" if several else (
            "combination converts better than its parts predict"
        )  # fmt: skip
        return f"{many[0].upper()}{many[1:]} {what}: {first}{' the most' * several}"
    many = numbered(len(report.above))
    several = len(report.above) > 1
    what = "single values convert above their peers" if several else "single value converts above its peers"
    return f"No combination stands out; {many} {what}: {first}{' the most' * several}"


CHART = Card("strong", "Strong segments", needs, update, renderer="findings", span=12, height=180, slow=True)
