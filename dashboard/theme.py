"""Colours and type of the page: the tokens of the design, light and dark, and the Bokeh theme made from them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from bokeh.themes import Theme as BokehTheme


@dataclass(frozen=True, slots=True)
class Theme:
    """Hold the design tokens of one mode; every colour on the page comes from here."""

    name: str
    background: str
    surface: str
    sunken: str
    hover: str
    border: str
    control: str
    text: str
    text_secondary: str
    text_tertiary: str
    accent: str
    accent_weak: str
    on_accent: str
    loss: str
    loss_weak: str
    warn: str
    warn_weak: str
    warn_bar: str
    ok: str
    ok_weak: str
    previous: str
    loss_band: str
    expected_band: str
    left_at_step: str
    bars: str
    hatch: str
    map_hatch: str
    map_line: str
    devices: Mapping[str, str]
    sequential: tuple[str, ...]
    diverging: tuple[str, ...]
    steps: tuple[str, ...]


LIGHT = Theme(
    name="light",
    background="#F5F6F8",
    surface="#FFFFFF",
    sunken="#EEF1F4",
    hover="#F1F4F7",
    border="#DEE2E8",
    control="#7D8796",
    text="#14181F",
    text_secondary="#434C59",
    text_tertiary="#5B6573",
    accent="#0B5CAD",
    accent_weak="#E4EFFA",
    on_accent="#FFFFFF",
    loss="#B4380F",
    loss_weak="#FBEAE3",
    warn="#7A5200",
    warn_weak="#FFF1CF",
    warn_bar="#BE8500",
    ok="#1B6E4B",
    ok_weak="#E2F3EA",
    previous="#7D8796",
    loss_band="#EBB49D",
    expected_band="#CBD3DE",
    left_at_step="#F6D9CC",
    bars="#B4BECB",
    hatch="#D5DBE3",
    map_hatch="#CDD4DD",
    map_line="#8C97A6",
    devices={"desktop": "#1B5FB0", "mobile": "#B87400", "tablet": "#12907F"},
    sequential=("#DFEAF5", "#C2D8ED", "#9ABFE0", "#6FA3D2", "#4081BD", "#1C5F9F", "#0B3F75"),
    diverging=("#9C3410", "#CF6A3A", "#EDB594", "#EFF1F4", "#A9CBE8", "#4C8CC6", "#0F559B"),
    steps=("#A9C4E0", "#6F9CCB", "#3F77B3", "#1F5690", "#0B3566"),
)

DARK = Theme(
    name="dark",
    background="#0D1015",
    surface="#151920",
    sunken="#1E242D",
    hover="#1B2028",
    border="#2B323D",
    control="#778294",
    text="#E9ECF1",
    text_secondary="#B6BECA",
    text_tertiary="#98A2B0",
    accent="#74B5F4",
    accent_weak="#15304A",
    on_accent="#0B1622",
    loss="#F58A62",
    loss_weak="#3B2018",
    warn="#EDBB57",
    warn_weak="#33290F",
    warn_bar="#C08F2B",
    ok="#6CCB9C",
    ok_weak="#12301F",
    previous="#7C8797",
    loss_band="#8A4A33",
    expected_band="#46525F",
    left_at_step="#4A2A1F",
    bars="#4B586A",
    hatch="#363E4A",
    map_hatch="#363F4B",
    map_line="#5F6C7D",
    devices={"desktop": "#5B9CE8", "mobile": "#D99A2B", "tablet": "#86E0D0"},
    sequential=("#1C2938", "#22425F", "#2A5B87", "#3A78AF", "#5C99D0", "#8FBFE8", "#C8E0F6"),
    diverging=("#F79A72", "#C46A43", "#6E3F2C", "#242A33", "#254B6E", "#4B8FCA", "#8CC3F2"),
    steps=("#33506F", "#44729F", "#5F97CC", "#8ABAE8", "#C5DFF7"),
)

THEMES = (LIGHT, DARK)

_COLOURS = tuple(field.name for field in fields(Theme) if field.type is str and field.name != "name")


def tokens(theme: Theme) -> dict[str, str]:
    """Return every colour of a theme by its token name: "text-secondary", "device-mobile", "step-4", ..."""
    named = {name.replace("_", "-"): getattr(theme, name) for name in _COLOURS}
    named |= {f"device-{device}": colour for device, colour in theme.devices.items()}
    for scale, colours in (("sequential", theme.sequential), ("diverging", theme.diverging), ("step", theme.steps)):
        named |= {f"{scale}-{position}": colour for position, colour in enumerate(colours)}
    return named


def token_names() -> tuple[str, ...]:
    """Return the names of all colour tokens; they are the same in every theme."""
    return tuple(tokens(LIGHT))


def text_on(colour: str) -> str:
    """Return the text colour, dark or white, that has the higher contrast on a fill (WCAG 2 relative luminance)."""
    return LIGHT.text if _luminance(colour) > 0.179 else "#FFFFFF"


def blended(colour: str, ground: str, part: float) -> str:
    """Return a colour as it looks when it covers that part (0-1) of a ground."""
    pairs = [(int(colour[place : place + 2], 16), int(ground[place : place + 2], 16)) for place in (1, 3, 5)]
    return "#" + "".join(f"{round(over * part + under * (1 - part)):02X}" for over, under in pairs)


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def css_variables() -> str:
    """Return the tokens as CSS: `--sl-<token>` and `--sl-on-<token>` on the host, those of DARK under `.dark`."""
    rules = []
    for theme, selector in ((LIGHT, ":host"), (DARK, ".dark")):
        declared = [f"--sl-{name}:{colour};--sl-on-{name}:{text_on(colour)}" for name, colour in tokens(theme).items()]
        rules.append(f"{selector}{{color-scheme:{theme.name};{';'.join(declared)}}}")
    return "\n".join(rules)


FONT = "Roboto, system-ui, sans-serif"


def bokeh_theme(theme: Theme) -> BokehTheme:
    """Return the Bokeh theme that draws axes, grids and text with the tokens."""
    return BokehTheme(
        json={
            "attrs": {
                "Plot": {
                    "background_fill_color": None,
                    "border_fill_color": None,
                    "outline_line_color": None,
                    "toolbar_location": None,
                },
                "Axis": {
                    "axis_line_color": theme.control,
                    "major_tick_line_color": None,
                    "minor_tick_line_color": None,
                    "major_label_text_color": theme.text_tertiary,
                    "major_label_text_font": FONT,
                    "major_label_text_font_size": "12px",
                    "axis_label_text_color": theme.text_tertiary,
                    "axis_label_text_font": FONT,
                    "axis_label_text_font_size": "12px",
                    "axis_label_text_font_style": "normal",
                },
                "CategoricalAxis": {
                    "group_text_color": theme.text_secondary,
                    "group_text_font": FONT,
                    "group_text_font_size": "12px",
                },
                "Grid": {"grid_line_color": theme.border},
                "Title": {
                    "text_color": theme.text_secondary,
                    "text_font": FONT,
                    "text_font_size": "12px",
                    "text_font_style": "normal",
                },
                "Legend": {
                    "background_fill_alpha": 0,
                    "border_line_color": None,
                    "label_text_color": theme.text_secondary,
                    "label_text_font": FONT,
                    "label_text_font_size": "12px",
                },
                "Label": {"text_color": theme.text_secondary, "text_font": FONT, "text_font_size": "12px"},
                "Text": {"text_font": FONT},
            }
        }
    )
