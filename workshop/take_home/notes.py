"""Print a deck's notes: two slides a page, as vector pictures, with the notes below them."""

from __future__ import annotations

import base64
import logging
import struct
import zlib
from pathlib import Path
from typing import cast

import pypdf
from markupsafe import Markup
from pypdf.generic import ArrayObject, FloatObject, NameObject, StreamObject

from workshop.agenda import Agenda, Edition
from workshop.deck.browser import launched
from workshop.errors import WorkshopError
from workshop.files import whole
from workshop.pages import template
from workshop.paper import SIZES, paper_style, print_paper
from workshop.take_home.page import slides_of_page

TEMPLATES = Path(__file__).parent / "templates"


def write_notes(page: Path, agenda: Agenda, edition: Edition, title: str) -> list[Path]:
    """Write `<deck>-notes-a4.pdf` and `-letter.pdf` beside an exported and printed deck.

    Chromium sets the text and leaves a picture of one colour, the slide's number, where a slide
    belongs; the page of the deck's PDF takes its place, so that it stays vectors and text. Raises
    WorkshopError when the PDF has other pages than the deck has slides.
    """
    slides = slides_of_page(page)
    deck = pypdf.PdfReader(page.with_suffix(".pdf"))
    if len(deck.pages) != len(slides):
        raise WorkshopError(
            f"{page.name} has {len(slides)} slides, but its PDF {len(deck.pages)} pages: no notes "
            "can be printed beside them."
        )
    style = paper_style(TEMPLATES / "handout.css", f"{title}, {edition.name}", agenda.title)
    facts = {"agenda": agenda, "edition": edition, "title": title, "style": style}
    rows = [(slide, Markup(slide.notes), one_colour(slide.number)) for slide in slides]
    html = template(TEMPLATES, "notes").render(facts, slides=rows)
    targets = []
    with launched() as browser:
        sheet = browser.new_page()
        sheet.set_content(html)
        for size in SIZES:
            target = page.with_name(f"{page.stem}-notes-{size}.pdf")
            with whole(target) as temporary:
                print_paper(sheet, temporary, size)
                _put_slides_in(temporary, deck)
            targets.append(target)
        sheet.close()
    return targets


def one_colour(number: int) -> str:
    """Return a PNG of 2 by 2 pixels as data URI; their colour is the number."""
    rows = (b"\0" + number.to_bytes(3, "big") * 2) * 2
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0))]
    parts += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n"
    for name, data in parts:
        crc = struct.pack(">I", zlib.crc32(name + data))
        png += struct.pack(">I", len(data)) + name + data + crc
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _put_slides_in(target: Path, deck: pypdf.PdfReader) -> None:
    """Replace each picture of one colour by the page of the deck that its colour names."""
    # It warns of more objects than Chromium announced, which does no harm.
    logging.getLogger("pypdf._writer").setLevel(logging.ERROR)
    writer = pypdf.PdfWriter(clone_from=target)
    for page in writer.pages:
        pictures = cast(dict, page["/Resources"]).get("/XObject", {})
        for name, picture in list(pictures.items()):
            image = picture.get_object()
            if image.get("/Subtype") == "/Image" and (image["/Width"], image["/Height"]) == (2, 2):
                number = int.from_bytes(image.get_data()[:3], "big")
                slide = _as_picture(writer, deck.pages[number - 1])
                pictures[NameObject(name)] = writer._add_object(slide)
    writer.write(target)


def _as_picture(writer: pypdf.PdfWriter, page: pypdf.PageObject) -> StreamObject:
    """Return a page as a form that fills the unit square, as a picture in a PDF does."""
    form = StreamObject()
    contents = page.get_contents()
    form.set_data(b"" if contents is None else contents.get_data())
    box = page.mediabox
    form.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Form"),
            NameObject("/BBox"): ArrayObject(map(FloatObject, box)),
            NameObject("/Matrix"): ArrayObject(
                map(FloatObject, (1 / box.width, 0, 0, 1 / box.height, 0, 0))
            ),
            NameObject("/Resources"): page["/Resources"].clone(writer),
        }
    )
    if "/Group" in page:
        form[NameObject("/Group")] = page["/Group"].clone(writer)
    return form.flate_encode()
