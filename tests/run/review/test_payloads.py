"""Contract: T16. Forty hostile texts in every text that the room takes or shows: data in its answers, never markup, formula or log line."""

from __future__ import annotations

import csv
import io
import json
import urllib.parse
from collections import OrderedDict
from dataclasses import replace
from types import ModuleType
from typing import Any

import httpx
import pytest

from carpet.core.study import Fact
from carpet.run.review.room import Room

from .conftest import PASSWORD, Browser, Rooms, assigned

URL = "/api/cases/A/TT"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
MAY_ANSWER = {200, 303, 401, 403, 404, 409, 421, 422, 423, 429}


@pytest.fixture(scope="module")
def payloads(request: pytest.FixtureRequest) -> ModuleType:
    loaded: ModuleType = request.getfixturevalue("from_checkout")("validation/reliability/payloads.py")
    return loaded


def is_data(answer: httpx.Response, text: str) -> bool:
    """JSON in ASCII that no browser takes for a page; or plain text, or a redirect, without a word of it."""
    assert answer.status_code in MAY_ANSWER, (answer.status_code, text)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "script-src 'self';" in answer.headers["content-security-policy"]
    assert not [value for name, value in answer.headers.items() if text[:40] in value and len(text) > 6]
    if answer.headers.get("content-type") == "application/json":
        assert answer.content.isascii()
        assert not [byte for byte in answer.content if byte < 0x20]
        json.loads(answer.content)
        return True
    return answer.status_code == 303 or (answer.headers["content-type"].startswith("text/plain") and text[:40] not in answer.text)


def taken(one: Browser, url: str, body: object, version: int) -> tuple[int, httpx.Response]:
    answer = one.post(url, body, version=version)
    return (answer.json()["version"] if answer.status_code == 200 else version), answer


@pytest.mark.slow
def test_what_people_write_stays_text(rooms: Rooms, payloads: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    opened = rooms(only="Rea")
    one, version = opened.browser().arrive(), 0
    start = one.get(URL).json()
    kept, reasons = [], []
    for text in payloads.PAYLOADS:
        version, answer = taken(one, f"{URL}/edits", {"kind": "comment", "text": text}, version)
        kept += [text.strip()] if answer.status_code == 200 else []
        assert is_data(answer, text)
        version, answer = taken(one, f"{URL}/edits", {"kind": "new_lesions", "present": False, "reason": text}, version)
        reasons += [text.strip()] if answer.status_code == 200 else []
        for field in (
            {"kind": "site", "lesion": "L03", "site": text},
            {"kind": "ct_seen", "name": text, "counts_as": "node", "seen": "absent"},
            {"kind": "status", "lesion": text, "status": "disease"},
            {"kind": text},
            {text: text},
        ):
            answer = one.post(f"{URL}/edits", field, version=version)
            assert answer.status_code == 422, text
            assert is_data(answer, text)
    assert len(kept) >= 30
    assert len(reasons) == len(kept)
    view = one.get(URL)
    assert is_data(view, "\x00")
    assert [row["text"] for row in view.json()["comments"]] == kept
    for name in ("biomarkers", "lesions", "steps", "response"):
        assert view.json()[name] == start[name]
    acts = one.get(f"{URL}/history").json()["acts"]
    assert [act["reason"] for act in acts if act["what"] == "new_lesions"] == reasons
    table = one.get(f"{URL}/decisions.csv")
    assert table.headers["content-disposition"].startswith("attachment")
    assert not [cell for row in csv.reader(io.StringIO(table.text)) for cell in row if cell.startswith(FORMULA)]
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_names_questions_and_reasons_stay_text(rooms: Rooms, payloads: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    opened = rooms(readers=2)
    assigned(opened, "A/TT")
    rea, anna, stranger = opened.browser("Rea"), opened.browser("Anna"), opened.browser()
    assert rea.post(f"{URL}/sign", {"password": PASSWORD}, version=0).status_code == 200
    for text in payloads.PAYLOADS:
        quoted = urllib.parse.quote(text, safe="", errors="replace")[:3_000] or "x"
        said = opened.room.history.case("A/TT")
        answers = [
            stranger.get("/", params={"key": text}),
            stranger.get(f"/{quoted}"),
            rea.get(URL, params={"reading": text}),
            rea.get(f"/api/cases/{quoted}/TT"),
            rea.get(f"/api/cases/A/{quoted}"),
            anna.post(f"{URL}/assign", {"readers": [text, "Ron"]}, version=said.version),
            anna.post(f"{URL}/adjudicate", {"choice": text}, version=0),
            anna.post(f"{URL}/unlock", {"reason": text, "whose": text}, version=said.version_of("Rea")),
            rea.ask("POST", f"{URL}/undo", json={}, headers={"X-CSRF-Token": text.encode("utf-8", "replace").hex(), "If-Match": '"1"'}),
        ]
        answers += [stranger.post("/api/login", {"name": text, "password": "x"})] if len(text) < 30 else []
        for answer in answers:
            assert is_data(answer, text), (answer.status_code, answer.headers, text)
            assert answer.status_code >= 400
        unlocked = anna.post(f"{URL}/unlock", {"reason": text, "whose": "Rea"}, version=said.version_of("Rea"))
        assert is_data(unlocked, text)
        if unlocked.status_code == 200:
            now = opened.room.history.case("A/TT")
            assert rea.post(f"{URL}/sign", {"password": PASSWORD}, version=now.version_of("Rea")).status_code == 200
    assert opened.room.history.verify() == ()
    assert capfd.readouterr() == ("", "")


def hostile(room: Room, text: str) -> None:
    """What the headers of A/TT said becomes this."""
    case = room.case("A/TT")
    scan, meter = room._meter(case)
    one = scan.surveyed
    pet = one.study.pet
    assert pet.pet is not None
    said = Fact(text, "(0008,0070)")
    facts = replace(pet.pet, manufacturer=said, model=said, reconstruction=said)
    study = replace(one.study, pet=replace(pet, description=text, pet=facts), chosen_because=text)
    room._meters[case.id] = (replace(scan, surveyed=replace(one, study=study)), meter)
    room._done.clear()


@pytest.mark.slow
def test_what_the_headers_say_stays_text(rooms: Rooms, payloads: ModuleType) -> None:
    opened = rooms(only="Rea")
    room = replace(opened.room, _meters=OrderedDict(opened.room._meters), _done=OrderedDict())
    opened.app.state.room = room
    one = opened.browser().arrive()
    start: dict[str, Any] = one.get(URL).json()
    for text in payloads.PAYLOADS:
        hostile(room, text)
        view = one.get(URL)
        assert is_data(view, "\x00")
        assert {row["name"]: row["value"] for row in view.json()["scan"]}["PET series"] == text
        for name in ("biomarkers", "lesions", "references", "response"):
            assert view.json()[name] == start[name]
        table = one.get(f"{URL}/decisions.csv").text
        assert text not in table or len(text) < 4
