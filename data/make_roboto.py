# /// script
# requires-python = ">=3.11"
# dependencies = ["fonttools[woff]==4.68.0"]
# ///
"""Make the fonts in `dashboard/assets/`: Latin Roboto with the comparison signs and narrow space of the page.

Run by hand:

    npm pack @fontsource/roboto@5.3.0 && tar xzf fontsource-roboto-5.3.0.tgz
    uv run data/make_roboto.py package/files
"""

import sys
from pathlib import Path

from fontTools.ttLib import TTFont  # ty: ignore[import-not-found] - a dependency of this script alone
from fontTools.ttLib.tables._g_l_y_f import Glyph  # ty: ignore[import-not-found]

SIGNS = "≤≥≈≠∞"
NARROW_NO_BREAK_SPACE = "\u202f"
WEIGHTS = (400, 500)
ASSETS = Path(__file__).parents[1] / "dashboard" / "assets"


def latin_with_signs(fontsource_files: Path, weight: int) -> TTFont:
    """Return one weight of Roboto with fontsource's Latin letters and five signs of its mathematical subset.

    The narrow space is half a space wide, as browsers make it up for the weights that lack it.
    """
    latin = TTFont(fontsource_files / f"roboto-latin-{weight}-normal.woff2", recalcTimestamp=False)
    mathematical = TTFont(fontsource_files / f"roboto-math-{weight}-normal.woff2")
    latin["glyf"].glyphs  # noqa: B018 - the table must be read before the order of its glyphs changes
    codes = {ord(NARROW_NO_BREAK_SPACE): "uni202F"}
    latin["glyf"]["uni202F"] = Glyph()
    latin["hmtx"]["uni202F"] = (latin["hmtx"]["space"][0] // 2, 0)
    for sign in SIGNS:
        source_name = mathematical.getBestCmap()[ord(sign)]
        glyph = mathematical["glyf"][source_name]
        glyph.expand(mathematical["glyf"])
        if glyph.isComposite():
            sys.exit(f"{sign} is built of other glyphs in this release of the font: copy those too")
        glyph.removeHinting()
        codes[ord(sign)] = name = f"uni{ord(sign):04X}"
        latin["glyf"][name] = glyph
        latin["hmtx"][name] = mathematical["hmtx"][source_name]
    for table in latin["cmap"].tables:
        if table.isUnicode():
            table.cmap.update(codes)
    return latin


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: uv run data/make_roboto.py FOLDER  (the files/ folder of npm @fontsource/roboto 5.3.0)")
    for chosen in WEIGHTS:
        font = latin_with_signs(Path(sys.argv[1]), chosen)
        font.flavor = "woff2"
        target = ASSETS / f"roboto-{chosen}.woff2"
        font.save(target)
        print(f"{target.name}: {target.stat().st_size:,} bytes")
