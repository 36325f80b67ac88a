"""Truth: the label maps dcmqi published beside its SEG files, highdicom's own reading of its files, and geometry by hand."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import highdicom as hd
import nrrd
import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEG2000Lossless, RLELossless

from carpet.core.errors import Refused
from carpet.core.lesion import Lesion
from carpet.core.record import Provenance
from carpet.core.space import Grid
from carpet.dicom import seg_reading
from carpet.dicom.mask import BROKEN_FILE
from carpet.dicom.seg import write_seg
from carpet.dicom.seg_reading import read_seg

Headers = Callable[[Grid], list[Dataset]]
GridOf = Callable[[Path], Grid]
OVERLAP_NAMES = ("GREEN", "ORANGE", "PURPLE")


@pytest.fixture
def interop(shared_data: Path) -> Path:
    return shared_data / "interop"


@pytest.mark.shared
@pytest.mark.parametrize(
    ("seg", "label_map", "series"),
    [
        ("liver.dcm", "liver_seg.nrrd", "ct-3slice"),
        ("24x38x3/seg/label.seg", "24x38x3/nrrd/label.nrrd", "24x38x3/image"),
        ("sparse-labelmap-noppv.dcm", "sparse_labelmap_noppv_seg.nrrd", "24x38x3/image"),
    ],
)
def test_dcmqi_segments_are_those_of_its_label_maps(seg: str, label_map: str, series: str, interop: Path, grid_of_series: GridOf) -> None:
    folder = interop / "dcmqi_seg"
    read = read_seg(folder / seg, grid_of_series(folder / series))
    truth, _ = nrrd.read(str(folder / label_map))
    np.testing.assert_array_equal(read.labels.to_values(), truth.transpose())
    assert read.notices == ()
    assert dict(read.names) == {1: "Liver"}


@pytest.mark.shared
def test_padding_of_a_label_map_is_no_segment(interop: Path, grid_of_series: GridOf) -> None:
    """dcmqi fills the slice that is not stored with the padding value 5; that is not a region."""
    folder = interop / "dcmqi_seg"
    read = read_seg(folder / "sparse-labelmap-ppv5.dcm", grid_of_series(folder / "24x38x3" / "image"))
    truth, _ = nrrd.read(str(folder / "sparse_labelmap_ppv5_seg.nrrd"))
    np.testing.assert_array_equal(read.labels.to_values(), np.where(truth == 1, 1, 0).transpose())


@pytest.mark.shared
def test_overlapping_segments_are_refused_by_name(interop: Path, grid_of_series: GridOf) -> None:
    folder = interop / "dcmqi_seg"
    with pytest.raises(Refused) as caught:
        read_seg(folder / "partial_overlaps.dcm", grid_of_series(folder / "ct-3slice"))
    assert caught.value.codes == ("MASK_OVERLAP",)
    assert all(name in caught.value.notices[0].found for name in OVERLAP_NAMES)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["seg_image_ct_binary", "seg_image_ct_binary_fractional", "seg_image_ct_true_fractional"])
def test_highdicoms_own_files(name: str, interop: Path) -> None:
    path = interop / "highdicom_test_files" / f"{name}.dcm"
    segmentation = hd.seg.segread(path)
    volume = segmentation.get_volume(combine_segments=False, rescale_fractional=True)
    grid = Grid(volume.spatial_shape, volume.affine, str(segmentation.FrameOfReferenceUID))
    read = read_seg(path, grid)
    np.testing.assert_array_equal(read.labels.to_values() == 1, volume.array[..., 0] >= 0.5)
    fractional = segmentation.SegmentationType == "FRACTIONAL"
    assert [n.code for n in read.notices] == (["MASK_FRACTIONAL"] if fractional else [])


@pytest.mark.shared
def test_a_tumour_drawn_by_another_program_on_a_real_pet(shared_data: Path, grid_of_series: GridOf) -> None:
    """dcmqi's SR of the same segment says 795 voxels (data/README)."""
    path = shared_data / "interop" / "dcmqi_sr_example" / "seg.dcm"
    segmentation = hd.seg.segread(path)
    volume = segmentation.get_volume(combine_segments=True)
    read = read_seg(path, Grid(volume.spatial_shape, volume.affine, str(segmentation.FrameOfReferenceUID)))
    assert {label: region.voxels for label, region in read.labels.regions.items()} == {1: 795}
    assert dict(read.names) == {1: "Neoplasm, Primary"}


