"""decisions.csv: a reader's decisions on single regions, scan by scan: each row confirms or changes one, or adds one at a point."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Annotated

from carpet.clinical.cells import YES_NO, Day, Number, Text, Written, one_of
from carpet.clinical.patients import IDENTIFIER
from carpet.clinical.table import Column, Schema, Table, read_table

FILE = "decisions.csv"
FARTHEST_MM = 10_000.0  # from the origin of DICOM patient coordinates; no scanner's table moves as far [P]
LESION_ID = Written(r"L[0-9]+|\*", "L and a number, or `*`", 12)
COORDINATE = Number(-FARTHEST_MM, FARTHEST_MM, "mm")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """One decision on one scan: of the region of this id (`*`: all that remain), or of the uptake at a point."""

    row: int = field(default=0, compare=False)
    patient_id: Annotated[str, Column(IDENTIFIER, "pseudonym, as in patients.csv")]
    date: Annotated[dt.date, Column(Day(), "day of the scan")]
    lesion_id: Annotated[str | None, Column(LESION_ID, "id of the region as in the table lesions; `*`: all others, for this reader")] = None
    l_mm: Annotated[float | None, Column(COORDINATE, "instead of an id: a point in the uptake, DICOM patient coordinates, to the left")] = (
        None
    )
    p_mm: Annotated[float | None, Column(COORDINATE, "the same, to the back")] = None
    s_mm: Annotated[float | None, Column(COORDINATE, "the same, to the head")] = None
    status: Annotated[str, Column(one_of("disease", "physiologic", "accept"), "what it is; accept: what was suggested")]
    site: Annotated[str | None, Column(Text("text", 100), "name or SNOMED code of the site, where it differs")] = None
    reader: Annotated[str, Column(Text("text", 100), "who decides: initials or a pseudonym")]
    adjudicates: Annotated[
        bool | None,
        Column(YES_NO, "yes: a third person's word, above that of readers who contradict each other; empty: no"),
    ] = None
    comment: Annotated[str | None, Column(Text(), "free text; no names")] = None


DECISIONS = Schema(FILE, DecisionRow)


def read_decision_rows(source: str | bytes) -> Table[DecisionRow]:
    """The rows of decisions.csv in the order of the file. Never raises for what it holds."""
    return read_table(source, DECISIONS)
