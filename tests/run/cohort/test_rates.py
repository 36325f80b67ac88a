"""Truth: Clopper & Pearson 1934: 3 of 10 is 6.67 to 65.25 %, 0 of 10 up to 30.85 %; counts by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from carpet.clinical import Patient
from carpet.cohort.table import Cohort, Column
from carpet.core.protocol import Protocol
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.rates import own_rate, rate_rows

COLUMNS = (
    Column("patient_id", "", "the patient", "patient", "category"),
    *(Column(name, "", name, "response", "category") for name in ("lugano_m1", "lugano_m3", "lugano_m6", "best_lugano")),
    *(Column(name, "{grade}", name, "toxicity", "number") for name in ("crs_grade", "icans_grade")),
)


def cohort(*patients: dict[str, Any]) -> Cohort:
    empty = dict.fromkeys([one.name for one in COLUMNS])
    return Cohort(COLUMNS, tuple(empty | {"patient_id": f"P{n}"} | one for n, one in enumerate(patients)))


TEN = cohort(
    *(
        {"lugano_m1": category, "crs_grade": n % 4}
        for n, category in enumerate(["CR", "PR", "PR", "SD", "PD", "SD", None, None, None, None])
    )
)
NOBODY: dict[str, list[Any]] = {"responses": [], "best_responses": []}


def rates(of: Cohort, rows: dict[str, list[Any]], infused: list[str], treated: dict[str, int] | None = None) -> list[dict[str, Any]]:
    patients = tuple(Patient(row=n, patient_id=who, infusion_date=dt.date(2024, 3, 1)) for n, who in enumerate(infused))
    return rate_rows(Analysed(Protocol(), of, patients, rows, new_therapy_days=treated or {}))


def by_key(rows: list[dict[str, Any]]) -> dict[tuple[str, ...], dict[str, Any]]:
    keys = ("measure", "criterion", "assessor", "timepoint", "of")
    found = {tuple(str(row[key]) for key in keys): row for row in rows}
    assert len(found) == len(rows)
    return found


def test_of_all_infused_and_of_those_evaluated() -> None:
    found = by_key(rates(TEN, NOBODY, [f"P{n}" for n in range(10)]))
    whole = found["ORR", "lugano", "endpoints", "M1", "infused"]
    assert (whole["numerator"], whole["denominator"], whole["percent"]) == (3, 10, 30.0)
    assert (whole["low"], whole["high"]) == (pytest.approx(6.674, abs=1e-3), pytest.approx(65.245, abs=1e-3))
    known = found["ORR", "lugano", "endpoints", "M1", "evaluated"]
    assert (known["numerator"], known["denominator"], known["percent"]) == (3, 6, 50.0)
    none = found["CR", "lugano", "endpoints", "M3", "infused"]
    assert (none["numerator"], none["low"], none["high"]) == (0, 0.0, pytest.approx(30.850, abs=1e-3))


def test_the_rate_the_report_prints() -> None:
    found = rates(TEN, NOBODY, ["P0"])
    assert own_rate(found, "ORR", timepoint="M1")["denominator"] == 6
    assert own_rate(found, "CRS >= 3")["numerator"] == 2


def test_nobody_to_count_has_a_reason() -> None:
    found = by_key(rates(TEN, NOBODY, []))
    row = found["CR", "lugano", "endpoints", "M6", "evaluated"]
    assert (row["percent"], row["denominator"], row["reason_missing"]) == (None, 0, "NO_PATIENTS")
    assert not any(of == "infused" for *_, of in found)


def test_grades_of_those_graded() -> None:
    found = by_key(rates(TEN, NOBODY, ["P0"]))
    assert [found[f"CRS {word}", "astct2019", "", "", "evaluated"]["numerator"] for word in ("any", ">= 3")] == [7, 2]
    assert found["ICANS any", "astct2019", "", "", "evaluated"]["reason_missing"] == "NO_PATIENTS"


def test_each_assessor_and_criterion_by_itself() -> None:
    def row(who: str, category: str, by: str = "carpet", criterion: str = "lyric@1") -> dict[str, str]:
        return {"patient_id": who, "timepoint": "M1", "criterion": criterion, "assessor": by, "category": category}

    rows = [row("P0", "CR"), row("P1", "NE"), row("P0", "PR", "reader A"), row("P0", "3", criterion="deauville@1")]
    found = by_key(rates(TEN, {"responses": rows, "best_responses": []}, ["P0", "P1"]))
    said = {key: (one["numerator"], one["denominator"]) for key, one in found.items() if key[1] == "lyric@1"}
    assert said == {
        ("ORR", "lyric@1", "carpet", "M1", "infused"): (1, 2),
        ("ORR", "lyric@1", "carpet", "M1", "evaluated"): (1, 1),
        ("CR", "lyric@1", "carpet", "M1", "infused"): (1, 2),
        ("CR", "lyric@1", "carpet", "M1", "evaluated"): (1, 1),
        ("ORR", "lyric@1", "reader A", "M1", "evaluated"): (1, 1),
        ("CR", "lyric@1", "reader A", "M1", "evaluated"): (0, 1),
    }
    assert not any(key[1].startswith("deauville") for key in found)


def test_a_call_after_new_therapy_is_of_no_assessors_response() -> None:
    call = {"timepoint": "M3", "criterion": "lugano@1", "assessor": "reader A", "category": "CR", "day": 90}
    rows = {"responses": [call | {"patient_id": "P0"}, call | {"patient_id": "P1"}], "best_responses": []}
    for day, counts in ((89, (1, 1)), (90, (2, 2))):
        found = by_key(rates(TEN, rows, ["P0", "P1"], {"P1": day}))
        row = found["CR", "lugano@1", "reader A", "M3", "evaluated"]
        assert (row["numerator"], row["denominator"]) == counts
