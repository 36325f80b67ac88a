"""Truth: closed form. SUV is proportional to the weight; and contract: what a row asks for changes its own scan and no other."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carpet.clinical import read_tables
from carpet.core.protocol import SuvProtocol
from carpet.run.opening import found_under
from carpet.run.trial.asked import as_asked
from carpet.run.trial.course import matched
from carpet.run.trial.folder import init_trial
from carpet.run.trial.studies import trial_studies
from carpet.testing import Storage, Visit, simple_phantom, write_study

Call = Callable[..., Any]
INFUSED = dt.date(2024, 3, 1)
PATIENTS = "patient_id,age,infusion_date,last_contact_date\nA,60,2024-03-01,2024-12-01\nB,50,2024-03-01,2024-12-01\n"
DAYS = (("A", -3), ("A", 29), ("B", -3))
SCANS = "patient_id,date,weight_kg,series_uid,accept_recon_change,comment\n"
DECISIONS = "patient_id,date,lesion_id,l_mm,p_mm,s_mm,status,site,reader,adjudicates,comment\n"
ALL_OF_A = "".join(
    f"A,2024-02-27,L{n:02d},,,,{status},,Dr A,,\n" for n, status in enumerate(("physiologic", "disease", "disease", "disease"), start=1)
)
BLADDER = 20.0  # SUV
TWICE = 2.0  # the given weight over the phantom's


def _without_weight(dataset: Any, index: int) -> None:
    del dataset.PatientWeight


@pytest.fixture(scope="module")
def dicom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A before infusion and at day 29 without a weight; B before infusion."""
    folder = tmp_path_factory.mktemp("dicom")
    for who, day in DAYS:
        visit = Visit(patient_id=who, injected_at=dt.datetime.combine(INFUSED, dt.time(8, 30)) + dt.timedelta(day))
        edit = _without_weight if (who, day) == ("A", 29) else None
        write_study(simple_phantom(spacing_mm=10.0), folder / f"{who}{day}", visit=visit, edit=edit)
    return folder


@pytest.fixture
def trial(dicom: Path, tmp_path: Path) -> Path:
    shutil.copytree(dicom, tmp_path / "trial" / "dicom", copy_function=os.link)
    init_trial(tmp_path / "trial")
    write(tmp_path / "trial", patients=PATIENTS)
    return tmp_path / "trial"


def write(trial: Path, **tables: str) -> None:
    for name, text in tables.items():
        (trial / "clinical" / f"{name}.csv").write_text(text)


def ran(call: Call, trial: Path) -> tuple[int, set[tuple[str, str]], dict[tuple[str, str], dict[str, str]]]:
    """How many were measured, what was refused, and the rows of the studies by patient and day."""
    called = call("run", trial, "--tables-only", "--json", "--workers", 1)
    said = json.loads(called.out or called.err)
    rows = {(row["patient_id"], row["day"]): row for row in table(trial, "studies")}
    return said["measured"], {(row["code"], row["where"]) for row in said["refusals"]}, rows


