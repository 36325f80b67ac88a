"""Contract: one server that the user named; caps, time limits, no redirect, no secret in any message."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from carpet.core.errors import ProtocolError, Refused
from carpet.dicom.network import http
from carpet.dicom.network.http import Credentials, Server, is_loopback, talking_to

SECRET = "s3cret-W0rd"  # noqa: S105
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"


@contextmanager
def speaking(*answers: Callable[[socket.socket], None] | bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers connection after connection with these bytes, and what it was asked."""
    asked: list[bytes] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def serve() -> None:
            for answer in answers:
                connection, _ = listening.accept()
                with connection:
                    asked.append(connection.recv(65536))
                    answer(connection) if callable(answer) else connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/dicom-web", asked
        thread.join(5)


def body_of(server: Server, cap: int = 1000) -> bytes:
    with server.get("studies", accept="application/json") as answer:
        return b"".join(answer.blocks(cap))


def code_of(address: str, cap: int = 1000, credentials: Credentials | None = None) -> str:
    with Server(address, credentials or Credentials()) as server, pytest.raises(Refused) as refused:
        body_of(server, cap)
    assert SECRET not in str(refused.value)
    return refused.value.codes[0]


def test_an_answer_is_read_and_the_request_is_what_it_should_be() -> None:
    with speaking(OK) as (address, asked), Server(address + "/", Credentials(user="käthe", password=SECRET)) as server:
        request = server.get("studies", "1.2/3", accept="application/json", query={"PatientID": "a b&c"})
        with request as answer:
            assert b"".join(answer.blocks(10)) == b"[]"
    assert asked[0].startswith(b"GET /dicom-web/studies/1.2%2F3?PatientID=a+b%26c HTTP/1.1\r\n")
    assert b"Authorization: Basic a8OkdGhlOnMzY3JldC1XMHJk\r\n" in asked[0]


def test_a_token_is_a_bearer_token_and_credentials_are_not_shown() -> None:
    with speaking(OK) as (address, asked), Server(address, Credentials(token=SECRET)) as server:
        body_of(server)
    assert f"Authorization: Bearer {SECRET}\r\n".encode() in asked[0]
    assert SECRET not in repr(Credentials(user="u", password=SECRET, token=SECRET))
    assert Credentials().header() == {}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "SERVER_ANSWER_UNUSABLE"),
        (b"SSH-2.0-OpenSSH_9\r\n", "SERVER_ANSWER_UNUSABLE"),
        (b"HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n", "SERVER_REFUSED"),
        (b"HTTP/1.1 401 no\r\nContent-Length: 0\r\n\r\n", "SERVER_REFUSED"),
        (b"HTTP/1.1 302 no\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "SERVER_REFUSED"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[]", "SERVER_ANSWER_UNUSABLE"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n[]", "SERVER_ANSWER_UNUSABLE"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000, "SERVER_ANSWER_UNUSABLE"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "SERVER_ANSWER_UNUSABLE"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab", "SERVER_ANSWER_UNUSABLE"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n[]", "SERVER_ANSWER_UNUSABLE"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n[]", "SERVER_ANSWER_UNUSABLE"),
    ],
)
def test_bad_answers_are_refused_with_a_code(answer: bytes, code: str) -> None:
    with speaking(answer) as (address, _):
        assert code_of(address, credentials=Credentials(user="u", password=SECRET)) == code


def test_a_redirect_is_said_and_not_followed() -> None:
    with speaking(b"HTTP/1.1 307 x\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n") as (address, asked):
        with Server(address, Credentials()) as server, pytest.raises(Refused, match=r"HTTP 307.*not followed"):
            body_of(server)
        assert len(asked) == 1


def test_nobody_there() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    assert code_of(f"http://127.0.0.1:{port}") == "SERVER_UNREACHABLE"
    assert code_of("https://no-such-host.invalid") == "SERVER_UNREACHABLE"


def test_plain_http_on_a_tls_address() -> None:
    with speaking(b"HTTP/1.1 400 no\r\n\r\n") as (address, _):
        assert code_of(address.replace("http:", "https:")) == "SERVER_UNREACHABLE"


def test_silence_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "IDLE_S", 0.2)
    with speaking(lambda connection: time.sleep(0.5)) as (address, _):
        assert code_of(address) == "SERVER_UNREACHABLE"


def test_headers_that_drip_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "ANSWER_S", 0.3)
    with speaking(lambda connection: drip(connection, b"HTTP/1.1 200 OK\r\nX: ")) as (address, _):
        began = time.monotonic()
        assert code_of(address) in ("SERVER_UNREACHABLE", "SERVER_ANSWER_UNUSABLE")
        assert time.monotonic() - began < 30  # the dripping alone would take a minute


def test_a_body_that_drips_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "SLOW_AFTER_S", 0.2)
    with speaking(lambda connection: drip(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")) as (address, _):
        assert code_of(address) == "SERVER_ANSWER_UNUSABLE"


def drip(connection: socket.socket, start: bytes) -> None:
    try:
        connection.sendall(start)
        for _ in range(3000):
            connection.sendall(b"y")
            time.sleep(0.02)
    except OSError:
        return


def test_a_connection_that_was_closed_between_requests_is_opened_anew() -> None:
    with speaking(OK, OK) as (address, asked), Server(address, Credentials()) as server:
        assert body_of(server) == b"[]"
        time.sleep(0.05)
        assert body_of(server) == b"[]"
    assert len(asked) == 2


def test_one_connection_serves_many_requests() -> None:
    def twice(connection: socket.socket) -> None:
        connection.sendall(OK)
        connection.recv(65536)
        connection.sendall(OK)

    with speaking(twice) as (address, asked), Server(address, Credentials()) as server:
        assert [body_of(server), body_of(server)] == [b"[]", b"[]"]
    assert len(asked) == 1


@pytest.mark.parametrize(
    "address",
    [
        "", "archive/dicom-web", "ftp://archive/", "https://", "https:///dicom-web", "https://host:99999/", "https://host:port/", "https://[::1/",
        "https://host/?a=b", "https://host/#a", "https://ho st/", "https://host/\r\nX: y", f"https://u:{SECRET}@host/", "https://høst/",
    ],
)  # fmt: skip
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(ProtocolError) as wrong:
        Server(address, Credentials())
    assert SECRET not in str(wrong.value)


def test_http_only_to_this_machine_unless_said() -> None:
    for address in ("http://localhost:1", "http://127.9.9.9:1", "http://[::1]:1", "https://archive.example"):
        Server(address, Credentials())
    for address in ("http://archive.example", "http://192.168.0.1", "http://localhost.archive.example"):
        with pytest.raises(ProtocolError, match="clear text"):
            Server(address, Credentials())
        Server(address, Credentials(), insecure_http=True)


def test_loopback() -> None:
    assert [is_loopback(host) for host in ("localhost", "127.0.0.1", "::1", "10.0.0.1", "example.org")] == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConnectionResetError(104, "Connection reset by peer"), "SERVER_UNREACHABLE"),
        (ssl.SSLCertVerificationError("x"), "SERVER_UNREACHABLE"),
        (http.HTTPException(), "SERVER_ANSWER_UNUSABLE"),
    ],
)
def test_failures_of_the_network_are_refusals(error: Any, code: str) -> None:
    error.verify_message = "self-signed certificate"
    with pytest.raises(Refused) as refused, talking_to("https://archive"):
        raise error
    assert refused.value.codes == (code,)
