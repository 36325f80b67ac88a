"""The signed readings of a scan as its measurement takes them: the one that stands, or what both leave open until it is settled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from carpet.core.errors import Notice, NotMeasurable, Refused
from carpet.core.lesion import Lesion, Status
from carpet.core.space import Region
from carpet.lesions.decide import READERS_DISAGREE
from carpet.lesions.suggest import lesion_id
from carpet.run.notices import MAIN_SEGMENTER_MISSING
from carpet.run.pipeline import Surveyed, delineated
from carpet.run.review.applied import Review, reviewed
from carpet.run.review.server_notices import (
    REVIEW_ADJUDICATED,
    REVIEW_DISPUTED,
    REVIEW_NOT_BLIND,
    REVIEW_READERS_DIFFER,
)

HERE = "reading room"
Outline = tuple[tuple[int, int, int], tuple[int, ...], bytes, bool]


@dataclass(frozen=True, slots=True)
class CaseReview:
    """The signed readings of one scan.

    readings: of the one reader, or of both, in the order of the protocol; third: of the adjudicator who read the scan too. stands: whose
    reading; empty while readers differ and nobody has settled it. settled_by: the adjudicator. because: what they differ on, in words.
    not_blind: whose reading could be changed after sight of what, in words; () for none.
    """

    readings: tuple[Review, ...]
    stands: str = ""
    third: Review | None = None
    settled_by: str = ""
    because: str = ""
    not_blind: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[Review, ...]:
        return (*self.readings, *((self.third,) if self.third else ()))

    def as_parameters(self) -> dict[str, Any]:
        """As the step of a measurement keeps it."""
        said: dict[str, Any] = {"stands": self.stands, "settled_by": self.settled_by, "because": self.because}
        said |= {"not_blind": list(self.not_blind)} if self.not_blind else {}
        return said | {"readings": [one.as_parameters() for one in self.every]}


def read_together(base: Surveyed, review: CaseReview) -> Surveyed:
    """The scan as the reading that stands has it: what no edit names is accepted.

    Where both readers differ and nobody has settled it, a region stands as far as both say the same of it; each other is undecided, by
    nobody reviewed. Raises Refused (REVIEW_READING_OUTDATED) where a reading is of other regions.
    """
    each = _each(base, review)
    marks = tuple(REVIEW_NOT_BLIND.at(HERE, one) for one in review.not_blind)
    if review.stands:
        return replace(each[review.stands], flags=(*each[review.stands].flags, *_told(review, each), *marks))
    one, other = (each[reading.reader] for reading in review.readings)
    now, open_to = _as_far_as_agreed(base, one, other, names=(review.readings[0].reader, review.readings[1].reader))
    flags = (REVIEW_DISPUTED.at(HERE, review.because), *marks, *((READERS_DISAGREE.at(HERE, "; ".join(open_to)),) if open_to else ()))
    return replace(now, flags=(*now.flags, *flags))


def read_by(base: Surveyed, review: CaseReview) -> dict[str, tuple[Region, ...]]:
    """What each of two readers calls disease, as the main method draws it; {} where one reads alone. Raises Refused."""
    if len(review.readings) < 2:
        return {}
    each, found = _each(base, review), {}
    for reading in review.readings:
        one = each[reading.reader]
        try:
            drawn = delineated(one.segmenter, one)[0]
        except NotMeasurable as error:
            raise Refused(MAIN_SEGMENTER_MISSING.at("[segment] method", f"{one.segmenter}: {error.reason}")) from error
        found[reading.reader] = tuple(lesion.region for lesion in drawn if lesion.status is Status.DISEASE)
    return found


def _each(base: Surveyed, review: CaseReview) -> dict[str, Surveyed]:
    return {one.reader: reviewed(base, one) for one in review.every}


def _told(review: CaseReview, each: Mapping[str, Surveyed]) -> Iterator[Notice]:
    """How it came that this reading stands, where there are two."""
    if review.settled_by:
        yield REVIEW_ADJUDICATED.at(HERE, f"{review.because}; adjudicated by reader {review.settled_by}: reader {review.stands} stands")
    elif len(review.readings) > 1:
        one, other = (each[reading.reader] for reading in review.readings)
        names = sorted(
            {lesion.id for pair in _apart(one, other) for lesion in pair} | {a.id for a, b in _pairs(one, other) if _differ(a, b)}
        )
        if names:
            yield REVIEW_READERS_DIFFER.at(HERE, f"{', '.join(names)}; reader {review.stands} stands")


def _outline(lesion: Lesion, of: Surveyed) -> Outline:
    region = lesion.region
    return region.origin_kji, region.mask.shape, region.mask.tobytes(), lesion.id in of.by_hand


def _pairs(one: Surveyed, other: Surveyed) -> list[tuple[Lesion, Lesion]]:
    """Regions that both readings have with the same outline."""
    theirs = {_outline(lesion, other): lesion for lesion in other.lesions}
    found = ((lesion, theirs.get(_outline(lesion, one))) for lesion in one.lesions)
    return [(lesion, twin) for lesion, twin in found if twin is not None]


def _differ(one: Lesion, other: Lesion) -> bool:
    return one.status is not other.status or one.site != other.site or one.kind is not other.kind


def _apart(one: Surveyed, other: Surveyed) -> tuple[list[Lesion], list[Lesion]]:
    """The regions of each that the other has not, or draws otherwise."""
    both = _pairs(one, other)
    mine, theirs = {a.id for a, _ in both}, {b.id for _, b in both}
    return [le for le in one.lesions if le.id not in mine], [le for le in other.lesions if le.id not in theirs]


def _as_far_as_agreed(base: Surveyed, one: Surveyed, other: Surveyed, *, names: tuple[str, str]) -> tuple[Surveyed, list[str]]:
    """The regions both readers leave, and what they differ on, in words."""
    judged = [_judged(a, b, names) for a, b in _pairs(one, other)]
    lesions, open_to = [lesion for lesion, _ in judged], [words for _, words in judged if words]
    for lesion in _left_open(base, one, other, kept=lesions, names=names):
        lesions.append(lesion)
        open_to.append(f"{lesion.id} (drawn by one, or otherwise by the other)")
    order = {lesion.id: n for n, lesion in enumerate(base.lesions)}
    lesions.sort(key=lambda lesion: (order.get(lesion.id, len(order)), lesion.label))
    by_hand = frozenset(a.id for a, _ in _pairs(one, other)) & one.by_hand
    anatomy = one.anatomy if _same_references(one, other) else base.anatomy
    return replace(base, lesions=tuple(lesions), anatomy=anatomy, accepted=not open_to, by_hand=by_hand), open_to


def _same_references(one: Surveyed, other: Surveyed) -> bool:
    mine, theirs = one.anatomy.references, other.anatomy.references
    return mine.keys() == theirs.keys() and all(
        mine[name].origin_kji == theirs[name].origin_kji and np.array_equal(mine[name].mask, theirs[name].mask) for name in mine
    )


def _judged(one: Lesion, other: Lesion, names: tuple[str, str]) -> tuple[Lesion, str]:
    """A region both have drawn alike: as both call it, else undecided; without a site where they name two."""
    who = "; ".join(f"reader {name}" for name in names)
    because = "; ".join(f"reader {name}: {lesion.because}" for name, lesion in zip(names, (one, other), strict=True))
    if one.status is not other.status:
        said = ", ".join(f"reader {name} {lesion.status}" for name, lesion in zip(names, (one, other), strict=True))
        left = replace(one, status=Status.UNDECIDED, decided_by=who, because=f"readers disagree: {because}", reviewed=False)
        return left, f"{one.id} ({said})"
    made = replace(one, decided_by=who, because=because)
    if one.site == other.site and one.kind is other.kind:
        return made, ""
    sites = ", ".join(f"reader {n} {le.site.meaning if le.site else 'none'}" for n, le in zip(names, (one, other), strict=True))
    return replace(made, site=None, kind=None), f"site of {one.id} ({sites})"


def _left_open(base: Surveyed, one: Surveyed, other: Surveyed, *, kept: Sequence[Lesion], names: tuple[str, str]) -> Iterator[Lesion]:
    """What is drawn by one reader alone, or otherwise by each, undecided: the machine's region where it is one, else what was drawn.

    No voxel lies in two regions; of what is drawn twice, what is left.
    """
    mine, theirs = _apart(one, other)
    touched, machine = {lesion.id for lesion in (*mine, *theirs)}, {lesion.id for lesion in base.lesions}
    found = [lesion for lesion in base.lesions if lesion.id in touched - {lesion.id for lesion in kept}]
    taken = np.zeros(base.suv.grid.shape_kji, dtype=np.bool_)
    for lesion in kept:
        taken[lesion.region.box] |= lesion.region.mask
    label = max((lesion.label for lesion in (*base.lesions, *kept, *mine, *theirs)), default=0)
    drawn = [(lesion.id, lesion) for lesion in found]
    new = [lesion for lesion in (*mine, *theirs) if lesion.id not in machine]
    drawn += [(lesion_id(label + n), replace(lesion, label=label + n)) for n, lesion in enumerate(new, start=1)]
    who = "; ".join(f"reader {name}" for name in names)
    for name, lesion in drawn:
        whole = np.zeros_like(taken)
        whole[lesion.region.box] = lesion.region.mask
        left = Region.of_mask(base.suv.grid, whole & ~taken)
        if left.voxels:
            taken |= whole
            because = f"readers disagree on the outline: {lesion.because}"
            yield replace(lesion, id=name, region=left, status=Status.UNDECIDED, decided_by=who, because=because, reviewed=False)
