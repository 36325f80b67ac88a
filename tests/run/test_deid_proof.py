"""Truth: closed form: two prints are equal where, and only where, voxels, grid and refusals are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset

from carpet.core.protocol import SuvProtocol
from carpet.run.deid_proof import Print, changed, print_of
from carpet.run.opening import found_under
from carpet.testing import PhantomScan, Storage, simple_phantom, write_study

Edit = Callable[[Dataset, int], None]
SCAN = simple_phantom(spacing_mm=20.0)


def prints(folder: Path, scan: PhantomScan = SCAN, edit: Edit | None = None, vendor: str = "ge") -> dict[str, Print]:
    """One print a series, by modality and refusals."""
    write_study(scan, folder, vendor=vendor, storage=Storage(with_nac=True), edit=edit)
    with found_under([folder], SuvProtocol()) as found:
        told = [print_of(series, found.quantifications.get(series.series_uid), SuvProtocol()) for series in found.catalogue.series]
    return {f"{one.modality} {' '.join(one.refusals)}".strip(): one for one in told}


@pytest.fixture(scope="module")
def undamaged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Print]:
    return prints(tmp_path_factory.mktemp("undamaged"))


def test_each_series_is_told_by_what_is_measured_in_it(undamaged: dict[str, Print]) -> None:
    told = {name: (one.quantity, one.slices, one.sha256 is not None) for name, one in undamaged.items()}
    slices = SCAN.suv.grid.shape_kji[0]
    assert SCAN.ct is not None
    assert told == {
        "PT": ("SUVbw", slices, True),
        "PT NAC_SERIES UNITS_NOT_QUANTITATIVE": ("stored", slices, True),
        "CT": ("HU", SCAN.ct.grid.shape_kji[0], True),
    }


def test_the_same_files_give_the_same_prints(undamaged: dict[str, Print], tmp_path: Path) -> None:
    assert prints(tmp_path) == undamaged
    assert changed(undamaged, prints(tmp_path / "again"), "here") == ()


def edited(keyword: str, value: object, modality: str = "PT") -> Edit:
    def edit(dataset: Dataset, index: int) -> None:
        if dataset.Modality == modality:
            setattr(dataset, keyword, value)

    return edit


def brighter_voxel(dataset: Dataset, index: int) -> None:
    if index == 3 and dataset.Modality == "CT":
        dataset.PixelData = b"\x01" + dataset.PixelData[1:]


@pytest.mark.parametrize(
    ("edit", "differing"),
    [
        (edited("PatientWeight", "70.0001"), "PT"),
        (edited("RescaleSlope", "1.0000001"), "PT"),
        (edited("PixelSpacing", ["20.0", "20.0001"]), "PT"),
        (edited("RescaleIntercept", "-1023", "CT"), "CT"),
        (brighter_voxel, "CT"),
    ],
)
def test_the_least_change_shows(undamaged: dict[str, Print], tmp_path: Path, edit: Edit, differing: str) -> None:
    after = prints(tmp_path, edit=edit)
    assert after[differing] != undamaged[differing]
    notices = changed(undamaged, after, "P-1/20010101-abcdef")
    assert {notice.code for notice in notices} == {"DEID_CHANGED_SUV"}
    assert f"P-1/20010101-abcdef, a {differing} series" in {notice.where for notice in notices}
    assert all(undamaged[differing].sha256 != notice.found for notice in notices)


def test_a_series_that_is_gone_or_refused_otherwise_shows(undamaged: dict[str, Print]) -> None:
    one = undamaged["PT"]
    assert changed({"1": one}, {}, "here")[0].found.endswith("no series after")
    other = Print("PT", one.slices, one.quantity, one.sha256, ("UNITS_MISSING",))
    assert "refused: UNITS_MISSING after" in changed({"1": one}, {"1": other}, "here")[0].found


def test_pixels_that_cannot_be_read_are_a_refusal(tmp_path: Path) -> None:
    def cut(dataset: Dataset, index: int) -> None:
        if dataset.Modality == "CT" and index == 5:
            dataset.PixelData = dataset.PixelData[:-4]

    told = prints(tmp_path, edit=cut)
    assert told["CT PIXELS_UNREADABLE"].sha256 is None
