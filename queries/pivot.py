"""Count sessions by two dimensions and by the step they reached: what a pivot and a funnel of two dimensions show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlglot import exp

from queries.compose import STATEMENTS, Counts, Question, Shape, filter_values, sessions_relation
from queries.engine import Cancel, Engine, Result
from queries.filters import Filters, check_dimension
from queries.funnel import Funnel
from queries.statistics import Share, larger_than_chance

Values = tuple[str, ...]
OTHERS = "(other)"


@dataclass(frozen=True, slots=True)
class Group:
    """Hold one combination of values: its sessions, those converted, their revenue, and what reached each step."""

    sessions: int
    conversions: int
    revenue: float
    reached: tuple[int, ...]

    def __add__(self, other: "Group") -> "Group":
        """Return both together."""
        reached = tuple(a + b for a, b in zip(self.reached, other.reached, strict=True))
        return Group(
            self.sessions + other.sessions, self.conversions + other.conversions, self.revenue + other.revenue, reached
        )


def compose_pivot(dimensions: Sequence[str], filters: Filters, funnel: Funnel) -> Question:
    """Return the statement: one row per combination of values and deepest step, with its counts."""
    chosen = tuple(check_dimension(name) for name in dimensions)
    sql, values = _statement(chosen, Shape.of(filters), funnel)
    counts = Counts(frozenset({*chosen, "step", "revenue"}), funnel)
    return Question(sql, {**values, **filter_values(filters)}, counts)


@lru_cache(STATEMENTS)
def _statement(chosen: tuple[str, ...], shape: Shape, funnel: Funnel) -> tuple[str, Mapping[str, Any]]:
    sessions, values = sessions_relation({*chosen, "step", "revenue"}, shape, funnel)
    sums = [exp.alias_(exp.Sum(this=exp.column(name)), name) for name in ("sessions", "conversions")] + [
        exp.alias_(exp.cast(exp.Sum(this=exp.column("revenue")), "double"), "revenue")
    ]
    statement = (
        exp.select(*chosen, "step", *sums)
        .from_("sessions")
        .group_by(*chosen, "step")
        .order_by(*chosen, "step")
        .with_("sessions", as_=sessions)
    )
    return statement.sql(dialect="duckdb", pretty=True), values


def ask_pivot(
    engine: Engine, dimensions: Sequence[str], filters: Filters, funnel: Funnel, cancel: Cancel | None = None
) -> tuple[dict[Values, Group], Result]:
    """Return the groups by their values, and the same as a result to show and save.

    Raises FilterError for a name that is no dimension, QueryError when the database fails, Cancelled when interrupted.
    """
    question = compose_pivot(dimensions, filters, funnel)
    columns = engine.arrays("pivot", question, filters, cancel)
    names = [[str(value) for value in columns[name]] for name in dimensions]
    groups: dict[Values, Group] = {}
    counts = zip(columns["step"], columns["sessions"], columns["conversions"], columns["revenue"], strict=True)
    for values, (step, sessions, conversions, revenue) in zip(zip(*names, strict=True), counts, strict=True):
        reached = tuple(int(sessions) if step >= place else 0 for place in range(1, len(funnel.steps) + 1))
        group = Group(int(sessions), int(conversions), float(revenue or 0), reached)
        groups[values] = groups[values] + group if values in groups else group
    rows = [
        {
            **dict(zip(dimensions, values, strict=True)),
            "sessions": group.sessions,
            "conversions": group.conversions,
            "revenue": group.revenue,
            **{f"reached_{place}": count for place, count in enumerate(group.reached, start=1)},
        }
        for values, group in sorted(groups.items(), key=lambda item: (-item[1].sessions, item[0]))
    ]
    return groups, Result("pivot", rows, question.sql, question.parameters, engine.snapshot.version, filters)


def cut(groups: Mapping[Values, Group], most: Sequence[int]) -> dict[Values, Group]:
    """Return the groups with each dimension cut to its so many largest values, the others together as "(other)"."""
    kept: list[set[str]] = []
    for place, number in enumerate(most):
        totals: dict[str, int] = {}
        for values, group in groups.items():
            totals[values[place]] = totals.get(values[place], 0) + group.sessions
        kept.append(set(sorted(totals, key=lambda value: (-totals[value], value))[:number]))
    merged: dict[Values, Group] = {}
    for values, group in groups.items():
        key = tuple(value if value in kept[place] else OTHERS for place, value in enumerate(values))
        merged[key] = merged[key] + group if key in merged else group
    return merged


def margin(groups: Mapping[Values, Group], place: int) -> dict[str, Group]:
    """Return the groups of one dimension alone, largest first."""
    sums: dict[str, Group] = {}
    for values, group in groups.items():
        sums[values[place]] = sums[values[place]] + group if values[place] in sums else group
    return dict(sorted(sums.items(), key=lambda item: (item[0] == OTHERS, -item[1].sessions, item[0])))


@dataclass(frozen=True, slots=True)
class Against:
    """Hold in which rows one column converts below or above another by more than chance, and in which none can say.

    `close` are rows whose difference may be chance, `few` those with less than one expected order in a cell,
    `lacking` those without a session in one of the two.
    """

    column: str
    reference: str
    below: tuple[str, ...]
    above: tuple[str, ...]
    close: tuple[str, ...]
    few: tuple[str, ...]
    lacking: tuple[str, ...] = ()

    @property
    def judged(self) -> int:
        """Return the number of rows with orders enough to compare."""
        return len(self.below) + len(self.above) + len(self.close)


def against(pairs: Mapping[Values, Group], column: str, reference: str) -> Against:
    """Return how one column compares with another, row by row; what stands together as "(other)" is left out.

    A difference is more than chance when so many rows do not differ so by chance.
    """
    found: dict[str, list[str]] = {"below": [], "above": [], "close": [], "few": [], "lacking": []}
    judged: dict[str, tuple[Share, Share]] = {}
    for row in dict.fromkeys(row for row, _ in pairs if row != OTHERS):
        own, other = pairs.get((row, column)), pairs.get((row, reference))
        if not own or not other:
            found["lacking"].append(row)
        elif _are_few(own, other):
            found["few"].append(row)
        else:
            judged[row] = (own.conversions, own.sessions), (other.conversions, other.sessions)
    sure = larger_than_chance(list(judged.values()))
    for (row, ((part, whole), (beside, rest))), call in zip(judged.items(), sure, strict=True):
        found[("below" if part * rest < beside * whole else "above") if call else "close"].append(row)
    return Against(column, reference, **{name: tuple(rows) for name, rows in found.items()})


def _are_few(own: Group, other: Group) -> bool:
    """Say whether less than one order is expected in one of two cells."""
    together = own + other
    return min(own.sessions, other.sessions) * together.conversions < together.sessions
