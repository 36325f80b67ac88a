"""The report of one scan within a trial: the patient's id and the day from infusion stand for pseudonym and calendar dates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from carpet.core.protocol import Protocol
from carpet.run.store_schema import digest_of

HEAD_BYTES = 2048  # the mark stands in the first lines of the page
LEFT = ("provenance", "protocol", "software", "sop_instances_sha256", "study_uid", "series_uid")  # digests, UIDs and settings hold no date
NEAR_DAYS = 2  # from the scan; injection and scan of one examination lie no further apart, a date further off is told as no day
DATED = re.compile(  # 2009-05-02, 20090502, each with or without a time; no part of a UID
    r"(?<![\w.])((?:19|20)\d\d-\d\d-\d\d|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01]))"
    r"(?:[T ]?(\d\d:?\d\d(?::?\d\d(?:\.\d+)?)?)(?:Z|[+-]\d\d:?\d\d)?)?(?!\d|\.\d)"
)


@dataclass(frozen=True)
class Heading:
    """Whose scan it is, of which day from infusion (None: not known), and the only time point whose window holds that day (or empty).

    Which scan stands for the time point is told on the patient's page alone: it depends on all scans.
    """

    patient_id: str
    day: int | None
    window: str = ""

    @property
    def mark(self) -> str:
        """What the page keeps in its head: it is made again where it was made of another day, patient or window."""
        return digest_of(list(astuple(self)))[:16]

    def stands_on(self, page: Path) -> bool:
        """True for a page that was made with this heading."""
        if not page.is_file():
            return False
        with page.open("rb") as file:
            return self.mark.encode() in file.read(HEAD_BYTES)


def heading_of(patient_id: str, day: int | None, protocol: Protocol) -> Heading:
    """The heading of a scan of this day."""
    holding = [name for name, window in protocol.timepoints.items() if day is not None and window.first_day <= day <= window.last_day]
    return Heading(patient_id, day, holding[0] if len(holding) == 1 else "")


def trial_document(document: Mapping[str, Any], heading: Heading) -> dict[str, Any]:
    """The content of measurements.json as the pages of a trial tell it: under `trial` the heading, dates as days, no pseudonym."""
    date = document["study"]["date"]
    scanned = dt.date.fromisoformat(date) if date and heading.day is not None else None
    told: dict[str, Any] = _told(document, scanned, heading.day or 0)
    told["study"] |= {"patient": heading.patient_id, "date": None}
    return told | {"trial": {"patient": heading.patient_id, "day": heading.day, "window": heading.window, "mark": heading.mark}}


def _told(value: Any, scanned: dt.date | None, day: int) -> Any:
    if isinstance(value, Mapping):
        return {key: inner if key in LEFT else _told(inner, scanned, day) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_told(inner, scanned, day) for inner in value]
    return DATED.sub(lambda found: _in_days(found, scanned, day), value) if isinstance(value, str) else value


def _in_days(found: re.Match[str], scanned: dt.date | None, day: int) -> str:
    """`day 30, 09:30:00` near the scan; elsewhere, and where no day is known, `(date)`."""
    try:
        after = None if scanned is None else (dt.date.fromisoformat(found[1]) - scanned).days
    except ValueError:
        after = None
    if after is None or abs(after) > NEAR_DAYS:
        return "(date)"
    return f"day {day + after}".replace("-", "\u2212") + (f", {found[2]}" if found[2] else "")
