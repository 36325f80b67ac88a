"""Truth: one patient's row, laboratory values and CT by hand, with the units converted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from carpet.clinical import ClinicalTables, Lab, Patient
from carpet.clinical.ct_targets import CtTarget
from carpet.core.protocol import Protocol
from carpet.run.cohort.columns import Cell
from carpet.run.cohort.patient_facts import patient_cells
from carpet.run.cohort.score_cells import score_cells
from carpet.run.cohort.stand_in import stand_in
from carpet.run.trial.course import course_of
from carpet.run.trial.score_facts import ScoreRules
from carpet.run.trial.scores import score_rows

from .conftest import INFUSED, on

A = Patient(
    patient_id="A", site="North", sex="F", age=61.9, histology="DLBCL", product="axi-cel", infusion_date=INFUSED, bridging=True,
    lymphodepletion_date=on(-4), ann_arbor_stage=3, ecog=1, prior_lines=2, extranodal_sites=1,
)  # fmt: skip


def cells(patient: Patient, scans: list[Any], **tables: Any) -> dict[str, Cell]:
    held = ClinicalTables((patient,), **tables)
    course = course_of(patient, scans, held, Protocol())
    return patient_cells(course, held, stand_in(course, "TT"), ScoreRules())


def lab(day: int, analyte: str, value: float, **more: Any) -> Lab:
    return Lab(patient_id="A", date=on(day), analyte=analyte, value=value, unit="1", **more)


def test_what_the_patients_row_says() -> None:
    found = cells(A, [])
    said = {"site": "North", "sex": "F", "histology": "DLBCL", "product": "axi-cel", "bridging": True, "ecog": 1, "prior_lines": 2}
    assert {name: found[name].value for name in said} == said
    assert (found["age_years"].value, found["ann_arbor_stage"].value, found["advanced_stage"].value) == (61, "III", True)
    assert (found["patient_id"].value, found["extranodal_sites"].value) == ("A", 1)


def test_what_nobody_says_has_its_reason() -> None:
    found = cells(Patient(patient_id="A", infusion_date=INFUSED), [])
    assert {name for name, cell in found.items() if cell.value is not None} == {"patient_id"}
    assert all(cell.reason for name, cell in found.items() if name != "patient_id")
    assert {found[name].reason for name in ("site", "bridging", "advanced_stage")} == {"NOT_STATED"}
    assert found["crp_mg_l"].reason == "CRP_MISSING"


def test_laboratory_values_up_to_lymphodepletion_in_the_units_of_the_columns(scan_at: Callable[..., Any]) -> None:
    labs = (lab(-6, "crp", 2.5), lab(-4, "crp", 3.5), lab(-3, "crp", 9.0), lab(-5, "ferritin", 800.0, bound="<"), lab(-30, "ldh", 100.0))
    found = cells(A, [scan_at(-6, tmtv=1.0)], labs=labs)
    assert found["crp_mg_l"].value == pytest.approx(35.0)
    assert (found["ferritin_ug_l"].value, found["ferritin_ug_l"].flags) == (800.0, ("LAB_AT_LIMIT",))
    assert (found["ldh_uln_ratio"].value, found["ldh_uln_ratio"].reason) == (None, "LDH_ULN_RATIO_MISSING")


def test_the_sum_of_products_is_in_square_centimetres(scan_at: Callable[..., Any]) -> None:
    sizes = {"n1": (40.0, 30.0), "n2": (20.0, 20.0)}
    targets = tuple(
        CtTarget(patient_id="A", date=on(-6), lesion=name, kind="node", ldi_mm=long, sdi_mm=short, target=True, status="present")
        for name, (long, short) in sizes.items()
    )
    assert cells(A, [scan_at(-6, tmtv=1.0)], ct_targets=targets)["spd_cm2"].value == pytest.approx(16.0)


def test_an_earlier_baseline_gives_its_own_extranodal_sites_and_ct(scan_at: Callable[..., Any]) -> None:
    target = CtTarget(patient_id="A", date=on(-40), lesion="n1", kind="node", ldi_mm=50.0, sdi_mm=20.0, target=True, status="present")
    patient = Patient(patient_id="A", infusion_date=INFUSED, bridging=False)
    found = cells(patient, [scan_at(-40, extranodal_sites=3.0)], ct_targets=(target,))
    assert (found["extranodal_sites"].value, found["spd_cm2"].value) == (3.0, 10.0)


def test_laboratory_values_are_of_the_day_of_the_scan_that_stands_for_the_time_point(scan_at: Callable[..., Any]) -> None:
    # METHODS D.9: without bridging TD stands for TT; its score and its laboratory columns then are of TD alike
    patient = replace(A, bridging=False)
    labs = (lab(-41, "crp", 2.0), lab(-5, "crp", 9.0), *(lab(-41, name, 100.0) for name in ("ldh", "creatinine", "platelets")))
    held = ClinicalTables((patient,), labs=labs)
    course = course_of(patient, [scan_at(-40, tmtv=1.0)], held, Protocol())
    scan = stand_in(course, "TT")
    assert scan.timepoint == "TD"
    assert patient_cells(course, held, scan, ScoreRules())["crp_mg_l"].value == pytest.approx(20.0)
    assert score_cells(score_rows(course, held, ScoreRules()), scan)["easix"].value == pytest.approx(100.0)
