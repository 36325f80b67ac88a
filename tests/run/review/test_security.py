"""Contract: T17. Names the room answers to, headers on every answer, writes of other pages, where the room may be opened."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from carpet.core.errors import ProtocolError
from carpet.run.review.security import LONGEST_BODY, Doorway, checked_doorway, is_loopback, refusal
from carpet.run.review.server_notices import HOST_UNKNOWN

from .conftest import BASE, PORT, Opened

FORBIDDEN_IN_POLICY = ("unsafe-inline", "unsafe-eval", "http:", "https:", "*")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (f"127.0.0.1:{PORT}", 200),
        (f"localhost:{PORT}", 200),
        (f"LOCALHOST:{PORT}", 200),
        (f"[::1]:{PORT}", 200),
        ("127.0.0.1", 421),
        (f"evil.example:{PORT}", 421),
        (f"127.0.0.1:{PORT}.evil.example", 421),
        (f"localhost.evil.example:{PORT}", 421),
        (f"127.0.0.1:{PORT + 1}", 421),
        ("", 421),
    ],
)
def test_only_the_names_of_the_room_are_answered(single: Opened, host: str, status: int) -> None:
    assert single.browser().get("/api/me", headers={"host": host}).status_code == status


@pytest.mark.parametrize("path", ["/", "/api/me", "/api/queue", "/api/nowhere", "/api/openapi.json", "/api/cases/A/TT/spin.png"])
def test_every_answer_carries_the_headers(single: Opened, path: str) -> None:
    headers = single.browser().arrive().get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert not [word for word in FORBIDDEN_IN_POLICY if word in policy]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"https://127.0.0.1:{PORT}"},
        {"origin": f"http://127.0.0.1:{PORT + 1}"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_write_of_another_page_is_refused(single: Opened, headers: dict[str, str]) -> None:
    one = single.browser().arrive()
    answer = one.post("/api/logout", **headers)
    assert (answer.status_code, answer.json()["notices"][0]["code"]) == (403, "REVIEW_FORM_TOKEN_WRONG")
    assert one.post("/api/logout", origin=BASE).status_code == 204


def test_what_is_too_long_is_refused(single: Opened) -> None:
    one = single.browser().arrive()
    assert one.post("/api/login", {"name": "x" * LONGEST_BODY, "password": ""}).status_code == 413


def test_half_a_request_is_none(single: Opened) -> None:
    """A line that breaks within the body of an undo: nothing is undone, and nothing is answered."""
    one = single.browser().arrive()
    version = one.post("/api/cases/A/TT/edits", {"kind": "comment", "text": "one"}, version=0).json()["version"]
    headers = {"host": BASE.split("//")[1], "cookie": "; ".join(f"{k}={v}" for k, v in one.cookies.items())}
    headers |= {"x-csrf-token": one.form_token, "if-match": f'"{version}"', "content-type": "application/json"}
    path = "/api/cases/A/TT/undo"
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http", "path": path}
    scope |= {"raw_path": path.encode(), "query_string": b"", "root_path": "", "server": ("127.0.0.1", PORT), "client": ("127.0.0.1", 1)}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]
    arrives = [{"type": "http.request", "body": b'{"reas', "more_body": True}, {"type": "http.disconnect"}]
    said: list[Any] = []

    async def receive() -> Any:
        return arrives.pop(0)

    async def send(message: Any) -> None:
        said.append(message)

    asyncio.run(single.app(scope, receive, send))
    assert said == []
    assert len(single.room.case("A/TT").readings[0].standing) == 1
    whole = [{"type": "http.request", "body": b"{}", "more_body": False}, {"type": "http.disconnect"}]
    arrives.extend(whole)
    asyncio.run(single.app(scope, receive, send))
    assert said[0]["status"] == 200
    assert single.room.case("A/TT").readings[0].standing == ()


def test_loopback_is_told_by_the_address_not_by_the_name() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.2", "localhost.evil.example", "", "ward-pc")))  # noqa: S104


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "ward-pc"])  # noqa: S104
@pytest.mark.parametrize(("tls", "accounts"), [(False, False), (True, False), (False, True)])
def test_another_address_needs_accounts_and_encryption(host: str, tls: bool, accounts: bool) -> None:
    with pytest.raises(ProtocolError, match="reached from other machines"):
        checked_doorway(host, PORT, tls=tls, accounts=accounts, names=("ward-pc",))


def test_every_address_needs_a_name() -> None:
    with pytest.raises(ProtocolError, match="--name"):
        checked_doorway("0.0.0.0", PORT, tls=True, accounts=True)  # noqa: S104
    open_to_all = checked_doorway("0.0.0.0", 443, tls=True, accounts=True, names=("Reading.ward.example",))  # noqa: S104
    assert open_to_all.hosts == {"reading.ward.example:443", "reading.ward.example"}
    assert open_to_all.address == "https://Reading.ward.example:443/"


def test_the_address_a_person_opens_is_one_that_is_answered() -> None:
    for doorway in (Doorway("127.0.0.1", 1234), Doorway("::1", 1234), Doorway("localhost", 1234)):
        assert doorway.address.split("/")[2] in doorway.hosts


def test_a_refusal_speaks_in_notices() -> None:
    answer = refusal(421, HOST_UNKNOWN.at("Host"), version=3)
    assert answer.status_code == 421
    assert b'"REVIEW_HOST_UNKNOWN"' in answer.body
    assert b'"version":3' in answer.body
