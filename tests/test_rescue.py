"""What goes wrong before the room, for real: nothing typed is lost, and the show goes on."""

import contextlib
import json
import os
import signal
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from tests.stage import (
    SECONDS,
    goto,
    on_stage,
    opened,
    place,
    run_cells,
    slide_with_code,
)
from workshop.agenda import read_agenda
from workshop.deck.read import read_deck
from workshop.paths import ROOT
from workshop.stage.rehearse import wait_for_first_slide

AGENDA = read_agenda()
EDITION = max(AGENDA.editions, key=lambda key: AGENDA.editions[key].minutes)
# Demos that run quickly, also on a busy machine.
DECK, OTHER_DECK = sorted(
    (deck for deck in AGENDA.editions[EDITION].decks if deck.startswith("demos/")),
    key=lambda deck: sum(cell.cell_type == "code" for cell in read_deck(ROOT / deck).cells),
)[:2]
MODAL = "document.querySelectorAll('.modal').length"
CHOSEN = "require('custom/cells').chosen()"
NAMES = """() => new Promise((done) => Jupyter.notebook.kernel.execute("", {shell: {reply: (m) =>
  done(m.content.user_expressions.v.data["text/plain"].replace(/'/g, ""))}}, {silent: true,
  store_history: false, user_expressions: {v:
  "','.join(n for n, v in globals().items() if n[0] != '_' and 'generator' not in repr(v))"}}))"""


@pytest.fixture
def stage(stages):
    return stages(EDITION)


@pytest.fixture(scope="module")
def one_run(stages, chromium):
    """Give a demo on its second slide with code, both run: all that follows happens to it."""
    with on_stage(chromium, stages(EDITION).deck(DECK)) as page:
        for number in (0, 1):
            goto(page, slide_with_code(page, number))
            run_cells(page)
        page.here, page.cell = place(page), page.evaluate(f"{CHOSEN}.id")
        page.text = page.evaluate(f"{CHOSEN}.get_text()")
        page.names = set(page.evaluate(NAMES).split(","))
        yield page


@pytest.fixture
def page(one_run):
    """Give the one page, after whatever went wrong before, with its cell as it was, and run."""
    page = one_run
    page.keyboard.press("Escape")
    goto(page, page.here)
    idle(page)  # an error of the test before takes along what waits for the kernel
    page.evaluate(
        """([id, text]) => { const cell = Jupyter.notebook.get_cells().find((c) => c.id === id);
        Jupyter.notebook.select(Jupyter.notebook.find_cell_index(cell)); cell.set_text(text); }""",
        [page.cell, page.text],
    )
    page.keyboard.press("Shift+Enter")
    idle(page)
    assert page.locator(".present .output_error").count() == 0
    return page


def idle(page) -> None:
    """Wait until every cell that was asked for has run."""
    page.wait_for_function(
        "!document.querySelector('.cell.running') && !Jupyter.notebook.kernel_busy"
    )


def says(page, text: str, seconds: float = SECONDS) -> None:
    page.wait_for_function(
        "text => (document.getElementById('stage-sign')?.innerText || '').includes(text)",
        arg=text, timeout=1000 * seconds,
    )  # fmt: skip


def write(page, text: str) -> None:
    """Write a cell anew as if it was typed: the one that Shift+Enter would run."""
    page.evaluate(f"text => {CHOSEN}.set_text(text)", text)


def goes_on(page) -> None:
    """Check that the kernel answers."""
    write(page, "print('forty', 1 + 1)")
    page.keyboard.press("Shift+Enter")
    page.locator(".present .output").get_by_text("forty 2").wait_for()
    idle(page)


def type_line(page, text: str) -> None:
    """Type before the first line of the chosen cell."""
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Home")
    page.keyboard.type(text + "\n")
    page.keyboard.press("Escape")


def process(kernel: str) -> psutil.Process:
    """Return the process of a kernel."""
    return next(
        each
        for each in psutil.process_iter(["cmdline"])
        if any(kernel in part for part in each.info["cmdline"] or [])
    )


