"""Exports as people get them: opened from a file, in a real browser, with no network."""

from __future__ import annotations

import base64
import re

import nbformat
import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import expect

from tests.conftest import AGENDA, Exported
from workshop.deck.build import build_deck
from workshop.deck.export import to_html
from workshop.deck.prepare import prepare
from workshop.deck.read import slides_of
from workshop.errors import WorkshopError
from workshop.paths import ROOT

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAA"
    "DUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def outside(requests: list[str]) -> list[str]:
    return [url for url in requests if not url.startswith(("file:", "data:", "blob:", "about:"))]


def shown_slides(exported: Exported):
    notebook = nbformat.read(exported.executed, as_version=4)
    edition = AGENDA.edition(exported.edition)
    return slides_of(prepare(notebook, AGENDA, edition, exported.deck, None))


# --- The kit's own decks --------------------------------------------------------------------------


def test_html_opens_from_a_file_without_a_request(shown, page):
    page.goto(shown.html.as_uri())
    expect(page.locator("section.present h1")).to_be_visible()
    for _ in range(page.evaluate("Reveal.getTotalSlides()")):
        page.keyboard.press("Space")
    assert outside(page.requests) == [] and page.errors == []
    assert page.evaluate("document.fonts.check('28px \"Source Sans Pro\"')")


def test_one_page_a_slide_in_the_slides_order(shown):
    slides = shown_slides(shown)
    reader = pypdf.PdfReader(shown.pdf)
    assert len(reader.pages) == shown.pages == len(slides)
    for number, (sheet, slide) in enumerate(zip(reader.pages, slides, strict=True), start=1):
        assert float(sheet.mediabox.width) / float(sheet.mediabox.height) == pytest.approx(16 / 9)
        assert squeezed(slide.title) in squeezed(sheet.extract_text()), f"page {number}"


def test_pdf_bookmarks_are_the_slides_titles(shown):
    titles = [item.title for item in flat(pypdf.PdfReader(shown.pdf).outline)]
    wanted = [squeezed(slide.title) for slide in shown_slides(shown)]
    found = [squeezed(title) for title in titles]
    assert [title for title in found if title in wanted] == wanted


def test_pdf_says_its_title_and_language_and_is_tagged_with_fonts_inside(shown):
    reader = pypdf.PdfReader(shown.pdf)
    assert reader.metadata.title == shown_slides(shown)[0].title
    assert reader.trailer["/Root"]["/Lang"] == AGENDA.language
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    for sheet in reader.pages:
        for font in sheet["/Resources"].get("/Font", {}).values():
            font = font.get_object()
            for part in font.get("/DescendantFonts", [font]):
                part = part.get_object()
                if part["/Subtype"] != "/Type3":  # Type 3 fonts are drawn in the file itself
                    descriptor = part["/FontDescriptor"].get_object()
                    assert any(key.startswith("/FontFile") for key in descriptor), font["/BaseFont"]


def test_links_of_the_slides_are_alive_in_the_pdf(shown):
    slides = shown_slides(shown)
    wanted = {
        url
        for slide in slides
        for cell in slide.cells
        if cell.cell_type == "markdown" and cell not in slide.notes
        for url in re.findall(r"(?<!!)\[[^\]]*\]\((https?:[^)\s]+)\)|<(https?:[^>]+)>", cell.source)
        for url in url
        if url
    }
    found = {
        note.get_object()["/A"]["/URI"]
        for sheet in pypdf.PdfReader(shown.pdf).pages
        for note in sheet.get("/Annots", [])
        if "/A" in note.get_object()
    }
    cites = any("references" in slide.tags for slide in slides)
    assert bool(wanted) >= cites and wanted <= found


def test_no_serious_accessibility_violation(shown, page):
    page.goto(f"{shown.html.as_uri()}?view=print")
    expect(page.locator(".pdf-page").last).to_be_attached()
    results = Axe().run(page, options={"resultTypes": ["violations"]})
    serious = [
        (v["id"], v["help"], [n["html"][:120] for n in v["nodes"]][:3])
        for v in results.response["violations"]
        if v["impact"] in {"serious", "critical"}
    ]
    assert serious == []
    page.goto(shown.html.as_uri())
    expect(page.locator("section.present h1")).to_be_visible()
    results = Axe().run(page)
    bad = [v for v in results.response["violations"] if v["impact"] in {"serious", "critical"}]
    assert [v["id"] for v in bad] == []


def test_every_image_is_described(shown, page):
    page.goto(shown.html.as_uri())
    described = page.eval_on_selector_all("img", "all => all.map((image) => image.alt)")
    assert all(len(alt.split()) >= 8 for alt in described), described


def test_speaker_view_opens_with_notes_and_clock(shown, page):
    page.goto(shown.html.as_uri())
    expect(page.locator("section.present h1")).to_be_visible()
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    speaker = popup.value
    expect(speaker.locator(".speaker-controls-notes .value")).to_contain_text("for this slide")
    expect(
        speaker.frame_locator("#current-slide iframe").locator("section.present h1")
    ).to_be_visible()
    assert outside(page.requests) == []


