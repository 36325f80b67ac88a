"""Truth: closed form, slices whose place is known; FAILURES.md rows 37 to 44 and 48."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from carpet.dicom.elements import Element, FileElements, read_elements
from carpet.dicom.stack import Stack, frames_in, stack, tag_name, varying
from carpet.testing import ORIENTATIONS, PhantomScan, Storage, write_study

Edit = Callable[[Dataset, int], None]
Read = Callable[..., list[FileElements]]


@pytest.fixture
def slices(small_scan: PhantomScan, tmp_path: Path) -> Read:
    """The six PET slices of a small study, each changed by `edit(dataset, index)`."""
    number = itertools.count()

    def write(edit: Edit | None = None, **storage: Any) -> list[FileElements]:
        folder = tmp_path / str(next(number))
        written = write_study(small_scan, folder, vendor="ge", storage=Storage(with_ct=False, **storage), edit=edit)
        files = [read_elements(folder / path.relative_to(folder)) for path in written.pet_files]
        return [file for file in files if file]

    return write


def codes(made: Stack) -> tuple[list[str], list[str]]:
    assert (made.grid is None) == bool(made.refusals)
    return [notice.code for notice in made.refusals], [notice.code for notice in made.flags]


def on(*indices: int, **changes: Any) -> Edit:
    """Set attributes on some slices only."""

    def edit(dataset: Dataset, index: int) -> None:
        if index in indices:
            for keyword, value in changes.items():
                setattr(dataset, keyword, value)

    return edit


def moved(shift: Callable[[int], tuple[float, float, float]]) -> Edit:
    def edit(dataset: Dataset, index: int) -> None:
        at = np.array(dataset.ImagePositionPatient, dtype=float) + shift(index)
        dataset.ImagePositionPatient = [f"{x:.6f}" for x in at]

    return edit


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_storage_order_keeps_every_position(orientation: str, slices: Read, small_scan: PhantomScan) -> None:
    files = slices(orientation=orientation)
    made = stack([files[n] for n in np.random.default_rng(1).permutation(len(files))])
    assert codes(made) == ([], [])
    assert made.grid is not None
    normal = np.cross(made.grid.affine_lps[:3, 2], made.grid.affine_lps[:3, 1])
    assert normal @ made.grid.affine_lps[:3, 0] > 0, "k runs along the normal"
    for k, file in enumerate(made.files):
        said = [float(x) for x in file.elements[0x00200032].raw.strip(b"\0 ").split(b"\\")]
        assert made.grid.to_lps_mm((k, 0, 0)) == pytest.approx(said, abs=1e-4)
    whole = small_scan.suv.grid
    corners = {
        tuple(np.round(g.to_lps_mm(c), 3) + 0.0) for g in (whole, made.grid) for c in itertools.product(*((0, n - 1) for n in g.shape_kji))
    }
    assert len(corners) == 8, "both grids have the same eight corners"
    assert sorted(made.grid.spacing_mm_kji) == pytest.approx(sorted(whole.spacing_mm_kji))


def test_rows_and_columns_are_not_swapped(slices: Read) -> None:
    grid = stack(slices()).grid
    assert grid is not None
    assert grid.shape_kji == (6, 8, 10)
    assert grid.spacing_mm_kji == pytest.approx((3.27, 4.0, 2.5))
    assert grid.frame_uid == "1.2.826.0.1.3680043.8.498.88"


def test_the_jitter_of_a_real_scanner_is_no_gap(slices: Read) -> None:
    heights = np.cumsum([0.0, 3.27, 3.29, 3.19, 3.27, 3.29])
    made = stack(slices(moved(lambda k: (0.0, 0.0, float(heights[k]) - 3.27 * k))))
    assert codes(made) == ([], [])
    assert made.grid is not None
    assert made.grid.spacing_mm_kji[0] == pytest.approx(heights[-1] / 5)


@pytest.mark.parametrize("gone", [1, 2, 4])
def test_a_missing_slice_is_a_gap(gone: int, slices: Read) -> None:
    files = slices()
    made = stack(files[:gone] + files[gone + 1 :])
    assert codes(made)[0] == ["SLICE_GAP"]
    assert f"6.540 mm after slice {gone} of 5, usual spacing 3.270 mm" in made.refusals[0].found


def test_six_percent_is_a_gap_and_four_is_not(slices: Read) -> None:
    for percent, refused in ((4, []), (6, ["SLICE_GAP"])):
        made = stack(slices(moved(lambda k, by=percent: (0.0, 0.0, 0.0327 * by * (k == 5)))))  # type: ignore[misc]
        assert codes(made)[0] == refused


def test_slices_that_stray_from_a_uniform_grid_are_a_gap() -> None:
    """Each step is within 5 % of the usual one, but half of them are wider: in the middle the grid would be 5 mm off."""
    heights = np.concatenate([[0.0], np.cumsum([3.2] * 60 + [3.35] * 60)])
    files = [bare(position=(0.0, 0.0, z)) for z in heights]
    assert codes(stack(files))[0] == ["SLICE_GAP"]
    assert codes(stack([bare(position=(0.0, 0.0, 3.2 * k)) for k in range(121)]))[0] == []


@pytest.mark.parametrize("ends", [slice(1, None), slice(None, -1), slice(2, -1)])
def test_missing_end_slices_make_totals_a_lower_bound(ends: slice, slices: Read) -> None:
    made = stack(slices()[ends])
    assert codes(made) == ([], ["SLICES_INCOMPLETE"])
    assert made.flags[0].found == f"{len(made.files)} of 6"


def test_every_second_slice_missing_is_a_gap(slices: Read) -> None:
    made = stack(slices()[::2])
    assert codes(made)[0] == ["SLICE_GAP"]
    assert made.refusals[0].found == "3 of 6 slices; thickness 3.27 mm, distance 6.540 mm"
    wide_apart = slices(on(*range(6), SliceThickness="1.6"))
    assert codes(stack(wide_apart)) == ([], ["THICKNESS_DIFFERS"])
    assert codes(stack(slices(on(*range(6), SliceThickness="1.8"))[1:])) == ([], ["SLICES_INCOMPLETE", "THICKNESS_DIFFERS"])


def test_more_slices_than_said_is_no_loss(slices: Read) -> None:
    assert codes(stack(slices(on(*range(6), NumberOfSlices=5)))) == ([], [])


def copy_of(index: int, keep: bool, **changes: Any) -> Edit:
    """Slice 5 becomes a copy of another one (its pixels only where `keep`), at the same place."""
    seen: dict[int, Dataset] = {}

    def edit(dataset: Dataset, k: int) -> None:
        seen[k] = dataset
        if k == 5:
            dataset.ImagePositionPatient = seen[index].ImagePositionPatient
            dataset.RescaleSlope = seen[index].RescaleSlope
            if keep:
                dataset.PixelData = seen[index].PixelData
            for keyword, value in changes.items():
                setattr(dataset, keyword, value)

    return edit


@pytest.mark.parametrize("index", [0, 2, 4])
@pytest.mark.parametrize("implicit_vr", [False, True])
def test_a_duplicate_with_the_same_pixels_is_dropped(index: int, implicit_vr: bool, slices: Read) -> None:
    made = stack(slices(copy_of(index, True, InstanceNumber=99), implicit_vr=implicit_vr))
    assert codes(made) == ([], ["DUPLICATE_SLICE", "SLICES_INCOMPLETE"])
    assert made.grid is not None
    assert (made.grid.shape_kji[0], len(made.files)) == (5, 5)
    assert made.grid.spacing_mm_kji[0] == pytest.approx(3.27)


@pytest.mark.parametrize("index", [0, 2, 4])
def test_two_slices_at_one_place_that_differ_are_a_conflict(index: int, slices: Read) -> None:
    assert codes(stack(slices(copy_of(index, False))))[0] == ["SLICE_CONFLICT"]


def test_the_same_integers_with_another_slope_are_a_conflict(slices: Read) -> None:
    assert codes(stack(slices(copy_of(2, True, RescaleSlope="0.5"))))[0] == ["SLICE_CONFLICT"]


OF_TIME = {
    "AcquisitionDate": "20240315",
    "AcquisitionTime": "101112",
    "FrameReferenceTime": "900000",
    "TriggerTime": "250",
    "TemporalPositionIdentifier": "2",
    "NominalCardiacTriggerDelayTime": 250.0,
    "NominalPercentageOfCardiacPhase": 40.0,
}


@pytest.mark.parametrize("keyword", OF_TIME)
@pytest.mark.parametrize("same_pixels", [False, True])
def test_slices_of_different_times_at_one_place_are_dynamic_or_gated(keyword: str, same_pixels: bool, slices: Read) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        if keyword not in dataset:
            setattr(dataset, keyword, 0.0 if isinstance(OF_TIME[keyword], float) else "0")
        copied(dataset, index)

    copied = copy_of(2, same_pixels, **{keyword: OF_TIME[keyword]})
    made = stack(slices(edit))
    assert codes(made)[0] == ["DYNAMIC_OR_GATED"]
    assert keyword in made.refusals[0].found


def test_two_stacks_of_frames_are_not_one_volume(slices: Read) -> None:
    assert codes(stack(slices(on(4, StackID="2"))))[0] == ["SERIES_TAG_VARIES"]


def test_all_slices_at_one_place(slices: Read) -> None:
    same = on(*range(6), ImagePositionPatient=["0", "0", "0"])
    assert codes(stack(slices(same)))[0] == ["SLICE_CONFLICT"]

    def copies(dataset: Dataset, index: int) -> None:
        same(dataset, index)
        dataset.PixelData, dataset.RescaleSlope = b"\0" * 160, "1"

    assert codes(stack(slices(copies)))[0] == ["TOO_FEW_SLICES"]


def test_one_slice_is_no_volume(slices: Read) -> None:
    assert codes(stack(slices()[:1]))[0] == ["TOO_FEW_SLICES"]


def test_a_sheared_stack_is_tilted(slices: Read) -> None:
    assert codes(stack(slices(moved(lambda k: (0.0, 0.5 * k, 0.0)))))[0] == ["TILTED"]
    assert codes(stack(slices(moved(lambda k: (0.0, 0.1 * k, 0.0)))))[0] == []  # half a millimetre over the stack, under half a pixel


def test_one_slice_out_of_line_is_tilted(slices: Read) -> None:
    assert codes(stack(slices(moved(lambda k: (3.0 * (k == 2), 0.0, 0.0)))))[0] == ["TILTED"]


@pytest.mark.parametrize("degrees", [0.5, 2.0, 45.0, 90.0])
def test_rows_not_at_right_angles_to_columns_are_refused(degrees: float, slices: Read) -> None:
    skew = np.deg2rad(degrees)
    cosines = ["1", "0", "0", f"{np.sin(skew):.8f}", f"{np.cos(skew):.8f}", "0"]
    assert codes(stack(slices(on(*range(6), ImageOrientationPatient=cosines))))[0] == ["TILTED"]


def test_directions_that_are_no_unit_vectors_are_refused(slices: Read) -> None:
    assert codes(stack(slices(on(*range(6), ImageOrientationPatient=["2", "0", "0", "0", "1", "0"]))))[0] == ["TILTED"]


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PixelSpacing", ["4.1", "2.5"]),
        ("FrameOfReferenceUID", "1.2.3"),
        ("ImageOrientationPatient", ["0.9999", "0.01414", "0", "-0.01414", "0.9999", "0"]),
        ("StudyInstanceUID", "1.2.3"),
        ("Modality", "CT"),
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.2"),
        ("PixelRepresentation", 0),
        ("BitsAllocated", 8),
        ("Rows", 4),
        ("Columns", 5),
    ],
)
def test_what_must_not_vary_within_a_series(keyword: str, value: Any, slices: Read) -> None:
    refusals, _ = codes(stack(slices(on(3, **{keyword: value}))))
    assert refusals == ["SERIES_TAG_VARIES"]
    (notice,) = stack(slices(on(3, **{keyword: value}))).refusals
    assert keyword in notice.message


def test_the_same_number_spelled_otherwise_does_not_vary(slices: Read) -> None:
    spelled = on(3, PixelSpacing=["4.00", "2.5000"], ImageOrientationPatient=["1.0", "0.0", "0", "0.000", "1", "-0.0"])
    assert codes(stack(slices(spelled))) == ([], [])


def test_implicit_and_explicit_files_of_one_series(slices: Read) -> None:
    one_study = on(*range(6), StudyInstanceUID="1.2.3")
    explicit, implicit = slices(one_study), slices(one_study, implicit_vr=True)
    assert codes(stack(explicit[:3] + implicit[3:])) == ([], [])


@pytest.mark.parametrize(
    "keyword", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "FrameOfReferenceUID", "Rows", "Columns"]
)
def test_without_geometry_there_is_no_grid(keyword: str, slices: Read) -> None:
    def without(dataset: Dataset, index: int) -> None:
        delattr(dataset, keyword)

    def empty(dataset: Dataset, index: int) -> None:
        setattr(dataset, keyword, None)

    for edit in (without, empty):
        made = stack(slices(edit))
        assert codes(made)[0] == (["GEOMETRY_MISSING"] if edit is without or keyword not in ("Rows", "Columns") else ["NUMBER_MALFORMED"])
        assert made.refusals[0].where in {"(0020,0032)", "(0020,0037)", "(0028,0030)", "(0020,0052)", "(0028,0010)", "(0028,0011)"}


def bare(position: tuple[float, ...] = (0.0, 0.0, 0.0), **raw: bytes) -> FileElements:
    """A slice by its elements alone; `raw` by tag as hexadecimal, `t00200032`."""
    elements = {
        0x00280010: Element("US", b"\x08\0"),
        0x00280011: Element("US", b"\x0a\0"),
        0x00200032: Element("DS", "\\".join(map(str, position)).encode()),
        0x00200037: Element("DS", b"1\\0\\0\\0\\1\\0"),
        0x00280030: Element("DS", b"4\\2.5"),
        0x00200052: Element("UI", b"1.2\0"),
    }
    elements |= {int(tag[1:], 16): Element("DS", value) for tag, value in raw.items()}
    return FileElements(Path("none"), "1.2.840.10008.1.2.1", elements, 0, 0)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ({"t00200032": b"0\\0"}, "GEOMETRY_MISSING"),
        ({"t00200032": b"0\\0\\0\\0"}, "GEOMETRY_MISSING"),
        ({"t00200032": b"0\\0\\1,5"}, "NUMBER_MALFORMED"),
        ({"t00200032": b"0\\0\\nan"}, "NUMBER_MALFORMED"),
        ({"t00200032": b"0\\0\\1e300"}, "GEOMETRY_MISSING"),
        ({"t00280030": b"0\\2.5"}, "GEOMETRY_MISSING"),
        ({"t00280030": b"-4\\2.5"}, "GEOMETRY_MISSING"),
        ({"t00280030": b"1e-5\\1e-5"}, "GEOMETRY_MISSING"),
        ({"t00280030": b"4000\\4000"}, "GEOMETRY_MISSING"),
        ({"t00280030": b"4,0\\2,5"}, "NUMBER_MALFORMED"),
        ({"t00280030": b"4"}, "GEOMETRY_MISSING"),
        ({"t00200037": b"1\\0\\0"}, "GEOMETRY_MISSING"),
        ({"t00200037": b"0\\0\\0\\0\\0\\0"}, "TILTED"),
        ({"t00280010": b"\0\0"}, "GEOMETRY_MISSING"),
        ({"t00280010": b"\xff\xff"}, "GEOMETRY_MISSING"),
        ({"t00280011": b"512 "}, "NUMBER_MALFORMED"),
    ],
)
def test_geometry_that_cannot_be_is_refused(raw: dict[str, bytes], code: str) -> None:
    made = stack([bare(position=(0.0, 0.0, 3.0 * k), **raw) for k in range(3)])
    assert codes(made)[0] == [code]


def test_the_step_of_written_positions_holds_no_binary_noise(slices: Read) -> None:
    """By hand: six slices from −912.3 to −895.95 mm are 16.35/5 = 3.27 mm apart, and −912.3 + 5·3.27 is not −895.95 in binary."""
    z = ["-912.3", "-909.03", "-905.76", "-902.49", "-899.22", "-895.95"]

    def placed(dataset: Dataset, index: int) -> None:
        dataset.ImagePositionPatient = ["0", "0", z[index]]

    made = stack(slices(placed))
    assert made.grid is not None
    assert (-895.95 + 912.3) / 5 != 3.27
    assert made.grid.spacing_mm_kji[0] == 3.27


def test_thickness_is_not_spacing(slices: Read) -> None:
    made = stack(slices(on(*range(6), SliceThickness="5")))
    assert codes(made) == ([], ["THICKNESS_DIFFERS"])
    assert made.grid is not None
    assert made.grid.spacing_mm_kji[0] == pytest.approx(3.27)
    assert made.flags[0].found == "thickness 5 mm, distance 3.270 mm"
    assert codes(stack(slices(on(*range(6), SliceThickness=None)))) == ([], [])


def test_frames_in_a_file() -> None:
    one = bare()
    with_frames = [replace(one, elements={**one.elements, 0x00280008: Element("IS", raw)}) for raw in (b"24", b"", b"many")]
    assert [frames_in(file) for file in (one, *with_frames)] == [1, 24, 1, 1]


def test_names_of_tags() -> None:
    assert tag_name(0x00200032) == "(0020,0032)"
    assert tag_name(0x7FE00010) == "(7FE0,0010)"


def test_varying_names_the_attribute_and_both_values() -> None:
    one, other = bare(t00101030=b"70"), bare(t00101030=b"71 ")
    (notice,) = varying([one, one, other], {0x00101030: "PatientWeight"})
    assert (notice.code, notice.where, notice.found) == ("SERIES_TAG_VARIES", "(0010,1030)", "70 and 71")
    (notice,) = varying([one, bare()], {0x00101030: "PatientWeight"})
    assert notice.found == "70 and absent"
    assert varying([one, bare(t00101030=b"70 ")], {0x00101030: "PatientWeight"}) == ()
