"""Derive the panel's deck from its words: a RISE deck like any other, at the run sheet's pace."""

from __future__ import annotations

import re

import nbformat
from nbformat import NotebookNode

from workshop import prose
from workshop.agenda import PANEL_DECK, Agenda
from workshop.files import whole
from workshop.panel.clock import MISSING, Panel, Part, read_panel, span
from workshop.panel.words import Question, Theme
from workshop.paths import ROOT

METADATA = {
    "kernelspec": {
        "name": "python3",
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    },
    "language_info": {"name": "python"},
}


def write_panel_deck(agenda: Agenda) -> None:
    """Write the panel's deck, with everybody there, where the editions that show it look for it.

    It is the same for every edition. Raises WorkshopError where the words are wrong.
    """
    for edition in agenda.editions.values():
        if PANEL_DECK in edition.decks:
            with whole(ROOT / PANEL_DECK) as temporary:
                nbformat.write(panel_deck(read_panel(agenda, edition)), temporary)
            return


def panel_deck(panel: Panel) -> NotebookNode:
    """Return the panel's deck: slides at the pace of the run sheet, questions in reserve last.

    Clock times, people and the QR code are not in it: `workshop.deck.prepare` writes them, as for
    every deck.
    """
    cells: list[NotebookNode] = []
    for part in panel.parts:
        cells += _theme(panel, part, part.theme) if part.theme else _part(panel, part)
    for theme in panel.themes:
        for question in theme.reserve:
            notes = f"**In reserve, {question.minutes} min.** {_question_notes(question)}"
            cells += _question(question, theme, notes)
    return nbformat.v4.new_notebook(cells=cells, metadata=METADATA)


def _part(panel: Panel, part: Part) -> list[NotebookNode]:
    """Return the slide of a part that is no theme; the first one is the title slide."""
    heading, _, shown = part.screen.partition("\n")
    notes = [part.words]
    if part is panel.parts[0]:
        if panel.absent:
            notes.insert(0, panel.words["script"][MISSING].text)
        return _slide(
            "title", ["title"], part.minutes, f"# {panel.session.title}\n\n{heading}", notes
        )
    if part.note:
        notes.append(f"**{part.note}{f', {span(part.seconds)} each' if part.seconds else ''}.**")
    tags = ["people"] if part.rule == "each" else ["statement"]
    if part is panel.parts[-1]:
        tags.append("qr")
    key = re.sub(r"[^a-z0-9]+", "-", part.title.lower()).strip("-")
    return _slide(key, tags, part.minutes, f"## {heading}\n\n{shown.strip()}", notes)


def _theme(panel: Panel, part: Part, theme: Theme) -> list[NotebookNode]:
    """Return the slides of a theme: its own, then one for each planned question."""
    seen = "\n".join(f"- **{title}** {text}" for title, text in theme.seen)
    number = f"**{panel.themes.index(theme) + 1}** of {len(panel.themes)}"
    shown = f"{number}\n\n## {theme.title}\n\n{theme.screen}\n\n{seen}"
    key = part.title.lower().replace(" ", "-")
    cells = _slide(key, ["theme"], part.lead_in, shown, [theme.lead_in])
    for question in theme.planned:
        first, *after = [person.name for person in question.order]
        who = f"**{first}** begins{f', **{after[0]}** follows' if after else ''}."
        notes = f"{who} {span(question.answer)} each.\n\n{_question_notes(question)}"
        cells += _question(question, theme, notes, who)
    return cells


def _question(question: Question, theme: Theme, notes: str, who: str = "") -> list[NotebookNode]:
    key = f"{'reserve' if question.reserve else 'question'}-{question.number.replace('.', '-')}"
    pace = 0 if question.reserve else question.minutes
    shown = f"## {question.text}\n\n{theme.title}\n\n{who}"
    return _slide(key, ["statement"], pace, shown, [notes])


def _question_notes(question: Question) -> str:
    follow_ups = "\n".join(f"- {text}" for text in question.follow_ups)
    return (
        f"**Builds on** {question.builds_on}.\n\n**Follow-ups**\n\n{follow_ups}\n\n"
        f"**Listen for** {question.listen_for}"
    )


def _slide(
    key: str, tags: list[str], pace: int, shown: str, notes: list[str]
) -> list[NotebookNode]:
    """Return a slide's two cells: what is shown, and its speaker notes."""
    slide = nbformat.v4.new_markdown_cell(_plain(shown), id=key[:58])
    slide.metadata = {"slideshow": {"slide_type": "slide"}, "tags": [*tags, f"pace-{pace}"]}
    said = nbformat.v4.new_markdown_cell(_plain("\n\n".join(notes)), id=f"{key[:58]}-notes")
    said.metadata = {"slideshow": {"slide_type": "notes"}}
    return [slide, said]


def _plain(text: str) -> str:
    """Keep HTML and formulas in the words from being more than text in a notebook."""
    text = prose.with_pieces(text, ["blank"], lambda blank: "")
    return text.replace("<", "&lt;").replace("$", "&#36;").strip()
