"""Contract: who disagrees, on what, and why a third person must look; a reader against the numbers with what each calls."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.cohort.agreement.adjudication import Trigger
from carpet.report.patient_readers import THIRD_READER, TRIGGERS, disputes, unlike_numbers


def test_each_reader_stands_with_what_was_called(patient_course: dict[str, Any]) -> None:
    (box,) = disputes(patient_course["disputes"])
    assert (box["at"], box["third"]) == ("M3 (day 91)", THIRD_READER)
    assert [(one["name"], one["says"]) for one in box["readers"]] == [
        ("reader Dr R", "Lugano, PET and CT: CR; Deauville score: 2"),
        ("reader Dr S", "Lugano, PET and CT: PR"),
    ]
    assert box["because"] == [
        "they call another response by Lugano (CR and PR)",
        "one scores Deauville 1 to 3, the other 4 or 5: response or residual disease (Deauville 2 and 4)",
    ]


def test_a_date_of_progression_belongs_to_the_whole_course() -> None:
    row = {"timepoint": "", "day": None, "readers": [["patients.csv", []]], "triggers": [["PROGRESSION_DATE_DIFFERS", "day 30 and none"]]}
    (box,) = disputes([row])
    assert (box["at"], box["readers"]) == ("Whole course", [{"name": "the date stated in patients.csv", "says": ""}])


@pytest.mark.parametrize("trigger", list(Trigger))
def test_every_trigger_has_its_sentence(trigger: Trigger) -> None:
    assert trigger.value in TRIGGERS


def test_a_reader_against_the_numbers(patient_course: dict[str, Any]) -> None:
    (line,) = unlike_numbers(patient_course["unlike_numbers"])
    assert (line["reader"], line["said"], line["numbers"]) == ("reader Dr R", "Lugano, PET and CT: CR", "Lugano, PET and CT: PR")
    assert line["because"]
    assert unlike_numbers([patient_course["unlike_numbers"][0] | {"flagged": False}])[0]["because"] == ""
    assert (disputes([]), unlike_numbers([])) == ([], [])
