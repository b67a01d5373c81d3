"""Silent leaks in words: what fell, since when, how it was found, and what could have been seen where nothing was."""

import datetime as dt
from collections.abc import Sequence

from dashboard.charts.leak_rows import ratio_words, times
from dashboard.charts.leaks import numbered
from dashboard.charts.segments import segment_words
from dashboard.charts.words import joined, ordinal, part_of
from dashboard.findings import Nothing
from dashboard.format import THIN, count, date_range, day, expected, plural, share
from queries.watch_report import CERTAIN, SilentLeak, Watch
from queries.watch_scan import WINDOW

DRIFTS = 0.03
"""From so much drift in 28 days on the note says that it is no fall."""
BROKEN = (
    "Hardly anything is left, all at once, and on technical values alone: a broken page or a tracking break looks like "
    "this. Look at it first."
)


def heading(rows: Sequence[SilentLeak]) -> str:
    """Return how many silent leaks go on and the first of them: One silent leak: Edge on desktop since about 16 Sep.

    Those with more visits and no fewer orders are named only where nothing fell.
    """
    fallen = [row for row in rows if row.verdict == "fell"]
    going_on = [row for row in fallen if row.recovered is None]
    if not rows:
        return "No segment fell from its own past"
    if not fallen:
        return f"More visits, not fewer orders: {segment_words(rows[0].segment)} {span_words(rows[0])}"
    if not going_on:
        many = numbered(len(fallen))
        return f"No silent leak goes on; {many} recovered, the last on {day(max(filter(None, map(_back, fallen))))}"
    many = numbered(len(going_on))
    first = f"{segment_words(going_on[0].segment)} since {about(going_on[0])}"
    if len(going_on) == 1:
        return f"One silent leak: {first}"
    return f"{many[0].upper()}{many[1:]} silent leaks, first {first}"


def _back(row: SilentLeak) -> dt.date | None:
    return row.recovered


def about(row: SilentLeak) -> str:
    """Return an onset for a heading: 16 Sep, or about 16 Sep where other days are possible."""
    return day(row.onset) if row.began[0] == row.began[1] else f"about {day(row.onset)}"


def sentence(row: SilentLeak) -> str:
    """Return a silent leak in short: Edge on desktop has converted at 32 % of its past since about 16 Sep."""
    return f"{segment_words(row.segment)} has converted at {times(row.ratio)} of its past since {about(row)}"


def onset_words(row: SilentLeak) -> str:
    """Return an onset with the days it may be: 16 Sep (15 to 17 Sep)."""
    sure = row.began[0] == row.began[1]
    return day(row.onset) if sure else f"{day(row.onset)} ({days_words(*row.began)})"


def days_words(first: dt.date, last: dt.date) -> str:
    """Return two days in a sentence: 15 to 17 Sep, 30 Aug to 2 Sep; one alone where they are the same."""
    if first == last:
        return day(first)
    return f"{first.day if (first.year, first.month) == (last.year, last.month) else day(first)} to {day(last)}"


def title(row: SilentLeak) -> str:
    """Return what fell, how far, since when, and the counts behind it."""
    who, ratio = segment_words(row.segment), times(row.ratio)
    if row.verdict == "more visits":
        return f"{who}: more visits, not fewer orders, {span_words(row)}"
    counts = f"{plural(row.conversions, 'converted session')} where {expected(row.expected)} were expected"
    if row.recovered is None:
        return f"{who} has converted at {ratio} of its past {span_words(row)}: {counts}"
    return f"{who} converted at {ratio} of its past {span_words(row)}: {counts}"


def span_words(row: SilentLeak) -> str:
    """Return since when, or from when until when: since 16 Sep (15 to 17 Sep); from 16 Sep until 20 Oct."""
    if row.recovered is None:
        return f"since {onset_words(row)}"
    return f"from {onset_words(row)} until {day(row.recovered)}"


