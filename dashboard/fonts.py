"""Roboto 500 for the page: panel-material-ui ships weights 400 and 700 only."""

import base64
from functools import cache
from pathlib import Path

ROBOTO_500 = Path(__file__).parents[1] / "data" / "roboto-500.woff2"


@cache
def font_face_css() -> str:
    """Return one `@font-face` rule that holds Roboto 500 as a data URL, for the page's own head (`raw_css`).

    Nothing is requested. The file has no arrows (no Roboto has): `→ ↑ ↓` come from the reader's system. Shadow roots
    ignore `@font-face`, so one rule in the document serves them all. Raises FileNotFoundError outside a checkout.
    """
    encoded = base64.b64encode(ROBOTO_500.read_bytes()).decode("ascii")
    return (
        '@font-face{font-family:"Roboto";font-style:normal;font-weight:500;font-display:swap;'
        f'src:url("data:font/woff2;base64,{encoded}") format("woff2")}}'
    )
