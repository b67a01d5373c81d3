"""From paths, folders and globs to export files; a file's fingerprint, read whole."""

import glob
import gzip
import io
import zlib
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.report import FileReport, RefusedFileError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = 1 << 20
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
        found = _expand(Path(wanted), store.resolve())
        if isinstance(found, str):
            refused.append(FileReport.refused(wanted, found))
            continue
        for file in found:
            files.setdefault(file.resolve(), file)
    return list(files.values()), refused


def fingerprint(path: Path, compression: str, tick: Callable[[int], None] | None = None) -> str:
    """Return 16 hex digits over a file's bytes, having unpacked a compressed one to its end.

    Raises RefusedFileError when the compressed stream is truncated or broken.
    """
    with path.open("rb") as file:
        hashed = _Hashing(file, tick)
        try:
            with open_unpacked(hashed, compression) as unpacked:
                while unpacked.read(CHUNK):
                    pass
        except EOFError:
            raise RefusedFileError(
                f"{path.name}: the {compression} ends early at {path.stat().st_size:,} bytes: download it again."
            ) from None
        except (OSError, zlib.error) as error:
            raise RefusedFileError(
                f"{path.name}: the {compression} stream is broken ({error}): download it again."
            ) from None
        return hashed.digest.hexdigest()


def _expand(wanted: Path, store: Path) -> list[Path] | str:
    if wanted.is_dir():
        found = [file for file in sorted(wanted.rglob("*")) if _may_be_export(file, wanted, store)]
        return (
            found
            or f"{wanted} is a folder without export files: name a folder that holds CSV, JSON or Parquet exports."
        )
    if wanted.exists():
        return [wanted] if wanted.is_file() else f"{wanted} is no regular file: save the export to a file first."
    if glob.has_magic(str(wanted)):
        matches = sorted(Path(match) for match in glob.glob(str(wanted), recursive=True))  # noqa: PTH207 absolute patterns
        found = [file for match in matches for file in ([match] if match.is_file() else _expand_folder(match, store))]
        return found or f"no file matches {wanted}: check the pattern and the folder."
    return f"{wanted} does not exist: check the path."


def _expand_folder(folder: Path, store: Path) -> list[Path]:
    return [file for file in sorted(folder.rglob("*")) if _may_be_export(file, folder, store)]


def _may_be_export(file: Path, folder: Path, store: Path) -> bool:
    if not file.is_file() or file.suffix.lower() in NO_EXPORTS or store in file.resolve().parents:
        return False
    return not any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)


class _Hashing(io.RawIOBase):
    def __init__(self, file: io.BufferedReader, tick: Callable[[int], None] | None) -> None:
        self.file, self.tick, self.done = file, tick, 0
        self.digest = blake2b(digest_size=8)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        size = self.file.readinto(buffer)
        self.digest.update(memoryview(buffer)[:size])
        self.done += size
        if self.tick:
            self.tick(self.done)
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
