"""Patterns of uptake after infusion that inflammation can cause as well as lymphoma: alike nodes on both sides, bowel, thyroid.

Only what was not at baseline. What a record does not tell stays untold: the thyroid and the bowel are not drawn, one region that
reaches across both sides is no pair, and regions below the threshold of candidates are not there at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from carpet.response.finding import Finding, When, finding
from carpet.response.finding_notices import (
    BOWEL_UPTAKE_NEW,
    MIDLINE_ASSUMED,
    PATTERNS_NOT_COMPARED,
    SARCOID_LIKE_PATTERN,
    SYMMETRIC_NODES,
    THYROID_UPTAKE_NEW,
)
from carpet.response.rule import reaches
from carpet.response.seen_region import SeenRegion, midline_mm

# regions of nodes that lie on both sides; para-aortic and pelvic midline chains, tonsils and glands are left out
PAIRED = (
    "cervical", "supraclavicular", "infraclavicular", "subclavian", "axillary", "epitrochlear", "occipital", "submandibular",
    "hilar", "parasternal", "iliac", "external_iliac", "inguinal", "popliteal",
)  # fmt: skip
MEDIASTINAL = ("mediastinal", "subcarinal", "tracheobronchial")
BOWEL, BOWEL_RULES = ("small_intestine", "colon"), ("PHY-BOWEL", "UND-BOWEL")  # rules of carpet.lesions that call a shape bowel
NECK, THYROID = ("cervical", "supraclavicular"), "thyroid"
THYROID_HALF_MM = 35.0  # [P] both lobes lie within this of the midline
FROM_MIDLINE_MM = 15.0  # [P] nearer than this a region lies on neither side
OPPOSITE_MM = 30.0  # [P] how far two sides may differ in distance from the midline, depth and height; the hila differ by 1 to 2 cm
VOLUME_RATIO, SUV_RATIO = 2.5, 1.7  # [P] of the larger to the smaller, as for pairs of glands
BOWEL_ML = 30.0  # [P] more than one loop
BOWEL_TIMES = 2.0  # [P] of the volume at baseline
Pair = tuple[SeenRegion, SeenRegion]


def inflammation(now: Sequence[SeenRegion], baseline: Sequence[SeenRegion] | None, when: When) -> tuple[Finding, ...]:
    """The patterns of one scan after infusion that baseline did not have; () for none, and before infusion. baseline None: not known."""
    if when.day < 1:
        return ()
    if baseline is None:
        return (finding(PATTERNS_NOT_COMPARED, "no measured scan at baseline", when),)
    return (*_nodes(now, baseline, when), *_bowel(now, baseline, when), *_thyroid(now, baseline, when))


def alike_pairs(regions: Iterable[SeenRegion], site: str) -> tuple[tuple[Pair, ...], bool]:
    """Pairs of one site, left and right, alike in place, size and uptake; True where the midline had to be assumed."""
    every = list(regions)
    found, here = midline_mm(every), [one for one in every if one.site == site and one.status != "physiologic"]
    return _pairs(here, 0.0 if found is None else found), found is None


def _pairs(regions: Sequence[SeenRegion], middle: float) -> tuple[Pair, ...]:
    ordered = sorted(regions, key=lambda one: (-one.left_mm, one.id))
    return tuple(pair for pair in combinations(ordered, 2) if _alike(*pair, middle))


def _alike(left: SeenRegion, right: SeenRegion, middle: float) -> bool:
    sides = (left.left_mm - middle, middle - right.left_mm)
    (_, p_one, s_one), (_, p_other, s_other) = left.centroid_lps_mm, right.centroid_lps_mm
    apart = max(abs(sides[0] - sides[1]), abs(p_one - p_other), abs(s_one - s_other))
    sizes, uptakes = sorted((left.volume_ml, right.volume_ml)), sorted((left.suv_max, right.suv_max))
    alike = reaches(VOLUME_RATIO * sizes[0], sizes[1]) and reaches(SUV_RATIO * uptakes[0], uptakes[1])
    return min(sides) >= FROM_MIDLINE_MM and apart <= OPPOSITE_MM and alike


def _nodes(now: Sequence[SeenRegion], baseline: Sequence[SeenRegion], when: When) -> Iterator[Finding]:
    for site in PAIRED:
        pairs, assumed = alike_pairs(now, site)
        if not pairs or alike_pairs(baseline, site)[0] or _is_thyroid(pairs, now):
            continue
        middle = [one for one in now if site == "hilar" and one.site in MEDIASTINAL and one.status != "physiologic"]
        members = dict.fromkeys(one for pair in pairs for one in pair)
        sites = {one.site for one in (*members, *middle)}
        before = [one for one in baseline if one.site in sites and one.status != "physiologic"]
        because = f"left and right: {_listed([*members, *middle])}; at baseline in these regions: {_listed(before)}"
        kind = SARCOID_LIKE_PATTERN if middle else SYMMETRIC_NODES
        yield finding(kind, because, when, flags=[MIDLINE_ASSUMED] if assumed else [])


def _is_thyroid(pairs: Sequence[Pair], now: Sequence[SeenRegion]) -> bool:
    """A pair close to the midline of the neck is told as the thyroid's place."""
    spots = _neck(now)[0]
    return all(one in spots for pair in pairs for one in pair)


def _bowel(now: Sequence[SeenRegion], baseline: Sequence[SeenRegion], when: When) -> Iterator[Finding]:
    here, before = ([one for one in regions if _is_bowel(one)] for regions in (now, baseline))
    volume, was = (sum(one.volume_ml for one in regions) for regions in (here, before))
    if reaches(volume, BOWEL_ML) and reaches(volume, BOWEL_TIMES * was):
        because = f"{_listed(here)}; {volume:.1f} mL, at baseline {was:.1f} mL; length and wall are not measured"
        yield finding(BOWEL_UPTAKE_NEW, because, when)


def _is_bowel(one: SeenRegion) -> bool:
    return one.site in BOWEL or any(rule in one.decided_by for rule in BOWEL_RULES)


def _thyroid(now: Sequence[SeenRegion], baseline: Sequence[SeenRegion], when: When) -> Iterator[Finding]:
    (here, assumed), (before, _) = _neck(now), _neck(baseline)
    if here and not before:
        by_place = any(one.site != THYROID for one in here)
        because = f"{_listed(here)}{'; within 35 mm of the midline of the neck, the thyroid itself is not drawn' if by_place else ''}"
        yield finding(THYROID_UPTAKE_NEW, because, when, flags=[MIDLINE_ASSUMED] if by_place and assumed else [])


def _neck(regions: Sequence[SeenRegion]) -> tuple[list[SeenRegion], bool]:
    """What is called thyroid; else neck regions beside the midline, on both sides or across it; True where the midline was assumed."""
    named = [one for one in regions if one.site == THYROID]
    found = midline_mm(regions)
    middle = 0.0 if found is None else found
    near = [one for one in regions if one.site in NECK and abs(one.left_mm - middle) <= THYROID_HALF_MM and one.status != "physiologic"]
    across = [one for one in near if abs(one.left_mm - middle) < FROM_MIDLINE_MM]
    pairs = _pairs(near, middle)
    beside = [one for one in near if one in across or any(one in pair for pair in pairs)]
    return named or beside, found is None


def _listed(regions: Iterable[SeenRegion]) -> str:
    return "; ".join(one.told() for one in regions) or "none"
