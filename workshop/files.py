"""Write files whole or not at all, and show progress."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from workshop.errors import WorkshopError
from workshop.paths import ROOT


@contextmanager
def whole(path: Path):
    """Yield a temporary path beside `path` that takes its place when the block succeeds.

    Raises WorkshopError when the folder cannot be written; the last good file stays on any error.
    """
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise WorkshopError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        if temporary.exists():
            temporary.unlink()


@contextmanager
def whole_folder(target: Path):
    """Yield a temporary folder that takes the place of `target` when the block succeeds.

    Raises WorkshopError when it cannot be written; the last good folder stays on any error.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if target.exists():
            target.rename(old)
        temporary.rename(target)
    except OSError as error:
        if old.exists() and not target.exists():
            old.rename(target)
        raise WorkshopError(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def near(path: Path) -> str:
    """Return the path as it is seen from the project, where it lies inside."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


class Progress:
    """Tell on the terminal what is being made, how far it is, and how long it took.

    Several may be at work at a time, in threads too: they share one changing line.
    """

    _at_work: ClassVar[dict[Progress, str]] = {}
    _lock = threading.Lock()

    def __init__(self, label: str):
        self.label, self.start = label, time.monotonic()
        self.live = sys.stderr.isatty()

    def step(self, text: str) -> None:
        """Show the present step on a terminal; elsewhere keep silent."""
        with self._lock:
            if self not in self._at_work:
                self.start = time.monotonic()
            self._at_work[self] = f"{self.label}  {text}"
            self._draw()

    def done(self, text: str = "done") -> None:
        """Replace the step by one lasting line."""
        took = time.monotonic() - self.start
        self._leave(f"{self.label}  {text}  {took:.1f} s")

    def drop(self) -> None:
        """Take the step away: what was being made failed."""
        self._leave("")

    def _leave(self, line: str) -> None:
        with self._lock:
            self._at_work.pop(self, None)
            if self.live:
                print("\r\033[K", end="", file=sys.stderr, flush=True)
            if line:
                print(line, flush=True)
            self._draw()

    def _draw(self) -> None:
        if self.live and self._at_work:
            room = shutil.get_terminal_size().columns - 1
            line = "  |  ".join(self._at_work.values())[:room]
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
