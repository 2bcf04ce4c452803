"""Load the patients: the verified real data where they are cached, else the synthetic cohort.

The real data are *Diabetes 130-US Hospitals for Years 1999-2008* (Strack et al. 2014,
https://doi.org/10.1155/2014/781670; UCI data set 296, CC BY 4.0). Their datasheet, and that of the
synthetic cohort, is `data/README.md`.
"""

import functools
import hashlib
import lzma
import os
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from workshop.data import cohort as synthetic_cohort
from workshop.data.columns import COLUMNS, code, stored_dtype
from workshop.errors import WorkshopError
from workshop.paths import ROOT

CACHE = ROOT / "data" / "cache"
CSV_SHA256 = "0689e7ec031237dc63031b938805c48377748761a3b26acab621567afa24df97"
# What reading a damaged, cut, locked or foreign zip (an .npz is one) raises.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,  # an encrypted member; its child NotImplementedError: an unknown compression
    ValueError,
)


def data_source() -> str:
    """Name the data that `load_patients()` uses: "real" or "synthetic".

    The environment variable WORKSHOP_DATA decides where it is set; otherwise the real data where
    they are cached. Raises `WorkshopError` on another value of the variable.
    """
    wanted = os.environ.get("WORKSHOP_DATA", "")
    if wanted in ("real", "synthetic"):
        return wanted
    if wanted:
        raise WorkshopError(
            f'WORKSHOP_DATA is "{wanted}": set it to "real" or "synthetic", or leave it unset.'
        )
    return "real" if real_cache().exists() else "synthetic"


def load_patients(cohort: str = "all", source: str | None = None) -> pd.DataFrame:
    """Return the analysis table, one row per encounter, columns as `COLUMNS` describes them.

    `cohort` is "all" (101,766 rows) or "first": the first encounter per patient, with a recorded
    gender, without those that ended in death or hospice (69,970 rows of the real data). `source`
    is "real", "synthetic" or None for `data_source()`; `attrs["source"]` of the table tells which
    it was. Rows are in the file's order, which is that of time within a patient. Raises
    `WorkshopError` where the real data are asked for and not cached, or the cache is damaged.
    """
    if cohort not in ("all", "first"):
        raise WorkshopError(f'There is no cohort "{cohort}": ask for "all" or "first".')
    source = source or data_source()
    if source not in ("real", "synthetic"):
        raise WorkshopError(f'There is no source "{source}": ask for "real" or "synthetic".')
    stored = _read_real() if source == "real" else _generated()
    if cohort == "first":
        stored = _first_encounters(stored)
    table = pd.DataFrame(_decoded(stored))
    table.attrs["source"] = source
    return table


def _first_encounters(stored: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    first = np.zeros(len(stored["patient_id"]), dtype=bool)
    first[np.unique(stored["patient_id"], return_index=True)[1]] = True
    keep = first & (stored["gender"] != code("gender", "Unknown"))
    for ending in ("Died", "Hospice"):
        keep &= stored["discharge"] != code("discharge", ending)
    return {name: values[keep] for name, values in stored.items()}


def _decoded(stored: dict[str, np.ndarray]) -> dict[str, object]:
    died = stored["discharge"] == code("discharge", "Died")
    derived = {
        "had_emergency": stored["number_emergency"] > 0,
        "had_inpatient_days": stored["number_inpatient"] > 0,
        "had_outpatient_days": stored["number_outpatient"] > 0,
        "died": died,
        "died_or_hospice": died | (stored["discharge"] == code("discharge", "Hospice")),
        "readmitted_30_days": stored["readmitted"] == code("readmitted", "<30"),
    }
    table = {}
    for name, column in COLUMNS.items():
        values = derived[name] if column.derived else stored[name]
        if column.categories:
            kind = pd.CategoricalDtype(
                column.categories, ordered=column.dtype.startswith("ordered")
            )
            table[name] = pd.Categorical.from_codes(values, dtype=kind)
        else:
            table[name] = values.astype(column.dtype)
    return table


# --- Cache


def real_cache() -> Path:
    """Return where the verified real data lie once they are cached."""
    return CACHE / "real.npz"


def layout() -> str:
    """Return a fingerprint of what is stored: a cache written for other columns is not read."""
    stored = {n: (c.dtype, c.categories) for n, c in COLUMNS.items() if not c.derived}
    return hashlib.sha256(f"{CSV_SHA256} {stored}".encode()).hexdigest()


def _read_real() -> dict[str, np.ndarray]:
    path = real_cache()
    if not path.exists():
        raise WorkshopError(
            "The real data are not cached: run `make data` with a network or `make data "
            "FROM=path/to/file.zip`, or set WORKSHOP_DATA=synthetic."
        )
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            if str(archive["layout"]) == layout():
                return {name: archive[name] for name, c in COLUMNS.items() if not c.derived}
    except (*UNREADABLE, KeyError):
        pass
    raise WorkshopError(
        f"{path} is damaged or from another version of the kit: run `make data` to renew it, or "
        "set WORKSHOP_DATA=synthetic."
    )


def is_cached() -> bool:
    """Tell whether the real data are cached, whole and of this version."""
    try:
        return bool(_read_real())
    except WorkshopError:
        return False


@functools.cache
def _generated() -> dict[str, np.ndarray]:
    return _stored_columns(synthetic_cohort.generate())


def _stored_columns(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Turn a table with named categories into what a cache stores."""
    stored = {}
    for name, column in COLUMNS.items():
        if not column.derived:
            values = table[name]
            if column.categories:
                values = values.cat.set_categories(column.categories).cat.codes
            stored[name] = values.to_numpy().astype(stored_dtype(column))
    return stored
