"""Contract: what is written is read again the same; a damaged folder is none."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from carpet.run.pipeline import measured_study
from carpet.run.review.room import Room
from carpet.run.review.scan_file import CT, CT_NIFTI, FACTS, PET_NIFTI, REST, SPIN_PNG, SUV, OpenScan, read_scan, write_scan


@pytest.fixture(scope="module")
def scan(first_room: Room) -> OpenScan:
    return first_room.scans.opened(first_room.study(first_room.history.case("A/TT")))


def read_again(scan: OpenScan, folder: Path) -> OpenScan | None:
    one = scan.surveyed
    return read_scan(folder, replace(one.study, ct=None), one.quantification, one.protocol)


def test_it_comes_back_as_it_was(scan: OpenScan, tmp_path: Path) -> None:
    write_scan(scan.surveyed, tmp_path)
    again = read_again(scan, tmp_path)
    assert again is not None
    assert measured_study(again.surveyed).values == measured_study(scan.surveyed).values
    assert again.surveyed.flags == scan.surveyed.flags
    assert again.surveyed.anatomy.absent == scan.surveyed.anatomy.absent
    assert again.surveyed.anatomy.landmarks_mm == scan.surveyed.anatomy.landmarks_mm
    ct, first = again.surveyed.study.ct, scan.surveyed.study.ct
    assert ct is not None
    assert first is not None
    assert np.array_equal(ct.values, first.values)


def test_the_images_lie_where_the_scan_does(scan: OpenScan) -> None:
    for name, volume, kind in ((PET_NIFTI, scan.surveyed.suv, np.float32), (CT_NIFTI, scan.surveyed.study.ct, np.int16)):
        assert volume is not None
        image = nibabel.Nifti1Image.from_bytes(gzip.decompress((scan.folder / name).read_bytes()))
        assert image.get_data_dtype() == kind
        assert np.array_equal(np.asarray(image.dataobj), volume.values.T)
        corner = np.array(volume.grid.shape_kji) - 1
        ras = image.affine @ [*corner[::-1], 1.0]
        assert np.allclose(ras[:3] * [-1, -1, 1], volume.grid.to_lps_mm(corner), atol=1e-3)


@pytest.mark.parametrize("name", [SUV, CT, REST, FACTS, PET_NIFTI, SPIN_PNG])
def test_a_damaged_folder_is_none(scan: OpenScan, tmp_path: Path, name: str) -> None:
    write_scan(scan.surveyed, tmp_path)
    (tmp_path / name).unlink()
    assert read_again(scan, tmp_path) is None
    if name in (SUV, REST, FACTS):
        (tmp_path / name).write_bytes(b"damaged")
        assert read_again(scan, tmp_path) is None
