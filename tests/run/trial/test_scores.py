"""Truth: one patient's scores, cut-offs and toxicity by hand; every score has a row at each of its time points, number or reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from carpet.clinical import ClinicalTables, Lab, Patient
from carpet.clinical.score import ScoreOptions, scores
from carpet.clinical.toxicity import Toxicity
from carpet.core.protocol import Protocol
from carpet.run.trial.course import course_of
from carpet.run.trial.score_facts import ScoreRules
from carpet.run.trial.scores import missing_rows, score_rows, toxicity_rows
from carpet.run.trial.tables import SCHEMAS, table_files

INFUSED = dt.date(2024, 3, 1)
A = Patient(
    patient_id="A", infusion_date=INFUSED, lymphodepletion_date=dt.date(2024, 2, 25), bridging=False, age=61, ecog=2, ann_arbor_stage=4,
    ldh_uln_ratio=1.2, extranodal_sites=2, nccn_extranodal_site=True,
)  # fmt: skip
LABS = tuple(
    Lab(patient_id="A", date=INFUSED - dt.timedelta(6), analyte=analyte, value=value, unit="1")
    for analyte, value in {"ldh": 300.0, "creatinine": 1.2, "platelets": 120.0}.items()
)


def by_41(scan: Any, ml: float) -> Any:
    return replace(
        scan, values=(*scan.values, replace(scan.values[0], payload=scan.values[0].payload | {"segmenter": "max41", "value": ml}))
    )


def rows(scans: list[Any], rules: ScoreRules | None = None, patient: Patient = A, **tables: Any) -> dict[tuple[str, str], dict[str, Any]]:
    held = ClinicalTables((patient,), **tables)
    made = score_rows(course_of(patient, scans, held, Protocol()), held, rules)
    assert all(set(row) == set(SCHEMAS["scores"]) for row in made)
    assert all((row["value"] is None) == bool(row["reason_missing"]) for row in made)
    found = {(row["timepoint"], row["score"]): row for row in made}
    assert len(found) == len(made)
    return found


def test_numbers_by_hand(scan_at: Callable[..., Any]) -> None:
    found = rows([by_41(scan_at(-6, tmtv=900.0, sdmax=0.4), 500.0)], labs=LABS)
    assert (found["TT", "ipi"]["value"], found["TT", "ipi"]["group"]) == (5, "high")
    assert (found["TT", "nccn_ipi"]["value"], found["TT", "nccn_ipi"]["group"]) == (6, "high")
    assert found["TT", "impi"]["value"] == pytest.approx(1.9501122, abs=1e-6)
    assert (found["TT", "two_factor"]["value"], found["TT", "two_factor"]["segmenter"]) == (2, "max41")
    assert found["TT", "easix"]["value"] == pytest.approx(3.0)
    assert found["TT", "aaipi"]["reason_missing"] == "AGE_OVER_60"
    assert found["TT", "sdmax_032"]["reason_missing"] == "CUTOFF_OTHER_DELINEATION"  # of 41 %, and only TMTV was measured by that
    accepted = ScoreRules(options=ScoreOptions(overrides={"sdmax_032": "Dr B"}))
    assert rows([scan_at(-6, sdmax=0.4)], accepted)["TT", "sdmax_032"]["group"] == "high"
    assert found["TT", "easix"]["inputs"] == [
        "ldh 300 U/L (labs.csv day -6)",
        "creatinine 1.2 mg/dL (labs.csv day -6)",
        "platelets 120 10*9/L (labs.csv day -6)",
    ]
    assert found["TT", "impi"]["inputs"][0] == "tmtv max41 500, suv4.0 900 mL (PET day -6)"
    assert found["TT", "nccn_ipi"]["inputs"][-1] == "nccn_extranodal_site yes (patients.csv)"
    assert {row["day"] for row in found.values() if row["timepoint"] == "LD"} == {-5}


def test_another_delineation_is_refused_unless_overridden(scan_at: Callable[..., Any]) -> None:
    scans = [scan_at(-6, tmtv=900.0)]
    assert rows(scans)["TT", "two_factor"]["reason_missing"] == "CUTOFF_OTHER_DELINEATION"
    rules = ScoreRules(options=ScoreOptions(overrides={"two_factor_tmtv": "Dr B"}))
    found = rows(scans, rules)["TT", "two_factor"]
    assert (found["value"], found["flags"]) == (2, ["CUTOFF_OVERRIDDEN", "CUTOFF_UNVERIFIED"])


def test_every_score_has_a_row_at_its_time_points() -> None:
    found = rows([], patient=Patient(patient_id="A"))
    assert set(found) == {(name, one.name) for one in scores().values() for name in one.timepoints if name != "TD"}
    assert found["TT", "ipi"]["reason_missing"] == (
        "AGE_YEARS_MISSING;LDH_ULN_RATIO_MISSING;ECOG_MISSING;ANN_ARBOR_STAGE_MISSING;EXTRANODAL_SITES_MISSING"
    )
    assert {row["day"] for row in found.values()} == {None}


def test_cut_offs_of_later_scans(scan_at: Callable[..., Any]) -> None:
    found = rows([scan_at(-6, tmtv=10.0), scan_at(29, tmtv=60.8, suv_max=9.0, tlg=None)])
    later = {name: row for (timepoint, name), row in found.items() if timepoint == "M1"}
    assert set(later) == {"cut_off m1_tmtv", "cut_off m1_suv_max", "cut_off m1_tlg"}
    volume, uptake, glycolysis = (later[f"cut_off m1_{name}"] for name in ("tmtv", "suv_max", "tlg"))
    assert (volume["value"], volume["group"], volume["method"], volume["segmenter"]) == (60.8, "high", "tmtv ≥ 60.8", "suv4.0")
    assert (uptake["group"], uptake["flags"]) == ("low", ["CUTOFF_UNVERIFIED"])
    assert (glycolysis["value"], glycolysis["reason_missing"]) == (None, "NO_LESION")


def test_a_later_cut_off_of_another_delineation(scan_at: Callable[..., Any]) -> None:
    scan = scan_at(29, tmtv=60.8)
    other = replace(
        scan,
        study=replace(scan.study, payload=scan.study.payload | {"segmenter": "max41"}),
        values=(replace(scan.values[0], payload=scan.values[0].payload | {"segmenter": "max41"}),),
    )
    row = rows([other])["M1", "cut_off m1_tmtv"]
    assert (row["value"], row["reason_missing"], row["segmenter"]) == (None, "CUTOFF_OTHER_DELINEATION", "max41")
    rules = ScoreRules(options=ScoreOptions(overrides={"m1_tmtv": "Dr B"}))
    assert rows([other], rules)["M1", "cut_off m1_tmtv"]["flags"] == ["CUTOFF_OVERRIDDEN", "CUTOFF_UNVERIFIED"]
    assert rows([other])["M1", "cut_off m1_tlg"]["reason_missing"] == "NOT_ASKED_FOR"


def test_toxicity_as_a_table() -> None:
    items = {"fever": True, "hypotension": "one_pressor", "hypoxia": "none"}
    one = Toxicity(
        patient_id="A", event="crs", onset_date=INFUSED, resolution_date=dt.date(2024, 3, 4), scale="astct2019", grade=2, **items
    )
    held = ClinicalTables((A,), toxicity=(one,))
    made = toxicity_rows(course_of(A, [], held, Protocol()), held)
    assert set(made[0]) == set(SCHEMAS["toxicity"])
    lines = table_files({"toxicity": made})["toxicity.csv"].decode().splitlines()
    assert lines[1] == "A,crs,astct2019,2,3,CRS-ASTCT2019@1,hypotension one pressor,0,3,3,yes,GRADE_DIFFERS"


def test_what_is_missing_over_all_patients(scan_at: Callable[..., Any]) -> None:
    b = Patient(patient_id="B", infusion_date=INFUSED, age=50)
    held = ClinicalTables((A, b), labs=LABS)
    courses = [course_of(A, [scan_at(-6, tmtv=10.0)], held, Protocol()), course_of(b, [], held, Protocol())]
    made = missing_rows(courses, held)
    assert all(set(row) == set(SCHEMAS["missing_data"]) for row in made)
    by = {(row["timepoint"], row["input"]): row for row in made}
    assert {timepoint for timepoint, _ in by} == {"TT", "LD"}
    assert by["TT", "age_years"] | {"unit": "a", "patients": 2, "missing": 0, "percent": 0.0, "reasons": []} == by["TT", "age_years"]
    assert (by["TT", "tmtv"]["missing"], by["TT", "tmtv"]["reasons"]) == (1, ["TMTV_MISSING 1"])
    assert (by["LD", "anc"]["missing"], by["LD", "anc"]["percent"]) == (2, 100.0)
    assert ("LD", "tmtv") not in by
