"""From export files to a new version of the store: find, recognise, read, check, publish."""

import shutil
import uuid
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ingest.check import describe, warn_of_columns
from ingest.countries import spellings
from ingest.engine import connect, run
from ingest.files import find_files, fingerprint
from ingest.formats import Format, format_of
from ingest.lock import only_writer, salt_of
from ingest.publish import forget_dead_runs, publish, withdraw
from ingest.report import FileReport, IngestError, IngestReport, Progress, RefusedFileError
from ingest.sniff import Sample, look_at
from ingest.staging import stage
from queries.store import Store

__all__ = ["FileReport", "IngestReport", "Progress", "ingest_exports"]

MACROS = ("blank", "calendar_day", "country_key", "dimension", "fingerprint", "identifier", "is_odd", "is_rounded_id",
          "moment", "page_path", "whole_number")  # fmt: skip

Watch = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Recognised:
    """Pair a file's first look with its shape."""

    sample: Sample
    shape: Format
    report: FileReport


def ingest_exports(
    paths: Sequence[str | Path],
    store: Store,
    *,
    progress: Watch | None = None,
    memory_limit: str | None = None,
) -> IngestReport:
    """Ingest export files into a store, as one commit, or none when they change nothing.

    Paths are files, folders (searched through) or globs. A file that cannot be used is refused whole and reported; the
    others are ingested. Raises IngestError when the store cannot be written, with the store unchanged.
    """
    watch = progress or (lambda _: None)
    before = store.table().version() if store.exists else None
    files, reports = find_files(paths, store.path)
    recognised = []
    for position, file in enumerate(files):
        watch(Progress("recognise", str(file), position, len(files)))
        found = _recognise(file)
        reports.append(found.report if isinstance(found, Recognised) else found)
        if isinstance(found, Recognised):
            recognised.append(found)
    if recognised:
        try:
            with only_writer(store.path), _run_folder(store) as folder, connect(folder, memory_limit) as connection:
                _ingest(connection, folder, store, recognised, watch)
        except (duckdb.OutOfMemoryException, duckdb.IOException, OSError) as error:
            raise IngestError(f"{store.path} is as it was, the ingest could not be finished: {error}") from error
    after = store.table().version() if store.exists else None
    return IngestReport(reports, before, after)


def _ingest(
    connection: duckdb.DuckDBPyConnection, folder: Path, store: Store, recognised: list[Recognised], watch: Watch
) -> None:
    salt = salt_of(store.path)
    prepare(connection)
    staged: dict[int, FileReport] = {}
    for number, found in enumerate(recognised):
        target = folder / f"{number}.parquet"
        try:
            accepted = _read(connection, found, target, salt, watch)
        except RefusedFileError as refusal:
            found.report.status, found.report.reason = "refused", str(refusal)
            accepted = 0
        if accepted:
            staged[number] = found.report
        else:
            target.unlink(missing_ok=True)
    if staged:
        publish(connection, folder, store, staged, watch)


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection the macros and the country codes that stage.sql needs."""
    run(connection, "set_control_characters")
    for macro in MACROS:
        run(connection, f"macro_{macro}")
    names, codes = zip(*spellings(), strict=True)
    for variable in ("set_country_names", "set_country_keys"):
        run(connection, variable, {"names": list(names), "codes": list(codes)})


def _recognise(file: Path) -> Recognised | FileReport:
    try:
        sample = look_at(file)
        shape = format_of(sample)
    except RefusedFileError as refusal:
        return FileReport.refused(file, str(refusal))
    return Recognised(sample, shape, FileReport(str(file), shape.NAME))


def _read(connection: duckdb.DuckDBPyConnection, found: Recognised, target: Path, salt: str, watch: Watch) -> int:
    sample, report = found.sample, found.report

    def tick(done: float) -> None:
        watch(Progress("read", report.path, int(done), sample.size, report.rows))

    export_id = fingerprint(sample.path, sample.compression)
    staged = stage(
        connection,
        sample,
        found.shape,
        target,
        salt=salt,
        export_id=export_id,
        tick=lambda share: tick(share * sample.size),
    )
    accepted = describe(connection, staged.path, report, staged.unreadable)
    tick(sample.size)
    if not report.rows:
        raise RefusedFileError(f"{sample.path.name} has a header but no rows: export it again.")
    if not accepted:
        commonest = f": {report.rejected[0].reason} ({report.rejected[0].count:,} rows)" if report.rejected else ""
        raise RefusedFileError(
            f"{sample.path.name}: none of its {report.rows:,} rows can be used as a session{commonest}."
        )
    warn_of_columns(connection, staged.path, report, staged.filled)
    return accepted


@contextmanager
def _run_folder(store: Store) -> Generator[Path]:
    """Give the run a staging folder; whatever happens, leave neither it nor uncommitted part files behind."""
    forget_dead_runs(store)
    folder = store.path / "staging" / uuid.uuid4().hex
    folder.mkdir(parents=True)
    try:
        yield folder
    except BaseException:
        withdraw(store, folder.name)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _remove_if_empty(folder.parent)


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
