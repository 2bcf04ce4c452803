"""The site as people get it: opened from files, in a real browser, on a phone, in the dark."""

from __future__ import annotations

import json
import random
import re
import statistics
import time
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbformat.v4 import new_markdown_cell
from playwright.sync_api import expect

from tests.conftest import AGENDA
from workshop.agenda import PANEL_DECK, Edition, Session, later
from workshop.deck.build import make_page, pages_of
from workshop.deck.export import to_html
from workshop.deck.prepare import prepare
from workshop.deck.read import read_deck, slides_of
from workshop.errors import WorkshopError
from workshop.files import Progress
from workshop.panel.clock import read_panel
from workshop.panel.deck import panel_deck
from workshop.panel.papers import PUBLIC, write_handouts
from workshop.paths import ROOT
from workshop.take_home.build import take_home
from workshop.take_home.site import make_site, site_folder, write_front

DEMO = "read/05-assess-disparities.html"
PAGES = ["index.html", DEMO, "references.html", "corrections.html", "cite.html"]
EVERYWHERE = [f"{key}/{page}" for key in AGENDA.editions for page in PAGES] + ["index.html"]


@dataclass(frozen=True)
class Sites:
    """Both editions' sites, and how many seconds of work each took."""

    folder: Path
    seconds: dict[str, float]


@pytest.fixture(scope="module")
def sites(exported) -> Sites:
    """Write the site of each edition from the decks that are built anyway in this session."""
    for key, edition in AGENDA.editions.items():
        for deck in edition.decks:
            built = exported(key, deck)
    folder, executed = built.html.parents[2], exported("scipy", "slides/00-welcome.ipynb").executed
    (folder / "executed").symlink_to(executed.parents[1])
    seconds = {}
    for key, edition in AGENDA.editions.items():
        start = time.process_time()
        make_site(AGENDA, edition, folder)
        seconds[key] = time.process_time() - start
    write_front(AGENDA, [*AGENDA.editions.values()], folder)
    return Sites(folder / "site", seconds)


# --- What is there --------------------------------------------------------------------------------


def test_a_site_is_written_in_seconds_and_only_when_something_changed(sites):
    assert max(sites.seconds.values()) < 20
    index = sites.folder / "pydata/index.html"
    before = index.stat().st_mtime_ns
    make_site(AGENDA, AGENDA.edition("pydata"), sites.folder.parent)
    assert index.stat().st_mtime_ns == before


@pytest.mark.parametrize("key", AGENDA.editions)
def test_the_first_page_shows_each_session_with_its_clock_time_and_ways_in(sites, key, page):
    edition = AGENDA.edition(key)
    page.goto((sites.folder / key / "index.html").as_uri())
    rows = page.locator(".sessions > li")
    assert rows.count() == len(edition.sessions)
    for row, session in zip(rows.all(), edition.sessions, strict=True):
        assert row.locator("h3").inner_text() == session.title
        assert row.locator("time").get_attribute("datetime") == session.start.isoformat()
        names = [name.split(" of ")[0] for name in row.locator(".links a").all_text_contents()]
        wanted = ["Slides", "PDF"] if session.deck else []
        wanted += ["Demo to read"] if session.deck.startswith("demos") else []
        deck = slides_of(read_deck(ROOT / session.deck), edition.long) if session.deck else []
        cells = [cell for slide in deck for cell in slide.cells]
        wanted += ["Notebook"] if any(cell.cell_type == "code" for cell in cells) else []
        solved = any("solution" in cell.metadata.get("tags", []) for cell in cells)
        wanted += ["Notebook with solutions"] if solved else []
        assert names == wanted


def test_a_deck_that_is_not_built_is_one_sentence_and_the_last_site_stays(tmp_path):
    site = site_folder(SMALL, tmp_path)
    site.mkdir(parents=True)
    (site / "index.html").write_text("the last good one", encoding="utf-8")
    with pytest.raises(WorkshopError, match=r"^slides/02-scenario.ipynb is not built for Small"):
        make_site(AGENDA, SMALL, tmp_path)
    assert (site / "index.html").read_text(encoding="utf-8") == "the last good one"


