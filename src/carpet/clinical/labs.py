"""labs.csv: laboratory values in one unit an analyte, and the value that stands for a date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, NamedTuple

from carpet.clinical.cells import Day, Fault, Reported, ReportedNumber, Text
from carpet.clinical.notices import LAB_AT_LIMIT, LAB_UNUSUAL, LABS_SAME_DAY, UNIT_MISSING, UNIT_UNKNOWN
from carpet.clinical.patients import IDENTIFIER, Patient
from carpet.clinical.table import Column, Notices, Schema, Table, place, read_table
from carpet.clinical.units import ANALYTES, convert, find_analyte
from carpet.core.errors import Notice

FILE = "labs.csv"
BOUNDS = {"<": -1.0, "": 0.0, ">": 1.0}  # which of two equal numbers is the higher


@dataclass(frozen=True, slots=True, kw_only=True)
class LabRow:
    """One row of labs.csv as it stands there."""

    row: int = field(default=0, compare=False)
    patient_id: Annotated[str, Column(IDENTIFIER, "pseudonym, as in patients.csv")]
    date: Annotated[dt.date, Column(Day(), "day the blood was drawn")]
    analyte: Annotated[str, Column(Text(f"one of {', '.join(ANALYTES)}", 100), "what was measured")]
    value: Annotated[Reported, Column(ReportedNumber(), "the value in the unit beside it")]
    unit: Annotated[str, Column(Text("a unit of the analyte", 60), "the unit the laboratory reported", UNIT_MISSING)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """One laboratory value in the analyte's unit (UCUM). bound: "<" or ">" where the value is a limit of the laboratory's method."""

    row: int = field(default=0, compare=False)
    patient_id: str
    date: dt.date
    analyte: str
    value: float
    unit: str
    bound: str = ""


LABS = Schema(FILE, LabRow)


def read_labs(source: str | bytes) -> Table[Lab]:
    """The values of labs.csv, converted; those without a known unit are refused. Never raises for what the file holds."""
    read = read_table(source, LABS)
    labs: list[Lab] = []
    refused = set(read.refused)
    notices = Notices(FILE)
    for row in read.rows:
        lab = _converted(row, notices)
        if lab is None:
            refused.add(row.patient_id)
            continue
        labs.append(lab)
        for notice in _flags(lab):
            notices.add(notice)
    for notice in _same_day(labs):
        notices.add(notice)
    return Table(tuple(labs), read.notices + notices.told(), frozenset(refused), read.readable)


def _converted(row: LabRow, notices: Notices) -> Lab | None:
    analyte = find_analyte(row.analyte)
    if isinstance(analyte, Fault):
        notices.fault(analyte, row.row, "analyte", row.analyte)
        return None
    value = convert(row.value.number, analyte, unit=row.unit)
    if isinstance(value, Fault):
        of_unit = value.kind is UNIT_UNKNOWN
        given = row.unit if of_unit else f"{row.value.bound}{row.value.number:g} {row.unit}"
        notices.fault(value, row.row, "unit" if of_unit else "value", given)
        return None
    return Lab(
        row=row.row, patient_id=row.patient_id, date=row.date, analyte=analyte.name, value=value, unit=analyte.unit, bound=row.value.bound
    )


def _flags(lab: Lab) -> Iterator[Notice]:
    low, high = ANALYTES[lab.analyte].usual
    told = f"{lab.bound}{lab.value:g} {lab.unit}"
    if not low <= lab.value <= high:
        notice = LAB_UNUSUAL.at(place(FILE, lab.row, "value"), told, more=lab.analyte)
        yield replace(notice, allowed=f"{low:g} to {high:g} {lab.unit}")
    if lab.bound:
        yield LAB_AT_LIMIT.at(place(FILE, lab.row, "value"), told, more=lab.analyte)


def _same_day(labs: Iterable[Lab]) -> Iterator[Notice]:
    """One flag a patient, analyte and day, at the first of the rows."""
    of_day: dict[tuple[str, str, dt.date], list[Lab]] = {}
    for lab in labs:
        of_day.setdefault((lab.patient_id, lab.analyte, lab.date), []).append(lab)
    for same in of_day.values():
        if len({(lab.value, lab.bound) for lab in same}) > 1:
            told = f"{len(same)} values; {worst(same).value:g} {same[0].unit}"
            yield LABS_SAME_DAY.at(place(FILE, same[0].row, "value"), told, more=same[0].analyte)


def worst(labs: Sequence[Lab]) -> Lab:
    """The worse of several values of one analyte: the highest, or the lowest for platelets, neutrophils, lymphocytes and haemoglobin."""
    sign = 1.0 if ANALYTES[labs[0].analyte].worse == "high" else -1.0
    return max(labs, key=lambda lab: (sign * lab.value, sign * BOUNDS[lab.bound], -lab.row))


def nearest_before(labs: Iterable[Lab], analyte: str, *, patient_id: str, date: dt.date, within_days: int) -> Lab | None:
    """The value that stands for a date: the latest drawn on it or before it, at most `within_days` before; of several on that day the
    worse one (`worst`). None where there is none. Values after the date are never taken."""
    earliest = date - dt.timedelta(days=within_days)
    inside = [lab for lab in labs if lab.patient_id == patient_id and lab.analyte == analyte and earliest <= lab.date <= date]
    if not inside:
        return None
    latest = max(lab.date for lab in inside)
    return worst([lab for lab in inside if lab.date == latest])


class LdhRatio(NamedTuple):
    """LDH over the local upper limit of normal, and the table it comes from."""

    ratio: float
    source: Literal["labs", "patients"]


def ldh_ratio(patient: Patient, labs: Sequence[Lab], *, date: dt.date, within_days: int) -> LdhRatio | None:
    """LDH over its upper limit of normal at a date: from `ldh` and the last `ldh_uln` on or before that day, else `ldh_uln_ratio` of
    patients.csv, which has no date; None without either."""
    ldh = nearest_before(labs, "ldh", patient_id=patient.patient_id, date=date, within_days=within_days)
    if ldh is not None:
        limit = nearest_before(labs, "ldh_uln", patient_id=patient.patient_id, date=ldh.date, within_days=(ldh.date - dt.date.min).days)
        if limit is not None:
            return LdhRatio(ldh.value / limit.value, "labs")
    return None if patient.ldh_uln_ratio is None else LdhRatio(patient.ldh_uln_ratio, "patients")
