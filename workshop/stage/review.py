"""After the talk: the latest copy as it was presented, and what differs from the plan."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

from workshop.agenda import Agenda, day
from workshop.deck.browser import launched
from workshop.deck.export import to_html
from workshop.deck.pdf import print_pdf
from workshop.deck.read import Slide, slide_type, slides_of
from workshop.deck.report import Report
from workshop.errors import WorkshopError
from workshop.files import Progress, near, whole_folder
from workshop.panel.papers import STYLE, templates
from workshop.paper import paper_style
from workshop.paths import BUILD
from workshop.stage.copy import FOLDER, Copy, latest_copy
from workshop.stage.minutes import read_minutes
from workshop.stage.show import INTERLUDES

TEMPLATES = Path(__file__).parent / "templates"
GLANCE = 2 / 60  # minutes: a slide that was up for less was only passed
LAST_LINES = 4  # of a traceback
MARK = '<p class="cut">{}</p>'


@dataclass(frozen=True)
class Row:
    """A slide: its planned and real minutes, whether it was shown, and what its tag might be."""

    number: int
    title: str
    planned: float | None
    real: float
    shown: bool
    tag: str
    proposed: str = ""


@dataclass(frozen=True)
class Difference:
    """A cell that is not as it was planned: on which slide, in which ways, and its lines."""

    slide: str
    cell: str
    ways: str
    lines: tuple[str, ...]


@dataclass
class Talk:
    """A deck as it was presented, and its differences from the plan."""

    deck: str
    notebook: NotebookNode
    rows: list[Row]
    differences: list[Difference]

    @property
    def place(self) -> str:
        """Return the name of the deck's files, without the ending."""
        return self.deck.removeprefix("build/").removesuffix(".ipynb")

    @property
    def title(self) -> str:
        """Return the deck's title."""
        return self.notebook.metadata["workshop"]["title"]


def review(
    agenda: Agenda,
    edition: str | None = None,
    notes: bool = False,
    stage: Path = FOLDER,
    folder: Path = BUILD,
) -> Path:
    """Write the latest copy as HTML and PDF, and a page that compares it with the plan; return it.

    Nothing is run. Speaker notes are left out unless `notes`. Raises WorkshopError where nothing
    was presented.
    """
    copy = latest_copy(stage, agenda, None, edition)
    date, minutes = read_minutes(copy.folder)
    decks = dict.fromkeys(deck for deck, _ in minutes if Path(deck).parts[0] != INTERLUDES)
    if date is None or not decks:
        raise WorkshopError(f"Nothing was presented in {near(copy.folder)}: no slide came up.")
    plan = json.loads((copy.home / "show.json").read_text(encoding="utf-8"))
    talks = [_talk(copy, deck, plan, minutes) for deck in decks]
    target = folder / "review" / copy.folder.name
    with whole_folder(target) as place, launched():
        for talk in talks:
            progress = Progress(talk.deck)
            progress.step("as presented")
            report = _write(talk, copy, place, f"as presented on {day(date)}", notes)
            progress.done(f"as presented: {report}")
            for line in report.lines():
                print(f"  {line}")
        title = "Review"
        facts = {
            "agenda": agenda, "edition": agenda.edition(copy.edition), "title": title,
            "event": plan["edition"], "when": day(date), "copy": near(copy.folder),
            "sessions": _sessions(plan, minutes), "talks": talks,
            "style": paper_style(STYLE, f"{title} · {plan['edition']}", agenda.title),
        }  # fmt: skip
        page = templates(TEMPLATES).get_template("review.html.j2").render(facts)
        (place / "review.html").write_text(page, encoding="utf-8")
    return target / "review.html"


def _sessions(plan: dict, minutes: dict) -> list[tuple[str, float, float]]:
    """Return title, planned and real minutes of each session."""
    real: dict[str, float] = {}
    for (deck, _), length in minutes.items():
        real[deck] = real.get(deck, 0) + length
    return [
        (
            each["title"],
            sum(slide["minutes"] for slide in each["slides"]),
            real.get(each["deck"], 0),
        )
        for each in plan["sessions"]
    ]


def _talk(copy: Copy, deck: str, plan: dict, minutes: dict) -> Talk:
    """Compare a deck of the copy with its plan."""
    notebook = nbformat.read(copy.folder / deck, as_version=4)
    planned = nbformat.read(copy.home / "plan" / deck, as_version=4)
    lengths: dict[str, float] = {}
    for session in plan["sessions"]:
        if session["deck"] == deck:
            pairs = zip(slides_of(planned), session["slides"], strict=True)
            lengths = {slide.cells[0].id: facts["minutes"] for slide, facts in pairs}
    rows = []
    for number, slide in enumerate(slides_of(notebook), start=1):
        first = slide.cells[0].id
        real = minutes.get((deck, first), 0.0)
        shown = real >= GLANCE or any(_ran(cell) for cell in slide.cells)
        tag = next((t for t in slide.tags if t.startswith(("pace-", "minutes-"))), "")
        rows.append(Row(number, slide.title or first, lengths.get(first), real, shown, tag))
    differences = _differences(notebook, planned, {row.number for row in rows if row.shown})
    return Talk(deck, notebook, _with_paces(rows, slides_of(notebook)), differences)


