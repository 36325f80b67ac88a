"""Truth: the same regions written in six formats are the same regions; broken files are refused, never a crash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import nrrd
import numpy as np
import pytest
from pydicom import Dataset

from carpet.core.errors import Refused
from carpet.core.geometry import connected_regions, whole
from carpet.core.lesion import Lesion
from carpet.core.record import Provenance
from carpet.core.space import Grid, Labels, Region
from carpet.dicom.mask import kept_tracks, read_mask
from carpet.dicom.nifti import write_nifti
from carpet.dicom.nrrd import write_nrrd
from carpet.dicom.placing import MaskRead, Track
from carpet.dicom.rtstruct_writing import write_rtstruct
from carpet.dicom.seg import tracking_uids, write_seg

Files = Callable[[Grid], dict[str, Path]]


@pytest.fixture
def files(
    pet_headers: Callable[[Grid], list[Dataset]],
    make_lesions: Callable[[Grid], list[Lesion]],
    provenance: Provenance,
    when: datetime,
    tmp_path: Path,
) -> Files:
    """The four regions in every format that carpet writes, and as a plain NRRD, under names that say something else."""

    def write(grid: Grid) -> dict[str, Path]:
        lesions = make_lesions(grid)
        values = np.zeros(grid.shape_kji, dtype=np.uint16)
        for lesion in lesions:
            values[lesion.region.box][lesion.region.mask] = lesion.label
        source, uids = pet_headers(grid), tracking_uids(lesions, pet_headers(grid)[0], patient="P")
        made = {
            "seg": write_seg(lesions, source, patient="P", method=provenance, software="c", when=when),
            "labelmap": write_seg(lesions, source, patient="P", method=provenance, software="c", when=when, form="LABELMAP"),
            "rtstruct": write_rtstruct(lesions, source, patient="P", method=provenance, software="c", when=when),
            "nifti": write_nifti(values, grid),
            "seg.nrrd": write_nrrd(lesions, grid, tracks=uids),
        }
        names = {"seg": "a.nii.gz", "labelmap": "a.nrrd", "rtstruct": "r.nii", "nifti": "b.dcm", "seg.nrrd": "s.dcm", "nrrd": "c.dcm"}
        paths = {kind: tmp_path / name for kind, name in names.items()}
        for kind, content in made.items():
            assert content is not None
            paths[kind].write_bytes(content)
        header = {
            "space": "left-posterior-superior",
            "space directions": grid.affine_lps[:3, [2, 1, 0]].T,
            "space origin": grid.affine_lps[:3, 3],
        }
        nrrd.write(str(tmp_path / "c.nrrd"), values.transpose(), header)
        (tmp_path / "c.nrrd").rename(paths["nrrd"])
        return paths

    return write


def test_the_content_tells_the_kind_not_the_name(grid: Grid, files: Files, make_lesions: Callable[[Grid], list[Lesion]]) -> None:
    read = {kind: read_mask(path, grid) for kind, path in files(grid).items()}
    for mask in read.values():
        for lesion in make_lesions(grid):
            np.testing.assert_array_equal(mask.labels.regions[lesion.label].indices_kji, lesion.region.indices_kji)
    assert read["seg"].names[1] == "L1 Spleen"
    assert read["nifti"].names[1] == read["nrrd"].names[1] == "label 1"
    assert {kind for kind, mask in read.items() if mask.names == read["seg"].names} == {"seg", "labelmap", "rtstruct", "seg.nrrd"}


def test_every_format_but_the_plain_ones_keeps_the_identity(
    usual_grid: Grid, files: Files, make_lesions: Callable[[Grid], list[Lesion]], pet_headers: Callable[[Grid], list[Dataset]]
) -> None:
    lesions = make_lesions(usual_grid)
    uids = tracking_uids(lesions, pet_headers(usual_grid)[0], patient="P")
    others = [replace(lesion, id=f"N{n}") for n, lesion in enumerate(reversed(lesions))]
    for kind, path in files(usual_grid).items():
        read = read_mask(path, usual_grid)
        known = {} if kind in ("nifti", "nrrd") else uids
        assert {track.id: track.uid for track in read.tracks.values()} == known, kind
        assert kept_tracks(read, others) == {f"N{n}": known[one.id] for n, one in enumerate(reversed(lesions)) if known}, kind


def test_one_lesion_keeps_the_identity_of_a_segment_that_fell_apart(usual_grid: Grid, make_lesions: Callable[[Grid], list[Lesion]]) -> None:
    """L1 has four voxels in one part and one in another; two segments in one lesion: the larger share names it."""
    lesions = make_lesions(usual_grid)
    regions = {number: lesion.region for number, lesion in enumerate(lesions, start=1)}
    drawn = MaskRead(Labels(usual_grid, regions), {}, (), {1: Track("1.1", "a"), 4: Track("1.4", "d")})
    parts = connected_regions(usual_grid, lesions[0].region.mask_in(whole(usual_grid)))
    assert [part.voxels for part in parts] == [4, 1]
    small, large = (replace(lesions[0], id=name, region=part) for name, part in (("S", parts[1]), ("G", parts[0])))
    assert kept_tracks(drawn, [small, large]) == {"G": "1.1"}
    values = lesions[0].region.mask_in(whole(usual_grid)) | lesions[3].region.mask_in(whole(usual_grid))
    both = replace(lesions[0], id="B", region=Region.of_mask(usual_grid, values))
    assert kept_tracks(drawn, [both]) == {"B": "1.1"}
    assert kept_tracks(drawn, [lesions[1]]) == {}


def refusal(path: Path, grid: Grid) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        read_mask(path, grid)
    return caught.value.codes[0], caught.value.notices[0].found


def test_anything_else_is_refused(usual_grid: Grid, pet_headers: Callable[[Grid], list[Dataset]], tmp_path: Path) -> None:
    other = tmp_path / "mask.nii.gz"
    for content in (b"", b"NRRD0004\nrubbish\n\n", b"\x1f\x8b", bytes(1000), b"%PDF-1.7", b"\0" * 128 + b"DICM" + b"\xff" * 50):
        other.write_bytes(content)
        assert refusal(other, usual_grid)[0] == "MASK_UNREADABLE", content[:10]
    pet = pet_headers(usual_grid)[0]
    pet.ensure_file_meta()
    pet.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    pet.save_as(other, enforce_file_format=True)
    assert refusal(other, usual_grid) == ("MASK_UNREADABLE", "DICOM object of class 1.2.840.10008.5.1.4.1.1.128")
    assert refusal(tmp_path, usual_grid)[0] == "MASK_UNREADABLE"
    assert refusal(tmp_path / "absent", usual_grid)[0] == "MASK_UNREADABLE"


@pytest.mark.parametrize("kind", ["seg", "labelmap", "rtstruct", "nifti", "nrrd", "seg.nrrd"])
def test_broken_files_are_refused_and_never_crash(kind: str, usual_grid: Grid, files: Files) -> None:
    """Cut short anywhere, or one byte changed anywhere: a mask on this grid, or Refused."""
    path = files(usual_grid)[kind]
    whole = path.read_bytes()
    rng = np.random.default_rng(11)
    outcomes = set()
    for n in range(150):
        broken = bytearray(whole[: rng.integers(0, len(whole))] if n % 3 == 0 else whole)
        for at in rng.integers(0, max(len(broken), 1), size=3 if broken else 0):
            broken[at] = rng.integers(0, 256)
        path.write_bytes(broken)
        try:
            assert read_mask(path, usual_grid).labels.grid.shape_kji == usual_grid.shape_kji
            outcomes.add("read")
        except Refused as error:
            outcomes.update(error.codes)
    known = {"read", "MASK_UNREADABLE", "MASK_EMPTY", "MASK_OVERLAP", "MASK_GRID_DIFFERS", "FRAME_OF_REFERENCE_DIFFERS"}
    assert {"read", "MASK_UNREADABLE"} <= outcomes <= known


@pytest.mark.shared
def test_odd_dicom_files_are_refused(shared_data: Path, usual_grid: Grid) -> None:
    paths = sorted(path for path in (shared_data / "malformed").rglob("*") if path.is_file())
    assert len(paths) > 20
    for path in paths:
        with pytest.raises(Refused):
            read_mask(path, usual_grid)
