"""The page's own sentence: what happened, how sure it is, and where most is lost."""

from collections.abc import Sequence

from dashboard.chart import Context, Finding, Need
from dashboard.charts.words import (
    Lead,
    Row,
    by_segment,
    empty_sentence,
    going_on,
    interval_text,
    joined,
    lead,
    leaving,
    part_of,
    sessions_at,
)
from dashboard.format import plural, rate, share
from queries.engine import Result

NEEDS = (Need("overview"), Need("funnel"), Need("funnel", by="device_category"))


def finding(results: Sequence[Result], context: Context) -> tuple[str, str]:
    """Return the finding in one sentence and one line of context; `results` are those of NEEDS, in order."""
    overview, steps, by_device = (result.rows for result in results)
    if not overview or not overview[0]["sessions"]:
        return empty_sentence(context), "Remove a filter to see sessions again."
    said = [largest_leak(steps, context), widest_gap(by_device, context)]
    return conversion_sentence(overview[0]), " ".join(sentence for sentence in said if sentence)


def conversion_sentence(row: Row) -> str:
    """Return how many sessions converted, with rate and interval: 94 of 10,000 sessions converted: 0.94 % (...)."""
    sessions, conversions = row["sessions"], row["conversions"]
    if sessions == 1:
        return f"The only session {'converted' if conversions else 'did not convert'}: too few to say."
    part = f"{part_of(conversions, sessions)} sessions" if conversions else f"None of {plural(sessions, 'session')}"
    interval = interval_text(row["conversion_rate_low"], row["conversion_rate_high"])
    return f"{part} converted: {rate(row['conversion_rate'])} ({interval})."


def largest_leak(steps: Sequence[Row], context: Context) -> str:
    """Return the step that most sessions do not take: 8,276 of 9,997 sessions (83 %) leave before a fifth page."""
    losing = [row for row in steps if row["abandonments"]]
    if not losing:
        return ""
    row = max(losing, key=lambda step: step["abandonments"])
    position = row["position"]
    here, following = context.funnel.steps[position - 1], context.funnel.steps[position]
    counts = f"{part_of(row['abandonments'], row['reached'])} {sessions_at(here)}"
    return f"{counts} ({share(row['abandonment_rate'])}) {leaving(following)}."


def widest_gap(by_device: Sequence[Row], context: Context) -> str:
    """Return where the devices part most, if anywhere by more than chance; empty with fewer than two devices."""
    devices = by_segment(by_device)
    if len(devices) < 2:
        return ""
    found: list[tuple[float, int, Lead]] = []
    for position in range(1, len(context.funnel.steps)):
        standing = lead([rows[position - 1] for rows in devices.values()], "completion_rate", "reached")
        if standing:
            far = min(row["completion_rate"] for row in standing.behind)
            found.append((standing.ahead["completion_rate"] - far, position, standing))
    if not found:
        return "At no step do the devices differ by more than chance."
    _, position, standing = max(found, key=lambda gap: gap[:2])
    here, following = context.funnel.steps[position - 1], context.funnel.steps[position]
    ahead = f"{share(standing.ahead['completion_rate'])} {going_on(following)} {_on(standing.ahead)}"
    behind = [f"{share(row['completion_rate'])} {_on(row)}" for row in standing.behind]
    return f"Of {sessions_at(here)} {joined([ahead, *behind])}; the intervals do not meet."


def _on(row: Row) -> str:
    return f"on {row['segment']} ({part_of(row['reached'] - row['abandonments'], row['reached'])})"


FINDING = Finding(NEEDS, finding)
