"""Put a deck on stage: a working copy, checks, and one Jupyter server with RISE, until Ctrl-C."""

from __future__ import annotations

import ast
import datetime as dt
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from html import escape
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from packaging.requirements import Requirement

from workshop.agenda import ROOT, Agenda, read_agenda
from workshop.data import data_source
from workshop.errors import WorkshopError

# nbformat and what builds on it take a second to import. Functions that run while the server
# starts import them themselves: the room waits a second less.
if TYPE_CHECKING:
    from jupyter_client import BlockingKernelClient
    from nbformat import NotebookNode

FOLDER = ROOT / "build" / "stage"
CONFIG = Path(__file__).parent / "jupyter"
REQUIREMENTS = ROOT / "requirements.txt"
THEME = ROOT / "slides" / "rise.css"
# What RISE is told on stage, besides the footer. Width and height stay at RISE's 100 %:
# custom.js scales the canvas of 1280 by 720, because reveal's own scaling misplaces the cursor.
RISE = {
    "autolaunch": True,
    "theme": "white",
    "transition": "none",
    "center": False,
    "margin": 0,
    "controls": False,
    "progress": False,
    "slideNumber": "c/t",
    "auto_select": "code",
    "auto_select_fragment": True,
    "enable_chalkboard": True,
    "show_buttons_on_startup": False,
}
STAMP = re.compile(r"\d{4}-\d\d-\d\d-\d{6}(-\d+)?")
NOTE = ".stage.json"  # beside the copied decks: what the copy shows
SHOWN_FILES = {".css", ".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".mp4", ".webm"}
LOADED = re.compile(
    r"!\[[^\]]*\]\(\s*<?([^)\s>]+)"  # a picture in Markdown
    r"|<(?:img|script|link|iframe|video|audio|source)\b[^>]*?\b(?:src|href)=[\"']?([^\"'\s>]+)"
    r"|url\(\s*[\"']?([^\"')]+)"  # in a style sheet
)
KEYS = (
    "Space next · Shift+Space back · Shift+Enter run the cell · t speaker view · "
    "] draw, [ chalkboard · b black · ? all keys"
)


@dataclass(frozen=True)
class Copy:
    """A working copy: its folder, and the deck, edition and data source that it shows."""

    folder: Path
    deck: str
    edition: str
    source: str

    @property
    def home(self) -> Path:
        """Return the folder of what Jupyter keeps for itself."""
        return self.folder / ".jupyter"


class Stop(KeyboardInterrupt):
    """Somebody asked the stage to stop: not an Exception, which code on the way might catch."""


def present(
    deck: Path | None = None,
    edition: str | None = None,
    resume: bool = False,
    open_browser: bool = True,
    port: int = 8888,
    folder: Path = FOLDER,
) -> None:
    """Put a working copy of `deck` on stage and return when Ctrl-C or SIGTERM stops it.

    By default the first deck of the first edition; with `resume` the latest working copy again.
    Raises WorkshopError when there is nothing to show or the server or the kernel do not start.
    """
    agenda = read_agenda()
    find = _latest if resume else _empty
    copy = find(folder, agenda, deck, edition)
    with _stoppable():
        try:
            _show(copy, agenda, resume, open_browser, port)
        except Stop:
            pass
        finally:
            if not (copy.folder / NOTE).exists():
                shutil.rmtree(copy.folder)  # half a copy helps nobody
    if copy.folder.exists():
        print(f"\nStopped. What you typed is kept in {_near(copy.folder)}")
        print("(make present RESUME=1 reopens it)")
    else:
        print("\nStopped before the stage was ready.")


def _show(copy: Copy, agenda: Agenda, resume: bool, open_browser: bool, wanted: int) -> None:
    port = _free_port(wanted)
    server = Server(copy, port)
    try:
        if not resume:
            _fill(copy, agenda)
        _say(*_check_data(copy))
        _say(*_check_packages())
        _say(*_check_offline(copy))
        _say(True, f"port: {port}" + ("" if port == wanted else f" ({wanted} is taken)"))
        server.wait()
        _say(True, f"kernel: {server.start_kernel()}")
        print(f"\nOn stage    {server.stage_url}")
        print(f"JupyterLab  {server.lab_url}")
        print(f"Keys        {KEYS}")
        print("Stop        Ctrl-C\n", flush=True)
        if open_browser and _has_screen():
            webbrowser.open(server.stage_url)
        server.run()
    finally:
        _deaf()
        server.stop()


def _has_screen() -> bool:
    """Tell whether a browser can open: without a screen a text browser would take the terminal."""
    return sys.platform != "linux" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )


