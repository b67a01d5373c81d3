"""Conversion by country: a stepped map, hatched where sessions are too few, beside the eight largest with intervals."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.body import Action, Cell, LegendItem, Span, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.chosen import chosen_against, counts_of, is_filtered, passes
from dashboard.charts.words import Row, empty_sentence, part_of, rate_of
from dashboard.format import DASH, THIN, count, exact, money, plural, rate, rate_range
from dashboard.world import country_name, world
from queries.engine import Result
from queries.filters import Filters
from queries.statistics import intervals_meet, wilson_interval
from queries.vocabulary import NOT_SET

COUNTRY = "country"
EVERYTHING = Filters()
LARGEST = 8
BREAKS = (0.0025, 0.005, 0.01, 0.02)
SHADES = (0, 1, 2, 3, 4, 6)
CLASS_LABELS = ("0", "< 0.25", "0.25–0.5", "0.5–1", "1–2", "≥ 2")
SCALES = (0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.4, 0.6, 1.0)


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the countries, whatever country is filtered; the setting says from how many sessions a rate is shown."""
    return (Need("countries", shows=COUNTRY, options=(("min_sessions", int(settings.get("min_sessions", "100"))),)),)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the colour of every country, the eight largest as a table, and the sentence on where orders come from."""
    rows = results[0].rows
    if not rows:
        return CardState("No country to show", empty=empty_sentence(context))
    placed = [row for row in rows if row["country"] != NOT_SET]
    minimum = int(context.settings.get("min_sessions", "100"))
    table = table_twin(rows)
    filters = context.filters
    chosen = [row["country"] for row in placed if passes(filters, COUNTRY, row["country"])] if (
        is_filtered(filters, COUNTRY)
    ) else []  # fmt: skip
    return CardState(
        heading(rows, minimum, filters),
        note(rows, minimum),
        sources={"countries": shapes(placed, chosen), "countries-small": dots(placed, chosen)},
        body=_body(placed, minimum, table.caption, chosen, filters.values(COUNTRY)),
        table=table,
    )


def heading(rows: Sequence[Row], minimum: int, filters: Filters = EVERYTHING) -> str:
    """Return where the orders come from: 92 of 94 converted sessions come from the United States: 2.22 % convert there.

    Sessions without a country count as elsewhere. Chosen countries are set against all others instead.
    """
    every = sum(row["conversions"] for row in rows), sum(row["sessions"] for row in rows)
    if is_filtered(filters, COUNTRY):
        return chosen_against(counts_of(rows, filters, COUNTRY, COUNTRY), every, filters, COUNTRY)
    placed = [row for row in rows if row["country"] != NOT_SET]
    if not placed:
        return "No session has a country"
    conversions, sessions = every
    if not conversions:
        return f"No session converted in {_where(placed)} ({part_of(0, sessions)})"
    top = max(placed, key=lambda row: (row["conversions"], row["sessions"]))
    name = in_words(top["country"])
    here = f"{rate(top['conversion_rate'])} convert there"
    if len(rows) == 1:
        return f"All {plural(sessions, 'session')} come from {name}: {rate(top['conversion_rate'])} converted"
    rest = conversions - top["conversions"], sessions - top["sessions"]
    if not top["enough"]:
        counts = part_of(conversions, sessions)
        return (
            f"{counts} sessions converted, the most in {name}, which has fewer than {minimum} sessions: too few to say"
        )
    apart = not intervals_meet((top["conversion_rate_low"], top["conversion_rate_high"]), wilson_interval(*rest))
    said = f"{part_of(top['conversions'], conversions)} converted sessions come from {name}: {here}"
    elsewhere = f"{rate_of(*rest)} elsewhere"
    return f"{said}, {elsewhere}" if apart else f"{said}, {elsewhere}; the intervals overlap"


def in_words(iso: str) -> str:
    """Return a country as it stands in a sentence: the United States, Canada."""
    name = country_name(iso)
    article = (
        name.startswith("United ") or name.endswith(("Islands", "Republic", "Netherlands")) or name == "Philippines"
    )
    return f"the {name}" if article else name


def _where(rows: Sequence[Row]) -> str:
    return in_words(rows[0]["country"]) if len(rows) == 1 else f"any of {count(len(rows))} countries"


def note(rows: Sequence[Row], minimum: int) -> str:
    """Return the rule behind the colours and how many sessions have no country."""
    outside = sum(row["sessions"] for row in rows if row["country"] == NOT_SET)
    known = {iso for iso in world().iso if iso}
    unmapped = sum(row["sessions"] for row in rows if row["country"] not in known and row["country"] != NOT_SET)
    parts = [
        f"Countries under {count(minimum)} sessions are hatched, not coloured: their rate would be noise.",
        f"{plural(outside, 'session')} {'has' if outside == 1 else 'have'} no country." if outside else "",
        f"{plural(unmapped, 'session')} lie in places that the map does not hold." if unmapped else "",
        "Boundaries: Natural Earth, Equal Earth projection. Click a country to filter.",
    ]
    return " ".join(part for part in parts if part)


def class_of(fraction: float) -> int:
    """Return the class of a rate: 0 for exactly 0 %, then under 0.25, 0.5, 1, 2 %, and 5 from 2 % on."""
    return 0 if fraction == 0 else 1 + bisect_right(BREAKS, fraction)


def fill_of(row: Row | None) -> str:
    """Return the colour token of a country; sunken where there is no session, or too few to colour."""
    if row is None or not row["enough"] or row["conversion_rate"] is None:
        return "$sunken"
    return f"$sequential-{SHADES[class_of(row['conversion_rate'])]}"


def shapes(rows: Sequence[Row], chosen: Sequence[str]) -> dict[str, list[Any]]:
    """Return the look of every country of the map, in the map's order; the shapes themselves never change."""
    return _look(list(world().iso), world().name, rows, chosen)


