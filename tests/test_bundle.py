"""What a participant unzips: it is whole, runs alone, and says where to begin."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from packaging.requirements import Requirement

from tests.conftest import AGENDA
from workshop.deck import participant
from workshop.deck.needs import imported
from workshop.deck.read import read_deck, slides_of
from workshop.paths import ROOT
from workshop.take_home.bundle import write_bundle
from workshop.take_home.folder import first_page

EDITIONS = list(AGENDA.editions)
# Runs notebooks as a participant's kernel does: their folder is the current one, no module of the
# kit is at hand, there is no network, and what a cell shows is drawn. Then the cells that only the
# notebook with solutions has, and its checks again. Prints what each of the two printed.
RUNNER = """
import contextlib, io, json, os, socket, sys
from importlib.util import find_spec
from pathlib import Path

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

def refuse(*_, **__):
    raise AssertionError("a cell asks the network")

def run(cells):
    with contextlib.redirect_stdout(io.StringIO()) as told:
        for cell in cells:
            ran = shell.run_cell(cell.source)
            ran.raise_error()
            shell.display_formatter.format(ran.result)
    return told.getvalue()

def code_of(place):
    cells = nbformat.read(bundle / place / name, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]

socket.socket.connect = socket.getaddrinfo = refuse
sys.path = [place for place in sys.path if not (Path(place) / "workshop").is_dir()]
assert find_spec("workshop") is None
shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
printed, before, bundle = {}, list(sys.path), Path.cwd()
for name in sys.argv[1:]:
    shell.reset()
    sys.path[:] = before
    os.chdir(bundle / "notebooks")
    given = code_of("notebooks")
    solved = code_of("solutions") if (bundle / "solutions" / name).exists() else []
    known = {cell.source for cell in given}
    checks = [c for c in solved if c.source not in known or "check" in c.metadata.get("tags", [])]
    printed[name] = run(given), run(checks)
import workshop
assert Path(workshop.__file__).is_relative_to(bundle), workshop.__file__
builder = ("deck", "panel", "stage", "take_home", "agenda")
assert [name for name in builder if find_spec(f"workshop.{name}")] == []
print(json.dumps(printed))
"""


@pytest.fixture(scope="module")
def packed(tmp_path_factory) -> dict[str, Path]:
    """Pack every edition, with a site that is a single page; the zips by edition.

    Pictures are not drawn, which takes a minute: `test_participant` looks at all of them.
    """
    build = tmp_path_factory.mktemp("build")
    for key in EDITIONS:
        page = build / "site" / key / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text(f"<title>{key}</title>", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(participant, "_drawn", lambda svg: b"")
        patched.setattr(participant, "launched", contextlib.nullcontext)
        return {key: write_bundle(AGENDA, e, build) for key, e in AGENDA.editions.items()}


@pytest.fixture(scope="module")
def unzipped(packed, tmp_path_factory) -> dict[str, Path]:
    folders = {}
    for key, path in packed.items():
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path_factory.mktemp(key))
            tops = {name.split("/")[0] for name in archive.namelist()}
        assert tops == {f"fairlearn-workshop-{key}"}, "one folder, so that nothing is strewn about"
        folders[key] = tmp_path_factory.getbasetemp() / f"{key}0" / tops.pop()
    return folders


def bare(**more: str) -> dict[str, str]:
    """Return an environment that knows nothing of the kit."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "WORKSHOP"))}
    return {**kept, "MPLBACKEND": "agg", "OPENBLAS_NUM_THREADS": "1", **more}


def in_bundle(folder: Path, *arguments: str, **more: str):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=bare(**more),
        capture_output=True,
        text=True,
        timeout=300,
    )


