"""A PET series as plain pydicom sees it: the facts for validation/suv_oracle.py and a literal geometry. Imports nothing from carpet."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from validation.suv_oracle import oracle

GAP = 0.05  # of the median distance: beyond, slices are missing (FAILURES 38)
CONSTANT = (
    *("Units", "SUVType", "DecayCorrection", "CorrectedImage", "PatientWeight", "PatientSize", "PatientSex", "SeriesDate", "SeriesTime"),
    *("DecayCorrectionDateTime", "RadiopharmaceuticalInformationSequence", "Rows", "Columns", "BitsAllocated", "PixelRepresentation"),
    *("ImageOrientationPatient", "PixelSpacing", "FrameOfReferenceUID", "StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "Modality"),
    *("PatientID", "SamplesPerPixel"),
)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
HOT_SUV = 4.0


class Unreadable(Exception):
    """A value that a literal reader can't take for a number, a date, or one value for the whole series."""


@dataclass(frozen=True)
class Plain:
    """SUV (k, j, i) with k along the normal, the volume of what is hot (mL), and where its centroid lies (LPS mm)."""

    suv: NDArray[np.float64]
    hot_ml: float
    hot_centroid_mm: NDArray[np.float64]


def plain(slices: Sequence[Dataset]) -> Plain:
    """SUV and geometry; raises Unreadable where the oracle refuses, or a literal reader cannot go on."""
    for keyword in CONSTANT:
        if len({_said(one, keyword) for one in slices}) > 1:
            raise Unreadable(f"{keyword} differs")
    ordered, affine = _stacked(slices)
    if len(ordered) != len(slices):  # exact copies were dropped
        slices = ordered
    factors, codes = oracle(facts(ordered))
    if factors is None:
        raise Unreadable(", ".join(sorted(codes)))
    suv = np.stack([one.pixel_array.astype(np.float64) * factor for one, factor in zip(ordered, factors, strict=True)])
    return Plain(suv, *hot(suv, affine))


