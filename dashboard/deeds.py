"""What a browser may ask for: one function a deed, and the visible mapping of a message's `kind` to it.

Messages come from a browser, so nothing in them is trusted: `dashboard/message.py` lets only plain values through.
"""

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING

from dashboard import download
from dashboard.filters import FOCUS
from dashboard.links import STEP
from dashboard.message import Said, day_of, text_of
from dashboard.periods import Days, relative_title
from dashboard.saved import SavedViewError
from dashboard.theme import DARK
from dashboard.typed_days import DaysError, days_named, read_days, read_left_out

if TYPE_CHECKING:
    from dashboard.viewer import Viewer

Deed = Callable[["Viewer", Said], object]


def filter_to(viewer: "Viewer", said: Said) -> None:
    """Filter to a value, to several at once, open a view, choose a setting: whatever the action says, as one step."""
    viewer.past.remember()
    with viewer.following.one_step():
        viewer.selection.follow(said)


def tap(viewer: "Viewer", said: Said) -> None:
    """Do what the tapped mark of a chart stands for, or the days that a drag covers."""
    action = viewer.tapped(text_of(said, "card"), said.get("picture", 0), text_of(said, "layer"), said.get("rows", ()))
    if action:
        keys = {name: True for name in ("additive", "exclude") if said.get(name) is True}
        filter_to(viewer, {**action, **keys})


def open_view(viewer: "Viewer", said: Said) -> None:
    """Show another view."""
    viewer.selection.choose_view(text_of(said, "view"))


def move_to(viewer: "Viewer", said: Said) -> None:
    """Show what an address says."""
    viewer.move_to(text_of(said, "query"))


def remove(viewer: "Viewer", said: Said) -> None:
    """Take one filter off."""
    viewer.past.remember()
    if said.get("dimension") == FOCUS and said.get("exclude") is True:
        viewer.selection.left_out = ()
    elif said.get("dimension") == FOCUS:
        viewer.selection.focus = None
    elif said.get("dimension") == STEP:
        viewer.selection.restore({"step": "", "missed_step": False})
    else:
        viewer.selection.remove(text_of(said, "dimension"), exclude=said.get("exclude") is True)


def switch(viewer: "Viewer", said: Said) -> None:
    """Turn "is" into "is not", or the reverse."""
    viewer.past.remember()
    viewer.selection.switch(text_of(said, "dimension"))


def reset(viewer: "Viewer", said: Said) -> None:
    """Take all filters off."""
    viewer.past.remember()
    viewer.selection.reset()


def choose_dates(viewer: "Viewer", said: Said) -> None:
    """Show a range of days: two dates, a period that moves with the store ("" for all days), or what was typed.

    What was typed may name days to leave out instead.
    """
    span = viewer.selection.span
    first, last, period = day_of(said, "first"), day_of(said, "last"), text_of(said, "period")
    if text_of(said, "text") and span:
        try:
            if left_out := read_left_out(said["text"], span):
                viewer.past.remember()
                viewer.selection.leave_out(left_out)
                return
            read = read_days(said["text"], span)
        except DaysError as error:
            viewer.page.reply({"kind": "unread", "text": str(error)})
            return
        first, last, period = (read.first, read.last, "") if isinstance(read, Days) else (None, None, read)
    viewer.past.remember()
    if period:
        viewer.selection.choose_period(period)
    else:
        every = span is not None and (first, last) == (span.first, span.last)
        viewer.selection.choose_dates(*((None, None) if every else (first, last)))


def choose_comparison(viewer: "Viewer", said: Said) -> None:
    """Compare with other days, also typed ones, or not at all."""
    span = viewer.selection.span
    first, last = day_of(said, "first"), day_of(said, "last")
    if text_of(said, "text") and span:
        try:
            days = days_named(said["text"], span)
        except DaysError as error:
            viewer.page.reply({"kind": "uncompared", "text": str(error)})
            return
        first, last = days.first, days.last
    viewer.selection.choose_comparison(text_of(said, "mode"), first, last)


def choose_funnel(viewer: "Viewer", said: Said) -> None:
    """Choose a funnel and its steps."""
    viewer.selection.choose_funnel(text_of(said, "name"), said.get("steps", ()))


def choose_setting(viewer: "Viewer", said: Said) -> None:
    """Choose an option of a card's control, or of the whole page's without a card."""
    viewer.selection.choose_setting(text_of(said, "card"), text_of(said, "name"), text_of(said, "option"))


def choose_theme(viewer: "Viewer", said: Said) -> None:
    """Choose light or dark."""
    if said.get("mode") in viewer.selection.param.theme.objects:
        viewer.selection.theme = said["mode"]


def prefer(viewer: "Viewer", said: Said) -> None:
    """Learn what the reader's system prefers."""
    viewer.prefers_dark = said.get("mode") == DARK.name
    viewer.show_theme()


