"""Country names, as Google Analytics and others spell them, to ISO 3166-1 alpha-2 codes."""

from collections.abc import Iterator

import pycountry

ALSO_SPELLED = {
    "AE": ("UAE",),
    "AX": ("Aland Islands",),
    "BA": ("Bosnia", "Bosnia-Herzegovina"),
    "BL": ("St. Barthélemy", "Saint Barthelemy"),
    "BN": ("Brunei",),
    "BO": ("Bolivia",),
    "BQ": ("Caribbean Netherlands", "Bonaire"),
    "BS": ("The Bahamas",),
    "CC": ("Cocos (Keeling) Islands", "Cocos Islands"),
    "CD": ("Congo - Kinshasa", "Congo (DRC)", "DR Congo", "Democratic Republic of the Congo", "Zaire"),
    "CG": ("Congo - Brazzaville", "Congo (Republic)", "Republic of the Congo"),
    "CI": ("Côte d’Ivoire", "Ivory Coast"),
    "CV": ("Cape Verde",),
    "CW": ("Curacao",),
    "CZ": ("Czech Republic",),
    "FK": ("Falkland Islands", "Falkland Islands (Islas Malvinas)"),
    "FM": ("Micronesia",),
    "GB": ("UK", "Great Britain", "England", "Scotland", "Wales", "Northern Ireland"),
    "GM": ("The Gambia",),
    "GS": ("South Georgia & South Sandwich Islands",),
    "HK": ("Hong Kong SAR China",),
    "HM": ("Heard & McDonald Islands",),
    "IR": ("Iran",),
    "KN": ("St. Kitts & Nevis",),
    "KP": ("North Korea",),
    "KR": ("South Korea", "Republic of Korea", "Korea"),
    "LA": ("Laos",),
    "MD": ("Moldova",),
    "MF": ("St. Martin", "Saint Martin"),
    "MK": ("Macedonia", "Macedonia (FYROM)", "North Macedonia"),
    "MM": ("Myanmar (Burma)", "Burma"),
    "MO": ("Macau", "Macao SAR China"),
    "NL": ("The Netherlands", "Holland"),
    "PN": ("Pitcairn Islands",),
    "PS": ("Palestine", "Palestinian Territories"),
    "RE": ("Reunion",),
    "RU": ("Russia",),
    "SH": ("St. Helena",),
    "SJ": ("Svalbard & Jan Mayen",),
    "ST": ("São Tomé & Príncipe",),
    "SX": ("Sint Maarten",),
    "SY": ("Syria",),
    "SZ": ("Swaziland",),
    "TL": ("East Timor",),
    "TR": ("Turkey", "Türkiye", "Turkiye"),
    "TW": ("Taiwan",),
    "TZ": ("Tanzania",),
    "UM": ("U.S. Outlying Islands",),
    "US": ("USA", "United States of America"),
    "VA": ("Vatican City", "Vatican"),
    "VC": ("St. Vincent & Grenadines",),
    "VE": ("Venezuela",),
    "VG": ("British Virgin Islands",),
    "VI": ("U.S. Virgin Islands",),
    "VN": ("Vietnam",),
    "XK": ("Kosovo", "XK"),
}
"""Spellings that pycountry does not list: CLDR's (which GA uses), GA's older ones, and everyday ones."""


COMMON = (
    *(("United States", "US"), ("India", "IN"), ("United Kingdom", "GB"), ("Germany", "DE"), ("Canada", "CA")),
    *(("France", "FR"), ("Brazil", "BR"), ("Japan", "JP"), ("Spain", "ES"), ("Italy", "IT"), ("Netherlands", "NL")),
    *(("Australia", "AU"), ("Mexico", "MX"), ("Indonesia", "ID"), ("Vietnam", "VN"), ("Thailand", "TH")),
    *(("Taiwan", "TW"), ("Turkey", "TR"), ("Poland", "PL"), ("Philippines", "PH"), ("Russia", "RU"), ("China", "CN")),
)
"""The spellings that most sessions have."""


def spellings() -> Iterator[tuple[str, str]]:
    """Yield (spelling, alpha-2 code) pairs; several spellings a country, compared without case, accents or signs.

    The commonest spellings come first: they are looked for in this order.
    """
    yield from COMMON
    for country in pycountry.countries:
        code = country.alpha_2
        yield code, code
        yield country.alpha_3, code
        for attribute in ("name", "official_name", "common_name"):
            if name := getattr(country, attribute, None):
                yield from ((variant, code) for variant in _variants(name))
    for code, names in ALSO_SPELLED.items():
        for name in names:
            yield from ((variant, code) for variant in _variants(name))


def _variants(name: str) -> set[str]:
    saints = {name, name.replace("Saint ", "St. "), name.replace("St. ", "Saint ")}
    return (
        saints
        | {spelling.replace(" and ", " & ") for spelling in saints}
        | {spelling.replace(" & ", " and ") for spelling in saints}
    )
