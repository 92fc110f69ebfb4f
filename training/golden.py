"""Texts made up to compare a model's answers on: before and after deployment, and in the forms that it can be served in."""

from __future__ import annotations

TEXTS = (
    "Pt is a 54 y/o woman with shortness of breath for 3 days. Denies chest pain. Started on furosemide 40 mg PO daily.",
    "Assessment: type 2 diabetes, HbA1c 8.1 %.\nPlan: metformin 500 mg b.i.d., recheck in 6 weeks.",
    "CT of the abdomen showed no évidence of obstruction; temp 38.4 °C, WBC 14.2, IV ceftriaxone given.",
    "He underwent left knee arthroscopy under general anaesthesia. No complications. Discharged home on ibuprofen prn.",
    "Mother reports fever and cough since Tuesday - lungs clear, O2 sat 97 % RA. Dx: viral URI.",
)
"""What an artifact answers to them is recorded, and must be answered again after deployment."""
