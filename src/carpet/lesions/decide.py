"""The reader's decisions applied to the suggestions: statuses and sites change, regions are added, and what was said before is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from carpet.core.errors import Notice, NoticeKind, Refused, Severity
from carpet.core.geometry import connected_regions
from carpet.core.lesion import Lesion, Status
from carpet.core.space import Region, Volume
from carpet.lesions.decisions import ALL, Decision
from carpet.lesions.suggest import lesion_id

UNKNOWN_LESION = NoticeKind(
    "DECISION_UNKNOWN_LESION", Severity.ERROR, "there is no lesion of this id", remedy="use an id of lesions.csv, or a point in mm"
)
MISSES_UPTAKE = NoticeKind(
    "DECISION_MISSES_UPTAKE",
    Severity.ERROR,
    "the point lies in no lesion and below the threshold",
    remedy="give a point inside the uptake, in DICOM patient coordinates (LPS, mm)",
)
CONTRADICTS = NoticeKind(
    "DECISION_CONTRADICTS",
    Severity.ERROR,
    "two rows decide differently on one lesion",
    "one decision for each lesion",
    "remove one of them",
)
NOTHING_TO_ACCEPT = NoticeKind(
    "DECISION_NOTHING_TO_ACCEPT",
    Severity.ERROR,
    "accept needs a suggestion",
    "disease or physiologic for an undecided or an added region",
    "say disease or physiologic",
)


def decide(lesions: Sequence[Lesion], decisions: Sequence[Decision], suv: Volume, *, threshold: float) -> tuple[Lesion, ...]:
    """All lesions, those the reader decided marked `reviewed`, added ones last with ids that go on.

    threshold: SUVbw (g/mL); a point outside every lesion adds the 26-connected voxels at or above it that hold the point and belong
    to no lesion, however small. `*` accepts every suggestion that no other row decides; what is undecided stays so, and unreviewed.
    Raises Refused: DECISION_UNKNOWN_LESION, DECISION_MISSES_UPTAKE, DECISION_CONTRADICTS, DECISION_NOTHING_TO_ACCEPT.
    """
    known = list(lesions)
    chosen: dict[str, Decision] = {}
    faults: list[Notice] = []
    for decision in decisions:
        if decision.lesion_id == ALL:
            continue
        found = _addressed(known, decision, suv, threshold)
        if isinstance(found, Notice):
            faults.append(found)
            continue
        if found not in known:
            known.append(found)
        faults += _conflict(found, decision, chosen.get(found.id))
        chosen.setdefault(found.id, decision)
    if faults:
        raise Refused(faults)
    rest = next((decision for decision in decisions if decision.lesion_id == ALL), None)
    return tuple(_decided(lesion, chosen.get(lesion.id), rest, added=n >= len(lesions)) for n, lesion in enumerate(known))


def _addressed(lesions: Sequence[Lesion], decision: Decision, suv: Volume, threshold: float) -> Lesion | Notice:
    """The lesion a row means, a new one where its point lies in other uptake, or what is wrong."""
    if decision.point_lps_mm is None:
        named = next((lesion for lesion in lesions if lesion.id == decision.lesion_id), None)
        if named is not None:
            return named
        ids = ", ".join(lesion.id for lesion in lesions) or "none"
        return UNKNOWN_LESION.at(decision.where, decision.lesion_id, more=f"the lesions are {ids}")
    voxel = suv.grid.nearest_kji(decision.point_lps_mm)
    if voxel is None:
        return MISSES_UPTAKE.at(decision.where, "outside the scan", more=decision.target)
    for lesion in lesions:
        if _holds(lesion.region, voxel):
            return lesion
    value = float(suv.values[voxel])
    if suv.values[voxel] < np.float32(threshold):
        return MISSES_UPTAKE.at(decision.where, f"SUV {value:.2f}", more=f"{decision.target}, threshold {threshold:g}")
    label = max((lesion.label for lesion in lesions), default=0) + 1
    region = _component(lesions, suv, voxel, threshold)
    because = f"added at {decision.target}: SUV {value:.2f}, threshold {threshold:g}, {region.volume_ml:.1f} mL"
    return Lesion(lesion_id(label), label, region, Status.UNDECIDED, f"reader {decision.reader}", because)


def _holds(region: Region, voxel: tuple[int, int, int]) -> bool:
    k, j, i = (at - start for at, start in zip(voxel, region.origin_kji, strict=True))
    depth, height, width = region.mask.shape
    return 0 <= k < depth and 0 <= j < height and 0 <= i < width and bool(region.mask[k, j, i])


def _component(lesions: Sequence[Lesion], suv: Volume, voxel: tuple[int, int, int], threshold: float) -> Region:
    free = suv.values >= np.float32(threshold)
    for lesion in lesions:
        free[lesion.region.box] &= ~lesion.region.mask
    return next(region for region in connected_regions(suv.grid, free) if _holds(region, voxel))


def _conflict(lesion: Lesion, decision: Decision, earlier: Decision | None) -> list[Notice]:
    """Faults of one row against its lesion and against an earlier row on the same lesion."""
    if decision.status is None and lesion.status is Status.UNDECIDED:
        return [NOTHING_TO_ACCEPT.at(decision.where, f"{lesion.id} is undecided")]
    if earlier is None:
        return []
    same_status = (decision.status or lesion.status) is (earlier.status or lesion.status)
    same_site = (decision.site or lesion.site) == (earlier.site or lesion.site)
    if same_status and same_site:
        return []
    return [CONTRADICTS.at(decision.where, f"{lesion.id} is decided in {earlier.where} too", more=decision.target)]


def _decided(lesion: Lesion, decision: Decision | None, rest: Decision | None, *, added: bool) -> Lesion:
    """The lesion as the reader left it."""
    if decision is None:
        if rest is None or lesion.reviewed or lesion.status is Status.UNDECIDED:
            return lesion
        decision = rest
    said = lesion.because if added else f"{lesion.decided_by} had said {lesion.status.value}: {lesion.because}"
    verb = "accepted" if decision.status is None else f"said {decision.status.value}"
    comment = f" ({decision.comment})" if decision.comment else ""
    return replace(
        lesion,
        status=decision.status or lesion.status,
        decided_by=f"reader {decision.reader}",
        because=f"the reader {verb}{comment}; {said}",
        site=decision.site or lesion.site,
        kind=decision.kind or lesion.kind,
        reviewed=True,
    )
