"""scans.csv: what a person decides about one scan: a weight that its headers lack, the PET series, a changed reconstruction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from carpet.clinical.cells import Day, Number, Text, Written
from carpet.clinical.notices import SCAN_ROW_EMPTY
from carpet.clinical.patients import IDENTIFIER
from carpet.clinical.table import Column, Schema, Table, checked, place, read_table, single
from carpet.core.errors import Notice

FILE = "scans.csv"
WEIGHT_KG = (2.0, 400.0)  # as `carpet measure --weight-kg` takes it
UID = Written(r"[0-9]+(\.[0-9]+)+", "DICOM UID, up to 64 digits and dots", 64)  # DICOM PS3.5, 9.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRow:
    """What was decided about the scans of one patient on one day; None: nothing."""

    row: int = field(default=0, compare=False)
    patient_id: Annotated[str, Column(IDENTIFIER, "pseudonym, as in patients.csv")]
    date: Annotated[dt.date, Column(Day(), "day of the scan")]
    weight_kg: Annotated[float | None, Column(Number(*WEIGHT_KG, "kg"), "body weight, in place of the scan's; the result says so")] = None
    series_uid: Annotated[str | None, Column(UID, "the PET series to measure, where there are several")] = None
    accept_recon_change: Annotated[
        str | None,
        Column(Text("text", 100), "who accepts that scanner, reconstruction or voxels differ from baseline: initials or a pseudonym"),
    ] = None
    comment: Annotated[str | None, Column(Text(), "free text; no names")] = None


SCANS = Schema(FILE, ScanRow)


def read_scans(source: str | bytes) -> Table[ScanRow]:
    """The rows of scans.csv; two rows of one patient and day are refused both. Never raises for what the file holds."""
    table = checked(read_table(source, SCANS), _check, file=FILE)
    return single(table, lambda one: (one.patient_id, one.date), file=FILE, column="date", same="patient and date")


def _check(one: ScanRow) -> Iterator[Notice]:
    if (one.weight_kg, one.series_uid, one.accept_recon_change) == (None, None, None):
        yield SCAN_ROW_EMPTY.at(place(FILE, one.row, "weight_kg"))
