"""Truth: rectangles and rings by hand; matplotlib's point-in-polygon; IBSI's published masks of a real MIM structure set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from matplotlib.path import Path as Polygon
from pydicom import Dataset, FileMetaDataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian

from carpet.core.errors import Refused
from carpet.core.space import Grid
from carpet.dicom import rtstruct
from carpet.dicom.nifti import read_nifti
from carpet.dicom.rtstruct import read_rtstruct

GridOf = Callable[[Path], Grid]
Contours = Sequence[tuple[float, Sequence[tuple[float, float]]]]  # (k, [(j, i), …]) in voxels of the PET


def save(
    path: Path,
    grid: Grid,
    structures: dict[str, Contours],
    *,
    kind: str = "CLOSED_PLANAR",
    frame: str | None = None,
    every_mm: float | None = None,
) -> Path:
    """An RTSTRUCT with these contours, given in voxels of `grid`."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.Modality = "1.2.840.10008.5.1.4.1.1.481.3", "1.2.3", "RTSTRUCT"
    dataset.StructureSetROISequence, dataset.ROIContourSequence = [], []
    for number, (name, contours) in enumerate(structures.items(), start=1):
        roi, shown = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, name, grid.frame_uid if frame is None else frame
        shown.ReferencedROINumber, shown.ContourSequence = number, []
        for k, outline in contours:
            item = Dataset()
            points = grid.to_lps_mm([(k, j, i) for j, i in outline])
            item.ContourGeometricType, item.NumberOfContourPoints = kind, len(outline)
            item.ContourData = [f"{x:.10g}" for x in points.ravel()]
            shown.ContourSequence.append(item)
        if every_mm is not None:
            planes = Dataset()
            planes.SpacingBetweenSlices = every_mm
            shown.SourcePixelPlanesCharacteristicsSequence = [planes]
        dataset.StructureSetROISequence.append(roi)
        dataset.ROIContourSequence.append(shown)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    return path


def rectangle(low: tuple[float, float], high: tuple[float, float]) -> list[tuple[float, float]]:
    return [(low[0], low[1]), (low[0], high[1]), (high[0], high[1]), (high[0], low[1])]


def on_planes(planes: Sequence[float], outline: Sequence[tuple[float, float]]) -> list[tuple[float, Sequence[tuple[float, float]]]]:
    return [(k, outline) for k in planes]


def test_a_voxel_is_inside_when_its_centre_is(grid: Grid, tmp_path: Path) -> None:
    path = save(tmp_path / "rs.dcm", grid, {"box": on_planes([2, 3], rectangle((1.6, 2.4), (4.4, 6.6)))})
    read = read_rtstruct(path, grid)
    truth = np.zeros(grid.shape_kji, dtype=int)
    truth[2:4, 2:5, 3:7] = 1
    np.testing.assert_array_equal(read.labels.to_values(), truth)
    assert (dict(read.names), read.notices) == ({1: "box"}, ())


def test_an_inner_contour_is_a_hole_and_an_island_in_it_is_none(usual_grid: Grid, tmp_path: Path) -> None:
    rings = [rectangle((0.5, 0.5), (7.5, 9.5)), rectangle((2.5, 2.5), (5.5, 7.5)), rectangle((3.5, 4.5), (4.5, 5.5))]
    read = read_rtstruct(save(tmp_path / "rs.dcm", usual_grid, {"ring": [(3, ring) for ring in rings]}), usual_grid)
    truth = np.zeros(usual_grid.shape_kji[1:], dtype=bool)
    truth[1:8, 1:10] = True
    truth[3:6, 3:8] = False
    truth[4, 5] = True
    np.testing.assert_array_equal(read.labels.to_values()[3], truth)


def test_a_keyhole_contour_leaves_the_hole_out(usual_grid: Grid, tmp_path: Path) -> None:
    outer, inner = rectangle((0.5, 0.5), (7.5, 9.5)), rectangle((2.5, 2.5), (5.5, 7.5))
    keyhole = [*outer, outer[0], *inner, inner[0]]
    read = read_rtstruct(save(tmp_path / "rs.dcm", usual_grid, {"ring": [(3, keyhole)]}), usual_grid)
    assert read.labels.regions[1].voxels == 7 * 9 - 3 * 5


