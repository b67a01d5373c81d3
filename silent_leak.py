"""The command line of Silent Leak Detector: exports in, figures and a dashboard out."""

import datetime as dt
import json
import socket
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from queries.filters import FilterError, Filters
from queries.funnel import Funnel
from queries.metrics import METRIC_NAMES, QuestionError, metric_asked
from queries.store import Commit, Store, StoreError
from queries.terminal.arguments import (
    FUNNEL_NAMES,
    EngineName,
    Format,
    Mark,
    asked_filters,
    funnel_named,
    note_unknown_values,
    pairs,
)
from queries.terminal.console import fail, note, say, stderr, stdout
from queries.vocabulary import DIMENSIONS

if TYPE_CHECKING:  # a command imports what it runs when it runs: --help and a mistyped command answer at once
    from ingest.report import IngestReport
    from queries.engine import Engine

DEFAULT_PORT = 5006

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"max_content_width": 120},
    rich_markup_mode=None,  # help in plain text: Rich would take three times as long to load as all of --help
    pretty_exceptions_enable=False,
    help="Find where sessions leak out of your funnel, in which segment, since when, and what it costs.\n\n"
    "A dashboard on generated exports:\n\n\b\n  silent-leak demo\n\n"
    "With your own Google Analytics exports:\n\n\b\n"
    "  silent-leak ingest exports/ --store my-store\n  silent-leak serve --store my-store\n\n"
    "Exit codes: 0 done, 1 something was refused or failed, 2 the command was not understood.",
)

StoreOption = Annotated[
    Path,
    typer.Option("--store", envvar="SILENT_LEAK_STORE", help="The folder that holds the store.", show_default=False),
]


