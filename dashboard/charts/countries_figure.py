"""The map, built once: the shapes never change, their look is patched."""

from typing import Any

from bokeh.models import ImageURLTexture, Range1d
from bokeh.plotting import figure

figures: Any = None
from dashboard.theme import Theme
from dashboard.world import world


def build(theme: Theme) -> figure:
    """Make the map once: every country's shape in Equal Earth, dots for the small ones; no sea, no axes."""
    globe = world()
    fig: Any = figure(
        name="countries-map",
        x_range=Range1d(start=globe.x_range[0], end=globe.x_range[1]),
        y_range=Range1d(start=globe.y_range[0], end=globe.y_range[1]),
        aspect_ratio=(globe.x_range[1] - globe.x_range[0]) / (globe.y_range[1] - globe.y_range[0]),
        sizing_mode="scale_width",
        toolbar_location=None,
        outline_line_color=None,
        background_fill_color=None,
        border_fill_color=None,
        min_border=0,
        tools="",
    )
    fig.axis.visible = False
    fig.grid.visible = False
    _places(fig, theme)
    return fig


def _places(fig: Any, theme: Theme) -> None:
    globe = world()
    plain = _plain_look(len(globe.iso))
    held = figures.source("countries", {"xs": _lists(globe.xs), "ys": _lists(globe.ys), **plain})
    places = [place for place, small in enumerate(globe.small) if small]
    small = figures.source(
        "countries-small",
        {
            **_plain_look(len(places)),
            "x": [globe.x[place] for place in places],
            "y": [globe.y[place] for place in places],
            "size": [0] * len(places),
        },
    )
    for source in (held, small):
        source.tags = ["filter:country:value"]
    look: dict[str, Any] = {
        "fill_color": "fill_color",
        "fill_alpha": "alpha",
        "line_color": "line_color",
        "line_width": "line_width",
    }
    hatch = {"hatch_pattern": "hatch", "hatch_extra": _hatching(theme)}
    land = fig.multi_polygons("xs", "ys", source=held, **look, **hatch)
    islands = fig.scatter("x", "y", size="size", source=small, **look, **hatch)
    figures.quiet(land)
    figures.quiet(islands)
    figures.hover(fig, [land, islands])
    figures.tap(fig, [land, islands])


def _hatching(theme: Theme) -> dict[str, ImageURLTexture]:
    """Return one ready tile for every pattern: Bokeh's own would take 300 ms at every change."""
    texture = figures.tile(f"<path d='M-2 2 2 -2M0 7 7 0M5 9 9 5' stroke='{theme.map_hatch}'/>", 7)
    return {"/": texture, " ": texture}


def _plain_look(number: int) -> dict[str, list[Any]]:
    return {
        "value": [None] * number,
        "fill_color": ["#808080"] * number,
        "line_color": ["#808080"] * number,
        "line_width": [0.7] * number,
        "alpha": [1.0] * number,
        "hatch": [" "] * number,
        "title": [""] * number,
    }


def _lists(nested: Any) -> Any:
    return [_lists(item) for item in nested] if isinstance(nested, tuple) else nested
