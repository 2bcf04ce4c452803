from __future__ import annotations

import sys
from subprocess import run

import pytest

from workshop.markdown import inline, to_html
from workshop.paths import ROOT
from workshop.prose import (
    blocks,
    citations,
    fill,
    first_heading,
    loaded,
    pictures,
    pieces,
    sections,
    split_at_headings,
    with_pictures,
    with_pieces,
)

FENCED = "```md\n## no heading\n![no](no.png) [@no-1999]\n```\n"


def test_a_section_goes_to_the_next_heading_of_its_level_or_above():
    text = (
        f"intro\n\n## One *bold*\n\na\n\n### Deep\n\nb\n\n{FENCED}\nTwo `code`\n---\nc\n# Top\nd\n"
    )
    one, two = sections(text)
    assert (one.title, one.heading, one.line) == ("One bold", "One *bold*", 3)
    assert one.text.startswith("\na\n\n### Deep") and "## no heading" in one.text
    assert (two.title, two.level, two.text, two.line) == ("Two code", 2, "c", 16)
    assert [section.title for section in sections(text, None)] == [
        "One bold",
        "Deep",
        "Two code",
        "Top",
    ]
    assert [section.title for section in sections(text, 1)] == ["Top"]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# A *b* [link](x) `c_d` ##\n", "A b link c_d"),
        ("Two\nlines\n=====\n", "Two lines"),
        ("   ### Who &amp; <b>what</b> ![a picture](x.svg)", "Who & what a picture"),
        ("# The rate $P(\\hat{Y} = 1 \\mid a_b)$", "The rate P(\\hat{Y} = 1 \\mid a_b)"),
        ("> # quoted\n\n- # in a list\n\n```\n# code\n```\n", ""),
        ("#no heading\n", ""),
        ("text\n***\n# After a rule\r\n", "After a rule"),
    ],
)
def test_the_first_heading_as_plain_text(text, title):
    assert first_heading(text) == title


def test_markdown_is_cut_before_each_heading_and_nothing_is_lost():
    text = f"intro\n\n{FENCED}\n# One\n\na\n\nTwo\n---\nb\n\n### Three"
    intro, *parts = split_at_headings(text)
    assert intro.startswith("intro") and "## no heading" in intro
    assert parts == ["# One\n\na", "Two\n---\nb", "### Three"]
    assert split_at_headings("") == [""] and split_at_headings("# A") == ["# A"]


def test_blocks_know_their_kind_line_label_and_cells():
    text = (
        "**Say:** one\ntwo\n\n- **First.** a\n  b\n- second\n\n"
        "| a | b |\n| - | - |\n| 1 | *2* |\n| 3 | 4 |\n\n```\ncode\n"
    )
    say, first, second, one, two, code = blocks(text)
    assert (say.kind, say.line, say.label, say.source) == (
        "paragraph",
        1,
        "Say",
        "**Say:** one\ntwo",
    )
    assert (first.kind, first.line, first.label) == ("item", 4, "First")
    assert first.source == "**First.** a\nb" and (second.line, second.source) == (6, "second")
    assert (one.kind, one.line, one.cells) == ("row", 10, ("1", "*2*"))
    assert (two.line, two.cells) == (11, ("3", "4"))
    assert (code.kind, code.line, code.open) == ("code", 13, True) and not blocks("```\na\n```")[
        0
    ].open


PICTURES = [
    ("![a](x.svg)", ["x.svg"]),
    ('![a *b*](x.svg "title")', ["x.svg"]),
    ("![a](<two words.svg>)", ["two words.svg"]),
    ("![a](two%20words.svg)", ["two words.svg"]),
    ("![a\nb](figures/x_(1).svg 'title')", ["figures/x_(1).svg"]),
    ("![a][fig]\n\n[fig]: x.svg 'title'\n", ["x.svg"]),
    ("[![a](x.svg)](https://example.org)", ["x.svg"]),
    ("text <img src='two words.svg' alt=\"a\"> text", ["two words.svg"]),
    (
        '<div>\n<IMG alt="a" width=30 src=x.svg />\n<img src="y&amp;z.png">\n</div>',
        ["x.svg", "y&z.png"],
    ),
    ("> quoted\n> ![a](x.svg)\n\n- item ![b](y.svg)\n  - ![c](z.svg)", ["x.svg", "y.svg", "z.svg"]),
    ("| a |\n| - |\n| ![a](x.svg) |\n", ["x.svg"]),
    (
        "![a](attachment:x.png) ![b](data:image/png;base64,AA==)",
        ["attachment:x.png", "data:image/png;base64,AA=="],
    ),
    (f"{FENCED}\n`![a](x.svg)` and \\![a](y.svg) <!-- <img src='z.svg'> -->", []),
    ("`![a](x.svg)` ![a](x.svg)", ["x.svg"]),
]


