"""One chain from notebook to page: only what changed is made again; a failure spoils nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.conftest import AGENDA
from workshop.agenda import read_agenda
from workshop.deck import execute, inputs
from workshop.deck.build import build, build_deck, strangers_page
from workshop.deck.read import read_deck
from workshop.errors import WorkshopError
from workshop.files import Progress
from workshop.paths import ROOT

CODE = "from workshop.data import load_patients\nload_patients().shape"


def saved(path: Path, *cells) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


def run(deck: Path, target: Path, mode: str = "auto"):
    said = execute.execute(deck, target, Progress("test"), mode)
    return said, nbformat.read(target, as_version=4)


# --- What each step is made from ------------------------------------------------------------------


@pytest.fixture
def kit(tmp_path, monkeypatch) -> Path:
    """Copy the kit's files, with one deck that has everything and one of prose alone."""
    for name in ("demos", "slides", "panel", "workshop"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "data/cache").mkdir(parents=True)
    (tmp_path / "data/cohort.json").write_text("{}", encoding="utf-8")
    (tmp_path / "data/cache/real.npz").write_bytes(b"data")
    for name in ("workshop.toml", "requirements.txt"):
        shutil.copy2(ROOT / name, tmp_path)
    figure = tmp_path / "demos/figures/one figure.svg"
    figure.write_text("<svg/>", encoding="utf-8")
    prose = new_markdown_cell("# All\n\n![what is drawn](figures/one%20figure.svg) [@strack-2014]")
    saved(tmp_path / "demos/all.ipynb", prose, new_code_cell(CODE, id="code"))
    saved(tmp_path / "slides/prose.ipynb", new_markdown_cell("# Prose alone", id="prose"))
    monkeypatch.setattr(inputs, "ROOT", tmp_path)
    monkeypatch.setattr("workshop.data.load.CACHE", tmp_path / "data/cache")
    monkeypatch.delenv("WORKSHOP_DATA", raising=False)
    return tmp_path


def made_from(kit: Path) -> dict[str, str]:
    """Return the fingerprints of both decks' steps."""
    agenda, found = read_agenda(kit / "workshop.toml"), {}
    for deck, source in (("demos/all", "real"), ("slides/prose", None)):
        path = kit / f"{deck}.ipynb"
        steps = inputs.page_inputs(path, agenda, agenda.edition("scipy"))
        notebook = read_deck(path)
        if any(cell.cell_type == "code" for cell in notebook.cells):
            steps["cells"] = execute._key(notebook, source)
        found |= {f"{Path(deck).name} {step}": digest for step, digest in steps.items()}
    return found


BOTH = {"all html", "prose html"}


@pytest.mark.parametrize(
    ("changed", "made_again"),
    [
        ("workshop/agenda.py", BOTH),
        ("workshop/prose.py", {"all cells", *BOTH}),
        ("workshop/references.py", BOTH),
        ("workshop/deck/export.py", BOTH),
        ("workshop/deck/prepare.py", BOTH),
        ("workshop/deck/build.py", BOTH),
        ("workshop/deck/templates/deck/deck.css", BOTH),
        ("workshop/deck/execute.py", {"all cells", "all html"}),
        ("workshop/deck/pdf.py", {"all pdf", "prose pdf"}),
        ("workshop/deck/participant.py", set()),
        ("workshop/__main__.py", set()),
        ("workshop/fonts.py", {"all cells", *BOTH}),
        ("workshop/teach/charts.py", {"all cells", "all html"}),
        ("workshop/data/load.py", {"all cells", *BOTH}),
        ("workshop/panel/words.py", set()),
        ("workshop/stage/server.py", set()),
        ("slides/rise.css", BOTH),
        ("slides/references.toml", {"all html"}),
        ("slides/figures/three-harms.svg", set()),
        ("demos/figures/one figure.svg", {"all html"}),
        ("demos/model-card.md", {"all cells", "all html"}),
        ("panel/script.md", set()),
        ("data/cohort.json", {"all cells", "all html"}),
        ("data/cache/real.npz", {"all cells", "all html"}),
        ("requirements.txt", {"all cells", *BOTH}),
        ("workshop.toml", set()),  # a comment says nothing
    ],
)
def test_a_change_makes_again_what_comes_from_it_and_nothing_else(kit, changed, made_again):
    before = made_from(kit)
    path = kit / changed
    path.write_bytes(path.read_bytes() + b"\n# changed\n")
    after = made_from(kit)
    assert {step for step in after if after[step] != before[step]} == made_again


@pytest.mark.parametrize(
    ("old", "new", "made_again"),
    [
        ('title = "Welcome"', 'title = "Good morning"', BOTH),
        ('repository = ""', 'repository = "https://example.org/kit"', BOTH),
        ("[editions.scipy]", "[ editions.scipy ]", set()),
        ('name = "PyData Global 2021"', 'name = "PyData Global"', set()),
    ],
)
def test_of_workshop_toml_only_what_it_says_of_the_edition_counts(kit, old, new, made_again):
    before, path = made_from(kit), kit / "workshop.toml"
    text = path.read_text(encoding="utf-8").replace(old, new)
    assert new in text
    path.write_text(text, encoding="utf-8")
    after = made_from(kit)
    assert {step for step in after if after[step] != before[step]} == made_again


