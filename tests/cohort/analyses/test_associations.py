"""Truth: closed form: the cross ratio of grades and groups counted by hand, with halves where a cell is empty; the models' own tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from carpet.cohort.analyses.associations import Association, associations
from carpet.cohort.table import Cohort, Column, Value
from carpet.core.errors import ProtocolError

COLUMNS = (
    Column("patient_id", "", "the patient", "patient", "category"),
    Column("tmtv", "mL", "volume", "marker", "number", doubling=True),
    Column("bulk", "", "bulky", "marker", "yes_no"),
    Column("stage", "", "stage", "marker", "category", ("I", "II", "III")),
    Column("crs_grade", "{grade}", "CRS by ASTCT 2019", "toxicity", "number"),
    Column("icans_grade", "{grade}", "ICANS by ASTCT 2019", "toxicity", "number"),
)


def cohort(crs: Sequence[Value], **others: Sequence[Value]) -> Cohort:
    blank: dict[str, Value] = {"tmtv": 100.0, "bulk": True, "stage": "I", "icans_grade": None}
    rows = [
        blank | {"patient_id": f"P{n}", "crs_grade": grade} | {name: values[n] for name, values in others.items()}
        for n, grade in enumerate(crs)
    ]
    return Cohort(COLUMNS, tuple(rows), flags={("P0", "crs_grade"): ("FROM_ITEMS",)})


def one(rows: Sequence[Association], outcome: str) -> Association:
    (found,) = [row for row in rows if row.outcome == outcome]
    return found


BULK = [True] * 20 + [False] * 20
CRS = [0] * 6 + [1] * 6 + [2] * 2 + [3] * 6 + [0] * 13 + [1] * 6 + [3] * 1


def test_any_grade_is_a_cross_ratio() -> None:
    rows = associations(cohort(CRS, bulk=BULK), ["bulk"], grades=["crs_grade"])
    found = one(rows, "crs_grade >= 1")
    assert (found.model, found.interval, found.per) == ("logistic", "profile", "yes vs no")
    assert found.ratio == pytest.approx(14 * 13 / (6 * 7), rel=1e-7)
    assert (found.patients, found.events, found.missing) == (40, 21, 0)
    assert found.low is not None
    assert found.high is not None
    assert 1.0 < found.low < found.ratio < found.high
    assert found.flags == ("FROM_ITEMS",)


def test_few_severe_grades_take_firths_likelihood() -> None:
    rows = associations(cohort([0] * 16 + [3] * 4 + [0] * 20, bulk=BULK), ["bulk"], grades=["crs_grade"])
    found = one(rows, "crs_grade >= 3")
    assert (found.model, found.interval) == ("Firth logistic", "Firth profile")
    assert found.ratio == pytest.approx(4.5 * 20.5 / (0.5 * 16.5), rel=1e-6)
    assert {"FEW_EVENTS", "PENALISED"} <= set(found.flags)


def test_separation_takes_firths_likelihood_however_many_events() -> None:
    crs = [1] * 20 + [0] * 12 + [1] * 8
    found = one(associations(cohort(crs, bulk=BULK), ["bulk"], grades=["crs_grade"]), "crs_grade >= 1")
    assert found.model == "Firth logistic"
    assert found.ratio == pytest.approx(20.5 * 12.5 / (0.5 * 8.5), rel=1e-6)
    assert "FEW_EVENTS" not in found.flags or found.events < 30


def test_few_patients_give_a_reason_or_are_said() -> None:
    rows = associations(cohort([0] * 38 + [3] + [1], bulk=[True, False] * 20), ["bulk"], grades=["crs_grade"])
    assert one(rows, "crs_grade >= 3").reason_missing == "EVENTS_TOO_FEW"  # one patient
    assert one(rows, "crs_grade >= 1").model == "Firth logistic"  # two
    assert one(rows, "crs_grade, a grade higher").reason_missing == "EVENTS_TOO_FEW"  # two, and no penalised likelihood
    more = associations(cohort([0] * 32 + [3, 1, 2, 1] * 2, bulk=[True, False] * 20), ["bulk"], grades=["crs_grade"])
    assert "FEW_EVENTS" in one(more, "crs_grade, a grade higher").flags  # eight


def test_a_grade_higher_has_its_test_of_proportional_odds() -> None:
    found = one(associations(cohort(CRS, bulk=BULK), ["bulk"], grades=["crs_grade"]), "crs_grade, a grade higher")
    assert found.model == "proportional odds"
    assert found.ratio is not None
    assert found.proportional_p is not None
    assert found.ratio > 1.0
    assert 0.05 < found.proportional_p < 1.0
    assert "ODDS_NOT_PROPORTIONAL" not in found.flags
    turned = cohort([0] * 10 + [3] * 10 + [1] * 10 + [2] * 10, bulk=BULK)
    assert "ODDS_NOT_PROPORTIONAL" in one(associations(turned, ["bulk"], grades=["crs_grade"]), "crs_grade, a grade higher").flags


def test_doublings_and_levels() -> None:
    rng = np.random.default_rng(8)
    tmtv = np.exp2(rng.uniform(3, 10, 40))
    crs = [int(value) for value in np.clip(np.round(np.log2(tmtv) / 2 - 2 + rng.normal(size=40)), 0, 4)]
    stage = ["I", "II", "III", "III"] * 10
    rows = associations(cohort(crs, tmtv=[float(v) for v in tmtv], stage=stage), ["tmtv", "stage"], grades=["crs_grade"])
    assert [row.per for row in rows if row.outcome == "crs_grade >= 1"] == ["per doubling", "II vs I", "III vs I"]
    doubled = associations(cohort(crs, tmtv=[8.0 * float(v) for v in tmtv]), ["tmtv"], grades=["crs_grade"])
    ratio = one(doubled, "crs_grade >= 1").ratio
    assert ratio == pytest.approx(one(rows[:3], "crs_grade >= 1").ratio)  # the unit of volume says nothing
    assert ratio is not None
    assert ratio > 1.0


def test_what_cannot_be_said_has_its_reason() -> None:
    rows = associations(cohort([0, 1, 0, 1], bulk=[True] * 4), ["bulk"], grades=["crs_grade", "icans_grade"])
    assert [row.reason_missing for row in rows] == ["COVARIATE_CONSTANT"] * 3 + ["NO_PATIENTS"] * 3
    alone = associations(cohort([3, 1], bulk=[True, None]), ["bulk"], grades=["crs_grade"])
    assert [row.reason_missing for row in alone] == ["ONE_PATIENT"] * 3
    assert all(row.ratio is row.low is row.high is row.p is None for row in rows)
    assert rows[-1].missing == 4
    never = associations(cohort([0] * 6, bulk=[True, False] * 3), ["bulk"], grades=["crs_grade"])
    assert [row.reason_missing for row in never] == ["ONE_OUTCOME", "ONE_OUTCOME", "FEW_LEVELS"]
    with pytest.raises(ProtocolError, match="needs a marker"):
        associations(cohort([0, 1]), [])


def test_no_volume_is_left_out_and_said() -> None:
    found = associations(cohort([0, 1, 0, 1, 2], tmtv=[0.0, 10.0, 20.0, None, 40.0]), ["tmtv"], grades=["crs_grade"])[0]
    assert (found.patients, found.missing) == (3, 2)
    assert "NOT_POSITIVE" in found.flags
