"""What the deck *Assess disparities* says in prose, held against what its own cells compute.

The deck's code cells run once per data source. CLAIMS is the table to read: the slide, the words
that stand on it (or in its notes), and the test that must hold on the synthetic cohort and on the
real data.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from tests.claims import (
    Claim,
    headings_not_accounted_for,
    ran_on,
    run_deck,
    slides,
    stands_in_deck,
)
from workshop.data import FEATURES, load_patients

DECK = "demos/05-assess-disparities.ipynb"


@pytest.fixture(params=["synthetic", "real"])
def ran(request):
    with ran_on(DECK, request.param) as result:
        yield result


@pytest.fixture
def real():
    with ran_on(DECK, "real") as result:
        yield result


# ---------------------------------------------------------------------------------- the claims


def rates(ran):
    """Return the deck's table of metrics by group."""
    return ran.at["by-group"].frame.by_group


def summary(ran):
    """Return the deck's table of one number per comparison."""
    return ran.at["compare"].summary


def widths(ran):
    """Return the width of each group's interval, from the group with the fewest people up."""
    at = ran.at["intervals"]
    return pd.Series(at.high - at.low, index=at.rate.index)[at.n.sort_values().index]


def excess(ran, slide):
    """Return by how much the observed gap exceeds what 95% of the shuffles stay below."""
    at = ran.at[slide]
    return at.observed - np.quantile(at.shuffled, 0.95)


def share_selected_without_balance(ran):
    """Return the share that the model would select without class_weight="balanced"."""
    at = ran.at["split"]
    plain = clone(at.model).set_params(logisticregression__class_weight=None)
    plain.fit(at.X.iloc[at.train], at.y.iloc[at.train])
    return plain.predict(at.X.iloc[at.test]).mean()


def flip(ran):
    """Return the differences as observed and their intervals, as the chart shows them."""
    at = ran.at["cohort-flip"]
    return at.draws.loc[0], dict(zip(at.draws, at.low, strict=True)), at.high


