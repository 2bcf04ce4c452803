"""Turn UCI's file into the columns that the kit stores."""

import pandas as pd

from workshop.data.columns import COLUMNS


def _itself(name: str) -> dict[str, str]:
    return {category: category for category in COLUMNS[name].categories}


# Stored column: the file's column, its values by category, and the category of all other values.
_RECODED = {
    "race": (
        "race",
        _itself("race") | {"AfricanAmerican": "Black", "Caucasian": "white", "?": "Unknown"},
        None,
    ),
    "gender": ("gender", _itself("gender"), "Unknown"),
    "age": (
        "age",
        dict.fromkeys(("[0-10)", "[10-20)", "[20-30)"), "30 years or younger")
        | dict.fromkeys(("[30-40)", "[40-50)", "[50-60)"), "30-60 years"),
        "Over 60 years",
    ),
    "admission_source": (
        "admission_source_id",
        dict.fromkeys("123", "Referral") | {"7": "Emergency"},
        "Other",
    ),
    "medical_specialty": (
        "medical_specialty",
        {
            "InternalMedicine": "Internal medicine",
            "Emergency/Trauma": "Emergency and trauma",
            "Family/GeneralPractice": "Family and general practice",
            "Cardiology": "Cardiology",
            "Surgery-General": "General surgery",
            "?": "Missing",
        },
        "Other",
    ),
    "max_glu_serum": (
        "max_glu_serum",
        _itself("max_glu_serum") | {"None": "Not measured", "Norm": "Normal"},
        None,
    ),
    "A1Cresult": (
        "A1Cresult",
        _itself("A1Cresult") | {"None": "Not measured", "Norm": "Normal"},
        None,
    ),
    "insulin": ("insulin", _itself("insulin"), None),
    "payer": ("payer_code", {"MC": "Medicare", "MD": "Medicaid", "?": "Missing"}, "Other"),
    "discharge": (
        "discharge_disposition_id",
        {"1": "Home"}
        | dict.fromkeys(("6", "8"), "Home with care")
        | dict.fromkeys(("13", "14"), "Hospice")
        | dict.fromkeys(("11", "19", "20", "21"), "Died")
        | dict.fromkeys(
            map(str, (2, 3, 4, 5, 9, 10, 15, 22, 23, 24, 27, 28, 29, 30)), "Another facility"
        ),
        "Other or not recorded",
    ),
    "readmitted": ("readmitted", _itself("readmitted"), None),
}
_FLAGS = {"change": "Ch", "diabetesMed": "Yes"}  # the value that means yes


def recoded(raw: pd.DataFrame) -> pd.DataFrame:
    """Return the stored columns, categories by name, of the file read as text."""
    table = {}
    for name, column in COLUMNS.items():
        if name == "patient_id":
            table[name] = pd.factorize(raw["patient_nbr"])[0]
        elif name == "primary_diagnosis":
            table[name] = raw["diag_1"].map(_diagnosis_group)
        elif name in _RECODED:
            source, categories, others = _RECODED[name]
            table[name] = raw[source].map(lambda value, c=categories, o=others: c.get(value, o))
        elif name in _FLAGS:
            table[name] = raw[name] == _FLAGS[name]
        elif not column.derived:
            table[name] = raw[name].astype(column.dtype)
    return pd.DataFrame(table)


def _diagnosis_group(icd9: str) -> str:
    """Group an ICD-9 code as the SciPy 2021 tutorial did; codes V and E are others."""
    if not icd9[:1].isdigit():
        return "Other"
    chapter = int(float(icd9))
    if chapter == 250:
        return "Diabetes"
    if 460 <= chapter <= 519 or chapter == 786:
        return "Respiratory"
    if 580 <= chapter <= 629 or chapter == 788:
        return "Genitourinary"
    return "Musculoskeletal" if 710 <= chapter <= 739 else "Other"
