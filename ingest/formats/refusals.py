"""Files that hold no sessions: what each is, why it cannot be used, and which export to ask for."""

import re
from collections.abc import Callable

from ingest.formats.ga4_flat import ALIASES, folded
from ingest.formats.ga360_fields import finer_grain, found_columns, has_sessions
from ingest.sniff import Sample

INSTEAD = "Export sessions instead: GA360's BigQuery export (ga_sessions_YYYYMMDD), or one row per session as CSV."
COUNT_COLUMNS = {"sessions", "users", "totalusers", "activeusers", "pageviews", "uniquepageviews", "views", "newusers"}


def why_refused(sample: Sample) -> str | None:
    """Return why the file can hold no sessions, if it is of a kind that is known to hold none."""
    for judge in REFUSALS:
        if reason := judge(sample):
            return f"{sample.path.name} {reason}"
    return None


def empty(sample: Sample) -> str | None:
    """Refuse a file without content."""
    return "is empty: export it again." if sample.kind == "empty" else None


def binary(sample: Sample) -> str | None:
    """Refuse spreadsheets, archives, documents and other binary files."""
    if sample.kind != "binary":
        return None
    if sample.first_bytes.startswith(b"PK\x03\x04"):
        if b"xl/" in sample.first_bytes or sample.path.suffix.lower() == ".xlsx":
            return f"is an Excel workbook: spreadsheets round long ids, so no session can be trusted. {INSTEAD}"
        return "is a zip archive: unpack it and ingest the files in it."
    if sample.first_bytes.startswith(b"\xd0\xcf\x11\xe0"):
        return f"is an old Excel workbook: spreadsheets round long ids, so no session can be trusted. {INSTEAD}"
    if sample.first_bytes.startswith(b"%PDF"):
        return f"is a PDF document: it shows figures but holds no sessions. {INSTEAD}"
    return f"is a binary file of no known export shape (it begins with {sample.first_bytes[:8].hex(' ')}). {INSTEAD}"


def web_page(sample: Sample) -> str | None:
    """Refuse HTML, which is what a download without a login often leaves."""
    if not re.match(r"\s*<(!doctype html|html|\?xml)", sample.text[:200], re.IGNORECASE):
        return None
    return "is a web page, not an export: the download probably asked for a login. Download it again."


def interface_report(sample: Sample) -> str | None:
    """Refuse a report downloaded from the Google Analytics interface, known by its preamble."""
    if not re.match(r"\s*# ?-{8,}", sample.text[:200]):
        return None
    return (
        'is a report downloaded from the Google Analytics interface (it begins with a "# ----" preamble): it holds '
        f"totals that were already added up, so no single session can be followed through the funnel. {INSTEAD}"
    )


def ga4_events(sample: Sample) -> str | None:
    """Refuse GA4 event lists without what puts events together into sessions."""
    names = set(map(folded, sample.header)) | {folded(key) for entry in sample.objects for key in entry}
    if "eventname" not in names or "userpseudoid" not in names or "eventparams" in names:
        return None
    missing = [
        needed
        for needed, field in (("ga_session_id", "session"), ("event_timestamp", "at"), ("event_date", "date"))
        if not names.intersection(ALIASES[field])
    ]
    if not missing:
        return None
    return (
        f"is a GA4 event list without {' and '.join(missing)}: its events cannot be put together into sessions. Export "
        "the whole events_YYYYMMDD tables from BigQuery, with event_params, instead."
    )


def item_list(sample: Sample) -> str | None:
    """Refuse lists of purchased items."""
    if not {"itemid", "itemname"} <= sample.keys.keys():
        return None
    return (
        "is a list of items (item_id, item_name): each row is a product in an order, and the sessions that ordered "
        f"nothing are not in it. {INSTEAD}"
    )


def product_rows(sample: Sample) -> str | None:
    """Refuse GA360 products or hits whose sessions cannot be told."""
    finer, found = finer_grain(sample), found_columns(sample)
    if not finer or has_sessions(sample) or not ({"visit", "visitor"} & found.keys()):
        return None
    needed = {"visitor": "fullVisitorId", "visit": "visitId", "date": "date"}
    missing = [name for field, name in needed.items() if field not in found]
    return (
        f"holds one row per product or hit ({', '.join(finer[:4])}) and no {' and no '.join(missing)}: its rows cannot "
        f"be put together into sessions. {INSTEAD}"
    )


def aggregated_table(sample: Sample) -> str | None:
    """Refuse tables with a column that counts sessions or users and no session identity."""
    keys = sample.keys.keys()
    counts = keys & COUNT_COLUMNS
    if not counts or "visitid" in keys or "sessionid" in keys or {"visitorid", "visitnumber"} <= keys:
        return None
    shown = ", ".join(sample.header[sample.keys[key]] for key in sorted(counts))
    return (
        f"is an aggregated table (it counts {shown} in each row, as reports and the Data API do), so no single session "
        f"can be followed through the funnel. {INSTEAD}"
    )


def is_rounded(identifier: str) -> bool:
    """Say whether a spreadsheet turned a long id into a number like 2.81772E+18."""
    return re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+", identifier.strip()) is not None


REFUSALS: tuple[Callable[[Sample], str | None], ...] = (
    empty,
    binary,
    web_page,
    interface_report,
    ga4_events,
    item_list,
    product_rows,
    aggregated_table,
)
"""Every kind of file that is refused by name, in the order they are tried."""


def _folded(entry: dict) -> set[str]:
    return {name.replace("_", "").lower() for name in entry}
