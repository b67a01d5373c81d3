"""The shapes of the bodies that `boards.js` draws: leaderboards of dimensions, and heat strips of days.

| renderer | body     |
|----------|----------|
| `boards` | `Boards` |
| `heat`   | `Heat`   |
"""

from typing import Literal, NotRequired, TypedDict

from dashboard.body import Action, LegendItem


class BoardHead(TypedDict):
    """Name one column of numbers; its click sorts all boards."""

    label: str
    action: Action
    sorted: NotRequired[Literal["ascending", "descending"]]


class BoardRow(TypedDict):
    """Hold one value: its name over a bar (length 0-1), per column a text, a small one below and a hover text.

    `marks` sets a text off as a rise or a fall that is more than chance, "" as neither.
    """

    name: str
    bar: float
    cells: list[str]
    subs: list[str]
    titles: list[str]
    marks: NotRequired[list[Literal["", "rise", "fall"]]]
    action: NotRequired[Action]
    state: NotRequired[Literal["", "selected", "excluded", "few"]]


class Board(TypedDict):
    """Hold one dimension: the first `shown` rows are visible, the others behind a button and found by search.

    Rows of state "few" have too few sessions to be ranked; they follow the others. `open` is the click on the title.
    `unsent` counts the values beyond those that a browser is sent.
    """

    title: str
    rows: list[BoardRow]
    shown: int
    few: int
    unsent: NotRequired[int]
    open: NotRequired[Action]
    open_label: NotRequired[str]


class Boards(TypedDict):
    """Hold the boards, three abreast where there is room; `off` has options of the card's settings that do nothing now.

    They are by the setting's name: option -> why.
    """

    caption: str
    heads: list[BoardHead]
    boards: list[Board]
    off: NotRequired[dict[str, dict[str, str]]]


class HeatCell(TypedDict):
    """Hold one day: its class 0-6 on the sequential scale (None: hatched), its hover text, and a mark if remarkable.

    `lacks` draws a line below it: something of it is missing, though it is there.
    """

    level: int | None
    title: str
    mark: NotRequired[str]
    empty: NotRequired[bool]
    lacks: NotRequired[bool]


class HeatRow(TypedDict):
    """Hold one line of days with its name and a word at its end."""

    label: str
    cells: list[HeatCell]
    text: NotRequired[str]


class Heat(TypedDict):
    """Hold lines of days under one another; `columns` are the words under some days ("" for none)."""

    caption: str
    columns: list[str]
    rows: list[HeatRow]
    legend: NotRequired[list[LegendItem]]
