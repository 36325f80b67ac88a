"""One HTTP server that the user named: requests under caps and time limits, no redirect followed, no secret in any message."""

from __future__ import annotations

import base64
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from carpet.core.errors import ProtocolError, Refused
from carpet.dicom import notices

IDLE_S = 60.0  # without a byte
ANSWER_S = 300.0  # until status and headers are there; an archive may have to look on tape
SLOW_AFTER_S, SLOW_BYTES_PER_S = 60.0, 4_000.0  # slower than this after a minute is a server that holds us, not one that works
BLOCK_BYTES = 2**16
JSON_CAP_BYTES = 64 * 2**20
REASON_CHARACTERS = 80


@dataclass(frozen=True)
class Credentials:
    """Who asks: a token, or a user with a password, or nobody. Never shown."""

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    def header(self) -> dict[str, str]:
        if self.token is not None:
            return {"Authorization": f"Bearer {self.token}"}
        if self.user is not None:
            pair = f"{self.user}:{self.password or ''}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return {}


class Answer:
    """The body of one answer, block by block, and what its headers say."""

    def __init__(self, response: HTTPResponse, where: str) -> None:
        self._response, self._where = response, where
        self.status = response.status
        self.content_type = response.headers.get("Content-Type", "")

    def blocks(self, cap: int) -> Iterator[bytes]:
        """The body; raises Refused where it is longer than `cap`, shorter than it says, or too slow."""
        length, seen, since = self._response.length, 0, time.monotonic()
        if length is not None and length > cap:
            raise self.unusable(f"{length} bytes announced, at most {cap} are taken")
        while block := self._block():
            seen += len(block)
            elapsed = time.monotonic() - since
            if seen > cap:
                raise self.unusable(f"more than {cap} bytes")
            if elapsed > SLOW_AFTER_S and seen < elapsed * SLOW_BYTES_PER_S:
                raise self.unusable(f"{seen} bytes in {elapsed:.0f} s")
            yield block
        if length is not None and seen != length:
            raise self.unusable(f"{seen} of {length} bytes")
        with talking_to(self._where):
            self._response.read()  # nothing is left; it tells the response so, and the connection may be used again

    def _block(self) -> bytes:
        with talking_to(self._where):
            return self._response.read1(BLOCK_BYTES)

    def unusable(self, found: str) -> Refused:
        return Refused(notices.SERVER_ANSWER_UNUSABLE.at(self._where, found))


