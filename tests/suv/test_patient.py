"""Truth: METHODS A.4 and FAILURES rows 20–25, row by row."""

from __future__ import annotations

import pytest

from carpet.core.body import Sex
from carpet.suv.patient import body_of, dose_bq


def told(found) -> set[str]:
    return {notice.code for notice in found}


@pytest.mark.parametrize(
    ("weight", "height", "kg", "metres", "codes"),
    [
        (70.0, 1.75, 70.0, 1.75, set()),
        (70_000.0, 1.75, 70.0, 1.75, {"WEIGHT_IN_GRAMS"}),
        (70.0, 175.0, 70.0, 1.75, {"HEIGHT_IN_CM"}),
        (70.0, None, 70.0, None, {"HEIGHT_MISSING"}),
        (70.0, 0.0, 70.0, None, {"HEIGHT_MISSING"}),
        (18.0, 1.10, 18.0, 1.10, {"WEIGHT_UNUSUAL"}),
        (310.0, 2.0, 310.0, 2.0, {"WEIGHT_UNUSUAL"}),
    ],
)
def test_bodies(facts_with, weight, height, kg, metres, codes) -> None:
    body, found = body_of(facts_with(weight_kg=weight, height_m=height), None)
    assert (body.weight_kg, body.height_m, told(found)) == (kg, metres, codes)


@pytest.mark.parametrize(
    ("weight", "height", "code"),
    [
        (None, 1.75, "WEIGHT_MISSING"),
        (0.0, 1.75, "WEIGHT_MISSING"),
        (-70.0, 1.75, "WEIGHT_MISSING"),
        (1.5, 0.5, "WEIGHT_IMPLAUSIBLE"),
        (500.0, 2.0, "WEIGHT_IMPLAUSIBLE"),
        (20.0, 1.75, "WEIGHT_IMPLAUSIBLE"),
        (250.0, 1.70, "WEIGHT_IMPLAUSIBLE"),
    ],
)
def test_weights_that_cannot_be(facts_with, weight, height, code: str) -> None:
    body, found = body_of(facts_with(weight_kg=weight, height_m=height), None)
    assert body is None
    assert code in {notice.code for notice in found if notice.severity == "E"}


def test_a_weight_in_the_size_attribute(facts_with) -> None:
    assert "WEIGHT_IN_SIZE" in told(body_of(facts_with(height_m=70.0), None)[1])


@pytest.mark.parametrize("sex", ["O", "", None, "X"])
def test_sex_undefined_keeps_the_weight(facts_with, sex) -> None:
    body, found = body_of(facts_with(sex=sex), None)
    assert body.sex is (Sex.OTHER if sex == "O" else None)
    assert told(found) == {"SEX_UNDEFINED"}


@pytest.mark.parametrize(
    ("stored", "bq", "code"),
    [
        (368.08e6, 368.08e6, None),
        (1e7, 1e7, None),
        (368.08, 368.08e6, "DOSE_MBQ"),
        (20.0, 20e6, "DOSE_MBQ"),
        (19.9, None, "DOSE_UNIT_AMBIGUOUS"),
        (10.0, None, "DOSE_UNIT_AMBIGUOUS"),
        (1e5, None, "DOSE_UNIT_AMBIGUOUS"),
        (9.9e6, None, "DOSE_UNIT_AMBIGUOUS"),
        (0.0, None, "DOSE_MISSING"),
        (-5e8, None, "DOSE_MISSING"),
        (None, None, "DOSE_MISSING"),
    ],
)
def test_doses(facts_with, stored, bq, code) -> None:
    dose, found = dose_bq(facts_with(dose=stored))
    assert (dose, told(found)) == (bq, {code} if code else set())
