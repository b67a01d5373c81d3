"""From export files to a new version of the store: find, recognise, read, check, publish."""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ingest import check
from ingest.check import NO_CONSENT, NO_MICROS, describe, mean_order
from ingest.containers import Source, as_utf8, open_sources
from ingest.countries import spellings
from ingest.engine import connect, plain_words, run
from ingest.files import day_of, find_files, fingerprint
from ingest.formats import Format, format_of
from ingest.lock import only_writer, salt_of
from ingest.mapping import MappedFormat, Mapping
from ingest.publish import publish
from ingest.rejects import RejectsFile
from ingest.report import FileReport, IngestError, IngestReport, Progress, RefusedFileError
from ingest.runs import run_folder
from ingest.sniff import Sample, look_at
from ingest.staging import Staged, stage
from queries.store import Store

__all__ = ["FileReport", "IngestReport", "Options", "Progress", "ingest_exports"]

MACROS = (
    "blank", "first_text", "trimmed", "moment", "calendar_day", "country_key", "dimension", "fingerprint", "identifier",
    "is_odd", "is_rounded_id", "page_path", "ungrouped", "whole_number", "decimal_number", "micros_number", "truth",
)  # fmt: skip
"""In the order in which one may use another."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the machine says when a disk, a quota or what a file may hold is full."""

Watch = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Options:
    """Hold how an ingest is to be done.

    `mapping` reads every file by a mapping file; `strict` refuses a file with a warning or a rejected row, but for
    events of visitors without consent; `wait` is the number of seconds to wait for another writer; `memory_limit`
    ("2GB") and `jobs` (threads) bound DuckDB.
    """

    mapping: Mapping | None = None
    strict: bool = False
    wait: float = 0
    memory_limit: str | None = None
    jobs: int | None = None


@dataclass(frozen=True, slots=True)
class Recognised:
    """Name a recognised file and its shape; its first look is not kept, for there may be thousands of files."""

    path: Path
    size: int
    day: str | None
    shape: Format
    report: FileReport


@dataclass(slots=True)
class Run:
    """Hold what the steps of one ingest share."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    store: Store
    options: Options
    watch: Watch
    rejects: RejectsFile
    bytes_done: int = 0
    bytes_total: int = 0


def ingest_exports(
    paths: Sequence[str | Path],
    store: Store,
    *,
    progress: Watch | None = None,
    memory_limit: str | None = None,
    options: Options | None = None,
    waiting: Callable[[str], None] | None = None,
) -> IngestReport:
    """Ingest export files into a store, as one commit, or none when they change nothing.

    Paths are files, folders (searched through) or globs. A file that cannot be used is refused whole and reported; the
    others are ingested. `waiting` is told the process id of a writer that must be waited for. Raises IngestError when
    the store cannot be written, with the store unchanged.
    """
    options = options or Options(memory_limit=memory_limit)
    watch = progress or (lambda _: None)
    files, reports = find_files(paths, store.path)
    if not files:
        version = _version(store)
        return IngestReport(reports, version, version)
    try:
        with only_writer(store.path, options.wait, waiting):
            before = _version(store)
            with (
                run_folder(store) as folder,
                connect(folder, options.memory_limit, options.jobs) as connection,
                RejectsFile(folder) as rejects,
            ):
                run = Run(connection, folder, store, options, watch, rejects)
                reports += _ingest(run, files)
                kept = rejects.keep(store.path, folder.name)
            return IngestReport(reports, before, _version(store), kept)
    except (duckdb.OutOfMemoryException, duckdb.IOException, OSError) as error:
        raise IngestError(f"{store.path} is as it was, the ingest could not be finished: {_remedy(error)}") from error


def _version(store: Store) -> int | None:
    return store.table().version() if store.exists else None


def _remedy(error: Exception) -> str:
    told = plain_words(error) if isinstance(error, duckdb.Error) else " ".join(str(error).split())[:400]
    if isinstance(error, duckdb.OutOfMemoryException):
        return f"it needs more memory ({told}). Raise --memory-limit, or lower --jobs."
    if getattr(error, "errno", None) in FULL or any(os.strerror(code) in told for code in FULL):
        return f"the disk is full ({told}). Make room and ingest again."
    if getattr(error, "errno", None) in (errno.EACCES, errno.EPERM, errno.EROFS) or "ermission denied" in told:
        return f"a file may not be written ({told}). Give this user the right to write there and ingest again."
    return f"{told}. Ingest again when that is mended."


def _ingest(work: Run, files: list[Path]) -> list[FileReport]:
    reports: list[FileReport] = []
    recognised = []
    for position, file in enumerate(files):
        work.watch(Progress("recognise", str(file), position, len(files)))
        for found in _recognise(file, work.folder / "unpacked" / str(position), work.options):
            reports.append(found.report if isinstance(found, Recognised) else found)
            if isinstance(found, Recognised):
                recognised.append(found)
    if not recognised:
        return reports
    salt = salt_of(work.store.path)
    prepare(work.connection)
    work.bytes_total = sum(found.size for found in recognised)
    staged: dict[int, FileReport] = {}
    for number, found in enumerate(recognised):
        target = work.folder / f"{number}.parquet"
        try:
            accepted = _read(work, found, target, salt)
        except RefusedFileError as refusal:
            found.report.status, found.report.reason = "refused", str(refusal)
            accepted = 0
        except (FileNotFoundError, duckdb.IOException):
            if found.path.exists():
                raise
            found.report.status = "refused"
            found.report.reason = f"{found.path.name} was there and is gone: ingest again when it is back."
            accepted = 0
        work.bytes_done += found.size
        if accepted:
            staged[number] = found.report
        else:
            target.unlink(missing_ok=True)
    if staged:
        publish(work.connection, work.folder, work.store, staged, work.watch)
    return reports


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection the macros and the country codes that stage.sql needs."""
    run(connection, "set_control_characters")
    for macro in MACROS:
        run(connection, f"macro_{macro}")
    names, codes = zip(*spellings(), strict=True)
    for variable in ("set_country_names", "set_country_keys"):
        run(connection, variable, {"names": list(names), "codes": list(codes)})


