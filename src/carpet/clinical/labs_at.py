"""All laboratory values that stand for one date, by a stated rule; and the peak of a course."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from carpet.clinical.labs import Lab, nearest_before, worst


@dataclass(frozen=True, slots=True)
class LabRule:
    """within_days: how long before the date a value may have been drawn; one drawn after it is never taken. Our choice [P]: no score of
    METHODS states a window."""

    within_days: int

    @property
    def says(self) -> str:
        """The rule in words, for tables and methods texts."""
        return f"the latest value on the day or up to {self.within_days} days before it; of several on that day the worse one"


def labs_at(labs: Iterable[Lab], *, patient_id: str, date: dt.date, rule: LabRule) -> Mapping[str, Lab]:
    """Analyte → the value that stands for the date; analytes without one are absent."""
    of_patient = [lab for lab in labs if lab.patient_id == patient_id]
    found = {
        analyte: nearest_before(of_patient, analyte, patient_id=patient_id, date=date, within_days=rule.within_days)
        for analyte in sorted({lab.analyte for lab in of_patient})
    }
    return {analyte: lab for analyte, lab in found.items() if lab is not None}


def peak(labs: Iterable[Lab], analyte: str, *, patient_id: str, first: dt.date, last: dt.date) -> Lab | None:
    """The highest value (of counts that fall in disease, the lowest) between two dates, both included; None where there is none."""
    inside = [lab for lab in labs if (lab.patient_id, lab.analyte) == (patient_id, analyte) and first <= lab.date <= last]
    return worst(inside) if inside else None
