"""The shapes of the bodies that `findings.js` draws: ranked findings and short notices.

| renderer        | body            |
|-----------------|-----------------|
| `findings`      | `Findings`      |
| `notices`       | `Notices`       |

As everywhere, strings are text, colours are token names, and positions are fractions 0-1 of a scale.
"""

from typing import Literal, NotRequired, TypedDict

from dashboard.body import Action, Table

Mark = Literal["check", "warn", "help", "none", "bars", "search", "clock", "info"]
Look = Literal["plain", "loss", "accent", "warn"]


class Tag(TypedDict):
    """Hold a word with its mark, so that colour is never the only difference."""

    label: str
    look: Look
    icon: NotRequired[Mark]


class Nothing(TypedDict):
    """Say that nothing was found, and what could have been; `title` where the card's heading does not say it already.

    `sound` are the things that were looked for and are not there, each ticked off. `opens` is the panel of the filter
    bar that a button opens: the way out.
    """

    icon: Mark
    title: NotRequired[str]
    text: NotRequired[str]
    sound: NotRequired[list[str]]
    opens: NotRequired[Literal["days", "compare"]]
    opens_label: NotRequired[str]


class Band(TypedDict):
    """Draw what was expected: an interval with a tick at `mark`, and its words."""

    low: float
    mark: float
    high: float
    label: str


class Bar(TypedDict):
    """Draw what there was: a bar from zero, and its words; `color` is a token ("loss" if not given)."""

    value: float
    label: str
    color: NotRequired[str]


class Explanation(TypedDict):
    """Hold what "Explain" opens: sentences and tables, each with a heading."""

    sentences: list[str]
    tables: list[Table]


class FindingRow(TypedDict, total=False):
    """Hold one finding: a sentence, its reasons, tags, expected over actual on the list's one scale, and money.

    `group` is the heading of the rows that begin here, which then have a scale of their own. `orders_over` is the time
    of the orders where it is not that of the money, which the list's head says.
    """

    group: str

    title: str
    why: str
    tags: list[Tag]
    expected: Band
    actual: Bar
    interval: str
    money: str
    range: str
    orders: str
    orders_over: str
    action: Action
    action_label: str
    explain: Explanation


class Findings(TypedDict):
    """Hold a ranked list; `heads` name what was found, the bars and the money. `nothing` replaces an empty list.

    Rows after the first `shown` are behind a button.
    """

    caption: str
    heads: tuple[str, str, str]
    rows: list[FindingRow]
    shown: NotRequired[int]
    nothing: NotRequired[Nothing]


class Notice(TypedDict):
    """Hold one short notice: its tag, its day, its sentence, and a click if there is one."""

    tag: Tag
    when: str
    text: str
    strong: NotRequired[str]
    action: NotRequired[Action]
    action_label: NotRequired[str]


class Notices(TypedDict):
    """Hold notices, and a link below them; `wide` sets them side by side where there is room."""

    items: list[Notice]
    wide: NotRequired[bool]
    nothing: NotRequired[Nothing]
    action: NotRequired[Action]
    action_label: NotRequired[str]
