"""Measure what a room feels: live cells, builds, printing, and how decks of any size scale."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import bench_stage
from workshop import data
from workshop.agenda import Edition, read_agenda
from workshop.deck.browser import launched
from workshop.deck.execute import run
from workshop.deck.export import export
from workshop.deck.pdf import print_pdf
from workshop.deck.read import read_deck
from workshop.files import Progress
from workshop.paths import ROOT
from workshop.stage.copy import imports_of

SIZES = (10, 100, 198, 1000)
LIVE_CELL_BAR = 2.0  # seconds


def bench() -> None:
    """Run all measurements one after the other and print a table of each."""
    agenda = read_agenda()
    decks = sorted({deck for edition in agenda.editions.values() for deck in edition.decks})
    start = time.monotonic()
    data.load_patients()
    loaded = time.monotonic() - start
    print(f"Data: {data.data_source()}, loaded in {loaded:.2f} s. {psutil.cpu_count()} cores.\n")
    live_cells([deck for deck in decks if deck.startswith("demos/")])
    longest = max(agenda.editions.values(), key=lambda edition: len(edition.decks))
    stage(longest)
    builds(longest)
    scaling()


def live_cells(demos: list[str]) -> None:
    """Print the seconds of each live cell, slowest first."""
    rows = []
    for deck in demos:
        notebook = read_deck(ROOT / deck)
        # The stage imports what the cells import before the presenter runs the first of them.
        notebook.cells.insert(0, new_code_cell(imports_of(notebook.cells), id="warm-up"))
        run(notebook, ROOT / deck, Progress(f"run {deck}"))
        rows += [
            (seconds(cell), deck, cell.id)
            for cell in notebook.cells
            if cell.metadata.get("execution") and cell.id != "warm-up"
        ]
    rows.sort(reverse=True)
    total = sum(row[0] for row in rows)
    print(f"Live cells, slowest first (bar {LIVE_CELL_BAR} s; together {total:.1f} s)")
    table(("seconds", "deck", "cell"), [(f"{s:.2f}", deck, cell) for s, deck, cell in rows])


def seconds(cell) -> float:
    """Return how long an executed cell ran, from the kernel's own time stamps."""
    stamps = cell.metadata["execution"]
    start, end = stamps["iopub.execute_input"], stamps["shell.execute_reply"]
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def stage(edition: Edition) -> None:
    """Print how soon the stage is back after a fault, and our waiting beside the usual way."""
    demos = [deck for deck in edition.decks if deck.startswith("demos/")]
    *kernels, server = bench_stage.rescue(edition.key, demos)
    seconds = sorted(row[2] for row in kernels)
    nine_in_ten = seconds[int(0.9 * len(seconds))]
    print(f"The kernel killed on each of {len(seconds)} slides, until the slide's state is back")
    print(
        f"  nine in ten within {nine_in_ten:.1f} s (bar 3 s), all within {seconds[-1]:.1f} s (6 s)"
    )
    print(f"The server killed: same slide with its state after {server[2]:.1f} s (bar 10 s)\n")
    print("What the room waits, written the usual way and written as in the demos")
    rows = [
        (what, f"{u:.2f}", f"{o:.2f}", f"{u / o:.0f}") for what, u, o in bench_stage.usual_way()
    ]
    table(("step", "usual s", "ours s", "times"), rows)


