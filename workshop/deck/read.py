"""Read a notebook as a deck, and see its slides."""

from __future__ import annotations

import codecs
import copy
import html
import json
import re
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from workshop import prose
from workshop.deck.mend import mend, without_lone_surrogates
from workshop.errors import WorkshopError


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
        return next(self._numbers("pace"), 1.0)

    @property
    def minutes(self) -> float | None:
        """Return the minutes that the slide's tag `minutes-N` gives it, or None."""
        return next(self._numbers("minutes"), None)

    def _numbers(self, name: str):
        for tag in self.tags:
            if match := re.fullmatch(rf"{name}-(\d+(?:\.\d+)?)", tag):
                yield float(match[1])


def slide_type(cell: NotebookNode) -> str:
    """Return the cell's RISE type: slide, subslide, fragment, notes, skip or '-'."""
    slideshow = cell.metadata.get("slideshow", {})
    return (slideshow.get("slide_type") if isinstance(slideshow, dict) else None) or "-"


def heading(cell: NotebookNode) -> str:
    """Return the plain text of the first heading in a shown Markdown cell, else ''."""
    if cell.cell_type != "markdown" or slide_type(cell) in {"notes", "skip"}:
        return ""
    found = next(iter(_headings(cell.source)), None)
    if found is None:
        return ""
    text = found.source if found.kind == "html" else prose.first_heading(cell.source)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", text)).split())


def _headings(source: str) -> list[prose.Block]:
    """Return the headings of a Markdown text: with # or underlined, or of HTML."""
    if not re.search(r"^ {0,3}(#|=|-)|<h[1-6]\b", source, re.M | re.I):
        return []
    return [
        block
        for block in prose.blocks(source)
        if block.kind == "heading"
        or (block.kind == "html" and re.search(r"<h[1-6]\b", block.source, re.I))
    ]


def read_deck(path: Path) -> NotebookNode:
    """Read a notebook as a deck; without slide metadata each heading starts a slide.

    Formats 1 to 3 become 4, small damage is mended, and a line on stderr says what. Raises
    WorkshopError for a file that is missing, is not a notebook, or has nothing to show.
    """
    notebook, mended = _notebook(path)
    if mended:
        print(f"{path}: mended while reading: {', '.join(mended)}.", file=sys.stderr)
    if not notebook.cells:
        raise WorkshopError(f"{path} has no cells: there is nothing to show.")
    if all(slide_type(cell) == "-" for cell in notebook.cells):
        notebook.cells = list(_split_at_headings(notebook.cells))
    shown = [cell for cell in notebook.cells if slide_type(cell) not in {"notes", "skip"}]
    if not shown:
        raise WorkshopError(f"{path} has only skipped cells and notes: there is nothing to show.")
    if not any(cell.source.strip() or cell.get("outputs") for cell in shown):
        raise WorkshopError(f"{path} has only empty cells: there is nothing to show.")
    return notebook


def _notebook(path: Path) -> tuple[NotebookNode, list[str]]:
    """Return a file's notebook in format 4.5 and what was mended in it."""
    text, mended = _text(path)
    try:
        found = json.loads(without_lone_surrogates(text))
    except ValueError as error:
        raise WorkshopError(f"{path} {_no_notebook(text, error)}") from None
    if not isinstance(found, dict) or not isinstance(found.get("nbformat"), int):
        raise WorkshopError(f"{path} is not a notebook (JSON): save it again in Jupyter.")
    version = found["nbformat"]
    if version > 4:
        raise WorkshopError(
            f"{path} is of format {version}, and only notebooks up to format 4 can be shown: "
            "save it again in Jupyter."
        )
    try:
        if version < 4:
            found = json.loads(json.dumps(nbformat.reads(json.dumps(found), as_version=4)))
        mended += mend(found)
        return nbformat.reads(json.dumps(found), as_version=4), mended
    except Exception as error:  # whatever an old or broken file makes of nbformat
        raise WorkshopError(
            f"{path} is not a valid notebook of format {version} "
            f"({type(error).__name__}: {(str(error).splitlines() or ['?'])[0]}): "
            "open it in Jupyter and save it again."
        ) from None


def _text(path: Path) -> tuple[str, list[str]]:
    """Return a file's text, whatever editor saved it, and what was mended."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise WorkshopError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise WorkshopError(f"{path} cannot be read: {error.strerror or error}.") from None
    marks = {
        codecs.BOM_UTF8: "utf-8-sig",
        codecs.BOM_UTF16_LE: "utf-16",
        codecs.BOM_UTF16_BE: "utf-16",
    }
    for mark, encoding in marks.items():
        if data.startswith(mark):
            return data.decode(encoding, "replace"), ["a byte order mark"]
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), ["letters that are not UTF-8"]


def _no_notebook(text: str, error: ValueError) -> str:
    """Say what a file is that is no JSON, and what to do."""
    if conflict := re.search(r"^<{7}( |$)", text, re.M):
        line = text.count("\n", 0, conflict.start()) + 1
        return f"holds a merge conflict in line {line}: resolve it and save it again."
    if text.startswith("version https://git-lfs"):
        return "is only a pointer of Git LFS: fetch the file itself with 'git lfs pull'."
    if not text.strip():
        return "is empty: save it again in Jupyter."
    if text.lstrip().startswith("{"):
        return f"is not a notebook (damaged JSON: {error}): save it again in Jupyter."
    return "is not a notebook (JSON): save it again in Jupyter, or turn it into one first."


def _split_at_headings(cells: list[NotebookNode]):
    for cell in cells:
        found = _headings(cell.source) if cell.cell_type == "markdown" else []
        lines = cell.source.splitlines()
        cuts = [0, *(block.line - 1 for block in found), len(lines)]
        parts = ["\n".join(lines[start:end]) for start, end in pairwise(cuts)]
        parts = [part for part in parts if part.strip()] or [cell.source]
        for number, source in enumerate(parts):
            part = copy.deepcopy(cell)
            part.source = source
            part.id = f"{cell.id[:60]}-{number + 1}" if number else cell.id
            if len(parts) - number <= len(found):
                part.metadata["slideshow"] = {"slide_type": "slide"}
            yield part


def slides_of(notebook: NotebookNode, long: bool = True) -> list[Slide]:
    """Group the cells into slides (sub-slides count as slides); skipped cells are left out.

    Unless `long`, slides tagged `long` are left out too.
    """
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
    return [slide for slide in slides if long or "long" not in slide.tags]


def uses_data(cells: list[NotebookNode]) -> bool:
    """Tell whether one of the cells loads the workshop's data."""
    return any(cell.cell_type == "code" and "workshop.data" in cell.source for cell in cells)
