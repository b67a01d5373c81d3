"""The sentence over the funnel: its largest leak, for all sessions or for what is chosen beside the others."""

import itertools
from functools import partial

from dashboard.cards import Context
from dashboard.charts.chosen import is_filtered, passes
from dashboard.charts.funnel_rows import Segments, phrase_of
from dashboard.charts.words import empty_sentence, enough, joined, leaving, part_of, sessions_at, step_goal
from dashboard.format import share
from queries.filters import Filters
from queries.pivot import OTHERS


def chosen_of(segments: Segments, dimensions: tuple[str, ...], filters: Filters) -> Segments:
    """Return the segments that pass the filters on their own dimensions; the rest of them is shown for comparison."""
    if not any(is_filtered(filters, name) for name in dimensions):
        return segments
    return {
        values: rows
        for values, rows in segments.items()
        if values != (OTHERS,) and all(map(partial(passes, filters), dimensions, values))
    }


def heading(segments: Segments, dimensions: tuple[str, ...], context: Context) -> str:
    """Return the largest leak with its size, over all sessions and for those segments large enough to name.

    83 % of sessions never reach a fifth page: 81 % on desktop, 86 % on mobile. Where some are chosen, it is theirs,
    with that of the largest others beside it.
    """
    every = segments
    segments = chosen_of(segments, dimensions, context.filters)
    if not segments:
        return f"{empty_sentence(context).removesuffix('.')}: the others are shown for comparison"
    said = _heading(segments, dimensions, context)
    beside = [values for values in every if values not in segments and values != (OTHERS,)]
    if not beside or not any(rows[0]["reached"] for rows in segments.values()):
        return said
    place = largest_loss(segments)
    shares = [f"{share(every[values][place]['abandonment_rate'])} {phrase_of(dimensions, values)}" for values in beside
              if enough(every[values][place], "abandonment_rate", "reached")]  # fmt: skip
    return f"{said}; {joined(shares[:2])}" if shares else said


def largest_loss(segments: Segments) -> int:
    """Return the place of the step after which most sessions of some segments leave."""
    totals = [sum(row["reached"] for row in rows) for rows in zip(*segments.values(), strict=True)]
    losses = [before - after for before, after in itertools.pairwise(totals)]
    return losses.index(max(losses))


def _heading(segments: Segments, dimensions: tuple[str, ...], context: Context) -> str:
    totals = [sum(row["reached"] for row in rows) for rows in zip(*segments.values(), strict=True)]
    losses = [before - after for before, after in itertools.pairwise(totals)]
    if not totals[0]:
        return f"No session reached {step_goal(context.funnel.steps[0])}"
    if not any(losses):
        return f"Every session that reached {step_goal(context.funnel.steps[0])} went on to the end"
    place = losses.index(max(losses))
    here, following = context.funnel.steps[place], context.funnel.steps[place + 1]
    named = [
        f"{share(rows[place]['abandonment_rate'])} {phrase_of(dimensions, values)}"
        for values, rows in segments.items()
        if enough(rows[place], "abandonment_rate", "reached")
    ]
    size = share(losses[place] / totals[place])
    what = f"never reach {step_goal(following)}" if place == 0 else leaving(following)
    sentence = f"{size} of {sessions_at(here)} {what}"
    if totals[place] == 1:
        return f"The only {sessions_at(here)[:-1]} did not reach {step_goal(following)}: too few to say"
    if len(segments) == 1:
        only = next(iter(segments))
        who = (
            f" {phrase_of(dimensions, only)}" if any(is_filtered(context.filters, name) for name in dimensions) else ""
        )
        return f"{sentence}{who} ({part_of(losses[place], totals[place])})"
    if not named:
        return f"{sentence} ({part_of(losses[place], totals[place])}): too few in each group to compare"
    return f"{sentence}: {', '.join(named[:2])}"
