"""Laboratory values in one unit each: which units may be written, and the factor of each with its source. No unit is ever guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Literal

from carpet.clinical.cells import Fault
from carpet.clinical.notices import ANALYTE_UNKNOWN, CELL_OUT_OF_RANGE, UNIT_UNKNOWN

# Factors are exact fractions and are rounded once: 30 mg/L of CRP is 3 mg/dL, not 3.0000000000000004, where a score asks for > 3.
CREATININE_UMOL_L = Fraction("88.42")  # µmol/L in 1 mg/dL (molar mass 113.1 g/mol); METHODS E.4, the factor of the UCUM and LOINC tables
HAEMOGLOBIN_G_DL = Fraction("1.6114")  # g/dL in 1 mmol/L of the monomer Hb(Fe), 16,114 g/mol; the 0.6206 of SI tables, inverted
UKAT_U = Fraction(60)  # U in 1 µkat: 1 U turns over 1 µmol in a minute, 1 µkat in a second (IUBMB); METHODS E.4
ONE, TENTH, THOUSANDTH = Fraction(1), Fraction(1, 10), Fraction(1, 1000)

BLOOD_CELLS = MappingProxyType(
    dict.fromkeys(("10*9/L", "10^9/L", "10e9/L", "G/L", "Gpt/L", "/nL", "10*3/uL", "10^3/uL", "K/uL", "10*3/mm3", "10^3/mm3"), ONE)
    | dict.fromkeys(("/uL", "{cells}/uL", "cells/uL", "/mm3"), THOUSANDTH)
)
CART_CELLS = MappingProxyType(
    dict.fromkeys(("/uL", "{cells}/uL", "cells/uL", "/mm3", "10*6/L", "10^6/L"), ONE)
    | dict.fromkeys(("/mL", "{cells}/mL", "cells/mL"), THOUSANDTH)
    | dict.fromkeys(("10*9/L", "10^9/L"), Fraction(1000))
)
CATALYTIC = MappingProxyType({"U/L": ONE, "[IU]/L": ONE, "IU/L": ONE, "ukat/L": UKAT_U, "nkat/L": UKAT_U / 1000})
CREATININE = MappingProxyType({"mg/dL": ONE, "umol/L": 1 / CREATININE_UMOL_L, "mmol/L": 1000 / CREATININE_UMOL_L, "mg/L": TENTH})
CRP = MappingProxyType({"mg/dL": ONE, "mg/L": TENTH, "ug/mL": TENTH})
FERRITIN = MappingProxyType({"ng/mL": ONE, "ug/L": ONE, "ug/dL": Fraction(10), "mg/L": Fraction(1000)})
IL6 = MappingProxyType({"pg/mL": ONE, "ng/L": ONE, "ng/mL": Fraction(1000)})
HAEMOGLOBIN = MappingProxyType({"g/dL": ONE, "g/L": TENTH, "mmol/L": HAEMOGLOBIN_G_DL})
COPIES = MappingProxyType({"{copies}/ug": ONE, "copies/ug": ONE, "copies/ug DNA": ONE})


@dataclass(frozen=True, slots=True)
class Analyte:
    """A laboratory value. unit: the one it is kept in (UCUM). factors: spelling of a unit → what to multiply by.

    possible: beyond it the unit must be wrong, refused; usual: beyond it flagged, both in `unit` (our choice, wide). worse: which of two
    values of one day is used.
    """

    name: str
    unit: str
    factors: Mapping[str, Fraction]
    possible: tuple[float, float]
    usual: tuple[float, float]
    worse: Literal["high", "low"]
    says: str


_ALL = (
    Analyte("creatinine", "mg/dL", CREATININE, (0.05, 40.0), (0.2, 15.0), "high", "creatinine in serum or plasma"),
    Analyte("crp", "mg/dL", CRP, (0.0, 120.0), (0.0, 60.0), "high", "C-reactive protein; scores take it in mg/dL"),
    Analyte("ldh", "U/L", CATALYTIC, (10.0, 100_000.0), (60.0, 20_000.0), "high", "lactate dehydrogenase"),
    Analyte("ldh_uln", "U/L", CATALYTIC, (50.0, 1_000.0), (150.0, 700.0), "high", "the laboratory's upper limit of normal for LDH"),
    Analyte("ferritin", "ng/mL", FERRITIN, (0.0, 1_000_000.0), (2.0, 200_000.0), "high", "ferritin"),
    Analyte("il6", "pg/mL", IL6, (0.0, 10_000_000.0), (0.0, 500_000.0), "high", "interleukin 6"),
    Analyte("platelets", "10*9/L", BLOOD_CELLS, (0.0, 5_000.0), (1.0, 1_500.0), "low", "platelet count"),
    Analyte("anc", "10*9/L", BLOOD_CELLS, (0.0, 500.0), (0.0, 100.0), "low", "absolute neutrophil count"),
    Analyte("lymphocytes", "10*9/L", BLOOD_CELLS, (0.0, 1_000.0), (0.0, 200.0), "low", "absolute lymphocyte count"),
    Analyte("hb", "g/dL", HAEMOGLOBIN, (1.0, 30.0), (4.0, 22.0), "low", "haemoglobin; mmol/L is of the monomer Hb(Fe)"),
    Analyte("cart_cells", "/uL", CART_CELLS, (0.0, 1_000_000.0), (0.0, 20_000.0), "high", "CAR T-cells in blood, by flow cytometry"),
    Analyte(
        "cart_copies", "{copies}/ug", COPIES, (0.0, 1e7), (0.0, 1e6), "high", "transgene copies per µg of DNA; never turned into cells"
    ),
)
ANALYTES: Mapping[str, Analyte] = MappingProxyType({one.name: one for one in _ALL})


def folded(unit: str) -> str:
    """A unit's spelling without what carries no meaning: capitals, spaces, which micro sign, ⁹ for ^9, a leading × or x."""
    plain = "".join(unit.split()).casefold()  # casefold turns the micro sign into the Greek letter
    plain = plain.replace("μ", "u").replace("µ", "u").replace("⁹", "^9").replace("⁶", "^6").replace("³", "^3").replace("mm^3", "mm3")
    return plain[1:] if plain[:2] in ("x1", "×1") else plain


_FACTORS = {one.name: {folded(spelling): times for spelling, times in one.factors.items()} for one in _ALL}


def factor(analyte: Analyte, unit: str) -> Fraction | Fault:
    """What to multiply a value in `unit` by to have it in the analyte's own; a Fault for a unit that is not listed for this analyte."""
    return _FACTORS[analyte.name].get(folded(unit)) or Fault(UNIT_UNKNOWN, f"for {analyte.name}", ", ".join(analyte.factors))


def find_analyte(name: str) -> Analyte | Fault:
    """The analyte of this name, in capitals or not; else a Fault."""
    if name.casefold() in ANALYTES:
        return ANALYTES[name.casefold()]
    return Fault(ANALYTE_UNKNOWN, "", ", ".join(ANALYTES), ANALYTES)


def convert(value: float, analyte: Analyte, *, unit: str) -> float | Fault:
    """A value in `unit` as the analyte's own unit; a Fault for an unlisted unit or a value that cannot be. value: finite."""
    times = factor(analyte, unit)
    if isinstance(times, Fault):
        return times
    converted = Fraction(value) * times
    low, high = analyte.possible
    if not low <= converted <= high:
        return Fault(CELL_OUT_OF_RANGE, f"of {analyte.name}", f"{low:g} to {high:g} {analyte.unit}")
    return float(converted)
