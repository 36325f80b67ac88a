"""Agreement of readers on volumes and outlines: what would be measured had each reader of a scan alone decided on its regions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from statistics import median
from typing import Any, Protocol

import numpy as np

from carpet.cohort.agreement.benchmark import within_benchmark
from carpet.cohort.agreement.bland_altman import bland_altman
from carpet.cohort.agreement.estimate import TOO_FEW_CASES, Estimate
from carpet.cohort.agreement.icc import icc
from carpet.cohort.agreement.lin_ccc import lin_ccc
from carpet.cohort.agreement.outlines import dice, hd95_mm, nsd
from carpet.core.errors import NotMeasurable
from carpet.core.lesion import Lesion, Status
from carpet.core.space import BoolArray, Grid, Region
from carpet.lesions.decide import READERS_DISAGREE
from carpet.lesions.decisions import ALL, Decision
from carpet.run.trial.central import CentralRead
from carpet.run.trial.course import Course, Scan

Row = dict[str, Any]
TMTV, OUTLINES = "tmtv", "outlines"
SUGGESTED = re.compile(r"rule \S+ had said (disease|physiologic|undecided): ")  # as carpet.lesions.decide writes it
OF_OUTLINES = ("dice", "hd95", "nsd")
LIMITS = {"bias_ratio": "bias", "limit_low_ratio": "lower", "limit_high_ratio": "upper"}
NOT_BLIND = "READING_NOT_BLIND"  # of every scan one of both readings was changed after sight of the other, or of a later scan
NOT_DRAWN = "REGION_NOT_DRAWN"  # a reader's disease that the main delineation has not drawn, since the scan was measured without it


class Regions(Protocol):
    """What is asked of a scan's geometry: all its regions on the PET's grid, and from which SUV on they were sought."""

    @property
    def grid(self) -> Grid: ...

    @property
    def lesions(self) -> tuple[Lesion, ...]: ...

    @property
    def candidate_suv(self) -> float: ...

    @property
    def reads(self) -> Mapping[str, tuple[Region, ...]]: ...


@dataclass(frozen=True, eq=False)
class ScanRead:
    """One scan with two readers or more: what each of them calls disease.

    not_drawn: readers whose disease has a region that the main delineation did not draw, so that its volume is not known.
    adjudicated_by: the third person who settled all that readers dispute; empty where nobody did. not_blind: readers of the reading room
    who could see the other's reading, or a later scan, before they signed.
    """

    patient_id: str
    timepoint: str
    grid: Grid
    disease: Mapping[str, tuple[Region, ...]]
    not_drawn: frozenset[str] = frozenset()
    adjudicated_by: str = ""
    not_blind: frozenset[str] = frozenset()

    def volume_ml(self, reader: str) -> float:
        """TMTV by this reader; 0 where nothing is disease."""
        return float(sum(one.volume_ml for one in self.disease[reader]))

    def mask(self, reader: str) -> BoolArray:
        """Every voxel of disease by this reader (k, j, i)."""
        found = np.zeros(self.grid.shape_kji, dtype=np.bool_)
        for one in self.disease[reader]:
            found[one.box] |= one.mask
        return found


def read_scans(course: Course, geometry_of: Callable[[Scan], Regions]) -> tuple[ScanRead, ...]:
    """The scans at time points on which two readers or more each decided every region, in the order of time points; () for none.

    What readers dispute counts for each as that reader said; who leaves a region open has no TMTV, and who adjudicates is no reader.
    Of a scan that two have signed in the reading room, these two are compared, each by the own edits.
    Raises Refused where a geometry can't be read.
    """
    found = []
    central = {one.timepoint: one for one in course.central}
    for timepoint, scan in course.at.items():
        if timepoint in central and scan.study is not None:
            geometry = geometry_of(scan)
            found.append(_of_reading_room(central[timepoint], geometry, timepoint))
            continue
        rows = [one for one in scan.decisions if not one.adjudicates]
        by = {reader: [one for one in rows if one.reader == reader] for reader in sorted({one.reader for one in rows})}
        if len(by) < 2 or scan.study is None:
            continue
        geometry = geometry_of(scan)
        whole = {reader: own for reader, own in by.items() if is_complete(own, geometry.lesions, geometry.grid)}
        if len(whole) < 2:
            continue
        called = {reader: called_by(own, geometry.lesions, geometry.grid) for reader, own in whole.items()}
        as_found = scan.study.payload["segmenter"] == f"suv{geometry.candidate_suv}"  # draws a candidate region as it was found
        late = {reader for reader, own in called.items() if not as_found and any(one.status is not Status.DISEASE for one in own)}
        disease = {reader: tuple(one.region for one in own) for reader, own in called.items()}
        who = course.patient.patient_id
        found.append(ScanRead(who, timepoint, geometry.grid, disease, frozenset(late), _adjudicated_by(scan)))
    return tuple(found)


def _of_reading_room(one: CentralRead, geometry: Regions, timepoint: str) -> ScanRead:
    by_hand, saw = f"reader {one.settled_by}" if one.settled_by else "", frozenset(name for name, _ in one.not_blind)
    return ScanRead(one.patient_id, timepoint, geometry.grid, geometry.reads, adjudicated_by=by_hand, not_blind=saw)


def _adjudicated_by(scan: Scan) -> str:
    names = sorted({f"reader {one.reader}" for one in scan.decisions if one.adjudicates})
    left = any(one.payload["code"] == READERS_DISAGREE.code for one in scan.flags)
    return "" if left else "; ".join(names)


def is_complete(rows: Sequence[Decision], lesions: Sequence[Lesion], grid: Grid) -> bool:
    """Whether these rows of one reader decide every region that the rules suggested; `*` decides none that they left undecided."""
    rest = any(one.lesion_id == ALL for one in rows)
    accepted = (None, *((Status.DISEASE, Status.PHYSIOLOGIC) if rest else ()))
    return all(_own(one, rows, grid) is not None or suggested_status(one) in accepted for one in lesions)


def called_by(rows: Sequence[Decision], lesions: Sequence[Lesion], grid: Grid) -> tuple[Lesion, ...]:
    """The lesions that are disease had these rows of one reader been the only ones.

    Where they say nothing the suggestion holds; a region that another reader added is then no region at all.
    """
    return tuple(one for one in lesions if _status(one, rows, grid) is Status.DISEASE)


def _status(lesion: Lesion, rows: Sequence[Decision], grid: Grid) -> Status | None:
    own = _own(lesion, rows, grid)
    return suggested_status(lesion) if own is None or own.status is None else own.status


def _own(lesion: Lesion, rows: Sequence[Decision], grid: Grid) -> Decision | None:
    return next((one for one in rows if one.lesion_id != ALL and _addresses(one, lesion, grid)), None)


def _addresses(row: Decision, lesion: Lesion, grid: Grid) -> bool:
    if row.point_lps_mm is None:
        return row.lesion_id == lesion.id
    voxel = grid.nearest_kji(row.point_lps_mm)
    if voxel is None:
        return False
    inside = all(part.start <= at < part.stop for part, at in zip(lesion.region.box, voxel, strict=True))
    return inside and bool(lesion.region.mask[tuple(at - start for at, start in zip(voxel, lesion.region.origin_kji, strict=True))])


def suggested_status(lesion: Lesion) -> Status | None:
    """What the rules had said of a region before any reader; None for a region that a reader added."""
    if not lesion.reviewed and not lesion.decided_by.startswith("reader "):
        return lesion.status
    said = SUGGESTED.findall(lesion.because)
    return Status(said[-1]) if said else None  # a comment stands before the rule's own words


def volume_agreement_rows(scans: Iterable[ScanRead]) -> list[Row]:
    """Rows of the table `agreement` for two readers each: of TMTV (item tmtv), and of the outlines of all disease (item outlines).

    tmtv: icc and lin_ccc; bias_ratio, limit_low_ratio and limit_high_ratio of Bland–Altman on the logarithm (first reader over second);
    within_benchmark (%, the second reader as the reference). outlines: medians over scans of dice, hd95 (mm) and nsd (tolerance 4 mm).
    Scans of which one of both readings was not blind are left out, and counted; nothing but READING_NOT_BLIND where none is left.
    Nothing but REGION_NOT_DRAWN where the volume of one scan by one reader is not known: the rest would agree better than readers do.
    """
    read = tuple(scans)
    rows: list[Row] = []
    for timepoint in ("", *sorted({one.timepoint for one in read})):
        some = [one for one in read if timepoint in ("", one.timepoint)]
        for pair in combinations(sorted({reader for one in some for reader in one.disease}), 2):
            shared = [one for one in some if one.disease.keys() >= set(pair)]
            both = [one for one in shared if not one.not_blind & set(pair)]
            raters = "; ".join(f"reader {reader}" for reader in pair)
            if shared:
                rows += _of_pair({"timepoint": timepoint, "raters": raters, "left_out": len(shared) - len(both)}, both, pair)
    return rows


def _of_pair(start: Row, scans: Sequence[ScanRead], pair: tuple[str, str]) -> Iterator[Row]:
    n, of_tmtv = len(scans), start | {"item": TMTV}
    if not scans or any(scan.not_drawn & set(pair) for scan in scans):
        why = NOT_DRAWN if scans else NOT_BLIND
        yield from nothing_rows(of_tmtv, ("icc", "lin_ccc", *LIMITS, "within_benchmark"), n=n, reason=why)
        yield from nothing_rows(start | {"item": OUTLINES}, OF_OUTLINES, n=n, reason=why)
        return
    first, second = ([scan.volume_ml(reader) for scan in scans] for reader in pair)
    yield statistic_row(of_tmtv, "icc", n, lambda: icc(np.column_stack([first, second])))
    yield statistic_row(of_tmtv, "lin_ccc", n, lambda: lin_ccc(first, second))
    for name, part in LIMITS.items():
        yield statistic_row(of_tmtv, name, n, partial(_limit, first, second, part))
    near = [within_benchmark(one, reference_ml=other) for one, other in zip(first, second, strict=True)]
    yield statistic_row(of_tmtv, "within_benchmark", n, lambda: Estimate(100.0 * sum(near) / n, None, None, n))
    yield from _of_outlines(start | {"item": OUTLINES}, scans, pair)


def _of_outlines(start: Row, scans: Sequence[ScanRead], pair: tuple[str, str]) -> Iterator[Row]:
    values: dict[str, list[float]] = {name: [] for name in OF_OUTLINES}
    for scan in scans:
        one, other = (scan.mask(reader) for reader in pair)
        values["dice"].append(float(dice(one, other).value))
        values["nsd"].append(float(nsd(one, other, grid=scan.grid).value))
        try:
            values["hd95"].append(float(hd95_mm(one, other, grid=scan.grid)))
        except NotMeasurable:
            continue  # where one reader sees no disease there is no distance; n tells how many scans have one
    for name, found in values.items():
        yield statistic_row(start, name, len(found), partial(_median, found))


def _limit(first: Sequence[float], second: Sequence[float], part: str) -> Estimate:
    found: Estimate = getattr(bland_altman(first, second, scale="log"), part)
    return found


def _median(values: Sequence[float]) -> Estimate:
    if not values:
        raise NotMeasurable(TOO_FEW_CASES)
    return Estimate(median(values), None, None, len(values))


def nothing_rows(start: Row, statistics: Iterable[str], *, n: int, reason: str) -> Iterator[Row]:
    """A row a statistic of so many cases, each without a number for this reason."""
    nothing = {"value": None, "low": None, "high": None, "n": n, "reason_missing": reason}
    yield from (start | {"statistic": name} | nothing for name in statistics)


def statistic_row(start: Row, statistic: str, n: int, compute: Callable[[], Estimate]) -> Row:
    """The row of one statistic of so many cases: what is computed, or why it cannot be."""
    said = start | {"statistic": statistic}
    try:
        found = compute()
    except NotMeasurable as error:
        return said | {"value": None, "low": None, "high": None, "n": n, "reason_missing": error.reason}
    return said | {"value": found.value, "low": found.low, "high": found.high, "n": found.n, "reason_missing": found.no_interval}
