"""The shapes of the bodies that `findings.js` draws: ranked findings and short notices.

| renderer        | body            |
|-----------------|-----------------|
| `findings`      | `Findings`      |
| `notices`       | `Notices`       |

As everywhere, strings are text, colours are token names, and positions are fractions 0-1 of a scale.
"""

from typing import Literal, NotRequired, TypedDict

from dashboard.body import Action

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


class FindingRow(TypedDict, total=False):
    """Hold one finding: its name, a line, tags, expected over actual on the list's one scale, money, what is behind it.

    `explain` are the sentences that "Explain" opens.
    """

    title: str
    why: str
    tags: list[Tag]
    expected: Band
    actual: Bar
    money: str
    range: str
    action: Action
    action_label: str
    explain: list[str]


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
