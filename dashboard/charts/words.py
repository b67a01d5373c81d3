"""Words that several charts share: devices, funnel steps, days, and what an empty selection says."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from dashboard.cards import Context
from dashboard.format import THIN, count, date_range, day, rate
from queries.compose import EVERYTHING
from queries.countries import country_name
from queries.filters import Filters
from queries.findings.steps import ordinal
from queries.funnel import Step
from queries.vocabulary import NOT_SET, TITLES

FEW_SESSIONS = 30
"""Below this many sessions a rate is shown faded and never named in a heading."""

DEVICES = ("desktop", "mobile", "tablet")
Shape = Literal["circle", "square", "triangle"]
SHAPES: dict[str, Shape] = {"desktop": "circle", "mobile": "square", "tablet": "triangle"}

_SESSIONS_AT = {"Browsed": "sessions", "Engaged": "engaged sessions", "Deep engagement": "deeply engaged sessions"}

Row = Mapping[str, Any]


def by_segment(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the rows per segment: desktop, mobile, tablet, then the others; none for an empty selection."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        if row["segment"] != EVERYTHING:
            grouped.setdefault(row["segment"], []).append(row)
    return dict(sorted(grouped.items(), key=lambda item: device_place(item[0])))


def device_place(device: str) -> int:
    """Return where a device stands: desktop 0, mobile 1, tablet 2, any other 3."""
    return DEVICES.index(device) if device in DEVICES else len(DEVICES)


def device_label(device: str) -> str:
    """Return a device as a label: Desktop; values that GA does not know stay as they are."""
    if device in DEVICES:
        return device.capitalize()
    return "Device not set" if device == NOT_SET else device


def device_color(device: str) -> str:
    """Return the colour token of a device; grey for one without a colour of its own."""
    return f"device-{device}" if device in DEVICES else "previous"


def device_shape(device: str) -> Shape:
    """Return the mark of a device, so that colour is never the only difference."""
    return SHAPES.get(device, "circle")


def value_label(dimension: str, value: str) -> str:
    """Return one value of a dimension as a label: United States, Desktop, New; others as the export gives them."""
    if dimension in ("device_category", "visitor_type") and value.islower():
        return value.capitalize()
    return value_word(dimension, value)


def value_word(dimension: str, value: str) -> str:
    """Return one value of a dimension inside a sentence: United States, desktop; others as the export gives them."""
    return country_name(value) if dimension == "country" and value != NOT_SET else value


def subject(*values: tuple[str, str]) -> str:
    """Return values with their dimensions as the subject of a sentence: Desktop and returning."""
    return joined([(value_word if place else value_label)(*value) for place, value in enumerate(values)])


def joined(parts: Sequence[str], last: str = "and") -> str:
    """Return a list in words: a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}" if parts else ""


def part_of(part: float, whole: float) -> str:
    """Return the counts behind a rate: 15 of 2,305."""
    return f"{count(part)} of {count(whole)}"


def step_goal(step: Step) -> str:
    """Return what a step asks for, as something one reaches: a fifth page, an order, “Added to cart”."""
    if step.column == "pageviews" and step.operator == ">=":
        return f"{'an' if step.value in (8, 11, 18) else 'a'} {ordinal(step.value)} page"
    if step.column == "transactions":
        return "an order"
    return f"“{step.name}”"


def sessions_at(step: Step) -> str:
    """Return the sessions that reached a step, in words: deeply engaged sessions."""
    return _SESSIONS_AT.get(step.name, f"sessions at “{step.name}”")


def leaving(step: Step) -> str:
    """Return what those do who do not reach a step: leave before a fifth page, leave without an order."""
    return f"leave {'without' if step.column == 'transactions' else 'before'} {step_goal(step)}"


def going_on(step: Step) -> str:
    """Return what those do who reach a step: convert, reach a fifth page."""
    return "convert" if step.column == "transactions" else f"reach {step_goal(step)}"


def transition(first: str, second: str) -> str:
    """Return the name of a transition: Browsed → Engaged."""
    return f"{first} → {second}"


def enough(row: Row, rate_name: str, whole: str) -> bool:
    """Say whether a row is large enough for its rate to be named."""
    return row[rate_name] is not None and (row[whole] or 0) >= FEW_SESSIONS


def interval_text(low: float | None, high: float | None) -> str:
    """Return a 95 % interval for a sentence: 95 % interval 0.77 to 1.15 %; a few words when there is none."""
    if low is None or high is None:
        return "no interval"
    return f"95{THIN}% interval {sentence_range(low, high)}"


def sentence_range(low: float, high: float) -> str:
    """Return the interval of a rate as a sentence has it: 0.77 to 1.15 %."""
    digits = 2 if round(high * 100, 2) < 10 else 1
    ends = [f"{end * 100:.{digits}f}" if 0 < end < 1 else f"{end * 100:.0f}" for end in (low, high)]
    return f"{ends[0]} to {ends[1]}{THIN}%"


