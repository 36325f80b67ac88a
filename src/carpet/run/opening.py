"""From a path to the one PET/CT study in it: which PET can be measured, which is taken and why, and the CT that goes with it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from carpet.core.errors import Notice, ProtocolError, Refused
from carpet.core.protocol import SuvProtocol
from carpet.core.space import Grid, SpaceError
from carpet.core.study import Series, Study
from carpet.dicom import notices
from carpet.dicom.files import files_under
from carpet.dicom.pixels import ct_volume, stored_values
from carpet.dicom.series import Catalogue, catalogue
from carpet.run.leftovers import scratch_folder
from carpet.run.notices import CT_COVERS_LITTLE
from carpet.run.terminal import counted
from carpet.suv import Quantification, quantify

LEAST_CT_COVER = 0.5  # a smaller piece of CT misleads the search for organs more than it helps


@dataclass(frozen=True)
class Found:
    """What lies under the paths, and for each PET series what can be made of it (by series UID)."""

    catalogue: Catalogue
    quantifications: dict[str, Quantification]
    not_opened: tuple[Notice, ...]

    def refusals(self, series: Series) -> tuple[Notice, ...]:
        decided = self.quantifications.get(series.series_uid)
        return (*series.refusals, *(decided.refusals if decided else ()))


@contextmanager
def found_under(
    paths: Sequence[Path], protocol: SuvProtocol, *, weight_kg: float | None = None, unpack_in: Path | None = None
) -> Iterator[Found]:
    """Everything below `paths`; unpacked zips live as long as the context does, in `unpack_in` or where the system keeps temporary files.
    What a killed call has unpacked there is removed by the next. Raises ProtocolError for a path that is not there."""
    for path in paths:
        if not path.exists():
            raise ProtocolError(f"there is no file or folder {str(path)!r}")
        if not os.access(path, os.R_OK):
            raise ProtocolError(f"{str(path)!r} may not be read by you")
    with scratch_folder(unpack_in) as scratch:
        files, not_opened = files_under(paths, scratch)
        everything = catalogue(files)
        decided = {series.series_uid: quantify(series.pet, protocol, weight_kg=weight_kg) for series in everything.series if series.pet}
        yield Found(everything, decided, not_opened)


def choose_pet(found: Found, series_uid: str | None) -> tuple[Series, str]:
    """The PET series to measure and the reason in words; raises Refused with every reason when there is none or more than one."""
    pets = [series for series in found.catalogue.series if series.modality == "PT"]
    if series_uid is not None:
        named = [series for series in pets if series.series_uid == series_uid]
        if not named:
            raise Refused(notices.SERIES_UNKNOWN.at("--series, scans.csv", series_uid))
        if refusals := found.refusals(named[0]):
            raise Refused(refusals)
        return named[0], "named by the user"
    good = [series for series in pets if not found.refusals(series)]
    if not pets:
        raise Refused((notices.NO_PET.at("input", _other_content(found.catalogue)), *found.not_opened))
    if not good:
        raise Refused(tuple(dict.fromkeys(notice for series in pets for notice in found.refusals(series))))
    if len(good) == 1:
        others = f"; {len(pets) - 1} other PET series refused" if len(pets) > 1 else ""
        return good[0], f"the only PET series that can be quantified{others}"
    if len({series.study_uid for series in good}) > 1:
        raise _ambiguous(good)  # which examination is meant, only the user knows
    original = [series for series in good if _is(series, "image_type", ("ORIGINAL", "PRIMARY"))]
    whole_body = [series for series in original if _is(series, "series_type", ("WHOLE BODY",))]
    longest_mm = max(_length_mm(series) for series in good)
    for few, why in ((original, "the only original primary PET"), (whole_body, "the only whole-body PET")):
        if len(few) == 1 and _length_mm(few[0]) >= longest_mm:  # a single bed beside the whole body is never taken by itself
            return few[0], f"{why} of {len(good)} that can be quantified"
    raise _ambiguous(good)


def _length_mm(series: Series) -> float:
    """How much of the body the stack of slices spans, to the millimetre."""
    return round(series.grid.shape_kji[0] * series.grid.spacing_mm_kji[0]) if series.grid else 0.0


def _ambiguous(good: list[Series]) -> Refused:
    """One notice a series, so that each can be picked from the list by its date and description."""
    studies = len({series.study_uid for series in good})
    more = f"{len(good)} series of {studies} examinations" if studies > 1 else f"{len(good)} series of one examination"
    return Refused(
        notices.SERIES_AMBIGUOUS.at(
            series.series_uid,
            f"{series.date or 'no date'}, {series.description or 'no description'}, {series.slices} slices",
            more=more,
        )
        for series in sorted(good, key=lambda series: (str(series.date), series.series_uid))
    )


def _is(series: Series, fact: str, start: tuple[str, ...]) -> bool:
    value = getattr(series.pet, fact) if series.pet else None
    return value is not None and tuple(value.value[: len(start)]) == start


def _other_content(everything: Catalogue) -> str:
    """What lies there instead of a PET, counted."""
    kinds = Counter(series.modality or "unknown" for series in everything.series)
    parts = [f"{count} {kind} series" for kind, count in sorted(kinds.items())]
    parts += [counted(len(everything.unreadable), "unreadable DICOM file")] if everything.unreadable else []
    parts += [f"{counted(everything.other_files, 'file')} not DICOM"] if everything.other_files else []
    return ", ".join(parts) or "nothing"


def choose_ct(found: Found, pet: Series) -> tuple[Series | None, tuple[Notice, ...]]:
    """The CT of the same study and Frame of Reference that covers most of the PET; None with a flag when none can be used."""
    cts = [series for series in found.catalogue.series if series.modality == "CT" and series.study_uid == pet.study_uid]
    framed = [series for series in cts if series.grid and pet.grid and series.grid.frame_uid == pet.grid.frame_uid]
    if not cts or pet.grid is None:
        return None, ()
    usable = [series for series in cts if series.grid and not series.refusals]
    if not usable:
        return None, tuple(notices.CT_REFUSED.at(notice.where, f"{notice.code}: {notice.found}") for notice in cts[0].refusals)
    fitting = [series for series in usable if series in framed]
    if not fitting:
        return None, (notices.FRAME_OF_REFERENCE_DIFFERS.at("(0020,0052)", f"{len(usable)} CT series in other frames"),)
    best = max(fitting, key=lambda series: (_coverage(pet.grid, series.grid), series.slices, series.series_uid))
    if _coverage(pet.grid, best.grid) < LEAST_CT_COVER:
        return None, (CT_COVERS_LITTLE.at(best.series_uid, f"{best.slices} slices; {best.description or 'no description'}"),)
    if len(fitting) > 1:
        return best, (notices.CT_CHOSEN.at(best.series_uid, f"{len(fitting)} CT series"),)
    return best, ()


def _coverage(pet: Grid | None, ct: Grid | None) -> float:
    """The share of the PET's slices whose centre lies in the CT's field, in percent steps so that ties stay ties."""
    if pet is None or ct is None:
        return 0.0
    k, j, i = pet.shape_kji
    centres = pet.to_lps_mm(np.stack([np.arange(k), np.full(k, j // 2), np.full(k, i // 2)], axis=1))
    at = ct.to_kji(centres)
    return round(float(((at >= -0.5) & (at <= np.array(ct.shape_kji) - 0.5)).all(axis=1).mean()), 2)


def open_study(found: Found, *, series_uid: str | None = None) -> Study:
    """The study to measure, with pixels in memory; raises Refused."""
    pet, why = choose_pet(found, series_uid)
    if pet.grid is None:
        raise Refused(pet.refusals)
    ct_series, ct_flags = choose_ct(found, pet)
    ct = None
    if ct_series and ct_series.grid:
        try:
            ct = ct_volume(ct_series, ct_series.grid)
        except (Refused, SpaceError) as error:
            ct_flags += (notices.CT_REFUSED.at(ct_series.series_uid, str(error).splitlines()[0]),)
            ct_series = None
    return Study(
        pseudonym=pet.patient,
        study_uid=pet.study_uid,
        date=pet.date,
        pet=pet,
        pet_stored=stored_values(pet, pet.grid),
        ct=ct,
        ct_series=ct_series,
        chosen_because=why,
        flags=(*pet.flags, *ct_flags),
    )


def read_study(path: str | Path, *, series: str | None = None, protocol: SuvProtocol | None = None) -> Study:
    """The PET/CT study under a folder, file or zip; raises Refused when there is none to measure, or more than one."""
    with found_under([Path(path)], protocol or SuvProtocol()) as found:
        return open_study(found, series_uid=series)
