"""What the deck *Document the model* says, and what must hold: see CONTRIBUTING.md."""

import re

import numpy as np
import pytest

from tests import findings
from workshop.data import FEATURES
from workshop.paths import ROOT
from workshop.teach import modelcard


def by_group(at):
    """Return the results that go on the card."""
    return at["by-group"].by_group


def years(at):
    return at["need"].years


def width(at):
    return by_group(at)["high"] - by_group(at)["low"]


CLAIMS = {
    "two-kinds": {
        "the nine sections of Mitchell and colleagues": lambda at: len(modelcard.SECTIONS) == 9,
    },
    "by-group": {
        "The group with the fewest readmitted has the widest interval": lambda at: (
            width(at).idxmax() == by_group(at)["readmitted"].idxmin()
        ),
        "Other merges Asian, Hispanic and the form's own Other": lambda at: (
            set(at.stays["race"][at.race == "Other"].unique()) == {"Asian", "Hispanic", "Other"}
        ),
    },
    "datasheet": {
        "The data have a sheet of their own, and it says: not for this": lambda at: (
            "<strong>Not fit</strong>" in modelcard.datasheet(at.source, "Uses").html
        ),
    },
    "need": {
        "A higher false negative rate can hide for years": lambda at: (
            years(at)["Black"] > 2 and years(at)["Unknown"] > 10
        ),
        "a change there shows many times sooner": lambda at: (at.years / at.by_selection > 5).all(),
        "Unknown would take decades": lambda at: years(at)["Unknown"] > 20,
    },
    "fifty": {
        "Ask for fifty to count, and it can ring for white patients only": lambda at: (
            at.counting["white"] > 0.9 and at.counting.drop("white").max() < 0.001
        ),
    },
    "ring-solution": {
        "Two groups are too small for a rate a month: they need another alarm": lambda at: (
            at["ring"].worse[["Other", "Unknown"]].min() > 1200
        ),
        "For Black and white patients it rings within a year, and seldom for nothing": lambda at: (
            at["ring"].worse[["Black", "white"]].max() < 12
            and at["ring"].today[["Black", "white"]].min() > 24
        ),
    },
    "plan": {
        "Four signals, fast and slow": lambda at: (
            len(re.findall(r"^\|", at.words["Monitoring plan"], re.M)) - 2 == 4
        ),
    },
    "card": {
        "A page to hand over, and it says which data it ran on": lambda at: (
            at.card.source == at.source
            and ("no real patients" in at.card._repr_html_()) == (at.source == "synthetic")
        ),
        "Nine sections; three of them in full": lambda at: (
            at.card.page().count("<h2>") == 9 + 1 and len(modelcard.SHOWN) == 3
        ),
    },
}


# The words of demos/model-card.md that state a finding, and the test of each.
ON_THE_CARD = {
    "it is highest where the model misses the most": lambda at: (
        accuracy(at).idxmax() == by_group(at)["false negative rate"].idxmax()
        and findings.unknown_has_the_best_accuracy_and_the_most_missed(at.source)
    ),
    "far above the share who come back": lambda at: mean_score(at) > 3 * at.y.mean(),
    "Earlier stays weigh most in the score": lambda at: (
        weights(at).idxmax() == "had_inpatient_days"
    ),
    "Stays that ended in death are left out": lambda at: not at.stays["died"].any(),
    "Other merges Asian, Hispanic and other": lambda at: (
        at.stays["race"][at.race == "Other"].nunique() == 3
    ),
    "without race": lambda at: not any("race" in name for name in [*at.X, *FEATURES]),
    "{test patients} patients, none of whom is in the training data": lambda at: (
        not set(at.patient[at.train]) & set(at.patient[at.test])
    ),
    "Two fifths of the patients": lambda at: (
        share_of_patients(at, at.test) == pytest.approx(0.4, abs=0.01)
    ),
    "a fifth of those in the same records": lambda at: (
        share_of_patients(at, at.train) == pytest.approx(0.2, abs=0.01)
    ),
}


def share_of_patients(at, rows):
    return at.patient[rows].nunique() / at.patient.nunique()


def accuracy(at):
    return (at.pred == at.true).groupby(at.group).mean()


def mean_score(at):
    return at.model.predict_proba(at.X.loc[at.test])[:, 1].mean()


def weights(at):
    return abs(at.pd.Series(at.model[-1].coef_[0], at.X.columns))


def test_each_sentence_on_the_card_holds(at):
    text = " ".join((ROOT / "demos/model-card.md").read_text(encoding="utf-8").split())
    for words, holds in ON_THE_CARD.items():
        assert words in text
        assert holds(at), words


def test_the_numbers_on_the_card_are_those_of_the_deck(at):
    page = at["card"].card.page()
    for name, row in by_group(at).iterrows():
        cells = [f"{row['stays']:,.0f}", f"{row['readmitted']:,.0f}"]
        cells += [f"{row[rate]:.2f}" for rate in ("selection rate", "false negative rate")]
        cells.append(f"{row['low']:.2f} to {row['high']:.2f}")
        expected = "".join(f"<td>{cell}</td>" for cell in cells)
        assert f'<th scope="row">{name}</th>{expected}' in page
    gap = np.ptp(by_group(at)["false negative rate"])
    assert f"the largest gap is {gap:.2f}" in " ".join(page.split())
    assert "{" not in re.sub(r"<style>.*?</style>", "", page, flags=re.S)


def test_the_largest_gap_is_fairlearns(at):
    difference = at["by-group"].frame.difference()["false negative rate"]
    assert at["card"].facts["largest gap"] == pytest.approx(difference)


def test_so_many_people_do_show_the_change(at):
    """Simulate: with the people that the formula asks for, four tests of five see the change."""
    generator = np.random.default_rng(3)
    for before in (0.2, 0.45, 0.65):
        n = int(at.people_needed(before))
        for after, share in ((before, 0.05), (before + 0.05, 0.8)):
            seen = generator.binomial(n, after, size=20_000) / n
            z = (seen - before) / np.sqrt(before * (1 - before) / n)
            assert (abs(z) > 1.96).mean() == pytest.approx(share, abs=0.02)


# What is typed in an exercise instead of the solution, and what the check then says.
FIFTY = "at_least = 50\nworse = months_until_it_rings(more_missed, a_month, above, 50, running)"
EAGER = "today = months_until_it_rings(missed, a_month, 0.3, at_least, running)"
WRONG_ANSWERS = {
    "ring": {
        FIFTY: "✗ Not yet: it should be that with",
        "at_least = 11": "✗ Not yet: it should be that worse",
        EAGER: "✗ Not yet: it should be that by",
    },
}
