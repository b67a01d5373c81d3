"""The table of places: every country, or the regions of the chosen one, sortable; a click goes down or filters."""

from collections.abc import Sequence
from typing import Any

import holoviews as hv
import pandas as pd
import param

from dashboard.body import Action, Cell, Span, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Context, Need, TableTwin
from dashboard.chart import ChartView, Words
from dashboard.charts.chosen import chosen_against, counts_of, is_filtered, passes
from dashboard.charts.claims import sure_beside_rest
from dashboard.charts.countries import SCALES
from dashboard.charts.countries_words import COUNTRY
from dashboard.charts.words import Row, empty_sentence, joined, ordinal, part_of, rate_of, value_label
from dashboard.format import DASH, THIN, count, exact, money, money_short, plural, rate, rate_range
from dashboard.look import by, framed, mark, rate_ticks
from dashboard.panels import Axis, Panel, columns, frame_of_rows, rows_of
from queries.engine import Result
from queries.statistics import intervals_meet, wilson_interval
from queries.vocabulary import NOT_SET

REGION = "region"
LEVELS = {"Countries": COUNTRY, "Regions": REGION}
SORTS = ("Sessions", "Rate", "Revenue")
SHOWN = 25
LEAST = 100
LONGEST, NAMES = 22, 150
"""Letters of a name beside the plot, and the pixels that they take."""
COLUMNS = (
    "place", "name", "sessions", "conversions", "conversion_rate", "conversion_rate_low", "conversion_rate_high",
    "revenue", "enough",
)  # fmt: skip
END = {"low": "number", "y": "number", "high": "number", "y_too": "number", "color": "text"}
DOT = {"rate": "number", "y": "number", "color": "text", "title": "text"}
NOTE = (
    f"Rates with 95{THIN}% intervals on one scale. Places under {LEAST} sessions are too few for a rate and stand "
    "last. A "
    "click on a country filters to it; its regions are one tab further, where the export gives them."
)


