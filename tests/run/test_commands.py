"""Contract: the commands about scans do what INTERFACE says, with its exit statuses."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from carpet.dicom.nifti import write_nifti
from carpet.segment import segmenters
from carpet.testing import Storage, simple_phantom, write_study
from carpet.testing.timing import Visit

Call = Callable[..., Any]


def test_scan_a_good_study(call: Call, ready: Any) -> None:
    said = call("scan", ready.folder)
    assert (said.status, said.err) == (0, "")
    assert "quantifiable" in said.out
    one = json.loads(call("scan", ready.folder, "--json").out)
    two = json.loads(call("scan", ready.folder, ready.folder, "--json", "--values").out)
    assert [series["slices"] for series in two["studies"][0]["series"]] == [series["slices"] for series in one["studies"][0]["series"]]
    pet = next(series for series in two["studies"][0]["series"] if series["modality"] == "PT")
    assert pet["suv"]["max"] == pytest.approx(20.0, abs=0.001)


def test_measure_a_good_study(call: Call, ready: Any, tmp_path: Path) -> None:
    said = call("measure", ready.folder, "-o", tmp_path / "out", "--tables-only")
    assert (said.status, said.err) == (0, "")
    assert "TMTV     0.0 mL         UNREVIEWED" in said.out
    assert len(said.out.splitlines()) < 20


def test_json_is_the_file_and_nothing_else(call: Call, ready: Any, tmp_path: Path) -> None:
    said = call("measure", ready.folder, "-o", tmp_path, "--tables-only", "--json", "--mask", ready.truth, "--reader", "Dr Ä")
    assert (said.status, said.err) == (0, "")
    assert said.out.isascii()
    assert json.loads(said.out) == json.loads((tmp_path / "measurements.json").read_text(encoding="utf-8"))
    assert json.loads(said.out)["lesions"][0]["decided_by"] == "reader Dr Ä"


def test_all_delineations_side_by_side(call: Call, ready: Any, tmp_path: Path) -> None:
    also = [word for name in segmenters() for word in ("--also", name)]
    assert call("measure", ready.folder, "-o", tmp_path, "--tables-only", "--decisions", ready.decisions, *also).status == 0
    rows = json.loads((tmp_path / "measurements.json").read_text())["biomarkers"]
    assert {row["segmenter"] for row in rows} == set(segmenters())


def test_the_methods(call: Call) -> None:
    assert "segmenter suv4.0@" in call("methods", "segmenter").out
    rows = json.loads(call("methods", "--json").out)["methods"]
    assert {row["kind"] for row in rows} == {"segmenter", "biomarker", "rule", "criterion", "score"}


def test_a_refused_series_beside_a_good_one_is_status_1_of_scan(call: Call, tmp_path: Path) -> None:
    write_study(simple_phantom(spacing_mm=20.0), tmp_path, storage=Storage(with_nac=True))
    assert call("scan", tmp_path).status == 1
    assert call("measure", tmp_path, "-o", tmp_path / "out", "--tables-only").status == 0


def test_several_examinations_are_listed_to_choose_from(call: Call, tmp_path: Path) -> None:
    scan = simple_phantom(spacing_mm=20.0)
    first = write_study(scan, tmp_path / "a")
    second = write_study(scan, tmp_path / "b", visit=Visit(injected_at=dt.datetime(2024, 6, 20, 9, 0)))
    said = call("measure", tmp_path, "-o", tmp_path / "out", "--tables-only")
    assert said.status == 1
    assert said.err.count("SERIES_AMBIGUOUS") == 1
    for date, written in (("2024-03-14", first), ("2024-06-20", second)):
        assert f"{date}, PET WB AC, 21 slices  ({written.pet_series_uid})" in said.err
    chosen = ("--series", second.pet_series_uid, "--tables-only", "--json")
    told = json.loads(call("measure", tmp_path, "-o", tmp_path / "out", *chosen).out)
    assert told["study"]["study_uid"] == second.study_uid


def test_an_empty_mask_is_refused(call: Call, ready: Any, tmp_path: Path) -> None:
    broken = tmp_path / "mask.nii.gz"
    broken.write_bytes(write_nifti(np.zeros(ready.scan.suv.grid.shape_kji, dtype=np.uint16), ready.scan.suv.grid))
    said = call("measure", ready.folder, "-o", tmp_path / "out", "--mask", broken)
    assert said.status == 1
    assert "MASK_EMPTY" in said.err
    assert not (tmp_path / "out").exists()
