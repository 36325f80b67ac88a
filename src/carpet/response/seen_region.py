"""A region of uptake as one scan's record has it: what findings on inflammation and compression may know of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

MIDLINE_SITES = ("brain", "bladder")  # organs with uptake of their own whose centre lies in the midline


@dataclass(frozen=True, slots=True)
class SeenRegion:
    """One region. site: our name of it (`hilar`), empty where none is known; status: disease, physiologic or undecided.

    decided_by: the rule or the reader. volume_ml: mL; suv_max: g/mL; centroid_lps_mm: centre, LPS mm of this scan.
    """

    id: str
    site: str
    status: str
    decided_by: str
    volume_ml: float
    suv_max: float
    centroid_lps_mm: tuple[float, float, float]

    @property
    def left_mm(self) -> float:
        return self.centroid_lps_mm[0]

    @property
    def sphere_mm(self) -> float:
        """Diameter of the sphere of this volume, mm: no shape of this volume is shorter."""
        return sphere_mm(self.volume_ml)

    def told(self) -> str:
        return f"{self.id} {self.site.replace('_', ' ') or 'site not known'}, {self.volume_ml:.1f} mL, SUVmax {self.suv_max:.1f}"


def sphere_mm(volume_ml: float) -> float:
    """Diameter in mm of a sphere of this volume (mL)."""
    return 10.0 * math.cbrt(6.0 * volume_ml / math.pi)


def midline_mm(regions: Iterable[SeenRegion]) -> float | None:
    """Where the midline lies along L (mm): by the uptake of brain and bladder; None where neither was told apart."""
    found = [one.left_mm for one in regions if one.site in MIDLINE_SITES and one.status == "physiologic"]
    return median(found) if found else None
