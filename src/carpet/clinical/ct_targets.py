"""ct_targets.csv: lesions on CT by a reader's hand: what was measured, what has gone, what is new.

Rules of measurement: METHODS D.1 (Cheson 2014 J Clin Oncol 32:3059; Barrington 2014 J Clin Oncol 32:3048).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated

from carpet.clinical.cells import YES_NO, Day, Number, Text, one_of
from carpet.clinical.notices import CT_DIAMETERS, CT_KIND_VARIES, ROW_TWICE
from carpet.clinical.patients import IDENTIFIER
from carpet.clinical.table import Column, Schema, Table, checked, place, read_table, single
from carpet.core.errors import Notice

FILE = "ct_targets.csv"
BELOW_MM = 499.0  # no CT field of view is wider than 500 mm
TOO_SMALL_MM = 5.0  # what is too small to measure is entered as 5 × 5 mm
UNMEASURED = {"absent": 0.0, "too_small": TOO_SMALL_MM}  # status → the diameter that may be written with it


@dataclass(frozen=True, slots=True, kw_only=True)
class CtTarget:
    """One lesion on one date. Diameters in mm; None: not measured, or said by the status (absent: 0 × 0, too_small: 5 × 5)."""

    row: int = field(default=0, compare=False)
    patient_id: Annotated[str, Column(IDENTIFIER, "pseudonym, as in patients.csv")]
    date: Annotated[dt.date, Column(Day(), "day of the CT")]
    lesion: Annotated[str, Column(Text("text", 100), "name of the lesion, the same on all dates")]
    kind: Annotated[str, Column(one_of("node", "extranodal", "spleen"), "what it is")]
    ldi_mm: Annotated[float | None, Column(Number(0, BELOW_MM, "mm"), "longest transverse diameter; spleen: vertical length")] = None
    sdi_mm: Annotated[float | None, Column(Number(0, BELOW_MM, "mm"), "longest diameter perpendicular to it, same slice")] = None
    target: Annotated[bool, Column(YES_NO, "one of up to six measured targets")]
    status: Annotated[str, Column(one_of("present", "absent", "too_small", "new", "unequivocal_progression"), "how it is seen on this CT")]


CT_TARGETS = Schema(FILE, CtTarget)


def read_ct_targets(source: str | bytes) -> Table[CtTarget]:
    """The rows of ct_targets.csv; diameters that do not go with the status are refused. Never raises for what the file holds."""
    table = checked(read_table(source, CT_TARGETS), _check, file=FILE)
    table = single(table, lambda one: (one.patient_id, one.date, one.lesion), file=FILE, column="lesion", same="patient, date and lesion")
    kinds: dict[tuple[str, str], str] = {}
    for one in table.rows:
        kinds.setdefault((one.patient_id, one.lesion), one.kind)
    spleens: dict[tuple[str, dt.date], int] = {}
    for one in table.rows:
        if one.kind == "spleen":
            spleens.setdefault((one.patient_id, one.date), one.row)

    def together(one: CtTarget) -> Iterator[Notice]:
        first = kinds[one.patient_id, one.lesion]
        if one.kind != first:
            yield CT_KIND_VARIES.at(place(FILE, one.row, "kind"), f"{one.kind}, first {first}")
        if one.kind == "spleen" and (other := spleens[one.patient_id, one.date]) != one.row:
            yield ROW_TWICE.at(place(FILE, one.row, "kind"), f"also row {other}", more="one spleen a patient and date")

    table = checked(table, together, file=FILE)
    return replace(table, rows=tuple(_by_status(one) for one in table.rows))


def _by_status(one: CtTarget) -> CtTarget:
    """Without the 0 or 5 mm that the status says already."""
    return replace(one, ldi_mm=None, sdi_mm=None) if one.status in UNMEASURED else one


def _check(one: CtTarget) -> Iterator[Notice]:
    fault = _fault(one)
    if fault:
        told = " × ".join("none" if mm is None else f"{mm:g}" for mm in (one.ldi_mm, one.sdi_mm))
        yield CT_DIAMETERS.at(place(FILE, one.row, "ldi_mm"), f"{one.kind}, {one.status}, {told} mm", more=fault)


def _fault(one: CtTarget) -> str:
    given = [mm for mm in (one.ldi_mm, one.sdi_mm) if mm is not None]
    if one.status in UNMEASURED:
        return "" if all(mm == UNMEASURED[one.status] for mm in given) else f"{one.status} has no other diameter"
    if 0.0 in given:
        return "0 mm is absent"
    if one.kind == "spleen":
        return "" if one.sdi_mm is None and one.ldi_mm is not None else "a spleen has its length only"
    if one.ldi_mm is None and one.sdi_mm is not None:
        return "sdi_mm without ldi_mm"
    if one.target and len(given) < 2:
        return "a target that is seen has both"
    return "ldi_mm is the longer one" if len(given) == 2 and given[0] < given[1] else ""
