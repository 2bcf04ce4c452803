"""What the deck *Document the model* says in prose, held against what its own cells compute.

CLAIMS is the table to read: the slide, the words that stand on it (or in its notes), and the test
that must hold on the synthetic cohort and on the real data.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.claims import Claim, headings_not_accounted_for, ran_on, slides, stands_in_deck
from workshop.data import FEATURES
from workshop.paths import ROOT
from workshop.teach import modelcard

DECK = "demos/07-document-model.ipynb"


@pytest.fixture(params=["synthetic", "real"])
def ran(request):
    with ran_on(DECK, request.param) as result:
        yield result


# ---------------------------------------------------------------------------------- the claims


def by_group(ran):
    """Return the results that go on the card."""
    return ran.at["intervals"].by_group


def need(ran):
    """Return the table of how long a change takes to show."""
    return ran.at["need"].need


def width(ran):
    return by_group(ran)["high"] - by_group(ran)["low"]


CLAIMS = [
    Claim(
        "two-kinds",
        "the nine sections of Mitchell and colleagues",
        lambda ran: len(modelcard.SECTIONS) == 9,
    ),
    Claim(
        "model",
        "no race among the inputs, split by patient",
        lambda ran: (
            "race" not in FEATURES
            and not set(ran.at["facts"].patients.iloc[ran.at["model"].train])
            & set(ran.at["facts"].patients.iloc[ran.at["model"].test])
        ),
    ),
    Claim(
        "by-group",
        "Other merges Asian, Hispanic and the hospital's own Other",
        lambda ran: (
            set(ran.at["model"].stays.query("group == 'Other'")["race"].unique())
            == {"Asian", "Hispanic", "Other"}
        ),
    ),
    Claim(
        "intervals",
        "The group with the fewest readmitted has the widest interval",
        lambda ran: width(ran).idxmax() == by_group(ran)["readmitted"].idxmin(),
    ),
    Claim(
        "datasheet",
        "The data have a sheet of their own, and it says: not for this",
        lambda ran: "<strong>Not fit</strong>" in modelcard.datasheet(ran.source, "Uses").html,
    ),
    Claim(
        "need",
        "A higher false negative rate can hide for years",
        lambda ran: need(ran)["years"]["Black"] > 2 and need(ran)["years"]["Unknown"] > 10,
    ),
    Claim(
        "need",
        "a change there shows many times sooner",
        lambda ran: (need(ran)["years"] / need(ran)["years, selection rate"] > 5).all(),
    ),
    Claim(
        "need",
        "Unknown would take decades",
        lambda ran: need(ran)["years"]["Unknown"] > 20,
    ),
    Claim(
        "plan",
        "for Unknown the interval lies above one half already",
        lambda ran: by_group(ran)["low"]["Unknown"] > 0.5,
    ),
    Claim(
        "plan",
        "Four signals, fast and slow",
        lambda ran: len(re.findall(r"^\|", ran.at["plan"].words["Monitoring plan"], re.M)) - 2 == 4,
    ),
    Claim(
        "card",
        "it says which data it ran on",
        lambda ran: (
            ran.at["card"].card.source == ran.source
            and ("no real patients" in ran.at["card"].card._repr_html_())
            == (ran.source == "synthetic")
        ),
    ),
    Claim("card", "Nine sections", lambda ran: ran.at["card"].card.page().count("<h2>") == 9 + 1),
]

# Headings that say what to do or what a document is, and so claim nothing about the data.
NOT_A_CLAIM = {
    "document", "two-kinds", "model", "by-group", "intervals", "predict-change", "plan", "facts",
    "card", "exercise", "remember", "references",
}  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
def test_a_claim_of_the_deck_holds(ran, claim):
    assert claim.holds(ran)


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
def test_a_tested_claim_stands_in_the_deck(claim):
    assert stands_in_deck(claim, DECK)


def test_every_heading_is_tested_or_claims_nothing():
    assert headings_not_accounted_for(CLAIMS, NOT_A_CLAIM, DECK) == set()


# ------------------------------------------------------------------- what the card itself says

# The words of demos/model-card.md that state a finding, and the test of each.
ON_THE_CARD = {
    "it is highest where the model misses the most": lambda ran: (
        accuracy(ran).idxmax() == by_group(ran)["false negative rate"].idxmax()
    ),
    "far above the share who come back": lambda ran: mean_score(ran) > 3 * ran.at["model"].y.mean(),
    "Earlier stays weigh most in the score": lambda ran: (
        weights(ran).idxmax() == "had_inpatient_days"
    ),
    "labelled as not readmitted": lambda ran: (
        ran.at["model"].stays.query("died")["readmitted_30_days"].sum() == 0
    ),
    "Other merges Asian, Hispanic and other": lambda ran: (
        ran.at["model"].stays.query("group == 'Other'")["race"].nunique() == 3
    ),
    "without race": lambda ran: not any("race" in name for name in ran.at["model"].X),
    "{test patients} patients, none of whom is in the training data": lambda ran: (
        ran.at["card"].facts["test patients"] + ran.at["card"].facts["train patients"]
        == ran.at["model"].stays["patient_id"].nunique()
    ),
    "the other half of the same records": lambda ran: (
        len(ran.at["model"].train) + len(ran.at["model"].test) == len(ran.at["model"].stays)
    ),
}


def accuracy(ran):
    tested = ran.at["model"].tested
    return (tested["predicted"] == tested["readmitted_30_days"]).groupby(tested["group"]).mean()


def mean_score(ran):
    at = ran.at["model"]
    return at.model.predict_proba(at.X.iloc[at.test])[:, 1].mean()


def weights(ran):
    at = ran.at["model"]
    return abs(at.pd.Series(at.model[-1].coef_[0], at.X.columns))


@pytest.mark.parametrize("words", ON_THE_CARD)
def test_a_sentence_on_the_card_holds(ran, words):
    text = " ".join((ROOT / "demos/model-card.md").read_text(encoding="utf-8").split())
    assert words in text
    assert ON_THE_CARD[words](ran)


def test_the_numbers_on_the_card_are_those_of_the_deck(ran):
    page = ran.at["card"].card.page()
    for name, row in by_group(ran).iterrows():
        cells = [f"{row['stays']:,.0f}", f"{row['readmitted']:,.0f}"]
        cells += [f"{row[rate]:.2f}" for rate in ("selection rate", "false negative rate")]
        cells.append(f"{row['low']:.2f} to {row['high']:.2f}")
        expected = "".join(f"<td>{cell}</td>" for cell in cells)
        assert f'<th scope="row">{name}</th>{expected}' in page
    gap = np.ptp(by_group(ran)["false negative rate"])
    assert f"the largest gap is {gap:.2f}" in " ".join(page.split())
    assert "{" not in re.sub(r"<style>.*?</style>", "", page, flags=re.S)


def test_the_largest_gap_is_fairlearns(ran):
    difference = ran.at["by-group"].frame.difference()["false negative rate"]
    assert ran.at["facts"].facts["largest gap"] == pytest.approx(difference)


def test_so_many_people_do_show_the_change(ran):
    """Simulate: with the people that the formula asks for, four tests of five see the change."""
    people_needed = ran.at["need"].people_needed
    generator = np.random.default_rng(3)
    for before in (0.2, 0.45, 0.65):
        n = int(people_needed(before))
        for after, share in ((before, 0.05), (before + 0.05, 0.8)):
            seen = generator.binomial(n, after, size=20_000) / n
            z = (seen - before) / np.sqrt(before * (1 - before) / n)
            assert (abs(z) > 1.96).mean() == pytest.approx(share, abs=0.02)


# ------------------------------------------------------------------------------- the exercise


def run_check(answers: dict[str, str], capsys) -> str:
    with ran_on(DECK, "synthetic") as ran:
        names = vars(ran.at["exercise"]) | answers
    check = next(cell for cell in slides(DECK)["exercise"].cells if cell.id == "exercise-check")
    exec(check.source, names)
    return capsys.readouterr().out


def test_the_solution_passes_its_checks(ran):
    assert ran.printed["exercise"].count("✓") == 3 and "✗" not in ran.printed["exercise"]


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"intended_use": "___"}, "that three whole"),
        ({"limitation": "It is not fair to many people at all."}, "that the limitation"),
        ({"stop_condition": "If it is unfair then somebody should stop it."}, "that the stop"),
    ],
    ids=["gap", "no reason", "no number"],
)  # fmt: skip
def test_a_weak_answer_does_not_pass(answers, says, capsys):
    lines = run_check(answers, capsys).splitlines()
    assert any(says in line for line in lines if line.startswith("✗ Not yet: it should be"))
