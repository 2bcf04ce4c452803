"""Prepare a deck for an edition: the same for stage and export."""

from __future__ import annotations

import copy
import html
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from workshop.agenda import Agenda, Edition, Session, clock, day, later
from workshop.data import SOURCES
from workshop.deck.read import Slide, slide_type, slides_of, uses_data
from workshop.deck.timing import planned_minutes
from workshop.paths import ROOT, is_ours
from workshop.prose import citations
from workshop.qr import qr_code
from workshop.references import read_references, reference_list, with_citations

MARKER = "# Your turn"  # below this line of an exercise's cell stands the solution
MACRO = re.compile(r"\\(?:re)?newcommand|\\newenvironment|\\def\b|\\let\b|\\Declare|\\require")
DATA_LABELS: dict[str | None, tuple[str, str]] = {
    source: (name.lower(), f"{name}: {what}") for source, (name, what) in SOURCES.items()
}
DATA_LABELS[None] = ("no data", "This deck uses no data")


def prepare(
    notebook: NotebookNode, agenda: Agenda, edition: Edition, deck: str, source: str | None
) -> NotebookNode:
    """Derive what an edition shows of a deck; the notebook given stays as it is.

    Of a deck of the kit: leaves out slides tagged `long` in a short edition; completes the title
    slide and the cells tagged `agenda` (the schedule) and `people`; writes out citations and clock
    times; cuts exercises from their solutions, which become fragments. In a deck from elsewhere
    these words and tags may mean something else. Of any deck: puts the notes right after the
    slide's first cell (nbconvert would nest them in a preceding fragment), and sets
    `metadata.workshop` to title, footer, language, and the formulas of skipped cells, whose macros
    hold in the deck.
    `deck` is the path as in workshop.toml; `source` is 'real', 'synthetic' or None (no data).
    """
    notebook = copy.deepcopy(notebook)
    ours = is_ours(ROOT / deck)
    slides = slides_of(notebook, edition.long or not ours)
    title = next((s.title for s in slides if s.title), Path(deck).stem)
    footer = title
    if ours:
        footer = _complete(slides, agenda, edition, deck, source, title)
    elif isinstance(named := notebook.metadata.get("title"), str) and named.strip():
        title = named.strip()
    skipped = [cell.source for cell in notebook.cells if slide_type(cell) == "skip"]
    first = slides[0].cells[0].metadata
    first["slideshow"] = {**first.get("slideshow", {}), "slide_type": "slide"}
    notebook.cells = []
    for slide in slides:
        first, *rest = slide.cells
        rest = [cell for cell in rest if slide_type(cell) != "notes"]
        notebook.cells += [first, *(slide.notes if edition.notes else []), *rest]
    notebook.metadata["workshop"] = {
        "title": title,
        "footer": footer,
        "language": agenda.language,
        "macros": "\n\n".join(filter(MACRO.search, skipped)),
    }
    return notebook


def _complete(
    slides: list[Slide],
    agenda: Agenda,
    edition: Edition,
    deck: str,
    source: str | None,
    title: str,
) -> str:
    """Write into the slides of one of the kit's decks what the edition says; return the footer."""
    cells = [cell for slide in slides for cell in slide.cells]
    short, label = DATA_LABELS[source if uses_data(cells) else None]
    session = edition.session_of(deck)
    if session and "title" in slides[0].tags:
        slides[0].cells[0].source += f"\n\n{_facts(agenda, edition, session, label)}"
    if session:
        _write_clock(slides, session)
    for cell in cells:
        tags = cell.metadata.get("tags", [])
        if "agenda" in tags:
            cell.source += f"\n\n{_schedule(edition)}"
        if "people" in tags:
            cell.source += f"\n\n{_people(agenda, edition)}"
        if "qr" in tags and agenda.repository:
            code = f"![QR code of {agenda.repository}]({qr_code(agenda.repository)})"
            cell.source += f"\n\n{code}\n\n[{agenda.repository}]({agenda.repository})"
    _write_citations(slides)
    for slide in slides:
        slide.cells = [part for cell in slide.cells for part in _exercise_and_answer(cell)]
    return " · ".join([title, edition.name, short]) if session else title


