"""Contract: versions (409 tells what was missed), undo, refused edits change nothing; T16 what people write stays text."""

from __future__ import annotations

import csv
import io
import json

import pytest

from .conftest import Opened, Rooms

URL = "/api/cases/A/TT"
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "</textarea><svg/onload=alert(1)>",
    "{{7*7}}${7*7}<%= 7*7 %>",
    '=HYPERLINK("http://evil.example")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "'; DROP TABLE event; --",
    "\\u003cscript\\u003e",
    '<!--#exec cmd="ls"-->',
    "../../etc/passwd",
    "\u202etxt.exe",
    "𝕊𝕦𝕧 Ω ẞ 漢字",
    "a" * 2_000,
)
MALFORMED = (
    {"kind": "status", "lesion": "L03", "status": "healthy"},
    {"kind": "status", "lesion": "<b>", "status": "disease"},
    {"kind": "explode"},
    {"kind": "add", "point_lps_mm": [0, 0]},
    {"kind": "add", "point_lps_mm": [0, 0, 1e9]},
    {"kind": "brush", "points_lps_mm": [], "radius_mm": 5.0},
    {"kind": "comment", "text": ""},
    {"kind": "comment", "text": "bell \x07"},
    {"kind": "comment", "text": "x", "also": 1},
    {"kind": "split", "lesion": "L03", "seeds_lps_mm": [[0, 0, 0]]},
    [],
    "status",
    None,
)
REFUSED = (
    ({"kind": "status", "lesion": "L99", "status": "disease"}, "EDIT_UNKNOWN_LESION"),
    ({"kind": "add", "point_lps_mm": [9000, 9000, 9000]}, "EDIT_OUTSIDE_SCAN"),
    ({"kind": "site", "lesion": "L03", "site": "tail"}, "REVIEW_SITE_UNKNOWN"),
    ({"kind": "remove_edit", "edit": 5}, "REVIEW_EDIT_NOT_STANDING"),
    ({"kind": "reference", "which": "liver", "centre_lps_mm": [9000, 0, 0]}, "REVIEW_REFERENCE_OUTSIDE"),
)


def test_a_change_of_an_old_version_is_told_what_it_missed(single: Opened) -> None:
    one = single.browser().arrive()
    first = one.post(f"{URL}/edits", {"kind": "deauville", "score": "4"}, version=0).json()
    one.post(f"{URL}/edits", {"kind": "comment", "text": "seen"}, version=first["version"])
    answer = one.post(f"{URL}/edits", {"kind": "deauville", "score": "5"}, version=first["version"])
    assert answer.status_code == 409
    told = answer.json()
    assert told["version"] == first["version"] + 1
    assert [(act["what"], json.loads(act["new"])["text"]) for act in told["since"]] == [("comment", "seen")]
    again = one.post(f"{URL}/edits", {"kind": "deauville", "score": "5"}, version=told["version"])
    assert again.json()["deauville"]["score"] == "5"


@pytest.mark.parametrize("version", ["", "x", '"-1"', "1.5", "*"])
def test_a_change_without_a_version_is_asked_for_one(single: Opened, version: str) -> None:
    answer = single.browser().arrive().post(f"{URL}/undo", {}, **({"If-Match": version} if version else {}))
    assert (answer.status_code, answer.json()["notices"][0]["code"]) == (428, "REVIEW_VERSION_MISSING")


def test_undo_takes_back_one_by_one_and_forgets_nothing(single: Opened) -> None:
    one = single.browser().arrive()
    start = one.get(URL).json()
    last = one.post(f"{URL}/edits", {"kind": "status", "lesion": "L03", "status": "physiologic"}, version=0).json()
    assert last["biomarkers"] != start["biomarkers"]
    back = one.post(f"{URL}/undo", {}, version=last["version"]).json()
    assert back["biomarkers"] == start["biomarkers"]
    assert back["lesions"] == start["lesions"]
    assert back["standing"] == []
    assert one.post(f"{URL}/undo", {}, version=back["version"]).status_code == 422
    acts = one.get(f"{URL}/history").json()["acts"]
    assert [act["what"] for act in acts if act["who"] == "Rea"] == ["opened", "status", "remove_edit"]
    machine = json.loads(next(act for act in acts if act["what"] == "status")["old"])
    assert (machine["status"], machine["decided_by"][:4]) == ("disease", "rule")


@pytest.mark.parametrize("body", MALFORMED, ids=repr)
def test_what_is_no_edit_is_refused_by_field(single: Opened, body: object) -> None:
    one = single.browser().arrive()
    answer = one.ask("POST", f"{URL}/edits", json=body, headers={"X-CSRF-Token": one.form_token, "If-Match": '"0"'})
    assert answer.status_code == 422
    assert {notice["code"] for notice in answer.json()["notices"]} == {"REVIEW_MALFORMED"}
    assert one.get(URL).json()["version"] == 0


