"""Contract: every refusal has a status of its own kind; versions are read as browsers write them."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import FastAPI, Request, Response

from carpet.core.errors import Refused
from carpet.review import notices as reasons
from carpet.run.review.security import Doorway
from carpet.run.review.web import STATUS, AsciiAnswer, answer_refusals, cookie_name, doorway_of, end_session, room_of, version_of

from .conftest import Opened


@pytest.mark.parametrize(("sent", "version"), [('"7"', 7), ("7", 7), ('W/"12"', 12), (' "0" ', 0)])
def test_versions_are_read_as_they_are_sent(sent: str, version: int) -> None:
    assert version_of(sent) == version


@pytest.mark.parametrize("sent", ["", "*", '"x"', "-1", '"1", "2"', "9" * 20])
def test_what_is_no_version_is_asked_for(sent: str) -> None:
    with pytest.raises(Refused, match="REVIEW_VERSION_MISSING"):
        version_of(sent)


def test_statuses_tell_who_from_what() -> None:
    assert STATUS[reasons.SESSION_OVER.code] == 401
    assert STATUS[reasons.BLINDED.code] == 403
    assert STATUS[reasons.LOCKED.code] == 423
    assert reasons.EDIT_MALFORMED.code not in STATUS


def test_cookies_of_two_rooms_have_two_names() -> None:
    assert cookie_name(Doorway("127.0.0.1", 1)) != cookie_name(Doorway("127.0.0.1", 2))
    assert cookie_name(Doorway("ward", 1, tls=True)).startswith("__Host-")
    gone = Response()
    end_session(gone, Doorway("127.0.0.1", 1))
    assert "Max-Age=0" in gone.headers["set-cookie"]


def test_half_a_surrogate_pair_can_be_answered() -> None:
    assert AsciiAnswer({"name": "\ud800"}).body == b'{"name":"\\ud800"}'


def test_a_request_knows_its_room(single: Opened) -> None:
    request = Request({"type": "http", "app": single.app, "headers": []})
    assert room_of(request) is single.room
    assert doorway_of(request).port == single.app.state.doorway.port


def test_a_full_disk_is_told_and_not_a_bug() -> None:
    app = FastAPI()
    answer_refusals(app)
    answer = asyncio.run(app.exception_handlers[OSError](None, OSError(28, "No space left on device")))  # type: ignore[arg-type,misc]
    assert answer.status_code == 503
    assert b"REVIEW_HISTORY_DISK" in answer.body
