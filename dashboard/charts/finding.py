"""The page's own sentence: what happened, how sure it is, and where most is lost."""

import datetime as dt
from collections.abc import Sequence

from dashboard.cards import Context, Finding, Need
from dashboard.charts import findings
from dashboard.charts.chosen import plural_of
from dashboard.charts.claims import Lead, lead
from dashboard.charts.funnel_rows import phrase_of
from dashboard.charts.words import (
    FEW_SESSIONS,
    Row,
    by_segment,
    compared_days,
    counted_days,
    days_of,
    empty_sentence,
    going_on,
    interval_text,
    joined,
    leaving,
    part_of,
    sessions_at,
    transition,
    way_back,
)
from dashboard.format import MINUS, date_range, day, plural, points, rate, share
from queries.changes import difference_interval
from queries.engine import Result
from queries.statistics import Share, larger_than_chance

SATURDAY = 5
NEEDS = (
    Need("overview"),
    Need("funnel"),
    Need("funnel", by="device_category"),
    Need("overview", compared=True),
    Need("funnel", compared=True),
)


def finding(results: Sequence[Result], context: Context) -> tuple[str, str]:
    """Return the finding in one sentence and one line of context; `results` are those of NEEDS, in order."""
    overview, steps, by_device, *compared = (result.rows for result in results)
    if not overview or not overview[0]["sessions"]:
        return empty_sentence(context), f"{way_back(context)} to see sessions again."
    if compared and compared[0] and compared[0][0]["sessions"]:
        now, before = overview[0], compared[0][0]
        said = [certainty_sentence(now, before, context), step_sentence(steps, compared[1])]
        return change_sentence(now, before), " ".join(sentence for sentence in said if sentence)
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


def _difference(now: Row, before: Row) -> tuple[float | None, float | None]:
    return difference_interval((before["sessions"], before["conversions"]), (now["sessions"], now["conversions"]))


def change_sentence(now: Row, before: Row) -> str:
    """Return how conversion changed: Conversion rose from 0.39 % to 1.28 % (+0.89 pp, 0.53 to 1.24)."""
    low, high = _difference(now, before)
    rates = before["conversion_rate"], now["conversion_rate"]
    if low is None or high is None or low <= 0 <= high:
        if min(now["sessions"], before["sessions"]) < FEW_SESSIONS:
            parts = [part_of(row["conversions"], row["sessions"]) for row in (now, before)]
            return f"Too few sessions to compare: {parts[0]} converted, {parts[1]} before."
        return f"Conversion is {rate(rates[1])}, {rate(rates[0])} before: no clear change."
    verb = "rose" if rates[1] > rates[0] else "fell"
    ends = " to ".join(f"{end * 100:.2f}".replace("-", MINUS) for end in (low, high))
    return f"Conversion {verb} from {rate(rates[0])} to {rate(rates[1])} ({points(rates[1] - rates[0])}, {ends})."


def certainty_sentence(now: Row, before: Row, context: Context) -> str:
    """Return what is compared with what, and what limits the comparison."""
    low, high = _difference(now, before)
    clear = low is not None and high is not None and not low <= 0 <= high
    size = "larger than chance" if clear else "within what chance does"
    words = date_range(*(days[place] for days in (compared_days(context),) for place in (0, -1)))
    counts = (
        f"{part_of(now['conversions'], now['sessions'])} against {part_of(before['conversions'], before['sessions'])}"
    )
    lacking = [part for part in (_lacking(compared_days(context), context), _weekdays(context)) if part]
    return " ".join([f"The difference to {words} is {size} ({counts}).", *(f"{part}." for part in lacking)])


def _lacking(days: Sequence[dt.date], context: Context) -> str:
    missing = [date for date in days if context.store_days is not None and date not in context.store_days]
    if not missing:
        return ""
    which = day(missing[0]) if len(missing) == 1 else plural(len(missing), "compared day")
    return f"No export holds {which}"


def _weekdays(context: Context) -> str:
    """Return a warning where the two periods hold different weekdays: one of them a weekend day and the other not."""
    parts = [
        {date.weekday() >= SATURDAY for date in counted_days(context, asked)} for asked in (days_of, compared_days)
    ]
    if len(days_of(context)) >= 7 or parts[0] == parts[1]:
        return ""
    days = counted_days(context, compared_days) + counted_days(context)
    weekend = [date for date in days if date.weekday() >= SATURDAY]
    named = joined([day(date, weekday=True) for date in weekend[:3]])
    return f"The weekdays differ: {named} {'is' if len(weekend) == 1 else 'are'} on a weekend"


def step_sentence(steps: Sequence[Row], before: Sequence[Row]) -> str:
    """Return the step whose completion changed most; empty where none did by more than so many steps do by chance."""
    transitions = list(zip(before, steps, steps[1:], strict=False))
    sure = larger_than_chance([(_went_on(then), _went_on(now)) for then, now, _ in transitions])
    found = [each for each, call in zip(transitions, sure, strict=True) if call]
    if not found:
        return ""
    then, now, following = max(found, key=lambda each: abs(each[1]["completion_rate"] - each[0]["completion_rate"]))
    name = transition(now["step"], following["step"])
    alone = "alone changed" if len(found) == 1 else f"changed most of {len(found)} that did"
    rates = f"{share(then['completion_rate'])} before, {share(now['completion_rate'])} now"
    return f"{name} {alone} by more than chance: {rates}."


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


def widest_gap(by_value: Sequence[Row], context: Context, dimension: str = "device_category") -> str:
    """Return where the devices, or other values, differ most, if anywhere by more than chance; empty with under two."""
    values = by_segment(by_value)
    if len(values) < 2:
        return ""
    found: list[tuple[float, int, Lead]] = []
    transitions = len(context.funnel.steps) - 1
    for position in range(1, transitions + 1):
        standing = lead([rows[position - 1] for rows in values.values()], "completion_rate", "reached", transitions)
        if standing:
            found.append((standing.gap("completion_rate"), position, standing))
    if not found:
        return f"At no step do the {plural_of(dimension)} differ by more than chance."
    _, position, standing = max(found, key=lambda gap: gap[:2])
    here, following = context.funnel.steps[position - 1], context.funnel.steps[position]

    def counted(row: Row) -> str:
        return f"{phrase_of((dimension,), (row['segment'],))} ({part_of(*_went_on(row))})"

    apart = f"{share(standing.row['completion_rate'])} {going_on(following)} {counted(standing.row)}"
    others = [f"{share(row['completion_rate'])} {counted(row)}" for row in standing.others]
    meet = "these intervals do not meet" if len(others) == 1 else "the first interval meets none of the others"
    return f"Of {sessions_at(here)} {joined([apart, *others])}; {meet}."


def _went_on(row: Row) -> Share:
    return row["reached"] - (row["abandonments"] or 0), row["reached"]


def finding_with_fall(results: Sequence[Result], context: Context) -> tuple[str, str]:
    """Return the finding with what the total may hide: the first open finding that has a date.

    `results` are those of NEEDS, and the findings.
    """
    said, line = finding(results[: len(NEEDS)], context)
    fell = findings.first_fall(results[len(NEEDS) :])
    if not fell or not results[0].rows or not results[0].rows[0]["sessions"]:
        return said, line
    hidden = said.endswith("no clear change.")
    return f"{said[:-1]}, but {fell}." if hidden else f"{said} {fell}.", line


FINDING = Finding(NEEDS, finding, then=Finding((*NEEDS, findings.NEED), finding_with_fall, slow=True))
