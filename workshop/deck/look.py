"""How a deck looks: the kit's theme, or what a stranger's deck brings of its own for RISE."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from nbformat import NotebookNode

from workshop.deck.markup import inner, parsed
from workshop.deck.media import Media
from workshop.fonts import code_face, reveal_folder, text_faces
from workshop.paths import THEME

TEMPLATES = Path(__file__).parent / "templates/deck"
DARK = {"black", "black-contrast", "blood", "dracula", "league", "moon", "night"}
# What reveal is told of RISE's settings.
SETTINGS = {
    "transition",
    "backgroundTransition",
    "transitionSpeed",
    "center",
    "controls",
    "progress",
    "slideNumber",
    "rtl",
    "loop",
    "autoSlide",
}


@dataclass
class Look:
    """The style sheets of a page in order, reveal's settings, and what lies over each slide.

    `footer` and `header` are HTML; `overlay` lies over, `backimage` (a data URI) behind.
    """

    styles: list[str]
    ours: bool = True
    dark: bool = False
    settings: dict = field(default_factory=dict)
    header: str = ""
    footer: str = ""
    overlay: str = ""
    backimage: str = ""


def look_of(notebook: NotebookNode, folder: Path, name: str, media: Media, ours: bool) -> Look:
    """Return the look of a deck: the kit's, unless the deck is a stranger's and brings its own.

    A deck brings RISE's settings in its metadata, `rise.css` and `<name>.css` beside it.
    `THEME=ours` in the environment imposes the kit's look.
    """
    base = [*_reveal(), _text(TEMPLATES / "deck.css")]
    if ours:
        return Look([*base, *_theme()])
    guest = guest_style()
    if os.environ.get("THEME") == "ours":
        return Look([*base, *_theme(), guest])
    rise = {**_table(notebook, "livereveal"), **_table(notebook, "rise")}
    own = [folder / "rise.css", folder / f"{name}.css"]
    own = [path for path in own if path.is_file() and path.resolve().is_relative_to(media.folder)]
    theme = str(rise.get("theme") or ("simple" if own else ""))
    look = Look([*base, *_theme(), guest], ours=not theme, dark=theme in DARK)
    if theme:
        ground = _text(TEMPLATES / "guest-look.css")
        look.styles = [*base, _reveal_theme(theme, media), ground, guest]
    look.styles += [media.css(_text(path), f"{path.name}: ") for path in own]
    look.settings = {key: rise[key] for key in sorted(SETTINGS & rise.keys())}
    if not look.ours:
        look.settings = {"center": True, "transition": "linear"} | look.settings
    for key in ("header", "footer", "overlay"):
        setattr(look, key, _fragment(str(rise.get(key) or ""), media, f"{key}: "))
    if rise.get("backimage"):
        picture = parsed("<img>")
        picture.img["src"] = str(rise["backimage"])
        media.embed(picture, "backimage: ")
        look.backimage = picture.img["src"] if picture.img else ""
    return look


def guest_style() -> str:
    """Return the style sheet of what was not made for a slide, or had to be fitted to one."""
    return _text(TEMPLATES / "guest.css")


def _table(notebook: NotebookNode, name: str) -> dict:
    found = notebook.metadata.get(name)
    return found if isinstance(found, dict) else {}


def _fragment(html: str, media: Media, where: str) -> str:
    body = parsed(html)
    media.embed(body, where)
    return inner(body)


def _reveal_theme(name: str, media: Media) -> str:
    """Return one of reveal's themes with its fonts; another name gives RISE's default, `simple`."""
    folder = reveal_folder() / "dist/theme"
    path = folder / f"{name}.css"
    if not re.fullmatch(r"[\w-]+", name) or not path.is_file():
        media.leave_out(f"the theme '{name}', which reveal.js does not have: 'simple' stands in")
        path = folder / "simple.css"
    # Some fonts are files beside it, others are Google's.
    said = f"the letters of the theme '{path.stem}', which are on the network: others stand in"
    return Media(folder, media.online, lambda _: media.leave_out(said)).css(_text(path))


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig", errors="replace")


@cache
def _reveal() -> tuple[str, ...]:
    dist = reveal_folder() / "dist"
    return _text(dist / "reset.css"), _text(dist / "reveal.css")


@cache
def _theme() -> tuple[str, ...]:
    return text_faces() + code_face(), _text(THEME)
