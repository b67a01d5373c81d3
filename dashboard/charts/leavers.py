"""Who leaves against who goes on: values that one group has more of than the other, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import holoviews as hv
import pandas as pd
import param

from dashboard.body import Action, Cell, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Need, TableTwin
from dashboard.chart import ChartView, Words
from dashboard.charts.segments import FOLLOWING, single_words, value_words
from dashboard.charts.words import FEW_SESSIONS, empty_sentence, leaving, part_of, transition
from dashboard.format import THIN, count, exact, points, rate, share
from dashboard.look import by, framed, mark, words
from dashboard.panels import Axis, Panel, columns, rows_of
from queries.changes import difference_interval
from queries.engine import Result
from queries.funnel import Funnel
from queries.statistics import larger_than_chance
from queries.vocabulary import NOT_SET, STORED_DIMENSIONS

SHOWN = 8
STEPS = ("Last", "Largest", "First")
NOTE = (
    f"Share of each group with the value, and the difference with its 95{THIN}% interval. Listed are values that "
    "differ by more than so many do by chance, the largest difference first. A value that leavers have more of need "
    "not be why they leave."
)


@dataclass(frozen=True, slots=True)
class Contrast:
    """Hold one value with how many of those who left and of those who went on have it."""

    dimension: str
    value: str
    left: int
    all_left: int
    on: int
    all_on: int

    @property
    def difference(self) -> float:
        """Return share among those who went on minus share among those who left."""
        return self.on / self.all_on - self.left / self.all_left

    def interval(self) -> tuple[float, float]:
        """Return the interval of the difference (Newcombe)."""
        low, high = difference_interval((self.all_left, self.left), (self.all_on, self.on))
        return low or 0.0, high or 0.0


class Leavers(ChartView):
    """Values that those who leave at a step and those who go on have in different shares.

    On the page this is a table of text: what counts are names and two shares of each, which a click filters to; a
    picture beside them in half a page's width would only repeat the differences. `plot` draws these, with intervals.

    Frame: one row a value, the largest difference first: `dimension`, `value`, `left` and `on` (sessions with the value
    among those who left, and who went on), `share_left` and `share_on`, their `difference` with its 95 % interval
    (`difference_low`, `difference_high`), and `apart`: among the first eight that differ by more than chance. `attrs`
    have the "place" of the step, from 0, and how many "left" and went "on" there; nothing where no session is shown.
    """

    step = param.Selector(default="Last", objects=list(STEPS), doc="Which step they leave at.")

    key = "leavers"
    label = "Who leaves against who goes on"
    own_settings = ("step",)
    renderer = "rows"
    span = 6
    height = 300
    traits: ClassVar[Mapping[str, Any]] = {"slow": True}

    def needs(self) -> tuple[Need, ...]:
        """Ask for the funnel by every dimension, and for that of all sessions."""
        return Need("funnel"), *(Need("funnel", by=name) for name in STORED_DIMENSIONS)

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return the values of every dimension that both groups could have; none while a group is too small."""
        steps = results[0].rows
        if not steps or not (steps[0]["reached"] or self.context.filters.is_empty):
            return frame_of((), {})
        place = place_of([row["reached"] for row in steps], self.step)
        left, on = steps[place]["abandonments"], steps[place + 1]["reached"]
        enough = min(left, on) >= FEW_SESSIONS
        found = contrasts(results[1:], place, left, on) if enough else []
        return frame_of(found, {"place": place, "left": left, "on": on})

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return the differences of the values that set the groups apart, in percentage points around 0."""
        apart, look = contrasts_of(frame[frame["apart"]]), self.colors
        drawn = [(-place, one, *one.interval()) for place, one in enumerate(apart)]
        reach = max((max(abs(low), abs(high)) for _, _, low, high in drawn), default=0.1) * 1.05
        rows = [
            {
                "difference": one.difference,
                "low": low,
                "high": high,
                "y": y,
                "y_too": y,
                "color": look.accent if one.difference > 0 else look.loss,
                "title": _hover(one),
            }
            for y, one, low, high in drawn
        ]
        numbers = dict.fromkeys(("difference", "low", "high", "y", "y_too"), "number")
        marks = columns(rows, **numbers, color="text", title="text")
        heads = [(-reach, "more of those who left", "left"), (reach, "more of those who went on", "right")]
        said = [{"difference": x, "y": 0.75, "label": label, "align": align} for x, label, align in heads if rows]
        layers = {
            "zero": columns([{"low": 0.0, "high": 0.0, "y": 0.5 - (len(rows) or 1), "y_too": 0.5}], **numbers),
            "intervals": marks,
            "differences": marks,
            "heads": columns(said, difference="number", y="number", label="text", align="text"),
        }
        names = [single_words(one.dimension, one.value) for one in apart]
        y = Axis(0.5 - (len(rows) or 1), 1.0, [float(row["y"]) for row in rows], names)
        ticks = [-reach / 2, 0.0, reach / 2]
        x = Axis(-reach, reach, ticks, [points(tick) for tick in ticks])
        actions = [Action(dimension=one.dimension, value=one.value) for one in apart]
        return [Panel(layers, x, y, height=60 + 28 * max(len(rows), 3), left=140, taps={"differences": actions})]

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return a point a value with its interval, on either side of a line of no difference."""
        at, look = panel.table, self.colors
        ends = ["low", "y", "high", "y_too"]
        dots = at("differences").hvplot.scatter("difference", "y", hover_cols=["color", "title"])
        heads = at("heads").hvplot.labels("difference", "y", "label", hover_cols=["align"])
        drawn = [
            mark("zero", hv.Segments(at("zero"), ends), line_color=look.control),
            mark("intervals", hv.Segments(at("intervals"), ends, ["color"]), line_color=by("color"), line_width=2),
            mark("differences", dots, size=9, fill_color=by("color"), line_color=look.surface),
            words("heads", heads, look, text_align=by("align"), text_baseline="middle"),
        ]
        return framed(drawn, panel, look, name=self.key, hover=["differences"], grid="x")

    def say(self, frame: pd.DataFrame) -> Words:
        """Return the largest difference, or that the groups are alike or too small."""
        if "place" not in frame.attrs:
            return Words("No sessions to compare", empty=empty_sentence(self.context))
        place, left, on = (frame.attrs[name] for name in ("place", "left", "on"))
        steps = self.context.funnel.steps
        said = f"{transition(steps[place].name, steps[place + 1].name)}. {NOTE}"
        if min(left, on) < FEW_SESSIONS:
            return Words(f"Too few to compare: {count(left)} left and {count(on)} went on", said)
        return Words(heading_of(contrasts_of(frame[frame["apart"]]), place, self.context.funnel), said)

    def body(self, frame: pd.DataFrame) -> Table:
        """Return the values that set the groups apart, with their shares; a name filters to its sessions."""
        return _body(contrasts_of(frame[frame["apart"]]), frame.attrs["left"], frame.attrs["on"])

    def table(self, frame: pd.DataFrame) -> TableTwin:
        """Return every value, those that both groups have alike too."""
        return _twin(self.once(contrasts_of, frame), frame.attrs["left"], frame.attrs["on"])


