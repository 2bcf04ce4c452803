"""Map an edition's slides: where each one is, when it comes up, how long it takes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from workshop.agenda import Edition, clock, later
from workshop.deck.build import Page, pages_of
from workshop.deck.read import read_deck, slides_of
from workshop.deck.timing import planned_minutes
from workshop.errors import WorkshopError
from workshop.files import whole
from workshop.paths import BUILD
from workshop.take_home.page import Slide, slides_of_page


@dataclass(frozen=True)
class Place:
    """Where a slide is: `cell` is its first cell's id, and the end of its address in `html`.

    So a link `<html>#/<cell>` survives slides that are added before it. `page` is its page in
    `pdf`; both files are named from the edition's folder. `starts` is '' for a slide in reserve.
    """

    deck: str
    session: str
    slide: int
    cell: str
    title: str
    html: str
    pdf: str
    page: int
    minutes: float
    starts: str

    @property
    def link(self) -> str:
        """Return the slide's address from the edition's folder."""
        return f"{self.html}#/{self.cell}"


def built_pages(edition: Edition, folder: Path = BUILD) -> list[Page]:
    """Return the edition's pages; raise WorkshopError when one of them is not built."""
    pages = pages_of(edition, folder=folder)
    for page in pages:
        if not page.html.is_file() or not page.pdf.is_file():
            raise WorkshopError(f"{page.deck} is not built for {edition.name}: run 'make'.")
    return pages


def read_pages(edition: Edition, folder: Path = BUILD) -> dict[Place, Slide]:
    """Return every slide of the edition's built decks, in order, with what stands on it.

    Raises WorkshopError when a deck is not built, or was built from other slides than it has now.
    """
    return {
        place: slide
        for page in built_pages(edition, folder)
        for place, slide in _places(page, edition, folder / edition.folder)
    }


def _places(page: Page, edition: Edition, folder: Path):
    """Yield a deck's slides with their places."""
    session = edition.session_of(page.deck)
    assert session is not None  # an edition's decks are those of its sessions
    planned = slides_of(read_deck(page.source), edition.long)
    minutes = dict(
        zip(
            (slide.cells[0].id for slide in planned),
            planned_minutes(planned, session.minutes, page.deck),
            strict=True,
        )
    )
    elapsed = 0.0
    for slide in slides_of_page(page.html):
        if slide.id not in minutes:
            raise WorkshopError(
                f"{page.html.name} has a slide '{slide.id}' that {page.deck} lacks: run 'make'."
            )
        lasts = minutes[slide.id]
        yield (
            Place(
                deck=page.deck,
                session=session.title,
                slide=slide.number,
                cell=slide.id,
                title=slide.heading,
                html=page.html.relative_to(folder).as_posix(),
                pdf=page.pdf.relative_to(folder).as_posix(),
                page=slide.number,  # the exporter checks that pages are slides
                minutes=round(lasts, 2),
                starts=clock(later(session.start, elapsed)) if lasts else "",
            ),
            slide,
        )
        elapsed += lasts


def write_page_map(edition: Edition, places: list[Place], target: Path) -> None:
    """Write the map as JSON, for whatever links to slides."""
    with whole(target) as temporary:
        found = {"edition": edition.key, "name": edition.name, "slides": [*map(asdict, places)]}
        temporary.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
