"""The words of the product: what a session is, its columns, dimensions and measures."""

from dataclasses import dataclass
from typing import Literal

NOT_SET = "(not set)"
"""The value of a dimension that the export does not give: GA's own word, never NULL."""

Role = Literal["identity", "time", "dimension", "measure", "provenance"]


@dataclass(frozen=True, slots=True)
class Column:
    """Describe one column of the sessions table."""

    name: str
    sql_type: str
    role: Role
    title: str
    meaning: str


SESSION_COLUMNS = (
    Column("session_id", "BIGINT", "identity", "Session", "63-bit salted hash of visitor + visit + day; no day in GA4"),
    Column(
        "visitor_id", "BIGINT", "identity", "Visitor", "63-bit salted hash of the export's visitor id; NULL if unknown"
    ),
    Column("session_date", "DATE", "time", "Date", "day in the property's own time zone"),
    Column("session_start", "TIMESTAMP WITH TIME ZONE", "time", "Start", "first hit, UTC; NULL if unknown"),
    Column("visit_number", "INTEGER", "identity", "Visit number", "1 for the visitor's first session; NULL if unknown"),
    Column("device_category", "VARCHAR", "dimension", "Device", "desktop, mobile or tablet"),
    Column("operating_system", "VARCHAR", "dimension", "Operating system", "as the export names it"),
    Column("browser", "VARCHAR", "dimension", "Browser", "as the export names it"),
    Column("country", "VARCHAR", "dimension", "Country", "ISO 3166-1 alpha-2, XK for Kosovo"),
    Column("region", "VARCHAR", "dimension", "Region", "as the export names it"),
    Column("channel_group", "VARCHAR", "dimension", "Channel", "default channel group"),
    Column("source", "VARCHAR", "dimension", "Source", "session source; (direct) for direct visits"),
    Column("medium", "VARCHAR", "dimension", "Medium", "session medium"),
    Column("campaign", "VARCHAR", "dimension", "Campaign", "session campaign"),
    Column("landing_page", "VARCHAR", "dimension", "Landing page", "path of the first page, without query string"),
    Column("visitor_type", "VARCHAR", "dimension", "Visitor type", "new or returning"),
    Column("hostname", "VARCHAR", "dimension", "Hostname", "host of the first page"),
    Column("pageviews", "INTEGER", "measure", "Pageviews", "page and screen views; 0 if none were recorded"),
    Column("events", "INTEGER", "measure", "Events", "hits (UA) or events (GA4); NULL if unknown"),
    Column(
        "duration_seconds", "INTEGER", "measure", "Duration", "seconds from first to last hit; NULL if not measured"
    ),
    Column("engaged", "BOOLEAN", "measure", "Engaged", "GA4's engaged flag; NULL where the export cannot know"),
    Column("viewed_item", "BOOLEAN", "measure", "Viewed item", "a product page was seen; NULL where unknown"),
    Column("added_to_cart", "BOOLEAN", "measure", "Added to cart", "an item was put in the cart; NULL where unknown"),
    Column("began_checkout", "BOOLEAN", "measure", "Began checkout", "checkout was begun; NULL where unknown"),
    Column("transactions", "INTEGER", "measure", "Transactions", "orders; 0 if none"),
    Column("revenue", "DECIMAL(18, 6)", "measure", "Revenue", "order value without tax and shipping; 0 if none"),
    Column("export_id", "VARCHAR", "provenance", "Export", "fingerprint of the file that the row came from"),
    Column("export_detail", "SMALLINT", "provenance", "Export detail", "how many session columns that file could fill"),
    Column("parts", "VARCHAR", "provenance", "Parts", "JSON, what each day adds (GA4); NULL for whole sessions"),
    Column("orders", "VARCHAR", "provenance", "Orders", "JSON, each transaction once a day (GA4); NULL if none"),
)

PAGE_FOLDER = "page_folder"
DERIVED_COLUMNS = (
    Column(
        PAGE_FOLDER, "VARCHAR", "dimension", "Page folder", "first folder of the landing page: /shop/, or / for none"
    ),
)
"""What no file holds: worked out of other columns when a question asks for it (`derived.py`)."""

COLUMN_NAMES = tuple(column.name for column in SESSION_COLUMNS)
STORED_DIMENSIONS = tuple(column.name for column in SESSION_COLUMNS if column.role == "dimension")
DIMENSIONS = (*STORED_DIMENSIONS, *(column.name for column in DERIVED_COLUMNS))
MEASURES = tuple(column.name for column in SESSION_COLUMNS if column.role == "measure")
TITLES = {column.name: column.title for column in (*SESSION_COLUMNS, *DERIVED_COLUMNS)}
