"""Contract: T14 every role, and none, on every route; T15 the interface asked at random keeps to its own description."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis.checks import not_a_server_error
from schemathesis.core import NOT_SET
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from carpet.run.review.app import review_app
from carpet.run.review.routes_page import NOT_BUILT
from carpet.run.review.security import Doorway

from .conftest import PASSWORD, PORT, Opened, Rooms, assigned

CASE = "/api/cases/{patient}/{timepoint}"
NOBODY = ""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EDIT = {"kind": "comment", "text": "seen"}
EVERY = ("Anna", "Rea", "Zoe", "Ada", "Vic")
# administrator, reader of the case, reader of other cases, its adjudicator while nobody differs, viewer while it is not settled
LOOK = {NOBODY: 401, "Anna": 200, "Rea": 200, "Zoe": 403, "Ada": 403, "Vic": 403}
MATRIX: dict[tuple[str, str], tuple[object, dict[str, int]]] = {
    ("GET", "/api/me"): (None, {NOBODY: 401, **dict.fromkeys(EVERY, 200)}),
    ("POST", "/api/login"): ({"name": "Rea", "password": "not this one"}, {NOBODY: 401, **dict.fromkeys(EVERY, 401)}),
    ("POST", "/api/logout"): ({}, {NOBODY: 401, **dict.fromkeys(EVERY, 204)}),
    ("GET", "/api/queue"): (None, {NOBODY: 401, **dict.fromkeys(EVERY, 200)}),
    ("GET", CASE): (None, LOOK),
    ("GET", f"{CASE}/pet"): (None, LOOK),
    ("GET", f"{CASE}/ct"): (None, LOOK),
    ("GET", f"{CASE}/labels"): (None, LOOK),
    ("GET", f"{CASE}/spin.png"): (None, LOOK),
    ("GET", f"{CASE}/spin_ids.png"): (None, LOOK),
    ("GET", f"{CASE}/history"): (None, LOOK),
    ("GET", f"{CASE}/measurements"): (None, LOOK),
    ("GET", f"{CASE}/decisions.csv"): (None, LOOK),
    ("GET", f"{CASE}/reading.json"): (None, LOOK),
    ("POST", f"{CASE}/edits"): (EDIT, {NOBODY: 401, "Anna": 403, "Rea": 200, "Zoe": 403, "Ada": 422, "Vic": 403}),
    ("POST", f"{CASE}/undo"): ({}, {NOBODY: 401, "Anna": 403, "Rea": 422, "Zoe": 403, "Ada": 422, "Vic": 403}),
    ("POST", f"{CASE}/sign"): ({"password": PASSWORD}, {NOBODY: 401, "Anna": 403, "Rea": 200, "Zoe": 403, "Ada": 422, "Vic": 403}),
    ("POST", f"{CASE}/unlock"): (
        {"reason": "r", "whose": "Rea"},
        {NOBODY: 401, "Anna": 422, "Rea": 422, "Zoe": 403, "Ada": 403, "Vic": 403},
    ),
    ("POST", f"{CASE}/start-again"): ({"reason": "r"}, {NOBODY: 401, "Anna": 403, "Rea": 422, "Zoe": 403, "Ada": 422, "Vic": 403}),
    ("POST", f"{CASE}/adjudicate"): (
        {"choice": "Rea", "password": PASSWORD},
        {NOBODY: 401, "Anna": 403, "Rea": 403, "Zoe": 403, "Ada": 422, "Vic": 403},
    ),
    ("POST", f"{CASE}/assign"): (
        {"readers": ["Rea", "Ron"], "adjudicator": "Ada"},
        {NOBODY: 401, "Anna": 200, "Rea": 403, "Zoe": 403, "Ada": 403, "Vic": 403},
    ),
}


def routes_of(opened: Opened) -> set[tuple[str, str]]:
    described = opened.app.openapi()["paths"]
    return {(method.upper(), path) for path, methods in described.items() for method in methods}


def test_every_route_has_a_row(many: Opened) -> None:
    assert routes_of(many) == set(MATRIX)
    plain = [route for route in many.app.routes if getattr(route, "path", "") not in ("/", "/api/openapi.json")]
    hidden = [getattr(route, "path", "") for route in plain if getattr(route, "include_in_schema", None) is False]
    assert hidden == []


@pytest.mark.parametrize("name", [NOBODY, *EVERY])
def test_every_role_on_every_route(rooms: Rooms, name: str) -> None:
    one = None
    for (method, path), (body, allowed) in MATRIX.items():
        if one is None or method == "POST":  # a room in which nothing has happened
            opened = rooms(readers=2)
            assigned(opened, "A/TT")
            one = opened.browser(name)
        where = path.format(patient="A", timepoint="TT")
        version = 2 if path.endswith("/assign") else 0
        answer = one.get(where) if method == "GET" else one.post(where, body, version=version)
        assert answer.status_code == allowed[name], (name, method, path, answer.text[:300])
        one = None if method == "POST" else one


def test_to_strangers_nothing_is_told_of_which_cases_there_are(many: Opened) -> None:
    for method, path in MATRIX:
        if "{patient}" not in path:
            continue
        for patient in ("A", "Q99"):
            where = path.format(patient=patient, timepoint="TT")
            answer = many.browser().get(where) if method == "GET" else many.browser().post(where, {}, version=0)
            assert (answer.status_code, answer.json()["notices"][0]["code"]) == (401, "REVIEW_SESSION_OVER"), (method, where)


def test_a_session_of_another_trial_opens_nothing(rooms: Rooms) -> None:
    here, there = rooms(readers=2), rooms(readers=2)
    one, stranger = here.browser("Anna"), there.browser("Anna")
    one.cookies, one.form_token = stranger.cookies, stranger.form_token
    for (method, path), (body, allowed) in MATRIX.items():
        where = path.format(patient="A", timepoint="TT")
        answer = one.get(where) if method == "GET" else one.post(where, body, version=0)
        assert answer.status_code == allowed[NOBODY], (method, path)


def test_blinding_and_the_way_to_adjudication(many: Opened) -> None:
    """Two readers sign differently; only then does the adjudicator see anything, and only after the choice does the viewer."""
    rea, ron, ada, vic = (many.browser(name) for name in ("Rea", "Ron", "Ada", "Vic"))
    view = rea.get("/api/cases/A/TT").json()
    largest = max((one for one in view["lesions"] if one["status"] == "physiologic"), key=lambda one: one["volume_ml"])
    changed = rea.post("/api/cases/A/TT/edits", {"kind": "status", "lesion": largest["id"], "status": "disease"}, version=0).json()
    assert ron.get("/api/cases/A/TT", params={"reading": "Rea"}).status_code == 403
    assert "Rea" not in ron.get("/api/cases/A/TT").text
    assert "Rea" not in ron.get("/api/cases/A/TT/history").text
    undecided = [one["id"] for one in changed["lesions"] if one["status"] == "undecided"]
    assert undecided == []
    signed = rea.post("/api/cases/A/TT/sign", {"password": PASSWORD}, version=changed["version"])
    assert signed.status_code == 200, signed.text
    assert rea.post("/api/cases/A/TT/edits", EDIT, version=signed.json()["version"]).status_code == 423
    assert ada.get("/api/cases/A/TT").status_code == 403
    assert "Rea" not in ron.get("/api/cases/A/TT").text
    assert ron.post("/api/cases/A/TT/sign", {"password": "wrong one"}, version=0).status_code == 401
    assert ron.post("/api/cases/A/TT/sign", {"password": PASSWORD}, version=0).json()["state"] == "disputed"
    both = {row["who"]: row["tmtv_ml"] for row in ada.get("/api/cases/A/TT").json()["readings"]}
    assert both["Rea"] == pytest.approx(both["Ron"] + largest["volume_ml"])
    assert {"Rea", "Ron"} <= {row["who"] for row in rea.get("/api/cases/A/TT").json()["readings"]}
    assert vic.get("/api/cases/A/TT").status_code == 403
    assert ada.post("/api/cases/A/TT/adjudicate", {"choice": "Ron", "password": PASSWORD}, version=0).json()["state"] == "settled"
    shown = vic.get("/api/cases/A/TT").json()
    assert (shown["whose"], [row["who"] for row in shown["readings"]]) == ("Ron", ["Ron"])


def test_a_later_scan_is_hidden_until_the_earlier_is_signed(single: Opened) -> None:
    one = single.browser().arrive()
    for part in ("", "/pet", "/spin.png", "/labels", "/measurements"):
        answer = one.get(f"/api/cases/A/M1{part}")
        assert (answer.status_code, answer.json()["notices"][0]["code"]) == (403, "REVIEW_IN_ORDER")


def test_unknown_places_and_methods_answer_in_notices(single: Opened) -> None:
    one = single.browser().arrive()
    for method, path, status in (
        ("GET", "/api/nowhere", 404),
        ("GET", "/api/cases/Z/TT", 404),
        ("DELETE", "/api/me", 405),
        ("PUT", "/api/queue", 405),
    ):
        answer = one.ask(method, path)
        assert answer.status_code == status
        assert answer.json()["notices"][0]["code"].startswith("REVIEW_")


def test_the_page_is_served_where_it_is_built(single: Opened, tmp_path: Path) -> None:
    assert single.browser().get("/").text == NOT_BUILT
    (tmp_path / "index.html").write_text("<!doctype html><title>room</title>")
    single.app = review_app(single.room, Doorway("127.0.0.1", PORT), static=tmp_path)
    answer = single.browser().get("/")
    assert "room" in answer.text
    assert "content-security-policy" in answer.headers


def test_nothing_but_the_page_is_served(single: Opened, tmp_path: Path) -> None:
    (tmp_path / "static" / "assets").mkdir(parents=True)
    for name in ("static/index.html", "static/assets/page.js", "secret.txt"):
        (tmp_path / name).write_text("here")
    single.app = review_app(single.room, Doorway("127.0.0.1", PORT), static=tmp_path / "static")
    assert single.browser().get("/assets/page.js").text == "here"
    for path in (
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/assets/%2e%2e/secret.txt",
        "//etc/passwd",
    ):
        assert single.browser().get(path).status_code == 404, path


def asked_at_random(opened: Opened, number: int) -> Counter[int]:
    """Requests made up from the description, half of them about a case there is with the version it has; how often each status came."""
    one, seen = opened.browser().arrive(), Counter[int]()
    schema = schemathesis.openapi.from_dict(opened.app.openapi())
    each = max(1, -(-number // len(MATRIX)))
    room = settings(
        max_examples=each, deadline=None, derandomize=True, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    for found in schema.get_all_operations():
        operation = found.ok()

        @room
        @given(case=operation.as_strategy(), known=strategies.booleans())
        def ask(case: schemathesis.Case, known: bool) -> None:
            path = case.path.format(patient="A", timepoint="TT") if known else case.formatted_path
            headers = {**(case.headers or {}), "X-CSRF-Token": one.form_token}
            if known:
                headers["If-Match"] = str(opened.room.history.case("A/TT").version_of("Rea"))
            content = None if case.body is NOT_SET else json.dumps(case.body).encode()
            headers |= {} if content is None else {"content-type": "application/json"}
            query = {name: value for name, value in (case.query or {}).items() if value is not None}
            answer = one.ask(case.method, path, headers=headers, content=content, params=query)
            seen[answer.status_code] += 1
            case.validate_response(answer, checks=CHECKS)
            if answer.status_code == 401 or case.method == "POST":
                one.arrive()

        ask()
    return seen


def test_the_interface_keeps_to_its_description(rooms: Rooms) -> None:
    seen = asked_at_random(rooms(only="Rea"), 150)
    assert not [status for status in seen if status >= 500]
    assert seen[200] >= 20


@pytest.mark.slow
def test_the_interface_keeps_to_its_description_2000_times(rooms: Rooms) -> None:
    seen = asked_at_random(rooms(only="Rea"), 2_800)  # some routes have fewer requests than their share
    assert seen.total() >= 2_000
    assert seen[200] >= 250
    assert not [status for status in seen if status >= 500]
