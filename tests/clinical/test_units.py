"""Truth: molar masses and UCUM prefixes written out by hand; METHODS E.4 (88.42, 10, 60); haemoglobin's 0.6206 of SI tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carpet.clinical.cells import Fault
from carpet.clinical.units import ANALYTES, convert, factor, find_analyte, folded


def converted(name: str, value: float, unit: str) -> float:
    result = convert(value, ANALYTES[name], unit=unit)
    assert not isinstance(result, Fault), result
    return result


@pytest.mark.parametrize(
    ("name", "value", "unit", "expected"),
    [
        ("creatinine", 88.42, "µmol/L", 1.0),
        ("creatinine", 88.42, "μmol/l", 1.0),
        ("creatinine", 0.08842, "mmol/L", 1.0),
        ("creatinine", 10.0, "mg/L", 1.0),
        ("crp", 30.0, "mg/L", 3.0),
        ("crp", 3.0, "mg/dl", 3.0),
        ("ldh", 4.0, "µkat/L", 240.0),
        ("ldh", 4000.0, "nkat/L", 240.0),
        ("ldh", 240.0, "IU/L", 240.0),
        ("ldh", 240.0, "[IU]/L", 240.0),
        ("ferritin", 650.0, "µg/L", 650.0),
        ("ferritin", 65.0, "ug/dL", 650.0),
        ("il6", 5.0, "ng/L", 5.0),
        ("il6", 5.0, "ng/mL", 5000.0),
        ("platelets", 175.0, "10⁹/L", 175.0),
        ("platelets", 175.0, "x 10^9 / L", 175.0),
        ("platelets", 175.0, "×10*9/L", 175.0),
        ("platelets", 175.0, "G/L", 175.0),
        ("platelets", 175.0, "10³/µL", 175.0),
        ("platelets", 175_000.0, "/µL", 175.0),
        ("platelets", 175_000.0, "/mm³", 175.0),
        ("anc", 1200.0, "/uL", 1.2),
        ("anc", 1.2, "K/uL", 1.2),
        ("hb", 90.0, "g/L", 9.0),
        ("cart_cells", 40.0, "cells/µL", 40.0),
        ("cart_cells", 40.0, "10*6/L", 40.0),
        ("cart_cells", 40_000.0, "/mL", 40.0),
        ("cart_cells", 0.04, "10*9/L", 40.0),
        ("cart_copies", 5e4, "copies/µg DNA", 5e4),
    ],
)
def test_conversions(name: str, value: float, unit: str, expected: float) -> None:
    assert converted(name, value, unit) == expected  # to the last bit: scores compare with whole limits


def test_molar_factors_are_those_of_the_molecules() -> None:
    creatinine_g_mol = 4 * 12.011 + 7 * 1.008 + 3 * 14.007 + 15.999  # C4H7N3O
    assert converted("creatinine", 1e4 / creatinine_g_mol, "umol/L") == pytest.approx(1.0, rel=3e-4)  # METHODS rounds to 88.42
    assert converted("hb", 6.206, "mmol/L") == pytest.approx(10.0, rel=1e-4)  # 0.6206 mmol/L in 1 g/dL, four digits


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        *(("crp", unit) for unit in ("", "mg", "g/L", "nmol/L", "mg/kg", "mg/dL/d", "%")),
        *(("hb", unit) for unit in ("mg/dL", "%", "G/dL/L")),
        *(("ldh", unit) for unit in ("U/mL", "mU/L", "1", "xULN")),
        *(("cart_cells", unit) for unit in ("%", "copies/ug", "g/L")),
        ("cart_copies", "/uL"),
        ("creatinine", "mmol/dL"),
    ],
)
def test_units_that_are_not_listed_are_refused(name: str, unit: str) -> None:
    fault = factor(ANALYTES[name], unit)
    assert isinstance(fault, Fault)
    assert (fault.kind.code, fault.allowed) == ("UNIT_UNKNOWN", ", ".join(ANALYTES[name].factors))
    assert isinstance(convert(1.0, ANALYTES[name], unit=unit), Fault)


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [("platelets", 150_000.0, "10*9/L"), ("hb", 120.0, "g/dL"), ("ldh", 4.0, "U/L"), ("creatinine", 88.0, "mg/dL")],
)
def test_a_value_that_betrays_a_wrong_unit_is_refused(name: str, value: float, unit: str) -> None:
    fault = convert(value, ANALYTES[name], unit=unit)
    assert isinstance(fault, Fault)
    assert fault.kind.code == "CELL_OUT_OF_RANGE"
    assert ANALYTES[name].unit in fault.allowed


@given(st.floats(0, allow_infinity=False), st.sampled_from([(one, unit) for one in ANALYTES.values() for unit in one.factors]))
def test_no_number_is_too_large_to_refuse(value: float, of: tuple[object, str]) -> None:
    analyte, unit = of
    result = convert(value, analyte, unit=unit)  # type: ignore[arg-type]
    if not isinstance(result, Fault):
        assert analyte.possible[0] <= result <= analyte.possible[1]  # type: ignore[attr-defined]


def test_the_table_of_analytes_holds_together() -> None:
    assert {"creatinine", "crp", "ldh", "ldh_uln", "ferritin", "il6", "platelets", "anc", "hb", "cart_cells"} <= set(ANALYTES)
    for one in ANALYTES.values():
        assert one.factors[one.unit] == 1
        assert one.possible[0] <= one.usual[0] < one.usual[1] <= one.possible[1]
        spelled: dict[str, object] = {}
        for unit, times in one.factors.items():
            assert spelled.setdefault(folded(unit), times) == times


def test_analytes_by_name() -> None:
    found = find_analyte("CRP")
    assert not isinstance(found, Fault)
    assert found.name == "crp"
    fault = find_analyte("platelet")
    assert isinstance(fault, Fault)
    assert fault.kind.code == "ANALYTE_UNKNOWN"
