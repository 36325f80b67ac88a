"""Single values on their way out: dates moved by whole days, UIDs mapped, numbers and times let pass only where they are such."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import uuid
from dataclasses import dataclass

MALFORMED = "?"  # stands for a value that follows no rule: what was refused for it stays refused, and nothing of it is shown
OLDEST_TOLD = 89  # years; HIPAA 45 CFR 164.514(b)(2)(i)(C)
STANDARD_ROOT = "1.2.840.10008."
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DATE = re.compile(r"(\d{4})(\.?)(\d{2})\2(\d{2})")
_PARTIAL_DATE = re.compile(r"\d{4}(\d{2})?([+-]\d{4})?")
_DATETIME = re.compile(r"(\d{8})((?:\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?(?:[+-]\d{4})?)")
_TIME = re.compile(r"\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?|\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?")
_AGE = re.compile(r"(\d{3})([DWMY])")
NUMBER_CHARACTERS = 24  # DICOM allows 16; real files have more
HASH_DIGITS = 12  # 48 bits: two of 10 000 patients share a pseudonym in one trial of five million


@dataclass(frozen=True, slots=True)
class Alias:
    """Who a patient is outside: a pseudonym, by how many days the dates move back, and the secret that maps UIDs."""

    pseudonym: str
    days_back: int
    secret: bytes

    def __repr__(self) -> str:
        return f"Alias({self.pseudonym})"  # offset and secret must not reach a log


def keyed(secret: bytes, *words: str) -> bytes:
    """32 bytes that follow from the words, and that nobody without the secret can compute or turn back."""
    return hmac.digest(secret, "\x1f".join(words).encode(), hashlib.sha256)


def mapped_uid(uid: str, secret: bytes) -> str:
    """The UID that stands for this one everywhere: 2.25. and a UUID (PS3.5 §B.2). Registered DICOM UIDs stay."""
    from pydicom.uid import UID_dictionary

    if not uid or (uid.startswith(STANDARD_ROOT) and uid in UID_dictionary):
        return uid
    return f"2.25.{uuid.UUID(bytes=keyed(secret, 'uid', uid)[:16], version=4).int}"


def shifted_date(text: str, days_back: int) -> str | None:
    """A date (also a range, and the old form with points) so many days earlier; None where only a year or a month is told."""
    if _PARTIAL_DATE.fullmatch(text):
        return None
    ends = [_shifted_day(part, days_back) if part else "" for part in text.split("-", 1)]
    return MALFORMED if MALFORMED in ends else "-".join(ends)


def _shifted_day(text: str, days_back: int) -> str:
    match = _DATE.fullmatch(text)
    if not match:
        return MALFORMED
    try:
        day = dt.date(int(match[1]), int(match[3]), int(match[4])) - dt.timedelta(days=days_back)
    except (ValueError, OverflowError):
        return MALFORMED
    return match[2].join((f"{day.year:04d}", f"{day.month:02d}", f"{day.day:02d}"))


def shifted_datetime(text: str, days_back: int) -> str | None:
    """A date-time so many days earlier, its time and zone untouched; None where it tells no day."""
    if _PARTIAL_DATE.fullmatch(text):
        return None
    match = _DATETIME.fullmatch(text)
    day = _shifted_day(match[1], days_back) if match else MALFORMED
    return MALFORMED if match is None or day == MALFORMED else day + match[2]


def time_text(text: str) -> str:
    """A time of day, untouched."""
    return text if _TIME.fullmatch(text) else MALFORMED


def number_text(text: str) -> str:
    """A number as it is written, to the last digit."""
    return text if len(text) <= NUMBER_CHARACTERS and _NUMBER.fullmatch(text) else MALFORMED


def age_text(text: str) -> str | None:
    """An age; above 89 years it is 090Y for everyone."""
    match = _AGE.fullmatch(text)
    if not match:
        return None
    return "090Y" if match[2] == "Y" and int(match[1]) > OLDEST_TOLD else text


def keyed_word(text: str, secret: bytes, what: str) -> str:
    """A word that stands for this text, the same wherever the text stands: for serial numbers."""
    return f"{what}-{keyed(secret, what, text).hex()[:HASH_DIGITS]}"


def zone_text(text: str) -> str:
    """An offset from UTC."""
    return text if re.fullmatch(r"[+-]\d{4}", text) else MALFORMED
