"""What of a link cannot be used, in words: anyone can write a URL, and it ages."""

from collections.abc import Collection, Iterable, Mapping

from dashboard.links import EXCLUDED, LONGEST_VALUE, ON, day_in, focus_in
from dashboard.periods import CUSTOM, is_relative
from queries.funnel import Funnel
from queries.vocabulary import DIMENSIONS

LONGEST_QUOTED = 60
DAYS = ("from", "to", "compare_from", "compare_to")
IGNORED = ("utm_", "gclid", "fbclid", "bokeh")
"""Parts of a URL that others put there; they mean nothing here and are passed over in silence."""


def left_out(pairs: Iterable[tuple[str, str]], names: Mapping[str, Collection[str]], funnel: Funnel) -> list[str]:
    """Return in words what a URL holds that cannot be used: from = 2020-13-45 is no day.

    `names` are the words that a part of the URL may be, where it is a choice among names.
    """
    pairs = list(dict.fromkeys(pairs))
    single = dict(pairs)
    days = {key: day_in(single.get(key)) for key in DAYS}
    said = [f"{quoted(key)} = {quoted(text)} {why}" for key, text in pairs if (why := reason(key, text, names, funnel))]
    if single.get("compare") == CUSTOM and not (
        day_in(single.get("compare_from")) and day_in(single.get("compare_to"))
    ):
        said.append(f"compare = {CUSTOM} lacks its days")
    said += [
        f"{quoted(key)} = {quoted(text)} contradicts {quoted(key.removeprefix(EXCLUDED))} = {quoted(text)}"
        for key, text in pairs
        if key.startswith(EXCLUDED)
        and (key.removeprefix(EXCLUDED), text) in pairs
        and key.removeprefix(EXCLUDED) in DIMENSIONS
    ]
    first, last = days["from"], days["to"]
    if first and last and last < first:
        said.append(f"from = {first} lies after to = {last}, so the two were swapped")
    return said


def reason(key: str, text: str, names: Mapping[str, Collection[str]], funnel: Funnel) -> str:
    """Return why a part of a URL cannot be used; empty where it can."""
    if key in DAYS:
        return "" if day_in(text) else "is no day"
    if key.removeprefix(EXCLUDED) == ON:
        return "" if focus_in(text) else "names no days"
    if key == "days":
        return "" if is_relative(text) else "names no days"
    if key == "steps":
        places = {int(part) for part in text.split("-") if part.isascii() and part.isdigit()}
        return "" if len(places & set(range(1, len(funnel.steps) + 1))) > 1 else "names fewer than two steps"
    if key.removeprefix(EXCLUDED) == "step":
        return "" if any(step.name == text for step in funnel.steps) else "is no step of this funnel"
    if key.removeprefix(EXCLUDED) in DIMENSIONS:
        return "" if len(text) <= LONGEST_VALUE else "is too long"
    if key == "funnel":
        return "" if text.casefold() in {name.casefold() for name in names[key]} else "is not known here"
    if key in names:
        return "" if text in names[key] else "is not known here"
    return "" if key.startswith(IGNORED) else "is not known here"


def quoted(text: str) -> str:
    """Return a text of a URL cut to what can be read at a glance."""
    return text if len(text) <= LONGEST_QUOTED else f"{text[:LONGEST_QUOTED]}…"
