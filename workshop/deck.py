"""Read a deck, see its slides, and prepare it for an edition: the same for stage and export."""

from __future__ import annotations

import copy
import html
import json
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from workshop.agenda import PANEL_DECK, ROOT, Agenda, Edition, Session, clock, day, later
from workshop.errors import WorkshopError
from workshop.panel_deck import read_panel_deck
from workshop.references import cited, read_references, reference_list, with_citations

HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.+?)\s*#*\s*$")
MARKER = "# Your turn"  # below this line of an exercise's cell stands the solution
FENCE = re.compile(r"^ {0,3}(```|~~~)")
OUR_FOLDERS = {"slides", "demos", "panel"}
DATA_LABELS = {
    "real": ("real data", "Real data: Diabetes 130-US Hospitals 1999–2008 (Strack et al., 2014)"),
    "synthetic": ("synthetic cohort", "Synthetic cohort: generated, no real patients"),
    None: ("no data", "This deck uses no data"),
}


@dataclass
class Slide:
    """The cells of one slide, in order, its speaker notes among them."""

    cells: list[NotebookNode]

    @property
    def tags(self) -> list[str]:
        """Return the tags of the slide's first cell."""
        return self.cells[0].metadata.get("tags", [])

    @property
    def title(self) -> str:
        """Return the text of the slide's first heading, '' where it has none."""
        return next((title for cell in self.cells if (title := heading(cell))), "")

    @property
    def notes(self) -> list[NotebookNode]:
        """Return the slide's cells of speaker notes."""
        return [cell for cell in self.cells if slide_type(cell) == "notes"]

    @property
    def pace(self) -> float:
        """Return how much time the slide takes relative to a slide of pace 1."""
        for tag in self.tags:
            if match := re.fullmatch(r"pace-(\d+(?:\.\d+)?)", tag):
                return float(match[1])
        return 1.0


def slide_type(cell: NotebookNode) -> str:
    """Return the cell's RISE type: slide, subslide, fragment, notes, skip or '-'."""
    slideshow = cell.metadata.get("slideshow", {})
    return (slideshow.get("slide_type") if isinstance(slideshow, dict) else None) or "-"


def heading(cell: NotebookNode) -> str:
    """Return the plain text of the first Markdown heading in a shown cell, else ''."""
    if cell.cell_type != "markdown" or slide_type(cell) in {"notes", "skip"}:
        return ""
    found = next((text for is_heading, text in _lines(cell.source) if is_heading), "")
    text = HEADING.sub(r"\1", found)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return html.unescape(re.sub(r"<[^>]+>|[*_`$\\]", "", text)).strip()


def _lines(source: str):
    """Yield (is a heading, line) for each line of Markdown, minding fenced code."""
    fenced = False
    for line in source.splitlines():
        fence = bool(FENCE.match(line))
        fenced ^= fence
        yield not fenced and not fence and bool(HEADING.match(line)), line


