"""GA4's BigQuery export (events_YYYYMMDD): one event a row or JSON object, with nested event_params."""

from functools import cache

from sqlglot import exp, parse_one

from ingest.nested import found_names, is_nested, json_fields, nested_relation
from ingest.raw import raw_events
from ingest.sniff import Sample
from ingest.sources import Shape

NAME = "ga4_events"
TITLE = "GA4 BigQuery events (nested JSON or Parquet)"
REQUIRED = ("event_date", "event_timestamp", "event_name", "event_params", "user_pseudo_id")
GRAIN = "event"

SHAPE: Shape = {
    "event_date": None,
    "event_timestamp": None,
    "event_name": None,
    "event_params": [
        {"key": None, "value": {"string_value": None, "int_value": None, "float_value": None, "double_value": None}}
    ],
    "event_bundle_sequence_id": None,
    "event_value_in_usd": None,
    "user_pseudo_id": None,
    "user_id": None,
    "device": {"category": None, "operating_system": None, "web_info": {"browser": None, "hostname": None}},
    "geo": {"country": None, "region": None},
    "traffic_source": {"name": None, "medium": None, "source": None},
    "collected_traffic_source": {
        "manual_source": None,
        "manual_medium": None,
        "manual_campaign_name": None,
        "gclid": None,
    },
    "session_traffic_source_last_click": {
        "manual_campaign": {"campaign_name": None, "source": None, "medium": None},
        "google_ads_campaign": {"customer_id": None, "campaign_name": None},
        "cross_channel_campaign": {
            "campaign_name": None,
            "source": None,
            "medium": None,
            "primary_channel_group": None,
            "default_channel_group": None,
        },
    },
    "ecommerce": {"transaction_id": None, "purchase_revenue": None, "purchase_revenue_in_usd": None},
}

LISTS = {
    "keys": "list_transform(event_params, lambda p: p.key)",
    "vals": "list_transform(event_params, lambda p: coalesce(p.value.string_value, p.value.int_value, "
    "p.value.double_value, p.value.float_value))",
    "click": "session_traffic_source_last_click",
    "collected": "collected_traffic_source",
}

FIELDS = {
    "user": "coalesce(blank(user_pseudo_id), blank(user_id))",
    "session": "vals[list_position(keys, 'ga_session_id')]",
    "date": "event_date",
    "at": "event_timestamp",
    "name": "event_name",
    "content": "cast(hash(event_bundle_sequence_id, keys, vals, ecommerce) as varchar)",
    "session_number": "vals[list_position(keys, 'ga_session_number')]",
    "engaged": "vals[list_position(keys, 'session_engaged')]",
    "engagement_msec": "vals[list_position(keys, 'engagement_time_msec')]",
    "entrances": "vals[list_position(keys, 'entrances')]",
    "page": "vals[list_position(keys, 'page_location')]",
    "hostname": "device.web_info.hostname",
    "session_source": "coalesce(blank(click.cross_channel_campaign.source), "
    "if(blank(click.google_ads_campaign.customer_id) is not null, 'google', null), "
    "blank(click.manual_campaign.source))",
    "session_medium": "coalesce(blank(click.cross_channel_campaign.medium), "
    "if(blank(click.google_ads_campaign.customer_id) is not null, 'cpc', null), blank(click.manual_campaign.medium))",
    "session_campaign": "coalesce(blank(click.cross_channel_campaign.campaign_name), "
    "blank(click.google_ads_campaign.campaign_name), blank(click.manual_campaign.campaign_name))",
    "session_channel": "coalesce(blank(click.cross_channel_campaign.primary_channel_group), "
    "blank(click.cross_channel_campaign.default_channel_group))",
    "event_source": "coalesce(blank(collected.manual_source), vals[list_position(keys, 'source')])",
    "event_medium": "coalesce(blank(collected.manual_medium), vals[list_position(keys, 'medium')])",
    "event_campaign": "coalesce(blank(collected.manual_campaign_name), vals[list_position(keys, 'campaign')])",
    "click_id": "coalesce(blank(collected.gclid), vals[list_position(keys, 'gclid')])",
    "user_source": "traffic_source.source",
    "user_medium": "traffic_source.medium",
    "user_campaign": "traffic_source.name",
    "device_category": "device.category",
    "operating_system": "device.operating_system",
    "browser": "coalesce(device.web_info.browser, vals[list_position(keys, 'browser')])",
    "country": "geo.country",
    "region": "geo.region",
    "transaction": "coalesce(blank(ecommerce.transaction_id), vals[list_position(keys, 'transaction_id')])",
    "revenue": "coalesce(blank(ecommerce.purchase_revenue), vals[list_position(keys, 'value')], "
    "blank(event_value_in_usd), blank(ecommerce.purchase_revenue_in_usd))",
}


def recognises(sample: Sample) -> str | None:
    """Recognise events with a user, a name, a time, a day and nested event_params."""
    names = found_names(sample, SHAPE)
    if any(name not in names for name in REQUIRED) or not is_nested(sample, names["event_params"]):
        return None
    return "GA4 events with " + ", ".join(REQUIRED)


def read(sample: Sample) -> exp.Select:
    """Return the raw events, one per row or JSON object."""
    lists = [exp.alias_(_parsed(text), name) for name, text in LISTS.items()]
    events = exp.select("*", *lists).from_(nested_relation(sample, SHAPE)).subquery("events")
    return raw_events(events, {field: _parsed(text) for field, text in FIELDS.items()})


@cache
def _parsed(text: str) -> exp.Expr:
    return parse_one(text, dialect="duckdb")


def fields_of(sample: Sample) -> Shape:
    """Return what a JSON object of the file must look like."""
    return json_fields(sample, SHAPE)
