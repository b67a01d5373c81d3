"""The register on the page: findings, each with its name, day, step and price, the open ones first."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pandas as pd

from dashboard.body import Action
from dashboard.cards import Context, Need, TableTwin
from dashboard.chart import Words
from dashboard.charts.bars import Bar, BarView
from dashboard.charts.segments import can_filter, segment_pairs
from dashboard.charts.words import joined, part_of
from dashboard.findings import Band, FindingRow, Nothing, Tag
from dashboard.findings import Bar as Line
from dashboard.findings import Findings as Body
from dashboard.format import DASH, THIN, count, day, expected, money, money_range, money_short
from dashboard.panels import Panel
from queries.engine import Result
from queries.findings import names, promise
from queries.findings.finding import Finding, Register
from queries.findings.register import judged_findings
from queries.findings.rows import EMPTY, finding_row
from queries.judged import found_of

NEED = Need("findings", compute=judged_findings)
SHOWN = 5
ROOM = 1.25
"""The scale of the bars ends so much beyond the largest number, so that its words have room."""
LANDS_ON = "overview"
"""The view that shows the sessions of a finding."""
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LOOKS = {"new": "accent", "tracking suspected": "warn", "recovered": "accent", "fixed?": "accent"}
ICONS = {"tracking suspected": "warn", "recovered": "check", "fixed?": "check", "ignored": "none"}
ALL_DAYS = "Found in all sessions and days of the store; no filter changes it."


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the register."""
    return (NEED,)


def numbered(number: int) -> str:
    """Return a small count in words: two."""
    return NUMBERS[number] if number < len(NUMBERS) else count(number)


def capital(words: str) -> str:
    """Return a sentence with a capital."""
    return words[:1].upper() + words[1:]


class Findings(BarView):
    """The findings of a store, each once: its name, its day, its step and its price, the open ones first.

    Frame: one row a finding, as in the files (data/README.md, "findings"); `attrs["register"]` is the `Register`.
    It follows no days and no filters.
    Text on the page: a finding is a sentence with a price and a range of orders, of which a bar says only the price.
    """

    key = "findings"
    label = "Findings"
    renderer = "findings"
    height = 180
    traits: ClassVar[Mapping[str, Any]] = {"slow": True}

    def needs(self) -> tuple[Need, ...]:
        """Ask for the register."""
        return (NEED,)

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return a row a finding."""
        register: Register = found_of(results[0]) or Register(0, None, None, 0, 0, 0)
        frame = pd.DataFrame([finding_row(one) for one in register.findings], columns=[*EMPTY])
        frame.attrs["register"] = register
        return frame

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return a bar of its price for each finding."""
        return self.bars([
            Bar(one.name, one.price.median if one.price else 0.0, _price(one.price) if one.price else DASH,
                f"{one.name}: {since(one)}{place(one)}, {one.certainty}", stands_back=not one.is_counted)
            for one in frame.attrs["register"].findings
        ])  # fmt: skip

    def say(self, frame: pd.DataFrame) -> Words:
        """Return how many are open, what they add up to, and the smallest loss that would have been seen."""
        register = frame.attrs["register"]
        if not register.sessions:
            return Words("No findings", empty="The store holds no sessions: ingest exports first.")
        number = len(register.open)
        heading = f"{capital(numbered(number))} open finding{'' if number == 1 else 's'}"
        return Words(heading, note(register))

    def body(self, frame: pd.DataFrame) -> Body:
        """Return the findings as rows, the open ones first by the low end of their price."""
        register = frame.attrs["register"]
        rows = register.findings
        largest = max([max(one.expected, one.counts.orders + one.missing.high) for one in rows], default=1.0) * ROOM
        body = Body(
            caption="Findings, the surest money first",
            heads=("Finding", "Orders", f"Price {'a month' if register.period == 'a month' else register.period}"),
            rows=[row_of(one, largest or 1.0, self.context) for one in rows],
            shown=SHOWN,
        )
        if not rows:
            body["nothing"] = Nothing(icon="search", text=names.smallest(register))
        return body

    def table(self, frame: pd.DataFrame) -> TableTwin | None:
        """Return the findings as text."""
        return twin(frame.attrs["register"])


def row_of(one: Finding, largest: float, context: Context) -> FindingRow:
    """Return a finding as a row; `largest` is the number of orders at the right end of the bars."""
    ends = [max(0.0, one.counts.orders + end) for end in (one.missing.low, one.missing.high)]
    row = FindingRow(
        title=one.name,
        why=f"{since(one)}{place(one)}, {one.certainty}.{hidden(one, context)}",
        tags=[Tag(label=capital(one.state), look=LOOKS.get(one.state, "plain"), icon=ICONS.get(one.state, "bars"))],  # ty: ignore
        expected=Band(low=ends[0] / largest, mark=one.expected / largest, high=ends[1] / largest,
                      label=f"{expected(one.expected)} expected"),
        actual=Line(value=one.counts.orders / largest, label=f"{count(one.counts.orders)} actual"),
        money=money_short(one.price.median) if one.price else DASH,
        range=money_range(one.price.low, one.price.high, sentence=True) if one.price else unpriced(one),
        explain=explained(one),
    )  # fmt: skip
    if can_filter(one.segment):
        row["action"] = Action(where=dict(one.segment), view=LANDS_ON)
        row["action_label"] = "See these sessions"
    return row


def since(one: Finding) -> str:
    """Return since when: since 16 Sep, between 3 and 24 Sep 2026, since 1 May or before, 16 Sep to 2 Oct if over."""
    if one.since is None:
        return "On all days"
    if one.recovered:
        return f"{day(one.since)} to {day(one.recovered)}"
    if one.kind == "moved":
        return f"In the days since {day(one.since)}"
    if between := names.began(one):
        return capital(between)
    return f"Since {day(one.since)}" if one.onset else f"Since {day(one.since)} or before"


