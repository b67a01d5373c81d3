"""Segments in words: what a combination of values is called in a sentence, on a button and in a table."""

from collections.abc import Mapping

from dashboard.charts.words import device_label, value_label, value_word
from queries.cube import OTHER
from queries.vocabulary import NOT_SET, TITLES

Segment = Mapping[str, str]

HEADS = ("visitor_type", "browser", "operating_system")
"""Dimensions whose value can stand first, as a noun; the others follow with a word of their own."""
FOLLOWING = {
    "device_category": "on {}",
    "source": "from {}",
    "channel_group": "via {}",
    "medium": "by {}",
    "campaign": "in campaign {}",
    "country": "in {}",
    "region": "in {}",
    "landing_page": "landing on {}",
    "page_folder": "landing under {}",
    "hostname": "at {}",
    "browser": "with {}",
    "operating_system": "with {}",
    "visitor_type": "{} visitors",
}


PROPER = ("country", "browser", "operating_system", "region")
"""Dimensions whose values are names that stand alone and keep their capital: India, Safari."""


def value_words(dimension: str, value: str) -> str:
    """Return one value in words: new visitors, United States, other sources, a browser that is not set."""
    if value == OTHER:
        return f"other {TITLES[dimension].lower()}s"
    if value == NOT_SET:
        return f"{TITLES[dimension].lower()} not set"
    return value_word(dimension, value)


def segment_words(segment: Segment) -> str:
    """Return a segment as the subject of a sentence: Safari on mobile from newsletter; Source youtube.com; Mobile."""
    if len(segment) == 1:
        return single_words(*next(iter(segment.items())))
    head = next((name for name in HEADS if name in segment), "")
    parts = []
    if head == "visitor_type":
        parts.append(f"{value_words(head, segment[head]).capitalize()} visitors")
    elif head:
        parts.append(value_words(head, segment[head]))
    else:
        parts.append("Sessions")
    for name, pattern in FOLLOWING.items():
        if name in segment and name != head and segment[name] == NOT_SET:
            parts.append(f"with no {TITLES[name].lower()}")
        elif name in segment and name != head:
            parts.append(pattern.replace("{}", value_words(name, segment[name])))
    return " ".join(parts)


def single_words(dimension: str, value: str) -> str:
    """Return one value as the subject of a sentence: Mobile, New visitors, United States, Source youtube.com."""
    if dimension == "device_category":
        return device_label(value)
    if value in (NOT_SET, OTHER):
        words = value_words(dimension, value)
        return words[0].upper() + words[1:]
    if dimension == "visitor_type":
        return f"{value.capitalize()} visitors"
    if dimension in PROPER:
        return value_label(dimension, value)
    return f"{TITLES[dimension]} {value_label(dimension, value)}"


def word_inside(dimension: str, value: str) -> str:
    """Return one value inside a sentence: mobile, new visitors, India, source youtube.com."""
    words = single_words(dimension, value)
    return words if dimension in PROPER and value not in (NOT_SET, OTHER) else words[0].lower() + words[1:]


def segment_pairs(segment: Segment) -> str:
    """Return a segment as its values with their dimensions, for tables: Browser Safari, Device mobile."""
    return ", ".join(f"{TITLES[name]} {value_label(name, value)}" for name, value in segment.items())


def can_filter(segment: Segment) -> bool:
    """Say whether a segment can be filtered to: not where it holds rare values put together."""
    return OTHER not in segment.values()
