"""Counts as bars beside their names: the figure of cards that the page shows as text."""

from collections.abc import Sequence
from dataclasses import dataclass

import holoviews as hv

from dashboard.body import Action
from dashboard.charts.text_view import TextView
from dashboard.look import by, framed, mark, words
from dashboard.panels import Axis, Panel, columns

LEFT, LONGEST, LINE = 150, 22, 26
"""Pixels for the names, letters of the longest name, pixels of a bar and its gap."""
ROOM = 1.9
"""Where the axis ends, times the largest count: room for the words after its bar."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Hold one bar: its name, its count, the words after it, what hovering says and a click does."""

    name: str
    number: float
    words: str
    title: str
    action: Action | None = None
    stands_back: bool = False


class BarView(TextView):
    """Draw one bar a row of the frame, the first on top; a subclass says which in `panels`."""

    def bars(self, bars: Sequence[Bar]) -> list[Panel]:
        """Return the picture of these bars."""
        look = self.colors
        rows = [
            {
                "place": float(place),
                "number": bar.number,
                "color": look.bars if bar.stands_back else look.accent,
                "title": bar.title,
                "label": bar.words,
            }
            for place, bar in enumerate(bars)
        ]
        ends = {"place": "number", "number": "number"}
        layers = {
            "bars": columns(rows, **ends, color="text", title="text"),
            "words": columns(rows, **ends, label="text"),
        }
        top = max((bar.number for bar in bars), default=0.0) or 1.0
        places = [row["place"] for row in rows]
        x = Axis(0.0, ROOM * top)
        y = Axis(max(len(bars), 1) - 0.5, -0.5, places, [shortened(bar.name) for bar in bars])
        height = 12 + LINE * max(len(bars), 1)
        return [Panel(layers, x, y, height=height, left=LEFT, taps={"bars": [bar.action for bar in bars]})]

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return bars from zero, each with its words at its end."""
        at, look = panel.table, self.colors
        bars = at("bars").hvplot.barh("place", "number", hover_cols=["color", "title"])
        said = at("words").hvplot.labels("place", "number", "label")
        drawn = [
            mark("bars", bars, fill_color=by("color"), line_color=None, glyph={"height": 0.6}),
            words("words", said, look, text_align="left", text_baseline="middle", glyph={"x_offset": 6}),
        ]
        return framed(drawn, panel, look, name=self.key, hover=["bars"], grid="")


def shortened(name: str) -> str:
    """Return a name that fits beside the bars, the middle of a long one left out."""
    half = LONGEST // 2
    return name if len(name) <= LONGEST else f"{name[: half - 1]}…{name[-half:]}"
