"""Truth: best responses, conversions and findings of courses made for it, by hand; and the planted trial as it was made to be."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carpet.anatomy.sites import SITES
from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.readings import Reading
from carpet.core.protocol import DayWindow, Protocol
from carpet.lesions.rules import RULES
from carpet.response import compression, inflammation, seen_region
from carpet.run.trial.course import Course, Scan, course_of
from carpet.run.trial.findings import CourseFindings, findings_of, new_therapy_day, regions_of
from carpet.run.trial.steps import course_result
from carpet.run.trial.tracks import CourseTracks

ScanAt = Callable[..., Any]
WithLesion = Callable[..., Any]
INFUSED = dt.date(2024, 3, 1)
A = Patient(patient_id="A", infusion_date=INFUSED, bridging=False)
DAYS = {"D7": 6, "M1": 29, "M3": 90, "M6": 180}


def on(day: int) -> dt.date:
    return INFUSED + dt.timedelta(days=day)


def course(scans: list[Scan], patient: Patient = A, **tables: Any) -> Course:
    return course_of(patient, scans, ClinicalTables((patient,), **tables), Protocol())


def response(timepoint: str, category: str, criterion: str = "lugano@1", **more: Any) -> dict[str, Any]:
    said = {"timepoint": timepoint, "day": DAYS[timepoint], "criterion": criterion, "assessor": "carpet", "category": category}
    return said | {"rule": "RULE", "value": None, "flags": []} | more


def found(one: Course, *responses: dict[str, Any], protocol: Protocol | None = None) -> CourseFindings:
    return findings_of(one, responses, CourseTracks(), protocol or Protocol())


def codes(result: CourseFindings) -> list[tuple[str, str]]:
    return [(row["timepoint"], row["finding"]) for row in result.findings]


def test_best_and_conversions_by_criterion_and_assessor(scan_at: ScanAt) -> None:
    rows = [response("M1", "PR"), response("M3", "CR"), response("M1", "PMR", "lugano_pet@1"), response("M1", "SD", assessor="reader R")]
    rows += [response("M1", "4", "deauville@1"), response("M1", "4", "qpet@1"), response("M1", "good", "delta_suv_max@1")]
    result = found(course([scan_at(-2)]), *rows)
    assert [(row["criterion"], row["assessor"], row["category"], row["timepoint"], row["ended_by"]) for row in result.best] == [
        ("lugano@1", "carpet", "CR", "M3", "last scan"),
        ("lugano_pet@1", "carpet", "PMR", "M1", "last scan"),
        ("lugano@1", "reader R", "SD", "M1", "last scan"),
    ]
    (one,) = result.conversions
    assert (one["assessor"], one["from_timepoint"], one["from_category"], one["to_timepoint"], one["to_category"]) == (
        *("carpet", "M1", "PR"),
        *("M3", "CR"),
    )
    assert (one["from_day"], one["to_day"], one["new_therapy_before"]) == (29, 90, False)


def test_lyric_and_its_follow_up_are_one_criterion(scan_at: ScanAt) -> None:
    rows = [response("D7", "IR1", "lyric@1"), response("M1", "PD", "lyric_follow_up@1", dated_to_day=6)]
    result = found(course([scan_at(-2)]), *rows)
    assert [(row["criterion"], row["category"], row["ended_by"]) for row in result.best] == [("lyric@1", "PD", "PD")]
    # confirmed progression is dated to the day of the indeterminate response
    (early,) = [row for row in result.findings if row["finding"] == "EARLY_PROGRESSION"]
    assert (early["timepoint"], early["day"]) == ("D7", 6)
    assert early["because"] == "day 6, carpet: lyric@1 PD (RULE on day 29, dated back)"


def test_new_therapy_or_transplant_whichever_is_first(scan_at: ScanAt) -> None:
    treated = replace(A, new_therapy_date=on(120), hsct_date=on(60))
    one = course([scan_at(-2)], treated)
    assert new_therapy_day(one) == 60
    assert new_therapy_day(course([scan_at(-2)])) is None
    result = found(one, response("M1", "PR"), response("M3", "CR"))
    assert [(row["category"], row["ended_by"]) for row in result.best] == [("PR", "new therapy")]
    assert [row["new_therapy_before"] for row in result.conversions] == [True]


def test_without_infusion_nothing_follows(scan_at: ScanAt) -> None:
    assert found(course([scan_at(None)], Patient(patient_id="A")), response("M1", "PD")) == CourseFindings()


def test_early_progression_by_the_protocols_month_1_and_by_the_patients_table(scan_at: ScanAt) -> None:
    assert ("M1", "EARLY_PROGRESSION") in codes(found(course([scan_at(-2)]), response("M1", "PD")))
    late = Protocol(timepoints={"M1": DayWindow(first_day=20, last_day=28, nominal_day=28)})
    assert ("M1", "EARLY_PROGRESSION") not in codes(found(course([scan_at(-2)]), response("M1", "PD"), protocol=late))
    told = found(course([scan_at(-2)], replace(A, progression_date=on(20))))
    assert [(row["finding"], row["timepoint"], row["day"], row["because"]) for row in told.findings] == [
        ("EARLY_PROGRESSION", "whole course", 20, "day 20, patients.csv: progression_date PD")
    ]


def test_a_stated_progression_stands_at_the_scan_of_its_day(scan_at: ScanAt) -> None:
    one = course([scan_at(-2), scan_at(29, tmtv=9.0)], replace(A, progression_date=on(29)))
    (stated,) = [row for row in found(one, response("M1", "PR")).findings if "patients.csv" in row["because"]]
    assert (stated["timepoint"], stated["day"], stated["study_uid"]) == ("M1", 29, "1.2.29")


def test_a_scan_that_stands_for_no_time_point_is_called_unscheduled(scan_at: ScanAt) -> None:
    rows = found(course([scan_at(60, tmtv=5.0)])).findings
    assert {(row["timepoint"], row["day"]) for row in rows} == {("unscheduled", 60)}


def test_best_ends_where_progression_is_stated_but_lyric_takes_its_own(scan_at: ScanAt) -> None:
    one = course([scan_at(-2)], replace(A, progression_date=on(60)))
    rows = [response("M1", "PR"), response("M3", "CR"), response("M1", "IR1", "lyric@1"), response("M3", "PD", "lyric_follow_up@1")]
    best = {row["criterion"]: (row["category"], row["ended_by"]) for row in found(one, *rows).best}
    assert best == {"lugano@1": ("PR", "progression_date"), "lyric@1": ("PD", "PD")}


def test_a_reader_of_one_scan_does_not_look_followed(scan_at: ScanAt) -> None:
    rows = [response("M1", "CR"), response("M3", "CR"), response("M6", "CR"), response("M1", "CR", assessor="reader R")]
    said = {row["assessor"]: row["because"] for row in found(course([scan_at(-2)]), *rows).best}
    assert said["carpet"] == "M1 CR (day 29); 3 scans called, the last on day 180"
    assert said["reader R"] == "M1 CR (day 29); 1 scan called, the last on day 29; not called: day 90, day 180"


def test_deauville_at_month_1_by_each_assessor(scan_at: ScanAt) -> None:
    scans = [scan_at(-2, suv_max=10.0, tmtv=9.0), scan_at(29, suv_max=5.0, tmtv=8.0, liver=2.0), scan_at(90, suv_max=9.0)]
    reading = Reading(patient_id="A", date=on(29), reader="R", deauville="5", new_lesions=True)
    rows = [response("M1", "5", "deauville@1"), response("M1", "5", "deauville@1", assessor="reader R", rule="READING")]
    rows += [response("M1", "5", "qpet@1", value=2.1), response("M3", "4", "deauville@1")]
    result = found(course(scans, readings=(reading,)), *rows)
    said = {row["because"]: row["flags"] for row in result.findings if row["finding"] == "DEAUVILLE_5_AT_M1"}
    ratio = "SUVmax 5.0 over the liver's 2.0: ratio 2.50, above twice the liver's, up to three times; qPET 2.10"
    assert said == {
        f"Deauville 5 by carpet; {ratio}": ["DEAUVILLE_DEPENDS_ON_K"],
        f"Deauville 5 by reader R; {ratio}; a new lesion, which is 5 whatever its uptake": [],
    }
    assert all(row["timepoint"] == "M1" and row["study_uid"] == "1.2.29" for row in result.findings if "DEAUVILLE" in row["finding"])


def test_a_low_score_that_saw_no_faint_uptake_says_so_in_the_finding_too(scan_at: ScanAt) -> None:
    scans = [scan_at(-2, suv_max=10.0), scan_at(29)]
    unseen = {**response("M1", "1", "deauville@1"), "flags": ["NEW_FAINT_NOT_SOUGHT"]}
    read = response("M1", "1", "deauville@1", assessor="reader R", rule="READING")
    by_carpet, by_reader = (row for row in found(course(scans), unseen, read).findings if row["finding"] == "DEAUVILLE_1_3_AT_M1")
    assert "faint or small new uptake elsewhere was not looked for" in by_carpet["because"]
    assert "NEW_FAINT_NOT_SOUGHT" in by_carpet["flags"]
    assert "not measured" not in by_reader["because"]
    assert "NEW_FAINT_NOT_SOUGHT" not in by_reader["flags"]


def test_early_growth_that_went_back_with_lyric_beside(scan_at: ScanAt) -> None:
    scans = [scan_at(-2, tmtv=40.0), scan_at(6, tmtv=80.0), scan_at(29, tmtv=10.0)]
    readings = (Reading(patient_id="A", date=on(6), reader="R", new_lesions=False),)
    result = found(course(scans, readings=readings), response("D7", "IR1", "lyric@1"), response("M1", "PR"))
    (one,) = [row for row in result.findings if row["timepoint"] == "D7"]
    assert one["finding"] == "EARLY_GROWTH_REGRESSED"
    assert one["because"] == (
        "day 6 after infusion, in the first days; TMTV 40.0 to 80.0 mL; followed by regression by day 29, without new therapy;"
        " LYRIC IR1 by carpet"
    )


def test_growth_without_a_later_scan_and_what_was_not_looked_for(scan_at: ScanAt) -> None:
    result = found(course([scan_at(-2, tmtv=40.0), scan_at(6, tmtv=80.0)]))
    (one,) = result.findings
    assert (one["finding"], one["flags"]) == ("PSEUDOPROGRESSION_POSSIBLE", ["GROWTH_NOT_TOLD"])
    assert "no later scan tells" in one["because"]
    assert "not known: new lesions" in one["because"]


def test_patterns_and_compression_from_stored_regions(scan_at: ScanAt, with_lesion: WithLesion) -> None:
    first, now = scan_at(-2, tmtv=0.0), scan_at(29, tmtv=48.0)
    for name, site, side in (("L02", "hilar", 45.0), ("L03", "hilar", -45.0), ("L01", "mediastinal", 0.0)):
        now = with_lesion(now, name, 4.0 if site == "hilar" else 40.0, site=site, at=(side, 10.0, -400.0))
    result = found(course([first, now]))
    kinds = {row["finding"]: row for row in result.findings}
    assert {"SARCOID_LIKE_PATTERN", "COMPRESSION_RISK", "PSEUDOPROGRESSION_POSSIBLE"} == kinds.keys()
    assert kinds["COMPRESSION_RISK"]["because"].startswith("new: L01, mediastinal, beside airway and great vessels; 40.0 mL")
    assert kinds["SARCOID_LIKE_PATTERN"]["flags"] == ["MIDLINE_ASSUMED"]
    assert [row["finding"] for row in result.findings] == sorted(kinds)
    alone = found(course([now]))
    assert {row["finding"] for row in alone.findings} == {"PATTERNS_NOT_COMPARED", "GROWTH_NOT_TOLD"}


def test_regions_of_one_scan_and_scans_that_share_a_day(scan_at: ScanAt, with_lesion: WithLesion) -> None:
    (one,) = regions_of(with_lesion(scan_at(29), "L01", 20.0, site="external_iliac", at=(1.0, 2.0, 3.0)))
    assert (one.id, one.site, one.left_mm, one.status) == ("L01", "external_iliac", 1.0, "disease")
    assert regions_of(scan_at(29, undecided=5.0))[0].site == ""
    same = [scan_at(-2, tmtv=1.0), replace(scan_at(29, tmtv=90.0), study_uid="1.3"), scan_at(29, tmtv=90.0)]
    assert found(course(same)).findings == ()


def test_all_of_it_is_kept_with_the_patients_step(scan_at: ScanAt) -> None:
    scans = [scan_at(-2, suv_max=10.0, tmtv=40.0), scan_at(29, suv_max=3.0, tmtv=80.0), scan_at(90, suv_max=1.9, tmtv=5.0)]
    result = course_result(course(scans), Protocol())
    assert (len(result.findings.best), len(result.findings.conversions)) == (7, 3)
    kept = {one.name: one for one in result.step.records}
    rows = [kept[name].payload for name in kept if name.startswith("best ")]
    assert rows == list(result.findings.best)
    assert [kept[name].payload for name in kept if name.startswith("conversion ")] == list(result.findings.conversions)
    found = [kept[name] for name in kept if name.startswith("finding ")]
    assert [one.payload for one in found] == list(result.findings.findings)
    assert {(one.kind, one.study) for one in found} == {("flag", "1.2.29")}
    assert {one.parents for one in found} == {("study ",)}


def test_sites_and_rules_that_the_findings_ask_for_exist() -> None:
    asked = {*inflammation.PAIRED, *inflammation.MEDIASTINAL, *inflammation.BOWEL, *inflammation.NECK, inflammation.THYROID}
    assert not (asked | compression.NARROW.keys() | {*seen_region.MIDLINE_SITES}) - SITES.keys()
    assert {*inflammation.BOWEL_RULES} <= {rule.id for rule in RULES}


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "results" / "tables" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("who", "criterion", "assessor", "category", "ended_by"),
    [
        ("A", "lugano_pet@1", "reader Dr R", "CMR", "PD"),  # CMR at M1, a new lesion at M3
        ("B", "lugano_ct@1", "carpet", "PR", "PD"),  # 1800 to 672 mm², then n1 back from 24 × 20 to 40 × 30 mm
        ("C", "lugano_pet@1", "carpet", "NE", "last scan"),  # the only scan after infusion was refused
    ],
)
def test_the_planted_trial(ran: Path, who: str, criterion: str, assessor: str, category: str, ended_by: str) -> None:
    rows = {(row["patient_id"], row["criterion"], row["assessor"]): row for row in table(ran, "best_responses")}
    assert (rows[who, criterion, assessor]["category"], rows[who, criterion, assessor]["ended_by"]) == (category, ended_by)


def test_the_findings_of_the_planted_trial(ran: Path) -> None:
    rows = [(row["patient_id"], row["timepoint"], row["finding"]) for row in table(ran, "findings")]
    assert ("A", "M1", "DEAUVILLE_1_3_AT_M1") in rows
    assert not [row for row in rows if row[2] in ("EARLY_PROGRESSION", "PSEUDOPROGRESSION_POSSIBLE")]
    assert all(row["says"] and row["because"] for row in table(ran, "findings"))
