"""The invented shop that sample exports come from: its visitors, what brings them and their will to buy.

The weights are rounded marginals of a public GA360 sample; all but countries and well-known sites are invented.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ingest.sample_draws import Choice, Codes, fixed_uniform
from ingest.sample_places import REST, country_tables

DEVICES = ("desktop", "mobile", "tablet")
HOSTNAMES = (
    ("shop.example.com", 985),
    ("www.example.com", 9),
    ("translate.googleusercontent.com", 4),
    ("(not set)", 2),
)

OPERATING_SYSTEM, BROWSER = 1, 2
SOURCE, MEDIUM, CAMPAIGN, CHANNEL = 0, 1, 2, 3
"""Positions in a line of the technology table (0 is the device) and of the traffic table."""

DEVICE_WEIGHTS = ((57, 38, 5), (62, 33, 5), (47, 51, 2), (60, 37, 3), (52, 45, 3))

# device | operating system | browser | weight where iPhones are common | weight elsewhere
TECHNOLOGY = """
0|Windows|Chrome|36|45
0|Windows|Edge|15|13
0|Windows|Firefox|4|6
0|Windows|Opera|1|2
0|Windows|Internet Explorer|.4|.6
0|Macintosh|Chrome|20|12
0|Macintosh|Safari|13|7
0|Macintosh|Firefox|1.5|1.5
0|Linux|Chrome|3|5
0|Linux|Firefox|1.5|2.5
0|Chrome OS|Chrome|4|1
0|(not set)|(not set)|.3|.3
1|iOS|Safari|44|20
1|iOS|Safari (in-app)|6|3
1|iOS|Chrome|6|3
1|Android|Chrome|32|52
1|Android|Samsung Internet|6|9
1|Android|Android Webview|3|4
1|Android|Edge|.7|.7
1|Android|Opera Mini|.2|4
1|Android|UC Browser|.1|3
2|iOS|Safari|70|40
2|Android|Chrome|24|50
2|Android|Samsung Internet|4|8
2|Windows|Edge|2|2
"""
BROWSER_EFFECTS = {
    "Safari": -0.05,
    "Edge": 0.03,
    "Firefox": -0.12,
    "Safari (in-app)": -0.4,
    "Android Webview": -0.4,
    "Opera Mini": -0.8,
    "UC Browser": -0.8,
}

CHANNELS = (
    "Organic Search", "Direct", "Social", "Paid Social", "Referral", "Paid Search", "Email", "Affiliates", "Display",
    "(Other)",
)  # fmt: skip
CHANNEL_EFFECTS = (0.0, 0.2, -0.3, 0.35, -0.1, 0.25, 0.45, -0.2, -0.5, -0.1)
CHANNEL_ENGAGEMENT = (1.0, 0.9, 1.35, 1.2, 0.95, 0.9, 0.8, 1.3, 1.6, 1.0)

# source | medium | campaign | channel | weight | factor on handhelds | factor for returning visitors | home market or -
TRAFFIC = """
google|organic|(not set)|0|360|1|.8|-
(direct)|(none)|(not set)|1|190|.9|1.9|-
youtube.com|referral|(not set)|2|105|1.1|.6|-
m.facebook.com|referral|(not set)|2|50|2.6|.7|-
instagram|paid_social|Summer Looks|3|42|1.7|.7|-
facebook|paid_social|Always On|3|34|1.5|.7|-
facebook|paid_social|Retargeting|3|16|1.4|3|-
google|cpc|Brand|5|30|1.1|1.2|-
google|cpc|AW - Dynamic Search Ads Whole Site|5|22|1.1|.7|-
newsletter|email|Weekly Newsletter|6|26|1.2|4|-
newsletter|email|Abandoned Cart|6|8|1.2|5|-
bing|organic|(not set)|0|24|.5|.8|-
Partners|affiliate|Data Share Promo|7|25|.9|.7|-
analytics.google.com|referral|(not set)|4|22|.2|1.6|-
duckduckgo|organic|(not set)|0|12|1.1|.9|-
pinterest.com|referral|(not set)|2|10|1.6|.7|-
reddit.com|referral|(not set)|2|9|1|.7|-
chatgpt.com|referral|(not set)|4|9|.7|.9|-
baidu|organic|(not set)|0|3|.9|.7|3
yahoo|organic|(not set)|0|6|.9|.8|-
naver|organic|(not set)|0|2|1|.8|3
qiita.com|referral|(not set)|4|2|.4|.8|3
bing|cpc|Brand|5|6|.5|1|-
dfa|cpm|Autumn Awareness|8|7|1.2|.7|-
google.com|referral|(not set)|4|5|.9|1|-
sites.google.com|referral|(not set)|4|4|.5|1.4|-
linkedin.com|referral|(not set)|2|4|.8|.9|-
quora.com|referral|(not set)|2|3|.9|.7|2
l.facebook.com|referral|(not set)|2|3|.7|.7|-
t.co|referral|(not set)|2|3|1.4|.8|-
mail.google.com|referral|(not set)|4|2|.6|2|-
(not set)|(not set)|(not set)|9|2|1|1|-
"""
TAIL_FIRST = (
    "maker", "north", "daily", "urban", "pixel", "paper", "green", "quiet", "river", "bright", "little", "cloud",
    "stone", "happy", "winter", "copper", "velvet", "lemon", "harbor", "rocket", "cedar", "orbit",
)  # fmt: skip
TAIL_SECOND = (
    "notes.com", "review.net", "forum.org", "weekly.com", "hub.io", "deals.com", "guide.org", "journal.net",
    "market.com", "board.io", "lists.org", "finds.com", "mag.net", "post.com", "club.org", "wiki.org", "talk.net",
    "press.com", "blog.io",
)  # fmt: skip

# path | weight | channels it is built for, with eight times the weight there
LANDINGS = """
/home|300|1,5
/store.html|40|
/new-arrivals|70|2,3
/sale|60|3,6,7,8
/gifts|35|6
/apparel|45|0
/apparel/mens/t-shirts|60|0
/apparel/womens/t-shirts|50|0
/apparel/outerwear|28|0
/apparel/headgear|16|0
/bags|26|0
/bags/backpacks|30|0
/drinkware|22|0
/drinkware/mugs|24|0
/drinkware/water-bottles|26|0,2
/electronics|20|0
/electronics/audio|22|0
/accessories|18|0
/accessories/stickers|20|2
/lifestyle|12|2
/office|14|0
/brands/studio|10|2
/brands/summit|9|2
/collections/summer|20|3,8
/collections/back-to-school|14|3,6
/basket.html|6|6
/stories/how-we-make-it|7|4
/help/shipping|8|0
/signin.html|16|1
/search.html|10|1
"""


@dataclass(frozen=True)
class World:
    """Hold the tables that sessions are drawn from; a code is a position in the table that names it."""

    countries: tuple[tuple[str, str, str], ...]
    geo: tuple[tuple[int, str], ...]
    technology: tuple[tuple[int, str, str], ...]
    traffic: tuple[tuple[str, str, str, int], ...]
    landings: tuple[str, ...]
    country_market: Codes
    country_first_geo: Codes
    choose_country: Choice
    choose_region: Choice
    choose_device: Choice
    choose_technology: Choice
    choose_traffic: Choice
    choose_landing: Choice
    choose_hostname: Choice
    country_effect: NDArray[np.float64]
    technology_effect: NDArray[np.float64]
    traffic_effect: NDArray[np.float64]
    traffic_engagement: NDArray[np.float64]
    landing_effect: NDArray[np.float64]
    traffic_channel: Codes

    def traffic_code(self, source: str, medium: str) -> int:
        """Return the first traffic code of a source and medium."""
        return next(code for code, entry in enumerate(self.traffic) if entry[:2] == (source, medium))


def _technology_tables() -> dict:
    lines = [line.split("|") for line in TECHNOLOGY.strip().splitlines()]
    groups = [
        [float(line[3 + elsewhere]) if int(line[0]) == device else 0.0 for line in lines]
        for elsewhere in (0, 1)
        for device in range(len(DEVICES))
    ]
    return {
        "technology": tuple((int(line[0]), line[1], line[2]) for line in lines),
        "choose_device": Choice.of(DEVICE_WEIGHTS),
        "choose_technology": Choice.of(groups),
        "technology_effect": np.array([BROWSER_EFFECTS.get(line[2], 0.0) for line in lines]),
    }


def _traffic_lines() -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = [tuple(line.split("|")) for line in TRAFFIC.strip().splitlines()]
    tail = [f"{first}{second}" for second in TAIL_SECOND for first in TAIL_FIRST]
    order = np.argsort(fixed_uniform(len(tail), 2), kind="stable")
    for rank, position in enumerate(order):
        weight, home = 8 / (rank + 4) ** 1.1, position % 7
        market = str(home) if home < REST else "-"
        lines.append((tail[position], "referral", "(not set)", "4", str(weight), "0.9", "0.8", market))
    return lines


def _traffic_tables() -> dict:
    lines = _traffic_lines()
    weight, handheld, returning = (np.array([float(line[column]) for line in lines]) for column in (4, 5, 6))
    home = np.array([-1 if line[7] == "-" else int(line[7]) for line in lines])
    groups = [
        weight * (handheld if hand else 1) * (returning if again else 1) * np.where(home == market, 8.0, 1.0)
        for market in range(5)
        for hand in (0, 1)
        for again in (0, 1)
    ]
    channel = np.array([int(line[3]) for line in lines])
    spread = (fixed_uniform(len(lines), 3) - 0.5) * 0.3
    return {
        "traffic": tuple((line[0], line[1], line[2], int(line[3])) for line in lines),
        "choose_traffic": Choice.of(groups),
        "traffic_effect": np.array(CHANNEL_EFFECTS)[channel] + np.where(channel == 1, 0.0, spread),
        "traffic_engagement": np.array(CHANNEL_ENGAGEMENT)[channel],
        "traffic_channel": channel,
    }


def _landing_tables() -> dict:
    lines = [line.split("|") for line in LANDINGS.strip().splitlines()]
    groups = [
        [float(weight) * (8 if str(channel) in built_for.split(",") else 1) for _, weight, built_for in lines]
        for channel in range(len(CHANNELS))
    ]
    return {
        "landings": tuple(line[0] for line in lines),
        "choose_landing": Choice.of(groups),
        "choose_hostname": Choice.of([[weight for _, weight in HOSTNAMES]]),
        "landing_effect": (fixed_uniform(len(lines), 4) - 0.5) * 0.3,
    }


@cache
def the_world() -> World:
    """Return the one world; it does not depend on the seed, which only decides who comes when."""
    return World(**country_tables(), **_technology_tables(), **_traffic_tables(), **_landing_tables())
