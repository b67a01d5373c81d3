"""The words of the map: where the orders come from, the rules behind its colours, and its legend."""

from collections.abc import Sequence

from dashboard.body import LegendItem
from dashboard.charts.chosen import chosen_against, counts_of, is_filtered
from dashboard.charts.claims import sure_beside_rest
from dashboard.charts.countries_figure import SHADES, breaks_of, class_labels
from dashboard.charts.words import Row, part_of, rate_of
from dashboard.format import count, plural, rate
from dashboard.world import world
from queries.countries import country_name
from queries.filters import Filters
from queries.statistics import intervals_meet, wilson_interval
from queries.vocabulary import NOT_SET

COUNTRY = "country"
EVERYTHING = Filters()


def name_of(country: str) -> str:
    """Return a country by its everyday name."""
    return "no country" if country == NOT_SET else country_name(country)


def mean_of(rows: Sequence[Row]) -> float | None:
    """Return the rate of all sessions, those without a country too; None without sessions."""
    sessions = sum(row["sessions"] for row in rows)
    return sum(row["conversions"] for row in rows) / sessions if sessions else None


def floor_of(rows: Sequence[Row]) -> int:
    """Return from how many sessions on one conversion is expected at the mean of all; 0 where nobody converted."""
    conversions = sum(row["conversions"] for row in rows)
    return -(-sum(row["sessions"] for row in rows) // conversions) if conversions else 0


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
        counts, fewest = part_of(conversions, sessions), count(max(minimum, floor_of(rows)))
        return (
            f"{counts} sessions converted, the most in {name}, which has fewer than {fewest} sessions: too few to say"
        )
    apart = not intervals_meet((top["conversion_rate_low"], top["conversion_rate_high"]), wilson_interval(*rest))
    said = f"{part_of(top['conversions'], conversions)} converted sessions come from {name}: {here}"
    elsewhere = f"{rate_of(*rest)} elsewhere"
    if not apart:
        return f"{said}, {elsewhere}; the intervals overlap"
    large = sum(bool(row["enough"]) for row in placed)
    if sure_beside_rest([top], every, large):
        return f"{said}, {elsewhere}"
    return f"{said}, {elsewhere}, which {plural(large, 'country', 'countries')} can show by chance"


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
    """Return the rules behind the colours, and how many sessions have no country."""
    outside = sum(row["sessions"] for row in rows if row["country"] == NOT_SET)
    known = {iso for iso in world().iso if iso}
    unmapped = sum(row["sessions"] for row in rows if row["country"] not in known and row["country"] != NOT_SET)
    mean = mean_of(rows)
    parts = [
        f"Colour: the rate, drawn towards the mean of {rate(mean)} where sessions are few." if mean else "",
        hatched(minimum, floor_of(rows)),
        f"{plural(outside, 'session')} {'has' if outside == 1 else 'have'} no country." if outside else "",
        f"{plural(unmapped, 'session')} lie in places that the map does not hold." if unmapped else "",
        "Boundaries: Natural Earth, Equal Earth projection. Click a country to filter. Ctrl + wheel or a pinch zooms, "
        "a drag moves the map, a double click shows all of it.",
    ]
    return " ".join(part for part in parts if part)


def hatched(minimum: int, floor: int) -> str:
    """Return which countries have no colour: `floor` is from how many sessions on one order is expected."""
    few = f"Countries under {count(max(minimum, floor))} sessions are hatched, not coloured: "
    if not floor:
        return f"{few}their rate would be noise."
    if floor > minimum:
        return f"{few}less than one order is expected there. The chosen minimum of {count(minimum)} is below that."
    return f"{few}the chosen minimum. One order is expected from {count(floor)} on."


def legend(rows: Sequence[Row], minimum: int) -> list[LegendItem]:
    """Return what colours and hatch mean."""
    labels, floor = class_labels(breaks_of(mean_of(rows))), floor_of(rows)
    few = "less than one order expected" if floor > minimum else f"under {count(minimum)} sessions"
    return [
        *(LegendItem(label=label, color=f"sequential-{shade}") for label, shade in zip(labels, SHADES, strict=False)),
        LegendItem(label=few, shape="hatch"),
        LegendItem(label="no sessions", color="sunken"),
    ]
