"""Coloured cells in rows and columns: the figure of cards that the page shows as text."""

from collections.abc import Sequence
from dataclasses import dataclass

import holoviews as hv

from dashboard.body import Action
from dashboard.charts.bars import LEFT, shortened
from dashboard.charts.text_view import TextView
from dashboard.look import by, framed, hatching, mark, words
from dashboard.panels import Axis, Panel, columns
from dashboard.theme import text_on

GAP = 0.03
"""Half the gap between two cells, of a cell's width."""


@dataclass(frozen=True, slots=True)
class Square:
    """Hold one cell by its column and row; without a colour it is hatched. `word` stands in it, `title` on hover."""

    column: int
    row: int
    color: str | None
    word: str
    title: str
    action: Action | None = None


class CellView(TextView):
    """Draw one cell a row of the frame or several, the first row on top; a subclass says which in `panels`."""

    def cells(
        self, squares: Sequence[Square], across: Sequence[str], down: Sequence[str], line: int = 26
    ) -> list[Panel]:
        """Return the picture of cells under the words of the columns `across` and beside those of the rows `down`."""
        look = self.colors
        rows = [
            {
                "left": cell.column - 0.5 + GAP,
                "right": cell.column + 0.5 - GAP,
                "bottom": cell.row + 0.5 - GAP,
                "top": cell.row - 0.5 + GAP,
                "color": cell.color or look.sunken,
                "hatch": " " if cell.color else "/",
                "title": cell.title,
            }
            for cell in squares
        ]
        said = [
            {
                "column": cell.column,
                "row": cell.row,
                "label": cell.word,
                "ink": text_on(cell.color) if cell.color else look.text_secondary,
            }
            for cell in squares
            if cell.word
        ]
        ends = dict.fromkeys(("left", "bottom", "right", "top"), "number")
        layers = {
            "cells": columns(rows, **ends, color="text", hatch="text", title="text"),
            "words": columns(said, column="number", row="number", label="text", ink="text"),
        }
        named = [place for place, name in enumerate(across) if name]
        x = Axis(-0.5, max(len(across), 1) - 0.5, [float(place) for place in named], [across[place] for place in named])
        places = [float(place) for place in range(len(down))]
        y = Axis(max(len(down), 1) - 0.5, -0.5, places, [shortened(name) for name in down])
        height = 34 + line * max(len(down), 1)
        return [Panel(layers, x, y, height=height, left=LEFT, taps={"cells": [cell.action for cell in squares]})]

    def shade(self, level: int | None) -> str | None:
        """Return the colour of a class 0-6 of the sequential scale; None stays None."""
        return None if level is None else self.colors.sequential[level]

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return the cells with their words."""
        at, look = panel.table, self.colors
        corners = ["left", "bottom", "right", "top"]
        squares = hv.Rectangles(at("cells"), corners, ["color", "hatch", "title"])
        said = at("words").hvplot.labels("column", "row", "label", hover_cols=["ink"])
        drawn = [
            mark("cells", squares, fill_color=by("color"), line_color=None, glyph=hatching(look.hatch)),
            words("words", said, look, text_color=by("ink"), text_baseline="middle"),
        ]
        return framed(drawn, panel, look, name=self.key, hover=["cells"], grid="")
