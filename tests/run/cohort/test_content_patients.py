"""Truth: the days and calls written down in the fixture."""

from __future__ import annotations

from dataclasses import replace

from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_patients import patient_days


def test_days_count_from_infusion(analysed: Analysed) -> None:
    of = {one.patient_id: one for one in patient_days(analysed)}
    assert len(of) == 48
    assert (of["P05"].death, of["P05"].last) == (425, 425)
    assert (of["P03"].progression, of["P03"].death) == (311, None)
    assert of["P01"].progression is None
    assert {one.treated for one in of.values()} == {None}
    assert patient_days(replace(analysed, new_therapy_days={"P01": 50}))[1].treated == 50
    assert (of["P47"].infused, of["P47"].enrolled, of["P47"].last) == (False, True, None)


def test_a_patient_without_a_call_is_dead_progressed_or_not_assessed(analysed: Analysed) -> None:
    of = {one.patient_id: one for one in patient_days(analysed)}
    assert of["P00"].state("M1", 45) == "CR"
    assert of["P04"].state("M3", 120) == "n/a"
    assert replace(of["P04"], death=100).state("M3", 120) == "dead"
    assert replace(of["P04"], progression=100).state("M3", 120) == "PD"
    assert replace(of["P04"], death=130).state("M3", 120) == "n/a"
    assert replace(of["P04"], treated=120).state("M3", 120) == "new therapy"
    assert replace(of["P04"], treated=121).state("M3", 120) == "n/a"
    assert replace(of["P04"], treated=40, progression=39).state("M3", 120) == "PD"
    assert replace(of["P04"], reasons={"lugano_m3": "RESPONSE_NOT_EVALUABLE"}).state("M3", 120) == "NE"