def dots(rows: Sequence[Row], chosen: Sequence[str]) -> dict[str, list[Any]]:
    """Return the look of the countries too small to see, drawn as dots where they have sessions."""
    places = [place for place, small in enumerate(world().small) if small]
    look = _look([world().iso[place] for place in places], [world().name[place] for place in places], rows, chosen)
    return {**look, "size": [7 if value else 0 for value in look["value"]]}


def _look(
    codes: Sequence[str | None], names: Sequence[str], rows: Sequence[Row], chosen: Sequence[str]
) -> dict[str, list]:
    held = {row["country"]: row for row in rows}
    found = [held.get(code) if code else None for code in codes]
    return {
        "value": [row["country"] if row else None for row in found],
        "fill_color": [fill_of(row) for row in found],
        "line_color": [
            "$text" if row and row["country"] in chosen else "$map-line" if row and row["enough"] else "$surface"
            for row in found
        ],
        "line_width": [2.0 if row and row["country"] in chosen else 0.7 for row in found],
        "alpha": [1.0 if not chosen or (row and row["country"] in chosen) else 0.35 for row in found],
        "hatch": ["/" if row and not row["enough"] else " " for row in found],
        "title": [title(name, row, chosen) for name, row in zip(names, found, strict=True)],
    }


def title(name: str, row: Row | None, chosen: Sequence[str] = ()) -> str:
    """Return the hover text of a country: rate with interval and counts, or that there is nothing to say."""
    if row is None:
        return f"{name}: no session"
    counts = f"{exact(row['conversions'])} of {exact(row['sessions'])} sessions converted"
    if not row["enough"]:
        return f"{name}: {counts}, too few for a rate"
    interval = rate_range(row["conversion_rate_low"], row["conversion_rate_high"])
    click = "chosen, a click takes the filter off" if chosen == [row["country"]] else "click to filter"
    return f"{name}: {rate(row['conversion_rate'])} ({interval}), {counts}, {money(row['revenue'])}; {click}"


