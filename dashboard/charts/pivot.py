"""A pivot of two dimensions: rate, sessions or revenue of each pair, coloured by the rate shrunk to the mean."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import param

from dashboard.body import Action, Cell, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Need, TableTwin
from dashboard.chart import Words
from dashboard.charts.cells import CellView, Square
from dashboard.charts.pivot_words import against_heading, both, counted, heading, named, of_judged
from dashboard.charts.sources import class_of, ratio_legend
from dashboard.charts.words import empty_sentence, part_of, value_label, value_word
from dashboard.format import DASH, THIN, count, exact, expected, money, money_short, rate, rate_range
from dashboard.panels import Panel
from queries.engine import Result
from queries.judged import found_of, judged_pivot
from queries.pivot import OTHERS, Against, Group, against, cut, margin
from queries.statistics import wilson_interval
from queries.vocabulary import DIMENSIONS, TITLES

ROWS, COLUMNS, PRIOR = 12, 6, 300
BY_TITLE = {TITLES[name]: name for name in DIMENSIONS}
MEASURES = ("Rate", "Interval", "Sessions", "Revenue")
RATES = ("Rate", "Interval")
NOTE = (
    "The largest values of each dimension; the others stand together. The text is the raw figure. The colour compares "
    "the rate with the mean of all, small counts drawn towards it; hatched where less than one order is "
    "expected. A click on a cell filters to both values."
)
AGAINST = (
    " Lower or higher: by more than so many rows differ by chance. Too few: less than one order expected in one of the "
    "two."
)
Pairs = Mapping[tuple[str, ...], Group]
FIGURES = ("sessions", "conversions", "conversion_rate", "conversion_rate_low", "conversion_rate_high", "revenue")
JUDGED = ("expected", "shrunk_ratio")
NOTHING = Group(0, 0, 0.0, ())


class Pivot(CellView):
    """Conversion by two dimensions at once.

    Frame: one row a pair of values, the largest rows and columns first, the rare values together as "(other)": `row`,
    `column`, `sessions`, `conversions`, `conversion_rate` with `_low` and `_high` (0-1), `revenue`, `expected` (orders
    at the mean of all), `shrunk_ratio` (the rate drawn towards the mean, over the mean). `attrs` names the dimensions
    of "rows" and "columns".
    Text on the page: it is a table with sums, whose every number is read, copied and clicked; on a phone it scrolls.
    """

    rows = param.Selector(default=TITLES["source"], objects=list(BY_TITLE), doc="Dimension of the rows.")
    columns = param.Selector(default=TITLES["device_category"], objects=list(BY_TITLE), doc="Dimension of the columns.")
    measure = param.Selector(default=MEASURES[0], objects=list(MEASURES), doc="What is written in a cell.")

    key = "pivot"
    label = "Two dimensions at once"
    own_settings = ("rows", "columns", "measure")
    renderer = "rows"
    height = 520

    @property
    def dimensions(self) -> tuple[str, str]:
        """Return the dimensions of rows and columns; the same one chosen twice becomes two different ones."""
        rows, columns = BY_TITLE[self.rows], BY_TITLE[self.columns]
        if rows == columns:
            columns = "device_category" if rows != "device_category" else "visitor_type"
        return rows, columns

    def needs(self) -> tuple[Need, ...]:
        """Ask for the two dimensions at once, whatever they are filtered to."""
        return (Need("pivot", compute=partial(judged_pivot, dimensions=self.dimensions, shows=True)),)

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return the pairs of the largest values."""
        pairs = cut(found_of(results[0]) or {}, (ROWS, COLUMNS))
        total = sum_of(list(pairs.values()))
        mean = total.conversions / total.sessions if total.sessions else 0.0
        rows, across = [], margin(pairs, 1)
        for key in ((row, column) for row in margin(pairs, 0) for column in across):
            if (held := pairs.get(key)) is None:
                continue
            shrunk = (held.conversions + PRIOR * mean) / (held.sessions + PRIOR)
            rates = held.conversions / held.sessions, *wilson_interval(held.conversions, held.sessions)
            counts = held.sessions, held.conversions
            rows.append((*key, *counts, *rates, held.revenue, held.sessions * mean, shrunk / mean if mean else None))
        frame = pd.DataFrame(rows, columns=["row", "column", *FIGURES, *JUDGED])
        frame.attrs.update(zip(("rows", "columns"), self.dimensions, strict=True))
        return frame

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return a cell for each pair: on the colour of its rate, or as strong as it is large."""
        names = names_of(frame)
        down, across = (list(dict.fromkeys(frame[side])) for side in ("row", "column"))
        squares = []
        for row in self.lines(frame):
            cell = cell_of(names, row, self.measure)
            word = cell["text"] + ("" if self.measure != "Interval" or "hatch" in cell else f"\n{cell['sub']}")
            place = across.index(row.column), down.index(row.row)
            squares.append(Square(*place, self._color(frame, row), word, cell["title"], cell.get("action")))
        columns, rows = (
            [value_label(names[1], value) for value in across],
            [value_label(names[0], value) for value in down],
        )
        return self.cells(squares, columns, rows, line=40 if self.measure == "Interval" else 26)

    def _color(self, frame: pd.DataFrame, row: Any) -> str | None:
        if self.measure in RATES:
            place = class_of(row.shrunk_ratio) if row.expected >= 1 else None
            return None if place is None else self.colors.diverging[place]
        name = self.measure.lower()
        return self.shade(min(6, int(7 * getattr(row, name) / (frame[name].max() or 1))))

    def say(self, frame: pd.DataFrame) -> Words:
        """Return in how many rows the second column converts below the largest, else which pair lacks most."""
        if frame.empty:
            return Words("No sessions to pivot", empty=empty_sentence(self.context))
        names, pairs = names_of(frame), pairs_of(self.lines(frame))
        lacks = heading(names, pairs, sum_of(pairs.values()))
        compared = compared_columns(pairs)
        if not compared or compared[0].judged <= 1:
            return Words(lacks, NOTE)
        told = counted(names, compared[0], OTHERS in set(frame["row"]))
        return Words(against_heading(names, compared[0]), f"{told} {lacks}. {NOTE}{AGAINST}")

    def body(self, frame: pd.DataFrame) -> Table:
        """Return the table of pairs with its sums."""
        names, pairs, measure = names_of(frame), pairs_of(self.lines(frame)), self.measure
        rows, columns = margin(pairs, 0), margin(pairs, 1)
        heads = [
            TableColumn(label=TITLES[names[0]], width="180px"),
            TableColumn(label="All", align="right", hide_narrow=True),
            *(TableColumn(label=value_label(names[1], value), align="center") for value in columns),
        ]
        cells = {(row.row, row.column): cell_of(names, row, measure) for row in self.lines(frame)}
        none, widest = Cell(text=DASH, tone="muted"), max(held.sessions for held in rows.values())
        lines = []
        for value, held in rows.items():
            first = _name(names[0], value, held.sessions / widest)
            line = [first, plain(held, measure), *(cells.get((value, other), none) for other in columns)]
            lines.append(BodyRow(cells=line))
        sums = [Cell(text="All"), *(plain(held, measure) for held in (sum_of(rows.values()), *columns.values()))]
        lines.append(BodyRow(cells=sums, kind="total"))
        compared = compared_columns(pairs)
        if compared and measure in RATES:
            lines.append(BodyRow(cells=against_cells(names, compared, list(columns))))
        legend = ratio_legend() if measure in RATES else []
        return Table(caption=caption(names), columns=heads, rows=lines, legend=legend)

    def table(self, frame: pd.DataFrame) -> TableTwin:
        """Return every pair as text."""
        names = names_of(frame)
        lines = []
        for row in self.lines(frame):
            words = [value_label(name, value) for name, value in zip(names, (row.row, row.column), strict=True)]
            counts = [exact(row.sessions), exact(row.conversions), rate(row.conversion_rate)]
            interval = rate_range(row.conversion_rate_low, row.conversion_rate_high)
            lines.append((*words, *counts, interval, money(row.revenue, cents=True)))
        headers = (*(TITLES[name] for name in names), "Sessions", "Converted", "Rate", f"95{THIN}% interval", "Revenue")
        return TableTwin(caption(names), headers, tuple(lines), (False, False, *(True,) * 5))


def names_of(frame: pd.DataFrame) -> tuple[str, str]:
    """Return the dimensions of rows and columns."""
    return frame.attrs["rows"], frame.attrs["columns"]


def caption(names: tuple[str, str]) -> str:
    """Return what the table is called: Source by device."""
    return f"{TITLES[names[0]]} by {TITLES[names[1]].lower()}"


def pairs_of(rows: Sequence[Any]) -> dict[tuple[str, ...], Group]:
    """Return the counts of every pair."""
    return {(row.row, row.column): group_of(row) for row in rows}


def group_of(row: Any) -> Group:
    """Return the counts of a row of the frame."""
    return Group(int(row.sessions), int(row.conversions), float(row.revenue), ())


def sum_of(groups: Iterable[Group]) -> Group:
    """Return all groups together."""
    return sum((replace(group, reached=()) for group in groups), NOTHING)


def compared_columns(pairs: Pairs) -> list[Against]:
    """Return each column against the largest one, in order; none where only one has a name."""
    largest, *others = [value for value in margin(pairs, 1) if value != OTHERS] or [OTHERS]
    return [against(dict(sorted(pairs.items())), column, largest) for column in others]


def against_cells(names: tuple[str, str], compared: Sequence[Against], columns: Sequence[str]) -> list[Cell]:
    """Return the last row: for each column, in how many rows it converts below and above the largest."""
    by_column = {found.column: found for found in compared}
    cells = [Cell(text=f"Against {value_word(names[1], compared[0].reference)}"), Cell(text="")]
    for value in columns:
        found = by_column.get(value)
        if found is None:
            cells.append(Cell(text=DASH, tone="muted"))
        elif not found.judged:
            cells.append(Cell(text="too few to say", tone="muted"))
        else:
            above = f"higher in {count(len(found.above)) if found.above else 'none'}"
            cells.append(
                Cell(text=f"lower in {of_judged(found.below, found)}", sub=above, title=named(names[0], found))
            )
    return cells


def _name(dimension: str, value: str, part: float) -> Cell:
    cell = Cell(text=value_label(dimension, value), bar=part)
    if value != OTHERS:
        cell["action"] = Action(dimension=dimension, value=value)
    return cell


def plain(held: Group, measure: str) -> Cell:
    """Return the cell of some counts without a colour."""
    if measure == "Sessions":
        return Cell(text=count(held.sessions), title=exact(held.sessions))
    if measure == "Revenue":
        return Cell(text=money_short(held.revenue, 3), title=money(held.revenue, cents=True))
    if measure == "Interval":
        sub = rate_range(*wilson_interval(held.conversions, held.sessions))
    else:
        sub = part_of(held.conversions, held.sessions)
    return Cell(text=rate(held.conversions / held.sessions), sub=sub, title=_title(held))


def cell_of(names: tuple[str, str], row: Any, measure: str) -> Cell:
    """Return the cell of a pair, on the colour of its rate; hatched where less than one order is expected."""
    held, values = group_of(row), (row.row, row.column)
    cell = plain(held, measure)
    cell["title"] = f"{both(names, values)}: {_title(held)}, {expected(row.expected)} expected at the mean"
    if OTHERS not in values:
        cell["action"] = Action(where=dict(zip(names, values, strict=True)))
    if measure not in RATES:
        return cell
    if row.expected < 1:
        cell.update(text=part_of(held.conversions, held.sessions), sub="too few", tone="muted", hatch=True)
        return cell
    cell.update(bold=True, fill=f"diverging-{class_of(row.shrunk_ratio)}")
    return cell


def _title(held: Group) -> str:
    low, high = wilson_interval(held.conversions, held.sessions)
    counts = f"{exact(held.conversions)} of {exact(held.sessions)}"
    return f"{rate(held.conversions / held.sessions)} ({rate_range(low, high)}), {counts}, {money(held.revenue)}"
