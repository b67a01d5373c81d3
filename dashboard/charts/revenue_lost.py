"""Revenue per step: the ceiling as a grey number, and an estimate of what is lost there; never on one axis."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import holoviews as hv
import pandas as pd

from dashboard.cards import Need, TableTwin
from dashboard.chart import ChartView, Words
from dashboard.charts.revenue_figure import AFTER, LEFT, frame_end, layers, money_ticks, size_of, tick_words
from dashboard.charts.segments import segment_words
from dashboard.charts.words import FEW_SESSIONS, Row, empty_sentence, joined, transition
from dashboard.format import DASH, THIN, count, exact, money, money_range, money_short, plural, share
from dashboard.look import by, framed, mark, words
from dashboard.panels import Axis, Panel, rows_of
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


class RevenueLost(ChartView):
    """What can be won back at each step with its 80 % interval, beside the ceiling, which has no place on that axis.

    Frame: one row a step: `step` and `next_step`, `abandonments`, `ceiling` (if everyone who left had bought), the
    estimate `low`, `median` and `high` (nothing where nobody falls short), `who` falls short (a tuple of names); and
    the same on every row, `conversions`, `revenue` and `revenue_per_conversion`. `attrs` have the "period" that all
    money is given in, and whether there are "sessions" at all.
    """

    key = "revenue_lost"
    label = "Revenue at stake by step"
    span = 6
    height = 220
    traits: ClassVar[Mapping[str, Any]] = {"slow": True}

    def needs(self) -> tuple[Need, ...]:
        """Ask for abandonments and ceilings, whether there are sessions at all, and the estimate of each step."""
        return Need("revenue_lost"), Need("overview"), ESTIMATE

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return a row a step with ceiling and estimate."""
        rows, whole = results[0].rows, results[1].rows
        some = bool(whole and whole[0]["sessions"])
        found: Sequence[StepRevenue] = (found_of(results[2]) or ()) if some else ()
        estimates, period = estimates_of(found, len(rows)), "in this period"
        if found:
            rows, period = in_period(rows, found[0].leaks), found[0].leaks.period
        return frame_of(rows if some else (), estimates, period, some=some)

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return a row a step and one for all, on one axis of money from 0."""
        rows, estimates = self.once(steps_of, frame)
        drawn = layers(frame, _row_words(rows, estimates), sum_of(estimates), frame.attrs["period"], self.colors)
        end, (height, lowest, highest) = frame_end(frame, sum_of(estimates)), size_of(len(frame))
        ticks = money_ticks(end if frame["median"].notna().any() else 0.0)
        axis = Axis(0.0, end, ticks, [tick_words(tick) for tick in ticks])
        return [Panel(drawn, axis, Axis(lowest, highest), height=height, left=LEFT)]

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return ranges with a tick at their median under their amounts; step, sessions and ceiling at the left."""
        at, look = panel.table, self.colors
        corners, line = ["left", "bottom", "right", "top"], ["x", "y", "x_too", "y_too"]
        left: dict[str, Any] = {"text_align": "left", "text_baseline": "middle"}

        def said(name: str, offset: float, color: str, **style: Any) -> Any:
            labels = at(name).hvplot.labels("x", "y", "label", hover_cols=["color"])
            ink = by("color") if color == "" else color
            return words(name, labels, look, beyond=True, text_color=ink, glyph={"x_offset": offset}, **left, **style)

        drawn = [
            mark("rule", hv.Segments(at("rule"), line), line_color=look.control),
            mark("tracks", hv.Rectangles(at("tracks"), corners), fill_color=look.sunken, line_color=None,
                 glyph={"border_radius": 2}),
            mark("ranges", hv.Rectangles(at("ranges"), corners, ["title"]), fill_color=look.loss_band, line_color=None,
                 glyph={"border_radius": 2}),
            mark("medians", at("medians").hvplot.scatter("median", "y", hover_cols=["title"]), marker="dash", angle=90,
                 size=18, line_color=look.loss, line_width=3),
            said("heads", 0, look.text_tertiary),
            said("names", -LEFT, ""),
            said("lefts", -LEFT, ""),
            said("ceilings", AFTER - LEFT, look.text_tertiary),
            said("amounts", 0, look.text, text_font_style="bold"),
            said("intervals", 52, look.text_tertiary),
        ]  # fmt: skip
        return framed(drawn, panel, look, name=self.key, hover=["ranges"], grid="x", right=6, above=0)

    def say(self, frame: pd.DataFrame) -> Words:
        """Return the estimate beside the ceiling, and the rules of both."""
        if not frame.attrs["sessions"]:
            return Words("No sessions, so nothing left", empty=empty_sentence(self.context))
        rows, estimates = self.once(steps_of, frame)
        total = sum_of(estimates)
        return Words(heading(rows, total, frame.attrs["period"]), note(rows, estimates, total))

    def table(self, frame: pd.DataFrame) -> TableTwin:
        """Return the exact amounts per step."""
        return table_twin(*self.once(steps_of, frame), frame.attrs["period"])