def test_abutting_structures_share_no_voxel_and_leave_none_out(usual_grid: Grid, tmp_path: Path) -> None:
    """The common edge runs exactly through voxel centres, along a column and along a row."""
    left, right = rectangle((1, 1), (6, 5)), rectangle((1, 5), (6, 9))
    below = rectangle((6, 1), (8, 9))
    structures = {"left": [(3, left)], "right": [(3, right)], "below": [(3, below)]}
    read = read_rtstruct(save(tmp_path / "rs.dcm", usual_grid, structures), usual_grid)
    assert sum(region.voxels for region in read.labels.regions.values()) == 7 * 8
    assert read.labels.regions[1].voxels == 5 * 4


def test_random_outlines_agree_with_matplotlib(usual_grid: Grid, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    grid = Grid((2, 60, 50), usual_grid.affine_lps, usual_grid.frame_uid)
    j, i = np.meshgrid(np.arange(60), np.arange(50), indexing="ij")
    centres = np.column_stack([j.ravel(), i.ravel()])
    for _ in range(20):
        angle = np.sort(rng.uniform(0, 2 * np.pi, 40))
        radius = rng.uniform(5, 22, 40)
        outline = np.column_stack([30 + radius * np.sin(angle), 25 + radius * np.cos(angle)])
        read = read_rtstruct(save(tmp_path / "rs.dcm", grid, {"star": [(1, outline.tolist())]}), grid)
        truth = Polygon(outline).contains_points(centres).reshape(60, 50)
        np.testing.assert_array_equal(read.labels.to_values()[1] == 1, truth)


def test_a_ball_has_the_volume_of_a_ball(tmp_path: Path) -> None:
    grid = Grid((60, 60, 60), np.diag([2.0, 2.0, 2.0, 1.0])[[2, 1, 0, 3]], "1.2.3")
    angle = np.linspace(0, 2 * np.pi, 361)[:-1]
    outlines = []
    for k in range(10, 51):
        radius = np.sqrt(20.5**2 - (k - 30) ** 2)
        outlines.append((k, np.column_stack([30 + radius * np.sin(angle), 30 + radius * np.cos(angle)]).tolist()))
    read = read_rtstruct(save(tmp_path / "rs.dcm", grid, {"ball": outlines}), grid)
    assert read.labels.regions[1].volume_ml == pytest.approx(4 / 3 * np.pi * 41.0**3 / 1000, rel=0.01)  # voxels of 2 mm


def test_planes_finer_than_the_slices_are_looked_up_and_flagged(usual_grid: Grid, tmp_path: Path) -> None:
    """Planes every third of a slice: two contours near one slice must not cancel each other."""
    planes = [1 + n / 3 for n in range(7)]
    path = save(tmp_path / "rs.dcm", usual_grid, {"box": on_planes(planes, rectangle((1.5, 1.5), (3.5, 3.5)))})
    read = read_rtstruct(path, usual_grid)
    assert np.unique(read.labels.regions[1].indices_kji[:, 0]).tolist() == [1, 2, 3]
    assert read.labels.regions[1].voxels == 3 * 4
    assert [n.code for n in read.notices] == ["MASK_RESAMPLED"]


def test_planes_between_the_slices_are_flagged(usual_grid: Grid, tmp_path: Path) -> None:
    path = save(tmp_path / "rs.dcm", usual_grid, {"box": on_planes([1.4, 2.4, 3.4], rectangle((1.5, 1.5), (3.5, 3.5)))})
    read = read_rtstruct(path, usual_grid)
    assert np.unique(read.labels.regions[1].indices_kji[:, 0]).tolist() == [1, 2, 3]
    assert [n.code for n in read.notices] == ["MASK_RESAMPLED"]


def test_a_gap_between_two_parts_stays_a_gap(usual_grid: Grid, tmp_path: Path) -> None:
    path = save(tmp_path / "rs.dcm", usual_grid, {"box": on_planes([0, 1, 5, 6], rectangle((1.5, 1.5), (3.5, 3.5)))})
    assert np.unique(read_rtstruct(path, usual_grid).labels.regions[1].indices_kji[:, 0]).tolist() == [0, 1, 5, 6]


def test_a_file_that_says_its_slice_distance_may_leave_every_second_slice_out(usual_grid: Grid, tmp_path: Path) -> None:
    """Without that word, planes two slices apart would have been drawn on coarser images, and are refused."""
    planes = on_planes([0, 2, 4], rectangle((1.5, 1.5), (3.5, 3.5)))
    said = save(tmp_path / "a.dcm", usual_grid, {"box": planes}, every_mm=3.27)
    assert np.unique(read_rtstruct(said, usual_grid).labels.regions[1].indices_kji[:, 0]).tolist() == [0, 2, 4]
    coarse = save(tmp_path / "b.dcm", usual_grid, {"box": planes}, every_mm=6.54)
    assert refusal(coarse, usual_grid)[0] == "MASK_GRID_DIFFERS"


def refusal(path: Path, grid: Grid) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        read_rtstruct(path, grid)
    return caught.value.codes[0], caught.value.notices[0].found


def test_what_the_slices_cannot_answer_is_refused(usual_grid: Grid, tmp_path: Path) -> None:
    box = rectangle((1.5, 1.5), (3.5, 3.5))
    coarse = save(tmp_path / "a.dcm", usual_grid, {"box": on_planes([0, 2, 4], box)})
    assert refusal(coarse, usual_grid) == ("MASK_GRID_DIFFERS", "contours of 'box' every 2.00 slices")
    turned = Grid((9, 7, 11), usual_grid.affine_lps[:, [1, 0, 2, 3]], usual_grid.frame_uid)
    across = save(tmp_path / "b.dcm", turned, {"box": [(2, box)]})
    assert refusal(across, usual_grid) == ("MASK_GRID_DIFFERS", "contours of 'box' are not parallel to the PET slices")
    elsewhere = save(tmp_path / "c.dcm", usual_grid, {"box": [(2, box)]}, frame="1.2.3.4")
    assert refusal(elsewhere, usual_grid)[0] == "FRAME_OF_REFERENCE_DIFFERS"
    overlapping = save(tmp_path / "d.dcm", usual_grid, {"a": [(2, box)], "b": [(2, rectangle((2.5, 2.5), (4.5, 4.5)))]})
    assert refusal(overlapping, usual_grid) == ("MASK_OVERLAP", "'a' and 'b'")


def test_points_and_open_lines_are_left_out_and_told(usual_grid: Grid, tmp_path: Path) -> None:
    box = rectangle((1.5, 1.5), (3.5, 3.5))
    points = save(tmp_path / "a.dcm", usual_grid, {"marker": [(2, box)]}, kind="POINT")
    assert refusal(points, usual_grid)[0] == "MASK_EMPTY"
    mixed = save(tmp_path / "b.dcm", usual_grid, {"marker": [(2, box[:2])], "box": [(2, box)]})
    read = read_rtstruct(mixed, usual_grid)
    assert dict(read.names) == {2: "box"}
    assert [n.code for n in read.notices] == ["MASK_CONTOUR_IGNORED", "MASK_SEGMENT_EMPTY"]


def test_a_structure_beyond_the_pet_is_told(usual_grid: Grid, tmp_path: Path) -> None:
    path = save(tmp_path / "a.dcm", usual_grid, {"box": on_planes([5, 6, 7, 8], rectangle((-3.5, 1.5), (3.5, 30.5)))})
    read = read_rtstruct(path, usual_grid)
    assert read.labels.regions[1].voxels == 2 * 4 * 9
    assert "OUTSIDE_FOV" in [n.code for n in read.notices]


def test_positions_far_away_or_not_numbers_do_no_harm(usual_grid: Grid, tmp_path: Path) -> None:
    read = read_rtstruct(save(tmp_path / "a.dcm", usual_grid, {"box": [(2, rectangle((-1e9, -1e9), (1e9, 1e9)))]}), usual_grid)
    assert read.labels.regions[1].voxels == 9 * 11
    dataset = dcmread(tmp_path / "a.dcm")
    dataset.ROIContourSequence[0].ContourSequence[0].ContourData[0] = "1e999"
    dataset.save_as(tmp_path / "a.dcm")
    assert refusal(tmp_path / "a.dcm", usual_grid) == ("MASK_UNREADABLE", "a position of 'box' that is no number")


@pytest.mark.shared
def test_a_mim_structure_set_equals_ibsis_mask(shared_data: Path, grid_of_series: GridOf) -> None:
    """IBSI's crop of STS-001: the contours and the NIfTI mask were published side by side. 5095 voxels."""
    folder = shared_data / "sts001_ge"
    grid = grid_of_series(folder / "IBSI_PET_SUV_GML_dicom" / "image")
    drawn = read_rtstruct(folder / "IBSI_PET_SUV_GML_dicom" / "mask" / "RS.dcm", grid)
    mask = read_nifti(folder / "IBSI_nifti" / "PET_mask.nii.gz", grid)
    np.testing.assert_array_equal(drawn.labels.to_values(), mask.labels.to_values())
    assert drawn.labels.regions[1].voxels == 5095
    assert drawn.notices == ()


@pytest.mark.shared
def test_mims_nested_structures_on_the_raw_pet_are_refused_by_name(shared_data: Path, grid_of_series: GridOf) -> None:
    """GTV_Edema contains GTV_Mass: both cannot be disease at once. The shared voxels are those of the mass."""
    folder = shared_data / "sts001_ge"
    with pytest.raises(Refused) as caught:
        read_rtstruct(folder / "PET_raw_RTSTRUCT" / "1-1.dcm", grid_of_series(folder / "PET_raw_BQML"))
    assert caught.value.notices[0].found == "'GTV_Mass' and 'GTV_Edema'"
    assert "5095 voxels" in caught.value.notices[0].message


@pytest.mark.shared
def test_dro_contours_lie_in_the_published_mask(shared_data: Path, grid_of_series: GridOf) -> None:
    """The DRO's contours are its mask's outline pulled in: what is lost on a contoured slice is the mask's rim, one voxel wide."""
    from scipy.ndimage import binary_erosion

    folder = shared_data / "suv_dro_ibsi" / "DRO_0_0"
    grid = grid_of_series(folder / "PT")
    drawn = read_rtstruct(folder / "RS" / "RS_dro_0_0.dcm", grid).labels.to_values() == 3  # its ROI number
    mask = read_nifti(folder / "mask" / "DRO_mask.nii.gz", grid).labels.to_values() == 1
    assert np.flatnonzero(drawn.any(axis=(1, 2))).tolist() == list(range(2, 18))
    assert np.flatnonzero(mask.any(axis=(1, 2))).tolist() == list(range(1, 19))
    assert not (drawn & ~mask).any()
    core = np.stack([binary_erosion(plane, np.ones((3, 3))) for plane in mask])
    assert not (core[2:18] & ~drawn[2:18]).any()


def test_more_points_than_an_outline_can_have_are_refused(usual_grid: Grid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = on_planes([1, 2, 3], rectangle((1.5, 1.5), (3.5, 3.5)))
    path = save(tmp_path / "a.dcm", usual_grid, {"box": box})
    whole = read_rtstruct(path, usual_grid).labels.to_values()
    monkeypatch.setattr(rtstruct, "MOST_POINTS", 12)
    monkeypatch.setattr(rtstruct, "MOST_CROSSINGS", 1)  # one edge after the other gives the same
    np.testing.assert_array_equal(read_rtstruct(path, usual_grid).labels.to_values(), whole)
    monkeypatch.setattr(rtstruct, "MOST_POINTS", 11)
    assert refusal(path, usual_grid) == ("MASK_UNREADABLE", "more than 11 points in 'box'")
