"""Truth: the phantom's SUV and calendar, before and after. Contract: a study comes out whole or not at all."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

from carpet.core.errors import ProtocolError
from carpet.dicom.deid.rules import usual_rules
from carpet.run import api
from carpet.run.deidentifying import Outcome, deidentify_folder
from carpet.run.opening import read_study
from carpet.testing import Storage, Visit, simple_phantom, write_reference_object, write_study

Edit = Callable[[Dataset, int], None]
NAME, RECORD = "Zauberberg^Klawdia", "MRN-4711-0815"
WHOLE = simple_phantom(spacing_mm=20.0)
SCAN = replace(WHOLE, suv=WHOLE.suv.cropped((slice(0, 8), slice(0, 14), slice(0, 18))))
BASELINE, MONTH = Visit(patient_name=NAME, patient_id=RECORD), dt.timedelta(days=30)
FOLLOW_UP = replace(BASELINE, injected_at=BASELINE.injected_at + MONTH)
PET_ONLY = Storage(with_ct=False)
PHILIPS = 0x7053


def write(folder: Path, *, visit: Visit = BASELINE, vendor: str = "ge", edit: Edit | None = None, storage: Storage = PET_ONLY) -> Path:
    write_study(SCAN, folder, vendor=vendor, visit=visit, storage=storage, edit=edit)
    return folder


def deid(source: Path, out: Path, **how: object) -> Outcome:
    key = out.with_name("trial.key.json")
    return deidentify_folder(source, out, key, software="carpet test", say=lambda step: None, **how)  # type: ignore[arg-type]


def files(folder: Path) -> list[Path]:
    """All files and folders, hidden ones too."""
    return sorted(folder.rglob("*")) if folder.exists() else []


@pytest.mark.parametrize("vendor", ["siemens", "ge", "philips"])
def test_suv_is_the_same_to_the_last_bit(tmp_path: Path, vendor: str) -> None:
    source = write(tmp_path / "in", vendor=vendor)
    outcome = deid(source, tmp_path / "out")
    before, after = (api.to_suv(read_study(folder)) for folder in (source, tmp_path / "out"))
    assert before.values.tobytes() == after.values.tobytes()
    np.testing.assert_allclose(after.values, SCAN.suv.values, atol=2e-3)
    assert (len(outcome.exported), outcome.complete, outcome.exported[0].images) == (1, True, 8)
    assert before.grid.frame_uid != after.grid.frame_uid


def post_processed(dataset: Dataset, index: int) -> None:
    """Series and acquisition times written anew: only GE's private scan start still says to when the values are corrected."""
    for keyword, minutes in (("AcquisitionTime", 30), ("SeriesTime", 40)):
        then = dt.datetime.strptime(str(dataset[keyword].value)[:6], "%H%M%S") + dt.timedelta(minutes=minutes)
        setattr(dataset, keyword, then.strftime("%H%M%S"))


def test_a_change_of_suv_stops_the_export(tmp_path: Path) -> None:
    """FAILURES row 51: without the vendor's date-time there would be another SUV, and nobody would be told."""
    source = write(tmp_path / "in", edit=post_processed)
    outcome = deid(source, tmp_path / "out", rules=replace(usual_rules(), private=()))
    (notice,) = outcome.refused
    assert notice.code == "DEID_CHANGED_SUV"
    assert notice.found.count("8 slices, SUVbw") == 2  # a number before, another number after
    assert (outcome.exported, files(tmp_path / "out")) == ((), [])
    assert not any(word in str(notice) for word in (RECORD, "Zauberberg"))
    assert deid(source, tmp_path / "out").complete  # the usual rules keep it, and shift it


def test_a_scale_factor_that_would_be_lost_stops_the_export(tmp_path: Path) -> None:
    rules = replace(usual_rules(), private=tuple(block for block in usual_rules().private if block.group != PHILIPS))
    outcome = deid(write(tmp_path / "in", vendor="philips"), tmp_path / "out", rules=rules)
    assert [notice.code for notice in outcome.refused] == ["DEID_CHANGED_SUV"]
    assert "SUVbw" in outcome.refused[0].found
    assert "COUNTS_WITHOUT_SCALE" in outcome.refused[0].found
    assert files(tmp_path / "out") == []


