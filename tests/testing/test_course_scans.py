"""Truth: the planned amounts of every lesion, and the faults that were planted into headers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from carpet.testing import course_scans, make_phantom, sites
from carpet.testing.course_scans import brown_fat_points, planned_phantom, write_planned
from carpet.testing.courses import Amount, PlannedLesion, PlannedPatient, planned_patients
from carpet.testing.phantom import Phantom

PATIENTS = {patient.id: patient for patient in planned_patients()}
ROUNDED_ML = 1e-9


def coarse(phantom: Phantom) -> Phantom:
    """Without CT and blur, which take longer."""
    return replace(phantom, ct_grid=None, psf_fwhm_mm=0.0, noise=0.0)


@pytest.mark.parametrize("patient", PATIENTS.values(), ids=PATIENTS)
def test_lesions_have_the_planned_amounts_at_one_place(patient: PlannedPatient) -> None:
    centres: dict[str, tuple[float, ...]] = {}
    for scan in (patient.scans[0], patient.scans[-1]):
        phantom = planned_phantom(patient, scan)
        found = {one.id: (one.volume_ml, one.suv) for one in phantom.lesions}
        wanted = {one.name: one.at[scan.name] for one in patient.lesions if scan.name in one.at and one.site != "spleen_diffuse"}
        assert set(found) == set(wanted)
        for name, amount in wanted.items():
            assert found[name] == (pytest.approx(amount.volume_ml, abs=ROUNDED_ML), amount.suv)
        for one in phantom.lesions:
            assert one.centre_lps_mm == pytest.approx(centres.setdefault(one.id, one.centre_lps_mm))
        assert phantom.body.weight_kg > 40.0


def test_the_spleen_is_hot_where_it_was_planned_only() -> None:
    patient = PATIENTS["P16"]
    by_scan = {scan.name: {part.suv for part in planned_phantom(patient, scan).parts if part.name == "spleen"} for scan in patient.scans}
    assert by_scan == {"TT": {7.0}, "M1": {2.2}, "M3": {2.2}}


def test_the_patient_lies_otherwise_on_each_scan_and_the_same_scan_is_the_same_each_time() -> None:
    patient = PATIENTS["P01"]
    first, again, later = (planned_phantom(patient, patient.scan(name)) for name in ("TT", "TT", "M1"))
    assert np.array_equal(first.pet_grid.affine_lps, again.pet_grid.affine_lps)
    moved = later.pet_grid.affine_lps[:3, 3] - first.pet_grid.affine_lps[:3, 3]
    assert first.ct_grid is not None
    assert later.ct_grid is not None
    assert later.ct_grid.affine_lps[:3, 3] - first.ct_grid.affine_lps[:3, 3] == pytest.approx(moved)
    assert 1.0 < np.linalg.norm(moved) < 45.0
    assert first.pet_grid.frame_uid != later.pet_grid.frame_uid


def test_points_of_brown_fat_lie_in_it() -> None:
    patient = PATIENTS["P23"]
    scan = make_phantom(coarse(planned_phantom(patient, patient.scan("M3"))))
    points = brown_fat_points(patient)
    assert len(points) == 2
    for point in points:
        voxel = scan.true_suv.grid.nearest_kji(point)
        assert voxel is not None
        assert scan.true_suv.values[voxel] == np.float32(6.0)
    assert brown_fat_points(PATIENTS["P01"]) == ()


def test_lesions_that_find_no_room_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course_scans, "ARRANGEMENTS", 1)
    monkeypatch.setattr(sites, "TRIES", 1)
    patient = PATIENTS["P01"]
    huge = PlannedLesion("a", "axillary", {"TT": Amount(800.0, 10.0)})
    with pytest.raises(ValueError, match="P01: not every lesion finds room"):
        planned_phantom(replace(patient, lesions=(huge,)), patient.scan("TT"))


def test_what_is_written_has_the_planned_fault_and_no_name(tmp_path: Path) -> None:
    patient = PATIENTS["P10"]
    written = write_planned(patient, patient.scan("M1"), tmp_path / "faulty")
    header = pydicom.dcmread(written.pet_files[0], stop_before_pixels=True)
    assert "RadionuclideTotalDose" not in header.RadiopharmaceuticalInformationSequence[0]
    assert (header.PatientID, str(header.PatientName), float(header.PatientWeight)) == ("PHANTOM-P10", "PHANTOM^P10", 68.0)
    assert header.StudyDate == patient.date(28).strftime("%Y%m%d")
    assert "GE" in PATIENTS["P13"].vendor(PATIENTS["P13"].scan("M3")).upper()
