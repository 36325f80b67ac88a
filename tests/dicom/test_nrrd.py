"""Truth: pynrrd as writer and reader; positions by hand; Slicer's guide to .seg.nrrd; dcmqi's published label maps (other program)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import pytest

from carpet.core.errors import Refused
from carpet.core.lesion import Code, Lesion
from carpet.core.space import Grid, SpaceError
from carpet.dicom.nrrd import read_nrrd, write_nrrd

Lesions = Callable[[Grid], list[Lesion]]


def labels(grid: Grid) -> np.ndarray:
    values = np.zeros(grid.shape_kji, dtype=np.uint8)
    values[1, 2, 3:6], values[2, 2, 3], values[6, 8, 10] = 1, 1, 4
    return values


def header_of(grid: Grid, space: str) -> dict[str, Any]:
    """The header of an array stored i fastest, k slowest, in LPS, RAS or LAS."""
    turn = {
        "left-posterior-superior": (1, 1, 1),
        "right-anterior-superior": (-1, -1, 1),
        "LPS": (1, 1, 1),
        "RAS": (-1, -1, 1),
        "LAS": (1, -1, 1),
    }
    flip = np.array(turn[space], dtype=float)
    return {
        "space": space,
        "space directions": [grid.affine_lps[:3, axis] * flip for axis in (2, 1, 0)],
        "space origin": grid.affine_lps[:3, 3] * flip,
        "encoding": "gzip",
    }


def write(path: Path, values: np.ndarray, header: dict[str, Any]) -> Path:
    nrrd.write(str(path), values.transpose(), header)  # pynrrd's array has the fastest axis first
    return path


@pytest.mark.parametrize("space", ["left-posterior-superior", "right-anterior-superior", "LPS", "RAS", "LAS"])
def test_every_space_is_understood(space: str, grid: Grid, tmp_path: Path) -> None:
    read = read_nrrd(write(tmp_path / "m.nrrd", labels(grid), header_of(grid, space)), grid)
    np.testing.assert_array_equal(read.labels.to_values(), labels(grid))
    assert dict(read.names) == {1: "label 1", 4: "label 4"}


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2"])
@pytest.mark.parametrize("kind", ["uint8", "int16", ">u2", "int32", "float32", "float64"])
def test_encodings_and_value_types(encoding: str, kind: str, usual_grid: Grid, tmp_path: Path) -> None:
    header = header_of(usual_grid, "LPS") | {"encoding": encoding}
    read = read_nrrd(write(tmp_path / "m.nrrd", labels(usual_grid).astype(kind), header), usual_grid)
    np.testing.assert_array_equal(read.labels.to_values(), labels(usual_grid))


def slicer_header(grid: Grid) -> dict[str, Any]:
    header = header_of(grid, "left-posterior-superior")
    header["kinds"] = ["list", "domain", "domain", "domain"]
    header["space directions"] = np.vstack([np.full(3, np.nan), header["space directions"]])
    for number, (name, value, layer) in enumerate([("node <b>", 1, 0), ("spleen", 2, 0), ("liver", 1, 1)]):
        header |= {f"Segment{number}_Name": name, f"Segment{number}_LabelValue": str(value), f"Segment{number}_Layer": str(layer)}
    return header


def test_slicers_layers_are_segments_of_their_own(grid: Grid, tmp_path: Path) -> None:
    layers = np.zeros((*grid.shape_kji, 2), dtype=np.uint8)
    layers[1, 2, 3, 0], layers[2, 2, 2, 0], layers[6, 8, 10, 1] = 1, 2, 1
    read = read_nrrd(write(tmp_path / "m.seg.nrrd", layers, slicer_header(grid)), grid)
    assert dict(read.names) == {1: "node <b>", 2: "spleen", 3: "liver"}
    assert [read.labels.regions[n].indices_kji.tolist() for n in (1, 2, 3)] == [[[1, 2, 3]], [[2, 2, 2]], [[6, 8, 10]]]


def test_slicers_layers_that_overlap_are_refused_by_name(usual_grid: Grid, tmp_path: Path) -> None:
    layers = np.zeros((*usual_grid.shape_kji, 2), dtype=np.uint8)
    layers[1, 2, 3:5, 0], layers[1, 2, 4:6, 1] = 2, 1
    with pytest.raises(Refused) as caught:
        read_nrrd(write(tmp_path / "m.seg.nrrd", layers, slicer_header(usual_grid)), usual_grid)
    assert caught.value.codes == ("MASK_OVERLAP",)
    assert caught.value.notices[0].found == "'spleen' and 'liver'"
    assert "1 voxels" in caught.value.notices[0].message


def refusal(path: Path, grid: Grid) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        read_nrrd(path, grid)
    return caught.value.codes[0], caught.value.notices[0].found


def test_what_cannot_be_placed_is_refused(usual_grid: Grid, tmp_path: Path) -> None:
    header = header_of(usual_grid, "LPS")
    positionless = {k: v for k, v in header.items() if k != "space origin"}
    assert refusal(write(tmp_path / "a.nrrd", labels(usual_grid), positionless), usual_grid)[0] == "MASK_UNREADABLE"
    scanner = header | {"space": "scanner-xyz"}
    assert refusal(write(tmp_path / "b.nrrd", labels(usual_grid), scanner), usual_grid)[0] == "MASK_UNREADABLE"
    metres = header | {"space units": ["m", "m", "m"]}
    assert refusal(write(tmp_path / "c.nrrd", labels(usual_grid), metres), usual_grid)[1] == "lengths that are not mm"
    whole = write(tmp_path / "d.nrrd", labels(usual_grid), header | {"encoding": "raw"}).read_bytes()
    (tmp_path / "d.nrrd").write_bytes(whole[:-1])
    assert refusal(tmp_path / "d.nrrd", usual_grid)[1] == "the file ends before the last voxel"


def test_no_other_file_is_opened(usual_grid: Grid, tmp_path: Path) -> None:
    """A detached header names its data file: `../../secret` must not be followed."""
    (tmp_path / "data.raw").write_bytes(labels(usual_grid).tobytes())
    text = "NRRD0004\ntype: uchar\ndimension: 3\nspace: left-posterior-superior\nsizes: 11 9 7\nencoding: raw\n"
    text += "space directions: (4,0,0) (0,4,0) (0,0,4)\nspace origin: (0,0,0)\ndata file: data.raw\n"
    (tmp_path / "m.nhdr").write_text(text)
    assert "another file" in refusal(tmp_path / "m.nhdr", usual_grid)[1]


def test_what_is_written_comes_back(grid: Grid, make_lesions: Lesions, tmp_path: Path) -> None:
    lesions = make_lesions(grid)
    made = write_nrrd(lesions, grid, tracks={"L2": "1.2.3"})
    assert made == write_nrrd(lesions, grid, tracks={"L2": "1.2.3"})
    (tmp_path / "a.seg.nrrd").write_bytes(made)
    read = read_nrrd(tmp_path / "a.seg.nrrd", grid)
    assert dict(read.names) == {1: "L1 Spleen", 2: "L2", 3: "L3 (physiologic) Bladder", 4: "L4 (undecided)"}
    assert {label: (track.uid, track.id) for label, track in read.tracks.items()} == {2: ("1.2.3", "L2")}
    assert [notice.code for notice in read.notices] == ["MASK_WITHOUT_FRAME"]
    for lesion in lesions:
        np.testing.assert_array_equal(read.labels.regions[lesion.label].indices_kji, lesion.region.indices_kji)


def test_pynrrd_sees_each_voxel_at_its_place(grid: Grid, make_lesions: Lesions, tmp_path: Path) -> None:
    lesions = make_lesions(grid)
    (tmp_path / "a.seg.nrrd").write_bytes(write_nrrd(lesions, grid, tracks={}))
    values, header = nrrd.read(str(tmp_path / "a.seg.nrrd"))
    assert (values.dtype, header["space"]) == (np.uint8, "left-posterior-superior")
    for lesion in lesions:
        where = np.argwhere(values == lesion.label) @ header["space directions"] + header["space origin"]
        np.testing.assert_allclose(np.unique(where.round(6), axis=0), np.unique(lesion.region.centres_lps_mm().round(6), axis=0))


def test_slicer_finds_names_codes_and_colours(usual_grid: Grid, make_lesions: Lesions, tmp_path: Path) -> None:
    lesions = make_lesions(usual_grid)
    lesions[0] = replace(lesions[0], site=Code("1", "SCT", "a~b^c|d"))
    (tmp_path / "a.seg.nrrd").write_bytes(write_nrrd(lesions, usual_grid, tracks={"L1": "1.2.3"}))
    header = nrrd.read_header(str(tmp_path / "a.seg.nrrd"))
    assert [header[f"Segment{n}_{key}"] for n in (1, 3) for key in ("ID", "LabelValue", "Layer")] == ["L2", "2", "0", "L4", "4", "0"]
    assert header["Segment0_Extent"] == "3 10 2 8 1 5"
    assert [len(header[f"Segment{n}_Color"].split()) for n in range(4)] == [3] * 4
    term, track, nothing = header["Segment0_Tags"].split("|")
    assert (track, nothing) == ("TrackingUniqueIdentifier:1.2.3", "")
    words = term.removeprefix("TerminologyEntry:").split("~")
    assert [words[n].split("^") for n in (1, 2, 3, 5, 6)] == [
        ["SCT", "49755003", "Morphologically Altered Structure"],
        ["SCT", "108369006", "Neoplasm"],
        ["", "", ""],
        ["SCT", "1", "a b c d"],
        ["", "", ""],
    ]
    assert header["Segmentation_SourceRepresentation"] == "Binary labelmap"


def test_names_in_any_script_and_labels_beyond_255(usual_grid: Grid, make_lesions: Lesions, tmp_path: Path) -> None:
    lesions = [replace(lesion, id=f"{lesion.id} 病変\n\\é", label=lesion.label + 254) for lesion in make_lesions(usual_grid)]
    (tmp_path / "a.seg.nrrd").write_bytes(write_nrrd(lesions, usual_grid, tracks={}))
    read = read_nrrd(tmp_path / "a.seg.nrrd", usual_grid)
    assert read.names[256] == "L2 病変  é"
    assert list(read.labels.regions) == [255, 256, 257, 258]


def test_no_lesion_is_an_empty_image_and_overlap_an_error(usual_grid: Grid, make_lesions: Lesions, tmp_path: Path) -> None:
    (tmp_path / "a.seg.nrrd").write_bytes(write_nrrd([], usual_grid, tracks={}))
    assert not nrrd.read(str(tmp_path / "a.seg.nrrd"))[0].any()
    assert refusal(tmp_path / "a.seg.nrrd", usual_grid)[0] == "MASK_EMPTY"
    lesions = make_lesions(usual_grid)
    with pytest.raises(SpaceError, match="overlaps"):
        write_nrrd([*lesions, replace(lesions[0], id="L5", label=5)], usual_grid, tracks={})


def test_an_endless_header_is_refused(usual_grid: Grid, tmp_path: Path) -> None:
    (tmp_path / "a.nrrd").write_bytes(b"NRRD0004\n" + b"a" * 2**23)
    assert "header of more than" in refusal(tmp_path / "a.nrrd", usual_grid)[1]


@pytest.mark.shared
@pytest.mark.parametrize("name", ["liver_seg", "spine_seg_label5", "liver_spine_seg", "liver_spine_gapped_seg", "heart_seg"])
def test_dcmqi_label_maps(name: str, shared_data: Path, grid_of_series: Callable[[Path], Grid]) -> None:
    folder = shared_data / "interop" / "dcmqi_seg"
    grid = grid_of_series(folder / "ct-3slice")
    truth, _ = nrrd.read(str(folder / f"{name}.nrrd"))
    np.testing.assert_array_equal(read_nrrd(folder / f"{name}.nrrd", grid).labels.to_values(), truth.transpose())
