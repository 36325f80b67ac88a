"""Deauville 4 at month 1 told from 5: the score, the uptake against the liver, and the stratum of both (METHODS D.3, D.9)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from carpet.core.errors import NoticeKind
from carpet.response.finding import Finding, When, finding
from carpet.response.finding_notices import DEAUVILLE_1_3_AT_M1, DEAUVILLE_4_AT_M1, DEAUVILLE_5_AT_M1, DEAUVILLE_DEPENDS_ON_K
from carpet.response.rule import exceeds

MARKED = (2.0, 3.0)  # "markedly" above the liver is 2 to 3 times its SUVmax (Barrington 2010; METHODS D.3)
KINDS: Mapping[str, NoticeKind] = MappingProxyType(
    dict.fromkeys(("1", "2", "3"), DEAUVILLE_1_3_AT_M1) | {"4": DEAUVILLE_4_AT_M1, "5": DEAUVILLE_5_AT_M1}
)


def deauville_at_month_1(
    score: str, when: When, *, assessor: str, suv_max: float | None, liver_suv_max: float | None, qpet: float | None, new_lesion: bool
) -> Finding | None:
    """The finding of one score, with lesion-to-liver ratio (SUVmax over SUVmax) and qPET; None for X and NE, which the responses tell.

    suv_max: of the hottest residual, g/mL, None: none; liver_suv_max: of the same scan; qpet: SUVpeak over liver SUVmean.
    """
    if score not in KINDS:
        return None
    ratio = suv_max / liver_suv_max if suv_max is not None and liver_suv_max else None
    said = [f"Deauville {score} by {assessor}", _uptake(suv_max, liver_suv_max, ratio)]
    if score in ("4", "5") and not new_lesion and ratio is not None and not exceeds(ratio, 1.0):
        said.append("the numbers show no uptake above the liver: the score is the reader's")
    if qpet is not None:
        said.append(f"qPET {qpet:.2f}")
    if new_lesion:
        said.append("a new lesion, which is 5 whatever its uptake")
    depends = score in ("4", "5") and ratio is not None and exceeds(ratio, MARKED[0]) and not exceeds(ratio, MARKED[1]) and not new_lesion
    return finding(KINDS[score], "; ".join(said), when, flags=[DEAUVILLE_DEPENDS_ON_K] if depends else [])


def stratum(ratio: float) -> str:
    """Where a lesion-to-liver ratio lies."""
    limits = [limit for limit in (1.0, *MARKED) if exceeds(ratio, limit)]
    above = {0: "up to the liver's", 1: "above the liver's, up to twice", 2: "above twice the liver's, up to three times"}
    return above.get(len(limits), "above three times the liver's")


def _uptake(suv_max: float | None, liver_suv_max: float | None, ratio: float | None) -> str:
    if suv_max is None:
        return "no residual that could be measured"
    if ratio is None:
        return f"SUVmax {suv_max:.1f} of the hottest residual, no liver to compare it with"
    return f"SUVmax {suv_max:.1f} over the liver's {liver_suv_max:.1f}: ratio {ratio:.2f}, {stratum(ratio)}"
