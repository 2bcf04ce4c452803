"""The stage in a real browser: what a presenter sees, presses and keeps."""

import errno
import json
import os
import re
import signal
import socket
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
import pytest

from tests.conftest import AGENDA, LONGEST, SHOWN
from tests.stage import (
    SECONDS,
    goto,
    opened,
    outside,
    page_of,
    place,
    slide_with_code,
)
from workshop.data import data_source
from workshop.deck.prepare import prepare
from workshop.deck.read import read_deck, slides_of
from workshop.errors import WorkshopError
from workshop.files import Progress
from workshop.paths import ROOT
from workshop.stage import checks, copy
from workshop.stage import present as stage_present
from workshop.stage.rehearse import SMALL, expected, rehearse_deck, wait_for_first_slide
from workshop.stage.show import KEYS

EDITION, DECK = SHOWN[0]
# A deck of the first edition with code to be seen.
DECK_WITH_CODE = next(
    deck
    for deck in AGENDA.editions[EDITION].decks
    for slide in slides_of(read_deck(ROOT / deck))
    if "long" not in slide.tags
    for cell in slide.cells
    if cell.cell_type == "code" and "hide-input" not in cell.metadata.get("tags", [])
)


def files_of_the_project() -> dict[str, tuple[int, int]]:
    derived = {"build", ".git", ".venv", "__pycache__", ".pytest_cache", ".ruff_cache", "cache"}
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in ROOT.rglob("*")
        if path.is_file() and not derived & set(path.relative_to(ROOT).parts)
    }


# --- A walk through every slide of every deck: its rehearsal --------------------------------------


@pytest.fixture(
    scope="module", params=LONGEST, ids=lambda deck: f"{LONGEST[deck]}-{Path(deck).stem}"
)
def walked(request, stages, chromium):
    """Yield the prepared deck and what its rehearsal saw."""
    deck = request.param
    key = LONGEST[deck]
    edition, stage = AGENDA.edition(key), stages(key)
    one = expected(edition, edition.session_of(deck), deck, stage.copy)
    context = chromium.new_context(viewport=SMALL)
    rehearse_deck(context.new_page(), stage.deck(deck), one, Progress(deck))
    context.close()
    return prepare(read_deck(ROOT / deck), AGENDA, edition, deck, data_source()), one


def test_every_cell_is_run_and_the_deck_says_what_it_is(walked):
    notebook, one = walked
    cells = [c for slide in slides_of(notebook) for c in slide.cells if c.cell_type == "code"]
    assert one.seconds.keys() == {c.id for c in cells if "set-up" not in c.metadata.get("tags", [])}
    assert one.footer == notebook.metadata["workshop"]["footer"]


def test_the_rehearsal_of_our_own_decks_finds_nothing(walked):
    # Seconds are those of this machine, which is busy with the other tests. The code of an
    # exercise, up to ten lines with its checks below, is still of 20 px: the rehearsal says so.
    one = walked[1]
    exercises = {slide.number for slide in one.slides if "exercise" in slide.tags}
    known = [p for p in one.all_problems if p.kind == "letters" and p.number in exercises]
    assert [str(p) for p in one.all_problems if p.kind != "slow" and p not in known] == []


# --- What a presenter presses ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def first_page(stages, chromium):
    """Give a page of the first deck that has code, on a large screen."""
    address = stages(EDITION).deck(DECK_WITH_CODE)
    with page_of(chromium, address, 1920, 1080) as (page, _):
        wait_for_first_slide(page)
        page.wait_for_function("window.RevealNotes && document.getElementById('notescanvas')")
        page.wait_for_selector("body.stage-settled")  # RISE's own start clears the board once more
        assert page.get_attribute("link#theme", "href").split("?")[0].endswith("/white.css")
        yield page


@pytest.fixture
def page(first_page):
    """Give the page on its first slide, as it was."""
    page = first_page
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.evaluate("() => { if (Reveal.isPaused()) Reveal.togglePause(); Reveal.slide(0); }")
    return page


