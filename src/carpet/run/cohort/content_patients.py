"""What the report's figures need of each patient: responses by time point, days of death, progression and therapy, in one place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from carpet.clinical import Patient
from carpet.cohort.table import PATIENT, Cohort, Value
from carpet.run.cohort.content_input import Analysed

DEAD, PROGRESSED, TREATED, NOT_EVALUABLE, NOT_ASSESSED = "dead", "PD", "new therapy", "NE", "n/a"
EVALUATED_NOT = "RESPONSE_NOT_EVALUABLE"
AT_MONTHS = ("M1", "M3", "M6")


@dataclass(frozen=True, slots=True)
class PatientDays:
    """One patient in days from infusion; None: it never was, or nobody says. reasons: column → why it has no value.

    treated: the day of new therapy, or of a transplant that the rules do not pass over.
    """

    patient_id: str
    infused: bool
    enrolled: bool
    death: int | None
    progression: int | None
    therapy: int | None
    hsct: int | None
    treated: int | None
    last: int | None
    values: Mapping[str, Value]
    reasons: Mapping[str, str]

    def response(self, timepoint: str) -> str:
        """The call at a time point, empty for none."""
        value = self.values.get(f"lugano_{timepoint.lower()}")
        return "" if value is None else str(value)

    def state(self, timepoint: str, last_day: int) -> str:
        """The call at a time point; without one dead, progressed or treated anew by the end of its window, not evaluable, not assessed."""
        if called := self.response(timepoint):
            return called
        if self.death is not None and self.death <= last_day:
            return DEAD
        if self.progression is not None and self.progression <= last_day:
            return PROGRESSED
        if self.treated is not None and self.treated <= last_day:
            return TREATED
        return NOT_EVALUABLE if self.reasons.get(f"lugano_{timepoint.lower()}") == EVALUATED_NOT else NOT_ASSESSED


def patient_days(analysed: Analysed) -> tuple[PatientDays, ...]:
    """Every patient of the cohort, in its order."""
    known = {one.patient_id: one for one in analysed.patients}
    treated = analysed.new_therapy_days
    who = [str(row[PATIENT]) for row in analysed.cohort.rows]
    return tuple(_days(analysed.cohort, n, known.get(one), treated.get(one)) for n, one in enumerate(who))


def _days(cohort: Cohort, number: int, patient: Patient | None, treated: int | None) -> PatientDays:
    row = cohort.rows[number]
    who = str(row[PATIENT])
    ends = [row.get("os_days"), _day(patient, patient.last_contact_date) if patient else None]
    death = _day(patient, patient.death_date) if patient else None
    return PatientDays(
        patient_id=who,
        infused=patient is not None and patient.infusion_date is not None,
        enrolled=patient is not None and patient.enrolment_date is not None,
        death=death,
        progression=_progression(row, death),
        therapy=_day(patient, patient.new_therapy_date) if patient else None,
        hsct=_day(patient, patient.hsct_date) if patient else None,
        treated=treated,
        last=max((int(one) for one in ends if isinstance(one, int | float)), default=None),
        values=row,
        reasons={name: why for (whose, name), why in cohort.reasons.items() if whose == who},
    )


def _day(patient: Patient | None, date: dt.date | None) -> int | None:
    return None if patient is None or date is None else patient.day(date)


def _progression(row: Mapping[str, Value], death: int | None) -> int | None:
    """The day of a PFS event that is no death."""
    days, event = row.get("pfs_days"), row.get("pfs_event")
    if event != 1 or not isinstance(days, int | float):
        return None
    return None if death is not None and int(days) >= death else int(days)
