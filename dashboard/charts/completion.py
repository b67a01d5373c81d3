"""Completion of each step, split as the funnel is: a panel a transition, a dot with its 95 % interval a value."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dashboard.body import Extras, LegendItem
from dashboard.cards import Card, CardState, Context, Need, TableTwin

figures: Any = None
from dashboard.charts.chosen import passes, plural_of
from dashboard.charts.completion_figure import ABOVE, LEFT, PANELS, panel_name
from dashboard.charts.completion_words import compared_words, heading, verdict
from dashboard.charts.funnel import compared_label
from dashboard.charts.funnel_rows import (
    DEVICE,
    chosen_dimensions,
    kept_of,
    label_of,
    look_of,
    merged,
    reach_of,
    rows_from,
)
from dashboard.charts.words import FEW_SESSIONS, Row, empty_sentence, enough, part_of, transition
from dashboard.format import DASH, THIN, count, exact, plural, rate, rate_range
from queries.engine import Result
from queries.pivot import OTHERS
from queries.vocabulary import TITLES

FADED = 0.45
BELOW = -0.3
"""How far below its value the compared mark stands, in parts of a line."""
ROOM = 0.05
"""So much of the scale is left free at both its ends, where a mark at 0 or at the last tick has its other half."""
LINE, LETTER, LONGEST = 38, 6.5, 16
"""Pixels of a value's line and of a letter, and the letters of a name beside a panel."""
NOTE = (
    f"Share of the sessions at a step that went on to the next, with 95{THIN}% intervals; each panel has its own scale "
    f"from 0. {{}} with fewer than {FEW_SESSIONS} sessions at a step are faded and never named."
)
Values = Mapping[str, Sequence[Row]]
"""The funnel of each value that is shown, by the value."""


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the funnel of each value in both periods, whatever value is filtered: of the dimension by which the
    funnel card is split, the first one where there are two.
    """
    by = chosen_dimensions(settings)[0]
    every = Need("funnel", by=by, shows=by, shows_steps=True)
    return every, replace(every, compared=True)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return a panel per transition of the funnel, the rest of the panels hidden."""
    by, reach, earlier = chosen_dimensions(context.settings)[0], reach_of(results[0]), reach_of(results[1])
    if not reach:
        return CardState("No sessions to follow", empty=empty_sentence(context))
    kept = kept_of(reach, (by,), context.filters)
    more = len(reach) - len(kept)
    of = compared_words(more, context, by)
    held, before = (
        {values[0]: rows for values, rows in rows_from(merged(part, kept), context.funnel).items()} if part else {}
        for part in (reach, earlier)
    )
    named = {value: rows for value, rows in held.items() if value != OTHERS}
    labels = short_labels([label_of((by,), (value,)) for value in held])
    sources: dict[str, Mapping[str, Sequence[Any]]] = {}
    models: dict[str, Mapping[str, Any]] = {}
    steps = context.funnel.steps
    for place in range(PANELS):
        name = panel_name(place)
        shown = place < len(steps) - 1
        models[name] = {"visible": shown, **size_of(labels)}
        if not shown:
            continue
        rows = [part[place] for part in held.values()]
        past = {value: part[place] for value, part in before.items() if value in held}
        ticks, words = figures.rate_ticks(scale_end([*rows, *past.values()]))
        end = (1 + ROOM) * ticks[-1]
        said = verdict([part[place] for part in named.values()], "completion_rate", "reached", by, of)
        aside = {"offset": -models[name]["min_border_left"]}
        models[f"{name}-title"] = {"text": transition(steps[place].name, steps[place + 1].name), **aside}
        models[f"{name}-verdict"] = {"text": said, **aside}
        models[f"{name}-x"] = {"start": -ROOM * ticks[-1], "end": end}
        models[f"{name}-y"] = {"factors": labels[::-1]}
        models.update(figures.tick_models(f"{name}-x", ticks, words))
        lines = dict(zip(held, labels, strict=True))
        sources[f"{name}-devices"] = columns(rows, end, context, past, by, lines)
        sources[f"{name}-before"] = before_columns(past, end, by, lines)
    return CardState(
        heading(named, context, by, of),
        note(context, bool(before), more),
        sources=sources,
        models=models,
        body=Extras(legend=_legend(list(held), context, bool(before), by)),
        table=table_twin(held, before, context, by),
    )


def short_labels(labels: Sequence[str]) -> list[str]:
    """Return names that fit beside a panel, their middle left out where they are long; no two are the same."""
    half = LONGEST // 2
    short = [each if len(each) <= LONGEST else f"{each[: half - 1]}…{each[-half:]}" for each in labels]
    return [f"{place + 1} {each[-LONGEST:]}" if short.count(each) > 1 else each for place, each in enumerate(short)]


def size_of(labels: Sequence[str]) -> dict[str, int]:
    """Return the size of a panel that so many values with such names need."""
    left = max(LEFT, round(LETTER * max(map(len, labels))) + 8)
    return {"height": ABOVE + 30 + LINE * max(len(labels), 3), "min_border_left": left, "min_width": 192 + left}


def note(context: Context, compares: bool, more: int = 0) -> str:
    """Return how the panels are read, by what they are split, and the compared days where there are any."""
    dimensions = chosen_dimensions(context.settings)
    values = plural_of(dimensions[0])
    parts = [NOTE.format(f"{values[0].upper()}{values[1:]}")]
    if dimensions != (DEVICE,):
        word = TITLES[dimensions[0]].lower()
        both = ", the first of its two dimensions" if len(dimensions) > 1 else ""
        parts.append(f"Split as the funnel above is: by {word}{both}.")
    if more:
        parts.append(f"The {plural(more, 'smaller one stands', 'smaller ones stand')} together as others.")
    if compares:
        parts.append(f"Hollow and grey: {compared_label(context)}.")
    return " ".join(parts)


