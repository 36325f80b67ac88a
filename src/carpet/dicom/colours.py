"""Colours as DICOM stores them: CIELab of the profile connection space, 16 bits a number (PS3.3 C.10.7.1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from carpet.core.lesion import Status

# Okabe and Ito, Color Universal Design (2008); as in carpet's pictures and reading room
COLOURS: Mapping[Status, str] = MappingProxyType(
    {Status.DISEASE: "#D55E00", Status.UNDECIDED: "#F0E442", Status.PHYSIOLOGIC: "#0072B2"},
)
# Linear sRGB to XYZ of D50, by Bradford's adaptation from D65, and the white of D50 (IEC 61966-2-1; ICC.1:2022 annex D.1)
_TO_XYZ = ((0.4360747, 0.3850649, 0.1430804), (0.2225045, 0.7168786, 0.0606169), (0.0139322, 0.0971045, 0.7141733))
_WHITE = tuple(map(sum, _TO_XYZ))
_LEAST, _SLOPE = (6 / 29) ** 3, (29 / 6) ** 2 / 3  # of CIE 15: below, the cube root is a straight line
_FULL = 0xFFFF


def dicom_colour(status: Status) -> tuple[int, int, int]:
    """How a segment of this status is to be shown: L* from 0 to 100, a* and b* from −128 to 127, each scaled to 0 to 65535."""
    light, red_green, yellow_blue = lab_of(COLOURS[status])
    return round(light / 100 * _FULL), round((red_green + 128) / 255 * _FULL), round((yellow_blue + 128) / 255 * _FULL)


def lab_of(colour: str) -> tuple[float, float, float]:
    """L*, a*, b* under D50 of an sRGB colour, written #RRGGBB."""
    linear = [_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5)]
    xyz = [sum(weight * part for weight, part in zip(row, linear, strict=True)) for row in _TO_XYZ]
    x, y, z = (_lightness(one / white) for one, white in zip(xyz, _WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _linear(part: float) -> float:
    """IEC 61966-2-1 §5.2."""
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _lightness(share: float) -> float:
    return float(share ** (1 / 3)) if share > _LEAST else _SLOPE * share + 4 / 29