def test_a_date_that_is_not_shifted_stops_the_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from carpet.dicom.deid import deidentify

    monkeypatch.setattr(deidentify, "shifted_datetime", lambda text, days_back: text)  # as the two de-identifiers of row 51 did
    outcome = deid(write(tmp_path / "in"), tmp_path / "out")
    assert [notice.code for notice in outcome.refused] == ["DEID_CHANGED_SUV"]
    assert "UPTAKE_IMPLAUSIBLE" in outcome.refused[0].found
    assert files(tmp_path / "out") == []


def test_the_other_studies_are_exported_all_the_same(tmp_path: Path) -> None:
    def weightless(dataset: Dataset, index: int) -> None:
        dataset.PatientID = ""

    write(tmp_path / "in" / "a", edit=weightless, visit=replace(BASELINE, patient_id="X"))
    write(tmp_path / "in" / "b")
    outcome = deid(tmp_path / "in", tmp_path / "out")
    assert [notice.code for notice in outcome.refused] == ["DEID_PATIENT_MISSING"]
    assert (len(outcome.exported), outcome.complete) == (1, False)


def test_a_refused_series_is_exported_and_stays_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "in", storage=Storage(with_nac=True))
    outcome = deid(source, tmp_path / "out")
    told = {(one.modality, one.refusals): one.quantity for one in outcome.exported[0].prints}
    assert told == {("PT", ()): "SUVbw", ("PT", ("NAC_SERIES", "UNITS_NOT_QUANTITATIVE")): "stored", ("CT", ()): "HU"}


@pytest.mark.parametrize(
    ("keyword", "value", "code"),
    [
        ("PatientWeight", "70,5", "NUMBER_MALFORMED"),
        ("SeriesTime", "9h47", "TIME_MALFORMED"),
        ("Units", "KLAWDIA", "UNITS_NOT_QUANTITATIVE"),
    ],
)
def test_what_was_malformed_stays_refused_for_the_same_reason_and_is_not_shown(tmp_path: Path, keyword: str, value: str, code: str) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        dataset.add_new(keyword, "LO", value)

    outcome = deid(write(tmp_path / "in", edit=edit), tmp_path / "out")
    assert outcome.refused == ()
    assert code in outcome.exported[0].prints[0].refusals
    assert not any(value.encode() in path.read_bytes() for path in (tmp_path / "out").rglob("*.dcm"))


def test_intervals_between_time_points_are_exact_also_in_a_later_run(tmp_path: Path) -> None:
    out = tmp_path / "out"
    deid(write(tmp_path / "one"), out)
    deid(write(tmp_path / "two", visit=FOLLOW_UP), out)
    assert len(list(out.iterdir())) == 1
    first, second = (dcmread(next(study.rglob("*.dcm"))) for study in sorted(next(out.iterdir()).iterdir()))
    day = [dt.datetime.strptime(data.StudyDate, "%Y%m%d").date() for data in (first, second)]
    assert day[1] - day[0] == MONTH
    assert day[0] < BASELINE.injected_at.date()
    assert first.PatientID == second.PatientID == first.PatientName
    assert (first.StudyTime, first.SeriesTime) == (second.StudyTime, second.SeriesTime)
    start = first.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime
    assert start == f"{day[0]:%Y%m%d}083000.00"


def test_a_study_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    source, out = write(tmp_path / "in"), tmp_path / "out"
    deid(source, out)
    before = {path: path.stat().st_mtime_ns for path in files(out)}
    again = deid(source, out)
    assert (again.exported, len(again.there), again.refused) == ((), 1, ())
    assert {path: path.stat().st_mtime_ns for path in files(out)} == before


def test_a_study_of_another_version_of_carpet_is_the_same_study(tmp_path: Path) -> None:
    source, out = write(tmp_path / "in"), tmp_path / "new" / "out"
    deid(source, out)
    again = deidentify_folder(source, out, out.with_name("trial.key.json"), software="carpet 99", say=lambda step: None)
    assert (len(again.there), again.refused) == (1, ())


