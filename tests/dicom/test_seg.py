"""Truth: the regions that went in; highdicom 0.28 and dciodvfy as readers; METHODS §K.2 for the codes."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import RLELossless

from carpet.core.lesion import Code, Lesion, Status
from carpet.core.record import Provenance
from carpet.core.space import Grid, Region, SpaceError
from carpet.dicom.colours import dicom_colour
from carpet.dicom.seg import content_of, property_of, result_uid, segment_label, track_uid, tracking_uids, write_seg
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


@pytest.mark.parametrize("form", ["BINARY", "LABELMAP"])
def test_segments_are_coloured_by_status(form: str, usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions, write: Write) -> None:
    lesions = make_lesions(usual_grid)
    segments = [one for one in opened(write(lesions, pet_headers(usual_grid), form=form)).SegmentSequence if one.SegmentNumber]
    assert [tuple(one.RecommendedDisplayCIELabValue) for one in segments] == [dicom_colour(one.status) for one in lesions]
    assert len({dicom_colour(one.status) for one in lesions}) == len({one.status for one in lesions}) > 1


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
    """One patient, two studies, lesions matched under one track; another patient with a track of the same name."""

    def uids(patient: str, study: str, named: str) -> dict[str, str]:
        source = pet_headers(usual_grid)
        for header in source:
            header.StudyInstanceUID = study
        made = opened(write(make_lesions(usual_grid), source, patient=patient, tracks={named: track_uid(patient, "T1")}))
        return {s.TrackingID: s.TrackingUID for s in made.SegmentSequence}

    baseline, later, other = uids("P007", "1.2.3.1", "L1"), uids("P007", "1.2.3.2", "L2"), uids("P008", "1.2.3.3", "L1")
    assert baseline["L1"] == later["L2"] == track_uid("P007", "T1")
    assert len({*baseline.values(), *later.values(), *other.values()}) == 3 * 4 - 1
    assert track_uid("P007", "T2") not in {*baseline.values(), *later.values()}


def test_a_uid_that_a_lesion_has_already_stays(usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions) -> None:
    lesions, header = make_lesions(usual_grid), pet_headers(usual_grid)[0]
    kept = tracking_uids(lesions, header, patient="P007", tracks={"L3": "1.2.3", "L99": "1.2.4"})
    assert list(kept) == ["L1", "L2", "L3", "L4"]
    assert kept["L3"] == "1.2.3"
    assert kept["L1"] == tracking_uids(lesions, header, patient="P007")["L1"]


def test_no_name_leaves(usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions, write: Write) -> None:
    made = write(make_lesions(usual_grid), pet_headers(usual_grid))
    assert b"anary" not in made.lower()
    dataset = opened(made)
    assert (dataset.PatientID, str(dataset.PatientName), dataset.PatientSex) == ("P007", "P007", "F")


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


def test_whatever_is_written_changes_the_uid(usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions) -> None:
    first, *rest = make_lesions(usual_grid)
    header = pet_headers(usual_grid)[0]
    others = [
        replace(first, id="L9"),
        replace(first, status=Status.UNDECIDED),
        replace(first, site=Code("10200004", "SCT", "Liver")),
        replace(first, region=Region(usual_grid, (0, 0, 0), first.region.mask)),
    ]
    told = {"".join(content_of([one, *rest], tracking_uids([one, *rest], header, patient="P"))) for one in (first, *others)}
    told.add("".join(content_of([first, *rest], tracking_uids([first, *rest], header, patient="P", tracks={"L1": "1.2"}))))
    assert len(told) == 6
    assert result_uid("a", header, "x") != result_uid("b", header, "x") != result_uid("b", header, "y")


def test_a_lesion_has_a_label_and_a_code_by_status(usual_grid: Grid, make_lesions: Lesions) -> None:
    lesion = make_lesions(usual_grid)[2]
    assert segment_label(lesion) == "L3 (physiologic) Bladder"
    assert property_of(lesion)[1] == lesion.site
    assert property_of(replace(lesion, status=Status.DISEASE))[1].meaning == "Neoplasm"
    assert len(segment_label(replace(lesion, id="L" * 90))) == 64


@pytest.mark.filterwarnings("ignore:The number of bytes of compressed")  # RLE of so small frames is as large as they are
def test_a_label_map_holds_the_same(grid: Grid, pet_headers: Headers, make_lesions: Lesions, write: Write, tmp_path: Path) -> None:
    hd = pytest.importorskip("highdicom")
    lesions, source = make_lesions(grid), pet_headers(grid)
    path = tmp_path / "lesions.labelmap.dcm"
    path.write_bytes(write(lesions, source, form="LABELMAP"))
    assert path.read_bytes() == write(lesions, source, form="LABELMAP")
    read, binary = read_seg(path, grid), opened(write(lesions, source))
    assert read.notices == ()
    for number, lesion in enumerate(lesions, start=1):
        np.testing.assert_array_equal(read.labels.regions[number].indices_kji, lesion.region.indices_kji)
    made = dcmread(path)
    assert (made.SOPClassUID, made.SegmentationType) == ("1.2.840.10008.5.1.4.1.1.66.7", "LABELMAP")
    assert made.file_meta.TransferSyntaxUID == RLELossless
    assert [s.TrackingUID for s in made.SegmentSequence if s.SegmentNumber] == [s.TrackingUID for s in binary.SegmentSequence]
    assert {made.SOPInstanceUID, made.SeriesInstanceUID}.isdisjoint({binary.SOPInstanceUID, binary.SeriesInstanceUID})
    volume = hd.seg.segread(path).get_volume(combine_segments=True)
    assert {n: int((volume.array == n).sum()) for n in (1, 2, 3, 4)} == {n: one.region.voxels for n, one in enumerate(lesions, start=1)}


@pytest.mark.parametrize("form", ["BINARY", "LABELMAP"])
def test_frames_of_one_image_are_named_by_number(
    form: str, grid: Grid, frame_headers: Headers, make_lesions: Lesions, write: Write, tmp_path: Path
) -> None:
    lesions, source = make_lesions(grid), frame_headers(grid)
    before = [str(header) for header in source]
    path = tmp_path / "lesions.dcm"
    path.write_bytes(write(lesions, source, form=form))
    assert [str(header) for header in source] == before
    made = dcmread(path)
    for frame in made.PerFrameFunctionalGroupsSequence:
        item = frame.DerivationImageSequence[0].SourceImageSequence[0]
        assert (item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID) == (source[0].SOPClassUID, source[0].SOPInstanceUID)
        k = round(float(grid.to_kji(np.array(frame.PlanePositionSequence[0].ImagePositionPatient, dtype=float))[0]))
        assert item.ReferencedFrameNumber == k + 1
    listed = made.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert [item.ReferencedSOPInstanceUID for item in listed] == [source[0].SOPInstanceUID]
    read = read_seg(path, grid)
    for number, lesion in enumerate(lesions, start=1):
        np.testing.assert_array_equal(read.labels.regions[number].indices_kji, lesion.region.indices_kji)


def as_fractional(made: Dataset) -> Dataset:
    """A label map in the clothes of a FRACTIONAL SEG, which dciodvfy of 2022 knows; all else in it stays as it is."""
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.66.4"
    made.SegmentationType, made.SegmentationFractionalType, made.MaximumFractionalValue = "FRACTIONAL", "PROBABILITY", 255
    made.SegmentSequence = [item for item in made.SegmentSequence if item.SegmentNumber]
    number = Dataset()
    number.ReferencedSegmentNumber = 1
    for frame in made.PerFrameFunctionalGroupsSequence:
        frame.SegmentIdentificationSequence = [number]
    for keyword in ("PixelPaddingValue", "PresentationLUTShape"):
        if keyword in made:
            delattr(made, keyword)
    return made


@pytest.mark.dciodvfy
@pytest.mark.parametrize("headers", ["pet_headers", "frame_headers"])
def test_dciodvfy_finds_no_error_in_what_it_knows_of_a_label_map(
    headers: str,
    usual_grid: Grid,
    make_lesions: Lesions,
    write: Write,
    tmp_path: Path,
    validator_errors: Callable[[Path], list[str]],
    request: pytest.FixtureRequest,
) -> None:
    made = as_fractional(opened(write(make_lesions(usual_grid), request.getfixturevalue(headers)(usual_grid), form="LABELMAP")))
    made.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    assert validator_errors(tmp_path / "a.dcm") == []


@pytest.mark.dciodvfy
def test_dciodvfy_finds_no_error_where_the_source_is_multi_frame(
    usual_grid: Grid,
    frame_headers: Headers,
    make_lesions: Lesions,
    write: Write,
    tmp_path: Path,
    validator_errors: Callable[[Path], list[str]],
) -> None:
    path = tmp_path / "lesions.seg.dcm"
    path.write_bytes(write(make_lesions(usual_grid), frame_headers(usual_grid)))
    assert validator_errors(path) == []


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
