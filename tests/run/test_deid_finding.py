"""Truth: closed form: the phantom's files, under whatever names they lie."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from carpet.dicom.deid.key import Person
from carpet.run.deid_finding import folders_below, studies_in
from carpet.testing import Storage, Visit, simple_phantom, write_study

WHOLE = simple_phantom(spacing_mm=20.0)
SCAN = replace(WHOLE, suv=WHOLE.suv.cropped((slice(0, 5), slice(0, 14), slice(0, 18))))
VISITS = (Visit(patient_id="MRN-1"), Visit(patient_id="MRN-2"))


def test_files_by_study_in_an_order_of_their_own(tmp_path: Path) -> None:
    files = []
    for number, visit in enumerate(VISITS):
        files += write_study(SCAN, tmp_path / str(number), visit=visit, storage=Storage(with_ct=False)).pet_files
    studies = studies_in(files)
    assert sorted(one.person.patient_id for study in studies for one in study) == ["MRN-1"] * 5 + ["MRN-2"] * 5
    assert [[one.number for one in study] for study in studies] == [[(4, number) for number in range(1, 6)]] * 2
    assert {one.person for study in studies for one in study} == {Person("MRN-1", ""), Person("MRN-2", "")}
    shuffled = []
    for number, path in enumerate(reversed(files)):
        shuffled.append(Path(shutil.copy(path, tmp_path / f"{number}")))
    assert [[one.sop_uid for one in study] for study in studies_in(shuffled)] == [[one.sop_uid for one in study] for study in studies]


def test_folders_that_are_closed_and_links_to_folders_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in" / "CT").mkdir(parents=True)
    (tmp_path / "in" / "file").touch()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "in" / "CT")
    assert folders_below(tmp_path / "in") == (0, 1)
    assert folders_below(tmp_path / "in" / "file") == (0, 0)
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("CT"))  # root may enter everything
    assert folders_below(tmp_path / "in") == (1, 1)
    assert folders_below(tmp_path / "none") == (0, 0)


def test_what_is_no_dicom_or_broken_is_not_there(tmp_path: Path) -> None:
    text, broken = tmp_path / "a", tmp_path / "b"
    text.write_text("x")
    broken.write_bytes(bytes(128) + b"DICM" + b"\xff" * 300)
    assert studies_in([text, broken, tmp_path / "absent"]) == []


def test_an_instance_does_not_name_the_patient_in_a_log(tmp_path: Path) -> None:
    files = write_study(SCAN, tmp_path, visit=VISITS[0], storage=Storage(with_ct=False)).pet_files
    assert "MRN" not in repr(studies_in(files))
