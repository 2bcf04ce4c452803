"""Look, on the morning, whether all is there that the stage needs: a line each, in some seconds.

The stage itself is opened in a folder that goes away again; what was built is asked, not built.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from workshop.agenda import Agenda, Edition
from workshop.data import data_source, load_patients
from workshop.deck.build import old_steps, pages_of
from workshop.deck.inputs import Stamp, page_inputs, papers_inputs
from workshop.errors import WorkshopError
from workshop.files import near
from workshop.fonts import FAMILY, code_face, text_faces
from workshop.paths import BUILD
from workshop.stage.checks import check_data, check_offline, check_packages, free_port, say
from workshop.stage.copy import Copy, empty_copy, fill
from workshop.stage.server import Server
from workshop.take_home.build import stale

ROOM = 10**9  # bytes: the copies, pictures and checkpoints of a long day, several times over
Check = Callable[[], tuple[bool, str]]


def ready(agenda: Agenda, edition_key: str | None, folder: Path = BUILD, port: int = 8888) -> None:
    """Print a line for each thing that the stage of an edition needs.

    Raises WorkshopError when something is not as it has to be.
    """
    edition, start, bad = agenda.edition(edition_key), time.monotonic(), 0
    with tempfile.TemporaryDirectory() as name:
        for check in _checks(agenda, edition, Path(name), folder, port):
            try:
                good, text = check()
            except (WorkshopError, OSError, ModuleNotFoundError) as error:
                good, text = False, str(error)
            say(good, text)
            bad += not good
    seconds = f"{time.monotonic() - start:.1f} s"
    if bad:
        raise WorkshopError(f"{edition.name} is not ready ({seconds}): mend what has an ✗ above.")
    print(f"{edition.name} is ready ({seconds}): make present EDITION={edition.key}")


def _checks(
    agenda: Agenda, edition: Edition, home: Path, folder: Path, port: int
) -> Iterator[Check]:
    """Yield the checks in order; the server's kernel starts while the others look."""
    copy = empty_copy(home, agenda, None, edition.key)
    server = Server(copy, free_port(port))
    try:
        yield lambda: _data(copy)
        yield check_packages
        yield _fonts
        yield lambda: _offline(copy, agenda)
        yield lambda: _exports(agenda, edition, folder)
        yield lambda: _papers(agenda, edition, folder)
        yield lambda: _disk(folder)
        yield lambda: _port(server, port)
        yield lambda: (True, f"kernel: {server.wait_for_kernel(lambda _: None)}")
    finally:
        server.stop()


def _data(copy: Copy) -> tuple[bool, str]:
    rows = len(load_patients(source=data_source()))
    good, text = check_data(copy)
    return good, f"{text}, {rows:,} stays"


def _fonts() -> tuple[bool, str]:
    text_faces(), code_face()
    return True, f"fonts: {FAMILY} and Source Code Pro are here"


def _offline(copy: Copy, agenda: Agenda) -> tuple[bool, str]:
    fill(copy, agenda)
    good, text = check_offline(copy)
    return good, f"{text}: no network is needed" if good else text


def _exports(agenda: Agenda, edition: Edition, folder: Path) -> tuple[bool, str]:
    """Ask whether the pages that stand in when Jupyter is gone are made from today's decks."""
    pages = pages_of(edition, folder=folder)
    old = [
        page.deck
        for page in pages
        if old_steps(page, page_inputs(page.source, agenda, edition), folder)
    ]
    if old:
        todo = f"run make slides EDITION={edition.key}"
        return False, f"exports: not built from what is here now: {', '.join(old)}: {todo}"
    return True, f"exports: {len(pages)} decks as HTML and PDF in {near(folder / edition.folder)}"


def _papers(agenda: Agenda, edition: Edition, folder: Path) -> tuple[bool, str]:
    """Ask whether what is printed is made from what is here now."""
    panel = any(session.kind == "panel" for session in edition.sessions)
    try:
        old = [near(target) for _, _, target, _ in stale(agenda, edition, folder)]
    except FileNotFoundError:  # of what they are printed from
        return False, "papers: not printed yet: run make"
    made = [Stamp(folder / f"papers/{of}", folder).read() for of in ("all", edition.key)]
    if panel and papers_inputs(agenda) not in made:
        old.append(near(folder / edition.folder / "panel"))
    if old:
        return False, f"papers: not made from what is here now: {', '.join(old)}: run make"
    return True, "papers: printed from what is here now"


def _disk(folder: Path) -> tuple[bool, str]:
    free = shutil.disk_usage(next(p for p in (folder, *folder.parents) if p.exists())).free
    text = f"disk: {free / 1e9:.1f} GB free"
    todo = f", and a long day wants {ROOM / 1e9:.0f} GB: delete something"
    return free >= ROOM, text if free >= ROOM else text + todo


def _port(server: Server, wanted: int) -> tuple[bool, str]:
    server.wait()
    taken = f": {wanted} is taken, by another stage?" if server.port != wanted else ""
    return True, f"port: {server.port} is free{taken}"
