"""Derive what participants work in: each deck without answers and notes, and with the answers."""

from __future__ import annotations

import base64
import io
import mimetypes
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from PIL import Image

from workshop.agenda import Agenda, Edition
from workshop.deck.browser import launched
from workshop.deck.needs import needed, pins
from workshop.deck.prepare import MARKER, prepare
from workshop.deck.read import read_deck, slide_type
from workshop.errors import WorkshopError
from workshop.files import Progress, whole
from workshop.fonts import with_font
from workshop.paths import ROOT
from workshop.prose import Picture, with_pictures

BRANCH = "participant"  # where the derived notebooks are published, for Colab and Binder
# The cell that makes a notebook run: it finds the folder that it came in, or fetches that.
SET_UP = """\
import sys
from pathlib import Path

places = [Path.cwd(), *Path.cwd().parents]
kit = next((place for place in places if (place / "workshop/teach").is_dir()), None)
if kit is None:  # not in the folder that it came in, but on Colab, say
{elsewhere}
sys.path.insert(0, str(kit))
print("Ready.")"""
STOP = """\
    raise SystemExit("This notebook needs the workshop's zip: unzip it, and open START.html.")"""
FETCH = """\
    import subprocess

    kit = Path("kit", {key!r}).resolve()
    if not kit.exists():
        clone = ["git", "clone", "--depth", "1", "--branch", {branch!r}, "--", {address!r}, "kit"]
        subprocess.run(clone, check=True)
        install = [sys.executable, "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, *{pinned}], check=True)
        data = [sys.executable, "-m", "workshop.data", "--brief"]
        subprocess.run(data, cwd=kit, check=True)"""
DENSITY, COLOURS = 1.5, 64  # of a drawing turned into a PNG


def write_notebooks(agenda: Agenda, edition: Edition, folder: Path) -> None:
    """Write each deck of the edition into `notebooks`, and where it has solutions into `solutions`.

    None says which data it ran on: it has not run. Raises WorkshopError where a picture is missing,
    or two decks have one name.
    """
    names = [Path(deck).name for deck in edition.decks]
    if twice := [name for name in names if names.count(name) > 1]:
        raise WorkshopError(f"Two decks of {edition.key} are called {twice[0]}: rename one.")
    with launched():
        for deck in edition.decks:
            progress = Progress(f"participant  {edition.key}/{deck}")
            progress.step("…")
            shown = prepare(read_deck(ROOT / deck), agenda, edition, deck, None)
            tags = {tag for cell in shown.cells for tag in cell.metadata.get("tags", [])}
            for solved in (False, True) if tags & {"exercise-code", "solution"} else (False,):
                place = "solutions" if solved else "notebooks"
                name = f"{place}/{Path(deck).name}"
                with whole(folder / name) as temporary:
                    derived = derive(shown, ROOT / deck, agenda, f"{edition.key}/{name}", solved)
                    nbformat.write(derived, temporary)
            progress.done()


def derive(
    shown: NotebookNode, deck: Path, agenda: Agenda, name: str, solved: bool
) -> NotebookNode:
    """Return the prepared deck for participants.

    Speaker notes go; unless `solved`, solutions go too. Pictures travel inside. `name` is the
    file's path in the published branch.
    """
    notebook = nbformat.from_dict(shown)
    code = [cell.source for cell in shown.cells if cell.cell_type == "code"]
    cells = [_set_up_words(agenda, name), _set_up_code(agenda, name, code)]
    for cell in shown.cells:
        tags = cell.metadata.get("tags", [])
        if slide_type(cell) in {"notes", "skip"} or ("solution" in tags and not solved):
            continue
        cell = nbformat.from_dict(cell)
        if cell.cell_type == "markdown":
            _embed_pictures(cell, deck)
        elif not solved and cell.source.endswith(MARKER):
            cell.source += "\n..."
        cells.append(cell)
    notebook.cells = cells
    notebook.metadata.pop("workshop", None)
    return notebook