FromOption = Annotated[dt.datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")]
ToOption = Annotated[dt.datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")]
WhereOption = Annotated[
    list[str] | None,
    typer.Option("--where", help="DIMENSION=VALUE or DIMENSION!=VALUE; repeat it for more values and dimensions."),
]
WithoutOption = Annotated[
    list[str] | None,
    typer.Option("--without", help="A day to leave out, or days as FIRST..LAST; repeat it for more."),
]


def _store(folder: Path) -> Store:
    try:
        return Store(folder)
    except StoreError as error:
        raise fail(str(error)) from None


# ---------------------------------------------------------------------------------------------------------- ingest


@app.command()
def ingest(
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Files, folders or globs of exports.", metavar="PATH...", show_default=False),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(envvar="SILENT_LEAK_STORE", help="The folder that holds the store.", show_default=False),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the full report as JSON to this file.")] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="Read the exports by this mapping file (TOML): their columns, our names.")
    ] = None,
    suggest_mapping: Annotated[
        Path | None,
        typer.Option(
            help="Write a first mapping file for this export, to be checked and edited, and stop.", metavar="FILE"
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse a file with a rejected row or a warning.")] = False,
    wait: Annotated[float, typer.Option(help="Wait so many seconds for another writer of the store.", min=0)] = 0,
    memory_limit: Annotated[
        str | None, typer.Option(help='At most this much memory for DuckDB, such as "2GB".')
    ] = None,
    jobs: Annotated[int | None, typer.Option(help="Threads to use; all cores unless given.", min=1)] = None,
) -> None:
    """Read Google Analytics exports into a store; what is already there is not counted twice.

    Exports are recognised by what is in them: sessions of GA360 / Universal Analytics (flat, with JSON cells, nested,
    or hits and products), as CSV, JSON, Parquet or Excel, also compressed or zipped; anything else by a mapping file.
    Each file is accepted or refused whole; single rows that cannot be read are counted, shown, and kept in rejects/.

    \b
    Examples:
      silent-leak ingest exports/2017-*.csv --store my-store --report report.json
      silent-leak ingest --suggest-mapping shop.csv
      silent-leak ingest shop.csv --mapping shop.mapping.toml --store my-store
    """
    if suggest_mapping:
        _suggest(suggest_mapping)
        return
    if not paths:
        raise typer.BadParameter("name the exports to ingest: files, folders or globs", param_hint="PATH...")
    if not store:
        raise typer.BadParameter("name the folder of the store (or set SILENT_LEAK_STORE)", param_hint="--store")
    if report and not report.parent.is_dir():
        raise typer.BadParameter(f"the folder {report.parent} does not exist", param_hint="--report")
    from ingest.terminal import print_report

    result = ingest_with_progress(paths, _store(store), mapping, strict, wait, memory_limit, jobs)
    print_report(result, stdout())
    if report:
        report.write_text(json.dumps(result.as_json(), indent=2, default=str) + "\n", encoding="utf-8")
        say(f"Report: {report}")
    if not result.accepted:
        raise typer.Exit(1)


def _suggest(export: Path) -> None:
    from ingest.mapping_suggest import mapping_name, suggest_mapping
    from ingest.report import RefusedFileError
    from ingest.sniff import look_at

    target = Path(mapping_name(export))
    try:
        text = suggest_mapping(look_at(export))
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except RefusedFileError as refusal:
        raise fail(str(refusal)) from None
    except FileExistsError:
        raise fail(f"{target} exists already: move it away, or ingest with --mapping {target}") from None
    except OSError as error:
        raise fail(f"{target} cannot be written here ({error.strerror}): go to a folder of your own") from None
    say(f"{target} is a first mapping: check each line, then ingest with")
    say(f"  silent-leak ingest {export} --mapping {target} --store STORE")


def ingest_with_progress(
    paths: Sequence[str | Path],
    store: Store,
    mapping: Path | None = None,
    strict: bool = False,
    wait: float = 0,
    memory_limit: str | None = None,
    jobs: int | None = None,
) -> "IngestReport":
    """Ingest while a progress bar on stderr says what is being done; raises typer.Exit(1) when it cannot be done."""
    from ingest.mapping import load_mapping
    from ingest.pipeline import Options, ingest_exports
    from ingest.progress import ProgressBar
    from ingest.report import IngestError

    with ProgressBar(stderr()) as bar:
        try:
            options = Options(load_mapping(mapping) if mapping else None, strict, wait, memory_limit, jobs)
            return ingest_exports(paths, store, progress=bar.show, options=options, waiting=bar.wait)
        except IngestError as error:
            raise fail(str(error)) from None
        except KeyboardInterrupt:
            raise fail(f"stopped by Ctrl-C: {store.path} is as it was. Ingest again when you like.") from None


# ------------------------------------------------------------------------------------------------------- dashboard


@app.command()
def demo(
    port: Annotated[int | None, typer.Option(help="Serve here; default 5006, or a free port if that is taken.")] = None,
    show: Annotated[bool, typer.Option("--show/--no-show", help="Open the page in a browser.")] = True,
    folder: Annotated[
        Path | None, typer.Option(help="Keep exports and store here (default: your cache folder).")
    ] = None,
    sessions: Annotated[int, typer.Option(min=10_000, help="How many sessions to generate.")] = 300_000,
    seed: Annotated[int, typer.Option(help="Another seed makes another shop.")] = 7,
) -> None:
    """Generate exports with planted leaks, ingest them and open the dashboard; a second start reuses the store."""
    import platformdirs

    from ingest.sample import generate
    from ingest.terminal import print_report

    home = folder or Path(platformdirs.user_cache_dir("silent-leak-detector")) / f"demo-{sessions}-{seed}"
    store = _store(home / "store")
    if not store.exists:
        with stderr().status(f"Generating {sessions:,} sessions of six months"):
            generate(home, sessions=sessions, seed=seed)
        result = ingest_with_progress([home / "exports"], store)
        print_report(result, stdout())
        if not result.accepted:
            raise fail(f"the generated exports in {home} were not accepted: remove that folder and try again")
    say(f"Store: {store.path}")
    _serve(store, port, "127.0.0.1", show)


@app.command()
def serve(
    store: StoreOption,
    port: Annotated[int | None, typer.Option(help="Serve here; default 5006, or a free port if that is taken.")] = None,
    address: Annotated[
        str, typer.Option(help="Listen on this address; 0.0.0.0 opens it to the network.")
    ] = "127.0.0.1",
    origin: Annotated[
        list[str] | None,
        typer.Option(help="Let in browsers that come by this HOST[:PORT], a proxy's for instance; may be repeated."),
    ] = None,
    show: Annotated[bool, typer.Option("--show/--no-show", help="Open the page in a browser.")] = False,
) -> None:
    """Serve the dashboard of a store until Ctrl-C.

    \b
    The same page:
      SILENT_LEAK_STORE=my-store panel serve dashboard/app.py
    """
    _serve(_store(store), port, address, show, origin or ())


def _serve(store: Store, port: int | None, address: str, show: bool, origins: Sequence[str] = ()) -> None:
    try:
        store.snapshot()
    except StoreError as error:
        raise fail(str(error)) from None
    chosen = _free_port(port, address)
    from dashboard.serve import EVERYWHERE, names_of
    from dashboard.serve import serve as serve_page

    url = f"http://{'127.0.0.1' if address in EVERYWHERE else address}:{chosen}/"
    stdout().print(
        f"[bold]Silent Leak Detector[/bold] is at [link={url}]{url}[/link] (Ctrl-C stops it)", highlight=False
    )
    if address in EVERYWHERE:
        reached = [*origins, *(f"{name}:{chosen}" for name in names_of(address)[:-2])]
        say(f"Colleagues reach it at {', '.join(reached)}; there is no login")
    serve_page(store, port=chosen, address=address, show=show, origins=origins)


def _free_port(port: int | None, address: str) -> int:
    for candidate in (port,) if port else (DEFAULT_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, candidate))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise fail(
        f"{address}:{port or DEFAULT_PORT} cannot be used, perhaps because it is taken: name another with --port"
    )


