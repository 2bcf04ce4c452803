"""The working copy that the stage shows: dated, whole, never the repository itself."""

from __future__ import annotations

import ast
import datetime as dt
import json
import re
import shutil
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from workshop.agenda import Agenda
from workshop.data import data_source
from workshop.errors import WorkshopError
from workshop.files import near, whole
from workshop.paths import BUILD, ROOT, THEME
from workshop.stage import show

if TYPE_CHECKING:
    from nbformat import NotebookNode

FOLDER = BUILD / "stage"
# What RISE is told on stage, besides the footer. Width and height stay at RISE's 100 %:
# custom.js scales the canvas of 1280 by 720, because reveal's own scaling misplaces the cursor.
RISE = {
    "autolaunch": True,
    "theme": "white",
    "transition": "none",
    "center": False,
    "margin": 0,
    "controls": False,
    "progress": False,
    "slideNumber": "c/t",
    "auto_select": "none",  # custom/cells.js selects at once; RISE would after 450 ms
    "enable_chalkboard": True,
    "show_buttons_on_startup": False,
}
STAMP = re.compile(r"\d{4}-\d\d-\d\d-\d{6}(-\d+)?")
NOTE = ".stage.json"  # beside the copied decks: what the copy shows
SHOWN_FILES = {".css", ".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".mp4", ".webm"}


@dataclass(frozen=True)
class Copy:
    """A working copy: its folder, and the deck, edition and data source that it shows."""

    folder: Path
    deck: str
    edition: str
    source: str

    @property
    def home(self) -> Path:
        """Return the folder of what Jupyter keeps for itself."""
        return self.folder / ".jupyter"


def chosen_deck(deck: Path, agenda: Agenda) -> str:
    """Return the path of a deck from the project's root, as in workshop.toml."""
    if any(Path(deck).as_posix() in edition.decks for edition in agenda.editions.values()):
        return Path(deck).as_posix()  # the panel's deck is no file
    path = next((p.resolve() for p in (Path(deck), ROOT / deck) if p.is_file()), None)
    if path is None:
        raise WorkshopError(f"{deck}: there is no such deck.")
    if not path.is_relative_to(ROOT):
        raise WorkshopError(f"{deck} lies outside the project: copy it to slides/ or demos/ first.")
    return path.relative_to(ROOT).as_posix()


def empty_copy(folder: Path, agenda: Agenda, deck: Path | None, edition_key: str | None) -> Copy:
    """Make the folder of a new copy, with Jupyter's own folders; never an existing one."""
    edition = agenda.edition(edition_key)
    if deck is None and not edition.decks:
        raise WorkshopError(f"The edition '{edition.key}' has no deck: name one with DECK=…")
    chosen = edition.decks[0] if deck is None else chosen_deck(deck, agenda)
    stamp = dt.datetime.now().strftime("%Y-%m-%d-%H%M%S")
    for number in range(1, 1000):
        path = folder / (stamp if number == 1 else f"{stamp}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise WorkshopError(f"{path} cannot be written: {error.strerror}.") from None
        break
    return Copy(path, chosen, edition.key, data_source())


def fill(copy: Copy, agenda: Agenda) -> None:
    """Write the decks as the edition shows them, the files beside them, and what the show is.

    Outputs are cleared before a deck is signed: a script stored in one would run as Jupyter's own.
    """
    import nbformat
    from nbformat.sign import NotebookNotary

    from workshop.deck.build import pages_of
    from workshop.deck.prepare import prepare
    from workshop.deck.read import read_deck, slides_of

    edition = agenda.edition(copy.edition)
    decks = {}
    for deck in [copy.deck, *(deck for each in agenda.editions.values() for deck in each.decks)]:
        if deck not in decks:
            prepared = prepare(read_deck(ROOT / deck), agenda, edition, deck, copy.source)
            slides = show.on_stage(slides_of(prepared))
            prepared.cells = [cell for slide in slides for cell in slide.cells]
            decks[deck] = prepared
    for session, deck in show.stops(edition):
        if not session.deck:
            decks[deck] = show.interlude(agenda, edition, session)
    cells = [cell for deck in [copy.deck, *edition.decks] for cell in decks[deck].cells]
    _write(copy.home / "imports.py", imports_of(cells))  # first: a kernel waits for it
    for parent in dict.fromkeys(Path(deck).parent for deck in decks):
        _copy_files(ROOT / parent, copy.folder / parent)
    (copy.home / "data").mkdir(parents=True, exist_ok=True)
    notary = NotebookNotary(data_dir=str(copy.home / "data"))
    for deck, notebook in decks.items():
        outputs = show.recorded(pages_of(edition, [deck])[0].executed, notebook)
        _write(copy.home / "recorded" / Path(deck).with_suffix(".json"), json.dumps(outputs))
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        notary.sign(with_rise(notebook))
        for folder in (copy.folder, copy.home / "plan"):  # one is edited on stage, one stays
            _write(folder / deck, nbformat.writes(notebook))
    _write(copy.home / "show.json", json.dumps(show.plan(edition, decks, copy.folder.name)))
    note = {**asdict(copy), "folder": copy.folder.name}
    _write(copy.folder / NOTE, json.dumps(note, indent=1) + "\n")


def _write(path: Path, text: str) -> None:
    with whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def imports_of(cells: list[NotebookNode]) -> str:
    """Return the import statements at the top level of cells of code, one a line."""
    lines = []
    for cell in cells:
        if cell.cell_type != "code":
            continue
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:  # a magic, or code that is about to be completed on stage
            continue
        lines += [ast.unparse(n) for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    return "\n".join(dict.fromkeys(lines))


def with_rise(notebook: NotebookNode) -> NotebookNode:
    """Tell RISE how to show a prepared deck: the stage's settings and the deck's footer."""
    footer = notebook.metadata["workshop"]["footer"]
    notebook.metadata["rise"] = {**RISE, "footer": f"<span>{escape(footer)}</span>"}
    return notebook


def _copy_files(source: Path, target: Path) -> None:
    """Copy style sheets and pictures, the drawn ones and the theme with their fonts."""
    from workshop.fonts import code_face, with_font

    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*") if source == ROOT else source.rglob("*")):
        if path.suffix.lower() not in SHOWN_FILES or not path.is_file():
            continue
        goal = target / path.relative_to(source)
        goal.parent.mkdir(parents=True, exist_ok=True)
        if path.name == THEME.name:
            continue
        if path.suffix == ".svg":
            goal.write_text(with_font(path.read_text(encoding="utf-8")), encoding="utf-8")
        else:
            shutil.copyfile(path, goal)
    # RISE looks for the theme beside the deck.
    (target / THEME.name).write_text(
        THEME.read_text(encoding="utf-8") + code_face(), encoding="utf-8"
    )


def latest_copy(folder: Path, agenda: Agenda, deck: Path | None, edition: str | None) -> Copy:
    """Return the latest copy, of `edition` where it is given, to be opened on `deck`."""
    notes = [
        (path / NOTE)
        for path in (sorted(folder.iterdir(), reverse=True) if folder.is_dir() else [])
        if STAMP.fullmatch(path.name) and (path / NOTE).is_file()
    ]
    for note in notes:
        try:
            copy = Copy(**{**json.loads(note.read_text(encoding="utf-8")), "folder": note.parent})
        except (OSError, ValueError, TypeError):
            raise WorkshopError(
                f"{near(note)} is damaged, so that the copy cannot be resumed: open its decks in "
                "JupyterLab, or delete that folder to resume the one before."
            ) from None
        if edition not in (None, copy.edition):
            continue
        if deck is not None:
            copy = Copy(**{**vars(copy), "deck": chosen_deck(deck, agenda)})
        if not (copy.folder / copy.deck).is_file():
            raise WorkshopError(f"{copy.deck} is not in {near(copy.folder)}: leave out RESUME=1.")
        return copy
    of_edition = f" of the edition '{edition}'" if edition else ""
    raise WorkshopError(
        f"There is no working copy{of_edition} in {near(folder)}: make present, without RESUME=1, "
        "makes one."
    )
