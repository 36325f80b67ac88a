"""The patient's body size, and the published formulas that turn it into surface area, lean mass and ideal weight."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from carpet.core.errors import NotMeasurable


class Sex(StrEnum):
    """PatientSex; the formulas of lean mass and ideal weight know two of them."""

    MALE = "M"
    FEMALE = "F"
    OTHER = "O"


class LeanMass(StrEnum):
    """Formulas of lean body mass; the name is always printed with the number."""

    JANMAHASATIAN = "janmahasatian"  # Clin Pharmacokinet 2005;44:1051; DICOM LBMJANMA
    JAMES128 = "james128"  # the original James formula; DICOM LBMJAMES128
    MORGAN120 = "morgan120"  # male factor 120; DICOM LBM


class SurfaceArea(StrEnum):
    MOSTELLER = "mosteller"  # N Engl J Med 1987;317:1098
    DU_BOIS = "du_bois"  # Arch Intern Med 1916;17:863


@dataclass(frozen=True, slots=True)
class Body:
    """Weight in kg, height in m (None where unknown), sex (None where unknown)."""

    weight_kg: float
    height_m: float | None
    sex: Sex | None

    def _height_m(self) -> float:
        if self.height_m is None:
            raise NotMeasurable("HEIGHT_MISSING")
        return self.height_m

    def _sex(self) -> Sex:
        if self.sex is None or self.sex is Sex.OTHER:
            raise NotMeasurable("SEX_UNDEFINED")
        return self.sex

    def surface_area_m2(self, formula: SurfaceArea) -> float:
        """Body surface area; raises NotMeasurable without a height."""
        height_cm = 100.0 * self._height_m()
        if formula is SurfaceArea.MOSTELLER:
            return math.sqrt(height_cm * self.weight_kg / 3600.0)
        return float(0.007184 * height_cm**0.725 * self.weight_kg**0.425)

    def lean_mass_kg(self, formula: LeanMass) -> float:
        """Lean body mass; raises NotMeasurable without height, unless sex is M or F, or where the formula gives no positive mass."""
        height_m, sex = self._height_m(), self._sex()
        weight_kg = self.weight_kg
        if formula is LeanMass.JANMAHASATIAN:
            bmi = weight_kg / height_m**2
            mass = 9270.0 * weight_kg / (6680.0 + 216.0 * bmi) if sex is Sex.MALE else 9270.0 * weight_kg / (8780.0 + 244.0 * bmi)
        else:
            male = 128.0 if formula is LeanMass.JAMES128 else 120.0
            squared = (weight_kg / (100.0 * height_m)) ** 2
            mass = 1.10 * weight_kg - male * squared if sex is Sex.MALE else 1.07 * weight_kg - 148.0 * squared
        if mass <= 0:
            raise NotMeasurable("LEAN_MASS_NOT_POSITIVE")
        return mass

    def ideal_weight_kg(self) -> float:
        """Ideal body weight (DICOM IBW); raises NotMeasurable without height or sex."""
        over_152_cm = 100.0 * self._height_m() - 152.0
        mass = 48.0 + 1.06 * over_152_cm if self._sex() is Sex.MALE else 45.5 + 0.91 * over_152_cm
        if mass <= 0:
            raise NotMeasurable("IDEAL_WEIGHT_NOT_POSITIVE")
        return mass
