"""The strip of key figures: sessions, converted sessions, conversion rate, revenue, revenue per session."""

from collections.abc import Mapping, Sequence
from typing import Any

import holoviews as hv
import pandas as pd

from dashboard.body import KpiCell, Kpis, Tone
from dashboard.cards import Context, Need, TableTwin
from dashboard.chart import ChartView, Words
from dashboard.charts.kpi_days import COMPARED, DAYS, FIGURES, HEIGHT, SHOWN, bars_of, day_rows
from dashboard.charts.words import (
    FEW_SESSIONS,
    Row,
    compared_days,
    days_of,
    empty_sentence,
    missing_days,
    part_of,
)
from dashboard.format import (
    DASH,
    MINUS,
    change,
    count,
    decimal,
    exact,
    money,
    plural,
    points,
    rate,
    rate_range,
    share,
)
from dashboard.look import by, framed, hatching, mark
from dashboard.panels import Axis, Panel, frame_of_rows, rows_of
from queries.changes import difference_interval
from queries.engine import Result
from queries.statistics import wilson_interval

DOMINATING_SHARE = 0.1
TOO_FEW = "too few to say"
TOTALS = [
    "period", "days", "asked_days", "missing_days", "left_out_days", "sessions", "conversions", "conversion_rate",
    "conversion_rate_low", "conversion_rate_high", "transactions", "revenue", "revenue_per_session",
    "revenue_per_conversion", "largest_revenue",
]  # fmt: skip


