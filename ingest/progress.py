"""How an ingest shows itself on a terminal: what is being done, how fast, and how long it will still take."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from ingest.report import Progress

WORDS = {"recognise": "Looking at", "read": "Reading", "merge": "Putting together", "publish": "Publishing"}
SETTLING_SECONDS = 1.0
"""A rate is shown once a stage has run so long: before, it says nothing."""


class ProgressBar:
    """Show the steps of an ingest on a console while it runs, and nothing where the console is no terminal."""

    def __init__(self, console: Console) -> None:
        """Prepare the bar."""
        self.bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            TextColumn("left"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self.stage = ""
        self.task: TaskID | None = None
        self.begun = 0.0

    def __enter__(self) -> Self:
        """Show the bar."""
        self.bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self.bar.__exit__(kind, error, trace)

    def show(self, step: Progress) -> None:
        """Show one step; each stage has a bar of its own, of bytes or sessions."""
        if step.stage != self.stage or self.task is None:
            if self.task is not None:
                self.bar.remove_task(self.task)
            self.stage, self.begun = step.stage, time.monotonic()
            self.task = self.bar.add_task("", total=None, rate="")
        name = step.path.replace("\\", "/").rsplit("/", 1)[-1]
        self.bar.update(
            self.task,
            description=f"{WORDS[step.stage]} {escape(name)}",
            total=step.total or None,
            completed=step.done,
            rate=rate(step, time.monotonic() - self.begun),
        )

    def wait(self, owner: str) -> None:
        """Say that another process, which is writing the store, is waited for."""
        if self.task is None:
            self.task = self.bar.add_task("", total=None, rate="")
        self.bar.update(self.task, description=f"Waiting for process {owner}, which writes the store")


def rate(step: Progress, seconds: float) -> str:
    """Return how fast a stage is: "12.3 MB/s" while it reads, "81,000 sessions/s" while it merges or publishes."""
    if seconds < SETTLING_SECONDS or not step.done:
        return ""
    if step.stage == "read":
        return f"{step.done / seconds / 1e6:,.1f} MB/s"
    return "" if step.stage == "recognise" else f"{step.done / seconds:,.0f} sessions/s"
