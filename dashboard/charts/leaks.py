"""The leak list: combinations that convert worse than their parts predict, what was searched, and how sure it is."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.cards import Card, CardState, Context, Need
from dashboard.charts.chosen import shared_note
from dashboard.charts.leak_rows import (
    SORTS,
    is_first_visits,
    row_of,
    scale_of,
    sorted_leaks,
    twin_of,
)
from dashboard.charts.segments import segment_words, word_inside
from dashboard.charts.stakes import LEAKS, counts
from dashboard.charts.words import empty_sentence, joined
from dashboard.findings import Findings, Nothing
from dashboard.format import THIN, count, expected, money_range, money_short, plural, share
from queries.engine import Result
from queries.judged import explained_leaks, found_of, judged_checks, judged_leaks
from queries.leak_report import LeakReport
from queries.leak_words import measured, mirror
from queries.vocabulary import TITLES

NEED = Need("leaks", compute=judged_leaks)
EXPLAINED = Need("leaks", compute=explained_leaks)
CHECKS = Need("checks", compute=judged_checks)
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the leak list with what explains its rows, and for the data checks."""
    return EXPLAINED, CHECKS


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the ranked leaks, or what could have been seen where there are none."""
    found, checks = (found_of(result) for result in results)
    report: LeakReport = found.report
    if not report.sessions:
        return CardState("No sessions to search", empty=empty_sentence(context))
    rows = sorted_leaks(report.leaks, checks, context.settings.get("sort", ""))
    scale = scale_of(rows)
    body = Findings(
        caption="Leaks, the surest loss first",
        heads=("What was found", "Converted sessions", f"At stake {report.period}"),
        rows=[row_of(row, report, scale, checks, found) for row in rows],
    )
    if not rows:
        body["nothing"] = nothing_found(report)
    table = twin_of("Leaks", rows, report)
    said = " ".join(part for part in (shared_note(context.filters), note(report)) if part)
    return CardState(heading(report), said, body=body, table=table)


def heading(report: LeakReport) -> str:
    """Return how many leaks there are and what they cost together."""
    if not report.leaks:
        return "Combinations that convert worse than their parts predict"
    stake = report.in_period(report.revenue_at_stake)
    several = len(report.leaks) > 1
    many = f"{numbered(len(report.leaks))} combination{'s' * several}"
    convert, parts = ("convert", "their") if several else ("converts", "its")
    return (
        f"{many[0].upper()}{many[1:]} {convert} worse than {parts} parts predict and lack{'s' * (not several)} orders "
        f"worth {money_short(stake.median)} {report.period} ({money_range(stake.low, stake.high, sentence=True)})"
    )


def numbered(number: int) -> str:
    """Return a small count in words: two."""
    return NUMBERS[number] if number < len(NUMBERS) else count(number)


def note(report: LeakReport) -> str:
    """Return what was searched, what share may be false, and the smallest leak that could be seen."""
    sums = (
        f" {counts(LEAKS)} Over this list it adds up: what one combination lacks is set apart before the next is "
        "judged."
    )
    worse = "Worse than its parts predict is not broken: one period cannot tell a fault from a real preference."
    order = " Sorted by the lower end of the interval; findings under a tracking break come last."
    honest = measured(report).replace(" %", "\u202f%")
    return f"{searched(report)} {smallest(report)} {worse}{f' {honest}{sums}{order}' if report.leaks else ''}"


def searched(report: LeakReport) -> str:
    """Return the header of the search: 3,234 combinations of ... were searched; at most 10 % of these 2 are false."""
    names = joined([TITLES[name].lower() for name in report.dimensions])
    if not report.searched:
        return f"No combination of {names} has sessions and orders enough to be judged."
    false = ""
    if report.leaks:
        these = "this one" if len(report.leaks) == 1 else f"these {len(report.leaks)}"
        false = f", at most {share(report.fdr)} of {these} expected to be false"
        if report.mirrored:
            false = (
                f"; about {count(report.mirrored)} of {these} may be real differences and no fault: {mirror(report)}"
            )
    small = f"; {count(report.too_small)} more are too small to say" if report.too_small else ""
    combos = plural(report.searched, "combination")
    return f"{combos} of {names} {'was' if report.searched == 1 else 'were'} searched{false}{small}."


def smallest(report: LeakReport) -> str:
    """Return the smallest leak that could have been seen."""
    least = report.smallest_detectable
    if least.lost_conversions is None or least.ratio is None:
        return f"With {plural(report.conversions, 'converted session')} no leak of any size could be seen."
    return f"A leak of fewer than about {expected(least.lost_conversions)} lost conversions could not be seen."


def nothing_found(report: LeakReport) -> Nothing:
    """Return that nothing was found, and what could have been found."""
    least = report.smallest_detectable
    if least.lost_conversions is None or least.ratio is None:
        text = (
            f"{plural(report.conversions, 'converted session')} in {plural(report.sessions, 'session')} are too "
            "few to judge "
            "any combination. Add days to see leaks."
        )
        return Nothing(icon="search", title="Too few to say", text=text)
    lose = f"{(1 - least.ratio) * 100:.0f}{THIN}%"
    typical = (
        f"a typical one {(1 - least.typical_ratio) * 100:.0f}{THIN}%"
        if least.typical_ratio
        else "a typical one could lose all of them unseen"
    )
    text = (
        f"With {plural(report.conversions, 'converted session')} the largest combination must lose {lose} of its "
        "conversions to "
        f"show, {typical}. Add days to see smaller leaks."
    )
    return Nothing(icon="search", title="None found, and small ones could not be seen", text=text)


def finding(results: Sequence[Result], context: Context) -> tuple[str, str]:
    """Return the view's sentence: what leaks cost, or that none can be named and which gap is clear."""
    report: LeakReport = found_of(results[0]).report
    if not report.sessions:
        return empty_sentence(context), ""
    if report.leaks:
        stake = report.in_period(report.revenue_at_stake)
        many, several = numbered(len(report.leaks)), len(report.leaks) > 1
        first = (
            f"{many[0].upper()}{many[1:]} leak{'s' * several} cost{'s' * (not several)} "
            f"about {money_short(stake.median)} {report.period} in orders {'they lack' if several else 'it lacks'} "
            f"({money_range(stake.low, stake.high, sentence=True)})."
        )
        names = joined([segment_words(leak.segment) for leak in report.leaks[:3]])
        doubt = f"About {numbered(report.mirrored)} of them may be real differences and no fault."
        said = (f"{names}.", clear_gap(report), doubt if report.mirrored else "")
        return first, " ".join(part for part in said if part)
    these = f"these {plural(report.sessions, 'session')}" if report.sessions > 1 else "this one session"
    first = f"No leak can be named in {these}."
    return f"{first} {clear_gap(report)}".strip(), ""


def clear_gap(report: LeakReport) -> str:
    """Return the largest gap that is not simply first visits, with what half of the orders that it lacks are worth."""
    gaps = [gap for gap in report.gaps if not is_first_visits(gap)]
    if not gaps:
        return ""
    name = word_inside(*next(iter(gaps[0].segment.items())))
    worth = money_short(report.in_period(gaps[0].revenue_at_stake).median)
    clear = f"{numbered(len(gaps))} gaps are clear, the largest:" if len(gaps) > 1 else "one gap is clear:"
    return f"{clear[0].upper()}{clear[1:]} {name}; half of the orders it lacks are worth about {worth} {report.period}."


CHART = Card(
    "leaks",
    "Leaks",
    needs,
    update,
    renderer="findings",
    settings={"sort": (tuple(SORTS), "Money, low end")},
    span=12,
    height=180,
    slow=True,
)
