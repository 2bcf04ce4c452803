"""What the deck *Assess disparities* says, and what must hold: see CONTRIBUTING.md."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from workshop.data import FEATURES


def rates(at):
    """Return the deck's table of metrics by group."""
    return at["by-group"].frame.by_group


def summary(at):
    """Return the deck's table of one number per comparison."""
    return at["compare"].summary


def widths(at):
    """Return the width of each group's interval, from the group with the fewest people up."""
    at = at["intervals"]
    return pd.Series(at.high - at.low, index=at.rate.index)[at.n.sort_values().index]


def excess(at, slide):
    """Return by how much the observed gap exceeds what 95% of the shuffles stay below."""
    at = at[slide]
    return at.observed - np.quantile(at.shuffled, 0.95)


def share_selected_without_balance(at):
    """Return the share that the model would select without class_weight="balanced"."""
    at = at["split"]
    plain = clone(at.model).set_params(logisticregression__class_weight=None)
    plain.fit(at.X.iloc[at.train], at.y.iloc[at.train])
    return plain.predict(at.X.iloc[at.test]).mean()


def flip(at):
    """Return the differences as observed and their intervals, as the chart shows them."""
    at = at["cohort-flip"]
    return at.draws.loc[0], dict(zip(at.draws, at.low, strict=True)), at.high


CLAIMS = {
    "groups": {
        "**Other** merges Asian, Hispanic and other": lambda at: (
            set(at.stays.query("group == 'Other'")["race"].unique())
            == {"Asian", "Hispanic", "Other"}
        ),
        # the merged groups are the small ones
        "a rate on a handful of people says little": lambda at: (
            at.stays["race"].value_counts()[["Asian", "Hispanic"]].max()
            < at.stays["race"].value_counts()[["Black", "white"]].min() / 5
        ),
    },
    "model": {
        "The model never sees race": lambda at: "race" not in FEATURES and "False" in at.printed,
        "Other columns, such as the payer, carry part of it": lambda at: (
            at.stays.groupby("group")["medicaid"].mean().pipe(np.ptp) > 0.01
        ),
        "without it, the model would recommend almost nobody": lambda at: (
            share_selected_without_balance(at) < 0.02
        ),
    },
    "split": {
        "No patient is in both halves": lambda at: at.met.sum() == 0 and ", 0 by" in at.printed,
        "Nearly half of the rows belong to people who come more than once": lambda at: (
            0.4 < at.stays["patient_id"].duplicated(keep=False).mean() < 0.5
        ),
    },
    "overall": {
        # no group has the overall rate
        "One row for everyone describes no one in particular": lambda at: (
            (rates(at)["false negative rate"] - at.overall["false negative rate"]).abs().max() > 0.1
        ),
    },
    "by-group": {
        "Accuracy is highest where the model misses the most": lambda at: (
            rates(at)["accuracy"].idxmax() == rates(at)["false negative rate"].idxmax()
        ),
        "Unknown has the best accuracy and the worst false negative rate": lambda at: (
            rates(at)["false negative rate"].idxmax() == "Unknown"
        ),
        "The model selects fewest among Unknown": lambda at: (
            rates(at)["selection rate"].idxmin() == "Unknown"
        ),
        "Few come back": lambda at: 0.05 < at.true.mean() < 0.15,
    },
    "compare": {
        "the largest minus the smallest. The ratio is the smallest over": lambda at: (
            np.allclose(summary(at).eval("largest - smallest - difference"), 0)
            and np.allclose(summary(at).eval("smallest / largest - ratio"), 0)
        ),
    },
    "ratio": {
        "Count the selected or the left out: only the ratio changes": lambda at: (
            np.isclose(*at.both.difference()) and abs(np.diff(at.both.ratio())[0]) > 0.1
        ),
    },
    "intervals": {
        "The fewer the people, the wider the interval": lambda at: (
            widths(at).is_monotonic_decreasing
        ),
    },
    "shuffle": {
        "Chance makes a gap too, but rarely one this large": lambda at: (
            excess(at, "shuffle") > 0 and np.median(at.shuffled) > 0.02
        ),
        "with four groups, one of them small": lambda at: (
            at["intervals"].n.size == 4 and at["intervals"].n.min() < at["intervals"].n.sum() / 20
        ),
        "on whom does that gap rest? On a missing record": lambda at: (
            rates(at)["false negative rate"].idxmax() == "Unknown"
            and rates(at)["readmitted"]["Unknown"] < 150
        ),
    },
    "without-unknown": {
        "Leave out Unknown, and the gap shrinks towards chance": lambda at: (
            at.observed < 0.75 * at["shuffle"].observed
            and excess(at, "without-unknown") < excess(at, "shuffle")
        ),
        "the model misses most of them": lambda at: (
            rates(at)["false negative rate"]["Unknown"] > 0.5
        ),
    },
    "never-zero": {
        "Race at random, and the interval still leaves out zero": lambda at: at.low > 0,
    },
    "intersections": {
        "Intersections run out of people": lambda at: at.crossed.by_group["readmitted"].min() < 10,
    },
    "predict-cohort": {
        "whoever dies or goes to a hospice cannot be readmitted": lambda at: (
            at["groups"].stays.query("died")["readmitted_30_days"].sum() == 0
        ),
    },
    "out-of-fold": {
        "among all stays there are more readmissions than patients": lambda at: (
            at.cohorts["All stays"]["patient_id"].duplicated().any()
        ),
        "In the second line the two numbers agree": lambda at: (
            at.cohorts["First stay"]["patient_id"].is_unique
        ),
    },
    "draw-patients": {
        "There are only a few kinds": lambda at: (
            len(kinds_of_patients(at["out-of-fold"].cohorts["All stays"])) < 100
        ),
    },
    "cohort-flip": {
        "The rule for who counts turns the answer around": lambda at: (
            flip(at)[0]["All stays"] < 0 < flip(at)[0]["First stay"]
        ),
        "the interval of the first stays lies right of zero": lambda at: (
            flip(at)[1]["First stay"] > 0
        ),
    },
    "cohort-why": {
        "Leaves out who died": lambda at: (
            not at["out-of-fold"].readmitted_in("first")["died_or_hospice"].any()
        ),
    },
}


