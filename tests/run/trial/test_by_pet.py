"""Truth: METHODS D.3, D.4, D.8 for scans made up for it; calls that undecided regions or another scanner leave open, by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.readings import Reading
from carpet.core.protocol import Protocol
from carpet.response.rule import Verdict
from carpet.run.trial.by_pet import by_delta, by_percist, by_pet, by_qpet, compared, marks, possible_scores, score
from carpet.run.trial.course import Course, course_of
from carpet.run.trial.moments import Assessor, Moment, NoCall
from carpet.run.trial.residuals import Left
from carpet.run.trial.tracks import CourseTracks

ScanAt = Callable[..., Any]
INFUSED = dt.date(2024, 3, 1)
A = Patient(patient_id="A", infusion_date=INFUSED, bridging=False)
NUMBERS = Assessor("carpet", None, False, None, ())
THRESHOLD = 4.0
PLACES: tuple[Any, ...] = (None, 1.2, 1.7, 3.0, 9.0)  # SUVmax over a blood pool of 1.5 and a liver of 2


def pair(*scans: Any) -> tuple[Course, Moment]:
    course = course_of(A, list(scans), ClinicalTables((A,)), Protocol())
    return course, Moment("M1", 29, course.at.get("M1"), None, ())


def reads(**said: Any) -> Assessor:
    return Assessor("reader R", Reading(patient_id="A", date=INFUSED, reader="R", **said), False, None, ())


def category(found: Verdict | NoCall) -> str:
    return found.category if isinstance(found, Verdict) else found.because


def row(day: int, track: str, *lesions: str, suv_max: float | None = None, above: str = "", reason: str = "", into: str = "") -> Any:
    said = {"study_uid": f"1.2.{day}", "day": day, "track": track, "lesion_ids": list(lesions), "into": into}
    return said | {"residual_suv_max": suv_max, "residual_above": above, "residual_reason_missing": reason}


def tracked(*after: Any) -> CourseTracks:
    """T01, T02, … at baseline, and what became of them: no more uptake than around where nothing is given."""
    rows = after or (row(29, "T01", suv_max=0.8, above="no"),)
    return CourseTracks((*(row(-2, one["track"], "L01") for one in rows), *rows), step="made")


def left(suv_max: float | None, above: str = "yes") -> CourseTracks:
    """One lesion with this residual; None: nobody knows."""
    if suv_max is None:
        return tracked(row(29, "T01", reason="OUT_OF_FIELD"))
    return tracked(row(29, "T01", suv_max=suv_max, above=above))


NOTHING = tracked()


def lugano(scans: tuple[Course, Moment], by: Assessor = NUMBERS, tracks: CourseTracks = NOTHING) -> Verdict | NoCall:
    both = compared(*scans, tracks)
    return by_pet(scans[1], by, both, score(scans[1], by, both.now, preselect_suv=THRESHOLD))


def scored(scans: tuple[Course, Moment], by: Assessor = NUMBERS, tracks: CourseTracks = NOTHING) -> Verdict | NoCall:
    return score(scans[1], by, compared(*scans, tracks).now, preselect_suv=THRESHOLD)


def percist_of(scans: tuple[Course, Moment], tracks: CourseTracks = NOTHING) -> Verdict | NoCall:
    return by_percist(*scans, NUMBERS, compared(*scans, tracks).left)


def delta_of(scans: tuple[Course, Moment], tracks: CourseTracks = NOTHING) -> tuple[float | None, Verdict | NoCall]:
    return by_delta(compared(*scans, tracks))


def qpet_of(scans: tuple[Course, Moment], tracks: CourseTracks = NOTHING) -> tuple[float | None, str]:
    ratio, called = by_qpet(scans[1], compared(*scans, tracks).left)
    return ratio, category(called)


@pytest.mark.parametrize(("undecided", "expected"), [(0.0, "3"), (1.9, "3"), (3.0, None), (9.0, None)])
def test_an_undecided_region_that_would_raise_the_score_leaves_none(scan_at: ScanAt, undecided: float, expected: str | None) -> None:
    found = scored(pair(scan_at(-2, suv_max=10.0), scan_at(29, suv_max=1.8, undecided=undecided)))
    if expected is None:
        assert category(found).startswith("an undecided region would change the call: L01 of day 29, SUVmax")
        assert found.flags == ("UNDECIDED_REGION_HOTTER",)
    else:
        assert category(found) == expected


def test_an_undecided_region_within_the_same_score_changes_nothing(scan_at: ScanAt) -> None:
    scans = pair(scan_at(-2, suv_max=20.0), scan_at(29, suv_max=5.0, undecided=6.0))
    assert [category(scored(scans)), category(lugano(scans))] == ["5", "PMR"]
    percent, called = delta_of(scans)
    assert (percent, called.flags) == (None, ("UNDECIDED_REGION_HOTTER",))


def test_an_undecided_region_at_baseline_matters_for_the_change(scan_at: ScanAt) -> None:
    scans = pair(scan_at(-2, suv_max=5.0, undecided=20.0), scan_at(29, suv_max=5.0))
    assert category(scored(scans)) == "5"
    assert category(lugano(scans)).startswith("an undecided region would change the call: L01 of day -2")
    assert category(lugano(scans, reads(deauville="3"))) == "CMR"
    assert lugano(scans, reads(deauville="5")).flags == ("UNDECIDED_REGION_HOTTER",)


def test_the_readers_score_stands_beside_undecided_regions(scan_at: ScanAt) -> None:
    scans = pair(scan_at(-2, suv_max=10.0), scan_at(29, suv_max=None, undecided=9.0))
    assert category(scored(scans, reads(deauville="2"))) == "2"
    assert category(scored(scans, reads(ct_response="SD"))) == "the reader gave no Deauville score"


def test_that_new_faint_uptake_was_not_looked_for_goes_with_the_complete_response(scan_at: ScanAt) -> None:
    scans = pair(scan_at(-2, suv_max=10.0, suv_peak=8.0), scan_at(29, suv_max=None, suv_peak=None))
    for found in (scored(scans), lugano(scans)):
        assert found.flags == ("NEW_FAINT_NOT_SOUGHT",)
    hot = pair(scan_at(-2, suv_max=10.0, suv_peak=8.0, liver=4.5), scan_at(29, suv_max=None, suv_peak=None, liver=4.5))
    for found in (scored(hot), lugano(hot)):
        assert found.flags == ()


def test_percist_with_an_undecided_region(scan_at: ScanAt) -> None:
    # SULpeak 6.0 → 3.0 is PMR; were the region of SUVpeak 9 disease, 6.0 → 6.75 would be NMR
    assert category(percist_of(pair(scan_at(-2, suv_peak=8.0), scan_at(29, suv_peak=4.0)))) == "PMR"
    assert percist_of(pair(scan_at(-2, suv_peak=8.0), scan_at(29, suv_peak=4.0, undecided=9.0))).flags == ("UNDECIDED_REGION_HOTTER",)
    # its glycolysis counts too, though it is not hotter: 2 → 6 g is more than 75 %
    scans = pair(scan_at(-2, suv_peak=8.0, tlg=2.0), scan_at(29, suv_peak=7.0, tlg=2.0, undecided=4.0))
    assert percist_of(scans).flags == ("UNDECIDED_REGION_HOTTER",)


def test_percist_without_a_scan() -> None:
    course = course_of(A, [], ClinicalTables((A,)), Protocol())
    assert by_percist(course, Moment("M1", 29, None, None, ()), NUMBERS, Left()) == NoCall("no baseline PET")


def test_qpet_beside_undecided_regions(scan_at: ScanAt) -> None:
    def found(**now: Any) -> tuple[float | None, str]:
        return qpet_of(pair(scan_at(-2), scan_at(29, **now)))

    assert found(suv_peak=2.6) == (1.3, "4")
    assert found(suv_peak=2.6, undecided=3.0) == (None, "4")
    assert found(suv_peak=2.6, undecided=8.0)[0] is None
    assert found(suv_peak=2.6, undecided=8.0)[1].startswith("an undecided region")
    assert found(suv_peak=None) == (None, "1-2")
    assert found(suv_peak=None, undecided=8.0)[1].startswith("an undecided region")


def test_the_fall_of_suv_max(scan_at: ScanAt) -> None:
    def found(before: float | None, now: float | None) -> tuple[float | None, str, tuple[str, ...]]:
        percent, called = delta_of(pair(scan_at(-2, suv_max=before), scan_at(29, suv_max=now)))
        return percent, category(called), called.flags

    assert found(20.0, 6.0) == (70.0, "REPORTED", ())
    assert found(8.0, 10.0) == (-25.0, "REPORTED", ("BASELINE_BELOW_10",))
    assert found(20.0, None) == (96.0, "REPORTED", ())  # 0.8 where it lay
    assert found(None, 3.0)[:2] == (None, "no disease found at baseline, so no SUVmax to compare with")
    assert delta_of(pair(scan_at(29, suv_max=3.0))) == (None, NoCall("no baseline PET"))
    scans = pair(scan_at(-2, suv_max=20.0), scan_at(29, suv_max=None))
    assert delta_of(scans, left(3.0))[0] == 85.0
    for unclear in (left(3.0, "unsure"), left(None)):
        percent, called = delta_of(scans, unclear)
        assert (percent, called.flags) == (None, ("RESIDUAL_NOT_KNOWN",))


def test_marks_of_a_comparison(scan_at: ScanAt) -> None:
    assert marks(*pair(scan_at(-2), scan_at(29))) == ()
    assert marks(*pair(scan_at(-2), scan_at(29, voxel=2.0))) == ("RECON_CHANGED",)


def test_every_score_that_is_possible(scan_at: ScanAt) -> None:
    course, moment = pair(scan_at(-2, suv_max=10.0), scan_at(29, suv_max=1.8, undecided=3.0))
    now = compared(course, moment, NOTHING).now
    assert possible_scores(moment, NUMBERS, now, NoCall("open")) == [(1.8, "3"), (3.0, "4")]
    by = reads(deauville="2")
    assert possible_scores(moment, by, now, scored((course, moment), by)) == [(1.8, "2"), (3.0, "2")]


def test_hot_regions_left_out_for_their_size_may_be_new_disease(scan_at: ScanAt) -> None:
    now = scan_at(29, suv_max=None, suv_peak=None, liver=4.5)
    small = replace(now, flags=(replace(now.study, kind="flag", payload={"code": "SMALL_REGIONS_LEFT", "severity": "W"}),))
    course, moment = pair(scan_at(-2, suv_max=10.0, suv_peak=8.0, liver=4.5), small)
    found = score(moment, NUMBERS, compared(course, moment, NOTHING).now, preselect_suv=4.0, preselect_min_ml=3.0)
    assert found.flags == ("NEW_FAINT_NOT_SOUGHT",)
    assert found.because == (
        "no uptake above the background; nothing stands above its surroundings at the place of 1 earlier lesion;"
        " new uptake elsewhere below SUV 4 or 3 mL was not looked for"
    )


@pytest.mark.parametrize(
    ("suv_max", "above", "expected"),
    [
        *((1.4, "yes", "2"), (1.5, "yes", "2"), (1.7, "yes", "3"), (2.0, "yes", "3"), (3.0, "yes", "4"), (4.1, "yes", "5")),
        *((1.4, "no", "1"), (1.9, "no", "1"), (2.6, "no", "1")),
        *((1.4, "unsure", "1"), (1.7, "unsure", "3"), (2.0, "unsure", "3"), (2.1, "unsure", None), (9.0, "unsure", None)),
        (None, "", None),
    ],
)
def test_the_score_of_what_is_left(scan_at: ScanAt, suv_max: float | None, above: str, expected: str | None) -> None:
    """Over a blood pool of 1.5 and a liver of 2."""
    scans = pair(scan_at(-2, suv_max=10.0), scan_at(29, suv_max=None))
    found, called = scored(scans, tracks=left(suv_max, above)), lugano(scans, tracks=left(suv_max, above))
    if expected is None:
        assert isinstance(found, NoCall)
        assert isinstance(called, NoCall)
        assert found.flags == called.flags == ("RESIDUAL_NOT_KNOWN",)
        assert found.because.startswith("what is left where disease lay would change the call: ")
    else:
        assert category(found) == expected
        assert category(called) == ("CMR" if expected in "123" else "PMR")
        assert "1 earlier lesion" in found.because


def test_the_hottest_of_all_places_decides_and_one_not_known_leaves_it_open(scan_at: ScanAt) -> None:
    scans = pair(scan_at(-2, suv_max=10.0), scan_at(29, suv_max=None))
    cold, warm = row(29, "T01", suv_max=0.9, above="no"), row(29, "T02", suv_max=1.7, above="yes")
    lost, merged = row(29, "T03", reason="PLACE_TAKEN_OUT"), row(29, "T04", "L09", into="T05")
    assert category(scored(scans, tracks=tracked(cold, warm))) == "3"
    assert scored(scans, tracks=tracked(cold, warm)).because.endswith("at the places of 2 earlier lesions: SUVmax 1.7, T02;"
        " new uptake elsewhere below SUV 4 was not looked for")  # fmt: skip
    assert category(scored(scans, tracks=tracked(cold, merged))) == "1"
    open_ = scored(scans, tracks=tracked(cold, warm, lost))
    assert category(open_) == "what is left where disease lay would change the call: not known at the place of T03 (PLACE_TAKEN_OUT)"
    # the score that is known is the worst there is, or new disease decides: nothing could change it
    hot = row(29, "T02", suv_max=9.0, above="yes")
    assert category(scored(scans, tracks=tracked(hot, lost))) == "5"
    new = replace(NUMBERS, new_focus=True)
    assert [category(scored(scans, new, tracked(cold, lost))), category(lugano(scans, new, tracked(cold, lost)))] == ["5", "PMD"]


def test_beside_measured_disease_only_a_hotter_remnant_counts(scan_at: ScanAt) -> None:
    scans = pair(scan_at(-2, suv_max=10.0, suv_peak=8.0), scan_at(29, suv_max=3.0, suv_peak=2.4))
    for tracks in (left(1.9), left(2.9, "unsure"), left(9.0, "unsure"), left(None)):
        assert [category(scored(scans, tracks=tracks)), category(lugano(scans, tracks=tracks))] == ["4", "PMR"]
    assert category(scored(scans, tracks=left(6.0))) == "5"


def test_without_a_place_to_look_at_nothing_is_called(scan_at: ScanAt) -> None:
    scans = pair(scan_at(-2, suv_max=None), scan_at(29, suv_max=None))
    for tracks, why in (
        (CourseTracks(), "the lesions could not be followed from scan to scan"),
        (CourseTracks(step="made"), "no earlier scan shows disease, so there is no place to look at"),
    ):
        for found in (scored(scans, tracks=tracks), lugano(scans, tracks=tracks)):
            assert category(found) == f"what is left where disease lay would change the call: {why}"


def test_no_place_that_is_not_known_ever_yields_a_complete_response(scan_at: ScanAt) -> None:
    """Every combination of three places, one of them lost: the numbers never say Deauville 1 to 3, CMR or a qPET class."""
    scans = pair(scan_at(-2, suv_max=10.0, suv_peak=8.0), scan_at(29, suv_max=None, suv_peak=None))
    tried = 0
    for one, other in product(product(PLACES, ("yes", "no", "unsure")), repeat=2):
        known = [row(29, f"T0{n}", suv_max=suv, above=above if suv else "", reason="" if suv else "NOT_ALIGNED")
                 for n, (suv, above) in enumerate((one, other), start=1)]  # fmt: skip
        tracks = tracked(*known, row(29, "T03", reason="OUT_OF_FIELD"))
        assert category(scored(scans, tracks=tracks)) not in ("1", "2", "3")
        assert category(lugano(scans, tracks=tracks)) != "CMR"
        assert category(percist_of(scans, tracks)) != "CMR"
        assert qpet_of(scans, tracks)[1] not in ("1-2", "3")
        assert delta_of(scans, tracks)[0] is None
        tried += 1
    assert tried == (3 * len(PLACES)) ** 2


def test_qpet_and_percist_know_of_what_is_left_only_that_its_peak_is_at_most_its_maximum(scan_at: ScanAt) -> None:
    scans = pair(scan_at(-2, suv_max=10.0, suv_peak=8.0), scan_at(29, suv_max=None, suv_peak=None))
    assert qpet_of(scans, left(1.8)) == (None, "1-2")  # 1.8/2 is below 0.95
    assert (
        qpet_of(scans, left(1.95))[1]
        == "SUVpeak of what is left where disease lay was not measured; SUVmax 1.9 is 0.97 times the liver's mean"
    )
    assert qpet_of(scans, left(None))[1].startswith("what is left where disease lay")
    # SULpeak 6.0 → at most 2.25: 30 % and 0.8 lower whatever it is; it stands above the background, so it has not cleared
    assert category(percist_of(scans, left(3.0))) == "PMR"
    assert category(percist_of(scans, left(0.9, "no"))) == "CMR"
    # → at most 4.5: between 25 % lower and gone
    unclear = percist_of(scans, left(6.0))
    assert unclear == NoCall("SUVpeak of what is left where disease lay was not measured, only its SUVmax, 6.0", ("RESIDUAL_NOT_KNOWN",))
    assert percist_of(scans, left(3.0, "unsure")).flags == percist_of(scans, left(None)).flags == ("RESIDUAL_NOT_KNOWN",)


def test_an_undecided_region_and_a_place_not_known_are_both_named(scan_at: ScanAt) -> None:
    found = scored(pair(scan_at(-2, suv_max=10.0), scan_at(29, suv_max=None, undecided=9.0)), tracks=left(None))
    assert found.flags == ("UNDECIDED_REGION_HOTTER", "RESIDUAL_NOT_KNOWN")


def test_the_readers_score_stands_above_what_is_left(scan_at: ScanAt) -> None:
    scans = pair(scan_at(-2, suv_max=10.0), scan_at(29, suv_max=None))
    assert category(lugano(scans, reads(deauville="2"), left(3.0))) == "CMR"
    assert category(lugano(scans, reads(deauville="2"), left(None))) == "CMR"
    assert category(lugano(scans, reads(deauville="4"), left(3.0))) == "PMR"  # 10 → 3


def test_an_involved_marrow_leaves_the_complete_response_open(scan_at: ScanAt) -> None:
    course, moment = pair(scan_at(-2, suv_max=10.0), scan_at(29, suv_max=1.0))
    both = compared(course, moment, NOTHING)
    found = by_pet(moment, NUMBERS, both, score(moment, NUMBERS, both.now, preselect_suv=THRESHOLD), marrow=True)
    assert isinstance(found, Verdict)
    assert (found.category, found.rule) == ("NE", "PET-NE-marrow")
