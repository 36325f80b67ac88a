"""ICANS by ASTCT 2019 from its items: ICE (CAPD below 12 years), consciousness, seizure, motor weakness, raised pressure or oedema.

Lee 2019, Biol Blood Marrow Transplant 25:625, doi:10.1016/j.bbmt.2018.12.758. Grade 5, death by ICANS, is not made from items. Tremor is
not graded; bleeding in the skull is no ICANS.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from carpet.clinical.graded import Graded, Item, pointed, worst_item
from carpet.clinical.toxicity import Toxicity

RULE = "ICANS-ASTCT2019@1"
CONSCIOUSNESS: Mapping[str, int] = MappingProxyType({"awake": 0, "spontaneous": 1, "voice": 2, "tactile": 3, "unarousable": 4})
SEIZURE: Mapping[str, int] = MappingProxyType({"none": 0, "resolving": 3, "prolonged": 4})
ICP_EDEMA: Mapping[str, int] = MappingProxyType({"none": 0, "focal_edema": 3, "diffuse_edema": 4})
ICE_LOWEST: Mapping[int, int] = MappingProxyType({0: 10, 1: 7, 2: 3, 3: 0})  # grade → the lowest ICE that still has it
CAPD_FROM, CAPD_SEVERE = 1, 9  # 1 to 8: grade 1, or 2 by consciousness; from 9: grade 3
CAPD_BELOW_YEARS = 12
HIGHEST = 4


def icans_grade(one: Toxicity, *, age_years: float | None) -> Graded:
    """The grade 0 to 4, the worst of the items. ICE 0 is 3 in a patient who can be awakened, 4 in one who cannot.

    None where an item that could change the grade is not known. age_years: below 12, CAPD stands for ICE; None: whichever was taken.
    """
    items = (
        _cognition(one, age_years),
        pointed("consciousness", one.consciousness, CONSCIOUSNESS),
        pointed("seizure", one.seizure, SEIZURE),
        Item("motor weakness", None if one.motor_weakness is None else HIGHEST * one.motor_weakness),
        pointed("raised pressure or oedema", one.icp_edema, ICP_EDEMA),
    )
    return worst_item(RULE, items, highest=HIGHEST)


def _cognition(one: Toxicity, age_years: float | None) -> Item:
    child = age_years is not None and age_years < CAPD_BELOW_YEARS
    ice = one.ice_score
    if ice is not None and not (child and one.capd is not None):
        return Item("ICE", next(grade for grade, lowest in ICE_LOWEST.items() if ice >= lowest), str(ice))
    if one.capd is not None and (child or age_years is None):
        return Item("CAPD", 3 if one.capd >= CAPD_SEVERE else int(one.capd >= CAPD_FROM), str(one.capd))
    return Item("CAPD" if child else "ICE", None)
