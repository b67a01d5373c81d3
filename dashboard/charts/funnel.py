"""The funnel by device: aligned step bars, what left at each step, and every rate with its counts."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.body import Action, Cell, LegendItem, StepGroup, StepRow, Steps, TableColumn
from dashboard.chart import CardState, Chart, Context, Need, TableTwin
from dashboard.charts.words import (
    Row,
    by_segment,
    device_color,
    device_label,
    device_shape,
    empty_sentence,
    enough,
    leaving,
    part_of,
    sessions_at,
    step_goal,
)
from dashboard.format import THIN, count, exact, rate, rate_range, share
from queries.engine import Result

DEVICE = "device_category"
LOG_MIN = 0.001
NOTE = (
    "Bars start at 0 and share one scale: the share of each device's own first step. Reached is cumulative: a later "
    "step implies the earlier ones, so a buyer with three pageviews counts at every step."
)
LOG_NOTE = (
    "On a log scale the length of a bar would mean nothing, so dots with their intervals stand for the shares. Reached "
    "is cumulative: a later step implies the earlier ones."
)


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the funnel of each device, whatever device is filtered, and for all sessions of the same selection."""
    return Need("funnel", by=DEVICE, shows=DEVICE), Need("overview", shows=DEVICE)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return a group of rows per step and a row per device, with the sentence on the largest leak."""
    devices = by_segment(results[0].rows)
    if not devices:
        return CardState("No sessions to follow", empty=empty_sentence(context))
    logarithmic = context.settings.get("scale") == "Log"
    table = table_twin(devices)
    body = Steps(
        caption=table.caption,
        columns=[
            TableColumn(label="Share", align="right", width="64px"),
            TableColumn(label=f"95{THIN}% interval", align="right", width="104px", hide_narrow=True),
            TableColumn(label="Went on", align="right", width="72px", hide_narrow=True, title="of the step before"),
            TableColumn(label="Sessions", align="right", width="64px"),
        ],
        groups=[_group(position, devices, context) for position in range(len(context.funnel.steps))],
        scale="log" if logarithmic else "linear",
        legend=_legend(devices, logarithmic),
    )
    if logarithmic:
        low = log_start(devices)
        body["log_min"], body["ticks"] = low, log_ticks(low)
    note = f"{LOG_NOTE if logarithmic else NOTE} {never_entered(devices, results[1].rows)}".strip()
    return CardState(heading(devices, context), note, body=body, table=table)


def heading(devices: Mapping[str, Sequence[Row]], context: Context) -> str:
    """Return the largest leak with its size, over all devices and for those large enough to name.

    83 % of sessions never reach a fifth page: 81 % on desktop, 86 % on mobile.
    """
    totals = [sum(row["reached"] for row in rows) for rows in zip(*devices.values(), strict=True)]
    losses = [before - after for before, after in itertools.pairwise(totals)]
    if not totals[0]:
        return f"No session reached {step_goal(context.funnel.steps[0])}"
    if not any(losses):
        return f"Every session that reached {step_goal(context.funnel.steps[0])} went on to the end"
    place = losses.index(max(losses))
    here, following = context.funnel.steps[place], context.funnel.steps[place + 1]
    named = [
        f"{share(rows[place]['abandonment_rate'])} on {device}"
        for device, rows in devices.items()
        if enough(rows[place], "abandonment_rate", "reached")
    ]
    size = share(losses[place] / totals[place])
    what = f"never reach {step_goal(following)}" if place == 0 else leaving(following)
    sentence = f"{size} of {sessions_at(here)} {what}"
    if totals[place] == 1:
        return f"The only {sessions_at(here)[:-1]} did not reach {step_goal(following)}: too few to say"
    if len(devices) == 1:
        return f"{sentence} ({part_of(losses[place], totals[place])})"
    if not named:
        return f"{sentence} ({part_of(losses[place], totals[place])}): too few on each device to compare"
    return f"{sentence}: {', '.join(named[:2])}"


def never_entered(devices: Mapping[str, Sequence[Row]], totals: Sequence[Row]) -> str:
    """Return how many sessions of the selection reach no step at all: 3 of 10,000 sessions reached no step."""
    entered = sum(rows[0]["reached"] for rows in devices.values())
    sessions = totals[0]["sessions"] if totals else entered
    outside = sessions - entered
    return f"{part_of(outside, sessions)} sessions reached no step." if outside > 0 else ""


def _group(position: int, devices: Mapping[str, Sequence[Row]], context: Context) -> StepGroup:
    step = context.funnel.steps[position]
    group = StepGroup(name=step.name, definition=step.definition, rows=[])
    if position:
        left = sum(rows[position - 1]["abandonments"] or 0 for rows in devices.values())
        group["left"] = f"{count(left)} left before"
    chosen = context.filters.values(DEVICE)
    for device, rows in devices.items():
        group["rows"].append(_row(device, position, rows, not chosen or device in chosen))
    return group


def _row(device: str, position: int, rows: Sequence[Row], shown: bool) -> StepRow:
    row = rows[position]
    before = rows[position - 1] if position else None
    interval = rate_range(row["share_of_first_low"], row["share_of_first_high"]) if before else ""
    went_on = rate(before["completion_rate"]) if before else ""
    step_row = StepRow(
        label=device_label(device),
        color=device_color(device) if shown else "bars",
        shape=device_shape(device),
        share=row["share_of_first"],
        low=row["share_of_first_low"],
        high=row["share_of_first_high"],
        cells=[
            Cell(text=rate(row["share_of_first"]), bold=True),
            Cell(text=interval, tone="muted"),
            Cell(text=went_on, tone="muted"),
            Cell(text=count(row["reached"]), title=exact(row["reached"])),
        ],
        action=Action(dimension=DEVICE, value=device),
        title=row_title(device, row, before),
    )
    if before:
        step_row["left_to"] = before["share_of_first"]
    return step_row


def row_title(device: str, row: Row, before: Row | None) -> str:
    """Return the hover text of one bar: who, how many, how many went on and how many left before."""
    text = f"{device_label(device)}: {exact(row['reached'])} reached {row['step']}"
    if before is None:
        return text
    interval = rate_range(row["share_of_first_low"], row["share_of_first_high"])
    left = part_of(before["abandonments"] or 0, before["reached"])
    return (
        f"{text}, {rate(row['share_of_first'])} of the first step ({interval}). Of those at {before['step']}, "
        f"{rate(before['completion_rate'])} went on and {rate(before['abandonment_rate'])} left ({left})."
    )


def log_start(devices: Mapping[str, Sequence[Row]]) -> float:
    """Return the left end of the log scale: 0.1 %, or the decade that still holds the smallest share."""
    shares = [row["share_of_first"] for rows in devices.values() for row in rows if row["share_of_first"]]
    smallest = min(shares, default=LOG_MIN)
    return min(LOG_MIN, 10.0 ** math.floor(math.log10(smallest)))


def log_ticks(low: float) -> list[tuple[float, str]]:
    """Return one tick per decade, with the unit on the last: 0.1, 1, 10, 100 %."""
    decades = round(-math.log10(low))
    ticks = [(10.0**-power, f"{10.0 ** (2 - power):g}") for power in range(decades, 0, -1)]
    return [*ticks, (1.0, f"100{THIN}%")]


def _legend(devices: Mapping[str, Sequence[Row]], logarithmic: bool) -> list[LegendItem]:
    if logarithmic:
        return [
            LegendItem(label=device_label(device), color=device_color(device), shape=device_shape(device))
            for device in devices
        ]
    return [
        *(LegendItem(label=f"{device_label(device)}, reached", color=device_color(device)) for device in devices),
        LegendItem(label="left at this step", color="left-at-step"),
    ]


def table_twin(devices: Mapping[str, Sequence[Row]]) -> TableTwin:
    """Return every count and rate as text: reached, share, interval, went on, left, per step and device."""
    rows = tuple(
        (
            row["step"],
            device_label(device),
            exact(row["reached"]),
            rate(row["share_of_first"]),
            rate_range(row["share_of_first_low"], row["share_of_first_high"]),
            rate(row["completion_rate"]),
            exact(row["abandonments"]),
            rate(row["abandonment_rate"]),
        )
        for position in range(len(next(iter(devices.values()))))
        for device, steps in devices.items()
        for row in (steps[position],)
    )
    headers = ("Step", "Device", "Reached", "Share of first", "95\u202f% interval", "Completion", "Left", "Abandonment")
    return TableTwin("Funnel by device", headers, rows, (False, False, *(True,) * 6))


CHART = Chart(
    "funnel",
    "Reached, share of each device's sessions",
    needs,
    update,
    renderer="steps",
    settings={"scale": (("Linear", "Log"), "Linear")},
    span=12,
    height=480,
)
