"""T2: a header is made wrong, in one slice or in all: carpet must refuse, flag, or be right. A silent wrong number is the failure.

A case is its number: it names the valid series (vendor, units, decay correction, injection), the mutation and the slices it falls on. The
judge is validation/suv_oracle.py on facts that plain pydicom reads (plain_reading.py); it shares no code with carpet. The outcome is

- refused: no number comes out;
- flagged: a warning (severity W) that the undamaged series does not have;
- right, or unseen (below): the undamaged series' own SUV and geometry, or the oracle's on the damaged header: every voxel to 1e-6
  relative, the volume above SUV 4 to 1e-6, its centroid to 5 % of the slice distance (within which real slices stray, FAILURES 38);
- survivor, which is a failure: a number without a new flag where the oracle refuses or has another; and any uncaught exception.

A share of 0.5 % may survive by the programme's goal. Some of what agrees with the oracle differs from the patient's true SUV: a wrong value
that is plausible and the same in all slices (75 kg for 70 kg) can be seen by nobody who has only the header. These are counted apart, as
unseen, and named, so that nobody takes them for right. A few of them a further check could see (stored GML that gives SUV 50,000).
"""

from __future__ import annotations

import copy
import shutil
import traceback
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmread
from validation.reliability.plain_reading import Plain, Unreadable, hot, plain
from validation.reliability.score import Score
from validation.reliability.wrong_headers import Wrong, mutated

from carpet.core.errors import Refused, Severity
from carpet.core.protocol import SuvProtocol
from carpet.run.opening import found_under, open_study
from carpet.suv.volume import to_suv
from carpet.testing import Storage, Visit, simple_phantom, write_study

ALLOWED = 0.005
SAME = 1e-6
STRAY = 0.05  # of the slice distance
FIRST = 2_000_000  # number of the first case
AUTO = SuvProtocol()
BASES = {
    "siemens": ("siemens", Storage(with_ct=False)),
    "siemens, stored SUV": ("siemens", Storage(with_ct=False, units="GML")),
    "siemens, NONE": ("siemens", Storage(with_ct=False, decay="NONE", orientation="IPL")),
    "siemens, time alone": ("siemens", Storage(with_ct=False, injection="time")),
    "ge": ("ge", Storage(with_ct=False)),
    "ge, ADMIN": ("ge", Storage(with_ct=False, decay="ADMIN", injection="datetime")),
    "ge, no injection but the private one": ("ge", Storage(with_ct=False, injection="none")),
    "philips, counts": ("philips", Storage(with_ct=False)),
    "philips, Bq/mL": ("philips", Storage(with_ct=False, units="BQML", orientation="SAR")),
}


@dataclass(frozen=True)
class Base:
    """An undamaged series: its files, its data sets, its true SUV and geometry, the warnings that it has by itself."""

    name: str
    files: tuple[Path, ...]
    slices: tuple[Dataset, ...]
    truth: Plain
    warnings: frozenset[str]


def bases(folder: Path) -> tuple[Base, ...]:
    """The series of BASES below `folder`, each with two beds of four slices and every slice its own slope."""
    whole = simple_phantom(spacing_mm=20.0)
    scan = replace(whole, suv=whole.suv.cropped((slice(0, 8), slice(0, 14), slice(0, 18))))
    made = []
    for name, (vendor, storage) in BASES.items():
        at = folder / name.replace("/", " per ")
        files = write_study(scan, at, vendor=vendor, visit=Visit(bed_mm=80.0), storage=storage).pet_files
        number, warnings = measured(at)
        truth = plain([dcmread(path) for path in files])
        assert same(number, truth), f"{name}: carpet and the oracle differ on the undamaged series"
        made.append(Base(name, files, tuple(dcmread(path) for path in files), truth, warnings))
    return tuple(made)


