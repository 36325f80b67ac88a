"""One image without its patient: a new file built from what the rules let pass (PS3.15 Basic Profile, with the options of 0016)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from carpet.dicom.deid.encoding import Part, encoded_file, text_part
from carpet.dicom.deid.raw import short_at, stored, text_at, text_in
from carpet.dicom.deid.rules import EMPTIED, EMPTY, OWNERLESS, PrivateBlock, Rules, most_values
from carpet.dicom.deid.values import (
    MALFORMED,
    Alias,
    age_text,
    keyed_word,
    mapped_uid,
    number_text,
    shifted_date,
    shifted_datetime,
    time_text,
    zone_text,
)
from carpet.dicom.deid.words import cleaned_words, code_meaning, term, values_apart
from carpet.dicom.elements import BYTES_OF_VR, NESTING_CAP, PIXEL_DATA, MalformedFile, parsing

if TYPE_CHECKING:
    from pydicom import Dataset

METHODS = ("113100", "113101", "113105", "113107", "113108", "113109", "113111")  # DCM, PS3.16 CID 7050
WORDY = frozenset({"CS", "LO", "SH"})
BINARY = frozenset({"US", "SS", "UL", "SL", "FL", "FD", "SV", "UV"})
NUMERIC = BINARY | {"DS", "IS"}
SEXES = ("M", "F", "O")
AT_BYTES = 4  # a tag: two numbers
CODE_VALUE, CODE_SCHEME, CODE_MEANING = 0x00080100, 0x00080102, 0x00080104
LONG_CODES = (0x00080119, 0x00080120)
SOP_CLASS, SOP_INSTANCE, SIGNED, SEX = 0x00080016, 0x00080018, 0x00280103, 0x00100040
ZONE, SERIAL = 0x00080201, 0x00181000


def deidentified(data: Dataset, alias: Alias, rules: Rules, *, pixels: bytes, software: str) -> bytes:
    """The file that stands for `data`. `pixels`: its native pixel data, little endian. Raises MalformedFile."""
    with parsing():
        signed = short_at(data, SIGNED, 0) == 1
        parts = _passing(data, alias, rules, signed=signed, depth=0)
        for tag in (SOP_CLASS, SOP_INSTANCE):
            if not parts.get(tag, Part("UI")).raw:
                raise MalformedFile("no SOP Class UID or SOP Instance UID")
        parts |= _said_of_the_patient(alias, software) | {tag: Part(vr) for tag, vr in EMPTIED.items() if tag in data}
        parts[PIXEL_DATA] = Part("OW", pixels)
        sop_class, sop_instance = (parts[tag].raw.decode("ascii") for tag in (SOP_CLASS, SOP_INSTANCE))
        return encoded_file(parts, sop_class=sop_class, sop_instance=sop_instance)


def _said_of_the_patient(alias: Alias, software: str) -> dict[int, Part]:
    """The pseudonym, the empty attributes that must be there, and what was done."""
    codes = tuple(_code_item("DCM", code, code_meaning("DCM", code) or "") for code in METHODS)
    return {tag: Part(vr) for tag, vr in EMPTY.items()} | {
        0x00100010: text_part("PN", alias.pseudonym),
        0x00100020: text_part("LO", alias.pseudonym),
        0x00120062: text_part("CS", "YES"),
        0x00120063: text_part("LO", "PS3.15 Basic, allow-list; serial number keyed", software),
        0x00120064: Part("SQ", items=codes),
        0x00280303: text_part("CS", "MODIFIED"),
    }


def _code_item(scheme: str, value: str, meaning: str) -> dict[int, Part]:
    return {CODE_VALUE: text_part("SH", value), CODE_SCHEME: text_part("SH", scheme), CODE_MEANING: text_part("LO", meaning)}


def _passing(data: Dataset, alias: Alias, rules: Rules, *, signed: bool, depth: int) -> dict[int, Part]:
    """What passes of a data set or item, but for the pixels."""
    if depth > NESTING_CAP:
        raise MalformedFile("sequences are nested too deeply")
    parts: dict[int, Part] = {}
    passing = [int(tag) for tag in data.keys() if int(tag) in rules.standard and tag != PIXEL_DATA]  # noqa: SIM118
    for tag in sorted(passing, key=lambda tag: rules.standard[tag] == "SQ"):  # pydicom looks at plain values when it opens a sequence
        vr = rules.standard[tag]
        plain = vr != "SQ"
        part = _part(data, tag, vr, alias, signed=signed) if plain else _sequence(data, tag, alias, rules, signed=signed, depth=depth)
        if part is not None:
            parts[tag] = part
    _check_code(parts)
    for block in rules.private:
        parts |= _private(data, block, alias)
    return parts


def _sequence(data: Dataset, tag: int, alias: Alias, rules: Rules, *, signed: bool, depth: int) -> Part | None:
    """The items, without those that were a code that DICOM does not publish."""
    from pydicom.sequence import Sequence

    items = data[tag].value
    if not isinstance(items, Sequence):
        return None
    passing = []
    for item in items:
        parts = _passing(item, alias, rules, signed=signed, depth=depth + 1)
        if parts or not any(code in item for code in (CODE_VALUE, *LONG_CODES)):
            passing.append(parts)
    return Part("SQ", items=tuple(passing))


def _check_code(parts: dict[int, Part]) -> None:
    """A code passes with its published meaning, or not at all."""
    found = {tag: parts.pop(tag).raw.decode("ascii") for tag in (CODE_VALUE, CODE_SCHEME, CODE_MEANING) if tag in parts}
    scheme, value = found.get(CODE_SCHEME, ""), found.get(CODE_VALUE, "")
    meaning = code_meaning(scheme, value)
    if meaning is not None:
        parts |= _code_item(scheme, value, meaning)


def _private(data: Dataset, block: PrivateBlock, alias: Alias) -> dict[int, Part]:
    """The safe elements of a vendor's block, at their old place; also of the usual block where its creator is missing."""
    first = block.group << 16
    places = [int(tag) - first for tag in data.keys() if OWNERLESS <= int(tag) - first < 0x100]  # noqa: SIM118
    owned = [place for place in places if text_at(data, first | place) == block.creator]
    ownerless = not owned and first | OWNERLESS not in data
    parts: dict[int, Part] = {}
    for place in [OWNERLESS] if ownerless else owned:
        tags = {first | place << 8 | low: vr for low, vr in block.elements}
        kept = {tag: part for tag, vr in tags.items() if tag in data and (part := _part(data, tag, vr, alias, signed=False)) is not None}
        if kept and not ownerless:
            kept[first | place] = text_part("LO", block.creator)
        parts |= kept
    return parts


