"""The shapes of `CardState.body`: what a card draws without Bokeh, as plain data that `card.js` understands.

A chart's `renderer` chooses the shape:

| renderer       | drawn from                                                   | body     |
|----------------|--------------------------------------------------------------|----------|
| `figure`       | the chart's figure                                           | `Extras` |
| `figure+table` | the same, with a table at its right                          | `Table`  |
| `figure+kpis`  | cells over one figure; the card has no frame, label or tools | `Kpis`   |
| `rows`         | DOM only                                                     | `Table`  |

Every string is shown as text, never as HTML. **Colours are token names** ("accent", "loss", "bars", "device-mobile",
"sequential-3", "diverging-0", "step-4", ...: `dashboard.theme.token_names`), so that a body serves both themes.
Positions and lengths are fractions 0-1 of a scale which the chart chooses and names in a header or note.
"""

from typing import Literal, NotRequired, TypedDict

Tone = Literal["", "muted", "loss", "accent", "warn", "ok"]


class Action(TypedDict, total=False):
    """Say what a click does; the keys that are present decide.

    `dimension` and `value` filter to one value (Shift-click adds it, Alt-click excludes it). `where` filters to one
    value in each of several dimensions, in place of what they had. `view` opens a view, alone or after the filter.
    `card`, `name` and `option` choose a card's setting, alone or before the view opens. `first` and `last`, two days as
    ISO text, filter to the days between them; Alt-click, or `exclude`, leaves them out. `step` filters to the sessions
    that reached a step of the funnel, with Alt to those that did not.
    """

    dimension: str
    value: str
    where: dict[str, str]
    view: str
    card: str
    name: str
    option: str
    first: str
    last: str
    exclude: bool
    step: str


class LegendItem(TypedDict):
    """Explain one colour or mark; `shape` defaults to a square; "hatch" is the too-few pattern, "none" a word alone."""

    label: str
    color: NotRequired[str]
    shape: NotRequired[Literal["square", "circle", "triangle", "line", "hatch", "outline", "none"]]


class Extras(TypedDict, total=False):
    """Hold what a Bokeh card may have besides its figure."""

    legend: list[LegendItem]


class KpiCell(TypedDict):
    """Hold one key figure: label, value, and what is said under it.

    `exact` is shown on hover. `delta` is the emphasised part of the second line (`tone` colours it), `interval` its
    plain rest; `detail` is the third line. `first_on_phone` puts the cell first and full width under 700 px,
    where `short` is its name over the bars of its days.
    """

    label: str
    value: str
    exact: NotRequired[str]
    delta: NotRequired[str]
    tone: NotRequired[Tone]
    interval: NotRequired[str]
    detail: NotRequired[str]
    first_on_phone: NotRequired[bool]
    short: NotRequired[str]


class Kpis(TypedDict):
    """Hold the strip of key figures, in order."""

    cells: list[KpiCell]


class TableColumn(TypedDict):
    """Describe one column; `hide_narrow` leaves it out under 700 px, `width` is CSS, `sorted` fills aria-sort."""

    label: str
    align: NotRequired[Literal["left", "right", "center"]]
    width: NotRequired[str]
    sorted: NotRequired[Literal["ascending", "descending"]]
    hide_narrow: NotRequired[bool]
    title: NotRequired[str]


class Span(TypedDict):
    """Draw an interval on a track; `mark` None draws no point, `open` an arrow where the interval leaves the scale."""

    low: float
    high: float
    mark: NotRequired[float | None]
    open: NotRequired[bool]
    color: NotRequired[str]
    shape: NotRequired[Literal["circle", "square", "triangle"]]


class DayBar(TypedDict):
    """Draw one small column; `value` None is a hatched gap, `label` is written above it, `title` is its hover text."""

    value: float | None
    color: NotRequired[str]
    label: NotRequired[str]
    title: NotRequired[str]


class Cell(TypedDict, total=False):
    """Hold one cell: text, a second line, and at most one drawing.

    `bar` is a bar behind the text (length 0-1), `span` an interval on a track, `days` small
    columns. `fill` colours the whole cell with a token (the text colour is chosen for contrast), `hatch` marks it as
    too few. `action` makes the text a button that filters. `title` is the hover text (exact values). `narrow` stands
    below the text under 700 px, where the column that says it is left out.
    """

    text: str
    sub: str
    narrow: str
    bold: bool
    tone: Tone
    bar: float
    span: Span
    days: list[DayBar]
    fill: str
    hatch: bool
    action: Action
    title: str


class Row(TypedDict):
    """Hold one row; `kind` "total" is set off and bold, "muted" is grey, "selected" is an active filter."""

    cells: list[Cell]
    kind: NotRequired[Literal["", "total", "muted", "selected"]]


class Offer(TypedDict):
    """Offer a deed in the head of a card: its words, its mark, and what the click does."""

    label: str
    icon: str
    action: Action


class Table(TypedDict):
    """Hold a table: a caption for screen readers, columns, rows, and a legend below it; `offer` stands in its head."""

    caption: str
    columns: list[TableColumn]
    rows: list[Row]
    legend: NotRequired[list[LegendItem]]
    dense: NotRequired[bool]
    offer: NotRequired[Offer]
