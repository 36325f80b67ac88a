"""Truth: nibabel as writer and reader of positions; the labels that went in."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from carpet.core.errors import Refused
from carpet.core.space import Grid
from carpet.dicom.nifti import is_nifti, read_nifti, write_nifti

RAS = np.array([-1.0, -1.0, 1.0])


def labels(grid: Grid) -> np.ndarray:
    values = np.zeros(grid.shape_kji, dtype=np.uint16)
    values[1, 2, 3:6], values[2, 2, 3], values[6, 8, 10], values[0, 0, 0] = 1, 1, 7, 300
    return values


def image(grid: Grid, values: np.ndarray) -> nib.Nifti1Image:
    """`values` (k, j, i) as nibabel would hold them: x is i, y is j, z is k, world is RAS."""
    affine = np.eye(4)
    for column, axis in enumerate((2, 1, 0)):
        affine[:3, column] = grid.affine_lps[:3, axis] * RAS
    affine[:3, 3] = grid.affine_lps[:3, 3] * RAS
    return nib.Nifti1Image(values.transpose(2, 1, 0), affine)


def saved(made: nib.Nifti1Image, path: Path) -> Path:
    nib.save(made, path)
    return path


def test_nibabel_finds_each_label_at_its_place(grid: Grid, tmp_path: Path) -> None:
    values = labels(grid)
    path = tmp_path / "lesions.nii.gz"
    path.write_bytes(write_nifti(values, grid))
    read = nib.load(path)
    data = np.asarray(read.dataobj)
    where = np.argwhere(data)
    ras = nib.affines.apply_affine(read.affine, where)
    truth = np.argwhere(values)
    order, order_truth = np.lexsort(where.T), np.lexsort(truth[:, ::-1].T)
    np.testing.assert_allclose(ras[order] * RAS, grid.to_lps_mm(truth[order_truth]), atol=1e-3)  # affine is float32
    np.testing.assert_array_equal(data[tuple(where[order].T)], values[tuple(truth[order_truth].T)])
    assert (int(read.header["qform_code"]), int(read.header["sform_code"])) == (1, 1)
    np.testing.assert_allclose(read.header.get_qform(), read.header.get_sform(), atol=1e-3)


def test_voxels_come_back_equal(grid: Grid, tmp_path: Path) -> None:
    path = tmp_path / "any.name"
    path.write_bytes(write_nifti(labels(grid), grid))
    read = read_nifti(path, grid)
    np.testing.assert_array_equal(read.labels.to_values(), labels(grid))
    assert dict(read.names) == {1: "label 1", 7: "label 7", 300: "label 300"}
    assert [n.code for n in read.notices] == ["MASK_WITHOUT_FRAME"]


@pytest.mark.parametrize("axes", ["RAS", "LPS", "PIR", "SAL", "ASL"])
def test_any_storage_order_is_understood(axes: str, grid: Grid, tmp_path: Path) -> None:
    made = image(grid, labels(grid))
    turned = made.as_reoriented(
        nib.orientations.ornt_transform(nib.io_orientation(made.affine), nib.orientations.axcodes2ornt(tuple(axes)))
    )
    read = read_nifti(saved(turned, tmp_path / "mask.nii.gz"), grid)
    np.testing.assert_array_equal(read.labels.to_values(), labels(grid))


@pytest.mark.parametrize("kind", ["uint8", "int16", "int32", "float32", "float64"])
def test_any_value_type_and_nifti_2_are_understood(kind: str, usual_grid: Grid, tmp_path: Path) -> None:
    values = np.minimum(labels(usual_grid), 9)
    old = image(usual_grid, values.astype(kind))
    read = read_nifti(saved(nib.Nifti2Image(old.dataobj, old.affine), tmp_path / "two.nii"), usual_grid)
    np.testing.assert_array_equal(read.labels.to_values(), values)
    big = nib.Nifti1Image(old.dataobj, old.affine, nib.Nifti1Header(endianness=">"))
    big.set_data_dtype(kind)
    read = read_nifti(saved(big, tmp_path / "big.nii.gz"), usual_grid)
    np.testing.assert_array_equal(read.labels.to_values(), values)


def test_slope_is_applied(usual_grid: Grid, tmp_path: Path) -> None:
    made = image(usual_grid, np.minimum(labels(usual_grid), 9).astype(np.int16))
    path = tmp_path / "scaled.nii"
    nib.save(made, path)
    raw = bytearray(path.read_bytes())
    raw[112:116] = np.float32(2.0).tobytes()  # scl_slope
    path.write_bytes(raw)
    assert sorted(read_nifti(path, usual_grid).labels.regions) == [2, 14, 18]


def refusal(path: Path, grid: Grid) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        read_nifti(path, grid)
    return caught.value.codes[0], caught.value.notices[0].found


def test_what_is_no_label_image_is_refused(usual_grid: Grid, tmp_path: Path) -> None:
    values = labels(usual_grid)
    half = saved(image(usual_grid, (values * 0.5).astype(np.float32)), tmp_path / "half.nii")
    assert refusal(half, usual_grid) == ("MASK_UNREADABLE", "values that are not whole numbers")
    nan = saved(image(usual_grid, np.where(values, values, np.nan).astype(np.float32)), tmp_path / "nan.nii")
    assert refusal(nan, usual_grid) == ("MASK_UNREADABLE", "values that are not whole numbers")
    negative = saved(image(usual_grid, -values.astype(np.int16)), tmp_path / "negative.nii")
    assert refusal(negative, usual_grid)[0] == "MASK_UNREADABLE"
    short = tmp_path / "short.nii"
    short.write_bytes(saved(image(usual_grid, values), tmp_path / "long.nii").read_bytes()[:-1])
    assert refusal(short, usual_grid) == ("MASK_UNREADABLE", "the file ends before the last voxel")
    nothing = saved(image(usual_grid, values * 0), tmp_path / "nothing.nii.gz")
    assert refusal(nothing, usual_grid)[0] == "MASK_EMPTY"


def test_a_position_is_never_guessed(usual_grid: Grid, tmp_path: Path) -> None:
    made = image(usual_grid, labels(usual_grid))
    made.set_sform(None, 0)
    made.set_qform(None, 0)
    assert "neither" in refusal(saved(made, tmp_path / "none.nii"), usual_grid)[1]
    made = image(usual_grid, labels(usual_grid))
    moved = made.affine.copy()
    moved[0, 3] += 10.0
    made.set_qform(moved, 1)
    assert refusal(saved(made, tmp_path / "two.nii"), usual_grid)[1] == "qform and sform differ by 10.0 mm"
    made = image(usual_grid, labels(usual_grid))
    made.header.set_xyzt_units("meter")
    assert refusal(saved(made, tmp_path / "metres.nii"), usual_grid)[1] == "lengths in meter"


def test_a_bomb_is_refused_before_it_is_unpacked(usual_grid: Grid, tmp_path: Path) -> None:
    header = nib.Nifti1Header()
    header.set_data_shape((32767, 32767, 32767))
    header["magic"], header["vox_offset"] = b"n+1\0", 352
    path = tmp_path / "bomb.nii.gz"
    path.write_bytes(gzip.compress(header.binaryblock + bytes(4) + bytes(10_000_000)))
    assert refusal(path, usual_grid)[1].startswith("dimensions")


def test_a_changed_voxel_in_a_packed_file_is_found_by_its_checksum(usual_grid: Grid, tmp_path: Path) -> None:
    path = tmp_path / "mask.nii.gz"
    packed = bytearray(write_nifti(labels(usual_grid), usual_grid))
    packed[-8] ^= 1  # CRC-32
    path.write_bytes(packed)
    with pytest.raises(OSError, match="CRC"):
        read_nifti(path, usual_grid)


def test_only_a_nifti_is_one(usual_grid: Grid, tmp_path: Path) -> None:
    other = tmp_path / "x.nii.gz"
    other.write_bytes(gzip.compress(b"not a header" * 100))
    assert not is_nifti(other)
    other.write_bytes(b"\x1f\x8b broken")
    assert not is_nifti(other)
    other.write_bytes(write_nifti(labels(usual_grid), usual_grid))
    assert is_nifti(other)


def test_same_labels_same_bytes_and_quickly(tmp_path: Path) -> None:
    grid = Grid((350, 400, 400), np.diag([1.65, 1.65, 1.65, 1.0])[[2, 1, 0, 3]], "1.2.3")
    values = np.zeros(grid.shape_kji, dtype=np.uint16)
    values[100:140, 100:140, 100:140] = 3
    start = time.process_time()
    made = write_nifti(values, grid)
    assert time.process_time() - start < 4.0  # 56 million voxels; about 0.5 s on an idle core
    path = tmp_path / "large.nii.gz"
    path.write_bytes(made)
    start = time.process_time()
    assert read_nifti(path, grid).labels.regions[3].voxels == 40**3
    assert time.process_time() - start < 6.0
    assert made[4:8] == bytes(4)  # gzip's time stamp


def test_a_mask_far_larger_than_the_pet_is_refused_before_it_is_unpacked(usual_grid: Grid, tmp_path: Path) -> None:
    large = np.zeros((300, 300, 300), dtype=np.uint8)
    found = refusal(saved(image(usual_grid, large), tmp_path / "large.nii.gz"), usual_grid)
    assert found == ("MASK_UNREADABLE", "27000000 voxels, the PET has 693")
