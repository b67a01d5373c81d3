"""Where the visitors of the sample live: countries by market, their regions, and how willing each country is to buy."""

import numpy as np
from numpy.typing import NDArray

from ingest.sample_draws import Choice, fixed_uniform

NORTH_AMERICA, REST = 0, 4
"""Markets: 0 North America, 1 Europe and Australasia, 2 South Asia, 3 East Asia, 4 everywhere else."""

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
    "United States": "California 32, New York 13, Texas 9, Illinois 6, Washington 6, Florida 4, (not set) 12",
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


def _weighted(text: str) -> list[tuple[str, float]]:
    pairs = (item.strip().rsplit(" ", 1) for item in text.split(","))
    return [(name, float(weight)) for name, weight in pairs]


def _padded(rows: list[list[float]]) -> NDArray[np.float64]:
    width = max(map(len, rows))
    return np.array([row + [0.0] * (width - len(row)) for row in rows])


def country_tables() -> dict:
    """Return the fields of the world that are about places."""
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