def test_a_study_that_is_there_with_other_files_is_refused(tmp_path: Path) -> None:
    source, out = write(tmp_path / "in"), tmp_path / "out"
    deid(source, out)
    before = files(out)
    next(source.rglob("IM0008.dcm")).unlink()
    again = deid(source, out)
    assert [notice.code for notice in again.refused] == ["DEID_STUDY_THERE"]
    assert again.refused[0].found == "7 images now, 8 there"
    assert files(out) == before


def test_two_issuers_are_two_patients_and_one_study_has_one_patient(tmp_path: Path) -> None:
    def issued(dataset: Dataset, index: int) -> None:
        dataset.IssuerOfPatientID = "Berghof"

    write(tmp_path / "in" / "a")
    write(tmp_path / "in" / "b", visit=FOLLOW_UP, edit=issued)
    outcome = deid(tmp_path / "in", tmp_path / "out")
    assert len({study.patient for study in outcome.exported}) == 2
    key = json.loads((tmp_path / "trial.key.json").read_text())
    assert {(row["patient_id"], row["issuer"]) for row in key["patients"]} == {(RECORD, ""), (RECORD, "Berghof")}

    def mixed(dataset: Dataset, index: int) -> None:
        dataset.PatientID = f"MRN-{index % 2}"

    outcome = deid(write(tmp_path / "mixed", edit=mixed), tmp_path / "out")
    assert [notice.code for notice in outcome.refused] == ["DEID_PATIENTS_MIXED"]


def test_what_is_no_slice_stays_behind_and_is_told(tmp_path: Path) -> None:
    source = write(tmp_path / "in")
    data = dcmread(next(source.rglob("*.dcm")))
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    data.SOPInstanceUID, data.SeriesInstanceUID, data.Modality = "1.2.3", "1.2.4", "OT"
    data.save_as(source / "capture.dcm")
    (source / "letter.txt").write_text(NAME)
    outcome = deid(source, tmp_path / "out")
    assert outcome.left_out == {"Secondary Capture Image Storage": 1}
    assert (outcome.other_files, outcome.exported[0].images, outcome.complete) == (1, 8, True)


def test_exact_copies_go_once_and_a_conflict_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "in")
    shutil.copy(next(source.rglob("IM0001.dcm")), source / "copy.dcm")
    assert deid(source, tmp_path / "out").exported[0].images == 8
    data = dcmread(source / "copy.dcm")
    data.PixelData = bytes(len(data.PixelData))
    data.save_as(source / "copy.dcm")
    outcome = deid(source, tmp_path / "other")
    assert [notice.code for notice in outcome.refused] == ["UID_CONFLICT"]
    assert files(tmp_path / "other") == []


def test_a_compressed_study_is_exported_decoded(tmp_path: Path) -> None:
    source = write(tmp_path / "in")
    for path in source.rglob("*.dcm"):
        data = dcmread(path)
        data.compress(RLELossless, generate_instance_uid=False)
        data.save_as(path)
    outcome = deid(source, tmp_path / "out")
    assert outcome.exported[0].prints[0].quantity == "SUVbw"
    assert {dcmread(path).file_meta.TransferSyntaxUID for path in (tmp_path / "out").rglob("*.dcm")} == {ExplicitVRLittleEndian}


def test_a_zip_is_read_and_files_have_names_of_our_own(tmp_path: Path) -> None:
    source = write(tmp_path / "Zauberberg", storage=Storage(with_ct=False, zipped=True))
    outcome = deid(source, tmp_path / "out")
    study = outcome.exported[0]
    names = [path.relative_to(tmp_path / "out").as_posix() for path in sorted((tmp_path / "out").rglob("*.dcm"))]
    assert names == [f"{study.patient}/{study.folder}/01/{number:05d}.dcm" for number in range(1, 9)]


def test_one_broken_file_does_not_stop_the_rest(tmp_path: Path) -> None:
    source = write(tmp_path / "in")
    (source / "broken.dcm").write_bytes(bytes(128) + b"DICM" + b"\xff" * 500)
    outcome = deid(source, tmp_path / "out")
    assert (outcome.unreadable, len(outcome.exported), outcome.complete) == (1, 1, False)


