"""The undamaged files that T1 damages: small studies of every vendor and storage, and one of each kind of mask."""

from __future__ import annotations

import datetime as dt
import gzip
import os
import shutil
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pydicom
from pydicom import Dataset, dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import ImplicitVRLittleEndian, RLELossless, generate_uid

from carpet.core.protocol import Protocol, SegmentProtocol
from carpet.core.space import Grid
from carpet.run.document import document
from carpet.run.measuring import measured
from carpet.run.outputs import ALSO_WRITTEN, write_result
from carpet.run.pipeline import Wishes
from carpet.testing import PhantomScan, Storage, simple_phantom, write_study

WHEN = dt.datetime(2024, 3, 14, 12, 0)
SHARED = Path(os.environ.get("CARPET_SHARED_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
SHARED_MOST_BYTES = 100_000
CONTOUR_DATA = Tag(0x3006, 0x0050)
GDCM_SYNTAX = {"jpeg_lossless": "JPEGLosslessProcess14_1", "jpeg_ls": "JPEGLSLossless", "jpeg_2000": "JPEG2000Lossless"}
STORAGES = {
    "siemens": ("siemens", Storage()),
    "ge": ("ge", Storage(decay="ADMIN")),
    "philips": ("philips", Storage()),
    "implicit": ("ge", Storage(with_ct=False, implicit_vr=True)),
    "gml": ("siemens", Storage(with_ct=False, units="GML", decay="NONE")),
    "turned": ("philips", Storage(with_ct=False, orientation="IPL", injection="datetime")),
    "zip": ("siemens", Storage(with_ct=False, zipped=True)),
}


@dataclass(frozen=True)
class Subject:
    """A folder of files that belong together; any of them may be damaged. `share`: how often it is chosen, beside others."""

    name: str
    files: tuple[Path, ...]
    share: float


def silent(step: str) -> None:
    """For calls that tell each step."""


def small_scan() -> PhantomScan:
    """Six slices of 14 × 18 voxels with the bladder and a lesion, and three slices of CT: a file is 2 kB."""
    whole = simple_phantom(spacing_mm=20.0)
    assert whole.ct is not None
    ct = whole.ct.cropped((slice(0, 3), slice(30, 54), slice(30, 54)))
    return replace(whole, suv=whole.suv.cropped((slice(0, 6), slice(0, 14), slice(0, 18))), ct=ct)


def subjects(folder: Path) -> tuple[Subject, ...]:
    """All seeds below `folder`, made where it is absent; the same every time."""
    if not folder.exists():
        part = folder.with_name(f"{folder.name}.part")
        _make(part)
        part.rename(folder)
    found = [Subject(path.name, tuple(sorted(path.rglob("*.*"))), _share(path.name)) for path in sorted(folder.iterdir())]
    shared = tuple(_shared())
    return (*found, Subject("shared", shared, 14.0)) if shared else tuple(found)


def _share(name: str) -> float:
    """Compressed slices are decoded in a process of their own, which costs half a second to start: they come less often."""
    if name in GDCM_SYNTAX or name == "rle":
        return 0.6
    return 10.0 if name in STORAGES else 6.0


def _shared() -> Iterator[Path]:
    for part in ("malformed", "interop"):
        for path in sorted((SHARED / part).rglob("*")) if (SHARED / part).is_dir() else ():
            if path.is_file() and path.stat().st_size <= SHARED_MOST_BYTES and path.suffix in (".dcm", ".nrrd", ""):
                yield path


def _make(folder: Path) -> None:
    scan = small_scan()
    for name, (vendor, storage) in STORAGES.items():
        write_study(scan, folder / name, vendor=vendor, storage=storage)
    plain = folder / "siemens" / "PT_AC"
    for name in ("rle", "deflated", *GDCM_SYNTAX):
        shutil.copytree(plain, folder / name / "PT_AC")
        for path in sorted((folder / name / "PT_AC").iterdir()):
            _recoded(path, name)
    _masks(folder / "siemens", folder / "masks")
    (folder / "enhanced").mkdir()
    _enhanced(plain).save_as(folder / "enhanced" / "pet.dcm")


def _recoded(path: Path, name: str) -> None:
    if name == "rle":
        data = dcmread(path)
        data.compress(RLELossless, generate_instance_uid=False)
        data.save_as(path)
    elif name == "deflated":
        path.write_bytes(deflated(path.read_bytes()))
    else:
        _by_gdcm(path, GDCM_SYNTAX[name])


def deflated(content: bytes) -> bytes:
    """An explicit little endian file as a deflated one."""
    length = struct.unpack_from("<L", content, 140)[0]
    meta, rest = content[: 144 + length], content[144 + length :]
    old = b"\x02\x00\x10\x00UI" + struct.pack("<H", 20) + b"1.2.840.10008.1.2.1\0"
    new = b"\x02\x00\x10\x00UI" + struct.pack("<H", 22) + b"1.2.840.10008.1.2.1.99"
    meta = meta[:140] + struct.pack("<L", length + 2) + meta[144:].replace(old, new)
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return meta + packer.compress(rest) + packer.flush()


def _by_gdcm(path: Path, syntax: str) -> None:
    import gdcm

    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(path))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()


def grid_of(folder: Path) -> Grid:
    """The PET grid of the seed study, for reading masks onto it."""
    from carpet.dicom.series import catalogue

    grid = next(one.grid for one in catalogue(sorted(folder.rglob("*.dcm"))).series if one.modality == "PT")
    assert grid is not None
    return grid


def _masks(study: Path, folder: Path) -> None:
    """All masks and the SR that carpet writes of this study (the LABELMAP is in RLE); RTSTRUCT and NRRD also by hand."""
    out = folder.with_name("out")
    protocol = Protocol(segment=SegmentProtocol(preselect_min_ml=0.0))
    with measured(study, protocol, Wishes(), series_uid=None, weight_kg=None, say=silent) as result:
        write_result(result, document(result), out, tables_only=False, when=WHEN, say=silent, also_write=tuple(ALSO_WRITTEN))
    folder.mkdir()
    for name in ("lesions.seg.dcm", "measurements.sr.dcm", "lesions.nii.gz", *ALSO_WRITTEN.values()):
        (out / name).rename(folder / name)
    shutil.rmtree(out)
    grid = grid_of(study)
    values = np.zeros(grid.shape_kji, dtype=np.uint8)
    values[1:3, 5:9, 6:9], values[4, 2:4, 2:4] = 1, 2
    (folder / "labels.nii").write_bytes(gzip.decompress((folder / "lesions.nii.gz").read_bytes()))
    for encoding in ("raw", "gzip"):
        (folder / f"{encoding}.seg.nrrd").write_bytes(nrrd(values, grid, encoding))
    rtstruct(grid, {"Läsion 1": [square(grid, 1), square(grid, 2)], "L2": [square(grid, 4)]}).save_as(folder / "contours.dcm")


def nrrd(values: np.ndarray, grid: Grid, encoding: str = "raw", sizes: str = "") -> bytes:
    """A label image (k, j, i) as NRRD with Slicer's segment names; `sizes`: another size than the true one."""
    k, j, i = (grid.affine_lps[:3, axis] for axis in range(3))
    triple = [f"({','.join(f'{x:g}' for x in vector)})" for vector in (i, j, k, grid.affine_lps[:3, 3])]
    lines = [
        *("NRRD0005", "type: unsigned char", "dimension: 3", "space: left-posterior-superior"),
        *(f"sizes: {sizes or ' '.join(map(str, values.shape[::-1]))}", f"space directions: {' '.join(triple[:3])}"),
        *("kinds: domain domain domain", f"encoding: {encoding}", f"space origin: {triple[3]}"),
        *("Segment0_Name:=Liver", "Segment0_LabelValue:=1", "Segment0_Layer:=0", "Segment1_Name:=Node", "Segment1_LabelValue:=2"),
    ]
    raw = values.astype(np.uint8).tobytes()
    return "\n".join(lines).encode() + b"\n\n" + (gzip.compress(raw, mtime=0) if encoding == "gzip" else raw)


def square(grid: Grid, k: int) -> np.ndarray:
    """A contour in slice k, corners between voxel centres, mm."""
    return grid.to_lps_mm(np.array([[k, 2.5, 2.5], [k, 2.5, 7.5], [k, 8.5, 7.5], [k, 8.5, 2.5]]))


def rtstruct(grid: Grid, structures: dict[str, list[np.ndarray]]) -> FileDataset:
    """An RT Structure Set with closed contours (points, 3) in mm."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = "1.2.840.10008.5.1.4.1.1.481.3", ImplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["rtstruct", *structures])
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID, made.SOPInstanceUID, made.Modality = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID, "RTSTRUCT"
    made.SeriesInstanceUID = generate_uid(entropy_srcs=["rtstruct series"])
    made.StructureSetROISequence, made.ROIContourSequence = [], []
    for number, (name, contours) in enumerate(structures.items(), start=1):
        roi, drawn = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, name, grid.frame_uid
        drawn.ReferencedROINumber, drawn.ContourSequence = number, [_contour(points) for points in contours]
        made.StructureSetROISequence.append(roi)
        made.ROIContourSequence.append(drawn)
    return made


def _contour(points: np.ndarray) -> Dataset:
    one = Dataset()
    one.ContourGeometricType, one.NumberOfContourPoints = "CLOSED_PLANAR", len(points)
    text = "\\".join(f"{x:.6g}" for x in points.ravel()).encode()
    text += b" " * (len(text) % 2)  # as bytes: pydicom would take a quarter of a minute over a million points
    one[CONTOUR_DATA] = RawDataElement(CONTOUR_DATA, "DS", len(text), text, 0, True, True)
    return one


def _enhanced(folder: Path) -> Dataset:
    """The PET as a legacy converted enhanced one, by highdicom."""
    import highdicom as hd

    slices = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
    for one in slices:
        one.add_new((0x0010, 0x0020), "LO", "PHANTOM-0001")
        one.SeriesNumber = 4
    return hd.legacy.LegacyConvertedEnhancedPETImage(
        slices, generate_uid(entropy_srcs=["enhanced series"]), 4, generate_uid(entropy_srcs=["enhanced"]), 1
    )
