"""A pivot of two dimensions: rate, sessions or revenue of each pair, coloured by the rate shrunk to the mean."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from dashboard.body import Action, Cell, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.sources import class_of, ratio_legend
from dashboard.charts.words import (
    device_label,
    empty_sentence,
    joined,
    part_of,
    plural_title,
    subject,
    value_label,
    value_word,
)
from dashboard.format import DASH, THIN, count, exact, expected, money, money_short, rate, rate_range
from queries.engine import Result
from queries.judged import found_of, judged_pivot
from queries.pivot import OTHERS, Against, Group, against, cut, margin
from queries.statistics import intervals_meet, wilson_interval
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
    f" Lower or higher: the 95{THIN}% interval of the difference leaves 0. Too few: less than one order expected in "
    "one of the two."
)
Pairs = Mapping[tuple[str, ...], Group]


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the two dimensions at once, whatever they are filtered to."""
    return (Need("pivot", compute=partial(judged_pivot, dimensions=dimensions_of(settings), shows=True)),)


def dimensions_of(settings: Mapping[str, Any]) -> tuple[str, str]:
    """Return the dimensions of rows and columns; the same one chosen twice becomes two different ones."""
    rows = BY_TITLE.get(settings.get("rows", ""), "source")
    columns = BY_TITLE.get(settings.get("columns", ""), "device_category")
    if rows == columns:
        columns = "device_category" if rows != "device_category" else "visitor_type"
    return rows, columns


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the table of pairs with its sums."""
    names = dimensions_of(context.settings)
    pairs = cut(found_of(results[0]) or {}, (ROWS, COLUMNS))
    if not pairs:
        return CardState("No sessions to pivot", empty=empty_sentence(context))
    measure = context.settings.get("measure") or MEASURES[0]
    rows, columns = margin(pairs, 0), margin(pairs, 1)
    total = sum_of(list(rows.values()))
    mean = total.conversions / total.sessions
    heads = [
        TableColumn(label=TITLES[names[0]], width="180px"),
        TableColumn(label="All", align="right", hide_narrow=True),
    ]
    heads += [TableColumn(label=value_label(names[1], value), align="center") for value in columns]
    lines = []
    for value, held in rows.items():
        cells = [_name(names[0], value, held, rows), _plain(held, measure)]
        cells += [_cell(names, (value, other), pairs.get((value, other)), measure, mean) for other in columns]
        lines.append(BodyRow(cells=cells))
    sums = [Cell(text="All"), _plain(total, measure), *(_plain(held, measure) for held in columns.values())]
    lines.append(BodyRow(cells=sums, kind="total"))
    compared = compared_columns(pairs, columns)
    if compared and measure in RATES:
        lines.append(BodyRow(cells=against_cells(names, compared, list(columns))))
    table = twin(names, pairs, rows, columns)
    body = Table(caption=table.caption, columns=heads, rows=lines, legend=ratio_legend() if measure in RATES else [])
    largest = compared[0] if compared and compared[0].judged > 1 else None
    lacks = heading(names, pairs, total)
    if largest is None:
        return CardState(lacks, NOTE, body=body, table=table)
    told = f"{counted(names, largest, OTHERS in rows)} {lacks}. {NOTE}{AGAINST}"
    return CardState(against_heading(names, largest), told, body=body, table=table)


def compared_columns(pairs: Pairs, columns: Mapping[str, Group]) -> list[Against]:
    """Return each column against the largest one, in order; none where only one has a name."""
    named = [value for value in columns if value != OTHERS]
    return [against(pairs, column, named[0]) for column in named[1:]]


def against_heading(names: tuple[str, str], found: Against) -> str:
    """Return in how many rows the second largest column converts below the largest, and in how many it cannot be said.

    Mobile against desktop: lower in 8 of 11 comparable sources, higher in none, 3 too close to tell; 2 too few to say.
    """
    own, other = (column_label(names[1], value) for value in (found.column, found.reference))
    few = f"; {count(len(found.few))} too few to say" if found.few else ""
    what = plural_title(names[0], found.judged)
    close = f", {count(len(found.close))} too close to tell" if found.close else ""
    said = f"{own[0].upper()}{own[1:]} against {other}: lower in {_of_judged(found.below, found)} comparable {what}"
    return f"{said}, higher in {count(len(found.above)) if found.above else 'none'}{close}{few}"


def counted(names: tuple[str, str], found: Against, others: bool) -> str:
    """Return which rows the heading counts: the named ones, those that cannot be compared, and that others are none.

    12 sources have a row of their own: 2 can be compared, 7 have too few orders, 3 no session in one of the two (–).
    """
    lacking, few = len(found.lacking), len(found.few)
    rows = found.judged + few + lacking
    parts = [f"{count(found.judged)} can be compared"]
    parts += [f"{count(few)} {'has' if few == 1 else 'have'} too few orders"] if few else []
    parts += (
        [f"{count(lacking)} {'has' if lacking == 1 else 'have'} no session in one of the two ({DASH})"]
        if lacking
        else []
    )
    rest = f"; the row “{value_label(names[0], OTHERS)}” is not counted" if others else ""
    return f"{count(rows)} {plural_title(names[0], rows)} have a row of their own: {joined(parts)}{rest}."


def _of_judged(rows: Sequence[str], found: Against) -> str:
    if len(rows) == found.judged > 1:
        return "both" if len(rows) == 2 else f"all {count(found.judged)}"
    return f"{count(len(rows)) if rows else 'none'} of {count(found.judged)}"


def column_label(dimension: str, value: str) -> str:
    """Return the value of a column inside a sentence: desktop, new visitors."""
    if dimension == "device_category":
        return device_label(value).lower() if value in ("desktop", "mobile", "tablet") else device_label(value)
    return f"{value} visitors" if dimension == "visitor_type" else value_label(dimension, value)


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
                Cell(text=f"lower in {_of_judged(found.below, found)}", sub=above, title=_named(names[0], found))
            )
    return cells


def _named(dimension: str, found: Against) -> str:
    parts = (("lower", found.below), ("higher", found.above), ("too close", found.close), ("too few", found.few),
             ("no session in one of the two", found.lacking))  # fmt: skip
    return "; ".join(
        f"{word}: {', '.join(value_label(dimension, row) for row in rows)}" for word, rows in parts if rows
    )


def sum_of(groups: Sequence[Group]) -> Group:
    """Return all groups together."""
    total = groups[0]
    for group in groups[1:]:
        total = total + group
    return total


def heading(names: tuple[str, str], pairs: Pairs, total: Group) -> str:
    """Return the pair that lacks most conversions against the mean, if its interval lies below that of all."""
    mean, every = total.conversions / total.sessions, wilson_interval(total.conversions, total.sessions)
    below = [
        (group.sessions * mean - group.conversions, values, group)
        for values, group in pairs.items()
        if OTHERS not in values
        and group.sessions * mean >= 1
        and group.conversions < group.sessions * mean
        and not intervals_meet(wilson_interval(group.conversions, group.sessions), every)
    ]
    if not below:
        pair = f"{TITLES[names[0]].lower()} and {TITLES[names[1]].lower()}"
        return f"No pair of {pair} lies below the mean of {rate(mean)} by more than chance"
    _, values, group = max(below, key=lambda found: (found[0], found[1]))
    due = f"{expected(group.sessions * mean)} at the mean of {rate(mean)}"
    return f"{both(names, values)}: {part_of(group.conversions, group.sessions)} converted, {due}"


def both(names: tuple[str, str], values: tuple[str, ...]) -> str:
    """Return a pair of values as the subject of a sentence."""
    return subject(*zip(names, values, strict=True))


def _name(dimension: str, value: str, held: Group, rows: Mapping[str, Group]) -> Cell:
    cell = Cell(text=value_label(dimension, value), bar=held.sessions / max(group.sessions for group in rows.values()))
    if value != OTHERS:
        cell["action"] = Action(dimension=dimension, value=value)
    return cell


def _plain(held: Group, measure: str) -> Cell:
    if measure == "Sessions":
        return Cell(text=count(held.sessions), title=exact(held.sessions))
    if measure == "Revenue":
        return Cell(text=money_short(held.revenue, 3), title=money(held.revenue, cents=True))
    if measure == "Interval":
        sub = rate_range(*wilson_interval(held.conversions, held.sessions))
    else:
        sub = part_of(held.conversions, held.sessions)
    return Cell(text=rate(held.conversions / held.sessions), sub=sub, title=_title(held))


def _cell(names: tuple[str, str], values: tuple[str, str], held: Group | None, measure: str, mean: float) -> Cell:
    if held is None:
        return Cell(text=DASH, tone="muted")
    cell = _plain(held, measure)
    cell["title"] = f"{both(names, values)}: {_title(held)}, {expected(held.sessions * mean)} expected at the mean"
    if OTHERS not in values:
        cell["action"] = Action(where=dict(zip(names, values, strict=True)))
    if measure not in RATES:
        return cell
    if held.sessions * mean < 1:
        cell.update(text=part_of(held.conversions, held.sessions), sub="too few", tone="muted", hatch=True)
        return cell
    shrunk = (held.conversions + PRIOR * mean) / (held.sessions + PRIOR)
    cell.update(bold=True, fill=f"diverging-{class_of(shrunk / mean)}")
    return cell


def _title(held: Group) -> str:
    low, high = wilson_interval(held.conversions, held.sessions)
    counts = f"{exact(held.conversions)} of {exact(held.sessions)}"
    return f"{rate(held.conversions / held.sessions)} ({rate_range(low, high)}), {counts}, {money(held.revenue)}"


def twin(
    names: tuple[str, str], pairs: Pairs, rows: Mapping[str, Group], columns: Mapping[str, Group]
) -> TableTwin:  # fmt: skip
    """Return every pair as text."""
    lines = []
    for key in ((row, column) for row in rows for column in columns):
        if (held := pairs.get(key)) is None:
            continue
        low, high = wilson_interval(held.conversions, held.sessions)
        words = [value_label(name, value) for name, value in zip(names, key, strict=True)]
        counts = [exact(held.sessions), exact(held.conversions), rate(held.conversions / held.sessions)]
        lines.append((*words, *counts, rate_range(low, high), money(held.revenue, cents=True)))
    first, second = (TITLES[name] for name in names)
    headers = (first, second, "Sessions", "Converted", "Rate", f"95{THIN}% interval", "Revenue")
    return TableTwin(f"{first} by {second.lower()}", headers, tuple(lines), (False, False, *(True,) * 5))


CHART = Card(
    "pivot",
    "Two dimensions at once",
    needs,
    update,
    renderer="rows",
    settings={
        "rows": (tuple(BY_TITLE), TITLES["source"]),
        "columns": (tuple(BY_TITLE), TITLES["device_category"]),
        "measure": (MEASURES, "Rate"),
    },
    span=12,
    height=520,
)
