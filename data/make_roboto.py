# /// script
# requires-python = ">=3.11"
# dependencies = ["fonttools[woff]==4.68.0"]
# ///
"""Make `roboto-500.woff2`: Latin Roboto Medium with the comparison signs and the narrow space that the page uses.

panel-material-ui ships Roboto 400 and 700; without this file weight 500 would fall back to 400. Run by hand:

    npm pack @fontsource/roboto@5.3.0 && tar xzf fontsource-roboto-5.3.0.tgz
    uv run data/make_roboto.py package/files
"""

import sys
from pathlib import Path

from fontTools.ttLib import TTFont  # ty: ignore[import-not-found] - a dependency of this script alone
from fontTools.ttLib.tables._g_l_y_f import Glyph  # ty: ignore[import-not-found]

SIGNS = "≤≥≈≠∞"
NARROW_NO_BREAK_SPACE = "\u202f"
TARGET = Path(__file__).with_name("roboto-500.woff2")


def medium(fontsource_files: Path) -> TTFont:
    """Return Roboto 500 with fontsource's Latin letters and five signs of its mathematical subset.

    The narrow space is half a space wide, as browsers make it up for the weights that lack it.
    """
    latin = TTFont(fontsource_files / "roboto-latin-500-normal.woff2", recalcTimestamp=False)
    mathematical = TTFont(fontsource_files / "roboto-math-500-normal.woff2")
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
    font = medium(Path(sys.argv[1]))
    font.flavor = "woff2"
    font.save(TARGET)
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")
