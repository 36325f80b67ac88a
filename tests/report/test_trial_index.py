"""Contract: the first page of a trial: nothing is fetched, nothing from a table is run, every response stands with its reason."""

from __future__ import annotations

from typing import Any

from carpet.report.trial_index import index_html

RESPONSE = {"criterion": "lugano@1", "category": "CR", "rule": "LUG-CMR", "because": "complete <b>response</b>", "flags": ["UNREVIEWED"]}
ROW: dict[str, Any] = {
    "timepoint": "M1",
    "day": 29,
    "status": "UNREVIEWED",
    "report": "A/day_29_#x/report.html",
    "numbers": ["22.0", "NO_LESION"],
    "baseline": False,
    "responses": [{"assessor": "carpet", "rows": [RESPONSE]}],
}

FINDING: dict[str, Any] = {
    "timepoint": "M1",
    "day": 29,
    "finding": "EARLY_PROGRESSION",
    "says": "progression <i>early</i>",
    "because": "by <b>R</b>",
}
FINDING["flags"] = ["MIDLINE_ASSUMED"]
IMPROVED = {"criterion": "lugano@1", "category": "CR", "because": "M3 CR (day 90)", "conversions": ["PR at M1 to CR at M3 (day 90)"]}
BEST: dict[str, Any] = {"assessor": "<i>R</i>", "line": "CR by lugano", "rows": [IMPROVED]}
NOTHING: dict[str, Any] = {"id": "A", "folder": "A", "report": "", "rows": [], "notes": [], "findings": [], "best": []}


def page(**change: Any) -> str:
    note = {"code": "NO_SCAN_IN_WINDOW", "message": "no scan", "where": "M3", "found": "", "severity": "I"}
    patient = {"id": "<script>A", "folder": "patient-1", "report": "", "rows": [ROW], "notes": [note]}
    patient |= {"findings": [FINDING], "best": [BEST]}
    content = {"protocol": "p", "software": "carpet 0", "counts": {"patients": 1, "scans": 1, "refusals": 0}, "flags": 0}
    return index_html(content | {"patients": [patient], "refusals": [], "timepoints": ["M1"]} | change)


def test_text_is_text_and_nothing_is_fetched() -> None:
    html = page()
    assert "<script" not in html
    assert "&lt;script&gt;A" in html
    assert "complete &lt;b&gt;response&lt;/b&gt;" in html
    assert "http" not in html.replace("http-equiv", "")
    assert "default-src 'none'" in html


def test_links_are_relative_and_lead_to_the_report() -> None:
    assert 'href="A/day_29_%23x/report.html"' in page()


def test_the_response_its_rule_and_its_flags_are_shown() -> None:
    html = page()
    for said in ("lugano@1", "LUG-CMR", "UNREVIEWED", "NO_LESION", "day 29", "NO_SCAN_IN_WINDOW"):
        assert said in html


def test_what_a_person_should_look_at_and_the_best_response_are_shown() -> None:
    html = page()
    for said in (
        "EARLY_PROGRESSION",
        "MIDLINE_ASSUMED",
        "progression &lt;i&gt;early&lt;/i&gt;",
        "by &lt;b&gt;R&lt;/b&gt;",
        "&lt;i&gt;R&lt;/i&gt;",
        "CR by lugano",
    ):
        assert said in html
    assert "Later improvement: PR at M1 to CR at M3 (day 90)" in html
    nothing = page(patients=[NOTHING])
    assert "<h3>For a person to look at" not in nothing
    assert "<h3>Best overall response" not in nothing


def test_refusals_are_listed() -> None:
    row = {"patient": "", "code": "PATIENT_UNKNOWN", "message": "m", "where": "1.2", "found": "P-1", "remedy": "correct it"}
    assert "Nothing." in page()
    assert "PATIENT_UNKNOWN" in page(refusals=[row])
    assert "No scan of this patient." in page(patients=[NOTHING])
