"""Make what people take home from built decks, where it is out of date."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from workshop.agenda import Agenda, Edition
from workshop.deck.build import Page, pages_of
from workshop.deck.inputs import Stamp, digest, matching
from workshop.files import Progress, near
from workshop.paths import BUILD

MADE_BY = (
    "workshop/*.*",
    "workshop/take_home/**/*.*",
    "slides/rise.css",
    "slides/glossary.md",
    "slides/references.toml",
)
CARD = (
    *(f"workshop/stage/{name}" for name in ("card.py", "show.py", "keys.json", "templates/card*")),
    "workshop/panel/papers.py",
    "workshop/panel/templates/*",
    "workshop/deck/timing.py",
)


def take_home(agenda: Agenda, editions: list[Edition], folder: Path = BUILD) -> None:
    """Print each deck's notes, and each edition's access copy and speaker card, in `folder`.

    An edition without notes gets the access copy alone. Raises WorkshopError; the last good ones
    stay.
    """
    old = [job for edition in editions for job in stale(agenda, edition, folder)]
    if not old:
        return
    from workshop.deck.browser import launched

    with launched():
        for stamp, made_from, target, job in old:
            progress = Progress(near(target))
            progress.step("printing")
            job()
            stamp.write(made_from)
            progress.done()


def stale(agenda: Agenda, edition: Edition, folder: Path):
    """Yield (stamp, what it is made from, target, how it is made) of what is out of date."""
    pages = pages_of(edition, folder=folder)

    def access() -> None:
        from workshop.take_home.access import write_access_copy

        copies = {page.deck: page.html for page in pages}
        write_access_copy(copies, agenda, edition, folder / edition.folder)

    def card() -> None:
        from workshop.stage.card import write_card

        write_card(agenda, edition, folder)

    def notes(page: Page) -> None:
        from workshop.take_home.notes import write_notes

        session = edition.session_of(page.deck)
        title = session.title if session else page.html.stem
        write_notes(page.html, agenda, edition, title)

    jobs = [(folder / edition.folder / "access-copy.html", [page.html for page in pages], access)]
    if edition.notes:
        target = folder / edition.folder / "speaker/speaker-card.html"
        jobs.append((target, [*matching(CARD), *(page.source for page in pages)], card))
        for page in pages:
            target = page.html.with_name(f"{page.html.stem}-notes-a4.pdf")
            jobs.append((target, [page.html, page.pdf], partial(notes, page)))
    for target, sources, job in jobs:
        made_from = {"of": digest([*matching(MADE_BY), *sources], repr(agenda))}
        stamp = Stamp(target, folder)
        if stamp.read() != made_from or not target.exists():
            yield stamp, made_from, target, job
