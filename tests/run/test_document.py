"""Truth: INTERFACE's names, and the result that the document is made of."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import pytest

from carpet.biomarkers import biomarkers
from carpet.core.body import Body, LeanMass, SurfaceArea
from carpet.core.protocol import BiomarkerProtocol, Protocol
from carpet.run.document import biomarker_rows, delineation_provenance, document, lesion_row, software, study_provenance
from carpet.run.pipeline import Result, Wishes

BIOMARKERS = {
    "tmtv": "mL",
    "tlg": "g",
    "suv_max": "g/mL",
    "suv_peak": "g/mL",
    "suv_mean": "g/mL",
    "mbv": "mL",
    "lesion_count": "{count}",
    "nodal_regions": "{count}",
    "extranodal_sites": "{count}",
    "dmax": "mm",
    "dmax_voxel": "mm",
    "dmax_bulk": "mm",
    "sdmax": "/m",
    "spread_bulk": "mm",
    "spread_patient": "mm",
    "tsp": "mm",
    "tts": "mm2",
    "tvsr": "mm",
    "asphericity": "1",
    "liver_suv_mean": "g/mL",
    "blood_pool_suv_mean": "g/mL",
    "spleen_liver_ratio": "1",
    "marrow_liver_ratio": "1",
}
LESION_KEYS = {"lesion_id", "status", "decided_by", "kind", "site", "volume_ml", "suv_max", "suv_mean", "suv_peak", "tlg_g", "voxels"}


def test_the_parts_are_those_promised(told: dict[str, Any]) -> None:
    assert set(told) >= {"study", "suv", "lesions", "biomarkers", "flags", "provenance", "segment", "status", "software", "protocol"}
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["schema"] == 1


def test_the_status_is_said(told: dict[str, Any], reviewed: Result) -> None:
    assert told["status"] == "UNREVIEWED"
    assert all(lesion["flags"] == ["UNREVIEWED"] and not lesion["reviewed"] for lesion in told["lesions"])
    assert all("UNREVIEWED" in row["flags"] for row in told["biomarkers"])
    after = document(reviewed)
    assert after["status"] == "REVIEWED"
    assert "UNREVIEWED" not in json.dumps(after)


def test_how_regions_were_made_is_said(told: dict[str, Any], by_mask: Result, measured_with: Callable[..., Result]) -> None:
    assert told["segment"] == {
        "connectivity": 26,
        "preselect_suv": 4.0,
        "preselect_min_ml": 3.0,
        "small_regions": {"count": 0, "volume_ml": 0},
    }
    nothing = {"preselect_suv": None, "preselect_min_ml": None, "small_regions": None}
    assert document(by_mask)["segment"] == {"connectivity": 26, **nothing}
    segment = Protocol().segment.model_copy(update={"preselect_min_ml": 15.0})
    left = document(measured_with(Wishes(), Protocol(segment=segment)))["segment"]["small_regions"]
    assert left == {"count": 1, "volume_ml": pytest.approx(179 * 0.064)}


def test_every_biomarker_stands_with_its_unit_or_a_reason(unreviewed: Result) -> None:
    rows = {row["name"]: row for row in biomarker_rows(unreviewed)}
    assert {name: rows[name]["unit"] for name in BIOMARKERS} == BIOMARKERS
    assert rows.keys() == biomarkers().keys()
    for row in rows.values():
        assert (row["value"] is None) != (row["reason_missing"] is None)
        assert re.fullmatch(rf"{row['name']}@\d+", row["method"])
        assert row["segmenter"] == "suv4.0"
        assert re.fullmatch(r"[0-9a-f]{16}", row["provenance"])
    assert len({row["provenance"] for row in rows.values()}) == len(rows)
    assert rows["dmax"]["reason_missing"] == "NO_LESION"
    assert rows["tmtv"]["value"] == 0.0


def test_only_the_biomarkers_asked_for(measured_with: Callable[..., Result]) -> None:
    protocol = Protocol(biomarkers=BiomarkerProtocol(names=("dmax", "tmtv")))
    assert {row["name"] for row in biomarker_rows(measured_with(Wishes(), protocol))} == {"dmax", "tmtv"}


def test_a_lesion_row_is_the_lesion(reviewed: Result) -> None:
    lesion = reviewed.lesions[1]
    row = lesion_row(lesion, reviewed)
    assert set(row) >= LESION_KEYS
    assert (row["lesion_id"], row["status"], row["flags"]) == ("L02", "disease", [])
    assert row["volume_ml"] == pytest.approx(row["voxels"] * reviewed.suv.grid.voxel_ml)
    assert row["centroid_lps_mm"] == pytest.approx([30.0, -40.0, 120.0], abs=1e-9)
    assert row["tlg_g"] == pytest.approx(row["suv_mean"] * row["volume_ml"])
    physiologic = lesion_row(reviewed.lesions[0], reviewed)
    assert physiologic["status"] == "physiologic"
    assert physiologic["suv_max"] == pytest.approx(20.0, abs=0.001)  # it has numbers of its own, and counts in no total


def test_the_software_is_named() -> None:
    named = software()
    assert named["carpet"] == version("carpet")
    assert {"python", "numpy", "scipy", "pydicom", "highdicom"} <= named.keys()


def test_the_same_step_has_the_same_id_and_another_another(unreviewed: Result, reviewed: Result) -> None:
    again = replace(unreviewed)
    assert study_provenance(again).id == study_provenance(unreviewed).id
    assert study_provenance(reviewed).id != study_provenance(unreviewed).id
    other = replace(unreviewed, protocol=Protocol(name="other"))
    assert study_provenance(other).id != study_provenance(unreviewed).id


def test_the_delineation_is_named_with_its_threshold(unreviewed: Result, by_mask: Result) -> None:
    step = delineation_provenance(unreviewed)
    assert (step.method, step.parameters["preselect_suv"]) == ("suv4.0", 4.0)
    assert delineation_provenance(by_mask).method == "mask"


def test_no_name_and_no_record_number(told: dict[str, Any]) -> None:
    text = json.dumps(told).lower()
    assert "zauberberg" not in text
    assert "klawdia" not in text
    assert "mrn-" not in text
    assert re.fullmatch(r"P-[0-9a-f]{10}", told["study"]["patient"])


def test_other_suv_follow_from_body_size(told: dict[str, Any], unreviewed: Result) -> None:
    body = unreviewed.quantification.body
    assert body is not None
    factors = {row["quantity"]: row["per_suv_bw"] for row in told["suv"]["other_suv"]}
    assert factors["SUV_BSA"] == pytest.approx(10 * body.surface_area_m2(SurfaceArea.DU_BOIS) / body.weight_kg)
    assert factors["SUV_LBM_JANMA"] == pytest.approx(body.lean_mass_kg(LeanMass.JANMAHASATIAN) / body.weight_kg)
    assert [row["quantity"] for row in told["suv"]["other_suv"] if row["sul"]] == ["SUV_LBM_JANMA"]
    unknown = replace(unreviewed, quantification=replace(unreviewed.quantification, body=Body(70.0, 1.7, None)))
    reasons = {row["quantity"]: row["reason_missing"] for row in document(unknown)["suv"]["other_suv"]}
    assert reasons["SUV_LBM_JANMA"] == "SEX_UNDEFINED"
    assert reasons["SUV_BSA"] is None
