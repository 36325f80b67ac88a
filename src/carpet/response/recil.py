"""RECIL 2017: the sum of the longest diameters of at most three targets, with PET."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from carpet.response.ct_scans import CtCourse, Part, TargetCourse
from carpet.response.deauville import Deauville
from carpet.response.rule import Criterion, Rule, Verdict, change_percent, exceeds, reaches
from carpet.response.verdict_notices import PET_MISSING, RECIL_THREE_LARGEST

TARGETS = 3  # the three largest of baseline
NODE_MM = 10.0  # a node below this longest diameter is normal
PARTIAL_PERCENT, MINOR_PERCENT, GROWTH_PERCENT = 30.0, 10.0, 20.0
SMALL_MM, SMALL_GROWTH_MM = 15.0, 5.0  # a node below 15 mm at nadir must grow by 5 mm and beyond 15 mm


class Fall(StrEnum):
    """Decrease of the sum of longest diameters from baseline."""

    PARTIAL = "30 % or more"
    MINOR = "10 to 30 %"
    LESS = "less than 10 %"


@dataclass(frozen=True)
class Recil:
    """`pet_normal`: Deauville 1–3; None where there is no score."""

    new_lesion: bool
    grew: bool
    measured: bool
    rest_told: bool
    gone: bool
    fall: Fall
    pet_normal: bool | None
    marrow_clear: bool


RECIL: Criterion[Recil] = Criterion(
    name="recil",
    version="1",
    says="RECIL 2017",
    source="Younes 2017 Ann Oncol 28:1436",
    findings=Recil,
    categories=("CR", "PR", "MR", "SD", "PD", "NE"),
    rules=(
        Rule("REC-PD-new", lambda f: f.new_lesion, "PD", "a new lesion"),
        Rule("REC-PD-growth", lambda f: f.grew, "PD", "sum of longest diameters more than 20 % above nadir"),
        Rule("REC-NE", lambda f: not f.measured, "NE", "no target, or one was not measured on this scan"),
        Rule(
            "REC-NE-rest",
            lambda f: not f.rest_told,
            "NE",
            "a lesion that is no target was there before, and nobody says what became of it; or baseline does not list it, and nobody"
            " calls it new",
        ),
        Rule(
            "REC-CR-gone",
            lambda f: f.gone and f.pet_normal is not False and f.marrow_clear,
            "CR",
            "targets gone, nodes below 10 mm, marrow clear",
        ),
        Rule(
            "REC-CR-pet",
            lambda f: f.fall is Fall.PARTIAL and f.pet_normal is True and f.marrow_clear,
            "CR",
            "sum of longest diameters at least 30 % below baseline, Deauville 1–3, marrow clear",
        ),
        Rule(
            "REC-PR",
            lambda f: f.fall is Fall.PARTIAL or f.gone,
            "PR",
            "sum of diameters at least 30 % below baseline, PET or marrow not normal",
        ),
        Rule("REC-MR", lambda f: f.fall is Fall.MINOR, "MR", "sum of longest diameters 10 to 30 % below baseline"),
        Rule("REC-SD", lambda f: True, "SD", "less than 10 % below baseline, at most 20 % above nadir"),
    ),
)


def recil(course: CtCourse, *, deauville: Deauville | None) -> Verdict:
    """The response of the last scan. Flags: `PET_MISSING` without a Deauville score or with X, `RECIL_THREE_LARGEST` of more targets."""
    targets = sorted(course.targets(), key=lambda one: -one.baseline.ldi_mm)[:TARGETS]
    measured = [one for one in targets if one.now is not None]
    baseline_mm, now_mm = sum(one.baseline.ldi_mm for one in measured), sum(one.now.ldi_mm for one in measured if one.now)
    nadir_mm = _nadir_mm(course, targets)
    decrease = -change_percent(baseline_mm, now_mm) if measured else 0.0
    fall = Fall.PARTIAL if reaches(decrease, PARTIAL_PERCENT) else Fall.MINOR if reaches(decrease, MINOR_PERCENT) else Fall.LESS
    known = deauville is not None and deauville is not Deauville.X
    findings = Recil(
        new_lesion=any(one.enlarged or one.size is None for one in course.appeared()) or bool(course.regrown()),
        grew=exceeds(now_mm, (1 + GROWTH_PERCENT / 100) * nadir_mm) and any(_counts(one) for one in measured),
        measured=bool(targets) and len(measured) == len(targets),
        rest_told=course.rest_told(),
        gone=all(_gone(one) for one in measured),
        fall=fall,
        pet_normal=deauville in (Deauville.DS1, Deauville.DS2, Deauville.DS3) if known else None,
        marrow_clear=course.now.marrow_involved is not True
        and (course.now.marrow_involved is False or not course.before[0].marrow_involved),
    )
    flags = [] if known else [PET_MISSING.code]
    if len(course.targets()) > TARGETS:
        flags.append(RECIL_THREE_LARGEST.code)
    return RECIL.decide(findings, tuple(flags))


def _nadir_mm(course: CtCourse, targets: list[TargetCourse]) -> float:
    """The smallest sum of longest diameters before now, over scans that measured every target."""
    sums = []
    for scan in course.before:
        sizes = [one.size if one else None for one in (scan.lesion(target.name) for target in targets)]
        if all(size is not None for size in sizes):
            sums.append(sum(size.ldi_mm for size in sizes if size))
    return min(sums)


def _gone(target: TargetCourse) -> bool:
    assert target.now is not None
    return target.now.ldi_mm < NODE_MM if target.part is Part.NODE else target.now.ldi_mm == 0.0


def _counts(target: TargetCourse) -> bool:
    """Its growth counts: any for a lesion of 15 mm or more at nadir, 5 mm and beyond 15 mm for a smaller one."""
    assert target.now is not None
    growth_mm = target.now.ldi_mm - target.nadir.ldi_mm
    if target.nadir.ldi_mm >= SMALL_MM:
        return exceeds(growth_mm, 0.0)
    return reaches(growth_mm, SMALL_GROWTH_MM) and exceeds(target.now.ldi_mm, SMALL_MM)
