import json
import os
import subprocess
import sys
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupKFold, GroupShuffleSplit, cross_val_predict

from workshop import data
from workshop.data import cohort, load
from workshop.teach.model import inputs, recommender, recorded_race

real = pytest.mark.skipif(not load.real_cache().exists(), reason="the real data are not cached")
PARAMETERS = json.loads(cohort.PARAMETERS.read_text(encoding="utf-8"))
SEEDS = range(5)


def rates(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return false negative and selection rates by group in the half of patients not fitted to."""
    X, y = inputs(table), table["readmitted_30_days"]
    halves = GroupShuffleSplit(1, test_size=0.5, random_state=seed)
    train, test = next(halves.split(X, groups=table["patient_id"]))
    selected = recommender().fit(X.iloc[train], y.iloc[train]).predict(X.iloc[test])
    selected, race = pd.Series(selected, table.index[test]), recorded_race(table)
    missed = 1 - selected[y == 1].groupby(race).mean()
    return pd.DataFrame(
        {"false negative rate": missed, "selection rate": selected.groupby(race).mean()}
    )


@cache
def mean_rates(source: str) -> pd.DataFrame:
    """Return the mean rates over five halves of one table, or over the tables of five seeds."""
    tables = (
        drawn_with(s) if source == "five seeds" else data.load_patients("all", source)
        for s in SEEDS
    )
    return sum(rates(table, seed) for seed, table in zip(SEEDS, tables, strict=True)) / len(SEEDS)


def black_minus_white(table: pd.DataFrame) -> float:
    """Return the difference of false negative rates, from predictions out of fold by patient."""
    folds = GroupKFold(3, shuffle=True, random_state=0)
    y, patients = table["readmitted_30_days"], table["patient_id"]
    selected = cross_val_predict(recommender(), inputs(table), y, groups=patients, cv=folds)
    missed = pd.Series(selected == 0, table.index)[y == 1].groupby(recorded_race(table)).mean()
    return missed["Black"] - missed["white"]


@pytest.fixture(scope="module")
def encounters() -> pd.DataFrame:
    return data.load_patients("all", "synthetic")


def drawn_with(seed: int) -> pd.DataFrame:
    return load.decoded(load.stored_columns(cohort.generate(seed)))


# ------------------------------------------------------------------------------------- the drawing


def test_the_cohort_is_the_same_in_every_process(encounters):
    digest = "int(pd.util.hash_pandas_object(load_patients(source='synthetic')).sum())"
    code = f"import pandas as pd; from workshop.data import load_patients; print({digest})"
    environment = os.environ | {"PYTHONPATH": str(cohort.PARAMETERS.parent.parent)}
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert int(other.stdout) == int(pd.util.hash_pandas_object(encounters).sum())


def test_another_seed_gives_another_cohort(encounters):
    assert not drawn_with(1)["num_lab_procedures"].equals(encounters["num_lab_procedures"])


def test_loaded_tables_do_not_share_memory():
    first = data.load_patients(source="synthetic")
    before = first["race"].tolist()
    changed = data.load_patients(source="synthetic")
    changed["race"] = changed["race"].cat.codes
    changed.loc[:, "patient_id"] = 0
    again = data.load_patients(source="synthetic")
    assert again["race"].tolist() == before
    assert again["patient_id"].nunique() > 1


# ------------------------------------------------------------------ what the documentation promises


def test_size_and_groups_are_those_of_the_real_data(encounters):
    assert len(encounters) == 101_766
    assert encounters["patient_id"].nunique() == 71_518
    assert encounters["patient_id"].iloc[0] == 0
    sizes = {"white": 76_099, "Black": 19_210, "Unknown": 2_273, "Hispanic": 2_037}
    sizes |= {"Other": 1_506, "Asian": 641}
    for race, size in sizes.items():
        assert encounters["race"].value_counts()[race] == pytest.approx(size, rel=0.05), race
    assert encounters["gender"].value_counts()["Unknown"] == 3
    assert encounters["patient_id"].duplicated(keep=False).mean() == pytest.approx(0.462, abs=0.001)
    assert encounters["readmitted_30_days"].mean() == pytest.approx(0.112, abs=0.004)
    assert encounters["readmitted"].eq(">30").mean() == pytest.approx(0.349, abs=0.01)


def test_death_repeat_encounters_and_contradictory_records_exist(encounters):
    assert encounters["died"].sum() == pytest.approx(1_652, abs=150)
    assert encounters["died_or_hospice"].sum() == pytest.approx(2_423, abs=200)
    assert encounters.loc[encounters["died"], "readmitted"].eq("NO").all()
    by_patient = encounters.groupby("patient_id", observed=True)
    assert 200 < (by_patient["race"].nunique() > 1).sum() < 350  # 249 in the real data
    assert by_patient["gender"].nunique().max() == 1
    assert by_patient["age"].nunique().max() == 1
    comes_back = encounters["patient_id"].duplicated(keep="last")
    assert not (encounters["died"] & comes_back).any()


def test_the_first_cohort_has_the_size_and_the_lower_rate_of_the_real_one():
    first = data.load_patients("first", "synthetic")
    assert len(first) == pytest.approx(69_970, abs=300)
    assert first["patient_id"].is_unique
    assert not first["died_or_hospice"].any()
    assert first["readmitted_30_days"].mean() == pytest.approx(0.090, abs=0.004)


@pytest.mark.parametrize("source", ["synthetic", pytest.param("real", marks=real)])
def test_the_cohort_rule_reverses_the_black_white_difference(source):
    assert black_minus_white(data.load_patients("all", source)) < 0
    assert black_minus_white(data.load_patients("first", source)) > 0.03


def test_the_group_without_a_recorded_race_is_worst_off():
    found = mean_rates("synthetic")["false negative rate"]
    assert found.idxmax() == "Unknown"
    assert found.idxmin() == "Black"
    assert found.max() - found.min() > 0.13  # what shuffled race gives in 5 of 100 shuffles


@real
@pytest.mark.parametrize("drawn", ["synthetic", "five seeds"])
def test_rates_by_group_are_close_to_the_real_ones(drawn):
    found = mean_rates(drawn)
    off = (found - mean_rates("real")).abs()
    assert (off["false negative rate"] <= 0.05).all(), off
    assert (off["selection rate"] <= 0.02).all(), off
    assert found["false negative rate"].idxmax() == "Unknown"


@real
def test_every_column_has_about_the_real_distribution(encounters):
    table = data.load_patients("all", "real")
    for name in data.COLUMNS:
        if name == "patient_id":
            continue
        shares = [t[name].value_counts(normalize=True) for t in (encounters, table)]
        distance = shares[0].subtract(shares[1], fill_value=0).abs().sum() / 2
        assert distance < 0.02, f"{name}: {distance:.3f} of the encounters would have to move"


# ----------------------------------------------------------------------------------------- privacy


def numbers_in(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from numbers_in(item)
    else:
        yield value


def test_no_count_of_fewer_than_ten_is_in_the_parameters():
    smallest = PARAMETERS["counts_under_this_are_left_out"]
    assert smallest == 10
    counted = [PARAMETERS[part] for part in ("patients", "recorded_race_later", "bins", "tables")]
    counts = np.array(list(numbers_in(counted)))
    assert len(counts) > 10_000
    assert ((counts == 0) | (counts >= smallest)).all()


def test_the_parameter_file_is_small():
    assert cohort.PARAMETERS.stat().st_size < 150_000


def test_categories_of_the_parameters_are_those_of_the_columns():
    for name, levels in PARAMETERS["levels"].items():
        assert tuple(levels) == data.COLUMNS[name].categories