def place(one: Finding) -> str:
    """Return where it loses: , at the order; empty where that is not known."""
    return f", {one.step}" if one.step else ""


def hidden(one: Finding, context: Context) -> str:
    """Return that a finding is about days that are not shown."""
    first, last = context.filters.date_from, context.filters.date_to
    over = (first and one.recovered and one.recovered < first) or (last and one.onset and one.onset > last)
    return " Outside the days shown." if over else ""


def unpriced(one: Finding) -> str:
    """Return why a finding has no price."""
    if one.tracking:
        return "its counts are in doubt"
    if one.kind == "more visits":
        return "no order is missing"
    return "it is over" if one.recovered else f"{expected(one.missing.median)} orders"


def explained(one: Finding) -> list[str]:
    """Return what is behind a finding: its counts, its day, where else it shows, what speaks against it."""
    low, high = one.ratio_interval
    had = f"{part_of(one.counts.orders, one.counts.sessions)} sessions ordered"
    ratio = f"{low * 100:.0f} to {high * 100:.0f}{THIN}% of what was expected"
    said = [f"{had}, {expected(one.expected)} expected: {ratio}."]
    if one.before:
        days = "days" if one.kind == "moved" else "28 days"
        said.append(f"In the {days} before, {part_of(one.before.orders, one.before.sessions)} did.")
    if one.onset_range and one.onset_range[0] != one.onset_range[1]:
        said.append(f"It began {names.between(*one.onset_range)}.")
    if one.price:
        basis = "It costs" if one.basis == "costs" else "Its missing orders are worth"
        said.append(f"{basis} {money(one.price.median)} {one.period}, four times in five between "
                    f"{money(one.price.low)} and {money(one.price.high)}.")  # fmt: skip
    if one.seen:
        shown = joined([segment_pairs(each.segment) for each in one.seen[:4]])
        said.append(f"The same cause shows in {shown}.")
    doubt = [f"A data check touches it: {text}." if " from " in text else text for text in one.tracking]
    marked = (
        f"Marked {one.state}{f' by {one.state_by}' if one.state_by else ''}{f': {one.reason}' if one.reason else ''}."
    )
    return [*said, *doubt, *one.against, *([marked] if one.state_day else []), ALL_DAYS]


def note(register: Register) -> str:
    """Return what the prices add up to, and the smallest loss that would have been seen."""
    adds_up = "Each missing order is counted once, so prices of one kind add up." if register.findings else ""
    parts = [sums(register), adds_up, names.smallest(register) if register.findings else ""]
    if register.left_out:
        days = joined([day(date) for date in register.left_out[:5]])
        parts.append(f"{days} ignored: tracking looked broken.")
    parts += [names.set_aside(register), promise.words()]
    return " ".join(part for part in parts if part)


def sums(register: Register) -> str:
    """Return what falls cost and what combinations are worth, added up apart."""
    said = []
    if register.costs:
        period = "a month" if register.watched else register.period
        said.append(f"Falls cost {_price(register.costs)} {period}.")
    if register.worth:
        said.append(f"What combinations lack is worth {_price(register.worth)} {register.period}.")
    return " ".join(said)


def _price(price: Any) -> str:
    return f"{money_short(price.median)} ({money_range(price.low, price.high, sentence=True)})"


HEADERS = (
    "Finding",
    "Group",
    "Since",
    "Where",
    "How sure",
    "State",
    "Orders",
    "Expected",
    "Missing",
    "Price",
    "Period",
)


def twin(register: Register) -> TableTwin | None:
    """Return the findings as text."""
    lines = tuple(
        (one.name, segment_pairs(one.segment), since(one), one.step or DASH, one.certainty, one.state,
         part_of(one.counts.orders, one.counts.sessions), f"{one.expected:,.1f}",
         f"{one.missing.low:,.1f} to {one.missing.high:,.1f}",
         f"{money(one.price.low)} to {money(one.price.high)}" if one.price else DASH, one.period if one.price else "")
        for one in register.findings
    )  # fmt: skip
    numeric = (*(False,) * 6, *(True,) * 4, False)
    return TableTwin("Findings", HEADERS, lines, numeric) if lines else None


def first_fall(results: Sequence[Result]) -> str:
    """Return the first open finding that has a date, for the page's own sentence: Edge ... since 16 Sep."""
    register: Register | None = found_of(results[0])
    for one in register.open if register else ():
        if one.kind in ("fell", "moved") and one.certainty != "could be chance":
            return f"{one.name} {since(one)[0].lower()}{since(one)[1:]}"
    return ""


def finding(results: Sequence[Result], context: Context) -> tuple[str, str]:
    """Return the sentence of the view of findings: the first, how many more are open, and what all cost."""
    register: Register = found_of(results[0])
    if not register.sessions:
        return "The store holds no sessions: ingest exports first.", ""
    if not register.open:
        return "No open findings.", names.smallest(register)
    first, *others = register.open
    when = f" {since(first)[0].lower()}{since(first)[1:]}" if first.kind in ("fell", "moved") else ""
    more = f" {capital(numbered(len(others)))} more {'is' if len(others) == 1 else 'are'} open." if others else ""
    return f"{first.name}{when}.{more}", sums(register)


def open_findings(results: Sequence[Result], context: Context) -> int:
    """Count the open findings, for the number beside the view's name."""
    register: Register | None = found_of(results[0])
    return len(register.open) if register else 0