def test_a_lost_key_is_not_replaced_by_another(tmp_path: Path) -> None:
    """With a new key the patients of OUT would get second names."""
    source, out = write(tmp_path / "in"), tmp_path / "out"
    deid(source, out)
    (tmp_path / "trial.key.json").unlink()
    before = files(out)
    with pytest.raises(ProtocolError, match="their key file is not there"):
        deid(source, out)
    assert files(out) == before
    assert not (tmp_path / "trial.key.json").exists()


def test_a_key_behind_a_link_is_written_where_the_link_leads(tmp_path: Path) -> None:
    source = write(tmp_path / "in")
    (tmp_path / "safe").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "safe" / "key")
    deidentify_folder(source, tmp_path / "out", tmp_path / "link", software="carpet test", say=lambda step: None)
    assert (tmp_path / "link").is_symlink()
    assert RECORD in (tmp_path / "safe" / "key").read_text()


@pytest.mark.parametrize("leads_to", ["safe", "out/deep"])
def test_a_link_to_the_key_must_not_lie_in_out_either(tmp_path: Path, leads_to: str) -> None:
    source = write(tmp_path / "in")
    for folder in ("safe", "out/deep"):
        (tmp_path / folder).mkdir(parents=True)
    inside, outside = tmp_path / "out" / "key", tmp_path / "key"
    inside.symlink_to(tmp_path / "safe" / "key")
    outside.symlink_to(tmp_path / "out" / "deep" / "key")
    key = inside if leads_to == "safe" else outside
    with pytest.raises(ProtocolError, match="must not lie in the folder"):
        deidentify_folder(source, tmp_path / "out", key, software="carpet test", say=lambda step: None)
    assert not (tmp_path / leads_to / "key").exists()


def test_of_two_runs_at_once_one_exports_and_the_other_finds_it_there(tmp_path: Path) -> None:
    source, out, told = write(tmp_path / "in"), tmp_path / "out", []

    def overtaken(step: str) -> None:
        if step.startswith("comparing"):
            told.append(deid(source, out))

    later = deidentify_folder(source, out, out.with_name("trial.key.json"), software="carpet test", say=overtaken)
    assert (len(told[0].exported), told[0].refused) == (1, ())
    assert (later.exported, len(later.there), later.refused) == ((), 1, ())


def test_what_a_killed_run_left_is_cleared_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "out" / ".carpet-deid-killed" / "study").mkdir(parents=True)
    deid(write(tmp_path / "in"), tmp_path / "out")
    assert [path.name[:2] for path in (tmp_path / "out").iterdir()] == ["P-"]


def test_a_folder_that_may_not_be_entered_stops_everything_and_is_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(tmp_path / "in", storage=Storage())
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("CT"))  # root may enter everything
    with pytest.raises(ProtocolError, match="1 folder below the input may not be entered") as said:
        deid(source, tmp_path / "out")
    assert str(tmp_path) not in str(said.value)
    assert not (tmp_path / "out").exists()


def test_links_to_folders_are_not_followed_and_told(tmp_path: Path) -> None:
    source = write(tmp_path / "in")
    (source / "link").symlink_to(write(tmp_path / "other", visit=FOLLOW_UP))
    assert deid(source, tmp_path / "out").left_out == {"a link to a folder: links are not followed": 1}


def test_the_order_of_the_old_uids_does_not_show(tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path / "in" / f"{number}", visit=replace(BASELINE, patient_id=f"MRN-{number}"))
    names = [f"{study.patient}/{study.folder}" for study in deid(tmp_path / "in", tmp_path / "out").exported]
    made = sorted(
        (path for path in (tmp_path / "out").glob("*/*")), key=lambda path: min(p.stat().st_mtime_ns for p in path.rglob("*.dcm"))
    )
    assert names == sorted(names) == [path.relative_to(tmp_path / "out").as_posix() for path in made]


def test_nothing_to_export(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    outcome = deid(tmp_path / "in", tmp_path / "out")
    assert [notice.code for notice in outcome.refused] == ["DEID_NOTHING"]
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "trial.key.json").exists()


def test_where_nothing_passes_it_is_said(tmp_path: Path) -> None:
    def captured(dataset: Dataset, index: int) -> None:
        dataset.ConversionType = "WSD"

    outcome = deid(write(tmp_path / "in", edit=captured), tmp_path / "out")
    assert [(notice.code, notice.found) for notice in outcome.refused] == [("DEID_NOTHING", "8 other objects")]
    assert outcome.left_out == {"a captured screen or report": 8}
    assert not (tmp_path / "out").exists()


