"""What a PET series says about dose, time, patient and units: each fact as stored, with the tag it was read from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, TypeVar

from carpet.core.errors import Notice, NoticeKind
from carpet.core.study import Fact, PetFacts, SliceFacts
from carpet.dicom import elements, notices
from carpet.dicom.elements import ENHANCED_PET, SOP_CLASS, Element, FileElements, MalformedFile, parsing
from carpet.dicom.stack import INTERCEPT, NUMBER_OF_SLICES, SLOPE, tag_name, varying
from carpet.dicom.values import MalformedValue, UnknownZone, date_of, datetime_of, numbers_of, short_of, text_of, texts_of, time_of, zone_of

T = TypeVar("T")

UNITS, SUV_TYPE, DECAY_CORRECTION, CORRECTED_IMAGE = 0x00541001, 0x00541006, 0x00541102, 0x00280051
SERIES_TYPE, IMAGE_TYPE, MANUFACTURER, MODEL, RECONSTRUCTION = 0x00541000, 0x00080008, 0x00080070, 0x00081090, 0x00541103
WEIGHT, SIZE, SEX = 0x00101030, 0x00101020, 0x00100040
RADIOPHARMACEUTICALS = 0x00540016
DOSE, HALF_LIFE, START_DATETIME, START_TIME = 0x00181074, 0x00181075, 0x00181078, 0x00181072
NUCLIDE_CODES, TRACER_CODES, CODE_VALUE, TRACER_TEXT = 0x00540300, 0x00540304, 0x00080100, 0x00180031
CODE_TAGS, NO_CODE = {NUCLIDE_CODES, TRACER_CODES}, Element("SH", b"")
DECAY_DATETIME, SERIES_DATE, SERIES_TIME = 0x00189701, 0x00080021, 0x00080031
ACQUISITION_DATE, ACQUISITION_TIME, ACQUISITION_DATETIME = 0x00080022, 0x00080032, 0x0008002A
FRAME_REFERENCE_MS, FRAME_DURATION_MS, DECAY_FACTOR = 0x00541300, 0x00181242, 0x00541321
SOP_INSTANCE, TIMEZONE = 0x00080018, 0x00080201
MBQ = (20.0, 1e5)  # a dose for a patient; below, mCi or GBq are suspected (METHODS A.4)
PRIVATE = {  # group, element byte, creator (METHODS A.2)
    "ge_scan_at": (0x0009, 0x0D, "GEMS_PETD_01"),
    "ge_injected_at": (0x0009, 0x3B, "GEMS_PETD_01"),
    "siemens_reference_at": (0x0071, 0x22, "SIEMENS MED PT"),
    "philips_suv_factor": (0x7053, 0x00, "Philips PET Private Group"),
    "philips_activity_factor": (0x7053, 0x09, "Philips PET Private Group"),
}
CONSTANT_TAGS = {
    UNITS: "Units",
    SUV_TYPE: "SUVType",
    SERIES_TYPE: "SeriesType",
    DECAY_CORRECTION: "DecayCorrection",
    CORRECTED_IMAGE: "CorrectedImage",
    WEIGHT: "PatientWeight",
    SIZE: "PatientSize",
    SEX: "PatientSex",
    SERIES_DATE: "SeriesDate",
    SERIES_TIME: "SeriesTime",
    DECAY_DATETIME: "DecayCorrectionDateTime",
    RADIOPHARMACEUTICALS: "RadiopharmaceuticalInformationSequence",
}
CONSTANT_PRIVATE = {
    "ge_scan_at": "GE scan date-time",
    "philips_suv_factor": "Philips SUV scale factor",
    "philips_activity_factor": "Philips activity scale factor",
}


class _Reader:
    """Reads one attribute after another; what is malformed becomes a refusal, what is absent is None."""

    def __init__(self, study_zone: dt.timedelta | None) -> None:
        self.notices: list[Notice] = []
        self.study_zone = study_zone

    def fact(
        self, where: str, element: Element | None, parse: Callable[[Element], T | None], *, malformed: NoticeKind | None = None
    ) -> Fact[T] | None:
        if element is None or not element.raw.strip(b" \0"):
            return None
        try:
            value = parse(element)
        except UnknownZone as error:
            self.notices.append(notices.TIME_ZONE_UNKNOWN.at(where, repr(str(error))))
            return None
        except MalformedValue as error:
            kind = notices.NUMBER_MALFORMED if parse in (_number, short_of) else notices.TIME_MALFORMED
            self.notices.append((malformed or kind).at(where, repr(str(error))))
            return None
        return None if value is None else Fact(value, where)

    def moment(self, where: str, element: Element | None, *, beside: dt.time | None = None) -> Fact[dt.datetime] | None:
        """A date-time in the study's local time."""
        return self.fact(where, element, lambda one: datetime_of(_to_the_minute(one, 12), study_zone=self.study_zone, beside=beside))


def _number(element: Element) -> float:
    numbers = numbers_of(element)
    if len(numbers) != 1:
        raise MalformedValue(text_of(element)[:40])
    return numbers[0]


