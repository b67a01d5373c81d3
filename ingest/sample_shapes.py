"""Write sessions in the shapes that GA exports have: flat GA360 CSV, Kaggle's JSON-in-CSV, BigQuery's nested NDJSON."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from ingest.sample_draws import Codes, Mask
from ingest.sample_hits import hits_json, joined
from ingest.sample_sessions import Sessions
from ingest.sample_visits import Calendar
from ingest.sample_world import CHANNELS, DEVICES, HOSTNAMES, World

WITHHELD = "not available in demo dataset"
FLAT_COLUMNS = (
    "fullVisitorId", "visitId", "visitNumber", "visitStartTime", "date", "channelGrouping", "deviceCategory",
    "operatingSystem", "browser", "country", "region", "source", "medium", "campaign", "landingPagePath", "hostname",
    "pageviews", "hits", "timeOnSite", "newVisits", "transactions", "transactionRevenue",
)  # fmt: skip
KAGGLE_COLUMNS = (
    "channelGrouping", "date", "device", "fullVisitorId", "geoNetwork", "sessionId", "socialEngagementType", "totals",
    "trafficSource", "visitId", "visitNumber", "visitStartTime",
)  # fmt: skip
NOT_SOCIAL = "Not Socially Engaged"
MICROS_PER_CENT = 10_000


class Names:
    """Hold the texts that codes stand for, as Arrow arrays, so that a column is one lookup."""

    def __init__(self, world: World, calendar: Calendar) -> None:
        """Prepare every text once."""
        self.device = pa.array([DEVICES[line[0]] for line in world.technology])
        self.operating_system = pa.array([line[1] for line in world.technology])
        self.browser = pa.array([line[2] for line in world.technology])
        self.country = pa.array([name for name, _, _ in world.countries])
        self.region = pa.array([region for _, region in world.geo])
        self.source, self.medium, self.campaign = (pa.array([line[i] for line in world.traffic]) for i in range(3))
        self.channel = pa.array([CHANNELS[line[3]] for line in world.traffic])
        self.landing = pa.array([*world.landings, "(not set)"])
        self.hostname = pa.array([name for name, _ in HOSTNAMES])
        self.date = pa.array([f"{calendar.date(day):%Y%m%d}" for day in range(calendar.days)])
        self.device_json = pa.array([_device_json(*line) for line in world.technology])
        self.geo_json = pa.array([_geo_json(*world.countries[code], region) for code, region in world.geo])
        self.traffic_json = pa.array([_traffic_json(*line[:3]) for line in world.traffic])


def _device_json(device: int, operating_system: str, browser: str) -> str:
    withheld = ("mobileDeviceBranding", "mobileDeviceModel", "mobileInputSelector", "mobileDeviceInfo",
                "mobileDeviceMarketingName", "flashVersion", "language", "screenColors",
                "screenResolution")  # fmt: skip
    return json.dumps(
        {
            "browser": browser,
            "browserVersion": WITHHELD,
            "browserSize": WITHHELD,
            "operatingSystem": operating_system,
            "operatingSystemVersion": WITHHELD,
            "isMobile": device > 0,
            **dict.fromkeys(withheld, WITHHELD),
            "deviceCategory": DEVICES[device],
        }
    )


def _geo_json(country: str, continent: str, sub_continent: str, region: str) -> str:
    place = {"continent": continent, "subContinent": sub_continent, "country": country, "region": region}
    withheld = ("metro", "city", "cityId", "networkDomain", "latitude", "longitude", "networkLocation")
    return json.dumps(place | dict.fromkeys(withheld, WITHHELD), ensure_ascii=False)


def _traffic_json(source: str, medium: str, campaign: str) -> str:
    parts: dict = {"campaign": campaign, "source": source, "medium": medium}
    if medium in ("organic", "cpc"):
        parts["keyword"] = "(not provided)"
    parts["adwordsClickInfo"] = {"criteriaParameters": WITHHELD}
    if medium == "referral":
        parts = {"referralPath": "/"} | parts
    if medium == "(none)":
        parts["isTrueDirect"] = True
    return json.dumps(parts)


@dataclass(frozen=True)
class Shape:
    """Describe one export shape: how files are called, their first line, and how sessions become their bytes.

    `counts_orders` says whether a file gives the number of orders; Kaggle's first version only gives their revenue.
    """

    name: str
    file_name: str
    header: str
    encoded: Callable[[Sessions, Names], pa.Buffer]
    counts_orders: bool = True


def _text(numbers: NDArray) -> pa.Array:
    return pa.array(numbers).cast(pa.string())


def _where(present: Mask, prefix: str, numbers: NDArray) -> pa.Array:
    """Return a JSON member (a leading comma, the key, the number as text) where it is present, nothing elsewhere."""
    return pc.call_function("if_else", [pa.array(present), joined(prefix, _text(numbers), '"'), pa.scalar("")])


def _flag(present: Mask, member: str) -> pa.Array:
    return pa.array(["", member]).take(pa.array(present.astype(np.int64)))


def _csv(columns: dict[str, pa.Array], quoting: str) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    csv.write_csv(pa.table(columns), sink, csv.WriteOptions(include_header=False, quoting_style=quoting))
    return sink.getvalue()


def _flat(sessions: Sessions, names: Names) -> pa.Buffer:
    arrivals, no_order, no_page = sessions.arrivals, sessions.transactions == 0, sessions.pageviews == 0
    technology, traffic = pa.array(arrivals.technology), pa.array(sessions.filed_traffic)
    columns = {
        "fullVisitorId": pa.array(arrivals.full_visitor_id),
        "visitId": pa.array(arrivals.visit_id),
        "visitNumber": pa.array(arrivals.visits.number),
        "visitStartTime": pa.array(arrivals.start),
        "date": names.date.take(pa.array(arrivals.visits.day)),
        "channelGrouping": names.channel.take(traffic),
        "deviceCategory": names.device.take(technology),
        "operatingSystem": names.operating_system.take(technology),
        "browser": names.browser.take(technology),
        "country": names.country.take(pa.array(arrivals.country)),
        "region": names.region.take(pa.array(arrivals.geo)),
        "source": names.source.take(traffic),
        "medium": names.medium.take(traffic),
        "campaign": names.campaign.take(traffic),
        "landingPagePath": names.landing.take(pa.array(np.where(no_page, len(names.landing) - 1, arrivals.landing))),
        "hostname": names.hostname.take(pa.array(arrivals.hostname)),
        "pageviews": pa.array(sessions.pageviews, mask=no_page),
        "hits": pa.array(sessions.hits),
        "timeOnSite": pa.array(sessions.duration, mask=sessions.duration == 0),
        "newVisits": pa.array(np.ones(len(sessions), dtype=np.int64), mask=arrivals.returning),
        "transactions": pa.array(sessions.transactions, mask=no_order),
        "transactionRevenue": pa.array(sessions.cents * MICROS_PER_CENT, mask=no_order),
    }
    return _csv(columns, "none")


def _totals(sessions: Sessions, *, with_time_and_orders: bool) -> pa.Array:
    bounced, ordered = sessions.hits == 1, sessions.transactions > 0
    micros = sessions.cents * MICROS_PER_CENT
    members: list[pa.Array | str] = [
        '{"visits": "1", "hits": "',
        _text(sessions.hits),
        '"',
        _where(sessions.pageviews > 0, ', "pageviews": "', sessions.pageviews),
    ]
    if with_time_and_orders:
        members.append(_where(sessions.duration > 0, ', "timeOnSite": "', sessions.duration))
    members.append(_flag(bounced, ', "bounces": "1"'))
    if with_time_and_orders:
        members.append(_where(ordered, ', "transactions": "', sessions.transactions))
    members.append(_where(ordered, ', "transactionRevenue": "', micros))
    if with_time_and_orders:
        members.append(_where(ordered, ', "totalTransactionRevenue": "', micros + shipping_micros(sessions)))
    members += [_flag(~sessions.arrivals.returning, ', "newVisits": "1"'), "}"]
    return joined(*members)


def shipping_micros(sessions: Sessions) -> Codes:
    """Return what totalTransactionRevenue holds beyond the order value: shipping, the same for each order."""
    return sessions.transactions * 7_500_000


def _kaggle(sessions: Sessions, names: Names) -> pa.Buffer:
    arrivals, traffic = sessions.arrivals, pa.array(sessions.filed_traffic)
    columns = {
        "channelGrouping": names.channel.take(traffic),
        "date": names.date.take(pa.array(arrivals.visits.day)).cast(pa.int64()),
        "device": names.device_json.take(pa.array(arrivals.technology)),
        "fullVisitorId": pa.array(arrivals.full_visitor_id),
        "geoNetwork": names.geo_json.take(pa.array(arrivals.geo)),
        "sessionId": joined(_text(arrivals.full_visitor_id), "_", _text(arrivals.visit_id)),
        "socialEngagementType": pa.array([NOT_SOCIAL] * len(sessions)),
        "totals": _totals(sessions, with_time_and_orders=False),
        "trafficSource": names.traffic_json.take(traffic),
        "visitId": pa.array(arrivals.visit_id),
        "visitNumber": pa.array(arrivals.visits.number),
        "visitStartTime": pa.array(arrivals.start),
    }
    return _csv(columns, "needed")


def _bigquery(sessions: Sessions, names: Names) -> pa.Buffer:
    arrivals, traffic = sessions.arrivals, pa.array(sessions.filed_traffic)
    lines = joined(
        '{"visitNumber": "', _text(arrivals.visits.number),
        '", "visitId": "', _text(arrivals.visit_id),
        '", "visitStartTime": "', _text(arrivals.start),
        '", "date": "', names.date.take(pa.array(arrivals.visits.day)),
        '", "totals": ', _totals(sessions, with_time_and_orders=True),
        ', "trafficSource": ', names.traffic_json.take(traffic),
        ', "device": ', names.device_json.take(pa.array(arrivals.technology)),
        ', "geoNetwork": ', names.geo_json.take(pa.array(arrivals.geo)),
        ', "customDimensions": [], "hits": [', hits_json(sessions, names.landing, names.hostname),
        '], "fullVisitorId": "', _text(arrivals.full_visitor_id),
        '", "channelGrouping": "', names.channel.take(traffic),
        f'", "socialEngagementType": "{NOT_SOCIAL}"}}\n',
    )  # fmt: skip
    return _text_bytes(lines)


def _text_bytes(lines: pa.Array) -> pa.Buffer:
    """Return the bytes of an array of texts, end to end (it has no nulls and no offset of its own)."""
    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int32, count=len(lines) + 1)
    return lines.buffers()[2].slice(int(offsets[0]), int(offsets[-1] - offsets[0]))


SHAPES = (
    Shape("ga360_flat", "ga360_sessions_{period}.csv", ",".join(FLAT_COLUMNS) + "\n", _flat),
    Shape("kaggle_json", "kaggle_train_{period}.csv", ",".join(KAGGLE_COLUMNS) + "\n", _kaggle, counts_orders=False),
    Shape("ga360_bigquery", "ga_sessions_{period}.ndjson", "", _bigquery),
)
