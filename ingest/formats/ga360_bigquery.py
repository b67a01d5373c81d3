"""GA360's BigQuery export: one JSON object per session, with nested totals, device, trafficSource and hits."""

from sqlglot import exp, parse_one

from ingest.raw import raw_sessions
from ingest.sniff import Sample
from ingest.sources import Shape, json_relation

NAME = "ga360_bigquery"
TITLE = "GA360 BigQuery sessions (newline-delimited JSON with hits)"
REQUIRED = ("fullVisitorId", "visitId", "date", "totals")
GRAIN = "session"

JSON_SHAPE: Shape = {
    "fullVisitorId": None,
    "visitId": None,
    "visitNumber": None,
    "visitStartTime": None,
    "date": None,
    "channelGrouping": None,
    "totals": {
        "hits": None,
        "pageviews": None,
        "timeOnSite": None,
        "newVisits": None,
        "transactions": None,
        "transactionRevenue": None,
    },
    "trafficSource": {"source": None, "medium": None, "campaign": None},
    "device": {"deviceCategory": None, "operatingSystem": None, "browser": None},
    "geoNetwork": {"country": None, "region": None},
    "hits": [
        {
            "type": None,
            "page": {"pagePath": None, "hostname": None},
            "eCommerceAction": {"action_type": None},
        }
    ],
}

FIELDS = {
    "visitor": "fullVisitorId",
    "visit": "visitId",
    "visit_number": "visitNumber",
    "new_visit": "totals.newVisits",
    "date": "date",
    "start": "visitStartTime",
    "device_category": "device.deviceCategory",
    "operating_system": "device.operatingSystem",
    "browser": "device.browser",
    "country": "geoNetwork.country",
    "region": "geoNetwork.region",
    "channel_group": "channelGrouping",
    "source": "trafficSource.source",
    "medium": "trafficSource.medium",
    "campaign": "trafficSource.campaign",
    "pageviews": "totals.pageviews",
    "events": "totals.hits",
    "duration": "totals.timeOnSite",
    "transactions": "totals.transactions",
    "revenue_micros": "totals.transactionRevenue",
}

HIT_FIELDS = {
    "landing_page": "list_filter(hits, lambda h: h.type = 'PAGE' and h.page.pagePath is not null)[1].page.pagePath",
    "hostname": "list_filter(hits, lambda h: h.type = 'PAGE' and h.page.hostname is not null)[1].page.hostname",
    "viewed_item": "list_contains(list_transform(hits, lambda h: h.eCommerceAction.action_type), '2')::varchar",
    "added_to_cart": "list_contains(list_transform(hits, lambda h: h.eCommerceAction.action_type), '3')::varchar",
    "began_checkout": "list_contains(list_transform(hits, lambda h: h.eCommerceAction.action_type), '5')::varchar",
}
"""GA360's eCommerceAction.action_type: 2 is a product detail view, 3 add to cart, 5 checkout."""


def recognises(sample: Sample) -> str | None:
    """Recognise JSON objects with fullVisitorId, visitId, date and a nested `totals`."""
    for session in sample.objects:
        if {"fullVisitorId", "visitId", "date"} <= session.keys() and isinstance(session.get("totals"), dict):
            nested = ", ".join(name for name in ("totals", "hits") if name in session)
            return f"JSON objects with fullVisitorId, visitId, date, {nested}"
    return None


def read(sample: Sample) -> exp.Select:
    """Return the raw sessions, one per JSON object; without hits, the hit-level fields are unknown."""
    members = dict(FIELDS)
    if any(session.get("hits") for session in sample.objects):
        members |= HIT_FIELDS
    fields = {field: parse_one(text, dialect="duckdb") for field, text in members.items()}
    return raw_sessions(json_relation(sample, JSON_SHAPE), fields)


def fields_of(sample: Sample) -> Shape:
    """Return the nested fields of a session."""
    return JSON_SHAPE
