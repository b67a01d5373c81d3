"""The words of GA360 / Universal Analytics session exports, shared by its shapes."""

from collections.abc import Mapping

from ingest.sniff import Sample

FLAT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "visitor": ("fullvisitorid", "clientid"),
    "visit": ("visitid",),
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
"""Raw field -> folded header cells that may give it, best first."""

SESSION_GRAIN = ("visitor", "visit", "date")
FINER_GRAIN = ("productsku", "v2productname", "productquantity", "hitnumber", "ecommerceactiontype", "transactionid")


def found_columns(sample: Sample) -> dict[str, int]:
    """Return raw field -> position of the column that gives it, for the fields the file has."""
    keys = sample.keys
    found = {}
    for field, names in FLAT_COLUMNS.items():
        position = next((keys[name] for name in names if name in keys), None)
        if position is not None:
            found[field] = position
    return found


def finer_grain(sample: Sample) -> list[str]:
    """Return the columns that show a file to hold products or hits, not sessions."""
    return [sample.header[position] for key, position in sample.keys.items() if key in FINER_GRAIN]
