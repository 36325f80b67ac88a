"""What is drawn of a case's regions, kept so that it is drawn once, and drawn ahead of the next case while the present one is read."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from carpet.core.lesion import Lesion
from carpet.review.cases import Case
from carpet.review.roles import Person
from carpet.run.review import export
from carpet.run.review.room import Room, Seen
from carpet.run.review.scan_file import CT_NIFTI, PET_NIFTI
from carpet.run.review.spin import ids_png

LARGEST_BYTES = 64 * 2**20  # [P] of all pictures kept; one of a scan of 400 × 400 × 350 voxels has some 100 kB
Key = tuple[str, str, tuple[tuple[int, int], ...]]


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures of regions by what they show. For any number of threads; two may draw the same at once."""

    largest_bytes: int = LARGEST_BYTES
    _kept: OrderedDict[Key, tuple[Sequence[Lesion], bytes]] = field(default_factory=OrderedDict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def of(self, name: str, seen: Seen, draw: Callable[[], bytes]) -> bytes:
        """The picture of this name of these regions, drawn now where it is not kept. Regions that no edit touched stay the same objects."""
        lesions = seen.numbers.lesions
        key = (name, seen.case.id, tuple((one.label, id(one.region)) for one in lesions))
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][1]
        drawn = draw()
        with self._lock:
            self._kept[key] = (lesions, drawn)  # the regions are held, so that no other can come by their numbers
            while len(self._kept) > 1 and sum(len(one) for _, one in self._kept.values()) > self.largest_bytes:
                self._kept.popitem(last=False)
        return drawn

    def labels(self, seen: Seen, *, cropped: bool) -> bytes:
        """The regions as NIfTI."""
        return self.of(f"labels {cropped}", seen, lambda: export.labels_nifti(seen, cropped=cropped))

    def spin_ids(self, seen: Seen) -> bytes:
        """The regions on the rotating projection."""
        return self.of("spin", seen, lambda: ids_png(seen.scan.spin, seen.numbers.lesions, seen.numbers.surveyed.suv.grid))


def draw_ahead(room: Room, pictures: Pictures, case: Case, person: Person) -> None:
    """Makes ready what this person will want next: numbers, pictures, and the files on their way from the disk into memory."""
    for seen in room.prepare_next(case, person):
        pictures.labels(seen, cropped=True)
        pictures.spin_ids(seen)
        for name in (PET_NIFTI, CT_NIFTI):
            _read_ahead(os.fspath(seen.scan.folder / name))


def _read_ahead(path: str) -> None:
    """Tells the system that the file is wanted soon, where it can be told."""
    if not hasattr(os, "posix_fadvise") or not os.path.isfile(path):
        return
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_WILLNEED)
