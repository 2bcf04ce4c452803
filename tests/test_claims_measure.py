"""What the deck *Measurement* says in prose, held against what its own cells compute.

CLAIMS is the table to read: the slide, the words that stand on it (or in its notes), and the test
that must hold on the synthetic cohort and on the real data.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from tests.claims import Claim, headings_not_accounted_for, ran_on, run_deck, slides, stands_in_deck
from workshop.data import FEATURES

DECK = "demos/03-measure-need.ipynb"


@pytest.fixture(params=["synthetic", "real"])
def ran(request):
    with ran_on(DECK, request.param) as result:
        yield result


@pytest.fixture
def real():
    with ran_on(DECK, "real") as result:
        yield result


# ---------------------------------------------------------------------------------- the claims


def ends(gaps: dict) -> pd.DataFrame:
    """Return the ends of the intervals that a chart shows, one row for each thing compared."""
    return pd.DataFrame({key: (gap - half, gap + half) for key, (gap, half) in gaps.items()}).T


def dots(gaps: dict) -> pd.Series:
    """Return the differences that a chart shows."""
    return pd.Series({key: gap for key, (gap, _) in gaps.items()})


def stays(ran):
    return ran.at["label"].stays


def places(ran):
    return ran.at["roulette"].places


def selected(ran):
    """Return the share given a place: groups as rows, labels as columns."""
    return places(ran).groupby(ran.at["roulette"].group).mean()


def signs_of_the_dead(ran):
    return ran.at["older"].shares.loc["died"] - ran.at["older"].shares.loc["left the hospital"]


CLAIMS = [
    Claim(
        "label",
        "One stay in nine is labelled “need”",
        lambda ran: 8.5 < 1 / stays(ran)["readmitted_30_days"].mean() < 9.5,
    ),
    Claim(
        "label",
        "within thirty days, later, or none",
        lambda ran: set(stays(ran)["readmitted"].unique()) == {"<30", ">30", "NO"},
    ),
    Claim(
        "died",
        "Whoever died is labelled “no need”",
        lambda ran: (
            stays(ran)["died"].sum() > 1000
            and stays(ran).loc[stays(ran)["died"], "readmitted_30_days"].sum() == 0
        ),
    ),
    Claim(
        "died",
        "Look at the last row",  # the row of those who died
        lambda ran: stays(ran)["discharge"].cat.categories[-1] == "Died",
    ),
    Claim(
        "died",
        "The row above, hospice, is nearly the same",  # the smallest share but that of the dead
        lambda ran: (
            ran.at["died"].leaving.mean().drop("Died").idxmin() == "Hospice"
            and ran.at["died"].leaving.mean()["Hospice"] < 0.07
        ),
    ),
    Claim(
        "died",
        "From here on we leave out the stays that ended in death",
        lambda ran: not ran.at["labels"].alive["died"].any(),
    ),
    Claim(
        "older",
        "Those who died were older and had stayed longer than the others",
        lambda ran: (signs_of_the_dead(ran)[["over 60", "a week or longer"]] > 0.03).all(),
    ),
    Claim(
        "labels",
        "A week or more in hospital. Nine diagnoses or more",
        lambda ran: (
            ran.at["labels"].alive.loc[ran.at["labels"].labels["a week"], "time_in_hospital"].min()
            == 7
            and ran.at["labels"]
            .alive.loc[ran.at["labels"].labels["diagnoses"], "number_diagnoses"]
            .min()
            == 9
        ),
    ),
    Claim(
        "prepare",
        "Three columns go, because they make a label. Race was never among the inputs",
        lambda ran: (
            len(ran.at["prepare"].make_a_label) == 3
            and set(ran.at["prepare"].make_a_label) < set(FEATURES)
            and not any("race" in column for column in ran.at["prepare"].X)
        ),
    ),
    Claim(
        "prepare",
        "keeps all stays of a patient on one side",
        lambda ran: (
            not ran.at["prepare"]
            .tested["patient_id"]
            .isin(ran.at["prepare"].alive["patient_id"].iloc[ran.at["prepare"].train])
            .any()
        ),
    ),
    Claim(
        "roulette",
        "The label alone moves places from group to group",
        lambda ran: np.ptp(selected(ran).loc["Black"]) > 0.015,
    ),
    Claim(
        "roulette",
        "The tenth with the highest scores gets the places, so the capacity is the same",
        lambda ran: np.ptp(places(ran).sum()) == 0 and 0.0999 < places(ran)["ever"].mean() < 0.1001,
    ),
    Claim(
        "interval",
        "Stays of one patient are not independent evidence",  # people do come more than once
        lambda ran: ran.at["interval"].tested["patient_id"].duplicated(keep=False).mean() > 0.3,
    ),
    Claim(
        "interval",
        "The interval comes out too narrow wherever people return",
        lambda ran: ran.at["interval"].half > half_by_stay(ran),
    ),
    Claim(
        "gaps",
        "How large the gap is depends on the label",
        lambda ran: np.ptp(dots(ran.at["gaps"].gaps)) > 0.015,
    ),
    Claim(
        "gaps",
        "Some labels lie clearly left. At least one does not",
        lambda ran: (ends(ran.at["gaps"].gaps)[1] < 0).sum() in (1, 2, 3, 4),
    ),
    Claim(
        "overlap",
        "Two labels can agree on fewer than half of the places",
        lambda ran: ran.at["overlap"].kept.loc["30 days", "a week"] < 0.5,
    ),
    Claim(
        "overlap",
        "The diagonal is one. By chance alone it would be a tenth",
        lambda ran: (
            np.allclose(np.diag(ran.at["overlap"].kept), 1)
            and ran.at["overlap"].kept.to_numpy().min() > 0.1
        ),
    ),
    Claim(
        "validity",
        "The label goes with earlier stays, in every group",
        lambda ran: (
            len(dots(ran.at["validity"].gaps)) == 4 and dots(ran.at["validity"].gaps).min() > 0
        ),
    ),
    Claim(
        "validity",
        "which were not used to make the label",  # readmission looks ahead, this column back
        lambda ran: ran.at["validity"].need.equals(
            stays(ran)["readmitted"][~stays(ran)["died"]] == "<30"
        ),
    ),
    Claim(
        "validity",
        "Look at the widths too: for Unknown it says little",
        lambda ran: ends(ran.at["validity"].gaps).diff(axis=1)[1].idxmax() == "Unknown",
    ),
    Claim(
        "same-score",
        "Given a place, the signs of need point in different directions",
        lambda ran: (
            ends(ran.at["same-score"].gaps).loc["emergency", 0] > 0
            and ends(ran.at["same-score"].gaps).loc["diagnoses", 1] < 0
        ),
    ),
    Claim(
        "same-score",
        "Black patients had more emergency visits, and long stays lean the same way",
        lambda ran: dots(ran.at["same-score"].gaps)["a week"] > 0,
    ),
    Claim(
        "by-age-solution",
        "The label goes with earlier stays at every age, not equally",
        lambda ran: (
            ends(ran.at["by-age"].by_age)[0].min() > 0
            and np.ptp(dots(ran.at["by-age"].by_age)) > 0.02
        ),
    ),
    Claim(
        "by-age-solution",
        "The first row rests on few people",
        lambda ran: ran.at["by-age-solution"].n.iloc[0] < ran.at["by-age-solution"].n.sum() / 20,
    ),
    Claim(
        "own-label-solution",
        "At a fixed capacity, whoever gains takes a place from another",
        lambda ran: ran.at["own-label"].gained.sum() == ran.at["own-label"].lost.sum() > 0,
    ),
    Claim(
        "own-label-solution",
        "A net change near zero can hide many who lost",
        lambda ran: (
            ran.at["own-label-solution"].moved["net"].abs() < ran.at["own-label"].lost
        ).any(),
    ),
]

# Headings that say what to do or ask, or draw a concept, and so claim nothing about the data.
NOT_A_CLAIM = {
    "measure", "need", "inferred", "facets", "sort", "box", "predict-died", "labels", "prepare",
    "predict-roulette", "discuss", "by-age", "own-label", "remember", "references",
}  # fmt: skip


def half_by_stay(ran):
    """Return half the width of the interval that takes each stay for independent evidence."""
    at = ran.at["interval"]
    chosen = places(ran)["30 days"]
    black, white = chosen[at.black], chosen[at.white]
    return 1.96 * (black.var() / len(black) + white.var() / len(white)) ** 0.5


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
    assert short.at["gaps"].gaps == ran.at["gaps"].gaps
    assert short.at["validity"].gaps == ran.at["validity"].gaps


def test_the_solutions_pass_their_checks(ran):
    for exercise, checks in (("by-age", 1), ("own-label", 3)):
        assert ran.printed[exercise].count("✓") == checks
        assert "✗" not in ran.printed[exercise]


def test_a_wrong_answer_is_told(ran, capsys):
    """The checks can fail: a difference with the wrong sign, and a label that fills more places."""
    at = ran.at["by-age"]
    names = {**vars(at), "by_age": {name: (-gap, half) for name, (gap, half) in at.by_age.items()}}
    exec(check_cell("by-age"), names)
    assert "✗ Not yet" in capsys.readouterr().out
    names = {**vars(ran.at["own-label"]), "chosen": ran.at["own-label"].score > 0}
    exec(check_cell("own-label"), names)
    assert "✗ Not yet" in capsys.readouterr().out


def check_cell(slide):
    return next(cell.source for cell in slides(DECK)[slide].cells if cell.id == f"{slide}-check")


# ------------------------------------------------------------------- how the deck computes them


def test_the_interval_is_that_of_resampled_patients(ran):
    """The sum by patient gives the interval that drawing whole patients gives, the slow way."""
    at = ran.at["interval"]
    chosen = places(ran)["30 days"]
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


def test_the_difference_is_that_of_the_group_means(ran):
    rates = selected(ran)
    gaps = dots(ran.at["gaps"].gaps)
    assert gaps.to_dict() == pytest.approx((rates.loc["Black"] - rates.loc["white"]).to_dict())


def test_the_chart_writes_the_differences_and_their_intervals(ran):
    at = ran.at["gaps"]
    chart = at.charts.differences(at.gaps, at.n, at.title, at.sides, unit="places")
    for label, (gap, half) in at.gaps.items():
        row = f"{label} {gap:+.3f}, {gap - half:+.3f} to {gap + half:+.3f}".replace("-", "−")
        assert row in chart.alt


def test_another_split_moves_the_places_too(ran):
    """The finding does not hang on the one split that the deck shows."""
    at = ran.at["roulette"]
    halves = type(at.halves)(n_splits=1, test_size=0.5, random_state=1)
    train, test = next(halves.split(at.X, groups=at.alive["patient_id"]))
    black = (at.group.iloc[test] == "Black").to_numpy()
    rates = []
    for label in at.labels:
        model = clone(at.model).fit(at.X.iloc[train], at.labels[label].iloc[train])
        score = model.decision_function(at.X.iloc[test])
        rates.append((score > np.quantile(score, 0.9))[black].mean())
    assert np.ptp(rates) > 0.01


# ----------------------------------------------------------- the curriculum's numbers, real data


def test_the_deaths_are_those_of_the_curriculum(real):
    assert stays(real)["died"].sum() == 1_652
    assert stays(real)["readmitted_30_days"].mean() == pytest.approx(0.112, abs=0.0005)
