"""Contract: what the index page shows of a trial, and folders that every system can name."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from carpet.core.protocol import Protocol
from carpet.run.store import open_store
from carpet.run.trial.course import Scan
from carpet.run.trial.index import _status, index_content, patient_folder, report_folder, seg_file, study_name
from carpet.run.trial.rows import trial_rows
from carpet.run.trial.running import courses, ready_trial
from carpet.run.trial.tracks import CourseTracks


@pytest.mark.parametrize("patient_id", ["..", "a/b", "Müller", "x" * 64, "", "con.", "a b"])
def test_an_id_that_cannot_name_a_folder_is_a_digest(patient_id: str) -> None:
    assert re.fullmatch(r"patient-[0-9a-f]{10}", patient_folder(patient_id))


def test_regions_that_nobody_decided_stand_beside_the_totals() -> None:
    def scan(*statuses: str) -> Scan:
        lesions = tuple(SimpleNamespace(payload={"status": status}) for status in statuses)
        return cast(Scan, SimpleNamespace(lesions=lesions))

    assert _status("UNREVIEWED", scan("disease", "undecided", "undecided")) == "UNREVIEWED, 2 regions undecided, in no total"
    assert _status("UNREVIEWED", scan("disease", "physiologic")) == "UNREVIEWED"
    assert _status("", scan("undecided")) == "1 region undecided, in no total"


def test_folders_have_patient_day_and_study() -> None:
    assert patient_folder("P007") == "P007"
    assert (study_name(-3, "abc"), study_name(None, "abc")) == ("day_-3_abc", "undated_abc")


def test_every_scan_and_every_called_time_point_has_a_row(ran: Path) -> None:
    with ready_trial(ran, lambda step: None) as ready, open_store(ready.trial.store) as store:
        results = courses(ready, store, lambda course: CourseTracks())
        patient, study = ready.tables.patients[0], ready.studies["A"][0]
        folder = report_folder(patient, study)
        assert seg_file(patient, study) == f"{folder}.seg.dcm"
        rows = trial_rows(results, ready.tables, ready.told, protocol=ready.trial.protocol.scores)
        content = index_content(Protocol(), results, rows, frozenset({folder}))
    shown = {patient["id"]: [(row["timepoint"], row["day"]) for row in patient["rows"]] for patient in content["patients"]}
    assert shown == {
        "A": [("TT", -3), ("M1", 29), ("M3", 91)],
        "B": [("TT", -5), ("M1", 30), ("M3", 90)],
        "C": [("TT", -4), ("M1", 28), ("", 28)],
    }
    first = content["patients"][0]["rows"]
    assert [row["report"] for row in first] == [f"{folder}/report.html", "", ""]
    assert [row["baseline"] for row in first] == [True, False, False]
    assert [group["assessor"] for group in first[1]["responses"]] == ["reader Dr R", "carpet"]
    assert first[1]["responses"][0]["rows"][0]["criterion"] == "lugano@1"
    one = content["patients"][0]
    assert [(group["assessor"], group["line"]) for group in one["best"]] == [
        ("reader Dr R", "CR by lugano, CR by lyric, CMR by lugano_pet"),
        ("carpet", "CR by lugano, CR by lyric, CMR by lugano_pet"),
    ]
    assert [group["rows"][0]["criterion"] for group in one["best"]] == ["lugano@1", "lugano@1"]
    assert {row["finding"] for row in one["findings"]} == {"DEAUVILLE_1_3_AT_M1"}
    assert [row["code"] for row in content["refusals"]] == ["PATIENT_UNKNOWN", "WEIGHT_MISSING"]
