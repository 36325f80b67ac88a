"""One DICOM header as DICOM JSON (PS3.18 Annex F), fast over the look-alike slices of a series."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import pydicom
from pydicom import Dataset
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag, Tag

from carpet.dicom.elements import MalformedFile, parsing, read_elements
from carpet.run.ohif.archive import Instance

PIXEL_DATA = 0x7FE00010
BULK_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN", "OB or OW"})
INLINE_BYTES = 1024  # a longer binary value is told by its address [P]
LEFT_ON_DISK = 65_536  # bytes; a longer value is not read with the header [P]
# What the reading of another element may depend on: character set, and whether pixel values have a sign (US or SS)
SCOPE = tuple(Tag(tag) for tag in (0x00080005, 0x00280100, 0x00280103))


class HeaderTexts:
    """Headers as text. Most elements of a series are the same in every slice: each is put into JSON once."""

    def __init__(self, root: str) -> None:
        """root: what stands in the text for the service's root, put in where it is sent."""
        self._root = root
        self._known: dict[tuple[object, ...], str] = {}

    def text(self, instance: Instance) -> str:
        """The header as a JSON object in ASCII, in the order of the tags. An attribute that cannot be read is left out.

        Raises MalformedFile where the file as a whole cannot be read, and OSError.
        """
        data = read_header(instance)
        scope = (instance.transfer_syntax, *(_raw(data, tag) for tag in SCOPE))
        stored = _taken_apart(data, instance)
        with parsing():
            parts = [self._part(data, tag, scope, stored, instance) for tag in sorted(data.keys())]
        return f"{{{','.join(part for part in parts if part)}}}"

    def _part(self, data: Dataset, tag: BaseTag, scope: tuple[object, ...], stored: Mapping[int, bytes], instance: Instance) -> str:
        held = data.get_item(tag, keep_deferred=True)
        name = f"{int(tag):08X}"
        if isinstance(held, RawDataElement) and is_bulk(held):
            of = vr_of(held)
            return _pair(name, {"vr": "OW" if of == "OB or OW" else of, "BulkDataURI": f"{self._root}/{instance.place}/bulkdata/{name}"})
        value, vr = (held.value, held.VR) if isinstance(held, RawDataElement) else (stored.get(int(tag)), "SQ")
        if value is None:
            return _element_text(data, tag, name)
        creator = _raw(data, Tag(tag.group, tag.element >> 8)) if tag.is_private and tag.element > 0xFF else None
        key = (int(tag), vr, value, creator, scope)
        if key not in self._known:
            self._known[key] = _element_text(data, tag, name)
        return self._known[key]


def _taken_apart(data: Dataset, instance: Instance) -> dict[int, bytes]:
    """The bytes of what pydicom has read into already: sequences of undefined length, which scanners repeat in every slice."""
    parsed = [int(tag) for tag in data.keys() if not isinstance(data.get_item(tag, keep_deferred=True), RawDataElement)]  # noqa: SIM118
    walked = read_elements(instance.path) if parsed else None
    return {} if walked is None else {tag: walked.elements[tag].raw for tag in parsed if tag in walked.elements}


def read_header(instance: Instance) -> Dataset:
    """The data set, long values left on the disk; raises MalformedFile."""
    with parsing():
        return pydicom.dcmread(instance.path, defer_size=LEFT_ON_DISK, force=True)


def vr_of(held: RawDataElement) -> str:
    """The value representation, from the dictionary where the file does not tell it."""
    try:
        return held.VR or dictionary_VR(held.tag)
    except KeyError:
        return "UN"


def is_bulk(held: RawDataElement) -> bool:
    """Whether the value is told by its address: pixels, and long binary values."""
    if int(held.tag) == PIXEL_DATA:
        return True
    size = len(held.value) if held.value is not None else held.length
    return size > INLINE_BYTES and vr_of(held) in BULK_VRS


def _raw(data: Dataset, tag: BaseTag) -> object:
    held = data.get_item(tag) if tag in data else None
    return held.value if isinstance(held, RawDataElement) else str(held)


def _element_text(data: Dataset, tag: BaseTag, name: str) -> str:
    """'"00100020": {…}', or "" where the value is not what its VR says."""
    try:
        with parsing():
            said = data[tag].to_json_dict(None, INLINE_BYTES)
    except MalformedFile:
        return ""
    return _pair(name, said)


def _pair(name: str, said: dict[str, Any]) -> str:
    try:
        text = json.dumps(said, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_without_nan(said), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return f'"{name}":{text}'


def _without_nan(value: Any) -> Any:
    """What JSON has no number for is text (PS3.18 F.2.3, since 2022)."""
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_nan(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
