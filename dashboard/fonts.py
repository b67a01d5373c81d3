"""Roboto for the page, weights 400 and 500."""

import base64
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "assets"
WEIGHTS = (400, 500)


@cache
def font_face_css() -> str:
    """Return one `@font-face` rule a weight that holds the font as a data URL, for the page's own head.

    Nothing is requested. The files have no arrows (no Roboto has): `→ ↑ ↓` come from the reader's system. Shadow roots
    ignore `@font-face`, so the rules in the document serve them all.
    """
    return "".join(_rule(weight) for weight in WEIGHTS)


def _rule(weight: int) -> str:
    encoded = base64.b64encode((FOLDER / f"roboto-{weight}.woff2").read_bytes()).decode("ascii")
    return (
        f'@font-face{{font-family:"Roboto";font-style:normal;font-weight:{weight};font-display:swap;'
        f'src:url("data:font/woff2;base64,{encoded}") format("woff2")}}'
    )
