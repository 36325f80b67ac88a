"""Cheson 2007 (the revised criteria before Lugano), by CT, with PET as positive or negative where there is one."""

from __future__ import annotations

from dataclasses import dataclass

from carpet.response.ct_scans import CtCourse, Part, Seen, Size, TargetCourse, sum_mm2
from carpet.response.lugano_ct import findings_of as lugano_findings
from carpet.response.rule import Criterion, Rule, Verdict, change_percent, exceeds, reaches
from carpet.response.verdict_notices import PET_MISSING

NEW_NODE_MM = 15.0  # a new lesion longer than this in any axis
NORMAL_NODE_MM, NORMAL_SHORT_MM = 15.0, 10.0  # a node of normal size
HALF_PERCENT = 50.0
SHORT_AXIS_MM = 10.0  # a single node counts when it was broader than this at nadir


@dataclass(frozen=True)
class Cheson2007:
    """`pet_positive`: None without a PET."""

    new_lesion: bool
    sum_grew: bool
    node_grew: bool
    organ_grew: bool
    marrow_new: bool
    measured: bool
    rest_told: bool
    any_target: bool
    normal: bool
    rest_gone: bool
    halved: bool
    pet_positive: bool | None


def _clear(f: Cheson2007) -> bool:
    return f.pet_positive is False or (f.pet_positive is None and f.normal)


CHESON2007: Criterion[Cheson2007] = Criterion(
    name="cheson2007",
    version="1",
    says="Cheson 2007 (International Working Group, revised)",
    source="Cheson 2007 J Clin Oncol 25:579",
    findings=Cheson2007,
    categories=("CR", "PR", "SD", "PD", "NE"),
    rules=(
        Rule("CHE-PD-new", lambda f: f.new_lesion, "PD", "a new lesion longer than 15 mm"),
        Rule("CHE-PD-sum", lambda f: f.sum_grew, "PD", "SPD of more than one node at least 50 % above nadir"),
        Rule("CHE-PD-node", lambda f: f.node_grew, "PD", "a node broader than 10 mm is at least 50 % longer than at nadir"),
        Rule("CHE-PD-organ", lambda f: f.organ_grew, "PD", "spleen, liver or another site has progressed"),
        Rule("CHE-PD-marrow", lambda f: f.marrow_new, "PD", "new involvement of the marrow"),
        Rule("CHE-NE", lambda f: not f.measured, "NE", "a target was not measured on this scan"),
        Rule(
            "CHE-NE-rest",
            lambda f: not f.rest_told,
            "NE",
            "a lesion that is no target was there before, and nobody says what became of it; or baseline does not list it, and nobody"
            " calls it new",
        ),
        Rule(
            "CHE-CR",
            lambda f: _clear(f) and f.rest_gone,
            "CR",
            "nodes of normal size, or masses of any size without uptake; nothing else left",
        ),
        Rule("CHE-NE-none", lambda f: not f.any_target, "NE", "no target at baseline, and disease is left"),
        Rule("CHE-PR", lambda f: f.halved, "PR", "SPD at least 50 % below baseline, nothing has grown"),
        Rule("CHE-SD", lambda f: True, "SD", "none of the others"),
    ),
)


def cheson2007(course: CtCourse, *, pet_positive: bool | None) -> Verdict:
    """The response of the last scan. pet_positive: uptake above the blood pool (masses ≥ 20 mm) or the background; None without PET."""
    targets = course.targets()
    measured = [one for one in targets if one.now is not None]
    nodes = [one for one in measured if one.part is Part.NODE]
    as_lugano = lugano_findings(course)
    others = [one for one in course.now.lesions if not one.target and one.part is not Part.SPLEEN]
    spd = change_percent(sum_mm2([one.baseline for one in measured]), sum_mm2([one.now for one in measured if one.now]))
    findings = Cheson2007(
        new_lesion=any(one.ldi_mm is None or exceeds(one.ldi_mm, NEW_NODE_MM) for one in course.appeared()) or bool(course.regrown()),
        sum_grew=len(nodes) > 1 and _sum_grew(course, nodes),
        node_grew=any(_node_grew(one) for one in nodes),
        organ_grew=as_lugano.unmeasured_grew or as_lugano.spleen_grew is True or _organ_sum_grew(course, measured),
        marrow_new=as_lugano.marrow_new,
        measured=len(measured) == len(targets),
        rest_told=as_lugano.rest_told,
        any_target=bool(targets),
        normal=all(_normal(one) for one in measured),
        rest_gone=all(one.seen is Seen.ABSENT for one in others) and as_lugano.spleen_normal is not False and as_lugano.marrow_clear,
        halved=bool(measured) and reaches(-spd, HALF_PERCENT) and as_lugano.spleen_shrank is not False,
        pet_positive=pet_positive,
    )
    return CHESON2007.decide(findings, () if pet_positive is not None else (PET_MISSING.code,))


def _nadir_mm2(course: CtCourse, targets: list[TargetCourse]) -> float | None:
    """The smallest SPD of these targets before now, over scans that measured all of them."""
    sums = []
    for scan in course.before:
        sizes: list[Size | None] = [one.size if one else None for one in (scan.lesion(target.name) for target in targets)]
        if all(size is not None for size in sizes):
            sums.append(sum_mm2([size for size in sizes if size]))
    return min(sums, default=None)


def _sum_grew(course: CtCourse, targets: list[TargetCourse]) -> bool:
    nadir, now = _nadir_mm2(course, targets), sum_mm2([one.now for one in targets if one.now])
    return nadir is not None and now > nadir and reaches(change_percent(nadir, now), HALF_PERCENT)


def _organ_sum_grew(course: CtCourse, measured: list[TargetCourse]) -> bool:
    """More than 50 %: the one limit of this criterion that is not reached by 50 % itself."""
    organs = [one for one in measured if one.part is Part.EXTRANODAL]
    nadir, now = _nadir_mm2(course, organs), sum_mm2([one.now for one in organs if one.now])
    return bool(organs) and nadir is not None and exceeds(change_percent(nadir, now), HALF_PERCENT)


def _node_grew(node: TargetCourse) -> bool:
    assert node.now is not None
    longer = change_percent(node.nadir.ldi_mm, node.now.ldi_mm)
    return exceeds(node.nadir.sdi_mm, SHORT_AXIS_MM) and reaches(longer, HALF_PERCENT)


def _normal(target: TargetCourse) -> bool:
    """A node at most 15 mm long, and at most 10 mm broad if it was not longer than 15 mm at baseline; nothing extranodal."""
    assert target.now is not None
    if target.part is not Part.NODE:
        return target.now.ldi_mm == 0.0
    if exceeds(target.baseline.ldi_mm, NORMAL_NODE_MM):
        return not exceeds(target.now.ldi_mm, NORMAL_NODE_MM)
    return not exceeds(target.now.sdi_mm, NORMAL_SHORT_MM)
