"""The sentence over the sources: which one stands out, how the chosen ones do, and which day is broken."""

from collections.abc import Sequence

from dashboard.charts.chosen import Counts, chosen_against, is_filtered
from dashboard.charts.claims import apart_from_all
from dashboard.charts.source_days import vanished_sentence
from dashboard.charts.words import Row, part_of
from dashboard.format import expected, plural, rate, rate_range
from queries.check import Check
from queries.filters import Filters

SPOILT_FROM = 0.1
"""From this share of the shown days on, a tracking break is said before all else."""


def chosen_heading(rows: Sequence[Row], chosen: Counts, filters: Filters, by: str) -> str:
    """Return how the filtered values convert beside all others; empty where none is filtered."""
    every = rows[-1]["conversions"], rows[-1]["sessions"]
    return chosen_against(chosen, every, filters, by) if is_filtered(filters, by) else ""


def heading(rows: Sequence[Row], breaks: Sequence[Check] = (), word: str = "source", days: int = 0) -> str:
    """Return what stands out among the sources; a tracking break is said first where it spoils many of the days."""
    broken = {name for found in breaks for name in (found.value, found.taken_by)}
    said = standing_out(
        rows, [row for row in rows if row["row_kind"] == "source" and row["source"] not in broken], word
    )
    if not breaks:
        return said
    found = max(breaks, key=lambda found: found.expected)
    spoilt = sum((one.last - one.first).days + 1 for one in breaks)
    if spoilt < SPOILT_FROM * days:
        return f"{said}; on {spoilt} of {plural(days, 'day')} {found.value} is not counted as usual"
    lost = vanished_sentence(found)
    none = f"No {word}"
    return f"{lost}; {said.replace(none, f'no other {word}', 1) if said.startswith(none) else said}"


def standing_out(rows: Sequence[Row], sources: Sequence[Row], word: str = "source") -> str:
    """Return the source furthest below or above the mean by more than so many are by chance, else that none is."""
    total = rows[-1]
    if len(rows) == 2 and sources:
        counts = part_of(total["conversions"], total["sessions"])
        return f"All sessions come from {sources[0]['source']}: {counts} converted ({rate(total['conversion_rate'])})"
    if not total["conversions"]:
        return f"No {word} brought an order: {part_of(0, total['sessions'])} sessions converted"
    large = [row for row in sources if row["enough"]]
    apart = apart_from_all(large, (total["conversions"], total["sessions"]))
    below = [row for row in apart if row["conversion_rate"] < total["conversion_rate"]]
    if below:
        worst = max(below, key=lambda row: row["expected"] - row["conversions"])
        what = "no order" if not worst["conversions"] else plural(worst["conversions"], "converted session")
        due = expected(worst["expected"])
        return (
            f"{worst['source']} brought {plural(worst['sessions'], 'session')} and {what}, where the mean gives {due}"
        )
    if apart:
        best = max(apart, key=lambda row: row["conversions"] - row["expected"])
        mean = rate(total["conversion_rate"])
        return f"{best['source']} converts at {rate(best['conversion_rate'])}, the mean is {mean}"
    mean = total["conversion_rate"]
    outside = [row for row in large if not _interval(row)[0] <= mean <= _interval(row)[1]]
    if outside:
        best = max(outside, key=lambda row: abs(row["conversions"] - row["expected"]))
        where = "above" if best["conversion_rate"] > mean else "below"
        ends = rate_range(*_interval(best), sentence=True)
        return (
            f"No {word} stands out clearly from the mean of {rate(mean)}; {best['source']} may lie {where} it "
            f"({rate(best['conversion_rate'])}, {ends}), which {plural(len(sources), word)} can show by chance"
        )
    return f"No {word} stands out from the mean of {rate(mean)}: every interval holds it"


def _interval(row: Row) -> tuple[float | None, float | None]:
    return row["conversion_rate_low"], row["conversion_rate_high"]
