"""The split, the draws and the saved results of other splits, on which the decks' titles rest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from tests import findings
from tools import resample
from workshop.data import load_patients
from workshop.errors import WorkshopError
from workshop.teach import splits, stop
from workshop.teach.draws import draw_patients, interval, shuffle_race
from workshop.teach.model import PARTS, TYPICAL, inputs, recommender, split_by_patient


@pytest.fixture(scope="module")
def stays():
    return load_patients("all", "synthetic")


# ------------------------------------------------------------------------------------ the split


def test_no_patient_is_in_two_parts(stays):
    parts = split_by_patient(stays)
    patients = [set(stays.loc[rows, "patient_id"]) for rows in parts.values()]
    assert sum(map(len, patients)) == stays["patient_id"].nunique()
    assert sorted(np.concatenate(list(parts.values()))) == list(stays.index)
    for rows, share in zip(patients, PARTS.values(), strict=True):
        assert len(rows) / stays["patient_id"].nunique() == pytest.approx(share, abs=0.01)


def test_a_patient_is_in_the_same_part_in_every_cohort(stays):
    first = load_patients("first", "synthetic")
    everyone, once = split_by_patient(stays, 3), split_by_patient(first, 3)
    for part, rows in once.items():
        patients = set(stays.loc[everyone[part], "patient_id"])
        assert set(first.loc[rows, "patient_id"]) <= patients


def test_another_random_state_is_another_split(stays):
    train, other = split_by_patient(stays)["train"], split_by_patient(stays, 1)["train"]
    assert len(set(train) & set(other)) < 0.3 * len(train)


def test_the_model_sees_no_race_and_spreads_around_one_half(stays):
    X, y = inputs(stays), stays["readmitted_30_days"]
    assert not any("race" in column for column in X)
    train = split_by_patient(stays)["train"]
    score = recommender().fit(X.loc[train], y[train]).predict_proba(X.loc[train])[:, 1]
    risk = recommender(None).fit(X.loc[train], y[train]).predict_proba(X.loc[train])[:, 1]
    assert np.median(score) == pytest.approx(0.5, abs=0.08)
    assert risk.mean() == pytest.approx(y[train].mean(), abs=0.01)
    assert np.corrcoef(score.argsort().argsort(), risk.argsort().argsort())[0, 1] > 0.98


# ------------------------------------------------------------------------------------ the draws


@pytest.fixture
def missed():
    """Return 600 patients of two groups with one stay each: 30 % and 50 % missed."""
    group = np.repeat(["a", "b"], [400, 200])
    happened = np.concatenate([np.arange(400) < 120, np.arange(200) < 100]).astype(int)
    return pd.DataFrame({"happened": happened, "group": group, "patient": np.arange(600)})


def test_the_first_row_is_what_was_observed(missed):
    for draw in (draw_patients, shuffle_race):
        drawn = draw(**missed, times=10)
        assert drawn.loc[0].to_dict() == pytest.approx({"a": 0.3, "b": 0.5})
        assert len(drawn) == 11


def test_with_one_stay_a_patient_the_interval_is_the_binomial_one(missed):
    low, high = interval(draw_patients(**missed))
    width = 2 * 1.96 * np.sqrt([0.3 * 0.7 / 400, 0.5 * 0.5 / 200])
    assert high - low == pytest.approx(width, rel=0.06)


def test_stays_of_one_patient_are_no_new_evidence(missed):
    twice = pd.concat([missed, missed])
    low, high = interval(draw_patients(**twice))
    once_low, once_high = interval(draw_patients(**missed))
    assert high - low == pytest.approx(once_high - once_low, rel=0.06)


def test_shuffled_race_makes_no_difference_on_average(missed):
    drawn = shuffle_race(**missed)
    assert (drawn["b"] - drawn["a"])[1:].mean() == pytest.approx(0, abs=0.01)
    assert (drawn["b"] - drawn["a"])[1:].max() < 0.2 == pytest.approx((drawn["b"] - drawn["a"])[0])


# ------------------------------------------------------------------------------ stop conditions


def test_a_condition_rings_only_where_enough_people_come_back():
    missed, a_month = pd.Series({"few": 0.9, "many": 0.9}), pd.Series({"few": 2, "many": 80})
    assert stop.months_that_count(a_month).round(3).to_dict() == {"few": 0, "many": 1}
    wait = stop.months_until_it_rings(missed, a_month)
    assert wait["few"] == np.inf and wait["many"] == pytest.approx(2, abs=0.1)


def test_the_wait_is_that_of_a_simulation():
    rng, waits = np.random.default_rng(0), []
    for _ in range(400):
        row = months = 0
        while row < 2:
            n = rng.poisson(60)
            row = row + 1 if n >= 50 and rng.binomial(n, 0.5) > 0.5 * n else 0
            months += 1
        waits.append(months)
    wait = stop.months_until_it_rings(pd.Series({"g": 0.5}), pd.Series({"g": 60}))
    assert wait["g"] == pytest.approx(np.mean(waits), rel=0.12)


# ----------------------------------------------------------------------------- what is saved


def test_what_is_saved_is_small_and_holds_no_patients():
    assert splits.SAVED.stat().st_size < 100_000
    assert splits.made()["splits"] == resample.SPLITS
    for table in splits.KEYS:
        assert not any("patient" in name for name in splits.resampled(table, "real").index.names)


@pytest.mark.parametrize("source", ["real", "synthetic"])
def test_one_split_computed_afresh_is_the_saved_one(source):
    """The cheap half of a split; `make resample` computes all of it."""
    try:
        every = load_patients("all", source)
    except WorkshopError as reason:
        pytest.skip(str(reason))
    with threadpool_limits(1):
        split = resample.Split(every[~every["died"]], 1)
        afresh = split.count((split.score >= 0.5).astype(int))
    saved = splits.resampled("assess", source).loc[1].loc["One threshold, 0.50"]
    pd.testing.assert_frame_equal(
        afresh.sort_index(),
        saved[["missed", "selected"]],
        check_dtype=False,
        check_names=False,
    )


def test_rates_are_counts_out_of_counts():
    saved = splits.resampled("mitigate", "synthetic")
    missed = saved["missed"] / saved["readmitted"]
    assert saved["false negative rate"].equals(missed)
    assert saved["false negative rate"].between(0, 1).all()
    assert set(saved.index.get_level_values("part")) == {"train", "validation", "test"}


@pytest.mark.parametrize("technique", ["One threshold, 0.50", "ThresholdOptimizer"])
def test_the_split_of_the_decks_is_neither_the_luckiest_nor_the_unluckiest(technique):
    gap = findings.named_gap("mitigate", "real", technique)
    assert gap.quantile(0.1) < gap[TYPICAL] < gap.quantile(0.9)
    assert gap.abs()[TYPICAL] > gap.abs().min()


@pytest.mark.parametrize("source", findings.ENOUGH)
@pytest.mark.parametrize("holds", findings.STATEMENTS, ids=lambda holds: holds.__name__)
def test_what_titles_rest_on_holds_on_other_splits(holds, source):
    assert holds(source)
