"""What the deck *Measurement* says, and what must hold: see CONTRIBUTING.md."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from workshop.data import FEATURES


def ends(gaps: dict) -> pd.DataFrame:
    """Return the ends of the intervals that a chart shows, one row for each thing compared."""
    return pd.DataFrame({key: (gap - half, gap + half) for key, (gap, half) in gaps.items()}).T


def dots(gaps: dict) -> pd.Series:
    """Return the differences that a chart shows."""
    return pd.Series({key: gap for key, (gap, _) in gaps.items()})


def stays(at):
    return at["label"].stays


def places(at):
    return at["roulette"].places


def selected(at):
    """Return the share given a place: groups as rows, labels as columns."""
    return places(at).groupby(at["roulette"].group).mean()


def signs_of_the_dead(at):
    return at["older"].shares.loc["died"] - at["older"].shares.loc["left the hospital"]


CLAIMS = {
    "label": {
        "One stay in nine is labelled “need”": lambda at: (
            8.5 < 1 / stays(at)["readmitted_30_days"].mean() < 9.5
        ),
        "within thirty days, later, or none": lambda at: (
            set(stays(at)["readmitted"].unique()) == {"<30", ">30", "NO"}
        ),
    },
    "died": {
        "Whoever died is labelled “no need”": lambda at: (
            stays(at)["died"].sum() > 1000
            and stays(at).loc[stays(at)["died"], "readmitted_30_days"].sum() == 0
        ),
        # the row of those who died
        "Look at the last row": lambda at: stays(at)["discharge"].cat.categories[-1] == "Died",
        # the smallest share but that of the dead
        "The row above, hospice, is low too, but not zero": lambda at: (
            at.leaving.mean().drop("Died").idxmin() == "Hospice"
            and 0 < at.leaving.mean()["Hospice"] < 0.07
        ),
        "From here on we leave out the stays that ended in death": lambda at: (
            not at["labels"].alive["died"].any()
        ),
    },
    "older": {
        "Those who died were older and had stayed longer than the others": lambda at: (
            signs_of_the_dead(at)[["over 60", "a week or longer"]] > 0.03
        ).all(),
    },
    "labels": {
        "A week or more in hospital. Nine diagnoses or more": lambda at: (
            at.alive.loc[at.labels["a week"], "time_in_hospital"].min() == 7
            and at["labels"].alive.loc[at.labels["diagnoses"], "number_diagnoses"].min() == 9
        ),
    },
    "prepare": {
        "Three columns go, because they make a label. Race was never among the inputs": lambda at: (
            len(at.make_a_label) == 3
            and set(at.make_a_label) < set(FEATURES)
            and not any("race" in column for column in at.X)
        ),
        "keeps all stays of a patient on one side": lambda at: (
            not at["prepare"].tested["patient_id"].isin(at.alive["patient_id"].iloc[at.train]).any()
        ),
    },
    "roulette": {
        "The label alone moves places from group to group": lambda at: (
            np.ptp(selected(at).loc["Black"]) > 0.015
        ),
        "The tenth with the highest scores gets the places, so the capacity is": lambda at: (
            np.ptp(places(at).sum()) == 0 and 0.0999 < places(at)["ever"].mean() < 0.1001
        ),
    },
    "interval": {
        # people do come more than once
        "Stays of one patient are not independent evidence": lambda at: (
            at.tested["patient_id"].duplicated(keep=False).mean() > 0.3
        ),
        "The interval comes out too narrow wherever people return": lambda at: (
            at.half > half_by_stay(at)
        ),
    },
    "gaps": {
        "How large the gap is depends on the label": lambda at: np.ptp(dots(at.gaps)) > 0.015,
        "Some labels lie clearly left. At least one does not": lambda at: (
            (ends(at.gaps)[1] < 0).sum() in (1, 2, 3, 4)
        ),
    },
    "overlap": {
        "Two labels can agree on fewer than half of the places": lambda at: (
            at.kept.loc["30 days", "a week"] < 0.5
        ),
        "The diagonal is one. By chance alone it would be a tenth": lambda at: (
            np.allclose(np.diag(at.kept), 1) and at.kept.to_numpy().min() > 0.1
        ),
    },
    "validity": {
        "The label goes with earlier stays, in every group": lambda at: (
            len(dots(at.gaps)) == 4 and dots(at.gaps).min() > 0
        ),
        # readmission looks ahead, this column back
        "which were not used to make the label": lambda at: at.need.equals(
            stays(at)["readmitted"][~stays(at)["died"]] == "<30"
        ),
        "Look at the widths too: for Unknown it says little": lambda at: (
            ends(at.gaps).diff(axis=1)[1].idxmax() == "Unknown"
        ),
    },
    "same-score": {
        "Given a place, the signs of need point in different directions": lambda at: (
            ends(at.gaps).loc["emergency", 0] > 0 and ends(at.gaps).loc["diagnoses", 1] < 0
        ),
        "Black patients had more emergency visits, and long stays lean the same way": lambda at: (
            dots(at.gaps)["a week"] > 0
        ),
    },
    "by-age-solution": {
        "The label goes with earlier stays at every age, not equally": lambda at: (
            ends(at["by-age"].by_age)[0].min() > 0 and np.ptp(dots(at["by-age"].by_age)) > 0.02
        ),
        "The first row rests on few people": lambda at: at.n.iloc[0] < at.n.sum() / 20,
    },
    "own-label-solution": {
        "At a fixed capacity, whoever gains takes a place from another": lambda at: (
            at["own-label"].gained.sum() == at["own-label"].lost.sum() > 0
        ),
        "A net change near zero can hide many who lost": lambda at: (
            at.moved["net"].abs() < at["own-label"].lost
        ).any(),
    },
}


def half_by_stay(at):
    """Return half the width of the interval that takes each stay for independent evidence."""
    at = at["interval"]
    chosen = places(at)["30 days"]
    black, white = chosen[at.black], chosen[at.white]
    return 1.96 * (black.var() / len(black) + white.var() / len(white)) ** 0.5


def test_the_interval_is_that_of_resampled_patients(at):
    """The sum by patient gives the interval that drawing whole patients gives, the slow way."""
    at = at["interval"]
    chosen = places(at)["30 days"]
    columns = {"black": at.black, "white": at.white}
    columns |= {"black_chosen": at.black & chosen, "white_chosen": at.white & chosen}
    per_patient = pd.DataFrame(columns).groupby(at.tested["patient_id"]).sum().to_numpy()
    generator = np.random.default_rng(7)
    drawn = np.array(
        [
            per_patient[generator.integers(len(per_patient), size=len(per_patient))].sum(axis=0)
            for _ in range(600)
        ]
    )
    black, white, black_chosen, white_chosen = drawn.T
    low, high = np.quantile(black_chosen / black - white_chosen / white, [0.025, 0.975])
    assert (low, high) == pytest.approx((at.gap - at.half, at.gap + at.half), abs=0.0025)


def test_the_chart_writes_the_differences_and_their_intervals(at):
    at = at["gaps"]
    chart = at.charts.differences(at.gaps, at.n, at.title, at.sides, unit="places")
    for label, (gap, half) in at.gaps.items():
        row = f"{label} {gap:+.3f}, {gap - half:+.3f} to {gap + half:+.3f}".replace("-", "−")
        assert row in chart.alt


def test_another_split_moves_the_places_too(at):
    """The finding does not hang on the one split that the deck shows."""
    at = at["roulette"]
    halves = type(at.halves)(n_splits=1, test_size=0.5, random_state=1)
    train, test = next(halves.split(at.X, groups=at.alive["patient_id"]))
    black = (at.group.iloc[test] == "Black").to_numpy()
    rates = []
    for label in at.labels:
        model = clone(at.model).fit(at.X.iloc[train], at.labels[label].iloc[train])
        score = model.decision_function(at.X.iloc[test])
        rates.append((score > np.quantile(score, 0.9))[black].mean())
    assert np.ptp(rates) > 0.01


# What is typed in an exercise instead of the solution, and what the check then says.
WRONG_ANSWERS = {
    "by-age": {
        "by_age = {name: (-gap, half) for name, (gap, half) in by_age.items()}": "✗ Not yet"
    },
    "own-label": {"chosen = score > 0": "✗ Not yet"},
}
