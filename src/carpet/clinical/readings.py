"""readings.csv: what a reader says of one scan: Deauville score, new lesions, responses, marrow, and how the patient is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from carpet.clinical.cells import YES_NO, Day, Text, one_of
from carpet.clinical.notices import READING_CONTRADICTS, READING_EMPTY
from carpet.clinical.patients import IDENTIFIER
from carpet.clinical.table import Column, Schema, Table, checked, place, read_table, single
from carpet.core.errors import Notice

FILE = "readings.csv"
RESPONDED, RESIDUAL = ("1", "2", "3"), ("4", "5")  # Deauville scores of CMR, and of PMR, NMR, PMD (METHODS D.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading of one scan; None: the reader did not say."""

    row: int = field(default=0, compare=False)
    patient_id: Annotated[str, Column(IDENTIFIER, "pseudonym, as in patients.csv")]
    date: Annotated[dt.date, Column(Day(), "day of the scan")]
    reader: Annotated[str, Column(Text("text", 100), "who read it")]
    deauville: Annotated[str | None, Column(one_of("1", "2", "3", "4", "5", "X"), "Deauville score of the known sites")] = None
    new_lesions: Annotated[bool | None, Column(YES_NO, "new lesions consistent with lymphoma")] = None
    metabolic_response: Annotated[str | None, Column(one_of("CMR", "PMR", "NMR", "PMD", "NE"), "response by PET")] = None
    ct_response: Annotated[str | None, Column(one_of("CR", "PR", "SD", "PD", "NE"), "response by CT")] = None
    marrow_involved: Annotated[bool | None, Column(YES_NO, "lymphoma in the bone marrow; empty: nobody looked")] = None
    clinical_deterioration: Annotated[bool | None, Column(YES_NO, "the patient is getting worse, as LYRIC asks")] = None
    comment: Annotated[str | None, Column(Text(), "free text; no names")] = None


READINGS = Schema(FILE, Reading)


def read_readings(source: str | bytes) -> Table[Reading]:
    """The rows of readings.csv. What contradicts itself is flagged and stands as read. Never raises for what the file holds."""
    table = checked(read_table(source, READINGS), _check, file=FILE)
    same = "patient, date and reader"
    return single(table, lambda one: (one.patient_id, one.date, one.reader), file=FILE, column="reader", same=same)


def _check(one: Reading) -> Iterator[Notice]:
    said = (one.deauville, one.new_lesions, one.metabolic_response, one.ct_response, one.marrow_involved, one.clinical_deterioration)
    if set(said) == {None}:
        yield READING_EMPTY.at(place(FILE, one.row, "deauville"))
    complete = one.metabolic_response == "CMR"
    incomplete = one.metabolic_response in ("PMR", "NMR", "PMD")
    new = one.new_lesions is True
    marrow = complete and one.marrow_involved is True
    if (complete and (one.deauville in RESIDUAL or new or marrow)) or (incomplete and one.deauville in RESPONDED and not new):
        also = (", new lesions" if new else "") + (", marrow involved" if marrow else "")
        found = f"{one.metabolic_response}, Deauville {one.deauville or 'not given'}{also}"
        yield READING_CONTRADICTS.at(place(FILE, one.row, "metabolic_response"), found)
