"""T20: the same scan at another time of day, of the year and of the machine has the same SUV, voxel by voxel, to 1e-9.

A case is a vendor's way of writing, a way of stating the injection, a decay correction, and a moment: midnight between injection and
scan, or between two beds; the hours that daylight saving skips or repeats; 29 February; the last minute of a year, of a century. The
machine's own time zone changes with the case (also to zones in which that hour does not exist). The same scan at noon is the truth.

A failure is: a refusal, an SUV that differs from noon's by more than 1e-9 relative in any voxel, another uptake time, or a flag that
noon's scan has not; but `MIDNIGHT`, which is right where the injection is a time without a date and midnight lies between, must be there.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from validation.reliability.score import Score

from carpet.core.errors import Refused, Severity
from carpet.core.protocol import SuvProtocol
from carpet.run.opening import found_under, open_study
from carpet.suv.volume import to_suv
from carpet.testing import PhantomScan, Storage, Visit, simple_phantom, write_study

NOON = dt.datetime(2024, 5, 15, 12, 0)
SAME = 1e-9
AUTO = SuvProtocol()
MOMENTS = {  # when the scan begins, 62 min after the injection; beds of 80 mm are 124 s apart
    "midnight between injection and scan": dt.datetime(2024, 5, 15, 0, 20),
    "scan at midnight": dt.datetime(2024, 5, 15, 0, 0),
    "midnight between two beds": dt.datetime(2024, 5, 14, 23, 58, 30),
    "injection at midnight": dt.datetime(2024, 5, 15, 1, 2),
    "spring forward in Europe": dt.datetime(2024, 3, 31, 3, 10),
    "inside the hour that Europe skips": dt.datetime(2024, 3, 31, 2, 30),
    "autumn back in Europe": dt.datetime(2024, 10, 27, 2, 45),
    "spring forward in America": dt.datetime(2024, 3, 10, 2, 40),
    "autumn back in America": dt.datetime(2024, 11, 3, 1, 50),
    "skipped midnight in Cairo": dt.datetime(2024, 4, 26, 0, 30),
    "29 February": dt.datetime(2024, 2, 29, 10, 0),
    "into 29 February": dt.datetime(2024, 2, 29, 0, 15),
    "out of 29 February": dt.datetime(2024, 3, 1, 0, 15),
    "no 29 February": dt.datetime(2023, 3, 1, 0, 15),
    "the year's end": dt.datetime(2025, 1, 1, 0, 30),
    "the year's end between two beds": dt.datetime(2024, 12, 31, 23, 59, 0),
    "the century's end": dt.datetime(2000, 1, 1, 0, 30),
    "29 February 2000": dt.datetime(2000, 2, 29, 0, 30),
    "before the epoch": dt.datetime(1969, 12, 31, 23, 59, 0),
    "after 2038": dt.datetime(2038, 1, 19, 3, 14, 7),
    "a leap second's eve": dt.datetime(2016, 12, 31, 23, 58, 57),
}
VENDORS, INJECTIONS, DECAYS = ("siemens", "ge", "philips"), ("vendor", "datetime", "time", "datetime+time"), ("START", "ADMIN", "NONE")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Pacific/Kiritimati", "Asia/Kathmandu", "Australia/Lord_Howe")


@dataclass(frozen=True)
class Case:
    """One scan on disk and the clock of the machine that reads it."""

    vendor: str
    injection: str
    decay: str
    moment: str
    zone: str

    def visit(self, scan_at: dt.datetime) -> Visit:
        return Visit(injected_at=scan_at - dt.timedelta(minutes=62), uptake_min=62.0, bed_mm=80.0)

    @property
    def storage(self) -> Storage:
        units = "BQML" if self.decay == "NONE" else None  # Philips' counts need no clock at all
        return Storage(with_ct=False, injection=self.injection, decay=self.decay, units=units)  # type: ignore[arg-type]


def cases(size: int) -> Iterator[Case]:
    """`size` cases; all moments come first, and each round pairs them with other habits and zones."""
    habits = list(
        itertools.product(("siemens", "ge", "philips"), ("vendor", "datetime", "time", "datetime+time"), ("START", "ADMIN", "NONE"))
    )
    moments = list(MOMENTS)
    for n in range(size):
        lap, place = divmod(n, len(moments))
        vendor, injection, decay = habits[(n + 7 * lap) % len(habits)]
        yield Case(vendor, injection, decay, moments[place], ZONES[(n + lap) % len(ZONES)])


@dataclass(frozen=True)
class Read:
    """What carpet makes of one scan."""

    suv: NDArray[np.float32]
    uptake_s: float | None
    warnings: frozenset[str]


def read(scan: PhantomScan, case: Case, scan_at: dt.datetime, folder: Path) -> Read:
    """Write the scan as of `scan_at`, and read it; raises Refused."""
    shutil.rmtree(folder, ignore_errors=True)
    write_study(scan, folder, vendor=case.vendor, visit=case.visit(scan_at), storage=case.storage)
    with found_under([folder], AUTO) as found:
        study = open_study(found)
        decided = found.quantifications[study.pet.series_uid]
        suv = to_suv(study, AUTO, decided=decided).values
    codes = frozenset(notice.code for notice in (*study.flags, *decided.flags) if notice.severity is Severity.WARNING)
    return Read(suv, decided.uptake_s, codes)


def fault(scan: PhantomScan, case: Case, noon: Read, folder: Path) -> str:
    """What is wrong with this case, empty where nothing is."""
    scan_at = MOMENTS[case.moment]
    try:
        here = read(scan, case, scan_at, folder)
    except Refused as error:
        return f"refused: {', '.join(error.codes)}"
    scale = float(np.abs(noon.suv).max())
    apart = float(np.abs(here.suv - noon.suv).max()) / scale
    if apart > SAME:
        return f"SUV differs by {apart:.2g}"
    if here.uptake_s is not None and noon.uptake_s is not None and abs(here.uptake_s - noon.uptake_s) > 1e-6:
        return f"uptake {here.uptake_s} s, at noon {noon.uptake_s} s"
    extra = here.warnings ^ noon.warnings
    dateless = case.injection == "time" or (case.injection == "vendor" and case.vendor == "philips")
    crossed = case.visit(scan_at).injected_at.date() < scan_at.date()
    told = {"MIDNIGHT"} if dateless and crossed and extra <= {"MIDNIGHT"} else set()
    needed = dateless and crossed and here.uptake_s is not None
    if extra - told or (needed and "MIDNIGHT" not in here.warnings):
        return f"flags {sorted(here.warnings)}, at noon {sorted(noon.warnings)}"
    return ""


def run(size: int, work: Path) -> Score:
    """`size` scans beside their like at noon."""
    whole = simple_phantom(spacing_mm=20.0)
    scan = replace(whole, suv=whole.suv.cropped((slice(0, 8), slice(3, 9), slice(4, 10))))
    noons: dict[tuple[str, str, str], Read] = {}
    failed, zone_before = [], os.environ.get("TZ")
    try:
        for case in cases(size):
            os.environ["TZ"] = case.zone
            time.tzset()
            habit = (case.vendor, case.injection, case.decay)
            if habit not in noons:
                noons[habit] = read(scan, case, NOON, work / "noon")
            if said := fault(scan, case, noons[habit], work / "case"):
                failed.append(f"{case.moment}, {case.vendor}, {case.injection}, {case.decay}, TZ {case.zone}: {said}")
    finally:
        os.environ.pop("TZ", None)
        os.environ.update({} if zone_before is None else {"TZ": zone_before})
        time.tzset()
    note = f"{len(MOMENTS)} moments, {len(noons)} ways of writing, {len(ZONES)} time zones of the machine"
    return Score("T20", "the clock changes no number", size, tuple(failed), notes=(note,))
