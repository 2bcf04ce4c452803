"""What the deck *Train a baseline* says, and what must hold: see CONTRIBUTING.md."""

import numpy as np
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupShuffleSplit

from workshop.data import FEATURES


def met(at, split):
    """Return the share of the test rows whose patient is in training."""
    at = at["split"]
    train, test = getattr(at, split)
    return at.patients.iloc[test].isin(at.patients.iloc[train]).mean()


def auc_by(at, split):
    """Return how well the baseline ranks the test of a split."""
    at = at["model"]
    train, test = getattr(at, split)
    model = clone(at.model).fit(at.X.iloc[train], at.y.iloc[train])
    return roc_auc_score(at.y.iloc[test], model.predict_proba(at.X.iloc[test])[:, 1])


def rates(at):
    """Return selection rate, accuracy and false negative rate of each offer."""
    return at["rule"].rows


def share_back(at, offer):
    """Return the share of those offered a place who come back."""
    return at["rule"].back[offer == 1].mean()


def best_tenth(at):
    at = at["rule"]
    return share_back(at, at.top(at.score, len(at.test) // 10))


def distance(at, name):
    """Return how far the dots of a curve lie from the line on which a score is a risk."""
    observed, predicted, _ = at["refit"].curves[name]
    return observed - predicted


def around(at, score):
    at = at["rule"]
    near = abs(at.score - score) < 0.05
    return at.back[near].mean()


def same_people(at, places):
    """Return the share of the places that both models give to the same stays."""
    at = at["refit"]
    return (at.top(at.score, places) & at.top(at.risk, places)).sum() / places


def grown(at):
    """Return by which factor the next weights grow without the first column."""
    both = at["without"].both.loc[at["weights"].largest[1:4]]
    return (both["without the first"] / both["all columns"]).abs()


CLAIMS = {
    "acquaintances": {
        "Split by patient, or the test meets old acquaintances": lambda at: (
            met(at, "by_row") > 0 == met(at, "by_patient")
        ),
    },
    "split": {
        "Split by row, and training has met a third of the test": lambda at: (
            0.3 < met(at, "by_row") < 0.36 and "By patient: 0%" in at.printed
        ),
        "for this model the score hardly changes": lambda at: (
            abs(auc_by(at, "by_row") - auc_by(at, "by_patient")) < 0.01
        ),
        "The same data, the same size, two coins": lambda at: (
            abs(len(at.by_row[1]) / len(at.by_patient[1]) - 1) < 0.02
        ),
    },
    "model": {
        "Race is not among the inputs": lambda at: (
            "race" not in FEATURES and not at.X.columns.str.contains("race").any()
        ),
        "readmissions are rare": lambda at: 0.05 < at.y.mean() < 0.15,
    },
    "rule": {
        "At equal places, a one-line rule misses about as many": lambda at: (
            abs(rates(at)["a stay the year before"][2] - rates(at)["model, as many places"][2])
            < 0.02
        ),
        "exactly as many places as the rule uses": lambda at: (
            abs(rates(at)["a stay the year before"][0] - rates(at)["model, as many places"][0])
            < 0.001
        ),
        "Offering care to **nobody** has the best accuracy": lambda at: (
            max(rates(at), key=lambda name: rates(at)[name][1]) == "nobody"
        ),
        "more of those come back than of the rule's": lambda at: (
            best_tenth(at) > 1.1 * share_back(at, at.rule)
        ),
    },
    "calibration": {
        "The scores of a rebalanced model are not risks": lambda at: (
            abs(distance(at, "balanced weights")).min() > 0.2
        ),
        "They lie far below it, all of them": lambda at: (
            distance(at, "balanced weights") < -0.2
        ).all(),
        "About two of ten": lambda at: 0.15 < around(at, 0.7) < 0.25,
        "The order is fine: the line rises": lambda at: (np.diff(at.observed) > -0.005).all(),
    },
    "refit": {
        "Without weights: the same order, and scores that are risks": lambda at: (
            abs(distance(at, "no weights")).max() < 0.03
            and np.corrcoef(at.score.argsort().argsort(), at.risk.argsort().argsort())[0, 1] > 0.99
        ),
        "At the same number of places the two models choose nearly the same people": lambda at: (
            same_people(at, len(at.test) // 3) > 0.95
        ),
        "the model without weights recommends almost nobody": lambda at: (
            (at.risk >= 0.5).mean() < 0.001
        ),
    },
    "weights": {
        "One column outweighs all others: a stay the year before": lambda at: (
            at.largest[0] == "had inpatient days"
            and at["weights"].weight.abs().nlargest(2).pipe(lambda two: two.iloc[0] / two.iloc[1])
            > 2
        ),
    },
    "without": {
        "Take the first column away, and the next ones grow": lambda at: (
            (grown(at) > 1.03).all() and grown(at).max() > 1.3
        ),
    },
    "compare": {
        "The forest misses **about as many**": lambda at: (
            abs(at.other_missed - at.baseline_missed) < 0.02
        ),
    },
}


def test_the_exercise_leaves_the_test_half_alone(at):
    at = at["compare"]
    assert set(at.learn) | set(at.choose) == set(at.train)
    assert not set(at.patients.iloc[at.learn]) & set(at.patients.iloc[at.choose])


def test_another_split_finds_the_same(at):
    """The rule's draw with the model does not hang on the one split that the deck shows."""
    at = at["rule"]
    halves = GroupShuffleSplit(n_splits=1, test_size=0.5, random_state=1)
    train, test = next(halves.split(at.X, groups=at.patients))
    score = clone(at.model).fit(at.X.iloc[train], at.y.iloc[train]).predict_proba(at.X.iloc[test])
    rule = at.stays["had_inpatient_days"].iloc[test].astype(int)
    missed = [
        at.false_negative_rate(at.y.iloc[test], offer)
        for offer in (rule, at.top(score[:, 1], rule.sum()))
    ]
    assert abs(np.diff(missed)[0]) < 0.02


def test_the_charts_say_the_numbers_that_they_draw(at):
    at = at["refit"]
    alt = at.charts.calibration(at.curves, at.title, "mean score", "share readmitted").alt
    for observed, predicted, n in at.curves.values():
        assert f"{n:,.0f} stays behind each dot" in alt
        for share, score in zip(observed, predicted, strict=True):
            assert f"score {score:.2f} observed {share:.2f}" in alt
    at = at["weights"]
    alt = at.charts.weights(at.weight[at.largest], at.refits.min(), at.refits.max()).alt
    for name in at.largest:
        low, high = at.refits[name].min(), at.refits[name].max()
        row = f"{name} {at.weight[name]:+.2f}  [{low:+.2f}, {high:+.2f}]"
        assert row.replace("-", "−") in alt
        assert low - 0.01 <= at.weight[name] <= high + 0.01


def test_top_offers_the_places_to_the_highest_scores_and_to_ties(synthetic):
    top = synthetic["model"].top
    assert list(top(np.array([0.1, 0.9, 0.5, 0.7]), 2)) == [0, 1, 0, 1]
    assert list(top(np.array([0.5, 0.9, 0.5, 0.1]), 2)) == [1, 1, 1, 0]


# What is typed in an exercise instead of the solution, and what the check then says.
WRONG_ANSWERS = {
    "compare": {
        "del other, other_missed": "✗ Not yet (NameError",
        "other = clone(model)\nother_missed = missed(other)": "✗ Not yet: it should be that the m",
        "other_missed -= 0.1": "✗ Not yet: it should be that a place",
    },
}