class Places(ChartView):
    """Countries or regions ranked by sessions, rate or revenue, each with the interval of its rate.

    On the page it stays text: up to 25 names that are buttons, each with four exact values, are read and sorted as a
    table; `plot` draws the rates with their intervals for notebooks and panes.

    Frame: one row a place in the order of `sort`, those with too few sessions for a rate after the others and sessions
    without a place last: `place` (value of the dimension), `name`, `sessions`, `conversions`, `conversion_rate` with
    `_low` and `_high` (0-1), `revenue`, `enough` (at least 100 sessions).
    """

    level = param.Selector(default="Countries", objects=list(LEVELS), doc="What a place is.")
    sort = param.Selector(default=SORTS[0], objects=list(SORTS), doc="What comes first.")

    key = "places"
    label = "Countries and regions"
    own_settings = ("level", "sort")
    renderer = "rows"
    height = 420

    @property
    def dimension(self) -> str:
        """Return the dimension of the chosen level."""
        return LEVELS[self.level]

    def needs(self) -> tuple[Need, ...]:
        """Ask for the places of the chosen level, whatever is filtered of it."""
        return (Need("segments", by=self.dimension, shows=self.dimension),)

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return the places in the chosen order."""
        rows = results[0].rows
        placed = ranked([row for row in rows if row["segment"] != NOT_SET], self.sort)
        every = [*placed, *(row for row in rows if row["segment"] == NOT_SET)]
        named = [
            {
                **row,
                "place": row["segment"],
                "name": value_label(self.dimension, row["segment"]),
                "enough": row["sessions"] >= LEAST,
            }
            for row in every
        ]
        return frame_of_rows(named, COLUMNS, numbers=COLUMNS[4:8])

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return the rates of the listed places, the first at the top, on the scale of the table."""
        shown = self._listed(frame)[0]
        scale = scale_of(shown)
        drawn = [row for row in shown if row["conversion_rate"] is not None]
        dots = [
            {
                "y": float(-place),
                "y_too": float(-place),
                "rate": min(row["conversion_rate"], scale),
                "low": min(row["conversion_rate_low"], scale),
                "high": min(row["conversion_rate_high"], scale),
                "color": self._color(row),
                "title": hover_words(row),
            }
            for place, row in enumerate(drawn)
        ]
        ticks, labels = rate_ticks(scale)
        names = [_short(row["name"]) for row in drawn]
        return [
            Panel(
                {"intervals": columns(dots, **END), "rates": columns(dots, **DOT)},
                Axis(0.0, scale * 1.02, ticks, labels),
                Axis(0.5 - max(len(drawn), 1), 0.5, [row["y"] for row in dots], names),
                height=40 + 20 * max(len(drawn), 1),
                left=NAMES,
                taps={"rates": [Action(dimension=self.dimension, value=row["place"]) for row in drawn]},
            )
        ]

    def _color(self, row: Row) -> str:
        if not row["enough"]:
            return self.colors.previous
        wanted = self.context.filters.values(self.dimension)
        return self.colors.sequential[2] if wanted and row["place"] not in wanted else self.colors.accent

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return dots on their intervals, a line a place."""
        ends = hv.Segments(panel.table("intervals"), ["low", "y", "high", "y_too"], ["color"])
        dots = panel.table("rates").hvplot.scatter("rate", "y", hover_cols=["color", "title"])
        drawn = [
            mark("intervals", ends, line_color=by("color"), line_width=2),
            mark("rates", dots, size=9, fill_color=by("color"), line_color=self.colors.surface),
        ]
        return framed(drawn, panel, self.colors, name=self.key, hover=["rates"], grid="x")

    def say(self, frame: pd.DataFrame) -> Words:
        """Return the place that stands out, and what the table shows."""
        if frame.empty:
            return Words("No sessions to place", empty=empty_sentence(self.context))
        level, rows = self.dimension, self.once(rows_of, frame)
        placed = sorted(
            (row for row in rows if row["place"] != NOT_SET), key=lambda row: (-row["sessions"], row["place"])
        )
        total = {name: sum(row[name] for row in rows) for name in ("sessions", "conversions")}
        said = note(total["sessions"] - sum(row["sessions"] for row in placed), total["sessions"], level)
        if not placed:
            return Words(f"No session has a {level} in these exports", said)
        return Words(heading(placed, total, level, self.context), said)

    def table(self, frame: pd.DataFrame) -> TableTwin:
        """Return every place with its counts."""
        return _twin(self.once(rows_of, frame), self.dimension)

    def body(self, frame: pd.DataFrame) -> Table:
        """Return the first places and those wanted as rows, and the rest as a count."""
        level, caption = self.dimension, self.table(frame).caption
        listed, rest = self._listed(frame)
        if not listed:
            return Table(caption=caption, columns=_columns(level, 1.0, ""), rows=[])
        scale, most = scale_of(listed), max(row["sessions"] for row in [*listed, *rest])
        lines = [_row(row, level, scale, most, self.context) for row in listed]
        if rest:
            sums = [Cell(text=plural(len(rest), "more place")), Cell(text=count(sum(row["sessions"] for row in rest)))]
            lines.append(BodyRow(cells=[*sums, Cell(text=""), Cell(text=""), Cell(text="")], kind="muted"))
        return Table(caption=caption, columns=_columns(level, scale, self.sort), rows=lines, dense=True)

    def _listed(self, frame: pd.DataFrame) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the rows that are shown one by one, and the others."""
        rows = [row for row in self.once(rows_of, frame) if row["place"] != NOT_SET]
        wanted = self.context.filters.values(self.dimension)
        shown = [row for place, row in enumerate(rows) if place < SHOWN or row["place"] in wanted]
        return shown, [row for row in rows[SHOWN:] if row["place"] not in wanted]


def hover_words(row: Row) -> str:
    """Return what is said of the place under the pointer."""
    interval = rate_range(row["conversion_rate_low"], row["conversion_rate_high"])
    counts = f"{exact(row['conversions'])} of {exact(row['sessions'])} sessions converted"
    return f"{row['name']}: {rate(row['conversion_rate'])} ({interval}), {counts}, {money(row['revenue'])}"


def _short(name: str) -> str:
    half = LONGEST // 2
    return name if len(name) <= LONGEST else f"{name[: half - 1]}…{name[-half:]}"


def ranked(rows: Sequence[Row], sort: str) -> list[Row]:
    """Return the places by what is chosen, the largest first; those too few to have a rate last."""
    keys = {
        "Sessions": lambda row: row["sessions"],
        "Rate": lambda row: row["conversion_rate"] or 0.0,
        "Revenue": lambda row: row["revenue"] or 0.0,
    }
    key = keys.get(sort, keys["Sessions"])
    return sorted(rows, key=lambda row: (row["sessions"] < LEAST, -key(row), -row["sessions"], row["segment"]))


def scale_of(rows: Sequence[Row]) -> float:
    """Return the end of the common scale: the smallest that holds the intervals of places large enough."""
    most = max((row["conversion_rate_high"] for row in rows if row["enough"]), default=0.01)
    return next((end for end in SCALES if end >= most), 1.0)


