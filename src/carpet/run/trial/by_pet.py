"""What PET says at one time point: Deauville score, Lugano by PET, qPET, PERCIST, ΔSUVmax."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from carpet.response.deauville import Deauville, deauville
from carpet.response.delta_suv_max import delta_suv_max, delta_suv_max_percent
from carpet.response.lugano_pet import Change, LuganoPet, change_of_uptake, lugano_pet
from carpet.response.percist import SulScan, percist
from carpet.response.qpet import qpet
from carpet.response.rule import Verdict
from carpet.run.notices import SMALL_REGIONS_LEFT
from carpet.run.trial.by_ct import AS_READ, as_read
from carpet.run.trial.course import Course, Scan
from carpet.run.trial.moments import Assessor, Moment, NoCall
from carpet.run.trial.notices import NEW_FAINT_NOT_SOUGHT, RECON_CHANGED, RESIDUAL_NOT_KNOWN, UNDECIDED_REGION_HOTTER
from carpet.run.trial.residuals import REFERENCES, Left, left_on
from carpet.run.trial.tracks import CourseTracks
from carpet.run.trial.uptake import Uptake, settled, undecided_tlg, unsettled, uptake, with_left

NO_BASELINE = NoCall("no baseline PET")
LOW = ("1", "2", "3")
QPET_LOWEST = "1-2"


@dataclass(frozen=True)
class Compared:
    """The PET of a time point beside the baseline's: hottest SUVmax of both, and whether their numbers may be compared.

    left: what the later scan shows where disease lay; `now` holds it as well.
    """

    before: Uptake | NoCall
    now: Uptake | NoCall
    same_imaging: bool
    left: Left


def marks(course: Course, moment: Moment) -> tuple[str, ...]:
    """Warnings of both scans, which go with what is made of their numbers."""
    scans = [scan for scan in (course.baseline, moment.pet) if scan is not None]
    codes = {one.payload["code"] for scan in scans for one in scan.flags if one.payload["severity"] == "W"}
    codes |= {one.code for one in course.flags if one.severity == "W" and one.where in (moment.name, course.schedule.baseline)}
    changed = _changed(course, moment)
    return tuple(sorted(codes | ({changed} if changed else set())))


def _changed(course: Course, moment: Moment) -> str:
    return course.imaging_changed(course.baseline, moment.pet) if course.baseline is not None and moment.pet is not None else ""


def compared(course: Course, moment: Moment, tracks: CourseTracks) -> Compared:
    """The numbers of both scans, or why there are none; where no region is disease any more, what is left at its places."""
    before = NO_BASELINE if course.baseline is None else uptake(course.baseline, "suv_max")
    same = _changed(course, moment) != RECON_CHANGED.code
    if moment.pet is None or moment.pet.study is None:
        return Compared(before, NoCall(moment.no_pet), same, Left())
    left = left_on(moment.pet, tracks)
    return Compared(before, with_left(uptake(moment.pet, "suv_max"), left), same, left)


def score(
    moment: Moment, by: Assessor, now: Uptake | NoCall, *, preselect_suv: float, preselect_min_ml: float | None = None
) -> Verdict | NoCall:
    """The reader's Deauville score; for the numbers the aid's, where undecided regions and places not known leave one."""
    if by.reading is not None and by.reading.deauville is not None:
        return Verdict("deauville@1", by.reading.deauville, AS_READ, "as read")
    if by.reading is not None:
        return NoCall("the reader gave no Deauville score")
    found = _scores(moment, by, now)
    if isinstance(found, NoCall):
        return found
    said = settled([verdict for _, verdict in found], [now])
    if isinstance(now, Uptake) and now.disease is None and isinstance(said, Verdict) and not by.new_focus:
        said = replace(said, because=f"{said.because}; {now.left.words if now.left else 'no place was looked at'}")
        if said.category in LOW and (_liver(moment, "max") < preselect_suv or _small_left(moment)):
            return _new_not_sought(said, preselect_suv, preselect_min_ml)
    return said


def _new_not_sought(said: Verdict, preselect_suv: float, preselect_min_ml: float | None) -> Verdict:
    """The verdict, which must not read as if faint or small uptake had been looked for everywhere."""
    size = "" if preselect_min_ml is None else f" or {preselect_min_ml:g} mL"
    because = f"{said.because}; new uptake elsewhere below SUV {preselect_suv:g}{size} was not looked for"
    return replace(said, because=because, flags=(NEW_FAINT_NOT_SOUGHT.code,))


def _small_left(moment: Moment) -> bool:
    """Whether regions that are hot enough were left out for their size."""
    return moment.pet is not None and any(one.payload["code"] == SMALL_REGIONS_LEFT.code for one in moment.pet.flags)


def _liver(moment: Moment, what: str) -> float:
    assert moment.pet is not None
    assert moment.pet.study is not None
    said = moment.pet.study.payload
    return float(said["reference_suv_max"]["liver"] if what == "max" else said["references"]["liver"]["mean"])


def _scores(moment: Moment, by: Assessor, now: Uptake | NoCall) -> list[tuple[float | None, Verdict]] | NoCall:
    """(SUVmax, score): of the disease or of what is left of it, and of what may be hotter."""
    if moment.pet is None or moment.pet.study is None:
        return NoCall(moment.no_pet)
    references = moment.pet.study.payload["reference_suv_max"]
    absent = [name for name in REFERENCES if not references.get(name, 0.0) > 0.0]
    if absent:
        return NoCall(f"no uptake to compare with: {', '.join(absent)}")
    if isinstance(now, NoCall):
        return now
    liver, pool = references["liver"], references["blood_pool"]
    return [
        (
            value,
            deauville(value, liver_suv_max=liver, blood_pool_suv_max=pool, above_background=value is not None, new_lesion=by.new_focus),
        )
        for value in now.possible
    ]


def by_pet(moment: Moment, by: Assessor, pair: Compared, scored: Verdict | NoCall, *, marrow: bool = False) -> Verdict | NoCall:
    """Lugano by PET: as the reader called it, else by the rules, where the undecided regions of both scans leave one call."""
    befores: tuple[float | None, ...] = (None,) if isinstance(pair.before, NoCall) else pair.before.possible
    verdicts = [
        lugano_pet(LuganoPet(known, _change(before, value) if pair.same_imaging else None, by.new_focus, pair.same_imaging, marrow))
        for (value, known), before in product(possible_scores(moment, by, pair.now, scored), befores)
    ]
    ruled = settled(verdicts, (pair.before, pair.now))
    if isinstance(ruled, Verdict) and isinstance(scored, Verdict) and ruled.category == "CMR":
        ruled = replace(ruled, flags=scored.flags)
    read = by.reading.metabolic_response if by.reading else None
    return as_read(read, ruled, criterion="lugano_pet@1", compared=isinstance(scored, Verdict))


def possible_scores(
    moment: Moment, by: Assessor, now: Uptake | NoCall, scored: Verdict | NoCall
) -> list[tuple[float | None, Deauville | None]]:
    """(SUVmax, score) of every possible hottest uptake; the reader's score goes with each. None: not known."""
    if by.reading is not None:
        read = Deauville(scored.category) if isinstance(scored, Verdict) else None
        return [(value, read) for value in ((None,) if isinstance(now, NoCall) else now.possible)]
    found = _scores(moment, by, now)
    return [(None, None)] if isinstance(found, NoCall) else [(value, Deauville(one.category)) for value, one in found]


