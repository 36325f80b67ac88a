"""The scans of a trial as the reading room opens them: read from DICOM once, kept in results/review-cache up to a limit."""

from __future__ import annotations

import os
import shutil
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import numpy as np

from carpet.core.protocol import Protocol
from carpet.core.study import Study
from carpet.run.opening import choose_ct, choose_pet, open_study
from carpet.run.pipeline import Wishes, surveyed_study
from carpet.run.review.scan_file import FACTS, OpenScan, read_scan, write_scan
from carpet.run.trial.studies import TrialStudy, study_step

IN_MEMORY = 4  # scans that stay open: a case, its baseline, and the next of both [P]
LARGEST_BYTES = 16 * 2**30  # of the cache on disk [P]: some forty scans of 400 × 400 × 350 voxels with CT
KEY_DIGITS = 16


@dataclass(frozen=True, eq=False)
class ScanRoom:
    """Opens scans; for any number of threads, which wait for each other only where they want the same scan."""

    folder: Path
    protocol: Protocol
    largest_bytes: int = LARGEST_BYTES
    _open: OrderedDict[str, OpenScan] = field(default_factory=OrderedDict, repr=False)
    _turns: dict[str, Lock] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def opened(self, study: TrialStudy) -> OpenScan:
        """The scan, measured up to its regions; raises Refused where it cannot be."""
        key = self._key(study)
        with self._turn(key):
            held = self._held(key)
            if held is None:
                held = self._kept(key, self._read(study, self.folder / f"{study.short}-{key}"))
        return held

    def prepared(self, study: TrialStudy) -> None:
        """Sees to it that the scan lies in the cache, as far as that has room; it is not kept in memory. Raises Refused."""
        key = self._key(study)
        folder = self.folder / f"{study.short}-{key}"
        if (folder / FACTS).is_file() or self._bytes() > self.largest_bytes // 2:
            return
        with self._turn(key):
            if not (folder / FACTS).is_file():
                self._made(study, folder)

    def _key(self, study: TrialStudy) -> str:
        return study_step(study, self.protocol).key[:KEY_DIGITS]

    def _turn(self, key: str) -> Lock:
        with self._lock:
            return self._turns.setdefault(key, Lock())

    def _bytes(self) -> int:
        return sum(file.stat().st_size for file in self.folder.glob("*/*") if file.is_file())

    def _held(self, key: str) -> OpenScan | None:
        with self._lock:
            if key in self._open:
                self._open.move_to_end(key)
            return self._open.get(key)

    def _kept(self, key: str, scan: OpenScan) -> OpenScan:
        with self._lock:
            self._open[key] = scan
            while len(self._open) > IN_MEMORY:
                self._open.popitem(last=False)
        return scan

    def _read(self, study: TrialStudy, folder: Path) -> OpenScan:
        known = self._from_disk(study, folder)
        if known is not None:
            os.utime(folder / FACTS)
            return known
        self._made(study, folder)
        made = self._from_disk(study, folder)
        if made is None:
            raise OSError(f"what was written to {folder.name} cannot be read")
        return made

    def _made(self, study: TrialStudy, folder: Path) -> None:
        read = open_study(study.found, series_uid=study.asked.series_uid)
        decided = study.found.quantifications[read.pet.series_uid]
        wishes = Wishes(decisions=study.asked.decisions)
        write_scan(surveyed_study(read, decided, self.protocol, wishes, _nothing_said), folder)
        self._make_room(keep=folder)

    def _from_disk(self, study: TrialStudy, folder: Path) -> OpenScan | None:
        if not (folder / FACTS).is_file():
            return None
        pet, why = choose_pet(study.found, study.asked.series_uid)
        ct, flags = choose_ct(study.found, pet)
        unread = np.zeros((0, 0, 0), dtype=np.int16)
        said = Study(pet.patient, pet.study_uid, pet.date, pet, unread, None, ct, why, (*pet.flags, *flags))
        return read_scan(folder, said, study.found.quantifications[pet.series_uid], self.protocol)

    def _make_room(self, *, keep: Path) -> None:
        """The scans that were not opened for longest go, until the rest fits."""
        folders = [one.parent for one in sorted(self.folder.glob(f"*/{FACTS}"), key=lambda one: one.stat().st_mtime_ns)]
        sizes = {one: sum(file.stat().st_size for file in one.iterdir()) for one in folders}
        for one in folders:
            if sum(sizes.values()) <= self.largest_bytes:
                return
            if one != keep:
                shutil.rmtree(one)
                del sizes[one]


def _nothing_said(_: str) -> None:
    """Nobody looks at a progress bar here."""
