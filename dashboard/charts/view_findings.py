"""The sentence that each view opens with: the finding of its own charts, its size and its certainty."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dashboard.cards import Context, Finding, Need
from dashboard.charts import checks, completion_words, countries_words, durations, findings, sources
from dashboard.charts.check_words import days_of, when
from dashboard.charts.checks import full_sentence
from dashboard.charts.chosen import chosen_against, is_filtered, passes
from dashboard.charts.claims import apart_from_all
from dashboard.charts.finding import change_sentence, conversion_sentence, largest_leak, step_sentence, widest_gap
from dashboard.charts.funnel_rows import chosen_dimensions, kept_of, reach_of
from dashboard.charts.source_words import SPOILT_FROM
from dashboard.charts.view_changes import compared_words, duration_sentence, values_sentence
from dashboard.charts.words import by_segment, empty_sentence, part_of, rate_of, value_label
from dashboard.charts.words import days_of as shown_days
from dashboard.format import count, plural, rate, share
from queries.check import Check
from queries.compose import EVERYTHING
from queries.engine import Result
from queries.judged import found_of, judged_checks
from queries.vocabulary import NOT_SET

DEVICE, SOURCE, COUNTRY, MINIMUM = "device_category", "source", "country", 100
CHECKS = Need("checks", compute=judged_checks)


def dated_sentence(check: Check) -> str:
    """Return the sentence of a check with its days: On 5 Jul google recorded 0 sessions; a missing day names itself."""
    said = full_sentence(check)
    if check.kind == "missing":
        return said
    return f"{when(check)} {said if check.kind == 'vanished' else said[0].lower() + said[1:]}"


def funnel_needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for all sessions, their funnel in both periods, and the funnel by the first dimension of the funnel card."""
    by = chosen_dimensions(settings)[0]
    return Need("overview"), Need("funnel"), Need("funnel", by=by), Need("funnel", compared=True)


def funnel_finding(results: Sequence[Result], context: Context) -> tuple[str, str]:
    """Return which step changed against the compared days, where the devices differ, and which step loses most.

    Where the funnel card is split by another dimension, its largest values stand for the devices.
    """
    overview, steps, by_value, before = (result.rows for result in results)
    if not overview or not overview[0]["sessions"]:
        return empty_sentence(context), ""
    by, reach = chosen_dimensions(context.settings)[0], reach_of(results[2])
    kept = [values[0] for values in kept_of(reach, (by,), context.filters)]
    largest = [row for row in by_value if row["segment"] in kept]
    groups = by_segment(largest)
    of = completion_words.compared_words(len(reach) - len(kept), context, by)
    said = completion_words.heading(groups, context, by, of) if len(groups) > 1 else ""
    most = largest_leak(steps, context)
    compares = context.compared and any(row["reached"] for row in before)
    changed = step_sentence(steps, before) if compares else ""
    if changed:
        return changed, " ".join(part for part in (f"{said}." if said else "", most) if part)
    same = f"Against {compared_words(context)} no step changed by more than chance." if compares else ""
    if " differ most " not in said:
        first, rest = most or "No session left between two steps.", [f"{said}." if said else ""]
    else:
        first, rest = f"{said}.", [most, widest_gap(largest, context, by)]
    return first, " ".join(part for part in (same, *rest) if part)


def geography_finding(results: Sequence[Result], context: Context) -> tuple[str, str]:
    """Return how many countries convert above and below the mean by more than chance, and how many cannot be told."""
    rows = results[0].rows
    if not rows:
        return empty_sentence(context), ""
    placed = [row for row in rows if row["country"] != NOT_SET]
    if is_filtered(context.filters, COUNTRY):
        return f"{countries_words.heading(rows, MINIMUM, context.filters)}.", ""
    sessions, conversions = (sum(row[name] for row in rows) for name in ("sessions", "conversions"))
    large = [row for row in placed if row["enough"]]
    small = len(placed) - len(large)
    apart = apart_from_all(large, (conversions, sessions))
    above = sum(row["conversion_rate"] > conversions / sessions for row in apart)
    fewest = count(max(MINIMUM, countries_words.floor_of(rows)))
    few = f"{plural(small, 'other country', 'other countries')} sent fewer than {fewest}, too few to say."
    if len(large) < 2:
        return f"{countries_words.heading(rows, MINIMUM)}.", few if small else ""
    said = (
        f"Of {len(large)} countries with {fewest} sessions or more, {above or 'none'} "
        f"{'converts' if above <= 1 else 'convert'} above the mean of {rate(conversions / sessions)} and "
        f"{len(apart) - above or 'none'} below it."
    )
    close = f"{len(large) - len(apart)} cannot be told from the mean."
    return said, f"{close if len(apart) < len(large) else ''} {few if small else ''}".strip()


def duration_finding(results: Sequence[Result], context: Context) -> tuple[str, str]:
    """Return how long and short sessions convert, what changed since the compared days, and why it is no advice."""
    devices = by_segment(results[0].rows)
    if not devices:
        return empty_sentence(context), ""
    rows = [row for held in devices.values() for row in held]
    sessions, hits = sum(row["sessions"] for row in rows), sum(row["sessions"] for row in rows if row["position"] == 1)
    single = f" {share(hits / sessions)} of sessions have no measured duration (0 s)." if sessions and hits else ""
    advice = f"This is not advice to keep people longer.{single}" if hits < sessions else ""
    changed = duration_sentence(rows, [row for row in results[1].rows if row["segment"] != EVERYTHING], context)
    return f"{durations.heading(list(devices.values()))}.", f"{changed} {advice}".strip()


