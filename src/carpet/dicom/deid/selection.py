"""Which objects pass de-identification at all: slices of PET and CT whose pixels show nothing but the body; and their native pixels."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from carpet.dicom.decoding import Decoder
from carpet.dicom.deid.raw import short_at, text_at
from carpet.dicom.deid.rules import IMAGES
from carpet.dicom.elements import DEFLATED, EXPLICIT_BIG, PIXEL_DATA, UNCOMPRESSED_LITTLE, MalformedFile, inflated, parsing
from carpet.dicom.pixels import BITS_ALLOCATED, BITS_STORED, LOSSLESS, SAMPLES, SIGNED
from carpet.dicom.stack import COLUMNS, NUMBER_OF_FRAMES, POSITION, ROWS

if TYPE_CHECKING:
    from pydicom import Dataset

SOP_CLASS, IMAGE_TYPE, MODALITY, CONVERSION_TYPE = 0x00080016, 0x00080008, 0x00080060, 0x00080064
PHOTOMETRIC, BURNED_IN, FRAME_GROUPS = 0x00280004, 0x00280301, 0x52009230
NATIVE = UNCOMPRESSED_LITTLE | {DEFLATED, EXPLICIT_BIG}
SCREENS = ("PROT", "SCREEN", "CAPTURE", "DOSE", "REPORT", "PROTOCOL")  # words of ImageType on pictures of text, with the patient's name
INSTANCE_CAP_BYTES = 4 * 2**30  # one file; the largest multi-frame CT in use is half of it
WORD = 2  # bytes of a word in OW
FRAME_DIGITS = 6


def read_instance(path: Path, syntax: str) -> Dataset:
    """The data set with its pixels. Raises MalformedFile."""
    import pydicom

    try:
        if path.stat().st_size > INSTANCE_CAP_BYTES:
            raise MalformedFile(f"the file is larger than {INSTANCE_CAP_BYTES >> 30} GiB")
        content = inflated(path) if syntax == DEFLATED else path.read_bytes()
    except OSError as error:
        raise MalformedFile(type(error).__name__) from error
    with parsing():
        return pydicom.dcmread(BytesIO(content), force=True)


def left_out_because(data: Dataset, syntax: str) -> str | None:
    """Why an object stays behind, in words that name nobody; None for an image that passes. Raises MalformedFile."""
    from pydicom.uid import UID, UID_dictionary

    with parsing():
        sop_class = text_at(data, SOP_CLASS)
        if sop_class not in IMAGES:
            return UID(sop_class).name if sop_class in UID_dictionary else "unknown kind of object"
        odd_encoding = None if syntax in NATIVE | LOSSLESS else "lossy or unknown compression"
        return _odd_image(data, sop_class) or odd_encoding


def _odd_image(data: Dataset, sop_class: str) -> str | None:
    image_type = text_at(data, IMAGE_TYPE).upper()
    if text_at(data, MODALITY) != IMAGES[sop_class]:
        return "modality and kind of object differ"
    if text_at(data, BURNED_IN).upper() == "YES":
        return "text is burned into the picture"
    if any(screen in image_type for screen in SCREENS) or CONVERSION_TYPE in data:
        return "a captured screen or report"
    if short_at(data, SAMPLES, 1) != 1 or not text_at(data, PHOTOMETRIC).startswith("MONOCHROME"):
        return "a colour picture"
    if PIXEL_DATA not in data:
        return "no pixels"
    if FRAME_GROUPS not in data and not text_at(data, POSITION):
        return "a picture without a position"
    return None


def _frames(data: Dataset) -> int:
    text = text_at(data, NUMBER_OF_FRAMES) or "1"
    if not (text.isascii() and text.isdigit() and len(text) <= FRAME_DIGITS):
        raise MalformedFile("NumberOfFrames (0028,0008) is no number")
    return int(text)


def native_pixels(data: Dataset, path: Path, syntax: str, decoder: Decoder) -> bytes:
    """The stored integers, little endian, and nothing behind them: compressed streams are decoded, for they may hold comments.

    Raises MalformedFile, also where values go beyond BitsStored: those bits may be an overlay.
    """
    with parsing():
        bits, signed = short_at(data, BITS_ALLOCATED, 0), short_at(data, SIGNED, 0) == 1
        stored_bits, shape = short_at(data, BITS_STORED, bits), (short_at(data, ROWS, 0), short_at(data, COLUMNS, 0))
        if bits not in (8, 16, 32) or not 1 <= stored_bits <= bits or min(shape) < 1:
            raise MalformedFile(f"{shape[0]} × {shape[1]} voxels of {stored_bits} in {bits} bits")
        dtype = np.dtype(f"<{'i' if signed else 'u'}{bits // 8}")
        if syntax in NATIVE:
            values = _uncompressed(data, syntax, shape, dtype)
        else:
            frames = _frames(data)
            if frames * shape[0] * shape[1] * dtype.itemsize > INSTANCE_CAP_BYTES:
                raise MalformedFile(f"the pixels are more than {INSTANCE_CAP_BYTES >> 30} GiB")
            values = np.stack([_decoded(path, shape, dtype, decoder, frame=frame) for frame in range(1, frames + 1)])
        least = -(1 << stored_bits - 1) if signed else 0
        if not least <= int(values.min()) <= int(values.max()) <= least + (1 << stored_bits) - 1:
            raise MalformedFile("values go beyond BitsStored (0028,0101)")
        content = values.tobytes()
    return content + bytes(len(content) % WORD)


def _decoded(path: Path, shape: tuple[int, int], dtype: np.dtype[np.integer], decoder: Decoder, *, frame: int) -> NDArray[np.integer]:
    decoded = decoder.pixels(path, shape, frame=frame)
    values = decoded.astype(dtype)
    if not np.array_equal(values, decoded):
        raise MalformedFile("the compressed picture does not fit into BitsAllocated")
    return values


def _uncompressed(data: Dataset, syntax: str, shape: tuple[int, int], dtype: np.dtype[np.integer]) -> NDArray[np.integer]:
    element: Any = data.get_item(PIXEL_DATA)
    raw, size = element.value or b"", _frames(data) * shape[0] * shape[1] * dtype.itemsize
    if len(raw) < size or size == 0:
        raise MalformedFile("pixel data are cut off")
    if syntax == EXPLICIT_BIG and element.VR != "OB":
        raw = np.frombuffer(raw[: len(raw) // WORD * WORD], dtype=">u2").astype("<u2").tobytes()
    return np.frombuffer(raw[:size], dtype=dtype)
