"""What every paper has in common: sizes, the theme's font and colours, and how it is printed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pypdf
from markupsafe import Markup
from playwright.sync_api import Page

from workshop.errors import WorkshopError
from workshop.fonts import text_faces
from workshop.paths import THEME

SIZES = {"a4": "A4", "letter": "Letter"}
MARGINS = Path(__file__).with_name("paper.css")
COLOURS = ("ink", "muted", "mark", "paper", "panel", "rule", "sans", "mono")


def paper_style(sheet: Path, running: str, workshop: str) -> Markup:
    """Return a paper's style sheet, with the deck's font and colours, and titles in the margins."""
    style = "\n".join(file.read_text(encoding="utf-8") for file in (MARGINS, sheet))
    for name, text in (("RUNNING", running), ("WORKSHOP", workshop)):
        # A JSON string is a CSS string, once no '<' in it can end the style.
        written = json.dumps(" ".join(text.split()), ensure_ascii=False).replace("<", "\\3c ")
        style = style.replace(f'"{name}"', written)
    return Markup(f"{text_faces()}\n{theme_colours()}\n{style}")


def theme_colours() -> str:
    """Return the CSS that declares the theme's colours and font for a page that is no slide.

    Raises WorkshopError when the theme no longer declares one of them.
    """
    declared = re.findall(r"--([a-z]+)\s*:\s*([^;{}]+);", THEME.read_text(encoding="utf-8"))
    theme = dict(reversed(declared))  # the first counts: dark slides turn ink and paper around
    if missing := [name for name in COLOURS if name not in theme]:
        raise WorkshopError(f"{THEME.name} does not declare --{missing[0]}, which the papers use.")
    colours = "".join(f"--{name}:{theme[name]};" for name in COLOURS)
    return f":root{{{colours}}}"


def print_paper(page: Page, target: Path, size: str) -> int:
    """Print the opened page as tagged PDF with bookmarks; return its number of pages."""
    page.evaluate("(size) => document.documentElement.dataset.size = size", size)
    page.pdf(path=target, format=SIZES[size], print_background=True, tagged=True, outline=True)
    return len(pypdf.PdfReader(target).pages)
