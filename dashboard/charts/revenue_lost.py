"""Revenue per step: the ceiling as a grey number, and an estimate of what is lost there; never on one axis."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.body import Cell, Span, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.segments import segment_words
from dashboard.charts.stakes import STEPS, counts
from dashboard.charts.words import FEW_SESSIONS, Row, empty_sentence, joined, transition
from dashboard.format import DASH, THIN, count, exact, money, money_range, money_short, plural, share
from queries.engine import Result
from queries.judged import found_of, judged_step_revenue
from queries.leak_list import StepRevenue
from queries.leak_report import LeakReport
from queries.revenue import CLOSABLE_GAP, Estimate

DEVICE = "device_category"
ESTIMATE = Need("step_revenue", compute=judged_step_revenue)


@dataclass(frozen=True, slots=True)
class StepEstimate:
    """Hold what is lost at one step and by whom: devices behind their peers, combinations behind what is predicted.

    `estimate` is None where none stands out, `who` are their names.
    """

    estimate: Estimate | None
    who: tuple[str, ...] = ()


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for abandonments and ceilings, whether there are sessions at all, and the estimate of each step."""
    return Need("revenue_lost"), Need("overview"), ESTIMATE


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return a row a step with ceiling and estimate, their sums, and how far the two are apart."""
    rows = results[0].rows
    if not results[1].rows[0]["sessions"]:
        return CardState("No sessions, so nothing left", empty=empty_sentence(context))
    found: Sequence[StepRevenue] = found_of(results[2]) or ()
    estimates, period = estimates_of(found, len(rows)), ""
    if found:
        rows, period = in_period(rows, found[0].leaks), found[0].leaks.period
    total = sum_of(estimates)
    scale = max((one.estimate.high for one in estimates if one.estimate), default=0.0) * 1.05 or 1.0
    lines = [_row(row, one, scale) for row, one in zip(rows, estimates, strict=True)]
    left = sum(row["abandonments"] for row in rows)
    cells = [Cell(text="All steps"), Cell(text=f"{count(left)} left", title=exact(left)), _ceiling(ceiling_of(rows))]
    lines.append(BodyRow(cells=[*cells, Cell(text=""), _money(total)], kind="total"))
    columns = [
        TableColumn(label="Step"),
        TableColumn(label="Left", align="right", hide_narrow=True),
        TableColumn(label=f"Ceiling {period}", align="right", title="as if everyone who left had bought"),
        TableColumn(label=f"Estimate, 80{THIN}% interval", width="34%", hide_narrow=True),
        TableColumn(label=f"At stake {period}", align="right"),
    ]
    table = table_twin(rows, estimates, period)
    body = Table(caption=table.caption, columns=columns, rows=lines)
    return CardState(heading(rows, total, period), note(rows, estimates, total), body=body, table=table)


def estimates_of(found: Sequence[StepRevenue], steps: int) -> list[StepEstimate]:
    """Return for each step what can be won back of its leaks and of the devices behind their peers, in its period.

    They add up: a device is judged with the leaks set apart, and no other gap is counted, because gaps overlap.
    """
    estimates = []
    for step in found[:steps]:
        report = step.leaks
        rows = [*report.leaks, *(gap for gap in report.gaps if set(gap.segment) == {DEVICE})]
        parts = [report.in_period(row.revenue_at_stake) for row in rows]
        estimates.append(StepEstimate(added(parts), tuple(segment_words(row.segment) for row in rows)))
    return estimates + [StepEstimate(None)] * (steps - len(estimates))


def in_period(rows: Sequence[Row], report: LeakReport) -> list[Row]:
    """Return the rows with ceiling and revenue in the period that all money is given in: a month from 28 days on."""
    factor = report.monthly(1.0) or 1.0
    return [
        {**row, **{name: row[name] and row[name] * factor for name in ("ceiling", "revenue")}} for row in rows
    ]  # fmt: skip


def added(parts: Sequence[Estimate]) -> Estimate | None:
    """Return the sum of estimates that do not depend on each other: medians add up, half-widths in quadrature."""
    if not parts:
        return None
    median = sum(part.median for part in parts)
    below = math.sqrt(sum((part.median - part.low) ** 2 for part in parts))
    above = math.sqrt(sum((part.high - part.median) ** 2 for part in parts))
    return Estimate(max(0.0, median - below), median, median + above)


def sum_of(estimates: Sequence[StepEstimate]) -> Estimate | None:
    """Return the estimate of all steps together; None where nothing stands out at any."""
    return added([one.estimate for one in estimates if one.estimate])


def ceiling_of(rows: Sequence[Row]) -> float | None:
    """Return the sum of the steps' ceilings; None when no session converted."""
    ceilings = [row["ceiling"] for row in rows if row["ceiling"] is not None]
    return sum(ceilings) if ceilings else None


