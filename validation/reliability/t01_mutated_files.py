"""T1: damaged files of every kind go the whole way a user's files go, and nothing but a listed refusal may come of it.

A case is its number: it names the seed file, the damage and so the bytes. `python -m validation.reliability.t01_mutated_files NUMBER
FOLDER` writes the damaged study of one case into FOLDER and shows what carpet makes of it.

Each case puts one damaged file among its undamaged companions (other slices, the CT) and reads them all as `carpet scan --values` and
`carpet measure` do: catalogue, SUV decision, stored pixels, SUV, the printed page; masks also by `--mask`. A failure is: an exception
that is not `Refused`; a worker that dies; more than 10 s; resident memory of 1.5 GiB or more. Numbers are T2's business, not T1's.
"""

from __future__ import annotations

import shutil
import sys
import traceback
from collections import Counter
from pathlib import Path

import numpy as np
from validation.reliability.mutations import damaged
from validation.reliability.score import Score
from validation.reliability.seeds import Subject, grid_of, subjects
from validation.reliability.watched import Outcome, serve, watched

from carpet.core.errors import Refused
from carpet.core.protocol import SuvProtocol
from carpet.core.space import Grid
from carpet.dicom.mask import read_mask
from carpet.run.opening import found_under, open_study
from carpet.run.scan_text import scan_text
from carpet.run.scanning import scan_document
from carpet.run.terminal import json_text, notices_text, printable
from carpet.suv.volume import to_suv

LIMIT_S = 10.0
LIMIT_MIB = 1536.0
FIRST = 1_000_000  # number of the first case
AUTO = SuvProtocol()
READ, REFUSED = "read", "refused"


def written(number: int, found: tuple[Subject, ...], folder: Path) -> Path:
    """The study of case `number` below `folder`, which is emptied first; returns the damaged file."""
    rng = np.random.default_rng(number)
    shares = np.array([one.share for one in found])
    subject = found[int(rng.choice(len(found), p=shares / shares.sum()))]
    victim = subject.files[int(rng.integers(len(subject.files)))]
    other = found[int(rng.integers(len(found)))]
    spare = other.files[int(rng.integers(len(other.files)))]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    alone = subject.name in ("shared", "masks")
    for n, path in enumerate((victim,) if alone else subject.files):
        if path != victim:
            (folder / f"{n:03d}{path.suffix}").symlink_to(path)
    at = folder / f"damaged{victim.suffix}"
    at.write_bytes(damaged(victim.read_bytes(), spare.read_bytes(), rng))
    return at


def read_all(folder: Path, victim: Path, grid: Grid) -> str:
    """`read` or `refused`; whatever else carpet raises goes through."""
    said = REFUSED
    with found_under([folder], AUTO) as found:
        document = scan_document(found, values=True)
        printable(scan_text(document) + json_text(document))
        try:
            to_suv(open_study(found), AUTO)
            said = READ
        except Refused as error:
            notices_text(error.notices)
    try:
        read_mask(victim, grid)
        return READ
    except Refused as error:
        notices_text(error.notices)
        return said


def outcome(number: int, found: tuple[Subject, ...], folder: Path, grid: Grid) -> str:
    """The word for one case: `read`, `refused`, or what was raised and where."""
    victim = written(number, found, folder)
    try:
        return read_all(folder, victim, grid)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        ours = next((frame for frame in reversed(frames) if "/carpet/" in frame.filename), frames[-1])
        return f"{type(error).__name__} at {Path(ours.filename).name}:{ours.lineno}: {str(error)[:80]!r}"


def verdict(one: Outcome) -> str:
    """Why the case failed, empty where it did not."""
    if one.said not in (READ, REFUSED):
        return f"case {one.number}: {one.said}"
    if one.seconds > LIMIT_S:
        return f"case {one.number}: {one.seconds:.1f} s"
    return f"case {one.number}: {one.peak_mib:.0f} MiB" if one.peak_mib >= LIMIT_MIB else ""


def run(size: int, work: Path) -> Score:
    """`size` damaged files. Notes: how many were read all the same, the slowest, the largest."""
    subjects(work / "seeds")
    outcomes = watched("validation.reliability.t01_mutated_files", range(FIRST, FIRST + size), work, limit_s=LIMIT_S + 2.0)
    failed = [text for one in outcomes if (text := verdict(one))]
    words = Counter(one.said for one in outcomes)
    slowest, largest = max(one.seconds for one in outcomes), max(one.peak_mib for one in outcomes)
    note = f"{words[READ]} read in spite of the damage, {words[REFUSED]} refused; slowest {slowest:.1f} s, largest {largest:.0f} MiB"
    return Score("T1", "damaged files are read or refused", len(outcomes), tuple(failed), notes=(note,))


def main() -> None:
    """A worker (one argument: its folder), or one case shown (number and folder)."""
    *number, work = sys.argv[1:]
    folder = Path(work).resolve()
    if number:
        found = subjects(folder / "seeds")
        print(outcome(int(number[0]), found, folder / "case", grid_of(folder / "seeds" / "siemens")))
        return
    found, grid = subjects(folder.parent / "seeds"), grid_of(folder.parent / "seeds" / "siemens")
    serve(lambda number: outcome(number, found, folder / "case", grid))


if __name__ == "__main__":
    main()
