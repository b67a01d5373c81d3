"""The table of sources (or channels, or campaigns) by device: volume, days, rate with interval, coloured cells."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from dashboard.body import Action, Cell, LegendItem, Span, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.checks import NEED as CHECKS
from dashboard.charts.chosen import is_filtered, passes
from dashboard.charts.source_cells import cells_of, with_chosen
from dashboard.charts.source_days import breaks_of, day_strip, sessions_by_day, way_out_of
from dashboard.charts.source_words import chosen_heading, heading
from dashboard.charts.words import Row, device_label, device_place, empty_sentence, part_of
from dashboard.charts.words import days_of as shown_days
from dashboard.format import DASH, THIN, count, date_range, exact, expected, money, plural, rate, rate_range
from queries.compose import EVERYTHING
from queries.engine import Result
from queries.judged import found_of, judged_pivot
from queries.vocabulary import TITLES

SOURCE, DEVICE = "source", "device_category"
CLASS_BREAKS = (0.45, 0.65, 0.87, 1.15, 1.6, 2.4)
CLASS_LABELS = ("÷ 2 or less", "÷ 1.5", "below", "near", "above", "× 1.6", "× 2.4 or more")
PALE = (2, 4)
"""The first and last class that a cell may have whose interval holds the mean: below, near, above."""
SCALES = (0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.4, 0.6, 1.0)
NOTE = (
    "Sorted by sessions; sources without an order are kept. The text is the rate as counted; the colour compares it "
    "with the mean of all sources, cautiously: small counts are drawn towards the mean, and a cell whose "
    "interval holds it is no more than pale. Click a name to filter by it, a cell to filter by it and its device."
)
GROUPS = {"Source": "source", "Channel": "channel_group", "Campaign": "campaign"}


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for cells and days of each value and of all, whatever value is filtered; the checks; the filtered cells."""
    by = dimension_of(settings)
    days = Need("trend", shows=by)
    if by == SOURCE:
        cells, chosen = Need("sources_by_device", shows=by), Need("sources_by_device")
        return cells, Need("sources_by_day", shows=by), days, CHECKS, chosen
    pivot = partial(judged_pivot, dimensions=(by, DEVICE))
    cells, chosen = Need("pivot", shows=by, compute=pivot), Need("pivot", compute=pivot)
    return cells, Need("values_by_day", by=by, shows=by), days, CHECKS, chosen


