"""Truth: phantoms whose lesions are followed by their planted ids, while the body lies otherwise at every scan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from carpet.anatomy.survey import survey
from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.track_corrections import TrackCorrection
from carpet.core.errors import Refused
from carpet.core.lesion import Lesion, Status
from carpet.core.protocol import Protocol
from carpet.lesions.alignment import Confidence
from carpet.lesions.residual import blocks_of
from carpet.lesions.surfaces import surfaces_of
from carpet.lesions.tracks import Event
from carpet.report.mip import project
from carpet.report.patient_view import drawn_grid
from carpet.run.store import open_store
from carpet.run.trial.course import Course, course_of
from carpet.run.trial.following import geometry_in
from carpet.run.trial.geometry import ScanGeometry
from carpet.run.trial.running import ready_trial
from carpet.run.trial.steps import stored_scan
from carpet.run.trial.tracks import course_tracks, followed_scans, stored_tracks, tracks_step
from carpet.testing import Imaging, Phantom, follow_up, random_patient
from carpet.testing.moved import moved_scan, placement
from carpet.testing.patients import axial_grid
from carpet.testing.shapes import Point

INFUSED = dt.date(2024, 3, 1)
DRAWN = random_patient(11, lesions=4, imaging=Imaging(ct_matrix=72, ct_slice_mm=8.0))
PATIENT = replace(DRAWN, pet_grid=axial_grid(76, (7.0,) * 3, top_mm=12.0, bottom_mm=-1080.0, uid=DRAWN.pet_grid.frame_uid))
FIRST, *REST = [lesion.id for lesion in PATIENT.lesions]
M1 = follow_up(PATIENT, 1, keep=REST, new_sites=("iliac",))
(ADDED,) = [lesion.id for lesion in M1.lesions if lesion.id not in (FIRST, *REST)]
M3 = replace(M1, lesions=(*M1.lesions, PATIENT.lesions[0]), seed=3)
VISITS: Mapping[int, tuple[Phantom, Point, Point]] = {
    -3: (PATIENT, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    29: (M1, (25.0, -20.0, 30.0), (5.0, -4.0, 6.0)),
    91: (M3, (-15.0, 10.0, -25.0), (-6.0, 3.0, -5.0)),
}


@dataclass(frozen=True)
class Seen:
    """A scan's geometry, and which lesion id each planted lesion got: another one on every scan."""

    geometry: ScanGeometry
    named: Mapping[str, str]


def seen(phantom: Phantom, shift_mm: Point, turn_deg: Point) -> Seen:
    scan = moved_scan(phantom, placement(shift_mm=shift_mm, turn_deg=turn_deg))
    order = np.random.default_rng(phantom.seed).permutation(sorted(scan.lesions))
    lesions = tuple(
        Lesion(f"L{n:02d}", n, scan.lesions[name], Status.DISEASE, "phantom", "planted") for n, name in enumerate(order, start=1)
    )
    grid = scan.suv.grid
    surfaces = surfaces_of(scan.suv, survey(scan.suv, scan.ct))
    geometry = ScanGeometry(grid, lesions, surfaces, project(scan.suv, "coronal"), drawn_grid(grid), blocks_of(scan.suv), (), 4.0)
    return Seen(geometry, {str(name): f"L{n:02d}" for n, name in enumerate(order, start=1)})


@pytest.fixture(scope="module")
def visits() -> dict[int, Seen]:
    return {day: seen(*visit) for day, visit in VISITS.items()}


@pytest.fixture
def course(scan_at: Callable[..., Any]) -> Course:
    return a_course([scan_at(day) for day in VISITS])


def a_course(scans: Sequence[Any]) -> Course:
    patient = Patient(patient_id="A", infusion_date=INFUSED, lymphodepletion_date=INFUSED - dt.timedelta(2), bridging=False)
    return course_of(patient, scans, ClinicalTables((patient,)), Protocol())


def reading(visits: Mapping[int, Seen], **changed: Any) -> Callable[[Any], ScanGeometry]:
    return lambda scan: replace(visits[scan.day].geometry, **changed) if scan.day == 29 else visits[scan.day].geometry


def correction(visits: Mapping[int, Seen], day: int, lesion: str, **said: Any) -> TrackCorrection:
    known = visits[day].named
    date = INFUSED + dt.timedelta(day)
    return TrackCorrection(row=2, patient_id="A", date=date, lesion_id=known.get(lesion, lesion), reader="Dr R", comment="secret", **said)