def test_a_stop_half_way_leaves_nothing(tmp_path: Path) -> None:
    source = write(tmp_path / "in")

    def stop(step: str) -> None:
        if step.startswith("comparing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deidentify_folder(source, tmp_path / "out", tmp_path / "key", software="carpet test", say=stop)
    assert files(tmp_path / "out") == []
    assert deid(source, tmp_path / "out").complete


@pytest.mark.parametrize(
    ("source", "out", "key", "says"),
    [
        ("none", "out", "key", "there is no file or folder"),
        ("in", "in", "key", "neither of the two folders"),
        ("in", "in/out", "key", "neither of the two folders"),
        ("in/PT_AC", "in", "key", "neither of the two folders"),
        ("in", "file", "key", "is a file"),
        ("in", "out", "out/key", "must not lie in the folder"),
        ("in", "out", "in", "is a folder; name a file"),
        ("in", "out", "file", "no key file"),
    ],
)
def test_wrong_places_are_refused_before_anything_is_written(tmp_path: Path, source: str, out: str, key: str, says: str) -> None:
    write(tmp_path / "in")
    (tmp_path / "file").write_text("x")
    before = files(tmp_path)
    with pytest.raises(ProtocolError, match=says):
        deidentify_folder(tmp_path / source, tmp_path / out, tmp_path / key, software="carpet test", say=lambda step: None)
    assert files(tmp_path) == before


REAL = {
    "acrin042_ge/PT_AC_BQML": "SUVbw",
    "acrin042_ge/PT_NAC_PROPCNTS": "stored",
    "sts001_ge/PET_raw_BQML": "SUVbw",
    "suv_dro_ibsi/DRO_3_3": "SUVbw",
}


def few_slices(folder: Path, into: Path) -> Path:
    """Ten neighbouring slices of a real series."""
    into.mkdir()
    headers = [(dcmread(path, stop_before_pixels=True, force=True), path) for path in sorted(folder.rglob("*")) if path.is_file()]
    slices = sorted((float(data.ImagePositionPatient[2]), path) for data, path in headers if "ImagePositionPatient" in data)
    for _, path in slices[:10]:
        shutil.copy(path, into)
    return into


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(REAL))
def test_real_scans_keep_their_suv_or_their_refusal(shared_data: Path, tmp_path: Path, name: str) -> None:
    source = few_slices(shared_data / name, tmp_path / "in")
    outcome = deid(source, tmp_path / "out")
    assert [(one.quantity, one.slices) for one in outcome.exported[0].prints] == [(REAL[name], 10)]
    record = str(dcmread(next(source.iterdir())).PatientID)
    assert not any(record.encode() in path.read_bytes() for path in (tmp_path / "out").rglob("*.dcm"))


def errors_of(path: Path) -> set[str]:
    """What dciodvfy finds wrong, without the values."""
    ran = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    lines = (ran.stdout + ran.stderr).splitlines()
    assert lines
    return {re.sub(r"<[\d.]+>", "", line) for line in lines if line.startswith("Error")}


@pytest.mark.shared
@pytest.mark.dciodvfy
@pytest.mark.parametrize("name", sorted(REAL))
def test_real_files_have_no_error_that_they_did_not_have(shared_data: Path, tmp_path: Path, name: str) -> None:
    source = few_slices(shared_data / name, tmp_path / "in")
    before = set().union(*(errors_of(path) for path in source.iterdir()))
    deid(source, tmp_path / "out")
    after = set().union(*(errors_of(path) for path in (tmp_path / "out").rglob("*.dcm")))
    assert after <= before


@pytest.mark.dciodvfy
@pytest.mark.parametrize("name", ["DRO_0_0", "DRO_7_0_0"])
def test_valid_files_stay_valid_single_and_multi_frame(tmp_path: Path, name: str) -> None:
    write_reference_object(name, tmp_path / "in")
    assert deid(tmp_path / "in", tmp_path / "out").complete
    assert set().union(*(errors_of(path) for path in (tmp_path / "out").rglob("*.dcm"))) == set()
