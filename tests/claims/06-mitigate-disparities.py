"""What the deck *Mitigate disparities* says, and what must hold: see CONTRIBUTING.md."""

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame, false_negative_rate
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from tests import findings
from workshop.teach.splits import resampled

TECHNIQUE = "ThresholdOptimizer"


def named_rates(at, rule):
    """Return the false negative rates of Black and white test patients, counted plainly."""
    back = at.t[at.y_t == 1]
    return 1 - rule[back].groupby(at.group[back]).mean()


def as_many_places(at):
    """Return how far apart the shares are that the scoreboard's rules select in the test part."""
    return np.ptp([rule[at.t].mean() for rule in at["all-rules"].rules.values()])


def lands_on_either_side(source):
    gaps = findings.named_gap("mitigate", source, TECHNIQUE)
    return gaps.min() < -0.02 and gaps.max() > 0.02


CLAIMS = {
    "before": {
        "Before: with one threshold, Black patients are missed more": lambda at: (
            findings.black_patients_are_missed_more_by_one_threshold(at.source)
            and at.gap(at.one)["gap"] > 0
        ),
        "these patients taught the model nothing": lambda at: (
            not set(at.stays.loc[at.parts["train"], "patient_id"])
            & set(at.stays.loc[at.t, "patient_id"])
        ),
    },
    "optimizer": {
        "Where they were set, thresholds per group close the gap": lambda at: (
            findings.the_gap_closes_where_the_thresholds_were_set(at.source)
            and abs(at.gap(at.decided, at.v)["gap"]) < abs(at.gap(at.one, at.v)["gap"])
        ),
        "there, the interval is as wide as before": lambda at: (
            at.gaps["high"] - at.gaps["low"]
        ).pipe(lambda width: width.iloc[3] > 0.9 * width.iloc[2]),
    },
    "splits": {
        "On other patients, the gap lands on either side of zero": lambda at: lands_on_either_side(
            at.source
        ),
        "where the thresholds were set, the dots stand on zero": lambda at: (
            findings.the_gap_closes_where_the_thresholds_were_set(at.source)
        ),
    },
    "coin": {
        "Who depends on the coin is itself a matter of chance": lambda at: (
            findings.who_depends_on_the_coin_changes(at.source)
        ),
    },
    "hull": {
        "The coin is tossed between two corners of the curve": lambda at: tossed_between_corners(
            at
        ),
    },
    "quantile": {
        "A quantile per group needs no coin, and does as well": lambda at: (
            findings.the_coin_buys_nothing_that_can_be_seen(at.source)
            and set(at.firm.unique()) <= {0, 1}
        ),
    },
    "unseen": {
        "A category it never met is never selected": lambda at: (
            (at.selected[["Other", "Unknown"]] == 0).all()
            and (at.selected[["Black", "white"]] > 0.2).all()
        ),
    },
    "lowered": {
        "For everyone together, the error hardly moves": lambda at: (
            findings.the_overall_error_hardly_moves(at.source)
            and np.ptp(at.overall["rate"].iloc[1:]) < 0.02
        ),
    },
    "who-pays": {
        "As many places: fewer Black patients are missed, more white": lambda at: (
            findings.every_technique_misses_fewer_black_patients(at.source)
            and findings.thresholds_per_group_take_the_places_from_white_patients(at.source)
            and at.now["Black"] < at.before["Black"]
            and at.now["white"] > at.before["white"]
        ),
    },
    "gradient": {
        "ExponentiatedGradient asks for race while it learns, and never again": lambda at: (
            not any("race" in column for column in at.X)
            and set(at.eg.predict(at.X.loc[at.t], random_state=0)) <= {0, 1}
        ),
    },
    "bound": {
        "The bound ties each group to everyone, not to the others": lambda at: (
            at.distance["rate"].iloc[:2].abs().max() < 0.03
            and at.distance["rate"].abs().iloc[2] > at.distance["rate"].iloc[:2].abs().max()
        ),
    },
    "fingerprint": {
        "without correlation, a tree reads race even better": lambda at: (
            at.auc_of.loc["A tree", "decorrelated"]
            > 0.95
            > 0.8
            > at.auc_of.loc["A tree", "as recorded"]
            > 0.6
        ),
        "A straight line can no longer tell": lambda at: (
            at.auc_of.loc["A straight line", "decorrelated"] < 0.6
        ),
        "the model now asks for race at each decision": lambda at: (
            at.remover.sensitive_feature_ids == ["is_black"]
        ),
    },
    "grid": {
        "GridSearch gives candidates, not an answer": lambda at: (
            len(at.candidates) == 15 and at.candidates["y"].std() > 0
        ),
        "of those that miss at most two in a hundred more, the smallest gap": lambda at: (
            at.candidates.loc[at.picked, "y"] == at.candidates.loc[at.allowed, "y"].min()
        ),
    },
    "all-rules": {
        "With as many places, each technique misses fewer Black patients": lambda at: (
            findings.every_technique_misses_fewer_black_patients(at.source)
            and at.score_board["Black missed"].idxmax() == "One threshold"
        ),
        "Each rule fills the same number of places": lambda at: as_many_places(at) < 0.03,
        "the intervals overlap": lambda at: (
            at.score_board["low"].max() < at.score_board["high"].min()
        ),
    },
    "four": {
        "Equalise all four words: the missing record gets the places": lambda at: (
            findings.equalising_four_words_gives_unknown_the_places(at.source)
        ),
    },
    "other-constraint": {
        "`plot_model_comparison` draws both": lambda at: at.plot_model_comparison(
            y_preds={"ours": at.decided[at.t], "mine": at.chosen},
            y_true=at.y_t,
            sensitive_features=at.race_t,
            x_axis_metric=at.fnr,
            y_axis_metric=at.selection_rate,
        ).has_data(),
    },
    "other-feature-solution": {
        "By age, the gap stays nearly as it was": lambda at: (
            abs(at["other-feature"].gap_after - at["other-feature"].gap_before) < 0.05
            and at["other-feature"].gap_after > 0.1
        ),
    },
}


