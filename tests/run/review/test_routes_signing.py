"""Contract: sign, unlock, adjudicate and assign, each with the version it is of, the password where there are accounts, and a reason."""

from __future__ import annotations

from carpet.run.review.routes_signing import adjudicate, assign, router, sign, start_again, unlock

from .conftest import PASSWORD, Opened, Rooms

URL = "/api/cases/A/TT"


def test_each_act_has_one_route() -> None:
    assert {route.endpoint for route in router.routes} == {sign, unlock, start_again, adjudicate, assign}  # type: ignore[attr-defined]


def test_a_signature_asks_for_the_password_again_and_waits_like_a_log_in(many: Opened) -> None:
    one = many.browser("Rea")
    statuses = [one.post(f"{URL}/sign", {"password": "not this one"}, version=0).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    many.clock.pass_s(2)
    answer = one.post(f"{URL}/sign", {"password": PASSWORD}, version=0)
    assert (answer.status_code, answer.json()["reading"]) == (200, "signed")
    assert one.post(f"{URL}/sign", {"password": PASSWORD}, version=answer.json()["version"]).status_code == 423


def test_unlocking_needs_a_reason_and_the_version(single: Opened) -> None:
    one = single.browser().arrive()
    version = one.post(f"{URL}/sign", {}, version=0).json()["version"]
    assert one.post(f"{URL}/unlock", {"reason": "  "}, version=version).status_code == 422
    assert one.post(f"{URL}/unlock", {"reason": "wrong score"}, version=version - 1).status_code == 409
    done = one.post(f"{URL}/unlock", {"reason": "wrong score"}, version=version).json()
    assert (done["state"], done["reading"]) == ("reading", "unlocked")
    assert [act["reason"] for act in one.get(f"{URL}/history").json()["acts"] if act["what"] == "unlocked"] == ["wrong score"]


def test_what_strangers_type_does_not_keep_from_signing(many: Opened) -> None:
    one, stranger = many.browser("Rea"), many.browser()
    for _ in range(4):
        stranger.log_in("Rea", "not this one")
    assert stranger.log_in("Rea", PASSWORD).status_code == 429
    assert one.post(f"{URL}/sign", {"password": PASSWORD}, version=0).status_code == 200


def test_of_anothers_reading_a_stale_version_tells_nothing(many: Opened) -> None:
    one = many.browser("Rea")
    assert one.post(f"{URL}/edits", {"kind": "deauville", "score": "5", "reason": "as hot as the brain"}, version=0).status_code == 200
    for name in ("Ron", "Zoe", "Ada", "Vic"):
        answer = many.browser(name).post(f"{URL}/unlock", {"reason": "x", "whose": "Rea"}, version=0)
        assert (answer.status_code, "since" in answer.json()) == (403, False), name
        assert "hot" not in answer.text
    assert many.browser("Anna").post(f"{URL}/unlock", {"reason": "x", "whose": "Rea"}, version=0).status_code == 409


def test_only_people_of_the_right_role_are_assigned(rooms: Rooms) -> None:
    opened = rooms(readers=2)
    one = opened.browser("Anna")
    version = opened.room.history.case("A/TT").version
    for body in ({"readers": ["Rea", "Vic"]}, {"readers": ["Rea", "Nemo"]}, {"readers": ["Rea"]}, {"readers": ["Rea", "Rea"]}):
        assert one.post(f"{URL}/assign", body, version=version).status_code == 422, body
    assert one.post(f"{URL}/assign", {"readers": ["Rea", "Ron"], "adjudicator": "Ron"}, version=version).status_code == 422
    done = one.post(f"{URL}/assign", {"readers": ["Rea", "Ron"], "adjudicator": "Ada"}, version=version)
    assert (done.json()["state"], done.json()["version"]) == ("reading", version + 1)
