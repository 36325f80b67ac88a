"""How a number and its unit are printed: sensible digits, readable units. The only place where report text is made of a number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

NARROW_SPACE = "\u202f"
MINUS = "\u2212"
DASH = "\u2013"

UNIT_TEXT: Mapping[str, str] = MappingProxyType(
    {
        "/m": "m⁻¹",
        "m-1": "m⁻¹",
        "mm2": "mm²",
        "cm2": "cm²",
        "cm2/mL": "cm²/mL",
        "1": "",
        "{count}": "",
        "[hnsf'U]": "HU",
    }
)
DECIMALS_OF_UNIT: Mapping[str, int] = MappingProxyType(
    {"mL": 1, "g/mL": 2, "g": 1, "mm": 0, "mm2": 0, "/m": 3, "m-1": 3, "1": 2, "{count}": 0, "min": 1, "kg": 1, "m": 2, "s": 0}
)
# The published cut-off of TVSR is 6.0 mm (Decazes 2018): whole millimetres would hide it.
DECIMALS_OF_NAME: Mapping[str, int] = MappingProxyType({"tvsr": 2})
SIGNIFICANT_DIGITS = 4  # for units that are not listed
GROUP_FROM = 10_000  # thousands are set apart from here on
BQ_PER_MBQ = 1e6
REASONS: Mapping[str, str] = MappingProxyType(  # codes of numbers that do not exist or need a word; others are read as they stand
    {
        "ZERO_NOW": "nothing left now",
        "ZERO_BEFORE": "nothing there before",
        "SAME_DAY": "both scans on one day",
        "SITE_UNKNOWN": "a site is not known",
        "SPLEEN_TOO_SMALL_OR_DISEASED": "spleen too small or diseased",
        "RECON_CHANGED": "scanner, reconstruction or voxels changed",
        "single_lesion": "one lesion only: no distance between lesions",
        "INTERNAL": "carpet failed on this examination",
    }
)
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def unit_text(ucum: str) -> str:
    """A UCUM unit as a physician writes it; an unknown one as it is."""
    return UNIT_TEXT.get(ucum, ucum)


def decimal_text(value: float, decimals: int) -> str:
    """A number with fixed decimals; one that would round to zero keeps two significant digits. Raises ValueError if not finite."""
    if not math.isfinite(value):
        raise ValueError("only finite numbers are printed")
    if value != 0 and abs(value) < 0.5 * 10.0**-decimals:
        decimals = 1 - math.floor(math.log10(abs(value)))
        if decimals > 6:
            return f"{value:.1e}".replace("-", MINUS)
    text = f"{abs(value):,.{decimals}f}" if abs(value) >= GROUP_FROM else f"{abs(value):.{decimals}f}"
    sign = MINUS if value < 0 and float(text.replace(",", "")) != 0 else ""
    return sign + text.replace(",", NARROW_SPACE)


def number_text(value: float, unit: str, *, name: str = "") -> str:
    """The number alone, with the digits its unit (or the biomarker `name`) deserves."""
    decimals = DECIMALS_OF_NAME.get(name, DECIMALS_OF_UNIT.get(unit))
    if decimals is not None:
        return decimal_text(value, decimals)
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        digits = 0 if value == 0 else max(0, SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(abs(value))))
        return decimal_text(value, digits)
    return f"{value:.{SIGNIFICANT_DIGITS - 1}e}".replace("-", MINUS)


def quantity_text(value: float, unit: str, *, name: str = "") -> str:
    """The number and its readable unit."""
    return f"{number_text(value, unit, name=name)} {unit_text(unit)}".strip()


def reason_text(code: str) -> str:
    """The code of a reason in words; empty for none."""
    return REASONS.get(code, code.replace("_", " ").lower())


def missing_text(reason: str) -> str:
    """A number that does not exist: a dash and the reason's code in words."""
    return f"{DASH} {reason_text(reason)}".strip()


def fact_text(value: str, unit: str) -> str:
    """A DICOM fact as it was read, a dose in Bq also in MBq."""
    stored = f"{value} {unit_text(unit)}".strip()
    if unit != "Bq":
        return stored
    try:
        dose_mbq = float(value) / BQ_PER_MBQ
    except ValueError:
        return stored
    return f"{number_text(dose_mbq, 'MBq')} MBq ({stored})" if math.isfinite(dose_mbq) else stored


def factor_text(factor: float) -> str:
    """A scale factor with all the digits a second program needs to repeat it."""
    digits, exponent = f"{factor:.8e}".split("e")
    return f"{digits.rstrip('0').rstrip('.')} × 10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def point_text(lps_mm: list[float]) -> str:
    """A position in whole millimetres: left, posterior, superior."""
    return ", ".join(decimal_text(value, 0) if abs(value) >= 0.5 else "0" for value in lps_mm)


def capital(words: str) -> str:
    """The words as a sentence begins; codes and names within them stay as they are."""
    return words[:1].upper() + words[1:]
