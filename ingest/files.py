"""From paths, folders and globs to export files; a file's fingerprint, read whole."""

import datetime as dt
import glob
import gzip
import io
import os
import re
import stat
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ingest.report import FileReport, RefusedFileError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = 1 << 20
ASCII = bytes(range(128))
UTF8_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
HIVE_PART = re.compile(r"(\w+)=(.+)")
DAY_NAMES = ("date", "dt", "ds", "day", "session_date", "event_date", "visit_date", "partition_date")
DAY_TABLE = re.compile(r"(?:ga_sessions|sessions|events|intraday)_(\d{8})(?!\d)", re.IGNORECASE)
NO_EXPORTS = {
    ".md",
    ".rst",
    ".py",
    ".toml",
    ".yaml",
    ".yml",
    ".log",
    ".lock",
    ".crc",
    ".sql",
    ".ipynb",
    ".sha256",
    ".md5",
}


def find_files(paths: Sequence[str | Path], store: Path) -> tuple[list[Path], list[FileReport]]:
    """Return the files that the paths name, each once, and what is refused.

    Folders are searched through, sorted; within them, hidden files, documents and the store itself are passed over.
    """
    files: dict[Path, Path] = {}
    refused = []
    for wanted in paths:
        for found in _expand(Path(wanted), store.resolve()):
            if isinstance(found, FileReport):
                refused.append(found)
            else:
                files.setdefault(found.resolve(), found)
    return list(files.values()), refused


def day_of(path: str | Path) -> str | None:
    """Return the day that a file's place tells, as 2017-07-04: date=2017-07-04/, ga_sessions_20170704.csv, or None.

    Of folders for year, month and day, all three must be there.
    """
    parts = Path(path).parts
    pairs = {found[1]: found[2] for part in parts if (found := HIVE_PART.fullmatch(part))}
    told = [value for name, value in pairs.items() if name in DAY_NAMES]
    if {"year", "month", "day"} <= pairs.keys():
        told.append(f"{pairs['year']}{pairs['month']:0>2}{pairs['day']:0>2}")
    told += [found[1] for part in parts[::-1] if (found := DAY_TABLE.search(part))]
    for text in told:
        with suppress(ValueError):
            return dt.datetime.strptime(text.replace("-", ""), "%Y%m%d").date().isoformat()
    return None


@dataclass(slots=True)
class TextCensus:
    """Count the bytes of a text that are outside ASCII: those that form UTF-8 characters, and those that do not."""

    valid: int = 0
    invalid: int = 0
    rest: bytes = b""

    def count(self, chunk: bytes) -> None:
        """Count the next bytes of the text; a character may lie across two chunks."""
        if not self.rest and chunk.isascii():
            return
        chunk = self.rest + chunk
        cut = len(chunk) - next((size for size in (1, 2, 3) if chunk[-size:][:1] >= b"\xc0"), 0)
        chunk, self.rest = chunk[:cut], chunk[cut:]
        outside = len(chunk.translate(None, ASCII))
        try:
            chunk.decode("utf-8")
            self.valid += outside
        except UnicodeDecodeError:
            valid = sum(map(len, UTF8_CHARACTER.findall(chunk)))
            self.valid += valid
            self.invalid += outside - valid

    @property
    def encoding(self) -> str:
        """Return utf-8 (perhaps with broken lines), or cp1252 when hardly any character is UTF-8."""
        invalid = self.invalid + (0 if UTF8_CHARACTER.fullmatch(self.rest) else len(self.rest))
        return "cp1252" if invalid > 10 * self.valid else "utf-8"


def fingerprint(path: Path, compression: str, *, is_text: bool = False) -> tuple[str, TextCensus]:
    """Return 16 hex digits over a file's bytes, having unpacked a compressed one to its end; count a text's bytes.

    Raises RefusedFileError when the compressed stream is truncated or broken.
    """
    census = TextCensus()
    with path.open("rb") as file:
        hashed = _Hashing(file)
        try:
            with open_unpacked(hashed, compression) as unpacked:
                while chunk := unpacked.read(CHUNK):
                    if is_text:
                        census.count(chunk)
        except EOFError:
            raise RefusedFileError(
                f"{path.name}: the {compression} ends early at {path.stat().st_size:,} bytes: download it again."
            ) from None
        except (OSError, zlib.error) as error:
            raise RefusedFileError(
                f"{path.name}: the {compression} stream is broken ({error}): download it again."
            ) from None
        return hashed.digest.hexdigest(), census


def compression_of(path: Path) -> str:
    """Return gzip, zstd or none, by the first bytes of a file."""
    with path.open("rb") as file:
        magic = file.read(4)
    if magic.startswith(b"\x1f\x8b"):
        return "gzip"
    return "zstd" if magic == b"\x28\xb5\x2f\xfd" else "none"


