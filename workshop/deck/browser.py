"""Find a Chromium on this machine, or get one, and start it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

from workshop.errors import WorkshopError

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
)
MAC_APPS = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Chromium.app/Contents/MacOS/Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
# Chromium's own chatter with its makers would be the only request outside the machine.
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

_running: list = []  # Playwright's synchronous interface starts once in a thread, not twice


def find_chromium() -> str | None:
    """Return the path of a browser: $BROWSER_PATH, an installed one, Playwright's, or None.

    Raises WorkshopError when $BROWSER_PATH is set and is not a program.
    """
    if named := os.environ.get("BROWSER_PATH"):
        if not shutil.which(named):
            raise WorkshopError(f"BROWSER_PATH is '{named}', which is not a program: correct it.")
        return named
    for name in NAMES:
        if found := shutil.which(name):
            return found
    for folder in (Path("/Applications"), Path.home() / "Applications"):
        for app in MAC_APPS:
            if (folder / app).exists():
                return str(folder / app)
    downloaded = _playwrights_own()
    return downloaded if Path(downloaded).exists() else None


@cache
def _playwrights_own() -> str:
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def ensure_chromium() -> str:
    """Return the path of a Chromium; where there is none, get Playwright's, or Debian's as root.

    Raises WorkshopError, saying what to install, when none can be had.
    """
    if found := find_chromium():
        return found
    print("No Chrome, Chromium or Edge here: fetching Chromium (once) …", flush=True)
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get"):
        attempts[:0] = [["apt-get", "update", "-q"], ["apt-get", "install", "-qy", "chromium"]]
    for command in attempts:
        # A failed attempt is no failure as long as another one leaves a browser.
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        if found := find_chromium():
            return found
    raise WorkshopError(
        "There is no browser to print with: install Chrome, Chromium or Edge, "
        "or set BROWSER_PATH to the program."
    )


@contextmanager
def launched():
    """Yield a headless Chromium (a Playwright Browser); within another such block, the same one."""
    if _running:
        yield _running[0]
        return
    path = find_chromium()
    if path is None:
        raise WorkshopError(
            "There is no Chrome, Chromium or Edge: run 'make browser', or install one of them."
        )
    # Chromium refuses its sandbox as root.
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS + root)
        except Error as error:
            reason = str(error).splitlines()[0]
            raise WorkshopError(
                f"{path} does not start ({reason}): set BROWSER_PATH to another browser."
            ) from None
        _running.append(browser)
        try:
            yield browser
        finally:
            _running.clear()
            browser.close()