class KeyFigures(ChartView):
    """The key figures as words, and over the five cells one picture: what each was day by day.

    Frames: "totals", one row a period, the shown one first (`period` is "shown" or "compared"): the columns of the
    metric `overview`, and `asked_days`, `missing_days` and `left_out_days` of the period. "days", one row a figure and
    day, compared days first; many days are stretches of equal length: `figure` (0 to 4, as the cells), `name`,
    `period`, `first`, `last`, `blank` (why nothing is shown), `value`, and `words`, the value as it is said.
    """

    key = "kpis"
    label = "Key figures"
    renderer = "figure+kpis"
    height = 149

    def needs(self) -> tuple[Need, ...]:
        """Ask for the totals and for the days, shown and compared."""
        return Need("overview"), Need("trend"), Need("overview", compared=True), Need("trend", compared=True)

    def read(self, results: Sequence[Result]) -> dict[str, pd.DataFrame]:
        """Return totals and days; the compared ones only where there is something on both sides."""
        context, (totals, days, before, past) = self.context, (result.rows for result in results)
        period = compared_days(context)
        both = bool(totals and totals[0]["sessions"] and before and period)
        periods = [(SHOWN, totals[:1]), (COMPARED, before[:1] if both else [])]
        rows = [{"period": which, **row, **asked_days(which, days, context)} for which, held in periods for row in held]
        drawn = day_rows([*past, *days] if both else days, context, period if both else ())
        return {"totals": frame_of_rows(rows, TOTALS), "days": frame_of_rows(drawn, DAYS)}

    def panels(self, frame: Mapping[str, pd.DataFrame]) -> list[Panel]:
        """Return a group of bars a figure, each group on a scale of its own."""
        layers = {"days": bars_of(frame["days"], self.colors)}
        return [Panel(layers, Axis(0.0, float(len(FIGURES))), height=HEIGHT, left=0)]

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return the bars; a day without data is hatched from top to bottom."""
        look = self.colors
        bars = panel.table("days").hvplot.bar("x", "share", hover_cols=["width", "color", "hatch", "alpha", "title"])
        drawn = mark("days", bars, fill_color=by("color"), line_color=None, fill_alpha=by("alpha"),
                     glyph={"width": by("width"), **hatching(look.control)})  # fmt: skip
        return framed(
            [drawn], panel, look, name=self.key, hover=["days"], grid="", right=0, above=0, hooks=[_without_axes]
        )

    def say(self, frame: Mapping[str, pd.DataFrame]) -> Words:
        """Return the name of the strip, or that no session is shown, and the figures in the order of their bars."""
        totals = frame["totals"]
        some = len(totals) and totals["sessions"].iloc[0]
        said = "; ".join(f"{cell['label']}: {cell['value']}" for cell in self.body(frame)["cells"])
        return Words(self.label if some else empty_sentence(self.context), said)

    def body(self, frame: Mapping[str, pd.DataFrame]) -> Kpis:
        """Return the five cells; dashes in every one of them for an empty selection."""
        totals = rows_of(frame["totals"])
        if not totals:
            return Kpis(cells=[])
        cells = cells_of(totals[0])
        if len(totals) > 1:
            compare(cells, *totals)
        return Kpis(cells=cells)

    def table(self, frame: Mapping[str, pd.DataFrame]) -> TableTwin:
        """Return each figure with its change, its interval and what it rests on."""
        cells = self.body(frame)["cells"]
        rows = tuple(
            (cell["label"], cell.get("exact", cell["value"]), cell.get("delta", ""), _context(cell)) for cell in cells
        )
        headers = ("Figure", "Value", "Change", "Interval and context")
        return TableTwin("Key figures", headers, rows, (False, True, True, False))


def _without_axes(plot: Any, _element: Any) -> None:
    """Leave the whole canvas to the bars: the cells around them say what they are."""
    for axis in plot.handles["plot"].axis:
        axis.visible = False


def _context(cell: KpiCell) -> str:
    return "; ".join(text for text in (cell.get("interval", ""), cell.get("detail", "")) if text)


def cells_of(totals: Row) -> list[KpiCell]:
    """Return the cells in order: counts, the rate with its interval, and money with what dominates it."""
    cells = [*count_cells(totals), *money_cells(totals)]
    for cell, (_, short, _, _) in zip(cells, FIGURES, strict=True):
        cell["short"] = short
    return cells


def compare(cells: Sequence[KpiCell], totals: Row, before: Row) -> None:
    """Put the change against the compared period into the cells, per day where the periods may differ in length."""
    sessions, converted, rates, revenue, per_session = cells
    clear = _clear(totals, before)
    _per_day(sessions, totals, before, "sessions", "")
    _per_day(converted, totals, before, "conversions", _tone(clear["conversions"]))
    _per_day(revenue, totals, before, "revenue", _tone(clear["conversions"]))
    if dominates := dominating(totals):
        revenue["detail"] = dominates
    low, high = difference_interval(
        (before["sessions"], before["conversions"]), (totals["sessions"], totals["conversions"])
    )
    now, then = totals["conversion_rate"], before["conversion_rate"]
    rates["detail"] = f"{rate(then)} before"
    few = not clear["rate"] and min(before["sessions"], totals["sessions"]) < FEW_SESSIONS
    if now is None or then is None or low is None or high is None:
        rates["interval"] = "nothing to compare"
    elif few:
        rates["interval"] = TOO_FEW
    else:
        rates["delta"], rates["tone"] = points(now - then), _tone(clear["rate"])
        range_ = f"({low * 100:.2f} to {high * 100:.2f})".replace("-", MINUS)
        rates["interval"] = range_ if clear["rate"] else f"{range_}, no clear change"
    spent, earlier = totals["revenue_per_session"], before["revenue_per_session"]
    per_session["detail"] = f"{money(earlier, cents=True)} before"
    per_session["interval"] = "nothing to compare" if not earlier else TOO_FEW if few else ""
    if spent is not None and earlier and not few:
        per_session["delta"], per_session["tone"] = change(spent / earlier), _tone(clear["rate"])


def _per_day(cell: KpiCell, totals: Row, before: Row, name: str, tone: Tone) -> None:
    now, then = totals[name] / totals["days"], before[name] / before["days"] if before["days"] else 0
    shown = money if name == "revenue" else lambda mean: count(mean) if mean >= 100 else decimal(mean)
    cell["detail"] = f"{shown(now)} a day, {shown(then)} before"
    if totals["days"] == before["days"] == 1:
        amounts = [money(row[name]) if name == "revenue" else count(row[name]) for row in (totals, before)]
        cell["detail"] = f"{amounts[0]}, {amounts[1]} before"
    cell["interval"] = "per day" if then else "none before"
    if then:
        cell["delta"], cell["tone"] = change(now / then), tone


def _clear(totals: Row, before: Row) -> dict[str, int]:
    """Say which changes are more than chance: 1 for up, -1 for down, 0 for no clear change.

    Converted sessions per day are compared as two Poisson counts: given their sum, each falls into the shown period
    with the share of its days, and the Wilson interval of the share seen must exclude that.
    """
    found = {"rate": 0, "conversions": 0}
    low, high = difference_interval(
        (before["sessions"], before["conversions"]), (totals["sessions"], totals["conversions"])
    )
    if low is not None and high is not None:
        found["rate"] = 1 if low > 0 else -1 if high < 0 else 0
    days = totals["days"] + before["days"]
    low, high = wilson_interval(totals["conversions"], totals["conversions"] + before["conversions"])
    if low is not None and high is not None and days:
        due = totals["days"] / days
        found["conversions"] = 1 if low > due else -1 if high < due else 0
    return found


def _tone(direction: int) -> Tone:
    return "accent" if direction > 0 else "loss" if direction < 0 else "muted"


def count_cells(totals: Row) -> list[KpiCell]:
    """Return sessions, converted sessions, and the rate between them with its interval."""
    sessions, conversions, empty = totals["sessions"], totals["conversions"], not totals["sessions"]
    interval = rate_range(totals["conversion_rate_low"], totals["conversion_rate_high"])
    return [
        KpiCell(
            label="Sessions",
            value=DASH if empty else count(sessions),
            exact=exact(sessions),
            interval=days_shown(totals),
            detail="" if empty else a_day(sessions, totals["days"]),
        ),
        KpiCell(
            label="Converted sessions",
            value=DASH if empty else count(conversions),
            exact=exact(conversions),
            interval="" if empty else plural(totals["transactions"], "order"),
            detail="" if empty else a_day(conversions, totals["days"]),
        ),
        KpiCell(
            label="Conversion rate",
            value=rate(totals["conversion_rate"]),
            interval="" if empty else f"95\u202f% interval {interval}",
            detail="" if empty else part_of(conversions, sessions),
            first_on_phone=True,
        ),
    ]


def money_cells(totals: Row) -> list[KpiCell]:
    """Return revenue, with the order that dominates it if one does, and revenue per session."""
    empty, revenue = not totals["sessions"], totals["revenue"]
    return [
        KpiCell(
            label="Revenue",
            value=DASH if empty else money(revenue),
            exact=money(revenue, cents=True),
            interval="" if empty else f"{money(totals['revenue_per_conversion'], cents=True)} a converted session",
            detail=dominating(totals),
        ),
        KpiCell(
            label="Revenue per session",
            value=money(totals["revenue_per_session"], cents=True),
            interval="" if empty else "mean of the sessions shown",
            detail="" if empty else f"carried by {plural(totals['transactions'], 'order')}",
        ),
    ]


def a_day(total: float, days: int) -> str:
    """Return a total per day with sessions: 2,000 a day."""
    mean = total / days if days else 0
    return f"{count(mean) if mean >= 100 else decimal(mean)} a day"


def asked_days(which: str, days: Sequence[Row], context: Context) -> dict[str, int]:
    """Return how many days of a period are looked at, how many of them have no export, and how many are left out."""
    held = {row["session_date"] for row in days}
    asked = days_of(context) if which == SHOWN else compared_days(context)
    known = held if context.store_days is None else context.store_days
    missing = missing_days(context, held) if which == SHOWN else [date for date in asked if date not in known]
    left_out = sum(map(context.filters.leaves_out, asked))
    return {"asked_days": len(asked) or len(days), "missing_days": len(missing), "left_out_days": left_out}


def days_shown(totals: Row) -> str:
    """Return how many days are shown, and of how many of them nothing is: 5 days, 1 missing, 2 left out."""
    missing, left_out = totals["missing_days"], totals["left_out_days"]
    if not totals["days"]:
        return ""
    return ", ".join([
        plural(totals["asked_days"], "day"),
        *([f"{count(missing)} missing"] if missing else []),
        *([f"{count(left_out)} left out"] if left_out else []),
    ])  # fmt: skip


def dominating(totals: Row) -> str:
    """Return the words for one session that carries the revenue; empty when none does."""
    largest, revenue, conversions = totals["largest_revenue"], totals["revenue"], totals["conversions"]
    if not revenue or not largest or largest / revenue < max(DOMINATING_SHARE, 3 / max(conversions, 1)):
        return ""
    what = "order" if totals["transactions"] == conversions else "buyer"
    return f"one {what} ({money(largest)}) is {share(largest / revenue)} of it"