def by_planted(tracks: Any, visits: Mapping[int, Seen]) -> dict[tuple[str, int], str]:
    """(planted id, day) → event, the track of each row known by its first lesion."""
    planted = {(day, name): lesion for day, one in visits.items() for lesion, name in one.named.items()}
    founder: dict[str, str] = {}
    for row in tracks.rows:
        if row["track"] not in founder:
            founder[row["track"]] = planted[row["day"], row["lesion_ids"][0]]
    return {(founder[row["track"]], row["day"]): row["event"] for row in tracks.rows}


def test_tracks_are_the_planted_ones_with_what_is_gone_new_and_back(course: Course, visits: dict[int, Seen]) -> None:
    tracks = course_tracks(course, reading(visits), ())
    expected = {(name, day): "present" for name in REST for day in VISITS}
    expected |= {(FIRST, -3): "present", (FIRST, 29): "gone", (FIRST, 91): "reappeared", (ADDED, 29): "new", (ADDED, 91): "present"}
    assert by_planted(tracks, visits) == expected
    for row in tracks.rows:
        (lesion,) = row["lesion_ids"] or [None]
        of = {one.id: one.region.volume_ml for one in visits[row["day"]].geometry.lesions}
        assert row["volume_ml"] == (0.0 if row["event"] == "gone" else of[lesion])
        assert (row["timepoint"], row["into"], row["flags"]) == ({-3: "TT", 29: "M1", 91: "M3"}[row["day"]], "", [])
        assert row["aligned_by"] == ("" if row["day"] == -3 else "bone")
        assert row["alignment_error_mm"] is None if row["day"] == -3 else row["alignment_error_mm"] < 2.0
    m1, m3 = tracks.appeared["1.2.29"], tracks.appeared["1.2.91"]
    assert m1 is not None
    assert m3 is not None
    assert [(one.event, one.lesion_ids) for one in m1] == [(Event.NEW, (visits[29].named[ADDED],))]
    # what was new at M1 is still there at M3: against baseline it is new
    assert {(one.event, one.lesion_ids) for one in m3} == {
        (Event.NEW, (visits[91].named[ADDED],)),
        (Event.REAPPEARED, (visits[91].named[FIRST],)),
    }
    assert next(one for one in m3 if one.event is Event.NEW).because.startswith("new on day 29, T4")
    assert (tracks.flags, tracks.refusals) == ((), ())
    for row in tracks.rows:
        asked = row["event"] == "gone"
        assert (row["residual_suv_max"] is not None, row["residual_above"], row["residual_reason_missing"]) == (
            asked,
            "no" if asked else "",
            "",
        )


def test_what_lay_at_the_place_before_leaves_new_unsure_and_a_remnant_has_not_gone(course: Course, visits: dict[int, Seen]) -> None:
    """At M1 the first lesion is no region any more and the added one is none yet, but both take up as much as before."""
    hidden = {visits[29].named[ADDED]}
    faint = tuple(one for one in visits[29].geometry.lesions if one.id not in hidden)
    tracks = course_tracks(course, reading(visits, lesions=faint), ())
    (began,) = [row for row in tracks.rows if row["event"] == "new"]
    assert (began["day"], began["confidence"]) == (91, "low")
    assert "but on M1 SUVmax" in began["because"]
    assert {one.confidence for one in tracks.appeared["1.2.91"] or () if one.event is Event.NEW} == {Confidence.LOW}
    hidden = {visits[29].named[REST[0]]}
    tracks = course_tracks(course, reading(visits, lesions=tuple(one for one in visits[29].geometry.lesions if one.id not in hidden)), ())
    (left,) = [row for row in tracks.rows if row["event"] == "remnant"]
    planted = next(one for one in M1.lesions if one.id == REST[0])
    assert (left["lesion_ids"], left["volume_ml"], left["residual_above"]) == ([], None, "yes")
    assert left["residual_suv_max"] == pytest.approx(planted.suv, rel=0.35)  # partial volume and noise
    after = [row["event"] for row in tracks.rows if row["track"] == left["track"] and row["day"] == 91]
    assert after == ["present"]


