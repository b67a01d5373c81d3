"""Why conversion changed: what each step added, and how much is who visited and how they convert; both add up."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, ClassVar

import holoviews as hv
import pandas as pd

from dashboard.cards import Context, Need, TableTwin
from dashboard.chart import ChartView, Words
from dashboard.charts.segments import value_words
from dashboard.charts.why_figure import LEFT, layers, reach, size_of
from dashboard.charts.words import Row, empty_sentence, transition
from dashboard.findings import Nothing
from dashboard.format import MINUS, THIN, date_range, day, points, rate, share
from dashboard.look import by, framed, mark, words
from dashboard.panels import Axis, Panel, rows_of
from queries.changes import Counts, MixChange, StepChange, difference_interval, merged_small, mix_change, step_change
from queries.engine import Result

LEAST = 100
"""Countries with fewer sessions than this in either period are put together before mix and rate are told apart."""
DIMENSIONS = ("device_category", "visitor_type", "country")
MOST_SEGMENTS = 10
METRICS = ("overview", "funnel", "change_cells")
STEP, SUM, MIX, RATE = "step", "sum", "mix", "rate"
Interval = tuple[float | None, float | None]


class Why(ChartView):
    """The change of the conversion rate against the compared days, as a waterfall of two splits that both add up to it.

    Frames: "parts", one row a bar: `split` ("step", then "sum", "mix" and "rate"), `part` (its name), `change` (a
    fraction, as rates are), `start` and `end` of its bar, and the 95 % interval of the sum (`low`, `high`). "groups",
    one row a group of visitors, the ten that moved the rate most: `device_category`, `visitor_type`, `country`, `mix`
    and `rate`. `attrs` of the parts have "heading" and "note"; "clear" says whether the change is more than chance,
    "reversed" whether the groups moved the other way; without a change to split they have "nothing" or "empty".
    """

    key = "why"
    label = "Why conversion changed"
    span = 7
    height = 230
    traits: ClassVar[Mapping[str, Any]] = {"slow": True}

    def needs(self) -> tuple[Need, ...]:
        """Ask for sessions, funnel and cells of both periods."""
        return tuple(Need(metric, compared=compared) for compared in (False, True) for metric in METRICS)

    def read(self, results: Sequence[Result]) -> dict[str, pd.DataFrame]:
        """Return the parts of the change and the groups behind them; no row of either where nothing is compared."""
        context = self.context
        shown, compared = [result.rows for result in results[:3]], [result.rows for result in results[3:]]
        if not shown[0] or not shown[0][0]["sessions"]:
            return _frames(heading="No sessions to compare", empty=empty_sentence(context))
        if context.compared is None:
            return _frames(heading="Nothing is compared", nothing=not_compared(context))
        if not compared[0] or not compared[0][0]["sessions"]:
            text = f"No session passes the filters in {compared_days(context)}."
            return _frames(heading="No sessions in the compared days", nothing=Nothing(icon="clock", text=text))
        steps = step_change(counts_of(compared), counts_of(shown))
        mix = mix_of(compared[2], shown[2])
        if steps is None or mix is None:
            text = "A period without sessions has no rate to compare."
            return _frames(heading="Too few to say", nothing=Nothing(icon="clock", text=text))
        names = names_of(context)
        ends = (_ends(compared[0][0]), _ends(shown[0][0])) if is_order(context) else (_reach(compared), _reach(shown))
        interval = difference_interval(*ends)
        return _frames(
            parts_of(steps, mix, names, interval),
            groups_of(mix),
            heading=heading(steps, mix, names, interval),
            note=note(context, steps),
            clear=is_clear(interval),
            reversed=mix.is_simpson,
        )

    def panels(self, frame: Mapping[str, pd.DataFrame]) -> list[Panel]:
        """Return the steps with their sum over mix and rate, all on one scale."""
        parts = frame["parts"]
        start, end = reach(parts)
        height, lowest = size_of(parts)
        return [
            Panel(
                layers(parts, self.colors), Axis(start, end), Axis(lowest, 0.6), height=height, left=LEFT,
            )
        ]  # fmt: skip

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return bars between the sums before and after each part, joined, from a line of no change."""
        at, look = panel.table, self.colors
        line = ["x", "y", "x_too", "y_too"]
        beside: dict[str, Any] = {"text_align": "left", "text_baseline": "middle"}
        drawn = [
            mark("rule", hv.Segments(at("rule"), line), line_color=look.border),
            mark("joints", hv.Segments(at("joints"), line), line_color=look.control, line_dash="2 3"),
            mark("bars", hv.Rectangles(at("bars"), ["left", "bottom", "right", "top"], ["change", "color", "title"]),
                 fill_color=by("color"), line_color=by("color"), line_width=1, glyph={"border_radius": 2}),
            mark("zero", hv.Segments(at("zero"), line), line_color=look.control),
            mark("interval", hv.Segments(at("interval"), line), line_color=look.text, line_width=2),
            words("values", at("values").hvplot.labels("x", "y", "label", hover_cols=["color"]), look, halo=True,
                  text_color=by("color"), glyph={"x_offset": 6}, **beside),
            words("names", at("names").hvplot.labels("x", "y", "label", hover_cols=["color"]), look, beyond=True,
                  text_color=by("color"), glyph={"x_offset": -LEFT}, **beside),
            words("warning", at("warning").hvplot.labels("x", "y", "label"), look, beyond=True, text_color=look.warn,
                  glyph={"x_offset": -LEFT}, **beside),
        ]  # fmt: skip
        return framed(drawn, panel, look, name=self.key, hover=["bars"], grid="", right=0, above=0)

    def say(self, frame: Mapping[str, pd.DataFrame]) -> Words:
        """Return which step moved the rate most and how the splits are read, or what is needed to see one."""
        said = frame["parts"].attrs
        nothing = said.get("nothing")
        empty = nothing["text"] if nothing else said.get("empty")
        return Words(said["heading"], said.get("note", ""), empty, nothing)

    def table(self, frame: Mapping[str, pd.DataFrame]) -> TableTwin | None:
        """Return every part as text, and the groups that moved the rate most."""
        return twin(frame["parts"], frame["groups"]) if len(frame["parts"]) else None


