"""Who leaves against who goes on: values that one group has more of than the other, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.body import Action, Cell, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.segments import FOLLOWING, single_words, value_words
from dashboard.charts.words import FEW_SESSIONS, empty_sentence, leaving, part_of, transition
from dashboard.format import THIN, count, exact, points, rate, share
from queries.changes import difference_interval
from queries.engine import Result
from queries.funnel import Funnel
from queries.vocabulary import DIMENSIONS, NOT_SET

SURE = 3.29
"""A value is only listed when the 99.9 % interval of its difference leaves 0: many values are looked at."""
SHOWN = 8
STEPS = ("Last", "Largest", "First")
NOTE = (
    f"Share of each group with the value, and the difference with its 95{THIN}% interval. Listed are values whose "
    f"99.9{THIN}% "
    "interval leaves 0, the largest difference first. A value that leavers have more of need not be why they leave."
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

    def interval(self, z: float = 1.96) -> tuple[float, float]:
        """Return the interval of the difference (Newcombe)."""
        low, high = difference_interval((self.all_left, self.left), (self.all_on, self.on), z)
        return low or 0.0, high or 0.0


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the funnel by every dimension, and for that of all sessions."""
    return Need("funnel"), *(Need("funnel", by=name) for name in DIMENSIONS)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the values that set the two groups apart."""
    steps = results[0].rows
    if not steps or not (steps[0]["reached"] or context.filters.is_empty):
        return CardState("No sessions to compare", empty=empty_sentence(context))
    place = place_of([row["reached"] for row in steps], context.settings.get("step", ""))
    left, on = steps[place]["abandonments"], steps[place + 1]["reached"]
    names = transition(context.funnel.steps[place].name, context.funnel.steps[place + 1].name)
    if min(left, on) < FEW_SESSIONS:
        heading = f"Too few to compare: {count(left)} left and {count(on)} went on"
        return CardState(heading, f"{names}. {NOTE}", body=_body([], left, on), table=_twin([], left, on))
    found = contrasts(results[1:], place, left, on)
    apart = [one for one in found if not one.interval(SURE)[0] <= 0 <= one.interval(SURE)[1]][:SHOWN]
    return CardState(
        heading_of(apart, place, context.funnel),
        f"{names}. {NOTE}",
        body=_body(apart, left, on),
        table=_twin(found, left, on),
    )


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
    for dimension, result in zip(DIMENSIONS, results, strict=True):
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


CHART = Card(
    "leavers",
    "Who leaves against who goes on",
    needs,
    update,
    renderer="rows",
    settings={"step": (STEPS, "Last")},
    span=6,
    height=300,
    slow=True,
)
