"""Put a deck on stage: a working copy, checks, and one Jupyter server with RISE, until Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import webbrowser
from contextlib import contextmanager
from pathlib import Path

from workshop.agenda import Agenda, read_agenda
from workshop.files import near
from workshop.stage.checks import check_data, check_offline, check_packages, free_port
from workshop.stage.copy import FOLDER, NOTE, Copy, empty_copy, fill, latest_copy
from workshop.stage.server import Server

KEYS = (
    "Space next · Shift+Space back · Shift+Enter run the cell · t speaker view · "
    "] draw, [ chalkboard · b black · ? all keys"
)


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
    find = latest_copy if resume else empty_copy
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
        print(f"\nStopped. What you typed is kept in {near(copy.folder)}")
        print("(make present RESUME=1 reopens it)")
    else:
        print("\nStopped before the stage was ready.")


def _show(copy: Copy, agenda: Agenda, resume: bool, open_browser: bool, wanted: int) -> None:
    port = free_port(wanted)
    server = Server(copy, port)
    try:
        if not resume:
            fill(copy, agenda)
        _say(*check_data(copy))
        _say(*check_packages())
        _say(*check_offline(copy))
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
