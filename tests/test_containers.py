"""Containers: archives, workbooks and other encodings hold the same exports."""

import gzip
import io
import zipfile

import pyarrow as pa
import pytest
from builders import FLAT_HEADER, flat_csv, flat_line, stored_rows

from ingest.containers import cell_text
from ingest.pipeline import ingest_exports
from queries.store import Store

LINES = [flat_line(source="café"), flat_line(source="naïve"), flat_line(source="x")]
TEXT = "\n".join((FLAT_HEADER, *LINES)) + "\n"
SOURCES = {"café", "naïve", "x"}


@pytest.fixture
def store(tmp_path):
    """Return a store that does not exist yet."""
    return Store(tmp_path / "store")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_text_in_any_usual_encoding_is_read(store, tmp_path, encoding, ends):
    (tmp_path / "x.csv").write_bytes(TEXT.replace("\n", ends).encode(encoding))
    (report,) = ingest_exports([tmp_path / "x.csv"], store).files
    assert (report.status, report.sessions_added, report.rejected) == ("accepted", 3, [])
    assert {row["source"] for row in stored_rows(store)} == SOURCES
    assert any("converted" in note for note in report.notes) == (not encoding.startswith("utf-8"))


def test_a_compressed_utf16_file_is_read(store, tmp_path):
    (tmp_path / "x.csv.zst").write_bytes(pa.compress(TEXT.encode("utf-16"), "zstd", asbytes=True))
    (report,) = ingest_exports([tmp_path / "x.csv.zst"], store).files
    assert (report.status, report.sessions_added) == ("accepted", 3)


def test_a_gzip_with_zeros_at_its_end_is_read_and_the_files_beside_it_too(store, tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(TEXT.encode()) + bytes(512))
    flat_csv(tmp_path / "b.csv", flat_line())
    report = ingest_exports([tmp_path], store)
    assert [(file.status, file.sessions_added) for file in report.files] == [("accepted", 3), ("accepted", 1)]


def zip_of(path, **members):
    """Write a zip archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return path


def test_the_members_of_a_zip_are_files_of_their_own(store, tmp_path):
    other = "\n".join((FLAT_HEADER, flat_line())) + "\n"
    path = zip_of(
        tmp_path / "x.zip", a_dot_csv=TEXT, sub__b_dot_csv=other, c_dot_txt="colour\nred\n", README_dot_md="x"
    )
    report = ingest_exports([path], store)
    told = {file.path.removeprefix(f"{path}/"): (file.status, file.sessions_added) for file in report.files}
    assert told == {"a.csv": ("accepted", 3), "sub/b.csv": ("accepted", 1), "c.txt": ("refused", 0)}


@pytest.mark.parametrize(
    ("members", "words"),
    [({"README_dot_md": "x"}, "without export files"), ({"a_dot_zip": "PK"}, "other zip archives")],
)
def test_a_zip_without_exports_or_of_zips_is_refused(store, tmp_path, members, words):
    (report,) = ingest_exports([zip_of(tmp_path / "x.zip", **members)], store).files
    assert report.status == "refused"
    assert words in report.reason


def test_a_truncated_zip_is_refused(store, tmp_path):
    path = zip_of(tmp_path / "x.zip", a_dot_csv=TEXT * 50)
    path.write_bytes(path.read_bytes()[:-40])
    (report,) = ingest_exports([path], store).files
    assert "broken zip file" in report.reason


def workbook(path, *rows):
    """Write the smallest Excel workbook that holds the rows of a sheet: numbers as numbers, the rest as text."""
    cells = [
        [f"<c><v>{cell}</v></c>" if isinstance(cell, int | float) else f'<c t="inlineStr"><is><t>{cell}</t></is></c>']
        for row in rows
        for cell in row
    ]
    width = len(rows[0])
    lines = ["".join(map("".join, cells[start : start + width])) for start in range(0, len(cells), width)]
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="July" sheetId="1" '
        'r:id="r1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>'
        + "".join(f"<row>{line}</row>" for line in lines)
        + "</sheetData></worksheet>",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path


def test_a_sheet_of_a_workbook_is_read_and_numbers_that_lost_digits_are_warned_of(store, tmp_path):
    header = FLAT_HEADER.split(",")
    rows = [[int(cell) if cell.isdigit() else cell for cell in line.split(",")] for line in LINES]
    path = workbook(tmp_path / "x.xlsx", header, *rows)
    (report,) = ingest_exports([path], store).files
    assert (report.status, report.sessions_added, report.path) == ("accepted", 3, f"{path}/July")
    assert any("15 digits" in note for note in report.notes)
    assert any("visitor ids of 3 sessions were rounded" in warning for warning in report.warnings)


def test_a_whole_number_that_lost_digits_is_written_as_such():
    assert [cell_text(value) for value in (2.81772e18, 20170704.0, 1.5, True, "x")] == [
        "2.81772000000000E+18",
        "20170704",
        "1.5",
        "TRUE",
        "x",
    ]


def test_an_empty_workbook_is_refused(store, tmp_path):
    (report,) = ingest_exports([workbook(tmp_path / "x.xlsx", [""])], store).files
    assert "without a filled sheet" in report.reason


def test_a_file_with_the_beginning_of_a_zip_is_refused(store, tmp_path):
    buffer = io.BytesIO(b"PK\x03\x04" + bytes(30))
    (tmp_path / "x.csv").write_bytes(buffer.getvalue())
    assert not ingest_exports([flat_csv(tmp_path / "good.csv", *LINES), tmp_path / "x.csv"], store).accepted
