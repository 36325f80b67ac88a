"""What Enhanced PET says in its own way, put into the words of the classic PET image (PS3.3 C.8.22, C.7.6.16.2).

Decay is corrected to the date-time that is named, never to the series time; the numbers get their unit by the Real World Value
Mapping; the series has no type, the frames have one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from carpet.core.errors import Refused
from carpet.dicom import notices
from carpet.dicom.elements import Element, MalformedFile, sequence_items
from carpet.dicom.pet_facts import (
    CODE_VALUE,
    CORRECTED_IMAGE,
    DECAY_CORRECTION,
    DECAY_DATETIME,
    FRAME_REFERENCE_MS,
    IMAGE_TYPE,
    RADIOPHARMACEUTICALS,
    RECONSTRUCTION,
    SERIES_DATE,
    SERIES_TIME,
    SERIES_TYPE,
    START_DATETIME,
    SUV_TYPE,
    TIMEZONE,
    UNITS,
)
from carpet.dicom.stack import FRAME_TYPE, INTERCEPT, NUMBER_OF_SLICES, SLOPE, tag_name
from carpet.dicom.values import MalformedValue, datetime_of, numbers_of, text_of, texts_of, zone_of

# Classic attributes that the Enhanced PET IOD does not have, or that mean something else there: not believed.
NOT_BELIEVED = frozenset({SERIES_DATE, SERIES_TIME, SERIES_TYPE, NUMBER_OF_SLICES, DECAY_CORRECTION, CORRECTED_IMAGE, RECONSTRUCTION})
DECAY_CORRECTED, CARDIAC_TECHNIQUE, ALGORITHM = 0x00189758, 0x00189037, 0x00189315
CORRECTIONS = {  # PS3.3 table C.8.22-19: YES or NO, and the token of Corrected Image
    DECAY_CORRECTED: "DECY",
    0x00189759: "ATTN",
    0x00189760: "SCAT",
    0x00189761: "DTIM",
    0x00189762: "MOTN",
    0x00189763: "PMOT",
    0x00189764: "CLN",
    0x00189765: "RAN",
    0x00189766: "RADL",
    0x00189767: "DCAL",
    0x00189768: "NORM",
}
FRAME_REFERENCE_AT = 0x00189151
SERIES_TYPE_OF_FLAVOUR = {  # of value 3 of Frame Type; VOLUME: frames that make one regularly sampled volume (C.8.16.1.3)
    "VOLUME": "STATIC",
    "STATIC": "STATIC",
    "WHOLE_BODY": "WHOLE BODY",
    "DYNAMIC": "DYNAMIC",
    "GATED": "GATED",
    "CARDIAC_GATED": "GATED",
    "RESP_GATED": "GATED",
}
PROJECTED = frozenset({"MIP", "MAX_IP", "MIN_IP", "PROJECTION IMAGE", "REPROJECTION"})
RWV_MAPPINGS, RWV_UNITS, RWV_QUANTITY, CONCEPT_CODES = 0x00409096, 0x004008EA, 0x00409220, 0x0040A168
RWV_SLOPE, RWV_INTERCEPT, RWV_FIRST, RWV_LAST = 0x00409225, 0x00409224, 0x00409216, 0x00409211
RWV_FIRST_FLOAT, RWV_LAST_FLOAT = 0x00409214, 0x00409213
UNITS_OF_CODE = {  # UCUM, lower case: PS3.16 CID 84 and 85
    "bq/ml": ("BQML", ""),
    "g/ml": ("GML", ""),
    "{suvbw}g/ml": ("GML", "BW"),
    "g/ml{suvbw}": ("GML", "BW"),
    "{suvlbm}g/ml": ("GML", "LBM"),
    "{suvlbm(james128)}g/ml": ("GML", "LBMJAMES128"),
    "{suvlbm(janma)}g/ml": ("GML", "LBMJANMA"),
    "{suvibw}g/ml": ("GML", "IBW"),
    "cm2/ml": ("CM2ML", "BSA"),
    "{suvbsa}cm2/ml": ("CM2ML", "BSA"),
    "{counts}": ("CNTS", ""),
}
PREFERRED = ("BQML", "GML", "CM2ML", "CNTS")  # activity first: from there every step to SUV is checked
SUV_TYPE_OF_METHOD = {"126410": "BW", "126413": "IBW"}  # DCM: SUV body weight, ideal body weight calculation method
NOT_SAID = "NOT SAID"
SAME_SLOPE = 1e-6  # relative: a decimal string has at least so many digits


def in_classic_words(base: Mapping[int, Element]) -> dict[int, Element]:
    """What is the same in all frames: decay correction, corrections, reconstruction."""
    words = {tag: element for tag, element in base.items() if tag not in NOT_BELIEVED}
    tokens = [token for tag, token in CORRECTIONS.items() if _text(base, tag) == "YES"]
    words[CORRECTED_IMAGE] = _coded("\\".join(tokens))
    if _text(base, DECAY_CORRECTED) == "NO":
        words[DECAY_CORRECTION] = _coded("NONE")
    elif _text(base, DECAY_CORRECTED) == "YES":
        to_injection = _corrected_to_injection(base)
        words[DECAY_CORRECTION] = _coded("ADMIN" if to_injection else "START")
        if to_injection:
            del words[DECAY_DATETIME]
    if ALGORITHM in base:
        words[RECONSTRUCTION] = base[ALGORITHM]
    return words


def frame_in_classic_words(frame: Mapping[int, Element]) -> dict[int, Element]:
    """What may differ from frame to frame: the scale and its unit, the type, the reference time. Raises Refused, MalformedFile."""
    words = _scale(frame)
    frame_type = texts_of(frame[FRAME_TYPE] if FRAME_TYPE in frame else frame.get(IMAGE_TYPE, _coded("")))
    words[IMAGE_TYPE] = _coded("\\".join(frame_type))
    series_type = SERIES_TYPE_OF_FLAVOUR.get(frame_type[2]) if len(frame_type) > 2 else None
    if _text(frame, CARDIAC_TECHNIQUE) not in ("", "NONE"):
        series_type = "GATED"
    if series_type:
        words[SERIES_TYPE] = _coded(f"{series_type}\\{'REPROJECTION' if PROJECTED & set(frame_type) else 'IMAGE'}")
    offset = _after_decay_reference(frame)
    if offset is not None:
        words[FRAME_REFERENCE_MS] = Element("DS", f"{offset / dt.timedelta(milliseconds=1):.3f}".encode())
    return words


def _corrected_to_injection(base: Mapping[int, Element]) -> bool:
    """Whether the decay reference is the very moment of the injection."""
    items = sequence_items(base[RADIOPHARMACEUTICALS]) if RADIOPHARMACEUTICALS in base else []
    injected, corrected_to = _moment(base, START_DATETIME, items[0] if items else {}), _moment(base, DECAY_DATETIME, base)
    return injected is not None and injected == corrected_to


def _after_decay_reference(frame: Mapping[int, Element]) -> dt.timedelta | None:
    """Frame Reference Time of the classic image: here the difference of two date-times. It only cross-checks."""
    at, corrected_to = _moment(frame, FRAME_REFERENCE_AT, frame), _moment(frame, DECAY_DATETIME, frame)
    return None if at is None or corrected_to is None else at - corrected_to


def _moment(base: Mapping[int, Element], tag: int, source: Mapping[int, Element]) -> dt.datetime | None:
    """A date-time of `source` in the study's zone; None where absent or not readable, which pet_facts will say of what matters."""
    try:
        zone = zone_of(_text(base, TIMEZONE))
        return datetime_of(_text(source, tag), study_zone=zone) if tag in source else None
    except MalformedValue:
        return None