def _facts(agenda: Agenda, edition: Edition, session: Session, label: str) -> str:
    """Return what a title slide says below its title: workshop, event and data."""
    workshop = f"{agenda.title}: {agenda.subtitle[:1].lower()}{agenda.subtitle[1:]}"
    event = [edition.name, day(edition.date), clock(session.start), session.speaker]
    lines = {"workshop": workshop, "event": " · ".join(filter(None, event)), "data": label}
    return "\n".join(
        f'<p class="title-{name}">{html.escape(text)}</p>' for name, text in lines.items()
    )


def _exercise_and_answer(cell: NotebookNode) -> list[NotebookNode]:
    """Cut a cell at the line `# Your turn`: what comes below is revealed as a fragment."""
    lines = cell.source.splitlines()
    if cell.cell_type != "code" or MARKER not in lines:
        return [cell]
    cut = lines.index(MARKER) + 1
    answer = copy.deepcopy(cell)
    answer.id = f"{cell.id[:50]}-answer"
    answer.metadata.update(tags=["solution"], slideshow={"slide_type": "fragment"})
    cell.source, answer.source = "\n".join(lines[:cut]), "\n".join(lines[cut:])
    cell.outputs, cell.execution_count = [], None
    return [cell, answer]


def _schedule(edition: Edition) -> str:
    """Return the edition's sessions, with clock times and drawn to scale, as an HTML table."""
    rows = "".join(
        f'<tr class="{s.kind}"><td>{clock(s.start)}</td><td>{html.escape(s.title)}</td>'
        # A rule as long as the session: Jupyter lets this attribute through, but no style.
        f'<td><hr width="{5 * s.minutes}">{s.minutes} min</td></tr>\n'
        for s in edition.sessions
    )
    head = "<thead><tr><th>Starts</th><th>Session</th><th>Lasts</th></tr></thead>"
    return f'<table class="schedule">{head}\n<tbody>\n{rows}</tbody></table>'


def _people(agenda: Agenda, edition: Edition) -> str:
    """Return the edition's people, by default everybody, as a Markdown list."""
    panel = any(session.kind == "panel" for session in edition.sessions)
    lines = []
    for person in agenda.people:
        if not edition.people or person.name in edition.people:
            facts = [person.title, person.affiliation, person.role if panel else ""]
            lines.append(f"- **{person.name}** {', '.join(filter(None, facts))}")
    return "\n".join(lines)


def _write_citations(slides: list[Slide]) -> None:
    """Turn `[@key]` into (Author, year) and fill the slide tagged `references` with the entries."""
    markdown = [c for slide in slides for c in slide.cells if c.cell_type == "markdown"]
    keys = list(dict.fromkeys(key for cell in markdown for key in citations(cell.source)))
    if not keys:
        return
    references = read_references()
    for cell in markdown:
        cell.source = with_citations(cell.source, references)
    for slide in slides:
        if "references" in slide.tags:
            slide.cells[0].source += f"\n\n{reference_list(keys, references)}"


def _write_clock(slides: list[Slide], session: Session) -> None:
    """Write on top of each slide's notes when it should come up and how long it may take.

    `{minutes}` on a slide or in its notes becomes the slide's own minutes.
    """
    elapsed = 0.0
    lengths = planned_minutes(slides, session.minutes, session.deck)
    for slide, length in zip(slides, lengths, strict=True):
        if not slide.pace:  # in reserve: it has no minute of its own
            continue
        for cell in slide.cells:
            if cell.cell_type == "markdown":
                cell.source = cell.source.replace("{minutes}", f"{length:.0f}")
        lasts = f"{length:.0f} min" if length >= 1.5 else f"{round(length * 12) * 5} s"
        if slide.cells[0].cell_type == "markdown" and {"exercise", "discussion"} & set(slide.tags):
            whole = max(1, round(length))
            lasting = f"{whole} minute{'s' if whole > 1 else ''}"
            slide.cells[0].source += f'\n\n<p class="lasts">{lasting}</p>'
        prompt = (
            f"**{clock(later(session.start, elapsed))}** · "
            f"minute {int(elapsed)} of {session.minutes} · {lasts} for this slide"
        )
        if slide.notes:
            slide.notes[0].source = f"{prompt}\n\n{slide.notes[0].source}"
        else:
            note = nbformat.v4.new_markdown_cell(prompt, id=f"{slide.cells[0].id[:58]}-clock")
            note.metadata["slideshow"] = {"slide_type": "notes"}
            slide.cells.append(note)
        elapsed += length