def test_a_reader_says_that_the_new_lesion_is_the_old_one(course: Course, visits: dict[int, Seen]) -> None:
    before = {"same_as_date": INFUSED - dt.timedelta(3), "same_as_lesion": visits[-3].named[FIRST]}
    tracks = course_tracks(course, reading(visits), [correction(visits, 29, ADDED, **before)])
    assert tracks.refusals == ()
    assert tracks.appeared["1.2.29"] == ()
    row = next(row for row in tracks.rows if row["lesion_ids"] == [visits[29].named[ADDED]] and row["day"] == 29)
    assert (row["event"], row["confidence"]) == ("present", "high")
    assert row["because"].endswith(f"T7: the reader Dr R said the same as {visits[-3].named[FIRST]} of TT")
    assert "secret" not in repr(tracks)
    assert tracks.step != course_tracks(course, reading(visits), ()).step


def test_corrections_of_what_is_not_there_are_refused_and_the_others_hold(course: Course, visits: dict[int, Seen]) -> None:
    automatic = course_tracks(course, reading(visits), ())
    wrong = [
        correction(visits, 29, "L77", new=True),
        correction(visits, 29, REST[0], track="T88"),
        correction(visits, 29, REST[1], same_as_date=INFUSED - dt.timedelta(3), same_as_lesion="L99"),
        replace(correction(visits, 29, REST[2], new=True), date=INFUSED + dt.timedelta(30)),
    ]
    tracks = course_tracks(course, reading(visits), wrong)
    assert tracks.rows == automatic.rows
    assert [(one.code, one.where) for one in tracks.refusals] == [
        ("TRACK_UNKNOWN", "track_corrections.csv row 2, column lesion_id"),
        ("TRACK_UNKNOWN", "track_corrections.csv row 2, column track"),
        ("TRACK_UNKNOWN", "track_corrections.csv row 2, column same_as_lesion"),
        ("CORRECTION_WITHOUT_SCAN", "track_corrections.csv row 2, column date"),
    ]
    assert [one.found for one in tracks.refusals] == [
        "M1 L77",
        f"M1 {visits[29].named[REST[0]]}: T88",
        f"M1 {visits[29].named[REST[1]]}: TT L99",
        "day 30",
    ]
    held = course_tracks(course, reading(visits), [*wrong, correction(visits, 29, REST[0], new=True)])
    own = [row["event"] for row in held.rows if row["day"] == 29 and row["lesion_ids"] == [visits[29].named[REST[0]]]]
    assert own == ["new"]


def test_a_scan_that_cannot_be_aligned_says_so_and_nothing_of_new_lesions(course: Course, visits: dict[int, Seen]) -> None:
    tracks = course_tracks(course, reading(visits, surfaces=None), ())
    mine = [row for row in tracks.rows if row["day"] == 29]
    assert {row["event"] for row in mine} == {"not aligned", "first seen"}
    assert all(row["flags"] == ["TRACKS_NOT_ALIGNED"] and row["aligned_by"] == "" for row in mine)
    assert all(row["volume_ml"] is None for row in mine if row["event"] == "not aligned")
    assert [(one.code, one.where, one.found) for one in tracks.flags] == [("TRACKS_NOT_ALIGNED", "M1", "with TT")]
    assert tracks.appeared["1.2.29"] is None
    # M3 is aligned: what was not at baseline is new there
    assert [one.event for one in tracks.appeared["1.2.91"] or ()] == [Event.NEW]
    clean = course_tracks(course, reading(visits, surfaces=None, lesions=()), ())
    assert clean.appeared["1.2.29"] == ()  # where there is no disease nothing can be new


def test_new_lesions_are_those_since_the_baseline(scan_at: Callable[..., Any], visits: dict[int, Seen]) -> None:
    """TD is the first scan, TT the baseline: what came up between the two is baseline disease."""
    moved_days = {-40: visits[-3], -3: visits[29], 29: visits[91]}
    course = a_course([scan_at(day) for day in moved_days])
    assert list(followed_scans(course)) == ["TD", "TT", "M1"]
    tracks = course_tracks(course, lambda scan: moved_days[scan.day or 0].geometry, ())
    assert [one.event for one in tracks.appeared["1.2.-3"] or ()] == [Event.NEW]
    assert [one.event for one in tracks.appeared["1.2.29"] or ()] == [Event.REAPPEARED]

    def baseline_lost(scan: Any) -> ScanGeometry:
        found = moved_days[scan.day].geometry
        return replace(found, surfaces=None) if scan.day == -3 else found

    assert course_tracks(course, baseline_lost, ()).appeared["1.2.29"] is None


