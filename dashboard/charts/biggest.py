"""What is at stake, most first: falls, leaks and gaps in one list, for the question which of all costs most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts import leak_rows, movers
from dashboard.charts.chosen import shared_note
from dashboard.charts.leaks import CHECKS, NEED
from dashboard.charts.segments import segment_pairs, segment_words
from dashboard.charts.words import empty_sentence, joined, part_of
from dashboard.findings import FindingRow, Findings, Nothing, Tag
from dashboard.format import count, exact, expected, money, money_range, money_short, plural
from queries.check import Check
from queries.engine import Result
from queries.judged import found_of
from queries.leak_report import Leak, LeakReport, is_first_visits
from queries.movers import Mover, Movers
from queries.revenue import Estimate

SHOWN, MOST = 5, 25
NAMES = {"fall": "Fell", "leak": "Leak", "gap": "Gap"}
NOTE = (
    "A fall is a segment below its own past while all others went on, a leak a combination below what its parts "
    "predict, a gap a single value below its adjusted peers, perhaps for long. At stake is what can be won back: all "
    "that a fall or a leak lacks, half of what a gap lacks; sorted by the low end of the range. One loss may be seen "
    "in two ways: the rows do not add up. The pale bar is the 80\u202f% interval of what was expected. The view Leaks "
    "has all of them, with what speaks against each."
)


@dataclass(frozen=True, slots=True)
class Loss:
    """Hold one fall, leak or gap with what it is ordered by; `also` are other kinds that name the same segment."""

    row: Leak | Mover
    kind: str
    stake: Estimate
    tracked: bool
    also: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        """Say whether it is more than what first visits are nearly everywhere."""
        return not (isinstance(self.row, Leak) and is_first_visits(self.row))

    @property
    def key(self) -> tuple[bool, bool, float]:
        """Return its place: most at stake first, first visits after all others, broken tracking last."""
        return not self.tracked, not self.counts, -self.stake.low

    @property
    def had(self) -> int:
        """Return the converted sessions of the shown days."""
        return self.row.conversions if isinstance(self.row, Leak) else self.row.conversions[1]

    @property
    def highest(self) -> float:
        """Return the conversions that the scale of the list must hold."""
        lost = self.row.missing_conversions if isinstance(self.row, Leak) else self.row.missing
        return max(self.row.expected, self.had + lost.high)


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the leak list, for the data checks, and for what moved where something is compared."""
    return NEED, CHECKS, movers.NEED


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the losses with most at stake, of every kind, on one scale."""
    found, checks, moved = (found_of(result) for result in results)
    report: LeakReport = found.report
    if not report.sessions:
        return CardState("No sessions to compare", empty=empty_sentence(context))
    losses = losses_of(report, moved, checks or [])
    shown = [*losses[:SHOWN], *(loss for loss in losses[SHOWN:MOST] if loss.counts and loss.tracked)]
    scale = leak_rows.scale_to([loss.highest for loss in shown])
    body = Findings(
        caption="Most at stake first",
        heads=("What was found", "Converted sessions", f"At stake {report.period}"),
        rows=[drawn(loss, report, moved, scale, checks or []) for loss in shown],
        shown=SHOWN,
    )
    if not shown:
        body["nothing"] = Nothing(
            icon="search", title="Nothing stands out", text=f"No {'fall, ' * bool(moved)}leak or gap can be named here."
        )
    said = " ".join(part for part in (shared_note(context.filters), NOTE) if part)
    return CardState(heading(losses), said, body=body, table=twin(losses, report))


def losses_of(report: LeakReport, moved: Movers | None, checks: Sequence[Check]) -> list[Loss]:
    """Return every fall, leak and gap, most at stake first; one that is a fall as well stands with it."""
    falls = [row for row in moved.rows if row.fell] if moved else []
    fallen = [dict(row.segment) for row in falls]
    rows = [*report.leaks, *report.gaps]
    losses = [
        Loss(row, row.kind, report.in_period(row.revenue_at_stake), not leak_rows.breaks_over(row.segment, checks))
        for row in rows
        if dict(row.segment) not in fallen
    ]
    for row in falls:
        also = tuple(other.kind for other in rows if dict(other.segment) == dict(row.segment))
        tracked = not leak_rows.breaks_over(row.segment, checks)
        losses.append(Loss(row, "fall", report.in_period(row.revenue), tracked, also))
    return sorted(losses, key=lambda loss: loss.key)


def drawn(loss: Loss, report: LeakReport, moved: Movers | None, scale: float, checks: Sequence[Check]) -> FindingRow:
    """Return a row as the first screen has it: its size in place of its reasons, and a way to the view with all."""
    if isinstance(loss.row, Leak):
        row = leak_rows.row_of(loss.row, report, scale, checks)
        size = f"{plural(loss.row.sessions, 'session')}."
    elif moved:
        row = {**movers.row_of(loss.row, moved, scale, checks), "money": money_short(loss.stake.median)}
        row["range"] = money_range(loss.stake.low, loss.stake.high, sentence=True)
        row["tags"] = [row["tags"][0], *(Tag(label=NAMES[kind], look="loss", icon="bars") for kind in loss.also),
                       *row["tags"][1:]]  # fmt: skip
        before, after = (part_of(loss.row.conversions[place], loss.row.sessions[place]) for place in (0, 1))
        size = f"{before} before, {after} now."
    else:
        raise TypeError("a fall is drawn with the report it is of")
    under = "" if loss.tracked else " Its tracking broke, so it comes last."
    kept: FindingRow = {**row, "why": f"{size}{under}"}
    kept.pop("explain", None)
    return kept


def heading(losses: Sequence[Loss]) -> str:
    """Return how many losses of each kind there are, led by that with most at stake; first visits do not count.

    Falls are counted where there are any: that none stands out from the others does not mean that nothing fell.
    """
    named = [loss for loss in losses if loss.counts]
    if not named and losses:
        return "No leak, and only first visits convert below their peers, as they do nearly everywhere"
    if not named:
        return "No leak and no gap can be named in these sessions"
    falls = [loss for loss in named if loss.kind == "fall"]
    numbers = [(kind, sum(loss.kind == kind for loss in named)) for kind in ("fall", "leak", "gap")]
    counts = joined([
        plural(number, kind) if number else f"no {kind}" for kind, number in numbers if falls or kind != "fall"
    ])  # fmt: skip
    besides = " besides first visits" if len(named) < len(losses) else ""
    first = named[0]
    had = count(first.had) if first.had else "none"
    most = "most at stake on " if len(named) > 1 else ""
    who = (
        f"{segment_words(first.row.segment)}{',' if most else ' had'} {had} of {expected(first.row.expected)} expected"
    )
    kind = f", a {first.kind}" if falls and first.kind != "fall" else ""
    fell = f"; of what fell, on {segment_words(falls[0].row.segment)}" if kind else ""
    return f"{counts[0].upper()}{counts[1:]}{besides}: {most}{who}{kind}{fell}"


def twin(losses: Sequence[Loss], report: LeakReport) -> TableTwin | None:
    """Return every loss as text; None when there is none."""
    if not losses:
        return None
    rows = tuple(
        (
            joined([NAMES[kind] for kind in (loss.kind, *loss.also)]),
            segment_pairs(loss.row.segment),
            exact(loss.had),
            f"{loss.row.expected:,.1f}",
            money(loss.stake.median),
            f"{money(loss.stake.low)} to {money(loss.stake.high)}",
        )
        for loss in losses
    )
    headers = ("Kind", "Segment", "Converted", "Expected", f"At stake {report.period}", "80\u202f% interval")
    return TableTwin("Most at stake first", headers, rows, (False, False, True, True, True, True))


def open_findings(results: Sequence[Result], context: Context) -> int:
    """Return how many leaks and gaps are open: neither explained by a probable tracking break nor first visits."""
    found, checks = (found_of(result) for result in results)
    losses = losses_of(found.report, None, checks or [])
    return sum(loss.tracked and loss.counts for loss in losses)


CHART = Card("biggest", "What is at stake", needs, update, renderer="findings", span=12, height=200, slow=True)