def measured(folder: Path) -> tuple[Plain, frozenset[str]]:
    """carpet's SUV and geometry of the one PET below `folder`, and its warnings; raises Refused."""
    with found_under([folder], AUTO) as found:
        study = open_study(found)
        decided = found.quantifications[study.pet.series_uid]
        suv = to_suv(study, AUTO, decided=decided)
    warnings = {notice.code for notice in (*study.flags, *decided.flags) if notice.severity is Severity.WARNING}
    values = suv.values.astype(np.float64)
    return Plain(values, *hot(values, suv.grid.affine_lps)), frozenset(warnings)


def same(one: Plain, other: Plain) -> bool:
    """Voxels and volume to 1e-6, the centroid of what is hot within the stray of real slices (20 mm apart here)."""
    if one.suv.shape != other.suv.shape:
        return False
    near = np.abs(one.suv - other.suv).max() <= SAME * max(np.abs(other.suv).max(), 1e-30)
    volume = abs(one.hot_ml - other.hot_ml) <= SAME * max(other.hot_ml, 1e-30)
    return bool(near and volume and np.abs(one.hot_centroid_mm - other.hot_centroid_mm).max() <= STRAY * 20.0)


def damaged(number: int, made: tuple[Base, ...], folder: Path) -> tuple[Base, Wrong, list[Dataset]]:
    """The series of case `number`, written into `folder`, which is emptied first."""
    rng = np.random.default_rng(number)
    base = made[int(rng.integers(len(made)))]
    slices = [copy.deepcopy(one) for one in base.slices]
    wrong = mutated(slices, rng)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for n, one in enumerate(slices):
        one.save_as(folder / f"{n:02d}.dcm")
    return base, wrong, slices


def judged(base: Base, folder: Path) -> str:
    """`refused`, `flagged`, `right`, `unseen`, or `SURVIVOR: …`."""
    try:
        number, warnings = measured(folder)
    except Refused:
        return "refused"
    except Exception:
        return f"SURVIVOR: {traceback.format_exc(limit=-1).splitlines()[-1]}"
    if warnings - base.warnings:
        return "flagged"
    if same(number, base.truth):
        return "right"
    try:
        theirs = plain([dcmread(path) for path in sorted(folder.iterdir())])
    except (Unreadable, ValueError, AttributeError, TypeError, IndexError, KeyError, OverflowError) as error:
        return f"SURVIVOR: a number, but the oracle cannot: {type(error).__name__} {error}"
    return "unseen" if same(number, theirs) else f"SURVIVOR: {_apart(number, theirs)}"


def _apart(mine: Plain, theirs: Plain) -> str:
    if mine.suv.shape != theirs.suv.shape:
        return f"shape {mine.suv.shape}, oracle {theirs.suv.shape}"
    centre = np.linalg.norm(mine.hot_centroid_mm - theirs.hot_centroid_mm)
    worst = np.abs(mine.suv - theirs.suv).max() / np.abs(theirs.suv).max()
    return f"SUV off by {worst:.2g}, hot volume {mine.hot_ml:.3f} mL, oracle {theirs.hot_ml:.3f} mL, centroid {centre:.2f} mm off"


def run(size: int, work: Path) -> Score:
    """`size` damaged headers. Notes: how many of each outcome, and what is unseen."""
    made = bases(work / "bases")
    outcomes: Counter[str] = Counter()
    hidden: Counter[str] = Counter()
    failed = []
    for number in range(FIRST, FIRST + size):
        base, wrong, slices = damaged(number, made, work / "case")
        said = judged(base, work / "case")
        outcomes[said.partition(":")[0]] += 1
        extent = "all slices" if wrong.slices >= len(slices) else "one slice"
        if said == "unseen":
            hidden[f"{wrong.what.split()[0]} ({extent})"] += 1
        if said.startswith("SURVIVOR"):
            failed.append(f"case {number}, {base.name}: {wrong.what} in {extent}: {said.partition(': ')[2]}")
    notes = (
        ", ".join(f"{count} {word}" for word, count in outcomes.most_common()),
        "unseen (equal to the oracle, not to the patient): " + ", ".join(f"{what} {n}" for what, n in hidden.most_common()),
    )
    return Score("T2", "wrong headers are refused, flagged, or give the right number", size, tuple(failed), ALLOWED, notes)
