"""One Jupyter server with RISE for one working copy, and the kernel of its deck."""

from __future__ import annotations

import ast
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from workshop.errors import WorkshopError
from workshop.files import near
from workshop.paths import ROOT
from workshop.stage.copy import Copy

# nbformat and what builds on it take a second to import. Functions that run while the server
# starts import them themselves: the room waits a second less.
if TYPE_CHECKING:
    from jupyter_client import BlockingKernelClient
    from nbformat import NotebookNode

CONFIG = Path(__file__).parent / "jupyter"


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
        return f"{lines[-1] if lines else 'no message'} (more in {near(self.log)})"

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
            raise WorkshopError(f"The kernel does not start: {error} ({near(self.log)}).") from None
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
