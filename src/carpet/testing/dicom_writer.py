"""Phantoms as DICOM: writes a PET and a CT series in the manner of a vendor, the same bytes for the same input."""

from __future__ import annotations

import copy
import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import UID, generate_uid

from carpet.core.body import Body
from carpet.core.space import Volume
from carpet.testing.headers import PetKind, add_isotope, ct_header, pet_header
from carpet.testing.orientation import CANONICAL, reoriented
from carpet.testing.phantom import UID_ROOT, PhantomScan
from carpet.testing.timing import BedTimes, Decay, Visit, bed_times, bqml_per_suv
from carpet.testing.vendors import VENDORS, Units, Vendor, date

STORED_MAX = 32760  # just below the int16 limit, so that a rounded slope cannot overflow
HU_LIMITS = (-1024.0, 3071.0)  # what a CT stores
ZIP_EPOCH = (2024, 1, 1, 0, 0, 0)
NAC_SHARE = 0.35  # of the corrected uptake that a series without attenuation correction shows

Edit = Callable[[Dataset, int], None]
Injection = Literal["vendor", "datetime+time", "datetime", "time", "none"]


@dataclass(frozen=True)
class Storage:
    """How a study is written. `units` and `injection` None / "vendor": the vendor's habit.

    orientation: directions of k, j, i (one of 48), PET and CT alike. jitter_spacing: slice positions as on a real GE (3.19–3.29 at
    nominal 3.27 mm). shuffled_names: one folder, names that say nothing. zipped: one zip file instead of loose files.
    """

    orientation: str = CANONICAL
    units: Units | None = None
    decay: Decay = "START"
    injection: Injection = "vendor"
    with_ct: bool = True
    with_nac: bool = False
    implicit_vr: bool = False
    jitter_spacing: bool = False
    shuffled_names: bool = False
    zipped: bool = False


@dataclass(frozen=True)
class WrittenStudy:
    """What was written where. Files in the order of the stored k axis (inside the zip when zipped, relative to its root).

    suv_step_max: the largest step between neighbouring stored values, in SUVbw; the rounding error is half of it.
    """

    path: Path
    study_uid: str
    pet_series_uid: str
    ct_series_uid: str | None
    nac_series_uid: str | None
    pet_files: tuple[Path, ...]
    ct_files: tuple[Path, ...]
    nac_files: tuple[Path, ...]
    suv_step_max: float
    vendor: str
    visit: Visit
    storage: Storage


@dataclass(frozen=True)
class _Slice:
    """What one file holds beyond its series' header."""

    stored: NDArray[np.int16]
    position_lps_mm: NDArray[np.float64]
    set_more: Callable[[Dataset], None]


def write_study(
    scan: PhantomScan,
    folder: Path,
    *,
    vendor: str = "siemens",
    visit: Visit | None = None,
    storage: Storage | None = None,
    edit: Edit | None = None,
) -> WrittenStudy:
    """Write the scan below `folder` (made if absent); `edit(dataset, index)` may change each data set just before it is written.

    The same scan, visit and storage give the same bytes. Values beyond int16 are never clipped: the slope is chosen to hold them.
    """
    visit, storage, style = visit or Visit(), storage or Storage(), VENDORS[vendor]
    seed = ("study", scan.phantom.name, scan.phantom.seed, vendor, repr(visit), repr(storage), scan.suv.grid.frame_uid)
    uids = {what: _uid(*seed, what) for what in ("study", "pet", "ct", "nac")}
    sink = _Sink(folder, storage)
    write = _Writer(sink, style, visit, storage, edit, uids["study"], scan.suv.grid.frame_uid)
    pet_files, step = write.pet(scan, uids["pet"], attenuated=True)
    nac_files, _ = write.pet(scan, uids["nac"], attenuated=False) if storage.with_nac else ((), 0.0)
    ct_files = write.ct(scan, uids["ct"]) if storage.with_ct and scan.ct is not None else ()
    return WrittenStudy(
        path=sink.close(),
        study_uid=uids["study"],
        pet_series_uid=uids["pet"],
        ct_series_uid=uids["ct"] if ct_files else None,
        nac_series_uid=uids["nac"] if nac_files else None,
        pet_files=pet_files,
        ct_files=ct_files,
        nac_files=nac_files,
        suv_step_max=step,
        vendor=vendor,
        visit=visit,
        storage=storage,
    )


