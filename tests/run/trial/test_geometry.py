"""Contract: what is read back is what was measured, to 0.1 mm of the surfaces; a file that is damaged or not ours is refused, never run."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from carpet.core.errors import Refused
from carpet.lesions.residual import blocks_of
from carpet.lesions.surfaces import surfaces_of
from carpet.report.mip import project
from carpet.report.patient_view import drawn_grid
from carpet.run.pipeline import Result
from carpet.run.trial.geometry import EXCRETING, FORMAT, STEP_MM, geometry_bytes, geometry_sha256, is_held, read_geometry, write_geometry


@pytest.fixture(scope="module")
def content(reviewed: Result) -> bytes:
    return geometry_bytes(reviewed)


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    def made(content: bytes) -> Path:
        path = tmp_path / "patient" / "day_1_ab.npz"
        write_geometry(path, content)
        return path

    return made


def test_what_is_read_back_is_what_was_measured(reviewed: Result, content: bytes, file: Callable[[bytes], Path]) -> None:
    found = read_geometry(file(content))
    assert found.grid.same_as(reviewed.suv.grid)
    assert np.array_equal(found.grid.affine_lps, reviewed.suv.grid.affine_lps)
    assert len(found.lesions) == len(reviewed.lesions) > 2
    for one, other in zip(found.lesions, reviewed.lesions, strict=True):
        assert replace(one, region=other.region) == other
        assert one.region.origin_kji == other.region.origin_kji
        assert np.array_equal(one.region.mask, other.region.mask)
    assert np.array_equal(found.mip_coronal, project(reviewed.suv, "coronal"))
    assert found.mip_grid.same_as(drawn_grid(reviewed.suv.grid))
    surfaces = surfaces_of(reviewed.suv, reviewed.anatomy)
    assert found.surfaces is not None
    assert np.abs(found.surfaces.points_lps_mm - surfaces.points_lps_mm).max() <= STEP_MM / 2 + 1e-9
    assert (found.surfaces.normals_lps * surfaces.normals_lps).sum(axis=1).min() > np.cos(np.deg2rad(0.5))
    assert np.array_equal(found.surfaces.kinds, surfaces.kinds)
    assert {name: at.tolist() for name, at in found.surfaces.centres_lps_mm.items()} == {
        name: at.tolist() for name, at in surfaces.centres_lps_mm.items()
    }
    assert found.surfaces.field is found.grid
    expected = blocks_of(reviewed.suv)
    assert found.blocks.grid.same_as(expected.grid)
    assert np.array_equal(found.blocks.values, expected.values)
    organs = reviewed.anatomy.organs
    assert organs is not None
    named = {reviewed.anatomy.organ_names[value]: region for value, region in organs.regions.items()}
    kept = [named[name] for name in EXCRETING if name in named]
    assert [np.array_equal(one.mask, other.mask) for one, other in zip(found.organs, kept, strict=True)] == [True] * len(kept)
    assert all(one.grid.same_as(organs.grid) for one in found.organs)
    assert found.candidate_suv == reviewed.protocol.segment.preselect_suv


def test_the_same_result_is_the_same_bytes_and_small(reviewed: Result, content: bytes) -> None:
    assert geometry_bytes(reviewed) == content
    assert len(content) < 300_000
    other = replace(reviewed, lesions=(replace(reviewed.lesions[0], because="else"), *reviewed.lesions[1:]))
    assert geometry_sha256(geometry_bytes(other)) != geometry_sha256(content)


def test_without_a_lesion_or_a_body(reviewed: Result, file: Callable[[bytes], Path]) -> None:
    found = read_geometry(file(geometry_bytes(replace(reviewed, lesions=(), anatomy=replace(reviewed.anatomy, organs=None)))))
    assert (found.lesions, found.surfaces, found.organs) == ((), None, ())


def test_a_file_of_an_earlier_format_is_refused(content: bytes, file: Callable[[bytes], Path]) -> None:
    facts = json.loads(np.load(io.BytesIO(content))["facts"].tobytes()) | {"format": FORMAT - 1}
    old = changed(content, facts=np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8))
    with pytest.raises(Refused) as refused:
        read_geometry(file(old))
    assert refused.value.codes == ("GEOMETRY_UNREADABLE",)


def test_the_digest_is_of_what_the_file_holds_not_of_how_it_is_packed(content: bytes, file: Callable[[bytes], Path]) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {one.filename: archive.read(one) for one in archive.infolist()}
    stored = repacked(members)
    assert stored != content
    assert geometry_sha256(stored) == geometry_sha256(content)
    assert is_held(file(stored), geometry_sha256(content))


def repacked(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return out.getvalue()


def changed(content: bytes, **arrays: Any) -> bytes:
    """The file with other arrays; None: without this one."""
    with np.load(io.BytesIO(content)) as loaded:
        members = {name: loaded[name] for name in loaded.files} | arrays
    out = io.BytesIO()
    np.savez(out, **{name: array for name, array in members.items() if array is not None})
    return out.getvalue()


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("it was run",))


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut off": lambda content: content[: len(content) // 2],
    "no zip": lambda content: b"hello" * 100,
    "a byte changed": lambda content: content[:2000] + bytes([content[2000] ^ 255]) + content[2001:],
    "an object": lambda content: changed(content, mip=np.array([Evil()], dtype=object)),
    "a pickle": lambda content: repacked({"facts.npy": pickle.dumps(Evil())}),
    "no facts": lambda content: changed(content, facts=None),
    "facts that are no JSON": lambda content: changed(content, facts=np.frombuffer(b"{", dtype=np.uint8)),
    "facts that are no object": lambda content: changed(content, facts=np.frombuffer(b"[]", dtype=np.uint8)),
    "too few boxes": lambda content: changed(content, boxes=np.zeros((1, 6), dtype=np.int32)),
    "boxes outside": lambda content: changed(content, boxes=np.full((4, 6), 10**9, dtype=np.int32)),
    "another picture": lambda content: changed(content, mip=np.zeros((3, 3), dtype=np.float32)),
    "blocks of another grid": lambda content: changed(content, suv_low=np.zeros((2, 2, 2), dtype=np.uint8)),
    "blocks that are no bytes": lambda content: changed(content, suv_high=np.load(io.BytesIO(content))["suv_high"].astype(np.float64)),
    "no blocks": lambda content: changed(content, suv_high=None),
    "too few normals": lambda content: changed(content, normals=np.ones((3, 1), dtype=np.int8)),
    "normals of no length": lambda content: changed(content, normals=0 * np.load(io.BytesIO(content))["normals"]),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_damaged_is_refused_and_not_held(name: str, content: bytes, file: Callable[[bytes], Path]) -> None:
    path = file(DAMAGE[name](content))
    assert not is_held(path, geometry_sha256(content))
    with pytest.raises(Refused) as refused:
        read_geometry(path)
    assert refused.value.codes == ("GEOMETRY_UNREADABLE",)
    assert "day_1_ab.npz" in refused.value.notices[0].where


def test_a_file_that_says_it_is_huge_is_not_unpacked(file: Callable[[bytes], Path]) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6):
            archive.writestr(f"{number}.npy", bytes(100_000_000))
    with pytest.raises(Refused, match="too large"):
        read_geometry(file(out.getvalue()))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "none.npz", "")
    with pytest.raises(Refused, match="no such file"):
        read_geometry(tmp_path / "none.npz")