CLAIMS = [
    Claim(
        "groups",
        "**Other** merges Asian, Hispanic and other",
        lambda ran: (
            set(ran.at["groups"].stays.query("group == 'Other'")["race"].unique())
            == {"Asian", "Hispanic", "Other"}
        ),
    ),
    Claim(
        "groups",
        "a rate on a handful of people says little",  # the merged groups are the small ones
        lambda ran: (
            ran.at["groups"].stays["race"].value_counts()[["Asian", "Hispanic"]].max()
            < ran.at["groups"].stays["race"].value_counts()[["Black", "white"]].min() / 5
        ),
    ),
    Claim(
        "model",
        "The model never sees race",
        lambda ran: "race" not in FEATURES and "False" in ran.printed["model"],
    ),
    Claim(
        "model",
        "Other columns, such as the payer, carry part of it",
        lambda ran: ran.at["model"].stays.groupby("group")["medicaid"].mean().pipe(np.ptp) > 0.01,
    ),
    Claim(
        "model",
        "without it, the model would recommend almost nobody",
        lambda ran: share_selected_without_balance(ran) < 0.02,
    ),
    Claim(
        "split",
        "No patient is in both halves",
        lambda ran: ran.at["split"].met.sum() == 0 and ", 0 by" in ran.printed["split"],
    ),
    Claim(
        "split",
        "Nearly half of the rows belong to people who come more than once",
        lambda ran: 0.4 < ran.at["split"].stays["patient_id"].duplicated(keep=False).mean() < 0.5,
    ),
    Claim(
        "overall",
        "One row for everyone describes no one in particular",  # no group has the overall rate
        lambda ran: (
            (rates(ran)["false negative rate"] - ran.at["overall"].overall["false negative rate"])
            .abs()
            .max()
            > 0.1
        ),
    ),
    Claim(
        "by-group",
        "Accuracy is highest where the model misses the most",
        lambda ran: rates(ran)["accuracy"].idxmax() == rates(ran)["false negative rate"].idxmax(),
    ),
    Claim(
        "by-group",
        "Unknown has the best accuracy and the worst false negative rate",
        lambda ran: rates(ran)["false negative rate"].idxmax() == "Unknown",
    ),
    Claim(
        "by-group",
        "The model selects fewest among Unknown",
        lambda ran: rates(ran)["selection rate"].idxmin() == "Unknown",
    ),
    Claim(
        "by-group",
        "Few come back",
        lambda ran: 0.05 < ran.at["by-group"].true.mean() < 0.15,
    ),
    Claim(
        "compare",
        "The difference is the largest minus the smallest. The ratio is the smallest over",
        lambda ran: (
            np.allclose(summary(ran).eval("largest - smallest - difference"), 0)
            and np.allclose(summary(ran).eval("smallest / largest - ratio"), 0)
        ),
    ),
    Claim(
        "ratio",
        "Count the selected or the left out: only the ratio changes",
        lambda ran: (
            np.isclose(*ran.at["ratio"].both.difference())
            and abs(np.diff(ran.at["ratio"].both.ratio())[0]) > 0.1
        ),
    ),
    Claim(
        "intervals",
        "The fewer the people, the wider the interval",
        lambda ran: widths(ran).is_monotonic_decreasing,
    ),
    Claim(
        "shuffle",
        "Chance makes a gap too, but rarely one this large",
        lambda ran: excess(ran, "shuffle") > 0 and np.median(ran.at["shuffle"].shuffled) > 0.02,
    ),
    Claim(
        "shuffle",
        "with four groups, one of them small",
        lambda ran: (
            ran.at["intervals"].n.size == 4
            and ran.at["intervals"].n.min() < ran.at["intervals"].n.sum() / 20
        ),
    ),
    Claim(
        "shuffle",
        "on whom does that gap rest? On a missing record",
        lambda ran: (
            rates(ran)["false negative rate"].idxmax() == "Unknown"
            and rates(ran)["readmitted"]["Unknown"] < 150
        ),
    ),
    Claim(
        "without-unknown",
        "Leave out Unknown, and the gap shrinks towards chance",
        lambda ran: (
            ran.at["without-unknown"].observed < 0.75 * ran.at["shuffle"].observed
            and excess(ran, "without-unknown") < excess(ran, "shuffle")
        ),
    ),
    Claim(
        "without-unknown",
        "the model misses most of them",
        lambda ran: rates(ran)["false negative rate"]["Unknown"] > 0.5,
    ),
    Claim(
        "never-zero",
        "Race at random, and the interval still leaves out zero",
        lambda ran: ran.at["never-zero"].low > 0,
    ),
    Claim(
        "intersections",
        "Intersections run out of people",
        lambda ran: ran.at["intersections"].crossed.by_group["readmitted"].min() < 10,
    ),
    Claim(
        "predict-cohort",
        "whoever dies or goes to a hospice cannot be readmitted",
        lambda ran: ran.at["groups"].stays.query("died")["readmitted_30_days"].sum() == 0,
    ),
    Claim(
        "out-of-fold",
        "among all stays there are more readmissions than patients",
        lambda ran: ran.at["out-of-fold"].cohorts["All stays"]["patient_id"].duplicated().any(),
    ),
    Claim(
        "out-of-fold",
        "In the second line the two numbers agree",
        lambda ran: ran.at["out-of-fold"].cohorts["First stay"]["patient_id"].is_unique,
    ),
    Claim(
        "draw-patients",
        "There are only a few kinds",
        lambda ran: len(kinds_of_patients(ran.at["out-of-fold"].cohorts["All stays"])) < 100,
    ),
    Claim(
        "cohort-flip",
        "The rule for who counts turns the answer around",
        lambda ran: flip(ran)[0]["All stays"] < 0 < flip(ran)[0]["First stay"],
    ),
    Claim(
        "cohort-flip",
        "the interval of the first stays lies right of zero",
        lambda ran: flip(ran)[1]["First stay"] > 0,
    ),
    Claim(
        "cohort-why",
        "Leaves out who died",
        lambda ran: not ran.at["out-of-fold"].readmitted_in("first")["died_or_hospice"].any(),
    ),
]

# Headings that say what to do or ask, and so claim nothing about the data.
NOT_A_CLAIM = {
    "assess", "four-steps", "two-rates", "two-errors", "groups", "predict-group", "compare",
    "interval-limits", "predict-shuffle", "within", "ranking", "predict-cohort", "out-of-fold",
    "draw-patients", "cohort-why", "discuss", "remember", "references",
}  # fmt: skip


def kinds_of_patients(back):
    per_patient = pd.crosstab(back["patient_id"], [back["race"], back["missed"]])
    return per_patient[["Black", "white"]].value_counts()


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
    dropped = {key for key, slide in slides(DECK).items() if "long" in slide.tags}
    assert set(slides(DECK)) - set(short.at) == dropped
    assert short.at["shuffle"].shuffled == ran.at["shuffle"].shuffled
    pd.testing.assert_frame_equal(short.at["cohort-flip"].draws, ran.at["cohort-flip"].draws)


# ------------------------------------------------------------------- how the deck computes them


