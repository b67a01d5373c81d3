"""The everyday English names of countries."""

from functools import lru_cache

import pycountry

EVERYDAY_NAMES = {
    "BN": "Brunei",
    "BO": "Bolivia",
    "BQ": "Caribbean Netherlands",
    "CC": "Cocos Islands",
    "CD": "DR Congo",
    "CG": "Republic of the Congo",
    "FK": "Falkland Islands",
    "FM": "Micronesia",
    "GS": "South Georgia",
    "HM": "Heard and McDonald Islands",
    "IR": "Iran",
    "KP": "North Korea",
    "KR": "South Korea",
    "LA": "Laos",
    "MD": "Moldova",
    "MF": "Saint Martin",
    "PS": "Palestine",
    "RU": "Russia",
    "SH": "Saint Helena",
    "ST": "São Tomé and Príncipe",
    "SX": "Sint Maarten",
    "SY": "Syria",
    "TF": "French Southern Territories",
    "TW": "Taiwan",
    "TZ": "Tanzania",
    "UM": "U.S. Outlying Islands",
    "VA": "Vatican City",
    "VE": "Venezuela",
    "VG": "British Virgin Islands",
    "VI": "U.S. Virgin Islands",
    "VN": "Vietnam",
    "XK": "Kosovo",
}
"""Names where ISO 3166 is formal ("Korea, Republic of"); every other name is ISO's own."""


@lru_cache(4096)
def country_name(iso: str) -> str:
    """Return the everyday English name of an ISO 3166-1 alpha-2 code (or XK); leave all else, as "(not set)", alone."""
    if iso in EVERYDAY_NAMES:
        return EVERYDAY_NAMES[iso]
    country = pycountry.countries.get(alpha_2=iso) if len(iso) == 2 else None
    return country.name if country else iso