# --------------------------------------------------------------------------------------------------------- queries


def note_unknown_steps(engine: "Engine", filters: Filters, funnel: Funnel) -> None:
    """Say on stderr when the exports of some days asked about cannot know a step of the funnel."""
    from queries.funnel_file import FLAGS

    if any(step.column in FLAGS for step in funnel.steps):
        from dashboard.ask import Ask, held_by, lacking_words

        if lacking := lacking_words(Ask(filters, funnel, {}), held_by(engine)):
            note(f"{lacking} On other days sessions count as if they had not taken it.")


@app.command()
def query(
    metric: Annotated[str, typer.Argument(help="One of: " + ", ".join(METRIC_NAMES) + ".")],
    store: StoreOption,
    by: Annotated[str | None, typer.Option(help="Split by a dimension: " + ", ".join(DIMENSIONS) + ".")] = None,
    date_from: FromOption = None,
    date_to: ToOption = None,
    where: WhereOption = None,
    without: WithoutOption = None,
    funnel: Annotated[str, typer.Option(help=f"One of: {FUNNEL_NAMES}.")] = "engagement",
    option: Annotated[list[str] | None, typer.Option(help="NAME=NUMBER, such as min_sessions=50.")] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = Format.TABLE,
    sql: Annotated[
        bool, typer.Option("--sql", help="Print the SQL and its bound values instead of running it.")
    ] = False,
) -> None:
    """Print a metric.

    \b
    Example:
      silent-leak query funnel --store my-store --by device_category --where country=US
    """
    from queries.engine import Engine, QueryError
    from queries.terminal.rows import print_rows

    try:
        filters = asked_filters(date_from, date_to, where or (), without or ())
        metric_asked(metric, by)
        chosen = {name: int(value) for name, value in pairs(option or (), "--option", ("=",))[0]}
        steps = funnel_named(funnel)
    except (QuestionError, FilterError, ValueError) as error:
        raise typer.BadParameter(str(error)) from None
    try:
        engine = Engine(_store(store))
        result = engine.run(metric, filters, by=by, funnel=steps, options=chosen)
    except QuestionError as error:
        raise typer.BadParameter(str(error)) from None
    except (StoreError, QueryError) as error:
        raise fail(str(error)) from None
    if sql:
        print(result.sql)
        print(json.dumps(dict(result.parameters), default=str, ensure_ascii=False))
        return
    note_unknown_values(engine, filters)
    note_unknown_steps(engine, filters, steps)
    print_rows(result.metric, result.store_version, filters, result.rows, output)