def is_kept(stage, text: str, seconds: float = 30) -> bool:
    """Tell whether a text is in the copied deck, now or soon."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(nbformat.reader.NotJSONError):  # read while it is written
            cells = nbformat.read(stage.copy / DECK, as_version=4).cells
            if any(text in cell.source for cell in cells):
                return True
        time.sleep(0.2)
    return False


def as_before(page) -> None:
    """Check that the room sees the same slide, no dialog, and that the cells have their names."""
    assert place(page) == page.here
    assert page.evaluate(MODAL) == 0
    assert page.names <= set(page.evaluate(NAMES).split(","))


def test_a_kernel_that_is_killed_in_a_cell(stage, page):
    write(page, "import os, signal  # typed\nos.kill(os.getpid(), signal.SIGKILL)")
    page.keyboard.press("Shift+Enter")
    says(page, "The state is back")
    assert place(page) == page.here and page.evaluate(MODAL) == 0
    assert is_kept(stage, "# typed")
    goes_on(page)


def test_a_server_that_is_killed_comes_back_on_the_same_address(stage, page):
    type_line(page, "# before")
    stage.server.kill()
    says(page, "Jupyter does not answer")
    type_line(page, "# meanwhile")
    says(page, "Jupyter is back")
    assert is_kept(stage, "# before") and is_kept(stage, "# meanwhile")
    as_before(page)
    assert page.request.get(stage.address("On stage")).ok
    assert any("started again" in line for line in stage.output)
    goes_on(page)


def test_a_server_that_is_stopped_for_half_a_minute(stage, page):
    server = stage.server
    type_line(page, "# before")
    server.suspend()
    try:
        for number in range(6):
            type_line(page, f"# line {number}")
            time.sleep(5)
    finally:
        server.resume()
    assert is_kept(stage, "# line 5") and is_kept(stage, "# line 0")
    as_before(page)
    assert server.is_running()


def test_a_cell_that_raises_shows_its_last_lines(page):
    write(page, "def deep(n):\n    return deep(n - 1) if n else 1 / 0\n\n\ndeep(12)")
    page.keyboard.press("Shift+Enter")
    error = page.locator(".present .output_error pre").first
    error.wait_for()
    page.locator(".output_error.folded").wait_for()
    assert error.bounding_box()["height"] < 140
    text = page.evaluate(
        """() => { const pre = document.querySelector(".present .output_error pre");
        return [pre.scrollTop + pre.clientHeight >= pre.scrollHeight - 2, pre.innerText]; }"""
    )
    assert text[0] and "ZeroDivisionError" in text[1].strip().splitlines()[-1]
    error.click()
    assert error.bounding_box()["height"] > 300
    goes_on(page)


def test_a_page_that_is_reloaded_right_after_typing(stage, page):
    page.evaluate("Jupyter.notebook.save_notebook")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Home")
    page.keyboard.type("# right before\n")
    page.reload()
    wait_for_first_slide(page)
    page.wait_for_function("Jupyter.notebook.kernel && Jupyter.notebook.kernel.info_reply.status")
    page.wait_for_function("n => Reveal.getIndices().h === n", arg=page.here)
    as_before(page)
    assert is_kept(stage, "# right before")


def test_an_output_of_ten_megabytes(page):
    write(page, "print('x' * 10_000_000)\nfor n in range(200_000): print(n)")
    page.keyboard.press("Shift+Enter")
    page.wait_for_function("!document.querySelector('.cell.running')")
    started = time.monotonic()
    page.keyboard.press("Space")
    page.wait_for_function("n => Reveal.getIndices().h !== n", arg=page.here)
    page.keyboard.press("PageUp")
    page.wait_for_function("n => Reveal.getIndices().h === n", arg=page.here)
    assert time.monotonic() - started < 30
    as_before(page)


def test_a_network_that_is_gone(stage, page):
    page.context.set_offline(True)  # more than the world outside: the server's address, too
    type_line(page, "# offline")
    page.keyboard.press("Space")
    page.wait_for_function("n => Reveal.getIndices().h === n + 1", arg=page.here)
    page.keyboard.press("PageUp")
    time.sleep(2)
    page.context.set_offline(False)
    assert is_kept(stage, "# offline")
    as_before(page)


def test_an_endless_cell_is_marked_and_stopped(page):
    write(page, "while True:\n    pass")
    page.keyboard.press("Shift+Enter")
    says(page, "i stops it")
    page.keyboard.press("i")
    page.wait_for_function("!document.querySelector('.cell.running')")
    as_before(page)


def test_a_cell_that_does_not_stop_gives_way_to_a_new_kernel(page):
    write(
        page,
        "while True:\n    try:\n        while True:\n            pass\n"
        "    except KeyboardInterrupt:\n        pass",
    )
    page.keyboard.press("Shift+Enter")
    says(page, "i stops it")
    page.keyboard.press("r")
    says(page, "The state is back")
    assert place(page) == page.here
    page.keyboard.press(
        "Space"
    )  # from the next slide on it is a cell above, which is not run again
    page.keyboard.press("r")
    says(page, "The state of this slide is here")


def test_a_kernel_that_dies_while_the_state_comes(page):
    write(page, f"{page.text}\nimport time; time.sleep(3)")
    page.keyboard.press("r")
    says(page, "The state of this slide comes")
    process(page.evaluate("Jupyter.notebook.kernel.id")).kill()
    says(page, "The state is back")
    as_before(page)


def test_the_state_of_a_slide_that_was_jumped_to(stage, chromium):
    with on_stage(chromium, stage.deck(OTHER_DECK)) as page:
        page.evaluate("require('custom/rescue').ready()")
        last = page.evaluate(
            "require('custom/pictures').sections().map((s) => !!s.querySelector('.code_cell')"
            " && !s.querySelector('.celltag_exercise-code')).lastIndexOf(true)"
        )
        goto(page, last)
        page.keyboard.press("r")
        says(page, "is here", 3 * SECONDS)  # where no checkpoint is there yet the cells are run
        run_cells(page)
        assert page.locator(".present .output_error").count() == 0
        assert place(page) == last


def test_a_recorded_output_stands_in_with_a_mark_and_its_state(stage, page):
    output = {"output_type": "stream", "name": "stdout", "text": "as recorded"}
    path = (stage.copy / ".jupyter" / "recorded" / DECK).with_suffix(".json")
    path.write_text(json.dumps({page.evaluate(f"{CHOSEN}.id"): [output]}))
    write(page, "import time\ntime.sleep(60)")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("o")
    page.locator(".cell.recorded").get_by_text("as recorded").wait_for()
    mark = page.evaluate(
        "getComputedStyle(document.querySelector('.recorded .output_wrapper'), '::before').content"
    )
    assert mark == '"recorded"'
    assert place(page) == page.here


def test_the_way_out_is_shown_when_jupyter_stays_away(tmp_path, chromium):
    with opened(tmp_path, edition=EDITION) as one, on_stage(chromium, one.deck(DECK)) as page:
        page.evaluate("require('custom/rescue').ready()")
        goto(page, 3)
        one.process.send_signal(signal.SIGINT)
        one.process.wait(timeout=30)
        says(page, "The same slide without Jupyter: file://")
        sign = page.inner_text("#stage-sign")
        assert sign.rstrip().endswith(f"{EDITION}/{Path(DECK).with_suffix('.html')}#/3/0")


# --- The checkpoints, without a browser -----------------------------------------------------------


@pytest.fixture
def shell(tmp_path, monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell

    from workshop.stage import state

    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path))
    shell = InteractiveShell()
    monkeypatch.setattr(state, "_shell", lambda: shell)
    monkeypatch.setattr(state, "ran", [])
    monkeypatch.setattr(state, "too_slow", False)
    return shell


CELLS = [
    "import numpy as np\nlarge = np.arange(100_000)",
    "def total():\n    return large.sum() + extra\nextra = 1",
    "large[0] = 5\nextra = 2",
]


def test_a_state_comes_from_the_nearest_checkpoint(shell, tmp_path):
    from workshop.stage import state

    assert state.restore(CELLS).startswith("0 of 3")
    kept = {p.name: p.stat().st_size for p in tmp_path.iterdir()}
    assert sum(".pickle" in name for name in kept) == 3
    # The array lies there twice, before and after it was written into, not three times.
    assert sum(size > 500_000 for size in kept.values()) == 2
    shell.user_ns["stray"] = 1
    assert state.restore(CELLS[:2]).startswith("2 of 2")
    assert shell.user_ns["large"][0] == 0 and "stray" not in shell.user_ns
    assert state.restore(CELLS).startswith("3 of 3")
    assert shell.user_ns["large"][0] == 5
    shell.user_ns["large"][1] = 7  # a mapped array is the cell's own
    shell.user_ns["extra"] = 100
    assert shell.user_ns["total"]() == shell.user_ns["large"].sum() + 100
    state.restore(CELLS)
    assert shell.user_ns["large"][1] == 1


def test_a_changed_cell_is_run_again_and_a_failing_one_passed_over(shell):
    from workshop.stage import state

    state.restore(CELLS)
    changed = [*CELLS[:2], "1 / 0", "extra = 9"]
    assert state.restore(changed).startswith("2 of 4")
    assert shell.user_ns["extra"] == 9


def test_a_name_that_cannot_be_kept_is_made_again_where_it_is_needed(shell):
    from workshop.stage import state

    cells = ["numbers = iter_of = (n for n in range(9))", "first = next(numbers)", "other = 1"]
    state.restore(cells)
    assert state.restore(cells, ["print(other)"]).startswith("3 of 3")
    assert state.restore(cells, ["next(numbers)"]).startswith("0 of 3")
    assert next(shell.user_ns["numbers"]) == 1


def test_a_checkpoint_that_cannot_be_written_is_no_error(shell, monkeypatch):
    from workshop.stage import state

    monkeypatch.setenv("WORKSHOP_STATE", os.devnull)
    state.restore(["kept = 1"])
    assert shell.user_ns["kept"] == 1
