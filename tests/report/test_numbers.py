"""Truth: closed form, the digits and units written out by hand."""

from __future__ import annotations

import math

import pytest

from carpet.core.method import UNITS
from carpet.report.numbers import (
    DECIMALS_OF_UNIT,
    decimal_text,
    fact_text,
    factor_text,
    missing_text,
    number_text,
    point_text,
    quantity_text,
    unit_text,
)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (120.34, "mL", "120.3 mL"),
        (18.237, "g/mL", "18.24 g/mL"),
        (383.24, "g", "383.2 g"),
        (352.6, "mm", "353 mm"),
        (23456.3, "mm2", "23\u202f456 mm²"),
        (0.31702, "/m", "0.317 m⁻¹"),
        (0.32018, "/m", "0.320 m⁻¹"),
        (7.0, "{count}", "7"),
        (1.0249, "1", "1.02"),
        (0.0, "mL", "0.0 mL"),
        (9999.94, "mL", "9999.9 mL"),
        (12345.67, "mL", "12\u202f345.7 mL"),
        (-12.34, "g/mL", "\u221212.34 g/mL"),
    ],
)
def test_digits_follow_the_unit(value: float, unit: str, text: str) -> None:
    assert quantity_text(value, unit) == text


@pytest.mark.parametrize(("value", "text"), [(0.04, "0.040"), (0.0004, "0.00040"), (-0.012, "\u22120.012")])
def test_a_small_number_is_never_printed_as_zero(value: float, text: str) -> None:
    assert number_text(value, "mL") == text


def test_a_tiny_number_is_printed_with_an_exponent() -> None:
    assert decimal_text(3.2e-9, 1) == "3.2e\u221209"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        number_text(value, "mL")


def test_every_unit_of_a_biomarker_has_its_digits_and_no_ucum_brackets() -> None:
    for ucum in UNITS:
        assert ucum in DECIMALS_OF_UNIT
        assert not set("{}/[]'") & set(unit_text(ucum).replace("g/mL", ""))


def test_tvsr_keeps_the_digits_of_its_cut_off() -> None:
    assert number_text(5.96, "mm", name="tvsr") == "5.96"


@pytest.mark.parametrize(("value", "text"), [(3.14159, "3.142"), (1234.5, "1234"), (0.0, "0"), (2.5e7, "2.500e+07")])
def test_an_unknown_unit_gets_four_significant_digits(value: float, text: str) -> None:
    assert number_text(value, "kBq") == text


def test_missing_is_a_dash_and_the_reason_in_words() -> None:
    assert missing_text("HEIGHT_MISSING") == "\u2013 height missing"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        ("3.68e8", "Bq", "368.0 MBq (3.68e8 Bq)"),
        ("083000", "", "083000"),
        ("83.5", "kg", "83.5 kg"),
        ("lots", "Bq", "lots Bq"),
        ("nan", "Bq", "nan Bq"),
    ],
)
def test_a_fact_is_printed_as_it_was_read(value: str, unit: str, text: str) -> None:
    assert fact_text(value, unit) == text


def test_a_factor_keeps_nine_digits() -> None:
    assert factor_text(4.21110070e-4) == "4.2111007 × 10⁻⁴"
    assert factor_text(1.0) == "1 × 10⁰"


def test_a_point_is_in_whole_millimetres() -> None:
    assert point_text([12.4, -30.6, -0.3]) == "12, \u221231, 0"