def code_in(folder: Path) -> dict[str, str]:
    """Return the notebooks of a bundle by their code; what is the same runs once."""
    found = {}
    for path in sorted(folder.glob("notebooks/*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        found["".join(str(c["source"]) for c in cells if c["cell_type"] == "code")] = path.name
    return found


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_given_cell_runs_in_the_unzipped_folder(unzipped, edition):
    """Who has done nothing yet is not told that an exercise is solved; the solutions solve it."""
    folder, others = unzipped[edition], EDITIONS[EDITIONS.index(edition) + 1 :]
    done_there = {code for other in others for code in code_in(unzipped[other])}
    names = [name for code, name in code_in(folder).items() if code not in done_there]
    done = in_bundle(folder, "-I", "-c", RUNNER, *names)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    printed = json.loads(done.stdout.splitlines()[-1])
    assert list(printed) == names and len(names) >= 4
    for name, (given, solved) in printed.items():
        assert given.startswith("Ready.")
        assert "✓" not in given and "✗" not in solved, name
        assert given.count("✗") == solved.count("✓"), name


def solves(edition: str, deck: str) -> bool:
    """Tell whether what the edition shows of a deck has an exercise."""
    long = AGENDA.edition(edition).long
    cells = [c for slide in slides_of(read_deck(ROOT / deck), long) for c in slide.cells]
    return any("exercise-code" in cell.metadata.get("tags", []) for cell in cells)


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_bundle_holds_what_a_participant_needs_and_nothing_else(packed, edition):
    with zipfile.ZipFile(packed[edition]) as archive:
        names = {name.partition("/")[2] for name in archive.namelist()}
        sizes = sum(info.file_size for info in archive.infolist())
    decks = [Path(deck).name for deck in AGENDA.edition(edition).decks]
    assert {n for n in names if n.startswith("notebooks")} == {f"notebooks/{d}" for d in decks}
    solved = {n for n in names if n.startswith("solutions")}
    exercises = [deck for deck in AGENDA.edition(edition).decks if solves(edition, deck)]
    assert solved == {f"solutions/{Path(deck).name}" for deck in exercises}
    tops = {name.split("/")[0] for name in names}
    assert tops == {
        *("START.html", "check_setup.py", "requirements.txt", "LICENSE"),
        *("notebooks", "site", "workshop", "data", "demos"),
        *(["solutions"] if exercises else []),
    }
    inside = {name.split("/")[1] for name in names if name.startswith("workshop/")}
    assert {part for part in inside if "." not in part} == {"data", "teach"}
    assert {name for name in names if name.startswith("data")} == {
        *("data/README.md", "data/cohort.json", "data/splits.json")
    }
    assert not [name for name in names if name.endswith((".pyc", ".npz"))]
    assert sizes < 40e6


def test_the_same_content_is_the_same_file(packed):
    """So that who has it need not fetch it again."""
    key = EDITIONS[0]
    before = packed[key].read_bytes()
    (packed[key].parent / "participant" / key / "START.html").touch()  # now, and packed again
    again = write_bundle(AGENDA, AGENDA.edition(key), packed[key].parent)
    assert again == packed[key] and again.read_bytes() == before


def test_without_notes_it_takes_the_site_without_notes(packed):
    build = packed[EDITIONS[0]].parent
    path = write_bundle(AGENDA, replace(AGENDA.edition(EDITIONS[0]), notes=False), build)
    assert path == build / "public" / packed[EDITIONS[0]].name
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if "/site/" in name], "none is built"


# --- What is installed ----------------------------------------------------------------------------


def test_what_is_installed_is_closed_and_holds_no_builder(unzipped):
    """By the packages' own metadata, where the list itself comes from requirements.txt."""
    for folder in unzipped.values():
        text = (folder / "requirements.txt").read_text(encoding="utf-8")
        names = set(re.findall(r"^([\w.-]+)==", text, flags=re.MULTILINE))
        assert names >= {"jupyterlab", "fairlearn", "scikit-learn", "pandas", "matplotlib"}
        assert not names & {"playwright", "rise", "nbclassic", "pytest", "ruff", "segno", "pypdf"}
        for name in names:
            try:
                lines = requires(name) or []
            except PackageNotFoundError:  # for another system or Python
                continue
            for needs in map(Requirement, lines):
                if needs.marker is None or needs.marker.evaluate({"extra": ""}):
                    found = re.sub(r"[-_.]+", "-", needs.name).lower()
                    assert found in names, f"{name} needs {found}"


def test_imports_are_found_wherever_they_stand():
    code = "import a.b, os\ndef f():\n    from c.d import e\n    return package_folder('g')\n"
    assert imported(code + "from workshop.data import x\nfrom . import y\n") == {"a", "c", "g"}


def test_binder_and_colab_open_the_same_folder(packed):
    branch = packed[EDITIONS[0]].parent / "participant"
    assert {path.name for path in branch.iterdir()} == {
        *EDITIONS,
        "requirements.txt",
        "runtime.txt",
    }
    assert (branch / "runtime.txt").read_text("utf-8") == "python-{}.{}".format(*sys.version_info)
    somewhere = replace(AGENDA, repository="https://github.com/someone/kit")
    for edition in AGENDA.editions.values():
        page = first_page(somewhere, edition, [])
        binder = 'https://mybinder.org/v2/gh/someone/kit/participant[?]urlpath=lab/tree/(.+?)"'
        assert (branch / re.search(binder, page)[1]).is_dir()
        links = re.findall(r"colab\S+/someone/kit/blob/participant/(.+?)\"", page)
        assert len(links) == len(edition.decks)
        assert all((branch / link).is_file() for link in links)


def test_the_real_data_are_one_more_command(unzipped):
    folder = unzipped[EDITIONS[0]]
    done = in_bundle(folder, "-m", "workshop.data", "absent.zip")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "absent.zip cannot be read (No such file or directory): name another.\n"
    load = "from workshop.data import load_patients; load_patients(source='real')"
    done = in_bundle(folder, "-c", load)
    assert "run `python -m workshop.data` with a network or `python -m workshop.data path/" in (
        done.stderr
    )


# --- The first page -------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("edition", EDITIONS)
def test_the_first_page_reads_well_and_leads_only_to_what_is_there(unzipped, page, edition, scheme):
    folder = unzipped[edition]
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto((folder / "START.html").as_uri())
    page.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    links = page.locator("a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert links == ["site/index.html"] and (folder / links[0]).is_file()
    text = page.locator("main").inner_text()
    for name in re.findall(r"[\w-]+\.(?:py|txt|md)\b", text):
        assert list(folder.rglob(name)), name
    assert all(path.stem in text for path in folder.glob("notebooks/*"))
    violations = Axe().run(page).response["violations"]
    assert [v["id"] for v in violations if v["impact"] in {"serious", "critical"}] == []
    assert page.requests == [page.url] and page.errors == []
