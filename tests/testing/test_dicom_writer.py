"""Truth: closed form (an independent reading by pydicom with SUV formulas written out here) and another program (dciodvfy)."""

from __future__ import annotations

import datetime as dt
import io
import math
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from carpet.testing.dicom_writer import Storage, write_study
from carpet.testing.orientation import ORIENTATIONS
from carpet.testing.patients import simple_phantom
from carpet.testing.phantom import PhantomScan
from carpet.testing.timing import Visit

SCAN = simple_phantom(spacing_mm=10.0, psf_fwhm_mm=8.0, noise=0.05)
VENDORS = ("siemens", "ge", "philips")


def moment(day: str, time: str) -> dt.datetime:
    form = "%Y%m%d%H%M%S.%f" if "." in time else "%Y%m%d%H%M%S"
    return dt.datetime.strptime(day + time, form)


def injected(dataset: Dataset) -> dt.datetime:
    drug = dataset.RadiopharmaceuticalInformationSequence[0]
    if "RadiopharmaceuticalStartDateTime" in drug:
        text = str(drug.RadiopharmaceuticalStartDateTime)
        return moment(text[:8], text[8:])
    return moment(dataset.AcquisitionDate, str(drug.RadiopharmaceuticalStartTime))


def suv_of(dataset: Dataset) -> NDArray[np.float64]:
    """SUVbw of one slice, by the DICOM attributes alone."""
    stored = np.frombuffer(dataset.PixelData, dtype="<i2").reshape(dataset.Rows, dataset.Columns).astype(np.float64)
    value = stored * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    if dataset.Units == "GML":
        return np.asarray(value)
    if dataset.Units == "CNTS":
        return np.asarray(value * float(dataset[0x7053, 0x1000].value))
    drug = dataset.RadiopharmaceuticalInformationSequence[0]
    dose, half_life = float(drug.RadionuclideTotalDose), float(drug.RadionuclideHalfLife)
    grams, lam = float(dataset.PatientWeight) * 1000.0, math.log(2.0) / half_life
    if dataset.DecayCorrection == "ADMIN":
        return np.asarray(value * grams / dose)
    if dataset.DecayCorrection == "START":
        wait = (moment(dataset.SeriesDate, dataset.SeriesTime) - injected(dataset)).total_seconds()
        return np.asarray(value * grams / (dose * math.exp(-lam * wait)))
    wait = (moment(dataset.AcquisitionDate, dataset.AcquisitionTime) - injected(dataset)).total_seconds()
    long = float(dataset.ActualFrameDuration) / 1000.0
    return np.asarray(value * grams / dose * lam * long / (1 - math.exp(-lam * long)) * math.exp(lam * wait))


def positions(dataset: Dataset) -> NDArray[np.float64]:
    """LPS mm of every pixel centre (row, column, 3): PS3.3 C.7.6.2.1.1."""
    along_row, along_column = np.split(np.array(dataset.ImageOrientationPatient, dtype=float), 2)
    down, right = (float(v) for v in dataset.PixelSpacing)
    row, column = np.meshgrid(np.arange(dataset.Rows), np.arange(dataset.Columns), indexing="ij")
    start = np.array(dataset.ImagePositionPatient, dtype=float)
    return np.asarray(start + row[..., None] * down * along_column + column[..., None] * right * along_row)


def read(paths: tuple[Path, ...]) -> list[Dataset]:
    return [pydicom.dcmread(path) for path in paths]


def check_against_phantom(datasets: list[Dataset], scan: PhantomScan, half_step: float) -> None:
    """Each pixel, placed by its own header, holds the phantom's SUV at that place."""
    seen = 0
    for dataset in datasets:
        kji = np.rint(scan.suv.grid.to_kji(positions(dataset))).astype(int)
        assert np.abs(scan.suv.grid.to_lps_mm(kji) - positions(dataset)).max() < 1e-6
        truth = scan.suv.values[kji[..., 0], kji[..., 1], kji[..., 2]].astype(np.float64)
        assert np.abs(suv_of(dataset) - truth).max() <= half_step * (1 + 1e-6) + 1e-7
        seen += truth.size
    assert seen == scan.suv.values.size


