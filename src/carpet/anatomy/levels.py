"""Heights of the body's levels, measured where a landmark was found and estimated from the nearest landmark where not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Distances in an adult, mm, used only where the landmark itself is outside the scan or not told on PET alone [P].
LUNG_MM = 190.0  # diaphragm's dome to the lung's apex
NECK_MM = 100.0  # lung apex to chin
JAW_MM = 85.0  # skull base to chin
CREST_MM = 260.0  # diaphragm's dome to iliac crest
TRUNK_MM = 455.0  # diaphragm's dome to the pelvic floor
CREST_TO_FLOOR_MM = 195.0
TIP_UNDER_DOME_MM = 60.0  # costophrenic recess below the dome


@dataclass(frozen=True, slots=True)
class Levels:
    """Heights along S in LPS mm; None where nothing in the scan tells."""

    chin: float | None
    lung_apex: float | None
    dome: float | None
    lung_base: float | None
    iliac_crest: float | None
    pelvis_floor: float | None

    def level(self, s_mm: float, *, behind: bool) -> str:
        """Head, neck, thorax, abdomen, pelvis or leg; `unknown` without a landmark. Behind the middle the chest ends at the lungs' tips."""
        border = self.lung_base if behind else self.dome
        steps = (
            ("head", self.chin),
            ("neck", self.lung_apex),
            ("thorax", border),
            ("abdomen", self.iliac_crest),
            ("pelvis", self.pelvis_floor),
        )
        known = [(name, height) for name, height in steps if height is not None]
        for name, height in known:
            if s_mm > height:
                return name
        return "leg" if self.pelvis_floor is not None else "unknown"


def levels_of(landmarks_mm: Mapping[str, float]) -> Levels:
    """Levels from the landmarks of a survey."""
    at = landmarks_mm.get
    base, dome, apex, crest, floor = at("lung_base"), at("liver_dome"), at("lung_apex"), at("iliac_crest"), at("pelvis_floor")
    if dome is None and base is not None:
        dome = base + TIP_UNDER_DOME_MM
    if dome is None and apex is not None:
        dome = apex - LUNG_MM
    if dome is None and crest is not None:
        dome = crest + CREST_MM
    if dome is not None:
        base = dome - TIP_UNDER_DOME_MM if base is None else base
        apex = at("neck_base", dome + LUNG_MM) if apex is None else apex
        crest = dome - CREST_MM if crest is None else crest
        floor = min(dome - TRUNK_MM, crest - CREST_TO_FLOOR_MM) if floor is None else floor
    skull = at("skull_base")
    chin = skull - JAW_MM if skull is not None else None if apex is None else apex + NECK_MM
    return Levels(chin, apex, dome, base, crest, floor)
