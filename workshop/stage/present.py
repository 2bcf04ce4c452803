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
from workshop.errors import WorkshopError
from workshop.files import near
from workshop.stage import show
from workshop.stage.checks import check_data, check_offline, check_packages, free_port, say
from workshop.stage.copy import FOLDER, NOTE, Copy, empty_copy, fill, latest_copy
from workshop.stage.server import Server


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
    with stoppable():
        try:
            _show(copy, agenda, resume, open_browser, port)
        except Stop:
            pass
        except OSError as error:
            raise WorkshopError(
                f"{near(copy.folder)} cannot be written: {error.strerror}."
            ) from None
        finally:
            if not (copy.folder / NOTE).exists():
                shutil.rmtree(copy.folder)  # half a copy helps nobody
    if copy.folder.exists():
        print(f"\nStopped. What you typed is kept in {near(copy.folder)}")
        print("(make present RESUME=1 reopens it)")
    else:
        print("\nStopped before the stage was ready.")


def _show(copy: Copy, agenda: Agenda, resume: bool, open_browser: bool, wanted: int) -> None:
    server = Server(copy, free_port(wanted))
    try:
        if not resume:
            fill(copy, agenda)
        say(*check_data(copy))
        say(*check_packages())
        say(*check_offline(copy))
        server.settle()
        taken = "" if server.port == wanted else f" ({wanted} is taken)"
        say(True, f"port: {server.port}{taken}")
        say(True, f"kernel: {server.wait_for_kernel(_tell)}")
        _tell(f"\nOn stage    {server.stage_url}")
        _tell(f"JupyterLab  {server.url('/lab')}")
        _tell(f"Copy        {near(copy.folder)}")
        edition = agenda.edition(copy.edition)
        _tell(f"Sessions    http://127.0.0.1:{server.port}/stage/N, or g on stage")
        _tell(f"{show.listed(edition)}\nKeys\n{show.keys()}\nStop        Ctrl-C\n")
        if open_browser and _has_screen():
            webbrowser.open(server.redirect.as_uri())
        server.record(list(dict.fromkeys([copy.deck, *edition.decks])))
        server.run(_tell)
    finally:
        _deaf()
        server.stop()


def _tell(text: str) -> None:
    print(text, flush=True)


def _has_screen() -> bool:
    """Tell whether a browser can open: without a screen a text browser would take the terminal."""
    return sys.platform != "linux" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )


# --- Ctrl-C -------------------------------------------------------------------------------------

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@contextmanager
def stoppable():
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