def test_the_chalkboard_draws_where_the_mouse_is(page):
    page.keyboard.press("]")
    page.wait_for_function(
        "getComputedStyle(document.getElementById('notescanvas')).pointerEvents === 'auto'"
    )
    page.mouse.move(600, 500)
    page.mouse.down()
    page.mouse.move(900, 500, steps=8)
    page.mouse.up()
    painted = page.evaluate(
        """() => { const canvas = document.querySelector("#notescanvas canvas");
        const scale = canvas.width / canvas.getBoundingClientRect().width;
        const at = (x, y) => [...canvas.getContext("2d").getImageData(
          (x - 3) * scale, (y - 3) * scale, 6 * scale, 6 * scale).data].some((byte) => byte > 0);
        return [at(750, 500), at(750, 700)]; }"""
    )
    assert painted == [True, False]


def test_a_stray_key_changes_no_cell_and_b_blacks_the_screen(page):
    cells = "Jupyter.notebook.get_cells().map((c) => c.cell_type + c.get_text())"
    before = page.evaluate(cells)
    for key in "axcdd1my00":
        page.keyboard.press(key)
    assert page.evaluate(cells) == before
    page.keyboard.press("b")
    assert page.evaluate("Reveal.isPaused()")


def test_the_question_mark_lists_the_keys_in_large_type(page):
    page.keyboard.press("?")
    sheet = page.locator("#stage-sheet.help")
    for key in KEYS:
        if not key.get("quiet"):
            assert sheet.get_by_text(key["does"], exact=True).is_visible()
    scale = page.evaluate(
        "getComputedStyle(document.documentElement).getPropertyValue('--stage-scale')"
    )
    height = sheet.locator("dd").first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    assert float(scale) == 1.5 and height >= 24
    box = sheet.locator("dl").bounding_box()
    assert box["y"] >= 0 and box["y"] + box["height"] <= 1080
    page.keyboard.press("?")
    sheet.wait_for(state="detached")
    assert not page.evaluate("Reveal.isPaused()")


def test_the_readme_lists_the_same_keys():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for key in KEYS:
        if not key.get("quiet"):
            assert f"| {key['keys']} | {key['does']} |" in readme


SOURCES = "JSON.stringify(Jupyter.notebook.get_cells().map((c) => c.cell_type + c.get_text()))"
MODAL = "document.querySelectorAll('.modal').length"


@pytest.mark.parametrize("key", ["p", "h", "f", "Control+Shift+p", "Control+Shift+f", "s", "l"])
def test_jupyters_own_keys_do_nothing_before_the_room(page, key):
    page.keyboard.press(key)
    page.wait_for_timeout(200)
    assert page.evaluate(MODAL) == 0
    assert place(page) == 0


def test_enter_never_edits_what_is_not_on_the_slide(page):
    before = page.evaluate(SOURCES)
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    page.keyboard.type("xz")
    assert page.evaluate(SOURCES) == before
    page.wait_for_function("Reveal.getIndices().h === 1")


def test_a_double_click_shows_no_source(page):
    page.locator("section.present h1").dblclick()
    page.wait_for_timeout(200)
    assert page.evaluate(
        "Jupyter.notebook.get_cells().every((c) => c.cell_type !== 'markdown' || c.rendered)"
    )


def test_the_next_cell_runs_right_after_the_slide_came_up(page):
    number = slide_with_code(page)
    goto(page, number - 1)
    page.keyboard.press("End" if number == 0 else "PageDown")
    page.keyboard.press("Shift+Enter")  # RISE would select the cell 450 ms later
    page.wait_for_function(
        "Jupyter.notebook.get_cells().find((c) => c.cell_type === 'code' &&"
        " Reveal.getCurrentSlide().contains(c.element[0])).input_prompt_number > 0",
        timeout=SECONDS * 1000,
    )
    assert place(page) == number


def test_editing_is_seen_and_a_remote_leaves_it_and_turns_the_slide(page):
    number = slide_with_code(page)
    goto(page, number)
    page.locator(".present .code_cell .CodeMirror").first.click()
    sign = "getComputedStyle(document.body, '::after').content.includes('editing')"
    page.wait_for_function(sign)
    page.keyboard.type("b]")
    assert "b]" in page.evaluate(SOURCES)
    page.keyboard.press("PageDown")
    page.wait_for_function("n => Reveal.getIndices().h === n + 1", arg=number)
    assert not page.evaluate(sign)
    assert "b]" in page.evaluate(SOURCES)
    page.keyboard.press("PageUp")
    page.wait_for_function("n => Reveal.getIndices().h === n", arg=number)
    page.keyboard.press("Enter")
    page.wait_for_function(sign)
    page.keyboard.press("Control+z")
    page.keyboard.press("Escape")
    assert not page.evaluate(sign)
    page.keyboard.press("b")
    assert page.evaluate("Reveal.isPaused()")


