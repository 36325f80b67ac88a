"""Contract: what the index page shows of a trial, and folders that every system can name."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from carpet.core.protocol import Protocol
from carpet.report.trial_index import index_html
from carpet.run.store import open_store
from carpet.run.trial.course import Scan
from carpet.run.trial.index import _status, index_content, patient_folder, report_folder, seg_file, study_name
from carpet.run.trial.rows import trial_rows
from carpet.run.trial.running import ready_trial
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


@pytest.fixture(scope="module")
def content(ran: Path) -> dict[str, Any]:
    """The index of a trial of which one scan has a report."""
    with ready_trial(ran, lambda step: None) as ready, open_store(ready.trial.store) as store:
        results = tuple(task.result(CourseTracks()) for task in ready.tasks(store))
        patient, study = ready.tables.patients[0], ready.studies["A"][0]
        folder = report_folder(patient, study)
        assert seg_file(patient, study) == f"{folder}.seg.dcm"
        rows = trial_rows(results, ready.tables, ready.told, protocol=ready.trial.protocol.scores)
        return index_content(Protocol(), results, rows, frozenset({folder, "cohort.html"})) | {"_folder": folder}


def test_every_scan_and_every_called_time_point_has_one_row(content: dict[str, Any]) -> None:
    shown = {patient["id"]: [(row["timepoint"], row["day"]) for row in patient["rows"]] for patient in content["patients"]}
    assert shown == {
        "A": [("TT", "day −3"), ("M1", "day 29"), ("M3", "day 91")],
        "B": [("TT", "day −5"), ("M1", "day 30"), ("M3", "day 90")],
        "C": [("TT", "day −4"), ("M1", "day 28")],
    }
    refused = content["patients"][2]["rows"][1]
    assert refused["status"].startswith("refused: ")
    assert "WEIGHT_MISSING" not in refused["status"]
    assert [group["rows"][0]["category"] for group in refused["responses"]] == ["NE"]


def test_links_lead_to_what_is_there(content: dict[str, Any]) -> None:
    first = content["patients"][0]
    assert [row["report"] for row in first["rows"]] == [f"{content['_folder']}/report.html", "", ""]
    assert first["overview"]["cells"][1]["report"] == f"{content['_folder']}/report.html"
    assert (first["report"], content["cohort"]) == ("", "cohort.html")
    assert [row["baseline"] for row in first["rows"]] == [True, False, False]


def test_readers_stand_first_and_criteria_have_their_printed_names(content: dict[str, Any]) -> None:
    first = content["patients"][0]
    assert [group["assessor"] for group in first["rows"][1]["responses"]] == ["reader Dr R", "carpet"]
    assert first["rows"][1]["responses"][0]["rows"][0]["criterion"] == "Lugano, PET and CT"
    assert [group["assessor"] for group in first["best"]] == ["reader Dr R", "carpet"]
    assert first["best"][0]["line"] == "Lugano, PET and CT: CR; LYRIC: CR; Lugano by PET: CMR"
    assert [group["rows"][0]["criterion"] for group in first["best"]] == ["Lugano, PET and CT", "Lugano, PET and CT"]


def test_codes_stand_as_sentences(content: dict[str, Any]) -> None:
    rows = [one for patient in content["patients"] for row in patient["rows"] for group in row["responses"] for one in group["rows"]]
    said = [text for one in rows for text in (*one["flags"], one["because"])]
    said += [
        text for patient in content["patients"] for one in patient["findings"] for text in (one["says"], one["because"], *one["flags"])
    ]
    said += [note["message"] for patient in content["patients"] for note in patient["notes"]]
    assert len(said) > 50
    assert [text for text in said if re.search(r"[A-Z]{3,}_[A-Z]", text)] == []
    assert any(one["text"] == "– no lesion" for row in content["patients"][0]["rows"] for one in row["numbers"])


def test_refusals_stand_with_patient_and_day(content: dict[str, Any]) -> None:
    assert [(row["code"], row["patient"], row["at"]) for row in content["refusals"]] == [
        ("WEIGHT_MISSING", "C", "day 28"),
        ("PATIENT_UNKNOWN", "", ""),
    ]
    assert index_html(content).count("<h2>Refused</h2>") == 1
