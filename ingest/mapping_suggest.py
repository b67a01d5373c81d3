"""A first mapping file for an export, from a look at its first rows: what is plain is filled in, the rest is asked."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ingest.formats.ga360_fields import FLAT_COLUMNS
from ingest.mapping import column_names
from ingest.mapping_check import TARGETS
from ingest.nested import is_nested
from ingest.report import RefusedFileError
from ingest.sniff import Sample, key_of

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "session_id": ("sessionid", "sessionkey", "session", "gasessionid"),
    "visitor_id": ("visitorid", "fullvisitorid", "userpseudoid", "clientid", "userid", "customerid", "visitor", "user"),
    "visit_id": ("visitid", "visit"),
    "visit_number": ("sessionnumber", "gasessionnumber", "visitno"),
    "visitor_type": ("visitortype", "usertype", "newreturning", "neworreturning", "newvsreturning"),
    "session_start": ("sessionstart", "starttime", "started", "startedat", "timestamp", "time", "datetime"),
    "device_category": ("device", "devicetype", "platform"),
    "operating_system": ("os", "operatingsystems"),
    "country": ("countryname", "countrycode", "geocountry"),
    "region": ("state", "province"),
    "channel_group": ("channel", "defaultchannelgroup", "sessiondefaultchannelgroup", "traffictype"),
    "source": ("utmsource", "sessionsource", "trafficsource", "referrer"),
    "medium": ("utmmedium", "sessionmedium"),
    "campaign": ("utmcampaign", "sessioncampaign", "campaignname"),
    "landing_page": ("landing", "entrypage", "firstpage", "landingurl"),
    "hostname": ("host", "domain"),
    "pageviews": ("views", "pages", "pagecount", "screenpageviews", "screenviews", "pageviewcount"),
    "events": ("eventcount", "actions"),
    "duration_seconds": ("duration", "sessionduration", "visitduration", "seconds", "lengthofvisit"),
    "engaged": ("engagedsession", "isengaged"),
    "viewed_item": ("vieweditem", "viewedproduct", "productviewed"),
    "added_to_cart": ("addedtocart", "addtocart", "cart"),
    "began_checkout": ("begancheckout", "begincheckout", "checkout"),
    "transactions": ("orders", "purchases", "converted", "conversions", "purchased", "conversion"),
    "revenue": ("ordervalue", "amount", "sales", "turnover", "value", "totalrevenue", "purchaserevenue"),
}
"""What a mapping may fill -> folded names, beside GA's own, that a column for it often has."""

DATE_NAMES = ("date", "sessiondate", "visitdate", "day", "eventdate", "datum", "fecha", "data", "createdat")
DATE_FORMATS = (
    "%Y%m%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
)
TRUTHS = {"true": "false", "false": "true", "yes": "no", "no": "yes"}
SHOWN = 3


def suggest_mapping(sample: Sample) -> str:
    """Return the text of a first mapping file for an export.

    Raises RefusedFileError when the file is no CSV, JSON or Parquet.
    """
    if sample.kind not in ("csv", "json", "parquet"):
        raise RefusedFileError(f"{sample.path.name} is no CSV, JSON or Parquet file: no mapping can read it.")
    values = {name: _values(sample, name) for name in column_names(sample) if not _is_record(sample, name)}
    chosen = _chosen(values)
    dates = list(_date_lines(values))
    lines = [
        f"# How silent-leak reads {_comment(sample.path.name)}: our name = theirs. Check each line, then:",
        "# silent-leak ingest EXPORT --store STORE --mapping THIS-FILE",
        "",
        *dates,
        "",
        "[columns]",
        *(f"{target} = {_quoted(name)}{_shown(values[name])}" for target, name in chosen.items()),
        *_left_lines(values, chosen, dates),
        *_value_lines(values, chosen),
        *_unit_lines(values, chosen),
        "",
        "# [constants]        # what is the same in every row and in no column",
        '# hostname = "shop.example"',
    ]
    text = "\n".join(lines) + "\n"
    return text.encode("utf-8", errors="replace").decode()


def _chosen(values: Mapping[str, list[str]]) -> dict[str, str]:
    """Return target -> column, by name; a revenue that is only true or false tells transactions."""
    keys: dict[str, str] = {}
    for name in values:
        keys.setdefault(key_of(name.rpartition(".")[2]), name)
        keys[key_of(name)] = name
    chosen: dict[str, str] = {}
    for target, raw in TARGETS.items():
        known = (target.replace("_", ""), *SYNONYMS.get(target, ()), *FLAT_COLUMNS.get(raw, ()))
        if target == "revenue":
            known += FLAT_COLUMNS["revenue_micros"]
        if name := next((keys[key] for key in known if key in keys and keys[key] not in chosen.values()), None):
            chosen[target] = name
    if "transactions" not in chosen and "revenue" in chosen and _is_truth(values[chosen["revenue"]]):
        chosen["transactions"] = chosen.pop("revenue")
    return chosen


