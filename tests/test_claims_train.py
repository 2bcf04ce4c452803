"""What the deck *Train a baseline* says in prose, held against what its own cells compute.

CLAIMS is the table to read: the slide, the words that stand on it (or in its notes), and the test
that must hold on the synthetic cohort and on the real data.
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupShuffleSplit

from tests.claims import Claim, headings_not_accounted_for, ran_on, slides, stands_in_deck
from workshop.data import FEATURES

DECK = "demos/05-train-model.ipynb"


@pytest.fixture(params=["synthetic", "real"])
def ran(request):
    with ran_on(DECK, request.param) as result:
        yield result


# ---------------------------------------------------------------------------------- the claims


def met(ran, split):
    """Return the share of the test rows whose patient is in training."""
    at = ran.at["split"]
    train, test = getattr(at, split)
    return at.patients.iloc[test].isin(at.patients.iloc[train]).mean()


def auc_by(ran, split):
    """Return how well the baseline ranks the test of a split."""
    at = ran.at["model"]
    train, test = getattr(at, split)
    model = clone(at.model).fit(at.X.iloc[train], at.y.iloc[train])
    return roc_auc_score(at.y.iloc[test], model.predict_proba(at.X.iloc[test])[:, 1])


def rates(ran):
    """Return selection rate, accuracy and false negative rate of each offer."""
    return ran.at["rule"].rows


def share_back(ran, offer):
    """Return the share of those offered a place who come back."""
    return ran.at["rule"].back[offer == 1].mean()


def best_tenth(ran):
    at = ran.at["rule"]
    return share_back(ran, at.top(at.score, len(at.test) // 10))


def distance(ran, name):
    """Return how far the dots of a curve lie from the line on which a score is a risk."""
    observed, predicted, _ = ran.at["refit"].curves[name]
    return observed - predicted


def around(ran, score):
    at = ran.at["rule"]
    near = abs(at.score - score) < 0.05
    return at.back[near].mean()


def same_people(ran, places):
    """Return the share of the places that both models give to the same stays."""
    at = ran.at["refit"]
    return (at.top(at.score, places) & at.top(at.risk, places)).sum() / places


def grown(ran):
    """Return by which factor the next weights grow without the first column."""
    both = ran.at["without"].both.loc[ran.at["weights"].largest[1:4]]
    return (both["without the first"] / both["all columns"]).abs()


CLAIMS = [
    Claim(
        "acquaintances",
        "Split by patient, or the test meets old acquaintances",
        lambda ran: met(ran, "by_row") > 0 == met(ran, "by_patient"),
    ),
    Claim(
        "split",
        "Split by row, and training has met a third of the test",
        lambda ran: 0.3 < met(ran, "by_row") < 0.36 and "By patient: 0%" in ran.printed["split"],
    ),
    Claim(
        "split",
        "for this model the score hardly changes",
        lambda ran: abs(auc_by(ran, "by_row") - auc_by(ran, "by_patient")) < 0.01,
    ),
    Claim(
        "split",
        "The same data, the same size, two coins",
        lambda ran: (
            abs(len(ran.at["split"].by_row[1]) / len(ran.at["split"].by_patient[1]) - 1) < 0.02
        ),
    ),
    Claim(
        "model",
        "Race is not among the inputs",
        lambda ran: (
            "race" not in FEATURES and not ran.at["model"].X.columns.str.contains("race").any()
        ),
    ),
    Claim(
        "model",
        "readmissions are rare",
        lambda ran: 0.05 < ran.at["model"].y.mean() < 0.15,
    ),
    Claim(
        "rule",
        "At equal places, a one-line rule misses about as many",
        lambda ran: (
            abs(rates(ran)["a stay the year before"][2] - rates(ran)["model, as many places"][2])
            < 0.02
        ),
    ),
    Claim(
        "rule",
        "exactly as many places as the rule uses",
        lambda ran: (
            abs(rates(ran)["a stay the year before"][0] - rates(ran)["model, as many places"][0])
            < 0.001
        ),
    ),
    Claim(
        "rule",
        "Offering care to **nobody** has the best accuracy",
        lambda ran: max(rates(ran), key=lambda name: rates(ran)[name][1]) == "nobody",
    ),
    Claim(
        "rule",
        "more of those come back than of the rule's",
        lambda ran: best_tenth(ran) > 1.1 * share_back(ran, ran.at["rule"].rule),
    ),
    Claim(
        "calibration",
        "The scores of a rebalanced model are not risks",
        lambda ran: abs(distance(ran, "balanced weights")).min() > 0.2,
    ),
    Claim(
        "calibration",
        "They lie far below it, all of them",
        lambda ran: (distance(ran, "balanced weights") < -0.2).all(),
    ),
    Claim("calibration", "About two of ten", lambda ran: 0.15 < around(ran, 0.7) < 0.25),
    Claim(
        "calibration",
        "The order is fine: the line rises",
        lambda ran: (np.diff(ran.at["calibration"].observed) > -0.005).all(),
    ),
    Claim(
        "refit",
        "Without weights: the same order, and scores that are risks",
        lambda ran: (
            abs(distance(ran, "no weights")).max() < 0.03
            and np.corrcoef(
                ran.at["refit"].score.argsort().argsort(), ran.at["refit"].risk.argsort().argsort()
            )[0, 1]
            > 0.99
        ),
    ),
    Claim(
        "refit",
        "At the same number of places the two models choose nearly the same people",
        lambda ran: same_people(ran, len(ran.at["refit"].test) // 3) > 0.95,
    ),
    Claim(
        "refit",
        "the model without weights recommends almost nobody",
        lambda ran: (ran.at["refit"].risk >= 0.5).mean() < 0.001,
    ),
    Claim(
        "weights",
        "One column outweighs all others: a stay the year before",
        lambda ran: (
            ran.at["weights"].largest[0] == "had inpatient days"
            and ran.at["weights"]
            .weight.abs()
            .nlargest(2)
            .pipe(lambda two: two.iloc[0] / two.iloc[1])
            > 2
        ),
    ),
    Claim(
        "without",
        "Take the first column away, and the next ones grow",
        lambda ran: (grown(ran) > 1.03).all() and grown(ran).max() > 1.3,
    ),
    Claim(
        "compare",
        "The forest misses **about as many**",
        lambda ran: abs(ran.at["compare"].other_missed - ran.at["compare"].baseline_missed) < 0.02,
    ),
]

# Headings that say what to do or ask, or explain a word, and so claim nothing about the data.
NOT_A_CLAIM = {
    "train", "model", "predict-risk", "ranking", "exercise", "compare", "remember", "references",
}  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
def test_a_claim_of_the_deck_holds(ran, claim):
    assert claim.holds(ran)


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
def test_a_tested_claim_stands_in_the_deck(claim):
    assert stands_in_deck(claim, DECK)


def test_every_heading_is_tested_or_claims_nothing():
    assert headings_not_accounted_for(CLAIMS, NOT_A_CLAIM, DECK) == set()


def test_the_baseline_is_the_model_that_the_assessment_assesses(ran):
    """Both decks split, prepare and fit in the same way, so that their numbers agree."""
    with ran_on("demos/05-assess-disparities.ipynb", ran.source) as assessed:
        theirs = assessed.at["split"].tested["predicted"]
    ours = (ran.at["model"].score > 0.5).astype(int)
    assert (theirs.to_numpy() == ours).mean() > 0.9999
    assert list(theirs.index) == list(ran.at["model"].test)


# ------------------------------------------------------------------------------- the exercise


def test_the_exercise_leaves_the_test_half_alone(ran):
    at = ran.at["compare"]
    assert set(at.learn) | set(at.choose) == set(at.train)
    assert not set(at.patients.iloc[at.learn]) & set(at.patients.iloc[at.choose])


def test_the_solution_passes_its_checks(ran):
    assert ran.printed["compare"].count("✓") == 2 and "✗" not in ran.printed["compare"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("", "✗ Not yet (NameError"),
        (
            "other = clone(model)\nother_missed = missed(other)",
            "✗ Not yet: it should be that the m",
        ),
        ("other_missed -= 0.1", "✗ Not yet: it should be that a place"),
    ],
    ids=["nothing", "the same model", "other places"],
)
def test_a_wrong_answer_does_not_pass(answer, says, capsys):
    with ran_on(DECK, "synthetic") as ran:
        names = vars(ran.at["compare"]).copy()
        if not answer:
            del names["other"], names["other_missed"]
        exec(answer, names)
        check = next(cell for cell in slides(DECK)["compare"].cells if cell.id == "compare-check")
        exec(check.source, names)
    assert says in capsys.readouterr().out


# ----------------------------------------------------------------------- how the deck computes


def test_another_split_finds_the_same(ran):
    """The rule's draw with the model does not hang on the one split that the deck shows."""
    at = ran.at["rule"]
    halves = GroupShuffleSplit(n_splits=1, test_size=0.5, random_state=1)
    train, test = next(halves.split(at.X, groups=at.patients))
    score = clone(at.model).fit(at.X.iloc[train], at.y.iloc[train]).predict_proba(at.X.iloc[test])
    rule = at.stays["had_inpatient_days"].iloc[test].astype(int)
    missed = [
        at.false_negative_rate(at.y.iloc[test], offer)
        for offer in (rule, at.top(score[:, 1], rule.sum()))
    ]
    assert abs(np.diff(missed)[0]) < 0.02


def test_the_charts_say_the_numbers_that_they_draw(ran):
    at = ran.at["refit"]
    alt = at.charts.calibration(at.curves, at.title, "mean score", "share readmitted").alt
    for observed, predicted, n in at.curves.values():
        assert f"{n:,.0f} stays behind each dot" in alt
        for share, score in zip(observed, predicted, strict=True):
            assert f"score {score:.2f} observed {share:.2f}" in alt
    at = ran.at["weights"]
    alt = at.charts.weights(at.weight[at.largest], at.refits.min(), at.refits.max()).alt
    for name in at.largest:
        low, high = at.refits[name].min(), at.refits[name].max()
        row = f"{name} {at.weight[name]:+.2f}  [{low:+.2f}, {high:+.2f}]"
        assert row.replace("-", "−") in alt
        assert low - 0.01 <= at.weight[name] <= high + 0.01


def test_top_offers_the_places_to_the_highest_scores_and_to_ties():
    with ran_on(DECK, "synthetic") as ran:
        top = ran.at["model"].top
    assert list(top(np.array([0.1, 0.9, 0.5, 0.7]), 2)) == [0, 1, 0, 1]
    assert list(top(np.array([0.5, 0.9, 0.5, 0.1]), 2)) == [1, 1, 1, 0]
