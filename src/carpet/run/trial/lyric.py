"""LYRIC over the course of one patient by one assessor: what is indeterminate stays open until a later time point decides."""

from __future__ import annotations

from dataclasses import dataclass, replace

from carpet.response.ct_scans import CtCourse
from carpet.response.lugano_ct import findings_of
from carpet.response.lyric import LYRIC, SPD_PERCENT, Indeterminate, lyric, lyric_follow_up
from carpet.response.lyric_sizes import SinceIr, lesion_rose, since_ir, spd_rise_percent
from carpet.response.rule import Verdict, reaches
from carpet.run.trial.moments import Assessor, Moment, NoCall
from carpet.run.trial.notices import CLINICAL_COURSE_UNKNOWN

INDETERMINATE = tuple(one.value for one in Indeterminate)
UNRESOLVED = ("NE", "DISCORDANT", *INDETERMINATE)  # an indeterminate response stays open over these
NOTHING_MEASURED = SinceIr(None, (), None)


@dataclass(frozen=True)
class OpenIr:
    """The first indeterminate response that no later time point has decided. unmeasured: its new lesions are not in ct_targets.csv."""

    kind: str
    day: int
    ct_day: int | None
    unmeasured: bool


@dataclass(frozen=True)
class AtMoment:
    """What the other criteria of the same time point and assessor say: categories, and the CTs."""

    pet: str
    by_ct: str
    lugano: str
    ct: CtCourse | NoCall


@dataclass(frozen=True)
class LyricCall:
    """The verdict, what is open after it, and the day to which confirmed progression is dated."""

    verdict: Verdict
    open: OpenIr | None
    dated_to_day: int | None = None


def lyric_call(moment: Moment, by: Assessor, at: AtMoment, *, open_ir: OpenIr | None) -> LyricCall:
    """LYRIC of one time point; `open_ir`: what the earlier ones of this assessor left open. The clinical course is taken as good where
    nobody says, with a flag."""
    measured = at.ct if isinstance(at.ct, CtCourse) else None
    new_on_ct = measured is not None and findings_of(measured).new_lesion
    new = by.new_focus or new_on_ct
    verdict = _first(moment, by, at, new) if open_ir is None else _later(by, at, open_ir, new)
    criterion = f"{LYRIC.name}@{LYRIC.version}"  # one criterion in two tables of rules, whose ids differ
    unknown = () if by.deteriorated is not None else (CLINICAL_COURSE_UNKNOWN.code,)
    verdict = replace(verdict, criterion=criterion, flags=(*verdict.flags, *unknown))
    if verdict.category == "PD":
        return LyricCall(verdict, None, open_ir.day if open_ir else None)
    if open_ir is not None:
        return LyricCall(verdict, open_ir if verdict.category in UNRESOLVED else None)
    if verdict.category in INDETERMINATE:
        ct_day = measured.now.day if measured else None
        sized = measured is not None and any(one.size is not None for one in measured.appeared())
        return LyricCall(verdict, OpenIr(verdict.category, moment.day, ct_day, by.new_focus and not sized))
    return LyricCall(verdict, None)


def _first(moment: Moment, by: Assessor, at: AtMoment, new: bool) -> Verdict:
    measured = at.ct if isinstance(at.ct, CtCourse) else None
    return lyric(
        spd_percent=spd_rise_percent(measured) if measured else None,
        day=measured.now.day if measured and spd_rise_percent(measured) is not None else moment.day,
        deteriorated=by.deteriorated is True,
        new_lesion=new,
        lesion_rose=lesion_rose(measured) if measured else None,
        uptake_rose=at.pet == "PMD" and not by.new_focus and at.by_ct != "PD",
        lugano=at.lugano,
    )


def _later(by: Assessor, at: AtMoment, open_ir: OpenIr, new: bool) -> Verdict:
    since = since_ir(at.ct, ir_day=open_ir.ct_day) if isinstance(at.ct, CtCourse) and open_ir.ct_day is not None else NOTHING_MEASURED
    enlarged = since.enlarged_spd_percent
    if open_ir.unmeasured and enlarged is not None and not reaches(enlarged, SPD_PERCENT):
        enlarged = None  # without the new lesion the sum is a lower limit
    return lyric_follow_up(
        open_ir.kind,
        deteriorated=by.deteriorated is True,
        spd_percent=since.spd_percent,
        growths_mm=since.growths_mm,
        enlarged_spd_percent=enlarged,
        grown_or_new=at.by_ct == "PD" or new,
        lugano=at.lugano,
    )
