"""The proof that de-identification changed nothing that is measured: what a series says before and after must be the same, bit by bit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from carpet.core.errors import Notice, Refused
from carpet.core.protocol import SuvProtocol
from carpet.core.space import Grid, SpaceError
from carpet.core.study import Series, Study
from carpet.dicom import notices
from carpet.dicom.pixels import ct_volume, stored_values
from carpet.suv import Quantification
from carpet.suv.volume import to_suv

MEASURED = ("PT", "CT")
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Print:
    """What is measured in one series: `sha256` over grid and voxels (SUVbw of a PET, HU of a CT, stored integers of a refused PET).

    None where there is no volume. `refusals`: the codes.
    """

    modality: str
    slices: int
    quantity: str
    sha256: str | None
    refusals: tuple[str, ...]


def print_of(series: Series, decided: Quantification | None, protocol: SuvProtocol) -> Print:
    """The print of a series. Nothing is raised: what cannot be read is one of its refusals."""
    refusals = (*series.refusals, *(decided.refusals if decided else ()))
    quantity, sha256 = NOTHING, None
    if series.grid is not None:
        try:
            quantity, sha256 = _volume(series, series.grid, decided, protocol, refused=bool(refusals))
        except Refused as error:
            refusals += error.notices
        except SpaceError:
            quantity = "unreadable"
    return Print(series.modality, series.slices, quantity, sha256, tuple(sorted({notice.code for notice in refusals})))


def _volume(series: Series, grid: Grid, decided: Quantification | None, protocol: SuvProtocol, *, refused: bool) -> tuple[str, str | None]:
    if series.modality == "CT":
        return "HU", _hashed(grid, ct_volume(series, grid).values.tobytes())
    stored = stored_values(series, grid)
    if refused or decided is None:
        return "stored", _hashed(grid, stored.tobytes())
    study = Study(series.patient, series.study_uid, series.date, series, stored, None, None, "named")
    return "SUVbw", _hashed(grid, to_suv(study, protocol, decided=decided).values.tobytes())


def _hashed(grid: Grid, voxels: bytes) -> str:
    digest = hashlib.sha256(repr(grid.shape_kji).encode())
    digest.update(grid.affine_lps.tobytes())
    digest.update(voxels)
    return digest.hexdigest()


def changed(before: Mapping[str, Print], after: Mapping[str, Print], where: str) -> tuple[Notice, ...]:
    """A refusal for each series (by its new UID) that is not what it was."""
    found = []
    for uid in sorted(before.keys() | after.keys()):
        one, other = before.get(uid), after.get(uid)
        if one != other:
            modality = next(told.modality for told in (one, other) if told)
            found.append(notices.DEID_CHANGED_SUV.at(f"{where}, a {modality} series", f"{_told(one)} before, {_told(other)} after"))
    return tuple(found)


def _told(one: Print | None) -> str:
    if one is None:
        return "no series"
    codes = f", refused: {', '.join(one.refusals)}" if one.refusals else ""
    return f"{one.slices} slices, {one.quantity} {one.sha256[:12] if one.sha256 else 'without a volume'}{codes}"
