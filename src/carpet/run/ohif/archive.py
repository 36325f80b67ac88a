"""What a trial's DICOMweb service has: every readable DICOM object below dicom/ and results/seg, by study, series and instance."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from carpet.core.errors import Notice, Refused
from carpet.dicom.elements import DEFLATED, SOP_CLASS, FileElements, MalformedFile, read_elements
from carpet.dicom.files import files_under
from carpet.dicom.network.landing import is_uid
from carpet.dicom.notices import FILE_MALFORMED, UID_CONFLICT
from carpet.dicom.pet_facts import SOP_INSTANCE
from carpet.dicom.series import FILE_SET_ID, MODALITY, SERIES_UID, STUDY_UID
from carpet.dicom.values import MalformedValue, integer_of, short_of, text_of
from carpet.run.leftovers import scratch_folder
from carpet.run.ohif.notices import OBJECT_CHANGED, OBJECT_UNKNOWN
from carpet.run.trial.folder import Trial

ROWS, COLUMNS, BITS_ALLOCATED, SAMPLES, FRAMES, INSTANCE_NUMBER = 0x00280010, 0x00280011, 0x00280100, 0x00280002, 0x00280008, 0x00200013
TOLD_EVERY = 500  # files
FIRST = {"PT": 0, "CT": 1}  # a study is described by the header of its PET
Say = Callable[[str], None]
Kept = TypeVar("Kept")
_File = tuple[int, int]  # size and time of change


@dataclass(frozen=True, slots=True)
class Raster:
    """How the pixels of an instance are stored."""

    rows: int
    columns: int
    bits: int
    samples: int
    frames: int

    @property
    def frame_bits(self) -> int:
        return self.rows * self.columns * self.samples * self.bits


@dataclass(frozen=True, slots=True)
class Instance:
    """One DICOM object as it lies on the disk.

    state: size and time of change of the file when its header was read. raster: None where it has no pixels that can be told apart.
    pixel_offset, pixel_bytes: of native pixel data that lie open in the file, else None. bare: without the preamble of PS3.10.
    """

    path: Path
    uid: str
    series: str
    study: str
    modality: str
    number: int
    transfer_syntax: str
    state: _File
    raster: Raster | None
    pixel_offset: int | None
    pixel_bytes: int | None
    bare: bool

    @property
    def place(self) -> str:
        """Its address below the service's root."""
        return f"studies/{self.study}/series/{self.series}/instances/{self.uid}"

    def checked(self) -> Instance:
        """Itself; raises Refused where the file is not the one that was read."""
        try:
            if _state(self.path) == self.state:
                return self
        except OSError as error:
            raise Refused(OBJECT_CHANGED.at(self.uid, error.strerror or type(error).__name__)) from error
        raise Refused(OBJECT_CHANGED.at(self.uid))


@dataclass(frozen=True)
class Archive:
    """All that is served. left_out: how many files are not, by the code that says why; others: files that are no DICOM at all."""

    studies: Mapping[str, Mapping[str, tuple[Instance, ...]]]
    left_out: Mapping[str, int]
    others: int

    def series_of(self, study: str) -> Mapping[str, tuple[Instance, ...]]:
        """The instances by series; raises Refused for a study that is not there."""
        return _found(self.studies, study)

    def instances(self, study: str, series: str | None = None, instance: str | None = None) -> tuple[Instance, ...]:
        """All of a study, of a series, or one; raises Refused where there is none."""
        by_series = self.series_of(study)
        if series is None:
            return tuple(one for members in by_series.values() for one in members)
        members = _found(by_series, series)
        if instance is None:
            return members
        return (_found({one.uid: one for one in members}, instance),)

    def counts(self) -> Counter[str]:
        """How many instances of each modality."""
        return Counter(one.modality for by_series in self.studies.values() for members in by_series.values() for one in members)


def _found(there: Mapping[str, Kept], uid: str) -> Kept:
    if uid not in there:
        raise Refused(OBJECT_UNKNOWN.at(uid if is_uid(uid) else "UID"))
    return there[uid]


@contextmanager
def archive_of(trial: Trial, say: Say) -> Iterator[Archive]:
    """The objects of a trial, headers read now; unpacked zips live as long as the context does."""
    places = [place for place in (trial.dicom, trial.seg) if place.is_dir()]
    room = trial.results if trial.results.is_dir() and os.access(trial.results, os.W_OK) else None
    with scratch_folder(room) as scratch:
        files, closed = files_under(places, scratch)
        yield _archive(files, closed, say)


