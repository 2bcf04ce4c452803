from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from workshop.agenda import PANEL_DECK, read_agenda
from workshop.deck.browser import launched
from workshop.deck.build import make_page, pages_of
from workshop.deck.execute import execute
from workshop.files import Progress
from workshop.panel.deck import write_panel_deck

AGENDA = read_agenda()
write_panel_deck(AGENDA)
# The decks that are kept as notebooks; the panel's is derived from panel/.
DECKS = sorted({d for edition in AGENDA.editions.values() for d in edition.decks} - {PANEL_DECK})
SHOWN = [(key, deck) for key, edition in AGENDA.editions.items() for deck in edition.decks]


pytest.register_assert_rewrite("tests.claims")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Keep the tests of a file, or of the claims of a deck, in one worker, the longest first."""
    first = ("test_stage", "test_export")
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    group = {item: item.get_closest_marker("xdist_group").args[0] for item in items}
    order = list(dict.fromkeys(group.values()))
    order.sort(key=lambda name: not name.startswith(first))
    items.sort(key=lambda item: order.index(group[item]))


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
def exported(tmp_path_factory):
    """Return a function (edition, deck) -> Exported that builds each once a session."""
    folder = tmp_path_factory.mktemp("build")
    built: dict[tuple[str, str], Exported] = {}

    def build(edition: str, deck: str) -> Exported:
        if (edition, deck) not in built:
            page = pages_of(AGENDA.edition(edition), [deck], folder)[0]
            if not page.executed.exists():
                execute(page.source, page.executed, Progress(deck))
            pages = make_page(AGENDA, page)
            built[edition, deck] = Exported(
                deck, edition, page.executed, page.html, page.pdf, pages
            )
        return built[edition, deck]

    return build


@pytest.fixture(
    scope="session", params=SHOWN, ids=lambda shown: f"{shown[0]}-{Path(shown[1]).stem}"
)
def shown(request, exported) -> Exported:
    """Go through every deck of every edition."""
    return exported(*request.param)


@pytest.fixture(scope="session", autouse=True)
def chromium():
    """Yield one headless browser for all tests; exports made by a test print with it too."""
    with launched() as browser:
        yield browser


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
