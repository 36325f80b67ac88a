"""Truth: the planted lesions of noise-free phantoms, through DICOM files of three vendors and back."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from carpet.anatomy.survey import survey
from carpet.core.errors import Refused
from carpet.core.lesion import Status
from carpet.core.protocol import Protocol, SegmentProtocol
from carpet.core.record import Measurement, Missing
from carpet.dicom.nifti import write_nifti
from carpet.run.measuring import measured
from carpet.run.pipeline import Result, Wishes, identify, measure_study
from carpet.segment import candidates, segmenters
from carpet.testing import NO_BLUR, PhantomScan, Storage, random_phantom, simple_phantom, write_study

Measure = Callable[..., Result]
VENDORS = ("siemens", "ge", "philips")


def value(result: Result, name: str, *, segmenter: str, of: str = "patient") -> float:
    found = [one for one in result.values if (one.name, one.segmenter, one.of) == (name, segmenter, of)]
    assert len(found) == 1
    assert isinstance(found[0], Measurement), found[0]
    return found[0].value


def by_truth(scan: PhantomScan, vendor: str, folder: Path) -> tuple[Result, float]:
    """The study with its voxelised truth as mask, and the largest rounding error of a stored SUV."""
    mask = folder / "truth.nii.gz"
    mask.write_bytes(write_nifti(scan.truth.to_values(), scan.truth.grid))
    written = write_study(scan, folder / "dicom", vendor=vendor)
    wishes = Wishes(mask=mask, reader="Dr A")
    with measured(folder / "dicom", Protocol(), wishes, series_uid=None, weight_kg=None, say=lambda step: None) as result:
        return result, written.suv_step_max / 2.0


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_truth_as_mask_gives_the_truth(vendor: str, tmp_path: Path) -> None:
    scan = simple_phantom()
    result, rounding = by_truth(scan, vendor, tmp_path)
    grid, regions = scan.suv.grid, scan.truth.regions
    voxels = sum(region.voxels for region in regions.values())
    assert value(result, "tmtv", segmenter="mask") == pytest.approx(voxels * grid.voxel_ml, rel=1e-12)
    assert value(result, "lesion_count", segmenter="mask") == 3
    planted_ml = sum(fact.volume_ml for fact in scan.planted)
    surface_ml = value(result, "tts", segmenter="mask") * max(grid.spacing_mm_kji) / 2.0 / 1000.0  # half a voxel all around
    assert value(result, "tmtv", segmenter="mask") == pytest.approx(planted_ml, abs=surface_ml)
    assert value(result, "tmtv", segmenter="mask") == pytest.approx(planted_ml, rel=0.02)
    centres = np.array([fact.centre_lps_mm for fact in scan.planted])
    dmax_mm = max(float(np.linalg.norm(a - b)) for a in centres for b in centres)
    assert value(result, "dmax", segmenter="mask") == pytest.approx(dmax_mm, abs=max(grid.spacing_mm_kji) / 2.0)
    true_suv = np.concatenate([region.values_of(scan.true_suv) for region in regions.values()]).astype(np.float64)
    tolerance = rounding * 1.001 + 1e-6  # and float32
    assert value(result, "suv_mean", segmenter="mask") == pytest.approx(true_suv.mean(), abs=tolerance)
    assert value(result, "suv_max", segmenter="mask") == pytest.approx(12.0, abs=tolerance)
    assert result.reviewed


@pytest.mark.parametrize("vendor", VENDORS)
def test_suv4_finds_exactly_the_planted_voxels(vendor: str, tmp_path: Path) -> None:
    scan = simple_phantom()
    write_study(scan, tmp_path, vendor=vendor)
    with measured(tmp_path, Protocol(), Wishes(), series_uid=None, weight_kg=None, say=lambda step: None) as result:
        found = [{tuple(index) for index in lesion.region.indices_kji} for lesion in result.lesions]
    planted = [{tuple(index) for index in region.indices_kji} for region in scan.truth.regions.values()]
    bladder = {tuple(index) for index in scan.organ("bladder").indices_kji}
    assert sorted(map(len, found)) == sorted(map(len, [*planted, bladder]))
    assert all(one in found for one in [*planted, bladder])


@pytest.mark.parametrize("seed", [1, 2])
def test_suv4_finds_the_planted_voxels_of_a_whole_body(seed: int) -> None:
    scan = random_phantom(seed, imaging=NO_BLUR)
    found = {frozenset(map(tuple, one.indices_kji)) for one in candidates(scan.suv, SegmentProtocol()).labels.regions.values()}
    large = [scan.truth.regions[fact.label] for fact in scan.planted if scan.truth.regions[fact.label].volume_ml >= 3.0]
    assert len(large) >= 3
    assert [one for one in large if frozenset(map(tuple, one.indices_kji)) not in found] == []


def test_all_eleven_delineations_from_one_lesion_set(ready: Any, measured_with: Measure) -> None:
    protocol = Protocol(segment=SegmentProtocol(also=tuple(segmenters())))
    result = measured_with(Wishes(decisions=ready.decisions), protocol)
    names = sorted({one.segmenter for one in result.values if one.of == "patient"})
    assert names == sorted(segmenters())
    assert len(names) == 11
    per_segmenter = {name: [one.name for one in result.values if (one.of, one.segmenter) == ("patient", name)] for name in names}
    assert all(rows == per_segmenter["suv4.0"] for rows in per_segmenter.values())
    planted_ml = sum(region.volume_ml for region in ready.scan.truth.regions.values())
    for name in ("suv4.0", "max41", "max50", "mv2"):  # uniform lesions in a cold body: all thresholds cut at the edge
        assert value(result, "tmtv", segmenter=name) == pytest.approx(planted_ml, rel=1e-9)
    liver = [one for one in result.values if one.segmenter == "liver_mean" and one.of == "patient"]
    assert all(isinstance(one, Missing) for one in liver)  # this torso has no landmark from which to find the liver
    assert "SEGMENTER_MISSING" in [flag.code for flag in result.flags]


def test_labels_run_from_one_and_ids_differ(unreviewed: Result) -> None:
    assert [lesion.label for lesion in unreviewed.lesions] == [1, 2, 3, 4]
    assert len({lesion.id for lesion in unreviewed.lesions}) == 4
    volumes = [lesion.region.volume_ml for lesion in unreviewed.lesions]
    assert all(a >= b for a, b in pairwise(volumes))


def test_without_a_reader_everything_is_marked(unreviewed: Result) -> None:
    assert not unreviewed.reviewed
    assert all("UNREVIEWED" in one.flags for one in unreviewed.values)
    codes = [flag.code for flag in unreviewed.flags]
    assert codes.count("UNREVIEWED") == 1
    assert "UNDECIDED_LEFT" in codes


def test_a_reader_of_all_takes_the_mark_away(reviewed: Result) -> None:
    assert reviewed.reviewed
    assert not any("UNREVIEWED" in one.flags for one in reviewed.values)
    assert not {"UNREVIEWED", "UNDECIDED_LEFT"} & {flag.code for flag in reviewed.flags}
    assert [lesion.status for lesion in reviewed.lesions] == [Status.PHYSIOLOGIC, *[Status.DISEASE] * 3]
    assert all("Dr A" in lesion.decided_by for lesion in reviewed.lesions)
    assert value(reviewed, "lesion_count", segmenter="suv4.0") == 3


def decided(measured_with: Measure, tmp_path: Path, text: str | bytes) -> Result:
    path = tmp_path / "decisions.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return measured_with(Wishes(decisions=path))


def test_one_region_left_keeps_the_mark(ready: Any, measured_with: Measure, tmp_path: Path) -> None:
    result = decided(measured_with, tmp_path, ready.decisions.read_text().rsplit("L04", 1)[0])
    assert not result.reviewed
    assert [lesion.reviewed for lesion in result.lesions] == [True, True, True, False]


def test_a_point_addresses_a_region_and_a_site_is_kept(ready: Any, measured_with: Measure, tmp_path: Path) -> None:
    left, posterior, superior = ready.scan.planted[0].centre_lps_mm
    result = decided(measured_with, tmp_path, f"l_mm;p_mm;s_mm;status;reader;site\n{left};{posterior};{superior};disease;Dr A;spleen\n")
    lesion = next(lesion for lesion in result.lesions if lesion.reviewed)
    assert lesion.region.voxels == ready.scan.truth.regions[1].voxels
    assert lesion.site is not None
    assert lesion.site.meaning.lower() == "spleen"


def test_a_point_adds_a_region_below_the_least_volume(ready: Any, measured_with: Measure, tmp_path: Path) -> None:
    path = tmp_path / "decisions.csv"
    left, posterior, superior = ready.scan.planted[1].centre_lps_mm  # 11.5 mL
    path.write_text(f"l_mm,p_mm,s_mm,status,reader\n{left},{posterior},{superior},disease,Dr A\n")
    protocol = Protocol(segment=SegmentProtocol(preselect_min_ml=15.0))
    without = measured_with(Wishes(), protocol)
    assert without.small is not None
    assert without.small.count == 1
    assert without.small.volume_ml == pytest.approx(ready.scan.truth.regions[2].volume_ml)
    assert "SMALL_REGIONS_LEFT" in [flag.code for flag in without.flags]
    result = measured_with(Wishes(decisions=path), protocol)
    assert len(result.lesions) == len(without.lesions) + 1
    assert value(result, "tmtv", segmenter="suv4.0") == pytest.approx(ready.scan.truth.regions[2].volume_ml)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("lesion_id,status\nL01,disease\n", "DECISION_MALFORMED"),
        ("lesion_id,status,reader\nL01,maybe,Dr A\n", "DECISION_MALFORMED"),
        ("lesion_id,status,reader\nL99,disease,Dr A\n", "DECISION_UNKNOWN_LESION"),
        ("lesion_id,status,reader\nL01,accept,Dr A\n", "DECISION_NOTHING_TO_ACCEPT"),
        ("lesion_id,status,reader\nL01,disease,Dr M\u00fcller\n".encode("cp1252"), "DECISION_MALFORMED"),
        ("lesion_id,status,reader\nL01,disease," + "x" * 200_000, "DECISION_MALFORMED"),
        ("lesion_id,status,reader\n" + "L01,disease,Dr A\n" * 70_000, "DECISION_MALFORMED"),
    ],
)
def test_a_faulty_decisions_file_is_refused(measured_with: Measure, tmp_path: Path, text: str | bytes, code: str) -> None:
    with pytest.raises(Refused) as caught:
        decided(measured_with, tmp_path, text)
    assert code in caught.value.codes
    assert all("decisions.csv" in notice.where for notice in caught.value.notices)


def test_a_mask_without_a_reader_is_unreviewed_disease(ready: Any, measured_with: Measure) -> None:
    result = measured_with(Wishes(mask=ready.truth))
    assert not result.reviewed
    assert {lesion.status for lesion in result.lesions} == {Status.DISEASE}
    assert {"MASK_GIVEN", "MASK_READER_UNKNOWN", "UNREVIEWED"} <= {flag.code for flag in result.flags}
    assert result.small is None


def test_a_mask_with_a_reader_is_reviewed(by_mask: Result) -> None:
    assert by_mask.reviewed
    assert {lesion.decided_by for lesion in by_mask.lesions} == {"reader Dr A"}
    assert {one.segmenter for one in by_mask.values} == {"mask"}


def test_a_decision_overrides_a_mask(ready: Any, measured_with: Measure, tmp_path: Path) -> None:
    path = tmp_path / "decisions.csv"
    path.write_text("lesion_id,status,reader\nL01,physiologic,Dr B\n")
    result = measured_with(Wishes(mask=ready.truth, decisions=path, reader="Dr A"))
    assert [lesion.status for lesion in result.lesions] == [Status.PHYSIOLOGIC, Status.DISEASE, Status.DISEASE]
    assert result.reviewed


def test_nothing_hot_gives_no_lesion_but_numbers_and_reasons(tmp_path: Path, measured_with: Measure) -> None:
    protocol = Protocol(segment=SegmentProtocol(preselect_suv=1000.0))
    result = measured_with(Wishes(), protocol)
    assert result.lesions == ()
    assert not result.reviewed
    assert value(result, "tmtv", segmenter="suv4.0") == 0.0
    path = tmp_path / "decisions.csv"
    path.write_text("lesion_id,status,reader\n*,accept,Dr A\n")
    assert measured_with(Wishes(decisions=path), protocol).reviewed


def test_measuring_again_gives_the_same(unreviewed: Result) -> None:
    again = measure_study(unreviewed.study, unreviewed.quantification, unreviewed.protocol, Wishes(), lambda step: None)
    assert again.values == unreviewed.values
    assert again.flags == unreviewed.flags


def test_identify_keeps_every_region(unreviewed: Result) -> None:
    labels = candidates(unreviewed.suv, SegmentProtocol()).labels
    lesions = identify(labels, unreviewed.suv, survey(unreviewed.suv, None), None)
    assert [lesion.region.voxels for lesion in lesions] == [region.voxels for region in labels.regions.values()]
    assert all(lesion.decided_by.startswith("rule ") and not lesion.reviewed for lesion in lesions)


def test_odd_numbers_are_flagged(tmp_path: Path) -> None:
    from carpet.testing.timing import Visit

    write_study(simple_phantom(spacing_mm=12.0, with_ct=False), tmp_path, visit=Visit(dose_bq=1.0e9))
    with measured(tmp_path, Protocol(), Wishes(), series_uid=None, weight_kg=None, say=lambda step: None) as result:
        flags = {flag.code: flag.found for flag in result.flags}
    assert flags["DOSE_UNUSUAL"] == "1000 MBq"
    assert flags["PEAK_VOXEL_LARGE"] == "1.73 mL"
    assert "NO_CT" in flags


def test_more_activity_than_was_injected_is_flagged(tmp_path: Path) -> None:
    """Bq/mL under the name of SUV: a number comes out, and the law of the injected dose says that it is wrong."""
    written = write_study(simple_phantom(spacing_mm=12.0, with_ct=False), tmp_path, edit=_called_suv)
    with measured(written.path, Protocol(), Wishes(), series_uid=None, weight_kg=None, say=lambda step: None) as result:
        assert "ACTIVITY_IMPLAUSIBLE" in {flag.code for flag in result.flags}
        assert all("ACTIVITY_IMPLAUSIBLE" in one.flags for one in result.values if isinstance(one, Measurement))


def _called_suv(dataset: Any, index: int) -> None:
    dataset.Units, dataset.SUVType = "GML", "BW"


@pytest.fixture(scope="module")
def one_voxel(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A study, and a mask of one voxel of a lesion."""
    folder = tmp_path_factory.mktemp("voxel")
    scan = simple_phantom()
    write_study(scan, folder / "dicom", storage=Storage(with_ct=False))
    values = np.zeros(scan.suv.grid.shape_kji, dtype=np.uint8)
    region = scan.truth.regions[1]
    k, j, i = (int(index) for index in region.indices_kji[0])
    values[k, j, i] = 1
    (folder / "mask.nii.gz").write_bytes(write_nifti(values, scan.suv.grid))
    return folder / "dicom", folder / "mask.nii.gz"


def test_a_warning_about_one_delineation_stands_at_its_numbers_only(one_voxel: tuple[Path, Path]) -> None:
    """One voxel of a lesion as mask, 5 mm of margin: suv2.5 would go on, and says so."""
    dicom, mask = one_voxel
    protocol = Protocol(segment=SegmentProtocol(also=("suv2.5",), margin_mm=5.0))
    with measured(dicom, protocol, Wishes(mask=mask), series_uid=None, weight_kg=None, say=lambda step: None) as result:
        marked = {one.segmenter for one in result.values if one.of == "patient" and "MARGIN_REACHED" in one.flags}
        assert marked == {"suv2.5"}
        assert "MARGIN_REACHED" in {notice.code for notice in result.flags}


def test_a_main_delineation_that_cannot_be_made_is_refused(ready: Any, measured_with: Measure) -> None:
    """Else the lesion table would show the candidate regions under another method's name; this torso has no liver to be found."""
    with pytest.raises(Refused) as refused:
        measured_with(Wishes(decisions=ready.decisions), Protocol(segment=SegmentProtocol(method="liver_mean")))
    assert refused.value.codes == ("MAIN_SEGMENTER_MISSING",)
    assert "liver_mean: LIVER" in str(refused.value)
