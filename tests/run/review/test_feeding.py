"""Truth: the readings themselves. `carpet run` stores the numbers that were signed, what adjudication left, and nothing of what is open."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carpet.clinical import ClinicalTables, Patient
from carpet.core.errors import Refused
from carpet.core.protocol import DayWindow, Protocol, ReviewProtocol
from carpet.review.accounts import Account
from carpet.review.cases import Case, Reading, ReadingState
from carpet.review.signature import Conclusion
from carpet.run.review.app import review_app
from carpet.run.review.feeding import Signed, review_of, signed_readings
from carpet.run.review.opening import open_room
from carpet.run.review.people import write_accounts
from carpet.run.review.readings import FOLDER, HISTORY
from carpet.run.review.room import Room
from carpet.run.review.security import Doorway
from carpet.run.store import open_store
from carpet.run.trial.calipers import CaliperRead
from carpet.run.trial.central import CentralRead
from carpet.run.trial.course import Course, course_of
from carpet.run.trial.running import ready_trial
from carpet.run.trial.verify import verify_trial

from .conftest import PASSWORD, PORT, Browser, Clock, Opened, assigned, copied

URL = "/api/cases/A/TT"


@pytest.fixture
def folder(ran: Path, tmp_path: Path) -> Path:
    return copied(ran, tmp_path / "trial")


def in_room(folder: Path, act: Callable[[Room], Any], *, only: str | None = "Rea") -> Any:
    with open_room(folder, only=only, now=Clock(), say=lambda step: None) as room:
        return act(room)


def edited(one: Browser, edits: list[dict[str, Any]], url: str = URL) -> int:
    version = int(one.get(url).json()["version"])
    for edit in edits:
        answer = one.post(f"{url}/edits", edit, version=version)
        assert answer.status_code == 200, answer.text
        version = answer.json()["version"]
    return version


def sign(one: Browser, edits: list[dict[str, Any]], url: str = URL) -> str:
    answer = one.post(f"{url}/sign", {"password": PASSWORD}, version=edited(one, edits, url))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["state"])


def across(centre: list[float], lesion: str | None, **more: Any) -> dict[str, Any]:
    """A caliper of 30 × 20 mm around a point."""
    x, y, z = centre
    ends = {"ldi_lps_mm": [[x - 15, y, z], [x + 15, y, z]], "sdi_lps_mm": [[x, y - 10, z], [x, y + 10, z]]}
    return {"kind": "caliper", "lesion": lesion, **ends, **more}


def rows(folder: Path, table: str, **where: str) -> list[dict[str, str]]:
    with (folder / "results" / "tables" / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.DictReader(file) if all(row[name] == value for name, value in where.items())]


def test_a_trial_without_a_room_is_as_it_was(folder: Path) -> None:
    with ready_trial(folder, lambda step: None) as ready:
        signed = signed_readings(ready.trial, ready.tables, {})
        assert (signed.studies(ready.studies), signed.tables, signed.central) == (ready.studies, ready.tables, ())
        assert not [study for some in ready.studies.values() for study in some if study.asked.review]


@pytest.mark.slow
def test_run_takes_the_signed_reading_with_what_was_drawn(ran: Path, folder: Path, call: Callable[..., Any]) -> None:
    def read(room: Room) -> Any:
        one = Browser(review_app(room, Doorway("127.0.0.1", PORT))).arrive()
        view = one.get(URL).json()
        liver = next(row for row in view["references"] if row["name"] == "liver")
        lesion = next(row["id"] for row in view["lesions"] if row["status"] == "disease")
        ball = {"kind": "brush", "points_lps_mm": [liver["centre_lps_mm"]], "radius_mm": 14.0}
        node = across(liver["centre_lps_mm"], lesion, name="n1", counts_as="node")
        sign(one, [{"kind": "status", "lesion": lesion, "status": "physiologic"}, ball, {"kind": "deauville", "score": "4"}, node])
        gone = {"kind": "ct_seen", "name": "n1", "counts_as": "node", "seen": "absent"}
        sign(one, [{"kind": "deauville", "score": "2"}, gone], "/api/cases/A/M1")
        shown = {row["criterion"].partition("@")[0]: row for row in one.get("/api/cases/A/M1").json()["response"]}
        assert (shown["lugano_ct"]["category"], bool(shown["lugano_ct"]["rule"])) == ("CR", True)
        edited(one, [{"kind": "deauville", "score": "5"}], "/api/cases/A/M3")
        sign(one, [], "/api/cases/B/TT")
        sign(one, [{"kind": "deauville", "score": "5"}, {"kind": "new_lesions", "present": True}], "/api/cases/B/M1")
        said = room.case("B/M1").readings[0].conclusion
        assert said is not None
        assert (said.category, said.progression_day, said.no_progression) == ("PD", 30, False)
        return one.get(URL).json()

    view = in_room(folder, read)
    assert call("run", folder, "--tables-only").status == 1  # C has a scan that is refused
    with open_store(folder / "results" / "carpet.sqlite") as store:
        found = [one.payload for one in store.current("measurement") if one.payload.get("name") == "tmtv" and "segmenter" in one.payload]
        status = [one.payload["status"] for one in store.current("study")]
    tmtv = next(row["value"] for row in view["biomarkers"] if row["name"] == "tmtv")
    assert tmtv in [row["value"] for row in found]
    assert status.count("REVIEWED") == 4
    called = rows(folder, "responses", patient_id="A", timepoint="M1", assessor="reader Rea")
    assert {row["criterion"].partition("@")[0]: row["category"] for row in called}["lugano_ct"] == "CR"
    ends = [{(row["days"], row["event"]) for row in rows(one, "endpoints", patient_id="B", endpoint="PFS")} for one in (ran, folder)]
    assert [("30", "1") in found for found in ends] == [False, True], ends
    with ready_trial(folder, lambda step: None) as ready:
        read_by = [(row.patient_id, row.reader, row.deauville) for row in ready.tables.readings if row.reader == "Rea"]
    assert sorted(read_by) == [("A", "Rea", "2"), ("A", "Rea", "4"), ("B", "Rea", "5")]
    assert [(call(command, folder).status, command) for command in ("verify", "cohort", "report")] == [
        (0, "verify"),
        (0, "cohort"),
        (0, "report"),
    ]


@pytest.fixture
def two(folder: Path, cheap_accounts: dict[str, Account]) -> Path:
    """A/TT is to be read by Rea and Ron, and adjudicated by Ada."""
    toml = folder / "trial.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("\nreaders = 1\n", "\nreaders = 2\n"), encoding="utf-8")
    (folder / FOLDER).mkdir()
    write_accounts(folder / FOLDER, cheap_accounts)
    return folder


def differing(room: Room) -> tuple[str, float]:
    """Rea calls the largest physiologic region disease, Ron accepts; its name and volume."""
    opened = Opened(room, review_app(room, Doorway("127.0.0.1", PORT)), Clock(), room.trial.root)
    assigned(opened, "A/TT")
    rea, ron = opened.browser("Rea"), opened.browser("Ron")
    region = max((le for le in rea.get(URL).json()["lesions"] if le["status"] == "physiologic"), key=lambda le: le["volume_ml"])
    assert sign(rea, [{"kind": "status", "lesion": region["id"], "status": "disease"}]) == "reading"
    assert sign(ron, []) == "disputed"
    return str(region["id"]), float(region["volume_ml"])


@pytest.mark.slow
def test_a_dispute_stays_open_until_it_is_settled_and_both_readings_are_compared(two: Path, call: Callable[..., Any]) -> None:
    name, volume_ml = in_room(two, differing, only=None)
    call("run", two, "--tables-only")
    (left,) = rows(two, "lesions", patient_id="A", timepoint="TT", lesion_id=name)
    assert (left["status"], left["decided_by"]) == ("undecided", "reader Rea; reader Ron")
    (study,) = rows(two, "studies", patient_id="A", timepoint="TT")
    assert study["status"] == "UNREVIEWED"
    codes = {row["code"] for row in rows(two, "flags", study_uid=study["study_uid"])}
    assert {"REVIEW_DISPUTED", "READERS_DISAGREE_ON_REGIONS", "UNDECIDED_LEFT"} <= codes
    (open_case,) = rows(two, "adjudications", patient_id="A", timepoint="TT")
    assert (open_case["readers"], open_case["trigger"]) == ("reader Rea; reader Ron", "TMTV_DIFFERS")
    assert "adjudicated" not in open_case["because"]
    compared = rows(two, "agreement", raters="reader Rea; reader Ron")
    assert {"tmtv", "outlines"} == {row["item"] for row in compared}

    def settled(room: Room) -> None:
        ada = Opened(room, review_app(room, Doorway("127.0.0.1", PORT)), Clock(), two).browser("Ada")
        both = {row["who"]: row["tmtv_ml"] for row in ada.get(URL).json()["readings"]}
        assert both["Rea"] == pytest.approx(both["Ron"] + volume_ml)
        assert ada.post(f"{URL}/adjudicate", {"choice": "Ron", "password": PASSWORD}, version=0).status_code == 200

    in_room(two, settled, only=None)
    call("run", two, "--tables-only")
    (stands,) = rows(two, "lesions", patient_id="A", timepoint="TT", lesion_id=name)
    assert (stands["status"], stands["decided_by"]) == ("physiologic", "reader Ron")
    assert [one["status"] for one in rows(two, "studies", patient_id="A", timepoint="TT")] == ["REVIEWED"]
    assert [row["severity"] for row in rows(two, "flags", code="REVIEW_ADJUDICATED")] == ["I"]
    (closed,) = rows(two, "adjudications", patient_id="A", timepoint="TT")
    assert closed == open_case | {"because": f"{open_case['because']}, adjudicated by reader Ada: reader Ron stands"}
    assert rows(two, "agreement", raters="reader Rea; reader Ron") == compared  # the rate of disagreement is a result
    assert verify_trial(two, say=lambda step: None) == ()


@pytest.mark.slow
def test_a_reading_changed_after_sight_of_the_other_hides_no_dispute_and_agrees_with_nobody(two: Path, call: Callable[..., Any]) -> None:
    def brought_together(room: Room) -> None:
        opened = Opened(room, review_app(room, Doorway("127.0.0.1", PORT)), Clock(), two)
        name, _ = differing(room)
        (was,) = room.history.case("A/TT").first_disagreements or ()
        assert was.trigger == "TMTV_DIFFERS"
        ron = opened.browser("Ron")
        version = ron.get(URL).json()["version"]
        answer = opened.browser("Anna").post(f"{URL}/unlock", {"reason": "see the other", "whose": "Ron"}, version=version)
        assert answer.status_code == 200, answer.text
        assert sign(ron, [{"kind": "status", "lesion": name, "status": "disease"}]) == "settled"

    in_room(two, brought_together, only=None)
    call("run", two, "--tables-only")
    (case,) = rows(two, "adjudications", patient_id="A", timepoint="TT")
    assert (case["trigger"], case["not_blind"]) == ("TMTV_DIFFERS", "reader Ron: after sight of the other reading")
    assert case["because"].endswith("; once a reading had been changed: no longer")
    compared = rows(two, "agreement", raters="reader Rea; reader Ron")
    assert {(row["value"], row["n"], row["left_out"], row["reason_missing"]) for row in compared} == {("", "0", "1", "READING_NOT_BLIND")}


def test_whose_reading_was_not_blind_is_said_of_the_case() -> None:
    rea = Reading("Rea", ReadingState.SIGNED, conclusion=Conclusion(), after_sight=True)
    ron = Reading("Ron", ReadingState.SIGNED, conclusion=Conclusion(), after_later=True)
    case = Case("A/M1", "A", "M1", 29, ReviewProtocol(readers=2), readings=(rea, ron), disagreements=())
    assert review_of(case).not_blind == (
        "reader Rea: after sight of the other reading",
        "reader Ron: after a later scan of the patient could be opened",
    )
    assert review_of(replace(case, readings=(replace(rea, after_sight=False), replace(ron, after_later=False)))).not_blind == ()


def test_what_was_signed_of_a_scan_counts_at_the_time_point_of_that_scan_alone(scan_at: Callable[..., Any]) -> None:
    patient = Patient(patient_id="A", infusion_date=dt.date(2024, 3, 1))
    case = Case("A/M1", "A", "M1", 30, ReviewProtocol(), study="1.2.30")
    read = CaliperRead("A", "M1", 30, "1.2.30", "Rea", "L01", "", None, True, "present").measured(30.0, 20.0)
    central = CentralRead("A", "M1", 30, "1.2.30", ("Rea", "Ron"))
    signed = Signed(ClinicalTables((patient,)), cases=(case,), central=(central,), calipers=(read,))

    def followed(*days: int, protocol: Protocol | None = None) -> Course:
        scans = [scan_at(day, tmtv=5.0) for day in days]
        return signed.course(course_of(patient, scans, signed.tables, protocol or Protocol()))

    alone = followed(30)
    assert (alone.central, alone.calipers, alone.refusals) == ((central,), (read,), ())
    moved = followed(30, protocol=Protocol(timepoints={"D30": DayWindow(first_day=20, last_day=40, nominal_day=30)}))
    assert [one.timepoint for one in (*moved.central, *moved.calipers)] == ["D30", "D30"]
    nearer = followed(29, 30)
    assert (nearer.at["M1"].study_uid, nearer.central, nearer.calipers) == ("1.2.29", (), ())
    assert [(one.code, one.where, one.found) for one in nearer.refusals] == [("REVIEW_NO_TIME_POINT", "A/M1", "day 30")]
    assert followed(29).refusals == ()  # a scan that is refused, or has gone, is told as that
    uninfused = signed.course(course_of(Patient(patient_id="A"), [scan_at(30)], signed.tables, Protocol()))
    assert (uninfused.calipers, uninfused.refusals) == ((), ())


def test_until_all_have_signed_nothing_leaves_the_room(two: Path) -> None:
    def one_signs(room: Room) -> None:
        opened = Opened(room, review_app(room, Doorway("127.0.0.1", PORT)), Clock(), two)
        assigned(opened, "A/TT")
        sign(opened.browser("Rea"), [{"kind": "deauville", "score": "5"}])

    in_room(two, one_signs, only=None)
    with ready_trial(two, lambda step: None) as ready:
        assert not [study for some in ready.studies.values() for study in some if study.asked.review]
        assert ready.signed.central == ()
        assert "Rea" not in {row.reader for row in ready.tables.readings}


def sign_baseline(folder: Path) -> None:
    """Rea calls a region of A/TT physiologic, scores it, and signs."""

    def read(room: Room) -> None:
        one = Browser(review_app(room, Doorway("127.0.0.1", PORT))).arrive()
        lesions = one.get(URL).json()["lesions"]
        named = [next(row["id"] for row in lesions if row["status"] == "disease")]
        named += [row["id"] for row in lesions if row["status"] == "undecided"]
        said = [{"kind": "status", "lesion": name, "status": "physiologic"} for name in named]
        sign(one, [*said, {"kind": "deauville", "score": "4"}])

    in_room(folder, read)


def baseline_tmtv(folder: Path) -> list[str]:
    return [row["value"] for row in rows(folder, "biomarkers", patient_id="A", timepoint="TT", name="tmtv", segmenter="suv4.0")]


@pytest.mark.slow
def test_a_signed_reading_stays_with_its_scan_or_is_told(folder: Path, call: Callable[..., Any]) -> None:
    sign_baseline(folder)
    call("run", folder, "--tables-only")
    (before,), signed = rows(folder, "studies", patient_id="A", timepoint="TT"), baseline_tmtv(folder)
    patients = folder / "clinical" / "patients.csv"
    patients.write_text(patients.read_text().replace("A,MRN-A,60,2024-03-01", "A,MRN-A,60,2024-03-02"))
    call("run", folder, "--tables-only")
    (after,) = rows(folder, "studies", patient_id="A", timepoint="TT")
    assert (int(after["day"]), after["status"], baseline_tmtv(folder)) == (int(before["day"]) - 1, "REVIEWED", signed)
    with ready_trial(folder, lambda step: None) as ready:
        (row,) = [row for row in ready.tables.readings if row.reader == "Rea"]
        assert next(one for one in ready.tables.patients if one.patient_id == "A").day(row.date) == int(after["day"])
    assert [call(command, folder).status for command in ("verify", "cohort", "report")] == [0, 0, 0]
    day = in_room(folder, lambda room: Browser(review_app(room, Doorway("127.0.0.1", PORT))).arrive().get(URL).json()["day"])
    assert day == int(after["day"])
    patients.write_text(patients.read_text().replace("A,MRN-A,", "A,MRN-X,"))
    assert call("run", folder, "--tables-only").status == 1
    (lost,) = rows(folder, "refusals", code="REVIEW_SCAN_GONE")
    assert (lost["where"], lost["study_uid"]) == ("A/TT", before["study_uid"])


@pytest.mark.slow
def test_a_reading_of_other_regions_is_read_again(folder: Path, call: Callable[..., Any]) -> None:
    sign_baseline(folder)
    toml = folder / "trial.toml"
    assert "preselect_suv = 4.0" in toml.read_text()
    toml.write_text(toml.read_text().replace("preselect_suv = 4.0", "preselect_suv = 2.5").replace("_min_ml = 3.0", "_min_ml = 0.5"))
    call("run", folder, "--tables-only")
    assert [row["where"] for row in rows(folder, "refusals", code="REVIEW_READING_OUTDATED")] == ["reading by Rea"]

    def mended(room: Room) -> list[str]:
        one = Browser(review_app(room, Doorway("127.0.0.1", PORT))).arrive()
        said = [one.get(URL).json()["notices"][0]["code"]]
        queued = next(row for row in one.get("/api/queue").json()["cases"] if row["case"] == "A/TT")
        said += [notice["code"] for notice in queued["refused"]]
        version = one.post(f"{URL}/unlock", {"reason": "other regions"}, version=queued["version"]).json()["version"]
        answer = one.post(f"{URL}/start-again", {"reason": "other regions"}, version=version)
        assert answer.status_code == 200, answer.text
        assert len(one.get(f"{URL}/history").json()["acts"]) >= 7
        return [*said, one.get(URL).json()["notices"][0]["code"]]

    assert in_room(folder, mended) == ["REVIEW_READING_OUTDATED", "REVIEW_READING_OUTDATED", "REVIEW_TRIAL_STALE"]
    call("run", folder, "--tables-only")
    assert rows(folder, "refusals", code="REVIEW_READING_OUTDATED") == []
    sign_baseline(folder)
    call("run", folder, "--tables-only")
    assert [row["status"] for row in rows(folder, "studies", patient_id="A", timepoint="TT")] == ["REVIEWED"]


def cut(path: Path) -> None:
    """The history without its last acts, its guards taken away first."""
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        first = database.execute("SELECT min(sequence) FROM event WHERE act = 'signed'").fetchone()[0]
        assert database.execute("DELETE FROM event WHERE sequence >= ?", (first,)).rowcount


def test_an_altered_history_feeds_nothing(folder: Path, call: Callable[..., Any]) -> None:
    in_room(folder, lambda room: sign(Browser(review_app(room, Doorway("127.0.0.1", PORT))).arrive(), []))
    cut(folder / FOLDER / HISTORY)
    for command in (("run", folder, "--tables-only"), ("verify", folder), ("cohort", folder), ("report", folder)):
        said = call(*command)
        assert (said.status, "REVIEW_HISTORY_ALTERED" in said.out + said.err) == (1, True), command
    with pytest.raises(Refused, match="REVIEW_HISTORY_ALTERED"):
        in_room(folder, lambda room: None)
    assert {one.code for one in verify_trial(folder, say=lambda step: None)} == {"REVIEW_HISTORY_ALTERED"}
