"""The figures speak one language: the palette of the theme and one set of symbols."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest

from workshop.paths import ROOT
from workshop.teach.look import GROUPS, INK, MARK, MUTED, PALE, PAPER, RULE

FIGURES = sorted(ROOT.glob("*/figures/*.svg"))
SYMBOLS = ROOT / "slides/figures/symbols.svg"
PALETTE = {INK, MUTED, RULE, MARK, PALE, PAPER, "#eeeae0", "#ffffff", "#14202d", "#223345"}
PALETTE |= {colour for look in GROUPS.values() for colour in (look.colour, look.text)}
ON_INK = {"#6db8e8", "#ff9d5c", "#3fcfa4", "#dca3cb"}


@pytest.mark.parametrize("figure", FIGURES, ids=lambda path: path.name)
def test_a_figure_has_the_colours_of_the_theme(figure):
    used = {
        colour.lower() for colour in re.findall(r"#[0-9a-fA-F]{6}\b", figure.read_text("utf-8"))
    }
    assert used <= PALETTE | ON_INK


@pytest.mark.parametrize("figure", FIGURES, ids=lambda path: path.name)
def test_a_figures_symbols_are_those_of_the_library(figure):
    library = symbols(SYMBOLS)
    assert len(library) >= 6
    assert symbols(figure).items() <= library.items()


def symbols(path):
    tree = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    found = tree.iter("{http://www.w3.org/2000/svg}symbol")
    return {s.get("id"): ElementTree.tostring(s, encoding="unicode").strip() for s in found}