class _Sink:
    """Where files go: loose below a folder, or into one zip with fixed dates."""

    def __init__(self, folder: Path, storage: Storage) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._shuffled = folder, storage.shuffled_names
        self._zip = zipfile.ZipFile(folder / "study.zip", "w", zipfile.ZIP_STORED) if storage.zipped else None

    def name(self, series: str, number: int, sop_uid: str) -> Path:
        if self._shuffled:
            return Path(hashlib.sha256(sop_uid.encode()).hexdigest()[:16])
        return Path(series) / f"IM{number:04d}.dcm"

    def put(self, name: Path, content: bytes) -> Path:
        if self._zip is not None:
            self._zip.writestr(zipfile.ZipInfo(name.as_posix(), ZIP_EPOCH), content)
            return name
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def close(self) -> Path:
        if self._zip is None:
            return self._folder
        self._zip.close()
        return self._folder / "study.zip"


@dataclass(frozen=True)
class _Writer:
    sink: _Sink
    vendor: Vendor
    visit: Visit
    storage: Storage
    edit: Edit | None
    study_uid: str
    frame_uid: str

    def pet(self, scan: PhantomScan, series_uid: str, *, attenuated: bool) -> tuple[tuple[Path, ...], float]:
        volume = reoriented(scan.suv, self.storage.orientation)
        units = (self.storage.units or self.vendor.units) if attenuated else self.vendor.nac_units
        header = self._pet_header(scan.body, PetKind(units, self.storage.decay, attenuated))
        times = bed_times(_slice_heights(volume), self.visit)
        per_suv = bqml_per_suv(times, self.visit, scan.body, self.storage.decay)
        if units == "CNTS":
            per_suv = np.full(per_suv.shape, 1.0 / _philips_factors(header, float(per_suv[0]), self.storage.decay))
        elif units == "GML":
            per_suv = np.ones_like(per_suv)
        slopes = _slopes(volume, per_suv, each=self.vendor.slope_per_slice, share=1.0 if attenuated else NAC_SHARE)
        header.NumberOfSlices = len(slopes)
        slices = self._pet_slices(volume, times, per_suv * (1.0 if attenuated else NAC_SHARE), slopes)
        files = self._series("PT_AC" if attenuated else "PT_NAC", header, volume, series_uid, slices)
        step = float(max(float(slope) / scale for slope, scale in zip(slopes, per_suv, strict=True)))
        return files, step

    def _pet_header(self, body: Body, kind: PetKind) -> FileDataset:
        header = pet_header(self.vendor, self.visit, body, kind=kind, implicit_vr=self.storage.implicit_vr)
        habit = "time" if self.vendor.start_time_only else "datetime+time"
        add_isotope(header, self.vendor, self.visit, habit if self.storage.injection == "vendor" else self.storage.injection)
        self.vendor.private(header, self.visit)
        return header

    def _pet_slices(self, volume: Volume, times: BedTimes, per_suv: NDArray[np.float64], slopes: list[str]) -> Iterator[_Slice]:
        for index, position in enumerate(self._positions(volume)):
            scale = np.float64(per_suv[index] / float(slopes[index]))
            stored = np.rint(volume.values[index].astype(np.float64) * scale).astype(np.int16)

            def more(dataset: Dataset, index: int = index) -> None:
                at = times.acquired_at[index]
                dataset.AcquisitionDate, dataset.AcquisitionTime = date(at), self.vendor.time(at)
                dataset.ContentDate, dataset.ContentTime = date(at), self.vendor.time(at)
                to_start_ms = 1000.0 * self.visit.mean_count_s() if self.vendor.frame_time_to_start else 0.0
                dataset.FrameReferenceTime = f"{times.frame_reference_ms[index] - to_start_ms:.3f}"
                if self.storage.decay != "NONE":
                    dataset.DecayFactor = _decay_factor(self.visit, self.storage.decay, times, index)
                dataset.RescaleSlope = slopes[index]
                dataset.ImageIndex = index + 1

            yield _Slice(stored, position, more)

    def ct(self, scan: PhantomScan, series_uid: str) -> tuple[Path, ...]:
        assert scan.ct is not None
        volume = reoriented(scan.ct, self.storage.orientation)
        header = ct_header(self.vendor, self.visit, scan.body, implicit_vr=self.storage.implicit_vr)

        def slices() -> Iterator[_Slice]:
            for index in range(volume.grid.shape_kji[0]):
                hu = np.clip(np.rint(volume.values[index]), *HU_LIMITS)
                stored = (hu - self.vendor.ct_intercept).astype(np.int16)
                yield _Slice(stored, volume.grid.to_lps_mm((index, 0, 0)), lambda dataset: None)

        return self._series("CT", header, volume, series_uid, slices())

    def _positions(self, volume: Volume) -> Iterator[NDArray[np.float64]]:
        slices = volume.grid.shape_kji[0]
        shift = np.zeros(slices)
        if self.storage.jitter_spacing:
            shift = _jitter(slices, volume.grid.spacing_mm_kji[0])
        along = volume.grid.affine_lps[:3, 0] / volume.grid.spacing_mm_kji[0]
        for index in range(slices):
            yield volume.grid.to_lps_mm((index, 0, 0)) + along * shift[index]

    def _series(self, name: str, header: FileDataset, volume: Volume, series_uid: str, slices: Iterator[_Slice]) -> tuple[Path, ...]:
        header.StudyInstanceUID, header.SeriesInstanceUID, header.FrameOfReferenceUID = self.study_uid, series_uid, self.frame_uid
        dk, dj, di = volume.grid.spacing_mm_kji
        steps = volume.grid.affine_lps[:3, :3] / (dk, dj, di)
        header.ImageOrientationPatient = [_ds(v) for v in (*steps[:, 2], *steps[:, 1])]
        header.PixelSpacing = [_ds(dj), _ds(di)]
        header.SliceThickness = _ds(dk)
        header.Rows, header.Columns = volume.grid.shape_kji[1:]
        normal = np.cross(steps[:, 2], steps[:, 1])
        files = []
        for index, content in enumerate(slices):
            dataset = header if self.edit is None else copy.deepcopy(header)
            dataset.file_meta.MediaStorageSOPInstanceUID = UID(_uid(series_uid, index))
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
            dataset.InstanceNumber = index + 1
            dataset.ImagePositionPatient = [_ds(v) for v in content.position_lps_mm]
            dataset.SliceLocation = _ds(float(normal @ content.position_lps_mm))
            content.set_more(dataset)
            dataset.PixelData = content.stored.astype("<i2").tobytes()
            dataset["PixelData"].VR = "OW"
            if self.edit is not None:
                self.edit(dataset, index)
            files.append(self.sink.put(self.sink.name(name, index + 1, str(dataset.SOPInstanceUID)), _encoded(dataset)))
        return tuple(files)


