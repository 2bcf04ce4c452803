"""Read a notebook as a deck, and see its slides."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from workshop.errors import WorkshopError
from workshop.prose import first_heading, split_at_headings


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
    """Return the plain text of the first Markdown heading in a shown cell, else ''."""
    if cell.cell_type != "markdown" or slide_type(cell) in {"notes", "skip"}:
        return ""
    return first_heading(cell.source)


def read_deck(path: Path) -> NotebookNode:
    """Read a notebook of format 4 as a deck; without slide metadata each heading starts a slide.

    Raises WorkshopError for a file that is missing, is not a notebook, or has nothing to show.
    """
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
        for number, source in enumerate(split_at_headings(cell.source)):
            part = copy.deepcopy(cell)
            part.source = source
            part.id = f"{cell.id}-{number + 1}" if number else cell.id
            if heading(part):
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
