"""Refusals: what holds no sessions is told what it is, in every language of Google Analytics, and nothing is kept."""

import gzip
import json

import pytest

from ingest.pipeline import ingest_exports
from queries.store import Store

REPORTS = {
    "de": "Standard-Channelgruppe,Nutzer,Neue Nutzer,Sitzungen\nDirekt,1.204,800,1.500\n",
    "fr": "Groupe de canaux;Utilisateurs;Sessions;Taux d’engagement\nDirect;1 204;1 500;0,5\n",
    "es": "Grupo de canales,Usuarios,Sesiones\nDirecto,1204,1500\n",
    "pt": "Grupo de canais,Usuários ativos,Sessões\nDireto,1204,1500\n",
    "it": "Gruppo di canali,Utenti,Sessioni\nDiretto,1204,1500\n",
    "nl": "Kanaalgroep,Gebruikers,Sessies\nDirect,1204,1500\n",
    "ja": "チャネル グループ,ユーザー,セッション\nDirect,1204,1500\n",
    "sv": "Kanalgrupp,Användare,Sessioner\nDirekt,1204,1500\n",
    "pl": "Grupa kanałów,Użytkownicy,Sesje\nBezpośrednie,1204,1500\n",
    "ru": "Канал,Пользователи,Сеансы\nПрямой,1204,1500\n",
    "tr": "Kanal,Kullanıcılar,Oturumlar\nDoğrudan,1204,1500\n",
    "ko": "채널,사용자,세션\nDirect,1204,1500\n",
    "zh": "渠道,用户,会话数\nDirect,1204,1500\n",
    "Data API": "date,deviceCategory,activeUsers,screenPageViews\n20230725,desktop,1,1\n",
}
PREAMBLE = "# ----------------------------------------\n# Traffic\n# 20170901-20180308\n# ------------\n"


def refusal(tmp_path, content, name="x.csv"):
    """Ingest a file that must be refused, beside nothing else; return the reason."""
    (tmp_path / name).write_bytes(content)
    store = Store(tmp_path / "store")
    (report,) = ingest_exports([tmp_path / name], store).files
    assert (report.status, report.sessions_added) == ("refused", 0)
    assert not store.path.exists()
    return str(report.reason)


@pytest.mark.parametrize("language", REPORTS)
def test_a_report_is_known_by_what_it_counts_in_any_language(tmp_path, language):
    reason = refusal(tmp_path, REPORTS[language].encode())
    assert "is an aggregated table (it counts " in reason
    assert "events_YYYYMMDD" in reason


@pytest.mark.parametrize("language", REPORTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_report_is_known_by_its_preamble_in_any_encoding(tmp_path, language, encoding):
    content = (PREAMBLE + REPORTS[language] + ",1204,1500\n\n" + REPORTS[language]).encode(encoding)
    assert "Google Analytics interface" in refusal(tmp_path, content)


def test_a_preamble_that_a_spreadsheet_quoted_is_one_still(tmp_path):
    quoted = '"# ----------------------------------------",,\n"# Traffic",,\nChannel,Sessions,Users\nDirect,3,4\n'
    assert "Google Analytics interface" in refusal(tmp_path, quoted.encode())


def test_what_counts_sessions_is_a_table_of_sessions_when_each_row_has_its_identity(tmp_path):
    text = "fullVisitorId,visitId,date,sessions,pageviews\n7,1499201738,20170704,1,3\n"
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    (report,) = ingest_exports([tmp_path / "x.csv"], Store(tmp_path / "store")).files
    assert (report.status, report.sessions_added) == ("accepted", 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"item_id,item_name,quantity\n1,Shirt,2\n", "list of items"),
        (b"fullVisitorId,date,productSKU\n1,20170704,X\n", "no visitId: its rows cannot be put together"),
        (b"event_date,event_name,user_pseudo_id\n20210131,scroll,1.2\n", "without ga_session_id and event_timestamp"),
        (b"\xd0\xcf\x11\xe0 and more", "old Excel workbook"),
        (b"Dear colleague, please find attached\nthe export.\n", "no known export shape"),
        (b"Dear colleague\n", "is no table"),
        (json.dumps({"kind": "x", "rows": [{"a": 1}]}).encode(), 'holds its records in "rows"'),
        (b"[]", "begins like JSON"),
        (b'{"fullVisitorId": ' + b"9" * 5000 + b"}", "begins like JSON"),
        (gzip.compress(gzip.compress(b"a,b\n1,2\n", mtime=1), mtime=1), "packed twice"),
        (b"name,shoe size\nAda,38\n", "silent-leak ingest --suggest-mapping x.csv"),
    ],
)
def test_what_is_no_export_of_sessions_is_told_what_it_is_and_what_to_do(tmp_path, content, words):
    assert words in refusal(tmp_path, content)


def test_sessions_without_a_day_are_no_aggregated_table(tmp_path):
    (tmp_path / "x.csv").write_text("clientId,visitNumber,visitStartTime,pageviews\n1.2,1,1499000000,3\n")
    (report,) = ingest_exports([tmp_path / "x.csv"], Store(tmp_path / "store")).files
    assert report.status == "refused"
    assert "aggregated" not in report.reason
    assert "mapping file" in report.reason


def test_a_column_that_may_be_micros_or_whole_units_is_said_to_be_unread(tmp_path):
    (tmp_path / "x.csv").write_text("fullVisitorId,visitId,date,transactions,Revenue\n1,2,20170702,1,20.50\n")
    (report,) = ingest_exports([tmp_path / "x.csv"], Store(tmp_path / "store")).files
    assert any("column Revenue is not read" in warning for warning in report.warnings)