COLUMNS = [
    "dimension", "value", "left", "on", "share_left", "share_on", "difference", "difference_low", "difference_high",
    "apart",
]  # fmt: skip


def sure_contrasts(found: Sequence[Contrast]) -> list[Contrast]:
    """Return the contrasts that are larger than so many are by chance."""
    sure = larger_than_chance([((one.left, one.all_left), (one.on, one.all_on)) for one in found])
    return [one for one, call in zip(found, sure, strict=True) if call]


def frame_of(found: Sequence[Contrast], step: Mapping[str, int]) -> pd.DataFrame:
    """Return contrasts as rows, and which of them set the two groups apart."""
    clear = sure_contrasts(found)[:SHOWN]
    rows = [
        {
            "dimension": one.dimension,
            "value": one.value,
            "left": one.left,
            "on": one.on,
            "share_left": one.left / one.all_left,
            "share_on": one.on / one.all_on,
            "difference": one.difference,
            "difference_low": one.interval()[0],
            "difference_high": one.interval()[1],
            "apart": one in clear,
        }
        for one in found
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS).astype({"apart": bool})
    frame.attrs = dict(step)
    return frame


def contrasts_of(frame: pd.DataFrame) -> list[Contrast]:
    """Return the rows of a frame as contrasts."""
    return [
        Contrast(row["dimension"], row["value"], row["left"], frame.attrs["left"], row["on"], frame.attrs["on"])
        for row in rows_of(frame)
    ]