def tossed_between_corners(at):
    """Tell whether all whose answer varies score between the two thresholds of their group."""
    rules = at.optimizer.interpolated_thresholder_.interpolation_dict
    varies = np.ptp(at["coin"].runs, axis=0) > 0
    for group, rule in rules.items():
        edges = sorted([rule.operation0.threshold, rule.operation1.threshold])
        scores = at.score[at.t][varies & (at.race_t == group)]
        if not scores.between(edges[0] - 1e-9, edges[1] + 1e-9).all():
            return False
    return True


def test_test_patients_decide_nothing(at):
    """The places and the candidate stay the same with other test patients."""
    at = at["grid"]
    assert at.places == at.decided[at.v].mean()
    assert at.lowered.equals(at.score >= at.score[at.v].quantile(1 - at.places))


def test_the_interval_is_that_of_a_difference_of_two_rates(at):
    """Patients come once here, so the draws must agree with two independent shares."""
    at = at["who-pays"]
    rates = named_rates(at, at.lowered)
    n = at.people
    spread = np.sqrt((rates * (1 - rates) / n).sum())
    drawn = at.gap(at.lowered)
    assert drawn["gap"] == pytest.approx(rates["Black"] - rates["white"])
    assert drawn["high"] - drawn["low"] == pytest.approx(2 * 1.96 * spread, rel=0.08)


def test_metricframe_agrees_with_plain_counting(at):
    frame = at["before"].frame
    assert isinstance(frame, MetricFrame)
    assert frame.by_group.to_dict() == pytest.approx(named_rates(at, at["before"].one).to_dict())


def test_the_columns_without_correlation_still_tell_of_readmission(at):
    at = at["fingerprint"]
    linear = LogisticRegression(solver="newton-cholesky").fit(
        at.removed.loc[at.train], at.y[at.train]
    )
    again = linear.predict_proba(at.removed.loc[at.t])[:, 1]
    assert roc_auc_score(at.y_t, again) > 0.55


def test_other_splits_stand_beside_the_live_one(at):
    """The live split is one of those that were saved, so its dot lies in its cloud."""
    saved = resampled("mitigate", at.source)["false negative rate"]
    saved = saved.xs("test", level="part").xs("One threshold, 0.50", level="technique")
    live = false_negative_rate(at.y_t[at.race_t == "Black"], at.one[at.t][at.race_t == "Black"])
    assert (saved.xs("Black", level="group") - live).abs().min() < 0.01
