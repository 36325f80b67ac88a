"""Truth: worked example EX13; Lee 2019, the table of grades: every combination against its columns read one by one."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from carpet.clinical.crs import HYPOTENSION, HYPOXIA, crs_grade
from carpet.clinical.toxicity import Toxicity

PRESSORS = ("none", "no_pressor", "one_pressor", "one_pressor_plus_vasopressin", "multiple_pressors")
OXYGEN = ("none", "low_flow", "high_flow", "positive_pressure")


def event(fever: bool | None, hypotension: str | None, hypoxia: str | None, suppressed: bool | None = None) -> Toxicity:
    return Toxicity(patient_id="P1", event="crs", fever=fever, hypotension=hypotension, hypoxia=hypoxia, fever_suppressed=suppressed)


@pytest.mark.shared
def test_the_worked_example(shared_data: Path) -> None:
    text = (shared_data.parent / "reference" / "worked_examples.json").read_text(encoding="utf-8")
    example = next(one for one in json.loads(text)["examples"] if one["id"] == "EX13")
    graded = {name: crs_grade(event(*items)).grade for name, items in example["inputs"]["CRS"].items()}
    assert graded == example["expected"]["CRS"]
    assert len(graded) == 8


@pytest.mark.parametrize(("hypotension", "hypoxia"), list(itertools.product(PRESSORS, OXYGEN)))
def test_every_combination(hypotension: str, hypoxia: str) -> None:
    if hypotension == "multiple_pressors" or hypoxia == "positive_pressure":
        grade = 4
    elif "one_pressor" in hypotension or hypoxia == "high_flow":
        grade = 3
    elif hypotension == "no_pressor" or hypoxia == "low_flow":
        grade = 2
    else:
        grade = 1
    assert crs_grade(event(True, hypotension, hypoxia)).grade == grade
    assert crs_grade(event(False, hypotension, hypoxia, True)).grade == grade  # fever came and was suppressed
    assert crs_grade(event(False, hypotension, hypoxia, False)).grade == 0
    assert (set(HYPOTENSION), set(HYPOXIA)) == (set(PRESSORS), set(OXYGEN))


@pytest.mark.parametrize(
    ("items", "grade", "because"),
    [
        ((None, "none", "none"), None, "not known: fever"),
        ((None, "one_pressor", "none"), None, "not known: fever"),
        ((False, "one_pressor", "none"), None, "not known: whether fever was suppressed"),
        ((False, "none", "none"), 0, "no fever"),
        ((False, None, None), None, "not known: whether fever was suppressed"),
        ((True, None, "low_flow"), None, "at least 2 by hypoxia low flow; not known: hypotension"),
        ((True, None, "positive_pressure"), 4, "hypoxia positive pressure"),
        ((True, None, "none"), None, "not known: hypotension"),
        ((True, "none", "none"), 1, "fever"),
    ],
)
def test_what_is_not_known(items: tuple[bool | None, str | None, str | None], grade: int | None, because: str) -> None:
    assert crs_grade(event(*items))[:3] == (grade, "CRS-ASTCT2019@1", because)
