"""Which scan of a patient gives the markers: that of the markers' time point, or an earlier baseline where that is allowed."""

from __future__ import annotations

from dataclasses import dataclass

from carpet.response.time_points import BASELINE_BEFORE_BRIDGING, BASELINE_ROLE_UNSURE
from carpet.run.cohort.notices import BASELINE_EARLIER, NO_SCAN_AT_TIMEPOINT
from carpet.run.trial.course import Course, Scan


@dataclass(frozen=True)
class StandIn:
    """The time point asked for and the one that is taken; its scan, or the reason why there is none; what must be known of it."""

    asked: str
    timepoint: str
    scan: Scan | None
    reason: str = ""
    flags: tuple[str, ...] = ()


def stand_in(course: Course, timepoint: str) -> StandIn:
    """The scan of `timepoint`; without it the earlier baseline, flagged. A scan before bridging never stands for one after it."""
    if timepoint in course.at:
        unsure = [one.code for one in course.schedule.notices if one.code == BASELINE_ROLE_UNSURE.code and one.where == timepoint]
        return StandIn(timepoint, timepoint, course.at[timepoint], flags=tuple(unsure))
    if timepoint == "TT" and course.schedule.baseline == "TD":
        if course.patient.bridging is False:
            return StandIn(timepoint, "TD", course.at["TD"], flags=(BASELINE_EARLIER.code,))
        return StandIn(timepoint, timepoint, None, BASELINE_BEFORE_BRIDGING.code)
    return StandIn(timepoint, timepoint, None, _lost(course, timepoint))


def _lost(course: Course, timepoint: str) -> str:
    """Why a scan that lies in the window stands for nothing; NO_SCAN_AT_TIMEPOINT where there is none."""
    window = course.windows.get(timepoint)
    inside = [one for one in course.scans if window is not None and one.day is not None and window.holds(one.day)]
    refused = [record.payload["code"] for one in inside if one.study is None for record in one.refusals]
    return ";".join(dict.fromkeys(refused)) or NO_SCAN_AT_TIMEPOINT.code
