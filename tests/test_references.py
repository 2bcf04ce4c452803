from __future__ import annotations

import re

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from tests.conftest import AGENDA, DECKS
from workshop.deck.prepare import prepare
from workshop.deck.read import read_deck, slides_of
from workshop.errors import WorkshopError
from workshop.paths import ROOT
from workshop.prose import citations
from workshop.references import read_references, with_citations


def cited(deck: str) -> set[str]:
    cells = [cell for cell in read_deck(ROOT / deck).cells if cell.cell_type == "markdown"]
    return {key for cell in cells for key in citations(cell.source)}


def test_every_citation_has_an_entry_and_every_entry_is_cited():
    assert set().union(*map(cited, DECKS)) == set(read_references())


@pytest.mark.parametrize("key", read_references())
def test_an_entry_says_who_when_what_and_where_it_is(key):
    reference = read_references()[key]
    assert str(reference.year) in reference.cite
    assert reference.cite.split()[0].rstrip(",") in reference.authors
    assert len(reference.title.split()) >= 2
    assert re.fullmatch(r"https://\S+\.\S+", reference.address)
    assert not reference.doi or re.fullmatch(r"10\.\d{4,9}/\S+", reference.doi)


@pytest.mark.parametrize("deck", DECKS)
def test_a_decks_references_slide_lists_what_it_cites(deck):
    slides = slides_of(prepare(read_deck(ROOT / deck), AGENDA, AGENDA.edition("scipy"), deck, None))
    listed = next(slide.cells[0].source for slide in slides if "references" in slide.tags)
    assert cited(deck)
    for key in cited(deck):
        assert read_references()[key].entry in listed
    assert "[@" not in "".join(c.source for slide in slides for c in slide.cells)


def test_a_citation_becomes_author_and_year_with_a_link():
    text = with_citations("Traps [@selbst-2019].", read_references())
    assert text == "Traps ([Selbst et al., 2019](https://doi.org/10.1145/3287560.3287598))."


def test_an_unknown_citation_and_an_entry_without_a_link_are_named(tmp_path):
    deck = new_notebook(cells=[new_markdown_cell("# A\n\nSee [@nobody-1999].")])
    with pytest.raises(WorkshopError, match=r"nobody-1999.*add the entry"):
        prepare(deck, AGENDA, AGENDA.edition(), "slides/a.ipynb", None)
    path = tmp_path / "references.toml"
    path.write_text('[a]\ncite = "A, 1"\nauthors = "A"\nyear = 1\ntitle = "T t"\n', "utf-8")
    with pytest.raises(WorkshopError, match="needs a doi or an https link"):
        read_references(path)


ENTRY = 'cite = "A, 1"\nauthors = "A"\nyear = 1\ntitle = "T t"\ndoi = "10.1234/x"\n'


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[a]", "[a", "references.toml is not valid TOML"),
        ("[a]", "[[a]]", "a must be a table"),
        ("year = 1", 'year = "1"', "a.year must be a whole number, not '1'"),
        ('title = "T t"', "title = [1]", "a.title must be text in quotes"),
        ('title = "T t"\n', "", "a.title is missing: add it"),
        ("doi", "dio", "unknown key a.dio"),
        ("[a]\n", "", "cite must be a table"),
    ],
)
def test_a_mistake_in_the_bibliography_is_one_sentence_with_the_key(tmp_path, old, new, says):
    path = tmp_path / "references.toml"
    path.write_text(f"[a]\n{ENTRY}".replace(old, new), encoding="utf-8")
    with pytest.raises(WorkshopError, match=says) as caught:
        read_references(path)
    assert len(str(caught.value).splitlines()) == 1