@dataclass(frozen=True, slots=True)
class _Mapped:
    """One Real World Value Mapping; slope and intercept None where it is a table."""

    units: str
    suv_type: str
    slope: float | None
    intercept: float | None
    limits: tuple[float, float] | None

    def __str__(self) -> str:
        return f"{self.units} {self.suv_type}".strip()


def _scale(frame: Mapping[int, Element]) -> dict[int, Element]:
    """Unit, slope and intercept. The mapping applies to stored values (C.7.6.16.2.11); a Rescale Slope beside it must not gainsay it."""
    if RWV_MAPPINGS not in frame:
        return {}
    try:
        mapped = _chosen(list(_mappings(frame)), _text(frame, UNITS))
        if mapped.slope is None or mapped.intercept is None:
            raise _unsupported(RWV_SLOPE, "values are mapped by a table, not by a slope")
        rescale = [numbers_of(frame[tag]) for tag in (SLOPE, INTERCEPT) if tag in frame]
    except MalformedValue as error:
        raise Refused(notices.NUMBER_MALFORMED.at(f"{tag_name(RWV_MAPPINGS)} {tag_name(SLOPE)}", str(error))) from error
    stated = tuple(one[0] for one in rescale if len(one) == 1)
    if stated not in ((), (1.0, 0.0)) and not _same(stated, (mapped.slope, mapped.intercept)):
        shown = " × + ".join(f"{one:g}" for one in stated)
        raise _unsupported(RWV_SLOPE, f"{mapped}: {mapped.slope:g} × + {mapped.intercept:g}, but rescaled by {shown}")
    words = {UNITS: _coded(mapped.units), SLOPE: _decimal(mapped.slope), INTERCEPT: _decimal(mapped.intercept)}
    if mapped.suv_type:
        words[SUV_TYPE] = _coded(mapped.suv_type)
    if mapped.limits:
        words |= {tag: _decimal(one) for tag, one in zip((RWV_FIRST, RWV_LAST), mapped.limits, strict=True)}
    return words


