"""Contract: T17. The key of the printed address becomes a cookie once; the address that stays has no key in it."""

from __future__ import annotations

from dataclasses import replace

from carpet.review.roles import Person, Role
from carpet.run.review.app import review_app
from carpet.run.review.keys import Key
from carpet.run.review.people import People
from carpet.run.review.security import Doorway

from .conftest import PORT, Browser, Opened


def test_a_key_becomes_a_cookie_once(single: Opened) -> None:
    key = Key(lambda fresh: None)
    room = replace(single.room, people=People({}, single.clock, Person("Rea", Role.READER), key))
    app = review_app(room, Doorway("127.0.0.1", PORT))
    one, other, first = Browser(app), Browser(app), key.now
    refused = one.get("/api/me")
    assert (refused.status_code, refused.json()["notices"][0]["code"]) == (403, "REVIEW_KEY_NEEDED")
    assert one.get("/", params={"key": "wrong"}).status_code == 403
    answer = one.get("/", params={"key": first})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert {"HttpOnly", "SameSite=strict"} <= {part.strip() for part in answer.headers["set-cookie"].split(";")}
    assert one.arrive().get("/api/queue").status_code == 200
    again = other.get("/", params={"key": first})
    assert (again.status_code, "set-cookie" in again.headers) == (403, False)
    assert again.headers["content-type"].startswith("text/plain")
    assert one.get("/", params={"key": first}).status_code == 303  # who is in already, by the same link
    assert other.get("/api/queue").status_code == 403


def test_with_accounts_a_key_opens_nothing(many: Opened) -> None:
    one = many.browser()
    assert one.get("/", params={"key": "x"}).status_code == 403
    assert one.get("/api/queue").status_code == 401
