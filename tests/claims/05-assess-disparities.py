"""What the deck *Assess disparities* says, and what must hold: see CONTRIBUTING.md."""

import numpy as np
import pytest

from tests import findings
from workshop.data import FEATURES, load_patients


def by_group(at):
    """Return the deck's table of metrics by group."""
    return at["by-group"].frame.by_group


def excess(observed, shuffled):
    """Return by how much the observed gap exceeds what 95% of the shuffles stay below."""
    return observed - np.quantile(shuffled, 0.95)


def named_difference(draws):
    """Return the ends of the interval of Black minus white."""
    return (draws["Black"] - draws["white"])[1:].quantile([0.025, 0.975]).to_numpy()


CLAIMS = {
    "harm": {
        "a rate on a handful of people says little": lambda at: (
            at.stays["race"].value_counts()[["Asian", "Hispanic"]].max()
            < at.stays["race"].value_counts()[["Black", "white"]].min() / 5
        ),
    },
    "by-group": {
        "Accuracy is highest where the model misses the most": lambda at: (
            findings.unknown_has_the_best_accuracy_and_the_most_missed(at.source)
            and by_group(at)["accuracy"].idxmax() == by_group(at)["false negative rate"].idxmax()
        ),
        "Unknown has the best accuracy and the worst false negative rate": lambda at: (
            by_group(at)["accuracy"].idxmax() == "Unknown"
            and by_group(at)["false negative rate"].idxmax() == "Unknown"
        ),
        "whoever selects fewer is right more often": lambda at: (
            by_group(at)["selection rate"].idxmin() == by_group(at)["accuracy"].idxmax()
        ),
        "Few come back": lambda at: 0.05 < at.true.mean() < 0.15,
    },
    "intervals": {
        "The fewer the people, the wider the interval": lambda at: (
            at.rates.sort_values("n").eval("high - low").is_monotonic_decreasing
        ),
        "of the harm that we named, nothing is to be seen here": lambda at: (
            findings.no_named_gap_among_all_stays(at.source) and named_difference(at.draws)[0] < 0
        ),
    },
    "shuffle": {
        "Chance makes a gap too, but rarely one this large": lambda at: (
            findings.the_largest_gap_is_beyond_chance(at.source)
            and excess(at.observed, at.shuffled) > 0
            and np.median(at.shuffled) > 0.02
        ),
        "with four groups, one of them small": lambda at: (
            at["intervals"].n.size == 4 and at["intervals"].n.min() < at["intervals"].n.sum() / 20
        ),
    },
    "without-unknown": {
        "Leave out the missing record, and the gap shrinks": lambda at: (
            findings.without_unknown_the_largest_gap_shrinks_by_a_third(at.source)
            and at.observed_known < 2 / 3 * at["shuffle"].observed
        ),
        "Most of the largest gap rested on a missing record": lambda at: (
            at.observed_known < at["shuffle"].observed / 2
        ),
        "the model misses most of them": lambda at: (
            by_group(at)["false negative rate"]["Unknown"] > 0.5
        ),
    },
    "never-zero": {
        "A largest gap is never zero, even when race is noise": lambda at: (
            at.at_random["low"]["Largest − smallest"] > 0
        ),
        "The difference of two groups named beforehand can": lambda at: (
            at.at_random["low"]["Black − white"] < 0 < at.at_random["high"]["Black − white"]
        ),
    },
    "precision": {
        "About two": lambda at: 0.15 < at.y[at.placed].mean() < 0.25,
        "The groups cannot be told apart": lambda at: (
            at.precisions["low"].max() < at.precisions["high"].min()
        ),
    },
    "calibration": {
        "The fewer the people, the less we know": lambda at: (
            at.per_promise.sort_values("n").eval("high - low").is_monotonic_decreasing
        ),
    },
    "days": {
        "Alike in absolute error, yet for Black patients always too short": lambda at: (
            findings.days_are_predicted_too_short_for_black_patients(at.source)
            and at.frame_days.by_group["signed"]["Black"] < -0.05
            and abs(at.frame_days.by_group["absolute"][["Black", "white"]].diff().iloc[1]) < 0.1
        ),
        "on each of twenty splits, Black patients stay longer than predicted": lambda at: (
            len(at.on_splits) == 20 and at.on_splits["signed"]["Black"].max() < 0
        ),
    },
    "by-hand": {
        "`plot_metric_frame(mine)` draws it": lambda at: len(at.plot_metric_frame(at.mine)) == 2,
    },
    "intersections": {
        "Intersections run out of people": lambda at: at.smallest(at.crossed)["n"].min() < 10,
    },
    "predict-cohort": {
        "Whoever died is never among the readmitted": lambda at: (
            at.every_stay.query("died")["readmitted_30_days"].sum() == 0
        ),
    },
    "cohort-flip": {
        "Count each patient once, and the answer turns around": lambda at: (
            findings.each_patient_once_turns_the_answer(at.source)
            and findings.the_same_scores_turn_the_answer(at.source)
            and at.who_counts(at.same)["rate"]["All stays"]
            < 0
            < at.who_counts(at.same)["low"]["First stays, same scores"]
        ),
        "Leave out deaths and hospice: nothing changes": lambda at: (
            findings.leaving_out_death_and_hospice_changes_nothing(at.source)
            and abs(at.who_counts(at.same)["rate"].iloc[:2].diff().iloc[1]) < 0.015
        ),
        "as many recommended": lambda at: (
            abs(at.same.mean() - at.recommended[at.unseen].mean()) < 0.005
        ),
        "Fit the model anew to first stays, and it stays so": lambda at: (
            at.who_counts(at.same)["low"]["First stays, model fitted anew"] > 0
        ),
    },
}


def test_race_is_no_input_and_no_patient_is_in_two_parts(at):
    assert "race" not in FEATURES and not at.X.columns.str.contains("race").any()
    people = [set(at.patient[part]) for part in (at.train, at.valid, at.test)]
    assert sum(map(len, people)) == len(set.union(*people))


def test_first_stays_are_those_of_mitigate(at):
    first = load_patients("first", source=at.source)
    ours = at.every_stay.loc[at.first_stay, "patient_id"]
    assert list(ours) == list(first["patient_id"])


def test_the_shown_rates_are_fairlearns(at):
    """What is drawn with an interval is what the call on the same slide computes."""
    missed = by_group(at)["false negative rate"]
    assert at["intervals"].rates["rate"].to_dict() == pytest.approx(missed.to_dict())
    assert at["shuffle"].observed == pytest.approx(missed.max() - missed.min())
    precise = at["precision"]
    assert precise.precisions["rate"].to_dict() == pytest.approx(precise.precise.by_group.to_dict())


def test_undoing_the_weights_gives_the_risks_of_a_model_without_them(at):
    from workshop.teach.model import recommender

    plain = recommender(class_weight=None).fit(at.X.loc[at.train], at.y[at.train])
    risk = plain.predict_proba(at.X.loc[at.test])[:, 1]
    assert abs(at["calibration"].risk[at.test] - risk).mean() < 0.01


# What is typed in an exercise instead of the solution, and what the check then says.
WRONG_ANSWERS = {
    "by-hand": {
        "del mine, sentence": "✗ Not yet (NameError",
        "mine = frame": "✗ Not yet: it should be that `mine` has a row",
        "sentence = 'The model misses nobody.'": "✗ Not yet: it should be that your sentence says",
    },
}
