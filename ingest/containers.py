"""From one file on disk to the exports in it: members of archives, sheets of workbooks, text in other encodings."""

import codecs
import csv
import datetime as dt
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ingest.files import CHUNK, NO_EXPORTS, TextCensus, compression_of, open_unpacked, why_unreadable
from ingest.report import RefusedFileError

ZIP = b"PK\x03\x04"
DOCUMENTS = (b"%PDF", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
HEAD = 1 << 16
LARGEST_EXACT = 1e15
"""A spreadsheet keeps 15 digits: a larger number has lost its last ones."""


@dataclass(frozen=True, slots=True)
class Source:
    """Name one export: the file to read, what reports call it, and what was done to the file to read it."""

    path: Path
    shown: str
    notes: tuple[str, ...] = ()


def open_sources(file: Path, folder: Path) -> list[Source]:
    """Return the exports in a file, unpacked into `folder` where the file itself cannot be read directly.

    Raises RefusedFileError when the file cannot be opened, is damaged, or needs a password.
    """
    try:
        with file.open("rb") as opened:
            magic = opened.read(4)
        if magic == ZIP:
            return _members(file, folder)
        return [as_utf8(file, str(file), folder)]
    except zipfile.BadZipFile as error:
        raise RefusedFileError(f"{file.name} is a broken zip file ({error}): download it again.") from None
    except (NotImplementedError, RuntimeError) as error:
        raise RefusedFileError(
            f"{file.name} is packed in an unusual way ({error}): unpack it, ingest its files."
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        raise RefusedFileError(why_unreadable(file, error)) from None


def as_utf8(file: Path, shown: str, folder: Path, census: TextCensus | None = None) -> Source:
    """Return the file as it is, or converted to UTF-8 in `folder` when it is UTF-16 or a Windows code page.

    Without a census of its bytes, the whole file is only read when its beginning is no UTF-8.
    """
    compression = compression_of(file)
    encoding = _encoding_by_head(file, compression) if census is None else census.encoding
    if encoding == "utf-8":
        return Source(file, shown)
    folder.mkdir(parents=True, exist_ok=True)
    name = file.stem if compression != "none" and file.suffix.lower() in (".gz", ".zst") else file.name
    target = folder / name
    with (
        file.open("rb", buffering=0) as raw,
        open_unpacked(raw, compression) as source,
        target.open("w", encoding="utf-8", newline="") as converted,
    ):
        decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        while chunk := source.read(CHUNK):
            converted.write(decoder.decode(chunk))
        converted.write(decoder.decode(b"", final=True))
    title = {"utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}.get(encoding, "Windows-1252 (Latin-1)")
    return Source(target, shown, (f"the text is {title}, not UTF-8: it was converted",))


def _encoding_by_head(file: Path, compression: str) -> str:
    with file.open("rb", buffering=0) as raw, open_unpacked(raw, compression) as source:
        head = source.read(HEAD)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if len(head) > 8 and not head.startswith(b"PAR1"):
            even, odd = head[0:400:2].count(0), head[1:400:2].count(0)
            pairs = min(len(head), 400) // 2
            if odd > 0.8 * pairs and not even:
                return "utf-16-le"
            if even > 0.8 * pairs and not odd:
                return "utf-16-be"
        if b"\x00" in head or head.startswith(DOCUMENTS) or _is_utf8(head):
            return "utf-8"
        census = TextCensus()
        census.count(head)
        while chunk := source.read(CHUNK):
            census.count(chunk)
        return census.encoding


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _members(file: Path, folder: Path) -> list[Source]:
    with zipfile.ZipFile(file) as archive:
        if any(name.startswith("xl/workbook.") for name in archive.namelist()):
            return _sheets(file, folder)
        wanted = [member for member in archive.infolist() if _may_be_export(member)]
        if not wanted:
            raise RefusedFileError(
                f"{file.name} is a zip archive without export files: put CSV, JSON or Parquet in it."
            )
        _refuse_unreadable(file, wanted, folder)
        sources = []
        for number, member in enumerate(wanted):
            target = folder / str(number) / PurePosixPath(member.filename).name
            target.parent.mkdir(parents=True)
            with archive.open(member) as packed, target.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, CHUNK)
            sources.append(as_utf8(target, f"{file}/{member.filename}", folder / f"{number}-utf8"))
        return sources


def _may_be_export(member: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    hidden = any(part.startswith((".", "_")) for part in parts)
    return not (member.is_dir() or hidden or PurePosixPath(member.filename).suffix.lower() in NO_EXPORTS)


def _refuse_unreadable(file: Path, members: Iterable[zipfile.ZipInfo], folder: Path) -> None:
    members = list(members)
    if any(member.flag_bits & 1 for member in members):
        raise RefusedFileError(f"{file.name} is a zip archive with a password: unpack it and ingest the files in it.")
    if any(member.filename.lower().endswith(".zip") for member in members):
        raise RefusedFileError(f"{file.name} holds other zip archives: unpack it and ingest the files in it.")
    folder.mkdir(parents=True, exist_ok=True)
    needed, free = sum(member.file_size for member in members), shutil.disk_usage(folder).free
    if needed > free // 2:
        raise RefusedFileError(
            f"{file.name} unpacks to {needed:,} bytes, and {free:,} are free where the store is: make room, or unpack "
            "it elsewhere and ingest the files in it."
        )


def _sheets(file: Path, folder: Path) -> list[Source]:
    try:
        from python_calamine import CalamineWorkbook
    except ImportError:
        raise RefusedFileError(
            f"{file.name} is an Excel workbook, which needs the optional package python-calamine: install it (pip "
            f'install "silent-leak-detector[excel]"), or export CSV.'
        ) from None
    folder.mkdir(parents=True, exist_ok=True)
    try:
        workbook = CalamineWorkbook.from_path(str(file))
        sheets = [(name, workbook.get_sheet_by_name(name)) for name in workbook.sheet_names]
    except Exception as error:
        raise RefusedFileError(f"{file.name} is an Excel workbook that cannot be read ({error}): export CSV.") from None
    sources = []
    for number, (name, sheet) in enumerate(sheets):
        target = folder / str(number) / (re.sub(r"[^\w .-]", "_", f"{file.stem} {name}") + ".csv")
        if _write_sheet(sheet.to_python(skip_empty_area=True), target):
            note = f'sheet "{name}" of an Excel workbook, which keeps only 15 digits of a number'
            sources.append(Source(target, f"{file}/{name}", (note,)))
    if not sources:
        raise RefusedFileError(f"{file.name} is an Excel workbook without a filled sheet: export it again.")
    return sources


def _write_sheet(rows: Iterable[list], target: Path) -> int:
    target.parent.mkdir(parents=True)
    written = 0
    with target.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        for row in rows:
            cells = list(map(cell_text, row))
            if any(cells):
                writer.writerow(cells)
                written += 1
    return written


def cell_text(value: object) -> str:
    """Return a spreadsheet's cell as an export would write it; a whole number that lost digits as 2.81772E+18."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if abs(value) >= LARGEST_EXACT:
            return f"{value:.14E}"
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, dt.timedelta):
        return str(int(value.total_seconds()))
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)
