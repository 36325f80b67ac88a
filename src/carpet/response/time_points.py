"""Which scan stands for which time point of the course: by days from infusion, nearest to the nominal day, and everything else said.

TD is the scan of the decision (before bridging), TT the last before lymphodepletion, D7, M1, M3, M6, M12 after infusion (METHODS D.9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from carpet.core.errors import Notice, NoticeKind, Severity

W, I = Severity.WARNING, Severity.INFO  # noqa: E741

BASELINE_BEFORE_BRIDGING = NoticeKind(
    "BASELINE_BEFORE_BRIDGING",
    W,
    "the only scan before infusion was made before bridging therapy",
    "a scan after bridging and before lymphodepletion (TT)",
    "keep this patient out of analyses of change from baseline",
)
BASELINE_MISSING = NoticeKind(
    "BASELINE_MISSING", W, "there is no scan before infusion to compare with", "TT, or TD without bridging", "find the scan"
)
BASELINE_ROLE_UNSURE = NoticeKind(
    "BASELINE_ROLE_UNSURE",
    W,
    "the only scan before infusion lies in the windows of TD and TT, and bridging was given: taken as TT",
    "a scan known to be after bridging",
    "say so in the protocol's windows, or keep this patient out of analyses of change from baseline",
)
SEVERAL_IN_WINDOW = NoticeKind("SEVERAL_IN_WINDOW", I, "more than one scan lies in the window; the nearest to the nominal day was taken")
NO_SCAN_IN_WINDOW = NoticeKind("NO_SCAN_IN_WINDOW", I, "no scan lies in the window of this time point")
OUTSIDE_WINDOWS = NoticeKind(
    "OUTSIDE_WINDOWS", W, "this scan lies in no window, and stands for no time point", "the windows of the protocol"
)
AFTER_LYMPHODEPLETION = NoticeKind(
    "AFTER_LYMPHODEPLETION", W, "this scan before infusion was made on or after the first day of lymphodepletion: no baseline"
)


@dataclass(frozen=True, slots=True)
class Window:
    """Days from infusion, both ends included, and the day that a scan should be nearest to."""

    first_day: int
    last_day: int
    nominal_day: int

    def __post_init__(self) -> None:
        if not self.first_day <= self.nominal_day <= self.last_day:
            raise ValueError(f"the nominal day {self.nominal_day} lies outside {self.first_day} to {self.last_day}")

    def holds(self, day: int) -> bool:
        return self.first_day <= day <= self.last_day


@dataclass(frozen=True)
class Schedule:
    """Time point → day of its scan; which of them is baseline (None: none); what a person must know."""

    day_of: Mapping[str, int]
    baseline: str | None
    notices: tuple[Notice, ...]


def schedule(
    days: Sequence[int],
    *,
    windows: Mapping[str, Window],
    lymphodepletion_day: int | None,
    enrolment_day: int | None,
    bridging: bool | None,
) -> Schedule:
    """Assign each time point the scan nearest to its nominal day, ties to the earlier; a scan stands for one time point at most.

    days: of all scans, from infusion, any order, equal days once. bridging: None where it is not known, which counts as given.
    """
    found: list[Notice] = []
    day_of: dict[str, int] = {}
    free = sorted(set(days))
    for name in _order(windows):
        window = windows[name]
        inside = [day for day in free if window.holds(day) and not (name == "TT" and _too_late(day, lymphodepletion_day))]
        if not inside:
            continue
        nominal = enrolment_day if name == "TD" and enrolment_day is not None else window.nominal_day
        day_of[name] = min(inside, key=lambda day: (abs(day - nominal), day))
        free.remove(day_of[name])
        if len(inside) > 1:
            others = ", ".join(str(day) for day in inside if day != day_of[name])
            found.append(SEVERAL_IN_WINDOW.at(name, f"day {day_of[name]} taken, not {others}"))
    found += [
        NO_SCAN_IN_WINDOW.at(name, f"days {window.first_day} to {window.last_day}")
        for name, window in windows.items()
        if name not in day_of
    ]
    found += _left_over(free, windows, lymphodepletion_day)
    baseline, said = _baseline(day_of, windows, bridging)
    ordered = {name: day_of[name] for name in windows if name in day_of}
    return Schedule(MappingProxyType(ordered), baseline, (*said, *found))


def _order(windows: Mapping[str, Window]) -> list[str]:
    """TT before TD: the last scan before lymphodepletion is the baseline, what is left may be the decision's."""
    return sorted(windows, key=lambda name: (name == "TD", windows[name].first_day))


def _too_late(day: int, lymphodepletion_day: int | None) -> bool:
    return lymphodepletion_day is not None and day >= lymphodepletion_day


def _left_over(free: Sequence[int], windows: Mapping[str, Window], lymphodepletion_day: int | None) -> list[Notice]:
    found = []
    for day in free:
        if day <= 0 and _too_late(day, lymphodepletion_day):
            found.append(AFTER_LYMPHODEPLETION.at("scan", f"day {day}, lymphodepletion from day {lymphodepletion_day}"))
        elif not any(window.holds(day) for window in windows.values()):
            found.append(OUTSIDE_WINDOWS.at("scan", f"day {day}"))
    return found


def _baseline(day_of: Mapping[str, int], windows: Mapping[str, Window], bridging: bool | None) -> tuple[str | None, list[Notice]]:
    if "TT" in day_of:
        unsure = bridging is not False and "TD" not in day_of and "TD" in windows and windows["TD"].holds(day_of["TT"])
        return "TT", [BASELINE_ROLE_UNSURE.at("TT", f"day {day_of['TT']}")] if unsure else []
    if "TD" in day_of:
        return "TD", [] if bridging is False else [BASELINE_BEFORE_BRIDGING.at("TD", f"day {day_of['TD']}")]
    return None, [BASELINE_MISSING.at("TT, TD", "no scan")]
