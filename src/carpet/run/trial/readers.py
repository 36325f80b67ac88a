"""Where readers of one patient differ from each other, and a reader from the numbers, as the pages say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from carpet.run.trial.agreement import STATED, adjudication_rows
from carpet.run.trial.moments import CARPET
from carpet.run.trial.notices import READING_DIFFERS
from carpet.run.trial.steps import CourseResult

Row = Mapping[str, Any]
SAID_OF = ("lugano", "lugano_pet", "lugano_ct", "deauville")


def disputes(result: CourseResult) -> list[dict[str, Any]]:
    """A row for each two readers of one time point (empty: of the whole course) whom a third must judge; [] where all agree.

    Each has `timepoint`, `day`, `readers` (pairs of a name and what the reader says) and `triggers` (pairs of a code and what differs).
    """
    rows = adjudication_rows([(result.course, result.responses)], reads=result.reads)
    found = []
    for (timepoint, day, names), same in groupby(rows, key=lambda row: (row["timepoint"], row["day"], row["readers"])):
        readers = [[name, _says(result, name, timepoint)] for name in names.split("; ")]
        found.append(
            {"timepoint": timepoint, "day": day, "readers": readers, "triggers": [[row["trigger"], row["because"]] for row in same]}
        )
    return found


def unlike_numbers(result: CourseResult) -> list[dict[str, Any]]:
    """A row for each reader and time point where the numbers call another response by Lugano, or new lesions otherwise; [] for none.

    Each has `timepoint`, `day`, `reader`, `said` and `numbers` (what each calls), and `flagged`: the tracks or rules give otherwise.
    """
    return list(_unlike(result))


def _unlike(result: CourseResult) -> Iterator[dict[str, Any]]:
    at = dict.fromkeys((row["timepoint"], row["day"], row["assessor"]) for row in result.responses if row["assessor"] != CARPET)
    for timepoint, day, reader in at:
        of_reader, of_numbers = (_called(result, name, timepoint) for name in (reader, CARPET))
        calls = [one.get("lugano", "NE") for one in (of_reader, of_numbers)]
        differ = "NE" not in calls and calls[0] != calls[1]
        flagged = any(READING_DIFFERS.code in row["flags"] for row in _rows(result, reader, timepoint))
        if differ or flagged:
            where = {"timepoint": timepoint, "day": day, "reader": reader}
            yield where | {"said": _line(of_reader), "numbers": _line(of_numbers), "flagged": flagged}


def _rows(result: CourseResult, assessor: str, timepoint: str) -> list[Row]:
    return [row for row in result.responses if (row["assessor"], row["timepoint"]) == (assessor, timepoint)]


def _called(result: CourseResult, assessor: str, timepoint: str) -> dict[str, str]:
    return {row["criterion"].partition("@")[0]: row["category"] for row in _rows(result, assessor, timepoint)}


def _line(called: Mapping[str, str]) -> list[list[str]]:
    """Criterion and category, of those that a reader can call."""
    return [[name, called[name]] for name in SAID_OF if name in called]


def _says(result: CourseResult, reader: str, timepoint: str) -> list[list[str]]:
    """What a reader calls at a time point; [] for the whole course, and for a date that patients.csv states."""
    return _line(_called(result, reader, timepoint)) if timepoint and reader != STATED else []