PARTS = ("split", "part", "change", "start", "end", "low", "high")
GROUPS = (*DIMENSIONS, "mix", "rate")


def _frames(parts: Sequence[Row] = (), groups: Sequence[Row] = (), **said: Any) -> dict[str, pd.DataFrame]:
    frame = pd.DataFrame(parts, columns=list(PARTS))
    frame.attrs = dict(said)
    return {"parts": frame, "groups": pd.DataFrame(groups, columns=list(GROUPS))}


def parts_of(steps: StepChange, mix: MixChange, names: Sequence[str], interval: Interval) -> list[Row]:
    """Return a row for each part of the change: the steps, their sum, and who visited and how they convert."""
    sums = [0.0, *accumulate(steps.contributions)]
    low, high = interval
    rows: list[Row] = [
        {"split": STEP, "part": name, "change": change, "start": start, "end": start + change}
        for name, change, start in zip(names, steps.contributions, sums, strict=False)
    ]
    rows.append(
        {
            "split": SUM,
            "part": "Change",
            "change": steps.total,
            "start": 0.0,
            "end": steps.total,
            "low": low,
            "high": high,
        }
    )
    rows.append({"split": MIX, "part": "Who visited", "change": mix.mix, "start": 0.0, "end": mix.mix})
    rows.append(
        {"split": RATE, "part": "How they convert", "change": mix.rate, "start": mix.mix, "end": mix.mix + mix.rate}
    )
    return rows


def groups_of(mix: MixChange) -> list[Row]:
    """Return the groups of visitors that moved the rate most, by mix and rate together."""
    largest = sorted(mix.segments, key=lambda segment: -abs(segment.mix + segment.rate))[:MOST_SEGMENTS]
    return [
        {
            **dict(zip(DIMENSIONS, one.segment if isinstance(one.segment, tuple) else (), strict=False)),
            "mix": one.mix,
            "rate": one.rate,
        }
        for one in largest
    ]


def not_compared(context: Context) -> Nothing:
    """Return what a comparison would show, with the way to one; the reason where no day came before."""
    first, last = context.first_date, context.last_date
    shown = context.filters.date_from
    if first is None or (shown and shown > first):
        text = "With other days beside these, the change is split by step, and into who visited and how they convert."
        return Nothing(icon="clock", text=text, opens="compare", opens_label="Choose days to compare with")
    if first == last:
        return Nothing(icon="clock", text=f"The store holds one day, {day(first)}: there is none to compare it with.")
    text = f"The data begin on {day(first)}: show fewer days, and those before them can be compared."
    return Nothing(icon="clock", text=text, opens="days", opens_label="Choose days")


