"""What the deck *Data* says, and what must hold: see CONTRIBUTING.md."""

import numpy as np
import pandas as pd
import pytest

from tests.claims import on_real
from workshop.data import FEATURES


def times_no_answer_is_most_frequent(at):
    """Return the columns of the slide in which no answer is the most frequent value."""
    return [name for name in at.asked if at.stays[name].mode()[0] in at.no_answer]


def black_minus_white(rates):
    return rates["Black"] - rates["white"]


def marked(at):
    """Return how many rows each contradiction concerns."""
    return pd.Series({words: rows.sum() for words, rows in at["detective"].found.items()})


def patients_with_and_without_a_race(at):
    unknown, known = (set(at.patient[rows]) for rows in (at.missing, ~at.missing))
    return unknown & known


CLAIMS = {
    "groups": {
        "Three stays in four are recorded as white": lambda at: (
            at.share["white"] == pytest.approx(0.75, abs=0.01)
        ),
    },
    "merge": {
        "“Other” averages over people who differ": lambda at: (
            np.ptp(at.apart) > 0.1
            and at.merged["high"].drop("Other").min() < at.merged["low"].drop("Other").max()
        ),
        "We merge the three small groups": lambda at: (
            at.few.value_counts().max() < 0.03 * len(at.stays)
        ),
    },
    "missing": {
        "The most frequent answer is often no answer": lambda at: (
            times_no_answer_is_most_frequent(at) == [*at.asked][1:]
        ),
        "Race is nearly always there": lambda at: at.empty["race"] < 0.03,
        "Who pays is missing for two stays in five": lambda at: (
            at.empty["payer"] == pytest.approx(0.4, abs=0.02)
        ),
        "the specialty of the physician for half of the stays; a blood sugar": lambda at: (
            at.empty["medical_specialty"] == pytest.approx(0.5, abs=0.03)
            and at.empty[["A1Cresult", "max_glu_serum"]].min() > 0.8
        ),
    },
    "unknown": {
        "Whether race is recorded depends on how a patient came in": lambda at: (
            at.unknown.max() > 2 * at.unknown.min()
        ),
        "The three intervals do not touch": lambda at: (
            len(at.desks) == 3
            and (at.desks["low"].to_numpy()[:-1] > at.desks["high"].to_numpy()[1:]).all()
        ),
    },
    "asked-again": {
        "The more often a patient comes, the more often race is recorded": lambda at: (
            at.rarer[at.words].is_monotonic_decreasing
        ),
        "more than a hundred patients are Unknown on one stay and have a race": lambda at: (
            len(patients_with_and_without_a_race(at)) > 100
        ),
    },
    "changing": {
        "Records of small groups contradict themselves more often": lambda at: (
            at.mixed["low"].drop(["Black", "white"]).min()
            > at.mixed["high"][["Black", "white"]].max()
        ),
        "It is rare among those recorded as white or Black": lambda at: (
            at.mixed["rate"][["Black", "white"]].max() < 0.01
        ),
    },
    "repeat": {
        "Nearly half of the rows belong to patients who come back": lambda at: (
            0.43 < 1 - at.of_rows["one stay"] < 0.5
        ),
        "Those with five stays or more are few people and many rows": lambda at: (
            at.of_patients["five or more"] < 0.03 and at.of_rows["five or more"] > 0.08
        ),
    },
    "payers": {
        "In the data above all a sign of **age**": lambda at: (
            at.over_60[at.stays["medicare"]].mean() > 0.85
            and at.over_60[~at.stays["medicare"]].mean() < 0.65
        ),
    },
    "no-medicaid": {
        "“No Medicaid” often means that nobody wrote a payer down": lambda at: (
            at.none.mean() > 0.35
        ),
        "For two in five of the noes": lambda at: at.none.mean() == pytest.approx(0.4, abs=0.03),
        "more often for Black patients": lambda at: black_minus_white(at.unrecorded) > 0.05,
        "no empty cell is left": lambda at: not at.stays.isna().any().any(),
        "Who is Unknown by race has a payer more often": lambda at: (
            at.unrecorded.idxmin() == "Unknown"
        ),
    },
    "payers-by-race": {
        "Among known payers, the difference doubles": lambda at: (
            black_minus_white(at.known) > 2 * black_minus_white(at.column) > 0.02
        ),
        "Both rise": lambda at: (at.known > at.column).all(),
    },
    "proxy": {
        "Leave race out, and the other columns still tell much of it": lambda at: (
            at.right["low"] > 0.65 and not any("race" in column for column in at.X)
        ),
        "About seven times of ten": lambda at: 0.65 < at.right["rate"] < 0.75,
    },
    "fifths": {
        "The higher the score, the larger the share of Black patients": lambda at: (
            at.share_black.is_monotonic_increasing
            and at.share_black.iloc[-1] > 4 * at.share_black.iloc[0]
        ),
    },
    "which-column": {
        "No single column tells race; together they do": lambda at: (
            at.best["high"].drop("All together").max() < at.best["low"]["All together"] - 0.03
        ),
        "little better than a coin": lambda at: at.best["rate"].drop("All together").max() < 0.62,
    },
    "detective-solution": {
        "Five contradictions, and none shows in a summary": lambda at: (
            len(marked(at)) == 5 and marked(at).min() > 0 and not at.stays.isna().any().any()
        ),
        "death counts like a good outcome": lambda at: (
            marked(at).iloc[0] == at.stays["died"].sum() > 1000
        ),
    },
    "payer-order": {
        "on the real data no stay of the first fifth has a payer": on_real(
            lambda at: at.gone.iloc[0] > 0.999 and at.gone.iloc[1:].max() < 0.5
        ),
    },
}


def test_green_is_one_set_of_people(at):
    """*Other* holds all three merged groups; the form's own word has another name."""
    assert "Other" not in set(at["groups"].form) | set(at["unknown"].way_in)
    merged = at["merge"].few.size
    assert merged == (at["groups"].race == "Other").sum()


def test_every_stay_belongs_to_one_fifth_of_the_score(at):
    assert np.ptp(at["fifths"].fifth.value_counts()) <= 1


def test_the_model_and_a_column_are_scored_on_patients_whom_they_have_not_met(at):
    """The folds are split by patient: *for people whom it has not met*."""
    at = at["which-column"]
    met, new = (set(at.two["patient_id"].iloc[rows]) for rows in (at.learn, at.other))
    assert not met & new
    assert set(at.alone) == set(FEATURES)


def test_some_patients_of_the_real_data_come_back_after_death(real):
    """What the notes of the exercise promise for the real data."""
    stays = real["groups"].stays
    died_before = stays.groupby("patient_id")["died"].cumsum() - stays["died"]
    assert 0 < (died_before > 0).sum() < 50


# What is typed in an exercise instead of the solution, and what the check then says.
WRONG_ANSWERS = {
    "detective": {
        "found = {'all rows': stays['patient_id'] >= 0}": "✗ Not yet: it should be that each",
        "found = {}": "✗ Not yet: it should be that found holds three",
    },
}
