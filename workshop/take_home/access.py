"""Write the access copy: what an edition's slides say and show, as text to read before the talk."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from workshop.agenda import Agenda, Edition, Session, clock, day
from workshop.deck.browser import launched
from workshop.files import whole
from workshop.markdown import inline
from workshop.pages import environment
from workshop.paper import SIZES, paper_style, print_paper
from workshop.paths import ROOT
from workshop.prose import blocks
from workshop.references import read_references
from workshop.take_home.page import Slide, slides_of_page

TEMPLATES = Path(__file__).parent / "templates"
GLOSSARY = ROOT / "slides" / "glossary.md"


@dataclass(frozen=True)
class Told:
    """A session with its slides."""

    session: Session
    slides: list[Slide]


def write_access_copy(pages: dict[str, Path], agenda: Agenda, edition: Edition, folder: Path):
    """Write `access-copy.html` and its PDFs, A4 and Letter, to `folder`.

    `pages` are the exported pages by deck. Left out: speaker notes, code, solutions and whatever
    is revealed step by step.
    """
    told = [Told(s, _shown(pages[s.deck])) for s in edition.sessions if s.deck in pages]
    slides = [slide for part in told for slide in part.slides]
    text = " ".join(f"{slide.title} {slide.words}" for slide in slides)
    title = "Access copy"
    running = f"{title}, {edition.name}"
    page = (
        environment(TEMPLATES)
        .get_template("access.html.j2")
        .render(
            agenda=agenda,
            edition=edition,
            title=title,
            when=f"{edition.date:%A} {day(edition.date)}, {edition.timezone}",
            told=told,
            clock=clock,
            inline=inline,
            terms=terms_in(text),
            names=names_in(slides),
            people=people_in(text, agenda, edition),
            style=paper_style(TEMPLATES / "handout.css", running, agenda.title),
        )
    )
    with whole(folder / "access-copy.html") as temporary:
        temporary.write_text(page, encoding="utf-8")
    with launched() as browser:
        sheet = browser.new_page()
        sheet.set_content(page)
        for size in SIZES:
            with whole(folder / f"access-copy-{size}.pdf") as temporary:
                print_paper(sheet, temporary, size)
        sheet.close()


def _shown(page: Path) -> list[Slide]:
    """Return the slides to read, without the answers to what the room guesses."""
    slides = [slide for slide in slides_of_page(page) if slide.prose or slide.title]
    hidden = "The answer, in the room"
    return [replace(s, title=hidden, prose=()) if s.answers else s for s in slides]


def terms_in(text: str) -> list[tuple[str, str]]:
    """Return the glossary's terms that the text uses, in alphabetical order, with their meaning."""
    items = [b for b in blocks(GLOSSARY.read_text(encoding="utf-8")) if b.kind == "item"]
    used = [b for b in items if re.search(rf"\b{re.escape(b.label)}", text, re.IGNORECASE)]
    return sorted(((block.label, block.text) for block in used), key=lambda pair: pair[0].lower())


def names_in(slides: list[Slide]) -> list[tuple[str, str]]:
    """Return each name in the slides' code with the words that are heard for it."""
    names = sorted({name for slide in slides for name in slide.names})
    return [(name, " ".join(re.findall(r"[A-Z][a-z0-9]*", name)).lower()) for name in names]


def people_in(text: str, agenda: Agenda, edition: Edition) -> list[str]:
    """Return who speaks, then the authors of what the text cites."""
    speak = [p.name for p in agenda.people if not edition.people or p.name in edition.people]
    works = [work for work in read_references().values() if work.cite in text]
    return [*speak, *sorted({f"{work.authors} ({work.year})" for work in works})]
