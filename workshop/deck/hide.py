"""Hide what a notebook says is hidden, in the ways that people say it."""

from __future__ import annotations

from nbconvert.preprocessors import TagRemovePreprocessor
from nbformat import NotebookNode

from workshop.deck.read import slide_type, slides_of


def _spelled(*tags: str) -> set[str]:
    return {tag.replace("-", mark) for tag in tags for mark in ("-", "_", "")}


CELL = _spelled("remove-cell", "hide-cell", "to-remove")
REMOVE = {
    "remove_input_tags": _spelled("remove-input", "hide-input", "hide-code", "remove-code"),
    "remove_all_outputs_tags": _spelled(
        "remove-output", "remove-outputs", "hide-output", "hide-outputs"
    ),
}
STREAMS = {"stdout": _spelled("remove-stdout"), "stderr": _spelled("remove-stderr")}


def hide(notebook: NotebookNode, ours: bool) -> None:
    """Take hidden cells, inputs and outputs out of a prepared deck, in place.

    A removed cell passes on that it began a slide or a fragment; a slide of which nothing is left
    goes. The tag `set-up` hides a cell of the kit's own decks.
    """
    remove = TagRemovePreprocessor(
        remove_cell_tags=CELL | ({"set-up"} if ours else set()), **REMOVE
    )
    everything = notebook.metadata.get("hide_input") is True
    cells: list[NotebookNode] = []
    for slide in slides_of(notebook):
        begins, kept = slide_type(slide.cells[0]), []
        for cell in slide.cells:
            if slide_type(cell) == "notes":
                continue
            begins = slide_type(cell) if begins == "-" else begins
            _tag(cell, everything)
            if not remove.check_cell_conditions(cell, {}, 0):
                continue
            remove.preprocess_cell(cell, {}, 0)
            _without_streams(cell)
            cell.metadata["slideshow"] = {
                **cell.metadata.get("slideshow", {}),
                "slide_type": begins,
            }
            begins = "-"
            kept.append(cell)
        if kept:
            cells += [kept[0], *slide.notes, *kept[1:]]
    notebook.cells = cells


def _tag(cell: NotebookNode, everything: bool) -> None:
    """Say with tags what Jupyter and its extensions say in the metadata of a cell of code."""
    if cell.cell_type != "code":
        return
    said = {**cell.metadata, **cell.metadata.get("jupyter", {})}
    tags = cell.metadata.setdefault("tags", [])
    if everything or True in (said.get(k) for k in ("hide_input", "source_hidden", "hideCode")):
        tags.append("remove-input")
    if True in (said.get(k) for k in ("collapsed", "outputs_hidden", "hideOutput")):
        tags.append("remove-output")


def _without_streams(cell: NotebookNode) -> None:
    tags = set(cell.metadata.get("tags", []))
    if cell.cell_type == "code":
        cell.outputs = [o for o in cell.outputs if not tags & STREAMS.get(o.get("name"), set())]