def dimension_of(settings: Mapping[str, Any]) -> str:
    """Return the dimension of the chosen tab."""
    return GROUPS.get(settings.get("group", ""), SOURCE)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the largest sources, the rest as one row and all together, with the sentence on who stands out."""
    by = dimension_of(context.settings)
    word = TITLES[by].lower()
    cells, chosen = (result.rows if by == SOURCE else cells_of(result) for result in (results[0], results[4]))
    by_day, trend = results[1].rows, results[2].rows
    if not cells:
        return CardState(f"No {word} to compare", empty=empty_sentence(context))
    if context.filters.values(by):
        cells = with_chosen(cells, chosen)
    ranks: dict[int, dict[str, Row]] = {}
    for row in cells:
        ranks.setdefault(row["source_rank"], {})[row["device_category"]] = row
    devices = sorted(
        {row["device_category"] for row in cells} - {EVERYTHING}, key=lambda name: (device_place(name), name)
    )
    days = sessions_by_day(by_day, SOURCE if by == SOURCE else "segment")
    totals = {row["session_date"]: row["sessions"] for row in trend}
    breaks = [found for found in breaks_of(found_of(results[3]), by) if found.value in days or found.taken_by in days]
    sources = [ranks[rank] for rank in sorted(ranks)]
    scale = scale_of([row[EVERYTHING] for row in sources])
    rows = []
    for held in sources:
        row = held[EVERYTHING]
        kind = row["row_kind"]
        strip = totals if kind == "all" else days.get(row["source"], {}) if kind == "source" else {}
        bars = day_strip(strip, context, set(totals), breaks, row["source"]) if strip else []
        rows.append(_row(held, devices, bars, scale, sources[0][EVERYTHING]["sessions"], context, by))
    table = table_twin(sources, devices, word)
    body = Table(
        caption=table.caption, columns=_columns(devices, scale, totals, TITLES[by]), rows=rows, legend=ratio_legend()
    )
    if offer := way_out_of(breaks, context):
        body["offer"] = offer
    whole = [row[EVERYTHING] for row in sources]
    said = chosen_heading(whole, chosen, context.filters, by) or heading(whole, breaks, word, len(shown_days(context)))
    return CardState(said, NOTE.replace("sources", f"{word}s"), body=body, table=table)


def _interval(row: Row) -> tuple[float | None, float | None]:
    return row["conversion_rate_low"], row["conversion_rate_high"]


def scale_of(rows: Sequence[Row]) -> float:
    """Return the end of the common scale of intervals: the smallest round rate that holds the readable ones."""
    highs = [row["conversion_rate_high"] for row in rows if row["enough"] and row["conversion_rate_high"] is not None]
    return next((end for end in SCALES if end >= max(highs, default=0)), 1.0)


def class_of(ratio: float | None) -> int | None:
    """Return the colour class of a shrunk rate over the mean, 0 (÷ 2 or less) to 6 (× 2.4 or more)."""
    return None if ratio is None else bisect_right(CLASS_BREAKS, ratio)


def cell_class(row: Row) -> int | None:
    """Return the colour class of a cell; one of the three pale ones where its interval holds the mean of all."""
    place, ratio = class_of(row["shrunk_ratio"]), row["shrunk_ratio"]
    if place is None or not row["sessions"] or not ratio:
        return place
    mean = row["shrunk_rate"] / ratio
    low, high = _interval(row)
    holds = low is not None and high is not None and low <= mean <= high
    return min(max(place, PALE[0]), PALE[1]) if holds else place


def device_cell(row: Row | None, by: str = SOURCE) -> Cell:
    """Return one cell: raw rate and counts on the colour of the shrunk rate; hatched under one expected order."""
    if row is None or not row["sessions"]:
        return Cell(text=DASH, tone="muted")
    counts = part_of(row["conversions"], row["sessions"])
    also = Action(where={by: row["source"], DEVICE: row["device_category"]})
    if not row["enough"]:
        return Cell(text=counts, sub="too few", tone="muted", hatch=True, action=also, title=cell_title(row))
    return Cell(
        text=rate(row["conversion_rate"]),
        sub=counts,
        bold=True,
        fill=f"diverging-{cell_class(row)}",
        action=also,
        title=cell_title(row),
    )


def cell_title(row: Row) -> str:
    """Return the hover text of a cell: interval, expected orders and the shrunk rate behind the colour."""
    interval = rate_range(*_interval(row))
    return (
        f"{row['source']}, {row['device_category']}: {rate(row['conversion_rate'])} ({interval}), "
        f"{exact(row['conversions'])} of {exact(row['sessions'])}, {expected(row['expected'])} expected, "
        f"coloured as {rate(row['shrunk_rate'])}"
    )


def _row(
    held: Mapping[str, Row], devices: Sequence[str], bars: list, scale: float, largest: int, context: Context, by: str
) -> BodyRow:  # fmt: skip
    row = held[EVERYTHING]
    kind, revenue = row["row_kind"], row["revenue"]
    name = Cell(text=name_of(row, TITLES[by].lower()), narrow=plural(row["sessions"], "session"))
    if kind == "source":
        name["bar"] = row["sessions"] / largest if largest else 0
        name["action"] = Action(dimension=by, value=row["source"])
    readable = row["enough"] or kind != "source"
    cells = [
        name,
        Cell(text=count(row["sessions"]), title=exact(row["sessions"])),
        Cell(days=bars) if bars else Cell(text=""),
        Cell(text=rate(row["conversion_rate"])) if readable else Cell(text="too few", tone="muted"),
        Cell(span=span_of(row, scale), title=rate_range(*_interval(row))),
        *(_summary_cell(held.get(device), kind, by) for device in devices),
        Cell(text=money(revenue), tone="" if revenue else "muted", title=money(revenue, cents=True)),
    ]
    if kind == "source":
        marked = is_filtered(context.filters, by) and passes(context.filters, by, row["source"])
        return BodyRow(cells=cells, kind="selected" if marked else "")
    return BodyRow(cells=cells, kind="total" if kind == "all" else "muted")


def _summary_cell(row: Row | None, kind: str, by: str) -> Cell:
    if kind == "source":
        return device_cell(row, by)
    if kind == "more" or row is None or not row["sessions"]:
        return Cell(text="")
    return Cell(
        text=rate(row["conversion_rate"]), sub=part_of(row["conversions"], row["sessions"]), title=cell_title(row)
    )


def name_of(row: Row, word: str = "source") -> str:
    """Return the name of a row: the source as the export has it, "40 more sources", "All sources"."""
    if row["row_kind"] == "more":
        return plural(row["sources"], f"more {word}")
    return f"All {word}s" if row["row_kind"] == "all" else row["source"]


def span_of(row: Row, scale: float) -> Span:
    """Return the interval on the common scale, grey where sessions are too few, with an arrow where it leaves it."""
    low, high = row["conversion_rate_low"] or 0, row["conversion_rate_high"] or 0
    mark = row["conversion_rate"]
    return Span(
        low=min(low / scale, 1),
        high=min(high / scale, 1),
        mark=None if mark is None or mark > scale else mark / scale,
        open=high > scale,
        color="accent" if row["enough"] and row["row_kind"] != "more" else "previous",
    )


def _columns(devices: Sequence[str], scale: float, totals: Mapping[Any, int], title: str) -> list[TableColumn]:
    days = date_range(min(totals), max(totals)).rsplit(" ", 1)[0] if totals else ""
    return [
        TableColumn(label=title, width="190px"),
        TableColumn(label="Sessions", align="right", sorted="descending", hide_narrow=True),
        TableColumn(label=f"By day, {days}", width="132px", hide_narrow=True),
        TableColumn(label="Rate", align="right"),
        TableColumn(label=f"95{THIN}% interval, 0{DASH}{scale * 100:g}{THIN}%", width="130px", hide_narrow=True),
        *(TableColumn(label=device_label(device), align="right", width="112px") for device in devices),
        TableColumn(label="Revenue", align="right", hide_narrow=True),
    ]


def ratio_legend() -> list[LegendItem]:
    """Return what the colours of shrunk rates mean."""
    items = [LegendItem(label=label, color=f"diverging-{place}") for place, label in enumerate(CLASS_LABELS)]
    return [
        LegendItem(label="Against the mean of all:", shape="none"),
        *items,
        LegendItem(label="less than one order expected", shape="hatch"),
    ]


def table_twin(sources: Sequence[Mapping[str, Row]], devices: Sequence[str], word: str = "source") -> TableTwin:
    """Return every cell as text: sessions, converted, rate, interval, expected, shrunk rate and revenue."""
    rows = tuple(
        (
            name_of(row, word),
            "all" if device == EVERYTHING else row["device_category"],
            exact(row["sessions"]),
            exact(row["conversions"]),
            rate(row["conversion_rate"]),
            rate_range(*_interval(row)),
            expected(row["expected"]),
            rate(row["shrunk_rate"]),
            money(row["revenue"], cents=True),
        )
        for held in sources
        for device in (EVERYTHING, *devices)
        if (row := held.get(device))
    )
    headers = (
        word.capitalize(),
        "Device",
        "Sessions",
        "Converted",
        "Rate",
        "95\u202f% interval",
        "Expected",
        "Shrunk",
        "Revenue",
    )
    return TableTwin(f"Conversion rate by {word} and device", headers, rows, (False, False, *(True,) * 7))


CHART = Card(
    "sources",
    "Conversion rate by traffic and device",
    needs,
    update,
    renderer="rows",
    settings={"group": (tuple(GROUPS), "Source")},
    span=12,
    height=560,
)