def _same(stated: tuple[float, ...], mapped: tuple[float, float]) -> bool:
    return len(stated) == 2 and abs(stated[0] - mapped[0]) <= SAME_SLOPE * abs(mapped[0]) and stated[1] == mapped[1]


def _chosen(mappings: list[_Mapped], units: str) -> _Mapped:
    """The mapping to go by: to the unit that the file names, else to activity, else to a SUV. Raises Refused where it is not one."""
    known = [one for one in mappings if one.units in PREFERRED and units in ("", one.units)]
    if not known:
        if units and any(one.units in PREFERRED for one in mappings):
            raise _unsupported(RWV_UNITS, f"Units (0054,1001) {units}, mapped to {', '.join(map(str, mappings))}")
        if not mappings:
            raise _unsupported(RWV_MAPPINGS, "empty")
        return mappings[0]  # the unit is shown and refused
    best = min(known, key=lambda one: (PREFERRED.index(one.units), one.suv_type not in ("", "BW")))
    if sum(str(one) == str(best) for one in known) > 1:
        raise _unsupported(RWV_MAPPINGS, f"more than one mapping to {best}")
    return best


def _mappings(frame: Mapping[int, Element]) -> Iterator[_Mapped]:
    for item in sequence_items(frame[RWV_MAPPINGS]):
        code = _code_in(item, RWV_UNITS)
        units, suv_type = UNITS_OF_CODE.get(code.lower(), (code or "not coded", ""))
        if units == "GML" and not suv_type:
            quantities = sequence_items(item[RWV_QUANTITY]) if RWV_QUANTITY in item else []
            methods = (SUV_TYPE_OF_METHOD.get(_code_in(quantity, CONCEPT_CODES)) for quantity in quantities)
            suv_type = _text(frame, SUV_TYPE) or next((method for method in methods if method), NOT_SAID)
        yield _Mapped(units, suv_type, _double(item, RWV_SLOPE), _double(item, RWV_INTERCEPT), _limits(item))


def _limits(item: Mapping[int, Element]) -> tuple[float, float] | None:
    """First and last stored value that the mapping holds for. Signed numbers are often written as unsigned."""
    first, last = _double(item, RWV_FIRST_FLOAT), _double(item, RWV_LAST_FLOAT)
    if first is None or last is None:
        if RWV_FIRST not in item or RWV_LAST not in item:
            return None
        bounds = [item[tag].raw for tag in (RWV_FIRST, RWV_LAST)]
        if any(len(raw) != 2 for raw in bounds):
            raise MalformedFile("RealWorldValueFirstValueMapped is not one short integer")
        signed = item[RWV_FIRST].vr == "SS"
        first, last = (int.from_bytes(raw, "little", signed=signed) for raw in bounds)
        if first > last:
            first, last = (int.from_bytes(raw, "little", signed=True) for raw in bounds)
    return float(first), float(last)


def _code_in(item: Mapping[int, Element], tag: int) -> str:
    codes = sequence_items(item[tag]) if tag in item else []
    return _text(codes[0], CODE_VALUE) if codes else ""


def _double(item: Mapping[int, Element], tag: int) -> float | None:
    """One FD, also in an implicit file. Raises MalformedValue."""
    numbers = numbers_of(Element("FD", item[tag].raw)) if tag in item else ()
    return numbers[0] if len(numbers) == 1 else None


def _decimal(number: float) -> Element:
    return Element("DS", repr(number).encode())


def _coded(text: str) -> Element:
    return Element("CS", text.encode("latin-1"))


def _text(elements: Mapping[int, Element], tag: int) -> str:
    return text_of(elements[tag]) if tag in elements else ""


def _unsupported(tag: int, found: str) -> Refused:
    return Refused(notices.SOP_CLASS_UNSUPPORTED.at(tag_name(tag), found))
