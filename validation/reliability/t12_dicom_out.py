"""T12, DICOM out: every format that carpet writes, in the eyes of validators and of other programs, comes back voxel by voxel.

dciodvfy of 2022 does not know Label Map Segmentation Storage (DICOM 2024d): a label map is shown to it in the clothes of a FRACTIONAL
SEG of the same modules, and as it is to highdicom, pydicom and dcmtk.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import highdicom as hd
import nibabel
import nrrd
import numpy as np
from matplotlib.path import Path as Polygon
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from validation.reliability.lesion_sets import CANARY, FLAGS, METHOD, WHEN, LesionSet, lesion_set, voxels_at, voxels_of
from validation.reliability.score import Score

from carpet.core.space import Labels
from carpet.dicom import codes
from carpet.dicom.mask import kept_tracks, read_mask
from carpet.dicom.nifti import write_nifti
from carpet.dicom.nrrd import write_nrrd
from carpet.dicom.rtstruct_writing import write_rtstruct
from carpet.dicom.seg import segment_label, tracking_uids, write_seg
from carpet.dicom.sr import write_sr

TOOLS = ("dciodvfy", "dcmdump", "dsrdump")
GIVEN: Mapping[str, Any] = {"patient": "P007", "method": METHOD, "software": "carpet", "when": WHEN}
MASKS = ("seg.dcm", "labelmap.dcm", "rtstruct.dcm", "nii.gz", "seg.nrrd")
DICOM = {"seg.dcm": "Segmentation", "labelmap.dcm": "Segmentation", "sr.dcm": "SR", "rtstruct.dcm": "RTStructureSet"}
LPS_FROM_RAS = np.array([-1.0, -1.0, 1.0])
Truth = Mapping[int, set[tuple[int, ...]]]  # lesion number → voxels (k, j, i)


def run(size: int, work: Path) -> Score:
    """`size` sets of lesions, six files each."""
    failed = [f"{tool} is not installed" for tool in TOOLS if shutil.which(tool) is None]
    lesions = 0
    for seed in range(0 if failed else size):
        one, folder = lesion_set(seed), work / f"{seed:04d}"
        folder.mkdir(parents=True)
        lesions += len(one.lesions)
        for name, content in _written(one).items():
            (folder / name).write_bytes(content)
        truth = {number: voxels_of(lesion) for number, lesion in enumerate(one.lesions, start=1)}
        wrong = [why for check in CHECKS for why in check(one, folder, truth)]
        failed += [f"set {seed}: {'; '.join(wrong[:5])}"] if wrong else []
    notes = (
        f"{lesions} lesions as SEG, label map, SR, RTSTRUCT, NIfTI, NRRD; a third on multi-frame PET, a quarter on straying slices",
        "dciodvfy does not know LABELMAP: it saw the label maps in the clothes of FRACTIONAL",
    )
    return Score("T12", "sets of lesions written, valid, read by others, and back voxel by voxel", size, tuple(failed), notes=notes)


def _written(one: LesionSet) -> dict[str, bytes]:
    """Everything, written twice: the same call must give the same bytes."""

    def once() -> dict[str, bytes]:
        seg = write_seg(one.lesions, one.headers, **GIVEN)
        made = {
            "seg.dcm": seg,
            "labelmap.dcm": write_seg(one.lesions, one.headers, form="LABELMAP", **GIVEN),
            "rtstruct.dcm": write_rtstruct(one.lesions, one.headers, **GIVEN),
            "nii.gz": write_nifti(Labels(one.grid, {lesion.label: lesion.region for lesion in one.lesions}).to_values(), one.grid),
            "seg.nrrd": write_nrrd(one.lesions, one.grid, tracks=_uids(one)),
            "sr.dcm": write_sr(one.lesions, one.values, source=one.headers, seg=_opened(seg), flags=FLAGS, reader="R1", **GIVEN),
        }
        return {name: content or b"" for name, content in made.items()}

    first, second = once(), once()
    return {name: content if content == second[name] else b"" for name, content in first.items()}


def _opened(content: bytes | None) -> Dataset:
    from pydicom.filebase import DicomBytesIO

    return dcmread(DicomBytesIO(content or b""))


def _uids(one: LesionSet) -> dict[str, str]:
    return tracking_uids(one.lesions, one.headers[0], patient="P007")


def _same_bytes_and_no_name(one: LesionSet, folder: Path, truth: Truth) -> Iterator[str]:
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        if not content:
            yield f"{path.name}: the same call gave other bytes"
        if CANARY.split("^")[1].encode() in content:
            yield f"{path.name}: holds the patient's name"


def _validator_finds_no_error(one: LesionSet, folder: Path, truth: Truth) -> Iterator[str]:
    for name, kind in DICOM.items():
        path = folder / name
        if name == "labelmap.dcm":
            path = folder / "labelmap_as_fractional.dcm"
            _as_fractional(dcmread(folder / name)).save_as(path, enforce_file_format=True)
        ran = subprocess.run(["dciodvfy", str(path)], capture_output=True, check=False)
        said = (ran.stdout + ran.stderr).decode("utf-8", "replace").splitlines()
        if not any(kind in line and not line.startswith(("Error", "Warning")) for line in said):
            yield f"{name}: dciodvfy did not recognise it"
        yield from (f"{name}: {line}" for line in said if line.lstrip().startswith(("Error", "Abort")))


def _as_fractional(made: Dataset) -> Dataset:
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.66.4"
    made.SegmentationType, made.SegmentationFractionalType, made.MaximumFractionalValue = "FRACTIONAL", "PROBABILITY", 255
    made.SegmentSequence = [item for item in made.SegmentSequence if item.SegmentNumber]
    number = Dataset()
    number.ReferencedSegmentNumber = 1
    for frame in made.PerFrameFunctionalGroupsSequence:
        frame.SegmentIdentificationSequence = [number]
    for keyword in ("PixelPaddingValue", "PresentationLUTShape"):
        if keyword in made:
            delattr(made, keyword)
    return made


def _dcmtk_reads(one: LesionSet, folder: Path, truth: Truth) -> Iterator[str]:
    for name in DICOM:
        ran = subprocess.run(["dcmdump", str(folder / name)], capture_output=True, check=False)
        if ran.returncode or any(line.startswith((b"E:", b"F:", b"W:")) for line in ran.stderr.splitlines()):
            yield f"{name}: dcmdump says {ran.stderr[:200]!r}"
    ran = subprocess.run(["dsrdump", "+Pc", str(folder / "sr.dcm")], capture_output=True, check=False)
    if ran.returncode or any(line.startswith((b"E:", b"F:")) for line in ran.stderr.splitlines()):
        yield f"sr.dcm: dsrdump says {ran.stderr[:200]!r}"
    if ran.stdout.count(b" NUM:(") != len(one.values):
        yield f"sr.dcm: dsrdump shows {ran.stdout.count(b' NUM:(')} of {len(one.values)} numbers"


def _carpet_reads(one: LesionSet, folder: Path, truth: Truth) -> Iterator[str]:
    """Voxels, names and identity through the reader of `--mask`."""
    for name in MASKS:
        read = read_mask(folder / name, one.grid)
        back = {number: {tuple(at) for at in region.indices_kji.tolist()} for number, region in read.labels.regions.items()}
        if back != dict(truth):
            yield f"{name}: other voxels in carpet"
        if name == "nii.gz":
            continue
        if list(read.names.values()) != [segment_label(lesion) for lesion in one.lesions]:
            yield f"{name}: other names in carpet"
        if kept_tracks(read, one.lesions) != _uids(one):
            yield f"{name}: other tracking UIDs in carpet"


def _highdicom_reads(one: LesionSet, folder: Path, truth: Truth) -> Iterator[str]:
    for name in ("seg.dcm", "labelmap.dcm"):
        opened = hd.seg.segread(folder / name)
        by_source = _by_source(opened, one)
        for number, voxels in truth.items():
            if {tuple(at) for at in np.argwhere(by_source == number).tolist()} != voxels:
                yield f"{name}: other voxels of segment {number} on the images it refers to, in highdicom"
        if one.straying:
            continue  # highdicom makes a volume of even slices only
        volume = opened.get_volume(combine_segments=True)
        for number, voxels in truth.items():
            where = volume.map_indices_to_reference(np.argwhere(volume.array == number))
            if voxels_at(one.grid, where) != voxels:
                yield f"{name}: other voxels of segment {number} in space, in highdicom"
    report = hd.sr.srread(folder / "sr.dcm").content
    for group in report.get_volumetric_roi_measurement_groups():
        lesion = str(group.tracking_identifier)
        mine = [value.value for value in one.values if value.of == lesion]
        if [float(item.value) for item in group.get_measurements()] != mine:
            yield f"sr.dcm: other numbers of {lesion} in highdicom"


def _by_source(opened: Any, one: LesionSet) -> NDArray[Any]:
    """The segment numbers (k, j, i), looked up by the slices or frames that the SEG refers to."""
    uids = [str(header.SOPInstanceUID) for header in one.headers]
    given: dict[str, Any] = {"combine_segments": True, "assert_missing_frames_are_empty": True}
    if len(set(uids)) > 1:
        return np.asarray(opened.get_pixels_by_source_instance(uids, **given))
    return np.asarray(opened.get_pixels_by_source_frame(uids[0], list(range(1, len(uids) + 1)), **given))


def _structures_are_the_voxels(one: LesionSet, folder: Path, truth: Truth) -> Iterator[str]:
    """Contours drawn with matplotlib on the slice or frame that each names, and united."""
    made = dcmread(folder / "rtstruct.dcm")
    order = {(str(d.SOPInstanceUID), int(d.get("ReferencedFrameNumber", 0))): k for k, d in enumerate(one.headers)}
    j, i = (axis.ravel() for axis in np.indices(one.grid.shape_kji[1:]))
    study = made.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    listed = [str(image.ReferencedSOPInstanceUID) for image in study.RTReferencedSeriesSequence[0].ContourImageSequence]
    if sorted(listed) != sorted({uid for uid, _ in order}):
        yield "rtstruct.dcm: does not list each image of the PET once"
    for item in made.ROIContourSequence:
        found = set()
        for contour in item.ContourSequence:
            image = contour.ContourImageSequence[0]
            k = order[str(image.ReferencedSOPInstanceUID), int(image.get("ReferencedFrameNumber", 0))]
            across, down = np.array(one.headers[k].ImageOrientationPatient, dtype=float).reshape(2, 3)
            offset = np.array(contour.ContourData, dtype=float).reshape(-1, 3) - np.array(one.headers[k].ImagePositionPatient, dtype=float)
            row_mm, column_mm = (float(step) for step in one.headers[k].PixelSpacing)
            outline = Polygon(np.column_stack([offset @ down / row_mm, offset @ across / column_mm]))
            inside = outline.contains_points(np.column_stack([j, i]))
            found |= {(k, int(row), int(column)) for row, column in zip(j[inside], i[inside], strict=True)}
            if np.abs(offset @ np.cross(across, down)).max() > 1e-3:
                yield f"rtstruct.dcm: a contour of structure {item.ReferencedROINumber} lies off its slice"
        if found != truth[int(item.ReferencedROINumber)]:
            yield f"rtstruct.dcm: other voxels of structure {item.ReferencedROINumber} in matplotlib"


def _images_are_the_voxels(one: LesionSet, folder: Path, truth: Truth) -> Iterator[str]:
    """nibabel on the NIfTI, pynrrd on the NRRD."""
    (folder / "copy.nii.gz").write_bytes((folder / "nii.gz").read_bytes())
    image: Any = nibabel.load(folder / "copy.nii.gz")
    values, header = nrrd.read(str(folder / "seg.nrrd"))
    for number, voxels in truth.items():
        ras = nibabel.affines.apply_affine(image.affine, np.argwhere(np.asarray(image.dataobj) == number))
        if voxels_at(one.grid, ras * LPS_FROM_RAS) != voxels:
            yield f"nii.gz: other voxels of label {number} in nibabel"
        if voxels_at(one.grid, np.argwhere(values == number) @ header["space directions"] + header["space origin"]) != voxels:
            yield f"seg.nrrd: other voxels of label {number} in pynrrd"


def _report_says_the_numbers(one: LesionSet, folder: Path, truth: Truth) -> Iterator[str]:
    """Read with pydicom alone: every number with its unit, equal as a float; each lesion tied to its segment and track."""
    report, seg = dcmread(folder / "sr.dcm"), dcmread(folder / "seg.dcm")
    container = next(item for item in report.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == "126010")
    wanted = [(v.of if v.of != "patient" else f"whole patient, {v.segmenter}", v.value, _unit(v.name, v.unit)) for v in one.values]
    said, tracks = [], {}
    for group in container.ContentSequence:
        named = {item.ConceptNameCodeSequence[0].get("CodeValue", ""): item for item in group.ContentSequence}
        name = str(named["112039"].TextValue)
        said += [
            (
                name,
                float(item.MeasuredValueSequence[0].FloatingPointValue),
                item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue,
            )
            for item in group.ContentSequence
            if item.ValueType == "NUM"
        ]
        if "121191" in named:
            segment = int(named["121191"].ReferencedSOPSequence[0].ReferencedSegmentNumber)
            tracks[segment] = (name, str(named["112040"].UID))
    if sorted(said) != sorted(wanted):
        yield "sr.dcm: other numbers or units"
    if tracks != {int(s.SegmentNumber): (str(s.TrackingID), str(s.TrackingUID)) for s in seg.SegmentSequence}:
        yield "sr.dcm: lesions are not tied to their segments"
    if not any("UNDECIDED_LEFT" in str(item.get("TextValue", "")) for item in container.ContentSequence[0].ContentSequence):
        yield "sr.dcm: the flag is not told"


def _unit(name: str, unit: str) -> str:
    return "g/ml{SUVbw}" if name in codes.DERIVATIONS or name in codes.REFERENCE_SITES else {"mL": "ml"}.get(unit, unit)


CHECKS: tuple[Callable[[LesionSet, Path, Truth], Iterator[str]], ...] = (
    _same_bytes_and_no_name,
    _validator_finds_no_error,
    _dcmtk_reads,
    _carpet_reads,
    _highdicom_reads,
    _structures_are_the_voxels,
    _images_are_the_voxels,
    _report_says_the_numbers,
)
