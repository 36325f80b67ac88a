"""Readers' decisions applied to the suggestions: statuses and sites change, regions are added, and what was said before is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

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
    "two rows of one reader decide differently on one lesion",
    "one decision of a reader for each lesion",
    "remove one of them",
)
NOTHING_TO_ACCEPT = NoticeKind(
    "DECISION_NOTHING_TO_ACCEPT",
    Severity.ERROR,
    "accept needs a suggestion",
    "disease or physiologic for an undecided or an added region",
    "say disease or physiologic",
)

ADJUDICATES_OWN = NoticeKind(
    "DECISION_ADJUDICATES_OWN",
    Severity.ERROR,
    "who adjudicates has decided on this scan as a reader too",
    "an adjudicator who is none of the readers of the scan",
    "have a third person adjudicate, or leave adjudicates empty",
)
READERS_DISAGREE = NoticeKind(
    "READERS_DISAGREE_ON_REGIONS",
    Severity.WARNING,
    "readers of this scan contradict each other: what they disagree on is left open, a region whose status is open is in no total",
    "one word on every region",
    "adjudicate: a row on the region by a third person, adjudicates yes",
)


@dataclass(frozen=True, slots=True)
class Decided:
    """What the readers leave: all lesions; READERS_DISAGREE_ON_REGIONS or (); ids of lesions whose site they left open."""

    lesions: tuple[Lesion, ...]
    flags: tuple[Notice, ...]
    site_open: frozenset[str]


def decide(lesions: Sequence[Lesion], decisions: Sequence[Decision], suv: Volume, *, threshold: float) -> Decided:
    """All lesions, those the readers decided marked `reviewed`, added ones last with ids that go on.

    threshold: SUVbw (g/mL); a point outside every lesion adds the 26-connected voxels at or above it that hold the point and belong
    to no lesion, however small. `*` accepts, for its reader, every suggestion that this reader decides in no other row; what is undecided
    stays so, and unreviewed. Where readers contradict each other a region is undecided, unless an adjudicator says what it is; where they
    agree but for the site, it has none. Who says nothing of a region, or of its site, contradicts nobody.
    Raises Refused: DECISION_UNKNOWN_LESION, DECISION_MISSES_UPTAKE, DECISION_CONTRADICTS (one reader), DECISION_NOTHING_TO_ACCEPT,
    DECISION_ADJUDICATES_OWN.
    """
    known, said = _said(lesions, decisions, suv, threshold)
    rest = [one for one in decisions if one.lesion_id == ALL]
    judged = [
        _judged(lesion, _voices(lesion, said.get(lesion.id, ()), () if n >= len(lesions) else rest), added=n >= len(lesions))
        for n, lesion in enumerate(known)
    ]
    open_to = [one.dispute for one in judged if one.dispute]
    flags = (READERS_DISAGREE.at("decisions", "; ".join(open_to)),) if open_to else ()
    return Decided(tuple(one.lesion for one in judged), flags, frozenset(one.lesion.id for one in judged if one.site_open))


def _said(
    lesions: Sequence[Lesion], decisions: Sequence[Decision], suv: Volume, threshold: float
) -> tuple[list[Lesion], Mapping[str, list[Decision]]]:
    """All lesions, those added last; and the rows on each by its id."""
    known, said = list(lesions), dict[str, list[Decision]]()
    faults = list(_in_both_roles(decisions))
    for decision in decisions:
        if decision.lesion_id == ALL:
            continue
        found = _addressed(known, decision, suv, threshold)
        if isinstance(found, Notice):
            faults.append(found)
            continue
        if found not in known:
            known.append(found)
        same = said.setdefault(found.id, [])
        faults += _conflict(found, decision, next((one for one in same if one.reader == decision.reader), None))
        same.append(decision)
    if faults:
        raise Refused(faults)
    return known, said


def _in_both_roles(decisions: Iterable[Decision]) -> Iterator[Notice]:
    readers = {one.reader for one in decisions if not one.adjudicates}
    yield from (ADJUDICATES_OWN.at(one.where, f"reader {one.reader}") for one in decisions if one.adjudicates and one.reader in readers)


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
    """Faults of one row against its lesion and against an earlier row of the same reader on it."""
    if decision.status is None and lesion.status is Status.UNDECIDED:
        return [NOTHING_TO_ACCEPT.at(decision.where, f"{lesion.id} is undecided")]
    if earlier is None:
        return []
    same_status = (decision.status or lesion.status) is (earlier.status or lesion.status)
    same_site = (decision.site or lesion.site) == (earlier.site or lesion.site)
    if same_status and same_site:
        return []
    return [CONTRADICTS.at(decision.where, f"{lesion.id} is decided in {earlier.where} too", more=decision.target)]


def _voices(lesion: Lesion, own: Sequence[Decision], rest: Sequence[Decision]) -> list[Decision]:
    """What each reader says of a lesion, by their names. rest: the rows `*`, which say nothing of what nobody suggested."""
    by: dict[str, Decision] = {}
    covered = not lesion.reviewed and lesion.status is not Status.UNDECIDED
    for one in (*own, *(rest if covered else ())):
        by.setdefault(one.reader, one)
    return [by[reader] for reader in sorted(by)]


@dataclass(frozen=True, slots=True)
class _Judged:
    """A lesion as the readers left it; what they dispute of it in words, empty for nothing; whether that is its site."""

    lesion: Lesion
    dispute: str = ""
    site_open: bool = False


def _judged(lesion: Lesion, voices: Sequence[Decision], *, added: bool) -> _Judged:
    if not voices:
        return _Judged(lesion)
    before = lesion.because if added else f"{lesion.decided_by} had said {lesion.status.value}: {lesion.because}"
    deciding = [one for one in voices if one.adjudicates] or voices
    others = [one for one in voices if one not in deciding]
    because, names = "; ".join((*_words(deciding, others), before)), "; ".join(f"reader {one.reader}" for one in deciding)
    statuses = {one.status or lesion.status for one in deciding}
    if len(statuses) > 1:
        left = replace(lesion, status=Status.UNDECIDED, decided_by=names, because=f"readers disagree: {because}", reviewed=False)
        return _Judged(left, f"{lesion.id} ({', '.join(f'reader {one.reader} {one.status or lesion.status}' for one in deciding)})")
    status = statuses.pop()
    made = replace(lesion, status=status, decided_by=names, because=because, reviewed=True)
    named = [one for one in deciding if one.site] or [one for one in voices if one.site and (one.status or lesion.status) is status]
    if len({one.site for one in named}) > 1:
        sites = ", ".join(f"reader {one.reader} {one.site.meaning}" for one in named if one.site)
        return _Judged(replace(made, site=None, kind=None), f"site of {lesion.id} ({sites})", site_open=True)
    return _Judged(replace(made, site=named[0].site, kind=named[0].kind) if named else made)


def _words(deciding: Sequence[Decision], others: Sequence[Decision]) -> Iterator[str]:
    """What each has said; one who is alone needs no name."""
    for one in (*deciding, *others):
        who = f"reader {one.reader}" if len(deciding) + len(others) > 1 else "the reader"
        verb = "accepted" if one.status is None else f"said {one.status.value}"
        yield f"{who}{', adjudicating,' if one.adjudicates else ''} {verb}{f' ({one.comment})' if one.comment else ''}"
