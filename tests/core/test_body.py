"""Truth: METHODS A.1 and its worked example EX01; the formulas by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carpet.core.body import Body, LeanMass, Sex, SurfaceArea
from carpet.core.errors import NotMeasurable

MAN, WOMAN = Body(70.0, 1.75, Sex.MALE), Body(70.0, 1.75, Sex.FEMALE)


@pytest.fixture
def expected(shared_data: Path) -> Any:
    examples = json.loads((shared_data.parent / "reference" / "worked_examples.json").read_text(encoding="utf-8"))["examples"]
    return next(example for example in examples if example["id"] == "EX01")["expected"]


@pytest.mark.shared
def test_worked_example_one(expected: Any) -> None:
    woman = expected["female_same_numbers"]
    for found, wanted in (
        (MAN.lean_mass_kg(LeanMass.JAMES128), expected["LBM_James128_kg"]),
        (MAN.lean_mass_kg(LeanMass.MORGAN120), expected["LBM_Morgan120_kg"]),
        (MAN.lean_mass_kg(LeanMass.JANMAHASATIAN), expected["LBM_Janmahasatian_kg"]),
        (MAN.ideal_weight_kg(), expected["IBW_kg"]),
        (MAN.surface_area_m2(SurfaceArea.DU_BOIS), expected["BSA_DuBois_m2"]),
        (WOMAN.lean_mass_kg(LeanMass.JAMES128), woman["LBM_James_kg"]),
        (WOMAN.lean_mass_kg(LeanMass.MORGAN120), woman["LBM_James_kg"]),
        (WOMAN.lean_mass_kg(LeanMass.JANMAHASATIAN), woman["LBM_Janmahasatian_kg"]),
        (WOMAN.ideal_weight_kg(), woman["IBW_kg"]),
    ):
        assert found == pytest.approx(wanted, rel=1e-5)


def test_by_hand() -> None:
    # 175 cm, 70 kg: (70/175)² = 0.16, BMI = 22.857142…
    assert MAN.lean_mass_kg(LeanMass.JAMES128) == pytest.approx(77.0 - 128 * 0.16, rel=1e-12)
    assert MAN.lean_mass_kg(LeanMass.MORGAN120) == pytest.approx(77.0 - 120 * 0.16, rel=1e-12)
    assert WOMAN.lean_mass_kg(LeanMass.JAMES128) == pytest.approx(74.9 - 148 * 0.16, rel=1e-12)
    assert MAN.lean_mass_kg(LeanMass.JANMAHASATIAN) == pytest.approx(648900 / (6680 + 216 * 160 / 7), rel=1e-12)
    assert WOMAN.lean_mass_kg(LeanMass.JANMAHASATIAN) == pytest.approx(648900 / (8780 + 244 * 160 / 7), rel=1e-12)
    assert MAN.ideal_weight_kg() == pytest.approx(48 + 1.06 * 23, rel=1e-12)
    assert WOMAN.ideal_weight_kg() == pytest.approx(45.5 + 0.91 * 23, rel=1e-12)
    assert MAN.surface_area_m2(SurfaceArea.DU_BOIS) == pytest.approx(1.848143, rel=1e-6)
    assert Body(80.0, 1.80, None).surface_area_m2(SurfaceArea.MOSTELLER) == pytest.approx(2.0, rel=1e-12)  # √(180 · 80 / 3600)


@pytest.mark.parametrize("formula", list(LeanMass))
def test_lean_mass_needs_height_and_sex(formula: LeanMass) -> None:
    with pytest.raises(NotMeasurable, match=r"^HEIGHT_MISSING$"):
        Body(70.0, None, Sex.MALE).lean_mass_kg(formula)
    with pytest.raises(NotMeasurable, match=r"^SEX_UNDEFINED$"):
        Body(70.0, 1.75, None).lean_mass_kg(formula)


@pytest.mark.parametrize("formula", list(SurfaceArea))
def test_surface_needs_height_only(formula: SurfaceArea) -> None:
    assert Body(70.0, 1.75, None).surface_area_m2(formula) == MAN.surface_area_m2(formula)
    with pytest.raises(NotMeasurable, match=r"^HEIGHT_MISSING$"):
        Body(70.0, None, Sex.MALE).surface_area_m2(formula)


def test_ideal_weight_needs_height_and_sex() -> None:
    with pytest.raises(NotMeasurable, match=r"^HEIGHT_MISSING$"):
        Body(70.0, None, Sex.MALE).ideal_weight_kg()
    with pytest.raises(NotMeasurable, match=r"^SEX_UNDEFINED$"):
        Body(70.0, 1.75, None).ideal_weight_kg()


def test_no_formula_gives_a_mass_that_cannot_be() -> None:
    with pytest.raises(NotMeasurable, match=r"^LEAN_MASS_NOT_POSITIVE$"):
        Body(300.0, 1.40, Sex.MALE).lean_mass_kg(LeanMass.JAMES128)  # 330 − 128 · 4.59
    assert Body(300.0, 1.40, Sex.MALE).lean_mass_kg(LeanMass.JANMAHASATIAN) > 0
    with pytest.raises(NotMeasurable, match=r"^IDEAL_WEIGHT_NOT_POSITIVE$"):
        Body(15.0, 1.0, Sex.MALE).ideal_weight_kg()  # 48 − 1.06 · 52
