"""Truth: phantoms written so that the right choice is known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset

from carpet.core.errors import ProtocolError, Refused
from carpet.core.protocol import SuvProtocol
from carpet.run.opening import choose_ct, choose_pet, found_under, open_study, read_study
from carpet.testing import PhantomScan, Storage, WrittenStudy, simple_phantom, write_study
from carpet.testing.timing import Visit

SCAN = simple_phantom(spacing_mm=10.0)
ALONE = Storage(with_ct=False)
LATER = Visit(injected_at=dt.datetime(2024, 6, 20, 9, 0))


def marked(**attributes: object) -> Callable[[Dataset, int], None]:
    """Change attributes in every slice; `uid` gives the series a UID of its own in the same study."""

    def edit(dataset: Dataset, index: int) -> None:
        for keyword, value in attributes.items():
            if keyword == "uid":
                dataset.SeriesInstanceUID = value
                dataset.SOPInstanceUID = f"{value}.{index}"
                dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            else:
                setattr(dataset, keyword, value)

    return edit


def two_series(folder: Path, first: dict[str, object], second: dict[str, object]) -> tuple[WrittenStudy, WrittenStudy]:
    return (
        write_study(SCAN, folder / "a", storage=ALONE, edit=marked(**first)),
        write_study(SCAN, folder / "b", storage=ALONE, edit=marked(uid="1.2.3.4", **second)),
    )


def chosen(folder: Path, series: str | None = None) -> tuple[str, str]:
    with found_under([folder], SuvProtocol()) as found:
        pet, why = choose_pet(found, series)
        return pet.series_uid, why


def refused(folder: Path, series: str | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        chosen(folder, series)
    return caught.value


def test_the_corrected_series_is_taken_and_the_other_named(tmp_path: Path) -> None:
    written = write_study(SCAN, tmp_path, storage=Storage(with_nac=True, with_ct=False))
    assert chosen(tmp_path) == (written.pet_series_uid, "the only PET series that can be quantified; 1 other PET series refused")
    assert "NAC_SERIES" in refused(tmp_path, written.nac_series_uid).codes


def test_original_before_derived(tmp_path: Path) -> None:
    first, _ = two_series(tmp_path, {}, {"ImageType": ["DERIVED", "SECONDARY"]})
    assert chosen(tmp_path) == (first.pet_series_uid, "the only original primary PET of 2 that can be quantified")


def test_whole_body_before_static(tmp_path: Path) -> None:
    two_series(tmp_path, {"SeriesType": ["STATIC", "IMAGE"]}, {"SeriesType": ["WHOLE BODY", "IMAGE"]})
    assert chosen(tmp_path) == ("1.2.3.4", "the only whole-body PET of 2 that can be quantified")


def test_a_single_bed_is_never_taken_beside_the_whole_body(tmp_path: Path) -> None:
    write_study(SCAN, tmp_path / "body", storage=ALONE, edit=marked(ImageType=["DERIVED", "SECONDARY"]))
    bed = write_study(SCAN, tmp_path / "bed", storage=ALONE, edit=marked(SeriesInstanceUID="1.2.3.4"))
    for path in bed.pet_files[10:]:
        (tmp_path / "bed" / path).unlink()
    assert set(refused(tmp_path).codes) == {"SERIES_AMBIGUOUS"}


def test_two_alike_are_not_chosen_between(tmp_path: Path) -> None:
    first, _ = two_series(tmp_path, {"SeriesDescription": "one"}, {"SeriesDescription": "two"})
    error = refused(tmp_path)
    assert set(error.codes) == {"SERIES_AMBIGUOUS"}
    assert {notice.where for notice in error.notices} == {first.pet_series_uid, "1.2.3.4"}
    assert [notice.found for notice in error.notices] == ["2024-03-14, two, 42 slices", "2024-03-14, one, 42 slices"]
    assert "2 series of one examination" in error.notices[0].message
    assert "--series" in error.notices[0].remedy
    assert chosen(tmp_path, "1.2.3.4") == ("1.2.3.4", "named by the user")


def test_two_examinations_are_not_chosen_between_even_when_one_is_derived(tmp_path: Path) -> None:
    write_study(SCAN, tmp_path / "a", storage=ALONE)
    write_study(SCAN, tmp_path / "b", storage=ALONE, visit=LATER, edit=marked(ImageType=["DERIVED", "SECONDARY"]))
    error = refused(tmp_path)
    assert [notice.found[:10] for notice in error.notices] == ["2024-03-14", "2024-06-20"]
    assert "2 series of 2 examinations" in error.notices[0].message


def test_an_unknown_series_is_refused(tmp_path: Path) -> None:
    write_study(SCAN, tmp_path, storage=ALONE)
    assert refused(tmp_path, "1.2.3").codes == ("SERIES_UNKNOWN",)


def test_without_a_pet_what_there_is_is_counted(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no DICOM")
    written = write_study(simple_phantom(spacing_mm=20.0), tmp_path)
    for file in written.pet_files:
        file.unlink()
    error = refused(tmp_path)
    assert error.codes == ("NO_PET",)
    assert error.notices[0].found == "1 CT series, 1 file not DICOM"


def test_an_empty_folder_holds_nothing(tmp_path: Path) -> None:
    assert refused(tmp_path).notices[0].found == "nothing"


def test_every_reason_is_given_once(tmp_path: Path) -> None:
    write_study(SCAN, tmp_path, storage=ALONE, edit=lambda dataset, index: delattr(dataset, "Units"))
    assert refused(tmp_path).codes.count("UNITS_MISSING") == 1


def test_a_path_that_is_not_there_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="there is no file or folder"), found_under([tmp_path / "no"], SuvProtocol()):
        pass


def with_ct_of(share: float) -> PhantomScan:
    """The phantom with a CT of this share of its slices, around the middle."""
    scan = simple_phantom(spacing_mm=10.0)
    assert scan.ct is not None
    slices = scan.ct.grid.shape_kji[0]
    drop = round(slices * (1.0 - share) / 2.0)
    return replace(scan, ct=scan.ct.cropped((slice(drop, slices - drop), slice(0, 120), slice(0, 120))))


@pytest.mark.parametrize(("share", "codes"), [(1.0, []), (0.6, []), (0.3, ["CT_COVERS_LITTLE"])])
def test_a_small_piece_of_ct_is_left_out(tmp_path: Path, share: float, codes: list[str]) -> None:
    write_study(with_ct_of(share), tmp_path)
    study = read_study(tmp_path)
    assert [flag.code for flag in study.flags if flag.code.startswith("CT_")] == codes
    assert (study.ct is None) == bool(codes)


def test_a_ct_of_another_frame_is_left_out(tmp_path: Path) -> None:
    def elsewhere(dataset: Dataset, index: int) -> None:
        if dataset.Modality == "CT":
            dataset.FrameOfReferenceUID = "1.2.3"

    write_study(SCAN, tmp_path, edit=elsewhere)
    study = read_study(tmp_path)
    assert study.ct is None
    assert "FRAME_OF_REFERENCE_DIFFERS" in [flag.code for flag in study.flags]


def test_of_two_cts_the_longer_is_taken(tmp_path: Path) -> None:
    write_study(with_ct_of(0.6), tmp_path / "short")
    for file in write_study(SCAN, tmp_path / "long", edit=marked_ct).pet_files:
        file.unlink()
    with found_under([tmp_path], SuvProtocol()) as found:
        pet, _ = choose_pet(found, None)
        ct, flags = choose_ct(found, pet)
    assert ct is not None
    assert ct.slices == 70
    assert [flag.code for flag in flags] == ["CT_CHOSEN"]


def marked_ct(dataset: Dataset, index: int) -> None:
    marked(uid="1.2.9")(dataset, index)


def test_the_study_holds_what_was_stored(tmp_path: Path) -> None:
    written = write_study(SCAN, tmp_path)
    with found_under([tmp_path], SuvProtocol()) as found:
        study = open_study(found)
        factors = found.quantifications[written.pet_series_uid].slice_factors
    assert factors is not None
    suv = study.pet_stored * factors[:, None, None]
    assert np.abs(suv - SCAN.suv.values).max() <= 0.51 * written.suv_step_max
    assert study.study_uid == written.study_uid
    assert study.ct is not None


@pytest.mark.parametrize("storage", [Storage(zipped=True), Storage(shuffled_names=True), Storage(implicit_vr=True)])
def test_the_wrapping_changes_nothing(tmp_path: Path, storage: Storage) -> None:
    plain = read_study(write_study(SCAN, tmp_path / "a").path)
    other = read_study(str(write_study(SCAN, tmp_path / "b", storage=storage).path))
    assert np.array_equal(plain.pet_stored, other.pet_stored)
    assert other.ct is not None
    assert plain.ct is not None
    assert np.array_equal(plain.ct.values, other.ct.values)


def test_nothing_of_a_zip_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = write_study(SCAN, tmp_path / "a", storage=Storage(zipped=True))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    read_study(written.path)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