# --- The page map ---------------------------------------------------------------------------------


@pytest.mark.parametrize("key", AGENDA.editions)
def test_the_map_names_every_slide_with_its_page_and_minutes(sites, key):
    edition = AGENDA.edition(key)
    found = json.loads((sites.folder / key / "pages.json").read_text(encoding="utf-8"))["slides"]
    assert list(dict.fromkeys(place["deck"] for place in found)) == edition.decks
    for deck in edition.decks:
        places = [place for place in found if place["deck"] == deck]
        slides = slides_of(read_deck(ROOT / deck), edition.long)
        assert [p["cell"] for p in places] == [slide.cells[0].id for slide in slides]
        sheets = pypdf.PdfReader(sites.folder / key / places[0]["pdf"]).pages
        assert [p["page"] for p in places] == [*range(1, len(sheets) + 1)]
        for place in places[:2]:
            sheet = re.sub(r"\W", "", sheets[place["page"] - 1].extract_text())
            assert re.sub(r"\W", "", place["title"]) in sheet
        session = edition.session_of(deck)
        assert sum(p["minutes"] for p in places) == pytest.approx(session.minutes, abs=0.3)


def test_a_link_to_a_slide_survives_slides_added_before_it(tmp_path, page):
    deck = "slides/00-welcome.ipynb"
    notebook = read_deck(ROOT / deck)
    cell = slides_of(notebook, long=False)[2].cells[0].id
    added = new_markdown_cell("## Added before", id="added")
    added.metadata["slideshow"] = {"slide_type": "slide"}
    for number, cells in enumerate([notebook.cells, [added, *notebook.cells]]):
        changed = nbformat.from_dict({**notebook, "cells": cells})
        shown = prepare(changed, AGENDA, AGENDA.edition("pydata"), deck, None)
        target = tmp_path / f"{number}.html"
        target.write_text(to_html(shown, (ROOT / deck).parent, deck), encoding="utf-8")
        page.goto(f"{target.as_uri()}#/{cell}")
        expect(page.locator("section.present:not(.stack)")).to_have_attribute("id", cell)


# --- Gates ----------------------------------------------------------------------------------------


def test_all_links_and_their_ends_resolve(sites):
    checked = Counter()
    for source, link in links(sites.folder):
        name, _, end = unquote(link).partition("#")
        target = (source.parent / name).resolve() if name else source
        assert target.is_file() and target.is_relative_to(sites.folder), f"{source}: {link}"
        if end and target.suffix == ".html":
            assert end.removeprefix("/") in ids(target), f"{source}: {link}"
        checked[target.suffix] += 1
    assert checked[".html"] > 700 and checked[".pdf"] >= 17 and checked[".ipynb"] >= 30


@cache
def ids(path: Path) -> set[str]:
    """Return the ids in a page."""
    return set(re.findall(r' id="([^"]+)"', read(path)))


def links(folder: Path):
    """Yield (page, address) of everything that the site's own pages and indexes lead to."""
    for source in sorted(folder.rglob("*.html")):
        if not {"slides", "demos", "panel"} & set(source.relative_to(folder).parts):
            found = re.findall(r'\s(?:href|src)="((?!https:|data:)[^"]*)"', read(source))
            yield from ((source, unescape(link)) for link in found)
    for source in folder.rglob("search-index.js"):
        for entry in json.loads(read(source).partition("push(")[2].rpartition(")")[0])["entries"]:
            yield source, entry["link"]
            if "picture" in entry:
                yield source, entry["picture"]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EVERYWHERE)
