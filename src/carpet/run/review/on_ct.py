"""The lesions on CT that a reader has to say something of: those of earlier CTs, and what was measured or looked for on this one."""

from __future__ import annotations

from typing import Any

from carpet.clinical.ct_targets import CtTarget
from carpet.clinical.notices import CT_KIND_VARIES
from carpet.core.errors import Refused
from carpet.review.edits import Caliper, Standing
from carpet.run.review.server_notices import NAME_TAKEN
from carpet.run.trial.calipers import kinds_apart, name_of_region, read_on_ct, with_calipers
from carpet.run.trial.course import Course
from carpet.run.trial.tracks import CourseTracks


def lesions_on_ct(course: Course, tracks: CourseTracks, timepoint: str) -> list[dict[str, Any]]:
    """Each lesion of this CT and of those before it, by name: its kind, its region on this scan (None without uptake), how it was seen
    last (`before`) and here (`now`; None: nobody has said). `edit`: the edit that says it, None for a row of ct_targets.csv."""
    scan = course.at[timepoint]
    said = {target.lesion: read.edit for read, target in read_on_ct(course, tracks) if read.timepoint == timepoint}
    regions = {name_of_region(tracks, scan.study_uid, one.payload["lesion_id"]): one.payload["lesion_id"] for one in scan.lesions}
    regions |= {target.lesion: read.lesion for read, target in read_on_ct(course, tracks) if read.timepoint == timepoint and read.lesion}
    before: dict[str, CtTarget] = {}
    now: dict[str, CtTarget] = {}
    for one in sorted(with_calipers(course, tracks).ct_targets, key=lambda one: (one.date, one.lesion)):
        day = course.patient.day(one.date)
        if day is not None and scan.day is not None and day <= scan.day:
            (now if day == scan.day else before)[one.lesion] = one
    return [
        {
            "name": name,
            "kind": (now.get(name) or before[name]).kind,
            "target": (now.get(name) or before[name]).target,
            "region": regions.get(name),
            "before": _seen(course, before.get(name)),
            "now": _seen(course, now.get(name)),
            "edit": said.get(name),
        }
        for name in sorted({*before, *now})
    ]


def _seen(course: Course, one: CtTarget | None) -> dict[str, Any] | None:
    return None if one is None else {"day": course.patient.day(one.date), "seen": one.status, "ldi_mm": one.ldi_mm, "sdi_mm": one.sdi_mm}


def check_names(standing: Standing, tracks: CourseTracks, study_uid: str) -> None:
    """Raises Refused (REVIEW_NAME_TAKEN) where two regions of this scan have the same name on CT: one would stand for both."""
    named: dict[str, str] = {}
    for one in (one.edit for one in standing if isinstance(one.edit, Caliper) and one.edit.lesion):
        assert one.lesion is not None
        name = one.name or name_of_region(tracks, study_uid, one.lesion) or one.lesion
        if named.setdefault(name, one.lesion) != one.lesion:
            raise Refused(NAME_TAKEN.at(name, f"{named[name]} and {one.lesion}"))


def check_kinds(course: Course, tracks: CourseTracks) -> None:
    """Raises Refused (CT_KIND_VARIES) where a lesion on CT is called another kind than it was before."""
    apart = kinds_apart(with_calipers(course, tracks))
    if apart:
        raise Refused([CT_KIND_VARIES.at(name, f"{kind}, first {first}") for name, kind, first in apart])
