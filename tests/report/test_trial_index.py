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


def page(**change: Any) -> str:
    note = {"code": "NO_SCAN_IN_WINDOW", "message": "no scan", "where": "M3", "found": "", "severity": "I"}
    patient = {"id": "<script>A", "folder": "patient-1", "rows": [ROW], "notes": [note]}
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


def test_refusals_are_listed() -> None:
    row = {"patient": "", "code": "PATIENT_UNKNOWN", "message": "m", "where": "1.2", "found": "P-1", "remedy": "correct it"}
    assert "Nothing." in page()
    assert "PATIENT_UNKNOWN" in page(refusals=[row])
    assert "No scan of this patient." in page(patients=[{"id": "A", "folder": "A", "rows": [], "notes": []}])
