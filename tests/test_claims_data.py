"""What the deck *Data* says in prose, held against what its own cells compute.

CLAIMS is the table to read: the slide, the words that stand on it (or in its notes), and the test
that must hold on the synthetic cohort and on the real data.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.claims import Claim, headings_not_accounted_for, ran_on, run_deck, slides, stands_in_deck
from workshop.data import FEATURES

DECK = "demos/04-question-data.ipynb"


@pytest.fixture(params=["synthetic", "real"])
def ran(request):
    with ran_on(DECK, request.param) as result:
        yield result


@pytest.fixture
def real():
    with ran_on(DECK, "real") as result:
        yield result


# ---------------------------------------------------------------------------------- the claims


def stays(ran):
    return ran.at["groups"].stays


def times_no_answer_is_most_frequent(ran):
    """Return the columns of the slide in which no answer is the most frequent value."""
    at = ran.at["missing"]
    return [name for name in at.columns if stays(ran)[name].mode()[0] in at.no_answer]


def contradicting(ran):
    """Return how many of 1,000 patients with a race on file have another race on file, too."""
    return ran.at["changing"].mixed["per 1,000"]


def payers(ran):
    return ran.at["payers-by-race"].payers


def auc(ran):
    return ran.at["proxy"].roc_auc_score(ran.at["proxy"].black, ran.at["proxy"].score)


def marked(ran):
    """Return how many rows each contradiction concerns."""
    return pd.Series({words: rows.sum() for words, rows in ran.at["detective"].found.items()})


CLAIMS = [
    Claim(
        "groups",
        "Three stays in four are recorded as white",
        lambda ran: (stays(ran)["race"] == "white").mean() == pytest.approx(0.75, abs=0.01),
    ),
    Claim(
        "merge",
        "“Other” averages over people who differ",
        lambda ran: np.ptp(ran.at["merge"].apart["over_60"].drop("merged")) > 0.1,
    ),
    Claim(
        "merge",
        "We often merge the three small groups",
        lambda ran: (
            stays(ran)["race"].value_counts()[["Asian", "Hispanic", "Other"]].max()
            < 0.03 * len(stays(ran))
        ),
    ),
    Claim(
        "missing",
        "The most frequent answer is often no answer",
        lambda ran: (
            times_no_answer_is_most_frequent(ran)
            == ["medical_specialty", "A1Cresult", "max_glu_serum"]
        ),
    ),
    Claim(
        "missing",
        "Race is nearly always there",
        lambda ran: ran.at["missing"].empty.loc["race", "mean"] < 0.03,
    ),
    Claim(
        "missing",
        "The specialty of the physician is missing for half of the stays; a blood sugar value",
        lambda ran: (
            ran.at["missing"].empty.loc["medical_specialty", "mean"] == pytest.approx(0.5, abs=0.03)
            and ran.at["missing"].empty["mean"][["A1Cresult", "max_glu_serum"]].min() > 0.8
        ),
    ),
    Claim(
        "unknown",
        "Whether race is recorded depends on how a patient came in",
        lambda ran: ran.at["unknown"].rate.max() > 2 * ran.at["unknown"].rate.min(),
    ),
    Claim(
        "unknown",
        "The three intervals do not touch",
        lambda ran: (
            len(ran.at["unknown"].low) == 3
            and (
                ran.at["unknown"].low.sort_values().to_numpy()[1:]
                > ran.at["unknown"].high.sort_values().to_numpy()[:-1]
            ).all()
        ),
    ),
    Claim(
        "repeat",
        "Nearly half of the rows belong to patients who come back",
        lambda ran: 0.43 < stays(ran)["patient_id"].duplicated(keep=False).mean() < 0.5,
    ),
    Claim(
        "repeat",
        "few people, many rows, and roughly one in four of those stays",
        lambda ran: (
            ran.at["repeat"].often["patients"].iloc[-1] < 0.03 * stays(ran)["patient_id"].nunique()
            and ran.at["repeat"].often["share of rows"].iloc[-1] > 0.08
            and 0.22 < ran.at["repeat"].often["readmitted"].iloc[-1] < 0.3
        ),
    ),
    Claim(
        "asked-again",
        "The more often a patient comes, the more often race is recorded",
        lambda ran: ran.at["asked-again"].share.mul(1000).round().is_monotonic_decreasing,
    ),
    Claim(
        "asked-again",
        "patients with Unknown on one stay and a race on another",
        lambda ran: len(ran.at["asked-again"].known) > 100,
    ),
    Claim(
        "changing",
        "Records of small groups contradict themselves more often",
        lambda ran: (
            contradicting(ran)[["Asian", "Hispanic", "Other", "Unknown"]].min()
            > 2.5 * contradicting(ran)[["Black", "white"]].max()
        ),
    ),
    Claim(
        "changing",
        "It is rare among those recorded as white or Black",
        lambda ran: contradicting(ran)[["Black", "white"]].max() < 10,
    ),
    Claim(
        "payers",
        "In the data it is above all a sign of **age**",
        lambda ran: (
            (stays(ran).loc[stays(ran)["medicare"], "age"] == "Over 60 years").mean() > 0.85
            and (stays(ran).loc[~stays(ran)["medicare"], "age"] == "Over 60 years").mean() < 0.65
        ),
    ),
    Claim(
        "payers-by-race",
        "Who pays differs by race, so the payer carries race",
        lambda ran: payers(ran)["Medicaid"]["Black"] > 1.5 * payers(ran)["Medicaid"]["white"],
    ),
    Claim(
        "payers-by-race",
        "White patients have the smallest share of the five recorded groups",
        lambda ran: payers(ran)["Medicaid"].drop("Unknown").idxmin() == "white",
    ),
    Claim(
        "proxy",
        "Leave race out, and the other columns still tell much of it",
        lambda ran: auc(ran) > 0.65 and not any("race" in column for column in ran.at["proxy"].X),
    ),
    Claim(
        "proxy",
        "About seven times of ten",
        lambda ran: 0.65 < auc(ran) < 0.75,
    ),
    Claim(
        "proxy",
        "split by patient, so the model guesses for people whom it has not met",
        lambda ran: all(
            not set(ran.at["proxy"].two["patient_id"].iloc[train])
            & set(ran.at["proxy"].two["patient_id"].iloc[test])
            for train, test in ran.at["proxy"].folds
        ),
    ),
    Claim(
        "fifths",
        "The higher the score, the larger the share of Black patients",
        lambda ran: (
            ran.at["fifths"].share.is_monotonic_increasing
            and ran.at["fifths"].share.iloc[-1] > 4 * ran.at["fifths"].share.iloc[0]
        ),
    ),
    Claim(
        "which-column",
        "No single column tells race; together they do",
        lambda ran: (
            max(ran.at["which-column"].alone.values())
            < ran.at["which-column"].best["all together"] - 0.05
        ),
    ),
    Claim(
        "which-column",
        "Each alone is little better than a coin",
        lambda ran: max(ran.at["which-column"].alone.values()) < 0.62,
    ),
    Claim(
        "detective-solution",
        "Five contradictions, and none shows in a summary",  # no value is missing anywhere
        lambda ran: (
            len(marked(ran)) == 5 and marked(ran).min() > 0 and not stays(ran).isna().any().any()
        ),
    ),
    Claim(
        "detective-solution",
        "death counts like a good outcome",
        lambda ran: marked(ran).iloc[0] == stays(ran)["died"].sum() > 1000,
    ),
]

# Headings that say what to do or ask, or draw a concept, and so claim nothing about the data.
NOT_A_CLAIM = {
    "data", "doors", "payers", "predict-proxy", "datasheet", "detective", "remember", "references",
}  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
def test_a_claim_of_the_deck_holds(ran, claim):
    assert claim.holds(ran)


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
def test_a_tested_claim_stands_in_the_deck(claim):
    assert stands_in_deck(claim, DECK)


def test_every_heading_is_tested_or_claims_nothing():
    assert headings_not_accounted_for(CLAIMS, NOT_A_CLAIM, DECK) == set()


def test_the_short_deck_runs_alone_and_finds_the_same(ran):
    """A slide that only the long edition shows must not leave anything that others need."""
    short = run_deck(DECK, ran.source, long=False)
    assert set(slides(DECK)) - set(short.at) == {
        key for key, slide in slides(DECK).items() if "long" in slide.tags
    }
    pd.testing.assert_frame_equal(short.at["repeat"].often, ran.at["repeat"].often)
    pd.testing.assert_series_equal(short.at["fifths"].share, ran.at["fifths"].share)


def test_the_solution_passes_its_checks(ran):
    assert ran.printed["detective"].count("✓") == 2
    assert "✗" not in ran.printed["detective"]


def test_a_wrong_answer_is_told(ran, capsys):
    """The checks can fail: too few contradictions, and one that concerns every row."""
    source = next(c.source for c in slides(DECK)["detective"].cells if c.id == "detective-check")
    at = ran.at["detective"]
    exec(source, {**vars(at), "found": {"all rows": at.stays["patient_id"] >= 0}})
    assert capsys.readouterr().out.count("✗ Not yet") == 2


def test_every_stay_belongs_to_one_fifth_of_the_score(ran):
    at = ran.at["fifths"]
    assert at.n.sum() == len(at.two)
    assert np.ptp(at.n) <= 1


def test_a_column_alone_is_scored_on_patients_whom_it_has_not_met(ran):
    """The AUC of a column does not come from the fold on which its shares were learned."""
    at = ran.at["which-column"]
    assert not set(at.train) & set(at.test)
    assert set(at.alone) == set(FEATURES)


# ----------------------------------------------------------- the curriculum's numbers, real data


def test_the_real_data_are_those_of_the_curriculum(real):
    assert len(stays(real)) == 101_766
    assert stays(real)["patient_id"].nunique() == 71_518
    assert stays(real)["patient_id"].duplicated(keep=False).mean() == pytest.approx(0.46, abs=0.01)
    assert (stays(real)["race"] == "Unknown").sum() == 2_273
    assert marked(real)["neither female nor male"] == 3
    patients = stays(real).loc[real.at["detective"].found["a patient of several races"]]
    assert patients["patient_id"].nunique() == 249


def test_some_patients_of_the_real_data_come_back_after_death(real):
    """What the notes of the exercise promise for the real data."""
    died_before = stays(real).groupby("patient_id")["died"].cumsum() - stays(real)["died"]
    assert 0 < (died_before > 0).sum() < 50
