"""The edition as one show: its sessions and their slides in order, with a slide for each break."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook

from workshop.agenda import Agenda, Edition, Session, clock
from workshop.deck.build import pages_of
from workshop.deck.read import Slide, slides_of
from workshop.deck.timing import planned_minutes

if TYPE_CHECKING:
    from nbformat import NotebookNode

KEYS = json.loads((Path(__file__).parent / "keys.json").read_text(encoding="utf-8"))
INTERLUDES = "show"  # the folder of the decks that the edition has no file for


def stops(edition: Edition) -> list[tuple[Session, str]]:
    """Return the edition's sessions with the deck of each; one without a deck has a slide made."""
    return [
        (session, session.deck or f"{INTERLUDES}/{number}.ipynb")
        for number, session in enumerate(edition.sessions, start=1)
    ]


def on_stage(slides: list[Slide]) -> list[Slide]:
    """Leave out the slides tagged `references`: they are to be read, in the HTML and the PDF."""
    return [slide for slide in slides if "references" not in slide.tags]


def interlude(agenda: Agenda, edition: Edition, session: Session) -> NotebookNode:
    """Return a deck of one slide for a session without a deck: when it ends, and what comes then.

    The stage's page writes the time again when the plan moved.
    """
    sessions = list(edition.sessions)
    coming = sessions[sessions.index(session) + 1 :][:1]
    then = f"Then: {coming[0].title}" if coming else "Thank you"
    source = (
        f'# {session.title}\n\n<p class="until">Until <strong>{clock(session.end)}</strong></p>\n\n'
        f'<p class="then">{html.escape(then)}</p>'
    )
    slide = new_markdown_cell(source, id="until")
    slide.metadata.update(tags=["statement", "interlude"], slideshow={"slide_type": "slide"})
    notebook = new_notebook(cells=[slide])
    footer = f"{session.title} · {edition.name}"
    notebook.metadata["workshop"] = {
        "title": session.title, "footer": footer, "language": agenda.language,
    }  # fmt: skip
    return notebook


def plan(edition: Edition, copied: dict[str, NotebookNode], name: str) -> dict:
    """Return what the stage's page and the speaker view know: clock times in ms, slides, keys.

    `name` tells the working copy from another that the same browser has seen.
    """
    sessions = []
    for session, deck in stops(edition):
        slides = slides_of(copied[deck])
        lengths = planned_minutes(slides, session.minutes, deck)
        sessions.append(
            {
                "title": session.title,
                "kind": session.kind,
                "start": session.start.timestamp() * 1000,
                "end": session.end.timestamp() * 1000,
                "clock": clock(session.start),
                "deck": deck,
                "address": f"/nbclassic/notebooks/{quote(deck)}",
                "exported": pages_of(edition, [deck])[0].html.as_uri() if session.deck else "",
                "slides": [
                    {"title": slide.title, "minutes": minutes, "tags": slide.tags}
                    for slide, minutes in zip(slides, lengths, strict=True)
                ],
            }
        )
    return {"id": name, "edition": edition.name, "sessions": sessions, "keys": KEYS}


def recorded(executed: Path, notebook: NotebookNode) -> dict[str, list]:
    """Return the outputs of the last build by the ids of a prepared deck's cells.

    An exercise's answer, cut off by `prepare`, has the outputs of the cell it was cut from.
    """
    if not executed.is_file():
        return {}
    built = {c.id: c.get("outputs", []) for c in nbformat.read(executed, as_version=4).cells}
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    answered = {c.id.removesuffix("-answer") for c in cells if c.id.endswith("-answer")}
    outputs = {c.id: built.get(c.id.removesuffix("-answer"), []) for c in cells}
    return {key: value for key, value in outputs.items() if value and key not in answered}


def listed(edition: Edition) -> str:
    """Return the numbered sessions, one a line, for the terminal."""
    lines = [
        f"  {number:>2}  {clock(session.start):>8}  {session.title}"
        for number, session in enumerate(edition.sessions, start=1)
    ]
    return "\n".join(lines)


def keys() -> str:
    """Return the kit's keys, one a line, for the terminal."""
    width = max(len(key["keys"]) for key in KEYS)
    return "\n".join(f"  {key['keys']:<{width}}  {key['does']}" for key in KEYS)
