"""One DICOM header as DICOM JSON (PS3.18 Annex F), fast over the look-alike slices of a series."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pydicom
from pydicom import Dataset
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag, Tag

from carpet.dicom.elements import (
    DEFLATED,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    NESTING_CAP,
    FileElements,
    MalformedFile,
    parsing,
    read_elements,
)
from carpet.dicom.pet_facts import SOP_INSTANCE
from carpet.dicom.series import SERIES_UID, STUDY_UID
from carpet.run.ohif.archive import Instance

PIXEL_DATA, CHARACTER_SET = 0x7FE00010, 0x00080005
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
        """The header as a JSON object in ASCII, in the order of the tags. An attribute that cannot be read is left out, of an item too.

        Raises OSError.
        """
        data = read_header(instance)
        scope = (instance.transfer_syntax, *(_raw(data, tag) for tag in SCOPE))
        stored = _taken_apart(data, instance)
        parts = {int(tag): self._part(data, tag, scope, stored, instance) for tag in data.keys()}  # noqa: SIM118
        for tag, uid in ((SOP_INSTANCE, instance.uid), (STUDY_UID, instance.study), (SERIES_UID, instance.series)):
            parts[tag] = parts.get(tag) or _pair(f"{tag:08X}", {"vr": "UI", "Value": [uid]})  # without them nobody finds the rest
        return f"{{{','.join(parts[tag] for tag in sorted(parts) if parts[tag])}}}"

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
    walked = _walked(instance) if parsed else None
    return {} if walked is None else {tag: walked.elements[tag].raw for tag in parsed if tag in walked.elements}


def _walked(instance: Instance) -> FileElements | None:
    with suppress(MalformedFile):  # pydicom forgives what the walk does not
        return read_elements(instance.path)
    return None


def read_header(instance: Instance) -> Dataset:
    """The data set, long values left on the disk. Of a file that pydicom cannot make out: what carpet's walk finds, or nothing."""
    deflated = instance.transfer_syntax == DEFLATED  # where pydicom looks for a deferred value in the deflated bytes
    with suppress(MalformedFile), parsing():
        data = pydicom.dcmread(instance.path, defer_size=None if deflated else LEFT_ON_DISK, force=True)
        if SOP_INSTANCE in data:
            return data
    walked = _walked(instance)
    return Dataset() if walked is None else _found_by_walk(walked)


def _found_by_walk(walked: FileElements) -> Dataset:
    """Without values longer than KEPT_VALUE_BYTES, and in the default character set."""
    syntax = IMPLICIT_LITTLE if walked.transfer_syntax == IMPLICIT_LITTLE else EXPLICIT_LITTLE
    pixels = {} if walked.pixel_offset is None else {PIXEL_DATA: ("OW", None, walked.pixel_bytes or 0)}
    known = {tag: (one.vr, one.raw, len(one.raw)) for tag, one in walked.elements.items() if tag != CHARACTER_SET}
    data = Dataset()
    for tag, (vr, raw, length) in (known | pixels).items():
        data[tag] = RawDataElement(Tag(tag), vr or None, length, raw, 0, syntax == IMPLICIT_LITTLE, True)
    return data


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
    """What stands there, None where it cannot be read."""
    try:
        with parsing():
            held = data.get_item(tag) if tag in data else None
            return held.value if isinstance(held, RawDataElement) else str(held)
    except MalformedFile:
        return None


def _element_text(data: Dataset, tag: BaseTag, name: str) -> str:
    """'"00100020": {…}', or "" where the value is not what its VR says."""
    try:
        with parsing():
            return _pair(name, _said(data, tag, 0))
    except MalformedFile:
        return ""


def _said(data: Dataset, tag: BaseTag, depth: int) -> dict[str, Any]:
    """An attribute in DICOM JSON; `depth`: how many sequences it stands in. What cannot be read raises anything (see `parsing`)."""
    element = data[tag]
    if element.VR != "SQ":
        said: dict[str, Any] = element.to_json_dict(None, INLINE_BYTES)
        return said
    if depth == NESTING_CAP:
        raise MalformedFile("sequences are nested too deeply")
    return {"vr": "SQ", "Value": [_item_said(item, depth + 1) for item in element.value]}


def _item_said(item: Dataset, depth: int) -> dict[str, Any]:
    """What can be read of an item of a sequence."""
    told = {}
    for tag in item.keys():  # noqa: SIM118
        try:
            with parsing():
                told[f"{int(tag):08X}"] = _said(item, tag, depth)
        except MalformedFile:
            continue
    return told


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
