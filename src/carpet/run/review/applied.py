"""A scan after a reader's edits: the machine's regions with the edits that stand, in their order, and the reference regions as moved.

A region that an edit makes is named after the edit's number, so that its name stays when another edit is taken back.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from carpet.anatomy.references import AORTA_LENGTH_MM, AORTA_RADIUS_MM, LIVER_RADIUS_MM
from carpet.anatomy.sites import site_of
from carpet.core.anatomy import Anatomy
from carpet.core.errors import NotMeasurable, Refused
from carpet.core.geometry import sphere_region
from carpet.core.lesion import Lesion, Status
from carpet.core.space import Grid, Region
from carpet.lesions import editing
from carpet.lesions.suggest import lesion_id
from carpet.review.edits import (
    Add,
    Brush,
    Caliper,
    Edit,
    Merge,
    Numbered,
    Reference,
    SetSite,
    SetStatus,
    SphereThreshold,
    Split,
    Standing,
    edits_json,
)
from carpet.run.notices import MAIN_SEGMENTER_MISSING
from carpet.run.pipeline import Surveyed, delineated, placed
from carpet.run.review.calipers import checked_caliper
from carpet.run.review.server_notices import READING_OUTDATED, REFERENCE_OUTSIDE, SITE_UNKNOWN
from carpet.segment import segmenters

MANY_PARTS = 100_000  # the third and later parts of a split are numbered from here, `PARTS` for each edit
PARTS = 50
# a moved blood pool is a sphere as large as the cylinder in the aorta that it takes the place of
POOL_RADIUS_MM = (AORTA_RADIUS_MM**2 * AORTA_LENGTH_MM * 0.75) ** (1.0 / 3.0)
RADIUS_MM = {"liver": LIVER_RADIUS_MM, "blood_pool": POOL_RADIUS_MM}
OF_VOXELS = (Add, Brush, Split, Merge, SphereThreshold)


@dataclass(frozen=True, slots=True)
class Review:
    """A signed reading as a measurement takes it: by whom, which edits stand, and of which regions (`base_digest`)."""

    reader: str
    standing: Standing
    of: str

    def as_parameters(self) -> dict[str, Any]:
        """As the step of a measurement keeps it."""
        return {"reader": self.reader, "edits": edits_json(self.standing), "of": self.of}


def base_digest(base: Surveyed) -> str:
    """What a reading is of, and of nothing else: SHA-256 over the machine's regions and what it called them, and, after a point, over
    how the main method draws them, on which strokes of a hand rest."""
    digest = hashlib.sha256()
    for one in base.lesions:
        digest.update(f"{one.id} {one.status} {one.region.origin_kji} {one.region.mask.shape}\n".encode())
        digest.update(one.region.mask.tobytes())
    method = segmenters().get(base.segmenter)  # none for a mask that was given
    drawn = f"{base.segmenter} {method.version if method else ''} {base.protocol.segment.margin_mm}"
    return f"{digest.hexdigest()}.{hashlib.sha256(drawn.encode()).hexdigest()[:16]}"


def is_of(of: str, found: str, standing: Standing) -> bool:
    """Whether edits that were made on `of` may be made on `found` (`base_digest`): the same regions and, for strokes, the same outlines."""
    (regions, _, outlines), (here, _, drawn) = of.partition("."), found.partition(".")
    return regions == here and (outlines == drawn or not any(map(_on_outlines, standing)))


def _on_outlines(one: Numbered) -> bool:
    """Whether the edit starts from the outline that the reader saw."""
    return isinstance(one.edit, (Merge, Split)) or (isinstance(one.edit, Brush) and one.edit.lesion is not None)


def require_regions(base: Surveyed, standing: Standing, *, of: str, reader: str) -> None:
    """Raises Refused where a reading is of other regions than the machine finds now."""
    found = base_digest(base)
    if not is_of(of, found, standing):
        raise Refused(READING_OUTDATED.at(f"reading by {reader}", found[:12]))


def reviewed(base: Surveyed, review: Review) -> Surveyed:
    """The scan as the signed reading has it: what no edit names is accepted. Raises Refused where the reading is of other regions."""
    require_regions(base, review.standing, of=review.of, reader=review.reader)
    return accepted(edited(base, review.standing, reader=review.reader), reader=review.reader)


def edited(base: Surveyed, standing: Standing, *, reader: str) -> Surveyed:
    """The scan after all edits that stand; raises Refused (EDIT_…) where one cannot be made, as when another it rests on was taken back."""
    now = base
    for one in standing:
        now = after_edit(base, now, one, reader=reader)
    return now


def accepted(one: Surveyed, *, reader: str) -> Surveyed:
    """What the reader has looked at and left as it was suggested is the reader's too; what is undecided stays so."""
    return replace(one, lesions=tuple(_accepted(lesion, reader) for lesion in one.lesions), accepted=True)


