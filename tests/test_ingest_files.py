"""Paths and files: which are taken, and what is said about those that cannot be."""

import gc
import gzip
import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from builders import flat_csv, flat_line, stored_rows

import ingest.pipeline
from ingest.files import find_files
from ingest.pipeline import ingest_exports
from ingest.sniff import Sample
from queries.store import Store


@pytest.fixture
def store(tmp_path):
    """Return a store that does not exist yet."""
    return Store(tmp_path / "store")


def refusal(store, path):
    """Ingest one path that must be refused without leaving a store; return the reason."""
    report = ingest_exports([path], store)
    assert not report.accepted
    (file,) = report.files
    assert (file.status, report.version_after) == ("refused", None)
    assert not store.exists
    return file.reason


def test_a_missing_path_and_a_pattern_without_match_are_refused(store, tmp_path):
    assert "does not exist" in refusal(store, tmp_path / "nowhere.csv")
    assert "no file matches" in refusal(store, tmp_path / "*.csv")


def test_a_folder_without_exports_is_refused(store, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "README.md").write_text("nothing here")
    assert "folder without export files" in refusal(store, tmp_path / "empty")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(store, tmp_path, content):
    (tmp_path / "x.csv").write_bytes(content)
    assert "is empty" in refusal(store, tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (bytes(range(256)) * 100, "binary file"),
        (b"PK\x03\x04" + b"\0" * 26 + b"a.csv", "broken zip file"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<!DOCTYPE html><html>login</html>", "web page"),
        (b"PAR1 but not really", "cannot be read"),
        (b"\x1f\x8b not gzip", "gzip"),
        (b"\x28\xb5\x2f\xfd not zstd", "download it again"),
        (b'{"broken": ', "no known export shape"),
        (b'[1, 2, 3]', "no known export shape"),
        (b"just a line of prose", "no known export shape"),
    ],
)  # fmt: skip
def test_what_is_no_export_is_refused_with_what_it_is(store, tmp_path, content, words):
    (tmp_path / "x.csv").write_bytes(content)
    assert words in refusal(store, tmp_path / "x.csv")


