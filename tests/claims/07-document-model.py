"""What the deck *Document the model* says, and what must hold: see CONTRIBUTING.md."""

import re

import numpy as np
import pytest

from workshop.data import FEATURES
from workshop.paths import ROOT
from workshop.teach import modelcard


def by_group(at):
    """Return the results that go on the card."""
    return at["intervals"].by_group


def need(at):
    """Return the table of how long a change takes to show."""
    return at["need"].need


def width(at):
    return by_group(at)["high"] - by_group(at)["low"]


CLAIMS = {
    "two-kinds": {
        "the nine sections of Mitchell and colleagues": lambda at: len(modelcard.SECTIONS) == 9,
    },
    "model": {
        "no race among the inputs, split by patient": lambda at: (
            "race" not in FEATURES
            and not set(at["facts"].patients.iloc[at.train])
            & set(at["facts"].patients.iloc[at.test])
        ),
    },
    "by-group": {
        "Other merges Asian, Hispanic and the hospital's own Other": lambda at: (
            set(at["model"].stays.query("group == 'Other'")["race"].unique())
            == {"Asian", "Hispanic", "Other"}
        ),
    },
    "intervals": {
        "The group with the fewest readmitted has the widest interval": lambda at: (
            width(at).idxmax() == by_group(at)["readmitted"].idxmin()
        ),
    },
    "datasheet": {
        "The data have a sheet of their own, and it says: not for this": lambda at: (
            "<strong>Not fit</strong>" in modelcard.datasheet(at.source, "Uses").html
        ),
    },
    "need": {
        "A higher false negative rate can hide for years": lambda at: (
            need(at)["years"]["Black"] > 2 and need(at)["years"]["Unknown"] > 10
        ),
        "a change there shows many times sooner": lambda at: (
            need(at)["years"] / need(at)["years, selection rate"] > 5
        ).all(),
        "Unknown would take decades": lambda at: need(at)["years"]["Unknown"] > 20,
    },
    "plan": {
        "for Unknown the interval lies above one half already": lambda at: (
            by_group(at)["low"]["Unknown"] > 0.5
        ),
        "Four signals, fast and slow": lambda at: (
            len(re.findall(r"^\|", at.words["Monitoring plan"], re.M)) - 2 == 4
        ),
    },
    "card": {
        "it says which data it ran on": lambda at: (
            at.card.source == at.source
            and ("no real patients" in at.card._repr_html_()) == (at.source == "synthetic")
        ),
        "Nine sections": lambda at: at.card.page().count("<h2>") == 9 + 1,
    },
}


# The words of demos/model-card.md that state a finding, and the test of each.
ON_THE_CARD = {
    "it is highest where the model misses the most": lambda at: (
        accuracy(at).idxmax() == by_group(at)["false negative rate"].idxmax()
    ),
    "far above the share who come back": lambda at: mean_score(at) > 3 * at["model"].y.mean(),
    "Earlier stays weigh most in the score": lambda at: (
        weights(at).idxmax() == "had_inpatient_days"
    ),
    "labelled as not readmitted": lambda at: (
        at["model"].stays.query("died")["readmitted_30_days"].sum() == 0
    ),
    "Other merges Asian, Hispanic and other": lambda at: (
        at["model"].stays.query("group == 'Other'")["race"].nunique() == 3
    ),
    "without race": lambda at: not any("race" in name for name in at["model"].X),
    "{test patients} patients, none of whom is in the training data": lambda at: (
        at["card"].facts["test patients"] + at["card"].facts["train patients"]
        == at["model"].stays["patient_id"].nunique()
    ),
    "the other half of the same records": lambda at: (
        len(at["model"].train) + len(at["model"].test) == len(at["model"].stays)
    ),
}


def accuracy(at):
    tested = at["model"].tested
    return (tested["predicted"] == tested["readmitted_30_days"]).groupby(tested["group"]).mean()


def mean_score(at):
    at = at["model"]
    return at.model.predict_proba(at.X.iloc[at.test])[:, 1].mean()


def weights(at):
    at = at["model"]
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
    assert at["facts"].facts["largest gap"] == pytest.approx(difference)


def test_so_many_people_do_show_the_change(at):
    """Simulate: with the people that the formula asks for, four tests of five see the change."""
    people_needed = at["need"].people_needed
    generator = np.random.default_rng(3)
    for before in (0.2, 0.45, 0.65):
        n = int(people_needed(before))
        for after, share in ((before, 0.05), (before + 0.05, 0.8)):
            seen = generator.binomial(n, after, size=20_000) / n
            z = (seen - before) / np.sqrt(before * (1 - before) / n)
            assert (abs(z) > 1.96).mean() == pytest.approx(share, abs=0.02)


# What is typed in an exercise instead of the solution, and what the check then says.
WRONG_ANSWERS = {
    "exercise": {
        "intended_use = '___'": "✗ Not yet: it should be that three whole",
        "limitation = 'It is not fair to many people.'": "✗ Not yet: it should be that the",
        "stop_condition = 'Somebody should stop it, then.'": "✗ Not yet: it should be that the",
    },
}
