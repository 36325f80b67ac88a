"""Whether a demonstration trial came out as its phantoms were made: prints how many of the planned answers did, and each that did not.

Run: python validation/demo_trial.py FOLDER, where `carpet demo FOLDER` has ended. Exit status 1 where anything differs.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from carpet.run.demo import missed_answers
from carpet.testing.course_answers import planned_best, planned_conversions, planned_findings, planned_flags, planned_responses
from carpet.testing.courses import NO_DOSE, PlannedPatient, planned_events, planned_patients

Row = dict[str, str]
LUGANO, CARPET = "lugano", "carpet"


def table(folder: Path, name: str) -> list[Row]:
    with (folder / "results" / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def differences(folder: Path) -> Iterator[tuple[str, int, list[str]]]:
    """What was compared, how many of it, and what differs; of the patients that the trial has."""
    there = {row["patient_id"] for row in table(folder, "studies")}
    patients = [one for one in planned_patients() if one.id in there]
    planned = [one for one in planned_responses() if one.patient_id in there]
    yield "responses", len(planned), [str(one) for one in missed_answers(planned, table(folder, "responses"))]
    yield "best responses", len(patients), list(_best(folder, there))
    yield "conversions", *_conversions(folder, there)
    yield "lesion tracks", *_events(folder, patients)
    for name, wanted, code, where in (
        ("findings", planned_findings(), "finding", "timepoint"),
        ("flags", planned_flags(), "code", "where"),
    ):
        said = {(row["patient_id"], row[code], row[where]) for row in table(folder, name)}
        asked = [one for one in wanted if one.patient_id in there]
        yield name, len(asked), [f"{one} is not told" for one in asked if (one.patient_id, one.code, one.where) not in said]
    yield "refused scans", *_refused(folder, patients)


def _of_lugano(folder: Path, name: str) -> list[Row]:
    return [row for row in table(folder, name) if row["criterion"].partition("@")[0] == LUGANO and row["assessor"] == CARPET]


def _best(folder: Path, there: set[str]) -> Iterator[str]:
    found = {row["patient_id"]: row["category"] for row in _of_lugano(folder, "best_responses")}
    for patient_id, category in planned_best().items():
        if patient_id in there and found.get(patient_id) != category:
            yield f"{patient_id}: made to have {category} at best, found {found.get(patient_id)}"


def _conversions(folder: Path, there: set[str]) -> tuple[int, list[str]]:
    names = ("patient_id", "from_timepoint", "from_category", "to_timepoint", "to_category")
    found = {tuple(row[name] for name in names) for row in _of_lugano(folder, "conversions") if row["from_category"] in ("PR", "SD")}
    wanted = {tuple(getattr(one, name) for name in names) for one in planned_conversions() if one.patient_id in there}
    return len(wanted), [f"{' '.join(one)}: {'not found' if one in wanted else 'not planned'}" for one in sorted(found ^ wanted)]


def _events(folder: Path, patients: list[PlannedPatient]) -> tuple[int, list[str]]:
    """By patient, day and event; the baseline's own rows are left out."""
    rows, wrong, compared = table(folder, "lesion_tracks"), [], 0
    for patient in patients:
        first = patient.scans[0].day
        mine = [row for row in rows if row["patient_id"] == patient.id and int(row["day"]) != first]
        found = Counter((int(row["day"]), row["event"]) for row in mine)
        wanted = Counter(planned_events(patient))
        compared += sum(wanted.values())
        both = sorted(set(found) | set(wanted))
        wrong += [f"{patient.id} day {key[0]}: {wanted[key]} {key[1]}, found {found[key]}" for key in both if found[key] != wanted[key]]
    return compared, wrong


def _refused(folder: Path, patients: list[PlannedPatient]) -> tuple[int, list[str]]:
    found = {(row["patient_id"], int(row["day"])) for row in table(folder, "studies") if row["status"] == "REFUSED"}
    wanted = {(patient.id, scan.day) for patient in patients for scan in patient.scans if scan.fault == NO_DOSE}
    return len(wanted), [f"{patient_id} day {day}" for patient_id, day in sorted(found ^ wanted)]


def main(folder: Path) -> int:
    wrong = 0
    for name, compared, differs in differences(folder):
        wrong += len(differs)
        print(f"{name}: {compared} compared, {len(differs)} not as planned")
        for one in differs:
            print(f"  {one}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
