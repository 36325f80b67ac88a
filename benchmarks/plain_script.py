"""The script a user would write today: pydicom, scipy.ndimage, SUVpeak by convolution. FOLDER OUT.csv

It reads one PET series in Bq/mL, takes SeriesTime as decay reference, labels SUV ≥ 4, keeps regions of at least 3 mL and writes a row a
region. It checks nothing and tells no disease from physiologic uptake: what `carpet measure` does besides is not counted here.
"""

from __future__ import annotations

import csv
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
from scipy import ndimage as ndi

SUV_MIN, ML_MIN, PEAK_RADIUS_MM = 4.0, 3.0, 6.2035


def read_suv(folder: Path) -> tuple[np.ndarray, tuple[float, float, float]]:
    slices = [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]
    slices.sort(key=lambda s: float(s.ImagePositionPatient[2]))
    first = slices[0]
    bq_ml = np.stack([s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept) for s in slices])
    dose = first.RadiopharmaceuticalInformationSequence[0]
    scanned = datetime.strptime(first.SeriesDate + first.SeriesTime[:6], "%Y%m%d%H%M%S")
    injected = datetime.strptime(str(dose.RadiopharmaceuticalStartDateTime)[:14], "%Y%m%d%H%M%S")
    left = float(dose.RadionuclideTotalDose) * 2 ** (-(scanned - injected).total_seconds() / float(dose.RadionuclideHalfLife))
    dz = abs(float(slices[1].ImagePositionPatient[2]) - float(first.ImagePositionPatient[2]))
    dy, dx = (float(mm) for mm in first.PixelSpacing)
    return bq_ml * float(first.PatientWeight) * 1000 / left, (dz, dy, dx)


def sphere(spacing_mm: tuple[float, float, float]) -> np.ndarray:
    half = [int(PEAK_RADIUS_MM // mm) for mm in spacing_mm]
    grid = np.meshgrid(*[np.arange(-n, n + 1) * mm for n, mm in zip(half, spacing_mm, strict=True)], indexing="ij")
    inside = sum(axis**2 for axis in grid) <= PEAK_RADIUS_MM**2
    return inside / inside.sum()


def main(folder: Path, out: Path) -> None:
    suv, spacing_mm = read_suv(folder)
    voxel_ml = np.prod(spacing_mm) / 1000
    labels, count = ndi.label(suv >= SUV_MIN, structure=np.ones((3, 3, 3)))
    index = np.arange(1, count + 1)
    volume_ml = np.bincount(labels.ravel())[1:] * voxel_ml
    keep = index[volume_ml >= ML_MIN]
    peak = ndi.convolve(suv, sphere(spacing_mm), mode="nearest")
    columns = {
        "volume_ml": volume_ml[keep - 1],
        "suv_max": ndi.maximum(suv, labels, keep),
        "suv_mean": ndi.mean(suv, labels, keep),
        "suv_peak": ndi.maximum(peak, labels, keep),
    }
    with out.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["lesion_id", *columns, "tlg_g"])
        for n, row in enumerate(zip(*columns.values(), strict=True), start=1):
            writer.writerow([f"L{n:02d}", *row, row[0] * row[2]])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
