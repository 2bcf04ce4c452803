"""How long a slide is planned to take, and how long its notes take to say."""

from __future__ import annotations

import re

from workshop.agenda import Edition
from workshop.deck.read import Slide, read_deck, slide_type, slides_of
from workshop.errors import WorkshopError
from workshop.paths import ROOT
from workshop.prose import blocks

WORDS_A_MINUTE = 130
CELL_SECONDS = 3  # running a live cell and looking at what it shows
HANDS_SECONDS = 10  # after a question, until hands are up
TIMED = {
    "exercise",
    "discussion",
}  # slides whose `minutes-N` belong to the room, not to the speaker
# First words of the bold labels of what is said; paragraphs with another label are for the eye.
SAID = {"say", "ask", "explain", "read", "transition"}


def planned_minutes(slides: list[Slide], minutes: float, deck: str = "the deck") -> list[float]:
    """Share a session's minutes among its slides: `minutes-N` first, the rest by `pace-N`.

    Raises WorkshopError when the slides' own minutes are more than the session has.
    """
    fixed = sum(slide.minutes or 0 for slide in slides)
    paces = sum(slide.pace for slide in slides if slide.minutes is None)
    if fixed > minutes:
        raise WorkshopError(
            f"{deck}: the tags minutes-N of its slides ask for {fixed:g} minutes, but the session "
            f"has {minutes:g}: lower a tag, or give the session more in workshop.toml."
        )
    share = (minutes - fixed) / paces if paces else 0
    return [slide.pace * share if slide.minutes is None else slide.minutes for slide in slides]


def speaking_minutes(slide: Slide) -> float:
    """Estimate how long a slide takes: words, live cells, hands, and the room's own minutes.

    A slide in reserve (`pace-0`) takes none.
    """
    if not slide.pace:
        return 0.0
    words, questions, label = 0, 0, ""
    for block in (block for note in slide.notes for block in blocks(note.source)):
        if block.kind != "item" or block.label:  # a list goes with what leads it
            label = re.split(r"\W", block.label.lower())[0]
            questions += label == "ask"
        if not label or label in SAID:
            words += _words(block.source) - _words(block.label)
    cells = sum(map(_is_live, slide.cells))
    rooms = (slide.minutes or 0) if TIMED & set(slide.tags) else 0
    return words / WORDS_A_MINUTE + (CELL_SECONDS * cells + HANDS_SECONDS * questions) / 60 + rooms


def speaking_in(edition: Edition) -> dict[str, float]:
    """Estimate the speaking minutes of each session's deck as the edition shows it.

    Not of a panel: its minutes are the panelists'.
    """
    decks = dict.fromkeys(s.deck for s in edition.sessions if s.deck and s.kind != "panel")
    return {
        deck: sum(map(speaking_minutes, slides_of(read_deck(ROOT / deck), edition.long)))
        for deck in decks
    }


def _words(text: str) -> int:
    return len(re.findall(r"\S*\w\S*", text))


def _is_live(cell) -> bool:
    """Tell whether the presenter runs the cell: an answer belongs to the cell it was cut from."""
    tags = cell.metadata.get("tags", [])
    return (
        cell.cell_type == "code"
        and bool(cell.source.strip())
        and slide_type(cell) != "skip"
        and "set-up" not in tags
        and not cell.id.endswith("-answer")
    )