def _archive(files: tuple[Path, ...], closed: Iterable[Notice], say: Say) -> Archive:
    left_out = Counter(notice.code for notice in closed)
    others, found = 0, list[Instance]()
    for number, path in enumerate(files):
        if number % TOLD_EVERY == 0:
            say(f"reading headers ({number} of {len(files)})")
        try:
            made = _instance(path)
        except (MalformedFile, OSError):
            left_out[FILE_MALFORMED.code] += 1
            continue
        if made is None:
            others += 1
        else:
            found.append(made)
    kept = _one_file_a_uid(found, left_out)
    return Archive(_sorted(kept), dict(sorted(left_out.items())), others)


def _instance(path: Path) -> Instance | None:
    """None for what is no DICOM object of its own; raises MalformedFile and OSError."""
    state = _state(path)
    read = read_elements(path)
    if read is None or FILE_SET_ID in read.elements:
        return None
    uids = {tag: _text(read, tag) for tag in (SOP_INSTANCE, SERIES_UID, STUDY_UID, SOP_CLASS)}
    if not all(is_uid(uid) for uid in uids.values()):
        raise MalformedFile("a UID is missing or malformed")
    with path.open("rb") as file:
        bare = file.read(132)[128:] != b"DICM"
    open_pixels = read.pixel_bytes is not None and read.transfer_syntax != DEFLATED
    return Instance(
        path,
        uids[SOP_INSTANCE],
        uids[SERIES_UID],
        uids[STUDY_UID],
        _text(read, MODALITY),
        _integer(read, INSTANCE_NUMBER, 0),
        read.transfer_syntax,
        state,
        _raster(read),
        read.pixel_offset if open_pixels else None,
        read.pixel_bytes if open_pixels else None,
        bare,
    )


def _state(path: Path) -> _File:
    said = path.stat()
    return said.st_size, said.st_mtime_ns


def _raster(read: FileElements) -> Raster | None:
    try:
        rows, columns, bits = (short_of(read.elements[tag]) for tag in (ROWS, COLUMNS, BITS_ALLOCATED))
        samples = short_of(read.elements[SAMPLES]) if SAMPLES in read.elements else 1
    except (KeyError, MalformedValue):
        return None
    made = Raster(rows, columns, bits, samples, _integer(read, FRAMES, 1))
    return made if made.frame_bits > 0 and made.frames > 0 else None


def _integer(read: FileElements, tag: int, otherwise: int) -> int:
    """Where it cannot be read it is as if it were not there."""
    element = read.elements.get(tag)
    try:
        return integer_of(element) if element is not None and element.raw else otherwise
    except MalformedValue:
        return otherwise


def _text(read: FileElements, tag: int) -> str:
    element = read.elements.get(tag)
    return text_of(element) if element else ""


def _one_file_a_uid(found: Iterable[Instance], left_out: Counter[str]) -> list[Instance]:
    """Copies are served once. Where one UID stands for different files nobody can say which is meant: none of them is served."""
    groups: dict[str, list[Instance]] = defaultdict(list)
    for one in found:
        groups[one.uid].append(one)
    kept = []
    for members in groups.values():
        first = members[0]
        if all(other.state[0] == first.state[0] and other.path.read_bytes() == first.path.read_bytes() for other in members[1:]):
            kept.append(first)
        else:
            left_out[UID_CONFLICT.code] += len(members)
    return kept


def _sorted(kept: Iterable[Instance]) -> dict[str, dict[str, tuple[Instance, ...]]]:
    """Studies by UID, in each the PET first, then the CT, then the rest; slices by Instance Number."""
    groups: dict[tuple[str, str], list[Instance]] = defaultdict(list)
    for one in kept:
        groups[one.study, one.series].append(one)
    ordered = sorted(groups.items(), key=lambda item: (item[0][0], FIRST.get(item[1][0].modality, len(FIRST)), item[0][1]))
    studies: dict[str, dict[str, tuple[Instance, ...]]] = defaultdict(dict)
    for (study, series), members in ordered:
        studies[study][series] = tuple(sorted(members, key=lambda one: (one.number, one.uid)))
    return dict(studies)