def _say(good: bool, text: str) -> None:
    print("✓" if good else "✗", text, flush=True)


def _near(path: Path) -> str:
    """Return the path as seen from the project, where it lies inside."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


# --- The working copy ---------------------------------------------------------------------------


def _chosen(deck: Path, agenda: Agenda) -> str:
    """Return the path of a deck from the project's root, as in workshop.toml."""
    if any(Path(deck).as_posix() in edition.decks for edition in agenda.editions.values()):
        return Path(deck).as_posix()  # the panel's deck is no file
    path = next((p.resolve() for p in (Path(deck), ROOT / deck) if p.is_file()), None)
    if path is None:
        raise WorkshopError(f"{deck}: there is no such deck.")
    if not path.is_relative_to(ROOT):
        raise WorkshopError(f"{deck} lies outside the project: copy it to slides/ or demos/ first.")
    return path.relative_to(ROOT).as_posix()


def _empty(folder: Path, agenda: Agenda, deck: Path | None, edition_key: str | None) -> Copy:
    """Make the folder of a new copy, with Jupyter's own folders; never an existing one."""
    edition = agenda.edition(edition_key)
    if deck is None and not edition.decks:
        raise WorkshopError(f"The edition '{edition.key}' has no deck: name one with DECK=…")
    chosen = edition.decks[0] if deck is None else _chosen(deck, agenda)
    stamp = dt.datetime.now().strftime("%Y-%m-%d-%H%M%S")
    for number in range(1, 1000):
        path = folder / (stamp if number == 1 else f"{stamp}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise WorkshopError(f"{path} cannot be written: {error.strerror}.") from None
        break
    return Copy(path, chosen, edition.key, data_source())


def _fill(copy: Copy, agenda: Agenda) -> None:
    """Write the decks as the edition shows them, with the files beside them."""
    import nbformat
    from nbformat.sign import NotebookNotary

    from workshop.deck import prepare, read_deck

    edition = agenda.edition(copy.edition)
    decks = [deck for each in agenda.editions.values() for deck in each.decks]
    decks = list(dict.fromkeys([copy.deck, *decks]))
    for parent in dict.fromkeys(Path(deck).parent for deck in decks):
        _copy_files(ROOT / parent, copy.folder / parent)
    (copy.home / "data").mkdir(parents=True, exist_ok=True)
    notary = NotebookNotary(data_dir=str(copy.home / "data"))
    for deck in decks:
        notebook = read_deck(ROOT / deck)
        notebook = with_rise(prepare(notebook, agenda, edition, deck, copy.source))
        notary.sign(notebook)
        nbformat.write(notebook, copy.folder / deck)
    note = {**asdict(copy), "folder": copy.folder.name}
    (copy.folder / NOTE).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")


def with_rise(notebook: NotebookNode) -> NotebookNode:
    """Tell RISE how to show a prepared deck: the stage's settings and the deck's footer."""
    footer = notebook.metadata["workshop"]["footer"]
    notebook.metadata["rise"] = {**RISE, "footer": f"<span>{escape(footer)}</span>"}
    return notebook


def _copy_files(source: Path, target: Path) -> None:
    """Copy style sheets and pictures, the drawn ones with their font."""
    from workshop.figures import with_font

    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*") if source == ROOT else source.rglob("*")):
        if path.suffix.lower() not in SHOWN_FILES or not path.is_file():
            continue
        goal = target / path.relative_to(source)
        goal.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".svg":
            goal.write_text(with_font(path.read_text(encoding="utf-8")), encoding="utf-8")
        else:
            shutil.copyfile(path, goal)
    if not (target / THEME.name).exists():
        shutil.copyfile(THEME, target / THEME.name)


def _latest(folder: Path, agenda: Agenda, deck: Path | None, edition: str | None) -> Copy:
    """Return the latest copy, of `edition` where it is given, to be opened on `deck`."""
    notes = [
        (path / NOTE)
        for path in (sorted(folder.iterdir(), reverse=True) if folder.is_dir() else [])
        if STAMP.fullmatch(path.name) and (path / NOTE).is_file()
    ]
    for note in notes:
        said = json.loads(note.read_text(encoding="utf-8"))
        if edition not in (None, said["edition"]):
            continue
        copy = Copy(**{**said, "folder": note.parent})
        if deck is not None:
            copy = Copy(**{**vars(copy), "deck": _chosen(deck, agenda)})
        if not (copy.folder / copy.deck).is_file():
            raise WorkshopError(f"{copy.deck} is not in {_near(copy.folder)}: leave out RESUME=1.")
        return copy
    of_edition = f" of the edition '{edition}'" if edition else ""
    raise WorkshopError(
        f"There is no working copy{of_edition} in {_near(folder)} to resume: leave out RESUME=1."
    )


# --- The checks ---------------------------------------------------------------------------------


def _check_data(copy: Copy) -> tuple[bool, str]:
    """Name the data; a copy that shows the real data is of no use where they are gone."""
    from workshop.deck import DATA_LABELS

    if copy.source == "real" and data_source() == "synthetic" and "WORKSHOP_DATA" not in os.environ:
        raise WorkshopError(
            f"{_near(copy.folder)} shows the real data, which are not here: run make data first."
        )
    return True, f"data: {DATA_LABELS[copy.source][1]}"


def _check_packages() -> tuple[bool, str]:
    """Compare what is installed with requirements.txt, for this Python and system."""
    wrong, right = [], 0
    for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines():
        line = line.split(" #")[0].split(" --hash")[0].rstrip("\\").strip()
        if not line or line.startswith(("#", "-")):
            continue
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate():
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            installed = "missing"
        if installed != "missing" and requirement.specifier.contains(installed, prereleases=True):
            right += 1
        else:
            wrong.append(f"{requirement.name} is {installed}, not {requirement.specifier}")
    if wrong:
        return False, f"packages: {'; '.join(wrong)}: run make setup"
    return True, f"packages: {right} at the pinned versions"


def _check_offline(copy: Copy) -> tuple[bool, str]:
    """See that the pages need nothing from outside: RISE, its font, MathJax, every picture."""
    wanted = _installed_files()
    problems = [f"{path.name} is not installed" for path in wanted if not path.is_file()]
    decks = [p for p in copy.folder.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts]
    for path in [*decks, *copy.folder.rglob("*.css")]:
        if not any(part.startswith(".") for part in path.relative_to(copy.folder).parts):
            problems += _missing(path, copy.folder)
    if problems:
        return False, f"offline: {'; '.join(problems)}"
    return True, f"offline: RISE, fonts, formulas and the pictures of {len(decks)} decks are here"


def _installed_files() -> list[Path]:
    reveal = Path(sys.prefix) / "share/jupyter/nbextensions/rise/reveal.js"
    nbclassic = Path(find_spec("nbclassic").origin).parent
    return [
        reveal / f"css/theme/{RISE['theme']}.css",
        reveal / "lib/font/source-sans-pro/source-sans-pro-regular.woff",
        nbclassic / "static/components/MathJax/MathJax.js",
    ]


def _missing(path: Path, root: Path) -> list[str]:
    """Return what a deck or style sheet loads from elsewhere or from a file that is not there."""
    import nbformat

    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        parts = [(f", cell {c.id}", c.source) for c in cells if c.cell_type == "markdown"]
    else:
        parts = [("", text)]
    found = []
    for where, source in parts:
        for match in LOADED.finditer(source):
            address = next(filter(None, match.groups()))
            place = f"{path.relative_to(root)}{where}"
            if re.match(r"https?:|//", address):
                found.append(f"{place} loads {address}")
            elif not re.match(r"\w+:|#", address) and not (path.parent / address).is_file():
                found.append(f"{place} shows {address}, which is not there")
    return found


def _free_port(port: int) -> int:
    """Return the first free port from `port` on."""
    for candidate in range(port, port + 50):
        with socket.socket() as probe:
            # As the server does: a port that merely waits for late packets is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return candidate
    raise WorkshopError(f"No port from {port} to {port + 49} is free: stop another server first.")


# --- The server ---------------------------------------------------------------------------------


class Server:
    """A Jupyter server of its own for one working copy: own settings, own token, own log."""

    def __init__(self, copy: Copy, port: int):
        """Start the server; `wait` tells when it answers."""
        self.copy, self.address = copy, f"http://127.0.0.1:{port}"
        self.token = secrets.token_urlsafe(24)
        self.log = copy.home / "server.log"
        self.kernel: BlockingKernelClient | None = None
        copy.home.mkdir(exist_ok=True)
        shutil.rmtree(copy.home / "config", ignore_errors=True)
        shutil.copytree(CONFIG, copy.home / "config")  # NbClassic writes into its settings
        command = [sys.executable, "-m", "jupyter_server", f"--ServerApp.port={port}"]
        command.append(f"--ServerApp.root_dir={copy.folder}")
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=copy.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the stage alone, which stops the server
            )

    def _environment(self) -> dict[str, str]:
        """Return the environment without the person's Jupyter settings."""
        foreign = ("JUPYTER", "IPYTHON", "MPLBACKEND")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        home = self.copy.home
        paths = [str(ROOT), *filter(None, [kept.get("PYTHONPATH")])]
        return kept | {
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            # In a virtual environment the environment's settings would win over the stage's, and
            # RISE would load too early again.
            "JUPYTER_PREFER_ENV_PATH": "0",
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(home / "lab" / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "lab" / "workspaces"),
            "IPYTHONDIR": str(home / "ipython"),
            "JUPYTER_TOKEN": self.token,  # not in the command line, which every user can read
            "PYTHONPATH": os.pathsep.join(paths),
            "OPENBLAS_NUM_THREADS": "1",  # as in workshop.execute: one thread is the quicker one
            "WORKSHOP_DATA": self.copy.source,  # what the title slide says, even if data arrive
        }

    @property
    def stage_url(self) -> str:
        """Return the address of the deck in RISE."""
        return f"{self.address}/nbclassic/notebooks/{quote(self.copy.deck)}?token={self.token}"

    @property
    def lab_url(self) -> str:
        """Return the address of JupyterLab."""
        return f"{self.address}/lab?token={self.token}"

    def wait(self, seconds: float = 60) -> None:
        """Wait until the server answers."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                self._ask("/api/status")
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise WorkshopError(f"The Jupyter server does not start: {self._last_words()}.")

    def _ask(self, path: str, body: dict | None = None) -> dict:
        request = urllib.request.Request(
            self.address + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"{lines[-1] if lines else 'no message'} (more in {_near(self.log)})"

    def start_kernel(self) -> str:
        """Start the deck's kernel, which the page will use, and import the workshop in it."""
        from jupyter_client import BlockingKernelClient

        body = {"path": self.copy.deck, "type": "notebook", "name": ""}
        body["kernel"] = {"name": "python3"}
        try:
            kernel = self._ask("/api/sessions", body)["kernel"]["id"]
            self.kernel = BlockingKernelClient(
                connection_file=str(self.copy.home / "runtime" / f"kernel-{kernel}.json")
            )
            self.kernel.load_connection_file()
            self.kernel.start_channels()
            self.kernel.wait_for_ready(timeout=60)
            reply = self.kernel.execute_interactive(
                "__import__('workshop')", silent=True, timeout=60, output_hook=lambda _: None
            )
        except (urllib.error.URLError, RuntimeError, TimeoutError) as error:
            raise WorkshopError(
                f"The kernel does not start: {error} ({_near(self.log)})."
            ) from None
        if reply["content"]["status"] != "ok":
            reason = reply["content"].get("evalue", "no reason given")
            raise WorkshopError(f"The kernel cannot import the workshop: {reason}.")
        return f"Python {sys.version.split()[0]} starts and imports the workshop"

    def warm_up(self) -> None:
        """Import in the kernel what the deck imports, so that its first cell does not wait.

        Nothing is bound to a name: the cells do all that they show.
        """
        import nbformat

        notebook = nbformat.read(self.copy.folder / self.copy.deck, as_version=4)
        code = f"exec({imports_of(notebook)!r}, {{}})"
        self.kernel.execute(code, silent=True, store_history=False)

    def run(self) -> None:
        """Wait for the server's end, which somebody may ask for in JupyterLab."""
        try:
            code = self.process.wait(timeout=3)  # the first slide comes first
        except subprocess.TimeoutExpired:
            self.warm_up()
            code = self.process.wait()
        if code != 0:
            raise WorkshopError(f"The Jupyter server stopped by itself: {self._last_words()}.")

    def stop(self) -> None:
        """Stop the server and, through it, the kernels."""
        if self.kernel:
            self.kernel.stop_channels()
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)  # orphaned kernels end by themselves
            self.process.wait()


def imports_of(notebook: NotebookNode) -> str:
    """Return the import statements at the top level of the deck's cells, one a line."""
    lines = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:  # a magic, or code that is about to be completed on stage
            continue
        lines += [ast.unparse(n) for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    return "\n".join(dict.fromkeys(lines))


# --- Ctrl-C -------------------------------------------------------------------------------------

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@contextmanager
def _stoppable():
    """Raise Stop in the block on Ctrl-C, on SIGTERM and when the terminal is closed."""

    def stop(_number, _frame):
        raise Stop

    usual = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


def _deaf() -> None:
    """Ignore further Ctrl-C: the server is being stopped already."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