def test_prose_code_and_another_source_of_data_are_told_apart(kit, monkeypatch):
    def changes(do) -> set[str]:
        before = made_from(kit)
        do()
        after = made_from(kit)
        return {step for step in after if after[step] != before[step]}

    deck = kit / "demos/all.ipynb"
    code, prose = new_code_cell(CODE, id="code"), new_markdown_cell("# Other words [@strack-2014]")
    assert changes(lambda: saved(deck, prose, code)) == {"all html"}
    again = new_code_cell(f"{CODE}\n1", id="code")
    assert changes(lambda: saved(deck, prose, again)) == {"all html", "all cells"}
    assert changes(lambda: os.utime(deck)) == set(), "time alone changes nothing"
    assert changes(lambda: monkeypatch.setenv("WORKSHOP_DATA", "synthetic")) == {"all html"}


@pytest.mark.parametrize(
    ("modules", "lists"),
    [
        ("workshop.data.fetch workshop.teach.*", ("CELLS",)),
        ("workshop.deck.prepare workshop.deck.export", ("PAGE",)),
        ("workshop.deck.pdf", ("PAGE", "PRINT")),
        ("workshop.panel.papers", ("PAPERS",)),
    ],
)
def test_the_lists_name_every_module_that_takes_part(modules, lists):
    names = [name for name in modules.split() if not name.endswith("*")]
    if "workshop.teach.*" in modules:
        names += [f"workshop.teach.{path.stem}" for path in (ROOT / "workshop/teach").glob("*.py")]
    code = (
        f"import sys, {', '.join(names)}\n"
        "for name, module in sys.modules.items():\n"
        "    if name.split('.')[0] == 'workshop': print(module.__file__)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    loaded = {Path(line) for line in done.stdout.split("\n") if line}
    listed = {path for name in lists for path in inputs.matching(getattr(inputs, name))}
    assert len(loaded) > 3 and loaded - listed == set()


# --- Running cells --------------------------------------------------------------------------------


def test_prose_does_not_run_cells_again_and_code_does(tmp_path, monkeypatch):
    monkeypatch.setattr("workshop.deck.execute.is_ours", lambda deck: True)

    def executed(prose: str, code: str):
        cells = [new_markdown_cell(prose, id="prose"), new_code_cell(code, id="code")]
        said, notebook = run(saved(tmp_path / "a.ipynb", *cells), tmp_path / "executed.ipynb")
        assert notebook.cells[0].source == prose
        return said, notebook.cells[1].outputs[0].text

    code = "import time\nprint(time.time_ns())"
    said, first = executed("a", code)
    assert said == "1 cell run"
    assert executed("b", code) == ("1 cell unchanged", first)
    said, second = executed("b", f"{code}  # again")
    assert said == "1 cell run" and int(second) > int(first)


def test_a_warning_is_an_error_in_the_kits_own_decks(tmp_path, monkeypatch):
    monkeypatch.setattr("workshop.deck.execute.is_ours", lambda deck: True)
    deck = saved(
        tmp_path / "a.ipynb", new_code_cell("import warnings\nwarnings.warn('old')", id="w")
    )
    with pytest.raises(WorkshopError, match=r"cell 1 \('w'\) raised UserWarning: old"):
        run(deck, tmp_path / "executed.ipynb")


def test_the_cell_that_failed_is_named_whatever_others_remember(tmp_path):
    later = new_code_cell("2", id="later")
    later.metadata["execution"] = {"iopub.execute_input": "2021-10-28T13:30:00Z"}
    deck = saved(tmp_path / "a.ipynb", new_code_cell("1 / 0", id="boom"), later)
    with pytest.raises(WorkshopError, match=r"cell 1 \('boom'\) raised ZeroDivisionError"):
        run(deck, tmp_path / "executed.ipynb")


STORED = new_output("stream", name="stdout", text="stored")
ERROR = new_output("error", ename="ValueError", evalue="meant", traceback=["ValueError: meant"])


@pytest.mark.parametrize(
    ("source", "outputs", "mode", "says", "shown"),
    [
        ("print('ran')", [STORED], "auto", "1 cell run", "ran"),
        ("print('ran')", [STORED], "always", "1 cell run", "ran"),
        ("print('ran')", [STORED], "never", "not run (EXECUTE=never), the stored out", "stored"),
        ("import absent_package", [STORED], "auto", "raised ModuleNotFoundError: No mod", "stored"),
        (
            "1 / 0",
            [STORED],
            "auto",
            "not run here (cell 1 ('c') raised ZeroDivisionError",
            "stored",
        ),
        ("raise ValueError('still')", [ERROR], "auto", "1 cell run", "still"),
        (
            "%matplotlib notebook\nimport matplotlib\nmatplotlib.get_backend()",
            [],
            "auto",
            "1 cell run",
            "inline",
        ),
        ("raise ValueError('still')", [ERROR], "always", "1 cell run", "still"),
    ],
)
def test_a_strangers_deck_runs_or_shows_what_it_stored(
    tmp_path, source, outputs, mode, says, shown
):
    deck = saved(tmp_path / "a.ipynb", new_code_cell(source, id="c", outputs=outputs))
    said, notebook = run(deck, tmp_path / "executed.ipynb", mode)
    (output,) = notebook.cells[0].outputs
    assert says in said and shown in str(output)
    assert notebook.metadata.executed.note == ("" if said == "1 cell run" else said)
    assert not notebook.cells[0].metadata.get("tags")
    assert notebook.cells[0].source == source


@pytest.mark.parametrize(
    ("outputs", "mode", "says"),
    [
        ([], "auto", "raised ZeroDivisionError"),
        ([STORED], "always", "raised ZeroDivisionError"),
        ([STORED], "perhaps", "EXECUTE is 'perhaps': choose auto, never, always"),
    ],
)
def test_without_stored_outputs_or_when_told_to_run_it_fails(tmp_path, outputs, mode, says):
    deck = saved(tmp_path / "a.ipynb", new_code_cell("1 / 0", id="c", outputs=outputs))
    with pytest.raises(WorkshopError, match=says):
        run(deck, tmp_path / "executed.ipynb", mode)
    assert not (tmp_path / "executed.ipynb").exists()


def test_a_missing_kernel_is_one_sentence_or_the_stored_outputs(tmp_path):
    deck = saved(tmp_path / "a.ipynb", new_code_cell("1", id="c"))
    notebook = nbformat.read(deck, as_version=4)
    notebook.metadata.kernelspec = {"name": "ir", "language": "R", "display_name": "R"}
    nbformat.write(notebook, deck)
    with pytest.raises(WorkshopError, match="asks for the kernel 'ir', which is not installed"):
        run(deck, tmp_path / "executed.ipynb")
    notebook.cells[0].outputs = [STORED]
    nbformat.write(notebook, deck)
    said, _ = run(deck, tmp_path / "executed.ipynb")
    assert "kernel 'ir'" in said and "stored outputs are shown" in said


# --- The build ------------------------------------------------------------------------------------


def test_a_deck_that_fails_spoils_no_other_and_keeps_its_last_pages(tmp_path, capsys):
    good = saved(tmp_path / "good.ipynb", new_code_cell("'fine'", id="fine"))
    bad = saved(tmp_path / "bad.ipynb", new_code_cell("'fine'", id="turns"))
    folder = tmp_path / "build"
    pages = [strangers_page(deck, AGENDA.edition(), folder) for deck in (bad, good)]
    assert build(AGENDA, pages, folder)
    before = [path.read_bytes() for path in (pages[0].html, pages[0].pdf)]
    made = pages[1].html.stat().st_mtime_ns
    saved(bad, new_code_cell("'fine'", id="fine"), new_code_cell("[][1]", id="turns"))
    capsys.readouterr()
    with pytest.raises(WorkshopError) as caught:
        build(AGENDA, pages, folder)
    assert (
        str(caught.value) == f"{bad}: cell 2 ('turns') raised IndexError: list index out of range."
    )
    assert [path.read_bytes() for path in (pages[0].html, pages[0].pdf)] == before
    assert pages[1].html.stat().st_mtime_ns > made
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{good}  1 cell run; 1 slide  ")


def test_two_decks_of_one_name_keep_apart_and_each_keeps_its_place(tmp_path):
    folder = tmp_path / "build"
    for name in ("one", "two"):
        saved(tmp_path / name / "talk.ipynb", new_markdown_cell(f"# Talk {name}"))
    for name in ("one", "two", "one"):
        build_deck(AGENDA, tmp_path / name / "talk.ipynb", folder=folder)
    made = sorted((folder / "other").iterdir())
    assert [p.name for p in made] == ["talk-2.html", "talk-2.pdf", "talk.html", "talk.pdf"]
    assert "Talk two" in made[0].read_text("utf-8") and "Talk one" in made[2].read_text("utf-8")


def test_two_kernels_run_at_a_time(tmp_path):
    """Each deck waits until the other one has begun: alone, one would wait for ever."""
    cell = (
        "import time, pathlib\npathlib.Path('{own}').touch()\nuntil = time.time() + 60\n"
        "while not pathlib.Path('{other}').exists():\n"
        "    assert time.time() < until\n    time.sleep(0.05)"
    )
    for own, other in (("a", "b"), ("b", "a")):
        saved(tmp_path / f"{own}.ipynb", new_code_cell(cell.format(own=own, other=other)))
    folder, edition = tmp_path / "build", AGENDA.edition()
    start = time.monotonic()
    build(AGENDA, [strangers_page(tmp_path / f"{n}.ipynb", edition, folder) for n in "ab"], folder)
    assert time.monotonic() - start < 60
