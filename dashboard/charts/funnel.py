"""The funnel by one or two dimensions: aligned step bars, what left at each step, and both periods side by side."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.body import Action, Cell, LegendItem, StepGroup, StepRow, Steps, TableColumn
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.chosen import comparison_note, is_filtered
from dashboard.charts.funnel_rows import (
    BY_TITLE,
    DEVICE,
    NOTHING,
    STEP_TITLE,
    Values,
    action_of,
    chosen_dimensions,
    funnel_needs,
    kept_of,
    label_of,
    look_of,
    merged,
    reach_of,
    rows_from,
    sessions_of,
)
from dashboard.charts.funnel_words import Segments, chosen_of, heading
from dashboard.charts.words import Row, empty_sentence, part_of
from dashboard.format import DASH, THIN, count, date_range, exact, rate, rate_range
from queries.engine import Result
from queries.vocabulary import TITLES

LOG_MIN = 0.001
NOTE = (
    "Bars start at 0 and share one scale: the share of each group's own first step. Reached is cumulative: a later "
    "step implies the earlier ones, so a buyer with three pageviews counts at every step."
)
LOG_NOTE = (
    "On a log scale the length of a bar would mean nothing, so dots with their intervals stand for the shares. Reached "
    "is cumulative: a later step implies the earlier ones."
)


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the funnel of each segment in both periods, whatever is filtered of its dimensions, and all sessions."""
    return funnel_needs(chosen_dimensions(settings))


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return a group of rows per step and a row per segment, with the sentence on the largest leak."""
    dimensions = chosen_dimensions(context.settings)
    reach = reach_of(results[0])
    if not reach:
        return CardState("No sessions to follow", empty=empty_sentence(context))
    kept = kept_of(reach, dimensions, context.filters)
    segments = rows_from(merged(reach, kept), context.funnel)
    earlier = reach_of(results[2])
    before = rows_from(merged(earlier, kept), context.funnel) if earlier else {}
    logarithmic = context.settings.get("scale") == "Log"
    table = table_twin(segments, before, dimensions, context)
    body = Steps(
        caption=table.caption,
        columns=_columns(context, bool(before)),
        groups=[_group(place, segments, before, dimensions, context) for place in range(len(context.funnel.steps))],
        scale="log" if logarithmic else "linear",
        legend=_legend(segments, dimensions, logarithmic, context, bool(before)),
    )
    if logarithmic:
        low = log_start(segments)
        body["log_min"], body["ticks"] = low, log_ticks(low)
    filtered = any(is_filtered(context.filters, name) for name in dimensions)
    beside = comparison_note(context.filters, dimensions) if len(dimensions) > 1 else ""
    outside = "" if filtered else never_entered(segments, sessions_of(results[1]))
    parts = [beside, LOG_NOTE if logarithmic else NOTE, outside]
    if len(kept) < len(reach):
        parts.append(f"The {count(len(reach) - len(kept))} smaller groups stand together as others.")
    return CardState(heading(segments, dimensions, context), " ".join(filter(None, parts)), body=body, table=table)


def never_entered(segments: Segments, sessions: int) -> str:
    """Return how many sessions of the selection reach no step at all: 3 of 10,000 sessions reached no step."""
    outside = sessions - sum(rows[0]["reached"] for rows in segments.values())
    return f"{part_of(outside, sessions)} sessions reached no step." if outside > 0 else ""


def compared_label(context: Context) -> str:
    """Return the compared days as the head of a column."""
    days = context.compared
    return date_range(days.date_from, days.date_to).rsplit(" ", 1)[0] if days else ""


def _columns(context: Context, compares: bool) -> list[TableColumn]:
    before = (
        [TableColumn(label=compared_label(context), align="right", width="84px", hide_narrow=True)] if compares else []
    )
    return [
        TableColumn(label="Share", align="right", width="64px", title="of the first step"),
        TableColumn(label=f"95{THIN}% interval", align="right", width="104px", hide_narrow=True),
        *before,
        TableColumn(label="Went on", align="right", width="72px", hide_narrow=True, title="of the step before"),
        TableColumn(label="Sessions", align="right", width="64px"),
    ]


def _group(
    place: int, segments: Segments, before: Segments, dimensions: tuple[str, ...], context: Context
) -> StepGroup:  # fmt: skip
    step = context.funnel.steps[place]
    group = StepGroup(name=step.name, definition=step.definition, rows=[])
    group["action"], group["title"] = Action(step=step.name), STEP_TITLE.format(step.name)
    group["selected"] = step in (*context.filters.reached[:1], *context.filters.missed[:1])
    chosen = chosen_of(segments, dimensions, context.filters)
    if place:
        left = sum(rows[place - 1]["abandonments"] or 0 for rows in chosen.values())
        group["left"] = f"{count(left)} left before"
    for values, rows in segments.items():
        shown = not chosen or values in chosen
        group["rows"].append(_row(place, values, rows, before.get(values), dimensions, shown, bool(before)))
    return group


def _row(
    place: int, values: Values, rows: Sequence[Row], before: Sequence[Row] | None, dimensions: tuple[str, ...],
    shown: bool, compares: bool,
) -> StepRow:  # fmt: skip
    row, previous = rows[place], rows[place - 1] if place else None
    past = before[place] if before else None
    color, shape = look_of(dimensions, values)
    interval = rate_range(row["share_of_first_low"], row["share_of_first_high"]) if previous else ""
    cells = [Cell(text=rate(row["share_of_first"]), bold=True), Cell(text=interval, tone="muted")]
    if compares:
        cells.append(
            Cell(text=rate(past["share_of_first"]) if past else DASH, tone="muted", title=_past(past, before, place))
        )
    cells += [
        Cell(text=rate(previous["completion_rate"]) if previous else "", tone="muted"),
        Cell(text=count(row["reached"]), title=exact(row["reached"])),
    ]
    step_row = StepRow(
        label=label_of(dimensions, values),
        color=color if shown else "bars",
        shape=shape,
        share=row["share_of_first"],
        low=row["share_of_first_low"],
        high=row["share_of_first_high"],
        cells=cells,
        title=row_title(label_of(dimensions, values), row, previous),
    )
    if action := action_of(dimensions, values):
        step_row["action"] = action
    if previous:
        step_row["left_to"] = previous["share_of_first"]
    if past:
        step_row["before"] = past["share_of_first"]
    return step_row


def _past(past: Row | None, before: Sequence[Row] | None, place: int) -> str:
    if past is None or before is None:
        return "no session in the compared days"
    went_on = f", {rate(before[place - 1]['completion_rate'])} of the step before" if place else ""
    return f"{exact(past['reached'])} reached it in the compared days{went_on}"


def row_title(label: str, row: Row, before: Row | None) -> str:
    """Return the hover text of one bar: who, how many, how many went on and how many left before."""
    text = f"{label}: {exact(row['reached'])} reached {row['step']}"
    if before is None:
        return text
    interval = rate_range(row["share_of_first_low"], row["share_of_first_high"])
    left = part_of(before["abandonments"] or 0, before["reached"])
    return (
        f"{text}, {rate(row['share_of_first'])} of the first step ({interval}). Of those at {before['step']}, "
        f"{rate(before['completion_rate'])} went on and {rate(before['abandonment_rate'])} left ({left})."
    )


def log_start(segments: Segments) -> float:
    """Return the left end of the log scale: 0.1 %, or the decade that still holds the smallest share."""
    shares = [row["share_of_first"] for rows in segments.values() for row in rows if row["share_of_first"]]
    smallest = min(shares, default=LOG_MIN)
    return min(LOG_MIN, 10.0 ** math.floor(math.log10(smallest)))


def log_ticks(low: float) -> list[tuple[float, str]]:
    """Return one tick per decade, with the unit on the last: 0.1, 1, 10, 100 %."""
    decades = round(-math.log10(low))
    ticks = [(10.0**-power, f"{10.0 ** (2 - power):g}") for power in range(decades, 0, -1)]
    return [*ticks, (1.0, f"100{THIN}%")]


def _legend(
    segments: Segments, dimensions: tuple[str, ...], logarithmic: bool, context: Context, compares: bool
) -> list[LegendItem]:  # fmt: skip
    past = [LegendItem(label=compared_label(context), color="previous", shape="line")] if compares else []
    if dimensions != (DEVICE,):
        first = LegendItem(label="reached", color="accent", shape="circle" if logarithmic else "square")
        left = [] if logarithmic else [LegendItem(label="left at this step", color="left-at-step")]
        return [first, *left, *past]
    items = []
    for values in segments:
        color, shape = look_of(dimensions, values)
        label = label_of(dimensions, values)
        if logarithmic:
            items.append(LegendItem(label=label, color=color, shape=shape))
        else:
            items.append(LegendItem(label=f"{label}, reached", color=color))
    return [*items, *([] if logarithmic else [LegendItem(label="left at this step", color="left-at-step")]), *past]


def table_twin(segments: Segments, before: Segments, dimensions: tuple[str, ...], context: Context) -> TableTwin:
    """Return every count and rate as text, per step and segment, with those of the compared period if there is one."""
    lines = []
    for place in range(len(next(iter(segments.values())))):
        for values, steps in segments.items():
            row = steps[place]
            line = [
                row["step"],
                label_of(dimensions, values),
                exact(row["reached"]),
                rate(row["share_of_first"]),
                rate_range(row["share_of_first_low"], row["share_of_first_high"]),
                rate(row["completion_rate"]),
                exact(row["abandonments"]),
                rate(row["abandonment_rate"]),
            ]
            if before:
                past = before[values][place] if values in before else None
                line += [exact(past["reached"]), rate(past["share_of_first"])] if past else [DASH, DASH]
                line.append(rate(past["completion_rate"]) if past else DASH)
            lines.append(tuple(line))
    name = " and ".join(TITLES[name].lower() for name in dimensions)
    headers = ["Step", name[0].upper() + name[1:], "Reached", "Share of first", f"95{THIN}% interval"]
    headers += ["Completion", "Left", "Abandonment"]
    if before:
        headers += [f"{what}, {compared_label(context)}" for what in ("Reached", "Share", "Completion")]
    return TableTwin(f"Funnel by {name}", tuple(headers), tuple(lines), (False, False, *(True,) * (len(headers) - 2)))


CHART = Card(
    "funnel",
    "Reached, share of each group's sessions",
    needs,
    update,
    renderer="steps",
    settings={
        "by": (tuple(BY_TITLE), TITLES[DEVICE]),
        "and": ((NOTHING, *BY_TITLE), NOTHING),
        "scale": (("Linear", "Log"), "Linear"),
    },
    span=12,
    height=480,
)
