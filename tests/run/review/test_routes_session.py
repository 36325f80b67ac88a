"""Contract: T17. Cookies, form tokens, log-in delay, session fixation, as a browser meets them."""

from __future__ import annotations

import pytest

from .conftest import PASSWORD, PORT, Opened, Rooms

COOKIE = f"carpet_{PORT}"


def test_the_cookie_is_kept_from_scripts_and_other_sites(rooms: Rooms) -> None:
    plain = rooms().browser().log_in("Rea").headers["set-cookie"]
    assert plain.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in plain.split(";")}
    assert "Secure" not in plain
    one = rooms(tls=True).browser()
    one.base = f"https://127.0.0.1:{PORT}"
    answer = one.log_in("Rea")
    assert answer.headers["set-cookie"].startswith(f"__Host-{COOKIE}=")
    assert {"Secure", "HttpOnly", "SameSite=strict"} <= {part.strip() for part in answer.headers["set-cookie"].split(";")}
    assert "max-age" in answer.headers["strict-transport-security"]


def test_a_cookie_planted_before_log_in_opens_nothing_after_it(many: Opened) -> None:
    victim, attacker = many.browser(), many.browser()
    planted = "ab" * 32
    for one in (victim, attacker):
        one.cookies.set(COOKIE, planted, domain="127.0.0.1")
    answer = victim.log_in("Rea")
    assert answer.status_code == 200
    assert planted not in answer.headers["set-cookie"]
    assert attacker.get("/api/queue").status_code == 401
    earlier = answer.cookies[COOKIE]
    assert victim.log_in("Rea").cookies[COOKIE] != earlier


def test_log_out_ends_the_session_for_whoever_has_its_cookie(many: Opened) -> None:
    one, thief = many.browser("Rea"), many.browser()
    thief.cookies.set(COOKIE, next(iter(one.cookies.jar)).value or "", domain="127.0.0.1")
    assert thief.get("/api/me").json()["name"] == "Rea"
    assert one.post("/api/logout").status_code == 204
    assert thief.get("/api/me").status_code == 401


def test_failed_log_ins_are_told_alike_and_then_wait(many: Opened) -> None:
    one = many.browser()
    answers = {name: [one.log_in(name, "wrong password here") for _ in range(4)] for name in ("Rea", "Nemo")}
    assert [answer.status_code for answer in answers["Rea"]] == [401, 401, 401, 429]
    assert [answer.json() for answer in answers["Rea"]] == [answer.json() for answer in answers["Nemo"]]
    assert int(answers["Rea"][3].headers["retry-after"]) >= 1
    assert one.log_in("Rea").status_code == 429
    many.clock.pass_s(2)
    assert one.log_in("Rea").status_code == 200


@pytest.mark.parametrize("token", ["", "00" * 32, "ß"])
def test_a_change_needs_the_form_token_of_this_session(many: Opened, token: str) -> None:
    one = many.browser("Rea")
    one.form_token = token
    headers = {"X-CSRF-Token": token.encode()}
    answer = one.ask("POST", "/api/cases/A/TT/edits", json={"kind": "comment", "text": "x"}, headers=headers)
    assert (answer.status_code, answer.json()["notices"][0]["code"]) == (403, "REVIEW_FORM_TOKEN_WRONG")


def test_a_token_of_another_session_is_not_taken(many: Opened) -> None:
    one, other = many.browser("Rea"), many.browser("Ron")
    one.form_token = other.form_token
    assert one.post("/api/logout").status_code == 403


def test_a_session_ends_after_half_an_hour_without_a_word(many: Opened) -> None:
    one = many.browser("Rea")
    many.clock.pass_s(29 * 60)
    assert one.get("/api/queue").status_code == 200
    many.clock.pass_s(31 * 60)
    assert one.get("/api/queue").status_code == 401


def test_who_reads_alone_is_let_in_at_once(single: Opened) -> None:
    one = single.browser()
    assert one.get("/api/queue").status_code == 401
    me = one.arrive().get("/api/me").json()
    assert (me["name"], me["role"], me["accounts"]) == ("Rea", "reader", False)
    assert one.get("/api/queue").status_code == 200


def test_the_queue_is_ones_own(many: Opened) -> None:
    shown = {name: [row["case"] for row in many.browser(name).get("/api/queue").json()["cases"]] for name in ("Rea", "Zoe", "Ada", "Vic")}
    assert shown == {"Rea": ["A/TT"], "Zoe": [], "Ada": [], "Vic": []}
    assert len(many.browser("Anna").get("/api/queue").json()["cases"]) == 6


def test_no_password_is_ever_told(many: Opened) -> None:
    one = many.browser("Rea")
    told = [one.get(path).text for path in ("/api/me", "/api/queue", "/api/cases/A/TT/history")]
    assert not [text for text in told if PASSWORD in text or "argon2" in text]
