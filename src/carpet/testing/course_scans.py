"""The scans of the demonstration trial as phantoms and as DICOM: one body a patient, other lesions, noise and position on each scan."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from carpet.core.space import Grid
from carpet.testing.courses import NO_DOSE, SPLEEN, PlannedLesion, PlannedPatient, PlannedScan
from carpet.testing.dicom_writer import WrittenStudy, write_study
from carpet.testing.frame import BodyFrame, Part
from carpet.testing.organs import Uptake, body_parts
from carpet.testing.patients import MID_THIGH_MM, axial_grid, scanner_table
from carpet.testing.phantom import Phantom, frame_uid, make_phantom
from carpet.testing.shapes import Point, as_point
from carpet.testing.sites import LEFT, RIGHT, SITES_BY_NAME, BodyMap, Lesion, Site, plant
from carpet.testing.timing import Visit

# Coarse and without the head, so that a whole trial is made and measured in minutes; still fine enough for lesions of 8 mL.
PET_MM_KJI, PET_FIELD_MM = (6.0, 5.0, 5.0), 520.0
CT_MM_KJI, CT_FIELD_MM = (10.0, 4.0, 4.0), 500.0
TOP_MM = -262.0  # reference height: shoulders
PSF_MM, NOISE = 6.0, 0.05
LARGEST_SHIFT_MM = 12.0  # how much otherwise the patient lies from scan to scan
UPTAKE = Uptake(myocardium=2.4, blood=1.6, liver=2.7, spleen=2.2, stomach=2.0, kidney=3.6, colon=2.0)
HOT_HEART = 7.0  # of every fourth patient
BROWN_FAT = {"P23": 6.0}
INJECTED_AT = dt.time(8, 30)
ARRANGEMENTS = 20  # of a patient's lesions that are tried until all have room


def planned_phantom(patient: PlannedPatient, scan: PlannedScan) -> Phantom:
    """The phantom of one scan. Raises ValueError where a lesion of the plan finds no room in this body."""
    frame = BodyFrame.of(patient.body.weight_kg, patient.body.height_m or 0.0)
    parts, table = _parts(patient, frame), scanner_table(frame)
    uid = frame_uid("course", patient.id, scan.name)
    rng = np.random.default_rng([patient.number, scan.day + 1000])
    shift = rng.uniform(-LARGEST_SHIFT_MM, LARGEST_SHIFT_MM, 3)
    bottom, top = MID_THIGH_MM * frame.along, TOP_MM * frame.along
    pet = axial_grid(round(PET_FIELD_MM / PET_MM_KJI[1]), PET_MM_KJI, top_mm=top, bottom_mm=bottom, uid=uid)
    ct = axial_grid(round(CT_FIELD_MM / CT_MM_KJI[1]), CT_MM_KJI, top_mm=top, bottom_mm=bottom, uid=uid)
    return Phantom(
        name=f"{patient.id} {scan.name}",
        body=patient.body,
        parts=tuple(_as_on(part, patient, scan) for part in parts),
        lesions=_lesions(patient, scan, frame, parts),
        pet_grid=_shifted(pet, shift),
        ct_grid=_shifted(ct, shift),
        table=table,
        psf_fwhm_mm=PSF_MM,
        noise=NOISE,
        seed=1000 * patient.number + scan.day + 200,
    )


def write_planned(patient: PlannedPatient, scan: PlannedScan, folder: Path) -> WrittenStudy:
    """The scan as DICOM below `folder`: a PET and a CT series in the manner of the patient's site, with the planned fault."""
    visit = Visit(
        patient_id=patient.record,
        injected_at=dt.datetime.combine(patient.date(scan.day), INJECTED_AT),
        age_years=patient.age_years,
    )
    edit = _without_dose if scan.fault == NO_DOSE else None
    return write_study(make_phantom(planned_phantom(patient, scan)), folder, vendor=patient.vendor(scan), visit=visit, edit=edit)


def brown_fat_points(patient: PlannedPatient) -> tuple[Point, ...]:
    """The middle of each piece of brown fat that takes up the tracer, LPS mm; () where none does. The same on all scans."""
    frame = BodyFrame.of(patient.body.weight_kg, patient.body.height_m or 0.0)
    pieces = (piece for part in _parts(patient, frame) if part.name == "brown_fat" for piece in part.shape.pieces())
    return tuple(as_point(np.mean(piece.bounds(), axis=0)) for piece in pieces)


def _without_dose(dataset: Dataset, index: int) -> None:
    del index
    if dataset.Modality == "PT":
        del dataset.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose


def _parts(patient: PlannedPatient, frame: BodyFrame) -> tuple[Part, ...]:
    uptake = replace(UPTAKE, myocardium=HOT_HEART) if patient.number % 4 == 0 else UPTAKE
    uptake = replace(uptake, brown_fat=BROWN_FAT.get(patient.id))
    return body_parts(frame, uptake, arms="up", with_head=False, rng=np.random.default_rng(patient.number))


def _as_on(part: Part, patient: PlannedPatient, scan: PlannedScan) -> Part:
    """The part with the uptake of this scan: a spleen that lymphoma has taken is hot where the plan says so."""
    diffuse = next((one for one in patient.lesions if one.site == SPLEEN), None)
    if part.name != "spleen" or diffuse is None or scan.name not in diffuse.at:
        return part
    return replace(part, suv=diffuse.at[scan.name].suv)


def _lesions(patient: PlannedPatient, scan: PlannedScan, frame: BodyFrame, parts: tuple[Part, ...]) -> tuple[Lesion, ...]:
    """What this scan shows of the patient's lesions; room was sought for each at its largest, so that they never meet."""
    planned = [one for one in patient.lesions if one.site != SPLEEN]
    sites = [replace(_site(one), volume_ml=(one.largest_ml, one.largest_ml)) for one in planned]
    for attempt in range(ARRANGEMENTS):
        planted = plant(frame, BodyMap(parts), sites, rng=np.random.default_rng([patient.number, attempt]))
        if len(planted) == len(planned):
            return tuple(_as_seen(one, lesion, scan) for one, lesion in zip(planned, planted, strict=True) if scan.name in one.at)
    raise ValueError(f"{patient.id}: not every lesion finds room")


def _site(lesion: PlannedLesion) -> Site:
    """The site by its name; with _left or _right after it exactly there, and the other side is its mirror image."""
    name, _, side = lesion.site.partition("_")
    site = SITES_BY_NAME[name]
    return replace(site, sides={"left": LEFT, "right": RIGHT}[side], scatter_mm=(0.0, 0.0, 0.0)) if side else site


def _as_seen(planned: PlannedLesion, planted: Lesion, scan: PlannedScan) -> Lesion:
    amount = planned.at[scan.name]
    factor = (amount.volume_ml / planned.largest_ml) ** (1.0 / 3.0)
    return replace(planted, id=planned.name, shape=planted.shape.scaled(factor), suv=amount.suv)


def _shifted(grid: Grid, shift_lps_mm: NDArray[np.float64]) -> Grid:
    affine = grid.affine_lps.copy()
    affine[:3, 3] += shift_lps_mm
    return replace(grid, affine_lps=affine)