def sources_needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the checks of both periods, the selection and all sources beside it, and the values of the card's tab."""
    every = Need("sources_by_day", shows=SOURCE), Need("overview", shows=SOURCE)
    values = Need("segments", by=sources.dimension_of(settings))
    return CHECKS, Need("overview"), *every, values, replace(values, compared=True), replace(CHECKS, compared=True)


def sources_finding(results: Sequence[Result], context: Context) -> tuple[str, str]:
    """Return how the chosen sources, or all of them, convert, what changed, and on which days figures are unreliable.

    Where those days are many among the days shown, they are said first.
    """
    checks, overview, by_day, every, values, before, checks_before = results
    now, all_now = overview.rows[0], every.rows[0]
    if not now["sessions"]:
        return empty_sentence(context), ""
    first = conversion_sentence(now)
    if is_filtered(context.filters, SOURCE):
        counts, beside = ((row["conversions"], row["sessions"]) for row in (now, all_now))
        first = f"{chosen_against(counts, beside, context.filters, SOURCE)}."
    broken = broken_sources(found_of(checks) or [], context)
    by = sources.dimension_of(context.settings)
    spoilt_values = {
        value
        for check in (*(found_of(checks) or []), *(found_of(checks_before) or []))
        if check.verdict == "probable tracking break"
        for dimension, value in check.values
        if dimension == by
    }
    changed = values_sentence(values.rows, before.rows, context, by, spoilt_values)
    if not broken:
        return first, f"{changed} No fault was found in the tracking of sources.".strip()
    check = broken[0]
    value, taker = value_label(SOURCE, check.value), value_label(SOURCE, check.taken_by)
    filed = f"{value} sessions appear to be filed under {taker}."
    evidence = f"{dated_sentence(check).split(' Source figures')[0]} {without(check, by_day.rows)}".strip()
    shown = shown_days(context)
    spoilt = {date for date in shown for one in broken if one.first <= date <= one.last}
    if len(spoilt) >= SPOILT_FROM * len(shown):
        return f"Source figures are not reliable for this period: on {days_of(check)} {filed}", evidence
    some = days_of(check) if len(spoilt) == 1 else f"{days_of(check)} and {plural(len(spoilt) - 1, 'other day')}"
    unreliable = f"Source figures are not reliable on {some}, {len(spoilt)} of {plural(len(shown), 'day')}."
    return first, f"{changed} {unreliable} {evidence}".strip()


def broken_sources(found: Sequence[Check], context: Context) -> list[Check]:
    """Return the probable tracking breaks that touch a source of the selection."""
    return [
        check
        for check in found
        if check.kind == "vanished"
        and check.dimension == SOURCE
        and check.verdict == "probable tracking break"
        and any(passes(context.filters, SOURCE, value) for value in (check.value, check.taken_by))
    ]


def without(check: Check, by_day: Sequence) -> str:
    """Return how both sources convert without the broken days: Without 5 Jul, (direct) converts 1.79 % (29 of ...)."""
    sums = {}
    for source in (check.taken_by, check.value):
        rows = [
            row for row in by_day if row["source"] == source and not check.first <= row["session_date"] <= check.last
        ]
        sums[source] = sum(row["conversions"] for row in rows), sum(row["sessions"] for row in rows)
    if not all(sessions for _, sessions in sums.values()):
        return ""
    said = [f"{source} converts {rate_of(*counts)}" for source, counts in sums.items()]
    return f"Without {days_of(check)}, {said[0]} and {said[1].replace(' converts', '')}."


def quality_finding(results: Sequence[Result], context: Context) -> tuple[str, str]:
    """Return how much is to be settled, and the gravest of it."""
    number = checks.open_checks(results, context)
    found: Sequence[Check] = found_of(results[0]) or []
    if found:
        more = dated_sentence(found[0])
    else:
        none = checks.clean(context)
        more = none.get("text") or f"{len(none['sound'])} kinds of fault were looked for, and none is there."
    return f"{checks.heading(number, context)}.", more


def explore_finding(results: Sequence[Result], context: Context) -> tuple[str, str]:
    """Return the rate of the selection, to compare each segment with, and how it changed where days are compared."""
    row = results[0].rows[0] if results[0].rows else None
    before = results[1].rows[0] if results[1].rows else None
    if not row or not row["sessions"]:
        return empty_sentence(context), ""
    mean = f"The mean is {rate(row['conversion_rate'])} ({part_of(row['conversions'], row['sessions'])})"
    said = change_sentence(row, before) if before and before["sessions"] else conversion_sentence(row)
    return said, f"{mean}; a value is only worth a second look where its interval leaves that mean."


FUNNEL = Finding(funnel_needs, funnel_finding, of_steps=True, follows="funnel")
GEOGRAPHY = Finding((Need("countries", shows="country"),), geography_finding)
DURATION = Finding((Need("durations", by=DEVICE), Need("durations", by=DEVICE, compared=True)), duration_finding)
SOURCES = Finding(sources_needs, sources_finding, slow=True, follows="sources")
LEAKS = Finding((findings.NEED,), findings.finding, slow=True)
QUALITY = Finding((CHECKS,), quality_finding, slow=True)
EXPLORE = Finding((Need("overview"), Need("overview", compared=True)), explore_finding)
