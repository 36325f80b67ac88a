"""Where the criteria differ at one time point, and which rules made the difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Call(StrEnum):
    """The common scale of all criteria."""

    COMPLETE = "complete"
    PARTIAL = "partial or minor"
    STABLE = "stable"
    PROGRESSION = "progression"
    INDETERMINATE = "indeterminate"
    NOT_EVALUABLE = "not evaluable"


class Question(StrEnum):
    """What the criteria may answer differently."""

    PROGRESSION = "progression"
    RESPONSE = "response"
    COMPLETE = "complete response"


CALLS: Mapping[str, Call] = {
    **dict.fromkeys(("CR", "CMR"), Call.COMPLETE),
    **dict.fromkeys(("PR", "PMR", "MR"), Call.PARTIAL),
    **dict.fromkeys(("SD", "NMR"), Call.STABLE),
    **dict.fromkeys(("PD", "PMD"), Call.PROGRESSION),
    **dict.fromkeys(("DISCORDANT", "IR1", "IR2", "IR3"), Call.INDETERMINATE),  # a person, or a later scan, decides
    "NE": Call.NOT_EVALUABLE,
}
YES: Mapping[Question, tuple[Call, ...]] = {
    Question.PROGRESSION: (Call.PROGRESSION,),
    Question.RESPONSE: (Call.COMPLETE, Call.PARTIAL),
    Question.COMPLETE: (Call.COMPLETE,),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What one criterion called, on the common scale, with its rule."""

    criterion: str
    category: str
    call: Call
    rule: str
    because: str


@dataclass(frozen=True)
class Disagreement:
    """One assessor at one time point: the criteria that say yes, and those that do not. What was not evaluable stands in neither."""

    assessor: str
    question: Question
    yes: tuple[Answer, ...]
    no: tuple[Answer, ...]

    @property
    def says(self) -> str:
        """One sentence with the rules behind it."""
        return f"{self.question}: yes by {_told(self.yes)}; no by {_told(self.no)}"


def disagreements(rows: Iterable[Mapping[str, Any]]) -> tuple[Disagreement, ...]:
    """Questions on which criteria differ, assessor by assessor, progression first; () where all agree.

    rows: of one time point, with criterion (with or without @version), assessor, category, rule, because. Scores (Deauville, qPET) and
    numbers without a class are no responses and are left out; an indeterminate response is neither progression nor response.
    """
    answers: dict[str, list[Answer]] = {}
    for row in rows:
        if row["category"] in CALLS:
            name = str(row["criterion"]).partition("@")[0]
            answers.setdefault(row["assessor"], []).append(
                Answer(name, row["category"], CALLS[row["category"]], row["rule"], row["because"])
            )
    return tuple(one for who in sorted(answers) for question in Question if (one := _asked(who, question, answers[who])) is not None)


def _asked(assessor: str, question: Question, answers: Iterable[Answer]) -> Disagreement | None:
    known = sorted((one for one in answers if one.call is not Call.NOT_EVALUABLE), key=lambda one: one.criterion)
    yes = tuple(one for one in known if one.call in YES[question])
    no = tuple(one for one in known if one.call not in YES[question])
    return Disagreement(assessor, question, yes, no) if yes and no else None


def _told(answers: Iterable[Answer]) -> str:
    return ", ".join(f"{one.criterion} ({one.category}: {one.because}, {one.rule})" for one in answers)
