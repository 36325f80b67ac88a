"""The survey of one scan: organs, landmarks and reference regions, and a reason for each reference that was not found."""

from __future__ import annotations

from carpet.anatomy.body import body_of
from carpet.anatomy.coarse import coarse_copy
from carpet.anatomy.organs import ORGAN_NAMES, organs_of
from carpet.anatomy.references import references_of
from carpet.core.anatomy import Anatomy
from carpet.core.space import Region, SpaceError, Volume

REFERENCES = ("liver", "blood_pool", "spleen", "marrow")


def survey(suv: Volume, ct: Volume | None, *, exclude: tuple[Region, ...] = ()) -> Anatomy:
    """Anatomy of a PET (SUVbw) with or without CT (HU, its own grid, the same frame).

    exclude: regions of the PET grid, lesions, that the references keep 10 mm away from. Works on a copy of about 4.5 mm.
    A PET that is not roughly axial or shows no body gives an Anatomy without organs and with reasons; raises SpaceError when the
    CT lies in another frame or is rotated against the PET.
    """
    if ct is not None and ct.grid.frame_uid != suv.grid.frame_uid:
        raise SpaceError("PET and CT have different Frames of Reference")
    try:
        coarse = coarse_copy(suv, None)
    except SpaceError:
        return _nothing("NOT_AXIAL")
    if ct is not None:
        coarse = coarse_copy(suv, ct)
    body = body_of(coarse)
    if body is None:
        return _nothing("BODY_NOT_FOUND")
    organs = organs_of(body)
    references, absent = references_of(organs, suv, exclude)
    return Anatomy(
        references=references,
        absent=absent,
        organs=organs.labels(),
        organ_names=dict(ORGAN_NAMES),
        landmarks_mm=dict(organs.heights_mm),
    )


def _nothing(reason: str) -> Anatomy:
    return Anatomy(absent=dict.fromkeys(REFERENCES, reason))
