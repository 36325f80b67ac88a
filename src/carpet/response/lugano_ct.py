"""Lugano 2014 by CT: targets, spleen, non-measured disease, what is new."""

from __future__ import annotations

from dataclasses import dataclass

from carpet.response.ct_scans import NORMAL_NODE_MM, SPLEEN_MM, CtCourse, Part, Seen, TargetCourse, sum_mm2
from carpet.response.rule import Criterion, Rule, Verdict, change_percent, exceeds, reaches
from carpet.response.verdict_notices import NEW_LESION_SMALL, SPLEEN_CROSSED_130_MM, SPLEEN_NOT_MEASURED

PARTIAL_PERCENT = -50.0  # of the SPD of baseline
GROWTH_PERCENT = 50.0  # of the PPD at nadir
SMALL_MM = 20.0  # lesions up to this longest diameter at nadir must grow by 5 mm, larger ones by 10 mm
SMALL_GROWTH_MM, LARGE_GROWTH_MM = 5.0, 10.0
SPLEEN_SHARE = 0.5  # of the excess over 130 mm
SPLEEN_GROWTH_MM = 20.0  # where there was no splenomegaly


@dataclass(frozen=True)
class LuganoCt:
    """What one CT shows against baseline and nadir. None: cannot be told."""

    target_grew: bool
    spleen_grew: bool | None
    unmeasured_grew: bool
    new_lesion: bool
    marrow_new: bool
    measured: bool
    rest_told: bool
    any_target: bool
    normal: bool
    halved: bool
    unmeasured_gone: bool
    spleen_normal: bool | None
    spleen_shrank: bool | None
    marrow_clear: bool


def _complete(f: LuganoCt) -> bool:
    return f.normal and f.unmeasured_gone and f.spleen_normal is True and f.marrow_clear


LUGANO_CT: Criterion[LuganoCt] = Criterion(
    name="lugano_ct",
    version="1",
    says="Lugano 2014 by CT",
    source="Cheson 2014 J Clin Oncol 32:3059, table 3",
    findings=LuganoCt,
    categories=("CR", "PR", "SD", "PD", "NE"),
    rules=(
        Rule("CT-PD1", lambda f: f.target_grew, "PD", "a target longer than 15 mm has grown by 50 % and enough mm from its nadir"),
        Rule("CT-PD2", lambda f: f.spleen_grew is True, "PD", "the spleen has grown"),
        Rule("CT-PD3", lambda f: f.unmeasured_grew, "PD", "clear progression of a lesion that is not a target"),
        Rule("CT-PD4", lambda f: f.new_lesion, "PD", "a new lesion, or regrowth of one that had gone"),
        Rule("CT-PD5", lambda f: f.marrow_new, "PD", "new or recurrent involvement of the marrow"),
        Rule("CT-NE-targets", lambda f: not f.measured, "NE", "a target was not measured on this scan"),
        Rule(
            "CT-NE-rest",
            lambda f: not f.rest_told,
            "NE",
            "a lesion that is no target was there before, and nobody says what became of it; or baseline does not list it, and nobody"
            " calls it new",
        ),
        Rule(
            "CT-NE-spleen",
            lambda f: None in (f.spleen_grew, f.spleen_normal, f.spleen_shrank),
            "NE",
            "the spleen was enlarged and is not measured on this scan",
        ),
        Rule(
            "CT-CR",
            _complete,
            "CR",
            "nodes at most 15 mm long, extranodal disease gone, no enlarged spleen, no marrow disease and no new lesion known",
        ),
        Rule("CT-NE-none", lambda f: not f.any_target, "NE", "no target at baseline, and disease is left"),
        Rule(
            "CT-PR",
            lambda f: f.halved and f.spleen_shrank is True,
            "PR",
            "SPD at least 50 % below baseline, nothing has grown, nothing new",
        ),
        Rule("CT-SD", lambda f: True, "SD", "SPD less than 50 % below baseline, and no progression"),
    ),
)


def lugano_ct(course: CtCourse) -> Verdict:
    """The CT response of the last scan of the course."""
    findings = findings_of(course)
    flags = []
    if not any(scan.spleen_mm is not None for scan in course.scans):
        flags.append(SPLEEN_NOT_MEASURED.code)
    if not findings.new_lesion and any(one.seen is Seen.NEW for one in course.appeared()):
        flags.append(NEW_LESION_SMALL.code)
    spleen = _spleen(course)
    if not findings.spleen_grew and spleen is not None and spleen[1] <= SPLEEN_MM < spleen[2]:
        flags.append(SPLEEN_CROSSED_130_MM.code)
    return LUGANO_CT.decide(findings, tuple(flags))