def builds(edition: Edition) -> None:
    """Print the time of a cold and an untouched `make`, against nbconvert and decktape."""
    command = ["make", "slides", f"EDITION={edition.key}"]
    for name in ("executed", edition.key):
        shutil.rmtree(ROOT / "build" / name, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        stock = clocked(
            [sys.executable, "-m", "nbconvert", "--execute", "--to", "slides"]  # noqa: RUF005
            + ["--output-dir", folder, *edition.decks]
        )
        rows = [("nbconvert --execute --to slides (HTML)", stock, 1.0)]
        cold = clocked(command)
        rows.append(
            (f"make slides, cold, EDITION={edition.key} (HTML and PDF)", cold, cold / stock)
        )
        untouched = min(clocked(command) for _ in range(3))
        rows.append(("the same, untouched", untouched, untouched / stock))
        if decktape := shutil.which("decktape"):
            pages = [str(page) for page in Path(folder).glob("*.slides.html")]
            taped = sum(clocked([decktape, "reveal", page, f"{page}.pdf"]) for page in pages)
            rows.append(("decktape (PDF)", taped, taped / stock))
    print(
        f"Builds of {len(edition.decks)} decks: bars 0.6 of nbconvert's time, and 0.5 s untouched"
    )
    table(("what", "seconds", "ratio"), [(what, f"{s:.2f}", f"{r:.2f}") for what, s, r in rows])
    papers = clocked(["make", "handouts"])
    print(f"All papers of the panel again: {papers:.1f} s (bar 15 s)\n")
    if not decktape:
        print("decktape is not installed: not compared.\n")


def clocked(command: list[str]) -> float:
    """Return the seconds that a command takes in the project's folder; it must succeed."""
    start = time.monotonic()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.monotonic() - start


def scaling() -> None:
    """Print seconds, cost per slide and peak memory of exporting executed decks of many sizes."""
    agenda = read_agenda()
    edition = agenda.edition()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in SIZES:
            executed = folder / f"{size}.ipynb"
            nbformat.write(made_up_deck(size), executed)
            page, pdf = executed.with_suffix(".html"), executed.with_suffix(".pdf")
            with peak_memory() as peak:
                start = time.monotonic()
                export(executed, page, folder, agenda, edition, executed.name)
                middle = time.monotonic()
                with launched():
                    print_pdf(page, pdf, executed.name)
                end = time.monotonic()
            rows.append((size, middle - start, end - middle, (end - start) / size, peak[0]))
    hundred = next(row[3] for row in rows if row[0] == 100)
    print("Exporting executed decks: bar 10 s for 198 slides, 1.5 × and 2 GB for 1,000")
    table(
        ("slides", "HTML s", "PDF s", "ms a slide", "× of 100", "peak MB"),
        [
            (str(n), f"{h:.2f}", f"{p:.2f}", f"{c * 1e3:.1f}", f"{c / hundred:.2f}", f"{m:.0f}")
            for n, h, p, c, m in rows
        ],
    )


def made_up_deck(size: int):
    """Return an executed notebook of `size` slides with text, code, tables, formulas and notes."""
    cells = []
    html = "<table>" + "<tr><th>group</th><td>0.25</td><td>1,024</td></tr>" * 4 + "</table>"
    for number in range(size):
        title = new_markdown_cell(f"## Slide {number}\n\nSome text with $x_{{{number}}}^2$.")
        title.metadata["slideshow"] = {"slide_type": "slide"}
        notes = new_markdown_cell("What to say on this slide.")
        notes.metadata["slideshow"] = {"slide_type": "notes"}
        output = new_output("execute_result", {"text/html": html}, execution_count=1)
        code = new_code_cell(f"frame = load({number})\nframe.head(4)", outputs=[output])
        cells += [title, notes, code]
    return new_notebook(cells=cells)


@contextmanager
def peak_memory(every: float = 0.1):
    """Yield a list of one number: the peak in MB of this process and its children so far."""
    peak, stop = [0.0], threading.Event()
    own = psutil.Process()

    def watch() -> None:
        while not stop.wait(every):
            used = 0
            for process in [own, *own.children(recursive=True)]:
                try:
                    memory = process.memory_full_info()
                    used += getattr(memory, "pss", memory.rss)  # shared pages count once
                except psutil.Error:  # it ended meanwhile
                    continue
            peak[0] = max(peak[0], used / 2**20)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        stop.set()
        watcher.join()


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print rows under a head, each column as wide as its widest cell."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, tuple("-" * width for width in widths), *rows]:
        print("  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())
    print()
