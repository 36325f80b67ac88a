"""Ways to make a PET header wrong, in one slice or in all: what scanners, archives, anonymisers and people have done to one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

Rng = np.random.Generator
FACTORS = (0, -1, 1e-6, 1e-3, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1.001, 1.01, 1.1, 2, 10, 100, 1000, 1e6, 2.2046, 0.4536, 37e6, 2.7e-8)
SHIFTS_S = (0.5, 2, 10, 30, 59, 61, 90, 124, 300, 600, 1800, 3600, 7200, 12 * 3600, 86400, 2 * 86400, 30 * 86400, 365 * 86400)
NO_NUMBER = ("", "NaN", "inf", "1,5", "abc", "1e999", "12 kg", "1\\2", "0x10", "-")
NO_TIME = ("", "9:30:00", "2024-03-14", "246000", "20240230", "99999999", "noon", "0", "12.5")
DRUG = "RadiopharmaceuticalInformationSequence"
NUMBERS = (
    *(("PatientWeight", ""), ("PatientSize", ""), ("RadionuclideTotalDose", DRUG), ("RadionuclideHalfLife", DRUG), ("RescaleSlope", "")),
    *(("RescaleIntercept", ""), ("ActualFrameDuration", ""), ("FrameReferenceTime", ""), ("SliceThickness", "")),
    *((0x70531000, ""), (0x70531009, "")),
)
TIMES = (
    *(("SeriesTime", ""), ("SeriesDate", ""), ("AcquisitionTime", ""), ("AcquisitionDate", ""), ("RadiopharmaceuticalStartTime", DRUG)),
    *(("RadiopharmaceuticalStartDateTime", DRUG), (0x0009100D, ""), (0x0009103B, ""), (0x00711022, "")),
)
WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Units", ("", "BQML", "CNTS", "GML", "CM2ML", "PROPCNTS", "bqml", "KBQML")),
    ("SUVType", ("", "BW", "LBM", "LBMJANMA", "BSA", "IBW", "SUV")),
    ("DecayCorrection", ("", "START", "ADMIN", "NONE", "start", "YES")),
    ("CorrectedImage", ("", "ATTN", "DECY", "ATTN\\DECY", "NORM\\ATTN\\SCAT", "NORM\\DTIM\\SCAT\\DECY")),
    ("SeriesType", ("", "STATIC\\IMAGE", "DYNAMIC\\IMAGE", "GATED\\IMAGE", "WHOLE BODY\\REPROJECTION", "WHOLE BODY")),
    ("ImageType", ("", "DERIVED\\SECONDARY", "ORIGINAL\\PRIMARY\\MIP")),
    ("PatientSex", ("", "O", "F", "M", "m")),
    ("Manufacturer", ("", "IMAGE SYSTEMS", "Unknown", "GE MEDICAL SYSTEMS", "Philips Medical Systems", "SIEMENS")),
    ("Modality", ("", "NM", "CT", "OT")),
    ("FrameOfReferenceUID", ("", "1.2.3.4")),
    ("SeriesInstanceUID", ("", "1.2.3.5")),
    ("StudyInstanceUID", ("", "1.2.3.6")),
    ("PatientID", ("", "SOMEBODY-ELSE")),
    ("SOPInstanceUID", ("", "1.2.3.7")),
)


@dataclass(frozen=True)
class Wrong:
    """One mutation: what was done, and to how many of the slices."""

    what: str
    slices: int


Way = Callable[[list[Dataset], Rng], Wrong]


def mutated(slices: list[Dataset], rng: Rng) -> Wrong:
    """Change `slices` in place (copies, to change at will; slices may go or come), and say what was done."""
    return WAYS[int(rng.integers(len(WAYS)))](slices, rng)


def _picked(slices: list[Dataset], rng: Rng) -> list[Dataset]:
    """All slices, or one."""
    return slices if rng.random() < 0.6 else [slices[int(rng.integers(len(slices)))]]


def _one_of(values: Any, rng: Rng) -> Any:
    return values[int(rng.integers(len(values)))]


def put(one: Dataset, where: Any, text: str) -> None:
    """Write the bytes of a text, whatever the standard thinks of them; "" takes the attribute away."""
    tag = Tag(where)
    if not text:
        one.pop(tag, None)
        return
    vr = one[tag].VR if tag in one else dictionary_VR(tag)
    raw = text.encode() + b" " * (len(text.encode()) % 2)
    one[tag] = RawDataElement(tag, vr, len(raw), raw, 0, False, True)


def _inside(one: Dataset, under: str) -> Dataset:
    return one[under].value[0] if under else one


def _number(slices: list[Dataset], rng: Rng) -> Wrong:
    """A number becomes another, no number, or none."""
    here = [(key, under) for key, under in NUMBERS if Tag(key) in _inside(slices[0], under)]
    key, under = _one_of(here, rng)
    factor, nonsense, garbled = _one_of(FACTORS, rng), _one_of(NO_NUMBER, rng), rng.random() < 0.2
    chosen = _picked(slices, rng)
    for one in chosen:
        item = _inside(one, under)
        if Tag(key) in item:
            old = float(item[key].value)
            shifted = old + 100.0 if key == "RescaleIntercept" else old * factor
            put(item, key, nonsense if garbled else f"{shifted:.9g}")
    return Wrong(f"{key if isinstance(key, str) else hex(key)} {nonsense!r}" if garbled else f"{key} × {factor:g}", len(chosen))


def _time(slices: list[Dataset], rng: Rng) -> Wrong:
    """A date or time moves, is no time, or is gone."""
    here = [(key, under) for key, under in TIMES if Tag(key) in _inside(slices[0], under)]
    key, under = _one_of(here, rng)
    nonsense, garbled, seconds = _one_of(NO_TIME, rng), rng.random() < 0.2, _one_of(SHIFTS_S, rng) * _one_of((1, -1), rng)
    chosen = _picked(slices, rng)
    for one in chosen:
        item = _inside(one, under)
        if Tag(key) in item:
            put(item, key, nonsense if garbled else shifted(str(item[key].value), seconds))
    name = key if isinstance(key, str) else hex(key)
    return Wrong(f"{name} {nonsense!r}" if garbled else f"{name} {seconds:+g} s", len(chosen))


def shifted(text: str, seconds: float) -> str:
    """A DA, TM or DT moved; a DA by whole days, at least one; a TM around the clock."""
    import datetime as dt

    if len(text) == 8 and text.isdigit():
        days = max(1, round(abs(seconds) / 86400)) * (1 if seconds > 0 else -1)
        return (dt.datetime.strptime(text, "%Y%m%d") + dt.timedelta(days=days)).strftime("%Y%m%d")
    dated = len(text.partition(".")[0]) == 14
    at = dt.datetime.strptime((text if dated else f"20240314{text}").partition(".")[0], "%Y%m%d%H%M%S")
    at += dt.timedelta(seconds=float(f"0.{text.partition('.')[2] or 0}") + seconds)
    return at.strftime("%Y%m%d%H%M%S.%f" if dated else "%H%M%S.%f")


def _word(slices: list[Dataset], rng: Rng) -> Wrong:
    key, values = _one_of(WORDS, rng)
    value, chosen = _one_of(values, rng), _picked(slices, rng)
    for one in chosen:
        put(one, key, value)
    return Wrong(f"{key} = {value!r}", len(chosen))


def _code(slices: list[Dataset], rng: Rng) -> Wrong:
    """Another nuclide or tracer, or two radiopharmaceuticals."""
    kind, value, chosen = (
        _one_of(("RadionuclideCodeSequence", "RadiopharmaceuticalCodeSequence", DRUG), rng),
        "80751004",
        _picked(slices, rng),
    )
    for one in chosen:
        if kind == DRUG:
            one[DRUG].value.append(one[DRUG].value[0])
        else:
            put(_inside(one, DRUG)[kind].value[0], "CodeValue", value)
    return Wrong(f"{kind}: another", len(chosen))


def _position(slices: list[Dataset], rng: Rng) -> Wrong:
    """A slice, or all, lies elsewhere."""
    axis, mm, chosen = (
        int(rng.integers(3)),
        _one_of((0.05, 0.5, 0.9, 3.0, 10.0, 20.0, 200.0, 1e6), rng) * _one_of((1, -1), rng),
        _picked(slices, rng),
    )
    for one in chosen:
        place = [float(x) for x in one.ImagePositionPatient]
        place[axis] += mm
        put(one, "ImagePositionPatient", "\\".join(f"{x:.9g}" for x in place))
    return Wrong(f"ImagePositionPatient[{axis}] {mm:+g} mm", len(chosen))


def _plane(slices: list[Dataset], rng: Rng) -> Wrong:
    """Orientation, spacing, rows and columns: swapped, scaled, turned, gone."""
    key, value = _one_of(
        (
            *(
                ("ImageOrientationPatient", text)
                for text in ("", "0\\1\\0\\1\\0\\0", "-1\\0\\0\\0\\1\\0", "1\\0\\0\\0\\0.9\\0.436", "1\\0\\0\\0\\2\\0")
            ),
            *(("PixelSpacing", text) for text in ("", "20\\10", "10\\20", "2\\2", "0\\20", "20.2\\20.2", "20", "2e2\\2e2")),
            *(("size", text) for text in ("swapped", "rows + 1", "columns - 1")),
        ),
        rng,
    )
    chosen = _picked(slices, rng)
    for one in chosen:
        if key != "size":
            put(one, key, value)
        elif value == "swapped":
            one.Rows, one.Columns = one.Columns, one.Rows
        else:
            one.Rows, one.Columns = one.Rows + (value == "rows + 1"), one.Columns - (value == "columns - 1")
    return Wrong(f"{key} {value!r}", len(chosen))


def _slices(slices: list[Dataset], rng: Rng) -> Wrong:
    """Slices are missing, stand twice, or every second one is gone; NumberOfSlices says something else."""
    import copy

    way, n = int(rng.integers(6)), int(rng.integers(len(slices)))
    if way == 0:
        del slices[n]
        return Wrong(f"slice {n} removed", 1)
    if way == 1:
        slices[:] = slices[: max(2, n)] if rng.random() < 0.5 else slices[min(n, len(slices) - 2) :]
        return Wrong("an end removed", 1)
    if way == 2:
        del slices[1::2]
        return Wrong("every second slice removed", len(slices))
    if way == 3:
        number = _one_of((1, len(slices) - 1, len(slices) + 1, 99), rng)
        for one in (chosen := _picked(slices, rng)):
            one.NumberOfSlices = number
        return Wrong(f"NumberOfSlices = {number}", len(chosen))
    twin = copy.deepcopy(slices[n])
    twin.SOPInstanceUID = twin.file_meta.MediaStorageSOPInstanceUID = f"{twin.SOPInstanceUID}.1"[-64:]
    if way == 5:
        twin.PixelData = bytes(reversed(twin.PixelData))
    slices.append(twin)
    return Wrong(f"slice {n} twice" + (", with other pixels" if way == 5 else ""), 1)


def _pixels(slices: list[Dataset], rng: Rng) -> Wrong:
    """How voxels are stored: sign, bits, length; the pixels of another slice."""
    chosen, way = _picked(slices, rng), int(rng.integers(4))
    for one in chosen:
        if way == 0:
            one.PixelRepresentation = 1 - one.PixelRepresentation
        elif way == 1:
            one.BitsStored, one.HighBit = 12, 11
        elif way == 2:
            one.PixelData = one.PixelData[:-2]
        else:
            one.BitsAllocated = 8
    return Wrong(("PixelRepresentation", "BitsStored", "PixelData cut", "BitsAllocated")[way], len(chosen))


WAYS: tuple[Way, ...] = (*(_number,) * 6, *(_time,) * 5, *(_word,) * 4, _code, *(_position,) * 2, *(_plane,) * 2, *(_slices,) * 2, _pixels)
