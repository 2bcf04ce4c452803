"""Notebooks as other people's tools write them, one kind of trouble each, in a real browser."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pypdf
import pytest

from tests.conftest import AGENDA
from workshop.deck.export import export
from workshop.deck.pdf import print_pdf
from workshop.deck.read import read_deck, slides_of
from workshop.errors import WorkshopError

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAA"
    "DUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
RED = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='900' height='900'>"
    "<rect width='900' height='900' fill='red'/></svg>"
)


def text(source: str, kind: str = "slide", **more) -> dict:
    slideshow = {"slideshow": {"slide_type": kind}} if kind else {}
    return {"cell_type": "markdown", "metadata": slideshow, "source": source, **more}


def code(source: str, *outputs: dict, kind: str = "slide", **metadata) -> dict:
    return {
        "cell_type": "code",
        "metadata": {"slideshow": {"slide_type": kind}, **metadata},
        "execution_count": 1,
        "source": source,
        "outputs": list(outputs),
    }


def stream(words: str, name: str = "stdout") -> dict:
    return {"output_type": "stream", "name": name, "text": words}


def shown(**data) -> dict:
    """Return an output; `text_html=…` stands for text/html."""
    data = {key.replace("_", "/", 1): value for key, value in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": data}


def notebook(*cells: dict, minor: int = 2, **metadata) -> str:
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": minor, "metadata": metadata, "cells": list(cells)}
    )


@pytest.fixture
def exported(tmp_path, page):
    """Return a function that exports raw JSON, opens it in print view, and says what came out."""

    def make(raw: str | bytes, name: str = "a deck.ipynb", view: str = "?view=print"):
        folder = tmp_path / "from elsewhere"
        folder.mkdir(exist_ok=True)
        path, html = folder / name, tmp_path / "out.html"
        path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
        executed = tmp_path / "executed.ipynb"
        nbformat.write(read_deck(path), executed)
        report = export(executed, html, folder, AGENDA, AGENDA.edition(), str(path))
        pages = print_pdf(html, html.with_suffix(".pdf"), str(path), report)
        page.goto(html.as_uri() + view)
        page.wait_for_selector(".pdf-page" if view else "section.present", state="attached")
        assert [u for u in page.requests if not u.startswith(("file:", "data:", "blob:"))] == []
        return SimpleNamespace(report=report, pages=pages, html=html, page=page, folder=folder)

    return make


def slide(made, number: int):
    return made.page.locator(".pdf-page").nth(number - 1)


# --- Reading --------------------------------------------------------------------------------------


OLD = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": "old"},
    "worksheets": [
        {
            "metadata": {},
            "cells": [
                {"cell_type": "heading", "level": 1, "metadata": {}, "source": ["Old"]},
                {
                    "cell_type": "code",
                    "collapsed": False,
                    "input": "1 + 1",
                    "language": "python",
                    "metadata": {},
                    "outputs": [
                        {
                            "output_type": "pyout",
                            "prompt_number": 1,
                            "text": ["2"],
                            "metadata": {},
                        }
                    ],
                    "prompt_number": 1,
                },
            ],
        }
    ],
}
NAMELESS = code("print(1)", {"output_type": "stream", "text": ["1\n"]})
TWINS = [text("# A", id="twin"), text("# B", id="twin")]


@pytest.mark.parametrize(
    ("raw", "titles", "said"),
    [
        (notebook(text("# A"), code("1")), ["A", ""], ""),
        (notebook(text("# A"), minor=0), ["A"], ""),
        (json.dumps(OLD), ["Old"], ""),
        (notebook(text("# A"), code("1"), minor=5), ["A", ""], "missing cell ids"),
        (notebook(*TWINS, minor=5), ["A", "B"], "double"),
        (notebook(text("# A"), NAMELESS), ["A", ""], "names of streams"),
        (b"\xef\xbb\xbf" + notebook(text("# A")).encode(), ["A"], "byte order mark"),
        (notebook(text("# Ä")).encode("utf-16"), ["Ä"], "byte order mark"),
        (notebook(text("# half \ud83d")), ["half �"], ""),
        (notebook({**text("# A"), "metadata": None}, {"source": "# B"}), ["A B"], "metadata"),
        (notebook(text("# A"), language_info={}, kernelspec=None), ["A"], ""),
        (notebook(text("# A", tags="x"), {**text("# B"), "outputs": []}), ["A", "B"], ""),
        (notebook(text("One\n===\n\nby me\n\nTwo\n---\nx", "")), ["One", "Two"], ""),
        (notebook(text("<h2>One</h2>\n\ntext\n\n<h3 id='b'>T&amp;o</h3>", "")), ["One", "T&o"], ""),
        (notebook(text("# One\n```\n# no\n```\n## Two ##", "")), ["One", "Two"], ""),
    ],
)
def test_what_people_have_is_read_and_mended_with_one_warning(tmp_path, capsys, raw, titles, said):
    path = tmp_path / "deck.ipynb"
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass"))
    deck = read_deck(path)
    nbformat.validate(deck)
    found = [s.title for s in slides_of(deck)]
    assert found == titles or [" ".join(found)] == titles or found == titles[0].split(" ")
    warnings = capsys.readouterr().err.splitlines()
    assert len(warnings) == bool(said) and said in "".join(warnings)


CONFLICT = '{"cells": [\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> b\n]}'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("{", "damaged JSON"),
        (CONFLICT, "merge conflict in line 2"),
        ("version https://git-lfs.github.com/spec/v1\noid", "pointer of Git LFS"),
        ("# %%\nprint(1)", "is not a notebook"),
        ("[]", "is not a notebook"),
        ('{"cells": []}', "is not a notebook"),
        ('{"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []}', "format 99"),
        (notebook(), "has no cells"),
        (notebook({}), "only empty cells"),
        (notebook(text("a", "skip"), text("b", "notes")), "only skipped cells and notes"),
    ],
)
def test_what_is_no_deck_is_one_sentence_that_names_the_file(tmp_path, content, says):
    path = tmp_path / "broken.ipynb"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(WorkshopError, match=says) as caught:
        read_deck(path)
    assert "broken.ipynb" in str(caught.value) and len(str(caught.value).splitlines()) == 1


# --- Formulas -------------------------------------------------------------------------------------


def test_formulas_are_set_once_as_jupyter_sets_them(exported):
    latex = {"text/latex": "so $x^2$ and\n\\begin{align} a&=b\\\\ c&=d \\end{align}"}
    output = {"output_type": "display_data", "metadata": {}, "data": latex}
    table = shown(text_html="<table><tr><td>$\\frac{1}{2}$</td></tr></table>")
    made = exported(
        notebook(
            text("# Formulas $E$"),
            text("$\\newcommand{\\R}{\\mathbb{R}}$", "skip"),
            text("$\\def\\V#1{\\mathbf{#1}}$\n\nLet $\\V{x} \\in \\R^n$; `$no$`; \\$5"),
            text("$$f = \\begin{cases} 0 & x < 0 \\\\ 1 & \\V{y} \\end{cases} \\tag{7}$$"),
            text("\\begin{align}a &= b \\label{one}\\end{align} see \\eqref{one}"),
            text("$\\require{mhchem}\\ce{H2O}$ and $\\cancel{x}$"),
            code("1", output, table),
        )
    )
    formulas = made.page.locator(".MathJax_SVG svg")
    assert formulas.count() == 10 and made.page.locator(".MathJax_SVG math").count() == 10
    words = made.page.locator(".slides").inner_text()
    assert "\\" not in words.replace("\\$", "") and "$no$" in words and "$5" in words
    assert slide(made, 2).locator("mi[mathvariant='double-struck']").count() == 1
    assert slide(made, 3).locator("mtext", has_text="(7)").count() == 1
    assert slide(made, 3).locator("math mi[mathvariant='bold']").text_content() == "y"
    assert slide(made, 4).locator("mtext", has_text="(1)").count() == 2
    drawn = formulas.evaluate_all("all => all.map((svg) => svg.getBoundingClientRect().width)")
    assert all(width > 5 for width in drawn)
    used = "all => all.every((use) => document.querySelector(use.getAttribute('xlink:href')))"
    assert made.page.locator(".MathJax_SVG use").evaluate_all(used)
    assert made.page.locator(".slides script").count() == 0
    assert made.pages == made.report.slides == 6


# --- HTML -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        "text\n\n</div></div></section>\n\nafter",
        "<div class='alert alert-info'>\n\nopen",
        "<section><b>bold <table><tr><td>cell",
        "<!-- never closed",
        "<textarea><script>var s = '</div>'",
        "<plaintext>swallows all",
        "<select><option>x</section><svg><g>",
    ],
)
def test_html_is_closed_on_itself(exported, broken):
    made = exported(
        notebook(
            text("# First"),
            text(f"## Second\n\n{broken}"),
            code("1", shown(text_html=broken)),
            text("## Last\n\nplain"),
        )
    )
    assert made.pages == made.report.slides == 4
    assert slide(made, 4).locator("h2").inner_text() == "Last"
    assert slide(made, 4).locator("b, table, .alert, textarea").count() == 0
    assert slide(made, 1).locator("h1").inner_text() == "First"


def test_no_text_becomes_an_attribute_or_a_script(exported):
    evil = '" onload="window.hit = 1" x="'
    svg = shown(**{"image_svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' height='9'/>"})
    svg["metadata"] = {"alt": evil}
    png = shown(image_png=PIXEL)
    png["metadata"] = {"image/png": {"width": "1 onload=window.hit=1", "alt": evil}}
    ground = {
        "slideshow": {"slide_type": "slide", "data": {"x onload": evil, "background": "#eee"}}
    }
    made = exported(
        notebook(
            {**text(f"# A ![{evil}](data:image/png;base64,{PIXEL})"), "metadata": ground},
            code("1", svg, png, alt=evil),
            text("<script>window.hit = 1</script> end"),
            title=f"</title><script>window.hit = 1</script>{evil}",
        )
    )
    assert made.page.evaluate("window.hit") is None
    assert slide(made, 2).locator("img").first.get_attribute("alt") == evil
    assert made.page.locator("[data-background='#eee']").count() >= 1


def test_drawings_keep_their_own_ids(exported):
    def drawing(colour: str) -> str:
        ground = f"<linearGradient id='g'><stop stop-color='{colour}'/></linearGradient>"
        return (
            f"<svg width='50' height='50'><defs>{ground}</defs>"
            "<rect width='50' height='50' fill='url(#g)'/></svg>"
        )

    made = exported(notebook(text(drawing("red")), code("1", shown(text_html=drawing("blue")))))
    assert (
        made.page.locator("linearGradient[id]").evaluate_all(
            "all => new Set(all.map((one) => one.id)).size"
        )
        == 2
    )
    filled = made.page.locator("rect[fill^='url']").evaluate_all(
        "all => all.map((r) => document.querySelector(r.getAttribute('fill').slice(4, -1))"
        ".querySelector('stop').getAttribute('stop-color'))"
    )
    assert filled == ["red", "blue"]


# --- Pictures and media ---------------------------------------------------------------------------


def test_pictures_and_media_are_inside_in_every_form(exported, tmp_path):
    folder = tmp_path / "from elsewhere"
    (folder / "img").mkdir(parents=True)
    for name in ("a b.png", "img/c.png", "d.png"):
        (folder / name).write_bytes(base64.b64decode(PIXEL))
    (folder / "clip.mp4").write_bytes(b"not a real film")
    (folder / "extra.css").write_text(".x { background: url(img/c.png) }")
    bundle = {"my shot.png": {"image/png": PIXEL}}
    made = exported(
        notebook(
            text(
                "![one](attachment:my%20shot.png) ![two](attachment:my shot.png) "
                '![three](attachment:my%20shot.png "Title") <img src="attachment:my shot.png">',
                attachments=bundle,
            ),
            text('![four](a b.png "T") ![five](<a b.png>) ![six](./img/c.png?raw=true)'),
            text("<img srcset='d.png 1x, img/c.png 2x'> ![eight](files/d.png)"),
            text("<div style='background-image: url(img/c.png); height: 9px'>ground</div>"),
            text("<link rel=stylesheet href=extra.css><p class=x>styled</p>"),
            text("<picture><source srcset='d.png 600w'><img src='d.png'></picture>"),
            code("1", shown(text_html="<img src='d.png'>"), shown(text_markdown="![m](img/c.png)")),
            code("2", shown(text_html="<video src='clip.mp4' controls></video>")),
            code("3", shown(**{"image_gif": PIXEL, "text_plain": "<Image>"})),
        )
    )
    assert made.report.left_out == []
    sources = made.page.locator("section img").evaluate_all("all => all.map((one) => one.src)")
    assert len(sources) == 13 and all(s.startswith("data:image/") for s in sources)
    assert made.page.locator("video[src^='data:video/mp4']").count() == 1
    html = made.html.read_text(encoding="utf-8")
    assert html.count("url(&quot;data:image/png") + html.count('url("data:image/png') == 2
    assert slide(made, 1).locator("img[title='Title'][alt='three']").count() == 1


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("../secret.png", "outside the deck's folder"),
        ("{outside}/secret.png", "outside the deck's folder"),
        ("link.png", "outside the deck's folder"),
        ("file://{outside}/secret.png", "not a file beside the deck"),
        ("absent.png", "is not there"),
        ("https://nowhere.invalid/a.png", "does not answer"),
        ("big.png", "larger than"),
        ("attachment:lost.png", "not attached"),
    ],
)
def test_what_cannot_be_inside_is_named_and_its_words_stay(exported, tmp_path, address, why):
    (tmp_path / "from elsewhere").mkdir()
    (tmp_path / "secret.png").write_bytes(b"SECRET" + base64.b64decode(PIXEL))
    (tmp_path / "from elsewhere" / "link.png").symlink_to(tmp_path / "secret.png")
    with (tmp_path / "from elsewhere" / "big.png").open("wb") as file:
        file.truncate(21 * 2**20)
    address = address.format(outside=tmp_path)
    made = exported(notebook(text("# A"), text(f"## B\n\n![the words]({address})", id="here")))
    assert len(made.report.left_out) == 1
    said = made.report.left_out[0]
    assert said.startswith("slide 2, cell '") and address in said and why in said
    assert "the words" in slide(made, 2).inner_text()
    assert base64.b64encode(b"SECRET").decode()[:7] not in made.html.read_text(encoding="utf-8")


# --- Fitting --------------------------------------------------------------------------------------


ROWS = "\n".join(f"row {number}" for number in range(60))
WIDE = (
    "<table><tr>" + "".join(f"<td>column {n} with words</td>" for n in range(14)) + "</tr></table>"
)


@pytest.mark.parametrize(
    ("cell", "pages", "last"),
    [
        (code(f"answer = dict({', '.join(f'name{n}={n}' for n in range(40))})"), 1, "name39=39"),
        (code("show()", shown(text_html=f'<img src="{RED}">')), 1, ""),
        (code("show()", shown(text_html=WIDE)), 1, "column 13"),
        (code("\n".join(f"x{n} = {n}" for n in range(25))), 1, "x24 = 24"),
        (code("print()", stream(ROWS)), 3, "row 59"),
        (text("## Long\n\n" + "\n".join(f"{n}. item" for n in range(1, 40))), 3, "item"),
        (text("words " * 700), 2, "words"),
    ],
    ids=["long-line", "tall-figure", "wide-table", "tall-code", "tall-output", "list", "prose"],
)
def test_a_strangers_slide_is_fitted_or_goes_on(exported, cell, pages, last):
    made = exported(notebook(text("# A"), cell, text("# End")))
    assert made.report.left_out == []
    assert made.pages == made.page.locator(".pdf-page").count() == 2 + pages
    assert made.report.slides == 3 and made.report.continued.get(2, 0) == pages - 1
    assert last in slide(made, 1 + pages).inner_text()
    assert slide(made, 2 + pages).locator("h1").inner_text() == "End"
    printed = "".join(
        sheet.extract_text() for sheet in pypdf.PdfReader(made.html.with_suffix(".pdf")).pages
    )
    assert last.split()[0] in printed if last else True
    inside = """page => [...page.querySelectorAll("img, table, tr, pre, li")].every((one) =>
      one.getBoundingClientRect().right <= 1281 && one.getBoundingClientRect().bottom
      <= page.getBoundingClientRect().top + 720)"""
    assert all(slide(made, number).evaluate(inside) for number in range(1, made.pages + 1))


def test_strict_makes_an_error_of_what_would_be_fitted(exported, monkeypatch):
    monkeypatch.setenv("STRICT", "1")
    with pytest.raises(WorkshopError, match=r"slide 2 “Long”, cell 'cell-2' is \d+ px below"):
        exported(notebook(text("# A"), text("## Long\n\n" + "word\n\n" * 40)))


# --- Hiding ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metadata", "seen"),
    [
        *[({"tags": [t]}, "") for t in ("remove-cell", "remove_cell", "hide-cell", "to_remove")],
        *[
            ({"tags": [t]}, "out")
            for t in ("remove-input", "hide_input", "hide-input", "hide_code")
        ],
        *[({"tags": [t]}, "in") for t in ("remove-output", "hide_output", "hide-output")],
        ({"jupyter": {"source_hidden": True}}, "out"),
        ({"jupyter": {"outputs_hidden": True}}, "in"),
        ({"hide_input": True}, "out"),
        ({"collapsed": True}, "in"),
        ({"tags": ["long", "exercise", "figure"]}, "in out"),
    ],
)
def test_what_a_notebook_hides_is_hidden(tmp_path, metadata, seen):
    path = tmp_path / "deck.ipynb"
    hidden = code("'the code'", stream("the output"), **metadata)
    path.write_text(notebook(text("# A"), hidden, text("after", "-"), text("# B")))
    nbformat.write(read_deck(path), tmp_path / "executed.ipynb")
    html = tmp_path / "deck.html"
    report = export(
        tmp_path / "executed.ipynb", html, tmp_path, AGENDA, AGENDA.edition(), str(path)
    )
    page = html.read_text(encoding="utf-8")
    page = page[page.index('<div class="slides"') :]
    assert ("the code" in page) == ("in" in seen) and ("the output" in page) == ("out" in seen)
    assert report.slides == 3, "what stands below a hidden cell still has a slide of its own"


def test_a_slide_with_nothing_to_show_makes_no_page(exported):
    made = exported(
        notebook(
            text("# A"),
            code("1", stream("2"), tags=["remove-cell"]),
            text("<!-- a comment -->"),
            text("$\\def\\x{y}$"),
            code(""),
            text("# B $\\x$"),
        )
    )
    assert made.pages == made.report.slides == 2
    assert "nothing to show" in made.report.notes[0]


# --- What is the stranger's own -------------------------------------------------------------------


def test_the_kits_words_and_tags_mean_nothing_elsewhere(exported):
    cells = [text("# A {minutes} [@key]"), code("x = 1\n# Your turn\ny = 2", stream("3"))]
    cells[1]["metadata"]["tags"] = ["exercise-code", "set-up", "long"]
    made = exported(notebook(*cells))
    assert slide(made, 1).locator("h1").inner_text() == "A {minutes} [@key]"
    assert "y = 2" in slide(made, 2).inner_text() and "3" in slide(made, 2).inner_text()
    assert made.page.locator(".fragment, [class*=celltag_]").count() == 0


def rise_deck(folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "rise.css").write_text(".reveal h2 { color: rgb(255, 0, 255) !important; }")
    (folder / "a deck.css").write_text(".reveal h3 { color: rgb(0, 99, 0); }")
    (folder / "back.png").write_bytes(base64.b64decode(PIXEL))
    rise = {"theme": "black", "header": "<b>HEAD</b>", "footer": "<i>FOOT</i><div>"}
    rise |= {"transition": "zoom", "backimage": "back.png", "overlay": "<div>OVER</div>"}
    return notebook(text("# A"), text("## B\n\n### C"), rise=rise, title="Real title")


def test_rises_own_settings_are_honoured(exported, tmp_path, monkeypatch):
    made = exported(rise_deck(tmp_path / "from elsewhere"))
    colour = "one => getComputedStyle(one).color"
    assert slide(made, 2).locator("h2").evaluate(colour) == "rgb(255, 0, 255)"
    assert slide(made, 2).locator("h3").evaluate(colour) == "rgb(0, 99, 0)"
    ground = made.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(25, 25, 25)"
    for words in ("HEAD", "FOOT", "OVER"):
        assert words in slide(made, 1).inner_text() and words in slide(made, 2).inner_text()
    assert slide(made, 2).locator("#rise-backimage[src^='data:image/png']").count() == 1
    assert made.page.evaluate("Reveal.getConfig().transition") == "zoom"
    assert made.page.title() == "Real title"
    monkeypatch.setenv("THEME", "ours")
    made = exported(rise_deck(tmp_path / "from elsewhere"))
    assert slide(made, 2).locator("h2").evaluate(colour) != "rgb(255, 0, 255)"
    assert "HEAD" not in slide(made, 1).inner_text()


# --- Outputs --------------------------------------------------------------------------------------


def test_terminal_output_is_as_in_a_terminal(exported):
    bars = [stream(f"\r{n:3d}%|{'#' * n}", "stderr") for n in range(101)]
    many = stream("x" * 99 + "\n") | {"text": ("x" * 99 + "\n") * 30_000}
    made = exported(
        notebook(
            code("1", *bars),
            code("2", stream("hello world\rHELLO\n"), stream("ab\b\bc")),
            code("3", stream("\x1b[31mred\x1b[0m \x1b[38;5;226mpale\x1b[0m \x1b[43mground\x1b[0m")),
            code("4", many),
        )
    )
    words = slide(made, 1).locator("pre").last.inner_text()
    assert words.count("%") == 1 and words.startswith("100%")
    assert "HELLO world" in slide(made, 2).inner_text() and "cb" in slide(made, 2).inner_text()
    pale = slide(made, 3).get_by_text("pale").evaluate("one => getComputedStyle(one).color")
    red, green, _ = map(int, pale[4:-1].split(","))
    assert 0.2126 * (red / 255) ** 2.2 + 0.7152 * (green / 255) ** 2.2 < 0.19, pale
    assert slide(made, 3).locator(".ansi-red-fg").count() == 1
    assert "1,000,000 more characters are cut" in slide(made, 4).locator("pre").last.inner_text()
    assert made.report.left_out == [
        "slide 4 is too long for paper: whole on screen, cut in the PDF"
    ]


WIDGET = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"


def test_no_output_vanishes(exported):
    view = {WIDGET: {"model_id": "box"}, "text/plain": "VBox(children=(Output(),))"}
    models = {
        "box": {"state": {"children": ["IPY_MODEL_out"]}},
        "out": {"state": {"outputs": [stream("inside the widget")]}},
    }
    data = [
        view,
        {"application/javascript": "element.append('<b>from a script</b>')", "text/plain": "<J>"},
        {"application/javascript": "require(['absent'], 1)", "text/plain": "the text form"},
        {"application/json": {"a": [1]}, "text/plain": "<JSON>"},
        {"application/x-strange": "?"},
        {
            "text/html": "<canvas id='c'></canvas><script>require([], () => 0); const c = "
            "document.getElementById('c').getContext('2d'); c.fillRect(9, 9, 50, 50)</script>"
        },
        {"text/html": "<p></p><script>document.querySelector('p').append('alive')</script>"},
    ]
    outputs = [{"output_type": "display_data", "metadata": {}, "data": one} for one in data]
    failed = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": "on purpose",
        "traceback": [],
    }
    cells = [code(str(n), output) for n, output in enumerate([*outputs, failed])]
    made = exported(notebook(*cells, widgets={STATE: {"state": models}}))
    seen = [slide(made, number).inner_text() for number in range(1, 9)]
    assert "VBox" in seen[0] and "inside the widget" in seen[0]
    assert "from a script" in seen[1] and "the text form" in seen[2] and '"a"' in seen[3]
    assert "x-strange" in seen[4] and "alive" in seen[6] and "ValueError: on purpose" in seen[7]
    assert slide(made, 6).locator("img[src^='data:image/png']").count() == 1
    named = " ".join(made.report.left_out)
    assert "slide 3, cell 'cell-3'" in named and "slide 5" in named
    assert len(made.report.left_out) == 2


def test_a_script_of_the_page_that_fails_is_named(exported):
    made = exported(notebook(code("1", shown(text_html="x<script>undefined_thing()</script>"))))
    assert "undefined_thing is not defined" in made.report.left_out[0]