def place_of(reached: Sequence[int], choice: str) -> int:
    """Return the position, from 0, of the step looked at; the last one with anybody unless another is chosen."""
    last = max((place for place in range(len(reached) - 1) if reached[place]), default=0)
    if choice == "First":
        return 0
    if choice == "Largest":
        return max(range(len(reached) - 1), key=lambda place: reached[place] - reached[place + 1])
    return last


def contrasts(results: Sequence[Result], place: int, left: int, on: int) -> list[Contrast]:
    """Return every value of every dimension that both groups could have, the largest difference first."""
    found = []
    for dimension, result in zip(STORED_DIMENSIONS, results, strict=True):
        reached: dict[str, list[int]] = {}
        for row in result.rows:
            reached.setdefault(row["segment"], []).append(row["reached"])
        if set(reached) <= {NOT_SET}:
            continue
        for value, counts in reached.items():
            here, following = counts[place], counts[place + 1]
            if here >= FEW_SESSIONS and value != NOT_SET:
                found.append(Contrast(dimension, value, here - following, left, following, on))
    if both := [one for one in found if one.dimension == "visitor_type"]:
        found.remove(min(both, key=lambda one: one.difference))
    return sorted(found, key=lambda one: (-abs(one.difference), one.dimension, one.value))


def heading_of(apart: Sequence[Contrast], place: int, funnel: Funnel) -> str:
    """Return the largest difference: 98 % of those who convert are in United States, 57 % of those who leave."""
    what = leaving(funnel.steps[place + 1])
    if not apart:
        return f"Those who {what} look like those who go on"
    first = apart[0]
    name = being(first.dimension, first.value)
    return (
        f"{share(first.on / first.all_on)} of those who go on are {name}, {share(first.left / first.all_left)} of "
        "those who "
        f"{what}"
    )


def being(dimension: str, value: str) -> str:
    """Return a value as what sessions are: in United States, on mobile, returning visitors."""
    return FOLLOWING[dimension].replace("{}", value_words(dimension, value))


def _body(apart: Sequence[Contrast], left: int, on: int) -> Table:
    rows = [
        BodyRow(
            cells=[Cell(text="Sessions"), Cell(text=count(left)), Cell(text=count(on)), Cell(text="")], kind="muted"
        ),
        *(
            BodyRow(
                cells=[
                    Cell(
                        text=single_words(one.dimension, one.value),
                        action=Action(dimension=one.dimension, value=one.value),
                        title=f"{part_of(one.left + one.on, left + on)} sessions",
                    ),
                    Cell(text=share(one.left / one.all_left), title=part_of(one.left, one.all_left)),
                    Cell(text=share(one.on / one.all_on), title=part_of(one.on, one.all_on)),
                    Cell(text=points(one.difference), sub=_interval(one), bold=True),
                ]
            )
            for one in apart
        ),
    ]
    columns = [
        TableColumn(label="Sessions that are"),
        TableColumn(label="Left", align="right"),
        TableColumn(label="Went on", align="right"),
        TableColumn(label="Difference", align="right"),
    ]
    return Table(caption="Who leaves against who goes on", columns=columns, rows=rows, dense=True)


def _hover(one: Contrast) -> str:
    return (
        f"{single_words(one.dimension, one.value)}: {points(one.difference)} ({_interval(one)}), "
        f"{part_of(one.left, one.all_left)} of those who left, {part_of(one.on, one.all_on)} of those who went on"
    )


def _interval(one: Contrast) -> str:
    low, high = one.interval()
    return f"{points(low).removesuffix(f'{THIN}pp')} to {points(high)}"


def _twin(found: Sequence[Contrast], left: int, on: int) -> TableTwin:
    lines = [("Sessions", exact(left), "", exact(on), "", "", "")]
    for one in found[:60]:
        shares = rate(one.left / one.all_left), rate(one.on / one.all_on)
        counts = exact(one.left), shares[0], exact(one.on), shares[1]
        lines.append((single_words(one.dimension, one.value), *counts, points(one.difference), _interval(one)))
    headers = ("Value", "Left", "Share", "Went on", "Share", "Difference", f"95{THIN}% interval")
    return TableTwin("Who leaves against who goes on", headers, tuple(lines), (False, *(True,) * 6))
