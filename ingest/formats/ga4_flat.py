"""GA4 events, flattened: one event a row of CSV or Parquet, its parameters and session-scoped fields in columns."""

import re

from sqlglot import exp

from ingest.raw import raw_events
from ingest.sniff import Sample
from ingest.sources import Shape, csv_relation, parquet_relation

NAME = "ga4_flat"
TITLE = "GA4 events, flattened (one event a row, parameters in columns)"
REQUIRED = ("event_date", "event_timestamp", "event_name", "user_pseudo_id", "ga_session_id")
GRAIN = "event"


def _parameter(*names: str) -> tuple[str, ...]:
    prefixes = ("", "eventparams", "eventparam", "params", "param", "ep")
    return tuple(prefix + name for name in names for prefix in prefixes)


def _last_click(*names: str) -> tuple[str, ...]:
    campaigns = ("crosschannelcampaign", "googleadscampaign", "manualcampaign")
    return tuple(f"sessiontrafficsourcelastclick{campaign}{name}" for name in names for campaign in campaigns)


ALIASES = {
    "user": ("userpseudoid", "userid"),
    "session": _parameter("gasessionid", "sessionid"),
    "date": ("eventdate", "eventdatedt"),
    "at": ("eventtimestamp", "eventtimestampmicros", "eventtimestamputc"),
    "name": ("eventname",),
    "session_number": _parameter("gasessionnumber", "sessionnumber"),
    "engaged": _parameter("sessionengaged", "engagedsession"),
    "engagement_msec": _parameter("engagementtimemsec"),
    "entrances": _parameter("entrances"),
    "page": _parameter("pagelocation", "pagepath"),
    "hostname": ("devicewebinfohostname", "webinfohostname", *_parameter("pagehostname", "hostname")),
    "session_source": ("sessionsource", *_last_click("source")),
    "session_medium": ("sessionmedium", *_last_click("medium")),
    "session_campaign": ("sessioncampaign", "sessioncampaignname", *_last_click("campaignname")),
    "session_channel": (
        *("sessiondefaultchannelgroup", "sessiondefaultchannelgrouping", "sessionchannelgroup"),
        *("sessionprimarychannelgroup", *_last_click("primarychannelgroup", "defaultchannelgroup")),
    ),
    "event_source": ("collectedtrafficsourcemanualsource", "eventsource", *_parameter("source")),
    "event_medium": ("collectedtrafficsourcemanualmedium", "eventmedium", *_parameter("medium")),
    "event_campaign": (
        *("collectedtrafficsourcemanualcampaignname", "eventcampaign"),
        *_parameter("campaign", "campaignname"),
    ),
    "click_id": ("collectedtrafficsourcegclid", *_parameter("gclid")),
    "user_source": ("trafficsourcesource", "firstusersource", "usersource"),
    "user_medium": ("trafficsourcemedium", "firstusermedium", "usermedium"),
    "user_campaign": ("trafficsourcename", "trafficsourcecampaign", "firstusercampaign", "usercampaign"),
    "device_category": ("devicecategory",),
    "operating_system": ("deviceoperatingsystem", "operatingsystem"),
    "browser": ("devicewebinfobrowser", "webinfobrowser", "devicebrowser", "browser"),
    "country": ("geocountry", "country"),
    "region": ("georegion", "region"),
    "transaction": ("ecommercetransactionid", *_parameter("transactionid")),
    "revenue": (
        *("ecommercepurchaserevenue", "purchaserevenue", *_parameter("value")),
        *("eventvalueinusd", "ecommercepurchaserevenueinusd", "purchaserevenueinusd"),
    ),
}
"""Raw field of an event -> the folded names of the columns that give it, the best first."""


def recognises(sample: Sample) -> str | None:
    """Recognise events with a user, a session, a name, a time and a day, one column each."""
    if sample.kind not in ("csv", "parquet"):
        return None
    columns = _columns(sample)
    if any(field not in columns for field in ("user", "session", "date", "at", "name")):
        return None
    return "GA4 events with the columns " + ", ".join(REQUIRED)


def read(sample: Sample) -> exp.Select:
    """Return the raw events, one per row."""
    relation = parquet_relation(sample) if sample.kind == "parquet" else csv_relation(sample)
    fields: dict[str, exp.Expr | None] = {}
    for field, positions in _columns(sample).items():
        values = [_value(sample, position) for position in positions]
        known = [exp.func("blank", value) for value in values]
        fields[field] = values[0] if len(values) == 1 else exp.func("coalesce", *known)
    event = [_value(sample, position) for position, name in enumerate(sample.header) if folded(name)[:4] != "item"]
    fields["content"] = exp.cast(exp.func("hash", *event), "VARCHAR")
    return raw_events(relation, fields)


def fields_of(sample: Sample) -> Shape:
    """Return nothing: no JSON is read."""
    return {}


def folded(name: str) -> str:
    """Return a column's name as it is compared: event_params.ga_session_id is EVENTPARAMS_GA_SESSION_ID."""
    return re.sub(r"[^0-9a-z]", "", name.lower())


def _columns(sample: Sample) -> dict[str, list[int]]:
    positions: dict[str, int] = {}
    for position, name in enumerate(sample.header):
        positions.setdefault(folded(name), position)
    found = {field: [positions[name] for name in names if name in positions] for field, names in ALIASES.items()}
    return {field: columns for field, columns in found.items() if columns}


def _value(sample: Sample, position: int) -> exp.Expr:
    if sample.kind == "parquet":
        return exp.cast(exp.column(sample.header[position], quoted=True), "VARCHAR")
    return exp.column(f"c{position}")
