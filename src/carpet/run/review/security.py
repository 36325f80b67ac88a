"""What stands before every request: the names by which the room may be called, and the headers that every answer carries."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from carpet.core.errors import Notice, NoticeKind, ProtocolError
from carpet.run.review.server_notices import FORM_TOKEN_WRONG, HOST_UNKNOWN, TOO_LONG

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
LONGEST_BODY = 2 * 2**20  # bytes; a brush of 5,000 points has some 300 kB [P]
SAFE = ("GET", "HEAD", "OPTIONS")
# No script, style or picture but our own files
CONTENT_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "content-security-policy": "; ".join(f"{name} {value}" for name, value in CONTENT_POLICY.items()),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
YEAR_S = 365 * 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Doorway:
    """Where the room is: address, port, whether lines are encrypted, and further names by which it may be called."""

    host: str
    port: int
    tls: bool = False
    names: tuple[str, ...] = ()

    @property
    def hosts(self) -> frozenset[str]:
        """The Host headers that are answered."""
        own = LOOPBACK_NAMES if is_loopback(self.host) else () if _is_any(self.host) else (_bracketed(self.host),)
        usual = (":443", "") if self.tls else (":80", "")
        known = [one.lower() for one in (*own, *self.names)]
        ports = (f":{self.port}", *(usual if usual[0] == f":{self.port}" else ()))
        return frozenset(f"{name}{port}" for name in known for port in ports)

    @property
    def address(self) -> str:
        """What a person opens."""
        name = self.names[0] if self.names else "127.0.0.1" if is_loopback(self.host) and ":" not in self.host else _bracketed(self.host)
        return f"{'https' if self.tls else 'http'}://{name}:{self.port}/"


def checked_doorway(host: str, port: int, *, tls: bool, accounts: bool, names: Sequence[str] = ()) -> Doorway:
    """Where the room may be; raises ProtocolError for an address other machines reach, without accounts or TLS."""
    if not is_loopback(host):
        lacking = [word for word, there in (("--accounts", accounts), ("--tls-cert and --tls-key", tls)) if not there]
        if lacking:
            raise ProtocolError(f"--host {host} can be reached from other machines: it needs {' and '.join(lacking)}")
        if _is_any(host) and not names:
            raise ProtocolError(f"--host {host} is every address of this machine: say by --name what the room is called")
    return Doorway(host, port, tls, tuple(names))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_any(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def refusal(status: int, *notices: Notice, headers: dict[str, str] | None = None, **more: object) -> JSONResponse:
    """An answer that says no, in the words of the notices."""
    return JSONResponse({"notices": [one.as_dict() for one in notices], **more}, status, headers)


class Guard:
    """Answers only by the names the room has, refuses writes of other pages and what is too long, and adds the headers."""

    def __init__(self, app: ASGIApp, doorway: Doorway, *, headers: Mapping[str, str] = HEADERS, unknown: NoticeKind = HOST_UNKNOWN) -> None:
        """unknown: what is said to whoever calls the room by another name."""
        self.app, self.doorway, self.headers, self.unknown = app, doorway, headers, unknown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        guarded = self._guarded(send)
        no = self._refused(Headers(scope=scope), scope["method"])
        if no is not None:
            await no(scope, receive, guarded)
            return
        try:
            body = await _body(receive) if scope["method"] not in SAFE else b""
        except ClientDisconnect:
            return  # half a request is none
        if body is None:
            await refusal(413, TOO_LONG.at("body"))(scope, receive, guarded)
            return
        await self.app(scope, _again(body, receive), guarded)

    def _refused(self, headers: Headers, method: str) -> JSONResponse | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self.doorway.hosts:
            return refusal(421, self.unknown.at("Host"))
        if method in SAFE:
            return None
        scheme = "https" if self.doorway.tls else "http"
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"{scheme}://{hosts[0].lower()}":
            return refusal(403, FORM_TOKEN_WRONG.at("Origin"))
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return refusal(403, FORM_TOKEN_WRONG.at("Sec-Fetch-Site"))
        return None

    def _guarded(self, send: Send) -> Send:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                if self.doorway.tls:
                    headers["strict-transport-security"] = f"max-age={YEAR_S}"
            await send(message)

        return with_headers


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None where it is longer than allowed. Raises ClientDisconnect where it ends before its end."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LONGEST_BODY:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
