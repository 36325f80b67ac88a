"""Truth: METHODS, INTERFACE: categories of every criterion; which differ, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.response import criteria
from carpet.response.disagreement import CALLS, Call, Question, disagreements

NOT_A_RESPONSE = {"1", "2", "3", "4", "5", "1-2", "REPORTED", "good", "poor"}


def row(criterion: str, category: str, assessor: str = "carpet", rule: str = "R") -> dict[str, Any]:
    return {"criterion": f"{criterion}@1", "category": category, "assessor": assessor, "rule": f"{rule}-{criterion}", "because": "why"}


def test_every_category_of_every_criterion_has_a_place_or_is_a_score() -> None:
    named = {category for one in criteria().values() for category in one.categories}
    assert named == set(CALLS) | NOT_A_RESPONSE


def test_agreement_is_silent() -> None:
    assert disagreements([row("lugano", "PR"), row("recil", "MR"), row("percist", "PMR"), row("deauville", "4")]) == ()
    assert disagreements([]) == ()


def test_progression_by_some_names_the_rules_of_both_sides() -> None:
    (found,) = disagreements([row("lugano", "PD"), row("recil", "SD"), row("cheson2007", "PD"), row("lyric", "IR2")])
    assert (found.question, found.assessor) == (Question.PROGRESSION, "carpet")
    assert [one.rule for one in found.yes] == ["R-cheson2007", "R-lugano"]
    assert [(one.criterion, one.call) for one in found.no] == [("lyric", Call.INDETERMINATE), ("recil", Call.STABLE)]
    assert found.says == (
        "progression: yes by cheson2007 (PD: why, R-cheson2007), lugano (PD: why, R-lugano);"
        " no by lyric (IR2: why, R-lyric), recil (SD: why, R-recil)"
    )


@pytest.mark.parametrize(
    ("categories", "questions"),
    [
        (("CR", "PR"), [Question.COMPLETE]),
        (("CR", "SD"), [Question.RESPONSE, Question.COMPLETE]),
        (("PD", "CR"), [Question.PROGRESSION, Question.RESPONSE, Question.COMPLETE]),
        (("DISCORDANT", "PR"), [Question.RESPONSE]),
        (("NE", "PD"), []),
    ],
)
def test_which_questions_are_answered_differently(categories: tuple[str, str], questions: list[Question]) -> None:
    rows = [row("lugano", categories[0]), row("recil", categories[1])]
    assert [one.question for one in disagreements(rows)] == questions
    assert [one.question for one in disagreements(rows[::-1])] == questions


def test_assessors_are_not_mixed() -> None:
    assert disagreements([row("lugano", "PD"), row("recil", "SD", "reader R")]) == ()
