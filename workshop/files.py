"""Write files whole or not at all, and show progress."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path

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


def near(path: Path) -> str:
    """Return the path as it is seen from the project, where it lies inside."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


class Progress:
    """Tell on the terminal what is being made, how far it is, and how long it took."""

    def __init__(self, label: str):
        self.label, self.start = label, time.monotonic()
        self.live = sys.stderr.isatty()
        self.step("…")

    def step(self, text: str) -> None:
        """Show the present step on a terminal; elsewhere keep silent."""
        if self.live:
            print(f"\r\033[K{self.label}  {text}", end="", file=sys.stderr, flush=True)

    def done(self, text: str = "") -> None:
        """Replace the step by one lasting line."""
        if self.live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        took = time.monotonic() - self.start
        print(f"{self.label}  {text or 'done'}  {took:.1f} s", flush=True)