def table(trial: Path, name: str) -> list[dict[str, str]]:
    text = (trial / "results" / "tables" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def hottest(trial: Path, who: str, day: int) -> float:
    """SUVmax of all regions, which is the bladder's 20 in the phantom."""
    return max(float(row["suv_max"]) for row in table(trial, "lesions") if (row["patient_id"], row["day"]) == (who, str(day)))


def test_a_given_weight_stands_in_place_of_the_scans_and_is_told(trial: Path, call: Call) -> None:
    measured, refused, rows = ran(call, trial)
    assert (measured, rows["A", "29"]["status"]) == (3, "REFUSED")
    assert refused == {("WEIGHT_MISSING", "(0010,1030)")}
    (row,) = table(trial, "refusals")
    assert "clinical/scans.csv" in row["remedy"]
    kg = simple_phantom().body.weight_kg
    write(trial, scans=f"{SCANS}A,2024-03-30,{kg},,,\nB,2024-02-27,{TWICE * kg},,,\n")
    measured, refused, rows = ran(call, trial)
    assert (measured, refused) == (2, set())
    found = [hottest(trial, who, day) for who, day in DAYS]
    assert found == pytest.approx([BLADDER, BLADDER, TWICE * BLADDER], rel=1e-3)  # stored values are rounded to int16
    flags = {(row["patient_id"], row["day"]): row["where"] for row in table(trial, "flags") if row["code"] == "WEIGHT_GIVEN"}
    assert flags.keys() == {("A", "29"), ("B", "-3")}
    assert all("scans.csv" in where for where in flags.values())
    assert call("verify", trial).status == 0
    assert ran(call, trial)[0] == 0


def test_decisions_of_a_scan_are_applied_and_measure_it_anew_alone(trial: Path, call: Call) -> None:
    assert ran(call, trial)[0] == 3
    write(trial, decisions=DECISIONS + ALL_OF_A)
    measured, _, rows = ran(call, trial)
    assert (measured, rows["A", "-3"]["status"], rows["B", "-3"]["status"]) == (1, "REVIEWED", "UNREVIEWED")
    lesions = {row["lesion_id"]: row for row in table(trial, "lesions") if (row["patient_id"], row["day"]) == ("A", "-3")}
    assert [row["status"] for row in lesions.values()] == ["physiologic", "disease", "disease", "disease"]
    assert {row["decided_by"] for row in lesions.values()} == {"reader Dr A"}
    of_b = "B,2024-02-27,L01,,,,physiologic,,Dr B,,\n"
    write(trial, decisions=DECISIONS + of_b + ALL_OF_A)  # all rows of A stand one lower now
    assert ran(call, trial)[0] == 1
    write(trial, decisions=DECISIONS + of_b.replace("Dr B,,", "Dr B,,urine") + ALL_OF_A)
    measured, _, rows = ran(call, trial)
    assert (measured, rows["A", "-3"]["status"]) == (1, "REVIEWED")
    assert call("verify", trial).status == 0
    write(trial, decisions=DECISIONS)
    measured, _, rows = ran(call, trial)
    assert (measured, rows["A", "-3"]["status"]) == (2, "UNREVIEWED")


def test_a_decision_that_cannot_be_meant_refuses_its_scan_as_in_measure(trial: Path, call: Call) -> None:
    write(trial, decisions=DECISIONS + "B,2024-02-27,L01,,,,physiologic,,Dr B,,\nA,2024-02-27,L01,,,,physiologic,,Dr A,,\n"
          "A,2024-02-27,L77,,,,disease,,Dr A,,\nA,2024-02-27,,9000,0,0,disease,,Dr A,,\n")  # fmt: skip
    measured, refused, rows = ran(call, trial)
    assert (measured, rows["A", "-3"]["status"], rows["B", "-3"]["status"]) == (3, "REFUSED", "UNREVIEWED")
    assert refused - {("WEIGHT_MISSING", "(0010,1030)")} == {
        ("DECISION_UNKNOWN_LESION", "decisions.csv, row 2 of this scan"),
        ("DECISION_MISSES_UPTAKE", "decisions.csv, row 3 of this scan"),
    }
    assert call("verify", trial).status == 0
    write(trial, decisions=DECISIONS + "A,2024-02-27,L01,,,,physiologic,,Dr A,,\n")
    assert ran(call, trial)[0] == 2


OF_TWO = DECISIONS + ALL_OF_A + ALL_OF_A.replace("Dr A", "Dr B").replace("L02,,,,disease", "L02,,,,physiologic")


def test_readers_who_contradict_each_other_leave_the_region_open_until_a_third_person_decides(trial: Path, call: Call) -> None:
    write(trial, decisions=OF_TWO)
    _, refused, rows = ran(call, trial)
    assert (rows["A", "-3"]["status"], refused) == ("UNREVIEWED", {("WEIGHT_MISSING", "(0010,1030)")})
    lesions = {row["lesion_id"]: row for row in table(trial, "lesions") if (row["patient_id"], row["day"]) == ("A", "-3")}
    assert (lesions["L02"]["status"], lesions["L02"]["decided_by"]) == ("undecided", "reader Dr A; reader Dr B")
    flags = {row["code"]: row["found"] for row in table(trial, "flags") if (row["patient_id"], row["day"]) == ("A", "-3")}
    assert flags["READERS_DISAGREE_ON_REGIONS"] == "L02 (reader Dr A disease, reader Dr B physiologic)"
    assert flags["UNDECIDED_LEFT"].startswith("1 of")
    volume = float(lesions["L02"]["volume_ml"])
    agreed = {row["statistic"]: row for row in table(trial, "agreement") if (row["item"], row["timepoint"]) == ("tmtv", "TT")}
    assert (agreed["within_benchmark"]["value"], agreed["within_benchmark"]["n"]) == ("0.0", "1")
    whole = sum(float(row["volume_ml"]) for row in lesions.values() if row["status"] == "disease")
    (case,) = table(trial, "adjudications")
    assert (case["timepoint"], case["trigger"]) == ("TT", "TMTV_DIFFERS")
    assert case["because"] == f"{whole + volume:.1f} and {whole:.1f} mL"
    assert call("verify", trial).status == 0
    write(trial, decisions=OF_TWO + "A,2024-02-27,L02,,,,disease,,Dr C,yes,\n")
    measured, _, rows = ran(call, trial)
    assert (measured, rows["A", "-3"]["status"]) == (1, "REVIEWED")
    assert [row["because"].partition(", ")[2] for row in table(trial, "adjudications")] == ["adjudicated by reader Dr C"]
    before = (trial / "results" / "tables" / "agreement.csv").read_bytes()
    assert call("cohort", trial, "--tables-only").status == 0
    assert (trial / "results" / "tables" / "agreement.csv").read_bytes() == before
    for file in (trial / "results" / "geometry").rglob("*.npz"):
        file.unlink()
    assert "GEOMETRY_UNREADABLE" in call("cohort", trial, "--tables-only").err
    write(trial, decisions=OF_TWO + "A,2024-02-27,L02,,,,disease,,Dr A,yes,\n")
    assert {code for code, _ in ran(call, trial)[1]} == {"WEIGHT_MISSING", "DECISION_ADJUDICATES_OWN"}


def test_a_named_series_is_measured_and_one_that_is_not_there_is_refused(trial: Path, dicom: Path, call: Call) -> None:
    with found_under([dicom / "B-3"], SuvProtocol()) as found:
        (uid,) = (one.series_uid for one in found.catalogue.series if one.modality == "PT")
    for study in ("A-3", "A29"):
        shutil.rmtree(trial / "dicom" / study)
    write(trial, scans=f"{SCANS}B,2024-02-27,,1.2.3,,\n")
    measured, refused, _ = ran(call, trial)
    assert (measured, refused) == (1, {("SERIES_UNKNOWN", "--series, scans.csv")})
    write(trial, scans=f"{SCANS}B,2024-02-27,,{uid},,\n")
    measured, refused, rows = ran(call, trial)
    assert (measured, refused, rows["B", "-3"]["chosen_because"]) == (1, set(), "named by the user")


@pytest.fixture
def asked(dicom: Path) -> Callable[..., tuple[list[tuple[tuple[str, int], Any]], list[tuple[str, str, str]]]]:
    """What these tables ask for, by patient and day, and what is told; nothing is measured."""

    def made(*more: Path, **texts: str) -> tuple[list[tuple[tuple[str, int], Any]], list[tuple[str, str, str]]]:
        tables = read_tables({"patients.csv": PATIENTS} | {f"{name}.csv": text for name, text in texts.items()})
        with found_under([dicom, *more], SuvProtocol()) as found:
            of, told = as_asked(matched(trial_studies(found)[0], tables)[0], tables, SuvProtocol())
        studies = [((who, (one.date - INFUSED).days), one) for who, own in of.items() for one in own]
        return studies, [(one.code, one.where, one.found) for _, one in told]

    return made


def test_nothing_asked_is_no_part_of_the_key(asked: Any) -> None:
    studies, told = asked(scans=SCANS + "A,2024-02-27,,,Dr A,\n", decisions=DECISIONS)
    assert [(key, one.asked.parameters) for key, one in studies] == [(key, {}) for key in DAYS]
    assert told == []


def test_rows_of_other_days_are_told(asked: Any) -> None:
    studies, told = asked(scans=SCANS + "A,2024-02-28,70,,,\n", decisions=DECISIONS + "B,2024-03-30,*,,,,accept,,Dr B,,\n")
    assert {one.asked.weight_kg for _, one in studies} == {None}
    assert told == [
        ("READING_WITHOUT_SCAN", "scans.csv row 2, column date", "day -2"),
        ("DECISION_WITHOUT_SCAN", "decisions.csv row 2, column date", "0 examinations, day 29"),
        ("DECISIONS_HELD_BACK", "decisions.csv row 2", "1 row"),
    ]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("A,2024-02-27,L01,,,,physiologic,elbow,Dr A,,", [("DECISION_MALFORMED", "decisions.csv row 2, column site", "")]),
        ("A,2024-02-27,,1,,3,disease,,Dr A,,", [("DECISION_MALFORMED", "decisions.csv row 2, column p_mm", "")]),
        ("A,2024-02-27,*,,,,disease,,Dr A,,", [("DECISION_MALFORMED", "decisions.csv row 2, column status", "")]),
        ("A,2024-02-27,L01,,,,fysiologic,,Dr A,,", []),  # told with the table
    ],
)
def test_a_refused_row_holds_back_what_else_the_patients_rows_say(asked: Any, row: str, told: list[Any]) -> None:
    others = "A,2024-03-30,*,,,,accept,,Dr A,,\nB,2024-02-27,*,,,,accept,,Dr B,,\n"
    studies, notices = asked(decisions=f"{DECISIONS}{row}\n{others}")
    assert [(key, len(one.asked.decisions)) for key, one in studies] == list(zip(DAYS, (0, 0, 1), strict=True))
    assert [one for one in notices if one[0] != "DECISIONS_HELD_BACK"] == told
    assert notices[-1][0] == "DECISIONS_HELD_BACK"


def test_a_named_series_says_which_of_two_examinations_is_meant(asked: Any, tmp_path: Path) -> None:
    visit = Visit(patient_id="B", injected_at=dt.datetime(2024, 2, 27, 14, 0))
    other = write_study(simple_phantom(spacing_mm=10.0), tmp_path / "second", visit=visit, storage=Storage(with_ct=False))
    decided = DECISIONS + "B,2024-02-27,*,,,,accept,,Dr B,,\n"
    _, told = asked(tmp_path / "second", decisions=decided)
    assert told[0] == ("DECISION_WITHOUT_SCAN", "decisions.csv row 2, column date", "2 examinations, day -3")
    studies, told = asked(tmp_path / "second", decisions=decided, scans=f"{SCANS}B,2024-02-27,70,{other.pet_series_uid},,\n")
    assert told == []
    asked_of = {
        one.study_uid: (one.asked.series_uid, len(one.asked.decisions), one.asked.weight_kg) for key, one in studies if key == ("B", -3)
    }
    assert asked_of.pop(other.study_uid) == (other.pet_series_uid, 1, 70.0)
    assert list(asked_of.values()) == [(None, 0, 70.0)]
