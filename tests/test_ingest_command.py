"""`silent-leak ingest`: what an analyst sees, and how a mapping file is made and used."""

import json

import pytest
from builders import flat_csv, flat_line
from ga4_builders import event, ndjson, purchase
from typer.testing import CliRunner

from ingest.report import Example, FileReport, IngestReport, Reject
from ingest.telling import findings, short_names, table_rows
from silent_leak import app


def run(*arguments):
    """Run the command line on a wide terminal."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name the exports"),
        (("x.csv",), "name the folder of the store"),
        (("x.csv", "--store", "s", "--report", "nowhere/r.json"), "nowhere does not exist"),
        (("x.csv", "--store", "s", "--jobs", "0"), "jobs"),
    ],
)
def test_what_is_missing_from_the_command_is_asked_for(arguments, words):
    shown = run("ingest", *arguments)
    assert shown.exit_code == 2
    assert words in shown.output


def test_a_mapping_is_suggested_once_edited_and_used(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.csv").write_text("Month,pages,Revenue\nFeb,3,TRUE\nMar,1,FALSE\n", encoding="utf-8")
    suggested = run("ingest", "--suggest-mapping", "shop.csv")
    assert suggested.exit_code == 0
    assert "silent-leak ingest shop.csv --mapping shop.mapping.toml" in suggested.output
    assert "exists already" in run("ingest", "--suggest-mapping", "shop.csv").output
    refused = run("ingest", "shop.csv", "--store", "store", "--mapping", "shop.mapping.toml")
    assert refused.exit_code == 1
    assert "shop.mapping.toml, line 6 (date.year) = 0" in refused.output
    mapping = tmp_path / "shop.mapping.toml"
    mapping.write_text(mapping.read_text().replace("year = 0 ", "year = 2017 "))
    done = run("ingest", "shop.csv", "--store", "store", "--mapping", "shop.mapping.toml", "--report", "report.json")
    assert done.exit_code == 0
    (file,) = json.loads((tmp_path / "report.json").read_text())["files"]
    assert (file["shape"], file["sessions_added"], file["converted"]) == ("mapping", 2, 1)


@pytest.mark.parametrize("content", [b"%PDF-1.7 and more", b""])
def test_no_mapping_is_suggested_for_what_is_no_table(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.pdf").write_bytes(content)
    shown = run("ingest", "--suggest-mapping", "x.pdf")
    assert shown.exit_code == 1
    assert "no mapping can read it" in shown.output
    assert "cannot be read" in run("ingest", "--suggest-mapping", "nowhere.csv").output


def test_strict_refuses_what_would_be_warned_of_and_stores_nothing(tmp_path):
    export = flat_csv(tmp_path / "x.csv", flat_line(), flat_line(date="20170706"), flat_line(date="never"))
    shown = run("ingest", export, "--store", tmp_path / "store", "--strict")
    assert shown.exit_code == 1
    assert "refused by --strict: 1 row was rejected; 1 day is missing" in shown.output
    assert not (tmp_path / "store").exists()
    assert run("ingest", export, "--store", tmp_path / "store").exit_code == 0


def test_rejected_rows_are_shown_and_kept_without_the_ids_of_the_visitor(tmp_path):
    lines = [flat_line(), *(flat_line(date="never", fullVisitorId="5551234567890") for _ in range(9))]
    shown = run("ingest", flat_csv(tmp_path / "x.csv", *lines), "--store", tmp_path / "store")
    assert (
        "rejected x.csv: 9 rows: date is not a calendar day (row 2: never; row 3: never; row 4: never)" in shown.output
    )
    (kept,) = (tmp_path / "store" / "rejects").iterdir()
    assert str(kept) in shown.output.replace("\n", "")
    text = kept.read_text()
    assert len(text.splitlines()) == 10
    assert "5551234567890" not in text
    assert kept.stat().st_mode & 0o777 == 0o600


def report_of(*files):
    """Return a report of files that were ingested into version 3."""
    return IngestReport(list(files), 2, 3)


def test_the_same_words_about_several_files_are_said_once():
    files = [FileReport(f"/x/{n}.csv", "ga360_flat", rows=1, warnings=["often (not set)"]) for n in range(5)]
    files.append(FileReport.refused("/x/bad.csv", "bad.csv is empty: export it again."))
    told = [f"{finding.kind} {finding.where}: {finding.text}" for finding in findings(report_of(*files))]
    assert told == [
        "refused bad.csv: is empty: export it again.",
        "warning 5 files (0.csv, 1.csv, 2.csv, ...): often (not set)",
    ]


def test_what_many_files_say_with_figures_of_their_own_is_said_once_with_those_of_the_first():
    files = [FileReport(f"/x/{n}.csv", "ga360_flat", warnings=[f"{n} sessions have values cut"]) for n in range(1, 5)]
    rejects = [Reject("odd", n, (Example(n, "x"),)) for n in range(1, 6)]
    files += [FileReport(f"/x/{one.count}.json", "ga360_flat", rejected=[one]) for one in rejects]
    files += [FileReport.refused(f"/x/{n}.pdf", f"{n}.pdf has the columns a, {n}: no shape.") for n in range(1, 9)]
    told = [f"{finding.kind} {finding.where}: {finding.text}" for finding in findings(report_of(*files))]
    like = "each with figures of its own, such as"
    assert told == [
        f"refused 8 files (1.pdf, 2.pdf, 3.pdf, ...): {like}: has the columns a, 1: no shape.",
        f"rejected 5 files (1.json, 2.json, 3.json, ...): {like}: 1 row: odd (row 1: x)",
        f"warning 4 files (1.csv, 2.csv, 3.csv, ...): {like}: 1 sessions have values cut",
    ]


def test_at_most_forty_things_are_said():
    kinds = "".join(map(chr, range(ord("a"), ord("a") + 26)))
    files = [FileReport(f"/x/{a}{b}.csv", "x", warnings=[f"{a} {b} is odd"]) for a in kinds for b in kinds]
    told = list(findings(report_of(*files)))
    assert len(told) == 41
    assert told[-1].text == "636 more things are to be said of them: --report FILE writes all"


def test_strict_takes_what_every_normal_export_has(tmp_path):
    visit = {"fullVisitorId": "77", "visitId": "1499212700"}
    lines = [flat_line(**visit, date="20170704"), flat_line(**visit, date="20170705")]
    lines += [flat_line(source="(not set)", transactions=1, transactionRevenue=9_000_000) for _ in range(4)]
    events = [
        event(),
        purchase("T", 9, "2024-03-05 10:01:00"),
        event("scroll", user=None),
        event("scroll", session=None),
    ]
    for export in (flat_csv(tmp_path / "x.csv", *lines), ndjson(tmp_path / "x.json", *events)):
        shown = run("ingest", export, "--store", tmp_path / "store", "--strict")
        assert shown.exit_code == 0, shown.output


def test_of_many_files_those_with_something_to_say_come_first_and_the_others_are_summed():
    quiet = [FileReport(f"/x/{n}.csv", "ga360_flat", rows=10, sessions_added=10) for n in range(100)]
    loud = FileReport(
        "/x/loud.csv", "ga360_flat", rows=3, sessions_added=1, rejected=[Reject("odd", 2, (Example(1, "x"),))]
    )
    rows = table_rows(report_of(*quiet, loud))
    assert len(rows) == 42
    assert rows[0][0] == "loud.csv"
    assert rows[-2][:4] == ("61 more files", "", "610", "610")
    assert rows[-1][:4] == ("all files", "", "1,003", "1,001")


def test_files_of_the_same_name_are_told_apart_by_their_folders():
    assert short_names(["/a/date=1/part.csv", "/a/date=2/part.csv"]) == ["date=1/part.csv", "date=2/part.csv"]
