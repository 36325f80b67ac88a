"""Contract: every response with its rule, readers first; what is the same for the same reason is said once."""

from __future__ import annotations

from typing import Any

from carpet.report import patient_responses as told


def test_readers_stand_first_and_time_points_in_the_order_of_days(patient_course: dict[str, Any]) -> None:
    reader, machine = told.assessors(patient_course["responses"], patient_course["says"])
    assert (reader["name"], reader["machine"]) == ("reader Dr R", False)
    assert machine["name"].startswith("carpet, by the numbers")
    assert [one["name"] for one in machine["timepoints"]] == ["M1", "M3"]
    rows = {row["criterion"]: [cell["category"] for cell in row["cells"]] for row in machine["rows"]}
    assert rows == {
        "Lugano, PET and CT": ["NE", "PR"],
        "Lugano by PET": ["NE", "–"],
        "LYRIC": ["–", "PD"],
        "qPET": ["–", "5"],
        "ΔSUVmax": ["–", "REPORTED"],
    }


def test_numbers_stand_with_their_unit(patient_course: dict[str, Any]) -> None:
    machine = told.assessors(patient_course["responses"], patient_course["says"])[1]
    rules = {row["criterion"]: row["cells"][1]["rule"] for row in machine["rows"]}
    assert (rules["qPET"], rules["ΔSUVmax"]) == ("7.71 qpet-5", "fall 43 % delta_suv_max-REPORTED")


def test_the_same_reason_is_told_once_and_marks_are_lettered(patient_course: dict[str, Any]) -> None:
    m1, m3 = told.assessors(patient_course["responses"], patient_course["says"])[1]["because"]
    assert [(row["criteria"], row["because"], row["rule"]) for row in m1["rows"]] == [
        ("Lugano, PET and CT, Lugano by PET", "the PET was refused", "no rule: a fact is lacking")
    ]
    assert m3["notes"] == [["a", "the spleen was not measured"]]
    assert [row["letters"] for row in m3["rows"]] == ["a", "", "", ""]
    assert m3["rows"][1]["because"] == "because of PD; dated to day 30"


def test_best_responses_and_conversions_that_are_alike_share_a_line(patient_course: dict[str, Any]) -> None:
    (best,) = told.best(patient_course["best"])
    assert (best["criteria"], best["category"], best["at"]) == ("Lugano, PET and CT, RECIL 2017", "PR", "M3 (day 91)")
    (one,) = told.conversions(patient_course["conversions"])
    assert (one["from"], one["to"], one["therapy"]) == ("SD at M1 (day 28)", "PR at M3 (day 91)", "without new therapy")
    (after,) = told.conversions([patient_course["conversions"][0] | {"new_therapy_before": True}])
    assert after["therapy"] == "after new therapy"


def test_who_says_yes_and_who_no_by_which_rule(patient_course: dict[str, Any]) -> None:
    (row,) = told.differences(patient_course["disagreements"])
    assert (row["question"], row["at"], row["assessor"]) == ("Complete response?", "M3 (day 91)", "reader Dr R")
    assert [one["rule"] for one in (*row["yes"], *row["no"])] == ["LUG-CMR", "REC-PR"]


def test_agreement_needs_two_criteria(patient_course: dict[str, Any]) -> None:
    assert told.agreement_text([]).startswith("There were no two")
    assert told.agreement_text(patient_course["responses"][:3]).startswith("There were no two")
    assert told.agreement_text(patient_course["responses"]).startswith("Nowhere")


def test_names_of_criteria_and_days() -> None:
    assert told.criterion_text("cheson2007@1") == "Cheson 2007"
    assert told.criterion_text("own@3") == "own"
    assert (told.day_text(-3), told.day_text(0), told.day_text(None)) == ("day −3", "day 0", "no day")
    assert told.at_text("", 4) == "no time point (day 4)"


def test_a_code_is_told_in_its_sentence_and_else_in_its_own_words() -> None:
    assert told.said_text("A_B", {"A_B": "says"}) == "says"
    assert told.said_text("A_B", {}) == "a b"
    assert [told.rule_text(rule) for rule in ("LUG-CMR", "READING")] == ["LUG-CMR", "the reader's call"]
