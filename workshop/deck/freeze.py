"""Let Chromium do once what a page would do each time: set formulas, fit slides to their page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Error

from workshop.deck.browser import launched
from workshop.errors import WorkshopError
from workshop.paths import package_folder

TEMPLATES = Path(__file__).parent / "templates/deck"
FORMULA = re.compile(r"\$[^$]+\$|\\\(|\\\[|\\begin\s*\{|\\(?:eq)?ref\{")
OUTSIDE = re.compile(r"^(?!file:|data:|blob:|about:)")


@dataclass
class Frozen:
    """The slides as they are shown; the letters of their formulas, drawn once for all.

    `fitted` are numbers of slides, `continued` the further pages by slide, `cut` slides of which
    some is on screen only, `empty` the number of slides that had nothing to show.
    """

    slides: str
    glyphs: str
    fitted: list[int]
    continued: dict[int, int]
    cut: list[int]
    empty: int


def freeze(slides: str, styles: list[str], formulas: bool, fit: bool, macros: str = "") -> Frozen:
    """Return the slides with formulas set by Jupyter's MathJax, and, if `fit`, each on its page.

    `macros` are formulas of cells that are not shown: what they define holds in the deck.
    """
    with launched() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.route(OUTSIDE, lambda route: route.abort())
        try:
            page.goto((TEMPLATES / "freeze.html").as_uri())  # scripts in `slides` do not run there
            page.add_script_tag(path=TEMPLATES / "freeze.js")
            page.evaluate("([slides, styles]) => load(slides, styles)", [slides, styles])
            if formulas:
                page.evaluate("labels => configure(labels)", "\\label" in slides)
                page.add_script_tag(url=(_mathjax() / "MathJax.js").as_uri())
                page.evaluate("macros => typeset(macros)", macros)
            done = page.evaluate("fit => finish(fit)", fit)
        except Error as error:
            raise WorkshopError(f"formulas cannot be set: {str(error).splitlines()[0]}.") from None
        finally:
            page.close()
    continued = {int(slide): more for slide, more in done.pop("continued").items()}
    return Frozen(**done, continued=continued)


def _mathjax() -> Path:
    return package_folder("nbclassic") / "static/components/MathJax"