def test_the_intervals_are_those_of_resampled_rows(ran):
    """Drawing counts gives the interval that drawing rows gives, the slow way."""
    at = ran.at["shuffle"]
    generator = np.random.default_rng(7)
    missed = at.returned.query("group == 'Black'")["missed"].to_numpy()
    drawn = generator.choice(missed, size=(2000, missed.size)).mean(axis=1)
    by_rows = np.quantile(drawn, [0.025, 0.975])
    groups = list(ran.at["intervals"].rate.index)
    by_counts = [
        bound[groups.index("Black")]
        for bound in (ran.at["intervals"].low, ran.at["intervals"].high)
    ]
    assert by_counts == pytest.approx(by_rows, abs=0.006)


def test_drawing_patients_gives_the_interval_of_resampled_patients(ran):
    """The multinomial over kinds of patients equals drawing the patients themselves."""
    back = ran.at["out-of-fold"].cohorts["All stays"]
    per_patient = pd.crosstab(back["patient_id"], [back["race"], back["missed"]])
    stays = per_patient[["Black", "white"]].to_numpy()
    stays = stays[stays.any(axis=1)]
    generator = np.random.default_rng(7)
    drawn = np.array(
        [stays[generator.integers(len(stays), size=len(stays))].sum(axis=0) for _ in range(1000)]
    )
    found_black, missed_black, found_white, missed_white = drawn.T
    difference = missed_black / (found_black + missed_black)
    difference -= missed_white / (found_white + missed_white)
    _, low, _ = flip(ran)
    assert np.quantile(difference, 0.025) == pytest.approx(low["All stays"], abs=0.005)


def test_the_first_row_of_draws_is_what_was_observed(ran):
    back = ran.at["out-of-fold"].cohorts["First stay"]
    rate = back.groupby("race", observed=True)["missed"].mean()
    assert flip(ran)[0]["First stay"] == pytest.approx(rate["Black"] - rate["white"])


def test_the_observed_gap_is_fairlearns(ran):
    at = ran.at["by-group"]
    assert ran.at["shuffle"].observed == pytest.approx(at.frame.difference()["false negative rate"])


def test_the_shuffle_keeps_what_does_not_depend_on_race(ran):
    """Each shuffle deals the same races: the overall rate, weighted by group, never moves."""
    at = ran.at["shuffle"]
    counts = np.array([np.bincount(deal) for deal in at.deals[:20]])
    assert (counts == counts[0]).all()
    overall = (np.array(at.rates[:20]) * counts).sum(axis=1) / counts.sum(axis=1)
    assert overall == pytest.approx(at.missed.mean())


# ----------------------------------------------------------- the curriculum's numbers, real data


def test_the_real_data_are_those_of_the_curriculum(real):
    stays = real.at["groups"].stays
    assert len(stays) == 101_766
    assert stays["patient_id"].nunique() == 71_518
    assert stays["patient_id"].duplicated(keep=False).mean() == pytest.approx(0.46, abs=0.01)
    assert (stays["race"] == "Unknown").sum() == 2_273
    assert (stays["gender"] == "Unknown").sum() == 3
    assert stays["readmitted_30_days"].mean() == pytest.approx(0.112, abs=0.0005)
    assert stays["died"].sum() == 1_652
    assert len(load_patients("first", source="real")) == 69_970


def test_patients_with_inconsistent_race_are_those_of_the_curriculum(real):
    races = real.at["groups"].stays.groupby("patient_id")["race"].nunique()
    known = real.at["groups"].stays.query("race != 'Unknown'")
    known_races = known.groupby("patient_id")["race"].nunique()
    assert 249 in ((races > 1).sum(), (known_races > 1).sum())


def test_the_gap_is_that_of_the_curriculum(real):
    assert real.at["shuffle"].observed == pytest.approx(0.25, abs=0.03)
    assert rates(real)["readmitted"]["Unknown"] == pytest.approx(94, abs=10)
    median, limit = np.quantile(real.at["shuffle"].shuffled, [0.5, 0.95])
    assert median == pytest.approx(0.06, abs=0.01)
    assert limit == pytest.approx(0.13, abs=0.015)


def test_the_cohort_flip_is_that_of_the_curriculum(real):
    observed, low, high = flip(real)
    assert observed["All stays"] == pytest.approx(-0.021, abs=0.01)
    assert observed["First stay"] == pytest.approx(0.067, abs=0.01)
    assert low == pytest.approx({"All stays": -0.049, "First stay": 0.035}, abs=0.01)
    assert high == pytest.approx([0.007, 0.100], abs=0.01)
