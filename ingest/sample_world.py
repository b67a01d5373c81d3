"""The invented shop that sample exports come from: who visits it, from where, on what, and how willing they are to buy.

The weights are rounded marginals of a public GA360 sample; every name that is not a country or a well-known site is invented.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ingest.sample_draws import Choice, fixed_uniform

DEVICES = ("desktop", "mobile", "tablet")
HOSTNAMES = (
    ("shop.example.com", 985),
    ("www.example.com", 9),
    ("translate.googleusercontent.com", 4),
    ("(not set)", 2),
)

NORTH_AMERICA, REST = 0, 4
"""Markets: 0 North America, 1 Europe and Australasia, 2 South Asia, 3 East Asia, 4 everywhere else."""
OPERATING_SYSTEM, BROWSER = 1, 2
"""Positions in a line of the technology table; 0 is the device."""

# continent | sub-continent | market | country weight, ...
COUNTRIES = """
Americas|Northern America|0|United States 4136, Canada 308, Bermuda 2
Americas|Central America|4|Mexico 115, Guatemala 8, Costa Rica 10, Panama 7, El Salvador 5, Honduras 4, Nicaragua 3, Belize 1
Americas|South America|4|Brazil 150, Colombia 67, Peru 65, Argentina 58, Chile 27, Ecuador 14, Venezuela 11, Uruguay 8, Bolivia 5, Paraguay 4
Americas|Caribbean|4|Puerto Rico 13, Dominican Republic 10, Jamaica 6, Trinidad & Tobago 5, Barbados 2, Curaçao 1, Martinique 1
Europe|Northern Europe|1|United Kingdom 617, Ireland 89, Sweden 48, Denmark 32, Norway 24, Finland 22, Lithuania 9, Latvia 7, Estonia 6, Iceland 4
Europe|Western Europe|1|Germany 264, France 227, Netherlands 139, Belgium 66, Switzerland 58, Austria 34, Luxembourg 4, Monaco 1
Europe|Southern Europe|1|Italy 153, Spain 144, Greece 49, Portugal 24, Serbia 15, Croatia 13, Slovenia 9, Albania 6, Bosnia & Herzegovina 6, Macedonia (FYROM) 5, Malta 4, Kosovo 3, Montenegro 2
Europe|Eastern Europe|1|Poland 101, Russia 96, Ukraine 52, Hungary 48, Romania 45, Czechia 36, Slovakia 34, Bulgaria 25, Belarus 9, Moldova 4
Asia|Western Asia|4|Turkey 74, Israel 60, United Arab Emirates 27, Saudi Arabia 23, Georgia 7, Qatar 7, Kuwait 6, Jordan 6, Lebanon 5, Iraq 5, Cyprus 5, Armenia 4, Azerbaijan 4, Bahrain 3, Oman 3, Palestine 1
Asia|Southern Asia|2|India 606, Pakistan 39, Bangladesh 27, Sri Lanka 14, Nepal 8, Iran 4, Maldives 1
Asia|Southeast Asia|2|Singapore 143, Indonesia 66, Philippines 64, Thailand 58, Malaysia 56, Vietnam 43, Cambodia 5, Myanmar (Burma) 4, Laos 2, Brunei 1
Asia|Eastern Asia|3|Taiwan 276, Japan 215, South Korea 63, China 58, Hong Kong 54, Mongolia 3, Macau 2
Asia|Central Asia|4|Kazakhstan 8, Uzbekistan 3, Kyrgyzstan 2
Oceania|Australasia|1|Australia 198, New Zealand 45
Africa|Northern Africa|4|Morocco 27, Egypt 22, Algeria 17, Tunisia 11, Sudan 1
Africa|Western Africa|4|Nigeria 19, Ghana 7, Côte d’Ivoire 5, Senegal 4, Benin 1, Mali 1
Africa|Eastern Africa|4|Kenya 15, Ethiopia 4, Uganda 4, Tanzania 4, Mauritius 3, Réunion 2, Rwanda 1
Africa|Middle Africa|4|Cameroon 3, Congo - Kinshasa 2, Angola 2
Africa|Southern Africa|4|South Africa 27, Botswana 1
(not set)|(not set)|4|(not set) 26
"""  # noqa: E501 a table reads better with one sub-continent a line

REGIONS = {
    "United States": "California 32, New York 13, Texas 9, Illinois 6, Washington 6, Massachusetts 4, Florida 4, (not set) 26",
    "United Kingdom": "England 70, Scotland 8, Wales 3, (not set) 19",
    "India": "Karnataka 22, Maharashtra 20, Delhi 14, Tamil Nadu 12, Telangana 10, (not set) 22",
    "Canada": "Ontario 45, Quebec 18, British Columbia 16, Alberta 8, (not set) 13",
    "Germany": "Berlin 22, Bavaria 20, North Rhine-Westphalia 15, Hamburg 9, Hesse 8, (not set) 26",
    "France": "Île-de-France 55, Auvergne-Rhone-Alpes 8, (not set) 37",
    "Japan": "Tokyo 52, Osaka Prefecture 12, Kanagawa Prefecture 9, (not set) 27",
    "Australia": "New South Wales 40, Victoria 29, Queensland 13, (not set) 18",
    "Brazil": "State of Sao Paulo 42, State of Rio de Janeiro 14, (not set) 44",
    "Taiwan": "Taipei City 48, New Taipei City 12, (not set) 40",
}
BUYING_COUNTRIES = {"United States": 0.0, "Canada": -0.45, "Singapore": -0.9, "Japan": -0.8, "(not set)": -0.6}
BUYING_MARKETS = (-0.6, -0.95, -1.7, -1.2, -1.6)

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
    "Organic Search", "Direct", "Social", "Paid Social", "Referral", "Paid Search", "Email", "Affiliates", "Display", "(Other)",
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
    "maker", "north", "daily", "urban", "pixel", "paper", "green", "quiet", "river", "bright", "little", "cloud", "stone",
    "happy", "winter", "copper", "velvet", "lemon", "harbor", "rocket", "cedar", "orbit",
)  # fmt: skip
TAIL_SECOND = (
    "notes.com", "review.net", "forum.org", "weekly.com", "hub.io", "deals.com", "guide.org", "journal.net", "market.com",
    "board.io", "lists.org", "finds.com", "mag.net", "post.com", "club.org", "wiki.org", "talk.net", "press.com", "blog.io",
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
    country_market: NDArray[np.int64]
    country_first_geo: NDArray[np.int64]
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
    traffic_channel: NDArray[np.int64]

    def traffic_code(self, source: str, medium: str) -> int:
        """Return the first traffic code of a source and medium."""
        return next(code for code, entry in enumerate(self.traffic) if entry[:2] == (source, medium))


def _weighted(text: str) -> list[tuple[str, float]]:
    pairs = (item.strip().rsplit(" ", 1) for item in text.split(","))
    return [(name, float(weight)) for name, weight in pairs]


def _padded(rows: list[list[float]]) -> NDArray[np.float64]:
    width = max(map(len, rows))
    return np.array([row + [0.0] * (width - len(row)) for row in rows])


def _country_tables() -> dict:
    countries, market, weights = [], [], []
    for line in COUNTRIES.strip().splitlines():
        continent, sub_continent, number, names = line.split("|")
        for name, weight in _weighted(names):
            countries.append((name, continent, sub_continent))
            market.append(int(number))
            weights.append(weight)
    regions = [_weighted(REGIONS.get(name, "(not set) 1")) for name, _, _ in countries]
    spread = (fixed_uniform(len(countries), 1) - 0.5) * 0.5
    effect = [
        BUYING_COUNTRIES.get(c[0], BUYING_MARKETS[m] + s) for c, m, s in zip(countries, market, spread, strict=True)
    ]
    return {
        "countries": tuple(countries),
        "geo": tuple((code, name) for code, named in enumerate(regions) for name, _ in named),
        "country_market": np.array(market),
        "country_first_geo": np.cumsum([0] + [len(named) for named in regions[:-1]]),
        "choose_country": Choice.of([weights]),
        "choose_region": Choice.of(_padded([[weight for _, weight in named] for named in regions])),
        "country_effect": np.array(effect),
    }


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


def _traffic_lines() -> list[list[str]]:
    lines = [line.split("|") for line in TRAFFIC.strip().splitlines()]
    tail = [f"{first}{second}" for second in TAIL_SECOND for first in TAIL_FIRST]
    order = np.argsort(fixed_uniform(len(tail), 2), kind="stable")
    for rank, position in enumerate(order):
        weight, home = 8 / (rank + 4) ** 1.1, position % 7
        market = str(home) if home < REST else "-"
        lines.append([tail[position], "referral", "(not set)", "4", str(weight), "0.9", "0.8", market])
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
    return World(**_country_tables(), **_technology_tables(), **_traffic_tables(), **_landing_tables())
