"""Derive the panel's deck from its words: a RISE deck like any other, at the run sheet's pace."""

from __future__ import annotations

import re

import nbformat
from nbformat import NotebookNode

from workshop import prose
from workshop.agenda import PANEL_DECK, Agenda, Person
from workshop.files import whole
from workshop.panel.clock import MISSING, Panel, Part, read_panel, span
from workshop.panel.words import Question
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

    Clock times are not in it: `workshop.deck.prepare` writes them, as for every deck.
    """
    cells: list[NotebookNode] = []
    for part in panel.parts:
        cells += _theme(part) if part.theme else _part(panel, part)
    for theme in panel.themes:
        for question in theme.reserve:
            notes = f"**In reserve, {question.minutes} min.** " + _question_notes(question)
            cells += _question("reserve", question, theme.title, notes, pace=0)
    return nbformat.v4.new_notebook(cells=cells, metadata=METADATA)


def _part(panel: Panel, part: Part) -> list[NotebookNode]:
    """Return the slide of a part that is no theme; the first one is the title slide."""
    heading, _, shown = part.screen.partition("\n")
    notes = [part.words]
    if part is panel.parts[0]:
        if panel.absent:
            notes.insert(0, panel.words["script"][MISSING].text)
        return _slide(
            "title", part.minutes, "title", f"# {panel.session.title}\n\n{heading}", notes
        )
    if part.note:
        notes.append(f"**{part.note}{f', {span(part.seconds)} each' if part.seconds else ''}.**")
    if part.each:
        shown += "\n\n" + "\n".join(map(_who, panel.people))
    if part is panel.parts[-1]:
        shown += f"\n\n{panel.agenda.repository}"
    layout = "discussion" if re.search(r"^- ", shown, re.M) else "statement"
    key = re.sub(r"[^a-z0-9]+", "-", part.title.lower()).strip("-")
    return _slide(key, part.minutes, layout, f"## {heading}\n\n{shown.strip()}", notes)


def _theme(part: Part) -> list[NotebookNode]:
    """Return the slides of a theme: its own, then one for each planned question."""
    theme = part.theme
    seen = "\n".join(f"- **{title}** {text}" for title, text in theme.seen)
    shown = f"## {theme.title}\n\n{theme.screen}\n\n{seen}"
    key = part.title.lower().replace(" ", "-")
    cells = _slide(key, part.lead_in, "discussion", shown, [theme.lead_in])
    for question in theme.planned:
        order = ", then ".join(person.name for person in question.order)
        notes = f"**First answers, {span(question.answer)} each:** {order}.\n\n"
        notes += _question_notes(question)
        cells += _question("question", question, theme.title, notes, pace=question.minutes)
    return cells


def _question(kind: str, question: Question, theme: str, notes: str, pace: int):
    key = f"{kind}-{question.number.replace('.', '-')}"
    return _slide(key, pace, "statement", f"## {question.text}\n\n{theme}", [notes])


def _question_notes(question: Question) -> str:
    follow_ups = "\n".join(f"- {text}" for text in question.follow_ups)
    return (
        f"**Builds on** {question.builds_on}.\n\n**Follow-ups**\n\n{follow_ups}\n\n"
        f"**Listen for** {question.listen_for}"
    )


def _who(person: Person) -> str:
    role = "moderator" if person.role == "moderator" else ""
    facts = ", ".join(filter(None, [person.title, person.affiliation, role]))
    return f"- **{person.name}** {facts}"


def _slide(key: str, pace: int, layout: str, shown: str, notes: list[str]) -> list[NotebookNode]:
    """Return a slide's two cells: what is shown, and its speaker notes."""
    slide = nbformat.v4.new_markdown_cell(_plain(shown), id=key[:58])
    slide.metadata = {"slideshow": {"slide_type": "slide"}, "tags": [layout, f"pace-{pace}"]}
    said = nbformat.v4.new_markdown_cell(_plain("\n\n".join(notes)), id=f"{key[:58]}-notes")
    said.metadata = {"slideshow": {"slide_type": "notes"}}
    return [slide, said]


def _plain(text: str) -> str:
    """Keep HTML and formulas in the words from being more than text in a notebook."""
    text = prose.with_pieces(text, ["blank"], lambda blank: "")
    return text.replace("<", "&lt;").replace("$", "&#36;").strip()
