"""Truth: the regions that went in; a literal rasteriser and matplotlib on the file's own numbers; dciodvfy and dcmtk as readers."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from matplotlib.path import Path as Polygon
from pydicom import Dataset, dcmread

from carpet.core.lesion import Lesion, Status
from carpet.core.record import Provenance
from carpet.core.space import Grid, Region, SpaceError
from carpet.dicom.mask import read_mask
from carpet.dicom.rtstruct_writing import write_rtstruct
from carpet.dicom.seg import track_uid

Headers = Callable[[Grid], list[Dataset]]
Lesions = Callable[[Grid], list[Lesion]]
Write = Callable[..., bytes]


@pytest.fixture
def write(provenance: Provenance, when: datetime) -> Write:
    def written(lesions: list[Lesion], source: list[Dataset], **changed: object) -> bytes:
        given = {"patient": "P007", "method": provenance, "software": "carpet 0.1.0", "when": when} | changed
        made = write_rtstruct(lesions, source, **given)  # type: ignore[arg-type]
        assert made is not None
        return made

    return written


def opened(made: bytes) -> Dataset:
    return dcmread(io.BytesIO(made))


def with_holes(grid: Grid) -> list[Lesion]:
    """A ring with an island in it, a chessboard beside it, single voxels, and slices left out: all that an outline can be."""
    values = np.zeros(grid.shape_kji, dtype=int)
    values[1:4, 0:7, 0:7] = 1
    values[1:4, 1:6, 1:6] = 0
    values[2, 2:5, 2:5] = 2
    values[2, 3, 3] = 1
    values[5, :, 7:] = 3 * (np.indices((grid.shape_kji[1], grid.shape_kji[2] - 7)).sum(axis=0) % 2 == 0)
    values[[0, 2, 4, 6], 8, 10] = 4
    values[6, 0, 0] = 4
    return [Lesion(f"L{n}", n, Region.of_mask(grid, values == n), Status.DISEASE, "rule", "because") for n in (1, 2, 3, 4)]


def rasterised(dataset: Dataset, number: int, source: list[Dataset], shape: tuple[int, int, int]) -> np.ndarray:
    """The structure as a reader without carpet's code draws it: contour by contour on the slice it names, exclusive or.

    Each point is taken back to row and column with that slice's own header; a pixel is inside by the crossing count of its centre.
    """
    found = np.zeros(shape, dtype=bool)
    order = [header.SOPInstanceUID for header in source]
    (item,) = (one for one in dataset.ROIContourSequence if one.ReferencedROINumber == number)
    for contour in item.ContourSequence:
        k = order.index(contour.ContourImageSequence[0].ReferencedSOPInstanceUID)
        across, down = np.array(source[k].ImageOrientationPatient, dtype=float).reshape(2, 3)
        offset = np.array(contour.ContourData, dtype=float).reshape(-1, 3) - np.array(source[k].ImagePositionPatient, dtype=float)
        assert np.abs(offset @ np.cross(across, down)).max() < 1e-4
        rows, columns = offset @ down / float(source[k].PixelSpacing[0]), offset @ across / float(source[k].PixelSpacing[1])
        for j in range(shape[1]):
            for i in range(shape[2]):
                crossed = 0
                for n in range(len(rows)):
                    (y0, x0), (y1, x1) = (rows[n - 1], columns[n - 1]), (rows[n], columns[n])
                    crossed += (y0 > j) != (y1 > j) and x0 + (j - y0) / (y1 - y0) * (x1 - x0) < i
                found[k, j, i] ^= crossed % 2 == 1
    return found


def test_a_literal_reader_gets_the_same_voxels(usual_grid: Grid, pet_headers: Headers, write: Write) -> None:
    lesions, source = with_holes(usual_grid), pet_headers(usual_grid)
    made = opened(write(lesions, source))
    for number, lesion in enumerate(lesions, start=1):
        drawn = rasterised(made, number, source, usual_grid.shape_kji)
        np.testing.assert_array_equal(np.argwhere(drawn), lesion.region.indices_kji)


@pytest.mark.parametrize("lesions_of", [with_holes, None])
def test_voxels_come_back_equal(
    grid: Grid, lesions_of: Lesions | None, pet_headers: Headers, make_lesions: Lesions, write: Write, tmp_path: Path
) -> None:
    lesions = (lesions_of or make_lesions)(grid)
    path = tmp_path / "lesions.rtstruct.dcm"
    path.write_bytes(write(lesions, pet_headers(grid)))
    read = read_mask(path, grid)
    assert read.notices == ()
    assert list(read.labels.regions) == list(range(1, len(lesions) + 1))
    for number, lesion in enumerate(lesions, start=1):
        np.testing.assert_array_equal(read.labels.regions[number].indices_kji, lesion.region.indices_kji)


def test_matplotlib_in_patient_space_agrees(grid: Grid, pet_headers: Headers, write: Write) -> None:
    """Contours that are united, not combined by exclusive or; both points and centres along the grid's own two directions in mm."""
    lesions, source = with_holes(grid), pet_headers(grid)
    across, down = np.array(source[0].ImageOrientationPatient, dtype=float).reshape(2, 3)
    made = opened(write(lesions, source))
    for item, lesion in zip(made.ROIContourSequence, lesions, strict=True):
        found = np.zeros(grid.shape_kji, dtype=bool)
        for contour in item.ContourSequence:
            points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
            k = round(float(grid.to_kji(points[0])[0]))
            j, i = (axis.ravel() for axis in np.indices(grid.shape_kji[1:]))
            centres = grid.to_lps_mm(np.column_stack([np.full(j.size, k), j, i]))
            outline = Polygon(np.column_stack([points @ across, points @ down]))
            inside = outline.contains_points(np.column_stack([centres @ across, centres @ down]))
            found[k] |= inside.reshape(grid.shape_kji[1:])
        np.testing.assert_array_equal(np.argwhere(found), lesion.region.indices_kji)


