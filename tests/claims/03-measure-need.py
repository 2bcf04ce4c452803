"""What the deck *Measurement* says, and what must hold: see CONTRIBUTING.md."""

import numpy as np
import pytest

from tests import findings
from tests.claims import on_real
from workshop.data import FEATURES


def places(at):
    return at["roulette"].places


def selected(at):
    """Return the share given a place: groups as rows, labels as columns."""
    return places(at).groupby(at.race[at.test]).mean()


def signs_of_the_dead(at):
    return at["older"].sign_by_end.loc["died"] - at["older"].sign_by_end.loc["left alive"]


def width(at, way):
    return at["interval"].rows[way]["high"] - at["interval"].rows[way]["low"]


CLAIMS = {
    "label": {
        "One stay in nine is labelled “need”": lambda at: 8.5 < 1 / at.shares["<30"] < 9.5,
        "within thirty days, later, or none": lambda at: (
            set(at.shares.index) == {"<30", ">30", "NO"}
        ),
    },
    "died": {
        "Not one of them. Whoever died is labelled “no need”": lambda at: (
            at.died.sum() > 1000 and at.needing == 0
        ),
        "From here on we leave out the stays that ended in death": lambda at: (
            not at.stays["died"].any()
        ),
        "few of those who went there came back, but some did": lambda at: (
            0
            < at.every_stay.query("discharge == 'Hospice'")["readmitted_30_days"].mean()
            < 0.07
            < at.every_stay["readmitted_30_days"].mean()
        ),
    },
    "older": {
        "Those who died were older and had stayed longer": lambda at: (
            signs_of_the_dead(at)[["Over 60", "A week or longer"]] > 0.03
        ).all(),
    },
    "predict-roulette": {
        "A week in hospital\n- Nine diagnoses or more": lambda at: (
            at.stays.loc[at.labels["a week"], "time_in_hospital"].min() == 7
            and at.stays.loc[at.labels["diagnoses"], "number_diagnoses"].min() == 9
        ),
        "three columns leave the inputs, because they make a label. Race was never": lambda at: (
            set(at.make_a_label) < set(FEATURES)
            and not any("race" in column or column.startswith(at.make_a_label) for column in at.X)
        ),
        "All stays of a patient are in one part": lambda at: (
            not at.patient[at.test].isin(at.patient[at.train.union(at.valid)]).any()
        ),
        # on the real data: by nine diagnoses
        "By which of them will Black patients get the fewest places?": on_real(
            lambda at: (
                selected(at).loc["Black"].idxmin() == "diagnoses"
                and findings.diagnoses_give_black_patients_the_fewest_places(at.source)
            )
        ),
    },
    "roulette": {
        "The label alone moves places from group to group": lambda at: (
            np.ptp(selected(at).loc["Black"]) > 0.01
            and findings.the_label_alone_moves_places(at.source)
        ),
        "The tenth with the highest scores gets the places": lambda at: (
            np.ptp(places(at).sum()) == 0 and 0.0999 < places(at)["ever"].mean() < 0.1001
        ),
        "the two labels that are furthest apart for Black patients": lambda at: (
            at.by_most["rate"]["Black"] - at.by_fewest["rate"]["Black"]
            == np.ptp(selected(at).loc["Black"])
        ),
    },
    "interval": {
        "Draw stays instead of patients, and the interval is too narrow": lambda at: (
            width(at, "Stays drawn") < 0.97 * width(at, "Patients drawn")
        ),
    },
    "gaps": {
        "How large the gap is depends on the label": lambda at: np.ptp(at.by_label["rate"]) > 0.015,
        "Some labels lie clearly left. At least one does not": lambda at: (
            (at.by_label["high"] < 0).sum() in (1, 2, 3, 4)
        ),
    },
    "overlap": {
        "Fewer than half, and with nine diagnoses as well": lambda at: (
            at.kept[["a week", "diagnoses"]].max() < 0.5
            and findings.another_label_keeps_fewer_than_half_of_the_places(at.source)
        ),
        "By chance alone it would be ten": lambda at: at.kept.min() > 0.1,
    },
    "validity": {
        "All four dots lie right of zero": lambda at: (
            len(at.tested) == 4 and at.tested["rate"].min() > 0
        ),
        "earlier inpatient stays were not used to make the label": lambda at: at.need.equals(
            at.stays["readmitted"] == "<30"
        ),
        "for Unknown it says least": lambda at: (
            (at.tested["high"] - at.tested["low"]).idxmax() == "Unknown"
        ),
    },
    "same-score": {
        "Black patients had more emergency visits, white patients had more diagnoses": lambda at: (
            at.sign_gaps["low"]["Emergency visit before"] > 0
            and at.sign_gaps["high"]["Nine diagnoses"] < 0
        ),
    },
    "own-label-solution": {
        "At a fixed capacity, whoever gains takes a place from another": lambda at: (
            at.moved["gained"].sum() == at.moved["lost"].sum() > 0
        ),
        "A net change near zero can hide many who lost": lambda at: (
            at.moved["net"].abs() < at.moved["lost"]
        ).any(),
    },
    "remember": {"Swap the label, keep the capacity: see who moves": None},
}


def test_the_difference_is_that_of_the_shares(at):
    """What a chart shows is the plain difference, and its interval lies round it."""
    at = at["gaps"]
    for name, row in at.gaps.items():
        shares = selected(at)[name]
        assert row["rate"] == pytest.approx(shares["Black"] - shares["white"])
        assert row["low"] < row["rate"] < row["high"]


# What is typed in an exercise instead of the solution, and what the check then says.
WRONG_ANSWERS = {"own-label": {"chosen = mine[test]": "✗ Not yet"}}
