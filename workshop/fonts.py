"""Give a drawn figure the deck's font, so that it looks the same wherever it is shown."""

from __future__ import annotations

import base64
import io
import re
from functools import cache
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from workshop.paths import package_folder

FAMILY = "Source Sans Pro"
# (weight, style) -> file of the family that ships with reveal.js
FACES = {
    (400, "normal"): "source-sans-pro-regular",
    (600, "normal"): "source-sans-pro-semibold",
    (400, "italic"): "source-sans-pro-italic",
}
# A common set of letters, so that one subset of a face serves all figures.
LATIN = {chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x100))} | set("–—‘’“”…•→←↑↓−×≤≥")


def reveal_folder() -> Path:
    """Return the folder of the installed reveal.js (it ships in the package sphinx-revealjs)."""
    return package_folder("sphinx_revealjs") / "_static/revealjs"


def font_file(face: str, suffix: str = "woff") -> Path:
    """Return the file of one face of the deck's font."""
    return reveal_folder() / f"dist/theme/fonts/source-sans-pro/{face}.{suffix}"


def font_face(weight: int, style: str, data: bytes) -> str:
    """Return the CSS that declares one embedded face of the deck's font."""
    encoded = base64.b64encode(data).decode()
    return (
        f'@font-face{{font-family:"{FAMILY}";font-weight:{weight};font-style:{style};'
        f'src:url("data:font/woff;base64,{encoded}") format("woff")}}'
    )


@cache
def text_faces(*styles: tuple[int, str]) -> str:
    """Return the CSS that declares the deck's font, whole: these weights and styles, or all."""
    return "".join(font_face(*key, font_file(FACES[key]).read_bytes()) for key in styles or FACES)


@cache
def latin_faces() -> str:
    """Return the CSS that declares the deck's font, upright, cut down to a common set of letters.

    For pages that have to be light; other letters are another font's.
    """
    letters = "".join(sorted(LATIN))
    styles = [style for style in FACES if style[1] == "normal"]
    return "".join(font_face(*style, _subset(FACES[style], letters)) for style in styles)


@cache
def code_face() -> str:
    """Return the CSS that declares Source Code Pro (package fontpkg-source-code-pro), all weights.

    The font stays whole, only packed as WOFF.
    """
    folder = package_folder("fontpkg_source_code_pro") / "files"
    font = TTFont(folder / "SourceCodePro[wght].ttf")
    font.flavor = "woff"
    buffer = io.BytesIO()
    font.save(buffer)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return (
        '@font-face{font-family:"Source Code Pro";font-weight:200 900;font-style:normal;'
        f'src:url("data:font/woff;base64,{encoded}") format("woff")}}'
    )


def with_font(svg: str) -> str:
    """Return the SVG with the deck's font embedded, cut down to the letters that it may use.

    An SVG shown as an image cannot see the fonts of the page around it.
    """
    if FAMILY not in svg or "@font-face" in svg:
        return svg
    letters = "".join(sorted(LATIN | set(re.sub(r"<[^>]*>", "", svg))))
    styles = [(400, "normal")]
    styles += (
        [(600, "normal")] if re.search(r"font-weight\s*[:=]\s*\"?\s*([6-9]00|bold)", svg) else []
    )
    styles += [(400, "italic")] if re.search(r"font-style\s*[:=]\s*\"?\s*italic", svg) else []
    faces = "".join(font_face(*key, _subset(FACES[key], letters)) for key in styles)
    return re.sub(r"(<svg\b[^>]*>)", rf"\1<style>{faces}</style>", svg, count=1)


@cache
def _subset(face: str, letters: str) -> bytes:
    font = TTFont(font_file(face, "ttf"))
    options = subset.Options(layout_features=["kern"], notdef_outline=True)
    options.drop_tables += ["FFTM", "webf"]  # the font editor's own, which subsetting cannot read
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=letters)
    subsetter.subset(font)
    font.flavor = "woff"
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()
