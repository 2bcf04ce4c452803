"""What the deck *Train a baseline* says, and what must hold: see CONTRIBUTING.md."""

import numpy as np
import pytest

from tests.claims import run_slides
from workshop.data import FEATURES
from workshop.teach.model import recommender


def curve(at, name):
    """Return by how much the share readmitted in each tenth exceeds the mean score."""
    tenths = at["calibration"].curves[name]
    return tenths["y"] - tenths["x"]


CLAIMS = {
    "split": {
        "Split by row, and training has met many of the test patients": lambda at: (
            at.met["Split by row"] > 0.15 and at.met["Split by patient"] == 0
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
            abs(at.compared["rate"].diff().iloc[1]) < 0.03
            and at.compared["low"].max() < at.compared["high"].min()
        ),
        "The model gets as many places": lambda at: abs(at.chosen.sum() / at.places - 1) < 0.01,
    },
    "calibration": {
        "The scores of a rebalanced model are not risks": lambda at: (
            curve(at, "balanced weights").max() < -0.15
        ),
        "Without weights they lie on it": lambda at: curve(at, "no weights").abs().max() < 0.05,
        "About two of ten": lambda at: 0.15 < at.back[abs(at.score - 0.7) < 0.05].mean() < 0.25,
        "The order hardly changes": lambda at: at.score.rank().corr(at.risk.rank()) > 0.98,
    },
    "weights": {
        "One column outweighs all others: a stay the year before": lambda at: (
            at.largest.index[0] == "had_inpatient_days"
            and at.largest.iloc[0] > 1.5 * at.largest.iloc[1]
        ),
    },
    "compare": {
        "The forest misses **about as many**": lambda at: (
            abs(at.other_missed - at.baseline_missed) < 0.03
        ),
    },
}


def test_the_baseline_is_the_model_that_the_assessment_assesses(at):
    """Both decks split, prepare and fit in the same way, so that their numbers agree."""
    title = run_slides("demos/05-assess-disparities.ipynb", at.source, last="assess")
    theirs = title.now["score"][at.test]
    assert at.score.to_numpy() == pytest.approx(theirs.to_numpy(), abs=0.002)


def test_the_solver_that_is_left_out_on_the_slide_makes_no_difference(at):
    ours = recommender().fit(at.X.loc[at.train], at.y[at.train])
    assert np.allclose(ours.predict_proba(at.X.loc[at.test])[:, 1], at.score, atol=0.002)


def test_the_exercise_leaves_the_test_part_alone(at):
    assert not set(at.patient[at.valid]) & set(at.patient[at.test])
    assert not set(at.patient[at.train]) & set(at.patient[at.valid])


def test_top_offers_the_places_to_the_highest_scores_and_to_ties(synthetic):
    import pandas as pd

    assert list(synthetic.top(pd.Series([0.1, 0.9, 0.5, 0.7]), 2)) == [False, True, False, True]
    assert list(synthetic.top(pd.Series([0.5, 0.9, 0.5, 0.1]), 2)) == [True, True, True, False]


# What is typed in an exercise instead of the solution, and what the check then says.
WRONG_ANSWERS = {
    "compare": {
        "del other, other_missed": "✗ Not yet (NameError",
        "other = recommender()\nother_missed = missed_on(other)": "✗ Not yet: it should be",
        "other_missed -= 0.1": "✗ Not yet: it should be that a place",
    },
}
