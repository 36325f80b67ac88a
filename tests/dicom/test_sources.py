"""Truth: the headers that went in, slice by slice and frame by frame."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydicom import Dataset

from carpet.core.space import Grid, SpaceError
from carpet.dicom.sources import check_source, evidence, name_frames, referenced, source_header

Headers = Callable[[Grid], list[Dataset]]


def test_the_slices_must_be_those_of_the_grid(grid: Grid, pet_headers: Headers) -> None:
    source = pet_headers(grid)
    check_source(source, grid)
    for wrong in (source[::-1], source[:-1]):
        with pytest.raises(SpaceError, match="source"):
            check_source(wrong, grid)
    source[0].Rows += 1
    with pytest.raises(SpaceError, match="source"):
        check_source(source, grid)


def test_a_slice_may_stray_by_less_than_a_quarter(usual_grid: Grid, pet_headers: Headers) -> None:
    source = pet_headers(usual_grid)
    source[3].ImagePositionPatient = list(usual_grid.to_lps_mm((3.2, 0, 0)))
    check_source(source, usual_grid)
    source[3].ImagePositionPatient = list(usual_grid.to_lps_mm((3.3, 0, 0)))
    with pytest.raises(SpaceError, match="source"):
        check_source(source, usual_grid)


def test_no_name_stays_in_a_header(usual_grid: Grid, pet_headers: Headers) -> None:
    header = pet_headers(usual_grid)[0]
    before = str(header)
    kept = source_header(header, "P007")
    assert "anary" not in str(kept).lower()
    assert (kept.PatientID, kept.PatientSex, kept.SOPInstanceUID) == ("P007", "F", header.SOPInstanceUID)
    kept.SOPInstanceUID = "1.2"
    assert str(header) == before  # what is kept shares nothing with the header


def test_header_with_an_invalid_sex_is_no_obstacle(usual_grid: Grid, pet_headers: Headers) -> None:
    header = pet_headers(usual_grid)[0]
    header.PatientSex = "U"
    assert source_header(header, "P007").PatientSex == ""


def test_slices_are_referred_to_one_by_one(usual_grid: Grid, pet_headers: Headers) -> None:
    source = pet_headers(usual_grid)
    items = referenced(source)
    assert [item.ReferencedSOPInstanceUID for item in items] == [header.SOPInstanceUID for header in source]
    assert not any("ReferencedFrameNumber" in item for item in items)
    assert [header.SOPInstanceUID for header in evidence(source, "P")] == [header.SOPInstanceUID for header in source]


def test_frames_are_referred_to_by_number_and_their_image_once(usual_grid: Grid, frame_headers: Headers) -> None:
    source = frame_headers(usual_grid)
    (item,) = referenced(source[2:5])
    assert (item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID) == (source[0].SOPClassUID, source[0].SOPInstanceUID)
    assert list(item.ReferencedFrameNumber) == [3, 4, 5]
    assert referenced(source[2:3])[0].ReferencedFrameNumber == 3
    (listed,) = evidence(source, "P")
    assert (listed.SOPClassUID, listed.SOPInstanceUID, listed.PatientID) == (source[0].SOPClassUID, source[0].SOPInstanceUID, "P")
    assert len({source_header(header, "P").SOPInstanceUID for header in source}) == len(source)


def test_without_frames_a_seg_stays_as_it_is(usual_grid: Grid, pet_headers: Headers) -> None:
    made = Dataset()
    name_frames(made, pet_headers(usual_grid))
    assert len(made) == 0
