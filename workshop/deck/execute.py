"""Run a deck's cells once and keep the outputs, until something that they depend on changes."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from workshop import data
from workshop.deck.read import OUR_FOLDERS, read_deck, slide_type, uses_data
from workshop.errors import WorkshopError
from workshop.files import Progress, whole
from workshop.paths import ROOT

CELL_TIMEOUT = 300  # seconds
# Warnings that are no error in our decks: message and category, with the reason.
ALLOWED_WARNINGS = (
    # ipykernel 7 warns of its own `do_shutdown` while it shuts down.
    "ignore:For consistency across implementations:PendingDeprecationWarning",
    # Fairlearn 0.15's reductions write into Series in a way that pandas 4 will refuse.
    "ignore:Setting a value on a Series via .at with a key:DeprecationWarning",
    "ignore:Setting an item of incompatible dtype is deprecated:DeprecationWarning",
)
# What a deck's cells import, read or are pinned to; the rest of the package changes no output.
# The Makefile has the same list.
RUNTIME = (
    "workshop/*.py",
    "workshop/data/*.py",
    "workshop/teach/*.py",
    "workshop/teach/templates/*/*",
    "demos/*.md",
    "data/README.md",
    "data/cohort.json",
    "requirements.txt",
)


def is_ours(deck: Path) -> bool:
    """Tell whether the deck is one of the kit's own: the strict rules hold."""
    return deck.resolve().parent in {ROOT / folder for folder in OUR_FOLDERS}


def execute(deck: Path, target: Path) -> None:
    """Write the executed deck to `target`; run it only when its code or what it reads changed.

    Outputs are kept by cell id, so that an edit of prose runs nothing. A deck from elsewhere
    always runs: nobody knows what its cells read. Raises WorkshopError with the cell that failed.
    """
    notebook = read_deck(deck)
    progress = Progress(f"execute  {_name(deck)}")
    source = data.data_source() if uses_data(notebook.cells) else None
    key = _key(notebook, source)
    kept = _kept_outputs(target, key) if is_ours(deck) else None
    if kept is None:
        run(notebook, deck, progress)
    else:
        for cell in _code_cells(notebook):
            cell.outputs = kept[cell.id]["outputs"]
            cell.execution_count = kept[cell.id]["execution_count"]
            cell.metadata["execution"] = kept[cell.id]["metadata"].get("execution", {})
    notebook.metadata["executed"] = {"key": key, "source": source}
    with whole(target) as temporary:
        nbformat.write(notebook, temporary)
    progress.done("done" if kept is None else "unchanged code, outputs kept")


def run(notebook: NotebookNode, deck: Path, progress: Progress) -> None:
    """Run the cells in place, in the deck's folder; warnings are errors in the kit's own decks.

    Raises WorkshopError that names the file, the cell and the reason.
    """
    cells = _code_cells(notebook)
    if not cells:
        return
    position = {cell.id: number for number, cell in enumerate(cells, start=1)}
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name=_kernel_name(notebook),
        resources={"metadata": {"path": str(deck.resolve().parent)}},
        # ipykernel's own log (it warns of TCP on the machine itself) is not for the presenter.
        extra_arguments=["--log-level=40"],
        on_cell_start=lambda cell, cell_index: progress.step(
            f"cell {position.get(cell.id, 0)} of {len(cells)}"
        ),
    )
    try:
        client.execute(env=kernel_environment(strict=is_ours(deck)))
    except CellExecutionError as error:
        raise WorkshopError(
            f"{_name(deck)}: {_failed(notebook)} raised {error.ename}: {_first_line(error.evalue)}."
        ) from None
    except CellTimeoutError:
        raise WorkshopError(
            f"{_name(deck)}: {_failed(notebook)} ran for more than {CELL_TIMEOUT} s: shorten it."
        ) from None
    except DeadKernelError:
        raise WorkshopError(
            f"{_name(deck)}: the kernel died in {_failed(notebook)}; out of memory?"
        ) from None
    except NoSuchKernel as error:
        raise WorkshopError(
            f"{_name(deck)} asks for the kernel '{error.name}', which is not installed: "
            "choose another kernel in Jupyter and save."
        ) from None


def kernel_environment(strict: bool) -> dict[str, str]:
    """Return the environment of a kernel: the kit importable, nobody's own start-up files."""
    ipython = ROOT / "build" / "ipython"
    ipython.mkdir(parents=True, exist_ok=True)
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "IPYTHONDIR": str(ipython),
        # Threads of linear algebra that share busy cores wait for each other, ten times longer.
        "OPENBLAS_NUM_THREADS": "1",
    }
    if strict:
        environment["PYTHONWARNINGS"] = ",".join(["error", *ALLOWED_WARNINGS])
    return environment


def _code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def _kernel_name(notebook: NotebookNode) -> str:
    spec = notebook.metadata.get("kernelspec", {})
    language = notebook.metadata.get("language_info", {}).get("name") or spec.get("language")
    return "python3" if (language or "python") == "python" else spec.get("name", "python3")


def _key(notebook: NotebookNode, source: str | None) -> str:
    digest = hashlib.sha256(repr(source).encode())
    for cell in _code_cells(notebook):
        tags = sorted(cell.metadata.get("tags", []))
        digest.update(json.dumps([cell.id, cell.source, slide_type(cell), tags]).encode())
    for path in (path for pattern in RUNTIME for path in sorted(ROOT.glob(pattern))):
        digest.update(path.read_bytes())
    if source == "real":
        digest.update(data.real_cache().read_bytes())
    return digest.hexdigest()


def _kept_outputs(target: Path, key: str) -> dict[str, NotebookNode] | None:
    """Return the cells of the last execution by id when its key is the same, else None."""
    try:
        last = nbformat.read(target, as_version=4)
    except Exception:  # absent or damaged: either way the deck has to run
        return None
    if last.metadata.get("executed", {}).get("key") != key:
        return None
    return {cell.id: cell for cell in _code_cells(last)}


def _failed(notebook: NotebookNode) -> str:
    """Name the last cell that was started: the one that failed."""
    started = [
        (number, cell)
        for number, cell in enumerate(notebook.cells, start=1)
        if cell.cell_type == "code" and cell.metadata.get("execution")
    ]
    number, cell = started[-1] if started else (1, notebook.cells[0])
    return f"cell {number} ('{cell.id}')"


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return (lines[0] if lines else "no message").rstrip(".")


def _name(deck: Path) -> str:
    resolved = deck.resolve()
    return str(resolved.relative_to(ROOT)) if resolved.is_relative_to(ROOT) else str(deck)
