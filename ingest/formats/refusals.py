"""Files that hold no sessions: what each is, why it cannot be used, and which export to ask for."""

import re
import unicodedata
from collections.abc import Callable

from ingest.formats.ga4_flat import ALIASES, folded
from ingest.formats.ga360_fields import finer_grain, found_columns, has_sessions
from ingest.sniff import Sample

INSTEAD = (
    "Export the sessions or events themselves instead: GA4's BigQuery export (tables events_YYYYMMDD), GA360's "
    "(ga_sessions_YYYYMMDD), or any table with one row per session."
)
COUNTED = {
    *(
        "sessions",
        "users",
        "total users",
        "active users",
        "new users",
        "pageviews",
        "unique pageviews",
        "views",
        "visits",
    ),
    *("sitzungen", "nutzer", "aktive nutzer", "neue nutzer", "seitenaufrufe", "aufrufe", "besuche"),
    *("utilisateurs", "utilisateurs actifs", "nouveaux utilisateurs", "pages vues", "vues"),
    *("sesiones", "usuarios", "usuarios activos", "usuarios nuevos", "vistas", "paginas vistas", "vistas de pagina"),
    *(
        "numero de visitas a paginas",
        "visitas a paginas",
        "sessoes",
        "usuarios ativos",
        "novos usuarios",
        "utilizadores",
    ),
    *("visualizacoes", "visualizacoes de pagina", "sessioni", "utenti", "utenti attivi", "nuovi utenti"),
    *(
        "visualizzazioni",
        "visualizzazioni di pagina",
        "sessies",
        "gebruikers",
        "actieve gebruikers",
        "nieuwe gebruikers",
    ),
    *(
        "weergaven",
        "paginaweergaven",
        "セッション",
        "ユーザー",
        "アクティブ ユーザー",
        "新規ユーザー",
        "ページビュー数",
    ),
    *(
        "表示回数",
        "総ユーザー数",
        "アクティブ ユーザー数",
        "sessioner",
        "anvandare",
        "brugere",
        "sidvisningar",
        "sesje",
    ),
    *(
        "uzytkownicy",
        "сеансы",
        "пользователи",
        "oturumlar",
        "kullanicilar",
        "세션",
        "사용자",
        "会话数",
        "用户",
        "工作階段",
    ),
}
"""What a report counts, in the languages of Google Analytics, as `_words` writes it."""


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
    """Refuse documents and other binary files."""
    if sample.kind != "binary":
        return None
    if sample.first_bytes.startswith(b"\xd0\xcf\x11\xe0"):
        return "is an old Excel workbook (.xls): save it as .xlsx or, better, as CSV, and ingest that."
    if sample.first_bytes.startswith(b"%PDF"):
        return f"is a PDF document: it shows figures but holds no sessions. {INSTEAD}"
    if sample.first_bytes.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04")):
        return "is packed twice: unpack it once and ingest that."
    if sample.first_bytes[257:262] == b"ustar":
        return "is a tar archive: unpack it and ingest the files in it."
    if sample.first_bytes.startswith((b"Obj\x01", b"ORC")):
        return "is an Avro or ORC file: export it from BigQuery as Parquet or newline-delimited JSON instead."
    return f"is a binary file of no known export shape (it begins with {sample.first_bytes[:8].hex(' ')}). {INSTEAD}"


def web_page(sample: Sample) -> str | None:
    """Refuse HTML, which is what a download without a login often leaves."""
    if not re.match(r"\s*<(!doctype html|html|\?xml)", sample.text[:200], re.IGNORECASE):
        return None
    return "is a web page, not an export: the download probably asked for a login. Download it again."


def interface_report(sample: Sample) -> str | None:
    """Refuse a report downloaded from the Google Analytics interface, known by its preamble."""
    if not re.match(r'[\s"]*# ?-{8,}', sample.text[:200]):
        return None
    return (
        'is a report downloaded from the Google Analytics interface (it begins with a "# ----" preamble): its figures '
        f"are added up already, so no single session can be followed through the funnel. {INSTEAD}"
    )


def wrapped_records(sample: Sample) -> str | None:
    """Refuse one JSON object that holds the records in a field, as answers of web services do."""
    if len(sample.objects) != 1 or not ({"kind", "rows", "data", "records", "results"} & sample.objects[0].keys()):
        return None
    held = [
        name
        for name, value in sample.objects[0].items()
        if isinstance(value, list) and value and isinstance(value[0], dict)
    ]
    if not held:
        return None
    return (
        f'is one JSON object that holds its records in "{held[0]}": write the records themselves, one a line '
        f"(jq -c '.{held[0]}[]'), and ingest that."
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
    """Refuse tables with a column that counts sessions or users, in any language, and no session identity."""
    names = sample.flat
    counts = [name for name in sample.names if _words(name) in COUNTED]
    visitor, visit = {"visitorid", "fullvisitorid", "clientid"}, {"visitnumber", "visitstarttime"}
    identified = names.keys() & {"visitid", "sessionid"} or (names.keys() & visitor and names.keys() & visit)
    if not counts or identified or has_sessions(sample):
        return None
    return (
        f"is an aggregated table (it counts {', '.join(counts[:4])} in each row, as reports and the Data API do), so "
        f"no single session can be followed through the funnel. {INSTEAD}"
    )


REFUSALS: tuple[Callable[[Sample], str | None], ...] = (
    empty,
    binary,
    web_page,
    interface_report,
    wrapped_records,
    ga4_events,
    item_list,
    product_rows,
    aggregated_table,
)
"""Every kind of file that is refused by name, in the order they are tried."""


def _words(name: str) -> str:
    """Return a header cell as plain words: `totalUsers`, `Total_Users` and `Total users` are `total users`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name.strip())
    plain = unicodedata.normalize("NFKD", spaced.replace("ı", "i").replace("ł", "l"))
    return unicodedata.normalize("NFC", re.sub(r"[\u0300-\u036f]", "", plain)).lower()
