"""A stage as a person starts it, and its pages, for the tests of the stage."""

import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from workshop.paths import ROOT
from workshop.stage.rehearse import HERE, wait_for_first_slide

SECONDS = 120  # until the stage stands, on a busy machine


@dataclass
class Opened:
    """A stage that runs as a person starts it, in a folder of its own."""

    process: subprocess.Popen
    output: list[str] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)

    def listen(self):
        for line in self.process.stdout:
            self.output.append(line.rstrip())
            if line.startswith("Stop"):
                self.ready.set()
        self.ready.set()

    def address(self, name: str) -> str:
        found = [line.split()[-1] for line in self.output if line.startswith(name)]
        assert found, "the stage did not open:\n" + "\n".join(self.output)
        return found[0]

    @property
    def copy(self) -> Path:
        return Path(ROOT, self.address("Copy"))

    @property
    def server(self) -> psutil.Process:
        children = psutil.Process(self.process.pid).children()
        return next(each for each in children if "jupyter_server" in " ".join(each.cmdline()))

    def deck(self, path: str) -> str:
        return self.address("On stage").replace(self.shown, path)

    @property
    def shown(self) -> str:
        return re.search(r"/notebooks/(.+)\?token", self.address("On stage"))[1]


@contextmanager
def opened(folder: Path, port: int = 8900, **choices):
    """Start `present` in a process of its own; stop it by SIGTERM if the block did not."""
    choices = {"open_browser": False, **choices}
    call = f"present(folder=Path({str(folder)!r}), port={port}, **{choices!r})"
    code = f"from pathlib import Path; from workshop.stage.present import present; {call}"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    one = Opened(process)
    listener = threading.Thread(target=one.listen)
    listener.start()
    try:
        assert one.ready.wait(SECONDS)
        yield one
    finally:
        process.terminate()
        process.wait(timeout=30)
        listener.join()
        process.stdout.close()


@contextmanager
def page_of(chromium, address: str, width: int = 1280, height: int = 720):
    """Open an address and note every request; yield the page and the list of requests."""
    context = chromium.new_context(viewport={"width": width, "height": height})
    requests = []
    context.on("request", lambda request: requests.append(request.url))
    page = context.new_page()
    page.set_default_timeout(SECONDS * 1000)
    page.goto(address)
    try:
        yield page, requests
    finally:
        context.close()


@contextmanager
def on_stage(chromium, address: str):
    """Open a deck of a stage; yield the page once its slides stand."""
    with page_of(chromium, address) as (page, _):
        wait_for_first_slide(page)
        yield page


def outside(requests: list[str]) -> list[str]:
    return [address for address in requests if not address.startswith(HERE)]


def running_stages(folder: Path):
    """Yield a function (edition) -> its stage, started when first asked for, and again if it died.

    So a stage that dies fails the test in which it dies, and not every test after it.
    """
    running = {}

    def of(edition: str) -> Opened:
        if edition in running and running[edition][0].process.poll() is not None:
            running.pop(edition)[1].__exit__(None, None, None)
        if edition not in running:
            context = opened(folder, edition=edition)
            running[edition] = context.__enter__(), context
        return running[edition][0]

    yield of
    for _, context in running.values():
        context.__exit__(None, None, None)


def place(page) -> int:
    """Return the index of the slide that the room sees."""
    return page.evaluate("Reveal.getIndices().h")


def goto(page, index: int) -> None:
    """Show a slide."""
    page.evaluate("index => Reveal.slide(index)", index)


def slide_with_code(page, number: int = 0) -> int:
    """Return the index of a slide, counted from the first, that shows a cell of code."""
    return page.evaluate(
        """number => require("custom/pictures").sections().map((section, index) => [section, index])
        .filter(([section]) => section.querySelector(
          ".code_cell:not(.celltag_hide-input, .celltag_set-up)"))[number][1]""",
        number,
    )


def run_cells(page) -> None:
    """Press Shift+Enter until every cell that is shown on the slide has run."""
    page.evaluate("require('custom/rescue').ready()")
    pending = "require('custom/cells').shown().filter((c) => !(c.input_prompt_number > 0)).length"
    for left in range(page.evaluate(pending), 0, -1):
        page.keyboard.press("Shift+Enter")
        page.wait_for_function(
            f"left => {pending} < left && !Jupyter.notebook.kernel_busy", arg=left
        )
