"""Contract: the first page of a trial: nothing is fetched, nothing from a table is run, every response stands with its reason."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest

from carpet.report.trial_index import index_html

RESPONSE = {"criterion": "Lugano by PET", "category": "CMR", "kind": "complete", "rule": "LUG-CMR", "because": "complete <b>response</b>"}
ROW: dict[str, Any] = {
    "timepoint": "M1",
    "day": "day 29",
    "status": "UNREVIEWED",
    "report": "A/day_29_#x/report.html",
    "numbers": [{"text": "22.0", "missing": False}, {"text": "– no lesion", "missing": True}],
    "baseline": False,
    "responses": [{"assessor": "carpet", "numbers": True, "rows": [RESPONSE | {"flags": ["the spleen was not measured"]}]}],
}
CALLS = [{"category": "PR", "kind": "partial", "who": "the <i>numbers</i>", "numbers": True, "deauville": "4"}]
CELL: dict[str, Any] = {
    "timepoint": "M1",
    "day": "day 29",
    "report": "A/day_29_#x/report.html",
    "scan": True,
    "refused": "",
    "baseline": False,
    "calls": CALLS,
    "disputed": False,
    "unlike": "",
}
BEST_CHIP = {"category": "CR", "kind": "complete", "numbers": False}
OVERVIEW: dict[str, Any] = {"cells": [CELL], "disputed": False, "best": [BEST_CHIP], "others": []}
FINDING: dict[str, Any] = {"at": "M1 (day 29)", "says": "progression <i>early</i>", "because": "by <b>R</b>", "flags": ["a midline"]}
IMPROVED = {"criterion": "Lugano", "category": "CR", "because": "M3 CR (day 90)", "conversions": ["PR at M1 to CR at M3 (day 90)"]}
BEST: dict[str, Any] = {"assessor": "<i>R</i>", "line": "Lugano CR", "rows": [IMPROVED]}
NOTE = {"message": "no scan in the window", "found": ["M3", "M6"]}
DISPUTE = {
    "at": "M1 (day 29)",
    "readers": [{"name": "A", "says": "CR"}, {"name": "B", "says": ""}],
    "because": ["they differ"],
    "third": "",
}
NO_OVERVIEW: dict[str, Any] = {"cells": [], "disputed": False, "best": [], "others": []}
NOTHING: dict[str, Any] = {"id": "A", "folder": "A", "report": "", "overview": NO_OVERVIEW}
NOTHING |= {name: [] for name in ("rows", "notes", "findings", "best", "disputes", "unlike_numbers")}


def patient(**change: Any) -> dict[str, Any]:
    said = {"id": "<script>A", "folder": "patient-1", "report": "", "rows": [ROW], "notes": [NOTE], "overview": OVERVIEW}
    return said | {"findings": [FINDING | {"alert": True}], "best": [BEST], "disputes": [], "unlike_numbers": []} | change


def page(**change: Any) -> str:
    content = {"protocol": "p", "software": "carpet 0", "counts": {"patients": 1, "scans": 1, "refusals": 0}, "flags": 0, "cohort": ""}
    content |= {"research_only": "Research only.", "any_other": False, "any_dispute": False, "timepoints": ["M1"], "refusals": []}
    return index_html(content | {"patients": [patient()]} | change)


def cell(**change: Any) -> str:
    """The overview's only cell."""
    shown = page(patients=[patient(overview=OVERVIEW | {"cells": [CELL | change]})])
    return shown[shown.index("<tbody>") : shown.index("</tbody>")]


def test_text_is_text_and_nothing_is_fetched() -> None:
    html = page()
    assert "<script" not in html
    assert "&lt;script&gt;A" in html
    assert "complete &lt;b&gt;response&lt;/b&gt;" in html
    assert "http" not in html.replace("http-equiv", "")
    assert "default-src 'none'" in html


def test_links_are_relative_and_lead_to_the_report() -> None:
    assert page().count('href="A/day_29_%23x/report.html"') == 2


def test_the_response_its_rule_and_its_flags_are_shown() -> None:
    html = page()
    for said in ("Lugano by PET", "LUG-CMR", "The spleen was not measured", "– no lesion", "day 29", "No scan in the window", "M3; M6"):
        assert said in html


def test_the_overview_says_who_called_and_what_is_not_there() -> None:
    assert re.search(r'class="chip partial bynumbers" title="the &lt;i&gt;numbers&lt;/i&gt;">PR</span> <span class="ds">D 4<', cell())
    assert "bynumbers" not in cell(calls=[CALLS[0] | {"numbers": False}]).split('class="chip complete')[0]
    assert "PET refused" in cell(scan=False, refused="no dose", report="")
    assert "no PET" in cell(scan=False, report="")
    assert 'title="no scan">–<' in cell(scan=False, report="", day="", calls=[])
    assert "baseline" in cell(baseline=True, calls=[])
    assert "readers differ" in cell(disputed=True)
    assert "numbers: PD" in cell(unlike="PD")
    assert "readers differ" not in cell()


def test_what_a_person_should_look_at_and_the_best_response_are_shown() -> None:
    html = page()
    for said in ("A midline", "progression &lt;i&gt;early&lt;/i&gt;", "by &lt;b&gt;R&lt;/b&gt;", "&lt;i&gt;R&lt;/i&gt;", "Lugano CR"):
        assert said in html
    assert '<p class="finding">' in html
    assert '<p class="told">' in page(patients=[patient(findings=[FINDING | {"alert": False}])])
    assert "Later improvement: PR at M1 to CR at M3 (day 90)" in html
    nothing = page(patients=[NOTHING])
    assert "<h4>For a person to judge" not in nothing
    assert "Best response," not in nothing


def test_readers_who_disagree_have_a_table_of_their_own() -> None:
    assert "Readers disagree" not in page()
    html = page(patients=[patient(disputes=[DISPUTE])], any_dispute=True)
    assert "<h2>Readers disagree: a third reader must look</h2>" in html
    assert html.count("They differ") == 2


@pytest.mark.parametrize("there", ["", "cohort.html"])
def test_the_cohort_is_led_to_where_it_is_there(there: str) -> None:
    assert ('href="cohort.html"' in page(cohort=there)) is bool(there)


def test_refusals_are_listed() -> None:
    row = {"patient": "", "at": "", "code": "PATIENT_UNKNOWN", "message": "nobody", "where": "1.2", "found": "P-1", "remedy": "correct it"}
    assert "Nothing." in page()
    assert "PATIENT_UNKNOWN" in page(refusals=[row])
    assert "No scan of this patient." in page(patients=[NOTHING])
    assert "No patient is in" in page(patients=[])


def test_headings_come_in_order_and_columns_have_heads() -> None:
    html = page(patients=[patient(disputes=[DISPUTE]), NOTHING], any_dispute=True)
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", html)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert re.findall(r"<th(?![^>]*scope)[ >]", html) == []
