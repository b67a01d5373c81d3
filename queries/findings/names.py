"""The names of findings: who, what happened, how much. Made here once, and used wherever a finding is named."""

import datetime as dt
from collections.abc import Mapping

from queries.cells import OTHER
from queries.countries import country_name
from queries.findings.finding import Finding, Register
from queries.odd_days import OddDay
from queries.vocabulary import NOT_SET, TITLES

Segment = Mapping[str, str]
THIN = "\u202f"
"""The narrow space between a number and its unit."""
HEADS = ("browser", "operating_system")
"""Dimensions whose value stands first as a name, such as Edge."""
ADJECTIVES = ("visitor_type", "device_category")
"""Those whose value stands before "visitors" where no name does."""
FOLLOWING = {
    "visitor_type": "{} visitors",
    "operating_system": "on {}",
    "device_category": "on {}",
    "source": "from {}",
    "channel_group": "from {}",
    "medium": "by {}",
    "campaign": "of campaign {}",
    "country": "in {}",
    "region": "in {}",
    "landing_page": "landing on {}",
    "page_folder": "landing on pages under {}",
    "hostname": "at {}",
}
PARTS = (
    (0.10, "a tenth"), (0.20, "a fifth"), (0.25, "a quarter"), (1 / 3, "a third"), (0.40, "two fifths"),
    (0.50, "half"), (0.60, "three fifths"), (2 / 3, "two thirds"), (0.75, "three quarters"), (0.80, "four fifths"),
    (0.90, "nine tenths"), (1.0, "nearly all"),
)  # fmt: skip
HARDLY = 0.07
WIDE = 7
MOST_RUNS = 5
NO_FOLDER = "/"
"""The page folder of pages that lie in none: /sale."""


def part(share: float) -> str:
    """Return a share in words: a third, two thirds, nearly all."""
    return min(PARTS, key=lambda each: abs(each[0] - share))[1]


WITH_ARTICLE = (
    "United States", "United Kingdom", "United Arab Emirates", "Netherlands", "Philippines", "Dominican Republic",
    "Bahamas", "Maldives", "DR Congo", "Republic of the Congo", "Central African Republic", "Gambia", "Comoros",
)  # fmt: skip
"""Countries that stand with "the" in a sentence."""


def value(dimension: str, name: str) -> str:
    """Return one value inside a name: India, mobile, other sources."""
    if name == OTHER:
        return f"other {TITLES.get(dimension, dimension).lower()}s"
    if dimension != "country":
        return name
    country = country_name(name)
    return f"the {country}" if country in WITH_ARTICLE or country.endswith("Islands") else country


def who(segment: Segment) -> str:
    """Return a segment as the subject of a name: Edge on desktop, Safari visitors from Paid Social, Mobile visitors."""
    head = next((name for name in HEADS if name in segment and segment[name] not in (NOT_SET, OTHER)), "")
    rest = [name for name in FOLLOWING if name in segment and name != head]
    if not head:
        before = [name for name in ADJECTIVES if name in segment and segment[name] not in (NOT_SET, OTHER)][:1]
        said = [f"{segment[before[0]]} visitors".capitalize() if before else "Visitors"]
        rest = [name for name in rest if name not in before]
    else:
        alone = len(segment) == 1 or not {*segment} - {head, "device_category"}
        said = [segment[head] if alone else f"{segment[head]} visitors"]
    others = [name for name in segment if name not in FOLLOWING and name != head]
    return " ".join([*said, *(_following(name, segment[name]) for name in [*rest, *others])])


def _following(dimension: str, name: str) -> str:
    if dimension == "page_folder" and name == NO_FOLDER:
        return "landing on pages in no folder"
    if name == NOT_SET:
        return f"with no {TITLES.get(dimension, dimension).lower()}"
    return FOLLOWING.get(dimension, "with {}").replace("{}", value(dimension, name))


def fell(segment: Segment, ratio: float) -> str:
    """Return the name of a fall: Edge on desktop lost two thirds of its orders."""
    subject = who(segment)
    whose = "their" if "isitors" in subject else "its"
    lost = part(1.0 - ratio)
    return (
        f"{subject} lost nearly all {whose} orders"
        if lost == "nearly all"
        else f"{subject} lost {lost} of {whose} orders"
    )


def combination(segment: Segment, ratio: float) -> str:
    """Return the name of a combination: Safari visitors from Paid Social buy a third as often as similar visitors."""
    verb = "buy" if "isitors" in who(segment) else "buys"
    if ratio < HARDLY:
        return f"{who(segment)} hardly {verb}"
    return f"{who(segment)} {verb} {part(ratio)} as often as similar visitors"


def more_visits(segment: Segment) -> str:
    """Return the name of a rise in visits that brought no orders."""
    return f"{who(segment)}: more visits, not fewer orders"


def standing(segment: Segment, ratio: float) -> str:
    """Return the name of a standing difference: Mobile visitors buy about a third less; ... about half more."""
    verb = "buy" if "isitors" in who(segment) else "buys"
    if ratio < 1:
        return f"{who(segment)} {verb} about {part(1.0 - ratio)} less"
    more = ratio - 1
    return (
        f"{who(segment)} {verb} about {part(more)} more"
        if more < 0.95
        else f"{who(segment)} {verb} {ratio:.1f} times as often"
    )


def between(first: dt.date, last: dt.date) -> str:
    """Return a range of days in words: between 3 and 24 Sep 2026, between 28 Dec 2026 and 3 Jan 2027."""
    return "between {} and {}".format(*_ends(first, last))


def _ends(first: dt.date, last: dt.date) -> tuple[str, str]:
    year = f" {first.year}" if first.year != last.year else ""
    month = f" {first:%b}{year}" if (first.year, first.month) != (last.year, last.month) else ""
    return f"{first.day}{month}", f"{last.day} {last:%b} {last.year}"


def began(one: Finding) -> str:
    """Return the days between which a fall began, where they are a week or more apart: no one day can be told."""
    if not one.onset_range or (one.onset_range[1] - one.onset_range[0]).days < WIDE:
        return ""
    return between(*one.onset_range)


def set_aside(register: Register) -> str:
    """Return which days date no fall and why; empty without any."""
    runs: list[list[OddDay]] = []
    for each in register.odd:
        if runs and each.dimension == runs[-1][-1].dimension and (each.date - runs[-1][-1].date).days == 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    if not runs:
        return ""
    days = [
        f"{_span(run[0].date, run[-1].date)} (by {TITLES.get(run[0].dimension, run[0].dimension).lower()})"
        for run in runs[-MOST_RUNS:]
    ]
    more = f" and on {len(runs) - MOST_RUNS} occasions before" if len(runs) > MOST_RUNS else ""
    return f"Orders came from elsewhere than around these days, so they date no fall: {', '.join(days)}{more}."


def _span(first: dt.date, last: dt.date) -> str:
    if first == last:
        return f"{first.day} {first:%b %Y}"
    return "{} to {}".format(*_ends(first, last))


def smallest(register: Register) -> str:
    """Return the smallest fall that would have been seen, or why none could be dated."""
    if not register.watched:
        return f"Too early to date a fall: a date needs 28 days before it, and orders; {register.days} days are loaded."
    if not register.smallest_fall:
        return "Groups are small here: not even one that lost all orders would surely have been seen."
    fall = f"{register.smallest_fall * 100:.0f}{THIN}%"
    return f"A fall of {fall} in a group of middle size would have been seen in 28 days."
