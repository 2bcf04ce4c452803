"""Derive what participants work in: each deck without answers and notes, and with the answers."""

from __future__ import annotations

import base64
import mimetypes
import re
import shutil
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from workshop import data
from workshop.agenda import Agenda, Edition
from workshop.deck.prepare import MARKER, prepare
from workshop.deck.read import read_deck, slide_type, uses_data
from workshop.files import Progress, whole
from workshop.fonts import with_font
from workshop.paths import ROOT
from workshop.prose import Picture, with_pictures

BRANCH = "participant"  # where the derived notebooks are published, for Colab
# What a notebook imports: the same releases as in the room.
NEEDED = ("fairlearn", "scikit-learn", "pandas", "matplotlib", "sphinx-revealjs", "fonttools")
BADGE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="136" height="28">'
    '<rect width="136" height="28" rx="4" fill="#0b5cad"/><text x="68" y="19" fill="#fff" '
    'font-family="Arial, sans-serif" font-size="14" text-anchor="middle">Open in Colab</text></svg>'
)


def write_notebooks(agenda: Agenda, edition: Edition) -> Path:
    """Write each deck of the edition into `build/participant/<edition>`, return that folder.

    The same decks with their solutions go to `solutions` in it.
    """
    folder = ROOT / "build" / "participant" / edition.key
    shutil.rmtree(folder, ignore_errors=True)
    for deck in edition.decks:
        progress = Progress(f"participant  {edition.key}/{deck}")
        notebook = read_deck(ROOT / deck)
        source = data.data_source() if uses_data(notebook.cells) else None
        shown = prepare(notebook, agenda, edition, deck, source)
        for solved, target in ((False, folder / deck), (True, folder / "solutions" / deck)):
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
            _attach_pictures(cell, deck.parent)
        elif not solved and cell.source.endswith(MARKER):
            cell.source += "\n..."
        cells.append(cell)
    notebook.cells = cells
    notebook.metadata.pop("workshop", None)
    return notebook


def _set_up_words(agenda: Agenda, name: str) -> NotebookNode:
    """Return the cell that says how to begin, with a badge where the repository has an address."""
    lines = [f"**{agenda.title}: {agenda.subtitle}**", ""]
    attachments = {}
    if match := re.fullmatch(r"https://github\.com/([^/]+/[^/]+?)(?:\.git)?/?", agenda.repository):
        address = f"https://colab.research.google.com/github/{match[1]}/blob/{BRANCH}/{name}"
        lines += [f"[![Open in Colab](attachment:badge.svg)]({address})", ""]
        attachments["badge.svg"] = {"image/svg+xml": _base64(BADGE.encode())}
    lines.append("Run the next cell first. Then go on from the top, cell by cell (Shift+Enter).")
    return new_markdown_cell(
        "\n".join(lines), id="participant-set-up-words", attachments=attachments
    )


def _set_up_code(agenda: Agenda) -> NotebookNode:
    """Return the cell that makes the notebook run: in the kit as it is, elsewhere it fetches."""
    lines = [
        "import importlib.util",
        "import subprocess",
        "import sys",
        "",
        'if importlib.util.find_spec("workshop") is None:  # not in the kit, but on Colab, say',
    ]
    if agenda.repository:
        pinned = ", ".join(repr(f"{name}=={version(name)}") for name in NEEDED)
        lines += [
            f'    clone = ["git", "clone", "--depth", "1", "{agenda.repository}", "kit"]',
            "    subprocess.run(clone, check=True)",
            '    install = [sys.executable, "-m", "pip", "install", "--quiet"]',
            f"    subprocess.run([*install, {pinned}], check=True)",
            '    data = [sys.executable, "-m", "workshop", "data", "--brief"]',
            '    subprocess.run(data, cwd="kit", check=True)',
            '    sys.path.insert(0, "kit")',
        ]
    else:
        lines.append('    raise SystemExit("Open this notebook in the kit: see its README.")')
    return new_code_cell("\n".join([*lines, 'print("Ready.")']), id="participant-set-up")


def _attach_pictures(cell: NotebookNode, folder: Path) -> None:
    """Move the pictures that a Markdown cell shows into the cell."""
    attachments = dict(cell.get("attachments", {}))

    def attach(picture: Picture) -> str | None:
        if not picture.is_file:
            return None
        path = folder / picture.address
        content = path.read_bytes()
        if path.suffix == ".svg":
            content = with_font(content.decode("utf-8")).encode()
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        attachments[path.name] = {kind: _base64(content)}
        return f"attachment:{path.name}"

    cell.source = with_pictures(cell.source, attach)
    if attachments:
        cell["attachments"] = attachments


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