COLUMNS = [
    "step", "next_step", "abandonments", "ceiling", "low", "median", "high", "who", "conversions", "revenue",
    "revenue_per_conversion",
]  # fmt: skip


def frame_of(rows: Sequence[Row], estimates: Sequence[StepEstimate], period: str, *, some: bool) -> pd.DataFrame:
    """Return steps with their estimates as rows."""
    held = []
    for row, one in zip(rows, estimates, strict=False):
        stake = one.estimate
        ends = {"low": stake.low, "median": stake.median, "high": stake.high} if stake else {}
        held.append({**row, **ends, "who": one.who})
    frame = pd.DataFrame(held, columns=COLUMNS)
    frame.attrs = {"period": period, "sessions": some}
    return frame


def steps_of(frame: pd.DataFrame) -> tuple[list[Row], list[StepEstimate]]:
    """Return the steps of a frame and the estimate of each, None where nothing is known."""
    rows = rows_of(frame)
    ends = [(row["low"], row["median"], row["high"]) for row in rows]
    return list(rows), [
        StepEstimate(None if end[1] is None else Estimate(*end), tuple(row["who"] or ()))
        for row, end in zip(rows, ends, strict=True)
    ]


def _row_words(rows: Sequence[Row], estimates: Sequence[StepEstimate]) -> list[dict[str, str]]:
    """Return what is said of each step, and of all of them last."""
    said = [
        {
            "name": transition(row["step"], row["next_step"]),
            "left": f"{count(row['abandonments'])} left",
            "ceiling": f"ceiling {_ceiling(row['ceiling'])}",
            **_amount(one.estimate),
            "title": f"{joined(list(one.who))} against their peers",
        }
        for row, one in zip(rows, estimates, strict=True)
    ]
    if not rows:
        return []
    left = f"{count(sum(row['abandonments'] for row in rows))} left"
    every = {"name": "All steps", "left": left, "ceiling": f"ceiling {_ceiling(ceiling_of(rows))}"}
    return [*said, {**every, **_amount(sum_of(estimates)), "title": "All steps together"}]


def _amount(estimate: Estimate | None) -> dict[str, str]:
    if estimate is None:
        return {"amount": DASH, "interval": ""}
    return {"amount": money_short(estimate.median), "interval": money_range(estimate.low, estimate.high)}


def _ceiling(amount: float | None) -> str:
    return money_short(amount, 3) if amount and amount >= 1000 else money(amount)


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
            f"of its own. Findings count each cause once, so their sums differ.{apart}"
        )
    else:
        estimate = (
            "By device, country, source and visitor type nobody falls short of their peers at any step by more than "
            "chance, so there is no estimate."
        )
    return f"{estimate} {rule} ({money(mean, cents=True)}): it bounds what a step can cost.{few}"


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
