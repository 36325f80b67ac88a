"""One PET/CT examination as read: images by reference, facts with the tag each was read from, and why this series."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from carpet.core.errors import Notice
from carpet.core.space import Grid, IntArray, Volume

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """A value and the DICOM attribute (or the user's word) it was read from."""

    value: T
    read_from: str


@dataclass(frozen=True, slots=True)
class SliceFacts:
    """What may differ from slice to slice of one PET series, in the order of the grid's k axis."""

    sop_instance_uid: str
    slope: float | None
    intercept: float | None
    acquired_at: dt.datetime | None
    frame_reference_ms: float | None
    frame_duration_ms: float | None
    decay_factor: float | None = None


@dataclass(frozen=True)
class PetFacts:
    """What a PET series says about itself, as stored: nothing repaired, absent is None."""

    units: Fact[str] | None = None
    suv_type: Fact[str] | None = None
    decay_correction: Fact[str] | None = None
    corrected_image: Fact[tuple[str, ...]] | None = None
    series_type: Fact[tuple[str, ...]] | None = None
    image_type: Fact[tuple[str, ...]] | None = None
    manufacturer: Fact[str] | None = None
    model: Fact[str] | None = None
    reconstruction: Fact[str] | None = None
    weight_kg: Fact[float] | None = None
    height_m: Fact[float] | None = None
    sex: Fact[str] | None = None
    dose: Fact[float] | None = None
    half_life_s: Fact[float] | None = None
    nuclide_code: Fact[str] | None = None
    tracer_code: Fact[str] | None = None
    tracer_text: Fact[str] | None = None
    injected_at: Fact[dt.datetime] | None = None
    injected_time: Fact[dt.time] | None = None
    root_injection_time: Fact[str] | None = None
    decay_reference_at: Fact[dt.datetime] | None = None
    series_at: Fact[dt.datetime] | None = None
    ge_scan_at: Fact[dt.datetime] | None = None
    ge_injected_at: Fact[dt.datetime] | None = None
    siemens_reference_at: Fact[dt.datetime] | None = None
    philips_suv_factor: Fact[float] | None = None
    philips_activity_factor: Fact[float] | None = None
    number_of_slices: Fact[int] | None = None
    slices: tuple[SliceFacts, ...] = ()


@dataclass(frozen=True)
class Series:
    """One DICOM series: where its slices are, its grid if they make one, what it says, and what is wrong with it.

    files: one a slice, in the order of k; a file of many frames stands once for each. frames: the number of each slice in its file,
    from 1; empty where every file is one slice.
    """

    series_uid: str
    study_uid: str
    patient: str
    modality: str
    description: str
    sop_class_uid: str
    files: tuple[Path, ...]
    grid: Grid | None
    pet: PetFacts | None = None
    refusals: tuple[Notice, ...] = ()
    flags: tuple[Notice, ...] = ()
    date: dt.date | None = None
    frames: tuple[int, ...] = ()

    @property
    def slices(self) -> int:
        return len(self.files)


@dataclass(frozen=True)
class Study:
    """The PET to measure, its stored numbers, the CT that goes with it, and why these were chosen.

    pet_stored: integers (k, j, i) as stored, before slope and SUV factor. No name and no record number.
    """

    pseudonym: str
    study_uid: str
    date: dt.date | None
    pet: Series
    pet_stored: IntArray
    ct: Volume | None
    ct_series: Series | None
    chosen_because: str
    flags: tuple[Notice, ...] = field(default_factory=tuple)