def _time(element: Element) -> dt.time:
    return time_of(_to_the_minute(element, 4))


def _to_the_minute(element: Element, digits: int) -> str:
    """The text of a time; an hour alone, which the standard allows, can't be decayed by. Raises MalformedValue."""
    text = text_of(element)
    if len(text.partition("+")[0].partition("-")[0]) < digits:
        raise MalformedValue(text[:32])
    return text


def pet_facts(files: Sequence[FileElements]) -> tuple[PetFacts, tuple[Notice, ...]]:
    """The facts of a sorted PET series, and a notice for every attribute that is malformed or varies where it must not."""
    top = files[0].elements
    reader = _Reader(_study_zone(top))
    item = _radiopharmaceutical(files[0], reader)
    private = {name: _private(top, *place, reader) for name, place in PRIVATE.items()}

    def read(tag: int, parse: Callable[[Element], T | None], source: Mapping[int, Element] = top, under: str = "") -> Fact[T] | None:
        return reader.fact(under + tag_name(tag), source.get(tag), parse)

    inside = tag_name(RADIOPHARMACEUTICALS) + "▸"
    start_time = read(START_TIME, _time, item, inside)
    root_time = next((tag for tag in (START_DATETIME, START_TIME) if tag in top), None)
    facts = PetFacts(
        units=read(UNITS, text_of),
        suv_type=read(SUV_TYPE, text_of),
        decay_correction=read(DECAY_CORRECTION, text_of),
        corrected_image=read(CORRECTED_IMAGE, texts_of),
        series_type=read(SERIES_TYPE, texts_of),
        image_type=read(IMAGE_TYPE, texts_of),
        manufacturer=read(MANUFACTURER, text_of),
        model=read(MODEL, text_of),
        reconstruction=read(RECONSTRUCTION, text_of),
        weight_kg=read(WEIGHT, _number),
        height_m=read(SIZE, _number),
        sex=read(SEX, text_of),
        dose=_in_bq(read(DOSE, _number, item, inside), top),
        half_life_s=read(HALF_LIFE, _number, item, inside),
        nuclide_code=_code(item, NUCLIDE_CODES, inside),
        tracer_code=_code(item, TRACER_CODES, inside),
        tracer_text=read(TRACER_TEXT, text_of, item, inside),
        injected_at=reader.moment(
            inside + tag_name(START_DATETIME), item.get(START_DATETIME), beside=start_time.value if start_time else None
        ),
        injected_time=start_time,
        root_injection_time=read(root_time, text_of) if root_time else None,
        decay_reference_at=reader.moment(tag_name(DECAY_DATETIME), top.get(DECAY_DATETIME)),
        series_at=_date_and_time(top, SERIES_DATE, SERIES_TIME, reader),
        number_of_slices=reader.fact(tag_name(NUMBER_OF_SLICES), top.get(NUMBER_OF_SLICES), short_of),
        slices=tuple(_slice_facts(file.elements, reader) for file in files),
        **private,
    )
    private_tags = {_private_tag(top, *PRIVATE[name])[0]: says for name, says in CONSTANT_PRIVATE.items()}
    constant = CONSTANT_TAGS | {tag: says for tag, says in private_tags.items() if tag is not None}
    return facts, (*dict.fromkeys(reader.notices), *varying(files, constant))


def _in_bq(dose: Fact[float] | None, top: Mapping[int, Element]) -> Fact[float] | None:
    """The dose in Bq. Enhanced PET states it in MBq (PS3.3 C.8.22.4); a number that can't be MBq is left for patient.py to judge."""
    if dose is None or SOP_CLASS not in top or text_of(top[SOP_CLASS]) != ENHANCED_PET or not MBQ[0] <= dose.value < MBQ[1]:
        return dose
    return Fact(dose.value * 1e6, f"{dose.read_from} (MBq)")


def _study_zone(top: Mapping[int, Element]) -> dt.timedelta | None:
    """TimezoneOffsetFromUTC; None where absent or unreadable, so that a date-time with an offset is refused."""
    try:
        return zone_of(text_of(top[TIMEZONE])) if TIMEZONE in top else None
    except MalformedValue:
        return None


def _slice_facts(elements: Mapping[int, Element], reader: _Reader) -> SliceFacts:
    def number(tag: int) -> float | None:
        fact = reader.fact(tag_name(tag), elements.get(tag), _number)
        return fact.value if fact else None

    acquired = _date_and_time(elements, ACQUISITION_DATE, ACQUISITION_TIME, reader) or reader.moment(
        tag_name(ACQUISITION_DATETIME), elements.get(ACQUISITION_DATETIME)
    )
    return SliceFacts(
        sop_instance_uid=text_of(elements[SOP_INSTANCE]) if SOP_INSTANCE in elements else "",
        slope=number(SLOPE),
        intercept=number(INTERCEPT),
        acquired_at=acquired.value if acquired else None,
        frame_reference_ms=number(FRAME_REFERENCE_MS),
        frame_duration_ms=number(FRAME_DURATION_MS),
        decay_factor=_witness(elements.get(DECAY_FACTOR)),
    )


