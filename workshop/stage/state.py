"""What a stage's kernel remembers: its names after every cell, so that any state comes back.

A checkpoint is a pickle of the namespace, named after the cells that led to it. Arrays lie beside
it, each once however many checkpoints hold it, and are mapped into memory when they are needed.
Chosen by trying: replaying the cells above the last slide of a demo takes up to twenty times
longer, and one pickle for every cell would take gigabytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import pickle
import re
import sys
import time
import types
from collections.abc import Sequence
from pathlib import Path

LARGE = 1 << 16  # bytes: smaller buffers stay within the pickle
SLOW = 1.0  # seconds of work after which a namespace is too large to be kept after every cell

ran: list[str] = []  # the cells whose effects the namespace holds, in the order of their first run
too_slow = False


def warm() -> None:
    """Import what the show's cells import, and keep the names after each cell that runs."""
    import workshop  # noqa: F401 - without it no cell runs

    for line in (_folder().parent / "imports.py").read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(Exception):  # the cell will tell
            exec(line, {})
    _shell().events.register("post_run_cell", _after_cell)


def restore(above: list[str], below: Sequence[str] = ()) -> str:
    """Bring the namespace to the state after the cells `above`; return how, for the log.

    Starts at the nearest checkpoint and runs what is missing, silently; a cell that raises (an
    exercise that is not done) is passed over. `below` are the cells that may be run next: a
    checkpoint that lacks a name of theirs (a generator cannot be pickled) is not used.
    """
    shell, start, names = _shell(), 0, {}
    for done in range(len(above), 0, -1):
        with contextlib.suppress(Exception):  # absent, damaged, or of a class that is gone
            names = _load(_key(above[:done]), [*above[done:], *below])
            start = done
            break
    for name in _names(shell):
        shell.user_ns.pop(name)
    shell.user_ns.update({name: _at_home(value, shell) for name, value in names.items()})
    ran[:] = above[:start]
    for source in above[start:]:
        replay(source)
    return f"{start} of {len(above)} cells from a checkpoint, {len(above) - start} run"


def replay(source: str) -> None:
    """Run a cell without a trace and keep the names after it."""
    from IPython.utils.capture import capture_output

    with capture_output():
        result = _shell().run_cell(source, store_history=False, silent=True)
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")
    if isinstance(result.error_in_exec, KeyboardInterrupt):
        raise result.error_in_exec
    ran.append(source)
    _keep()


def _after_cell(result) -> None:
    """Keep the names after a cell that was run on stage (IPython's event `post_run_cell`)."""
    if result.info.raw_cell not in ran:  # running a cell again changes nothing
        ran.append(result.info.raw_cell)
    if not too_slow:
        _keep()


def _shell():
    from IPython import get_ipython

    return get_ipython()


def _folder() -> Path:
    return Path(os.environ["WORKSHOP_STATE"])


def _key(sources: list[str]) -> str:
    return hashlib.blake2b(repr(list(sources)).encode(), digest_size=16).hexdigest()


def _names(shell) -> dict:
    hidden = shell.user_ns_hidden
    return {n: v for n, v in shell.user_ns.items() if n[:1] != "_" and n not in hidden}


def _keep() -> None:
    """Write a checkpoint of the namespace, unless there is one of these cells."""
    global too_slow
    path = _folder() / f"{_key(ran)}.pickle"
    if path.exists():
        return
    start = time.process_time()
    names, lacking = _names(_shell()), []
    try:
        try:
            data, buffers = _dump(names)
        except Exception:  # a name that cannot be pickled: do without it
            lacking = [name for name, value in names.items() if not _can_be_dumped(value)]
            data, buffers = _dump({n: v for n, v in names.items() if n not in lacking})
        _write(path, pickle.dumps((lacking, buffers, data)))
    except Exception:  # a full disk, say: the cells can still be run again
        return
    finally:
        too_slow = too_slow or time.process_time() - start > SLOW


def _dump(names: dict) -> tuple[bytes, list[str]]:
    """Pickle names; write large buffers beside, named after their content."""
    import cloudpickle

    buffers = []

    def beside(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < LARGE:
            return True  # into the pickle
        name = hashlib.blake2b(raw, digest_size=16).hexdigest()
        if not (_folder() / name).exists():
            _write(_folder() / name, raw)
        buffers.append(name)
        return False

    return cloudpickle.dumps(names, protocol=5, buffer_callback=beside), buffers


def _can_be_dumped(value) -> bool:
    try:
        _dump({"": value})
    except Exception:
        return False
    return True


def _write(path: Path, data) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")  # a killed kernel leaves no half
    temporary.write_bytes(data)
    temporary.replace(path)


def _load(key: str, following: list[str]) -> dict:
    """Return the names of a checkpoint; raise where it lacks one that a following cell uses."""
    lacking, buffers, data = pickle.loads((_folder() / f"{key}.pickle").read_bytes())
    if any(re.search(rf"\b{re.escape(n)}\b", source) for n in lacking for source in following):
        raise LookupError(lacking)
    return pickle.loads(data, buffers=[_mapped(_folder() / name) for name in buffers])


def _mapped(path: Path) -> mmap.mmap:
    """Map a buffer so that the cells may write into it: what they write is theirs alone."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


def _at_home(value, shell):
    """Let a cell's own function see the namespace again, not the names it was kept with."""
    if not isinstance(value, types.FunctionType) or value.__module__ != "__main__":
        return value
    parts = value.__code__, shell.user_ns, value.__name__, value.__defaults__, value.__closure__
    function = types.FunctionType(*parts)
    function.__kwdefaults__, function.__doc__ = value.__kwdefaults__, value.__doc__
    function.__dict__.update(value.__dict__)
    return function


def record(decks: list[Path]) -> None:
    """Run the decks' cells, one deck after the other, and keep the names after each cell."""
    import json

    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    for deck in decks:
        cells = json.loads(deck.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        os.chdir(deck.parent)
        restore([])
        for source in filter(str.strip, sources):
            replay(source)
        shell.reset(new_session=True)


if __name__ == "__main__":
    from workshop.stage import state  # not this `__main__`: its functions would be pickled

    with contextlib.suppress(AttributeError):  # not on Windows
        os.nice(19)  # never in the way of the presenter's cells
    state.record([Path(name) for name in sys.argv[1:]])
