from __future__ import annotations

import fcntl
import os
import re
import signal
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from tests.stage import running_stages
from workshop.agenda import PANEL_DECK, read_agenda
from workshop.deck.browser import launched
from workshop.deck.build import make_page, pages_of
from workshop.deck.execute import execute
from workshop.files import Progress
from workshop.panel.deck import write_panel_deck
from workshop.paths import ROOT

AGENDA = read_agenda()
write_panel_deck(AGENDA)
# The decks that are kept as notebooks; the panel's is derived from panel/.
DECKS = sorted({d for edition in AGENDA.editions.values() for d in edition.decks} - {PANEL_DECK})
SHOWN = [(key, deck) for key, edition in AGENDA.editions.items() for deck in edition.decks]
# Each deck once, in the longest edition that shows it: a shorter one's slides are among its.
LONGEST = {deck: key for key, deck in sorted(SHOWN, key=lambda s: AGENDA.edition(s[0]).long)}

pytest.register_assert_rewrite("tests.claims")
# A suite in the background of a shell ignores Ctrl-C, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


def group(nodeid: str) -> str:
    """Name the tests that share what they build: those of a file, or the claims of one deck.

    The sites are made from the decks that the tests of the exports build.
    """
    file = nodeid.split("::")[0].replace("test_site", "test_export")
    return file + "".join(re.findall(r"test_claims.*(demos/[\w.-]+)", nodeid))


def pytest_collection_modifyitems(items):
    """Start with the groups that take longest: the other tests run beside them."""
    order = list(dict.fromkeys(group(item.nodeid) for item in items))
    order.sort(key=lambda name: not re.search("test_stage|test_export|demos/06", name))
    items.sort(key=lambda item: order.index(group(item.nodeid)))


def pytest_xdist_make_scheduler(config, log):
    """Give a group of tests to one worker, in the order above."""
    from xdist.scheduler import LoadScopeScheduling  # not there where pytest runs alone

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return group(nodeid)

    config.option.loadscopereorder = False
    return ByGroup(config, log)


@dataclass(frozen=True)
class Exported:
    """A deck of the kit as people get it."""

    deck: str
    edition: str
    executed: Path
    html: Path
    pdf: Path
    pages: int


@pytest.fixture(scope="session")
def executed(tmp_path_factory):
    """Return a function deck -> executed notebook; each deck runs once, whichever worker asks."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # which the workers share

    def execute_once(deck: str) -> Path:
        target = folder / "executed" / deck
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not target.exists():
                execute(ROOT / deck, target, Progress(deck))
        return target

    return execute_once


@pytest.fixture(scope="session")
def exported(tmp_path_factory, executed, chromium):
    """Return a function (edition, deck) -> Exported that builds each once a session."""
    folder = tmp_path_factory.mktemp("build")

    @cache
    def build(edition: str, deck: str) -> Exported:
        page = replace(
            pages_of(AGENDA.edition(edition), [deck], folder)[0], executed=executed(deck)
        )
        pages = make_page(AGENDA, page).pages
        return Exported(deck, edition, page.executed, page.html, page.pdf, pages)

    return build


@pytest.fixture(
    scope="session", params=LONGEST, ids=lambda deck: f"{LONGEST[deck]}-{Path(deck).stem}"
)
def shown(request, exported) -> Exported:
    """Go through every deck."""
    return exported(LONGEST[request.param], request.param)


@pytest.fixture(scope="session")
def chromium():
    """Yield one headless browser for all tests; exports made meanwhile print with it too."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def stages(tmp_path_factory):
    """Return a function edition -> its stage, for the tests of a file."""
    yield from running_stages(tmp_path_factory.mktemp("stages"))


@pytest.fixture
def page(chromium):
    """Yield a fresh page of 1280 × 720 that remembers its requests and errors."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.requests, page.errors = [], []
    context.on("request", lambda request: page.requests.append(request.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on(
        "console",
        lambda message: page.errors.append(message.text) if message.type == "error" else None,
    )
    yield page
    context.close()
