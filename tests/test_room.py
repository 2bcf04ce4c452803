"""What a room does with its slides, and what `tools.look` sees on them, in a real browser."""

from __future__ import annotations

import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import expect

from tools import look
from workshop.deck.export import to_html

DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 400"><title>Two</title>
<style>text { font-size: 40px; } .head { fill: #ff0000; }</style>
<defs><marker id="end"><path d="M0 0"/></marker></defs>
<text class="head" x="10" y="50">one</text>
<g class="fragment"><path d="M0 0h9" marker-end="url(#end)"/><text x="10" y="150">two</text></g>
</svg>"""
STILL = DRAWING.replace('class="fragment"', "").replace("40px", "20px")


def slide(source, *tags, outputs=(), code=None):
    cells = [new_markdown_cell(source, id=f"{len(source):08}")]  # digits: no number of a slide
    cells[0].metadata.update(slideshow={"slide_type": "slide"}, tags=list(tags))
    if code:
        cells.append(new_code_cell(code, outputs=list(outputs), metadata={"tags": ["lit-2"]}))
    return cells


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    folder = tmp_path_factory.mktemp("room")
    (folder / "two.svg").write_text(DRAWING)
    (folder / "still.svg").write_text(STILL)
    picture = new_output(
        "display_data", {"text/html": '<p class="number">0<small>of 9</small></p>'}
    )
    cells = [
        *slide("## Which?\n\n- Black\n- white\n", "poll"),
        *slide("## The answer", "result", "guess", code="frame = 1\nframe\n", outputs=[picture]),
        *slide('## What now?\n\n<p class="lasts">3 minutes</p>', "discussion"),
        *slide("## It grows\n\n![Two words](two.svg)", "figure"),
        *slide("## Small\n\n![Two words](still.svg)\n\n[a link](https://example.org)", "figure"),
    ]
    notebook = new_notebook(cells=cells)
    notebook.metadata["workshop"] = {"title": "Room", "footer": "Room", "language": "en"}
    path = folder / "room.html"
    path.write_text(to_html(notebook, folder, "demos/room.ipynb"))
    return path


@pytest.fixture
def shown(deck, page):
    page.goto(deck.as_uri())
    page.wait_for_function("Reveal.isReady()")
    yield page
    assert page.errors == []


def test_hands_are_typed_and_stand_beside_the_answer(shown):
    fields = shown.locator("section.present .celltag_poll input")
    for field, hands in zip(fields.all(), ("12", "4"), strict=True):
        field.click()
        shown.keyboard.type(hands)
    assert shown.evaluate("Reveal.getIndices().h") == 0  # digits and letters turn no slide
    shown.keyboard.press("PageDown")  # a remote does
    rows = shown.locator("section.present .guess li")
    expect(rows).to_have_text(["Black12", "white4"])
    here = shown.evaluate("Reveal.getCurrentSlide().id")
    expect(shown).to_have_url(re.compile(f"#/{here}$"))  # reveal.js writes it once a second
    shown.reload()
    expect(rows).to_have_text(["Black12", "white4"])


def test_the_ring_of_a_discussion_empties_and_winds_up_again(shown):
    shown.evaluate("Reveal.slide(2)")
    ring = shown.locator("section.present .lasts")
    ring.focus()
    shown.keyboard.press("Space")
    expect(ring).to_have_text("2:59", timeout=5000)
    assert float(ring.evaluate("ring => ring.style.getPropertyValue('--left')")) < 1
    ring.click()
    expect(ring).to_have_text("3 minutes")
    assert shown.evaluate("Reveal.getIndices().h") == 2


def test_a_drawing_with_fragments_builds_up_and_keeps_its_styles_to_itself(shown):
    shown.evaluate("Reveal.slide(3)")
    drawing = shown.get_by_role("img", name="Two words").first
    expect(drawing.get_by_text("one")).to_be_visible()
    expect(drawing.get_by_text("two")).to_be_hidden()
    shown.keyboard.press("Space")
    expect(drawing.get_by_text("two")).to_be_visible()
    assert shown.evaluate("Reveal.getIndices().h") == 3
    end = drawing.locator("path").last.get_attribute("marker-end")
    assert shown.evaluate("end => document.querySelectorAll(end.slice(4, -1)).length", end) == 1
    shown.evaluate("document.body.append(document.createElement('i'))")
    shown.evaluate("document.body.lastChild.className = 'head'")
    fill = shown.evaluate("getComputedStyle(document.body.lastChild).fill")
    assert fill == "rgb(0, 0, 0)"


def test_tab_stays_on_the_slide_that_is_shown(shown):
    def reached():
        shown.evaluate("document.activeElement.blur()")
        words = []
        for _ in range(8):
            shown.keyboard.press("Tab")
            words.append(shown.evaluate("document.activeElement.textContent.trim()"))
        return words

    shown.evaluate("Reveal.slide(3)")
    assert "a link" not in reached()
    shown.evaluate("Reveal.slide(4)")
    assert "a link" in reached()


def test_a_lit_line_is_lit(shown):
    lines = shown.locator(".celltag_lit-2 .line")
    grounds = [line.evaluate("e => getComputedStyle(e).backgroundColor") for line in lines.all()]
    assert grounds == ["rgba(0, 0, 0, 0)", "rgb(255, 225, 77)"]


def test_look_measures_letters_shares_and_code(deck):
    poll, answer, discussion, grows, small = look.look(deck)
    assert [poll.title, poll.words, poll.problems] == ["Which?", 2, []]
    assert (answer.lines, answer.output) == (2, True)
    assert 0.2 < answer.share < 0.6
    assert discussion.smallest["chart"]["pixels"] >= 24
    assert 0.4 < grows.share < 0.7
    assert grows.smallest["chart"]["pixels"] == pytest.approx(46, abs=2)  # 40 × 1152 / 1000
    assert small.smallest["chart"]["pixels"] == pytest.approx(23, abs=1)
    assert any("at least 24" in problem for problem in small.problems)


def test_on_a_phone_nothing_is_printed_over_and_no_space_is_left_for_fragments(deck, chromium):
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    page.goto(deck.as_uri())
    page.wait_for_function("Reveal.isReady() && Reveal.isScrollView()")
    taller = page.evaluate(
        """() => [...document.querySelectorAll(".scroll-page")].map((page) =>
          page.offsetHeight - page.querySelector("section section, section").offsetHeight)"""
    )
    assert max(taller) <= 2
    over = page.evaluate(
        """() => {
          const [ring, heading] = ["p.lasts", ".celltag_discussion h2"].map((name) =>
            document.querySelector(name).getBoundingClientRect());
          return ring.bottom > heading.top && heading.bottom > ring.top;
        }"""
    )
    assert over is False
    page.close()