def test_no_dialog_of_jupyter_stands_before_the_slide(page):
    page.evaluate(
        "require('base/js/dialog').kernel_modal({title: 'Kernel Restarting', buttons: {},"
        " body: 'x', notebook: Jupyter.notebook})"
    )
    page.wait_for_timeout(300)
    assert page.evaluate(MODAL) == 0
    page.keyboard.press("Space")
    page.wait_for_function("Reveal.getIndices().h === 1")


def test_the_overview_is_a_grid_and_a_number_goes_to_a_slide(page):
    page.keyboard.press("w")
    frame = page.frame_locator("#stage-sheet iframe")
    frame.locator("figure").first.wait_for()
    count = page.evaluate("Reveal.getTotalSlides()")
    boxes = [figure.bounding_box() for figure in frame.locator("figure").all()]
    assert len(boxes) == count
    assert len({round(box["y"]) for box in boxes}) >= int(count**0.5)  # rows
    assert all(box["y"] >= 0 and box["y"] + box["height"] <= 1080 for box in boxes)
    for key in [*str(count - 1), "Enter"]:
        page.keyboard.press(key)
    page.wait_for_function("n => Reveal.getIndices().h === n", arg=count - 2)


def test_leaving_the_slides_comes_back_to_the_slide_that_was_left(page):
    goto(page, 3)
    page.keyboard.press("Alt+r")
    page.wait_for_selector("body:not(.rise-enabled)")
    page.evaluate("Jupyter.notebook.select(Jupyter.notebook.ncells() - 1)")
    page.keyboard.press("Alt+r")
    page.wait_for_selector("body.rise-enabled")
    page.wait_for_function("Reveal.getIndices().h === 3")
    page.wait_for_timeout(600)
    assert place(page) == 3


def test_the_cursor_stands_where_the_mouse_clicked_on_a_scaled_slide(page):
    page.set_viewport_size({"width": 1440, "height": 900})  # a window dragged to another screen
    page.evaluate(
        "Reveal.slide(Reveal.getIndices(Jupyter.notebook.get_cells().find("
        "(c) => c.cell_type === 'code' && !c.metadata.tags?.some("
        "(tag) => ['hide-input', 'set-up'].includes(tag)"
        ")).element[0].closest('section')).h)"
    )
    page.wait_for_timeout(600)  # RISE takes 450 ms to select the first cell
    box = page.evaluate(
        "[...Reveal.getCurrentSlide().querySelectorAll('.code_cell .CodeMirror-line > span')]"
        ".find((line) => line.checkVisibility()).getBoundingClientRect().toJSON()"
    )
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(x, y)
    cursor = page.locator(".present .code_cell.selected .CodeMirror-cursor").bounding_box()
    assert abs(cursor["x"] - x) < 20
    assert cursor["y"] <= y <= cursor["y"] + cursor["height"]


def test_a_reload_returns_to_the_slide(page):
    page.keyboard.press("Space")
    page.wait_for_function("Reveal.getIndices().h === 1")
    page.reload()
    wait_for_first_slide(page)
    page.wait_for_function("Reveal.getIndices().h === 1")


def test_rise_waits_for_the_notebook(stages):
    # Loaded by its own setting RISE sometimes comes before the notebook and misses its metadata.
    address = stages(EDITION).address("JupyterLab").replace("/lab?", "/api/config/notebook?")
    with urllib.request.urlopen(address) as answer:
        assert json.load(answer)["load_extensions"]["rise/main"] is False


def test_formulas_are_set_by_a_local_mathjax(page):
    page.wait_for_function("window.MathJax && MathJax.Hub")
    assert page.evaluate("new URL(MathJax.Hub.config.root, location).host") == page.evaluate(
        "location.host"
    )


