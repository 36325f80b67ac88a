"""Truth: calls of readers and of the numbers written down here, and whose word counts, by hand as endpoints count it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.readings import Reading
from carpet.core.protocol import Protocol
from carpet.run.cohort.columns import Cell
from carpet.run.cohort.responses import first_complete, response_cells, therapy_day
from carpet.run.trial.course import course_of
from carpet.run.trial.steps import CourseResult, course_result

from .conftest import INFUSED, on

A = Patient(patient_id="A", infusion_date=INFUSED, bridging=False, last_contact_date=on(300))
DAYS = {"M1": 29, "M3": 90, "M6": 180}


def called(timepoint: str, category: str, by: str = "reader R", criterion: str = "lugano@1", flags: tuple[str, ...] = ()) -> dict[str, Any]:
    said = {"timepoint": timepoint, "day": DAYS[timepoint], "criterion": criterion, "assessor": by, "category": category}
    return said | {"dated_to_day": None, "flags": list(flags), "rule": ""}


def result(*rows: dict[str, Any], patient: Patient = A, readings: tuple[Reading, ...] = ()) -> CourseResult:
    course = course_of(patient, [], ClinicalTables((patient,), readings=readings), Protocol())
    return replace(course_result(course, Protocol()), responses=rows)


def cells(*rows: dict[str, Any], patient: Patient = A) -> dict[str, Cell]:
    return response_cells(result(*rows, patient=patient), Protocol())


def test_readers_come_before_the_numbers() -> None:
    found = cells(
        called("M1", "PR"), called("M1", "CR", "carpet", flags=("UNREVIEWED",)), called("M3", "CR", "carpet", flags=("UNREVIEWED",))
    )
    assert found["lugano_m1"] == Cell("PR")
    assert found["lugano_m3"] == Cell("CR", "", ("NOT_READ", "UNREVIEWED"))
    assert found["lugano_m6"] == Cell(None, "NO_ASSESSMENT_AT_TIMEPOINT")
    assert found["best_lugano"] == Cell("CR", "", ("NOT_READ",))


def test_of_readers_who_differ_the_least_favourable_stands_and_disputed_progression_is_none() -> None:
    found = cells(
        called("M1", "CR", "reader A"), called("M1", "PR", "reader B"), called("M3", "PD", "reader A"), called("M3", "CR", "reader B")
    )
    assert found["lugano_m1"] == Cell("PR", "", ("READERS_DIFFER",))
    assert found["lugano_m3"] == Cell(None, "PROGRESSION_DISPUTED")
    assert found["best_lugano"] == Cell("PR")


def test_progression_by_the_numbers_alone_is_told_and_ends_nothing() -> None:
    rows = (called("M1", "PD", "carpet"), called("M3", "CR", "carpet"))
    found = cells(*rows)
    assert found["lugano_m1"] == Cell("PD", "", ("NOT_READ", "PROGRESSION_UNCONFIRMED"))
    assert found["best_lugano"].value == "CR"
    stated = cells(*rows, patient=replace(A, progression_date=on(31)))
    assert stated["lugano_m1"] == Cell("PD", "", ("NOT_READ",))
    assert stated["best_lugano"] == Cell("PD")


def test_nothing_counts_as_best_after_progression_or_new_therapy() -> None:
    assert cells(called("M1", "SD"), called("M3", "PD"), called("M6", "CR"))["best_lugano"].value == "SD"
    treated = replace(A, new_therapy_date=on(40))
    assert cells(called("M1", "SD"), called("M3", "CR"), patient=treated)["best_lugano"].value == "SD"


def test_not_evaluable_is_no_response() -> None:
    found = cells(called("M1", "NE", "carpet"))
    assert found["lugano_m1"].reason == found["best_lugano"].reason == "RESPONSE_NOT_EVALUABLE"
    assert cells()["best_lugano"].reason == "NO_ASSESSMENT_AT_TIMEPOINT"


@pytest.mark.parametrize(
    ("scores", "cell"),
    [
        ({"carpet": "2"}, Cell("2", "", ("NOT_READ",))),
        ({"carpet": "2", "reader A": "4"}, Cell("4")),
        ({"reader A": "3", "reader B": "5"}, Cell("5", "", ("READERS_DIFFER",))),
        ({"reader A": "X", "reader B": "3"}, Cell("3", "", ("READERS_DIFFER",))),
        ({"reader A": "NE", "carpet": "5"}, Cell("5", "", ("NOT_READ",))),
        ({"carpet": "NE"}, Cell(None, "RESPONSE_NOT_EVALUABLE")),
        ({}, Cell(None, "NO_ASSESSMENT_AT_TIMEPOINT")),
    ],
)
def test_the_deauville_score(scores: dict[str, str], cell: Cell) -> None:
    rows = [called("M1", score, by, "deauville@1") for by, score in scores.items()]
    assert cells(*rows)["deauville_m1"] == cell


def test_the_first_complete_response_before_progression() -> None:
    assert first_complete(result(called("M1", "PR"), called("M3", "CR"), called("M6", "CR")), Protocol()) == (True, 90)
    assert first_complete(result(called("M1", "PD"), called("M3", "CR")), Protocol()) == (True, None)
    assert first_complete(result(), Protocol()) == (False, None)
    treated = replace(A, new_therapy_date=on(40))
    assert first_complete(result(called("M1", "PR"), called("M3", "CR"), patient=treated), Protocol()) == (True, None)
    assert first_complete(result(called("M1", "CR"), called("M3", "CR"), patient=treated), Protocol()) == (True, 29)


def test_a_response_after_new_therapy_is_not_that_of_the_cells() -> None:
    treated = replace(A, new_therapy_date=on(40))
    found = cells(called("M1", "SD"), called("M3", "CR"), called("M6", "PD"), patient=treated)
    assert found["lugano_m1"] == Cell("SD")
    assert found["lugano_m3"] == found["lugano_m6"] == Cell(None, "AFTER_NEW_THERAPY")
    assert cells(called("M1", "PR"), patient=replace(A, new_therapy_date=on(29)))["lugano_m1"] == Cell("PR")


def test_after_progression_there_is_progression_or_nothing() -> None:
    stated = replace(A, progression_date=on(20))
    found = cells(called("M1", "PR"), called("M3", "PD"), patient=stated)
    assert (found["lugano_m1"], found["lugano_m3"]) == (Cell(None, "AFTER_PROGRESSION"), Cell("PD"))
    assert cells(called("M1", "PD"), called("M3", "CR"))["lugano_m3"] == Cell(None, "AFTER_PROGRESSION")


def test_a_transplant_in_complete_response_ends_responses_as_the_rules_have_it() -> None:
    rows, patient = (called("M1", "CR"), called("M3", "CR")), replace(A, hsct_date=on(60), new_therapy_date=on(60))
    later = (called("M1", "PR"), called("M3", "CR"))
    for rules, value, reason in (
        ("default", None, "AFTER_NEW_THERAPY"),
        ("hsct_event", None, "AFTER_NEW_THERAPY"),
        ("hsct_followed", "CR", ""),
    ):
        assert response_cells(result(*rows, patient=patient), Protocol(), rules)["lugano_m3"] == Cell(value, reason)
        found = response_cells(result(*later, patient=patient), Protocol(), rules)  # for persistent disease: therapy by any rules
        assert (found["lugano_m3"].value, found["best_lugano"].value) == (None, "PR")
    assert cells(called("M1", "SD"), called("M3", "CR"), patient=replace(A, new_therapy_date=on(40)))["lugano_m3"].value is None


def test_who_responds_after_new_therapy_stays_in_the_denominator_and_out_of_the_landmark(several: Callable[..., Any]) -> None:
    from carpet.run.cohort.frame import cohort_from

    treated = cohort_from(several(8, new_therapy_date=on(40)))
    assert {why for (_, name), why in treated.reasons.items() if name == "lugano_m3"} == {"AFTER_NEW_THERAPY"}
    assert len(treated.rows) == 8


def test_categories_agree_with_the_endpoints(several: Callable[..., Any]) -> None:
    from carpet.run.cohort.frame import cohort_from

    for row in cohort_from(several(12)).rows:
        responded = row["best_lugano"] in ("CR", "PR")
        assert responded == (row["dor_days"] is not None)


def test_a_deauville_score_after_new_therapy_is_none() -> None:
    score = called("M1", "2", "reader A", "deauville@1")
    assert cells(score, patient=replace(A, new_therapy_date=on(20)))["deauville_m1"] == Cell(None, "AFTER_NEW_THERAPY")
    assert cells(score, patient=replace(A, new_therapy_date=on(29)))["deauville_m1"] == Cell("2")


def test_the_day_of_new_therapy_is_that_of_the_rules() -> None:
    assert therapy_day(result(called("M1", "CR")), Protocol()) is None
    assert therapy_day(result(called("M1", "CR"), patient=replace(A, new_therapy_date=on(40))), Protocol()) == 40
    transplanted = result(called("M1", "CR"), patient=replace(A, hsct_date=on(60), new_therapy_date=on(60)))
    assert therapy_day(transplanted, Protocol()) == 60
    assert therapy_day(transplanted, Protocol(), "hsct_followed") is None