@app.command()
def leaks(
    store: StoreOption,
    date_from: FromOption = None,
    date_to: ToOption = None,
    where: WhereOption = None,
    without: WithoutOption = None,
    funnel: Annotated[str, typer.Option(help=f"One of: {FUNNEL_NAMES}.")] = "engagement",
    step: Annotated[
        str | None, typer.Option(help="Judge the completion of this funnel step instead of the whole way.")
    ] = None,
    dimensions: Annotated[
        list[str] | None,
        typer.Option(
            help="Search these dimensions (names with commas between, or repeat it). All: "
            + ", ".join(DIMENSIONS)
            + "."
        ),
    ] = None,
    max_order: Annotated[int, typer.Option(help="Combine at most this many values.", min=2)] = 3,
    fdr: Annotated[float, typer.Option(help="At most this share of the list is expected to be false.")] = 0.1,
    output: Annotated[Format, typer.Option("--format", help="How to print the list.")] = Format.TABLE,
) -> None:
    """List the combinations that convert worse than their parts predict, the surest loss first.

    What other dimensions explain is taken out first, and each cause is one row. One snapshot cannot tell a real
    interaction from a fault: the list says where to look. Gaps (one value below its peers) and strong combinations come
    after it; CSV has all three (data/README.md names its columns), JSON leaks and gaps.

    \b
    Example:
      silent-leak leaks --store my-store --where country=US --step "Deep engagement"
    """
    from queries.engine import Engine, QueryError
    from queries.leak_list import leak_list
    from queries.terminal.leaks import print_leaks

    try:
        filters = asked_filters(date_from, date_to, where or (), without or ())
        steps = funnel_named(funnel)
        chosen = [name.strip() for text in dimensions for name in text.split(",")] if dimensions else None
        engine = Engine(_store(store))
        report = leak_list(engine, filters, funnel=steps, step=step, dimensions=chosen, max_order=max_order, fdr=fdr)
    except (StoreError, QueryError) as error:
        raise fail(str(error)) from None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    note_unknown_values(engine, filters)
    note_unknown_steps(engine, filters, steps)
    print_leaks(report, output)


@app.command()
def findings(
    store: StoreOption,
    engine: Annotated[
        EngineName | None, typer.Option(help="Print what one engine says, before anything is merged.")
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print the list.")] = Format.TABLE,
) -> None:
    """List the findings of a store: one line a cause, with its name, day, step, price and state.

    All engines feed one register, which follows no days and no filters; each missing order is counted once. What a fall
    costs and what a combination is worth, which is there on all days, are added up apart.

    \b
    Examples:
      silent-leak findings --store my-store
      silent-leak findings --store my-store --format json > findings.json
    """
    from queries.engine import Engine, QueryError
    from queries.findings.register import ask_findings
    from queries.terminal.findings import print_engine, print_register

    try:
        asked = Engine(_store(store))
        if engine:
            print_engine(asked, engine, output)
        else:
            print_register(ask_findings(asked), output)
    except (StoreError, QueryError) as error:
        raise fail(str(error)) from None


@app.command()
def finding(
    id: Annotated[str, typer.Argument(help="The id of a finding, as `findings` prints it.", metavar="ID")],
    store: StoreOption,
    state: Annotated[Mark | None, typer.Option(help="Mark the finding.")] = None,
    reason: Annotated[str, typer.Option(help="Why, in a few words; needed to ignore a finding.")] = "",
    by: Annotated[str, typer.Option(help="Who says so.")] = "",
    on: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="On which day; today if not given.")
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
) -> None:
    """Show one finding with what changed in it, or mark it: known, fixed, ignored, or new again.

    The mark is kept with the store, under the finding's id: new exports, undo and optimize leave it alone.

    \b
    Examples:
      silent-leak finding 527a51 --store my-store
      silent-leak finding 527a51 --store my-store --state fixed --by Ana --on 2026-10-20
    """
    from queries.engine import Engine, QueryError
    from queries.findings.book import Book, BookError
    from queries.findings.register import ask_findings
    from queries.findings.remembered import mark
    from queries.terminal.findings import print_finding

    try:
        asked = Engine(_store(store))
        register = ask_findings(asked)
        if state and register.named(id):
            day = on.date() if on else dt.date.today()
            register = mark(asked, register, id, state.state, day=day, by=by, reason=reason)
        if (one := register.named(id)) is None:
            known = ", ".join(one.id for one in register.findings) or "none"
            raise fail(f'no finding of this store is called "{id}" (there are: {known})')
        print_finding(one, Book(asked.store.path).read().get(id), output)
    except (StoreError, QueryError, BookError) as error:
        raise fail(str(error)) from None