def _witness(element: Element | None) -> float | None:
    """A number that only confirms others: unreadable, it confirms nothing, and refuses nothing."""
    try:
        return _number(element) if element else None
    except MalformedValue:
        return None


def _date_and_time(elements: Mapping[int, Element], date_tag: int, time_tag: int, reader: _Reader) -> Fact[dt.datetime] | None:
    date = reader.fact(tag_name(date_tag), elements.get(date_tag), _date)
    time = reader.fact(tag_name(time_tag), elements.get(time_tag), _time)
    if date is None or time is None:
        return None
    return Fact(dt.datetime.combine(date.value, time.value), f"{tag_name(date_tag)} {tag_name(time_tag)}")


def _date(element: Element) -> dt.date:
    return date_of(text_of(element))


def _private(top: Mapping[int, Element], group: int, byte: int, creator: str, reader: _Reader) -> Fact[Any] | None:
    """A private attribute; a flag where its creator had to be assumed."""
    tag, owned = _private_tag(top, group, byte, creator)
    if tag is None:
        return None
    if not owned:
        reader.notices.append(notices.PRIVATE_CREATOR_MISSING.at(tag_name(tag), f"no creator {creator!r}"))
    where = f"{tag_name(tag)} {creator}"
    if group == 0x7053:
        return reader.fact(where, top[tag], _number, malformed=notices.SCALE_UNREADABLE)
    return reader.moment(where, top[tag])


def _private_tag(top: Mapping[int, Element], group: int, byte: int, creator: str) -> tuple[int | None, bool]:
    """Where a private attribute stands, and whether its creator says so; the usual block 0x10 is taken without one."""
    blocks = [tag & 0xFF for tag in range(group << 16 | 0x10, group << 16 | 0x100) if tag in top and text_of(top[tag]) == creator]
    tags = [group << 16 | block << 8 | byte for block in blocks]
    found = next((tag for tag in tags if tag in top), None)
    usual = group << 16 | 0x1000 | byte
    if found is None and usual in top and (group << 16 | 0x10) not in top:
        return usual, False
    return found, True


def _radiopharmaceutical(file: FileElements, reader: _Reader) -> Mapping[int, Element]:
    """The elements of the one item of (0054,0016); empty when absent."""
    element = file.elements.get(RADIOPHARMACEUTICALS)
    walked = file.pixel_offset is not None and (element is None or element.vr in ("", "SQ", "UN"))
    items = _walked_items(element) if walked else sequence_items(file, RADIOPHARMACEUTICALS)
    if len(items) > 1:
        reader.notices.append(notices.RADIOPHARMACEUTICAL_AMBIGUOUS.at(tag_name(RADIOPHARMACEUTICALS), f"{len(items)} items"))
    return items[0] if items else {}


def _walked_items(element: Element | None) -> list[dict[int, Element]]:
    """The items of a sequence as the walk found it; a code sequence inside appears as its first CodeValue."""
    if element is None:
        return []
    try:
        items = elements.sequence_items(element)
        for item in items:
            for tag in CODE_TAGS & item.keys():
                codes = elements.sequence_items(item[tag])
                item[tag] = codes[0].get(CODE_VALUE, NO_CODE) if codes else NO_CODE
    except MalformedFile as error:
        raise MalformedValue(f"{tag_name(RADIOPHARMACEUTICALS)}: {error}") from error
    return items


def sequence_items(file: FileElements, tag: int) -> list[dict[int, Element]]:
    """The items of one sequence of a file, two levels deep: code sequences of an item appear as their own first CodeValue."""
    import pydicom

    try:
        with parsing():
            data = pydicom.dcmread(BytesIO(file.path.read_bytes()), stop_before_pixels=True, force=True, specific_tags=[tag])
            return [_item_elements(item) for item in (data[tag].value if tag in data else [])]
    except MalformedFile as error:
        raise MalformedValue(f"{tag_name(tag)}: {error}") from error


def _item_elements(item: Any) -> dict[int, Element]:
    found = {}
    for tag in item.keys():  # noqa: SIM118
        element = item.get_item(tag)
        if int(tag) in CODE_TAGS:
            codes = item[tag].value
            value = codes[0].get_item(CODE_VALUE).value if codes and CODE_VALUE in codes[0] else b""
            found[int(tag)] = Element("SH", value if isinstance(value, bytes) else str(value or "").encode())
        elif isinstance(element.value, bytes):
            found[int(tag)] = Element(element.VR or "", element.value)
        elif element.value is None:
            found[int(tag)] = Element(element.VR or "", b"")
    return found


def _code(item: Mapping[int, Element], tag: int, inside: str) -> Fact[str] | None:
    element = item.get(tag)
    text = text_of(element) if element else ""
    return Fact(text, f"{inside}{tag_name(tag)}▸(0008,0100)") if text else None
