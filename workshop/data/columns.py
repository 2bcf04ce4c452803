"""The columns of the analysis table: what each one is, and which values it has."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """Describe one column of the analysis table.

    `categories` is empty for whole numbers and flags; a flag is a `bool`, except the outcome, which
    is 0 or 1 because metrics want it so.
    """

    description: str
    dtype: str  # "category", "ordered category", "int32", "int16", "int8" or "bool"
    categories: tuple[str, ...] = ()
    unit: str = ""
    feature: bool = False
    # Computed on loading, not stored: the stored column, and the categories of it that count (of
    # numbers: whatever is over 0).
    derived: tuple[str, ...] = ()


SOURCES = {  # what is said wherever a number from them is shown
    "real": ("Real data", "Diabetes 130-US Hospitals 1999–2008 (Strack et al., 2014)"),
    "synthetic": ("Synthetic cohort", "generated, no real patients"),
}
RACES = ("Black", "white", "Hispanic", "Asian", "Other", "Unknown")
COLUMNS = {
    "patient_id": Column(
        "Number of the patient, from 0 in order of appearance (not the file's number); "
        "one patient can have several encounters",
        "int32",
    ),
    "race": Column(
        "Race as the hospital recorded it; Unknown is a missing record, not a people",
        "category",
        RACES,
    ),
    "gender": Column(
        "Gender as the hospital recorded it",
        "category",
        ("Female", "Male", "Unknown"),
        feature=True,
    ),
    "age": Column(
        "Age at admission in three bands (the file has bands of ten years)",
        "ordered category",
        ("30 years or younger", "30-60 years", "Over 60 years"),
        feature=True,
    ),
    "admission_source": Column(
        "Where the patient came from", "category", ("Referral", "Emergency", "Other"), feature=True
    ),
    "time_in_hospital": Column("Length of the stay, 1 to 14", "int8", unit="days", feature=True),
    "medical_specialty": Column(
        "Specialty of the admitting physician: the five most frequent, other, or missing",
        "category",
        (
            "Internal medicine",
            "Emergency and trauma",
            "Family and general practice",
            "Cardiology",
            "General surgery",
            "Other",
            "Missing",
        ),
        feature=True,
    ),
    "num_lab_procedures": Column(
        "Laboratory tests during the stay", "int16", unit="tests", feature=True
    ),
    "num_procedures": Column(
        "Procedures other than laboratory tests during the stay",
        "int8",
        unit="procedures",
        feature=True,
    ),
    "num_medications": Column(
        "Distinct medications given during the stay", "int8", unit="medications", feature=True
    ),
    "primary_diagnosis": Column(
        "Group of the first diagnosis (ICD-9): diabetes 250; respiratory 460-519 and 786; "
        "genitourinary 580-629 and 788; musculoskeletal 710-739; all others",
        "category",
        ("Diabetes", "Respiratory", "Genitourinary", "Musculoskeletal", "Other"),
        feature=True,
    ),
    "number_diagnoses": Column(
        "Diagnoses entered for the stay", "int8", unit="diagnoses", feature=True
    ),
    "max_glu_serum": Column(
        "Highest glucose serum test (mg/dL)",
        "category",
        ("Not measured", "Normal", ">200", ">300"),
        feature=True,
    ),
    "A1Cresult": Column(
        "Haemoglobin A1c test (per cent)",
        "category",
        ("Not measured", "Normal", ">7", ">8"),
        feature=True,
    ),
    "insulin": Column(
        "Insulin prescribed, and how the dose changed during the stay",
        "category",
        ("No", "Steady", "Up", "Down"),
        feature=True,
    ),
    "change": Column("Any change of diabetes medication", "bool", feature=True),
    "diabetesMed": Column("Any diabetes medication prescribed", "bool", feature=True),
    "payer": Column(
        "Who paid: missing, Medicare, Medicaid, or another of the file's codes",
        "category",
        ("Missing", "Other", "Medicare", "Medicaid"),
    ),
    "medicare": Column(
        "Recorded as paid by Medicare (federal insurance, mostly from age 65)",
        "bool",
        feature=True,
        derived=("payer", "Medicare"),
    ),
    "medicaid": Column(
        "Recorded as paid by Medicaid (federal and state insurance for low incomes)",
        "bool",
        feature=True,
        derived=("payer", "Medicaid"),
    ),
    "had_emergency": Column(
        "Any emergency visit in the year before",
        "bool",
        feature=True,
        derived=("number_emergency",),
    ),
    "had_inpatient_days": Column(
        "Any inpatient stay in the year before", "bool", feature=True, derived=("number_inpatient",)
    ),
    "had_outpatient_days": Column(
        "Any outpatient visit in the year before",
        "bool",
        feature=True,
        derived=("number_outpatient",),
    ),
    "number_emergency": Column("Emergency visits in the year before", "int8", unit="visits"),
    "number_inpatient": Column("Inpatient stays in the year before", "int8", unit="stays"),
    "number_outpatient": Column("Outpatient visits in the year before", "int8", unit="visits"),
    "discharge": Column(
        "Where the patient went; known only when the stay ends",
        "category",
        ("Home", "Home with care", "Another facility", "Other or not recorded", "Hospice", "Died"),
    ),
    "died": Column("Died during the stay", "bool", derived=("discharge", "Died")),
    "died_or_hospice": Column(
        "Died during the stay or left for hospice; few come back",
        "bool",
        derived=("discharge", "Died", "Hospice"),
    ),
    "readmitted": Column(
        "Next stay in a hospital: within 30 days, later, or none recorded",
        "category",
        ("<30", ">30", "NO"),
    ),
    "readmitted_30_days": Column(
        "Outcome: readmitted within 30 days, 1 or 0", "int8", derived=("readmitted", "<30")
    ),
}
STORED = {name: column for name, column in COLUMNS.items() if not column.derived}
FEATURES = [name for name, column in COLUMNS.items() if column.feature]
