"""Hospital stays as the task `regression` declares them from the start: the columns of Diabetes 130-US (Strack et al. 2014).

What is known at admission is learned from. Orders, results and medications of the stay grow with its length, and secondary
diagnoses, the disposition and the readmission are coded at its end: these are declared only to be refused by name.
"""

from __future__ import annotations

from chartloop.columns import Column

UNKNOWN = ("?",)
"""How the table writes a missing value. Its `None`, of a test that was not made, is a value."""
DRUGS = (
    "metformin", "repaglinide", "nateglinide", "chlorpropamide", "glimepiride", "acetohexamide", "glipizide", "glyburide",
    "tolbutamide", "pioglitazone", "rosiglitazone", "acarbose", "miglitol", "troglitazone", "tolazamide", "examide",
    "citoglipton", "insulin", "glyburide-metformin", "glipizide-metformin", "glimepiride-pioglitazone",
    "metformin-rosiglitazone", "metformin-pioglitazone",
)  # fmt: skip
LATER_NUMBERS = ("num_lab_procedures", "num_procedures", "num_medications", "number_diagnoses")
LATER_CATEGORIES = (
    "discharge_disposition_id", "diag_2", "diag_3", "max_glu_serum", "A1Cresult", "change", "diabetesMed", "readmitted", *DRUGS,
)  # fmt: skip

ADMISSION_TYPES = {
    "1": "Emergency", "2": "Urgent", "3": "Elective", "4": "Newborn", "5": "Not available", "6": "Not recorded",
    "7": "Trauma centre", "8": "Not mapped",
}  # fmt: skip
ADMISSION_SOURCES = {
    "1": "Referred by a physician", "2": "Referred by a clinic", "3": "Referred by the health plan",
    "4": "Transferred from a hospital", "5": "Transferred from a nursing facility",
    "6": "Transferred from another health care facility", "7": "Emergency room", "8": "Court or police", "9": "Not available",
    "10": "Transferred from a critical access hospital", "11": "Normal delivery", "13": "Sick newborn",
    "14": "Born outside of the hospital", "17": "Not recorded", "20": "Not mapped", "22": "Transferred within the hospital",
    "25": "Transferred from a surgery centre",
}  # fmt: skip

ADMISSION = (
    Column("diag_1", "category", missing=UNKNOWN, title="Reason for admission, primary diagnosis (ICD-9 code)"),
    Column("age", "ordinal", values=tuple(f"[{age}-{age + 10})" for age in range(0, 100, 10)), title="Age in years"),
    Column("gender", "category", missing=("Unknown/Invalid",), title="Gender"),
    Column("race", "category", missing=UNKNOWN, title="Race"),
    Column(
        "weight", "ordinal", missing=UNKNOWN, values=(*(f"[{kg}-{kg + 25})" for kg in range(0, 200, 25)), ">200"), title="Weight"
    ),
    Column("admission_type_id", "category", title="Kind of admission", words=ADMISSION_TYPES),
    Column("admission_source_id", "category", title="Admitted from", words=ADMISSION_SOURCES),
    Column("medical_specialty", "category", missing=UNKNOWN, title="Specialty of the admitting physician"),
    Column("payer_code", "category", missing=UNKNOWN, title="Payer"),
    Column("number_inpatient", "number", title="Stays in hospital in the year before"),
    Column("number_emergency", "number", title="Emergency visits in the year before"),
    Column("number_outpatient", "number", title="Outpatient visits in the year before"),
)
LATER = (
    *(Column(name, "number", known="discharge") for name in LATER_NUMBERS),
    *(Column(name, "category", known="discharge") for name in LATER_CATEGORIES),
)
COLUMNS = (*ADMISSION, *LATER)
