"""Conversion by country: a map in classes of rates, hatched where little is known, beside the largest countries."""

from collections.abc import Sequence
from typing import Any

import holoviews as hv
import pandas as pd
import param

from dashboard.body import Action, Cell, Span, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Need, TableTwin
from dashboard.chart import ChartView, Words
from dashboard.charts.chosen import is_filtered, passes
from dashboard.charts.countries_figure import dotted, layers, polygons, shaped, title
from dashboard.charts.countries_words import COUNTRY, heading, legend, mean_of, name_of, note
from dashboard.charts.words import Row, empty_sentence, part_of
from dashboard.format import DASH, THIN, count, exact, money, rate, rate_range
from dashboard.look import by, framed, hatching, mark
from dashboard.panels import Axis, Panel, frame_of_rows, rows_of
from dashboard.world import world
from queries.engine import Result
from queries.vocabulary import NOT_SET

CAPTION = "Conversion by country"
LARGEST = 8
SCALES = (0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.4, 0.6, 1.0)
COLUMNS = (
    "country", "name", "sessions", "conversions", "conversion_rate", "conversion_rate_low", "conversion_rate_high",
    "expected", "shrunk_rate", "revenue", "enough",
)  # fmt: skip


class Countries(ChartView):
    """Conversion rate by country on a map, small countries as dots, with the largest ones as a table.

    Frame: one row a country, most sessions first, whatever country is filtered: `country` (ISO 3166-1 alpha-2 or
    "(not set)"), `name`, `sessions`, `conversions`, `conversion_rate` with `_low` and `_high` (0-1), `expected`
    conversions at the mean of all, `shrunk_rate` (the rate drawn towards the mean, as if 300 more sessions had it),
    `revenue`, `enough` (at least `min_sessions` sessions, and one conversion expected).
    """

    min_sessions = param.Selector(default=100, objects=[50, 100, 500], doc="Fewest sessions of a coloured country.")

    key = "countries"
    label = "Conversion rate by country"
    own_settings = ("min_sessions",)
    renderer = "figure+table"
    height = 170

    def needs(self) -> tuple[Need, ...]:
        """Ask for the countries, whatever country is filtered."""
        return (Need("countries", shows=COUNTRY, options=(("min_sessions", int(self.min_sessions)),)),)

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return the countries with their names."""
        rows = [{**row, "name": name_of(row["country"])} for row in results[0].rows]
        return frame_of_rows(rows, COLUMNS, numbers=COLUMNS[4:10])

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return the whole map: each country in the class of its shrunk rate, those not chosen pale."""
        rows, codes = self.once(rows_of, frame), world().iso
        held = {row["country"] for row in rows}
        actions = [Action(dimension=COUNTRY, value=code) if code and code in held else None for code in codes]
        small = set(dotted())
        return [
            Panel(
                layers(rows, self._chosen(rows), mean_of(rows), self.colors),
                Axis(*world().x_range),
                Axis(*world().y_range),
                height=self.height,
                left=0,
                taps={
                    "land": [None if number in small else actions[number] for number in shaped()],
                    "dots": [actions[number] for number in dotted()],
                },
            )
        ]

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return the land, the outline of what is chosen, and the dots; no sea, no axes."""
        look: dict[str, Any] = {"fill_color": by("fill_color"), "line_color": by("line_color"), "line_width": 0.7}
        hatch, (width, height) = hatching(self.colors.map_hatch), (axis.end - axis.start for axis in (panel.x, panel.y))
        outline = panel.table("chosen").hvplot.line("x", "y", hover=False, color=self.colors.text, line_width=1.2)
        dots = panel.table("dots").hvplot.points("x", "y", hover_cols=["fill_color", "line_color", "hatch", "size"])
        drawn = [
            # A constant `color` keeps HoloViews from making classes of its own of the first column.
            mark("land", polygons(panel.table("land")), color=self.colors.sunken, glyph=hatch, **look),
            mark("chosen", outline),
            mark("dots", dots, size=by("size"), glyph=hatch, **look),
        ]
        return framed(
            drawn, panel, self.colors, name=self.key, hover=["land", "dots"], zoom=True, grid="", right=0, above=0,
            aspect=width / height, hooks=[_without_axes],
        )  # fmt: skip

    def say(self, frame: pd.DataFrame) -> Words:
        """Return where the orders come from, the rules behind the colours, and what these mean."""
        rows, minimum = self.once(rows_of, frame), int(self.min_sessions)
        if not rows:
            return Words("No country to show", empty=empty_sentence(self.context))
        said = heading(rows, minimum, self.context.filters)
        return Words(said, note(rows, minimum), legend=legend(rows, minimum))

    def table(self, frame: pd.DataFrame) -> TableTwin:
        """Return every country with its counts."""
        return table_twin(self.once(rows_of, frame))

    def body(self, frame: pd.DataFrame) -> Table:
        """Return the largest countries with their intervals, those wanted among them."""
        rows = self.once(rows_of, frame)
        placed = [row for row in rows if row["country"] != NOT_SET]
        return _body(placed, self._chosen(rows), self.context.filters.values(COUNTRY))

    def _chosen(self, rows: Sequence[Row]) -> list[str]:
        filters = self.context.filters
        if not is_filtered(filters, COUNTRY):
            return []
        return [
            row["country"] for row in rows if row["country"] != NOT_SET and passes(filters, COUNTRY, row["country"])
        ]


def _without_axes(plot: Any, _element: Any) -> None:
    plot.handles["plot"].axis.visible = False


def _body(rows: Sequence[Row], chosen: Sequence[str], wanted: Sequence[str]) -> Table:
    large = [row for row in rows if row["enough"]]
    shown = large[:LARGEST] or list(rows[:LARGEST])
    shown += [row for row in rows if row["country"] in wanted and row not in shown][:LARGEST]
    highs = [row["conversion_rate_high"] for row in shown if row["enough"]]
    scale = next((end for end in SCALES if end >= max(highs, default=0)), 1.0)
    body_rows = [_row(row, scale, chosen) for row in shown]
    rest = [row for row in rows if row not in shown]
    if rest:
        body_rows.append(_rest(rest))
    columns = [
        TableColumn(label="Country"),
        TableColumn(label="Sessions", align="right", sorted="descending"),
        TableColumn(label="Rate", align="right"),
        TableColumn(label=f"Interval, 0{DASH}{scale * 100:g}{THIN}%", width="112px"),
    ]
    return Table(caption=CAPTION, columns=columns, rows=body_rows, dense=True)


def _row(row: Row, scale: float, chosen: Sequence[str]) -> BodyRow:
    interval = rate_range(row["conversion_rate_low"], row["conversion_rate_high"])
    few = not row["enough"]
    span = Span(
        low=min((row["conversion_rate_low"] or 0) / scale, 1),
        high=min((row["conversion_rate_high"] or 0) / scale, 1),
        mark=None if few or (row["conversion_rate"] or 0) > scale else (row["conversion_rate"] or 0) / scale,
        open=(row["conversion_rate_high"] or 0) > scale,
        color="previous" if few else "accent",
    )
    cells = [
        Cell(text=name_of(row["country"]), action=Action(dimension=COUNTRY, value=row["country"])),
        Cell(text=count(row["sessions"]), title=exact(row["sessions"])),
        Cell(text="too few", tone="muted")
        if few
        else Cell(text=rate(row["conversion_rate"]), title=title(row["country"], row)),
        Cell(span=span, title=interval),
    ]
    return BodyRow(cells=cells, kind="selected" if row["country"] in chosen else "")


def _rest(rest: Sequence[Row]) -> BodyRow:
    few = sum(not row["enough"] for row in rest)
    words = [f"{count(len(rest))} more", *([f"{count(few)} of them too few"] if few else [])]
    sessions, conversions = sum(row["sessions"] for row in rest), sum(row["conversions"] for row in rest)
    cells = [
        Cell(text=", ".join(words)),
        Cell(text=count(sessions), title=exact(sessions)),
        Cell(text=rate(conversions / sessions if sessions else None), title=part_of(conversions, sessions)),
        Cell(text=""),
    ]
    return BodyRow(cells=cells, kind="muted")


def table_twin(rows: Sequence[Row]) -> TableTwin:
    """Return every country with its counts; a rate only where there are sessions enough for one."""
    lines = tuple(
        (
            name_of(row["country"]),
            exact(row["sessions"]),
            exact(row["conversions"]),
            rate(row["conversion_rate"]) if row["enough"] else "too few",
            rate_range(row["conversion_rate_low"], row["conversion_rate_high"]),
            money(row["revenue"], cents=True),
        )
        for row in rows
    )
    headers = ("Country", "Sessions", "Converted", "Rate", "95\u202f% interval", "Revenue")
    return TableTwin(CAPTION, headers, lines, (False, *(True,) * 5))