@pytest.mark.parametrize("vendor", VENDORS)
def test_suv_comes_back_within_half_a_step(vendor: str, tmp_path: Path) -> None:
    visit = Visit(dose_bq=312.5e6, uptake_min=63.5, bed_mm=100.0)
    study = write_study(SCAN, tmp_path, vendor=vendor, visit=visit)
    datasets = read(study.pet_files)
    assert 0 < study.suv_step_max < 0.001  # the hottest voxel, SUV 20, over 32760 steps
    check_against_phantom(datasets, SCAN, study.suv_step_max / 2)
    assert {int(dataset.NumberOfSlices) for dataset in datasets} == {len(datasets)}
    slopes = {str(dataset.RescaleSlope) for dataset in datasets}
    assert (len(slopes) == 1) == (vendor == "philips")
    assert len({str(dataset.AcquisitionTime) for dataset in datasets}) > 3  # beds


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("decay", ["START", "ADMIN", "NONE"])
def test_decay_corrections(vendor: str, decay: Any, tmp_path: Path) -> None:
    storage = Storage(units="BQML", decay=decay, with_ct=False)
    study = write_study(SCAN, tmp_path, vendor=vendor, storage=storage)
    datasets = read(study.pet_files)
    check_against_phantom(datasets, SCAN, study.suv_step_max / 2)
    assert {("DECY" in dataset.CorrectedImage) for dataset in datasets} == {decay != "NONE"}


def test_gml_and_philips_activity_factor(tmp_path: Path) -> None:
    gml = write_study(SCAN, tmp_path / "gml", storage=Storage(units="GML", with_ct=False))
    check_against_phantom(read(gml.pet_files), SCAN, gml.suv_step_max / 2)
    counts = write_study(SCAN, tmp_path / "cnts", vendor="philips", storage=Storage(with_ct=False))
    for dataset in read(counts.pet_files):
        by_factor = suv_of(dataset)
        dataset.RescaleSlope = str(float(dataset.RescaleSlope) * float(dataset[0x7053, 0x1009].value))[:16]
        dataset.Units = "BQML"
        assert suv_of(dataset) == pytest.approx(by_factor, rel=1e-6)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_orientation_keeps_places(orientation: str, tmp_path: Path) -> None:
    small = simple_phantom(spacing_mm=20.0, with_ct=False)
    study = write_study(small, tmp_path, storage=Storage(orientation=orientation))
    check_against_phantom(read(study.pet_files), small, study.suv_step_max / 2)


@pytest.mark.parametrize("vendor", ["ge", "philips"])
def test_reference_time_can_be_computed_back(vendor: str, tmp_path: Path) -> None:
    """FrameReferenceTime is that of the frame's mean count; GE's is that of its start."""
    visit = Visit(bed_mm=90.0)
    study = write_study(SCAN, tmp_path, vendor=vendor, visit=visit, storage=Storage(with_ct=False))
    for dataset in read(study.pet_files):
        lam, long = math.log(2) / visit.half_life_s, float(dataset.ActualFrameDuration) / 1000
        mean = 0.0 if vendor == "ge" else math.log(lam * long / (1 - math.exp(-lam * long))) / lam
        acquired = moment(dataset.AcquisitionDate, dataset.AcquisitionTime)
        reference = acquired + dt.timedelta(seconds=mean - float(dataset.FrameReferenceTime) / 1000)
        assert abs((reference - visit.scan_at).total_seconds()) < 0.001
        if vendor == "ge":
            assert str(dataset[0x0009, 0x100D].value) == visit.scan_at.strftime("%Y%m%d%H%M%S") + ".00"


@pytest.mark.parametrize("vendor", VENDORS)
def test_ct_holds_the_phantoms_hu(vendor: str, tmp_path: Path) -> None:
    assert SCAN.ct is not None
    study = write_study(SCAN, tmp_path, vendor=vendor)
    datasets = read(study.ct_files)
    assert len(datasets) == SCAN.ct.grid.shape_kji[0]
    for dataset in datasets[::9]:
        kji = np.rint(SCAN.ct.grid.to_kji(positions(dataset))).astype(int)
        stored = np.frombuffer(dataset.PixelData, dtype="<i2").reshape(dataset.Rows, dataset.Columns)
        hu = stored * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        assert np.abs(hu - SCAN.ct.values[kji[..., 0], kji[..., 1], kji[..., 2]]).max() <= 0.5
    pet = pydicom.dcmread(study.pet_files[0])
    assert datasets[0].FrameOfReferenceUID == pet.FrameOfReferenceUID
    assert datasets[0].StudyInstanceUID == pet.StudyInstanceUID
    assert datasets[0].SeriesInstanceUID != pet.SeriesInstanceUID


