"""Truth: the regions that went in; highdicom 0.28 and dciodvfy as readers; METHODS §K.2 for the codes."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from carpet.core.lesion import Lesion, Status
from carpet.core.record import Provenance
from carpet.core.space import Grid, Region, SpaceError
from carpet.dicom.seg import source_header, tracking_uid, write_seg
from carpet.dicom.seg_reading import read_seg

Headers = Callable[[Grid], list[Dataset]]
Lesions = Callable[[Grid], list[Lesion]]
Write = Callable[..., bytes]


@pytest.fixture
def write(provenance: Provenance, when: datetime) -> Write:
    def written(lesions: list[Lesion], source: list[Dataset], **changed: object) -> bytes:
        given = {"patient": "P007", "method": provenance, "software": "carpet 0.1.0", "when": when} | changed
        made = write_seg(lesions, source, **given)  # type: ignore[arg-type]
        assert made is not None
        return made

    return written


def opened(made: bytes) -> Dataset:
    return dcmread(io.BytesIO(made))


def test_voxels_come_back_equal(grid: Grid, pet_headers: Headers, make_lesions: Lesions, write: Write, tmp_path: Path) -> None:
    lesions = make_lesions(grid)
    path = tmp_path / "lesions.seg.dcm"
    path.write_bytes(write(lesions, pet_headers(grid)))
    read = read_seg(path, grid)
    assert read.notices == ()
    assert sorted(read.labels.regions) == [1, 2, 3, 4]
    for number, lesion in enumerate(lesions, start=1):
        np.testing.assert_array_equal(read.labels.regions[number].indices_kji, lesion.region.indices_kji)


def test_highdicom_sees_each_voxel_at_its_place(
    grid: Grid, pet_headers: Headers, make_lesions: Lesions, write: Write, tmp_path: Path
) -> None:
    hd = pytest.importorskip("highdicom")
    lesions = make_lesions(grid)
    path = tmp_path / "lesions.seg.dcm"
    path.write_bytes(write(lesions, pet_headers(grid)))
    volume = hd.seg.segread(path).get_volume(combine_segments=True)
    where = np.argwhere(volume.array)
    kji = grid.to_kji(volume.map_indices_to_reference(where))
    assert np.abs(kji - np.rint(kji)).max() < 1e-3
    seen = {(int(volume.array[tuple(n)]), *at) for n, at in zip(where, np.rint(kji).astype(int).tolist(), strict=True)}
    assert seen == {(n, *at) for n, lesion in enumerate(lesions, start=1) for at in lesion.region.indices_kji.tolist()}


def test_segments_are_coded_by_status(usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions, write: Write) -> None:
    segments = opened(write(make_lesions(usual_grid), pet_headers(usual_grid))).SegmentSequence
    coded = [(s.SegmentedPropertyCategoryCodeSequence[0].CodeValue, s.SegmentedPropertyTypeCodeSequence[0].CodeValue) for s in segments]
    lesion = ("49755003", "108369006")
    assert coded == [lesion, lesion, ("123037004", "89837001"), lesion]
    assert [s.SegmentLabel for s in segments] == ["L1 Spleen", "L2", "L3 (physiologic) Bladder", "L4 (undecided)"]
    assert segments[0].AnatomicRegionSequence[0].CodeValue == "78961009"
    assert [s.TrackingID for s in segments] == ["L1", "L2", "L3", "L4"]
    assert {s.SegmentAlgorithmType for s in segments} == {"SEMIAUTOMATIC"}
    algorithm = segments[0].SegmentationAlgorithmIdentificationSequence[0]
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("suv4.0", "1")
    assert algorithm.AlgorithmParameters == "threshold=SUVbw ≥ 4.0 g/mL"


def test_physiologic_uptake_of_unknown_organ_is_tissue(usual_grid: Grid, pet_headers: Headers, write: Write) -> None:
    part = Region.of_mask(usual_grid, np.ones(usual_grid.shape_kji, dtype=bool))
    lesion = Lesion("U1", 1, part, Status.PHYSIOLOGIC, "rule", "test")
    segment = opened(write([lesion], pet_headers(usual_grid))).SegmentSequence[0]
    assert segment.SegmentedPropertyTypeCodeSequence[0].CodeValue == "85756007"


def test_only_frames_with_voxels_are_stored(usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions, write: Write) -> None:
    made = opened(write(make_lesions(usual_grid), pet_headers(usual_grid)))
    frames = [
        (f.SegmentIdentificationSequence[0].ReferencedSegmentNumber, float(f.PlanePositionSequence[0].ImagePositionPatient[2]))
        for f in made.PerFrameFunctionalGroupsSequence
    ]
    truth = [
        (number, round(float(usual_grid.to_lps_mm((k, 0, 0))[2]), 6))
        for number, lesion in enumerate(make_lesions(usual_grid), start=1)
        for k in np.unique(lesion.region.indices_kji[:, 0])
    ]
    np.testing.assert_allclose(sorted(frames), sorted(truth), atol=1e-6)
    assert float(made.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices) == pytest.approx(3.27)


def test_same_call_same_bytes_and_other_content_another_uid(
    usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions, write: Write
) -> None:
    source, lesions = pet_headers(usual_grid), make_lesions(usual_grid)
    assert write(lesions, source) == write(lesions, source)
    shape = lesions[0].region.mask.copy()
    shape[0, 0, 0] ^= True
    other = Lesion("L1", 1, Region(usual_grid, lesions[0].region.origin_kji, shape), Status.DISEASE, "r", "b", lesions[0].site)
    assert opened(write([other, *lesions[1:]], source)).SOPInstanceUID != opened(write(lesions, source)).SOPInstanceUID


def test_tracks_join_time_points(usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions, write: Write) -> None:
    made = opened(write(make_lesions(usual_grid), pet_headers(usual_grid), tracks={"L1": "T1"}))
    uids = [s.TrackingUID for s in made.SegmentSequence]
    assert uids[0] == tracking_uid("P007", "another study", "L9", {"L9": "T1"})
    assert uids[1] != tracking_uid("P007", "another study", "L2", None)
    assert len(set(uids)) == 4


def test_no_name_leaves(usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions, write: Write) -> None:
    made = write(make_lesions(usual_grid), pet_headers(usual_grid))
    assert b"anary" not in made.lower()
    dataset = opened(made)
    assert (dataset.PatientID, str(dataset.PatientName), dataset.PatientSex) == ("P007", "P007", "F")


def test_header_with_an_invalid_sex_is_no_obstacle(usual_grid: Grid, pet_headers: Headers) -> None:
    header = pet_headers(usual_grid)[0]
    header.PatientSex = "U"
    assert source_header(header, "P007").PatientSex == ""


def test_no_clock_in_the_room(usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions, write: Write) -> None:
    made = opened(write(make_lesions(usual_grid), pet_headers(usual_grid)))
    dates = {e.value for e in made.iterall() if e.VR in ("DA", "DT") and e.value}
    assert {date[:8] for date in dates} == {"20240305"}


def test_no_lesion_makes_no_seg(usual_grid: Grid, pet_headers: Headers, provenance: Provenance, when: datetime) -> None:
    assert write_seg([], pet_headers(usual_grid), patient="P", method=provenance, software="c", when=when) is None


def test_overlap_and_foreign_sources_are_errors(usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions, write: Write) -> None:
    lesions, source = make_lesions(usual_grid), pet_headers(usual_grid)
    with pytest.raises(SpaceError, match="overlaps"):
        write([*lesions, Lesion("L5", 5, lesions[0].region, Status.DISEASE, "r", "b")], source)
    with pytest.raises(SpaceError, match="source"):
        write(lesions, source[::-1])
    with pytest.raises(SpaceError, match="source"):
        write(lesions, source[:-1])


@pytest.mark.dciodvfy
def test_dciodvfy_finds_no_error(
    grid: Grid, pet_headers: Headers, make_lesions: Lesions, write: Write, tmp_path: Path, validator_errors: Callable[[Path], list[str]]
) -> None:
    path = tmp_path / "lesions.seg.dcm"
    path.write_bytes(write(make_lesions(grid), pet_headers(grid)))
    assert validator_errors(path) == []


def test_large_study_is_written_in_seconds(pet_headers: Headers, write: Write) -> None:
    """400 × 400 × 350 voxels and 15 lesions; 3 s on the reference machine, and an allowance for a busy one."""
    affine = np.diag([1.65, 1.65, 1.65, 1.0])[[2, 1, 0, 3]]
    large = Grid((350, 400, 400), affine, "1.2.3")
    balls = np.linalg.norm(np.indices((21, 21, 21)) - 10, axis=0) <= 10
    lesions = [Lesion(f"L{n}", n, Region(large, (20 * n, 100 + n, 150 + n), balls), Status.DISEASE, "r", "b") for n in range(1, 16)]
    source = pet_headers(large)
    start = time.process_time()
    made = write(lesions, source)
    assert time.process_time() - start < 6.0
    assert opened(made).NumberOfFrames == 15 * 21
