"""What the deck *Data* says, and what must hold: see CONTRIBUTING.md."""

import numpy as np
import pandas as pd
import pytest

from workshop.data import FEATURES


def stays(at):
    return at["groups"].stays


def times_no_answer_is_most_frequent(at):
    """Return the columns of the slide in which no answer is the most frequent value."""
    at = at["missing"]
    return [name for name in at.columns if stays(at)[name].mode()[0] in at.no_answer]


def contradicting(at):
    """Return how many of 1,000 patients with a race on file have another race on file, too."""
    return at["changing"].mixed["per 1,000"]


def payers(at):
    return at["payers-by-race"].payers


def auc(at):
    return at["proxy"].roc_auc_score(at["proxy"].black, at["proxy"].score)


def marked(at):
    """Return how many rows each contradiction concerns."""
    return pd.Series({words: rows.sum() for words, rows in at["detective"].found.items()})


CLAIMS = {
    "groups": {
        "Three stays in four are recorded as white": lambda at: (
            (stays(at)["race"] == "white").mean() == pytest.approx(0.75, abs=0.01)
        ),
    },
    "merge": {
        "“Other” averages over people who differ": lambda at: (
            np.ptp(at.apart["over_60"].drop("merged")) > 0.1
        ),
        "We often merge the three small groups": lambda at: (
            stays(at)["race"].value_counts()[["Asian", "Hispanic", "Other"]].max()
            < 0.03 * len(stays(at))
        ),
    },
    "missing": {
        "The most frequent answer is often no answer": lambda at: (
            times_no_answer_is_most_frequent(at)
            == ["medical_specialty", "A1Cresult", "max_glu_serum"]
        ),
        "Race is nearly always there": lambda at: at.empty.loc["race", "mean"] < 0.03,
        "The specialty of the physician is missing for half of the stays; a blood": lambda at: (
            at.empty.loc["medical_specialty", "mean"] == pytest.approx(0.5, abs=0.03)
            and at.empty["mean"][["A1Cresult", "max_glu_serum"]].min() > 0.8
        ),
    },
    "unknown": {
        "Whether race is recorded depends on how a patient came in": lambda at: (
            at.rate.max() > 2 * at.rate.min()
        ),
        "The three intervals do not touch": lambda at: (
            len(at.low) == 3
            and (at.low.sort_values().to_numpy()[1:] > at.high.sort_values().to_numpy()[:-1]).all()
        ),
    },
    "repeat": {
        "Nearly half of the rows belong to patients who come back": lambda at: (
            0.43 < stays(at)["patient_id"].duplicated(keep=False).mean() < 0.5
        ),
        "few people, many rows, and roughly one in four of those stays": lambda at: (
            at.often["patients"].iloc[-1] < 0.03 * stays(at)["patient_id"].nunique()
            and at.often["share of rows"].iloc[-1] > 0.08
            and 0.22 < at.often["readmitted"].iloc[-1] < 0.3
        ),
    },
    "asked-again": {
        "The more often a patient comes, the more often race is recorded": lambda at: (
            at.share.mul(1000).round().is_monotonic_decreasing
        ),
        "patients with Unknown on one stay and a race on another": lambda at: len(at.known) > 100,
    },
    "changing": {
        "Records of small groups contradict themselves more often": lambda at: (
            contradicting(at)[["Asian", "Hispanic", "Other", "Unknown"]].min()
            > 2.5 * contradicting(at)[["Black", "white"]].max()
        ),
        "It is rare among those recorded as white or Black": lambda at: (
            contradicting(at)[["Black", "white"]].max() < 10
        ),
    },
    "payers": {
        "In the data it is above all a sign of **age**": lambda at: (
            (stays(at).loc[stays(at)["medicare"], "age"] == "Over 60 years").mean() > 0.85
            and (stays(at).loc[~stays(at)["medicare"], "age"] == "Over 60 years").mean() < 0.65
        ),
    },
    "payers-by-race": {
        "Who pays differs by race, so the payer carries race": lambda at: (
            payers(at)["Medicaid"]["Black"] > 1.5 * payers(at)["Medicaid"]["white"]
        ),
        "White patients have the smallest share of the five recorded groups": lambda at: (
            payers(at)["Medicaid"].drop("Unknown").idxmin() == "white"
        ),
    },
    "proxy": {
        "Leave race out, and the other columns still tell much of it": lambda at: (
            auc(at) > 0.65 and not any("race" in column for column in at.X)
        ),
        "About seven times of ten": lambda at: 0.65 < auc(at) < 0.75,
        "split by patient, so the model guesses for people whom it has not met": lambda at: all(
            not set(at.two["patient_id"].iloc[train]) & set(at.two["patient_id"].iloc[test])
            for train, test in at.folds
        ),
    },
    "fifths": {
        "The higher the score, the larger the share of Black patients": lambda at: (
            at.share.is_monotonic_increasing and at.share.iloc[-1] > 4 * at.share.iloc[0]
        ),
    },
    "which-column": {
        "No single column tells race; together they do": lambda at: (
            max(at.alone.values()) < at.best["all together"] - 0.05
        ),
        "Each alone is little better than a coin": lambda at: max(at.alone.values()) < 0.62,
    },
    "detective-solution": {
        # no value is missing anywhere
        "Five contradictions, and none shows in a summary": lambda at: (
            len(marked(at)) == 5 and marked(at).min() > 0 and not stays(at).isna().any().any()
        ),
        "death counts like a good outcome": lambda at: (
            marked(at).iloc[0] == stays(at)["died"].sum() > 1000
        ),
    },
}


def test_every_stay_belongs_to_one_fifth_of_the_score(at):
    at = at["fifths"]
    assert at.n.sum() == len(at.two)
    assert np.ptp(at.n) <= 1


def test_a_column_alone_is_scored_on_patients_whom_it_has_not_met(at):
    """The AUC of a column does not come from the fold on which its shares were learned."""
    at = at["which-column"]
    assert not set(at.train) & set(at.test)
    assert set(at.alone) == set(FEATURES)


def test_some_patients_of_the_real_data_come_back_after_death(real):
    """What the notes of the exercise promise for the real data."""
    died_before = stays(real).groupby("patient_id")["died"].cumsum() - stays(real)["died"]
    assert 0 < (died_before > 0).sum() < 50


# What is typed in an exercise instead of the solution, and what the check then says.
WRONG_ANSWERS = {
    "detective": {
        "found = {'all rows': stays['patient_id'] >= 0}": "✗ Not yet: it should be that each",
        "found = {}": "✗ Not yet: it should be that found holds three",
    },
}