def _recognise(file: Path, folder: Path, options: Options) -> Iterator[Recognised | FileReport]:
    try:
        sources = open_sources(file, folder)
    except RefusedFileError as refusal:
        yield FileReport.refused(file, str(refusal))
        return
    for source in sources:
        try:
            sample = look_at(source.path, day_of(source.shown))
            shape = options.mapping.format_of(sample) if options.mapping else format_of(sample)
        except RefusedFileError as refusal:
            yield FileReport.refused(source.shown, str(refusal))
        else:
            report = FileReport(source.shown, shape.NAME, notes=_notes(source, sample, shape))
            yield Recognised(sample.path, sample.size, sample.day, shape, report)


def _notes(source: Source, sample: Sample, shape: Format) -> list[str]:
    notes = list(source.notes)
    if isinstance(shape, MappedFormat):
        return notes
    if sample.day and shape.GRAIN in ("session", "hit") and not {"date", "sessiondate"} & sample.flat.keys():
        notes.append("no column gives the day: it is that of the file's place or name")
    with_tax = "totaltransactionrevenue" in sample.flat
    if with_tax and (shape.GRAIN == "hit" or (shape.GRAIN == "session" and "transactionrevenue" not in sample.flat)):
        notes.append("revenue is totalTransactionRevenue, which includes tax and shipping")
    return notes


def _read(work: Run, found: Recognised, target: Path, salt: str) -> int:
    shape, report = found.shape, found.report

    def tick(share: float) -> None:
        done = work.bytes_done + int(share * found.size)
        work.watch(Progress("read", report.path, done, work.bytes_total, report.rows))

    tick(0)
    before = _state(found.path)
    if before is None:
        raise FileNotFoundError(found.path)
    sample = look_at(found.path, found.day)
    export_id, census = fingerprint(sample.path, sample.compression, is_text=sample.kind in ("csv", "json"))
    if sample.kind in ("csv", "json") and census.encoding != "utf-8":
        source = as_utf8(sample.path, report.path, target.with_suffix(".utf8"), census)
        sample = look_at(source.path, sample.day)
        report.notes += source.notes
    if isinstance(shape, MappedFormat):
        shape = shape.of_file(export_id)
        report.notes += shape.notes
    staged = _stage(work, sample, shape, target, salt, export_id, report, tick)
    if before != _state(found.path):
        raise RefusedFileError(f"{sample.path.name} changed while it was read: ingest it again when it is complete.")
    accepted = describe(work.connection, staged.path, report, staged.unreadable)
    work.rejects.add(work.connection, staged.path, report, staged.unreadable)
    tick(1)
    if not report.rows:
        raise RefusedFileError(f"{sample.path.name} has a header but no rows: export it again.")
    if not accepted:
        commonest = f": {report.rejected[0].reason} ({report.rejected[0].count:,} rows)" if report.rejected else ""
        raise RefusedFileError(
            f"{sample.path.name}: none of its {report.rows:,} rows can be used as a session{commonest}. If they only "
            "write dates or numbers in another way, a mapping file can say how: silent-leak ingest --suggest-mapping "
            f"{sample.path.name}"
        )
    check.warn_of_ids(sample, report)
    if shape.GRAIN == "hit":
        check.warn_of_grain(work.connection, staged.path, report)
    if shape.GRAIN == "event":
        check.tell_events(work.connection, staged.path, report)
    check.warn_of_columns(work.connection, staged.path, report, staged.filled, sample.names)
    check.warn_of_revenue(work.connection, staged.path, report, work.store)
    count = sum(reject.count for reject in report.rejected if reject.reason not in NO_CONSENT)
    if work.options.strict and (report.warnings or count):
        rejected = [f"{count:,} {'row was' if count == 1 else 'rows were'} rejected"] if count else []
        raise RefusedFileError(
            f"{sample.path.name} is refused by --strict: {'; '.join((*rejected, *report.warnings))}. Correct the "
            "export, or ingest it without --strict."
        )
    return accepted


def _state(path: Path) -> tuple[int, int] | None:
    """Return what changes when a file is written: its size and time; None when it is gone."""
    try:
        return path.stat().st_size, path.stat().st_mtime_ns
    except OSError:
        return None


def _stage(
    work: Run,
    sample: Sample,
    shape: Format,
    target: Path,
    salt: str,
    export_id: str,
    report: FileReport,
    tick: Callable[[float], None],
) -> Staged:
    """Stage a file; again, with its revenue as whole units, where no order could be as small as its micros say."""
    staged = stage(work.connection, sample, shape, target, salt=salt, export_id=export_id, tick=tick)
    if isinstance(shape, MappedFormat) or not staged.reads_micros:
        return staged
    mean = mean_order(work.connection, staged.path)
    if mean is None or mean >= NO_MICROS:
        return staged
    report.warnings.append(
        f"revenue was read as whole units, not as micros (millionths): as micros, the mean order would be worth "
        f"{mean:.6f}. If that is wrong, undo this ingest and name the unit in a mapping file"
    )
    return stage(work.connection, sample, shape, target, salt=salt, export_id=export_id, in_units=True, tick=tick)
