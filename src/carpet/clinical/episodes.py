"""Toxicity as it is counted: each event with the grade given and the grade its items make, its days, and the worst of each scale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from carpet.clinical.crs import crs_grade
from carpet.clinical.graded import Graded
from carpet.clinical.icans import icans_grade
from carpet.clinical.notices import GRADE_DERIVED, GRADE_DIFFERS
from carpet.clinical.patients import Patient
from carpet.clinical.toxicity import CRS_ITEMS, ICANS_ITEMS, Toxicity

ASTCT = "astct2019"
OF_EVENT = {"crs": CRS_ITEMS, "icans": ICANS_ITEMS}  # the events that ASTCT grades
DEATH = 5  # of both syndromes; items do not make it


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One event of one patient. grade: as given, by `scale`; where none was given, the derived one, flagged. derived: by ASTCT 2019 from
    the items, whatever the scale; None where it cannot be told or the event has none. Days count from infusion. is_worst: no other
    episode of this patient, event and scale has a higher grade; of equals the first."""

    patient_id: str
    event: str
    scale: str
    grade: int | None
    derived: int | None
    rule: str
    because: str
    onset_day: int | None
    resolution_day: int | None
    duration_days: int | None
    is_worst: bool
    flags: tuple[str, ...]


def episodes(rows: Iterable[Toxicity], patient: Patient) -> tuple[Episode, ...]:
    """The episodes of one patient by event, scale and onset; scales are never merged."""
    found = [_episode(one, patient) for one in rows if one.patient_id == patient.patient_id]
    found.sort(key=lambda one: (one.event, one.scale, one.onset_day is None, one.onset_day or 0))
    return tuple(replace(one, is_worst=_is_worst(one, number, found)) for number, one in enumerate(found))


def derived_grade(one: Toxicity, *, age_years: float | None) -> Graded | None:
    """The grade that the items make by ASTCT 2019; None for an event that ASTCT does not grade, or without any item of its own."""
    if all(getattr(one, item) is None for item in OF_EVENT.get(one.event, ())):
        return None
    return crs_grade(one) if one.event == "crs" else icans_grade(one, age_years=age_years)


def _episode(one: Toxicity, patient: Patient) -> Episode:
    made = derived_grade(one, age_years=patient.age_years)
    derived = None if made is None else made.grade
    scale, grade, flags = one.scale or "", one.grade, []
    if grade is None and derived is not None and scale in ("", ASTCT):
        scale, grade = ASTCT, derived
        flags.append(GRADE_DERIVED.code)
    elif scale == ASTCT and grade is not None and made is not None and _contradicts(grade, made):
        flags.append(GRADE_DIFFERS.code)
    return Episode(
        patient_id=one.patient_id,
        event=one.event,
        scale=scale,
        grade=grade,
        derived=derived,
        rule="" if made is None else made.rule,
        because="" if made is None else made.because,
        onset_day=None if one.onset_date is None else patient.day(one.onset_date),
        resolution_day=None if one.resolution_date is None else patient.day(one.resolution_date),
        duration_days=one.days,
        is_worst=False,
        flags=tuple(flags),
    )


def _contradicts(grade: int, made: Graded) -> bool:
    """Whether a given grade is not what the items make, or below what those known make; items do not make death."""
    return grade != DEATH and (grade < made.least if made.grade is None else grade != made.grade)


def _is_worst(one: Episode, number: int, found: Sequence[Episode]) -> bool:
    if one.grade is None:
        return False
    same = [
        (-other.grade, place)
        for place, other in enumerate(found)
        if other.grade is not None and (other.event, other.scale) == (one.event, one.scale)
    ]
    return min(same)[1] == number
