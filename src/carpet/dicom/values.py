"""DICOM's texts as numbers, dates and times, strictly: what does not follow the standard is an error, never half a value."""

from __future__ import annotations

import datetime as dt
import math
import re
import struct

from carpet.dicom.elements import Element

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_TIME = re.compile(r"(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,6}))?)?)?")
_ZONE = re.compile(r"([+-])(\d{2})(\d{2})$")
_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
SAME_TIME = dt.timedelta(seconds=60)
_BINARY = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}


class MalformedValue(ValueError):
    """A value that does not follow the standard; the text found is its message."""


class UnknownZone(MalformedValue):
    """A date-time in a time zone that cannot be brought to the study's; the text found is its message."""


def text_of(element: Element) -> str:
    """The text without padding; undecodable bytes are kept visible."""
    return element.raw.decode("latin-1").strip("\0 \t\r\n")


def texts_of(element: Element) -> tuple[str, ...]:
    """The parts of a multi-valued text, without padding."""
    return tuple(part.strip() for part in text_of(element).split("\\"))


def numbers_of(element: Element) -> tuple[float, ...]:
    """All numbers of DS, IS or a binary VR. An empty element gives none. Raises MalformedValue."""
    if element.vr in _BINARY:
        code = _BINARY[element.vr]
        size = struct.calcsize("<" + code)
        if len(element.raw) % size:
            raise MalformedValue(f"{len(element.raw)} bytes")
        numbers = [float(part[0]) for part in struct.iter_unpack("<" + code, element.raw)]
    else:
        text = text_of(element)
        if not text:
            return ()
        parts = [part.strip("\0 ") for part in text.split("\\")]
        if not all(_NUMBER.fullmatch(part) for part in parts):
            raise MalformedValue(text[:64])
        numbers = [float(part) for part in parts]
    if not all(math.isfinite(number) for number in numbers):
        raise MalformedValue("not finite")
    return tuple(numbers)


def integer_of(element: Element) -> int:
    """One integer; an implicit file's US element (two bytes) is understood. Raises MalformedValue."""
    if not element.vr and len(element.raw) == 2 and not element.raw.strip(b" \0").isdigit():
        return int(struct.unpack("<H", element.raw)[0])
    numbers = numbers_of(element)
    if len(numbers) != 1 or numbers[0] != int(numbers[0]):
        raise MalformedValue(text_of(element)[:64])
    return int(numbers[0])


def short_of(element: Element) -> int:
    """An unsigned 16-bit element (Rows, Columns, BitsAllocated, …), explicit or implicit. Raises MalformedValue."""
    if len(element.raw) != 2:
        raise MalformedValue(f"{len(element.raw)} bytes")
    return int(struct.unpack("<H", element.raw)[0])


def date_of(text: str) -> dt.date:
    """A DA value, YYYYMMDD. Raises MalformedValue."""
    match = _DATE.fullmatch(text)
    if not match:
        raise MalformedValue(text[:32])
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError as error:
        raise MalformedValue(text[:32]) from error


def time_of(text: str) -> dt.time:
    """A TM value, HH[MM[SS[.F]]]; a leap second counts as the last second. Raises MalformedValue."""
    match = _TIME.fullmatch(text)
    if not match:
        raise MalformedValue(text[:32])
    second = min(int(match[3] or 0), 59) if match[3] != "60" else 59
    try:
        if match[3] and int(match[3]) > 60:
            raise MalformedValue(text[:32])
        return dt.time(int(match[1]), int(match[2] or 0), second, int((match[4] or "0").ljust(6, "0")))
    except ValueError as error:
        raise MalformedValue(text[:32]) from error


def datetime_of(text: str, *, study_zone: dt.timedelta | None = None, beside: dt.time | None = None) -> dt.datetime:
    """A DT value with at least a date and an hour, as the study's local time. Raises MalformedValue, UnknownZone.

    A value with an offset from UTC is brought to `study_zone` (0008,0201). Where the study names none, the offset is the study's own
    only if a time without a zone (`beside`) says the same; else nobody can tell.
    """
    body = re.sub(_ZONE, "", text)
    if len(body) < 10:
        raise MalformedValue(text[:32])
    local = dt.datetime.combine(date_of(body[:8]), time_of(body[8:]))
    zone = zone_of(text)
    if zone is None or zone == study_zone:
        return local
    if study_zone is not None:
        return local - zone + study_zone
    if beside is not None and abs(local - dt.datetime.combine(local.date(), beside)) <= SAME_TIME:
        return local
    raise UnknownZone(text[:32])


def zone_of(text: str) -> dt.timedelta | None:
    """The offset from UTC at the end of a DT or in TimezoneOffsetFromUTC, ±HHMM; None without one. Raises MalformedValue."""
    match = _ZONE.search(text)
    if not match:
        return None
    offset = dt.timedelta(hours=int(match[2]), minutes=int(match[3]))
    if int(match[3]) > 59 or offset > dt.timedelta(hours=14):
        raise MalformedValue(text[:32])
    return -offset if match[1] == "-" else offset
