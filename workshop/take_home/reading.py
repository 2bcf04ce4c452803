"""Turn an executed deck into a page to read: every cell with its output, no slides, no script."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import cast

import nbformat
from bs4 import BeautifulSoup, Tag
from PIL import Image

from workshop.agenda import Agenda
from workshop.deck.build import Page
from workshop.deck.export import slides_html
from workshop.deck.prepare import prepare
from workshop.take_home.page_map import Place

# Code that is not shown on a slide, and what the room finds first by itself, wait folded.
UNSEEN = {"set-up", "hide-input"}
FOLDED = {".celltag_unseen > .input": "Code", ".celltag_solution": "A solution"}
WIDE = 800  # pixels: on a phone such a picture scrolls, so that its letters stay large enough
SCROLLS = ".output_subarea :is(table, pre), .text_cell table"


def reading(agenda: Agenda, page: Page, places: Iterable[Place], base: str) -> str:
    """Return a built deck's slides as HTML to read: sections whose ids are those of the slides.

    Each leads to its slide; `base` is the edition's folder as seen from the page.
    """
    notebook = nbformat.read(page.executed, as_version=4)
    source = notebook.metadata.get("executed", {}).get("source")
    silent = replace(page.edition, notes=False)
    shown = prepare(notebook, agenda, silent, page.deck, source)
    for cell in shown.cells:
        tags = set(cell.metadata.get("tags", []))
        if tags & UNSEEN:
            cell.metadata["tags"] = [*sorted(tags - UNSEEN), "unseen"]
    body = BeautifulSoup(slides_html(shown, page.source.parent, page.deck), "html.parser")
    for gone in body.select(".prompt, h1"):  # the page has a title of its own
        gone.decompose()
    for place in places:
        link = body.new_tag("a", href=f"{base}{place.link}", attrs={"class": "to-slide"})
        link.string = f"Slide {place.slide}"
        cast(Tag, body.find(id=place.cell)).insert(0, link)
    for selector, name in FOLDED.items():
        for element in body.select(selector):
            details = element.wrap(body.new_tag("details"))
            summary = body.new_tag("summary")
            summary.string = name
            details.insert(0, summary)
    for picture in body.find_all("img"):
        _measure(picture)
    wide = [i for i in body.find_all("img") if int(str(i.get("width") or 0)) >= WIDE]
    for number, box in enumerate([*body.select(SCROLLS), *wide], start=1):
        kind, tag = ("Figure", "span") if box.name == "img" else ("Table", "div")
        named = {"class": "scroll", "role": "region", "tabindex": "0"}
        box.wrap(body.new_tag(tag, attrs={**named, "aria-label": f"{kind} {number}"}))
    return str(body)


def _measure(picture: Tag) -> None:
    """Write a picture's width and height in pixels, so that nothing moves when it is drawn."""
    if picture.get("width") and picture.get("height"):
        return
    kind, _, data = str(picture["src"]).partition(";base64,")
    content = base64.b64decode(data)
    if kind == "data:image/svg+xml":
        box = re.search(rb'viewBox="\S+ \S+ ([\d.]+) ([\d.]+)"', content)
        size = [float(side) for side in box.groups()] if box else []
    else:
        size = [*Image.open(io.BytesIO(content)).size]
    if size:
        picture["width"], picture["height"] = (str(round(side)) for side in size)
