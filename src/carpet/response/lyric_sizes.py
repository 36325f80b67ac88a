"""What LYRIC asks of CT: how the sum of products rose from its nadir, and what grew since an indeterminate response."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from carpet.response.ct_scans import NORMAL_NODE_MM, CtCourse, CtLesion, CtScan, Part, Size, sum_mm2
from carpet.response.lugano_ct import grew
from carpet.response.rule import change_percent, exceeds

MOST_LESIONS = 6  # targets together with the new or grown lesions of an IR2


@dataclass(frozen=True)
class SinceIr:
    """From the CT of an indeterminate response to now. None: not measured on both.

    spd_percent: change of the targets' SPD; growths_mm: (longest diameter then, larger growth of both diameters) of each lesion;
    enlarged_spd_percent: SPD of targets with the new or grown lesions, over its nadir.
    """

    spd_percent: float | None
    growths_mm: tuple[tuple[float, float], ...]
    enlarged_spd_percent: float | None


def spd_rise_percent(course: CtCourse) -> float | None:
    """SPD of the targets now over its nadir before, percent; None without targets or where one was not measured now.

    Nodes of normal size that got longer are no rise of disease: 0 at most where every target is of normal size.
    """
    targets = course.targets()
    found = _rise_percent(course, [one.name for one in targets])
    disease = any(one.now is not None and exceeds(one.now.ldi_mm, NORMAL_NODE_MM if one.part is Part.NODE else 0.0) for one in targets)
    return found if found is None or disease else min(found, 0.0)


def lesion_rose(course: CtCourse) -> bool | None:
    """A target's PPD is at least 50 % over its nadir, by the limits in millimetres of Lugano; None where none grew and one is unknown."""
    targets = course.targets()
    if any(grew(one) for one in targets):
        return True
    return False if targets and all(one.now is not None for one in targets) else None


def since_ir(course: CtCourse, *, ir_day: int) -> SinceIr:
    """What changed since the CT of that day; nothing is known where the course has no such CT before now."""
    then = next((scan for scan in course.before if scan.day == ir_day), None)
    if then is None:
        return SinceIr(None, (), None)
    names = [one.name for one in course.targets()]
    at_ir = CtCourse(tuple(scan for scan in course.scans if scan.day <= ir_day)) if then is not course.baseline else None
    more = [one.name for one in at_ir.appeared()] if at_ir else []
    before, now = _spd_mm2(then, names), _spd_mm2(course.now, names)
    largest = [*_largest(then, more), *_largest(then, names)][:MOST_LESIONS]  # the new ones decide, so none of them is left out
    return SinceIr(
        change_percent(before, now) if names and before is not None and now is not None else None,
        tuple(_growths_mm(then, course.now)),
        _rise_percent(course, largest, new=more) if largest else None,
    )


def _rise_percent(course: CtCourse, names: Iterable[str], new: Iterable[str] = ()) -> float | None:
    """Of the sum of these lesions over its nadir; `new`: those that are nothing on scans that do not show them."""
    wanted, appeared = list(names), frozenset(new)
    now = _spd_mm2(course.now, wanted)
    sums = [mm2 for scan in course.before if (mm2 := _spd_mm2(scan, wanted, appeared)) is not None]
    return change_percent(min(sums), now) if wanted and sums and now is not None else None


def _spd_mm2(scan: CtScan, names: Iterable[str], nothing: frozenset[str] = frozenset()) -> float | None:
    """None where a lesion was not measured; a lesion of `nothing` without a row is 0."""
    sizes: list[Size | None] = []
    for name in names:
        one = scan.lesion(name)
        sizes.append((Size(0.0, 0.0) if name in nothing else None) if one is None else one.size)
    return sum_mm2([size for size in sizes if size]) if all(size is not None for size in sizes) else None


def _largest(scan: CtScan, names: Iterable[str]) -> list[str]:
    """By their product on this scan; what was not measured comes first, and makes the sum unknown."""

    def place(name: str) -> tuple[bool, float]:
        one = scan.lesion(name)
        return one is not None and one.size is not None, -one.size.ppd_mm2 if one is not None and one.size is not None else 0.0

    return sorted(names, key=place)


def _growths_mm(then: CtScan, now: CtScan) -> Iterable[tuple[float, float]]:
    for one, later in ((one, now.lesion(one.name)) for one in then.lesions):
        before, after = _size(one), _size(later)
        if before is not None and after is not None:
            yield before.ldi_mm, max(after.ldi_mm - before.ldi_mm, after.sdi_mm - before.sdi_mm)


def _size(one: CtLesion | None) -> Size | None:
    return None if one is None or one.part is Part.SPLEEN else one.size
