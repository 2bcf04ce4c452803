"""One Jupyter server with RISE for one working copy, started again when it dies."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote

from workshop.errors import WorkshopError
from workshop.files import near
from workshop.paths import ROOT
from workshop.stage.checks import free_port
from workshop.stage.copy import Copy
from workshop.stage.minutes import log_end

CONFIG = Path(__file__).parent / "jupyter"
ROOM = Path(__file__).parents[1] / "deck/templates/deck/room.js"  # the same as in an export
# With `workshop` imported first it starts three seconds sooner: see there.
SERVER = "import workshop; from jupyter_server.serverapp import main; main()"
LIVES = 20  # seconds: a server that dies sooner, again and again, is not started again
TRIES = 5


class Server:
    """A Jupyter server of its own for one working copy: own settings, own token, own log."""

    def __init__(self, copy: Copy, port: int):
        """Start the server; `wait` tells when it answers."""
        self.copy, self.port = copy, port
        self.token = secrets.token_urlsafe(24)
        self.log = copy.home / "server.log"
        copy.home.mkdir(exist_ok=True)
        (copy.home / "state").mkdir(exist_ok=True)
        shutil.rmtree(copy.home / "config", ignore_errors=True)
        shutil.copytree(CONFIG, copy.home / "config")  # NbClassic writes into its settings
        shutil.copy(ROOM, copy.home / "config/custom")
        self.recorder: subprocess.Popen | None = None
        self.start()

    def start(self, port: int | None = None) -> None:
        """Start the process, with the same token, on the same port unless another is given."""
        self.port = port or self.port
        command = [sys.executable, "-c", SERVER, f"--ServerApp.port={self.port}"]
        command.append(f"--ServerApp.root_dir={self.copy.folder}")
        command.append(f"--ServerApp.default_url=/nbclassic/notebooks/{quote(self.copy.deck)}")
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.copy.folder,
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
            "OPENBLAS_NUM_THREADS": "1",  # as in deck/execute.py: one thread is the quicker one
            "WORKSHOP_DATA": self.copy.source,  # what the title slide says, even if data arrive
            "WORKSHOP_STATE": str(home / "state"),
        }

    def url(self, path: str) -> str:
        """Return the address of a page of the server, with the token."""
        return f"http://127.0.0.1:{self.port}{path}?token={self.token}"

    @property
    def stage_url(self) -> str:
        """Return the address of the deck in RISE."""
        return self.url(f"/nbclassic/notebooks/{quote(self.copy.deck)}")

    @property
    def redirect(self) -> Path:
        """Return Jupyter's own file that leads to the deck: a browser's command line is public."""
        return self.copy.home / "runtime" / f"jpserver-{self.process.pid}-open.html"

    def wait(self, seconds: float = 60) -> None:
        """Wait until the server answers; raise WorkshopError when it ends or does not."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                self.ask("/api/status")
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise WorkshopError(f"The Jupyter server does not start: {self._last_words()}.")

    def settle(self, tries: int = 10) -> None:
        """Wait until it answers; where another one took its port meanwhile, try the next one."""
        for _ in range(tries):
            try:
                return self.wait()
            except WorkshopError:
                if not self.port_was_taken():
                    raise
                self.start(free_port(self.port + 1))
        raise WorkshopError(f"No port up to {self.port} stays free: stop another server first.")

    def ask(self, path: str) -> dict:
        """Return what the server answers at a path of its API."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        request.add_header("Authorization", f"token {self.token}")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def port_was_taken(self) -> bool:
        """Tell whether the server ended because another one was quicker to take its port."""
        return self.process.poll() is not None and "already in use" in self._log()

    def _log(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def _last_words(self) -> str:
        lines = self._log().strip().splitlines()
        return f"{lines[-1] if lines else 'no message'} (more in {near(self.log)})"

    def wait_for_kernel(self, say, seconds: float = 120) -> str:
        """Wait until a kernel has started and imported; tell now and then what is waited for."""
        deadline, told = time.monotonic() + seconds, time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                answer = self.ask("/stage/ready")
            except OSError as error:
                raise WorkshopError(f"The Jupyter server went away: {error}.") from None
            if answer["failed"]:
                raise WorkshopError(f"The kernel does not start: {answer['failed']}.")
            if not answer["waits for"]:
                return f"Python {sys.version.split()[0]} starts and imports what the cells import"
            if time.monotonic() > told:
                say(f"waiting for {answer['waits for']} …")
                told = time.monotonic() + 10
            time.sleep(0.2)
        raise WorkshopError(f"The kernel does not start within {seconds} s: {near(self.log)}.")

    def record(self, decks: list[str]) -> None:
        """Run the decks beside the show, at the lowest priority, so that every state is known."""
        command = [sys.executable, "-m", "workshop.stage.state"]
        with (self.copy.home / "state.log").open("wb") as log:
            self.recorder = subprocess.Popen(
                [*command, *(str(self.copy.folder / deck) for deck in decks)],
                cwd=ROOT,
                env=self._environment() | {"MPLBACKEND": "agg"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, say) -> None:
        """Keep the server alive until somebody shuts it down in JupyterLab."""
        quick = 0
        while True:
            since = time.monotonic()
            if self.process.wait() == 0:
                return
            quick = quick + 1 if time.monotonic() - since < LIVES else 0
            if quick == TRIES:
                raise WorkshopError(f"The Jupyter server dies at once: {self._last_words()}.")
            say("The Jupyter server died and is started again; the slides wait for it.")
            self.start()

    def stop(self) -> None:
        """Stop the server and, through it, the kernels."""
        if self.recorder:
            self.recorder.kill()
            self.recorder.wait()
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)  # orphaned kernels end by themselves
            self.process.wait()
        log_end(self.copy.folder)
        shutil.rmtree(self.copy.home / "state", ignore_errors=True)  # large, and of no use later