@pytest.mark.parametrize(("text", "addresses"), PICTURES)
def test_every_picture_is_seen_and_none_in_code(text, addresses):
    assert [picture.address for picture in pictures(text)] == addresses


@pytest.mark.parametrize(("text", "addresses"), PICTURES)
def test_every_picture_gets_another_address_and_the_rest_stays(text, addresses):
    changed = with_pictures(text, lambda picture: f"new/{picture.address}")
    assert [p.address for p in pictures(changed)] == [f"new/{a}" for a in addresses]
    assert [p.alt for p in pictures(changed)] == [p.alt for p in pictures(text)]
    assert with_pictures(text, lambda picture: None) == text
    if "title" in text:
        assert "title" in changed
    if not addresses:
        assert changed == text


def test_a_picture_keeps_its_other_attributes_and_code_before_it():
    text = "`![a](x.svg)` then ![a](x.svg) and <img width=30 src=x.svg hidden alt='\"'>"
    assert with_pictures(text, lambda picture: "y z.svg") == (
        '`![a](x.svg)` then ![a](y%20z.svg) and <img width="30" src="y z.svg" hidden alt="&quot;">'
    )


def test_what_a_page_loads():
    text = (
        "![a](x.svg)\n\n<script src='https://example.org/a.js'></script>\n\n"
        "text <iframe src=//b.org></iframe><a href='c.html'>c</a> <object data='d e.svg'>\n"
    )
    assert loaded(text) == ["x.svg", "https://example.org/a.js", "//b.org", "d e.svg"]


def test_citations_and_blanks_are_found_with_their_line_but_not_in_code():
    text = (
        f"{FENCED}\nSee [@a-1999] and [@b; @c-2].\n\n- `[@d]` [@e](x) *[@a-1999]* [fill in: who]\n"
    )
    assert citations(text) == ["a-1999", "b", "c-2"]
    assert [(p.line, p.source) for p in pieces(text, "citation")] == [
        (6, "[@a-1999]"),
        (6, "[@b; @c-2]"),
        (8, "[@a-1999]"),
    ]
    assert [(p.line, p.token["raw"]) for p in pieces(text, "blank")] == [(8, "who")]
    changed = with_pieces(text, ["citation"], lambda piece: "(A)")
    assert changed == text.replace("[@a-1999]", "(A)").replace("[@b; @c-2]", "(A)")


def test_links_are_found_over_lines_with_what_stands_in_them():
    text = "[a\n![b](x.svg)](javascript:alert(1)) <https://example.org>"
    assert [(p.line, p.token["attrs"]["url"]) for p in pieces(text, "link")] == [
        (1, "javascript:alert(1)"),
        (2, "https://example.org"),
    ]
    assert [p.line for p in pieces(text, "image")] == [2]


def test_gaps_are_filled_over_lines():
    assert fill("{a} and {two\nwords} but {}", str.upper) == "A and TWO WORDS but {}"


def test_html_of_prose_shows_tags_as_text_and_says_whom_a_head_heads():
    page = to_html("## A <b>\n\n[own words: a & b] [@x]\n\n| a | b |\n|--:|---|\n| 1 | 2 |\n")
    assert "<p><strong>A &lt;b&gt;</strong></p>" in page
    assert '<span class="blank">a &amp; b</span> [@x]' in page
    assert '<th scope="col" style="text-align:right">a</th>' in page and "<td>2</td>" in page
    assert inline("*one*\nline\n\ntwo") == "<em>one</em>\nline"


def test_what_cells_import_can_read_prose_without_the_builder():
    code = (
        "import sys, workshop.prose; print([m for m in sys.modules if m.startswith('workshop.')])"
    )
    found = run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "['workshop.markdown', 'workshop.prose']"