def _change(before: float | None, now: float | None) -> Change | None:
    return None if before is None or now is None else change_of_uptake(before, now)


def by_qpet(moment: Moment, left: Left) -> tuple[float | None, Verdict | NoCall]:
    """The ratio and its class; no ratio where an undecided region is hotter, or where no region is disease: SUVpeak of what is left is not
    known. It is at most SUVmax, which settles the lowest class."""
    if moment.pet is None or moment.pet.study is None:
        return None, NoCall(moment.no_pet)
    liver, peak = moment.pet.study.payload["references"]["liver"], uptake(moment.pet, "suv_peak")
    if not liver["mean"]:
        return None, NoCall(f"liver: {liver['reason_missing']}")
    if isinstance(peak, NoCall):
        return None, peak
    if peak.disease is None:
        return None, _qpet_of_left(peak, left, liver["mean"])
    classes = [qpet(value, liver["mean"]) for value in peak.possible if value is not None]
    called = settled([verdict for _, verdict in classes], [peak])
    if peak.hotter and isinstance(called, Verdict):
        return None, replace(called, flags=(UNDECIDED_REGION_HOTTER.code,))
    return (classes[0][0] if isinstance(called, Verdict) else None), called


def _qpet_of_left(peak: Uptake, left: Left, liver_mean: float) -> Verdict | NoCall:
    if peak.hotter or left.unknown:
        return unsettled([replace(peak, left=left)])
    most = max(left.hottest, left.unsure, left.level)
    ratio, called = qpet(most, liver_mean)
    if called.category == QPET_LOWEST:
        return replace(called, because=f"{called.because}: SUVpeak is at most SUVmax {most:.1f} of what is left where disease lay")
    return NoCall(f"SUVpeak of what is left where disease lay was not measured; SUVmax {most:.1f} is {ratio:.2f} times the liver's mean")


