"""What scans.csv and decisions.csv ask for each examination: a weight, the PET series, a reader's decisions on single regions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby

from carpet.anatomy.sites import site_of
from carpet.clinical import ClinicalTables, Patient
from carpet.clinical import decisions as decision_table
from carpet.clinical import scans as scan_table
from carpet.clinical.decisions import DecisionRow
from carpet.clinical.scans import ScanRow
from carpet.clinical.table import place
from carpet.core.errors import Notice, Refused
from carpet.core.protocol import SuvProtocol
from carpet.lesions.decisions import COLUMNS, Decision, decision_of
from carpet.run.terminal import counted
from carpet.run.trial.notices import DECISION_WITHOUT_SCAN, DECISIONS_HELD_BACK, READING_WITHOUT_SCAN
from carpet.run.trial.studies import Asked, TrialStudy
from carpet.suv import Quantification, quantify

Of = Mapping[str, Sequence[TrialStudy]]
Told = tuple[tuple[str, Notice], ...]


def as_asked(of: Of, tables: ClinicalTables, protocol: SuvProtocol) -> tuple[dict[str, list[TrialStudy]], Told]:
    """Each patient's studies as a person wants them measured, and ("", notice) for each row that could not be used.

    A row that was refused holds back all decisions of its patient: `*` must not accept what the refused row would have changed.
    """
    made: dict[str, list[TrialStudy]] = {}
    told: list[tuple[str, Notice]] = []
    for patient in tables.patients:
        studies = of[patient.patient_id]
        asked, notices = _of_patient(patient, studies, tables)
        made[patient.patient_id] = [_measured_as(study, asked.get(study.study_uid, Asked()), protocol) for study in studies]
        told += [("", notice) for notice in notices]
    return made, tuple(told)


def _of_patient(patient: Patient, studies: Sequence[TrialStudy], tables: ClinicalTables) -> tuple[dict[str, Asked], list[Notice]]:
    """Study UID → what is asked for it."""
    asked: dict[str, Asked] = {}
    notices: list[Notice] = []
    for row in tables.scans:
        if row.patient_id != patient.patient_id:
            continue
        same_day = _on(row.date, studies)
        if not same_day:
            notices.append(READING_WITHOUT_SCAN.at(place(scan_table.FILE, row.row, "date"), _day(patient, row.date)))
        meant = _with_series(row, same_day)
        for study in same_day:
            asked[study.study_uid] = Asked(row.weight_kg, row.series_uid if study in meant else None)
    rows = [row for row in tables.decisions if row.patient_id == patient.patient_id]
    decisions, wrong = _decisions(patient, rows, studies, asked)
    notices += wrong
    if rows and (wrong or patient.patient_id in tables.decisions_refused):
        notices.append(DECISIONS_HELD_BACK.at(place(decision_table.FILE, rows[0].row), counted(len(rows), "row")))
        return asked, notices
    for uid, decided in decisions.items():
        asked[uid] = replace(asked.get(uid, Asked()), decisions=decided)
    return asked, notices


def _on(date: dt.date, studies: Sequence[TrialStudy]) -> list[TrialStudy]:
    return [study for study in studies if study.date == date]


def _with_series(row: ScanRow, studies: list[TrialStudy]) -> list[TrialStudy]:
    """Of the studies of one day those that hold the series; all where none does, so that each says so."""
    holding = [study for study in studies if any(one.series_uid == row.series_uid for one in study.found.catalogue.series)]
    return holding or studies


def _day(patient: Patient, date: dt.date) -> str:
    day = patient.day(date)
    return "" if day is None else f"day {day}"


def _decisions(
    patient: Patient, rows: Sequence[DecisionRow], studies: Sequence[TrialStudy], asked: Mapping[str, Asked]
) -> tuple[dict[str, tuple[Decision, ...]], list[Notice]]:
    """Study UID → its decisions in the order of the table; and what is wrong with rows."""
    made: dict[str, tuple[Decision, ...]] = {}
    wrong: list[Notice] = []
    for date, same in groupby(sorted(rows, key=lambda row: (row.date, row.row)), key=lambda row: row.date):
        of_day, same_day = list(same), _on(date, studies)
        named = [study for study in same_day if asked.get(study.study_uid, Asked()).series_uid is not None]
        meant = named if len(same_day) > 1 else same_day
        if len(meant) != 1:
            found = f"{counted(len(same_day), 'examination')}, {_day(patient, date)}".removesuffix(", ")
            wrong += [DECISION_WITHOUT_SCAN.at(place(decision_table.FILE, row.row, "date"), found) for row in of_day]
            continue
        decided = [_decision(row, number) for number, row in enumerate(of_day, start=1)]
        wrong += [notice for one in decided if isinstance(one, Refused) for notice in one.notices]
        made[meant[0].study_uid] = tuple(one for one in decided if isinstance(one, Decision))
    return made, wrong


def _decision(row: DecisionRow, number: int) -> Decision | Refused:
    """The row as a decision. What a measurement says of it counts the rows of this scan: rows of others may come and go."""
    cells = {name: _cell(getattr(row, name)) for name in COLUMNS}
    where = f"{decision_table.FILE}, row {number} of this scan"
    try:
        return decision_of(cells, where, place=partial(place, decision_table.FILE, row.row), site_of=site_of)
    except Refused as refused:  # free text is not shown: it may hold a name
        return Refused(replace(notice, found="") for notice in refused.notices)


def _cell(value: str | float | bool | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _measured_as(study: TrialStudy, asked: Asked, protocol: SuvProtocol) -> TrialStudy:
    """The study with what is asked of it; a given weight decides anew how its PET becomes SUV."""
    decided = dict(study.found.quantifications)
    if asked.weight_kg is not None:
        decided |= dict(_weighed(study, protocol, asked.weight_kg))
    return replace(study, asked=asked, found=replace(study.found, quantifications=decided))


def _weighed(study: TrialStudy, protocol: SuvProtocol, weight_kg: float) -> Iterator[tuple[str, Quantification]]:
    for series in study.found.catalogue.series:
        if series.pet:
            yield series.series_uid, quantify(series.pet, protocol, weight_kg=weight_kg)