def _encoded(dataset: FileDataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _uid(*words: object) -> str:
    return str(generate_uid(prefix=UID_ROOT, entropy_srcs=[str(word) for word in words]))


def _ds(value: float) -> str:
    """A DICOM decimal string (16 characters) as exact as fits."""
    for digits in range(15, 5, -1):
        text = f"{float(value) + 0.0:.{digits}g}"
        if len(text) <= 16:
            return text
    raise ValueError(f"{value} does not fit into a decimal string")


def _slice_heights(volume: Volume) -> NDArray[np.float64]:
    """S of each slice's centre, mm."""
    slices, rows, columns = volume.grid.shape_kji
    middle = np.stack([np.arange(slices), np.full(slices, (rows - 1) / 2), np.full(slices, (columns - 1) / 2)], axis=1)
    return volume.grid.to_lps_mm(middle)[:, 2]


def _slopes(volume: Volume, per_suv: NDArray[np.float64], *, each: bool, share: float) -> list[str]:
    """RescaleSlope of every slice as written: per slice, or one for all (the largest needed)."""
    tops = np.abs(volume.values).max(axis=(1, 2)).astype(np.float64) * per_suv * share
    needed = tops / STORED_MAX
    needed[needed == 0.0] = needed.max() / STORED_MAX if needed.max() > 0 else 1.0
    return [_ds(float(f"{slope:.9g}")) for slope in (needed if each else np.full(needed.shape, needed.max()))]


def _philips_factors(header: Dataset, bqml_per_suv_one: float, decay: Decay) -> float:
    """Add Philips' two private factors; returns SUVbw per count as written. Counts are activity over a made-up sensitivity."""
    counts_per_bqml = 0.25
    text = f"{1.0 / (bqml_per_suv_one * counts_per_bqml):.8g}"
    block = header.private_block(0x7053, "Philips PET Private Group", create=True)
    block.add_new(0x00, "DS", text)
    if decay != "NONE":
        block.add_new(0x09, "DS", f"{float(text) * bqml_per_suv_one:.10g}")
    return float(text)


def _decay_factor(visit: Visit, decay: Decay, times: BedTimes, index: int) -> str:
    """What the voxel values were multiplied by: decay from the reference time to the mean count of the slice's bed."""
    since = times.frame_reference_ms[index] / 1000.0
    if decay == "ADMIN":
        since += (visit.scan_at - visit.injected_at).total_seconds()
    return f"{np.exp(visit.decay_per_s * since):.8g}"


def _jitter(slices: int, spacing_mm: float) -> NDArray[np.float64]:
    """Shifts such that most steps are nominal and some, at the seams of beds, are 0.02 mm longer or 0.08 mm shorter."""
    steps = np.zeros(slices)
    steps[23::47] = 0.02
    steps[46::94] = -0.08
    return np.cumsum(steps) * spacing_mm / 3.27