def all_bytes(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_study(simple_phantom(spacing_mm=20.0, noise=0.05), tmp_path / name, vendor="ge", storage=Storage(with_nac=True))
        write_study(simple_phantom(spacing_mm=20.0), tmp_path / f"{name}zip", storage=Storage(zipped=True))
    assert all_bytes(tmp_path / "one") == all_bytes(tmp_path / "two")
    assert all_bytes(tmp_path / "onezip") == all_bytes(tmp_path / "twozip")
    other = write_study(simple_phantom(spacing_mm=20.0), tmp_path / "other", visit=Visit(patient_id="PHANTOM-0002"))
    again = write_study(simple_phantom(spacing_mm=20.0), tmp_path / "again")
    assert other.study_uid != again.study_uid


def test_nac_series_beside_the_corrected_one(tmp_path: Path) -> None:
    study = write_study(SCAN, tmp_path, vendor="ge", storage=Storage(with_nac=True, with_ct=False))
    nac, corrected = read(study.nac_files)[0], read(study.pet_files)[0]
    assert "ATTN" not in nac.CorrectedImage
    assert "ATTN" in corrected.CorrectedImage
    assert nac.Units == "PROPCNTS"
    assert nac.SeriesInstanceUID == study.nac_series_uid != study.pet_series_uid
    assert len(study.nac_files) == len(study.pet_files)


def test_jitter_stays_within_a_real_ge(tmp_path: Path) -> None:
    tall = simple_phantom(spacing_mm=3.27, with_ct=False)
    study = write_study(tall, tmp_path, vendor="ge", storage=Storage(jitter_spacing=True))
    heights = [float(pydicom.dcmread(path, stop_before_pixels=True).ImagePositionPatient[2]) for path in study.pet_files]
    steps = {round(float(step), 4) for step in np.diff(heights)}
    assert steps == {3.19, 3.27, 3.29}


def test_names_zip_implicit_and_edit(tmp_path: Path) -> None:
    def heavier(dataset: Dataset, index: int) -> None:
        if dataset.Modality == "PT" and index == 2:
            dataset.PatientWeight = "99"

    storage = Storage(shuffled_names=True, zipped=True, implicit_vr=True)
    study = write_study(SCAN, tmp_path, storage=storage, edit=heavier)
    assert [path.name for path in tmp_path.iterdir()] == ["study.zip"]
    with zipfile.ZipFile(study.path) as archive:
        assert len(archive.namelist()) == len(study.pet_files) + len(study.ct_files)
        assert archive.namelist() != sorted(archive.namelist())
        datasets = [pydicom.dcmread(io.BytesIO(archive.read(path.as_posix()))) for path in study.pet_files]
    assert {dataset.file_meta.TransferSyntaxUID for dataset in datasets} == {"1.2.840.10008.1.2"}
    assert [float(dataset.PatientWeight) for dataset in datasets[:4]] == [70.0, 70.0, 99.0, 70.0]
    del datasets[2]
    assert np.abs(suv_of(datasets[5]) - SCAN.suv.values[6]).max() <= study.suv_step_max / 2 + 1e-7


@pytest.mark.dciodvfy
@pytest.mark.parametrize("vendor", VENDORS)
def test_dciodvfy_finds_no_error(vendor: str, tmp_path: Path) -> None:
    variants = {
        "plain": Storage(with_nac=True),
        "counts back": Storage(units="BQML", decay="NONE", orientation="AIL"),
        "suv": Storage(units="GML", decay="ADMIN", implicit_vr=True, injection="datetime"),
    }
    for name, storage in variants.items():
        study = write_study(SCAN, tmp_path / name, vendor=vendor, storage=storage)
        for path in (study.pet_files[0], study.pet_files[-1], study.ct_files[3], *study.nac_files[:1]):
            told = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
            said = told.stdout + told.stderr
            assert "Image" in said
            assert [line for line in said.splitlines() if line.startswith("Error")] == []
