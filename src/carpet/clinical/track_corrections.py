"""track_corrections.csv: a reader says which lesion is which over time: of another track, the same as an earlier lesion, or new."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated

from carpet.clinical.cells import YES_NO, Day, Text, Written
from carpet.clinical.notices import DATE_ORDER, TRACK_CORRECTION_UNCLEAR
from carpet.clinical.patients import IDENTIFIER
from carpet.clinical.table import Column, Schema, Table, checked, place, read_table, single
from carpet.core.errors import Notice

FILE = "track_corrections.csv"
LESION_ID = Written(r"L[0-9]+", "L and a number", 12)
TRACK = Written(r"T[0-9]+", "T and a number", 12)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackCorrection:
    """What a reader says of one lesion of one scan: exactly one of `track`, `same_as_date` with `same_as_lesion`, and `new`."""

    row: int = field(default=0, compare=False)
    patient_id: Annotated[str, Column(IDENTIFIER, "pseudonym, as in patients.csv")]
    date: Annotated[dt.date, Column(Day(), "day of the scan")]
    lesion_id: Annotated[str, Column(LESION_ID, "id of a region called disease, as the table lesions has it")]
    reader: Annotated[str, Column(Text("text", 100), "who says it: initials or a pseudonym")]
    track: Annotated[str | None, Column(TRACK, "it belongs to this track of the table lesion_tracks")] = None
    same_as_date: Annotated[dt.date | None, Column(Day(), "instead: it is the same as a lesion of this earlier day")] = None
    same_as_lesion: Annotated[str | None, Column(LESION_ID, "that lesion's id")] = None
    new: Annotated[bool | None, Column(YES_NO, "instead: yes, it is new")] = None
    comment: Annotated[str | None, Column(Text(), "free text; no names")] = None


TRACK_CORRECTIONS = Schema(FILE, TrackCorrection)


def read_track_corrections(source: str | bytes) -> Table[TrackCorrection]:
    """The rows of track_corrections.csv; a row that says nothing, or two things, is refused. Never raises for what the file holds."""
    table = checked(read_table(source, TRACK_CORRECTIONS), _check, file=FILE)
    same = "patient, date and lesion"
    return single(table, lambda one: (one.patient_id, one.date, one.lesion_id), file=FILE, column="lesion_id", same=same)


def _check(one: TrackCorrection) -> Iterator[Notice]:
    same_as = (one.same_as_date, one.same_as_lesion)
    if (None in same_as and same_as != (None, None)) or [one.track is not None, None not in same_as, one.new is True].count(True) != 1:
        given = {"track": one.track, "same_as_date": one.same_as_date, "same_as_lesion": one.same_as_lesion, "new": one.new or None}
        names = [name for name, value in given.items() if value is not None]
        yield TRACK_CORRECTION_UNCLEAR.at(place(FILE, one.row, names[0] if names else "track"), " and ".join(names) or "nothing")
    if one.same_as_date is not None and one.same_as_date >= one.date:
        notice = DATE_ORDER.at(place(FILE, one.row, "same_as_date"), f"{(one.same_as_date - one.date).days} days after date")
        yield replace(notice, allowed="before date")