@pytest.mark.parametrize("rows", [3, 30_000])
def test_a_truncated_gzip_is_refused_whole(store, tmp_path, rows):
    plain = flat_csv(tmp_path / "plain.csv", *(flat_line() for _ in range(rows)))
    packed = gzip.compress(plain.read_bytes())
    (tmp_path / "x.csv.gz").write_bytes(packed[: len(packed) * 2 // 3])
    reason = refusal(store, tmp_path / "x.csv.gz")
    assert "gzip" in reason
    assert "download it again" in reason


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_refused(store, tmp_path):
    path = flat_csv(tmp_path / "x.csv", flat_line())
    path.chmod(0)
    assert "chmod" in refusal(store, path)


def test_folders_are_searched_through_without_hidden_files_documents_or_the_store(tmp_path):
    folder = tmp_path / "exports"
    (folder / "2017" / "07").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    for path in (folder / "2017" / "07" / "b.csv", folder / "a.csv", folder / ".hidden" / "c.csv", folder / "_tmp.csv"):
        flat_csv(path, flat_line())
    (folder / "README.md").write_text("about")
    store = Store(folder / "store")
    for _ in range(2):
        report = ingest_exports([folder], store)
        assert report.accepted
        assert [os.path.relpath(file.path, folder) for file in report.files] == ["2017/07/b.csv", "a.csv"]
    assert len(stored_rows(store)) == 2


def test_one_file_named_twice_is_taken_once(store, tmp_path):
    path = flat_csv(tmp_path / "x.csv", flat_line())
    report = ingest_exports([path, tmp_path / "*.csv", tmp_path], store)
    assert len(report.files) == 1


def test_a_refused_file_does_not_keep_the_others_out(store, tmp_path):
    good = flat_csv(tmp_path / "good.csv", flat_line())
    (tmp_path / "bad.csv").write_text("colour\nred\n")
    report = ingest_exports([tmp_path / "bad.csv", good], store)
    assert not report.accepted
    assert sorted(file.status for file in report.files) == ["accepted", "refused"]
    assert len(stored_rows(store)) == 1


def test_the_report_is_plain_json(store, tmp_path):
    path = flat_csv(tmp_path / "x.csv", flat_line(), flat_line(date="never"), flat_line(date="20170706"))
    report = json.loads(json.dumps(ingest_exports([path], store).as_json()))
    (file,) = report["files"]
    assert (report["accepted"], report["version_before"], report["version_after"]) == (True, None, 0)
    assert file["rejected"] == [
        {"reason": "date is not a calendar day", "count": 1, "examples": [{"row": 2, "value": "never"}]}
    ]
    assert (file["missing_days"], file["first_date"]) == (["2017-07-05"], "2017-07-04")
    assert set(file) >= {
        "path",
        "shape",
        "status",
        "reason",
        "rows",
        "sessions_added",
        "sessions_replaced",
        "duplicates",
    }


def test_links_are_followed_once_and_a_loop_of_them_ends(store, tmp_path):
    folder, elsewhere = tmp_path / "exports", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    flat_csv(folder / "a.csv", flat_line())
    flat_csv(elsewhere / "b.csv", flat_line())
    (folder / "more").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(folder)
    (folder / "itself.csv").symlink_to(folder / "itself.csv")
    (folder / "gone.csv").symlink_to(tmp_path / "nowhere.csv")
    report = ingest_exports([folder], store)
    assert report.accepted
    assert [os.path.relpath(file.path, folder) for file in report.files] == ["a.csv", "more/b.csv"]
    assert "does not exist" in refusal(Store(tmp_path / "other"), folder / "itself.csv")


def test_a_file_that_changes_while_it_is_read_is_refused(store, tmp_path, monkeypatch):
    path = flat_csv(tmp_path / "x.csv", flat_line())

    def stage_while_it_grows(*arguments, **named):
        with path.open("a") as file:
            file.write(flat_line() + "\n")
        return stage(*arguments, **named)

    stage = ingest.pipeline.stage
    monkeypatch.setattr(ingest.pipeline, "stage", stage_while_it_grows)
    assert "changed while it was read" in refusal(store, path)


def test_a_file_that_is_gone_when_it_is_its_turn_is_refused_and_the_others_are_kept(store, tmp_path, monkeypatch):
    first, second = flat_csv(tmp_path / "a.csv", flat_line()), flat_csv(tmp_path / "b.csv", flat_line())

    def without_the_second(step):
        if step.stage == "read":
            second.unlink(missing_ok=True)

    report = ingest_exports([first, second], store, progress=without_the_second)
    assert [file.status for file in report.files] == ["accepted", "refused"]
    assert len(stored_rows(store)) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"a.csv".ljust(257, b"\0") + b"ustar\0" + bytes(300), "tar archive"), (b"Obj\x01" + bytes(300), "Avro")],
)
def test_other_containers_are_refused_with_what_to_do(store, tmp_path, content, words):
    (tmp_path / "x").write_bytes(content)
    assert words in refusal(store, tmp_path / "x")


@contextmanager
def as_nobody():
    """Lose the rights of root, under which tests may run: it may enter every folder."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.parametrize("mode", [0o000, 0o444])
def test_a_folder_that_may_not_be_entered_is_refused_by_name_and_the_others_are_taken(mode):
    with tempfile.TemporaryDirectory() as temporary:
        exports = Path(temporary) / "exports"
        (exports / "closed").mkdir(parents=True)
        flat_csv(exports / "a.csv", flat_line())
        flat_csv(exports / "closed" / "b.csv", flat_line())
        Path(temporary).chmod(0o755)
        (exports / "closed").chmod(mode)
        asked = {
            exports: ["a.csv"],
            exports / "closed": [],
            exports / "closed" / "b.csv": [],
            exports / "*": ["a.csv"],
            exports / "**" / "*.csv": ["a.csv"],
        }
        with as_nobody():
            found = {wanted: find_files([wanted], Path(temporary) / "store") for wanted in asked}
        (exports / "closed").chmod(0o700)
        for wanted, names in asked.items():
            files, refused = found[wanted]
            assert [file.name for file in files] == names
            if wanted.name != "*.csv" or mode:
                (report,) = refused
                assert f"the folder {exports / 'closed'} may not be read" in report.reason


def test_the_first_look_at_a_file_is_not_kept_while_others_are_read(store, tmp_path):
    """A look holds some megabytes: of a year of days, it would be gigabytes."""
    files = [flat_csv(tmp_path / f"{number}.csv", flat_line()) for number in range(6)]
    gc.collect()
    kept = {id(one) for one in gc.get_objects() if isinstance(one, Sample)}  # by other tests
    alive = []

    def count(step):
        if step.stage == "read":
            alive.append(sum(isinstance(one, Sample) and id(one) not in kept for one in gc.get_objects()))

    ingest_exports(files, store, progress=count)
    assert alive[0] <= 1 and max(alive) <= 3
