"""Why conversion changed: what each step added, and how much is who visited and how they convert; both add up."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.segments import value_words
from dashboard.charts.words import Row, empty_sentence, transition
from dashboard.findings import Contribution, Contributions, Nothing, Tag
from dashboard.format import MINUS, THIN, date_range, day, points, rate, share
from queries.changes import Counts, MixChange, StepChange, difference_interval, merged_small, mix_change, step_change
from queries.engine import Result

LEAST = 100
"""Countries with fewer sessions than this in either period are put together before mix and rate are told apart."""
DIMENSIONS = ("device_category", "visitor_type", "country")
MOST_SEGMENTS = 10


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for sessions, funnel and cells of both periods."""
    metrics = ("overview", "funnel", "change_cells")
    return tuple(Need(metric, compared=compared) for compared in (False, True) for metric in metrics)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the parts of the change, or what is needed to see one."""
    shown, compared = [result.rows for result in results[:3]], [result.rows for result in results[3:]]
    if not shown[0] or not shown[0][0]["sessions"]:
        return CardState("No sessions to compare", empty=empty_sentence(context))
    if context.compared is None:
        return CardState("Nothing is compared", body={"nothing": not_compared(context)})
    if not compared[0] or not compared[0][0]["sessions"]:
        return _nothing(
            "No sessions in the compared days", f"No session passes the filters in {compared_days(context)}."
        )
    steps = step_change(counts_of(compared), counts_of(shown))
    mix = mix_of(compared[2], shown[2])
    if steps is None or mix is None:
        return _nothing("Too few to say", "A period without sessions has no rate to compare.")
    names = names_of(context)
    ends = (_ends(compared[0][0]), _ends(shown[0][0])) if is_order(context) else (_reach(compared), _reach(shown))
    interval = difference_interval(*ends)
    body = body_of(steps, mix, names, is_clear(interval))
    return CardState(
        heading(steps, mix, names, interval), note(context, steps), body=body, table=twin(steps, mix, names)
    )


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


def heading(
    steps: StepChange, mix: MixChange, names: Sequence[str], interval: tuple[float | None, float | None]
) -> str:
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


def is_clear(interval: tuple[float | None, float | None]) -> bool:
    """Say whether a change is more than chance: its interval leaves out 0."""
    low, high = interval
    return low is not None and high is not None and not low <= 0 <= high


def body_of(steps: StepChange, mix: MixChange, names: Sequence[str], clear: bool = True) -> Contributions:
    """Return the waterfall of the steps with its sum, and below it that of mix and rate; grey where all is chance."""
    sums = [0.0, *accumulate(steps.contributions)]
    every = [*sums, mix.mix, 0.0, steps.total]
    low, high = min(every), max(every)
    room = (high - low or 1e-9) * 1.3
    place = lambda value: (value - low) / room  # noqa: E731 - one scale, used four times below
    waterfall = [
        _part(name, place(sums[number]), place(sums[number + 1]), steps.contributions[number])
        for number, name in enumerate(names)
    ]
    waterfall.append(_part("Change", place(0.0), place(steps.total), steps.total) | {"total": True})
    for part in waterfall if not clear else ():
        part["color"] = "bars"
    groups = [
        Contribution(label="Who visited", start=place(0.0), end=place(mix.mix), text=points(mix.mix), color="bars"),
        Contribution(
            label="How they convert",
            start=place(mix.mix),
            end=place(mix.mix + mix.rate),
            text=points(mix.rate),
            color="bars",
        ),
    ]
    body = Contributions(
        caption="What the change of the conversion rate is made of", zero=place(0.0), groups=[waterfall, groups]
    )
    if mix.is_simpson:
        body["tags"] = [Tag(label="The total moved against its groups", look="warn", icon="warn")]
    return body


def _part(label: str, start: float, end: float, change: float) -> Contribution:
    return Contribution(
        label=label, start=start, end=end, text=points(change), color="loss" if change < 0 else "accent"
    )


def note(context: Context, steps: StepChange) -> str:
    """Return the rule, the two rates and the compared dates."""
    return (
        f"From {rate(steps.before)} ({compared_days(context)}) to {rate(steps.after)}. Both splits add up to the "
        "change, before they are rounded. "
        "Who visited and how they convert are told apart over device, visitor type and country; countries with "
        f"under {LEAST} "
        "sessions in a period count as one. The split says where the change lies, not what caused it."
    )


def twin(steps: StepChange, mix: MixChange, names: Sequence[str]) -> TableTwin:
    """Return every part as text, and the segments that moved the rate most."""
    rows = [("Step", name, _exact(part)) for name, part in zip(names, steps.contributions, strict=True)]
    rows += [("Change", "all steps", _exact(steps.total)), ("Mix", "who visited", _exact(mix.mix))]
    rows.append(("Rate", "how they convert", _exact(mix.rate)))
    largest = sorted(mix.segments, key=lambda segment: -abs(segment.mix + segment.rate))[:MOST_SEGMENTS]
    for segment in largest:
        values = zip(DIMENSIONS, segment.segment, strict=True) if isinstance(segment.segment, tuple) else ()
        name = ", ".join(value_words(dimension, str(value)) for dimension, value in values)
        rows.append(("Mix of a group", name, _exact(segment.mix)))
        rows.append(("Rate of a group", name, _exact(segment.rate)))
    return TableTwin(
        "Why conversion changed", ("Split", "Part", "Percentage points"), tuple(rows), (False, False, True)
    )


def _exact(value: float) -> str:
    sign = "+" if value > 0 else MINUS if value < 0 else ""
    return f"{sign}{abs(value) * 100:.4f}{THIN}pp"


def _nothing(heading: str, text: str) -> CardState:
    return CardState(heading, body={"nothing": Nothing(icon="clock", text=text)})


CHART = Card("why", "Why conversion changed", needs, update, renderer="contributions", span=7, height=230, slow=True)
