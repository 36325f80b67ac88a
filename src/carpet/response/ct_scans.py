"""CT measurements of lymphoma over time: targets, spleen, what is new; products and sums of diameters, and each lesion's nadir.

Rules of measurement: METHODS D.1 (Cheson 2014 J Clin Oncol 32:3059; Barrington 2014 J Clin Oncol 32:3048).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from carpet.core.errors import NoticeKind, Refused, Severity
from carpet.response.rule import exceeds

NORMAL_NODE_MM, NORMAL_EXTRANODAL_MM = 15.0, 10.0  # longest diameter; above it a node, an extranodal lesion is measurable
TOO_SMALL_MM = 5.0  # what is visible but too small to measure counts as 5 × 5 mm
SPLEEN_MM = 130.0  # vertical length; above it is splenomegaly

CT_SIZE_MISSING = NoticeKind(
    "CT_SIZE_MISSING",
    Severity.ERROR,
    "a target that is present has no diameters",
    "ldi_mm ≥ sdi_mm > 0",
    "measure it, or say too_small or absent",
)
CT_SIZE_IMPOSSIBLE = NoticeKind(
    "CT_SIZE_IMPOSSIBLE", Severity.ERROR, "diameters that cannot be", "ldi_mm ≥ sdi_mm > 0, both below 500 mm", "measure it again"
)
CT_BASELINE_MISSING = NoticeKind(
    "CT_BASELINE_MISSING",
    Severity.ERROR,
    "a target was not measured at baseline",
    "every target has a row at baseline",
    "add it, or call it new",
)
CT_TARGETS_TOO_MANY = NoticeKind(
    "CT_TARGETS_TOO_MANY",
    Severity.ERROR,
    "more targets at baseline than the criteria sum",
    "up to six, the spleen not counted",
    "say target no of the smaller ones, on every date",
)
MOST_TARGETS = 6  # Cheson 2014: of the largest, from different regions of the body
LARGEST_MM = 500.0  # no CT field of view is wider


class Part(StrEnum):
    """What kind of lesion a row is about."""

    NODE = "node"
    EXTRANODAL = "extranodal"
    SPLEEN = "spleen"


class Seen(StrEnum):
    """How a lesion is seen on one scan."""

    PRESENT = "present"
    ABSENT = "absent"
    TOO_SMALL = "too_small"
    NEW = "new"
    UNEQUIVOCAL_PROGRESSION = "unequivocal_progression"


@dataclass(frozen=True, slots=True)
class Size:
    """Longest diameter in a transverse slice and the longest perpendicular to it, mm."""

    ldi_mm: float
    sdi_mm: float

    @property
    def ppd_mm2(self) -> float:
        return self.ldi_mm * self.sdi_mm


@dataclass(frozen=True)
class CtLesion:
    """One lesion on one scan. A spleen has its vertical length as `ldi_mm`. Raises Refused for sizes that cannot be."""

    name: str
    part: Part
    target: bool
    seen: Seen
    ldi_mm: float | None = None
    sdi_mm: float | None = None

    def __post_init__(self) -> None:
        given = [mm for mm in (self.ldi_mm, self.sdi_mm) if mm is not None]
        if any(not 0.0 < mm < LARGEST_MM for mm in given) or (len(given) == 2 and given[0] < given[1]):
            raise Refused(CT_SIZE_IMPOSSIBLE.at(self.name, f"{self.ldi_mm} × {self.sdi_mm} mm"))
        if self.target and self.part is not Part.SPLEEN and len(given) < 2 and self.seen not in (Seen.ABSENT, Seen.TOO_SMALL):
            raise Refused(CT_SIZE_MISSING.at(self.name, f"{self.seen}, {self.ldi_mm} × {self.sdi_mm} mm"))

    @property
    def size(self) -> Size | None:
        """0 × 0 where it is not visible, 5 × 5 where it is too small to measure, None where it was not measured."""
        if self.seen is Seen.ABSENT:
            return Size(0.0, 0.0)
        if self.seen is Seen.TOO_SMALL:
            return Size(TOO_SMALL_MM, TOO_SMALL_MM)
        return Size(self.ldi_mm, self.sdi_mm) if self.ldi_mm is not None and self.sdi_mm is not None else None

    @property
    def enlarged(self) -> bool:
        """Longer than a normal node (15 mm), than an extranodal finding that may be nothing (10 mm)."""
        normal_mm = NORMAL_NODE_MM if self.part is Part.NODE else NORMAL_EXTRANODAL_MM
        return self.seen is not Seen.ABSENT and self.ldi_mm is not None and exceeds(self.ldi_mm, normal_mm)


@dataclass(frozen=True)
class CtScan:
    """All lesions of one CT. `marrow_involved`: None where nobody looked."""

    day: int
    lesions: tuple[CtLesion, ...]
    marrow_involved: bool | None = None

    def lesion(self, name: str) -> CtLesion | None:
        return next((one for one in self.lesions if one.name == name), None)

    @property
    def spleen_mm(self) -> float | None:
        return next((one.ldi_mm for one in self.lesions if one.part is Part.SPLEEN), None)


@dataclass(frozen=True)
class TargetCourse:
    """One target from baseline to now: its size at baseline, at its nadir (smallest PPD before now) and now; None: not measured now."""

    name: str
    part: Part
    baseline: Size
    nadir: Size
    now: Size | None


@dataclass(frozen=True)
class CtCourse:
    """Scans of one patient in the order of days, baseline first, the scan to be judged last. Raises Refused for a target that
    baseline does not have, and for more than six."""

    scans: tuple[CtScan, ...]

    def __post_init__(self) -> None:
        days = [scan.day for scan in self.scans]
        if len(days) < 2 or days != sorted(set(days)):
            raise ValueError("a CT course has a baseline and later scans, in the order of days")
        if (number := len(self.targets())) > MOST_TARGETS:
            raise Refused(CT_TARGETS_TOO_MANY.at(f"day {self.baseline.day}", f"{number} targets"))
        at_baseline = {one.name for one in self.baseline.lesions}
        for one in self.now.lesions:
            if one.target and one.seen is not Seen.NEW and one.name not in at_baseline and not self._newcomer(one.name):
                raise Refused(CT_BASELINE_MISSING.at(one.name, f"first seen on day {self.now.day}, not called new"))

    def _newcomer(self, name: str) -> bool:
        return any(one is not None and one.seen is Seen.NEW for one in (scan.lesion(name) for scan in self.scans))

    @property
    def baseline(self) -> CtScan:
        return self.scans[0]

    @property
    def now(self) -> CtScan:
        return self.scans[-1]

    @property
    def before(self) -> tuple[CtScan, ...]:
        """Baseline and every later scan before the one that is judged: where nadirs are looked for."""
        return self.scans[:-1]

    @property
    def marrow_clear(self) -> bool:
        """Found clear now, or never found involved."""
        return self.now.marrow_involved is False or not any(scan.marrow_involved for scan in self.scans)

    @property
    def marrow_relapsed(self) -> bool:
        """Involved now, and last found clear."""
        looked = [scan.marrow_involved for scan in self.before if scan.marrow_involved is not None]
        return self.now.marrow_involved is True and looked[-1:] == [False]

    def targets(self) -> tuple[TargetCourse, ...]:
        """The targets of baseline, in its order, without the spleen."""
        return tuple(self._target(one) for one in self.baseline.lesions if one.target and one.part is not Part.SPLEEN and one.size)

    def _target(self, first: CtLesion) -> TargetCourse:
        assert first.size is not None
        sizes = [first.size, *(one.size for one in self._later(first.name) if one.size is not None)]
        seen = self.now.lesion(first.name)
        return TargetCourse(first.name, first.part, first.size, min(sizes, key=lambda size: size.ppd_mm2), seen.size if seen else None)

    def _later(self, name: str) -> Iterator[CtLesion]:
        """A lesion on the scans after baseline and before now."""
        return (one for scan in self.before[1:] if (one := scan.lesion(name)) is not None)

    def rest_told(self) -> bool:
        """Whether now says what became of everything that is no target of baseline and was last seen, not gone, before; and whether
        baseline, or the word new, says since when there is what now shows."""
        if self.listed_late():
            return False
        targets = {one.name for one in self.targets()}
        last = {one.name: one.seen for scan in self.before for one in scan.lesions if one.part is not Part.SPLEEN}
        left = [name for name, seen in last.items() if name not in targets and seen is not Seen.ABSENT]
        return all(self.now.lesion(name) is not None for name in left)

    def appeared(self) -> tuple[CtLesion, ...]:
        """Lesions of now that were not there at baseline: called new now, or new earlier and still there, or not in its list and seen as
        unequivocal progression, or as absent, on one of the later scans."""
        late = {one.name for one in self.listed_late()}
        seen = [one for one in self.now.lesions if one.part is not Part.SPLEEN and one.seen is not Seen.ABSENT]
        return tuple(one for one in seen if one.seen is Seen.NEW or (self.baseline.lesion(one.name) is None and one.name not in late))

    def listed_late(self) -> tuple[CtLesion, ...]:
        """Lesions of now, enlarged or not measured, that baseline does not list and of which no scan says since when: neither new, nor
        unequivocal progression, nor absent before. They may have been there at baseline."""
        counts = [one for one in self.now.lesions if one.part is not Part.SPLEEN and (one.enlarged or one.size is None)]
        return tuple(one for one in counts if self.baseline.lesion(one.name) is None and not self._dated(one.name))

    def _dated(self, name: str) -> bool:
        """Whether a scan says that it came after baseline."""
        says = (Seen.NEW, Seen.UNEQUIVOCAL_PROGRESSION, Seen.ABSENT)
        return any(one.seen in says for scan in self.scans if (one := scan.lesion(name)) is not None)

    def regrown(self) -> tuple[CtLesion, ...]:
        """Lesions of baseline that had gone and are enlarged again."""
        return tuple(
            one
            for one in self.now.lesions
            if one.part is not Part.SPLEEN and one.enlarged and any(past.seen is Seen.ABSENT for past in self._later(one.name))
        )


def sum_mm2(sizes: Sequence[Size]) -> float:
    """SPD, mm²: the sum of the products of perpendicular diameters."""
    return sum(size.ppd_mm2 for size in sizes)