def by_delta(pair: Compared) -> tuple[float | None, Verdict | NoCall]:
    """ΔSUVmax in percent from baseline, without a class: none is validated after CAR T-cells (METHODS D.8). Where nothing is left above
    its surroundings, the hottest uptake at the places where disease lay."""
    for one in (pair.before, pair.now):
        if isinstance(one, NoCall):
            return None, one
        if len(one.possible) > 1:
            return None, unsettled((pair.before, pair.now))
    before, now = (one for one in (pair.before, pair.now) if isinstance(one, Uptake))
    if before.sure is None:
        return None, NoCall("no disease found at baseline, so no SUVmax to compare with")
    if not pair.same_imaging:
        return None, NoCall(RECON_CHANGED.message, (RECON_CHANGED.code,))
    value = now.sure if now.sure is not None else pair.left.level
    called = delta_suv_max(before.sure, value, after=None)
    if now.disease is None:
        called = replace(called, because=f"{called.because}; SUVmax {value:.1f} where disease lay")
    return delta_suv_max_percent(before.sure, value), called


def by_percist(course: Course, moment: Moment, by: Assessor, left: Left) -> Verdict | NoCall:
    """PERCIST, where the undecided regions of both scans, and what is left where disease lay, leave one call."""
    if course.baseline is None:
        return NO_BASELINE
    if moment.pet is None or moment.pet.study is None:
        return NoCall(moment.no_pet)
    same = _changed(course, moment) != RECON_CHANGED.code
    before, now = _sul(course.baseline, Left()), _sul(moment.pet, left)
    for one in (before, now):
        if isinstance(one, NoCall):
            return one
    assert isinstance(before, list)
    assert isinstance(now, list)
    verdicts = [percist(one, other, new_lesion=by.new_focus, same_imaging=same) for one, other in product(before, now)]
    if len({one.category for one in verdicts}) == 1:
        return verdicts[0]
    return _percist_open(uptake(course.baseline, "suv_peak"), uptake(moment.pet, "suv_peak"), left)


def _percist_open(before: Uptake | NoCall, now: Uptake | NoCall, left: Left) -> NoCall:
    """Why what is known leaves several calls."""
    alone = isinstance(now, Uptake) and not (now.hotter or left.open) and left.hottest > (now.disease or 0.0)
    if not alone or (isinstance(before, Uptake) and before.hotter):
        return unsettled([before, with_left(now, left)])
    why = f"SUVpeak of what is left where disease lay was not measured, only its SUVmax, {left.hottest:.1f}"
    return NoCall(why, (RESIDUAL_NOT_KNOWN.code,))


def _peaks(peak: Uptake, left: Left) -> Iterator[tuple[float | None, bool]]:
    """(SUVpeak, above the background) of every possible hottest lesion, the sure one first: of what is left, which is only known to be at
    most SUVmax, both ends."""
    if peak.disease is None and left.hottest:
        yield from ((left.hottest, True), (0.0, True))
    else:
        yield peak.disease, peak.disease is not None
        if left.hottest > (peak.disease or 0.0):
            yield left.hottest, True
    if peak.disease is None and left.unsure:
        yield left.unsure, True
    if peak.disease is None and left.unknown:
        yield math.inf, True


def _sul(scan: Scan, left: Left) -> list[SulScan] | NoCall:
    """The scan in SUL by its disease or what is left of it, and with its undecided regions counted as disease; or what is lacking. Neither
    found: nothing above the background."""
    assert scan.study is not None
    said: Mapping[str, Any] = scan.study.payload
    factor, liver = said["sul_per_suv_bw"], said["references"]["liver"]
    if factor is None:
        return NoCall(f"SUL: {said['sul_reason_missing']}")
    if liver["mean"] is None:
        return NoCall(f"liver: {liver['reason_missing']}")
    if said["uptake_min"] is None:
        return NoCall("uptake time not known")
    peak, tlg = uptake(scan, "suv_peak"), scan.value("tlg").get("value")
    if isinstance(peak, NoCall):
        return peak
    highest, more = [(suv, above, tlg) for suv, above in _peaks(peak, left)], undecided_tlg(scan)
    if more != 0.0:
        highest.append((peak.hotter or peak.disease, True, None if more is None else more + (tlg or 0.0)))
    return [
        SulScan(
            peak=None if suv is None else suv * factor,
            liver_mean=liver["mean"] * factor,
            liver_sd=liver["sd"] * factor,
            uptake_min=said["uptake_min"],
            tlg_g=None if grams is None else grams * factor,
            above_background=above,
        )
        for suv, above, grams in highest
    ]