def _date_lines(values: Mapping[str, list[str]]) -> Iterator[str]:
    keys = {key_of(name): name for name in list(values)[::-1]}
    yield "[date]             # the day of the session, in the property's own time zone"
    if name := next((keys[key] for key in DATE_NAMES if key in keys), None):
        yield f"column = {_quoted(name)}{_shown(values[name])}"
        formats = _date_formats(values[name])
        if formats:
            other = f"   # or {_quoted(formats[1])}: the first rows fit both" if len(formats) > 1 else ""
            yield f"format = {_quoted(formats[0])}{other}"
    elif "month" in keys:
        yield f"month = {_quoted(keys['month'])}{_shown(values[keys['month']])}"
        year = keys.get("year")
        yield f"year = {_quoted(year)}" if year else "year = 0           # no column has it: write the year"
    else:
        yield 'column = ""        # no column looks like a date: name it, or give month and year instead'


def _date_formats(texts: list[str]) -> list[str]:
    """Return the formats that read all the texts; none when they are ISO dates or cannot be read."""
    if all(_fits(text, "%Y-%m-%d") for text in texts):
        return []
    return [form for form in DATE_FORMATS if texts and all(_fits(text, form) for text in texts)]


def _fits(text: str, form: str) -> bool:
    try:
        dt.datetime.strptime(text[:10] if form == "%Y-%m-%d" else text, form)
    except ValueError:
        return False
    return True


def _left_lines(values: Mapping[str, list[str]], chosen: Mapping[str, str], dates: list[str]) -> Iterator[str]:
    used = set(chosen.values())
    left = [name for name in values if name not in used and not any(f"= {_quoted(name)}" in line for line in dates)]
    if not left:
        return
    yield ""
    yield "# their columns that nothing uses yet:"
    for name in left:
        yield f"#   {_comment(name)}{_shown(values[name])}"
    yield '# what of ours could still be filled (several columns of counts may be summed: pageviews = ["A", "B"]):'
    unfilled = [target for target in TARGETS if target not in chosen]
    for start in range(0, len(unfilled), 6):
        yield f"#   {', '.join(unfilled[start : start + 6])}"


def _value_lines(values: Mapping[str, list[str]], chosen: Mapping[str, str]) -> Iterator[str]:
    name = chosen.get("transactions")
    if name and _is_truth(values[name]):
        yield ""
        yield "[values.transactions]"
        for text in _both(values[name]):
            yield f"{_quoted(text)} = {int(text.lower() in ('true', 'yes'))}"


def _unit_lines(values: Mapping[str, list[str]], chosen: Mapping[str, str]) -> Iterator[str]:
    if name := chosen.get("revenue"):
        micros = key_of(name) in FLAT_COLUMNS["revenue_micros"]
        comma = any(re.search(r",\d{1,2}$", text) for text in values[name])
        yield ""
        yield "[revenue]"
        yield f'unit = "{"micros" if micros else "units"}"     # units, cents or micros (millionths)'
        yield 'decimal = ","' if comma else '# decimal = ","     # and thousands = "."'
        yield '# currency = "EUR"'
    if "session_start" in chosen:
        yield ""
        yield "[session_start]"
        yield '# time_zone = "Europe/Berlin"   # of times that name none; UTC unless it is given'


def _is_truth(texts: Iterable[str]) -> bool:
    found = {text.lower() for text in texts}
    return bool(found) and found <= TRUTHS.keys()


def _both(texts: Iterable[str]) -> list[str]:
    """Return the words for true and false in the writing of those that are known; the first rows may hold only one."""
    found = set(texts)
    for text in texts:
        other = TRUTHS[text.lower()]
        found.add(other.upper() if text.isupper() else other.capitalize() if text[:1].isupper() else other)
    return sorted(found)


def _is_record(sample: Sample, name: str) -> bool:
    """Say whether a column holds records, of which a mapping reads none."""
    return name in sample.names and is_nested(sample, name)


def _values(sample: Sample, name: str) -> list[str]:
    """Return the first different texts of a column, blanks left out."""
    found: dict[str, None] = {}
    if sample.kind == "json":
        for entry in sample.objects:
            value: object = entry
            for part in name.split("."):
                value = value.get(part) if isinstance(value, dict) else None
            if value is not None and not isinstance(value, list):
                found[str(value)] = None
    else:
        position = sample.header.index(name)
        found.update((row[position].strip(), None) for row in sample.rows if position < len(row))
    return [text for text in found if text]


def _shown(texts: list[str]) -> str:
    if not texts:
        return ""
    shown = ", ".join(_comment(text) for text in texts[:SHOWN])
    return f"   # {shown}{', ...' if len(texts) > SHOWN else ''}"


def _comment(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)[:40]


def _quoted(text: str) -> str:
    """Return a TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04X}", escaped) + '"'


def mapping_name(path: Path) -> str:
    """Return the name of the mapping file that is written for an export when none is given."""
    return f"{path.name.split('.')[0]}.mapping.toml"
