"""The responses of one patient: every criterion at every time point after baseline, by the numbers and by each reader, side by side.

What cannot be called stands as NE with the reason: there is no silent gap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from carpet.core.errors import Notice
from carpet.core.protocol import Protocol, SegmentProtocol
from carpet.response import criteria
from carpet.response.cheson2007 import cheson2007
from carpet.response.ct_scans import CtCourse
from carpet.response.deauville import Deauville
from carpet.response.lugano import lugano
from carpet.response.recil import recil
from carpet.response.rule import Verdict
from carpet.run.trial.by_ct import by_ct, ct_course, marrow_involved
from carpet.run.trial.by_pet import Compared, by_delta, by_percist, by_pet, by_qpet, compared, marks, possible_scores, score
from carpet.run.trial.course import Course
from carpet.run.trial.lyric import AtMoment, OpenIr, lyric_call
from carpet.run.trial.moments import CARPET, Assessor, Moment, NoCall, assessors, moments
from carpet.run.trial.tracks import CourseTracks
from carpet.run.trial.uptake import settled

NOT_COMPUTABLE = "NOT_COMPUTABLE"  # stands where no rule of the criterion decided
PET_NEGATIVE = (Deauville.DS1, Deauville.DS2)  # Cheson 2007: uptake at most that of the blood pool

Row = Callable[..., dict[str, Any]]


def response_rows(course: Course, protocol: Protocol, *, tracks: CourseTracks) -> tuple[list[dict[str, Any]], tuple[Notice, ...]]:
    """A row a time point, criterion and assessor, and the refusals of CT rows. No row without an infusion, or before it."""
    refusals: list[Notice] = []
    rows: list[dict[str, Any]] = []
    open_irs: dict[str, OpenIr | None] = {}
    for moment in moments(course):
        before = open_irs.get(CARPET)  # what a reader who starts here finds open
        for by in assessors(moment, tracks):
            open_irs.setdefault(by.name, before)
            rows += _assessed(course, moment, by, protocol.segment, tracks, open_irs, refusals.append)
    return rows, tuple(dict.fromkeys(refusals))


def _assessed(
    course: Course,
    moment: Moment,
    by: Assessor,
    segment: SegmentProtocol,
    tracks: CourseTracks,
    open_irs: dict[str, OpenIr | None],
    refuse: Callable[[Notice], None],
) -> Iterator[dict[str, Any]]:
    """All criteria of one time point by one assessor; PET by the reader's score where the reader gave one. open_irs: by assessor."""

    def row(criterion: str, verdict: Verdict | NoCall, value: float | None = None, **more: Any) -> dict[str, Any]:
        return _row(course, moment, by, criterion, verdict, value=value, **more)

    both = marks(course, moment)
    least = {"preselect_suv": segment.preselect_suv, "preselect_min_ml": segment.preselect_min_ml}
    pair, ct = compared(course, moment, tracks), ct_course(course, moment, by, refuse=refuse)
    scored = score(moment, by, pair.now, **least)
    yield row("deauville", scored, flags=both if by.reading is None else ())
    pet, sizes = by_pet(moment, by, pair, scored, marrow=marrow_involved(course, moment.day, by) is True), by_ct(by, ct)
    yield row("lugano_pet", pet, flags=both)
    yield row("lugano_ct", sizes)
    of_pet = (*both, *pet.flags)
    decides = course.patient.pet_decides
    combined = lugano(_category(pet), _category(sizes), fdg_avid=decides)
    yield row("lugano", combined, flags=of_pet)
    said = AtMoment(_category(pet) if decides else "NE", _category(sizes), combined.category, ct)
    called = lyric_call(moment, by, said, open_ir=open_irs[by.name])
    open_irs[by.name] = called.open
    yield row("lyric", called.verdict, flags=of_pet, dated_to_day=called.dated_to_day)
    scores = [known for _, known in possible_scores(moment, by, pair.now, scored)] if decides else [None]
    yield from _by_both(row, ct, scores, pair, flags=(*both, *(scored.flags if isinstance(scored, Verdict) else ())))
    if by.reading is None:
        ratio, found = by_qpet(moment, pair.left)
        yield row("qpet", found, ratio, flags=both)
        yield row("percist", by_percist(course, moment, by, pair.left), flags=both)
        percent, found = by_delta(pair)
        yield row("delta_suv_max", found, percent, flags=both)


def _by_both(
    row: Row, ct: CtCourse | NoCall, scores: Sequence[Deauville | None], pair: Compared, *, flags: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """The criteria that ask for CT and a Deauville score, where every possible score gives one call."""
    if isinstance(ct, NoCall):
        yield from (row(name, ct, flags=flags) for name in ("recil", "cheson2007"))
        return
    yield row("recil", settled([recil(ct, deauville=one) for one in scores], [pair.now]), flags=flags)
    yield row("cheson2007", settled([cheson2007(ct, pet_positive=_positive(one)) for one in scores], [pair.now]), flags=flags)


def _positive(known: Deauville | None) -> bool | None:
    """Cheson 2007 knows positive and negative only."""
    return None if known is None or known is Deauville.X else known not in PET_NEGATIVE


def _category(verdict: Verdict | NoCall) -> str:
    return verdict.category if isinstance(verdict, Verdict) else "NE"


def _row(
    course: Course,
    moment: Moment,
    by: Assessor,
    criterion: str,
    verdict: Verdict | NoCall,
    *,
    value: float | None,
    flags: Sequence[str] = (),
    dated_to_day: int | None = None,
) -> dict[str, Any]:
    baseline = course.baseline
    said: dict[str, Any] = {
        "timepoint": moment.name,
        "day": moment.day,
        "assessor": by.name,
        "baseline_timepoint": course.schedule.baseline or "",
        "baseline_day": baseline.day if baseline else None,
        "value": value,
        "dated_to_day": dated_to_day,
        "flags": sorted({*flags, *by.flags, *verdict.flags}),
    }
    if isinstance(verdict, NoCall):
        name = f"{criterion}@{criteria()[criterion].version}"
        return said | {"criterion": name, "category": "NE", "rule": NOT_COMPUTABLE, "because": verdict.because}
    return said | {"criterion": verdict.criterion, "category": verdict.category, "rule": verdict.rule, "because": verdict.because}
