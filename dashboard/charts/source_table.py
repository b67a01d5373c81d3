"""The table beside the heat map of sources: volume, days, rate with its interval on one scale, revenue."""

import datetime as dt
from collections.abc import Mapping, Sequence

from dashboard.body import Action, Cell, DayBar, Span, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Context
from dashboard.charts.chosen import is_filtered, passes
from dashboard.charts.source_days import day_strip, sessions_by_day
from dashboard.charts.words import Row
from dashboard.format import DASH, THIN, count, date_range, exact, money, plural, rate, rate_range
from queries.check import Check
from queries.vocabulary import TITLES


def table_of(
    sources: Sequence[Row], held: tuple[Sequence[Row], Sequence[Row]], breaks: Sequence[Check], scale: float,
    context: Context, by: str,
) -> Table:  # fmt: skip
    """Return a line a source, in the order of the heat map; `held` are the days of each source and of all."""
    days, totals = sessions_by_day(held[0]), {row["session_date"]: row["sessions"] for row in held[1]}
    strips = {"source": lambda row: days.get(row["source"], {}), "all": lambda row: totals, "more": lambda row: {}}
    rows = []
    for row in sources:
        strip = strips[row["row_kind"]](row)
        bars = day_strip(strip, context, set(totals), breaks, row["source"]) if strip else []
        rows.append(_line(row, bars, scale, sources[0]["sessions"], context, by))
    word = TITLES[by].lower()
    return Table(
        caption=f"Volume and conversion rate by {word}", columns=_columns(scale, totals, TITLES[by]), rows=rows
    )


def _line(row: Row, bars: list[DayBar], scale: float, largest: int, context: Context, by: str) -> BodyRow:
    kind, revenue = row["row_kind"], row["revenue"]
    name = Cell(text=name_of(row, TITLES[by].lower()), narrow=plural(row["sessions"], "session"))
    if kind == "source":
        name["bar"] = row["sessions"] / largest if largest else 0
        name["action"] = Action(dimension=by, value=row["source"])
    readable = row["enough"] or kind != "source"
    cells = [
        name,
        Cell(text=count(row["sessions"]), title=exact(row["sessions"])),
        Cell(days=bars) if bars else Cell(text=""),
        Cell(text=rate(row["conversion_rate"])) if readable else Cell(text="too few", tone="muted"),
        Cell(span=span_of(row, scale), title=rate_range(row["conversion_rate_low"], row["conversion_rate_high"])),
        Cell(text=money(revenue), tone="" if revenue else "muted", title=money(revenue, cents=True)),
    ]
    if kind == "source":
        marked = is_filtered(context.filters, by) and passes(context.filters, by, row["source"])
        return BodyRow(cells=cells, kind="selected" if marked else "")
    return BodyRow(cells=cells, kind="total" if kind == "all" else "muted")


def _columns(scale: float, totals: Mapping[dt.date, int], title: str) -> list[TableColumn]:
    days = date_range(min(totals), max(totals)).rsplit(" ", 1)[0] if totals else ""
    return [
        TableColumn(label=title, width="140px"),
        TableColumn(label="Sessions", align="right", sorted="descending", hide_narrow=True),
        TableColumn(label=f"By day, {days}", width="110px", hide_narrow=True),
        TableColumn(label="Rate", align="right"),
        TableColumn(label=f"95{THIN}% interval, 0{DASH}{scale * 100:g}{THIN}%", width="122px"),
        TableColumn(label="Revenue", align="right", hide_narrow=True),
    ]


def name_of(row: Row, word: str = "source") -> str:
    """Return the name of a row: the source as the export has it, "40 more sources", "All sources"."""
    if row["row_kind"] == "more":
        return plural(row["sources"], f"more {word}")
    return f"All {word}s" if row["row_kind"] == "all" else row["source"]


def span_of(row: Row, scale: float) -> Span:
    """Return the interval on the common scale, grey where sessions are too few, with an arrow where it leaves it."""
    low, high = row["conversion_rate_low"] or 0, row["conversion_rate_high"] or 0
    mark = row["conversion_rate"]
    return Span(
        low=min(low / scale, 1),
        high=min(high / scale, 1),
        mark=None if mark is None or mark > scale else mark / scale,
        open=high > scale,
        color="accent" if row["enough"] and row["row_kind"] != "more" else "previous",
    )