def read_deck(path: Path) -> NotebookNode:
    """Read a notebook of format 4 as a deck; without slide metadata each heading starts a slide.

    The panel's deck is no file: it is derived from panel/. Raises WorkshopError for a file that is
    missing, is not a notebook, or has nothing to show.
    """
    if path.resolve() == ROOT / PANEL_DECK:
        return read_panel_deck()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise WorkshopError(f"{path}: there is no such file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise WorkshopError(f"{path} cannot be read: {error}.") from None
    try:
        version = json.loads(text)["nbformat"]
    except (json.JSONDecodeError, KeyError, TypeError):
        raise WorkshopError(f"{path} is not a notebook (JSON): save it again in Jupyter.") from None
    try:
        if version not in (3, 4):
            raise ValueError(version)
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:
        reason = str(error).splitlines()[0] if version in (3, 4) else "only format 4 can be shown"
        raise WorkshopError(
            f"{path} is not a valid notebook of format 4 (it says {version}; {reason}): "
            "open it in Jupyter and save it again."
        ) from None
    if not notebook.cells:
        raise WorkshopError(f"{path} has no cells: there is nothing to show.")
    if all(slide_type(cell) == "-" for cell in notebook.cells):
        notebook.cells = list(_split_at_headings(notebook.cells))
    if all(slide_type(cell) in {"notes", "skip"} for cell in notebook.cells):
        raise WorkshopError(f"{path} has only skipped cells and notes: there is nothing to show.")
    return notebook


def _split_at_headings(cells: list[NotebookNode]):
    for cell in cells:
        if cell.cell_type != "markdown":
            yield cell
            continue
        parts: list[list[str]] = [[]]
        for is_heading, line in _lines(cell.source):
            if is_heading and any(text.strip() for text in parts[-1]):
                parts.append([])
            parts[-1].append(line)
        for number, lines in enumerate(parts):
            part = copy.deepcopy(cell)
            part.source = "\n".join(lines)
            part.id = f"{cell.id}-{number + 1}" if number else cell.id
            if any(is_heading for is_heading, _ in _lines(part.source)):
                part.metadata["slideshow"] = {"slide_type": "slide"}
            yield part


def slides_of(notebook: NotebookNode) -> list[Slide]:
    """Group the cells into slides (sub-slides count as slides); skipped cells are left out."""
    slides: list[Slide] = []
    early: list[NotebookNode] = []
    for cell in notebook.cells:
        kind = slide_type(cell)
        if kind == "skip":
            continue
        if kind == "notes" and not slides:
            early.append(cell)
        elif kind in {"slide", "subslide"} or not slides:
            slides.append(Slide([cell, *early]))
            early = []
        else:
            slides[-1].cells.append(cell)
    return slides


def uses_data(cells: list[NotebookNode]) -> bool:
    """Tell whether one of the cells loads the workshop's data."""
    return any(cell.cell_type == "code" and "workshop.data" in cell.source for cell in cells)


def prepare(
    notebook: NotebookNode, agenda: Agenda, edition: Edition, deck: str, source: str | None
) -> NotebookNode:
    """Derive what an edition shows of a deck; the notebook given stays as it is.

    Leaves out slides tagged `long` in a short edition; completes the title slide and the cells
    tagged `agenda` (the schedule) and `people`; writes out citations; cuts exercises from their
    solutions, which become fragments; puts the notes right after the slide's first cell
    (nbconvert would nest them in a preceding fragment) with the clock time on top; and sets
    `metadata.workshop` to the title, footer and language.
    `deck` is the path as in workshop.toml; `source` is 'real', 'synthetic' or None (no data).
    """
    notebook = copy.deepcopy(notebook)
    slides = [s for s in slides_of(notebook) if edition.long or "long" not in s.tags]
    shown_cells = [cell for slide in slides for cell in slide.cells]
    short, label = DATA_LABELS[source if uses_data(shown_cells) else None]
    title = next((s.title for s in slides if s.title), Path(deck).stem)
    session = edition.session_of(deck)
    if session and "title" in slides[0].tags:
        slides[0].cells[0].source += f"\n\n{_facts(agenda, edition, session, label)}"
    if session:
        _write_clock(slides, session)
    if deck.split("/")[0] in OUR_FOLDERS:  # elsewhere these words may mean something else
        for cell in shown_cells:
            tags = cell.metadata.get("tags", [])
            if "agenda" in tags:
                cell.source += f"\n\n{_schedule(edition)}"
            if "people" in tags:
                cell.source += f"\n\n{_people(agenda, edition)}"
        _write_citations(slides)
    for slide in slides:
        slide.cells = [part for cell in slide.cells for part in _exercise_and_answer(cell)]
    slides[0].cells[0].metadata["slideshow"] = {
        **slides[0].cells[0].metadata.get("slideshow", {}),
        "slide_type": "slide",
    }
    notebook.cells = []
    for slide in slides:
        first, *rest = slide.cells
        rest = [cell for cell in rest if slide_type(cell) != "notes"]
        notebook.cells += [first, *slide.notes, *rest]
    notebook.metadata["workshop"] = {
        "title": title,
        "footer": " · ".join([title, edition.name, short]) if session else title,
        "language": agenda.language,
    }
    return notebook


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
    """Return the edition's sessions with clock times as an HTML table."""
    rows = "".join(
        f'<tr class="{s.kind}"><td>{clock(s.start)}</td><td>{html.escape(s.title)}</td>'
        f"<td>{s.minutes} min</td></tr>\n"
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
    keys = list(dict.fromkeys(key for cell in markdown for key in cited(cell.source)))
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
    minute = session.minutes / sum(slide.pace for slide in slides)
    elapsed = 0.0
    for slide in slides:
        if not slide.pace:  # in reserve: it has no minute of its own
            continue
        length = slide.pace * minute
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
