"""Derive what participants work in: each deck without answers and notes, and with the answers."""

from __future__ import annotations

import base64
import io
import mimetypes
import re
import shutil
from functools import cache
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from PIL import Image

from workshop import data
from workshop.agenda import Agenda, Edition
from workshop.deck.browser import launched
from workshop.deck.prepare import MARKER, prepare
from workshop.deck.read import read_deck, slide_type, uses_data
from workshop.errors import WorkshopError
from workshop.files import Progress, whole
from workshop.fonts import with_font
from workshop.paths import BUILD, ROOT
from workshop.prose import Picture, with_pictures

BRANCH = "participant"  # where the derived notebooks are published, for Colab
# What the modules that a notebook imports need: the same releases as in the room.
NEEDED = "fairlearn scikit-learn pandas matplotlib jinja2 mistune sphinx-revealjs fonttools"
# The cell that makes a notebook run: in the kit as it is, elsewhere it fetches the kit.
SET_UP = """\
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("workshop") is None:  # not in the kit, but on Colab, say
{elsewhere}
print("Ready.")"""
STOP = '    raise SystemExit("Open this notebook in the kit: see its README.")'
FETCH = """\
    clone = ["git", "clone", "--depth", "1", "--", {address!r}, "kit"]
    subprocess.run(clone, check=True)
    install = [sys.executable, "-m", "pip", "install", "--quiet"]
    subprocess.run([*install, *{pinned}], check=True)
    data = [sys.executable, "-m", "workshop", "data", "--brief"]
    subprocess.run(data, cwd="kit", check=True)
    sys.path.insert(0, "kit")"""
DENSITY, COLOURS = 1.5, 64  # of a drawing turned into a PNG


def write_notebooks(agenda: Agenda, edition: Edition, folder: Path = BUILD) -> Path:
    """Write each deck of the edition into `participant/<edition>` in `folder`, return that.

    The same decks with their solutions go to `solutions` in it. Raises WorkshopError where a
    picture is missing.
    """
    folder = folder / "participant" / edition.key
    shutil.rmtree(folder, ignore_errors=True)
    with launched():
        for deck in edition.decks:
            progress = Progress(f"participant  {edition.key}/{deck}")
            progress.step("…")
            notebook, place = read_deck(ROOT / deck), deck.removeprefix("build/")
            source = data.data_source() if uses_data(notebook.cells) else None
            shown = prepare(notebook, agenda, edition, deck, source)
            for solved, target in ((False, folder / place), (True, folder / "solutions" / place)):
                name = str(target.relative_to(folder.parent))
                with whole(target) as temporary:
                    nbformat.write(derive(shown, ROOT / deck, agenda, name, solved), temporary)
            progress.done()
    return folder


def derive(
    shown: NotebookNode, deck: Path, agenda: Agenda, name: str, solved: bool
) -> NotebookNode:
    """Return the prepared deck for participants.

    Speaker notes go; unless `solved`, solutions go too. Pictures travel inside. `name` is the
    file's path in the published branch.
    """
    notebook = nbformat.from_dict(shown)
    cells = [_set_up_words(agenda, name), _set_up_code(agenda)]
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


def _set_up_words(agenda: Agenda, name: str) -> NotebookNode:
    """Return the cell that says how to begin, with a link to Colab where GitHub has the kit."""
    lines = [f"**{agenda.title}: {agenda.subtitle}**"]
    if kit := re.fullmatch(
        r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?", agenda.repository
    ):
        address = f"https://colab.research.google.com/github/{kit[1]}/blob/{BRANCH}/{name}"
        lines.append(f"[Open in Google Colab]({address})")
    lines.append("Run the next cell first. Then go on from the top, cell by cell (Shift+Enter).")
    return new_markdown_cell("\n\n".join(lines), id="participant-set-up-words")


def _set_up_code(agenda: Agenda) -> NotebookNode:
    """Return the cell that makes the notebook run: in the kit as it is, elsewhere it fetches."""
    pinned = [f"{name}=={version(name)}" for name in NEEDED.split()]
    fetch = FETCH.format(address=agenda.repository, pinned=pinned)
    code = SET_UP.format(elsewhere=fetch if agenda.repository else STOP)
    return new_code_cell(code, id="participant-set-up")


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