def test_area_times_slice_distance_is_the_volume(grid: Grid, pet_headers: Headers, write: Write) -> None:
    lesions = with_holes(grid)
    made = opened(write(lesions, pet_headers(grid)))
    for item, roi, lesion in zip(made.ROIContourSequence, made.StructureSetROISequence, lesions, strict=True):
        area_mm2 = 0.0
        for contour in item.ContourSequence:
            points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
            assert contour.NumberOfContourPoints == len(points)
            area_mm2 += np.linalg.norm(np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0)) / 2
        assert area_mm2 * grid.spacing_mm_kji[0] / 1000 == pytest.approx(lesion.region.volume_ml, rel=1e-5)
        assert float(roi.ROIVolume) == pytest.approx(lesion.region.volume_ml, abs=1e-6)


def test_structures_are_named_coded_and_tracked(usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions, write: Write) -> None:
    source = pet_headers(usual_grid)
    made = opened(write(make_lesions(usual_grid), source, tracks={"L2": track_uid("P007", "T1")}))
    assert [roi.ROIName for roi in made.StructureSetROISequence] == ["L1 Spleen", "L2", "L3 (physiologic) Bladder", "L4 (undecided)"]
    seen = made.RTROIObservationsSequence
    assert [one.RTROIInterpretedType for one in seen] == ["GTV", "GTV", "ORGAN", ""]
    assert [one.RTROIIdentificationCodeSequence[0].CodeValue for one in seen] == ["108369006", "108369006", "89837001", "108369006"]
    assert seen[0].AnatomicRegionSequence[0].CodeValue == "78961009"
    assert made.StructureSetROISequence[1].TrackingUID == track_uid("P007", "T1")
    assert len({roi.TrackingUID for roi in made.StructureSetROISequence}) == 4
    images = made.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence[0].ContourImageSequence
    assert [item.ReferencedSOPInstanceUID for item in images] == [header.SOPInstanceUID for header in source]


def test_the_outlines_lie_on_the_slices_as_they_are(usual_grid: Grid, pet_headers: Headers, write: Write, tmp_path: Path) -> None:
    """GE slices stray from the even stack by some hundredths of their distance; a viewer looks for the contour on the slice."""
    source = pet_headers(usual_grid)
    strayed = usual_grid.to_lps_mm((2.04, 0, 0))
    source[2].ImagePositionPatient = [f"{x:.9g}" for x in strayed]
    lesions = with_holes(usual_grid)
    (tmp_path / "a.dcm").write_bytes(write(lesions, source))
    heights = {round(float(c.ContourData[2]), 3) for item in dcmread(tmp_path / "a.dcm").ROIContourSequence for c in item.ContourSequence}
    assert round(float(strayed[2]), 3) in heights
    read = read_mask(tmp_path / "a.dcm", usual_grid)
    for number, lesion in enumerate(lesions, start=1):
        np.testing.assert_array_equal(read.labels.regions[number].indices_kji, lesion.region.indices_kji)


