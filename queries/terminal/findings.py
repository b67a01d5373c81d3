"""The register on a terminal: one line a finding, or JSON or CSV for programs."""

import json

from rich.markup import escape

from queries.engine import Engine
from queries.filters import Filters
from queries.findings import names, promise
from queries.findings.book import Entry
from queries.findings.finding import Difference, Finding, Register
from queries.findings.register import EVERYTHING, moved_periods
from queries.findings.rows import finding_row, finding_rows
from queries.funnel import ENGAGEMENT
from queries.judged import judged_leaks, judged_movers, judged_watch
from queries.leak_words import values_of
from queries.revenue import Estimate
from queries.terminal.arguments import EngineName, Format
from queries.terminal.console import stdout
from queries.terminal.rows import print_facts, print_rows

SHOWN = ("kind", "segment", "onset", "sessions", "conversions", "expected", "ratio")


def print_register(register: Register, output: Format) -> None:
    """Print the register: open findings, then the others, then what stands apart; as JSON with all fields."""
    if output is Format.JSON:
        print(json.dumps(register.as_json(), indent=2, default=str, ensure_ascii=False))
        return
    if output is Format.CSV:
        print_rows("findings", register.store_version, Filters(), finding_rows(register), output)
        return
    out = stdout()
    out.print(escape(f"{lede(register)} {promise.words()}"), highlight=False, soft_wrap=True)
    for one in register.findings:
        out.print(f"\n[bold]{one.id}  {escape(one.name)}[/bold]", highlight=False, soft_wrap=True)
        facts = (since_words(one), one.step, one.certainty, one.state, price_words(one))
        out.print(escape("        " + ", ".join(filter(None, facts))), highlight=False, soft_wrap=True)
    for title, held in (("Buys less than similar visitors, on all days", register.standing),
                        ("Buys above average", register.above)):  # fmt: skip
        if shown := [one for one in held if not one.same_as]:
            out.print(f"\n[bold]{title}[/bold]", highlight=False)
            for one in shown:
                out.print(escape(f"  {one.name}: {orders_words(one)}"), highlight=False, soft_wrap=True)
    if aside := names.set_aside(register):
        out.print(f"\n{escape(aside)}", highlight=False, soft_wrap=True)


def print_finding(one: Finding, entry: Entry | None, output: Format) -> None:
    """Print one finding with all that is known of it, and what changed in it."""
    log = entry.log if entry else ()
    if output is Format.JSON:
        print(json.dumps({**one.as_json(), "log": [list(line) for line in log]}, indent=2, default=str,
                         ensure_ascii=False))  # fmt: skip
        return
    if output is Format.CSV:
        print_rows("finding", 0, EVERYTHING, [finding_row(one)], output)
        return
    stdout().print(f"[bold]{escape(one.name)}[/bold]", highlight=False)
    counts = f"{one.counts.orders:,} orders of {one.counts.sessions:,} sessions, {one.expected:,.0f} expected"
    before = f"{one.before.orders:,} of {one.before.sessions:,} in the 28 days before" if one.before else ""
    facts = {
        "id": one.id, "state": f"{one.state} {one.reason}".strip(), "group": values_of(dict(one.segment)),
        "since": since_words(one), "where": one.step, "how sure": one.certainty, "price": price_words(one),
        "counts": counts, "before": before, "tracking": "; ".join(one.tracking), "against": " ".join(one.against),
        "seen as": "; ".join(f"{values_of(dict(each.segment))} ({each.engine})" for each in one.seen),
    }  # fmt: skip
    print_facts({name: text for name, text in facts.items() if text})
    for day, version, why in log:
        stdout().print(escape(f"  {day} (version {version}): {why}"), highlight=False)


def print_engine(engine: Engine, name: EngineName, output: Format) -> None:
    """Print what one engine says about all sessions, before anything is merged."""
    if name is EngineName.FALLS:
        rows = judged_watch(engine, EVERYTHING, ENGAGEMENT).rows
    elif name is EngineName.MOVES:
        periods = moved_periods(engine)
        rows = judged_movers(engine, *periods, ENGAGEMENT).rows if periods else []
    else:
        kinds = ("leak", "strong") if name is EngineName.COMBINATIONS else ("gap", "above")
        rows = [row for row in judged_leaks(engine, EVERYTHING, ENGAGEMENT).rows if row["kind"] in kinds]
    if output is Format.TABLE and not rows:
        stdout().print("Nothing is found.")
        return
    if output is Format.TABLE:  # what fits on a terminal; the files have all columns
        rows = [{column: row[column] for column in SHOWN if column in row} for row in rows]
    print_rows(name.value, engine.snapshot.version, EVERYTHING, rows, output)


def lede(register: Register) -> str:
    """Return how many findings are open and what they cost: Three open findings. Falls cost 11.0 k a month."""
    number = len(register.open)
    if not number:
        return f"No open findings. {names.smallest(register)}"
    first = f"{number} open finding{'' if number == 1 else 's'}."
    sums = [(register.costs, "Falls cost"), (register.worth, "Combinations are worth")]
    money = [
        f"{word} {_money(each)} {'a month' if word == 'Falls cost' else register.period}."
        for each, word in sums
        if each
    ]
    return " ".join([first, *money])


def since_words(one: Finding) -> str:
    """Return since when: since 16 Sep 2026, between 3 and 24 Sep 2026 where no one day can be told, until when."""
    if one.since is None:
        return ""
    day = names.began(one) or f"since {one.since.day} {one.since:%b %Y}"
    until = f" until {one.recovered.day} {one.recovered:%b %Y}" if one.recovered else ""
    if one.kind == "moved":
        return f"in the days {day}"
    return f"{day}{until}" if one.onset else f"{day} or before"


def price_words(one: Finding) -> str:
    """Return the price with its range: 11.0 k (9.1 k to 13.2 k) a month; orders where there is no money in the data."""
    if one.price:
        return f"{_money(one.price)} {one.period}"
    return "" if one.tracking or one.kind == "more visits" else f"{one.missing.median:,.0f} orders"


def orders_words(one: Difference) -> str:
    """Return how many orders a standing difference is: 110 orders fewer a month."""
    return f"{one.orders_a_month.median:,.0f} orders {'more' if one.above else 'fewer'} {one.period}"


def _money(price: Estimate) -> str:
    return f"{_short(price.median)} ({_short(price.low)} to {_short(price.high)})"


def _short(amount: float) -> str:
    """Return an amount with two digits, as the page has it: $9.3 k, $11 k."""
    rounded = float(f"{amount:.2g}")
    for size, sign in ((1e6, "M"), (1e3, "k")):
        if abs(rounded) >= size:
            return f"${rounded / size:,.{1 if abs(rounded) < 10 * size else 0}f} {sign}"
    return f"${rounded:,.0f}"
