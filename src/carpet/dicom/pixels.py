"""The stored integers of a sorted series, straight into one array."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from carpet.core.errors import Refused
from carpet.core.space import Grid, IntArray, Quantity, Volume, frozen
from carpet.core.study import Series
from carpet.dicom import notices
from carpet.dicom.elements import UNCOMPRESSED_LITTLE, Element, FileElements, read_elements
from carpet.dicom.pet_facts import INTERCEPT, SLOPE
from carpet.dicom.values import MalformedValue, numbers_of, short_of

if TYPE_CHECKING:
    from pydicom import Dataset

SAMPLES, BITS_ALLOCATED, SIGNED = 0x00280002, 0x00280100, 0x00280103
LOSSY = frozenset({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91"})


def stored_values(series: Series, grid: Grid) -> IntArray:
    """The stored integers (k, j, i) of a series whose files are sorted along k; raises Refused naming the slice."""
    first = _elements(series.files[0], 0)
    out = np.empty(grid.shape_kji, dtype=_dtype(first))
    for k, path in enumerate(series.files):
        _read_slice(first if k == 0 else _elements(path, k), k, out[k])
    return frozen(out)


def ct_volume(series: Series, grid: Grid) -> Volume:
    """Hounsfield units of a CT series, float32 on its own grid; raises Refused."""
    first = _elements(series.files[0], 0)
    stored = np.empty(grid.shape_kji[1:], dtype=_dtype(first))
    out = np.empty(grid.shape_kji, dtype=np.float32)
    for k, path in enumerate(series.files):
        elements = first if k == 0 else _elements(path, k)
        _read_slice(elements, k, stored)
        slope, intercept = (_rescale(elements, tag, k) for tag in (SLOPE, INTERCEPT))
        np.multiply(stored, np.float32(slope), out=out[k], casting="unsafe")
        out[k] += np.float32(intercept)
    return Volume(grid, out, Quantity.HU)


def _elements(path: Path, k: int) -> FileElements:
    elements = read_elements(path)
    if elements is None:
        raise Refused(notices.PIXELS_UNREADABLE.at(f"slice {k + 1}", "the file is not DICOM any more"))
    return elements


def _dtype(file: FileElements) -> np.dtype[np.integer]:
    elements = file.elements
    try:
        bits = short_of(elements[BITS_ALLOCATED]) if BITS_ALLOCATED in elements else 16
        signed = short_of(elements[SIGNED]) if SIGNED in elements else 0
        samples = short_of(elements[SAMPLES]) if SAMPLES in elements else 1
    except MalformedValue as error:
        raise Refused(notices.PIXELS_UNREADABLE.at("(0028,0100)", str(error))) from error
    if bits not in (8, 16, 32) or signed not in (0, 1) or samples != 1:
        raise Refused(notices.PIXELS_UNREADABLE.at("(0028,0100)", f"{bits} bits, {samples} samples a pixel"))
    return np.dtype(f"<{'i' if signed else 'u'}{bits // 8}")


def _read_slice(file: FileElements, k: int, out: IntArray) -> None:
    """Fill `out` (rows, columns) with one slice."""
    if file.transfer_syntax in UNCOMPRESSED_LITTLE and file.pixel_offset is not None and file.pixel_bytes is not None:
        if file.pixel_bytes not in (out.nbytes, out.nbytes + 1):
            raise Refused(notices.PIXELS_UNREADABLE.at(f"slice {k + 1}", f"{file.pixel_bytes} bytes, expected {out.nbytes}"))
        with file.path.open("rb", buffering=0) as opened:
            opened.seek(file.pixel_offset)
            if opened.readinto(out.data.cast("B")) != out.nbytes:
                raise Refused(notices.PIXELS_UNREADABLE.at(f"slice {k + 1}", "the file ends early"))
        return
    out[...] = _decoded(file, k, out.shape, out.dtype)


def _decoded(file: FileElements, k: int, shape: Sequence[int], dtype: np.dtype[np.integer]) -> NDArray[np.integer]:
    import pydicom

    if file.transfer_syntax in LOSSY:
        raise Refused(notices.TRANSFER_SYNTAX_UNSUPPORTED.at(f"slice {k + 1}", f"lossy: {file.transfer_syntax}"))
    try:
        pixels = pydicom.dcmread(file.path, force=True).pixel_array
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        found = f"{file.transfer_syntax}: {type(error).__name__}"
        raise Refused(notices.TRANSFER_SYNTAX_UNSUPPORTED.at(f"slice {k + 1}", found)) from error
    if pixels.shape != tuple(shape) or not np.can_cast(pixels.dtype, dtype):
        found = f"{pixels.dtype} of shape {pixels.shape}, expected {dtype} of {tuple(shape)}"
        raise Refused(notices.PIXELS_UNREADABLE.at(f"slice {k + 1}", found))
    return pixels


def _rescale(file: FileElements, tag: int, k: int) -> float:
    element: Element | None = file.elements.get(tag)
    try:
        numbers = numbers_of(element) if element else ()
    except MalformedValue as error:
        raise Refused(notices.NUMBER_MALFORMED.at(f"slice {k + 1}", str(error))) from error
    if len(numbers) != 1:
        raise Refused(notices.PIXELS_UNREADABLE.at(f"slice {k + 1}", "no RescaleSlope (0028,1053) or RescaleIntercept (0028,1052)"))
    return numbers[0]


def ordered_headers(series: Series) -> Iterator[Dataset]:
    """pydicom data sets without pixels of all slices in the order of k, for objects that refer to them."""
    import pydicom

    for path in series.files:
        yield pydicom.dcmread(path, stop_before_pixels=True)