def why_unreadable(path: Path, error: Exception) -> str:
    """Return what keeps a file from being opened, and what to do."""
    if isinstance(error, PermissionError):
        return f"{path.name} may not be read by this user: change its permissions (chmod u+r) or run as its owner."
    if isinstance(error, EOFError | gzip.BadGzipFile | zlib.error):
        return f"{path.name} is a gzip or zip file that is broken at its beginning ({error}): download it again."
    if "ZSTD" in str(error):
        return f"{path.name} is a zstd file that is broken at its beginning: download it again."
    return f"{path.name} cannot be read: {error}."


def _expand(wanted: Path, store: Path) -> Iterator[Path | FileReport]:
    """Yield the files that a path names, and a refusal where it names none or what may not be looked into."""
    kind = _kind(wanted)
    if kind == "closed":
        yield FileReport.refused(wanted, _may_not_enter(wanted.parent))
    elif kind == "folder":
        yield from _expand_folder(wanted, store) or [
            FileReport.refused(
                wanted,
                f"{wanted} is a folder without export files: name a folder that holds CSV, JSON or Parquet exports.",
            )
        ]
    elif kind == "file":
        yield wanted
    elif kind == "other":
        yield FileReport.refused(wanted, f"{wanted} is no regular file: save the export to a file first.")
    elif glob.has_magic(str(wanted)):
        yield from _matches(wanted, store)
    else:
        yield FileReport.refused(wanted, f"{wanted} does not exist: check the path.")


def _kind(wanted: Path) -> Literal["file", "folder", "other", "closed"] | None:
    """Return what a path names; None: nothing, closed: a folder above it may not be entered."""
    try:
        mode = wanted.stat().st_mode
    except PermissionError:
        return "closed"
    except (OSError, ValueError):
        return None
    return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "other"


def _matches(wanted: Path, store: Path) -> Iterator[Path | FileReport]:
    matches = sorted(Path(match) for match in glob.glob(str(wanted), recursive=True))  # noqa: PTH207 absolute patterns
    found: list[Path | FileReport] = [match for match in matches if _kind(match) == "file"]
    folders = [match for match in matches if _kind(match) == "folder"]
    found += [one for folder in folders for one in _expand_folder(folder, store)]
    closed = [FileReport.refused(match, _may_not_enter(match.parent)) for match in matches if _kind(match) == "closed"]
    yield from [*found, *closed] or [
        FileReport.refused(wanted, f"no file matches {wanted}: check the pattern and the folder.")
    ]


def _expand_folder(folder: Path, store: Path) -> list[Path | FileReport]:
    """Return the files below a folder, sorted, then a refusal for each folder that may not be read.

    Links are followed, each folder once, so that a loop of them ends.
    """
    found: list[Path] = []
    closed: list[Path] = []
    seen = set()
    for place, folders, names in os.walk(
        folder, followlinks=True, onerror=lambda why: closed.append(Path(why.filename))
    ):
        here = os.path.realpath(place)
        if here in seen or here == str(store):
            folders.clear()
            continue
        seen.add(here)
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        try:
            found += [Path(place, name) for name in names if _may_be_export(Path(place, name))]
        except PermissionError:
            closed.append(Path(place))
    return [*sorted(found), *(FileReport.refused(one, _may_not_enter(one)) for one in closed)]


def _may_not_enter(folder: Path) -> str:
    return f"the folder {folder} may not be read by this user: change its permissions (chmod u+rx) or run as its owner."


def _may_be_export(file: Path) -> bool:
    return file.is_file() and file.suffix.lower() not in NO_EXPORTS and not file.name.startswith((".", "_"))


class _Hashing(io.RawIOBase):
    def __init__(self, file: io.BufferedReader) -> None:
        self.file = file
        self.digest = blake2b(digest_size=8)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        size = self.file.readinto(buffer)
        self.digest.update(memoryview(buffer)[:size])
        return size


@contextmanager
def open_unpacked(file: io.RawIOBase, compression: str) -> Generator[io.BufferedIOBase]:
    """Give the unpacked bytes of an open file."""
    if compression == "gzip":
        with gzip.GzipFile(fileobj=io.BufferedReader(file, CHUNK)) as unpacked:
            yield unpacked
    elif compression == "zstd":
        import pyarrow

        with pyarrow.CompressedInputStream(pyarrow.PythonFile(file, "r"), "zstd") as stream:
            yield io.BufferedReader(stream, CHUNK)
    else:
        yield io.BufferedReader(file, CHUNK)
