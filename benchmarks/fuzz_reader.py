"""Read a changed export as an ingest does, up to the report: recognised, staged, judged, told."""

import contextlib
import json
import random
import shutil
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from benchmarks.fuzz_exports import changed_text
from ingest.check import describe, warn_of_columns, warn_of_grain
from ingest.containers import as_utf8, open_sources
from ingest.engine import connect
from ingest.files import day_of, fingerprint
from ingest.formats import Format
from ingest.mapping import load_mapping
from ingest.mapping_suggest import suggest_mapping
from ingest.pipeline import prepare
from ingest.rejects import RejectsFile
from ingest.report import FileReport, IngestReport
from ingest.sniff import Sample, look_at
from ingest.staging import stage
from ingest.telling import findings, table_rows


class Reader:
    """Read changed exports, one after the other, with one DuckDB connection, and remember which it has seen."""

    def __init__(self, folder: Path) -> None:
        """Work in a folder of its own."""
        self.folder = folder
        self.seen: set[bytes] = set()
        self.renew()

    def __enter__(self) -> "Reader":
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self.connection.close()

    def renew(self) -> None:
        """Open a new connection: an internal error of DuckDB ends the old one; without optimizer it plans faster."""
        self.connection = connect(self.folder, "1GB", 1)
        prepare(self.connection)
        self.connection.execute("pragma disable_optimizer")

    def is_new(self, content: bytes) -> bool:
        """Say whether this content has not been read before, and remember it."""
        digest = blake2b(content, digest_size=8).digest()
        known = digest in self.seen
        self.seen.add(digest)
        return not known

    def looks(self, content: bytes, name: str) -> Iterator[Sample]:
        """Write the content to a file of that name; yield a first look at each export in it, and remove it."""
        path = self.folder / name
        path.write_bytes(content)
        unpacked = self.folder / "unpacked"
        with contextlib.ExitStack() as cleaned:
            cleaned.callback(shutil.rmtree, unpacked, ignore_errors=True)
            cleaned.callback(path.unlink, missing_ok=True)
            for source in open_sources(path, unpacked):
                yield look_at(source.path, day_of(source.shown))

    def mapped(self, sample: Sample, chance: random.Random) -> Format:
        """Return the shape that a suggested mapping file gives, perhaps changed."""
        text = suggest_mapping(sample).replace("year = 0 ", "year = 2017 ")
        written = self.folder / "m.toml"
        text = changed_text(chance, text) if chance.random() < 0.3 else text
        written.write_text(text, encoding="utf-8", errors="replace")
        return load_mapping(written).format_of(sample)

    def in_utf8(self, sample: Sample) -> Sample:
        """Return the sample of the text in UTF-8, after a count of all its bytes."""
        is_text = sample.kind in ("csv", "json")
        _, census = fingerprint(sample.path, sample.compression, is_text=is_text)
        if not is_text or census.encoding == "utf-8":
            return sample
        return look_at(as_utf8(sample.path, "x", self.folder / "utf8", census).path, sample.day)

    def judge(self, sample: Sample, shape: Format, report: FileReport) -> None:
        """Stage, judge and report the rows; each must be accepted or rejected.

        Raises RefusedFileError.
        """
        report.shape = shape.NAME
        sample = self.in_utf8(sample)
        try:
            staged = stage(self.connection, sample, shape, self.folder / "0.parquet", salt="x", export_id="x")
            accepted = describe(self.connection, staged.path, report, staged.unreadable)
            if accepted and shape.GRAIN == "hit":
                warn_of_grain(self.connection, staged.path, report)
            if accepted:
                warn_of_columns(self.connection, staged.path, report, staged.filled, sample.names)
            with RejectsFile(self.folder) as rejects:
                rejects.add(self.connection, staged.path, report, staged.unreadable)
            assert report.rows == accepted + report.rows_rejected  # noqa: S101 what the run checks
        finally:
            for written in self.folder.glob("0*"):
                written.unlink()


def tell(reports: list[FileReport]) -> None:
    """Put reports into words and into JSON, as the command line does."""
    report = IngestReport(reports, None, None)
    table_rows(report)
    for finding in findings(report):
        f"{finding.where} {finding.text}".encode()
    json.dumps(report.as_json(), default=str)
