"""The clock of a written examination: when each bed was scanned, and how activity at that time relates to SUV."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from carpet.core.body import Body

F18_HALF_LIFE_S = 6586.2  # 109.77 min
Decay = Literal["START", "ADMIN", "NONE"]


@dataclass(frozen=True)
class Visit:
    """One visit of the patient: who, when, how much. `uptake_min`: injection to the start of the scan."""

    patient_id: str = "PHANTOM-0001"
    patient_name: str = ""
    injected_at: dt.datetime = dt.datetime(2024, 3, 14, 8, 30)
    uptake_min: float = 60.0
    dose_bq: float = 280.0e6
    half_life_s: float = F18_HALF_LIFE_S
    bed_s: float = 120.0
    bed_gap_s: float = 4.0
    bed_mm: float = 150.0
    age_years: int = 58

    @property
    def scan_at(self) -> dt.datetime:
        """Start of the PET: the decay reference of vendors that correct to the start."""
        return self.injected_at + dt.timedelta(minutes=self.uptake_min)

    @property
    def decay_per_s(self) -> float:
        return math.log(2.0) / self.half_life_s

    def dose_at_scan_bq(self) -> float:
        return self.dose_bq * math.exp(-self.decay_per_s * (self.scan_at - self.injected_at).total_seconds())

    def mean_count_s(self) -> float:
        """From the start of a bed to the time at which its mean count rate occurs."""
        lam, long = self.decay_per_s, self.bed_s
        return math.log(lam * long / (1.0 - math.exp(-lam * long))) / lam


@dataclass(frozen=True)
class BedTimes:
    """Per slice: number of its bed (0 first scanned), when that bed began, and FrameReferenceTime (ms from the scan's start)."""

    bed: NDArray[np.int64]
    acquired_at: tuple[dt.datetime, ...]
    frame_reference_ms: NDArray[np.float64]


def bed_times(heights_mm: NDArray[np.float64], visit: Visit) -> BedTimes:
    """Beds from the thigh to the head (the bladder fills), each `bed_mm` long. `heights_mm`: S of each slice (or of its centre)."""
    bed = ((heights_mm - heights_mm.min()) // visit.bed_mm).astype(np.int64)
    offset_s = bed * (visit.bed_s + visit.bed_gap_s)
    acquired = tuple(visit.scan_at + dt.timedelta(seconds=float(s)) for s in offset_s)
    return BedTimes(bed, acquired, np.asarray((offset_s + visit.mean_count_s()) * 1000.0, dtype=np.float64))


def bqml_per_suv(times: BedTimes, visit: Visit, body: Body, decay: Decay) -> NDArray[np.float64]:
    """Per slice: Bq/mL that a scanner with this decay correction writes for SUVbw 1."""
    suv_one = 1.0 / (body.weight_kg * 1000.0)
    if decay == "START":
        return np.full(times.bed.shape, visit.dose_at_scan_bq() * suv_one)
    if decay == "ADMIN":
        return np.full(times.bed.shape, visit.dose_bq * suv_one)
    lam, long = visit.decay_per_s, visit.bed_s
    since = np.array([(at - visit.injected_at).total_seconds() for at in times.acquired_at])
    during = (1.0 - math.exp(-lam * long)) / (lam * long)
    return np.asarray(visit.dose_bq * suv_one * during * np.exp(-lam * since))
