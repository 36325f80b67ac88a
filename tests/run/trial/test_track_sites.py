"""Truth: tracks whose sites were written down here; a change is one where the words of two scans differ."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from carpet.clinical import ClinicalTables, Patient
from carpet.core.protocol import Protocol
from carpet.run.trial.course import Course, course_of
from carpet.run.trial.steps import course_result
from carpet.run.trial.track_sites import changed_sites, with_changed_sites
from carpet.run.trial.tracks import CourseTracks

A = Patient(patient_id="A", infusion_date=dt.date(2024, 3, 1), bridging=False)
KINDS = {"liver": "extranodal", "mesentery": "nodal", "retroperitoneal": "nodal"}
Made = Callable[..., Any]


def row(track: str, day: int, *lesions: str, into: str = "") -> dict[str, Any]:
    seen = {"track": track, "day": day, "study_uid": f"1.2.{day}", "lesion_ids": list(lesions), "into": into, "flags": ["UNREVIEWED"]}
    return seen | {"event": "present", "volume_ml": 20.0, "confidence": "high", "because": "", "timepoint": ""}


def course(scan_at: Made, with_lesion: Made, *sites: str) -> Course:
    """The same lesion L01 of 20 mL on days -2, 29, 90 … at these sites; L02, 5 mL, always in the liver."""
    scans = []
    for day, site in zip((-2, 29, 90), sites, strict=False):
        made = with_lesion(with_lesion(scan_at(day, tmtv=20.0), "L01", 20.0, site=site), "L02", 5.0, site="liver")
        lesions = [
            replace(one, payload={**one.payload, "kind": KINDS[name]}) for one, name in zip(made.lesions, (site, "liver"), strict=True)
        ]
        scans.append(replace(made, lesions=tuple(lesions)))
    return course_of(A, scans, ClinicalTables((A,)), Protocol())


def test_another_site_is_a_finding_with_both_sites_and_days(scan_at: Made, with_lesion: Made) -> None:
    one = course(scan_at, with_lesion, "liver", "mesentery", "mesentery")
    tracks = CourseTracks(tuple(row("T02", day, "L01", "L02") for day in (-2, 29, 90)))
    (found, scan), *more = changed_sites(one, tracks)
    assert more == []
    assert (found.code, found.timepoint, found.day) == ("TRACK_SITE_CHANGED", "M1", 29)
    assert scan is one.scans[1]
    assert found.because == (
        "T02: Liver (extranodal) on day -2, Mesentery (nodal) on day 29; the number of extranodal sites changes with it"
    )


def test_the_row_is_flagged_and_no_other(scan_at: Made, with_lesion: Made) -> None:
    one = course(scan_at, with_lesion, "mesentery", "retroperitoneal", "retroperitoneal")
    tracks = CourseTracks((*(row("T01", day, "L01") for day in (-2, 29, 90)), *(row("T02", day, "L02") for day in (-2, 29, 90))))
    flags = {(seen["track"], seen["day"]): seen["flags"] for seen in with_changed_sites(one, tracks).rows}
    assert flags.pop(("T01", 29)) == ["TRACK_SITE_CHANGED", "UNREVIEWED"]
    assert set(map(tuple, flags.values())) == {("UNREVIEWED",)}
    ((found, _),) = changed_sites(one, tracks)
    assert "extranodal sites" not in found.because  # both are nodal


def test_what_is_not_seen_or_lies_in_another_track_says_nothing(scan_at: Made, with_lesion: Made) -> None:
    one = course(scan_at, with_lesion, "liver", "mesentery", "liver")
    tracks = CourseTracks((row("T01", -2, "L01"), row("T01", 29, "L01", into="T02"), row("T01", 90, "L01"), row("T03", 29)))
    assert list(changed_sites(one, tracks)) == []
    assert with_changed_sites(one, tracks) is tracks


def test_it_stands_in_the_findings_and_in_the_tracks_of_the_course(scan_at: Made, with_lesion: Made) -> None:
    one = course(scan_at, with_lesion, "liver", "mesentery")
    result = course_result(one, Protocol(), CourseTracks(tuple(row("T02", day, "L01") for day in (-2, 29))))
    assert [(said["timepoint"], said["day"]) for said in result.findings.findings if said["finding"] == "TRACK_SITE_CHANGED"] == [
        ("M1", 29)
    ]
    assert "TRACK_SITE_CHANGED" in result.tracks.rows[1]["flags"]