def heading(rows: Sequence[Row], total: Row, level: str, context: Context) -> str:
    """Return the place furthest above the rest by more than so many are by chance, in the chosen country if any."""
    inside = context.filters.values(COUNTRY) if level == REGION else ()
    where = f" of {joined([value_label(COUNTRY, value) for value in inside])}" if inside else ""
    many = f"{count(len(rows))} {'regions' if level == REGION else 'countries'}{where}"
    wanted = context.filters.values(level)
    place = next((n for n, row in enumerate(rows) if (row["place"],) == wanted), None)
    if place is not None:
        counts = rate_of(rows[place]["conversions"], rows[place]["sessions"])
        return f"{value_label(level, wanted[0])} is {ordinal(place + 1)} of {many} by sessions: {counts} converted"
    if is_filtered(context.filters, level):
        placed = tuple(sum(row[name] for row in rows) for name in ("conversions", "sessions"))
        every = total["conversions"], total["sessions"]
        chosen = counts_of(rows, context.filters, level, "place")
        if passes(context.filters, level, NOT_SET):
            chosen = chosen[0] + every[0] - placed[0], chosen[1] + every[1] - placed[1]
        return chosen_against(chosen, every, context.filters, level)
    if len(rows) == 1:
        return f"All placed sessions come from {value_label(level, rows[0]['place'])}"
    large = [row for row in rows if row["enough"]]
    apart = []
    for row in large:
        rest = total["conversions"] - row["conversions"], total["sessions"] - row["sessions"]
        here = row["conversion_rate_low"], row["conversion_rate_high"]
        if rest[1] and row["conversion_rate"] > rest[0] / rest[1] and not intervals_meet(here, wilson_interval(*rest)):
            apart.append(row)
    apart = sure_beside_rest(apart, (total["conversions"], total["sessions"]), len(large))
    if not large:
        return f"{many}, none with sessions enough to say"
    if not apart:
        return f"{many}: none stands above the rest by more than chance"
    best = max(apart, key=lambda row: row["conversions"])
    counts = part_of(best["conversions"], best["sessions"])
    return (
        f"{value_label(level, best['place'])} stands above the rest of {many}: {rate(best['conversion_rate'])} "
        f"({counts})"
    )


def note(nowhere: int, sessions: int, level: str) -> str:
    """Return how the table is read, and how many sessions have no place."""
    return f"{NOTE} {part_of(nowhere, sessions)} sessions have no {level}." if nowhere else NOTE


def _row(row: Row, level: str, scale: float, most: int, context: Context) -> BodyRow:
    few = not row["enough"]
    low, high, mark = (
        row["conversion_rate_low"] or 0.0,
        row["conversion_rate_high"] or 0.0,
        row["conversion_rate"] or 0.0,
    )
    span = Span(
        low=min(low / scale, 1), high=min(high / scale, 1), open=high > scale, color="previous" if few else "accent"
    )
    span["mark"] = mark / scale if mark <= scale else None
    cells = [
        Cell(
            text=row["name"],
            bar=row["sessions"] / most,
            action=Action(dimension=level, value=row["place"]),
        ),
        Cell(text=count(row["sessions"]), title=exact(row["sessions"])),
        Cell(text="too few", tone="muted") if few else Cell(text=rate(row["conversion_rate"])),
        Cell(span=span, title=f"{rate_range(low, high)}, {part_of(row['conversions'], row['sessions'])}"),
        Cell(text=money_short(row["revenue"], 3), title=money(row["revenue"], cents=True)),
    ]
    return BodyRow(cells=cells, kind="selected" if row["place"] in context.filters.values(level) else "")


def _columns(level: str, scale: float, sort: str) -> list[TableColumn]:
    columns = [
        TableColumn(label="Region" if level == REGION else "Country", width="220px"),
        TableColumn(label="Sessions", align="right"),
        TableColumn(label="Rate", align="right"),
        TableColumn(label=f"95{THIN}% interval, 0{DASH}{scale * 100:g}{THIN}%", hide_narrow=True),
        TableColumn(label="Revenue", align="right"),
    ]
    for column in columns:
        if column["label"] == sort:
            column["sorted"] = "descending"
    return columns


def _twin(rows: Sequence[Row], level: str) -> TableTwin:
    lines = tuple(
        (
            row["name"],
            exact(row["sessions"]),
            exact(row["conversions"]),
            rate(row["conversion_rate"]),
            rate_range(row["conversion_rate_low"], row["conversion_rate_high"]),
            money(row["revenue"], cents=True),
        )
        for row in rows
    )
    headers = (level.capitalize(), "Sessions", "Converted", "Rate", f"95{THIN}% interval", "Revenue")
    return TableTwin(f"All places: {level}", headers, lines, (False, *(True,) * 5))