@pytest.mark.shared
def test_real_segments_on_pet_and_on_its_ct(shared_data: Path, grid_of_series: GridOf) -> None:
    """Two SEGs over a real GE study. The one on the PET is placed as it is; the one on the CT is looked up, and says so."""
    folder = shared_data / "acrin042_ge"
    grid = grid_of_series(folder / "PT_AC_BQML")
    on_pet = next((folder / "SEG_PT_2seg_58fr").iterdir())
    read = read_seg(on_pet, grid)
    truth = hd.seg.segread(on_pet).get_volume(combine_segments=True)
    assert read.notices == ()
    for number, region in read.labels.regions.items():
        where = truth.map_indices_to_reference(np.argwhere(truth.array == number))
        assert set(map(tuple, np.rint(grid.to_kji(where)).astype(int))) == set(map(tuple, region.indices_kji))
    on_ct = next((folder / "SEG_CT_2seg_58fr").iterdir())
    looked_up = read_seg(on_ct, grid)
    assert [n.code for n in looked_up.notices] == ["MASK_RESAMPLED"]
    truth = hd.seg.segread(on_ct).get_volume(combine_segments=True)
    for number, region in looked_up.labels.regions.items():
        index = np.rint(truth.map_reference_to_indices(region.centres_lps_mm())).astype(int)
        assert (truth.array[tuple(index.T)] == number).all()
        assert region.volume_ml == pytest.approx((truth.array == number).sum() * np.prod(truth.spacing) / 1000, rel=0.01)


def made(
    pixels: np.ndarray, source: Sequence[Dataset], *, kind: str = "BINARY", labels: Sequence[str] = ("one",), when: datetime
) -> hd.seg.Segmentation:
    """A SEG by highdicom, of any type, with the lesion code for every segment."""
    described = [
        hd.seg.SegmentDescription(
            n,
            label,
            hd.sr.CodedConcept("49755003", "SCT", "Morphologically Altered Structure"),
            hd.sr.CodedConcept("108369006", "SCT", "Neoplasm"),
            "MANUAL",
        )
        for n, label in enumerate(labels, start=1)
    ]
    return hd.seg.Segmentation(
        list(source), pixels, kind, described, hd.UID(), 1, hd.UID(), 1, "M", "m", "1", "1", content_date=when.date()
    )


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP", "FRACTIONAL"])
@pytest.mark.parametrize("backwards", [False, True])
def test_every_type_in_every_frame_order(
    kind: str, backwards: bool, grid: Grid, pet_headers: Headers, when: datetime, tmp_path: Path
) -> None:
    values = np.zeros(grid.shape_kji, dtype=np.uint8)
    values[1, 2, 3:6], values[5, 8, 10], values[3, 0, 0] = 1, 1, 2
    order = -1 if backwards else 1
    path = tmp_path / "seg.dcm"
    made(values[::order], pet_headers(grid)[::order], kind=kind, labels=("one", "two"), when=when).save_as(path)
    np.testing.assert_array_equal(read_seg(path, grid).labels.to_values(), values)


def test_one_half_belongs_to_the_segment(usual_grid: Grid, pet_headers: Headers, when: datetime, tmp_path: Path) -> None:
    fractions = np.zeros(usual_grid.shape_kji, dtype=np.float32)
    fractions[1, 2, 3], fractions[1, 2, 4], fractions[1, 2, 5] = 1.0, 128 / 255, 127 / 255
    path = tmp_path / "seg.dcm"
    made(fractions, pet_headers(usual_grid), kind="FRACTIONAL", when=when).save_as(path)
    read = read_seg(path, usual_grid)
    assert read.labels.regions[1].indices_kji.tolist() == [[1, 2, 3], [1, 2, 4]]
    assert [n.code for n in read.notices] == ["MASK_FRACTIONAL"]


def other_grid(grid: Grid, *, scale: tuple[float, float, float], shape: tuple[int, int, int], shift: float = 0.0) -> Grid:
    """A grid over the same field, its voxels `scale` times as long along k, j, i, its first voxel's corner in the same place."""
    affine = grid.affine_lps.copy()
    affine[:3, :3] = grid.affine_lps[:3, :3] * np.array(scale)
    affine[:3, 3] = grid.to_lps_mm((np.array(scale) - 1) / 2 + shift)
    return Grid(shape, affine, grid.frame_uid)


