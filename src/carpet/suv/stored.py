"""What the stored numbers are: activity, SUV of some type, or counts with a vendor's factor (docs/decisions/0008)."""

from __future__ import annotations

import math
import re
from enum import Enum

from carpet.core.body import Body, LeanMass, Sex, SurfaceArea
from carpet.core.errors import Notice, NotMeasurable
from carpet.core.protocol import SuvProtocol
from carpet.core.study import PetFacts
from carpet.suv import notices


class Stored(Enum):
    """The five roads to SUVbw."""

    ACTIVITY = "Bq/mL, or counts with an activity factor"
    COUNTS_SUV = "counts with a SUV factor"
    SUV_BW = "SUVbw"
    SUV_LBM_JAMES128 = "SUL (James)"
    SUV_LBM_MORGAN120 = "SUL (Morgan, DICOM LBM)"
    SUV_LBM_JANMA = "SUL (Janmahasatian)"
    SUV_IBW = "SUV by ideal body weight"
    SUV_BSA = "SUV by body surface area"


GML_TYPES = {
    "": Stored.SUV_BW,
    "BW": Stored.SUV_BW,
    "LBM": Stored.SUV_LBM_MORGAN120,
    "LBMJAMES128": Stored.SUV_LBM_JAMES128,
    "LBMJANMA": Stored.SUV_LBM_JANMA,
    "IBW": Stored.SUV_IBW,
}
LEAN = {
    Stored.SUV_LBM_JAMES128: LeanMass.JAMES128,
    Stored.SUV_LBM_MORGAN120: LeanMass.MORGAN120,
    Stored.SUV_LBM_JANMA: LeanMass.JANMAHASATIAN,
}
STATIC = frozenset({"STATIC", "WHOLE BODY"})
PROJECTIONS = frozenset({"MIP", "MPR", "PROJECTION IMAGE", "REPROJECTION"})
USUAL_CORRECTIONS = ("SCAT", "NORM")
KNOWN_VENDORS = re.compile(r"^(GE\b|SIEMENS|CPS\b|Philips|ADAC|UIH\b|United Imaging|Canon|TOSHIBA|Mediso)", re.IGNORECASE)


def stored_as(facts: PetFacts) -> tuple[Stored | None, tuple[Notice, ...]]:
    """What the stored values are, None when they cannot become SUV; and what the series' own gate found."""
    found = _gate(facts)
    units = facts.units.value if facts.units else ""
    suv_type = facts.suv_type.value if facts.suv_type else ""
    if units == "BQML":
        return Stored.ACTIVITY, found
    if units == "GML":
        if suv_type in GML_TYPES:
            return GML_TYPES[suv_type], found
        return None, (*found, notices.SUV_TYPE_UNSUPPORTED.at("(0054,1006)", f"GML, {suv_type}"))
    if units == "CM2ML":
        if suv_type in ("", "BSA"):
            return Stored.SUV_BSA, found
        return None, (*found, notices.SUV_TYPE_UNSUPPORTED.at("(0054,1006)", f"CM2ML, {suv_type}"))
    if units == "CNTS":
        stored, more = _counts(facts)
        return stored, found + more
    kind = notices.UNITS_NOT_QUANTITATIVE if units else notices.UNITS_MISSING
    return None, (*found, kind.at("(0054,1001)", units or "absent"))


def _gate(facts: PetFacts) -> tuple[Notice, ...]:
    found: tuple[Notice, ...] = ()
    series_type = facts.series_type.value if facts.series_type else ()
    image_type = facts.image_type.value if facts.image_type else ()
    shown = "\\".join(series_type)
    if len(series_type) < 2:
        found += (notices.SERIES_TYPE_MISSING.at("(0054,1000)", shown or "absent"),)
    if series_type and series_type[0] not in STATIC:
        found += (notices.DYNAMIC_OR_GATED.at("(0054,1000)", shown),)
    if len(series_type) > 1 and series_type[1] != "IMAGE":
        found += (notices.DERIVED_IMAGE.at("(0054,1000)", shown),)
    if PROJECTIONS & set(image_type):
        found += (notices.DERIVED_IMAGE.at("(0008,0008)", "\\".join(image_type)),)
    corrected = facts.corrected_image.value if facts.corrected_image else ()
    if "ATTN" not in corrected:
        found += (notices.NAC_SERIES.at("(0028,0051)", "\\".join(corrected) or "absent"),)
    elif missing := [token for token in USUAL_CORRECTIONS if token not in corrected]:
        found += (notices.CORRECTION_MISSING.at("(0028,0051)", f"no {' and no '.join(missing)}"),)
    if facts.manufacturer is None or not KNOWN_VENDORS.search(facts.manufacturer.value):
        found += (notices.VENDOR_UNKNOWN.at("(0008,0070)", facts.manufacturer.value if facts.manufacturer else "absent"),)
    return found


def _counts(facts: PetFacts) -> tuple[Stored | None, tuple[Notice, ...]]:
    """0.0 means absent; the SUV factor comes before the activity factor."""
    suv, activity = facts.philips_suv_factor, facts.philips_activity_factor
    for factor in (suv, activity):
        if factor is not None and (not math.isfinite(factor.value) or factor.value < 0):
            return None, (notices.SCALE_UNREADABLE.at(factor.read_from, f"{factor.value:g}"),)
    not_decayed = bool(facts.decay_correction and facts.decay_correction.value == "NONE")
    with_activity = activity is not None and activity.value > 0
    if suv is not None and suv.value > 0 and not (not_decayed and with_activity):
        return Stored.COUNTS_SUV, ()
    if with_activity:
        return Stored.ACTIVITY, ()
    return None, (notices.COUNTS_WITHOUT_SCALE.at("(7053,xx00) (7053,xx09)", "absent or 0"),)


def suv_scale(stored: Stored, facts: PetFacts, body: Body | None, protocol: SuvProtocol) -> tuple[float | None, tuple[Notice, ...]]:
    """SUVbw per stored × slope where the stored values are a SUV of some type already; None with the refusal."""
    if stored is Stored.SUV_BW:
        return 1.0, ()
    if stored is Stored.COUNTS_SUV:
        assert facts.philips_suv_factor is not None
        return facts.philips_suv_factor.value, ()
    if body is None:
        return None, ()
    try:
        return body.weight_kg / reference_mass_kg(stored, body, protocol), ()
    except NotMeasurable as error:
        return None, (notices.BODY_FACT_NEEDED.at("(0054,1006)", f"{stored.value}: {error.reason}"),)


def reference_mass_kg(stored: Stored, body: Body, protocol: SuvProtocol) -> float:
    """What takes the place of the weight in this SUV type; raises NotMeasurable. BSA: m² × 10 000 cm²/m² over 1000 g/kg."""
    if stored is Stored.SUV_BSA:
        return body.surface_area_m2(SurfaceArea.DU_BOIS) * 10.0  # DICOM defines SUVbsa with Du Bois
    if body.sex is Sex.OTHER and protocol.sex_undefined == "mean_of_sexes":
        both = [reference_mass_kg(stored, Body(body.weight_kg, body.height_m, sex), protocol) for sex in (Sex.MALE, Sex.FEMALE)]
        return sum(both) / len(both)
    return body.ideal_weight_kg() if stored is Stored.SUV_IBW else body.lean_mass_kg(LEAN[stored])
