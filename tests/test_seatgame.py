"""The seat game: places always add up, in Python and in the browser, by mouse and by keyboard."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.conftest import AGENDA
from workshop.deck.export import to_html
from workshop.deck.prepare import prepare
from workshop.errors import WorkshopError
from workshop.teach.seatgame import BINS, seat_game

PRINT = "?view=print"


def people(seed=0, n=8000):
    """Return scores, labels and groups of invented people; one group scores lower."""
    rng = np.random.default_rng(seed)
    group = rng.choice(["white", "Black", "Other", "Unknown"], n, p=[0.74, 0.19, 0.05, 0.02])
    score = np.clip(rng.normal(0.47, 0.11, n) - 0.07 * (group == "Unknown"), 0.02, 0.98)
    return score, (rng.random(n) < 0.3 * score).astype(int), group


GAME = seat_game(*people(), share=0.4)
RULES = GAME.rules


# -------------------------------------------------------------------------------- the arithmetic


@pytest.mark.parametrize("share", [0.02, 0.1, 0.437, 0.9])
def test_places_always_add_up(share):
    game = seat_game(*people(1), share=share)
    for thresholds in game.rules.values():
        assert game.places(thresholds).sum() == 100
        assert game.selected(thresholds).sum() == pytest.approx(share * 8000, abs=0.5)


def test_one_threshold_is_one_and_equal_rates_are_equal():
    assert np.ptp(RULES["one"]) == 0
    assert np.ptp(GAME.missed(RULES["one"])) > 0.05
    assert np.ptp(GAME.missed(RULES["missed"])) < 1e-6


def test_the_rates_are_those_of_the_people():
    """Between the limits of a bin the game interpolates; at a limit it counts exactly."""
    score, label, group = people()
    limit = GAME.edges[BINS // 2]
    for name, rate in zip(GAME.names, GAME.missed(np.full(4, limit)), strict=True):
        back = (group == name) & (label == 1)
        assert rate == pytest.approx((score[back] < limit).mean())


def test_the_order_of_people_does_not_matter():
    score, label, group = people()
    order = np.random.default_rng(3).permutation(len(score))
    again = seat_game(score[order], label[order], group[order], share=0.4)
    assert (again.people == GAME.people).all() and (again.readmitted == GAME.readmitted).all()


def test_it_takes_series_and_names_groups_in_order():
    score, label, group = people()
    index = np.arange(len(score))[::-1]
    series = [pd.Series(values, index) for values in (score, label, group)]
    assert seat_game(*series, share=0.4).names == ("Black", "Other", "Unknown", "white")


def test_it_holds_counts_and_no_patient():
    html = GAME._repr_html_()
    score = people()[0]
    payload = re.search(r"data-game='([^']+)'", html)[1]
    assert payload.count(",") < 4 * 2 * (BINS + 4) + BINS + 20
    assert not any(str(value) in html for value in score[:200])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s, y, g: (s[1:], y, g), "a score, a label and a group"),
        (lambda s, y, g: (s[:0], y[:0], g[:0]), "a score, a label and a group"),
        (lambda s, y, g: (s * np.nan, y, g), "finite scores"),
        (lambda s, y, g: (s, y + 1, g), "labels that are 0 or 1"),
        (lambda s, y, g: (s, y * (g != "Other"), g), "Nobody in the group 'Other'"),
    ],
)
def test_unusable_people_are_one_sentence(change, words):
    with pytest.raises(WorkshopError, match=words):
        seat_game(*change(*people()), share=0.4)


@pytest.mark.parametrize("more", [{"share": 0}, {"share": 1.2}, {"seats": 0}, {"seats": 2.5}])
def test_unusable_numbers_are_one_sentence(more):
    with pytest.raises(WorkshopError, match="positive number of seats"):
        seat_game(*people(), **more)


# ------------------------------------------------------------------------------- in the browser


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    """Return the path of an exported deck whose second slide holds the game, twice."""
    cells = [new_markdown_cell("## First")]
    games = [new_output("display_data", {"text/html": GAME._repr_html_()}) for _ in range(2)]
    cells += [new_markdown_cell("## Second"), new_code_cell("game", outputs=games[:1])]
    cells += [new_markdown_cell("## Third"), new_code_cell("game", outputs=games[1:])]
    for cell in cells:
        kind = "slide" if cell.cell_type == "markdown" else "-"
        cell.metadata["slideshow"] = {"slide_type": kind}
    cells[2].metadata["tags"] = cells[4].metadata["tags"] = ["hide-input"]
    edition = next(iter(AGENDA.editions.values()))
    shown = prepare(new_notebook(cells=cells), AGENDA, edition, "any.ipynb", None)
    folder = tmp_path_factory.mktemp("game")
    path = folder / "deck.html"
    path.write_text(to_html(shown, folder, "any.ipynb"), encoding="utf-8")
    return path


@pytest.fixture
def stage(page, deck):
    """Return the page on the slide with the game."""
    page.goto(f"{deck.as_uri()}#/1")
    page.wait_for_selector(".present .seat-game.sg-on")
    return page


def row(page, group):
    return page.locator(f".present tr[data-group='{GAME.names.index(group)}']")


def places(page):
    """Return the places by group as shown, and the total as shown."""
    numbers = page.locator(".present .sg-places").all_inner_texts()
    found = [int(re.match(r"\d+", number)[0]) for number in numbers]
    return dict(zip(GAME.names, found, strict=False)), found[-1]


PAST_THE_EDGE = """(() => {
  const right = e => e.getBoundingClientRect().right;
  const head = e => e.closest("thead");
  const clipped = e => head(e) && getComputedStyle(head(e)).overflow === "hidden";
  return [...document.querySelectorAll(".sg-live *")]
    .filter(e => !clipped(e) && right(e) > right(e.closest(".seat-game")) + 1)
    .map(e => e.outerHTML.slice(0, 80));
})()"""


def slider(page, group):
    return row(page, group).locator("input")


def move(page, group, value):
    slider(page, group).evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input')) }", value
    )


def test_it_starts_with_one_threshold_as_in_python(stage):
    shown, total = places(stage)
    assert shown == dict(zip(GAME.names, GAME.places(RULES["one"]).tolist(), strict=True))
    assert total == 100
    assert stage.locator(".present button[data-rule=one]").get_attribute("aria-pressed") == "true"
    assert stage.requests == [stage.url.partition("#")[0]] and stage.errors == []


def test_equal_false_negative_rates_agree_with_python(stage):
    stage.click(".present button[data-rule=missed]")
    assert places(stage)[0] == dict(zip(GAME.names, GAME.places(RULES["missed"]), strict=True))
    shown = stage.locator(".present tbody .sg-missed").all_inner_texts()
    assert len(set(shown)) == 1
    assert float(shown[0]) == pytest.approx(GAME.missed(RULES["missed"])[0], abs=0.005)


def test_equal_selection_rates_are_equal(stage):
    stage.click(".present button[data-rule=selected]")
    assert set(stage.locator(".present tbody .sg-selected").all_inner_texts()) == {"0.40"}


@pytest.mark.parametrize("group", GAME.names)
@pytest.mark.parametrize("value", [0.0, 0.3, 0.44, 0.6, 1.0])
def test_seats_given_always_equal_the_capacity(stage, group, value):
    move(stage, group, value)
    shown, total = places(stage)
    assert sum(shown.values()) == total == 100
    assert stage.locator(".present .sg-seats path").count() == 100
    assert stage.locator(".present tfoot .sg-selected").inner_text() == "0.40"


def test_who_gains_takes_it_from_others(stage):
    before, _ = places(stage)
    move(stage, "Black", 0.40)
    after, _ = places(stage)
    assert after["Black"] > before["Black"] and after["white"] < before["white"]
    summary = stage.locator(".present .sg-summary")
    assert summary.get_attribute("aria-live") == "polite"
    gained = after["Black"] - before["Black"]
    assert f"gains Black {gained}" in summary.inner_text()
    assert f"white {before['white'] - after['white']}" in summary.inner_text()


def test_others_keep_their_distance_when_one_moves(stage):
    stage.click(".present button[data-rule=missed]")
    stand = [float(text) for text in stage.locator(".present output").all_inner_texts()]
    move(stage, "Black", stand[0] + 0.06)
    now = [float(text) for text in stage.locator(".present output").all_inner_texts()]
    assert now[0] == pytest.approx(stand[0] + 0.06, abs=0.011)
    assert np.ptp(np.subtract(now[1:], stand[1:])) < 0.011
    assert now[3] < stand[3]


def test_the_mouse_moves_a_threshold(stage):
    box = slider(stage, "white").bounding_box()
    stage.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
    assert places(stage)[0]["white"] < GAME.places(RULES["one"])[3]


def test_arrow_keys_move_the_threshold_and_not_the_slide(stage):
    slider(stage, "Black").focus()
    start = places(stage)[0]["Black"]
    for _ in range(12):
        stage.keyboard.press("ArrowLeft")
    assert places(stage)[0]["Black"] > start
    for key in ("ArrowUp", "ArrowDown", "ArrowRight", "Home", "End", "Space"):
        stage.keyboard.press(key)
    assert stage.evaluate("Reveal.getIndices().h") == 1
    assert places(stage)[1] == 100


def test_every_control_is_reached_by_tab_and_shows_the_focus(stage):
    names = []
    slider(stage, "Black").focus()
    for _ in range(7):
        names.append(
            stage.evaluate(
                "(e => [e.getAttribute('aria-label') || e.textContent, "
                "getComputedStyle(e).outlineStyle])(document.activeElement)"
            )
        )
        stage.keyboard.press("Tab")
    assert [name for name, _ in names[:4]] == [f"Threshold for {group}" for group in GAME.names]
    assert {name for name, _ in names[4:]} == {
        "One threshold",
        "Equal false negative rates",
        "Equal selection rates",
    }
    assert {outline for _, outline in names} == {"solid"}


def test_a_button_is_pressed_by_the_keyboard(stage):
    stage.locator(".present button[data-rule=missed]").focus()
    stage.keyboard.press("Enter")
    assert stage.evaluate("Reveal.getIndices().h") == 1
    assert len(set(stage.locator(".present tbody .sg-missed").all_inner_texts())) == 1


@pytest.mark.parametrize(("key", "slide"), [("Escape", 1), ("PageDown", 2)])
def test_escape_leaves_and_a_presenters_remote_turns_the_slide(stage, key, slide):
    slider(stage, "Black").focus()
    stage.keyboard.press(key)
    assert stage.evaluate("document.activeElement === document.body")
    assert stage.evaluate("Reveal.getIndices().h") == slide
    assert not stage.evaluate("Reveal.isOverview()")


def test_a_slider_says_what_it_means(stage):
    stage.click(".present button[data-rule=missed]")
    said = slider(stage, "Unknown").get_attribute("aria-valuetext")
    shown = row(stage, "Unknown").locator("output").inner_text()
    assert said == f"{shown}, {places(stage)[0]['Unknown']} places"


def test_two_games_do_not_share_an_id_or_a_state(stage):
    ids = stage.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    move(stage, "Black", 0.2)
    stage.evaluate("Reveal.slide(2)")
    stage.wait_for_selector(".present .seat-game.sg-on")
    assert places(stage)[0] == dict(zip(GAME.names, GAME.places(RULES["one"]), strict=True))


def test_it_fits_under_a_heading_and_is_large_enough_to_read(stage):
    box = stage.locator(".present .seat-game").bounding_box()
    assert box["width"] <= 1152 and box["height"] <= 480
    assert stage.evaluate(
        "[...document.querySelectorAll('.present .sg-live *')].every("
        "e => !e.textContent.trim() || parseFloat(getComputedStyle(e).fontSize) >= 24)"
    )
    assert stage.evaluate(PAST_THE_EDGE) == []


def test_on_a_phone_each_group_is_a_card(chromium, deck):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    phone = context.new_page()
    phone.goto(f"{deck.as_uri()}#/1")
    phone.wait_for_selector(".seat-game.sg-on")
    phone.evaluate("document.querySelector('button[data-rule=missed]').click()")
    assert phone.evaluate(PAST_THE_EDGE) == []
    game = phone.locator(".seat-game").first
    cards = [card.bounding_box() for card in game.locator("tbody tr").all()]
    assert len({card["x"] for card in cards}) == 1 and len({card["y"] for card in cards}) == 4
    for name, card in zip(GAME.names, game.locator("tbody tr").all(), strict=True):
        shown = " ".join(card.inner_text().split())
        number = GAME.places(RULES["missed"])[GAME.names.index(name)]
        assert name in shown and re.search(rf"\b{number} ?[+−±]", shown)
        assert card.locator("input").bounding_box()["height"] >= 40
    context.close()


def test_colour_never_stands_alone(stage):
    shapes = stage.evaluate(
        "[...document.querySelectorAll('.present tbody .sg-marker path')].map("
        "p => [p.getAttribute('d'), p.getAttribute('fill')])"
    )
    assert len({shape for shape, _ in shapes}) == len({fill for _, fill in shapes}) == 4


def test_on_paper_stands_a_picture_of_two_rules(page, deck):
    page.goto(deck.as_uri() + PRINT)
    page.wait_for_selector(".pdf-page")
    assert page.locator(".sg-live").first.is_hidden()
    picture = page.locator(".sg-static svg").first
    assert picture.is_visible()
    label = picture.get_attribute("aria-label")
    for rule in ("one", "missed"):
        for name, number in zip(GAME.names, GAME.places(RULES[rule]), strict=True):
            assert f"{name} {number} places" in label
    assert picture.locator("path[transform]").count() == 200


def test_without_a_script_the_picture_stands_in(chromium, deck):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_content(GAME._repr_html_())
    assert page.locator(".sg-static svg").is_visible() and page.locator(".sg-live").is_hidden()
    context.close()
