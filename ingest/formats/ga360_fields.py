"""The words of GA360 / Universal Analytics session exports, and how its shapes are read."""

import re
from collections.abc import Mapping

from sqlglot import exp, parse_one

from ingest.nested import is_nested, json_fields, nested_relation, style_of
from ingest.raw import raw_sessions
from ingest.sniff import Sample, key_of
from ingest.sources import Shape

FLAT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "visitor": ("fullvisitorid", "clientid", "visitorid"),
    "visit": ("visitid", "sessionid", "visitstarttime"),
    "visit_number": ("visitnumber",),
    "new_visit": ("newvisits",),
    "date": ("date",),
    "start": ("visitstarttime",),
    "device_category": ("devicecategory",),
    "operating_system": ("operatingsystem",),
    "browser": ("browser",),
    "country": ("country",),
    "region": ("region",),
    "channel_group": ("channelgrouping",),
    "source": ("source",),
    "medium": ("medium",),
    "campaign": ("campaign",),
    "landing_page": ("landingpage", "landingpagepath"),
    "hostname": ("hostname",),
    "pageviews": ("pageviews",),
    "events": ("hits",),
    "duration": ("timeonsite",),
    "transactions": ("transactions",),
    "revenue_micros": ("transactionrevenue", "totaltransactionrevenue"),
}
"""Raw field -> folded names of columns that may give it, best first."""

SECTIONS: Mapping[str, Mapping[str, None]] = {
    "totals": dict.fromkeys(
        (
            *("hits", "pageviews", "timeOnSite", "newVisits", "transactions"),
            *("transactionRevenue", "totalTransactionRevenue"),
        )
    ),
    "trafficSource": dict.fromkeys(("source", "medium", "campaign")),
    "device": dict.fromkeys(("deviceCategory", "operatingSystem", "browser")),
    "geoNetwork": dict.fromkeys(("country", "region")),
}
HITS: Shape = {
    "hits": [
        {
            "type": None,
            "page": {"pagePath": None, "hostname": None},
            "eCommerceAction": {"action_type": None},
        }
    ]
}
HIT_FIELDS = {
    "landing_page": "list_filter(hits, lambda h: h.type = 'PAGE' and h.page.pagePath is not null)[1].page.pagePath",
    "hostname": "list_filter(hits, lambda h: h.type = 'PAGE' and h.page.hostname is not null)[1].page.hostname",
    "viewed_item": "list_contains(list_transform(hits, lambda h: h.eCommerceAction.action_type), '2')::varchar",
    "added_to_cart": "list_contains(list_transform(hits, lambda h: h.eCommerceAction.action_type), '3')::varchar",
    "began_checkout": "list_contains(list_transform(hits, lambda h: h.eCommerceAction.action_type), '5')::varchar",
}
"""GA360's eCommerceAction.action_type: 2 is a product detail view, 3 add to cart, 5 checkout."""

OMITTED = ("newVisits", "pageviews", "hits", "timeOnSite", "transactions", "transactionRevenue")
"""What a JSON export leaves out of a session that has none of it."""

TOTALS_PREFIX = re.compile(r"totals[._]+", re.IGNORECASE)
FINER_GRAIN = (
    *("productsku", "v2productname", "productname", "productquantity", "hitnumber", "hitshitnumber"),
    *("ecommerceactiontype", "hitsecommerceactionactiontype", "transactionid", "hitstransactiontransactionid"),
    *("hitspagepagepath", "hitstype", "hitstime"),
)


def found_columns(sample: Sample) -> dict[str, str]:
    """Return raw field -> the file's own name of the flat column that gives it, for the fields the file has."""
    names = _flat_names(sample)
    found = {}
    for field, keys in FLAT_COLUMNS.items():
        if own := next((names[key] for key in keys if key in names), None):
            found[field] = own
    return found


def has_sessions(sample: Sample) -> bool:
    """Say whether each row can be told to be of one visitor, one visit and one day."""
    found = found_columns(sample)
    return (
        "visitor" in found
        and bool(found.keys() & {"visit", "visit_number"})
        and ("date" in found or sample.day is not None)
    )


