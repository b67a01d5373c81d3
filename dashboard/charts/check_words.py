"""Data checks in words: what was found, where how much was expected, and what that spoils."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from dashboard.body import Action
from dashboard.charts.words import joined, value_label, value_word
from dashboard.findings import Look, Mark, Notice, Tag
from dashboard.format import THIN, count, date_range, day, decimal, expected, money, plural, rate, seconds, share
from queries.check import Check
from queries.vocabulary import TITLES

TAGS: dict[str, tuple[str, Look, Mark]] = {
    "probable tracking break": ("Probable tracking break", "warn", "warn"),
    "cannot tell": ("Cannot tell", "accent", "help"),
    "missing": ("Missing", "plain", "none"),
}
LABELS = {"not exported": "Not in the export", "provisional": "Provisional"}
MEASURES = {"pageviews": ("pageviews a session", decimal), "duration_seconds": ("a measured session", seconds)}


def days_of(check: Check) -> str:
    """Return the days of a check: 5 Jul, 1-30 Jun."""
    if check.first == check.last:
        return day(check.first)
    return date_range(check.first, check.last).rsplit(" ", 1)[0]


def when(check: Check) -> str:
    """Return the days of a check for a sentence: On 5 Jul, From 1 to 30 Jun."""
    if check.first == check.last:
        return f"On {day(check.first)}"
    return f"From {date_range(check.first, check.last, sentence=True).rsplit(' ', 1)[0]}"


def tag_of(check: Check) -> Tag:
    """Return the verdict as a tag; what is missing says whether it is a day or a column."""
    label, look, icon = TAGS[check.verdict]
    if check.kind == "missing":
        label = "Missing day" if check.first == check.last else "Missing days"
    if check.kind in LABELS:
        label = LABELS[check.kind]
    return Tag(label=label, look=look, icon=icon)


def way_out(check: Check, shown: Collection[dt.date]) -> Action | None:
    """Return the click that leaves out the days of a check; None where that leaves no shown day, or has no use."""
    if check.kind == "missing" or all(check.first <= date <= check.last for date in shown):
        return None
    return Action(first=check.first.isoformat(), last=check.last.isoformat(), exclude=True)


def notices_of(checks: Sequence[Check], shown: Collection[dt.date] = ()) -> list[Notice]:
    """Return a notice a check; a column that is missing on a silent day is said with that day.

    `shown` are the days that have data: a notice offers to leave its own out where others stay.
    """
    silent = {(check.first, check.last) for check in checks if check.kind in ("no orders", "thin")}
    notices = []
    for check in checks:
        if check.kind == "not exported" and (check.first, check.last) in silent:
            continue
        text = sentence(check)
        beside = [c for c in checks if c.kind == "not exported" and (c.first, c.last) == (check.first, check.last)]
        if check.kind in ("no orders", "thin") and beside:
            text += f" No session of that day has {columns_of(beside[0])} either."
        notice = Notice(tag=tag_of(check), when=days_of(check), text=text)
        if check.kind == "vanished":
            notice["strong"] = value_label(check.dimension, check.value)
        if action := way_out(check, shown):
            notice["action"], notice["action_label"] = action, f"Leave out {days_of(check)}"
        notices.append(notice)
    return notices


def columns_of(check: Check) -> str:
    """Return the columns that an export lacks: a landing page, a hostname or a duration."""
    return columns_words(check.dimension.split(","))


def columns_words(columns: Iterable[str]) -> str:
    """Return columns in words, each once: a landing page, a hostname or a duration."""
    names = [TITLES[name].lower() for name in dict.fromkeys(column.strip() for column in columns)]
    return joined([f"{'an' if name[0] in 'aeiou' else 'a'} {name}" for name in names], "or")


def sentence(check: Check) -> str:
    """Return what a check found, in sentences with its sizes; for a vanished value, the value is said before it."""
    said = _SENTENCES[check.kind](check)
    also = joined([f"{TITLES[dimension].lower()} {value_word(dimension, value)}" for dimension, value, _ in check.also])
    tell = "tells" if len(check.also) == 1 else "tell"
    return f"{said} {also[0].upper()}{also[1:]} {tell} of the same sessions." if also else said


def _vanished(check: Check) -> str:
    had = f"recorded {count(check.found)} {'session' if check.found == 1 else 'sessions'}"
    yesterday = f" after {count(check.before)} the day before" if check.before is not None else ""
    due = f", where {expected(check.expected)} were expected"
    text = f"{had}{yesterday}{due}"
    title = TITLES[check.dimension]
    if not check.taken_by:
        return f"{text}; no other {title.lower()} took them up. It may have ended."
    taker = value_word(check.dimension, check.taken_by)
    text += f"; {taker} jumped from {count(check.taken_before)} to {count(check.taken)}."
    return f"{text} {title} figures that include {days_of(check)} are not reliable."


def due_of(number: float) -> str:
    """Return a small expected count with one decimal: 6.4."""
    return decimal(number) if number < 10 else expected(number)


def _no_orders(check: Check) -> str:
    due = f"where {due_of(check.expected)} were expected (chance {rate(check.chance)})"
    text = f"No order in {plural(check.sessions, 'session')} {due}."
    if check.usual_sessions and check.sessions < check.usual_sessions:
        fewer = share(1 - check.sessions / check.usual_sessions)
        return f"{text} Sessions were {fewer} below the median day: the export may be incomplete."
    if check.verdict == "probable tracking break":
        return f"{text} People browsed on as usual."
    return text


def _thin(check: Check) -> str:
    fewer = share(1 - check.found / check.expected) if check.expected else ""
    return f"{plural(check.found, 'session')}, {fewer} below the median day: the export may be incomplete."


def _missing(check: Check) -> str:
    days = (check.last - check.first).days + 1
    which = days_of(check)
    return f"No export holds {which}. " + (
        "Totals leave it out; periods are compared per day." if days == 1
        else f"Totals leave these {days} days out; periods are compared per day."
    )  # fmt: skip


def _provisional(check: Check) -> str:
    return (
        f"{plural(check.sessions, 'session')} of days that GA may still change: they were loaded within three "
        "days. Load them again "
        "before acting on them."
    )


def _not_exported(check: Check) -> str:
    stand = " (not set), or at 0\u202fs" if "duration_seconds" in check.dimension else " (not set)"
    return (
        f"No session has {columns_of(check)}: the export does not hold it. In charts of it these sessions are{stand}."
    )


def _not_set(check: Check) -> str:
    title = TITLES[check.dimension].lower()
    return (
        f"{share(check.found)} of sessions have no {title}, {rate(check.expected)} before. Splits by {title} are "
        "not reliable."
    )


def _shares(check: Check) -> str:
    title, value = TITLES[check.dimension].lower(), value_word(check.dimension, check.value)
    return (
        f"The shares of {title} moved at once: {value} has {plural(check.found, 'session')}, where "
        f"{expected(check.expected)} were expected. Traffic or tracking may have changed."
    )


def _measure(check: Check) -> str:
    what, shown = MEASURES[check.value]
    return (
        f"{shown(check.found)} {what} on every device at once, {shown(check.expected)} before: counting may have "
        "changed."
    )


def _revenue(check: Check) -> str:
    before = rate(check.expected)
    return f"{share(check.found)} of converted sessions have no revenue, {before} before. Revenue is too low by that."


def _scale(check: Check) -> str:
    times = check.found / check.expected if check.expected else 0
    size = f"{times:,.0f} times" if times >= 1 else f"1/{1 / times:,.0f} of" if times else "none of"
    return f"The mean order is {money(check.found)}, {size} that of other days ({money(check.expected)}): another unit."


def _steps(check: Check) -> str:
    return (
        f"{share(check.found)} of orders have no checkout before them, {rate(check.expected)} before: a step is "
        "not counted."
    )


LOOKED_FOR = {
    "vanished": "values that vanish",
    "no orders": "days without orders",
    "thin": "days that are far too small",
    "missing": "missing days",
    "not exported": "days that lack a column",
    "not set": "(not set) that spreads",
    "shares": "shares that jump",
    "measure": "pages or times that jump on every device",
    "revenue": "orders without revenue",
    "scale": "money in another unit",
    "steps": "orders without their steps",
}
"""What each kind of check looks for, to say what was not found; a provisional day is no fault."""


def sound_sentence(checks: Sequence[Check]) -> str:
    """Return what was looked for and not found on the shown days; empty where every kind was found."""
    found = {check.kind for check in checks}
    if any(check.kind == "no orders" and check.sessions < (check.usual_sessions or 0) for check in checks):
        found.add("thin")  # its sentence says so already
    clean = [words for kind, words in LOOKED_FOR.items() if kind not in found]
    also = "Also looked for and not found" if found else "Looked for and not found"
    return f"{also}: {joined(clean)}." if clean else ""


_SENTENCES = {
    "vanished": _vanished,
    "no orders": _no_orders,
    "thin": _thin,
    "missing": _missing,
    "not exported": _not_exported,
    "provisional": _provisional,
    "not set": _not_set,
    "shares": _shares,
    "measure": _measure,
    "revenue": _revenue,
    "scale": _scale,
    "steps": _steps,
}


def settle_sentence(number: int) -> str:
    """Return how much is to be settled: Three things to settle before acting on this period."""
    if not number:
        return "Nothing to settle: no check found a fault"
    words = ("", "One thing", "Two things", "Three things", "Four things", "Five things")
    return f"{words[number] if number < len(words) else f'{number}{THIN}things'} to settle before acting on this period"