def heading(rows: Sequence[Row], total: Estimate | None, period: str = "in this period") -> str:
    """Return the estimate beside the ceiling, or the ceiling beside the real revenue, so that it is no estimate."""
    ceiling, revenue = ceiling_of(rows), rows[0]["revenue"]
    if not rows[0]["conversions"] or ceiling is None:
        return "No session converted, so there is no order value to reckon with"
    if not revenue:
        return "No revenue was recorded, so the ceiling is unknown"
    if not ceiling:
        return "No session left before an order"
    most = money_short(ceiling, 3) if ceiling >= 1000 else money(ceiling)
    if total:
        range_ = money_range(total.low, total.high, sentence=True)
        stake = f"{money_short(total.median)} is at stake {period} ({range_})"
        return f"Step by step about {stake}; the “everyone buys” ceiling would say {most}"
    ratio = ceiling / revenue
    times = f"{count(ratio)} times" if ratio >= 2 else f"{ratio:.2f} times"
    return f"A ceiling, no estimate: {most} {period} if every visitor bought, {times} the real revenue"


def note(rows: Sequence[Row], estimates: Sequence[StepEstimate], total: Estimate | None) -> str:
    """Return the rules of ceiling and estimate, how far they are apart, and a warning when few orders make the mean."""
    mean, conversions = rows[0]["revenue_per_conversion"], rows[0]["conversions"]
    rule = "Ceiling: sessions that left x mean revenue per converted session"
    if mean is None:
        return f"{rule}; nobody converted here, so it is undefined."
    few = f" The mean rests on {plural(conversions, 'converted session')}, too few to rely on." * (
        conversions < FEW_SESSIONS
    )
    who = joined(sorted({f"{name[0].lower()}{name[1:]}" for one in estimates for name in one.who}))
    if total:
        ceiling = ceiling_of(rows) or 0.0
        apart = (
            f" Estimate and ceiling are {count(ceiling / total.median)} times apart, so they share no axis."
            if total.median
            else ""
        )
        estimate = (
            f"Estimate: {who} moving on as often as their peers in the same country, from the same source, new or "
            "returning; shown where chance does not explain the difference. At stake is what can be won back: "
            f"{share(CLOSABLE_GAP)} of a device's shortfall, all of a combination's. Each step is a search "
            f"of its own, and the leak list judges the order alone. {counts(STEPS)}{apart}"
        )
    else:
        estimate = (
            "By device, country, source and visitor type nobody falls short of their peers at any step by more than "
            "chance, so there is no estimate."
        )
    return f"{estimate} {rule} ({money(mean, cents=True)}): it bounds what a step can cost.{few}"


def _ceiling(amount: float | None) -> Cell:
    shown = money_short(amount, 3) if amount and amount >= 1000 else money(amount)
    return Cell(text=shown, tone="muted", title=money(amount, cents=True))


def _money(estimate: Estimate | None) -> Cell:
    if estimate is None:
        return Cell(text=DASH, tone="muted", title="nobody falls short by more than chance")
    return Cell(text=money_short(estimate.median), sub=money_range(estimate.low, estimate.high), bold=True)


def _row(row: Row, one: StepEstimate, scale: float) -> BodyRow:
    drawn = Cell(text="")
    if one.estimate:
        low, mark, high = (end / scale for end in (one.estimate.low, one.estimate.median, one.estimate.high))
        who = joined(list(one.who))
        drawn = Cell(
            span=Span(low=low, high=high, mark=mark, look="range", color="loss"), title=f"{who} against their peers"
        )
    left = row["abandonments"]
    return BodyRow(
        cells=[
            Cell(text=transition(row["step"], row["next_step"])),
            Cell(text=f"{count(left)} left", tone="loss" if left else "", title=exact(left)),
            _ceiling(row["ceiling"]),
            drawn,
            _money(one.estimate),
        ]
    )


def table_twin(rows: Sequence[Row], estimates: Sequence[StepEstimate], period: str = "") -> TableTwin:
    """Return the exact amounts per transition."""
    lines = []
    for row, one in zip(rows, estimates, strict=True):
        stake = one.estimate
        amounts = (money(stake.median), f"{money(stake.low)} to {money(stake.high)}") if stake else (DASH, DASH)
        name = transition(row["step"], row["next_step"])
        lines.append((name, exact(row["abandonments"]), money(row["ceiling"], cents=True), *amounts))
    total = sum_of(estimates)
    amounts = (money(total.median), f"{money(total.low)} to {money(total.high)}") if total else (DASH, DASH)
    left = exact(sum(row["abandonments"] for row in rows))
    lines.append(("All steps", left, money(ceiling_of(rows), cents=True), *amounts))
    headers = ("Step", "Left", f"Ceiling {period}".strip(), f"At stake {period}".strip(), f"80{THIN}% interval")
    return TableTwin("Revenue at stake per step", headers, tuple(lines), (False, *(True,) * 4))


CHART = Card("revenue_lost", "Revenue at stake by step", needs, update, renderer="rows", span=6, height=220, slow=True)
