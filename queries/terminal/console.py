"""Where the command line prints: figures on stdout, what is said about them on stderr."""

import typer
from rich.console import Console
from rich.markup import escape

out = Console()
err = Console(stderr=True)


def fail(message: str) -> typer.Exit:
    """Print what went wrong and return the exit to raise."""
    err.print(f"[bold red]✗[/bold red] {escape(message)}", highlight=False, soft_wrap=True)
    return typer.Exit(1)
