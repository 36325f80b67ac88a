"""Contract: what was stored is taken up again only where it would come out the same; questions put to the cohort change none of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from carpet.core.errors import ProtocolError
from carpet.run.review.feeding import Signed
from carpet.run.store import open_store
from carpet.run.trial.clinical import read_clinical
from carpet.run.trial.folder import load_trial
from carpet.run.trial.stored import is_of_protocol, stored_result, stored_trial


@pytest.fixture
def folder(ran: Path, tmp_path: Path) -> Path:
    made = tmp_path / "trial"
    shutil.copytree(ran, made, ignore=shutil.ignore_patterns("dicom"))
    return made


@pytest.mark.parametrize(
    ("was", "now", "same"),
    [
        ("", "", True),
        ("horizon_days = 365", "horizon_days = 180", True),
        ("lab_within_days = 14", "lab_within_days = 7", True),
        ("preselect_suv = 4.0", "preselect_suv = 3.0", False),
        ("last_day = 45", "last_day = 40", False),
    ],
)
def test_a_protocol_that_changes_a_measurement_is_another(folder: Path, was: str, now: str, same: bool) -> None:
    toml = folder / "trial.toml"
    assert was in toml.read_text()
    toml.write_text(toml.read_text().replace(was, now) if was else toml.read_text())
    trial = stored_trial(folder)
    with open_store(trial.store) as store:
        assert is_of_protocol(store, trial) is same


def test_a_course_stands_until_a_row_of_its_patient_changes(folder: Path) -> None:
    readings = folder / "clinical" / "readings.csv"
    for stands in (True, False):
        trial = stored_trial(folder)
        said = read_clinical(trial)
        with open_store(trial.store) as store:
            found = {one.patient_id: stored_result(store, trial, said, Signed(said.tables), one) for one in said.tables.patients}
        assert {who: one is not None for who, one in found.items()} == {"A": stands, "B": True, "C": True}
        assert found["B"] is not None
        assert {one.timepoint_of(scan) for one in [found["B"].course] for scan in one.scans} == {"TT", "M1"}
        readings.write_text(readings.read_text().replace("Dr R,2,no,CMR", "Dr R,4,no,PMR"))


def test_without_a_store_there_is_nothing_to_take_up(planted: Any) -> None:
    load_trial(planted.folder)
    with pytest.raises(ProtocolError, match="no results yet"):
        stored_trial(planted.folder)
