"""What each layer of the heat map of sources draws: coloured and hatched cells, their words, and what a click does."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dashboard.body import Action
from dashboard.charts.chosen import is_filtered, passes
from dashboard.charts.durations import bar_label
from dashboard.charts.source_cells import DEVICE, SOURCE
from dashboard.charts.source_table import name_of
from dashboard.charts.words import Row, part_of
from dashboard.format import DASH, exact, expected, rate, rate_range
from dashboard.panels import Columns, columns
from dashboard.theme import Theme, text_on
from queries.filters import Filters
from queries.vocabulary import TITLES

HEAD, LINE, LEFT, LONGEST = 47, 44, 98, 15
"""Pixels of the head and of a row, as in the table beside it, and of the names; letters of the longest of these."""
MOST_WHOLE = 3
"""With more devices than this, the counts in their cells are rounded: these are narrow."""
NO_WIDTH = "\u200b"
CELL = {"device": "text", "source": "text"}
WORD = {**CELL, "label": "text", "color": "text"}
BOX = {"left": "number", "bottom": "number", "right": "number", "top": "number"}
LAYERS: dict[str, dict[str, str]] = {
    "cells": {**CELL, "class": "number"},
    "few": BOX,
    "few words": WORD,
    "rates": WORD,
    "counts": WORD,
    "chosen": BOX,
    "targets": {**BOX, "title": "text"},
}
"""The columns of every layer, and what each holds."""
Lines = Sequence[Mapping[str, Row]]
"""Each line's cells by device, "(all)" among them."""


def factors_of(labels: Sequence[str]) -> list[str]:
    """Return names for an axis, their middle left out where they are long; a sign without width keeps them apart."""
    factors: list[str] = []
    for label in labels:
        half = LONGEST // 2
        factor = label if len(label) <= LONGEST else f"{label[: half - 1]}…{label[-half:]}"
        while factor in factors:
            factor += NO_WIDTH
        factors.append(factor)
    return factors


def axis_name(row: Row, word: str) -> str:
    """Return the name of a line on the axis: "429 more" for the rest, which the table calls "429 more sources"."""
    name = name_of(row, word)
    return name.removesuffix("s").removesuffix(f" {word}") if row["row_kind"] == "more" else name


def layers(
    lines: Lines, devices: Sequence[str], names: tuple[list[str], list[str]], look: Theme, filters: Filters, by: str
) -> dict[str, Columns]:
    """Return the rows of every layer; `names` are those of the lines, from the top, and of the columns.

    The cells stand in alphabetical order of device and source, whatever the order on the axes: HoloViews keeps it.
    """
    rows, heads = names
    drawn: dict[str, list[dict[str, Any]]] = {name: [] for name in LAYERS}
    classes: dict[tuple[str, str], float | None] = {
        (head, name): None for head in sorted(heads) for name in sorted(rows)
    }
    for place, column, row in places(lines, devices):
        at = {"device": heads[column], "source": rows[place]}
        top = float(len(lines) - place)
        box = {"left": float(column), "bottom": top - 1, "right": column + 1.0, "top": top}
        if row is None or not row["sessions"]:
            drawn["few words"].append({**at, "label": DASH, "color": look.text_tertiary})
            continue
        drawn["targets"].append({**box, "title": cell_title(row, name_of(row, TITLES[by].lower()))})
        counts = _counts(row, whole=len(devices) <= MOST_WHOLE)
        named = row["row_kind"] == SOURCE
        if named and not row["enough"]:
            drawn["few"].append(box)
            drawn["few words"].append({**at, "label": f"{counts}\ntoo few", "color": look.text_secondary})
        else:
            ink, pale = _ink(row, look)
            drawn["rates"].append({**at, "label": rate(row["conversion_rate"]), "color": ink})
            drawn["counts"].append({**at, "label": counts, "color": pale})
        if named and row["enough"]:
            classes[at["device"], at["source"]] = row["color_class"]
        if named and is_filtered(filters, by) and passes(filters, by, row[SOURCE]):
            drawn["chosen"].append(box)
    drawn["cells"] = [{"device": head, "source": name, "class": held} for (head, name), held in classes.items()]
    return {name: columns(drawn[name], **kinds) for name, kinds in LAYERS.items()}


def places(lines: Lines, devices: Sequence[str]) -> Iterator[tuple[int, int, Row | None]]:
    """Return each cell with its line and its column, those without a row too."""
    for place, line in enumerate(lines):
        for column, device in enumerate(devices):
            yield place, column, line.get(device)


def taps(lines: Lines, devices: Sequence[str], by: str) -> list[Action | None]:
    """Return what a click on each cell with sessions does: a source and a device; nothing for the rest and all."""
    return [
        Action(where={by: row[SOURCE], DEVICE: row[DEVICE]}) if row["row_kind"] == SOURCE else None
        for _, _, row in places(lines, devices)
        if row and row["sessions"]
    ]


def _ink(row: Row, look: Theme) -> tuple[str, str]:
    """Return the colours of rate and counts: readable on a coloured cell, quiet beside it."""
    if row["row_kind"] == SOURCE and row["color_class"] is not None:
        ink = text_on(look.diverging[int(row["color_class"])])
        return ink, ink
    return (look.text, look.text_secondary) if row["row_kind"] == "all" else (look.text_tertiary, look.text_tertiary)


def _counts(row: Row, *, whole: bool) -> str:
    if whole:
        return part_of(row["conversions"], row["sessions"])
    return f"{bar_label(row['conversions']) or 0} of {bar_label(row['sessions'])}"


def cell_title(row: Row, name: str) -> str:
    """Return the hover text of a cell: interval, expected orders and the shrunk rate behind the colour."""
    interval = rate_range(row["conversion_rate_low"], row["conversion_rate_high"])
    return (
        f"{name}, {row['device_category']}: {rate(row['conversion_rate'])} ({interval}), "
        f"{exact(row['conversions'])} of {exact(row['sessions'])}, {expected(row['expected'])} expected, "
        f"coloured as {rate(row['shrunk_rate'])}"
    )
