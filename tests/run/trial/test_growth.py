"""Truth: volumes, sums of products and tracks written down here; what grew, and what is not known, by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.ct_targets import CtTarget
from carpet.core.protocol import Protocol
from carpet.lesions.alignment import Confidence
from carpet.lesions.tracks import Appeared, Event
from carpet.response.compression import Mass
from carpet.response.finding import When
from carpet.response.pseudoprogression import Followed
from carpet.run.trial.course import Course, Scan, course_of
from carpet.run.trial.findings import regions_of
from carpet.run.trial.growth import followed, masses, not_told
from carpet.run.trial.tracks import CourseTracks

ScanAt = Callable[..., Any]
WithLesion = Callable[..., Any]
INFUSED = dt.date(2024, 3, 1)
A = Patient(patient_id="A", infusion_date=INFUSED, bridging=False)
NONE = CourseTracks()
D7 = When("D7", 6)


def target(day: int, ldi: float, sdi: float, name: str = "n1", status: str = "present") -> CtTarget:
    date = INFUSED + dt.timedelta(days=day)
    return CtTarget(patient_id="A", date=date, lesion=name, kind="node", ldi_mm=ldi, sdi_mm=sdi, target=True, status=status)


def course(scans: list[Scan], ct: tuple[CtTarget, ...] = ()) -> Course:
    return course_of(A, scans, ClinicalTables((A,), ct_targets=ct), Protocol())


def row(scan: Scan, track: str, ids: list[str], volume: float | None, event: str = "present", into: str = "") -> dict[str, Any]:
    said = {
        "study_uid": scan.study_uid,
        "day": scan.day,
        "track": track,
        "lesion_ids": ids,
        "volume_ml": volume,
        "event": event,
        "into": into,
    }
    return said | {"confidence": "high"}


def appeared(track: str, name: str) -> Appeared:
    return Appeared(track, (name,), Event.NEW, 4.0, False, Confidence.HIGH, "nothing there before")


def test_tmtv_from_baseline_with_every_later_scan(scan_at: ScanAt) -> None:
    scans = [scan_at(-2, tmtv=40.0), scan_at(6, tmtv=80.0), scan_at(14, tmtv=60.0), scan_at(29, tmtv=10.0)]
    one = course(scans)
    assert followed(one, D7, scans[1], NONE) == (Followed("TMTV", "mL", 40.0, 80.0, ((14, 60.0), (29, 10.0))),)
    # day 14 stands for no time point and is compared all the same
    assert followed(one, When("", 14), scans[2], NONE) == (Followed("TMTV", "mL", 40.0, 60.0, ((29, 10.0),)),)
    assert not_told(one, scans[1], NONE, new_lesions_read=True) == []


def test_what_cannot_be_compared_is_named(scan_at: ScanAt) -> None:
    def lacking(scans: list[Scan], *, read: bool = True) -> list[str]:
        return not_told(course(scans), scans[-1], NONE, new_lesions_read=read)

    assert lacking([scan_at(6, tmtv=80.0)]) == ["change of TMTV (no baseline)"]
    assert lacking([scan_at(-2, tmtv=40.0), scan_at(6)]) == ["change of TMTV (NOT_ASKED_FOR)"]
    other = [scan_at(-2, tmtv=40.0), scan_at(6, tmtv=80.0, voxel=2.0)]
    assert lacking(other) == ["change of TMTV (RECON_CHANGED)"]
    assert followed(course(other), D7, other[1], NONE) == ()
    fine = [scan_at(-2, tmtv=40.0), scan_at(6, tmtv=80.0)]
    assert lacking(fine, read=False) == ["new lesions (no reader, and lesions could not be followed from baseline)"]
    assert not_told(course(fine), fine[1], CourseTracks(appeared={fine[1].study_uid: ()}), new_lesions_read=False) == []
    assert not_told(course(fine), None, NONE, new_lesions_read=True) == ["change of TMTV (no PET)"]


def test_spd_from_its_nadir_over_the_targets_of_baseline(scan_at: ScanAt) -> None:
    # 30 · 20 + 20 · 10 = 800; 10 · 10 + 0 = 100; 30 · 20 + 5 · 5 = 625; at day 100 n2 was not measured
    ct = (
        *(target(-2, 30, 20), target(-2, 20, 10, "n2"), target(5, 10, 10), target(5, 20, 10, "n2", "absent")),
        *(target(29, 30, 20), target(29, 20, 10, "n2", "too_small"), target(100, 10, 10), target(29, 90, 90, "n9", "new")),
    )
    one = course([scan_at(-2)], ct)
    assert followed(one, When("D7", 5), None, NONE) == (Followed("SPD", "mm2", 800.0, 100.0, ((29, 625.0),)),)
    assert followed(one, When("M1", 30), None, NONE) == (Followed("SPD", "mm2", 100.0, 625.0),)
    assert followed(one, When("M3", 90), None, NONE) == ()
    assert followed(course([scan_at(-2)], (target(29, 30, 20),)), When("M1", 29), None, NONE) == ()


def test_tracks_of_disease(scan_at: ScanAt, with_lesion: WithLesion) -> None:
    first, now, later = scan_at(-2), scan_at(6), scan_at(29)
    first = with_lesion(first, "L01", 20.0)
    now = with_lesion(with_lesion(with_lesion(now, "L01", 45.0), "L02", 4.0), "L03", 9.0, status="physiologic")
    rows = (
        *(row(first, "T01", ["L01"], 20.0), row(first, "T03", ["L05"], 1.0), row(first, "T04", ["L06"], 1.0)),
        *(row(now, "T01", ["L01"], 45.0), row(now, "T02", ["L02"], 4.0, "new"), row(now, "T03", ["L03"], 9.0)),
        *(row(now, "T04", ["L01"], None, "merged", "T01"), row(later, "T01", [], 0.0, "gone")),
        *(row(later, "T02", [], None, "not in the field of view"),),
    )
    one = course([first, now, later])
    tracks = CourseTracks(rows, {now.study_uid: (appeared("T02", "L02"),)})
    assert followed(one, D7, now, tracks) == (
        Followed("lesion T01 (L01)", "mL", 20.0, 45.0, ((29, 0.0),)),
        Followed("new lesion T02 (L02)", "mL", 0.0, 4.0, (), appeared=True),
    )
    regions, baseline = regions_of(now), regions_of(first)
    assert masses(one, now, regions, baseline, tracks) == (
        Mass("L01", "mediastinal", 45.0, 45.0, 20.0),
        Mass("L02", "mediastinal", 4.0, 4.0, 0.0),
    )
    # not aligned: site by site
    by_site = (Mass("L01, L02", "mediastinal", 49.0, 45.0, 20.0, True),)
    assert masses(one, now, regions, baseline, CourseTracks(rows, {now.study_uid: None})) == by_site
    assert masses(one, now, regions, baseline, NONE) == by_site


def test_another_reconstruction_leaves_only_what_is_new(scan_at: ScanAt, with_lesion: WithLesion) -> None:
    first, now = with_lesion(scan_at(-2), "L01", 20.0), with_lesion(with_lesion(scan_at(6, voxel=2.0), "L01", 45.0), "L02", 4.0)
    rows = (row(first, "T01", ["L01"], 20.0), row(now, "T01", ["L01"], 45.0), row(now, "T02", ["L02"], 4.0, "new"))
    one, tracks = course([first, now]), CourseTracks(rows, {now.study_uid: (appeared("T02", "L02"),)})
    assert [measure.what for measure in followed(one, D7, now, tracks)] == ["new lesion T02 (L02)"]
    assert [mass.before_ml for mass in masses(one, now, regions_of(now), regions_of(first), tracks)] == [None, 0.0]
    assert [mass.before_ml for mass in masses(one, now, regions_of(now), regions_of(first), NONE)] == [None]
