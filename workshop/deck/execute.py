"""Run a deck's cells once and keep the outputs, until something that they depend on changes."""

from __future__ import annotations

import asyncio
import copy
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from workshop import data
from workshop.deck.inputs import CELLS, digest, matching
from workshop.deck.read import read_deck, slide_type, uses_data
from workshop.errors import WorkshopError
from workshop.files import Progress, near, whole
from workshop.paths import ROOT, is_ours

CELL_TIMEOUT = 300  # seconds
# Warnings that are no error in our decks: message and category, with the reason.
ALLOWED_WARNINGS = (
    # ipykernel 7 warns of its own `do_shutdown` while it shuts down.
    "ignore:For consistency across implementations:PendingDeprecationWarning",
    # Fairlearn 0.15's reductions write into Series in a way that pandas 4 will refuse.
    "ignore:Setting a value on a Series via .at with a key:DeprecationWarning",
    "ignore:Setting an item of incompatible dtype is deprecated:DeprecationWarning",
)
# What draws only into a page that is open: in a build its figures are pictures.
LIVE_FIGURES = re.compile(r"^(\s*%matplotlib)\s+(?!inline|--list|-l).*$", re.M)
CARRIED = {"widgets", "language_info"}  # what a run says of the notebook
MODES = ("auto", "never", "always")  # of running a deck from elsewhere


def execute(deck: Path, target: Path, progress: Progress, mode: str = "auto") -> str:
    """Write the executed deck to `target`, and say in some words what was done.

    A deck of the kit runs only when its code, or what its cells read, changed: outputs are kept by
    cell id. For others `mode` says whether they run: see `_run_elsewhere`. Raises WorkshopError
    with the cell that failed.
    """
    progress.step("reading")
    notebook = read_deck(deck)
    source = data.data_source() if uses_data(notebook.cells) else None
    key, note, cells = _key(notebook, source), "", _code_cells(notebook)
    ours = is_ours(deck)
    kept = _last_run(target, key) if ours else None
    if kept:
        _take_outputs(notebook, kept)
    elif ours:
        run(notebook, deck, progress)
    else:
        note = _run_elsewhere(notebook, deck, progress, mode)
    notebook.metadata["executed"] = {"key": key, "source": source, "note": note}
    with whole(target) as temporary:
        nbformat.write(notebook, temporary)
    if note or not cells:
        return note or "no cells to run"
    return f"{len(cells)} cell{'s' * (len(cells) > 1)} {'unchanged' if kept else 'run'}"


def _run_elsewhere(notebook: NotebookNode, deck: Path, progress: Progress, mode: str) -> str:
    """Run a stranger's cells; return '' or why the outputs stored in the notebook are shown.

    'never' runs nothing; 'always' raises where a cell fails; 'auto' then shows the stored outputs,
    where there are any. A cell whose stored output is an error raises on purpose.
    """
    if mode not in MODES:
        raise WorkshopError(f"EXECUTE is '{mode}': choose {', '.join(MODES)}.")
    if mode == "never":
        return "not run (EXECUTE=never), the stored outputs are shown"
    trial = copy.deepcopy(notebook)
    for cell in _code_cells(trial):
        cell.source = LIVE_FIGURES.sub(r"\1 inline", cell.source)
        if any(output.output_type == "error" for output in cell.outputs):
            cell.metadata.tags = [*cell.metadata.get("tags", []), "raises-exception"]
    try:
        run(trial, deck, progress)
    except WorkshopError as error:
        if mode == "always" or not any(cell.get("outputs") for cell in notebook.cells):
            raise
        reason = str(error).removeprefix(f"{near(deck)}: ").rstrip(".")
        return f"not run here ({reason}), the stored outputs are shown"
    _take_outputs(notebook, trial)
    return ""


def _take_outputs(notebook: NotebookNode, ran: NotebookNode) -> None:
    """Give the cells the outputs that cells of the same ids have in another notebook."""
    by_id = {cell.id: cell for cell in _code_cells(ran)}
    for cell in _code_cells(notebook):
        same = by_id[cell.id]
        cell.outputs, cell.execution_count = same.outputs, same.execution_count
        cell.metadata["execution"] = same.metadata.get("execution", {})
    notebook.metadata.update({k: v for k, v in ran.metadata.items() if k in CARRIED})


def run(notebook: NotebookNode, deck: Path, progress: Progress) -> None:
    """Run the cells in place, in the deck's folder; warnings are errors in the kit's own decks.

    Raises WorkshopError that names the file, the cell and the reason.
    """
    cells = _code_cells(notebook)
    if not cells:
        return
    numbers = {cell.id: number for number, cell in enumerate(cells, start=1)}
    place = ["before its first cell"]  # where it fails, if it does

    def started(cell: NotebookNode, cell_index: int) -> None:
        progress.step(f"cell {numbers[cell.id]} of {len(cells)}")
        place[0] = f"cell {cell_index + 1} ('{cell.id}')"

    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name=_kernel_name(notebook),
        resources={"metadata": {"path": str(deck.resolve().parent)}},
        # ipykernel's own log (it warns of TCP on the machine itself) is not for the presenter.
        extra_arguments=["--log-level=40"],
        on_cell_execute=started,
    )
    progress.step("starting the kernel")
    try:
        # A loop of its own, closed at the end, wherever the caller's thread stands.
        with ThreadPoolExecutor(1) as thread:
            ran = client.async_execute(env=kernel_environment(strict=is_ours(deck)))
            thread.submit(asyncio.run, ran).result()
    except (CellExecutionError, NoSuchKernel, RuntimeError, OSError) as error:
        raise WorkshopError(f"{near(deck)}: {_reason(error, place[0])}") from None


def _reason(error: Exception, place: str) -> str:
    """Say why a deck did not run; `place` is the cell that was at work."""
    match error:
        case CellExecutionError():
            return f"{place} raised {error.ename}: {_first_line(error.evalue)}."
        case CellTimeoutError():
            return f"{place} ran for more than {CELL_TIMEOUT} s: shorten it."
        case DeadKernelError():
            return f"the kernel died in {place}; out of memory?"
        case NoSuchKernel():
            return (
                f"it asks for the kernel '{error.name}', which is not installed: "
                "choose another kernel in Jupyter and save."
            )
    return f"the kernel failed {place} ({_first_line(str(error))}): start the build again."


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
    cells = [
        repr([cell.id, cell.source, slide_type(cell), sorted(cell.metadata.get("tags", []))])
        for cell in _code_cells(notebook)
    ]
    cache = [data.real_cache()] if source == "real" else []
    return digest([*matching(CELLS), *cache], repr(source), *cells)


def _last_run(target: Path, key: str) -> NotebookNode | None:
    """Return the last execution when its key is the same, else None."""
    try:
        last = nbformat.read(target, as_version=4)
    except Exception:  # absent or damaged: either way the deck has to run
        return None
    return last if last.metadata.get("executed", {}).get("key") == key else None


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return (lines[0] if lines else "no message").rstrip(".")
