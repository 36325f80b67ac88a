"""Truth: closed form, one broken thing in a reference object that is right; contract: read or refused, soon and in little memory."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from carpet.core.errors import Refused
from carpet.dicom.pixels import stored_values
from carpet.dicom.series import catalogue
from carpet.testing.reference_objects import write_reference_object

Edit = Callable[[FileDataset], None]


def edited(folder: Path, edit: Edit | None = None, syntax: str = ExplicitVRLittleEndian) -> Path:
    """An Enhanced PET of 20 frames, changed."""
    (path,) = write_reference_object("DRO_7_1_0", folder).files
    dataset = dcmread(path)
    if edit:
        edit(dataset)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(path, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=True)
    return path


def codes_of(path: Path) -> list[str]:
    (series,) = catalogue([path]).series
    assert series.grid is None
    return [notice.code for notice in series.refusals]


def group(dataset: Dataset, n: int) -> Dataset:
    frame: Dataset = dataset.PerFrameFunctionalGroupsSequence[n]
    return frame


def in_time(dataset: FileDataset) -> None:
    for n in range(3):
        group(dataset, n + 3).PlanePositionSequence = group(dataset, n).PlanePositionSequence
        group(dataset, n + 3).FrameContentSequence[0].TemporalPositionIndex = 2
        group(dataset, n).FrameContentSequence[0].TemporalPositionIndex = 1


def at_one_place(dataset: FileDataset) -> None:
    group(dataset, 8).PlanePositionSequence = group(dataset, 7).PlanePositionSequence  # their slopes differ
    group(dataset, 8).FrameContentSequence = group(dataset, 7).FrameContentSequence


def gap(dataset: FileDataset) -> None:
    group(dataset, 5).PlanePositionSequence[0].ImagePositionPatient[2] += 2


def macro_twice(dataset: FileDataset) -> None:
    group(dataset, 1).PixelMeasuresSequence = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence


def two_items(dataset: FileDataset) -> None:
    group(dataset, 1).PlanePositionSequence = list(group(dataset, 1).PlanePositionSequence) * 2


def root_position(dataset: FileDataset) -> None:
    del group(dataset, 1).PlanePositionSequence
    dataset.ImagePositionPatient = ["0", "0", "0"]


def of_frame(sequence: str, keyword: str, value: Any, n: int = 4) -> Edit:
    return lambda dataset: setattr(group(dataset, n)[sequence].value[0], keyword, value)


def at_root(**attributes: Any) -> Edit:
    def edit(dataset: FileDataset) -> None:
        for keyword, value in attributes.items():
            if value is None:
                del dataset[keyword]
            else:
                setattr(dataset, keyword, value)

    return edit


def one_group_less(dataset: FileDataset) -> None:
    del dataset.PerFrameFunctionalGroupsSequence[5]


def cut_pixels(dataset: FileDataset) -> None:
    dataset.PixelData = dataset.PixelData[:-2]


def projection(dataset: FileDataset) -> None:
    dataset.SharedFunctionalGroupsSequence[0].PETFrameTypeSequence[0].VolumeBasedCalculationTechnique = "MAX_IP"


REFUSED = {
    "dynamic": (in_time, "DYNAMIC_OR_GATED"),
    "at one place": (at_one_place, "SLICE_CONFLICT"),
    "gap": (gap, "SLICE_GAP"),
    "stacks": (of_frame("FrameContentSequence", "StackID", "2"), "SERIES_TAG_VARIES"),
    "no position": (root_position, "FRAME_POSITION_MISSING"),
    "empty position": (of_frame("PlanePositionSequence", "ImagePositionPatient", None), "FRAME_POSITION_MISSING"),
    "no groups": (at_root(PerFrameFunctionalGroupsSequence=None), "FRAME_POSITION_MISSING"),
    "one group less": (one_group_less, "FILE_MALFORMED"),
    "macro twice": (macro_twice, "FILE_MALFORMED"),
    "two items": (two_items, "FILE_MALFORMED"),
    "no frames": (at_root(NumberOfFrames=0), "FILE_MALFORMED"),
    "absurdly many frames": (at_root(NumberOfFrames=2_000_000_000), "FILE_MALFORMED"),
    "absurdly large frames": (at_root(Rows=60_000, Columns=60_000), "PIXELS_UNREADABLE"),
    "cut pixels": (cut_pixels, "PIXELS_UNREADABLE"),
    "projection": (projection, "DERIVED_IMAGE"),
    "picture": (at_root(ImageType=["DERIVED", "PRIMARY", "VOLUME", "MAX_IP"]), "DERIVED_IMAGE"),
    "several shared groups": (lambda dataset: dataset.SharedFunctionalGroupsSequence.append(Dataset()), "FILE_MALFORMED"),
    "no spacing": (lambda dataset: dataset.SharedFunctionalGroupsSequence[0].__delitem__("PixelMeasuresSequence"), "GEOMETRY_MISSING"),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_what_is_refused(what: str, syntax: str, tmp_path: Path) -> None:
    edit, code = REFUSED[what]
    assert codes_of(edited(tmp_path, edit, syntax)) == [code]


def test_deflated_files_of_many_frames_and_such_without_pixels_are_refused(tmp_path: Path) -> None:
    assert codes_of(edited(tmp_path, syntax=DeflatedExplicitVRLittleEndian)) == ["SOP_CLASS_UNSUPPORTED"]
    assert codes_of(edited(tmp_path, at_root(PixelData=None))) == ["SOP_CLASS_UNSUPPORTED"]


def test_300_mutations_are_read_or_refused(tmp_path: Path) -> None:
    whole = edited(tmp_path).read_bytes()
    rng, path, outcomes = random.Random(7), tmp_path / "mutated.dcm", []  # noqa: S311 - seeded, for a test
    for _ in range(300):
        mutated = bytearray(whole)
        for _ in range(rng.choice([1, 1, 2, 8])):
            mutated[rng.randrange(132, len(mutated))] = rng.choice([0, 1, 0x20, 0x5C, 0x7F, 0xFF, rng.randrange(256)])
        path.write_bytes(mutated if rng.random() < 0.9 else mutated[: rng.randrange(len(mutated))])
        for series in catalogue([path]).series:
            outcomes.append(series.grid is not None and not series.refusals)
            if series.grid is None or series.modality != "PT":
                continue
            try:
                assert stored_values(series, series.grid).shape == series.grid.shape_kji
            except Refused as error:
                assert error.notices  # noqa: PT017 - either outcome is right
    assert 30 < sum(outcomes) < len(outcomes) - 30


def test_a_small_file_takes_no_gigabytes(tmp_path: Path) -> None:
    def empty_groups(dataset: FileDataset) -> None:
        dataset.PerFrameFunctionalGroupsSequence = [Dataset() for _ in range(9_999)]
        dataset.NumberOfFrames, dataset.Rows, dataset.Columns, dataset.PixelData = 9_999, 65_535, 65_535, b"\0\0"

    path = edited(tmp_path, empty_groups)
    tracemalloc.start()
    began = time.perf_counter()
    assert codes_of(path) == ["PIXELS_UNREADABLE"]
    assert time.perf_counter() - began < 2.0
    assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    tracemalloc.stop()
