"""What one SUV reference object says of itself, and the numbers it must store: plain formulas, written out apart from `carpet.suv`."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from carpet.core.space import Grid, Quantity, Volume
from carpet.testing.phantom import frame_uid
from carpet.testing.voxels import upright_grid

SHAPE_KJI, SPACING_MM = (20, 16, 16), 4.0  # 20 slices of 4 mm, as IBSI's; 16 × 16 pixels for their 256 × 256
BODY_RADIUS_MM, BODY_HALF_LENGTH_MM, SPHERE_RADIUS_MM = 28.0, 30.0, 9.0
BACKGROUND_SUV, HOT_SUV, COLD_SUV = 1.0, 4.0, 0.2
HOT_CENTRE_MM, COLD_CENTRE_MM = (-13.0, 4.0, 6.0), (13.0, -4.0, -6.0)  # L, P, S from the middle: not symmetric in any axis
WEIGHT_KG, HEIGHT_M, DOSE_BQ, FRAME_S = 70.0, 1.75, 368.08e6, 300.0
PHILIPS_SUV_FACTOR, PHILIPS_ACTIVITY_FACTOR = 0.0005, 0.9  # SUVbw a count, Bq/mL a count
SEXES = ("M", "F")

Decay = Literal["START", "ADMIN", "NONE"]


@dataclass(frozen=True)
class Tracer:
    """The drug's name, its radionuclide's code (SCT) and half-life in s."""

    name: str
    nuclide: tuple[str, str]
    half_life_s: float


FDG = Tracer("FDG", ("77004003", "^18^Fluorine"), 6586.2)
PSMA = Tracer("Ga68-PSMA", ("35337001", "^68^Gallium"), 4057.7)
ZIRCONIUM = Tracer("Zr89-antibody", ("63360001", "^89^Zirconium"), 282240.0)


def clock(time: str, day: int = 1) -> dt.datetime:
    """That time of day in January 2025."""
    return dt.datetime.combine(dt.date(2025, 1, day), dt.time.fromisoformat(time))


INJECTED_AT, SCAN_AT = clock("10:00"), clock("11:00")


@dataclass(frozen=True)
class Description:
    """One object. The patient weighs 70 kg, is 1.75 m tall and got 368.08 MBq.

    scan_at: the time to which the values are corrected under START. beds: when each bed position began; the slices are shared out
    evenly among them. frames_from: what FrameReferenceTime counts from, scan_at unless said. private_at: the vendor's own stamp of
    the scan's start. slopes: one for all slices, or one a slice. rewritten: attributes changed afterwards, by keyword; None: absent.
    """

    manufacturer: str = "Synthetic"
    enhanced: bool = False
    units: str = "BQML"
    suv_type: str = ""
    counts_are: Literal["", "SUV", "activity"] = ""
    sex: str = "O"
    tracer: Tracer = FDG
    dose_in_mbq: bool = False
    decay: Decay = "START"
    injected_at: dt.datetime = INJECTED_AT
    injection: Literal["datetime+time", "datetime", "time"] = "datetime+time"
    scan_at: dt.datetime = SCAN_AT
    series_at: dt.datetime = SCAN_AT
    beds: tuple[dt.datetime, ...] = (SCAN_AT,)
    frames_from: dt.datetime | None = None
    private_at: dt.datetime | None = None
    slopes: tuple[float, ...] = (1.0,)
    rewritten: tuple[tuple[str, str | None], ...] = ()

    def slope(self, k: int) -> float:
        return self.slopes[k % len(self.slopes)]

    def bed(self, k: int) -> dt.datetime:
        """When the bed position of slice k began."""
        return self.beds[k * len(self.beds) // SHAPE_KJI[0]]

    @property
    def decay_per_s(self) -> float:
        return math.log(2.0) / self.tracer.half_life_s

    def mean_count_s(self) -> float:
        """From the start of a frame to the moment whose activity is the frame's mean."""
        exposure = self.decay_per_s * FRAME_S
        return math.log(exposure / (1.0 - math.exp(-exposure))) / self.decay_per_s

    def frame_reference_s(self, k: int) -> float:
        """FrameReferenceTime: the mean count of the slice's frame; on GE the frame's start (so its scanners write: 0 for the first)."""
        since = (self.bed(k) - (self.frames_from or self.scan_at)).total_seconds()
        return since if self.manufacturer.startswith("GE") else since + self.mean_count_s()

    def decay_factor(self, k: int) -> float:
        """DecayFactor: what decay from the reference to the mean count was made good by."""
        reference = self.injected_at if self.decay == "ADMIN" else self.scan_at
        return math.exp(self.decay_per_s * ((self.bed(k) - reference).total_seconds() + self.mean_count_s()))