def test_frames_of_one_image_are_named_by_number(
    grid: Grid, frame_headers: Headers, make_lesions: Lesions, write: Write, tmp_path: Path
) -> None:
    source, lesions = frame_headers(grid), make_lesions(grid)
    (tmp_path / "a.dcm").write_bytes(write(lesions, source))
    made = dcmread(tmp_path / "a.dcm")
    for item in made.ROIContourSequence:
        for contour in item.ContourSequence:
            (image,) = contour.ContourImageSequence
            assert (image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID) == (source[0].SOPClassUID, source[0].SOPInstanceUID)
            k = grid.to_kji(np.array(contour.ContourData[:3], dtype=float))[0]
            assert image.ReferencedFrameNumber == round(float(k)) + 1
    series = made.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    assert len(series.ContourImageSequence) == 1
    read = read_mask(tmp_path / "a.dcm", grid)
    for number, lesion in enumerate(lesions, start=1):
        np.testing.assert_array_equal(read.labels.regions[number].indices_kji, lesion.region.indices_kji)


def test_numbers_fit_a_decimal_string_and_a_long_contour_the_file(pet_headers: Headers, write: Write, tmp_path: Path) -> None:
    """A chessboard with joined rows: one outline of some ten thousand points, more bytes than Explicit VR could count."""
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2], affine[:3, 3] = (0, 0, 1 / 3), (0, 1 / 3, 0), (1 / 3, 0, 0), (-1234.5678901, 1e-9, -1999.9)
    grid = Grid((1, 121, 120), affine, "1.2.3")
    mask = np.ones(grid.shape_kji, dtype=bool)
    mask[0, 1::2, 1::2] = False
    lesion = Lesion("L1", 1, Region.of_mask(grid, mask), Status.DISEASE, "r", "b")
    (tmp_path / "a.dcm").write_bytes(write([lesion], pet_headers(grid)))
    (contour,) = dcmread(tmp_path / "a.dcm").ROIContourSequence[0].ContourSequence
    texts = [number.original_string for number in contour.ContourData]
    assert max(map(len, texts)) <= 16
    assert len("\\".join(texts)) > 65534
    np.testing.assert_array_equal(read_mask(tmp_path / "a.dcm", grid).labels.regions[1].mask, lesion.region.mask)


def test_same_call_same_bytes_other_content_another_uid_and_no_name(
    usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions, write: Write
) -> None:
    source, lesions = pet_headers(usual_grid), make_lesions(usual_grid)
    made = write(lesions, source)
    assert made == write(lesions, source)
    other = [replace(lesions[0], status=Status.UNDECIDED), *lesions[1:]]
    assert opened(write(other, source)).SOPInstanceUID != opened(made).SOPInstanceUID
    assert b"anary" not in made.lower()
    dates = {str(e.value)[:8] for e in opened(made).iterall() if e.VR in ("DA", "DT") and e.value}
    assert dates == {"20240305"}


def test_names_in_any_script(usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions, write: Write, tmp_path: Path) -> None:
    lesions = [replace(lesion, id=f"{lesion.id} 病変é") for lesion in make_lesions(usual_grid)]
    (tmp_path / "a.dcm").write_bytes(write(lesions, pet_headers(usual_grid)))
    read = read_mask(tmp_path / "a.dcm", usual_grid)
    assert read.names[2] == read.tracks[2].id == "L2 病変é"


def test_without_a_lesion_there_is_no_structure_set_and_foreign_sources_are_errors(
    usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions, write: Write, provenance: Provenance, when: datetime
) -> None:
    source = pet_headers(usual_grid)
    assert write_rtstruct([], source, patient="P", method=provenance, software="c", when=when) is None
    with pytest.raises(SpaceError, match="source"):
        write(make_lesions(usual_grid), source[::-1])
    elsewhere = Grid(usual_grid.shape_kji, usual_grid.affine_lps * 1.1, usual_grid.frame_uid)
    with pytest.raises(SpaceError, match="another grid"):
        write([*make_lesions(usual_grid), *make_lesions(elsewhere)], source)


@pytest.mark.dciodvfy
@pytest.mark.parametrize("headers", ["pet_headers", "frame_headers"])
def test_dciodvfy_finds_no_error_and_dcmtk_reads_it(
    headers: str,
    grid: Grid,
    make_lesions: Lesions,
    write: Write,
    tmp_path: Path,
    validator_errors: Callable[[Path], list[str]],
    request: pytest.FixtureRequest,
) -> None:
    path = tmp_path / "lesions.rtstruct.dcm"
    path.write_bytes(write(make_lesions(grid), request.getfixturevalue(headers)(grid)))
    assert validator_errors(path) == []
    told = subprocess.run(["dcmdump", "+P", "ROIName", str(path)], capture_output=True, text=True, check=True)
    assert told.stdout.count("ROIName") == 4
    assert told.stderr == ""