def filter_words(filters: Filters) -> list[str]:
    """Return each filter in words: Country is Malta, Device is not mobile or tablet."""
    words = [f"Step reached is {step.name}" for step in filters.reached[:1]]
    words += [f"Step reached is not {step.name}" for step in filters.missed[:1]]
    for pairs, verb in ((filters.include, "is"), (filters.exclude, "is not")):
        for dimension, values in pairs:
            words.append(f"{TITLES[dimension]} {verb} {joined([value_label(dimension, v) for v in values], 'or')}")
    return words


def empty_sentence(context: Context) -> str:
    """Return what an empty selection says: which filters leave no session, or that the store holds none."""
    words = filter_words(context.filters)
    if context.filters.date_from or context.filters.date_to:
        first, last = span_of_days(context)
        words.append(date_range(first, last))
    if context.filters.left_out:
        words.append(f"{left_out_words(context.filters)} left out")
    if not words:
        return "The store holds no sessions: ingest exports first."
    return f"No sessions match {', '.join(words)}{outside_words(context)}."


def way_back(context: Context) -> str:
    """Return what brings sessions back: other days where those asked about hold none or nothing else is chosen."""
    held = context.store_days is None or any(date in context.store_days for date in days_of(context))
    return "Remove a filter" if held and filter_words(context.filters) else "Choose other days"


def outside_words(context: Context) -> str:
    """Return which days the data cover, where those asked about lie outside of them; empty where they do not."""
    first, last = span_of_days(context)
    held = context.first_date, context.last_date
    if not (first and last and held[0] and held[1]) or (first <= held[1] and last >= held[0]):
        return ""
    return f": the data cover {date_range(*held)}"


def span_of_days(context: Context) -> tuple[dt.date | None, dt.date | None]:
    """Return the first and last day asked about: the filter's, else the store's."""
    return context.filters.date_from or context.first_date, context.filters.date_to or context.last_date


def days_of(context: Context) -> list[dt.date]:
    """Return every day asked about that lies within the store's days; empty when nothing is known."""
    first, last = span_of_days(context)
    if first is None or last is None:
        return []
    first = max(first, context.first_date or first)
    last = min(last, context.last_date or last)
    return [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]


def compared_days(context: Context) -> list[dt.date]:
    """Return every day that is compared with; empty when nothing is."""
    compared = context.compared
    if compared is None or compared.date_from is None or compared.date_to is None:
        return []
    length = (compared.date_to - compared.date_from).days + 1
    return [compared.date_from + dt.timedelta(days=number) for number in range(length)]


def stretches(days: Sequence[Any], most: int) -> list[Sequence[Any]]:
    """Return the days in at most `most` stretches of equal length, the last one possibly shorter."""
    length = -(-len(days) // most) or 1
    return [days[start : start + length] for start in range(0, len(days), length)]


def stretch_label(stretch: Sequence[dt.date]) -> str:
    """Return the name of a stretch of days: Wed 5 Jul, or 1 Jul to 7 Jul."""
    return day(stretch[0], weekday=True) if len(stretch) == 1 else f"{day(stretch[0])} to {day(stretch[-1])}"


def missing_days(context: Context, present: set[dt.date]) -> set[dt.date]:
    """Return the days asked about for which no export is in the store.

    `present` are the days that have sessions here; they decide when the store's own days are not known.
    """
    known = present if context.store_days is None else context.store_days
    left_out = context.filters.leaves_out
    return {date for date in days_of(context) if date not in known and not left_out(date)}


def left_out_words(filters: Filters) -> str:
    """Return the days left out: 5 Jul 2017, or 5 Jul 2017 and 12-14 Jul 2017."""
    return joined([date_range(*span) for span in filters.left_out])


def counted_days(context: Context, asked: Callable[[Context], Sequence[dt.date]] = days_of) -> list[dt.date]:
    """Return the days asked about, or those compared with, that an export holds and that are not left out."""
    held, left_out = context.store_days, context.filters.leaves_out
    return [day for day in asked(context) if (held is None or day in held) and not left_out(day)]


def blank_days(context: Context, present: set[dt.date]) -> set[dt.date]:
    """Return the days asked about of which nothing is shown: no export holds them, or they are left out."""
    return missing_days(context, present) | {day for day in days_of(context) if context.filters.leaves_out(day)}


def blank_word(context: Context, days: Sequence[dt.date]) -> str:
    """Return why nothing is shown of some days in a row: no export, or left out where any of them is."""
    return "left out" if any(map(context.filters.leaves_out, days)) else "no export"


def rate_of(part: float, whole: float) -> str:
    """Return a rate with the counts behind it: 0.65 % (15 of 2,305)."""
    return f"{rate(part / whole if whole else None)} ({part_of(part, whole)})"


def plural_title(dimension: str, number: int) -> str:
    """Return the name of a dimension for so many of its values: 1 country, 12 countries."""
    title = TITLES[dimension].lower()
    if number == 1:
        return title
    return f"{title.removesuffix('y')}ies" if title.endswith("ry") else f"{title}s"