def findings_of(course: CtCourse) -> LuganoCt:
    """From diameters to findings; PR is measured from baseline, PD from each lesion's own nadir."""
    targets = course.targets()
    measured = [target for target in targets if target.now is not None]
    others = [one for one in course.now.lesions if not one.target and one.part is not Part.SPLEEN]
    spd = change_percent(sum_mm2([one.baseline for one in measured]), sum_mm2([one.now for one in measured if one.now]))
    return LuganoCt(
        target_grew=any(grew(target) for target in measured),
        spleen_grew=_spleen_grew(course),
        unmeasured_grew=any(one.seen is Seen.UNEQUIVOCAL_PROGRESSION for one in course.now.lesions),
        new_lesion=any(one.enlarged or (one.seen is Seen.NEW and one.size is None) for one in course.appeared()) or bool(course.regrown()),
        marrow_new=course.marrow_relapsed,
        measured=len(measured) == len(targets),
        rest_told=course.rest_told(),
        any_target=bool(targets),
        normal=all(_normal(target) for target in measured),
        halved=bool(measured) and reaches(-spd, -PARTIAL_PERCENT),
        unmeasured_gone=all(one.seen is Seen.ABSENT for one in others),
        spleen_normal=_spleen_normal(course),
        spleen_shrank=_spleen_shrank(course),
        marrow_clear=course.marrow_clear,
    )


def grew(target: TargetCourse) -> bool:
    """PD-1 of one lesion: now > 15 mm, PPD ≥ 1.5 × nadir, and ≥ 5 mm (nadir ≤ 20 mm) or ≥ 10 mm in either diameter."""
    now, nadir = target.now, target.nadir
    if now is None or not exceeds(now.ldi_mm, NORMAL_NODE_MM):
        return False
    least_mm = LARGE_GROWTH_MM if exceeds(nadir.ldi_mm, SMALL_MM) else SMALL_GROWTH_MM
    grown_mm = max(now.ldi_mm - nadir.ldi_mm, now.sdi_mm - nadir.sdi_mm)
    return reaches(now.ppd_mm2, (1.0 + GROWTH_PERCENT / 100.0) * nadir.ppd_mm2) and reaches(grown_mm, least_mm)


def _normal(target: TargetCourse) -> bool:
    """A node of normal length; an extranodal lesion that has gone."""
    assert target.now is not None
    limit_mm = NORMAL_NODE_MM if target.part is Part.NODE else 0.0
    return not exceeds(target.now.ldi_mm, limit_mm)


def _spleen(course: CtCourse) -> tuple[float, float, float] | None:
    """Vertical length (mm) at baseline, at its nadir before now, and now; None unless measured at both ends."""
    lengths = [scan.spleen_mm for scan in course.before if scan.spleen_mm is not None]
    first, now = course.baseline.spleen_mm, course.now.spleen_mm
    return None if first is None or now is None else (first, min(lengths), now)


def _unknown_spleen(course: CtCourse) -> bool | None:
    """For a spleen that was not measured at both ends: normal (True) where it was never enlarged, else not known."""
    enlarged = any(scan.spleen_mm is not None and exceeds(scan.spleen_mm, SPLEEN_MM) for scan in course.scans)
    return None if enlarged else True


def _spleen_grew(course: CtCourse) -> bool | None:
    spleen = _spleen(course)
    if spleen is None:
        return False if _unknown_spleen(course) else None
    baseline, nadir, now = spleen
    if not exceeds(now, SPLEEN_MM):
        return False
    if exceeds(nadir, SPLEEN_MM):
        return exceeds(now - nadir, SPLEEN_SHARE * (nadir - SPLEEN_MM))
    return reaches(now - min(baseline, nadir), SPLEEN_GROWTH_MM)


def _spleen_normal(course: CtCourse) -> bool | None:
    spleen = _spleen(course)
    return _unknown_spleen(course) if spleen is None else not exceeds(spleen[2], SPLEEN_MM)


def _spleen_shrank(course: CtCourse) -> bool | None:
    """Its excess over 130 mm fell by more than half, or there was none."""
    spleen = _spleen(course)
    if spleen is None:
        return _unknown_spleen(course)
    excess_before, excess_now = (max(mm - SPLEEN_MM, 0.0) for mm in (spleen[0], spleen[2]))
    return excess_now == 0.0 or exceeds(SPLEEN_SHARE * excess_before, excess_now)