def counts_of(period: Sequence[Sequence[Row]]) -> list[float]:
    """Return what reached each step of a period, all its sessions first."""
    return [period[0][0]["sessions"], *(row["reached"] for row in period[1])]


def is_order(context: Context) -> bool:
    """Say whether the funnel ends in an order, so that its last step is the conversion."""
    return context.funnel.steps[-1].column == "transactions"


def _ends(row: Row) -> Counts:
    return row["sessions"], row["conversions"]


def _reach(period: Sequence[Sequence[Row]]) -> Counts:
    counts = counts_of(period)
    return counts[0], counts[-1]


def mix_of(before: Sequence[Row], after: Sequence[Row]) -> MixChange | None:
    """Return mix and rate over device, visitor type and country, rare countries together."""
    cells = [
        {_key(row): (float(row["sessions"]), float(row["conversions"])) for row in rows} for rows in (before, after)
    ]
    return mix_change(*merged_small(cells[0], cells[1], DIMENSIONS.index("country"), LEAST))


def _key(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in DIMENSIONS)


def names_of(context: Context) -> list[str]:
    """Return the name of each transition, that into the first step included."""
    steps = [step.name for step in context.funnel.steps]
    return [transition("All sessions", steps[0]), *(transition(a, b) for a, b in pairwise(steps))]


def compared_days(context: Context) -> str:
    """Return the compared period as dates."""
    filters = context.compared
    return date_range(filters.date_from, filters.date_to) if filters else ""


def heading(steps: StepChange, mix: MixChange, names: Sequence[str], interval: Interval) -> str:
    """Return which step moved the rate most and how much of it is who visited; no more than chance is said first."""
    low, high = interval
    if steps.total == 0:
        return f"The rate did not move: {rate(steps.after)} in both periods"
    if not is_clear(interval):
        limits = f" ({points(low)} to {points(high)})" if low is not None else ""
        return f"No change beyond chance: {points(steps.total)}{limits}"
    most = max(range(len(names)), key=lambda place: steps.contributions[place] * (1 if steps.total > 0 else -1))
    last = "the last step" if most == len(names) - 1 else names[most].replace(" → ", " to ")
    word = "rise" if steps.total > 0 else "fall"
    first = f"{points(steps.contributions[most])} of the {points(steps.total)} {word} came from {last}"
    if mix.is_simpson:
        return f"{first}, though the groups of visitors moved the other way"
    part = mix.mix / mix.total if mix.total else 0.0
    if 0 <= part <= 1:
        return f"{first}; {share(part)} of it is a change in who visited"
    return f"{first}; who visited made {points(mix.mix)}, how they convert {points(mix.rate)}"


def is_clear(interval: Interval) -> bool:
    """Say whether a change is more than chance: its interval leaves out 0."""
    low, high = interval
    return low is not None and high is not None and not low <= 0 <= high


def note(context: Context, steps: StepChange) -> str:
    """Return the rule, the two rates and the compared dates."""
    return (
        f"From {rate(steps.before)} ({compared_days(context)}) to {rate(steps.after)}. Both splits add up to the "
        f"change, before they are rounded; the line over it is its 95{THIN}% interval. "
        "Who visited and how they convert are told apart over device, visitor type and country; countries with "
        f"under {LEAST} "
        "sessions in a period count as one. The split says where the change lies, not what caused it."
    )


SPLITS = {STEP: "Step", SUM: "Change", MIX: "Mix", RATE: "Rate"}
IN_ALL = {"Change": "all steps", "Who visited": "who visited", "How they convert": "how they convert"}


def twin(parts: pd.DataFrame, groups: pd.DataFrame) -> TableTwin:
    """Return every part as text, and the groups that moved the rate most."""
    rows = [
        (SPLITS[one["split"]], IN_ALL.get(one["part"], one["part"]), _exact(one["change"])) for one in rows_of(parts)
    ]
    for one in rows_of(groups):
        named = [(name, one[name]) for name in DIMENSIONS if isinstance(one[name], str)]
        name = ", ".join(value_words(dimension, value) for dimension, value in named)
        rows.append(("Mix of a group", name, _exact(one["mix"])))
        rows.append(("Rate of a group", name, _exact(one["rate"])))
    return TableTwin(
        "Why conversion changed", ("Split", "Part", "Percentage points"), tuple(rows), (False, False, True)
    )


def _exact(value: float) -> str:
    sign = "+" if value > 0 else MINUS if value < 0 else ""
    return f"{sign}{abs(value) * 100:.4f}{THIN}pp"
