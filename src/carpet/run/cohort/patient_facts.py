"""Columns of the cohort that say who the patient is, and the laboratory values on the day of the markers."""

from __future__ import annotations

from dataclasses import replace

from carpet.clinical import ClinicalTables
from carpet.clinical.score import NotKnown
from carpet.run.cohort.columns import STAGES, Cell
from carpet.run.cohort.notices import NOT_STATED
from carpet.run.cohort.stand_in import StandIn
from carpet.run.trial.course import Course
from carpet.run.trial.score_facts import Anchor, Fact, ScoreRules, anchors, facts_at, own_tables

MG_L_PER_MG_DL = 10.0
CM2_PER_MM2 = 0.01
ADVANCED = 3  # stage III
AS_STATED = ("site", "sex", "histology", "product", "bridging", "ecog", "prior_lines")


def patient_cells(course: Course, tables: ClinicalTables, scan: StandIn, rules: ScoreRules) -> dict[str, Cell]:
    """Of patients.csv, of labs.csv by the rule of scores, and the SPD of ct_targets.csv. tables: those of one patient are enough."""
    patient = course.patient
    facts = facts_at(course, own_tables(course, tables), _anchor(course, scan), rules)
    stage = patient.ann_arbor_stage
    return {
        "patient_id": Cell(patient.patient_id),
        **{name: Cell.of(getattr(patient, name), NOT_STATED.code) for name in AS_STATED},
        "age_years": _cell(facts["age_years"], "AGE_YEARS_MISSING"),
        "ann_arbor_stage": Cell.of(None if stage is None else STAGES[stage - 1], NOT_STATED.code),
        "advanced_stage": Cell.of(None if stage is None else stage >= ADVANCED, NOT_STATED.code),
        "ldh_uln_ratio": _cell(facts["ldh_uln_ratio"], "LDH_ULN_RATIO_MISSING"),
        "extranodal_sites": _cell(facts["extranodal_sites"], "EXTRANODAL_SITES_MISSING"),
        "crp_mg_l": _cell(facts["crp"], "CRP_MISSING", MG_L_PER_MG_DL),
        "ferritin_ug_l": _cell(facts["ferritin"], "FERRITIN_MISSING"),  # ng/mL is the same number
        "spd_cm2": _cell(facts["spd"], "SPD_MISSING", CM2_PER_MM2),
    }


def _anchor(course: Course, scan: StandIn) -> Anchor:
    """That of the scan that stands for the time point, as for scores: a score and its laboratory values are of one day."""
    found = {one.timepoint: one for one in anchors(course)}
    return replace(found.get(scan.timepoint, Anchor(scan.timepoint, None, None, None)), scan=scan.scan)


def _cell(fact: Fact, missing: str, factor: float = 1.0) -> Cell:
    if fact.value is None or isinstance(fact.value, NotKnown):
        return Cell(None, missing if fact.value is None else fact.value.reason)
    value = fact.value if factor == 1.0 else fact.value * factor
    return Cell.of(value, missing, fact.flags)
