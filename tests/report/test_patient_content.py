"""Contract: what is known of a course is told with its unit, what is missing with its reason, and what is unconfirmed is marked."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.report.patient_content import patient_content

EMPTY = (
    "scans",
    "responses",
    "best",
    "conversions",
    "findings",
    "disputes",
    "unlike_numbers",
    "disagreements",
    "kinetics",
    "tracks",
    "pairs",
    "refusals",
    "flags",
    "provenance",
)


def test_the_mark_names_the_scans_that_nobody_confirmed(patient_course: dict[str, Any]) -> None:
    told = patient_content(patient_course)
    assert (told["unreviewed"], told["mark"]) == (True, "UNREVIEWED")
    assert told["mark_says"].endswith("of: TT, M3.")
    for one in patient_course["scans"]:
        one["status"] = "REVIEWED" if one["status"] == "UNREVIEWED" else one["status"]
    assert patient_content(patient_course)["mark"] == "REVIEWED"
    patient_course["scans"] = patient_course["scans"][1:2]
    assert (patient_content(patient_course)["mark"], patient_content(patient_course)["unreviewed"]) == ("", False)


def test_kinetics_over_bridging_come_first_and_missing_numbers_say_why(patient_course: dict[str, Any]) -> None:
    bridging, later = patient_content(patient_course)["kinetics"]
    assert (bridging["at"], bridging["says"]) == ("TD to TT", "over bridging, 31 days")
    assert (later["at"], later["says"]) == ("TT to M3", "from baseline, 94 days")
    row = bridging["rows"][0]
    assert [row[name] for name in ("biomarker", "unit", "before", "now", "change", "percent", "doubling")] == [
        *("TMTV", "mL", "50.0", "100.0", "+50.0", "+100 %", "doubles in 31 d")
    ]
    tmtv, suv_max = later["rows"]
    assert (tmtv["percent"], tmtv["doubling"]) == ("−75 %", "halves in 47 d")
    assert (suv_max["before"], suv_max["now"], suv_max["percent"], suv_max["missing"]) == ("20.00", "–", "–", "no lesion")


def test_tracks_by_scan_with_what_happened(patient_course: dict[str, Any]) -> None:
    tracks = patient_content(patient_course)["tracks"]
    assert [(one["name"], one["day"]) for one in tracks["columns"]] == [("TT", "day −3"), ("M3", "day 91")]
    first, second = tracks["rows"]
    assert [(cell["volume"], cell["event"], cell["unsure"]) for cell in first["cells"]] == [("80.0", "", False), ("–", "gone", False)]
    assert [(cell["volume"], cell["event"], cell["unsure"]) for cell in second["cells"]] == [("", "", False), ("25.0", "new", True)]
    assert first["colour"] != second["colour"]
    assert [(row["at"], row["track"], row["event"]) for row in tracks["events"]] == [
        ("M3 (day 91)", "T01", "gone"),
        ("M3 (day 91)", "T02", "new"),
    ]


def test_what_had_gone_before_is_told_once(patient_course: dict[str, Any]) -> None:
    gone = patient_course["tracks"][1]
    patient_course["scans"].append(patient_course["scans"][-1] | {"study_uid": "1.2.180", "day": 180, "timepoint": "M6"})
    patient_course["tracks"].append(gone | {"study_uid": "1.2.180", "day": 180, "timepoint": "M6"})
    events = patient_content(patient_course)["tracks"]["events"]
    assert [row["at"] for row in events if row["track"] == "T01"] == ["M3 (day 91)"]


def test_findings_that_say_the_same_share_a_heading(patient_course: dict[str, Any]) -> None:
    first = patient_course["findings"][0]
    patient_course["findings"] = [first, first | {"because": "lugano_ct@1 PD, lyric@1 IR1, not_known@1"}]
    (told,) = patient_content(patient_course)["findings"]
    assert told["because"] == [first["because"], "Lugano by CT PD, LYRIC IR1, not_known@1"]


def test_quality_of_a_refused_scan_is_its_reason(patient_course: dict[str, Any]) -> None:
    first, refused, last = patient_content(patient_course)["quality"]
    assert (first["uptake"], first["liver"], first["spacing"], first["letters"]) == ("61.0", "2.10", "4.00 × 4.00 × 3.27", "b")
    assert (refused["status"], refused["uptake"], refused["report"]) == ("REFUSED: no weight", "–", "")
    assert (last["letters"], last["report"]) == ("a", "day_91_x/report.html")
    notes = patient_content(patient_course)["quality_notes"]
    assert notes == [["a", "scanner, reconstruction or voxels changed"], ["b", "a late scan"]]


def test_notices_that_say_the_same_share_a_row(patient_course: dict[str, Any]) -> None:
    told = patient_content(patient_course)
    assert [(row["code"], row["severity"], row["found"]) for row in told["flags"]] == [("RECON_CHANGED", "warning", ["M3: model"])]
    assert told["refusals"][0]["found"] == ["M1 (day 28): (0010,1030)"]


def test_a_patient_without_anything_is_told_so(patient_course: dict[str, Any]) -> None:
    nothing = {"product": None, "histology": None, "bridging": None, "infused": False, "baseline": ""}
    told = patient_content(patient_course | {name: [] for name in EMPTY} | {"patient": patient_course["patient"] | nothing})
    assert dict(told["identity"])["Infusion"] == "none known: there are no days and no time points"
    assert dict(told["identity"])["Baseline"] == "no scan can stand for it"
    assert (told["assessors"], told["kinetics"], told["tracks"]["rows"]) == ([], [], [])
    assert told["differences_say"].startswith("There were no two criteria")


@pytest.mark.parametrize(("percent", "said"), [(10.0, "stable"), (-10.0, "stable"), (10.1, "doubles in 31 d"), (0.0, "stable")])
def test_a_small_change_is_no_doubling(patient_course: dict[str, Any], percent: float, said: str) -> None:
    patient_course["kinetics"] = [patient_course["kinetics"][2] | {"percent": percent}]
    (pair,) = patient_content(patient_course)["kinetics"]
    assert pair["rows"][0]["doubling"] == said
    assert "no more than 10 %" in patient_content(patient_course)["stable_says"]


def test_warnings_stand_before_what_is_only_to_be_known(patient_course: dict[str, Any]) -> None:
    patient_course["findings"].reverse()
    first, second = patient_content(patient_course)["findings"]
    assert (first["says"], first["alert"], first["flags"]) == ("growth early after infusion", True, ["growth by site"])
    assert (second["says"], second["alert"], second["flags"]) == ("Deauville 2 at month 1", False, [])


def test_what_was_refused_stands_in_a_sentence(patient_course: dict[str, Any]) -> None:
    assert patient_content(patient_course)["lost"] == ["M1 (day 28): no weight; what to do: scans.csv"]