def _accepted(lesion: Lesion, reader: str) -> Lesion:
    if lesion.reviewed or lesion.status is Status.UNDECIDED:
        return lesion
    said = f"the reader accepted; {lesion.decided_by} had said {lesion.status.value}: {lesion.because}"
    return replace(lesion, decided_by=f"reader {reader}", because=said, reviewed=True)


def after_edit(base: Surveyed, now: Surveyed, one: Numbered, *, reader: str) -> Surveyed:
    """The scan after one more edit; the same where the edit concerns no region. base: the scan before all edits."""
    edit = one.edit
    if isinstance(edit, SetStatus):
        return replace(now, lesions=editing.exchanged(now.lesions, _status(editing.named(now.lesions, edit.lesion), edit, reader)))
    if isinstance(edit, SetSite):
        return replace(now, lesions=editing.exchanged(now.lesions, _site(editing.named(now.lesions, edit.lesion), edit)))
    if isinstance(edit, Reference):
        return replace(now, anatomy=_with_reference(now, edit))
    if isinstance(edit, Caliper):
        checked_caliper(edit, now)
    if not isinstance(edit, OF_VOXELS):
        return now
    label = _label(base, one)
    return _sited(base, _redrawn(now, edit, label, one.number, reader), before=now.lesions)


def _label(base: Surveyed, one: Numbered) -> int:
    return max((lesion.label for lesion in base.lesions), default=0) + one.number


def made_by(base: Surveyed, one: Numbered) -> str:
    """The name of the region that an edit makes, of the second part that a split makes."""
    return lesion_id(_label(base, one))


def _redrawn(now: Surveyed, edit: Edit, label: int, number: int, reader: str) -> Surveyed:
    """A region that is changed by hand starts from the outline that the reader saw, and stays as the reader draws it."""
    if isinstance(edit, Add):
        threshold = now.protocol.segment.preselect_suv
        lesions = editing.added(now.lesions, now.suv, point_lps_mm=edit.point_lps_mm, threshold=threshold, label=label, reader=reader)
        return replace(now, lesions=lesions)
    named = edit.lesions if isinstance(edit, Merge) else (edit.lesion,) if isinstance(edit, (Brush, Split)) and edit.lesion else ()
    seen = _as_seen(now, named)
    if isinstance(edit, Brush):
        lesions = _brushed(now, seen, edit, label, reader)
    elif isinstance(edit, Merge):
        lesions = editing.merged(seen, edit.lesions, reader=reader)
    elif isinstance(edit, Split):
        lesions = _split(now, seen, edit, label, number, reader)
    else:
        assert isinstance(edit, SphereThreshold)
        lesions = editing.thresholded(
            seen,
            now.suv,
            centre_lps_mm=edit.centre_lps_mm,
            radius_mm=edit.radius_mm,
            threshold=edit.suv,
            label=label,
            reader=reader,
        )
    known = {one.id for one in now.lesions}
    by_hand = now.by_hand | set(named) | {one.id for one in lesions if one.id not in known}
    return replace(now, lesions=lesions, by_hand=by_hand & {one.id for one in lesions})