def test_a_finer_grid_is_looked_up_at_the_pet_voxels(grid: Grid, pet_headers: Headers, when: datetime, tmp_path: Path) -> None:
    """Every PET voxel is divided in 3 × 3 along row and column: the middle one decides."""
    fine = other_grid(grid, scale=(1, 1 / 3, 1 / 3), shape=(7, 27, 33))
    values = np.zeros(fine.shape_kji, dtype=np.uint8)
    values[2, 9 + 1, 12 + 1] = 1  # the middle of PET voxel (2, 3, 4)
    values[3, 9:12, 15:18] = 1
    values[3, 10, 16] = 0  # all of PET voxel (3, 3, 5) but its middle
    values[4, 12:15, 3:9] = 1  # PET voxels (4, 4, 1) and (4, 4, 2)
    path = tmp_path / "seg.dcm"
    made(values, pet_headers(fine), when=when).save_as(path)
    read = read_seg(path, grid)
    assert read.labels.regions[1].indices_kji.tolist() == [[2, 3, 4], [4, 4, 1], [4, 4, 2]]
    assert [n.code for n in read.notices] == ["MASK_RESAMPLED"]


def refusal(path: Path, grid: Grid) -> str:
    with pytest.raises(Refused) as caught:
        read_seg(path, grid)
    return caught.value.codes[0]


def test_a_coarser_grid_is_refused(usual_grid: Grid, pet_headers: Headers, when: datetime, tmp_path: Path) -> None:
    coarse = other_grid(usual_grid, scale=(1, 2, 2), shape=(7, 4, 5))
    path = tmp_path / "seg.dcm"
    made(np.ones(coarse.shape_kji, dtype=np.uint8), pet_headers(coarse), when=when).save_as(path)
    assert refusal(path, usual_grid) == "MASK_GRID_DIFFERS"


def test_another_frame_of_reference_is_refused(usual_grid: Grid, pet_headers: Headers, when: datetime, tmp_path: Path) -> None:
    elsewhere = Grid(usual_grid.shape_kji, usual_grid.affine_lps, "1.2.3.4")
    path = tmp_path / "seg.dcm"
    made(np.ones(usual_grid.shape_kji, dtype=np.uint8), pet_headers(elsewhere), when=when).save_as(path)
    assert refusal(path, usual_grid) == "FRAME_OF_REFERENCE_DIFFERS"


def test_what_lies_outside_the_pet_is_told(usual_grid: Grid, pet_headers: Headers, when: datetime, tmp_path: Path) -> None:
    longer = Grid((9, 9, 11), usual_grid.affine_lps, usual_grid.frame_uid)
    values = np.zeros(longer.shape_kji, dtype=np.uint8)
    values[5:9, 1, 1] = 1
    path = tmp_path / "seg.dcm"
    made(values, pet_headers(longer), when=when).save_as(path)
    read = read_seg(path, usual_grid)
    assert read.labels.regions[1].voxels == 2
    assert [(n.code, n.found) for n in read.notices] == [("OUTSIDE_FOV", "2 voxels of the mask")]


def test_slices_that_stray_from_even_spacing_are_still_the_pets(
    usual_grid: Grid, pet_headers: Headers, when: datetime, tmp_path: Path
) -> None:
    """Real GE slices vary by some per cent; the PET grid is their average (FAILURES 38)."""
    source = pet_headers(usual_grid)
    for k, by_mm in enumerate((0.0, 0.3, -0.3, 0.5, -0.5, 0.2, 0.0)):
        source[k].ImagePositionPatient[2] = round(float(source[k].ImagePositionPatient[2]) + by_mm, 4)
    values = np.zeros(usual_grid.shape_kji, dtype=np.uint8)
    values[range(7), 1, range(7)] = 1
    path = tmp_path / "seg.dcm"
    made(values, source, when=when).save_as(path)
    read = read_seg(path, usual_grid)
    np.testing.assert_array_equal(read.labels.to_values(), values)
    assert read.notices == ()


