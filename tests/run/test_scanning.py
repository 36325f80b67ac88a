"""Truth: what was written into the phantom's headers; INTERFACE's keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carpet.core.protocol import SuvProtocol
from carpet.run.opening import found_under
from carpet.run.scanning import scan_document, suv_document
from carpet.testing import Storage, simple_phantom, write_study

SERIES_KEYS = {"series_uid", "modality", "description", "slices", "shape_kji", "spacing_mm_kji", "refusals", "flags"}
SUV_KEYS = {"factor_bw_per_bqml", "per_slice", "reference_rule", "uptake_min", "candidates", "facts"}
SCAN = simple_phantom(spacing_mm=10.0)


def scanned(folder: Path, *, values: bool = False) -> dict[str, Any]:
    with found_under([folder], SuvProtocol()) as found:
        document = scan_document(found, values=values)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    return document


def only_pet(document: dict[str, Any]) -> dict[str, Any]:
    pets = [series for study in document["studies"] for series in study["series"] if series["modality"] == "PT"]
    assert len(pets) == 1
    return dict(pets[0])


def test_the_keys_are_those_promised(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no DICOM")
    (tmp_path / "broken.dcm").write_bytes(bytes(128) + b"DICM" + b"\xff" * 40)
    written = write_study(SCAN, tmp_path)
    document = scanned(tmp_path)
    assert set(document) == {"schema", "studies", "unreadable", "other_files"}
    assert (document["schema"], document["other_files"]) == (1, 1)
    assert [(row["path"].split("/")[-1], row["code"]) for row in document["unreadable"]] == [("broken.dcm", "FILE_MALFORMED")]
    study = document["studies"][0]
    assert set(study) == {"study_uid", "patient", "date", "series"}
    assert (study["study_uid"], study["date"]) == (written.study_uid, "2024-03-14")
    assert {series["modality"] for series in study["series"]} == {"PT", "CT"}
    for series in study["series"]:
        assert set(series) >= SERIES_KEYS
        assert ("quantifiable" in series) == (series["modality"] == "PT")
    pet = only_pet(document)
    assert pet["suv"].keys() >= SUV_KEYS
    assert pet["shape_kji"] == [42, 28, 36]
    assert pet["spacing_mm_kji"] == [10.0, 10.0, 10.0]


def test_the_factor_is_the_written_one(tmp_path: Path) -> None:
    written = write_study(SCAN, tmp_path)
    suv = only_pet(scanned(tmp_path))["suv"]
    assert suv["factor_bw_per_bqml"] == pytest.approx(70_000.0 / written.visit.dose_at_scan_bq(), rel=1e-9)
    assert suv["uptake_min"] == 60.0
    assert suv["reference_rule"] in suv["candidates"]
    assert {fact["name"]: fact["value"] for fact in suv["facts"]}["weight_kg"] == "70.0"


def test_values_only_when_asked_for(tmp_path: Path) -> None:
    written = write_study(SCAN, tmp_path)
    assert "max" not in only_pet(scanned(tmp_path))["suv"]
    suv = only_pet(scanned(tmp_path, values=True))["suv"]
    assert suv["max"] == pytest.approx(20.0, abs=written.suv_step_max)
    assert (suv["min"], suv["median"]) == (0.0, pytest.approx(float(sorted(SCAN.suv.values.ravel())[SCAN.suv.values.size // 2])))


def test_undecayed_slices_have_factors_of_their_own(tmp_path: Path) -> None:
    write_study(SCAN, tmp_path, storage=Storage(decay="NONE"))
    suv = only_pet(scanned(tmp_path))["suv"]
    assert suv["factor_bw_per_bqml"] is None
    assert len(suv["per_slice"]) == 42
    assert len(set(suv["per_slice"])) > 1


def test_a_refused_series_says_why_and_gives_no_number(tmp_path: Path) -> None:
    write_study(SCAN, tmp_path, edit=lambda dataset, index: dataset.__setattr__("PatientWeight", None))
    pet = only_pet(scanned(tmp_path, values=True))
    assert pet["quantifiable"] is False
    assert [notice["code"] for notice in pet["refusals"]] == ["WEIGHT_MISSING"]
    assert set(pet["refusals"][0]) == {"code", "severity", "message", "where", "found", "allowed", "remedy"}
    assert pet["suv"]["factor_bw_per_bqml"] is None
    assert "max" not in pet["suv"]


def test_broken_pixels_refuse_their_series_only(tmp_path: Path) -> None:
    def cut(dataset: Any, index: int) -> None:
        if dataset.Modality == "PT" and index == 3:
            dataset.PixelData = dataset.PixelData[:100]

    write_study(SCAN, tmp_path, edit=cut)
    document = scanned(tmp_path, values=True)
    pet = only_pet(document)
    assert pet["quantifiable"] is False
    assert [notice["code"] for notice in pet["refusals"]] == ["PIXELS_UNREADABLE"]
    assert len(document["studies"][0]["series"]) == 2


def test_the_same_for_scan_and_measure(tmp_path: Path) -> None:
    written = write_study(SCAN, tmp_path)
    with found_under([tmp_path], SuvProtocol()) as found:
        alone = suv_document(found.quantifications[written.pet_series_uid])
        assert only_pet(scan_document(found, values=False))["suv"] == alone
