"""Truth: one patient's facts by hand: which value stands for which time point, and where it comes from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from carpet.clinical import ClinicalTables, Lab, Patient
from carpet.clinical.ct_targets import CtTarget
from carpet.clinical.labs_at import LabRule
from carpet.clinical.score import INPUTS, Delineated, NotKnown
from carpet.core.errors import ProtocolError
from carpet.core.protocol import Protocol, ScoreProtocol
from carpet.run.trial.course import Course, course_of
from carpet.run.trial.score_facts import Fact, ScoreRules, anchors, facts_at, own_tables, score_rules

INFUSED = dt.date(2024, 3, 1)
A = Patient(
    patient_id="A", infusion_date=INFUSED, enrolment_date=dt.date(2024, 1, 20), lymphodepletion_date=dt.date(2024, 2, 25), bridging=False,
    birth_year=1964, ecog=1, ann_arbor_stage=3,
)  # fmt: skip


def on(day: int) -> dt.date:
    return INFUSED + dt.timedelta(day)


def lab(day: int, analyte: str, value: float, bound: str = "") -> Lab:
    return Lab(patient_id="A", date=on(day), analyte=analyte, value=value, unit="1", bound=bound)


def ct(day: int, lesion: str, ldi: float | None, sdi: float | None, **said: Any) -> CtTarget:
    return CtTarget(
        **{"patient_id": "A", "date": on(day), "lesion": lesion, "kind": "node", "target": True, "status": "present"} | said,
        ldi_mm=ldi,
        sdi_mm=sdi,
    )


def course(scans: list[Any], patient: Patient = A, **rows: Any) -> tuple[Course, ClinicalTables]:
    tables = ClinicalTables((patient,), **rows)
    return course_of(patient, scans, tables, Protocol()), tables


def facts(name: str, scans: list[Any], patient: Patient = A, rules: ScoreRules | None = None, **rows: Any) -> dict[str, Fact]:
    made, tables = course(scans, patient, **rows)
    anchor = next(one for one in anchors(made) if one.timepoint == name)
    return dict(facts_at(made, tables, anchor, rules or ScoreRules()))


def test_time_points_and_their_days(scan_at: Callable[..., Any]) -> None:
    made, _ = course([scan_at(-6, tmtv=10.0), scan_at(29, tmtv=5.0)])
    assert [(one.timepoint, made.patient.day(one.date) if one.date else None) for one in anchors(made)] == [
        ("TD", -41),
        ("TT", -6),
        ("LD", -5),
        ("M1", 29),
    ]
    bare, _ = course([], Patient(patient_id="A"))
    assert [(one.timepoint, one.date, one.scan) for one in anchors(bare)] == [("TT", None, None), ("LD", None, None)]


def test_every_input_is_asked(scan_at: Callable[..., Any]) -> None:
    assert set(facts("TT", [])) == set(INPUTS)


def test_laboratory_values_by_the_rule(scan_at: Callable[..., Any]) -> None:
    labs = (lab(-21, "crp", 1.0), lab(-19, "hb", 9.0), lab(-7, "ldh", 500.0), lab(-30, "ldh_uln", 250.0), lab(-5, "ldh", 900.0, ">"))
    labs += (lab(-2, "cart_cells", 99.0), lab(9, "cart_cells", 40.0), lab(28, "cart_cells", 41.0), lab(29, "cart_cells", 50.0))
    undated = replace(A, lymphodepletion_date=None)
    found = facts("TT", [scan_at(-6)], undated, labs=labs)
    assert found["ldh"] == Fact(500.0, "labs.csv day -7")
    assert found["ldh_uln_ratio"] == Fact(2.0, "labs.csv day -7")
    assert found["hb"] == Fact(9.0, "labs.csv day -19")
    assert found["crp"].value is None
    assert found["cart_peak"] == Fact(41.0, "labs.csv day 28")
    assert facts("LD", [scan_at(-6)], labs=labs)["ldh"] == Fact(900.0, "labs.csv day -5", ("LAB_AT_LIMIT",))
    assert facts("TT", [scan_at(-6)], labs=labs)["ldh"].value == 900.0  # drawn after the scan, before lymphodepletion
    assert facts("TT", [scan_at(-6)], undated, ScoreRules(labs=LabRule(15)), labs=labs)["crp"].value == 1.0
    assert ScoreProtocol().lab_within_days == 14


def test_ldh_ratio_of_the_patient_where_there_are_no_values(scan_at: Callable[..., Any]) -> None:
    patient = replace(A, ldh_uln_ratio=1.5)
    assert facts("TT", [scan_at(-6)], patient)["ldh_uln_ratio"] == Fact(1.5, "patients.csv")
    assert facts("TT", [], Patient(patient_id="A", ldh_uln_ratio=1.5))["ldh_uln_ratio"] == Fact(1.5, "patients.csv")


def test_age_by_year_is_flagged() -> None:
    assert facts("TT", [])["age_years"] == Fact(60, "patients.csv", ("AGE_FROM_BIRTH_YEAR",))
    assert facts("TT", [], replace(A, age=59.5))["age_years"] == Fact(59, "patients.csv")


def test_extranodal_sites_of_a_person_before_those_of_pet(scan_at: Callable[..., Any]) -> None:
    scans = [scan_at(-6, extranodal_sites=3.0)]
    assert facts("TT", scans)["extranodal_sites"] == Fact(3.0, "PET suv4.0")
    assert facts("TT", scans, replace(A, extranodal_sites=3))["extranodal_sites"] == Fact(3, "patients.csv")
    assert facts("TT", scans, replace(A, extranodal_sites=1))["extranodal_sites"].flags == ("EXTRANODAL_SITES_DIFFER",)
    assert facts("TT", [scan_at(-6, extranodal_sites=None)])["extranodal_sites"].value == NotKnown("NO_LESION")
    assert facts("TT", [])["extranodal_sites"].value == NotKnown("EXTRANODAL_SITES_MISSING")


@pytest.mark.parametrize(
    ("sites", "value"),
    [
        (("liver",), True),
        (("mediastinal", "marrow"), True),
        (("mediastinal", "skin"), False),
        (("bone",), NotKnown("NCCN_SITE_BONE_OR_MARROW")),
        (("bone", "lung"), True),
    ],
)
def test_sites_of_the_nccn_ipi_by_pet(
    scan_at: Callable[..., Any], with_lesion: Callable[..., Any], sites: tuple[str, ...], value: Any
) -> None:
    scan = with_lesion(scan_at(-6), "L09", 5.0, site="brain", status="physiologic")
    for number, site in enumerate(sites):
        scan = with_lesion(scan, f"L1{number}", 20.0, site=site)
    assert facts("TT", [scan])["nccn_extranodal_site"].value == value
    if isinstance(value, bool):
        assert facts("TT", [scan])["nccn_extranodal_site"].flags == ("NCCN_SITE_BY_PET", "UNREVIEWED")
        said = facts("TT", [scan], replace(A, nccn_extranodal_site=not value))["nccn_extranodal_site"]
        assert said == Fact(not value, "patients.csv")


def test_sites_of_the_nccn_ipi_without_pet(scan_at: Callable[..., Any], with_lesion: Callable[..., Any]) -> None:
    assert facts("TT", [])["nccn_extranodal_site"].value is None
    assert facts("TT", [], replace(A, extranodal_sites=0))["nccn_extranodal_site"].value is False
    odd = with_lesion(scan_at(-6), "L1", 20.0)
    unsure = with_lesion(scan_at(-6), "L1", 20.0, site="liver", status="undecided")
    assert facts("TT", [unsure])["nccn_extranodal_site"].value == NotKnown("NCCN_SITE_UNKNOWN")
    nowhere = replace(odd, lesions=(replace(odd.lesions[0], payload=odd.lesions[0].payload | {"site": None}),))
    assert facts("TT", [nowhere])["nccn_extranodal_site"].value == NotKnown("NCCN_SITE_UNKNOWN")


def test_ct_nearest_to_the_scan_before_infusion(scan_at: Callable[..., Any]) -> None:
    rows = (
        ct(-20, "a", 90.0, 80.0),
        ct(-7, "a", 60.0, 50.0),
        ct(-7, "b", None, None, status="too_small"),
        ct(-7, "c", 110.0, 20.0, target=False),
        ct(-7, "s", 150.0, None, kind="spleen", target=False),
        ct(1, "a", 10.0, 5.0),
    )
    found = facts("TT", [scan_at(-6)], ct_targets=rows)
    assert found["spd"] == Fact(60.0 * 50.0 + 25.0, "ct_targets.csv day -7")
    assert found["longest_diameter"] == Fact(110.0, "ct_targets.csv day -7")
    assert facts("TT", [scan_at(-6)])["spd"].value is None
    assert facts("LD", [], ct_targets=rows)["spd"].source == "ct_targets.csv day -7"


def test_ct_that_makes_no_sum(scan_at: Callable[..., Any]) -> None:
    seven = tuple(ct(-7, str(number), 20.0, 10.0) for number in range(7))
    assert facts("TT", [scan_at(-6)], ct_targets=seven)["spd"].value == NotKnown("CT_TARGETS_TOO_MANY")
    unmeasured = (ct(-7, "a", 60.0, 50.0), ct(-7, "b", 60.0, None))
    assert facts("TT", [scan_at(-6)], ct_targets=unmeasured)["spd"].value == NotKnown("CT_SIZE_MISSING")
    only_others = (ct(-7, "a", 60.0, 50.0, target=False),)
    assert facts("TT", [scan_at(-6)], ct_targets=only_others)["spd"].value is None


def test_own_tables_hold_one_patient(scan_at: Callable[..., Any]) -> None:
    made, tables = course([scan_at(-6)], labs=(lab(-6, "hb", 9.0), replace(lab(-6, "hb", 8.0), patient_id="B")))
    assert [one.value for one in own_tables(made, tables).labs] == [9.0]


def test_volumes_by_delineation(scan_at: Callable[..., Any]) -> None:
    scan = scan_at(-6, tmtv=10.0, sdmax=None)
    extra = replace(scan.values[0], payload=scan.values[0].payload | {"segmenter": "max41", "value": 8.0, "flags": ["F"]})
    found = facts("TT", [replace(scan, values=(*scan.values, extra))])
    assert found["tmtv"] == Fact(Delineated({"suv4.0": 10.0, "max41": 8.0}, "suv4.0"), "PET day -6", ("F",))
    assert found["sdmax"].value == NotKnown("NO_LESION")
    assert facts("TT", [])["tmtv"].value is None


def test_what_the_protocol_chooses_and_a_cut_off_that_does_not_exist() -> None:
    chosen = score_rules(ScoreProtocol(lab_within_days=7, extranodal_rule="gt2_seed", overrides={"two_factor_tmtv": "Dr B: only SUV 4.0"}))
    assert chosen.labs.within_days == 7
    assert chosen.options.extranodal_rule == "gt2_seed"
    assert chosen.options.overrides == {"two_factor_tmtv": "Dr B: only SUV 4.0"}
    with pytest.raises(ProtocolError, match="no cut-off 'two_factor'; there are"):
        score_rules(ScoreProtocol(overrides={"two_factor": "Dr B"}))
