"""All clinical tables of a trial together: read, and held against each other. Text in, rows and notices out; no file is opened here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from carpet.clinical.ct_targets import CT_TARGETS, CtTarget, read_ct_targets
from carpet.clinical.decisions import DECISIONS, DecisionRow, read_decision_rows
from carpet.clinical.labs import LABS, Lab, read_labs
from carpet.clinical.notices import DATE_ORDER, GRADE_FIVE_ALIVE, OUTSIDE_LIFE, PATIENT_UNKNOWN, TABLE_MISSING, TABLE_UNKNOWN
from carpet.clinical.patients import PATIENTS, Patient, read_patients
from carpet.clinical.readings import READINGS, Reading, read_readings
from carpet.clinical.scans import SCANS, ScanRow, read_scans
from carpet.clinical.table import Row, Schema, Table, checked, did_you_mean, place, shown
from carpet.clinical.toxicity import OF_CAR_T, TOXICITY, Toxicity, read_toxicity
from carpet.clinical.track_corrections import TRACK_CORRECTIONS, TrackCorrection, read_track_corrections
from carpet.core.errors import Notice

SCHEMAS: tuple[Schema[Any], ...] = (PATIENTS, LABS, TOXICITY, CT_TARGETS, READINGS, SCANS, DECISIONS, TRACK_CORRECTIONS)

R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class ClinicalTables:
    """The rows of every table in the order of its file, and what was wrong or must be known, table by table.

    decisions_refused: the patients of whom a row of decisions.csv was refused.
    """

    patients: tuple[Patient, ...] = ()
    labs: tuple[Lab, ...] = ()
    toxicity: tuple[Toxicity, ...] = ()
    ct_targets: tuple[CtTarget, ...] = ()
    readings: tuple[Reading, ...] = ()
    scans: tuple[ScanRow, ...] = ()
    decisions: tuple[DecisionRow, ...] = ()
    decisions_refused: frozenset[str] = frozenset()
    track_corrections: tuple[TrackCorrection, ...] = ()
    notices: tuple[Notice, ...] = ()

    def patient(self, patient_id: str) -> Patient | None:
        """The patient of this id; None where there is none, or the row was refused."""
        return next((one for one in self.patients if one.patient_id == patient_id), None)


@dataclass(frozen=True)
class Known:
    """What the other tables are held against. refused: patients whose own row was refused, which is told there."""

    by_id: Mapping[str, Patient]
    refused: frozenset[str]
    readable: bool


def read_tables(folder_texts: Mapping[str, str | bytes]) -> ClinicalTables:
    """The clinical tables of a trial, by file name (`patients.csv`, `labs.csv`, `toxicity.csv`, `ct_targets.csv`, `readings.csv`,
    `scans.csv`, `decisions.csv`, `track_corrections.csv`).

    A table that is not given is empty, but for patients.csv. Other files ending in .csv are told; never raises for what a file holds.
    """
    notices = list(_files(folder_texts))
    patients = read_patients(folder_texts[PATIENTS.file]) if PATIENTS.file in folder_texts else Table[Patient](readable=False)
    known = Known({one.patient_id: one for one in patients.rows}, patients.refused, patients.readable)
    labs = _held(folder_texts, LABS.file, read_labs, known, lambda one: (("date", one.date),))
    toxicity = _held(
        folder_texts,
        TOXICITY.file,
        read_toxicity,
        known,
        lambda one: (("onset_date", one.onset_date), ("resolution_date", one.resolution_date)),
    )
    toxicity = checked(toxicity, lambda one: _of_course(one, known), file=TOXICITY.file)
    ct_targets = _held(folder_texts, CT_TARGETS.file, read_ct_targets, known, lambda one: (("date", one.date),))
    readings = _held(folder_texts, READINGS.file, read_readings, known, lambda one: (("date", one.date),))
    scans = _held(folder_texts, SCANS.file, read_scans, known, lambda one: (("date", one.date),))
    decisions = _held(folder_texts, DECISIONS.file, read_decision_rows, known, lambda one: (("date", one.date),))
    corrections = _held(folder_texts, TRACK_CORRECTIONS.file, read_track_corrections, known, lambda one: (("date", one.date),))
    for table in (patients, labs, toxicity, ct_targets, readings, scans, decisions, corrections):
        notices += table.notices
    return ClinicalTables(
        patients=patients.rows,
        labs=labs.rows,
        toxicity=toxicity.rows,
        ct_targets=ct_targets.rows,
        readings=readings.rows,
        scans=scans.rows,
        decisions=decisions.rows,
        decisions_refused=decisions.refused,
        track_corrections=corrections.rows,
        notices=tuple(notices),
    )


def _files(texts: Mapping[str, object]) -> Iterator[Notice]:
    names = [schema.file for schema in SCHEMAS]
    if PATIENTS.file not in texts:
        yield TABLE_MISSING.at(PATIENTS.file)
    for name in sorted(texts):
        if name.lower().endswith(".csv") and name not in names:
            notice = TABLE_UNKNOWN.at(shown(name), shown(name), more=did_you_mean(name, names))
            yield replace(notice, allowed=", ".join(names))


def _held(
    texts: Mapping[str, str | bytes],
    file: str,
    read: Callable[[str | bytes], Table[R]],
    known: Known,
    dates: Callable[[R], tuple[tuple[str, dt.date | None], ...]],
) -> Table[R]:
    """A table without the rows of patients that patients.csv does not have, and without what happened before birth or after death."""
    if file not in texts:
        return Table()

    def check(one: R) -> Iterator[Notice]:
        patient = known.by_id.get(one.patient_id)
        if patient is None:
            if known.readable and one.patient_id not in known.refused:
                yield PATIENT_UNKNOWN.at(place(file, one.row, "patient_id"))
            return
        for column, date in dates(one):
            if date is None:
                continue
            if patient.death_date is not None and date > patient.death_date:
                yield OUTSIDE_LIFE.at(place(file, one.row, column), f"{(date - patient.death_date).days} days after death_date")
            if patient.birth_year is not None and date.year < patient.birth_year:
                yield OUTSIDE_LIFE.at(place(file, one.row, column), f"{patient.birth_year - date.year} years before birth_year")

    return checked(read(texts[file]), check, file=file)


def _of_course(one: Toxicity, known: Known) -> Iterator[Notice]:
    """CRS and neurotoxicity of CAR T-cells begin after them; grade 5 is death."""
    patient = known.by_id.get(one.patient_id)
    if patient is None:
        return
    day = None if one.onset_date is None else patient.day(one.onset_date)
    if one.event in OF_CAR_T and day is not None and day < 0:
        notice = DATE_ORDER.at(place(TOXICITY.file, one.row, "onset_date"), f"{one.event} {-day} days before infusion_date")
        yield replace(notice, allowed="on or after infusion_date")
    if one.grade == 5 and patient.death_date is None:
        yield GRADE_FIVE_ALIVE.at(place(TOXICITY.file, one.row, "grade"), one.event)