def _part(data: Dataset, tag: int, vr: str, alias: Alias, *, signed: bool) -> Part | None:
    """One element that is not a sequence, cleaned as its VR asks; None where nothing of it may pass."""
    told, raw = stored(data, tag)
    if raw is None:
        return None
    if vr == "US or SS":
        vr = told if told in ("US", "SS") else "SS" if signed else "US"
    elif vr in NUMERIC and told in NUMERIC:
        vr = told
    width = AT_BYTES if vr == "AT" else BYTES_OF_VR.get(vr, 1)
    if width > 1:
        return Part(vr, raw if _is_numbers(tag, raw, width) else b"")
    text = text_in(raw)
    if not text:
        return Part(vr)
    values = [_cleaned(tag, vr, part.strip("\0 \t\r\n"), alias) or "" for part in text.split("\\")]
    return text_part(vr, *(values_apart(values) if vr in WORDY and tag not in _SPECIAL else values))


def _is_numbers(tag: int, raw: bytes, width: int) -> bool:
    """Whether these can be the binary numbers of this attribute; bytes in excess could spell a name."""
    most = most_values(tag)
    return len(raw) % width == 0 and (most is None or len(raw) <= most * width)


def _cleaned(tag: int, vr: str, text: str, alias: Alias) -> str | None:
    """One value of a text."""
    special = _SPECIAL.get(tag)
    if special is not None:
        return special(text, alias)
    return _BY_VR[vr](text, alias) if vr in _BY_VR else None


def _sex(text: str, alias: Alias) -> str | None:
    return text if text in SEXES else None


def _code_text(text: str, alias: Alias) -> str:
    return text if text.isascii() else MALFORMED  # looked up afterwards


_Clean = Callable[[str, Alias], str | None]
_SPECIAL: Mapping[int, _Clean] = {
    SEX: _sex,
    ZONE: lambda text, alias: zone_text(text),
    SERIAL: lambda text, alias: keyed_word(text, alias.secret, "D"),
    CODE_VALUE: _code_text,
    CODE_SCHEME: _code_text,
    CODE_MEANING: lambda text, alias: None,
}
_BY_VR: Mapping[str, _Clean] = {
    "DS": lambda text, alias: number_text(text),
    "IS": lambda text, alias: number_text(text),
    "DA": lambda text, alias: shifted_date(text, alias.days_back),
    "DT": lambda text, alias: shifted_datetime(text, alias.days_back),
    "TM": lambda text, alias: time_text(text),
    "UI": lambda text, alias: mapped_uid(text, alias.secret),
    "AS": lambda text, alias: age_text(text),
    "CS": lambda text, alias: term(text),
    "LO": lambda text, alias: cleaned_words(text),
    "SH": lambda text, alias: cleaned_words(text),
}