def test_scans_outside_windows_count_and_two_of_a_day_do_not(scan_at: Callable[..., Any]) -> None:
    scans = [scan_at(91), scan_at(-3), scan_at(15), scan_at(29), replace(scan_at(29), study_uid="1.9")]
    assert [(name, one.day) for name, one in followed_scans(a_course(scans)).items()] == [("TT", -3), ("day 15", 15), ("M3", 91)]
    nobody = Patient(patient_id="A")
    course = course_of(nobody, [scan_at(None)], ClinicalTables((nobody,)), Protocol())
    assert followed_scans(course) == {}
    said = TrackCorrection(patient_id="A", date=INFUSED, lesion_id="L01", reader="R", new=True)
    lost = course_tracks(course, lambda scan: pytest.fail("there is nothing to read"), [said])
    assert [(one.code, one.found) for one in lost.refusals] == [("CORRECTION_WITHOUT_SCAN", "no infusion")]


def test_undecided_regions_are_said_on_the_rows(scan_at: Callable[..., Any], visits: dict[int, Seen]) -> None:
    scan = scan_at(-3)
    flags = tuple(replace(scan.study, kind="flag", payload={"code": code}) for code in ("UNREVIEWED", "UNDECIDED_LEFT", "NO_CT"))
    course = a_course([replace(scan, flags=flags)])
    tracks = course_tracks(course, reading(visits), ())
    assert {tuple(row["flags"]) for row in tracks.rows} == {("UNDECIDED_LEFT", "UNREVIEWED")}
    first, *others = visits[-3].geometry.lesions
    undecided = replace(visits[-3].geometry, lesions=(replace(first, status=Status.UNDECIDED), *others))
    assert len(course_tracks(course, lambda scan: undecided, ()).rows) == len(others)


def test_the_step_is_of_scans_names_and_corrections(course: Course, visits: dict[int, Seen]) -> None:
    key = tracks_step(course, ()).key
    assert tracks_step(replace(course, scans=course.scans[::-1]), ()).key == key
    assert tracks_step(course, [correction(visits, 29, ADDED, new=True)]).key != key
    assert tracks_step(replace(course, at={}), ()).key != key
    made = tracks_step(course, (), course_tracks(course, reading(visits), ()))
    assert made.key == key
    assert {one.kind for one in made.records} == {"measurement"}
    assert made.records[0].name == "track T01 TT"


def test_what_is_stored_is_what_comes_out_of_the_files_again(ran: Path) -> None:
    with ready_trial(ran, lambda step: None) as ready, open_store(ready.trial.store) as store:
        for patient in ready.tables.patients:
            scans = [stored_scan(store, study, patient, ready.trial.protocol) for study in ready.studies[patient.patient_id]]
            course = course_of(patient, scans, ready.tables, ready.trial.protocol)
            stored = stored_tracks(store, course, ())
            assert stored == course_tracks(course, geometry_in(ready.trial, course), ())
            assert stored is not None
            events = [(row["day"], row["event"]) for row in stored.rows]
            here = {"A": [(-3, "present"), (29, "gone"), (91, "reappeared")] * 2, "B": [(-5, "present"), (30, "present")] * 2}
            assert events == here.get(patient.patient_id, [(-4, "present")] * 2)
            correct = TrackCorrection(patient_id=patient.patient_id, date=INFUSED, lesion_id="L01", reader="R", new=True)
            assert stored_tracks(store, course, [correct]) is None


def test_lost_geometry_is_refused(course: Course) -> None:
    def lost(scan: Any) -> ScanGeometry:
        from carpet.run.trial.geometry import read_geometry

        return read_geometry(Path("nowhere") / "day_1.npz")

    with pytest.raises(Refused, match="GEOMETRY_UNREADABLE"):
        course_tracks(course, lost, ())


def test_what_no_earlier_scan_could_have_shown_is_new_but_unsure(scan_at: Callable[..., Any], visits: dict[int, Seen]) -> None:
    course = a_course([scan_at(-3), scan_at(29)])
    tracks = course_tracks(course, lambda scan: visits[scan.day or 0].geometry, ())
    rows = tuple({**row, "event": "first seen"} if row["event"] == "new" else row for row in tracks.rows)
    kept = {"measurement": [SimpleNamespace(payload=row) for row in rows]}
    store: Any = SimpleNamespace(done=lambda key: True, current=lambda kind, chain: kept.get(kind, []))
    stored = stored_tracks(store, course, ())
    assert stored is not None
    (told,) = stored.appeared["1.2.29"] or ()
    assert (told.event, told.confidence, told.lesion_ids) == (Event.FIRST_SEEN, Confidence.LOW, (visits[29].named[ADDED],))
