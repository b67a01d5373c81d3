"""The table of places: every country, or the regions of the chosen one, sortable; a click goes down or filters."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.body import Action, Cell, Span, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.chosen import chosen_against, counts_of, is_filtered, passes
from dashboard.charts.sources import SCALES
from dashboard.charts.words import Row, empty_sentence, joined, ordinal, part_of, rate_of, value_label
from dashboard.format import DASH, THIN, count, exact, money, money_short, plural, rate, rate_range
from queries.engine import Result
from queries.statistics import intervals_meet, wilson_interval
from queries.vocabulary import NOT_SET

COUNTRY, REGION = "country", "region"
LEVELS = {"Countries": COUNTRY, "Regions": REGION}
SORTS = ("Sessions", "Rate", "Revenue")
SHOWN = 25
LEAST = 100
NOTE = (
    f"Rates with 95{THIN}% intervals on one scale. Places under {LEAST} sessions are too few for a rate and stand "
    "last. A "
    "click on a country filters to it; its regions are one tab further, where the export gives them."
)


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the places of the chosen level, whatever is filtered of it, and for all sessions."""
    level = LEVELS.get(settings.get("level", ""), COUNTRY)
    return Need("segments", by=level, shows=level), Need("overview", shows=level)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the places in the chosen order, those too few last, and the rest as a count."""
    level = LEVELS.get(context.settings.get("level", ""), COUNTRY)
    rows = [row for row in results[0].rows if row["segment"] != NOT_SET]
    if not results[0].rows:
        return CardState("No sessions to place", empty=empty_sentence(context))
    total = results[1].rows[0]
    nowhere = sum(row["sessions"] for row in results[0].rows if row["segment"] == NOT_SET)
    table = _twin(results[0].rows, level)
    if not rows:
        said = f"No session has a {level} in these exports"
        body = Table(caption=table.caption, columns=_columns(level, 1.0, ""), rows=[])
        return CardState(said, _note(nowhere, total["sessions"], level), body=body, table=table)
    sort = context.settings.get("sort") or SORTS[0]
    shown = ranked(rows, sort)
    scale = scale_of(shown)
    wanted = context.filters.values(level)
    listed = shown[:SHOWN] + [row for row in shown[SHOWN:] if row["segment"] in wanted]
    rest = [row for row in shown[SHOWN:] if row["segment"] not in wanted]
    lines = [_row(row, level, scale, context, rows) for row in listed]
    if rest:
        sums = [Cell(text=plural(len(rest), "more place")), Cell(text=count(sum(row["sessions"] for row in rest)))]
        lines.append(BodyRow(cells=[*sums, Cell(text=""), Cell(text=""), Cell(text="")], kind="muted"))
    body = Table(caption=table.caption, columns=_columns(level, scale, sort), rows=lines, dense=True)
    return CardState(
        heading(rows, total, level, context), _note(nowhere, total["sessions"], level), body=body, table=table
    )


def ranked(rows: Sequence[Row], sort: str) -> list[Row]:
    """Return the places by what is chosen, the largest first; those too few to have a rate last."""
    keys = {
        "Sessions": lambda row: row["sessions"],
        "Rate": lambda row: row["conversion_rate"] or 0.0,
        "Revenue": lambda row: row["revenue"] or 0.0,
    }
    key = keys.get(sort, keys["Sessions"])
    return sorted(rows, key=lambda row: (row["sessions"] < LEAST, -key(row), -row["sessions"], row["segment"]))


def scale_of(rows: Sequence[Row]) -> float:
    """Return the end of the common scale: the smallest that holds the intervals of places large enough."""
    most = max((row["conversion_rate_high"] for row in rows if row["sessions"] >= LEAST), default=0.01)
    return next((end for end in SCALES if end >= most), 1.0)


def heading(rows: Sequence[Row], total: Row, level: str, context: Context) -> str:
    """Return the place furthest above the rest by intervals that do not meet, within the chosen country if any."""
    inside = context.filters.values(COUNTRY) if level == REGION else ()
    where = f" of {joined([value_label(COUNTRY, value) for value in inside])}" if inside else ""
    many = f"{count(len(rows))} {'regions' if level == REGION else 'countries'}{where}"
    wanted = context.filters.values(level)
    place = next((n for n, row in enumerate(rows) if (row["segment"],) == wanted), None)
    if place is not None:
        counts = rate_of(rows[place]["conversions"], rows[place]["sessions"])
        return f"{value_label(level, wanted[0])} is {ordinal(place + 1)} of {many} by sessions: {counts} converted"
    if is_filtered(context.filters, level):
        placed = tuple(sum(row[name] for row in rows) for name in ("conversions", "sessions"))
        every = total["conversions"], total["sessions"]
        chosen = counts_of(rows, context.filters, level, "segment")
        if passes(context.filters, level, NOT_SET):
            chosen = chosen[0] + every[0] - placed[0], chosen[1] + every[1] - placed[1]
        return chosen_against(chosen, every, context.filters, level)
    if len(rows) == 1:
        return f"All placed sessions come from {value_label(level, rows[0]['segment'])}"
    large = [row for row in rows if row["sessions"] >= LEAST]
    apart = []
    for row in large:
        rest = total["conversions"] - row["conversions"], total["sessions"] - row["sessions"]
        here = row["conversion_rate_low"], row["conversion_rate_high"]
        if rest[1] and row["conversion_rate"] > rest[0] / rest[1] and not intervals_meet(here, wilson_interval(*rest)):
            apart.append(row)
    if not large:
        return f"{many}, none with sessions enough to say"
    if not apart:
        return f"{many}: none stands above the rest by more than chance"
    best = max(apart, key=lambda row: row["conversions"])
    counts = part_of(best["conversions"], best["sessions"])
    return (
        f"{value_label(level, best['segment'])} stands above the rest of {many}: {rate(best['conversion_rate'])} "
        f"({counts})"
    )


def _note(nowhere: int, sessions: int, level: str) -> str:
    return f"{NOTE} {part_of(nowhere, sessions)} sessions have no {level}." if nowhere else NOTE


def _row(row: Row, level: str, scale: float, context: Context, rows: Sequence[Row]) -> BodyRow:
    few = row["sessions"] < LEAST
    low, high, mark = (
        row["conversion_rate_low"] or 0.0,
        row["conversion_rate_high"] or 0.0,
        row["conversion_rate"] or 0.0,
    )
    span = Span(
        low=min(low / scale, 1), high=min(high / scale, 1), open=high > scale, color="previous" if few else "accent"
    )
    span["mark"] = mark / scale if mark <= scale else None
    largest = max(other["sessions"] for other in rows)
    cells = [
        Cell(
            text=value_label(level, row["segment"]),
            bar=row["sessions"] / largest,
            action=Action(dimension=level, value=row["segment"]),
        ),
        Cell(text=count(row["sessions"]), title=exact(row["sessions"])),
        Cell(text="too few", tone="muted") if few else Cell(text=rate(row["conversion_rate"])),
        Cell(span=span, title=f"{rate_range(low, high)}, {part_of(row['conversions'], row['sessions'])}"),
        Cell(text=money_short(row["revenue"], 3), title=money(row["revenue"], cents=True)),
    ]
    return BodyRow(cells=cells, kind="selected" if row["segment"] in context.filters.values(level) else "")


def _columns(level: str, scale: float, sort: str) -> list[TableColumn]:
    columns = [
        TableColumn(label="Region" if level == REGION else "Country", width="220px"),
        TableColumn(label="Sessions", align="right"),
        TableColumn(label="Rate", align="right"),
        TableColumn(label=f"95{THIN}% interval, 0{DASH}{scale * 100:g}{THIN}%", hide_narrow=True),
        TableColumn(label="Revenue", align="right"),
    ]
    for column in columns:
        if column["label"] == sort:
            column["sorted"] = "descending"
    return columns


def _twin(rows: Sequence[Row], level: str) -> TableTwin:
    lines = tuple(
        (
            value_label(level, row["segment"]),
            exact(row["sessions"]),
            exact(row["conversions"]),
            rate(row["conversion_rate"]),
            rate_range(row["conversion_rate_low"], row["conversion_rate_high"]),
            money(row["revenue"], cents=True),
        )
        for row in rows
    )
    headers = (level.capitalize(), "Sessions", "Converted", "Rate", f"95{THIN}% interval", "Revenue")
    return TableTwin(f"All places: {level}", headers, lines, (False, *(True,) * 5))


CHART = Card(
    "places",
    "Countries and regions",
    needs,
    update,
    renderer="rows",
    settings={"level": (tuple(LEVELS), "Countries"), "sort": (SORTS, "Sessions")},
    span=12,
    height=420,
)