def test_jupyterlab_is_at_hand_and_stays_on_the_machine(stages, chromium):
    with page_of(chromium, stages(EDITION).address("JupyterLab")) as (page, requests):
        page.get_by_role("region", name="File Browser Section").wait_for()
        page.wait_for_load_state("networkidle")
        assert outside(requests) == []


def test_the_checks_are_told_before_the_stage_opens(stages):
    told = stages(EDITION).output
    told = told[: next(i for i, line in enumerate(told) if line.startswith("On stage"))]
    topics = [re.split(r"[: ]", line)[1] for line in told if line.startswith("✓")]
    assert topics == ["data", "packages", "offline", "port", "kernel"]
    assert [line for line in told if line and not line.startswith(("✓", "waiting"))] == []


# --- Stopping and resuming ------------------------------------------------------------------------


@dataclass
class Stopped:
    """A stage on whose first code cell somebody typed, right before Ctrl-C."""

    port: int
    output: list[str]
    processes: list[psutil.Process]
    copy: Path
    untouched: bool
    code: int
    told: str  # what the browser was called with
    led: str  # the file that it was given


@pytest.fixture(scope="module")
def stopped(tmp_path_factory, chromium):
    folder = tmp_path_factory.mktemp("evening")
    browser = tmp_path_factory.mktemp("browser") / "browser"
    browser.write_text(f'#!/bin/sh\necho "$@" > {browser}.told\n')
    browser.chmod(0o755)
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("BROWSER", str(browser))
    before = files_of_the_project()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            opened(folder, port, deck=DECK_WITH_CODE, open_browser=True) as one,
            page_of(chromium, one.address("On stage")) as (page, _),
        ):
            wait_for_first_slide(page)
            page.evaluate(
                "Jupyter.notebook.get_cells().find((c) => c.cell_type === 'code')"
                ".code_mirror.replaceRange('# typed on stage\\n', {line: 0, ch: 0})"
            )
            time.sleep(1)
            processes = psutil.Process(one.process.pid).children(recursive=True)
            told = Path(f"{browser}.told").read_text()
            led = Path(told.strip().removeprefix("file://")).read_text()
            one.process.send_signal(signal.SIGINT)
            code = one.process.wait(timeout=30)
    monkeypatch.undo()
    copy = next(folder.iterdir())
    same = files_of_the_project() == before
    return Stopped(port, one.output, processes, copy, same, code, told, led)


def test_a_taken_port_gives_way_to_the_next(stopped):
    line = next(line for line in stopped.output if "port" in line)
    assert re.fullmatch(rf"✓ port: \d+ \({stopped.port} is taken\)", line)
    assert f":{stopped.port}/" not in "\n".join(stopped.output)


def test_the_browser_is_not_told_the_token_on_its_command_line(stopped):
    address = next(line.split()[-1] for line in stopped.output if line.startswith("On stage"))
    token = address.split("token=")[1]
    assert token not in stopped.told and "file://" in stopped.told
    assert f"/nbclassic/notebooks/{DECK_WITH_CODE}?token={token}" in stopped.led


def test_ctrl_c_leaves_no_server_and_no_kernel(stopped):
    assert stopped.code == 0
    assert len(stopped.processes) >= 2  # there were a server and a kernel
    assert [p for p in stopped.processes if p.is_running() and p.status() != "zombie"] == []


def test_what_was_typed_is_kept_and_its_place_is_told(stopped):
    kept = nbformat.read(stopped.copy / DECK_WITH_CODE, as_version=4)
    assert any("# typed on stage" in cell.source for cell in kept.cells)
    assert any(str(stopped.copy) in line for line in stopped.output if "kept in" in line)


def test_nothing_in_the_project_changes(stopped):
    assert stopped.untouched


def test_resume_reopens_the_latest_copy(stopped, chromium):
    with opened(stopped.copy.parent, resume=True) as one:
        assert one.shown == DECK_WITH_CODE
        with page_of(chromium, one.address("On stage")) as (page, _):
            wait_for_first_slide(page)
            texts = page.evaluate("Jupyter.notebook.get_cells().map((c) => c.get_text())")
    assert any("# typed on stage" in text for text in texts)
    assert list(stopped.copy.parent.iterdir()) == [stopped.copy]