def test_what_cannot_be_done_leaves_no_trace(single: Opened) -> None:
    one = single.browser().arrive()
    before = one.get(f"{URL}/history").json()
    for body, code in REFUSED:
        answer = one.post(f"{URL}/edits", body, version=0)
        assert (answer.status_code, answer.json()["notices"][0]["code"]) == (422, code), body
    assert one.get(f"{URL}/history").json() == before


def test_an_edit_that_others_rest_on_is_not_taken_back(single: Opened) -> None:
    one = single.browser().arrive()
    centre = next(row["centre_lps_mm"] for row in one.get(URL).json()["references"] if row["name"] == "liver")
    ball = {"kind": "brush", "points_lps_mm": [centre], "radius_mm": 12.0}
    drawn = one.post(f"{URL}/edits", ball, version=0).json()
    made = drawn["lesions"][-1]
    assert (made["status"], drawn["voxels_changed"]) == ("disease", True)
    named = one.post(f"{URL}/edits", {"kind": "status", "lesion": made["id"], "status": "physiologic"}, version=drawn["version"]).json()
    answer = one.post(f"{URL}/edits", {"kind": "remove_edit", "edit": 1}, version=named["version"])
    assert (answer.status_code, answer.json()["notices"][0]["code"]) == (422, "EDIT_UNKNOWN_LESION")
    assert one.get(URL).json()["version"] == named["version"]


def test_text_stays_text(rooms: Rooms) -> None:
    opened = rooms(only="Rea")
    one, version = opened.browser().arrive(), 0
    start = one.get(URL).json()
    for text in PAYLOADS:
        answer = one.post(f"{URL}/edits", {"kind": "comment", "text": text}, version=version)
        assert answer.headers["content-type"] == "application/json", text
        assert answer.headers["x-content-type-options"] == "nosniff"
        version = answer.json()["version"]
    view = one.get(URL).json()
    assert [row["text"] for row in view["comments"]] == [text.strip() for text in PAYLOADS]
    assert view["biomarkers"] == start["biomarkers"]
    table = one.get(f"{URL}/decisions.csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert table.headers["content-disposition"].startswith("attachment")
    assert not [cell for row in csv.reader(io.StringIO(table.text)) for cell in row if cell.startswith(("=", "+", "@"))]


@pytest.mark.parametrize("text", PAYLOADS[:6])
def test_names_and_paths_are_never_markup(single: Opened, text: str) -> None:
    one = single.browser().arrive()
    for answer in (
        one.ask("POST", "/api/login", json={"name": text, "password": text}),
        one.get("/api/cases/A/TT", params={"reading": text}),
        one.get(f"/api/cases/{text.replace('/', '').replace('?', '').replace('#', '')}/TT"),
    ):
        assert answer.headers["content-type"] == "application/json"
        assert answer.status_code in (401, 404, 422, 429)


def test_every_change_takes_a_reason_and_what_was_signed_once_asks_for_one(single: Opened) -> None:
    one = single.browser().arrive()
    edit = {"kind": "status", "lesion": "L03", "status": "physiologic", "reason": " brown fat "}
    version = one.post(f"{URL}/edits", edit, version=0).json()["version"]
    version = one.post(f"{URL}/sign", {}, version=version).json()["version"]
    assert one.post(f"{URL}/unlock", {"reason": ""}, version=version).status_code == 422
    version = one.post(f"{URL}/unlock", {"reason": "wrong scan"}, version=version).json()["version"]
    seen = one.get(f"{URL}/history").json()
    for path, body in (("undo", {}), ("undo", {"reason": "  "}), ("edits", {"kind": "remove_edit", "edit": 1})):
        answer = one.post(f"{URL}/{path}", body, version=version)
        assert (answer.status_code, answer.json()["notices"][0]["code"]) == (422, "REVIEW_REASON_MISSING")
    assert one.get(f"{URL}/history").json() == seen
    version = one.post(f"{URL}/undo", {"reason": "it is a node"}, version=version).json()["version"]
    version = one.post(f"{URL}/edits", {"kind": "deauville", "score": "3"}, version=version).json()["version"]
    assert one.post(f"{URL}/undo", {}, version=version).status_code == 200  # nobody has signed that
    acts = [(act["what"], act["reason"]) for act in one.get(f"{URL}/history").json()["acts"] if act["who"] == "Rea"]
    assert acts == [
        ("opened", ""),
        ("status", "brown fat"),
        ("signed", ""),
        ("unlocked", "wrong scan"),
        ("remove_edit", "it is a node"),
        ("deauville", ""),
        ("remove_edit", ""),
    ]
    assert all(act["role"] and act["at"] and act["new"] for act in one.get(f"{URL}/history").json()["acts"])