def _as_seen(now: Surveyed, named: Sequence[str]) -> tuple[Lesion, ...]:
    """The regions, those named with the outline by the main method; one that the method leaves without a voxel stays as it was found."""
    chosen = [editing.named(now.lesions, name) for name in named]
    disease = {one.id for one in chosen if one.status is Status.DISEASE and one.id not in now.by_hand}
    if not disease:
        return now.lesions
    rest = tuple(one if one.id in disease else replace(one, status=Status.PHYSIOLOGIC) for one in now.lesions)
    try:
        drawn = {one.id: one.region for one in delineated(now.segmenter, replace(now, lesions=rest))[0]}
    except NotMeasurable as error:
        raise Refused(MAIN_SEGMENTER_MISSING.at("[segment] method", f"{now.segmenter}: {error.reason}")) from error
    return tuple(replace(one, region=drawn.get(one.id, one.region)) if one.id in disease else one for one in now.lesions)


def _brushed(now: Surveyed, seen: tuple[Lesion, ...], edit: Brush, label: int, reader: str) -> tuple[Lesion, ...]:
    at, radius = edit.points_lps_mm, edit.radius_mm
    if edit.lesion is None:
        return editing.drawn(seen, now.suv.grid, points_lps_mm=at, radius_mm=radius, label=label, reader=reader)
    change = editing.erased if edit.erase else editing.painted
    return change(seen, edit.lesion, points_lps_mm=at, radius_mm=radius, reader=reader)


def _split(now: Surveyed, seen: tuple[Lesion, ...], edit: Split, label: int, number: int, reader: str) -> tuple[Lesion, ...]:
    first = MANY_PARTS + PARTS * number
    parts = editing.split(seen, edit.lesion, now.suv, seeds_lps_mm=edit.seeds_lps_mm, label=first, reader=reader)
    return tuple(replace(part, label=label, id=lesion_id(label)) if part.label == first else part for part in parts)


def _sited(base: Surveyed, now: Surveyed, *, before: tuple[Lesion, ...]) -> Surveyed:
    """New regions with a site by rule, where they have inherited none."""
    known = {one.id for one in before}
    sited = (one if one.id in known else placed(one, base.suv, base.anatomy, base.study.ct) for one in now.lesions)
    return replace(now, lesions=tuple(sited))


def _status(lesion: Lesion, edit: SetStatus, reader: str) -> Lesion:
    status = Status(edit.status)
    who = f"reader {reader}"
    said = lesion.because if lesion.decided_by == who else f"{lesion.decided_by} had said {lesion.status.value}: {lesion.because}"
    said = said.partition("; ")[2] if lesion.decided_by == who and said.startswith("the reader said ") else said
    because = f"the reader said {status.value}; {said}"
    return replace(lesion, status=status, decided_by=who, because=because, reviewed=status is not Status.UNDECIDED)


def _site(lesion: Lesion, edit: SetSite) -> Lesion:
    site = site_of(edit.site)
    if site is None:
        raise Refused(SITE_UNKNOWN.at(lesion.id, edit.site))
    return replace(lesion, site=site.code, kind=edit.counts_as or site.kind)


def _with_reference(now: Surveyed, edit: Reference) -> Anatomy:
    """The anatomy with a reference region where the reader has moved it: a sphere of the usual size."""
    absent = {name: why for name, why in now.anatomy.absent.items() if name != edit.which}
    return replace(now.anatomy, references={**now.anatomy.references, edit.which: _sphere(now.suv.grid, edit)}, absent=absent)


def _sphere(grid: Grid, edit: Reference) -> Region:
    region = sphere_region(grid, np.array(edit.centre_lps_mm), RADIUS_MM[edit.which])
    whole_ml = 4.0 / 3.0 * math.pi * RADIUS_MM[edit.which] ** 3 / 1000.0
    if grid.nearest_kji(edit.centre_lps_mm) is None or region.volume_ml < whole_ml / 2.0:
        raise Refused(REFERENCE_OUTSIDE.at(edit.which))
    return region