# --- The working copy and the checks, without a browser -------------------------------------------


def test_nothing_to_resume_is_one_sentence(tmp_path):
    with pytest.raises(WorkshopError, match=r"no working copy of the edition 'x'.*without RESUME"):
        stage_present.present(edition="x", resume=True, folder=tmp_path)


@pytest.mark.parametrize("note", ["", "{", "[]", '{"deck": "slides/x.ipynb"}'])
def test_a_damaged_copy_is_one_sentence(tmp_path, note):
    path = tmp_path / "2021-07-13-090000" / copy.NOTE
    path.parent.mkdir()
    path.write_text(note)
    with pytest.raises(WorkshopError, match=r"\.stage\.json is damaged.*open its decks"):
        stage_present.present(resume=True, folder=tmp_path)


def test_a_full_disk_at_the_start_is_one_sentence_and_leaves_no_copy(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(stage_present, "Server", full)
    with pytest.raises(WorkshopError, match="cannot be written: No space left on device"):
        stage_present.present(folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_copy_is_never_overwritten(tmp_path):
    made = {copy.empty_copy(tmp_path, AGENDA, None, None).folder for _ in range(3)}
    assert len(made) == 3


@pytest.mark.parametrize(
    ("deck", "sentence"),
    [("slides/none.ipynb", "there is no such deck"), ("{tmp}/own.ipynb", "lies outside")],
)
def test_a_wrong_deck_is_one_sentence_and_leaves_no_copy(tmp_path, deck, sentence):
    (tmp_path / "own.ipynb").write_text("{}")
    with pytest.raises(WorkshopError, match=sentence):
        stage_present.present(Path(deck.format(tmp=tmp_path)), folder=tmp_path / "stage")
    assert not (tmp_path / "stage").exists()


def test_a_stop_during_the_preparation_leaves_no_half_copy(tmp_path, monkeypatch):
    def interrupted(*_):
        raise stage_present.Stop

    monkeypatch.setattr(stage_present, "_show", interrupted)
    stage_present.present(folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("deck", sorted({deck for _, deck in SHOWN}))
def test_every_deck_of_the_agenda_can_be_named(tmp_path, deck):
    assert copy.empty_copy(tmp_path, AGENDA, Path(deck), None).deck == deck


def test_pictures_from_elsewhere_or_nowhere_are_named(tmp_path):
    source = (
        "![a](https://example.org/a.png) ![b](figures/none.svg) ![c](data:image/png;base64,AA==)"
        ' [a link](https://example.org) <img src="//example.org/d.png" alt="">'
    )
    cell = nbformat.v4.new_markdown_cell(source, id="drawn")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "deck.ipynb")
    assert checks._missing(tmp_path / "deck.ipynb", tmp_path) == [
        "deck.ipynb, cell drawn loads https://example.org/a.png",
        "deck.ipynb, cell drawn shows figures/none.svg, which is not there",
        "deck.ipynb, cell drawn loads //example.org/d.png",
    ]


def test_packages_at_other_versions_are_named(tmp_path, monkeypatch):
    pinned = tmp_path / "requirements.txt"
    pinned.write_text(
        f"pytest=={pytest.__version__}\nnbformat==0.1 \\\n    --hash=sha256:00\n"
        "no-such-package==1 ; python_version < '3'\nneither-this==2\n"
    )
    monkeypatch.setattr(checks, "REQUIREMENTS", pinned)
    good, text = checks.check_packages()
    assert not good
    assert f"nbformat is {nbformat.__version__}, not ==0.1" in text
    assert "neither-this is missing, not ==2" in text
    assert "pytest" not in text and "no-such-package" not in text


def test_the_warm_up_imports_what_the_cells_import():
    cells = [
        nbformat.v4.new_code_cell("import os, sys\nprint(1)\nfrom json import loads as read"),
        nbformat.v4.new_code_cell("%matplotlib inline\nimport re"),
        nbformat.v4.new_markdown_cell("import antigravity"),
    ]
    assert copy.imports_of(cells) == "import os, sys\nfrom json import loads as read"