class Server:
    """A DICOMweb service by its address. Use as a context: the connection ends with it."""

    def __init__(self, address: str, credentials: Credentials, *, insecure_http: bool = False) -> None:
        self._parts = _checked(address, insecure_http=insecure_http)
        self._credentials = credentials
        self._connection: HTTPConnection | None = None
        self.origin = f"{self._parts.scheme}://{self._parts.netloc}"

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    @contextmanager
    def get(self, *path: str, accept: str, query: Mapping[str, str] | None = None) -> Iterator[Answer]:
        """Ask for `path` below the service's address; raises Refused for any status but 200, 204 and 206."""
        asked = f"?{urlencode(query)}" if query else ""
        with self._answer("GET", self._target(path) + asked, {"Accept": accept}, None) as answer:
            yield answer

    @contextmanager
    def post(self, *path: str, accept: str, content_type: str, body: bytes, also: frozenset[int]) -> Iterator[Answer]:
        """Send `body`; a status in `also` is an answer too."""
        headers = {"Accept": accept, "Content-Type": content_type}
        with self._answer("POST", self._target(path), headers, body, also) as answer:
            yield answer

    def _target(self, path: tuple[str, ...]) -> str:
        return "/".join((self._parts.path.rstrip("/"), *(quote(part, safe="") for part in path)))

    @contextmanager
    def _answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, also: frozenset[int] = frozenset()
    ) -> Iterator[Answer]:
        whole = False
        response: HTTPResponse | None = None
        try:
            with talking_to(self.origin):
                response = self._asked(method, target, {**headers, **self._credentials.header(), "User-Agent": "carpet"}, body)
            if response.status not in {200, 204, 206} | also:
                raise Refused(notices.SERVER_REFUSED.at(self.origin, _status(response.status)))
            yield Answer(response, self.origin)
            whole = response.isclosed()  # else what is left of this answer would be taken for the next one
        finally:
            if response is not None:
                response.close()
            if not whole:
                self._close()

    def _asked(self, method: str, target: str, headers: dict[str, str], body: bytes | None) -> HTTPResponse:
        """The response; a connection that the server has closed between two requests is opened anew, once."""
        if self._connection is not None:
            try:
                return self._sent(self._connection, method, target, headers, body)
            except ConnectionError:
                self._close()
        self._connection = self._opened()
        return self._sent(self._connection, method, target, headers, body)

    def _sent(self, connection: HTTPConnection, method: str, target: str, headers: dict[str, str], body: bytes | None) -> HTTPResponse:
        late = threading.Event()
        clock = threading.Timer(ANSWER_S, _cut, [connection, late])
        clock.daemon = True
        clock.start()
        try:
            connection.request(method, target, body=body, headers=headers)
            response = connection.getresponse()
        finally:
            clock.cancel()
        if late.is_set():
            response.close()
            raise TimeoutError(f"no answer within {ANSWER_S:.0f} s")
        return response

    def _opened(self) -> HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return HTTPSConnection(host, port, timeout=IDLE_S, context=ssl.create_default_context())
        return HTTPConnection(host, port, timeout=IDLE_S)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _checked(address: str, *, insecure_http: bool) -> SplitResult:
    """The parts of an address that may be asked; raises ProtocolError, which never repeats the address."""
    try:
        parts = urlsplit(address)
        port_is_fine = parts.port != 0
    except ValueError as error:
        raise ProtocolError("the address is not a URL; give it as https://host:port/dicom-web") from error
    if not address.isascii() or not address.isprintable() or " " in address or parts.query or parts.fragment:
        raise ProtocolError("the address of the service has no blanks, no ? and no #; give it as https://host:port/dicom-web")
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine:
        raise ProtocolError("the address of the service begins with https:// and names a host, for example https://host:port/dicom-web")
    if "@" in parts.netloc:
        raise ProtocolError(
            "name and password do not belong into the address, where others see them: use --user and CARPET_DICOMWEB_PASSWORD"
        )
    if parts.scheme == "http" and not insecure_http and not is_loopback(parts.hostname):
        raise ProtocolError(
            "http:// sends patient data and passwords in clear text over the network: use https://, or say --insecure-http "
            "where the line itself is protected"
        )
    return parts


def is_loopback(host: str) -> bool:
    """Whether the name or address can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def talking_to(where: str) -> Iterator[None]:
    """Around what waits for the network: its failures become refusals."""
    try:
        yield
    except HTTPException as error:
        raise Refused(notices.SERVER_ANSWER_UNUSABLE.at(where, type(error).__name__)) from error
    except OSError as error:
        raise Refused(notices.SERVER_UNREACHABLE.at(where, _reason(error))) from error


def _cut(connection: HTTPConnection, late: threading.Event) -> None:
    """End a connection on which another thread waits, and tell it so."""
    late.set()
    with suppress(OSError, AttributeError):  # it has ended by itself
        connection.sock.shutdown(socket.SHUT_RDWR)


def _status(status: int) -> str:
    words = f"HTTP {status} {http.client.responses.get(status, '')}".rstrip()
    return f"{words}, a redirect, which is not followed" if status // 100 == 3 else words


def _reason(error: OSError) -> str:
    """Why, in the words of the system; a certificate's reason without the names in it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"[:REASON_CHARACTERS]
    return (error.strerror or str(error) or type(error).__name__)[:REASON_CHARACTERS]