def evidence(row: SilentLeak, report: Watch) -> str:
    """Return the counts before and since, how sure the ratio is, when it was found, and whether chance does this."""
    before = part_of(row.before[1], row.before[0])
    since = part_of(row.conversions, row.sessions)
    if row.verdict == "more visits":
        return f"{before} in the {WINDOW} days before, {since} since. {traffic_words(row)}"
    ratio = ratio_words(row.ratio, row.ratio_interval, report.interval)
    found = f"Found on the data of {day(row.found)}, its {ordinal(row.delay)} day"
    told = (
        f"{before} in the {WINDOW} days before, {since} since.",
        f"Converts at {ratio} what its own past and all others give. {found}.",
        chance_words(row, report),
        BROKEN if row.looks_broken else "",
    )
    return " ".join(part for part in told if part)


def chance_words(row: SilentLeak, report: Watch) -> str:
    """Return how often chance alone shows so clear a fall."""
    certainty = report.certainty(row)
    often = share(report.chance_of(row.score)) if certainty != "certain" else f"under {share(CERTAIN)}"
    return f"{certainty.capitalize()}: {often} of stores where nothing falls show one so clear by chance."


def traffic_words(row: SilentLeak) -> str:
    """Return what became of sessions and orders, all others taken as they are, and what to look at."""
    sessions, orders = row.traffic.sessions, row.traffic.orders
    return (
        f"It has {sessions:.1f} times the sessions a day that it had and {times(orders)} of the orders, the whole "
        "shop's own change taken out: visits came that do not buy. Bots do this, or a campaign that reaches the wrong "
        "people. No money is counted."
    )


def nothing_found(report: Watch) -> Nothing:
    """Return what is needed to watch, or what was watched and the smallest fall that would have shown."""
    if not report.enough_days:
        held = "one" if report.days == 1 else count(report.days)
        text = (
            f"Dating a fall needs {WINDOW} days before it; the store holds {held} up to the last shown day. The watch "
            "starts by itself when they are there."
        )
        return Nothing(icon="clock", text=text)
    if not report.watched:
        text = (
            f"With {plural(report.conversions, 'converted session')} on {plural(report.days, 'day')} no segment has "
            "the ten of them in 28 days that it takes to date a fall."
        )
        return Nothing(icon="search", title="Too few to watch", text=text)
    text = f"{watched_words(report)}: none fell beyond chance. {smallest_words(report)}"
    return Nothing(icon="search", text=text)


def watched_words(report: Watch) -> str:
    """Return what was watched: 340 values and pairs were watched on 183 days."""
    were = "was" if report.watched == 1 else "were"
    return (
        f"{plural(report.watched, 'value or pair of values', 'values and pairs of values')} {were} watched on "
        f"{plural(report.days, 'day')}"
    )


def smallest_words(report: Watch) -> str:
    """Return the smallest falls that would mostly have shown within 28 days."""
    largest, middling = report.smallest
    if largest is None:
        return "Not even the largest could have been dated: there are too few converted sessions a day."
    first = f"The largest of them must lose {_percent(largest)} of its conversions to show within {WINDOW} days"
    if middling is None:
        return f"{first}; a middling one could lose all of them unseen."
    return f"{first}, a middling one {_percent(middling)}."


def _percent(fall: float) -> str:
    return f"{fall * 100:.0f}{THIN}%"


def note(report: Watch, earlier: int) -> str:
    """Return the rule, what was watched on which days, how rare a false one is; `earlier` falls ended before these."""
    if not report.watched:
        return ""
    words = [
        "Expected is what the segment would have converted at its own earlier rate, times what all others did on the "
        "same days, its mix held equal: weekdays, promotions and a trend cancel out.",
        f"{watched_words(report)}, whichever are shown: {date_range(report.first, report.last)}; "
        f"{count(report.too_small)} more are too small to be dated.",
        f"In {share(report.chance)} of stores where nothing falls one is named by chance.",
    ]
    if report.drift >= DRIFTS:
        words.append(
            f"Rates here drift by about {share(report.drift)} in {WINDOW} days by themselves: only what goes beyond "
            "that is a fall."
        )
    if earlier:
        words.append(f"{plural(earlier, 'fall')} ended before the shown days and {'is' if earlier == 1 else 'are'} "
                     "not listed.")  # fmt: skip
    if report.left_out:
        words.append(
            f"Not believed and left out, as data checks say: {joined([day(each) for each in report.left_out])}."
        )
    return " ".join(words)