def list_values(viewer: "Viewer", said: Said) -> None:
    """List the values of a dimension, or those of every dimension that hold a text."""
    viewer.list_values(text_of(said, "dimension"), text_of(said, "text"))


def show_sql(viewer: "Viewer", said: Said) -> None:
    """Show the statements behind a card."""
    asked = download.questions(viewer.results(text_of(said, "card")))
    viewer.page.reply({"kind": "sql", "title": f"SQL: {viewer.label(text_of(said, 'card'))}", "questions": asked})


def save_csv(viewer: "Viewer", said: Said) -> None:
    """Save the rows behind a card as CSV, several tables as a zip of files."""
    _save(viewer, text_of(said, "card"), download.csv_bytes)


def save_parquet(viewer: "Viewer", said: Said) -> None:
    """Save the rows behind a card as Parquet, several tables as a zip of files."""
    _save(viewer, text_of(said, "card"), download.parquet_bytes)


def _save(viewer: "Viewer", card: str, file_of: Callable[..., tuple[str, bytes]]) -> None:
    if viewer.answer and card in viewer.answer.results:
        label, results, stated, name = viewer.label(card), viewer.results(card), viewer.stated(), viewer.file_name()

        def made() -> dict[str, str]:
            ending, content = file_of(label, results, stated)
            kind = "text/csv;charset=utf-8" if ending == "csv" else "application/octet-stream"
            encoded = base64.b64encode(content).decode("ascii")
            return {"kind": "file", "name": f"{name}_{card}.{ending}", "type": kind, "base64": encoded}

        viewer.reply_later(made)


def show_method(viewer: "Viewer", said: Said) -> None:
    """Show how a card is computed."""
    card = text_of(said, "card")
    if viewer.label(card):
        viewer.page.reply({"kind": "method", "title": viewer.label(card), "paragraphs": download.method_of(card)})


def save_view(viewer: "Viewer", said: Said) -> None:
    """Save what is shown under a name, and say when it takes the place of another view."""
    name = " ".join(text_of(said, "name").split())
    try:
        book = viewer.saved.read()
        viewer.saved.save(name, viewer.selection.to_query())
        before = viewer.forgotten = book.kept(name)
        replaced = f", in place of the view saved on {before.view.saved_on}" if before else ""
        moves = f" Its days move with the data: {relative_title(viewer.selection.period)}." * bool(
            viewer.selection.period
        )
        viewer.tell_saved(f"Saved as “{name}”{replaced}.{moves}", undo=before is not None)
    except SavedViewError as error:
        viewer.tell_saved(f"Not saved: {error}.")


def delete_view(viewer: "Viewer", said: Said) -> None:
    """Forget a saved view."""
    name = text_of(said, "name")
    try:
        before = viewer.saved.read().kept(name)
        viewer.saved.delete(name)
        viewer.forgotten = before
        viewer.tell_saved(f"Deleted “{name}” for everybody.", undo=before is not None)
    except SavedViewError as error:
        viewer.tell_saved(f"Not deleted: {error}.")


def restore_view(viewer: "Viewer", said: Said) -> None:
    """Bring back the view that this person has just deleted or replaced."""
    before, viewer.forgotten = viewer.forgotten, None
    if before is None:
        return
    try:
        viewer.saved.restore(before)
        viewer.tell_saved(f"“{before.view.name}” is as it was.")
    except SavedViewError as error:
        viewer.tell_saved(f"Not brought back: {error}.")


def make_default(viewer: "Viewer", said: Said) -> None:
    """Let a saved view open by default for everybody, or none."""
    try:
        book = viewer.saved.make_default(text_of(said, "name"))
        viewer.tell_saved(f"“{book.default}” opens by default." if book.default else "The plain page opens by default.")
    except SavedViewError as error:
        viewer.tell_saved(f"Not changed: {error}.")


def list_saved(viewer: "Viewer", said: Said) -> None:
    """List the saved views."""
    viewer.tell_saved("")


DEEDS: dict[str, Deed] = {
    "filter": filter_to,
    "tap": tap,
    "view": open_view,
    "address": move_to,
    "remove": remove,
    "switch": switch,
    "reset": reset,
    "undo": lambda viewer, _: viewer.past.undo(),
    "dates": choose_dates,
    "compare": choose_comparison,
    "funnel": choose_funnel,
    "setting": choose_setting,
    "theme": choose_theme,
    "prefers": prefer,
    "listens": lambda viewer, _: viewer.browser.listens(),
    "retry": lambda viewer, _: viewer.ask(),
    "values": list_values,
    "sql": show_sql,
    "csv": save_csv,
    "parquet": save_parquet,
    "method": show_method,
    "saved": list_saved,
    "save_view": save_view,
    "delete_view": delete_view,
    "restore_view": restore_view,
    "default_view": make_default,
}
"""What a browser may ask for, by the message's `kind`."""