def before_columns(past: Mapping[str, Row], end: float, by: str, lines: Mapping[str, str]) -> dict[str, list[Any]]:
    """Return the hollow marks of the compared period, a little below those shown; none for values too few then."""
    held = {value: row for value, row in past.items() if enough(row, "completion_rate", "reached")}
    return {
        "completion_rate": [row["completion_rate"] for row in held.values()],
        "device": [[lines[value], BELOW] for value in held],
        "low": [row["completion_rate_low"] for row in held.values()],
        "high": [min(row["completion_rate_high"], end) for row in held.values()],
        "marker": [look_of((by,), (value,))[1] for value in held],
        "title": [f"Before. {title(row, by)}" for row in held.values()],
    }


def scale_end(rows: Sequence[Row]) -> float:
    """Return the rate that the panel's scale must hold: every rate, and the intervals of values large enough.

    Where none is large enough, it holds the intervals of all.
    """
    known = [row for row in rows if row["completion_rate"] is not None]
    large = [row for row in known if enough(row, "completion_rate", "reached")] or known
    ends = [row["completion_rate_high"] for row in large] + [row["completion_rate"] for row in known]
    return max(ends, default=1.0) or 0.01


def columns(
    rows: Sequence[Row], end: float, context: Context, past: Mapping[str, Row], by: str, lines: Mapping[str, str]
) -> dict[str, list[Any]]:
    """Return one mark per value: rate, interval, colour, shape, the words at the right and the hover text."""
    looks = [look_of((by,), (row["segment"],)) for row in rows]
    return {
        "completion_rate": [row["completion_rate"] for row in rows],
        "device": [lines[row["segment"]] for row in rows],
        "dimension": [by] * len(rows),
        "value": [None if row["segment"] == OTHERS else row["segment"] for row in rows],
        "low": [row["completion_rate_low"] for row in rows],
        "high": [None if row["completion_rate"] is None else min(row["completion_rate_high"], end) for row in rows],
        "end": [end] * len(rows),
        "color": [
            f"${color if passes(context.filters, by, row['segment']) else 'previous'}"
            for row, (color, _) in zip(rows, looks, strict=True)
        ],
        "marker": [shape for _, shape in looks],
        "alpha": [1.0 if enough(row, "completion_rate", "reached") else FADED for row in rows],
        "label": [rate(row["completion_rate"]) for row in rows],
        "counts": [counts(row, past.get(row["segment"])) for row in rows],
        "title": [title(row, by) for row in rows],
    }


def counts(row: Row, past: Row | None = None) -> str:
    """Return what is written under a rate: how many left, how few there are, or the rate before: 388 left, n 26."""
    if not enough(row, "completion_rate", "reached"):
        return f"n {count(row['reached'])}"
    if past is None:
        return f"{count(row['abandonments'])} left"
    return (
        rate(past["completion_rate"]) if enough(past, "completion_rate", "reached") else f"n {count(past['reached'])}"
    )


def title(row: Row, by: str = DEVICE) -> str:
    """Return the hover text of a value: who went on, who left, of how many, with the interval."""
    name = label_of((by,), (row["segment"],))
    if row["completion_rate"] is None:
        return f"{name}: no session at {row['step']}"
    interval = rate_range(row["completion_rate_low"], row["completion_rate_high"])
    on = row["reached"] - row["abandonments"]
    few = "; too few to say" * (not enough(row, "completion_rate", "reached"))
    return (
        f"{name}: {rate(row['completion_rate'])} went on ({interval}), "
        f"{part_of(on, row['reached'])}; {rate(row['abandonment_rate'])} left ({exact(row['abandonments'])}){few}"
    )


def _legend(values: Sequence[str], context: Context, compares: bool, by: str) -> list[LegendItem]:
    past = [LegendItem(label=compared_label(context), color="previous", shape="outline")] if compares else []
    looks = {value: look_of((by,), (value,)) for value in values} if by == DEVICE else {}
    shown = [
        LegendItem(label=label_of((by,), (value,)), color=color, shape=shape)
        for value, (color, shape) in looks.items()
    ]  # fmt: skip
    return [*shown, *past]


def table_twin(held: Values, before: Values, context: Context, by: str = DEVICE) -> TableTwin:
    """Return completion and abandonment of every transition and value, with the completion before if compared."""
    steps = context.funnel.steps
    lines = []
    for place in range(len(steps) - 1):
        for value, rows in held.items():
            row = rows[place]
            line = [
                transition(steps[place].name, steps[place + 1].name),
                label_of((by,), (value,)),
                exact(row["reached"]),
                exact(row["reached"] - row["abandonments"]),
                rate(row["completion_rate"]),
                rate_range(row["completion_rate_low"], row["completion_rate_high"]),
                exact(row["abandonments"]),
                rate(row["abandonment_rate"]),
            ]
            if before:
                past = before[value][place] if value in before else None
                line += [exact(past["reached"]), rate(past["completion_rate"])] if past else [DASH, DASH]
            lines.append(tuple(line))
    headers = ["Step", TITLES[by], "Reached", "Went on", "Completion", f"95{THIN}% interval", "Left", "Abandonment"]
    if before:
        headers += [f"{what}, {compared_label(context)}" for what in ("Reached", "Completion")]
    numeric = (False, False, *(True,) * (len(headers) - 2))
    return TableTwin(f"Completion by step and {TITLES[by].lower()}", tuple(headers), tuple(lines), numeric)


CHART = Card("completion", "Completion of each step", needs, update, renderer='rows', span=12, height=190, follows="funnel")