def kinds_of_patients(back):
    per_patient = pd.crosstab(back["patient_id"], [back["race"], back["missed"]])
    return per_patient[["Black", "white"]].value_counts()


def test_the_intervals_are_those_of_resampled_rows(at):
    """Drawing counts gives the interval that drawing rows gives, the slow way."""
    at = at["shuffle"]
    generator = np.random.default_rng(7)
    missed = at.returned.query("group == 'Black'")["missed"].to_numpy()
    drawn = generator.choice(missed, size=(2000, missed.size)).mean(axis=1)
    by_rows = np.quantile(drawn, [0.025, 0.975])
    groups = list(at["intervals"].rate.index)
    by_counts = [
        bound[groups.index("Black")] for bound in (at["intervals"].low, at["intervals"].high)
    ]
    assert by_counts == pytest.approx(by_rows, abs=0.006)


def test_drawing_patients_gives_the_interval_of_resampled_patients(at):
    """The multinomial over kinds of patients equals drawing the patients themselves."""
    back = at["out-of-fold"].cohorts["All stays"]
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
    _, low, _ = flip(at)
    assert np.quantile(difference, 0.025) == pytest.approx(low["All stays"], abs=0.005)


def test_the_first_row_of_draws_is_what_was_observed(at):
    back = at["out-of-fold"].cohorts["First stay"]
    rate = back.groupby("race", observed=True)["missed"].mean()
    assert flip(at)[0]["First stay"] == pytest.approx(rate["Black"] - rate["white"])


def test_the_observed_gap_is_fairlearns(at):
    at = at["by-group"]
    assert at["shuffle"].observed == pytest.approx(at.frame.difference()["false negative rate"])


def test_the_shuffle_keeps_what_does_not_depend_on_race(at):
    """Each shuffle deals the same races: the overall rate, weighted by group, never moves."""
    at = at["shuffle"]
    counts = np.array([np.bincount(deal) for deal in at.deals[:20]])
    assert (counts == counts[0]).all()
    overall = (np.array(at.rates[:20]) * counts).sum(axis=1) / counts.sum(axis=1)
    assert overall == pytest.approx(at.missed.mean())


def test_the_gap_is_that_of_the_curriculum(real):
    assert real["shuffle"].observed == pytest.approx(0.25, abs=0.03)
    assert rates(real)["readmitted"]["Unknown"] == pytest.approx(94, abs=10)
    median, limit = np.quantile(real["shuffle"].shuffled, [0.5, 0.95])
    assert median == pytest.approx(0.06, abs=0.01)
    assert limit == pytest.approx(0.13, abs=0.015)


def test_the_cohort_flip_is_that_of_the_curriculum(real):
    observed, low, high = flip(real)
    assert observed["All stays"] == pytest.approx(-0.021, abs=0.01)
    assert observed["First stay"] == pytest.approx(0.067, abs=0.01)
    assert low == pytest.approx({"All stays": -0.049, "First stay": 0.035}, abs=0.01)
    assert high == pytest.approx([0.007, 0.100], abs=0.01)