def nested_sections(sample: Sample) -> dict[str, str]:
    """Return `totals`, `hits` ... -> the file's own name of the column that holds it as records."""
    keys = {key_of(section): section for section in (*SECTIONS, "hits")}
    return {keys[key_of(name)]: name for name in sample.names if key_of(name) in keys and is_nested(sample, name)}


def finer_grain(sample: Sample) -> list[str]:
    """Return the columns that show a file to hold products or hits, not sessions."""
    return [name for key, name in sample.flat.items() if key in FINER_GRAIN]


def evidence(sample: Sample) -> str:
    """Return in words what shows the file to hold sessions of Google Analytics."""
    found = found_columns(sample)
    return ", ".join(found[field] for field in ("visitor", "visit", "visit_number", "date") if field in found)


def shape_of(sample: Sample) -> Shape:
    """Return the fields that are read: the flat columns by their own names, the sections by GA's."""
    flat = _flat_names(sample)
    wanted = [flat[key] for keys in FLAT_COLUMNS.values() for key in keys if key in flat]
    sections = {section: SECTIONS.get(section) or HITS[section] for section in nested_sections(sample)}
    return dict.fromkeys(wanted) | sections


def read_sessions(sample: Sample) -> exp.Select:
    """Return the raw sessions, one per row or object: each field from its own column, else from its section.

    A section that is no JSON is the row's defect; hits that are none are only unknown, as a spreadsheet cuts them.
    """
    sections = nested_sections(sample)
    fields: dict[str, exp.Expr | None] = dict(session_fields(sample))
    if "hits" in sections:
        for field, text in HIT_FIELDS.items():
            fields.setdefault(field, parse_one(text, dialect="duckdb"))
    if sections:
        broken, hits = exp.column("broken"), exp.Literal.string(sections.get("hits", ""))
        defect = exp.DPipe(this=broken.copy(), expression=exp.Literal.string(" is not JSON"))
        fields["defect"] = exp.Case().when(broken.neq(hits), defect)
        fields["unread"] = exp.Case().when(broken.eq(hits), broken)
    return raw_sessions(nested_relation(sample, shape_of(sample)), fields)


def session_fields(sample: Sample) -> dict[str, exp.Expr]:
    """Return raw field -> what gives it over the relation of `shape_of`: the best column or member of a section.

    The day is taken from the file's place where no column has it.
    """
    flat, sections = _flat_names(sample), nested_sections(sample)
    members = {
        key_of(name): exp.Dot.build([exp.column(section), exp.to_identifier(name)])
        for section in sections.keys() & SECTIONS.keys()
        for name in SECTIONS[section]
    }
    known = members | {key: exp.column(name, quoted=True) for key, name in flat.items()}
    fields: dict[str, exp.Expr] = {}
    for field, keys in FLAT_COLUMNS.items():
        found = [known[key].copy() for key in keys if key in known]
        if len(found) > 1 and field == "revenue_micros":
            found = [exp.func("coalesce", *(_not_blank(one) for one in found))]
        if found:
            fields[field] = found[0]
    if "date" not in fields and sample.day:
        fields["date"] = exp.Literal.string(sample.day)
    return fields


def _flat_names(sample: Sample) -> dict[str, str]:
    """Return key -> the file's own name of each flat column, and in flat JSON of those its first rows may leave out."""
    names = {key: name for key, name in sample.flat.items() if not is_nested(sample, name)}
    if sample.kind != "json" or nested_sections(sample):
        return names
    known = {key_of(name): name for name in OMITTED}
    prefix = next((found[0] for name in names.values() if (found := TOTALS_PREFIX.match(name))), "")
    style = style_of((known[key], name.removeprefix(prefix)) for key, name in names.items() if key in known)
    return {key: prefix + style(name) for key, name in known.items()} | names


def _not_blank(text: exp.Expr) -> exp.Expr:
    return exp.func("nullif", exp.func("trim", text), exp.Literal.string(""))


def fields_of(sample: Sample) -> Shape:
    """Return the JSON fields that are read, by the file's own names."""
    return json_fields(sample, shape_of(sample)) if sample.kind == "json" else {}
