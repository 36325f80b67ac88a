"""How Siemens, GE and Philips write the same PET/CT: words, private blocks, slopes, time formats, CT numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from pydicom.dataset import Dataset

from carpet.testing.timing import Visit

Units = Literal["BQML", "CNTS", "GML"]


@dataclass(frozen=True)
class Vendor:
    """What differs between vendors; `private(dataset, visit)` adds the vendor's private elements (before pixel values)."""

    manufacturer: str
    pet_model: str
    ct_model: str
    software: str
    units: Units
    nac_units: str
    slope_per_slice: bool
    corrections: tuple[str, ...]
    attenuation: str
    reconstruction: str
    scatter: str
    randoms: str
    start_time_only: bool
    frame_time_to_start: bool
    fractions: int
    ct_intercept: int
    ct_kernel: str
    private: Callable[[Dataset, Visit], None]

    def time(self, at: dt.datetime) -> str:
        """DICOM TM in the vendor's habit; microseconds are written whenever there are any."""
        digits = 6 if at.microsecond else self.fractions
        return at.strftime("%H%M%S") + (f".{at.microsecond:06d}"[: digits + 1] if digits else "")

    def date_time(self, at: dt.datetime) -> str:
        return at.strftime("%Y%m%d") + self.time(at)


def date(at: dt.datetime) -> str:
    return at.strftime("%Y%m%d")


def _siemens_private(dataset: Dataset, visit: Visit) -> None:
    block = dataset.private_block(0x0071, "SIEMENS MED PT", create=True)
    block.add_new(0x22, "DT", SIEMENS.date_time(visit.scan_at))


def _ge_private(dataset: Dataset, visit: Visit) -> None:
    block = dataset.private_block(0x0009, "GEMS_PETD_01", create=True)
    block.add_new(0x0D, "DT", GE.date_time(visit.scan_at))
    block.add_new(0x36, "LO", "FDG -- fluorodeoxyglucose")
    block.add_new(0x38, "FL", visit.dose_bq * 1e-6)
    block.add_new(0x39, "DT", GE.date_time(visit.injected_at))
    block.add_new(0x3B, "DT", GE.date_time(visit.injected_at))
    block.add_new(0x3F, "FL", visit.half_life_s)


def _philips_private(dataset: Dataset, visit: Visit) -> None:
    """The scale factors depend on the values and are added by the writer."""


SIEMENS = Vendor(
    manufacturer="SIEMENS",
    pet_model="Biograph128_mCT",
    ct_model="Biograph128",
    software="VG60A",
    units="BQML",
    nac_units="BQML",
    slope_per_slice=True,
    corrections=("NORM", "DTIM", "ATTN", "SCAT", "DECY", "RAN"),
    attenuation="CT-derived mu-map",
    reconstruction="PSF+TOF 3i21s",
    scatter="Model-based",
    randoms="DLYD",
    start_time_only=False,
    frame_time_to_start=False,
    fractions=6,
    ct_intercept=-1024,
    ct_kernel="B30f",
    private=_siemens_private,
)
GE = Vendor(
    manufacturer="GE MEDICAL SYSTEMS",
    pet_model="Discovery 690",
    ct_model="Discovery 690",
    software="50.00",
    units="BQML",
    nac_units="PROPCNTS",
    slope_per_slice=True,
    corrections=("DECY", "ATTN", "SCAT", "DTIM", "RANSNG", "DCAL", "SLSENS", "NORM"),
    attenuation="measured,, 0.096000 cm-1,",
    reconstruction="VPFX",
    scatter="Model Based",
    randoms="SING",
    start_time_only=False,
    frame_time_to_start=True,
    fractions=2,
    ct_intercept=0,
    ct_kernel="STANDARD",
    private=_ge_private,
)
PHILIPS = Vendor(
    manufacturer="Philips Medical Systems",
    pet_model="GEMINI TF TOF 16",
    ct_model="GEMINI TF TOF 16",
    software="3.5.2",
    units="CNTS",
    nac_units="CNTS",
    slope_per_slice=False,
    corrections=("DECY", "RADL", "ATTN", "SCAT", "DTIM", "RAN", "NORM"),
    attenuation="CTAC-SG",
    reconstruction="BLOB-OS-TF",
    scatter="SS-SIMUL",
    randoms="DLYD",
    start_time_only=True,
    frame_time_to_start=False,
    fractions=0,
    ct_intercept=-1024,
    ct_kernel="B",
    private=_philips_private,
)
VENDORS: Mapping[str, Vendor] = MappingProxyType({"siemens": SIEMENS, "ge": GE, "philips": PHILIPS})
