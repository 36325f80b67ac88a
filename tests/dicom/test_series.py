"""Truth: closed form, lesions at known places in a written study; no identity gets in, and no broken file stops the rest."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from carpet.core.errors import Refused
from carpet.core.study import Series
from carpet.dicom.files import files_under
from carpet.dicom.pixels import ct_volume, stored_values
from carpet.dicom.series import Catalogue, catalogue, pseudonym
from carpet.testing import ORIENTATIONS, PhantomScan, Storage, Visit, WrittenStudy, write_study

CANARY = Visit(patient_id="CANARY-4711", patient_name="Canary^Yellow")


def found_in(folder: Path) -> Catalogue:
    files, refused = files_under([folder], folder)
    assert refused == ()
    return catalogue(files)


def pet_of(found: Catalogue) -> Series:
    (pet,) = (series for series in found.series if series.modality == "PT")
    return pet


@pytest.fixture
def study(small_scan: PhantomScan, tmp_path: Path) -> Callable[..., WrittenStudy]:
    def write(**given: Any) -> WrittenStudy:
        return write_study(small_scan, tmp_path / "study", visit=CANARY, **given)

    return write


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_lesions_lie_at_the_same_place_in_every_storage_order(orientation: str, small_scan: PhantomScan, tmp_path: Path) -> None:
    storage = Storage(orientation=orientation, shuffled_names=True, with_ct=False)
    write_study(small_scan, tmp_path, vendor="siemens", storage=storage)
    pet = pet_of(found_in(tmp_path))
    assert (pet.refusals, pet.flags) == ((), ())
    assert pet.grid is not None
    assert pet.pet is not None
    slopes = np.array([facts.slope for facts in pet.pet.slices])[:, None, None]
    activity = stored_values(pet, pet.grid) * slopes
    factor = float((activity.max() / small_scan.suv.values.max()).item())
    truth = small_scan.suv
    everywhere = np.argwhere(np.ones(truth.grid.shape_kji, dtype=bool))
    at = np.rint(pet.grid.to_kji(truth.grid.to_lps_mm(everywhere))).astype(int)
    assert activity[tuple(at.T)] / factor == pytest.approx(truth.values.reshape(-1), abs=20.0 / 32760)  # one step of the stored integers


def test_a_study_with_both_series(study: Callable[..., WrittenStudy], small_scan: PhantomScan) -> None:
    written = study(storage=Storage(with_nac=True))
    found = found_in(written.path)
    assert (found.unreadable, found.other_files) == ((), 0)
    assert [series.modality for series in found.series] == ["CT", "PT", "PT"]
    assert {series.series_uid for series in found.series} == {written.pet_series_uid, written.ct_series_uid, written.nac_series_uid}
    assert {series.study_uid for series in found.series} == {written.study_uid}
    assert {series.date for series in found.series} == {CANARY.scan_at.date()}
    ct = found.series[0]
    assert ct.grid is not None
    assert small_scan.ct is not None
    assert ct.grid.same_as(small_scan.ct.grid)
    assert np.array_equal(ct_volume(ct, ct.grid).values, np.clip(small_scan.ct.values, -1024, 3071))


def test_a_zipped_study_is_the_same_study(small_scan: PhantomScan, tmp_path: Path) -> None:
    loose = write_study(small_scan, tmp_path / "loose", visit=CANARY)
    packed = write_study(small_scan, tmp_path / "zip", visit=CANARY, storage=Storage(zipped=True))
    (tmp_path / "scratch").mkdir()
    files, _ = files_under([packed.path], tmp_path / "scratch")
    one, other = (pet_of(found) for found in (found_in(loose.path), catalogue(files)))
    assert one.pet is not None
    assert other.pet is not None
    assert (one.pet.dose, one.pet.series_at, one.pet.injected_at) == (other.pet.dose, other.pet.series_at, other.pet.injected_at)
    assert one.grid is not None
    assert other.grid is not None
    assert one.grid.same_as(other.grid)
    assert np.array_equal(stored_values(one, one.grid), stored_values(other, other.grid))


def test_no_identity_comes_in(study: Callable[..., WrittenStudy]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        dataset.OtherPatientIDs, dataset.PatientComments, dataset.AccessionNumber = "CANARY-OTHER", "CANARY-COMMENT", "CANARY-ACC"
        dataset.PatientAddress, dataset.PatientBirthDate = "CANARY-STREET", "19510203"

    found = found_in(study(edit=edit, storage=Storage(shuffled_names=True)).path)
    assert len(found.series) == 2
    text = repr(found).upper()
    assert "CANARY" not in text
    assert "4711" not in text
    assert "19510203" not in text


def test_the_pseudonym_is_stable_and_not_the_record_number() -> None:
    assert pseudonym("CANARY-4711") == pseudonym("CANARY-4711") != pseudonym("CANARY-4712")
    assert len(pseudonym("CANARY-4711")) == 12
    assert set(pseudonym("CANARY-4711")[2:]) <= set("0123456789abcdef")
    assert len({pseudonym(str(n)) for n in range(40)}) == 40
    assert pseudonym("Ÿé") != pseudonym("")


def test_a_patient_has_one_pseudonym_in_all_series(study: Callable[..., WrittenStudy]) -> None:
    assert {series.patient for series in found_in(study().path).series} == {pseudonym("CANARY-4711")}


def test_without_a_record_number_the_study_stands_for_the_patient(study: Callable[..., WrittenStudy]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        dataset.PatientID = ""

    written = study(edit=edit)
    assert {series.patient for series in found_in(written.path).series} == {pseudonym(written.study_uid)}


def test_two_patients_under_one_series_uid_are_refused_without_a_name(study: Callable[..., WrittenStudy]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        if index == 3:
            dataset.PatientID = "CANARY-9"

    pet = pet_of(found_in(study(edit=edit).path))
    assert "SERIES_TAG_VARIES" in [notice.code for notice in pet.refusals]
    assert "CANARY" not in repr(pet.refusals).upper()


def test_an_exact_copy_of_a_file_is_dropped_in_silence(study: Callable[..., WrittenStudy]) -> None:
    written = study()
    shutil.copy(written.pet_files[2], written.path / "copy")
    pet = pet_of(found_in(written.path))
    assert (pet.slices, pet.refusals, pet.flags) == (6, (), ())


def test_one_uid_for_two_files_is_a_conflict(study: Callable[..., WrittenStudy]) -> None:
    written = study()
    raw = bytearray(written.pet_files[2].read_bytes())
    raw[-1] ^= 1
    (written.path / "ZZ").write_bytes(raw)
    pet = pet_of(found_in(written.path))
    assert [notice.code for notice in pet.refusals] == ["UID_CONFLICT"]
    assert pet.slices == 6
    assert pet.grid is not None


def test_a_broken_file_does_not_stop_the_rest(study: Callable[..., WrittenStudy]) -> None:
    written = study()
    whole = written.ct_files[0].read_bytes()
    (written.path / "notes.txt").write_text("no DICOM")
    (written.path / "empty").write_bytes(b"")
    (written.path / "broken").write_bytes(whole[:200])
    found = found_in(written.path)
    assert [(path.name, notice.code) for path, notice in found.unreadable] == [("broken", "FILE_MALFORMED")]
    assert found.other_files == 2
    assert [series.slices for series in found.series] == [9, 6]


def test_a_file_that_cannot_be_opened_is_unreadable(study: Callable[..., WrittenStudy], tmp_path: Path) -> None:
    written = study(storage=Storage(with_ct=False))
    found = catalogue([*written.pet_files, tmp_path / "gone"])
    assert [(path.name, notice.found) for path, notice in found.unreadable] == [("gone", "FileNotFoundError")]
    assert pet_of(found).slices == 6


@pytest.mark.parametrize("keyword", ["SeriesInstanceUID", "SOPClassUID"])
@pytest.mark.parametrize("value", [None, ""])
def test_an_image_of_no_series_is_unreadable(keyword: str, value: str | None, study: Callable[..., WrittenStudy]) -> None:
    written = study(storage=Storage(with_ct=False))
    dataset = dcmread(written.pet_files[0])
    if value is None:
        delattr(dataset, keyword)
    else:
        setattr(dataset, keyword, value)
    dataset.save_as(written.pet_files[0])
    found = found_in(written.path)
    assert [path for path, _ in found.unreadable] == [written.pet_files[0]]
    assert pet_of(found).slices == 5


@pytest.mark.shared
def test_the_index_of_a_medium_is_neither_a_series_nor_unreadable(shared_data: Path, tmp_path: Path) -> None:
    for n, path in enumerate((shared_data / "malformed" / "pydicom_test_files" / "dicomdirtests").glob("DICOMDIR*")):
        shutil.copy(path, tmp_path / f"index{n}")
    found = found_in(tmp_path)
    assert found.series == ()
    assert found.other_files >= 5


NO_SLICES = [
    ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.130", "SOP_CLASS_UNSUPPORTED"),  # without functional groups
    ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.20", "SOP_CLASS_UNSUPPORTED"),
    ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.7", "DERIVED_IMAGE"),
    ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.7.3", "DERIVED_IMAGE"),
    ("NumberOfFrames", "6", "FRAME_POSITION_MISSING"),
]


@pytest.mark.parametrize(("keyword", "value", "code"), NO_SLICES)
def test_what_is_no_slice_is_refused(keyword: str, value: str, code: str, study: Callable[..., WrittenStudy]) -> None:
    for which in (range(6), [4] if keyword == "NumberOfFrames" else range(6)):

        def edit(dataset: Dataset, index: int, which: Any = which) -> None:
            if index in which:
                setattr(dataset, keyword, value)

        pet = pet_of(found_in(study(edit=edit, storage=Storage(with_ct=False)).path))
        assert [notice.code for notice in pet.refusals] == [code]
        assert (pet.grid, pet.pet, pet.frames) == (None, None, ())


@pytest.mark.parametrize(("keyword", "words"), [("ImageType", ["DERIVED", "SECONDARY", "MIP"]), ("SeriesType", ["STATIC", "REPROJECTION"])])
def test_frames_of_a_projection_are_called_so(keyword: str, words: list[str], study: Callable[..., WrittenStudy]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        setattr(dataset, keyword, words)
        dataset.NumberOfFrames = 36

    pet = pet_of(found_in(study(edit=edit, storage=Storage(with_ct=False)).path))
    assert [notice.code for notice in pet.refusals] == ["DERIVED_IMAGE"]


def test_other_modalities_are_listed_and_not_judged(study: Callable[..., WrittenStudy]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        dataset.Modality = "OT"

    for series in found_in(study(edit=edit).path).series:
        assert (series.modality, series.grid, series.pet, series.refusals) == ("OT", None, None, ())


def test_a_malformed_study_date_is_no_date(study: Callable[..., WrittenStudy]) -> None:
    written = study(storage=Storage(with_ct=False))
    for path in written.pet_files:
        path.write_bytes(path.read_bytes().replace(b"\x08\0\x20\0DA\x08\x0020240314", b"\x08\0\x20\0DA\x08\x002024-3-4"))
    assert pet_of(found_in(written.path)).date is None


def test_catalogue_does_not_depend_on_names_or_order(study: Callable[..., WrittenStudy]) -> None:
    written = study()
    files = [*written.pet_files, *written.ct_files]
    random.Random(5).shuffle(files)  # noqa: S311 - seeded, for a test
    assert [series.files for series in catalogue(files).series] == [series.files for series in found_in(written.path).series]


def test_broken_slices_end_in_a_refusal_or_in_numbers(small_scan: PhantomScan, tmp_path: Path) -> None:
    """Bytes of one slice are changed at random: whatever comes, no exception but a refusal."""
    written = write_study(small_scan, tmp_path, vendor="ge", storage=Storage(with_ct=False))
    whole = written.pet_files[2].read_bytes()
    rng = random.Random(3)  # noqa: S311 - seeded, for a test
    outcomes = set()
    for _ in range(120):
        raw = bytearray(whole)
        for _ in range(rng.choice([1, 1, 3, 10])):
            raw[rng.randrange(132, len(raw) - 160)] = rng.choice([rng.randrange(256), 0xFF, 0x00, 0x2C])
        written.pet_files[2].write_bytes(raw)
        for series in found_in(tmp_path).series:
            outcomes |= {notice.code for notice in series.refusals} or {"fine"}
            if series.grid and series.modality == "PT":
                try:
                    assert stored_values(series, series.grid).shape == series.grid.shape_kji
                except Refused as error:
                    outcomes |= set(error.codes)
    assert {"fine", "SERIES_TAG_VARIES", "SLICE_GAP"} <= outcomes