# ----------------------------------------------------------------------------------------------------------- store


@app.command()
def pictures(
    store: StoreOption,
    out: Annotated[Path, typer.Option(help="Write the files into this folder.")] = Path("outputs"),
    date_from: FromOption = None,
    date_to: ToOption = None,
    where: WhereOption = None,
    without: WithoutOption = None,
) -> None:
    """Write map, funnel, durations and sources by device as PNG and SVG, without a browser."""
    from dashboard.pictures import NoMatplotlibError, save_pictures
    from dashboard.selection import Selection

    try:
        asked = asked_filters(date_from, date_to, where or (), without or ())
        wanted: dict[str, Any] = {
            "include": dict(asked.include),
            "exclude": dict(asked.exclude),
            "left_out": asked.left_out,
        }
        selection = Selection(dates=(asked.date_from, asked.date_to), **wanted)
    except (FilterError, ValueError) as error:
        raise typer.BadParameter(str(error)) from None
    try:
        for path in save_pictures(_store(store), out, selection):
            say(str(path))
    except (NoMatplotlibError, StoreError) as error:
        raise fail(str(error)) from None
    except OSError as error:
        raise fail(f"{out} cannot be written ({error.strerror}): choose another folder with --out") from None


@app.command()
def status(
    store: StoreOption, output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE
) -> None:
    """Say what is in a store: dates, gaps, sessions, revenue, files, version and freshness."""
    from queries.engine import Engine, QueryError
    from queries.terminal.facts import print_store_facts

    try:
        print_store_facts(Engine(_store(store)), output)
    except (StoreError, QueryError) as error:
        raise fail(str(error)) from None


@app.command()
def history(
    store: StoreOption, output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE
) -> None:
    """List what was done to a store, newest first."""
    from queries.terminal.history import print_history

    try:
        print_history(_store(store).history(), output)
    except StoreError as error:
        raise fail(str(error)) from None


WaitOption = Annotated[float, typer.Option("--wait", help="Wait at most so many seconds for another writer.", min=0)]


@app.command()
def undo(store: StoreOption, wait: WaitOption = 0) -> None:
    """Take back the last change of a store; undo again takes back the one before."""
    from ingest.upkeep import undo as take_back

    with _told_in_words():
        _say_version(take_back(_store(store), wait))


@app.command()
def optimize(
    store: StoreOption,
    wait: WaitOption = 0,
    memory_limit: Annotated[str | None, typer.Option(help='At most this much memory, such as "2GB".')] = None,
) -> None:
    """Put the files of each month together, so that they are few and large; readers are not disturbed.

    An ingest leaves one file a month already; other tools that write into the store may leave more.
    """
    from ingest.upkeep import optimize as put_together

    with _told_in_words():
        commit = put_together(_store(store), wait=wait, memory_limit=memory_limit)
    if commit is None:
        say("Nothing to do: each month is one file.")
    else:
        _say_version(commit)


@app.command()
def vacuum(
    store: StoreOption,
    keep_days: Annotated[
        float, typer.Option(help="Keep what was current within so many days: undo can still go back to it.", min=0)
    ] = 7,
    wait: WaitOption = 0,
) -> None:
    """Remove the files of old versions.

    Kept are the current version, the one before the last ingest, and those that were current within --keep-days or the
    last hour. Undo cannot go further back than that afterwards.
    """
    from ingest.upkeep import vacuum as remove_old

    with _told_in_words():
        done = remove_old(_store(store), keep_days, wait=wait)
    say(f"Removed {done.files:,} files ({done.bytes:,} bytes). Kept: the current version, and from version "
        f"{done.oldest_version} on what undo needs.")  # fmt: skip


def _say_version(commit: Commit) -> None:
    from queries.terminal.history import summary_words

    say(f"The store is now at version {commit.version}: {summary_words(commit.summary)}.")


@contextmanager
def _told_in_words() -> Generator[None]:
    from ingest.report import IngestError

    try:
        yield
    except (StoreError, IngestError) as error:
        raise fail(str(error)) from None


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