def test_a_segment_without_voxels_is_flagged_and_no_voxel_at_all_refused(
    usual_grid: Grid, pet_headers: Headers, when: datetime, tmp_path: Path
) -> None:
    values = np.zeros(usual_grid.shape_kji, dtype=np.uint8)
    values[1, 1, 1] = 2
    path = tmp_path / "seg.dcm"
    made(values, pet_headers(usual_grid), labels=("nothing", "node"), when=when).save_as(path)
    read = read_seg(path, usual_grid)
    assert sorted(read.labels.regions) == [2]
    assert [(n.code, n.found) for n in read.notices] == [("MASK_SEGMENT_EMPTY", "'nothing'")]
    dataset = dcmread(path)
    dataset.PixelData = bytes(len(dataset.PixelData))
    dataset.save_as(path)
    assert refusal(path, usual_grid) == "MASK_EMPTY"


def test_pixels_that_end_early_are_refused(
    usual_grid: Grid,
    pet_headers: Headers,
    make_lesions: Callable[[Grid], list[Lesion]],
    provenance: Provenance,
    when: datetime,
    tmp_path: Path,
) -> None:
    path = tmp_path / "seg.dcm"
    seg = write_seg(make_lesions(usual_grid), pet_headers(usual_grid), patient="P", method=provenance, software="c", when=when)
    assert seg is not None
    path.write_bytes(seg)
    dataset = dcmread(path)
    dataset.PixelData = dataset.PixelData[:40]
    dataset.save_as(path)
    assert refusal(path, usual_grid) == "MASK_UNREADABLE"


@pytest.mark.parametrize(("syntax", "plugin"), [(RLELossless, "pydicom"), (JPEG2000Lossless, "pylibjpeg")])
def test_compressed_frames_are_read_and_a_broken_one_is_refused(
    syntax: UID, plugin: str, wide_grid: Grid, label_map: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "a.dcm"
    label_map.save_as(path, enforce_file_format=True)
    truth = read_seg(path, wide_grid).labels.to_values()
    label_map.decompress(generate_instance_uid=False)
    label_map.compress(syntax, encoding_plugin=plugin, generate_instance_uid=False)
    label_map.save_as(path, enforce_file_format=True)
    np.testing.assert_array_equal(read_seg(path, wide_grid).labels.to_values(), truth)
    label_map.PixelData = encapsulate([b"\xff\x4f\xff\x51" + b"\0" * 90 for _ in range(int(label_map.NumberOfFrames))])
    label_map.save_as(path, enforce_file_format=True)
    with pytest.raises((Refused, *BROKEN_FILE)):
        read_seg(path, wide_grid)


@pytest.fixture
def wide_grid(usual_grid: Grid) -> Grid:
    """Room enough for a compression to make something smaller."""
    return Grid((7, 64, 48), usual_grid.affine_lps, usual_grid.frame_uid)


@pytest.fixture
def label_map(
    wide_grid: Grid, pet_headers: Headers, make_lesions: Callable[[Grid], list[Lesion]], provenance: Provenance, when: datetime
) -> Dataset:
    lesions, source = make_lesions(wide_grid), pet_headers(wide_grid)
    made = write_seg(lesions, source, patient="P", method=provenance, software="c", when=when, form="LABELMAP")
    return dcmread(io.BytesIO(made or b""))


def test_segments_keep_their_tracks(wide_grid: Grid, label_map: Dataset, tmp_path: Path) -> None:
    del label_map.SegmentSequence[2].TrackingUID
    label_map.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    read = read_seg(tmp_path / "a.dcm", wide_grid)
    told = {int(s.SegmentNumber): (s.get("TrackingUID"), s.get("TrackingID")) for s in label_map.SegmentSequence}
    assert {n: (track.uid, track.id) for n, track in read.tracks.items()} == {n: told[n] for n in (1, 3, 4)}


@pytest.mark.parametrize(("name", "most"), [("MOST_FRAMES", 1), ("MOST_BYTES", {"SegmentSequence": 100})])
def test_more_frames_or_segments_than_can_be_meant(
    name: str, most: object, label_map: Dataset, wide_grid: Grid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    label_map.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    assert read_seg(tmp_path / "a.dcm", wide_grid).names
    monkeypatch.setattr(seg_reading, name, most)
    assert refusal(tmp_path / "a.dcm", wide_grid) == "MASK_UNREADABLE"
