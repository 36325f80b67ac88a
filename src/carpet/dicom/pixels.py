"""The stored integers of a sorted series, straight into one array."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from carpet.core.errors import Refused
from carpet.core.space import Grid, IntArray, Quantity, Volume, frozen
from carpet.core.study import Series
from carpet.dicom import notices
from carpet.dicom.decoding import Decoder, pixel_array
from carpet.dicom.elements import (
    DEFLATED,
    EXPLICIT_BIG,
    KEPT_WHOLE,
    UNCOMPRESSED_LITTLE,
    Element,
    FileElements,
    MalformedFile,
    parsing,
    read_elements,
    stored_pixels,
)
from carpet.dicom.enhanced_pet import RWV_FIRST, RWV_LAST
from carpet.dicom.multiframe import slices_of
from carpet.dicom.stack import BITS_ALLOCATED, INTERCEPT, ORIENTATION, PIXEL_SPACING, POSITION, SAMPLES, SIGNED, SLOPE, THICKNESS, tag_name
from carpet.dicom.values import MalformedValue, numbers_of, short_of, text_of, texts_of

if TYPE_CHECKING:
    from pydicom import Dataset

BITS_STORED, HIGH_BIT, PHOTOMETRIC = 0x00280101, 0x00280102, 0x00280004
VOLUME_CAP_BYTES = 8 * 2**30  # the largest CT in use, 1024² × 1000 in float32, is half of it
LOSSLESS = frozenset(
    {
        "1.2.840.10008.1.2.5",  # RLE
        "1.2.840.10008.1.2.4.57",  # JPEG lossless
        "1.2.840.10008.1.2.4.70",  # JPEG lossless, first-order prediction
        "1.2.840.10008.1.2.4.80",  # JPEG-LS lossless
        "1.2.840.10008.1.2.4.90",  # JPEG 2000 lossless
        "1.2.840.10008.1.2.4.201",  # HTJ2K lossless
        "1.2.840.10008.1.2.4.202",  # HTJ2K lossless, RPCL
    }
)
DECODED = LOSSLESS | UNCOMPRESSED_LITTLE | {DEFLATED, EXPLICIT_BIG}


@dataclass(frozen=True, slots=True)
class _Cells:
    """How one voxel is stored, the smallest and largest number that fits, and whether that is all that the type can hold."""

    dtype: np.dtype[np.integer]
    least: int
    most: int
    whole: bool


def stored_values(series: Series, grid: Grid) -> IntArray:
    """The stored integers (k, j, i) of a series whose files are sorted along k; raises Refused naming the slice."""
    slices = _slices(series)
    first = next(slices)
    out: IntArray = _empty(grid.shape_kji, _cells(first).dtype)
    with Decoder() as decoder:
        for k, file in enumerate(chain([first], slices)):
            _read_slice(file, k, out[k], decoder)
    return frozen(out)


def ct_volume(series: Series, grid: Grid) -> Volume:
    """Hounsfield units of a CT series, float32 on its own grid; raises Refused."""
    slices = _slices(series)
    first = next(slices)
    stored = np.empty(grid.shape_kji[1:], dtype=_cells(first).dtype)
    out = _empty(grid.shape_kji, np.dtype(np.float32))
    with Decoder() as decoder:
        for k, file in enumerate(chain([first], slices)):
            _read_slice(file, k, stored, decoder)
            slope, intercept = (_number(file, tag, k) for tag in (SLOPE, INTERCEPT))
            np.multiply(stored, np.float32(slope), out=out[k], casting="unsafe")
            out[k] += np.float32(intercept)
    return Volume(grid, out, Quantity.HU)


def _empty(shape: tuple[int, int, int], dtype: np.dtype[Any]) -> NDArray[Any]:
    if shape[0] * shape[1] * shape[2] * dtype.itemsize > VOLUME_CAP_BYTES:
        raise Refused(notices.PIXELS_UNREADABLE.at("series", f"{shape} voxels are more than {VOLUME_CAP_BYTES >> 30} GiB"))
    return np.empty(shape, dtype=dtype)


def _slices(series: Series) -> Iterator[FileElements]:
    """The slices in the order of k; a file of many frames is read once."""
    held: dict[Path, list[FileElements]] = {}
    for k, (path, frame) in enumerate(zip(series.files, series.frames or (0,) * series.slices, strict=True)):
        if not frame:
            yield _elements(path, k)
            continue
        if path not in held:
            held[path] = slices_of(_elements(path, k))
        if frame > len(held[path]):
            raise Refused(notices.PIXELS_UNREADABLE.at(f"slice {k + 1}", "the file has fewer frames than before"))
        yield held[path][frame - 1]


def _elements(path: Path, k: int) -> FileElements:
    try:
        elements = read_elements(path)
    except (MalformedFile, OSError) as error:
        raise Refused(notices.PIXELS_UNREADABLE.at(f"slice {k + 1}", type(error).__name__)) from error
    if elements is None:
        raise Refused(notices.PIXELS_UNREADABLE.at(f"slice {k + 1}", "the file is not DICOM any more"))
    return elements


def _cells(file: FileElements) -> _Cells:
    def short(tag: int, absent: int) -> int:
        try:
            return short_of(file.elements[tag]) if tag in file.elements else absent
        except MalformedValue as error:
            raise Refused(notices.PIXELS_UNREADABLE.at(tag_name(tag), str(error))) from error

    bits, signed, samples = short(BITS_ALLOCATED, 16), short(SIGNED, 0), short(SAMPLES, 1)
    stored = short(BITS_STORED, bits)
    if bits not in (8, 16, 32) or signed not in (0, 1) or samples != 1:
        raise Refused(notices.PIXELS_UNREADABLE.at("(0028,0100)", f"{bits} bits, {samples} samples a pixel"))
    if not 1 <= stored <= bits or short(HIGH_BIT, stored - 1) != stored - 1:
        raise Refused(notices.PIXELS_UNREADABLE.at("(0028,0101)", f"{stored} of {bits} bits, the highest not {stored - 1}"))
    picture = text_of(file.elements[PHOTOMETRIC]) if PHOTOMETRIC in file.elements else ""
    if picture and not picture.startswith("MONOCHROME"):
        raise Refused(notices.PIXELS_UNREADABLE.at(tag_name(PHOTOMETRIC), f"{picture}: numbers of colours"))
    least = -(1 << stored - 1) if signed else 0
    return _Cells(np.dtype(f"<{'i' if signed else 'u'}{bits // 8}"), least, least + (1 << stored) - 1, stored == bits)


def _read_slice(file: FileElements, k: int, out: IntArray, decoder: Decoder) -> None:
    """Fill `out` (rows, columns) with one slice."""
    where, cells = f"slice {k + 1}", _cells(file)  # how many of the bits are used may differ between slices
    if cells.dtype != out.dtype:
        raise Refused(notices.PIXELS_UNREADABLE.at(where, f"{cells.dtype}, expected {out.dtype}"))
    if file.pixel_offset is not None and file.pixel_bytes is not None and file.transfer_syntax in UNCOMPRESSED_LITTLE | {DEFLATED}:
        if file.pixel_bytes not in (out.nbytes, out.nbytes + 1):
            raise Refused(notices.PIXELS_UNREADABLE.at(where, f"{file.pixel_bytes} bytes, expected {out.nbytes}"))
        _read_native(file, where, out)
    else:
        out[...] = _decoded(file, where, (out.shape[0], out.shape[1]), out.dtype, decoder)
    if not cells.whole and not cells.least <= out.min() <= out.max() <= cells.most:
        raise Refused(notices.PIXELS_UNREADABLE.at(where, f"values {out.min()} to {out.max()} do not fit into BitsStored (0028,0101)"))
    if RWV_LAST in file.elements and not _number(file, RWV_FIRST, k) <= out.min() <= out.max() <= _number(file, RWV_LAST, k):
        raise Refused(notices.PIXELS_UNREADABLE.at(where, f"values {out.min()} to {out.max()} are not all mapped to a unit (0040,9211)"))


def _read_native(file: FileElements, where: str, out: IntArray) -> None:
    if file.transfer_syntax == DEFLATED:
        out[...] = np.frombuffer(stored_pixels(file), dtype=out.dtype, count=out.size).reshape(out.shape)
        return
    with file.path.open("rb", buffering=0) as opened:
        opened.seek(file.pixel_offset or 0)
        if opened.readinto(out.data.cast("B")) != out.nbytes:
            raise Refused(notices.PIXELS_UNREADABLE.at(where, "the file ends early"))


def _decoded(file: FileElements, where: str, shape: tuple[int, int], dtype: np.dtype[np.integer], decoder: Decoder) -> NDArray[np.integer]:
    syntax = file.transfer_syntax
    if syntax not in DECODED:
        raise Refused(notices.TRANSFER_SYNTAX_UNSUPPORTED.at(where, f"lossy or unknown: {syntax}"))
    try:
        pixels = decoder.pixels(file.path, shape, frame=file.frame) if syntax in LOSSLESS else pixel_array(file.path, shape, syntax)
    except MalformedFile as error:
        kind = notices.TRANSFER_SYNTAX_UNSUPPORTED if syntax in LOSSLESS else notices.PIXELS_UNREADABLE
        raise Refused(kind.at(where, f"{syntax}: {error}")) from error
    if pixels.shape != shape or not np.can_cast(pixels.dtype, dtype):
        found = f"{pixels.dtype} of shape {pixels.shape}, expected {dtype} of {shape}"
        raise Refused(notices.PIXELS_UNREADABLE.at(where, found))
    return pixels


def _number(file: FileElements, tag: int, k: int) -> float:
    element: Element | None = file.elements.get(tag)
    try:
        numbers = numbers_of(element) if element else ()
    except MalformedValue as error:
        raise Refused(notices.NUMBER_MALFORMED.at(f"slice {k + 1}", str(error))) from error
    if len(numbers) != 1:
        raise Refused(notices.PIXELS_UNREADABLE.at(f"slice {k + 1}", "no RescaleSlope (0028,1053) or RescaleIntercept (0028,1052)"))
    return numbers[0]


def ordered_headers(series: Series) -> Iterator[Dataset]:
    """pydicom data sets without pixels of all slices in the order of k, for objects that refer to them. Raises Refused.

    A frame of a file of many has the classic attributes of its place, and its number in ReferencedFrameNumber (0008,1160).
    """
    import pydicom

    if not series.frames:
        for path in series.files:
            yield pydicom.dcmread(path, stop_before_pixels=True)
        return
    roots: dict[Path, Dataset] = {}
    for file in _slices(series):
        if file.path not in roots:
            roots[file.path] = _root_header(file.path)
        yield _frame_header(roots[file.path], file)


def _root_header(path: Path) -> Dataset:
    """What a file of many frames says of all of them."""
    import pydicom

    try:
        with parsing():
            root = pydicom.dcmread(path, stop_before_pixels=True)
    except MalformedFile as error:
        raise Refused(notices.FILE_MALFORMED.at("file", str(error))) from error
    for groups in KEPT_WHOLE & root.keys():
        del root[groups]
    return root


def _frame_header(root: Dataset, file: FileElements) -> Dataset:
    from pydicom import Dataset
    from pydicom.datadict import keyword_for_tag

    header = Dataset()
    for tag in root.keys():  # noqa: SIM118 - iterating the data set would decode every value
        header[tag] = root.get_item(tag)
    for place in (POSITION, ORIENTATION, PIXEL_SPACING, THICKNESS):
        if place in file.elements:
            setattr(header, keyword_for_tag(place), list(texts_of(file.elements[place])))
    header.ReferencedFrameNumber = file.frame
    return header
