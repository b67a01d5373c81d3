"""The params of a selection, and which choice ends another one."""

import threading
from collections.abc import Iterator, MutableMapping, Set
from typing import TYPE_CHECKING, Any

import param

from dashboard.links import positions_in
from dashboard.param_kinds import Dates, FullDays, Period, Positions, Spans, Unwanted, Values
from dashboard.periods import CUSTOM, MODES, PREVIOUS, Days
from queries.funnel import ENGAGEMENT, FUNNELS
from queries.vocabulary import DIMENSIONS, TITLES

if TYPE_CHECKING:
    from dashboard.selection import Selection


class SelectionParams(param.Parameterized):
    """Hold the params; each dimension of the vocabulary is one, with its wanted values, empty for all values."""

    view = param.String(default="", doc="Name of the shown view; empty for the first.")
    dates = Dates(
        default=None, label="Days", doc="First and last day, both inclusive, None for an open end; None for all days."
    )
    period = Period(default="", doc="Days counted back from the store's last one, such as last-28; empty for none.")
    focus = FullDays(class_=Days, default=None, allow_None=True, doc="Days clicked in a chart.")
    exclude = Unwanted(default={}, doc="Unwanted values per dimension.")
    compare = param.Selector(
        default=PREVIOUS, objects=list(MODES), label="Compared with", doc="What the shown days are compared with."
    )
    compared_days = FullDays(
        class_=Days, label="Other days", default=None, allow_None=True, doc='Days of the comparison "custom".'
    )
    funnel_name = param.Selector(
        default=ENGAGEMENT.name,
        objects=[each.name for each in FUNNELS],
        label="Funnel",
        doc="Name of the chosen funnel.",
    )
    steps = Positions(class_=tuple, default=(), doc="Positions of the chosen steps from 1; empty for all.")
    left_out = Spans(class_=tuple, default=(), doc="Spans of days that are not looked at.")
    step = param.String(default="", doc="Name of the step of the funnel that sessions reached; empty for any.")
    missed_step = param.Boolean(default=False, doc="Whether sessions are wanted that did not reach it.")
    settings = param.Dict(default={}, doc="Chosen options of the cards' own controls.")
    theme = param.Selector(default="", objects=["", "light", "dark"], doc="Colours; empty for those of the system.")


for _name in DIMENSIONS:
    SelectionParams.param.add_parameter(_name, Values(default=[], label=TITLES[_name], doc="Wanted values."))


def ended_choices(selection: "Selection", new: Set[str]) -> dict[str, Any]:
    """Return the params that new choices end, with their values; `new` are the names of the params just changed."""
    ended: dict[str, Any] = {}
    if "dates" in new and selection.dates and "period" not in new:
        ended["period"] = ""
    elif selection.period and selection.dates:
        ended["dates"] = None
    if {"dates", "period"} & new and "focus" not in new:
        ended["focus"] = None
    if "compared_days" in new and selection.compared_days and "compare" not in new:
        ended["compare"] = CUSTOM
    elif selection.compare != CUSTOM:
        ended["compared_days"] = None
    if "funnel_name" in new:
        ended |= {name: value for name, value in (("steps", ()), ("step", "")) if name not in new}
    step = ended.get("step", selection.step)
    ended["steps"] = positions_in(ended.get("steps", selection.steps), len(selection.whole_funnel.steps))
    ended["step"] = step if step in selection.step_names else ""
    ended["missed_step"] = selection.missed_step and bool(ended["step"])
    ended["exclude"] = {
        dimension: [value for value in values if value not in getattr(selection, dimension)]
        for dimension, values in selection.exclude.items()
    }
    return ended


class Batches(threading.local, MutableMapping):
    """The changes of a Parameterized that wait for their watchers, kept apart for each thread.

    Param keeps them in one dict for all threads. When two threads change an object at once, one of them may leave the
    mark "changes are batched" behind, and no watcher is ever called again. `restores` is true while a selection is set
    as a whole.
    """

    def __init__(self) -> None:
        """Start without a change; Python calls this once in each thread."""
        self.restores = False
        self._state: dict[str, Any] = {"BATCH_WATCH": False, "TRIGGER": False, "events": [], "watchers": []}

    def __getitem__(self, key: str) -> Any:
        """Return what this thread holds."""
        return self._state[key]

    def __setitem__(self, key: str, value: Any) -> None:
        """Set what this thread holds."""
        self._state[key] = value

    def __delitem__(self, key: str) -> None:
        """Delete what this thread holds."""
        del self._state[key]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._state)

    def __len__(self) -> int:
        """Return the number of names."""
        return len(self._state)

    def __reduce__(self) -> tuple[type, tuple[()]]:
        """Let a copy begin without a change."""
        return type(self), ()
