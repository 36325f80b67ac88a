"""Truth: courses written down here, and whose word on progression counts by the stated order; METHODS J's 7 days."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.readings import Reading
from carpet.cohort.endpoints.facts import first_progression
from carpet.core.protocol import DayWindow, Protocol
from carpet.run.trial.course import Course, course_of
from carpet.run.trial.endpoint_facts import KnownFacts, facts_of

INFUSED = dt.date(2024, 3, 1)
A = Patient(row=3, patient_id="A", infusion_date=INFUSED, enrolment_date=dt.date(2024, 1, 31))
DAYS = {"D7": 6, "M1": 29, "M3": 90, "M6": 180}


def on(day: int) -> dt.date:
    return INFUSED + dt.timedelta(days=day)


def course(patient: Patient, *readings: Reading) -> Course:
    return course_of(patient, [], ClinicalTables((patient,), readings=readings), Protocol())


def called(timepoint: str, category: str, assessor: str = "reader R", criterion: str = "lugano@1", **more: Any) -> dict[str, Any]:
    said = {"timepoint": timepoint, "day": DAYS[timepoint], "criterion": criterion, "assessor": assessor, "category": category}
    return said | {"dated_to_day": None} | more


def known(*rows: dict[str, Any], readings: tuple[Reading, ...] = (), criterion: str = "lugano", **dates: int) -> KnownFacts:
    known_of: dict[str, Any] = {f"{name}_date": on(day) for name, day in dates.items()}
    patient = replace(A, **known_of)
    return facts_of(course(patient, *readings), rows, Protocol(), criterion=criterion)


def shown(found: KnownFacts) -> list[tuple[int, str]]:
    return [(one.day, one.category) for one in found.facts.assessments]


def flags(found: KnownFacts) -> list[str]:
    assert list(found.facts.flags) == sorted({one.code for one in found.flags})
    return [one.code for one in found.flags]


def test_dates_become_days_that_name_their_cell() -> None:
    found = known(death=400, last_contact=390, new_therapy=60, hsct=70).facts
    assert found.death is not None
    days = [found.infusion, found.enrolment, found.last_contact, found.new_therapy, found.hsct, found.death]
    assert [one.day if one else None for one in days] == [0, -30, 390, 60, 70, 400]
    assert found.death.record == "patients.csv row 3, column death_date"
    assert [one.name for one in found.planned] == ["M1", "M3", "M6", "M12"]  # D7 is no scan to miss


@pytest.mark.parametrize(("cause", "of_lymphoma"), [("lymphoma", True), ("infection", False), ("unknown", None), (None, None)])
def test_what_the_patient_died_of(cause: str | None, of_lymphoma: bool | None) -> None:
    death = facts_of(course(replace(A, death_date=on(9), cause_of_death=cause)), (), Protocol()).facts.death
    assert death is not None
    assert death.of_lymphoma is of_lymphoma


def test_without_infusion_days_count_from_enrolment() -> None:
    found = facts_of(course(replace(A, infusion_date=None, death_date=dt.date(2024, 2, 20))), (), Protocol()).facts
    assert (found.infusion, found.enrolment and found.enrolment.day, found.death and found.death.day) == (None, 0, 20)
    nobody = facts_of(course(Patient(patient_id="A", death_date=on(3))), (), Protocol()).facts
    assert (nobody.infusion, nobody.enrolment, nobody.death) == (None, None, None)


def test_readers_come_before_numbers_and_other_criteria_do_not_count() -> None:
    found = known(called("M1", "PR"), called("M1", "PD", "carpet"), called("M1", "PD", criterion="recil@1"), called("M3", "CR", "carpet"))
    assert shown(found) == [(29, "PR"), (90, "CR")]
    assert found.facts.assessments[0].record == "M1 lugano@1 by reader R"
    assert [(one.code, one.found) for one in found.flags] == [("SCANS_NOT_READ", "day 90")]


def test_readers_who_say_nothing_leave_the_numbers_and_who_says_ne_does_not() -> None:
    rows = (called("M1", "NE"), called("M1", "CR", "carpet"))
    assert shown(known(*rows)) == [(29, "CR")]
    read = Reading(patient_id="A", date=on(29), reader="R", metabolic_response="NE")
    assert shown(known(*rows, readings=(read,))) == [(29, "NE")]


def test_several_readers() -> None:
    def two(one: str, other: str) -> KnownFacts:
        return known(called("M1", one), called("M1", other, "reader S"))

    both = two("PD", "PD")
    assert (shown(both), both.facts.assessments[0].record) == ([(29, "PD")], "M1 lugano@1 by reader R, reader S")
    assert shown(two("CR", "SD")) == [(29, "SD")]
    assert shown(two("NE", "PR")) == [(29, "PR")]
    split = two("CR", "PD")
    assert (shown(split), flags(split)) == ([(29, "DISPUTED")], ["PROGRESSION_DISPUTED"])
    assert first_progression(split.facts) is None


def test_the_stated_date_has_priority_and_differences_are_told() -> None:
    assert flags(known(called("M3", "PD"), progression=97)) == []
    apart = known(called("M3", "PD"), progression=98)
    assert (first_progression(apart.facts), flags(apart)) == (apart.facts.progression, ["PROGRESSION_DATES_DIFFER"])
    assert apart.flags[0].found == "day 98; M3 lugano@1 by reader R: day 90"
    assert flags(known(called("M3", "PD", "carpet"), progression=30)) == ["PROGRESSION_DATES_DIFFER"]
    assert flags(known(called("M3", "CR"), progression=30)) == ["PROGRESSION_DATES_DIFFER"]
    assert flags(known(called("M1", "CR"), progression=60)) == []  # between scans, as clinic or biopsy show it
    assert flags(known(called("M3", "CR", "carpet"), progression=30)) == ["SCANS_NOT_READ"]


def test_without_a_stated_date_readers_count_and_numbers_alone_do_not() -> None:
    read = known(called("M1", "CR"), called("M3", "PD"))
    assert ([one.day for one in [first_progression(read.facts)] if one], flags(read)) == ([90], ["PROGRESSION_NOT_STATED"])
    alone = known(called("M1", "CR", "carpet"), called("M3", "PD", "carpet"))
    assert (first_progression(alone.facts), flags(alone)) == (None, ["SCANS_NOT_READ", "PROGRESSION_UNCONFIRMED"])
    assert shown(alone) == [(29, "CR"), (90, "DISPUTED")]


def test_progression_that_goes_without_new_therapy_counts_and_is_told() -> None:
    rows = (called("D7", "PD"), called("M1", "PR"))
    gone = known(*rows)
    assert [(one.code, one.found) for one in gone.flags][1:] == [("PROGRESSION_REGRESSED", "day 6: progression; day 29: PR")]
    assert first_progression(gone.facts) is not None
    assert flags(known(*rows, new_therapy=20)) == ["PROGRESSION_NOT_STATED"]
    assert "PROGRESSION_REGRESSED" in flags(known(*rows, new_therapy=40))


def test_lyric_dates_back_and_stands_above_a_stated_date() -> None:
    rows = (called("D7", "IR1", criterion="lyric@1"), called("M1", "PD", criterion="lyric_follow_up@1", dated_to_day=6))
    by_scans = known(*rows, criterion="lyric", progression=29)
    first = first_progression(by_scans.facts)
    assert first is not None
    assert (first.day, first.record) == (6, "M1 lyric_follow_up@1 by reader R, dated back to day 6")
    open_ = known(rows[0], criterion="lyric", progression=29)
    assert first_progression(open_.facts) == open_.facts.progression


def test_a_protocol_of_its_own_plans_its_own_scans() -> None:
    windows = {
        name: DayWindow(first_day=first, last_day=first + 9, nominal_day=first) for name, first in (("W8", 50), ("W2", 14), ("W1", 5))
    }
    found = facts_of(course(A), (), Protocol(timepoints=windows)).facts
    assert [(one.name, one.last_day) for one in found.planned] == [("W2", 23), ("W8", 59)]


def read(day: int, reader: str = "R", **said: Any) -> Reading:
    return Reading(patient_id="A", date=on(day), reader=reader, **said)


def test_what_readers_say_of_a_scan_that_stands_for_no_time_point_counts() -> None:
    told = (read(60, metabolic_response="PMD"), read(29, metabolic_response="PMR"))
    found = known(called("M1", "CR"), called("M3", "PD"), readings=told)
    assert shown(found) == [(29, "CR"), (60, "PD"), (90, "PD")]
    assert found.facts.assessments[1].record == "day 60 lugano@1 by reader R"
    first = first_progression(found.facts)
    assert first is not None
    assert first.day == 60
    assert shown(known(readings=(read(60, new_lesions=True), read(60, "S", ct_response="SD"), read(-5, ct_response="SD")))) == [
        (60, "DISPUTED")
    ]
    assert shown(known(readings=(read(60, deauville="2"),))) == []  # a score alone is no response
    assert shown(known(readings=told, criterion="lyric")) == []


def by_ct_alone(numbers: str, ct: str, *more: dict[str, Any], readings: tuple[Reading, ...] = (), **said: Any) -> KnownFacts:
    """Reader R calls the CT of M3 only; the numbers call its PET."""
    pets = (called("M3", numbers, "carpet", "lugano_pet@1", rule="R"), called("M3", "NE", criterion="lugano_pet@1", rule="R"))
    both = {"CMR": "CR", "PMR": "PR", "NMR": "SD", "PMD": "PD", "NE": "NE"}[numbers]
    rows = (*pets, called("M3", both, "carpet"), called("M3", ct), *more)
    return known(*rows, readings=(read(90, ct_response=ct, **said), *readings))


@pytest.mark.parametrize(
    ("numbers", "ct", "category", "told"),
    [
        ("NMR", "PD", "PD", "PROGRESSION_NOT_STATED"),  # both PET and the reader's CT: METHODS D.5
        ("PMD", "PD", "PD", "PROGRESSION_NOT_STATED"),
        ("CMR", "PD", "DISCORDANT", ""),  # the reader's word is not passed over, and is not taken for PET's
        ("PMR", "PD", "DISCORDANT", ""),
        ("CMR", "CR", "CR", "SCANS_NOT_READ"),  # PET decides, and no reader called it
        ("PMD", "SD", "DISPUTED", "PROGRESSION_UNCONFIRMED"),
        ("NE", "PD", "PD", "PROGRESSION_NOT_STATED"),  # no PET that counts: CT decides
        ("NE", "PR", "PR", ""),
    ],
)
def test_a_reader_of_ct_alone_confirms_progression_only(numbers: str, ct: str, category: str, told: str) -> None:
    found = by_ct_alone(numbers, ct)
    assert (shown(found), flags(found)) == ([(90, category)], [told] if told else [])


def test_a_reader_of_ct_alone_beside_others_and_with_a_score() -> None:
    whole = called("M3", "CR", "reader S"), called("M3", "CMR", "reader S", "lugano_pet@1", rule="READING")
    also = (read(90, "S", metabolic_response="CMR"),)
    disputed = by_ct_alone("NMR", "PD", *whole, readings=also)
    assert (shown(disputed), flags(disputed)) == ([(90, "DISPUTED")], ["PROGRESSION_DISPUTED"])
    new = (
        called("M3", "PMD", "carpet", "lugano_pet@1", rule="PET-PMD-new"),
        called("M3", "PMD", criterion="lugano_pet@1", rule="PET-PMD-new"),
    )
    rows = (*new, called("M3", "PD", "carpet"), called("M3", "PD"))
    assert shown(known(*rows, readings=(read(90, deauville="2", ct_response="PD"),))) == [(90, "DISCORDANT")]


def test_where_ct_decides_a_readers_ct_is_enough_and_pet_alone_is_none() -> None:
    rows = (called("M3", "PMR", "carpet", "lugano_pet@1", rule="R"), called("M3", "SD", "carpet"), called("M3", "PD"))
    patient = replace(A, fdg_avid=False)

    def shows(*readings: Reading, of: tuple[dict[str, Any], ...] = rows) -> list[tuple[int, str]]:
        return shown(facts_of(course(patient, *readings), of, Protocol()))

    assert shows(read(90, ct_response="PD")) == [(90, "PD")]
    assert shows(read(90, metabolic_response="PMD")) == [(90, "SD")]
    assert shows(read(60, metabolic_response="PMD", ct_response="SD"), of=()) == [(60, "SD")]


def test_numbers_under_a_readers_name_are_no_confirmation() -> None:
    def pet(category: str, rule: str, assessor: str) -> dict[str, Any]:
        return called("M3", category, assessor, "lugano_pet@1", rule=rule)

    numbers, by_tracks = pet("PMD", "PET-PMD-new", "carpet"), pet("PMD", "PET-PMD-new", "reader R")
    rows = (numbers, by_tracks, called("M3", "PD", "carpet"), called("M3", "PD"))
    for silent in (read(90, clinical_deterioration=False), read(90, deauville="2")):
        found = known(*rows, readings=(silent,))
        assert (shown(found), flags(found)) == ([(90, "DISPUTED")], ["PROGRESSION_UNCONFIRMED"])
    assert shown(known(*rows, readings=(read(90, new_lesions=True),))) == [(90, "PD")]
    rose = (pet("PMD", "PET-PMD-rise", "carpet"), called("M3", "PD", "carpet"), called("M3", "PR"))
    assert shown(known(*rose, readings=(read(90, marrow_involved=False),))) == [(90, "DISPUTED")]