def _body(
    rows: Sequence[Row], minimum: int, caption: str, chosen: Sequence[str], wanted: Sequence[str]
) -> Table:  # fmt: skip
    large = [row for row in rows if row["enough"]]
    shown = large[:LARGEST] or list(rows[:LARGEST])
    shown += [row for row in rows if row["country"] in wanted and row not in shown][:LARGEST]
    highs = [row["conversion_rate_high"] for row in shown if row["enough"]]
    scale = next((end for end in SCALES if end >= max(highs, default=0)), 1.0)
    body_rows = [_row(row, scale, chosen) for row in shown]
    rest = [row for row in rows if row not in shown]
    if rest:
        body_rows.append(_rest(rest))
    legend = [
        LegendItem(label=f"{label}{THIN}%", color=f"sequential-{shade}")
        for label, shade in zip(CLASS_LABELS, SHADES, strict=True)
    ]
    legend += [
        LegendItem(label=f"under {count(minimum)} sessions", shape="hatch"),
        LegendItem(label="no sessions", color="sunken"),
    ]
    columns = [
        TableColumn(label="Country"),
        TableColumn(label="Sessions", align="right", sorted="descending"),
        TableColumn(label="Rate", align="right"),
        TableColumn(label=f"Interval, 0{DASH}{scale * 100:g}{THIN}%", width="112px"),
    ]
    return Table(caption=caption, columns=columns, rows=body_rows, legend=legend, dense=True)


def _row(row: Row, scale: float, chosen: Sequence[str]) -> BodyRow:
    interval = rate_range(row["conversion_rate_low"], row["conversion_rate_high"])
    few = not row["enough"]
    span = Span(
        low=min((row["conversion_rate_low"] or 0) / scale, 1),
        high=min((row["conversion_rate_high"] or 0) / scale, 1),
        mark=None if few or (row["conversion_rate"] or 0) > scale else (row["conversion_rate"] or 0) / scale,
        open=(row["conversion_rate_high"] or 0) > scale,
        color="previous" if few else "accent",
    )
    cells = [
        Cell(text=country_name(row["country"]), action=Action(dimension=COUNTRY, value=row["country"])),
        Cell(text=count(row["sessions"]), title=exact(row["sessions"])),
        Cell(text="too few", tone="muted")
        if few
        else Cell(text=rate(row["conversion_rate"]), title=title(row["country"], row)),
        Cell(span=span, title=interval),
    ]
    return BodyRow(cells=cells, kind="selected" if row["country"] in chosen else "")


def _rest(rest: Sequence[Row]) -> BodyRow:
    few = sum(not row["enough"] for row in rest)
    words = [f"{count(len(rest))} more", *([f"{count(few)} of them too few"] if few else [])]
    sessions, conversions = sum(row["sessions"] for row in rest), sum(row["conversions"] for row in rest)
    cells = [
        Cell(text=", ".join(words)),
        Cell(text=count(sessions), title=exact(sessions)),
        Cell(text=rate(conversions / sessions if sessions else None), title=part_of(conversions, sessions)),
        Cell(text=""),
    ]
    return BodyRow(cells=cells, kind="muted")


def table_twin(rows: Sequence[Row]) -> TableTwin:
    """Return every country with its counts; a rate only where there are sessions enough for one."""
    lines = tuple(
        (
            "no country" if row["country"] == NOT_SET else country_name(row["country"]),
            exact(row["sessions"]),
            exact(row["conversions"]),
            rate(row["conversion_rate"]) if row["enough"] else "too few",
            rate_range(row["conversion_rate_low"], row["conversion_rate_high"]),
            money(row["revenue"], cents=True),
        )
        for row in rows
    )
    headers = ("Country", "Sessions", "Converted", "Rate", "95\u202f% interval", "Revenue")
    return TableTwin("Conversion by country", headers, lines, (False, *(True,) * 5))


CHART = Card(
    "countries",
    "Conversion rate by country",
    needs,
    update,
    renderer='rows',
    settings={"min_sessions": (("50", "100", "500"), "100")},
    span=12,
    height=170,
)
