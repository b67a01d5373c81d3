"""A selection as the query of an address, and back."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from dashboard.broken_links import left_out
from dashboard.links import (
    EXCLUDED,
    ON,
    STEP,
    comparison_in,
    day_in,
    focus_in,
    left_out_in,
    positions_in,
    unwanted_in,
    wanted_in,
)
from dashboard.param_kinds import wanted_values
from dashboard.periods import CUSTOM, PREVIOUS, is_relative

if TYPE_CHECKING:
    from dashboard.selection import Selection


def query_of(selection: "Selection") -> str:
    """Return a selection as a query ("?country=US&from=2017-07-05"), empty when nothing is chosen."""
    pairs: list[tuple[str, str]] = [("view", selection.view)] if selection.view else []
    pairs += [("days", selection.period)] if selection.period else []
    pairs += [(name, day.isoformat()) for name, day in zip(("from", "to"), selection.dates or (), strict=False) if day]
    pairs += [(ON, f"{selection.focus.first}_{selection.focus.last}")] if selection.focus else []
    pairs += [(f"{EXCLUDED}{ON}", f"{first}_{last}") for first, last in selection.left_out]
    for prefix, wanted in (("", selection.include), (EXCLUDED, selection.exclude)):
        pairs += [(prefix + dimension, value) for dimension, values in sorted(wanted.items()) for value in values]
    if selection.compare == CUSTOM and selection.compared_days:
        days = selection.compared_days
        pairs += [("compare", CUSTOM), ("compare_from", f"{days.first}"), ("compare_to", f"{days.last}")]
    elif selection.compare not in (PREVIOUS, CUSTOM):
        pairs.append(("compare", selection.compare))
    if selection.funnel_name != selection.funnels[0].name:
        pairs.append(("funnel", selection.funnel_name))
    if selection.steps:
        pairs.append(("steps", "-".join(str(position) for position in selection.steps)))
    if selection.step:
        pairs.append(((EXCLUDED if selection.missed_step else "") + STEP, selection.step))
    pairs += sorted(selection.settings.items())
    if selection.theme:
        pairs.append(("theme", selection.theme))
    return f"?{urlencode(pairs)}" if pairs else ""


def read_query(query: str, selection: "Selection") -> tuple[dict[str, Any], list[str]]:
    """Return the value that a query gives each param of a selection, and in words what of the query cannot be used.

    What is unknown or malformed is left out, since anyone can write an address.
    """
    pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=False, errors="replace")
    single = dict(pairs)
    period = single.get("days", "") if is_relative(single.get("days", "")) else ""
    named = single.get("funnel", "").casefold()
    funnel = next((each for each in selection.funnels if each.name.casefold() == named), selection.funnels[0])
    missed = EXCLUDED + STEP in single
    step = single.get(EXCLUDED + STEP if missed else STEP, "")
    known = any(each.name == step for each in funnel.steps)
    compare, compared_days = comparison_in(single)
    steps = [int(part) for part in single.get("steps", "").split("-") if part.isascii() and part.isdigit()]
    names = selection.known_names
    values = {
        **wanted_values(wanted_in(pairs, "")),
        "exclude": unwanted_in(pairs),
        "view": _among(single.get("view", ""), list(names["view"])[1:]),
        "compare": compare,
        "compared_days": compared_days,
        "dates": None if period else (day_in(single.get("from")), day_in(single.get("to"))),
        "period": period,
        "focus": focus_in(single.get(ON, "")),
        "left_out": left_out_in(pairs),
        "funnel_name": funnel.name,
        "steps": positions_in(steps, len(funnel.steps)),
        "step": step if known else "",
        "missed_step": missed and known,
        "settings": {key: option for key, option in single.items() if selection.differs(key, option)},
        "theme": _among(single.get("theme", ""), names["theme"]),
    }
    return values, left_out(pairs, names, funnel)


def _among(text: str, known: Any) -> str:
    return text if text in known else ""
