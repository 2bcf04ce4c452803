"""What a model card promises: computed numbers, written limits, and a stamp with its data."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe

from workshop.errors import WorkshopError
from workshop.paths import ROOT
from workshop.teach import charts, modelcard

WORDS = {"Title": "A test"} | {name: f"Words on **{name}**." for name in modelcard.SECTIONS}
WORDS["Metrics"] = "Threshold {cut}, people {number\nof people}, by {tool}.\n\nMore <b>below</b>."
FACTS = {"cut": 0.5, "number of people": 12345, "tool": "hand"}
BY_GROUP = pd.DataFrame(
    [[900, 100, 0.4, 0.45, 0.35, 0.55], [90, 10, 0.2, 0.7, 0.4, 0.9]],
    index=["Black", "Unknown"],
    columns=list(modelcard.RESULTS),
)


def body(html: str) -> str:
    """Return the HTML without its style sheets, which mention both kinds of data."""
    return re.sub(r"<style>.*?</style>|base64,[^\"]*", "", html, flags=re.S)


def a_card(source: str = "synthetic", **changed) -> modelcard.ModelCard:
    rates = BY_GROUP[["false negative rate", "low", "high"]].assign(n=BY_GROUP["readmitted"])
    chart = charts.dots(rates, "Missed", unit="readmitted")
    return modelcard.model_card(WORDS | changed, FACTS, BY_GROUP, source, chart)


# ------------------------------------------------------------------------- numbers and words


def test_facts_fill_the_gaps_as_counts_rates_and_words():
    assert a_card().words["Metrics"].startswith("Threshold 0.50, people 12,345, by hand.")


def test_a_gap_without_a_fact_is_an_error_that_names_it():
    with pytest.raises(WorkshopError, match="no fact 'unknown thing'"):
        a_card(Factors="About {unknown thing}.")


@pytest.mark.parametrize("section", modelcard.SECTIONS)
def test_a_section_that_nobody_wrote_is_an_error(section):
    with pytest.raises(WorkshopError, match=f"no words for '{section}'"):
        a_card(**{section: ""})


def test_results_without_people_or_interval_make_no_card():
    for column in modelcard.RESULTS:
        with pytest.raises(WorkshopError, match=f"no column '{column}'"):
            modelcard.model_card(WORDS, FACTS, BY_GROUP.drop(columns=column), "real")


def test_rewritten_changes_the_words_and_nothing_else():
    card = a_card()
    mine = card.rewritten({"Intended use": "To call people."})
    assert mine.words["Intended use"] == "To call people."
    assert card.words["Intended use"] == "Words on **Intended use**."
    assert mine.by_group is card.by_group
    with pytest.raises(WorkshopError, match="no section 'Use'"):
        card.rewritten({"Use": "none"})


# ------------------------------------------------------------------------- which data it ran on


def test_synthetic_data_never_pass_for_real():
    for html in (a_card("synthetic").page(), a_card("synthetic")._repr_html_()):
        assert "Synthetic cohort: generated, no real patients" in body(
            html
        ) and "Real data" not in body(html)
    assert "dashed" in body(a_card("synthetic")._repr_html_())
    page = a_card("synthetic").page()
    assert "no evidence about any person" in page
    assert "Synthetic cohort" in re.search(r"<title>(.*?)</title>", page)[1]
    assert "Synthetic cohort" in re.search(r"<caption>(.*?)</caption>", page)[1]


def test_a_card_from_real_data_says_so():
    for html in (a_card("real").page(), a_card("real")._repr_html_()):
        assert "Real data" in body(html) and "ynthetic" not in body(html)
    assert "dashed" not in body(a_card("real")._repr_html_())


def test_a_card_without_a_source_is_refused():
    with pytest.raises(WorkshopError, match="cannot say that it ran on"):
        a_card("unknown")


# ------------------------------------------------------------------------- the page


@pytest.mark.parametrize("source", ["real", "synthetic"])
def test_the_page_is_whole_and_accessible_and_needs_nothing_else(page, tmp_path, source):
    file = tmp_path / "card.html"
    file.write_text(a_card(source).page(), encoding="utf-8")
    page.goto(file.as_uri())
    assert page.locator("h2").all_inner_texts() == list(modelcard.SECTIONS)
    row = page.locator("tbody tr").first.inner_text().split()
    assert row == ["Black", "900", "100", "0.40", "0.45", "0.35", "to", "0.55"]
    assert page.get_by_text("More <b>below</b>").count() == 1, "HTML in the words is text"
    frame = page.locator("main").evaluate("main => getComputedStyle(main).borderTopStyle")
    assert frame == ("dashed" if source == "synthetic" else "none")
    found = [v["id"] for v in Axe().run(page).response["violations"]]
    assert found == []
    assert page.errors == []
    assert all(url.startswith(("file:", "data:")) for url in page.requests)
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width


def test_the_page_has_the_whole_words_and_the_slide_their_first_paragraph():
    assert "More &lt;b&gt;" in a_card().page()
    assert "More &lt;b&gt;" not in a_card()._repr_html_()


def test_the_link_on_the_slide_saves_the_same_page(page, tmp_path):
    card = a_card()
    page.set_content(card._repr_html_())
    with page.expect_download() as download:
        page.get_by_role("link", name="Save the whole card as a page").click()
    download.value.save_as(tmp_path / "saved.html")
    assert download.value.suggested_filename == "model-card.html"
    assert (tmp_path / "saved.html").read_text(encoding="utf-8") == card.page()


def test_the_page_goes_beside_the_open_notebook(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    written = a_card().write("mine.html")
    assert written == tmp_path / "mine.html" and written.read_text(encoding="utf-8")
    assert str(written) in capsys.readouterr().out


@pytest.mark.parametrize("folder", ["", "demos"])
def test_the_page_never_lands_among_the_kits_sources(folder, monkeypatch, tmp_path):
    kit = tmp_path / "kit"
    (kit / "demos").mkdir(parents=True)
    monkeypatch.setattr(modelcard, "ROOT", kit)
    monkeypatch.chdir(kit / folder)
    assert a_card().write() == kit / "build/model-card.html"
    (kit / "build/stage").mkdir()
    monkeypatch.chdir(kit / "build/stage")
    assert a_card().write() == kit / "build/stage/model-card.html"


# ------------------------------------------------------------------------- the kit's own words


def test_the_kits_words_have_every_section_and_no_typed_count():
    words = modelcard.read_words("demos/model-card.md")
    assert set(words) == {"Title", modelcard.PLAN, *modelcard.SECTIONS}
    for name, text in words.items():
        prose = re.sub(r"`[^`]*`|\{[^}]*\}", " ", text)
        # 30 days, a level of 95% and the last year of the records are no results.
        typed = set(re.findall(r"\d[\d.,]*%?", prose)) - {"30", "95%", "2008."}
        assert not typed, f"{name}: let the notebook compute {typed}"


def test_a_missing_or_doubled_section_of_a_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(modelcard, "ROOT", tmp_path)
    with pytest.raises(WorkshopError, match=r"absent\.md cannot be read"):
        modelcard.read_words("absent.md")
    (tmp_path / "twice.md").write_text("# T\n\n## A\n\nx\n\n## A\n\ny\n", encoding="utf-8")
    with pytest.raises(WorkshopError, match=r"twice\.md: 'A' is empty or stands there twice"):
        modelcard.read_words("twice.md")


@pytest.mark.parametrize("source", ["real", "synthetic"])
def test_the_excerpt_is_the_datasheets_own_words(source):
    shown = modelcard.datasheet(source, "Motivation", "Uses", "Known harms").html
    sheet = " ".join((ROOT / modelcard.DATASHEET).read_text(encoding="utf-8").split())
    for answer in re.findall(r"<dd[^>]*><p>(.*?)</p>", shown, re.S):
        plain = " ".join(re.sub(r"<[^>]+>|[*]", "", answer).split())
        assert plain in sheet.replace("*", "")
    assert shown.count("<dd") == 3


def test_an_answer_that_the_datasheet_lacks_is_named():
    with pytest.raises(WorkshopError, match="no answer to 'Price': ask for one of Motivation"):
        modelcard.datasheet("real", "Price")