def _with_paces(rows: list[Row], slides: list[Slide]) -> list[Row]:
    """Propose tags: the real minutes of slides that have their own, else paces with the same sum.

    A pace is rounded to halves; a slide that was not shown keeps its tag.
    """
    paced = [(r, s) for r, s in zip(rows, slides, strict=True) if r.shown and s.minutes is None]
    unit = sum(r.real for r, _ in paced) / (sum(s.pace for _, s in paced) or 1)
    proposed = []
    for row, slide in zip(rows, slides, strict=True):
        if slide.minutes is not None:
            tag = f"minutes-{max(1, round(row.real))}"
        else:
            pace = max(0.5, round(2 * row.real / unit) / 2) if unit else 1
            tag = f"pace-{pace:g}"
        same = tag == (row.tag or "pace-1") or not row.shown or row.tag == "pace-0"
        proposed.append(row if same else replace(row, proposed=tag))
    return proposed


def _differences(
    notebook: NotebookNode, planned: NotebookNode, shown: set[int]
) -> list[Difference]:
    """Return the cells that differ from the plan; what did not run counts on slides shown."""
    before = {cell.id: cell for cell in planned.cells}
    now = {cell.id for cell in notebook.cells}
    found = []
    for number, slide in enumerate(slides_of(notebook), start=1):
        for cell in slide.cells:
            old, ways = before.get(cell.id), []
            if old is None:
                ways.append("added")
            elif old.source != cell.source:
                ways.append("changed")
            if cell.cell_type == "code" and cell.source.strip() and number in shown:
                ways += _outcome(cell)
            if ways:
                lines = _lines(old.source if old else "", cell.source)
                place = f"{number}. {slide.title}"
                found.append(Difference(place, cell.id, ", ".join(ways), lines))
    for number, slide in enumerate(slides_of(planned), start=1):
        for cell in slide.cells:
            if cell.id not in now:
                place = f"{number}. {slide.title} (of the plan)"
                found.append(Difference(place, cell.id, "removed", _lines(cell.source, "")))
    return found


def _outcome(cell: NotebookNode) -> list[str]:
    """Return what became of a cell of code that the room saw, if it is not that it simply ran."""
    if _failed(cell):
        return ["failed"]
    if cell.metadata.get("recorded"):
        return ["recorded output shown"]
    return [] if _ran(cell) or "set-up" in cell.metadata.get("tags", []) else ["never run"]


def _ran(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and bool(cell.get("execution_count") or cell.get("outputs"))


def _failed(cell: NotebookNode) -> bool:
    return any(output.output_type == "error" for output in cell.get("outputs", []))


def _lines(old: str, new: str) -> tuple[str, ...]:
    """Return what differs, a line each, with + and -."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm=""))
    return tuple(line for line in lines[2:] if not line.startswith("@@"))


# --- As presented ---------------------------------------------------------------------------------


def _write(talk: Talk, copy: Copy, folder: Path, mark: str, notes: bool) -> Report:
    """Write the slides that were shown, with the outputs that the room saw, as HTML and PDF."""
    notebook, report = talk.notebook, Report()
    slides = zip(talk.rows, slides_of(notebook), strict=True)
    shown = [slide for row, slide in slides if row.shown]
    notebook.cells = [c for s in shown for c in s.cells if notes or slide_type(c) != "notes"]
    for cell in notebook.cells:
        _mark(cell)
    notebook.metadata["workshop"]["footer"] += f" · {mark}"
    page = folder / f"{talk.place}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    beside = (copy.folder / talk.deck).parent
    page.write_text(to_html(notebook, beside, talk.deck, report, as_it_is=True), encoding="utf-8")
    print_pdf(page, page.with_suffix(".pdf"), talk.deck, report)
    return report


def _mark(cell: NotebookNode) -> None:
    """Say above an output that the cell failed, with the last lines why, or that it is recorded."""
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            output.traceback = "\n".join(output.traceback).splitlines()[-LAST_LINES:]
    words = "This cell failed on stage" if _failed(cell) else "Recorded before the talk"
    if _failed(cell) or cell.metadata.get("recorded"):
        said = new_output("display_data", {"text/html": MARK.format(words)})
        cell.outputs.insert(0, said)
