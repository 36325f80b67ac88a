"""Where the reading room keeps what people have read, and what a reading says as rows of readings.csv and of ct_targets.csv."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

from carpet.clinical import Patient
from carpet.clinical.readings import Reading
from carpet.review.cases import Case
from carpet.review.edits import Caliper, CtSeen, Deauville, NewLesions, Standing, last_said
from carpet.run.trial.calipers import CaliperRead

FOLDER, HISTORY = "review", "history.sqlite"


def reading_row(patient: Patient, case: Case, whose: str, standing: Standing) -> Reading | None:
    """A reader's Deauville score and word on new lesions, as a row of readings.csv; None for neither, and without a day of infusion."""
    score, new = last_said(standing, Deauville), last_said(standing, NewLesions)
    infused = patient.infusion_date
    if infused is None or (score is None and new is None):
        return None
    return Reading(
        patient_id=case.patient,
        date=infused + dt.timedelta(days=case.day),
        reader=whose,
        deauville=score.score if score else None,
        new_lesions=new.present if new else None,
    )


def calipers_of(case: Case, whose: str, standing: Standing) -> tuple[CaliperRead, ...]:
    """What a reading says of lesions on CT, in the order of the edits; of what it says twice the last word. () for nothing."""
    found: dict[tuple[str, str], CaliperRead] = {}
    here = (case.patient, case.timepoint, case.day, case.study, whose)
    for one in standing:
        edit = one.edit
        if isinstance(edit, Caliper):
            ldi, sdi = math.dist(*edit.ldi_lps_mm), math.dist(*edit.sdi_lps_mm)
            made = CaliperRead(*here, edit.lesion, edit.name, edit.counts_as, edit.target, edit.seen, edit=one.number).measured(ldi, sdi)
        elif isinstance(edit, CtSeen):
            made = CaliperRead(*here, None, edit.name, edit.counts_as, edit.target, edit.seen, edit=one.number)
        else:
            continue
        subject = ("region", made.lesion) if made.lesion else ("name", made.name)
        found.pop(subject, None)
        found[subject] = replace(made, alone=case.rules.clinical == "hidden")
    return tuple(found.values())