def colab(agenda: Agenda, name: str) -> str:
    """Return where Google Colab opens a file of the branch; nothing where GitHub has no kit."""
    kit = on_github(agenda)
    return f"https://colab.research.google.com/github/{kit}/blob/{BRANCH}/{name}" if kit else ""


def on_github(agenda: Agenda) -> str:
    """Return the repository as `owner/name`, or nothing where it is not on GitHub."""
    address = r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?"
    found = re.fullmatch(address, agenda.repository)
    return found[1] if found else ""


def _set_up_words(agenda: Agenda, name: str) -> NotebookNode:
    """Return the cell that says how to begin, with a link to Colab where GitHub has the kit."""
    lines = [f"**{agenda.title}: {agenda.subtitle}**"]
    if address := colab(agenda, name):
        lines.append(f"[Open in Google Colab]({address})")
    lines.append("Run the next cell first. Then go on from the top, cell by cell (Shift+Enter).")
    lines.append("If it fails: `python check_setup.py`, in the folder above, says what to do.")
    return new_markdown_cell("\n\n".join(lines), id="participant-set-up-words")


def _set_up_code(agenda: Agenda, name: str, code: list[str]) -> NotebookNode:
    """Return the cell that makes the notebook run: where it came, or elsewhere by fetching."""
    if not agenda.repository:
        return new_code_cell(SET_UP.format(elsewhere=STOP), id="participant-set-up")
    facts = {"key": name.split("/")[0], "branch": BRANCH, "address": agenda.repository}
    fetch = FETCH.format(pinned=pins(needed(code)), **facts)
    return new_code_cell(SET_UP.format(elsewhere=fetch), id="participant-set-up")


def _embed_pictures(cell: NotebookNode, deck: Path) -> None:
    """Put the pictures that a Markdown cell shows into its text, below what people read there.

    As PNG data: JupyterLab shows no attached SVG, VS Code none in Markdown, Colab no attachment.
    """
    found: list[str] = []

    def embed(picture: Picture) -> str | None:
        attached = picture.address.startswith("attachment:")
        if not attached and not picture.is_file:
            return None
        try:
            if attached:
                (kind, content), *_ = cell.attachments[unquote(picture.address[11:])].items()
                found.append(f"data:{kind};base64,{content}")
            else:
                found.append(_data_uri(deck.parent / picture.address))
        except (OSError, AttributeError, KeyError):
            raise WorkshopError(
                f"{deck}, cell '{cell.id}': the picture {picture.address} is not there: correct it."
            ) from None
        return f"picture-{len(found)}"

    text = with_pictures(cell.source, embed)
    for number, address in enumerate(found, start=1):
        text, named = re.subn(rf'\]\(picture-{number}(?: "[^"]*")?\)', f"][picture-{number}]", text)
        text = text.replace(f'src="picture-{number}"', f'src="{address}"')
        text += f"\n\n[picture-{number}]: {address}" if named else ""
    cell.source = text
    cell.pop("attachments", None)


@cache
def _data_uri(path: Path) -> str:
    kind, content = mimetypes.guess_type(path.name)[0], path.read_bytes()
    if path.suffix.lower() == ".svg":
        kind, content = "image/png", _drawn(with_font(content.decode("utf-8")))
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _drawn(svg: str) -> bytes:
    """Return a drawing as the browser draws it: a PNG of few colours, small enough to travel."""
    box = re.search(r'viewBox="\S+ \S+ ([\d.]+)', svg)
    width = box[1] if box else "auto"
    with launched() as browser:
        page = browser.new_page(device_scale_factor=DENSITY)
        address = base64.b64encode(svg.encode()).decode()
        page.set_content(f'<img width="{width}" src="data:image/svg+xml;base64,{address}">')
        drawing = page.locator("img")
        drawing.evaluate("image => image.decode()")
        png = Image.open(io.BytesIO(drawing.screenshot())).convert("RGB").quantize(COLOURS)
        page.close()
    target = io.BytesIO()
    png.save(target, "PNG", optimize=True)
    return target.getvalue()
