"""Where the command line prints: figures on stdout, what is said about them on stderr.

Rich is loaded with the first line that is printed: it costs as much as all the rest of `--help`, which does without.
"""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console


def stdout() -> "Console":
    """Return the console for figures."""
    from rich.console import Console

    return Console()


def stderr() -> "Console":
    """Return the console for what is said about figures."""
    from rich.console import Console

    return Console(stderr=True)


def say(line: str) -> None:
    """Print a line as it is on stdout."""
    stdout().print(line, markup=False, emoji=False, highlight=False, soft_wrap=True)


def note(line: str) -> None:
    """Print on stderr what a reader should know of the figures."""
    from rich.markup import escape

    stderr().print(f"[yellow]note[/yellow] {escape(line)}", emoji=False, highlight=False, soft_wrap=True)


def fail(message: str) -> typer.Exit:
    """Print what went wrong and return the exit to raise."""
    from rich.markup import escape

    stderr().print(f"[bold red]✗[/bold red] {escape(message)}", emoji=False, highlight=False, soft_wrap=True)
    return typer.Exit(1)
