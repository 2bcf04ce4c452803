"""The set-up check: each planted fault gets its own sign, and the one right next step."""

from __future__ import annotations

import ast
import http.server
import re
import shutil
import socket
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest

from tests.test_bundle import bare
from workshop.paths import ROOT
from workshop.take_home import check_setup

SOURCE = Path(check_setup.__file__).read_text(encoding="utf-8")
PAPER = "follow on paper, and on your neighbour's screen"
INSTALL = (
    f"run {sys.executable} -m venv .venv && .venv/bin/python -m pip install -r requirements.txt"
)
IN_PYTHON_ORG = "install Python 3.13 (64 bits) from https://www.python.org/downloads/ and run this"


@pytest.fixture
def folder(tmp_path) -> Path:
    """Lay out what the check looks at, as a bundle has it."""
    for name in ("workshop", "data"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("cache"))
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    (tmp_path / "check_setup.py").write_text(SOURCE, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def network():
    """Answer on a port of this machine, as an index of packages or as Colab; its address."""

    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def nowhere():
    """Hold a port on which nobody answers; its address."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/"


def check(folder: Path, index: str, before: str = "", **more: str) -> tuple[str, str, str]:
    """Run the check with something wrong before it starts: its sign, what is wrong, the step."""
    script = (
        f"import sys\n{before}\nimport runpy\nsys.argv = ['check_setup.py']\n"
        "runpy.run_path('check_setup.py', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=bare(PIP_INDEX_URL=index, **more),
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.stderr == ""
    *lines, step, code = done.stdout.splitlines()
    assert step.startswith("Next step: ") and re.fullmatch("Code: FL-[0-9A-F]{3}", code)
    sign = code[9]
    assert (done.returncode == 0) == (sign == "0")
    wrong = [line[9:] for line in lines if line.startswith("  WRONG  ")]
    assert len(wrong) == (sign != "0")
    return sign, "".join(wrong), step.removeprefix("Next step: ")


def pin(folder: Path, name: str, release: str) -> None:
    with (folder / "requirements.txt").open("a", encoding="utf-8") as stream:
        stream.write(f"{name}=={release} \\\n    --hash=sha256:0\n")


def module(folder: Path, name: str, code: str) -> dict[str, str]:
    """Put a module in the way of every Python that is started."""
    path = folder / "in-the-way" / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, encoding="utf-8")
    return {"PYTHONPATH": str(folder / "in-the-way")}


def test_a_computer_that_is_ready_is_told_how_to_start(folder, nowhere):
    (folder / "requirements.txt").write_text("fairlearn==" + release("fairlearn") + "\n", "utf-8")
    sign, _, step = check(folder, nowhere)
    assert (sign, step) == ("0", f"you are ready. Start: {sys.executable} -m jupyter lab")


def release(name: str) -> str:
    (found,) = re.findall(rf"^{name}==(\S+)", (ROOT / "requirements.txt").read_text("utf-8"), re.M)
    return found


@pytest.mark.parametrize(
    ("version", "sign", "wrong"),
    [
        ((3, 9, 6, "final", 0), "1", "Python 3.9.6 is too old: 3.11 or later is needed"),
        ((3, 15, 0, "final", 0), "2", "Python 3.15.0 is too new: the packages are for 3.14 and"),
    ],
)
def test_another_python_is_found_or_asked_for(folder, nowhere, version, sign, wrong):
    before = f"sys.version_info = {version}"
    empty, path = folder / "empty", folder / "path"
    empty.mkdir()
    found, said, step = check(folder, nowhere, before, PATH=str(empty))
    assert found == sign and said.startswith(wrong) and step == f"{IN_PYTHON_ORG} with it"
    path.mkdir()
    (path / "python3.12").symlink_to(sys.executable)
    (path / "python3.13").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")  # does not start
    (path / "python3.13").chmod(0o755)
    assert check(folder, nowhere, before, PATH=str(path))[2] == "run python3.12 check_setup.py"


def test_32_bits_will_not_do(folder, nowhere):
    sign, wrong, step = check(folder, nowhere, "sys.maxsize = 2**31 - 1", PATH="")
    assert (sign, step) == ("3", f"{IN_PYTHON_ORG} with it") and "has 32 bits" in wrong


def test_alone_outside_its_folder_it_asks_to_unzip(tmp_path, nowhere):
    (tmp_path / "check_setup.py").write_text(SOURCE, encoding="utf-8")
    sign, wrong, step = check(tmp_path, nowhere)
    assert (sign, wrong) == ("4", "this folder is not complete: requirements.txt is missing")
    assert step == "unzip the whole file into your home folder, and run check_setup.py there"


def test_a_cut_data_file_asks_to_unzip_again(folder, nowhere):
    path = folder / "data/cohort.json"
    path.write_bytes(path.read_bytes()[:1000])
    sign, wrong, step = check(folder, nowhere)
    assert (sign, wrong) == ("5", "data/cohort.json is damaged or missing")
    assert step == "unzip the file again, over this folder, and run check_setup.py again"


def test_a_folder_that_cannot_be_written_is_to_be_moved(folder, nowhere):
    (folder / ".check").mkdir()  # a superuser may write everywhere, but not a file over a folder
    sign, wrong, step = check(folder, nowhere)
    assert sign == "6" and wrong.startswith("this folder cannot be written: ")
    assert step == "move this folder into your home folder, and run check_setup.py there"


def test_a_full_disk_leads_to_colab_where_there_is_one(folder, network):
    full = "import shutil\nshutil.disk_usage = lambda _: shutil._ntuple_diskusage(9, 8, 10**8)"
    pin(folder, "absent", "1.0")
    sign, wrong, step = check(folder, network, full)
    assert (sign, step) == ("7", PAPER) and wrong.endswith(" GB, and 0.1 are free")
    with_colab(folder, f"{network}data/README.md")
    colab = "open the notebooks in Google Colab, with this computer's browser: "
    assert check(folder, network, full)[2] == f"{colab}{network}data/README.md"


def with_colab(folder: Path, address: str) -> None:
    code = SOURCE.replace('COLAB = ""', f"COLAB = {address!r}")
    (folder / "check_setup.py").write_text(code, encoding="utf-8")


def test_the_environment_of_the_folder_is_to_be_used(folder, network):
    pin(folder, "absent", "1.0")
    python = folder / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.touch()
    sign, wrong, step = check(folder, network)
    assert (sign, step) == ("8", "run .venv/bin/python check_setup.py")
    assert wrong == "this is not the Python of the environment .venv, which is in this folder"


def test_missing_packages_are_installed_or_without_a_network_done_without(folder, network, nowhere):
    pin(folder, "absent", "1.0")
    sign, wrong, step = check(folder, network)
    assert (sign, step) == ("9", INSTALL)
    assert re.fullmatch(r"1 of \d+ packages are missing, absent for one", wrong)
    (folder / "site").mkdir()
    (folder / "site/index.html").touch()
    with_colab(folder, network)  # of no use without a network
    because = "the packages cannot be had without a network: "
    told = f"{because}{PAPER}; site/index.html shows every result"
    assert check(folder, nowhere)[::2] == ("9", told)


def test_a_python_without_venv_is_told_what_to_install(folder, network):
    pin(folder, "absent", "1.0")
    sign, wrong, step = check(folder, network, "sys.modules['ensurepip'] = None")
    assert (sign, wrong) == ("A", "Python's module venv is missing")
    assert step.startswith("install it (Debian, Ubuntu: sudo apt install python3-venv)")


def test_another_release_is_told(folder, network):
    (folder / "requirements.txt").write_text("fairlearn==0.0.1\n", encoding="utf-8")
    sign, wrong, step = check(folder, network)
    assert (sign, step) == ("B", INSTALL)
    assert wrong == f"other releases: fairlearn {release('fairlearn')} instead of 0.0.1"


def test_a_file_that_hides_a_module_is_to_be_renamed(folder, nowhere):
    (folder / "notebooks/fairlearn.py").touch()
    sign, wrong, step = check(folder, nowhere)
    assert (sign, wrong) == ("C", "your file fairlearn.py hides a module of that name")
    assert step == "rename fairlearn.py, in the folder notebooks, and run check_setup.py again"


def test_a_package_that_cannot_be_loaded_is_named(folder, nowhere):
    way = module(folder, "sklearn", "raise ImportError('DLL load failed: no libomp')")
    sign, wrong, step = check(folder, nowhere, **way)
    assert (sign, step) == ("C", PAPER)
    assert wrong == "a package cannot be loaded: ImportError: DLL load failed: no libomp"


def test_a_kernel_that_does_not_start_is_told(folder, nowhere):
    way = module(folder, "ipykernel_launcher", "raise SystemExit(1)")
    sign, wrong, step = check(folder, nowhere, **way)
    assert (sign, step) == ("D", PAPER) and wrong.startswith("the kernel does not start: ")


def test_a_wrong_number_is_told(folder, nowhere):
    code = (
        "import pandas\nfalse_negative_rate = None\nclass MetricFrame:\n"
        "    def __init__(self, sensitive_features, **_):\n"
        "        self.by_group = pandas.Series(0.5, index=sensitive_features.unique())\n"
    )
    way = module(folder, "fairlearn/metrics", code)
    module(folder, "fairlearn/__init__", "")
    sign, wrong, step = check(folder, nowhere, **way)
    assert (sign, step) == ("E", PAPER)
    assert "ArithmeticError: MetricFrame says {'" in wrong and "0.5" in wrong


def test_what_nobody_foresaw_still_gets_a_code(folder, nowhere):
    (folder / "requirements.txt").write_bytes(b"\xff\xfe\x00")
    sign, wrong, step = check(folder, nowhere)
    assert (sign, step) == ("F", PAPER) and "UnicodeDecodeError" in wrong


def test_a_code_is_read_back(folder):
    for sign, wrong, look in check_setup.SIGNS:
        told = check_setup.explained(f"fl-{sign}b5 ")
        assert told == f"{wrong}. {look}\nmacOS, Python 3.11 (environment)"
    assert "Python 2 (plain)" in check_setup.explained("FL-1X8")
    for text in ("", "FL-9B", "FL-GB1", "FL-9B3", "FL-9B11"):
        assert "is no code of this check" in check_setup.explained(text)


# --- Any Python can read it -----------------------------------------------------------------------

TOO_NEW = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Nonlocal, ast.YieldFrom, ast.Match)


def test_any_python_can_read_it():
    """What Python 2.7 does not know, beside what `feature_version` knows of Python 3.4."""
    assert SOURCE.isascii() and "from __future__ import print_function" in SOURCE
    for node in ast.walk(ast.parse(SOURCE, feature_version=(3, 4))):
        assert not isinstance(node, TOO_NEW), f"line {node.lineno}"
        if isinstance(node, ast.FunctionDef):
            arguments = node.args
            assert not (node.returns or arguments.kwonlyargs or arguments.posonlyargs)
            assert not any(argument.annotation for argument in arguments.args)
        elif isinstance(node, ast.Call):
            stars = [i for i, a in enumerate(node.args) if isinstance(a, ast.Starred)]
            assert stars in ([], [len(node.args) - 1]), f"line {node.lineno}"
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            assert not any(isinstance(e, ast.Starred) for e in node.elts), f"line {node.lineno}"
        elif isinstance(node, ast.Dict):
            assert None not in node.keys, f"line {node.lineno}"
        elif isinstance(node, ast.Raise):
            assert node.cause is None, f"line {node.lineno}"


def test_it_asks_for_the_pythons_that_are_tested():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == ">={}.{}".format(*check_setup.OLDEST)
    workflow = (ROOT / ".github/workflows/test.yml").read_text("utf-8")
    tested = re.findall(r'"3\.(\d+)"', workflow)
    assert (3, int(tested[0])) == check_setup.OLDEST
    assert (3, int(tested[-1])) == check_setup.NEWEST