def reference_grid() -> Grid:
    """The grid of every reference object."""
    spacing = (SPACING_MM, SPACING_MM, SPACING_MM)
    return upright_grid(SHAPE_KJI, spacing, first_centre_lps_mm=(0.0, 0.0, 0.0), frame_uid=frame_uid("reference object"))


def true_suv() -> Volume:
    """SUVbw: a cylinder of 1.0 with a hot sphere of 4.0 and a cold one of 0.2; 0 outside. Median 1.00 over what is not 0."""
    middle = [SPACING_MM * (count - 1) / 2.0 for count in SHAPE_KJI]
    s, p, left = np.meshgrid(*(SPACING_MM * np.arange(n) - m for n, m in zip(SHAPE_KJI, middle, strict=True)), indexing="ij")
    values = np.zeros(SHAPE_KJI, dtype=np.float32)
    values[(np.hypot(left, p) <= BODY_RADIUS_MM) & (np.abs(s) <= BODY_HALF_LENGTH_MM)] = BACKGROUND_SUV
    for (x, y, z), suv in ((HOT_CENTRE_MM, HOT_SUV), (COLD_CENTRE_MM, COLD_SUV)):
        values[(left - x) ** 2 + (p - y) ** 2 + (s - z) ** 2 <= SPHERE_RADIUS_MM**2] = suv
    return Volume(reference_grid(), values, Quantity.SUV_BW)


def per_suv(described: Description, k: int) -> float:
    """What slice k holds, in its own Units, where SUVbw is 1."""
    if described.units == "GML":
        return reference_mass_kg(described.suv_type, described.sex) / WEIGHT_KG
    if described.units == "CM2ML":
        return float(10.0 * 0.007184 * (100.0 * HEIGHT_M) ** 0.725 * WEIGHT_KG**0.425) / WEIGHT_KG  # Du Bois; 10⁴ cm²/m² over 1000 g/kg
    if described.units != "BQML" and described.counts_are != "activity":
        return 1.0 / PHILIPS_SUV_FACTOR
    return activity_per_suv(described, k) / (PHILIPS_ACTIVITY_FACTOR if described.counts_are else 1.0)


def activity_per_suv(described: Description, k: int) -> float:
    """Bq/mL of slice k where SUVbw is 1: injected dose over weight, decayed as the scanner left it."""
    injected_per_g, rate = DOSE_BQ / (1000.0 * WEIGHT_KG), described.decay_per_s
    if described.decay == "ADMIN":
        return injected_per_g
    if described.decay == "START":
        return injected_per_g * math.exp(-rate * (described.scan_at - described.injected_at).total_seconds())
    mean_over_frame = (1.0 - math.exp(-rate * FRAME_S)) / (rate * FRAME_S)
    return injected_per_g * math.exp(-rate * (described.bed(k) - described.injected_at).total_seconds()) * mean_over_frame


def reference_mass_kg(suv_type: str, sex: str) -> float:
    """What takes the weight's place in this SUVType; the mean of both sexes where the patient's is neither (IBSI)."""
    if sex not in SEXES:
        return sum(reference_mass_kg(suv_type, one) for one in SEXES) / len(SEXES)
    male, height_cm = sex == "M", 100.0 * HEIGHT_M
    squared, bmi = (WEIGHT_KG / height_cm) ** 2, WEIGHT_KG / HEIGHT_M**2
    masses = {
        "": WEIGHT_KG,
        "BW": WEIGHT_KG,
        "LBMJAMES128": 1.10 * WEIGHT_KG - 128.0 * squared if male else 1.07 * WEIGHT_KG - 148.0 * squared,
        "LBMJANMA": 9270.0 * WEIGHT_KG / (6680.0 + 216.0 * bmi if male else 8780.0 + 244.0 * bmi),
        "IBW": 48.0 + 1.06 * (height_cm - 152.0) if male else 45.5 + 0.91 * (height_cm - 152.0),
    }
    return masses[suv_type]


def stored_values(described: Description) -> tuple[NDArray[np.int16], Volume]:
    """The integers to store (k, j, i), and the SUVbw that these very integers stand for."""
    wanted = true_suv()
    stored, back = np.empty(SHAPE_KJI, dtype=np.int16), np.empty(SHAPE_KJI, dtype=np.float64)
    for k in range(SHAPE_KJI[0]):
        step = described.slope(k) / per_suv(described, k)
        stored[k] = np.rint(wanted.values[k].astype(np.float64) / step)
        back[k] = stored[k] * step
    return stored, Volume(wanted.grid, back.astype(np.float32), Quantity.SUV_BW)