def hot(suv: NDArray[Any], affine: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Volume above SUV 4 in mL, and its centroid in the frame of `affine` (k, j, i to mm)."""
    index = np.argwhere(suv > HOT_SUV)
    centre = index.mean(axis=0) if len(index) else np.zeros(3)
    return len(index) * abs(float(np.linalg.det(affine[:3, :3]))) / 1000.0, affine[:3, :3] @ centre + affine[:3, 3]


def _said(one: Dataset, keyword: str) -> str:
    if keyword not in one:
        return ""
    element = one[keyword]
    return element.value.__repr__() if element.VR == "SQ" else str(element.value).strip()


def _stacked(slices: Sequence[Dataset]) -> tuple[list[Dataset], NDArray[np.float64]]:
    """The slices along their normal, and the affine of an even stack."""
    row, column = np.array(_numbers(slices[0], "ImageOrientationPatient", 6)).reshape(2, 3)
    normal = np.cross(row, column)
    down, across = _numbers(slices[0], "PixelSpacing", 2)
    places = [np.array(_numbers(one, "ImagePositionPatient", 3)) for one in slices]
    order = sorted(range(len(slices)), key=lambda n: float(places[n] @ normal))
    kept: list[int] = []
    for n in order:
        twin = kept and abs(float((places[n] - places[kept[-1]]) @ normal)) < 0.01
        if not twin:
            kept.append(n)
        elif slices[n].PixelData != slices[kept[-1]].PixelData:
            raise Unreadable("two slices at one place")
    heights = np.array([float(places[n] @ normal) for n in kept])
    gaps = np.diff(heights)
    if not gaps.size or np.abs(gaps - np.median(gaps)).max() > GAP * np.median(gaps):
        raise Unreadable("a gap")
    drift = np.stack([places[n] - places[kept[0]] for n in kept])
    if np.linalg.norm(drift - (drift @ normal)[:, None] * normal, axis=1).max() > 0.5 * min(down, across):
        raise Unreadable("a tilted stack")
    if max(abs(float(row @ row) - 1), abs(float(column @ column) - 1), abs(float(row @ column))) > 1e-3:
        raise Unreadable("cosines")
    affine = np.eye(4)
    affine[:3, 0] = (places[kept[-1]] - places[kept[0]]) / (len(kept) - 1)
    affine[:3, 1], affine[:3, 2], affine[:3, 3] = column * down, row * across, places[kept[0]]
    return [slices[n] for n in kept], affine


def _text(one: Dataset, keyword: Any) -> str | None:
    """The stored text, None where absent or empty; several values joined by a backslash."""
    if keyword not in one:
        return None
    raw = one.get_item(keyword).value
    if isinstance(raw, bytes):
        text = raw.decode("latin-1").strip("\0 ")
    else:
        value = one[keyword].value
        text = "\\".join(map(str, value)) if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue" else str(value)
    return text.strip() or None


def _numbers(one: Dataset, keyword: Any, count: int) -> list[float]:
    parts = (_text(one, keyword) or "").split("\\")
    if len(parts) != count or not all(NUMBER.fullmatch(part.strip()) for part in parts):
        raise Unreadable(f"{keyword}: {parts}")
    return [float(part) for part in parts]


def _number(one: Dataset, keyword: Any) -> float | None:
    if _text(one, keyword) is None:
        return None
    if keyword in one and one[keyword].VR in ("US", "FL", "FD"):
        return float(one[keyword].value)
    (number,) = _numbers(one, keyword, 1)
    if not np.isfinite(number):
        raise Unreadable(f"{keyword}: not finite")
    return number


def _moment(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d{8})(\d{2})(\d{2})?(\d{2})?(\.\d{1,6})?", text)
    if not match:
        raise Unreadable(f"a date and time: {text}")
    try:
        at = dt.datetime.strptime(f"{match[1]}{match[2]}{match[3] or '00'}{match[4] or '00'}", "%Y%m%d%H%M%S")
    except ValueError as error:
        raise Unreadable(f"a date and time: {text}") from error
    return at + dt.timedelta(seconds=float(f"0{match[5] or ''}"))


def _two(one: Dataset, date: str, time: str) -> dt.datetime | None:
    day, clock = _text(one, date), _text(one, time)
    if day is None or clock is None:
        return None
    if not re.fullmatch(r"\d{8}", day):
        raise Unreadable(f"a date: {day}")
    return _moment(day + clock)


def facts(slices: Sequence[Dataset]) -> dict[str, Any]:
    """What suv_oracle.oracle asks for, read tag by tag."""
    top = slices[0]
    items = top.get("RadiopharmaceuticalInformationSequence") or [Dataset()]
    if len(items) != 1:
        raise Unreadable("more than one radiopharmaceutical")
    drug, clock = items[0], _text(items[0], "RadiopharmaceuticalStartTime")
    start = _moment(f"20240101{clock}") if clock else None
    ge, philips = _text(top, 0x00090010) == "GEMS_PETD_01", _text(top, 0x70530010) == "Philips PET Private Group"
    return {
        "units": _text(top, "Units"),
        "suv_type": _text(top, "SUVType"),
        "decay_correction": _text(top, "DecayCorrection"),
        "corrected_image": _parts(top, "CorrectedImage"),
        "series_type": _parts(top, "SeriesType"),
        "weight_kg": _number(top, "PatientWeight"),
        "height_m": _number(top, "PatientSize"),
        "sex": _text(top, "PatientSex"),
        "dose": _number(drug, "RadionuclideTotalDose"),
        "half_life_s": _number(drug, "RadionuclideHalfLife"),
        "nuclide_code": _code(drug, "RadionuclideCodeSequence"),
        "tracer_code": _code(drug, "RadiopharmaceuticalCodeSequence"),
        "injected_at": _moment(_text(drug, "RadiopharmaceuticalStartDateTime")),
        "injected_time": start.time() if start else None,
        "decay_reference_at": _moment(_text(top, "DecayCorrectionDateTime")),
        "series_at": _two(top, "SeriesDate", "SeriesTime"),
        "ge_scan_at": _moment(_text(top, 0x0009100D)) if ge else None,
        "ge_injected_at": _moment(_text(top, 0x0009103B)) if ge else None,
        "philips_suv_factor": _number(top, 0x70531000) if philips else None,
        "philips_activity_factor": _number(top, 0x70531009) if philips else None,
        "number_of_slices": _number(top, "NumberOfSlices"),
        "slices": [_slice(one) for one in slices],
    }


def _parts(one: Dataset, keyword: str) -> tuple[str, ...] | None:
    text = _text(one, keyword)
    return tuple(part.strip() for part in text.split("\\")) if text else None


def _code(drug: Dataset, keyword: str) -> str | None:
    items = drug.get(keyword) or []
    return _text(items[0], "CodeValue") if len(items) else None


def _slice(one: Dataset) -> dict[str, Any]:
    return {
        "slope": _number(one, "RescaleSlope"),
        "intercept": _number(one, "RescaleIntercept"),
        "acquired_at": _two(one, "AcquisitionDate", "AcquisitionTime"),
        "frame_reference_ms": _number(one, "FrameReferenceTime"),
        "frame_duration_ms": _number(one, "ActualFrameDuration"),
    }
