"""Truth: worked example EX09 (a second implementation on integer tenths of mm); Cheson 2014, table 3; METHODS D.2."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from carpet.response.ct_scans import CtCourse, CtLesion, CtScan, Part, Seen, sum_mm2
from carpet.response.lugano_ct import grew, lugano_ct

Build = Callable[..., CtCourse]


@pytest.mark.shared
def test_worked_example_09(course: Build, shared_data: Path) -> None:
    examples = json.loads((shared_data.parent / "reference" / "worked_examples.json").read_text(encoding="utf-8"))
    example = next(one for one in examples["examples"] if one["id"] == "EX09")
    assert len(example["inputs"]["cases"]) == 11
    for name, case in example["inputs"]["cases"].items():
        expected = example["expected"][name]
        scans = course(case["baseline"], case["nadir"], case["current"])
        targets = scans.targets()
        assert sum_mm2([one.baseline for one in targets]) == pytest.approx(expected["SPD_baseline_mm2"])
        assert sum_mm2([one.now for one in targets if one.now]) == pytest.approx(expected["SPD_current_mm2"])
        assert [grew(one) for one in targets] == expected["lesion_PD"], name
        assert lugano_ct(scans).category == expected["response"], name


def spleen(mm: float) -> CtLesion:
    return CtLesion("spleen", Part.SPLEEN, False, Seen.PRESENT, mm)


HALF = ([[40, 20]], [[20, 20]])


@pytest.mark.parametrize(
    ("before", "now", "rule"),
    [
        (150.0, 160.0, "CT-SD"),  # a 15 cm spleen must exceed 16 cm
        (150.0, 160.1, "CT-PD2"),
        (120.0, 139.9, "CT-SD"),  # no splenomegaly before: 2 cm and beyond 13 cm
        (120.0, 140.0, "CT-PD2"),
        (105.0, 129.0, "CT-PR"),
        (125.0, 132.0, "CT-SD"),  # crosses 13 cm by less than 2 cm: flagged, not progression
        (150.0, 139.9, "CT-PR"),
        (150.0, 140.0, "CT-SD"),  # its excess must fall by more than half
        (150.0, 130.0, "CT-PR"),
    ],
)
def test_the_spleen(course: Build, before: float, now: float, rule: str) -> None:
    verdict = lugano_ct(course(*HALF, first=[spleen(before)], more=[spleen(now)]))
    assert verdict.rule == rule
    assert ("SPLEEN_CROSSED_130_MM" in verdict.flags) == (before <= 130.0 < now and rule != "CT-PD2")


def test_an_enlarged_spleen_that_is_not_measured_again_leaves_it_open(course: Build) -> None:
    assert lugano_ct(course(*HALF, first=[spleen(150.0)])).rule == "CT-NE-spleen"
    assert lugano_ct(course(*HALF, first=[spleen(120.0)])).rule == "CT-PR"
    assert lugano_ct(course(*HALF)).flags == ("SPLEEN_NOT_MEASURED",)


def test_a_spleen_that_had_shrunk_and_grows_again(course: Build) -> None:
    scans = course([[40, 20]], [[40, 20]], [[40, 20]], first=[spleen(160.0)], more=[spleen(151.0)])
    scans = CtCourse((scans.scans[0], CtScan(30, (*scans.scans[1].lesions, spleen(140.0))), scans.scans[2]))
    assert lugano_ct(scans).rule == "CT-PD2"  # 140 + half of 10 is 145


def new(mm: float | None, part: Part = Part.NODE, seen: Seen = Seen.NEW) -> CtLesion:
    return CtLesion("N1", part, False, seen, mm, None if mm is None else mm * 0.8)


@pytest.mark.parametrize(
    ("lesion", "rule"),
    [
        (new(15.0), "CT-PR"),
        (new(15.1), "CT-PD4"),
        (new(10.0, Part.EXTRANODAL), "CT-PR"),
        (new(10.1, Part.EXTRANODAL), "CT-PD4"),
        (new(None), "CT-PD4"),  # the reader's word, without a measure
        (new(8.0, seen=Seen.UNEQUIVOCAL_PROGRESSION), "CT-PD3"),  # unequivocal disease of any size
    ],
)
def test_new_lesions(course: Build, lesion: CtLesion, rule: str) -> None:
    verdict = lugano_ct(course(*HALF, more=[lesion]))
    assert verdict.rule == rule
    assert ("NEW_LESION_SMALL" in verdict.flags) == (rule == "CT-PR")


def test_a_new_lesion_that_stays_is_still_new(course: Build) -> None:
    scans = course([[40, 20]], [[20, 10]], [[20, 10]], more=[new(30.0, seen=Seen.PRESENT)]).scans
    came = CtScan(30, (*scans[1].lesions, new(20.0)))
    assert lugano_ct(CtCourse((scans[0], came, scans[2]))).rule == "CT-PD4"


@pytest.mark.parametrize(
    ("lesion", "rule"),
    [
        (new(30.0, seen=Seen.PRESENT), "CT-NE-rest"),  # it may have been there at baseline
        (new(None, seen=Seen.PRESENT), "CT-NE-rest"),
        (new(15.0, seen=Seen.PRESENT), "CT-PR"),  # a node of normal size is no disease either way
        (new(30.0), "CT-PD4"),
        (new(30.0, seen=Seen.UNEQUIVOCAL_PROGRESSION), "CT-PD3"),
    ],
)
def test_a_lesion_listed_for_the_first_time_is_progression_only_where_its_status_says_so(
    course: Build, lesion: CtLesion, rule: str
) -> None:
    assert lugano_ct(course(*HALF, more=[lesion])).rule == rule


def test_a_late_lesion_hides_no_other_progression_and_absence_before_dates_it(course: Build) -> None:
    late = new(30.0, seen=Seen.PRESENT)
    assert lugano_ct(course([[40, 20]], [[60, 40]], more=[late])).rule == "CT-PD1"
    scans = course([[40, 20]], [[20, 10]], [[20, 10]], more=[late]).scans
    looked = CtScan(30, (*scans[1].lesions, new(None, seen=Seen.ABSENT)))
    assert lugano_ct(CtCourse((scans[0], looked, scans[2]))).rule == "CT-PD4"


def test_regrowth_of_a_lesion_that_had_gone(course: Build) -> None:
    gone = course([[40, 20]], [[0, 0]], [[16, 3]])
    assert lugano_ct(gone).category == "PD"
    assert lugano_ct(course([[40, 20]], [[0, 0]], [[15, 10]])).category == "CR"  # a node of normal size


def test_a_target_not_measured_leaves_it_open_unless_another_has_grown(course: Build) -> None:
    scans = course([[40, 20], [30, 20]], [[40, 20]])
    assert lugano_ct(scans).rule == "CT-NE-targets"
    assert lugano_ct(course([[40, 20], [30, 20]], [[60, 40]])).rule == "CT-PD1"


def rest(seen: Seen) -> CtLesion:
    return CtLesion("effusion", Part.EXTRANODAL, False, seen)


def test_disease_that_is_not_measured(course: Build) -> None:
    normal = ([[40, 20]], [[12, 8]])
    first = [rest(Seen.PRESENT)]
    assert lugano_ct(course(*normal, first=first, more=[rest(Seen.ABSENT)])).rule == "CT-CR"
    assert lugano_ct(course(*normal, first=first, more=[rest(Seen.PRESENT)])).rule == "CT-PR"
    assert lugano_ct(course(*normal, first=first, more=[rest(Seen.UNEQUIVOCAL_PROGRESSION)])).rule == "CT-PD3"
    assert lugano_ct(course([], [], first=first, more=[rest(Seen.PRESENT)])).rule == "CT-NE-none"
    assert lugano_ct(course([], [], first=first, more=[rest(Seen.ABSENT)])).rule == "CT-CR"


def test_the_marrow(course: Build) -> None:
    normal = ([[40, 20]], [[12, 8]])
    assert lugano_ct(course(*normal, marrow=(False, True))).rule == "CT-PD5"
    assert lugano_ct(course(*normal, marrow=(True, False))).rule == "CT-CR"
    assert lugano_ct(course(*normal, marrow=(True, None))).rule == "CT-PR"  # involved before, nobody looked: no complete response
    assert lugano_ct(course(*normal, marrow=(None, None))).rule == "CT-CR"


def test_an_extranodal_target_must_go_for_a_complete_response(course: Build) -> None:
    assert lugano_ct(course([[40, 20]], [[8, 5]], part=Part.EXTRANODAL)).rule == "CT-PR"
    assert lugano_ct(course([[40, 20]], [[0, 0]], part=Part.EXTRANODAL)).rule == "CT-CR"


def test_the_nadir_is_each_lesion_s_own(course: Build) -> None:
    scans = course([[40, 30], [40, 30]], [[20, 15], [40, 30]], [[40, 30], [18, 10]], [[24, 19], [18, 10]])
    assert [(one.nadir.ldi_mm, one.nadir.sdi_mm) for one in scans.targets()] == [(20.0, 15.0), (18.0, 10.0)]
    assert lugano_ct(scans).category == "PR"  # 24 × 19 is 52 % above 20 × 15, but grew by 4 mm only


def test_another_lesion_of_which_nobody_says_what_became_leaves_it_open(course: Build) -> None:
    left, gone = (CtLesion("O1", Part.EXTRANODAL, False, seen) for seen in (Seen.PRESENT, Seen.ABSENT))
    assert lugano_ct(course([[40, 20]], [[12, 9]], first=[left])).rule == "CT-NE-rest"
    assert lugano_ct(course([[40, 20]], [[12, 9]], first=[left], more=[gone])).rule == "CT-CR"
    assert lugano_ct(course([[40, 20]], [[60, 40]], first=[left])).rule == "CT-PD1"  # progression needs no more
