"""Lay out the hits of a session: pages and events in order, ending with the funnel as far as the session went."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.sample_draws import GOLDEN, Codes, stream
from ingest.sample_sessions import UTC_OFFSET_HOURS, Sessions

PAGE, EVENT, ITEM, ADD, BASKET, BILLING, PAYMENT, REVIEW, COMPLETED, COMPLETED_AGAIN = range(10)
ACTIONS = (
    ("PAGE", "0", "1"), ("EVENT", "1", "1"), ("PAGE", "2", "1"), ("EVENT", "3", "1"), ("PAGE", "0", "1"),
    ("PAGE", "5", "1"), ("PAGE", "5", "2"), ("PAGE", "5", "3"), ("PAGE", "6", "1"), ("PAGE", "6", "1"),
)  # fmt: skip
"""Hit type, eCommerceAction.action_type (1 click, 2 detail, 3 add, 5 checkout, 6 purchase) and step, by code."""

FUNNEL = (ITEM, ADD, BASKET, BILLING, PAYMENT, REVIEW, COMPLETED, COMPLETED_AGAIN)
FUNNEL_HITS = np.array([0, 1, 3, 4, 6, 7, 8])
"""How many hits of FUNNEL a session of each depth ends with."""

BROWSED = tuple(f"/catalog/{name}" for name in ("women", "men", "kids", "bags", "home", "office", "sale", "search"))
ITEMS = tuple(f"/product/item-{number:03}" for number in range(1, 121))
FIXED = {BASKET: "/basket.html", BILLING: "/yourinfo.html", PAYMENT: "/payment.html", REVIEW: "/revieworder.html"}
ORDER_PAGE = "/ordercompleted.html"


def joined(*parts: pa.Array | str) -> pa.Array:
    """Return the parts of each row end to end; a plain text is the same in every row."""
    texts = [pa.scalar(part) if isinstance(part, str) else part for part in parts]
    return pc.call_function("binary_join_element_wise", [*texts, pa.scalar("")])


def hits_json(sessions: Sessions, landing: pa.Array, hostname: pa.Array) -> pa.Array:
    """Return the hits of each session as JSON objects joined by commas."""
    row, position, code = _layout(sessions)
    last = sessions.hits[row] - 1
    millisecond = np.where(last > 0, sessions.duration[row] * 1000 * position // np.maximum(last, 1), 0)
    minute_of_day = (sessions.arrivals.start[row] + UTC_OFFSET_HOURS * 3600 + millisecond // 1000) // 60 % 1440
    pages, page = _pages(sessions, landing, row, position, code)
    minutes = pa.array([f'", "hour": "{minute // 60}", "minute": "{minute % 60}", ' for minute in range(1440)])
    bounds = pa.array(
        ['"isInteraction": true', '"isInteraction": true, "isEntrance": true', '"isInteraction": true, "isExit": true',
         '"isInteraction": true, "isEntrance": true, "isExit": true']
    )  # fmt: skip
    entrance = (position == 0) & (sessions.pageviews[row] > 0)
    hits = joined(
        '{"hitNumber": "', pa.array(position + 1).cast(pa.string()),
        '", "time": "', pa.array(millisecond).cast(pa.string()),
        minutes.take(pa.array(minute_of_day)),
        bounds.take(pa.array(entrance + 2 * ((position == last) & (sessions.pageviews[row] > 0)))),
        ', "page": {"pagePath": ', pages.take(pa.array(page)),
        ', "hostname": "', hostname.take(pa.array(sessions.arrivals.hostname[row])),
        '"}, ', _transactions(sessions, row, code),
        _actions().take(pa.array(code)),
    )  # fmt: skip
    ends = np.concatenate([[0], np.cumsum(sessions.hits)]).astype(np.int32)
    return pc.call_function("binary_join", [pa.ListArray.from_arrays(pa.array(ends), hits), pa.scalar(", ")])


def _layout(sessions: Sessions) -> tuple[Codes, Codes, Codes]:
    """Return, for each hit, the row of its session, its position there and its code.

    The funnel comes last; before it pages and events alternate as evenly as their numbers allow, a page first.
    """
    hits, depth = sessions.hits, sessions.depth
    row = np.repeat(np.arange(len(hits)), hits)
    position = np.arange(len(row)) - np.repeat(np.cumsum(hits) - hits, hits)
    in_funnel = position - (hits - FUNNEL_HITS[depth])[row]
    browsing = (hits - FUNNEL_HITS[depth])[row]
    events = (hits - sessions.pageviews - (FUNNEL_HITS[depth] > 1))[row]
    room = np.maximum(browsing, 1)
    is_event = (position + 1) * events // room > position * events // room
    code = np.where(in_funnel >= 0, np.array(FUNNEL)[np.maximum(in_funnel, 0)], is_event.astype(np.int64))
    return row, position, code


def _pages(sessions: Sessions, landing: pa.Array, row: Codes, position: Codes, code: Codes) -> tuple[pa.Array, Codes]:
    """Return the paths as JSON texts, and the path of each hit."""
    paths = [*landing.to_pylist(), *BROWSED, *ITEMS, *FIXED.values(), ORDER_PAGE]
    luck = (
        stream(sessions.arrivals.key[row] + position.astype(np.uint64) * np.uint64(GOLDEN), 90).astype(np.int64)
        & 0xFFFF
    )
    item = stream(sessions.arrivals.key, 91).astype(np.int64) % len(ITEMS) + len(landing) + len(BROWSED)
    page = len(landing) + luck % len(BROWSED)
    page = np.where((code == ITEM) | (code == ADD), item[row], page)
    for fixed, path in FIXED.items():
        page[code == fixed] = paths.index(path)
    page[code >= COMPLETED] = len(paths) - 1
    page = np.where(position == 0, sessions.arrivals.landing[row], page)
    return pa.array([json.dumps(path) for path in paths]), page


def _actions() -> pa.Array:
    event = '"eventInfo": {"eventCategory": "Enhanced Ecommerce", "eventAction": "Click"}, '
    return pa.array(
        [
            f'{event if kind == "EVENT" else ""}"eCommerceAction": {{"action_type": "{action}", "step": "{step}"}}, '
            f'"type": "{kind}"}}'
            for kind, action, step in ACTIONS
        ]
    )


def _transactions(sessions: Sessions, row: Codes, code: Codes) -> pa.Array:
    """Return the transaction member of the hits that are orders, nothing for the others."""
    texts = pa.array([""])
    ordered = np.flatnonzero(code >= COMPLETED)
    again = code[ordered] == COMPLETED_AGAIN
    micros = 10_000 * np.where(again, sessions.second_order[row[ordered]], sessions.first_order[row[ordered]])
    orders = joined(
        '"transaction": {"transactionId": "ORD', pa.array(sessions.arrivals.key[row[ordered]]).cast(pa.string()),
        pa.array(np.where(again, "-2", "-1")),
        '", "transactionRevenue": "', pa.array(micros).cast(pa.string()),
        '", "transactionShipping": "7500000", "affiliation": "Sample Store", "currencyCode": "USD"}, ',
    )  # fmt: skip
    choice = np.zeros(len(row), dtype=np.int64)
    choice[ordered] = 1 + np.arange(len(ordered))
    return pa.concat_arrays([texts, orders]).take(pa.array(choice))