def test_a_page_is_accessible_fits_a_phone_and_asks_for_nothing_outside(sites, name, page):
    address = (sites.folder / name).as_uri()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(address)
        # Without axe's own request for style sheets, which the pages forbid.
        options = {"resultTypes": ["violations"], "preload": False}
        found = Axe().run(page, options=options).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == []
    page.set_viewport_size({"width": 360, "height": 740})
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.locator("form.search input").fill("rate")
    expect(page.locator(".search-results li").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    sized = page.eval_on_selector_all("img", "all => all.map((i) => [i.width, i.height, i.alt])")
    lacking = page.locator("img:not([width]), img:not([height]), img:not([alt])")
    assert lacking.count() == 0 and all(width and height for width, height, _ in sized)
    assert not [u for u in page.requests if not u.startswith(("file:", "data:"))]
    assert page.errors == []


def test_the_first_page_is_light(sites, page):
    page.goto((sites.folder / "scipy/index.html").as_uri())
    page.wait_for_load_state("networkidle")
    loaded = {url for url in page.requests if url.startswith("file:") and "thumbnails/" not in url}
    sizes = [Path(unquote(url.removeprefix("file://"))).stat().st_size for url in loaded]
    assert len(sizes) == 3 and sum(sizes) < 300_000


def test_the_dark_is_dark_and_paper_is_white(sites, page):
    page.emulate_media(color_scheme="dark")
    page.goto((sites.folder / "pydata/index.html").as_uri())
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert sum(map(int, re.findall(r"\d+", page.evaluate(ground))[:3])) < 120
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    expect(page.get_by_role("navigation")).to_be_hidden()


def test_a_demo_reads_as_it_ran_with_all_its_code_and_no_script(sites, page):
    page.goto((sites.folder / "scipy" / DEMO).as_uri())
    deck = read_deck(ROOT / "demos/05-assess-disparities.ipynb")
    assert page.locator("main script").count() == 0
    text = re.sub(r"\s", "", page.locator("main").text_content())
    for slide in slides_of(deck):
        assert page.locator(f"[id='{slide.cells[0].id}']").count() == 1
        for cell in slide.cells:
            if cell.cell_type == "code":
                assert re.sub(r"\s", "", cell.source) in text.replace("Asolution", ""), cell.id
    assert "Real data" in page.locator("main").text_content() or "Synthetic" in text
    assert page.locator(".output_subarea :is(img, table)").count() >= 8
    note = next(slide.notes[0].source for slide in slides_of(deck) if slide.notes)
    assert re.sub(r"\W", "", note)[:60] not in re.sub(r"\W", "", page.content())


# --- Search ---------------------------------------------------------------------------------------


def test_a_word_that_stands_on_one_slide_leads_there(sites, page):
    """Ask twenty words on the page that searches both editions, and follow the first answer."""
    places: dict[str, set[str]] = {}
    for index in sites.folder.glob("*/search-index.js"):
        for entry in json.loads(read(index).partition("push(")[2].rpartition(")")[0])["entries"]:
            said = " ".join([entry["title"], *entry["words"].values()]).lower()
            for word in set(re.findall(r"\w{4,}", said)):
                places.setdefault(word, set()).add(entry["link"])
    alone = sorted(
        word
        for word, at in places.items()
        if word.isalpha() and len(at) == 1 and "#/" in next(iter(at))
    )
    front, took = (sites.folder / "index.html").as_uri(), []
    for word in random.Random(2021).sample(alone, 20):
        page.goto(front)
        page.keyboard.press("/")
        page.keyboard.type(word)
        first = page.locator(".search-results a").first
        expect(first).to_be_visible()
        took.append(float(page.locator(".search-results").get_attribute("data-took")))
        page.keyboard.press("Enter")
        expect(first).to_be_focused()
        page.keyboard.press("Enter")
        cell = next(iter(places[word])).partition("#/")[2]
        expect(page.locator("section.present:not(.stack)")).to_have_attribute("id", cell)
    assert statistics.median(took) < 50


def test_search_says_what_it_found_where_and_what_it_did_not(sites, page):
    page.goto((sites.folder / "scipy/index.html").as_uri())
    field, results = page.locator("form.search input"), page.locator(".search-results li")
    field.fill("zzzz")
    expect(page.get_by_role("status")).to_contain_text("nowhere")
    field.fill("ThresholdOptimizer")
    expect(results.first).to_contain_text("Mitigate disparities, slide")
    expect(results.first.locator("mark")).to_have_text("ThresholdOptimizer")
    field.fill("dudik")
    expect(results.first).to_contain_text("Dudík")
    page.keyboard.press("Escape")
    expect(results).to_have_count(0)


def test_back_from_a_slide_the_answers_are_still_there(sites, page):
    page.goto((sites.folder / "scipy/index.html").as_uri())
    page.locator("form.search input").fill("calibration")
    page.locator(".search-results a").first.click()
    expect(page.locator("section.present h2").first).to_be_visible()
    page.go_back()
    expect(page.locator(".search-results li").first).to_be_visible()


# --- With papers, and without notes ---------------------------------------------------------------

PYDATA = AGENDA.edition("pydata")
PANEL = replace(next(s for s in PYDATA.sessions if s.kind == "panel"), deck=PANEL_DECK)
TALK = replace(PYDATA.session_of("slides/02-scenario.ipynb"), start=PYDATA.sessions[0].start)
BREAK = Session("Break", "break", 10, start=later(TALK.start, TALK.minutes))
SMALL: Edition = replace(
    PYDATA,
    key="small",
    name="Small",
    minutes=TALK.minutes + 10 + PANEL.minutes,
    sessions=(TALK, BREAK, replace(PANEL, start=later(BREAK.start, 10))),
)


@pytest.fixture(scope="module", params=[True, False], ids=["with-notes", "without"])
def small(request, tmp_path_factory, chromium) -> tuple[Edition, Path]:
    """Build a short edition whole, as `make site` does, with notes or without."""
    edition, folder = replace(SMALL, notes=request.param), tmp_path_factory.mktemp("small")
    panel = read_panel(AGENDA, edition)
    write_handouts(panel, folder / edition.folder / "panel", ["a4"], Progress("papers"))
    page = pages_of(edition, [TALK.deck], folder)[0]
    make_page(AGENDA, replace(page, executed=page.source))
    take_home(AGENDA, [edition], folder)
    return edition, make_site(AGENDA, edition, folder)


def test_papers_and_hand_outs_are_linked_and_tagged(small, page):
    edition, site = small
    page.goto((site / "index.html").as_uri())
    prints = page.eval_on_selector_all("a[href$='.pdf']", "all => all.map((a) => a.href)")
    files = {Path(unquote(address.removeprefix("file://"))) for address in prints}
    assert files == set(site.rglob("*.pdf"))
    for file in files:
        root = pypdf.PdfReader(file).trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root, file.name
    papers = page.locator(".papers > li > a").all_text_contents()
    assert "Access copy: Fairness in AI systems" in papers or "Access copy" in papers
    assert ("Moderator’s guide" in papers) == edition.notes
    with_notes = page.get_by_role("link", name=re.compile("^With notes"))
    assert with_notes.count() == (2 if edition.notes else 0)


def test_a_site_without_notes_holds_none_of_their_text(small):
    edition, site = small
    talk = slides_of(read_deck(ROOT / TALK.deck), long=False)
    slides = [*talk, *slides_of(panel_deck(read_panel(AGENDA, SMALL)))]
    notes = [cell.source for slide in slides for cell in slide.notes]
    lines = [squeezed(line) for note in notes for line in note.splitlines()]
    sentences = [line for line in lines if len(line) > 50]
    assert len(sentences) >= 60
    held = set()
    for path in (path for path in site.rglob("*.*") if path.suffix != ".webp"):
        if path.suffix == ".pdf":
            text = "".join(sheet.extract_text() for sheet in pypdf.PdfReader(path).pages)
        else:
            text = read(path)
        held |= {line for line in sentences if line in squeezed(text)}
    if edition.notes:
        assert len(held) > len(sentences) / 2, "the test sees notes where there are some"
    else:
        assert held == set()
        papers = {path.stem for path in (site / "panel").glob("*.html")}
        assert papers == PUBLIC | {"panel"}


def squeezed(text: str) -> str:
    """Return the letters alone: PDFs break lines, HTML has tags, Markdown marks."""
    return re.sub(r"[\W_]+", "", re.sub(r"<[^>]+>", "", text))
