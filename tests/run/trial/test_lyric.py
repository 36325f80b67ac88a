"""Truth: METHODS D.6 and D.5 along courses of several scans; products of diameters by hand."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.response.ct_scans import CtCourse, CtLesion, CtScan, Part, Seen
from carpet.run.trial.lyric import AtMoment, OpenIr, lyric_call
from carpet.run.trial.moments import Assessor, Moment, NoCall

NO_CT = NoCall("no CT was measured (ct_targets.csv)")


def by(*, new: bool = False, worse: bool | None = False) -> Assessor:
    return Assessor("carpet", None, new, worse, ())


def at(day: int) -> Moment:
    return Moment("M1", day, None, None, ())


def node(ldi: float, sdi: float) -> CtLesion:
    return CtLesion("T1", Part.NODE, True, Seen.PRESENT, ldi, sdi)


def ct(*scans: tuple[int, float, float]) -> CtCourse:
    return CtCourse(tuple(CtScan(day, (node(ldi, sdi),)) for day, ldi, sdi in scans))


def call(day: int, said: AtMoment, open_ir: OpenIr | None = None, **more: Any) -> tuple[str, OpenIr | None, int | None]:
    found = lyric_call(at(day), by(**more), said, open_ir=open_ir)
    assert found.verdict.criterion == "lyric@1"
    return found.verdict.category, found.open, found.dated_to_day


def test_growth_within_12_weeks_opens_ir1_which_a_later_scan_decides() -> None:
    first = AtMoment("NE", "PD", "PD", ct((-2, 20, 15), (28, 30, 20)))  # 300 → 600
    category, open_ir, _ = call(28, first)
    assert (category, open_ir) == ("IR1", OpenIr("IR1", 28, 28, False))
    later = AtMoment("NE", "PD", "PD", ct((-2, 20, 15), (28, 30, 20), (90, 40, 25)))  # +67 %, 10 mm more of 30 mm
    assert call(90, later, open_ir) == ("PD", None, 28)
    still = AtMoment("NE", "PD", "PD", ct((-2, 20, 15), (28, 30, 20), (90, 32, 21)))  # +12 %, 2 mm
    assert call(90, still, open_ir) == ("IR1", open_ir, None)
    gone = AtMoment("NE", "PR", "PR", ct((-2, 20, 15), (28, 30, 20), (90, 12, 10)))
    assert call(90, gone, open_ir) == ("PR", None, None)


def test_the_same_growth_later_or_in_a_patient_who_gets_worse_is_progression() -> None:
    assert call(180, AtMoment("NE", "PD", "PD", ct((-2, 20, 15), (180, 30, 20)))) == ("PD", None, None)
    assert call(28, AtMoment("NE", "PD", "PD", ct((-2, 20, 15), (28, 30, 20))), worse=True) == ("PD", None, None)


def test_a_new_focus_on_pet_opens_ir2_that_ct_rows_without_it_cannot_decide() -> None:
    steady = ct((-2, 40, 30), (28, 40, 30))
    category, open_ir, _ = call(28, AtMoment("PMD", "SD", "PD", steady), new=True)
    assert (category, open_ir) == ("IR2", OpenIr("IR2", 28, 28, True))
    later = AtMoment("PMD", "SD", "PD", ct((-2, 40, 30), (28, 40, 30), (90, 40, 30)))
    assert call(90, later, open_ir, new=True) == ("NE", open_ir, None)
    grown = AtMoment("PMD", "PD", "PD", ct((-2, 40, 30), (28, 40, 30), (90, 50, 40)))  # 1200 → 2000 without the new one
    assert call(90, grown, open_ir, new=True) == ("PD", None, 28)


def test_a_new_focus_whose_small_node_was_measured_is_decided_by_its_size() -> None:
    def seen(day: int, ldi: float, sdi: float) -> CtScan:
        return CtScan(day, (node(40, 30), CtLesion("N1", Part.NODE, False, Seen.NEW, ldi, sdi)))

    first = CtScan(-2, (node(40, 30),))
    small = AtMoment("PMD", "SD", "PD", CtCourse((first, seen(28, 14, 10))))  # no new lesion by Lugano's 15 mm
    category, open_ir, _ = call(28, small, new=True)
    assert (category, open_ir) == ("IR2", OpenIr("IR2", 28, 28, False))
    same = AtMoment("PMD", "SD", "PD", CtCourse((first, seen(28, 14, 10), seen(90, 14, 10))))
    assert call(90, same, open_ir, new=True)[0] == "IR2"  # 1340 over 1200: not 50 %
    grown = AtMoment("PMD", "PD", "PD", CtCourse((first, seen(28, 14, 10), seen(90, 35, 25))))
    assert call(90, grown, open_ir, new=True) == ("PD", None, 28)  # 2075 over 1200


def test_uptake_alone_is_ir3_until_size_or_number_follow() -> None:
    steady = ct((-2, 40, 30), (28, 40, 30))
    said = AtMoment("PMD", "SD", "PD", steady)
    category, open_ir, _ = call(28, said)
    assert (category, open_ir) == ("IR3", OpenIr("IR3", 28, 28, False))
    again = AtMoment("PMD", "SD", "PD", ct((-2, 40, 30), (28, 40, 30), (90, 40, 30)))
    assert call(90, again, open_ir) == ("IR3", open_ir, None)
    assert call(90, again, open_ir, new=True) == ("PD", None, 28)
    grown = AtMoment("PMD", "PD", "PD", ct((-2, 40, 30), (28, 40, 30), (90, 60, 40)))
    assert call(90, grown, open_ir) == ("PD", None, 28)


def test_uptake_with_growth_that_is_progression_is_no_ir3() -> None:
    worse = CtLesion("n2", Part.NODE, False, Seen.UNEQUIVOCAL_PROGRESSION)
    there = CtLesion("n2", Part.NODE, False, Seen.PRESENT)
    scans = CtCourse((CtScan(-2, (node(40, 30), there)), CtScan(28, (node(40, 30), worse))))
    assert call(28, AtMoment("PMD", "PD", "PD", scans))[0] == "PD"


@pytest.mark.parametrize("category", ["NE", "DISCORDANT"])
def test_what_decides_nothing_leaves_it_open(category: str) -> None:
    open_ir = OpenIr("IR1", 28, 28, False)
    assert call(90, AtMoment("NE", "NE", category, NO_CT), open_ir) == (category, open_ir, None)


def test_without_a_measured_ct() -> None:
    assert call(28, AtMoment("PMD", "NE", "PD", NO_CT), new=True) == ("IR2", OpenIr("IR2", 28, None, True), None)
    assert call(28, AtMoment("CMR", "NE", "CR", NO_CT)) == ("CR", None, None)
    assert call(180, AtMoment("PMD", "NE", "PD", NO_CT), new=True) == ("NE", None, None)


def test_a_clinical_course_that_nobody_tells_is_flagged() -> None:
    said = AtMoment("CMR", "NE", "CR", NO_CT)
    assert lyric_call(at(28), by(worse=None), said, open_ir=None).verdict.flags == ("SPD_NOT_MEASURED", "CLINICAL_COURSE_UNKNOWN")
    assert lyric_call(at(28), by(), said, open_ir=None).verdict.flags == ("SPD_NOT_MEASURED",)


def test_the_12_weeks_end_by_the_day_of_the_ct_that_measured_the_growth() -> None:
    grown = ct((-2, 20, 15), (76, 30, 20))  # 300 → 600 mm²
    assert call(118, AtMoment("NE", "PD", "PD", grown))[0] == "IR1"
    assert call(80, AtMoment("NE", "PD", "PD", ct((-2, 20, 15), (100, 30, 20))))[0] == "PD"