def test_keyboard_help_overview_and_deep_links(shown, page):
    page.goto(shown.html.as_uri())
    expect(page.locator("section.present h1")).to_be_visible()
    page.keyboard.press("Shift+?")
    expect(page.get_by_text("Speaker notes view")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("o")
    assert page.evaluate("Reveal.isOverview()")
    page.keyboard.press("o")
    second = shown_slides(shown)[1]
    page.goto(f"{shown.html.as_uri()}#/{second.cells[0].id}")
    page.reload()
    expect(page.locator("section.present:not(.stack)")).to_have_attribute("id", second.cells[0].id)


def test_on_a_phone_the_slides_scroll_and_fit_its_width(shown, chromium):
    phone = chromium.new_page(viewport={"width": 390, "height": 844})
    phone.goto(shown.html.as_uri())
    expect(phone.locator(".scroll-page").first).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert phone.locator(".scroll-page").count() >= len(shown_slides(shown))
    phone.close()


def squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def flat(outline):
    for item in outline:
        if isinstance(item, list):
            yield from flat(item)
        else:
            yield item


# --- Any RISE notebook ----------------------------------------------------------------------------


def cell(source: str, kind: str = "-", *tags: str, code: bool = False, **more):
    made = (new_code_cell if code else new_markdown_cell)(source, **more)
    made.metadata.update(slideshow={"slide_type": kind}, tags=list(tags))
    return made


@pytest.fixture
def built(tmp_path):
    """Return a function that builds a notebook in a path with spaces, into a folder of its own."""

    def make(*cells, name: str = "a deck.ipynb"):
        folder = tmp_path / "from elsewhere"
        folder.mkdir(exist_ok=True)
        nbformat.write(new_notebook(cells=list(cells)), folder / name)
        build_deck(AGENDA, folder / name, folder=tmp_path / "build")
        return tmp_path / "build/other" / name.replace(".ipynb", ".html")

    return make


def test_any_notebook_exports_with_everything_that_rise_shows(built, page, tmp_path):
    (tmp_path / "from elsewhere").mkdir()
    (tmp_path / "from elsewhere" / "a b.png").write_bytes(base64.b64decode(PIXEL))
    target = built(
        cell("# Any *deck*\n\nInline $a^2$ and\n\n$$\\frac{1}{2}$$", "slide"),
        cell("Say </script> this", "notes"),
        cell(
            "![an attached pixel](attachment:p%20q.png)",
            attachments={"p q.png": {"image/png": PIXEL}},
        ),
        cell("![a pixel from a file](<a b.png>)\n\n<img src='a b.png' alt='in HTML'>", "fragment"),
        cell("late notes", "notes"),
        cell("import pandas as pd\npd.DataFrame({'a': [1, 2]})", "slide", code=True),
        cell(
            "from IPython.display import HTML, SVG\nHTML('<b>bold</b> </script>')",
            "subslide",
            code=True,
        ),
        cell("SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')", code=True),
        cell(
            "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);",
            "slide",
            code=True,
        ),
        cell("1 / 0", "skip", "raises-exception", code=True),
        cell("hidden = 'code that nobody sees'\nprint('seen')", "slide", "hide-input", code=True),
    )
    page.goto(target.as_uri())
    expect(page.locator("section.present h1")).to_have_text("Any deck")
    assert page.errors == [] and outside(page.requests) == []
    assert page.locator("math").count() == 2
    assert page.locator("img[src^='data:image/png']").count() == 4
    assert page.locator("img[src^='data:image/svg']").count() == 1
    assert page.locator("table.dataframe td").all_text_contents() == ["1", "2"]
    assert page.locator("aside.notes").count() == 2
    assert page.locator(".fragment aside.notes").count() == 0
    assert "ZeroDivisionError" not in page.content()
    assert "seen" in page.content() and "nobody sees" not in page.content()
    assert len(pypdf.PdfReader(target.with_suffix(".pdf")).pages) == 5


def test_a_failing_build_keeps_the_last_good_export(built):
    good = built(cell("# Good", "slide"))
    before = good.read_bytes(), good.with_suffix(".pdf").read_bytes()
    with pytest.raises(WorkshopError, match=r"cell 1 .'boom'. raised IndexError: list") as caught:
        built(cell("x = [1]\nx[7]", "slide", code=True, id="boom"))
    assert "a deck.ipynb" in str(caught.value) and len(str(caught.value).splitlines()) == 1
    assert (good.read_bytes(), good.with_suffix(".pdf").read_bytes()) == before
    assert sorted(p.name for p in good.parent.iterdir()) == ["a deck.html", "a deck.pdf"]


def test_two_decks_of_one_name_do_not_overwrite_each_other(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        nbformat.write(new_notebook(cells=[cell(f"# {folder}")]), tmp_path / folder / "deck.ipynb")
        build_deck(AGENDA, tmp_path / folder / "deck.ipynb", folder=tmp_path / "build")
    pages = [p.read_text(encoding="utf-8") for p in (tmp_path / "build/other").glob("*.html")]
    assert sorted(re.findall(r"<h1>(.*?)</h1>", "".join(pages))) == ["one", "two"]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("![no such picture](absent.png)", "absent.png is not there"),
        ("![far away](https://example.org/a.png)", "a.png is on the network"),
        ("![secret](../data/README.md)", "lies outside the deck's folder"),
    ],
)
def test_a_mistake_in_one_of_the_kits_decks_is_an_error(source, says):
    deck = "slides/01-social-context.ipynb"
    prepared = prepare(new_notebook(cells=[cell(source)]), AGENDA, AGENDA.edition(), deck, None)
    with pytest.raises(WorkshopError, match=says) as caught:
        to_html(prepared, ROOT / "slides", deck)
    assert str(caught.value).startswith(f"{deck}: slide 1, cell '")
