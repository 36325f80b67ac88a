"""Truth: other programs' numbers for public scans (OHIF and IBSI values as quoted beside the reference data)."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import carpet
from carpet.core.protocol import SuvProtocol
from carpet.dicom.mask import read_mask
from carpet.run.outputs import FILES

pytestmark = pytest.mark.shared
Call = Callable[..., Any]


def series_of(call: Call, *arguments: object) -> dict[str, dict[str, Any]]:
    """What `scan --json` says of each PET and CT series, by description."""
    told = json.loads(call("scan", *arguments, "--json").out)
    every = [series for study in told["studies"] for series in study["series"]]
    return {series["description"]: series for series in every if series["modality"] in ("PT", "CT")}


def test_acrin_is_told_apart(call: Call, shared_data: Path) -> None:
    series = series_of(call, shared_data / "acrin042_ge")
    assert series["PET AC"]["quantifiable"] is True
    assert series["PET AC"]["suv"]["factor_bw_per_bqml"] == pytest.approx(4.21110070e-4, rel=1e-8)
    assert series["PET NAC"]["quantifiable"] is False
    assert {"NAC_SERIES", "UNITS_NOT_QUANTITATIVE"} & {notice["code"] for notice in series["PET NAC"]["refusals"]}
    assert series["CT IMAGES"]["frame_of_reference_uid"] == series["PET AC"]["frame_of_reference_uid"]
    assert series["CT IMAGES"]["refusals"] == []


@pytest.fixture(scope="module")
def acrin(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from carpet.run.cli import run

    out = tmp_path_factory.mktemp("acrin")
    assert run(["measure", str(shared_data / "acrin042_ge"), "-o", str(out)]) == 0
    return out


@pytest.mark.slow
def test_acrin_is_measured_without_a_word_from_the_user(acrin: Path) -> None:
    assert {path.name for path in acrin.iterdir()} == set(FILES)
    told = json.loads((acrin / "measurements.json").read_text())
    assert told["study"]["pet"]["description"] == "PET AC"
    assert told["study"]["ct"]["description"] == "CT IMAGES"
    assert told["suv"]["factor_bw_per_bqml"] == pytest.approx(4.21110070e-4, rel=1e-8)
    assert max(lesion["suv_max"] for lesion in told["lesions"]) == pytest.approx(51.0933, abs=1e-3)
    assert told["status"] == "UNREVIEWED"


@pytest.mark.slow
@pytest.mark.dciodvfy
@pytest.mark.parametrize("name", ["lesions.seg.dcm", "measurements.sr.dcm"])
def test_acrin_objects_are_valid(acrin: Path, name: str) -> None:
    told = subprocess.run(["dciodvfy", acrin / name], capture_output=True, text=True, check=False)
    assert [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("Error")] == []


def test_sts_001(call: Call, shared_data: Path) -> None:
    series = series_of(call, shared_data / "sts001_ge" / "PET_raw_BQML", "--values")
    suv = series["PET AC"]["suv"]
    assert suv["factor_bw_per_bqml"] == pytest.approx(2.42902977e-4, rel=1e-8)
    assert suv["max"] == pytest.approx(66.5215, abs=1e-4)


def test_sts_001_with_pieces_beside_it(call: Call, shared_data: Path, tmp_path: Path) -> None:
    said = call("measure", shared_data / "sts001_ge", "-o", tmp_path, "--tables-only", "--json")
    told = json.loads(said.out)
    assert told["study"]["chosen_because"] == "the only original primary PET of 2 that can be quantified"
    assert told["study"]["ct"] is None  # a crop of a fifth of the scan
    assert "CT_COVERS_LITTLE" in [flag["code"] for flag in told["flags"]]


@pytest.mark.parametrize("name", [f"DRO_{n}" for n in ("0_0", "1_0", "2_0", "2_1", "2_4", "3_0", "3_1", "3_3", "4_0", "5_0")])
def test_the_reference_objects_of_suv(shared_data: Path, name: str) -> None:
    table = csv.DictReader((shared_data / "suv_dro_ibsi" / "expected.csv").read_text().splitlines())
    expected = {row["ID"]: [float(row[f"SUV{what}_expected"]) for what in ("min", "med", "max")] for row in table}
    protocol = SuvProtocol(sex_undefined="mean_of_sexes")
    study = carpet.read_study(shared_data / "suv_dro_ibsi" / name, protocol=protocol)
    suv = carpet.to_suv(study, protocol)
    mask = read_mask(next((shared_data / "suv_dro_ibsi" / name / "mask").iterdir()), suv.grid)
    inside = np.concatenate([region.values_of(suv) for region in mask.labels.regions.values()])
    assert [inside.min(), np.median(inside), inside.max()] == pytest.approx(expected[name], abs=0.03)


def test_a_phantom_without_units_is_refused(call: Call, shared_data: Path, tmp_path: Path) -> None:
    said = call("measure", shared_data / "nema_phantom", "-o", tmp_path / "out")
    assert said.status == 1
    assert "UNITS_MISSING" in said.err
    assert not (tmp_path / "out").exists()


def test_broken_files_are_listed_not_fallen_over(call: Call, shared_data: Path) -> None:
    said = call("scan", shared_data / "malformed", "--json")
    assert said.status == 1
    told = json.loads(said.out)
    assert told["unreadable"]
    assert all(row["code"] and row["message"] for row in told["unreadable"])


def test_a_mask_of_another_program(call: Call, shared_data: Path, tmp_path: Path) -> None:
    mask = next((shared_data / "acrin042_ge" / "SEG_PT_1seg_43fr").iterdir())
    said = call("measure", shared_data / "acrin042_ge", "-o", tmp_path, "--tables-only", "--mask", mask, "--reader", "Dr A", "--json")
    told = json.loads(said.out)
    assert told["status"] == "REVIEWED"
    assert told["segmenter"] == "mask"
    assert len(told["lesions"]) == 1


def test_overlapping_structures_are_refused_by_name(call: Call, shared_data: Path, tmp_path: Path) -> None:
    mask = shared_data / "sts001_ge" / "PET_raw_RTSTRUCT" / "1-1.dcm"
    said = call("measure", shared_data / "sts001_ge" / "PET_raw_BQML", "-o", tmp_path / "out", "--mask", mask)
    assert said.status == 1
    assert "'GTV_Mass' and 'GTV_Edema'" in said.err
