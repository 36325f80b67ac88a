"""The reading room on a port of this machine, until it is stopped."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread

from carpet.core.errors import ProtocolError
from carpet.review.accounts import NAME
from carpet.run.review.app import review_app
from carpet.run.review.keys import PARAMETER, Key
from carpet.run.review.opening import open_room
from carpet.run.review.security import Doorway, checked_doorway

STOP_WITHIN_S = 3  # an answer on its way may still go out
ONLY_READER = "reader"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the room is to be opened. only: the name of who reads alone, without a password; "" where accounts are asked for."""

    folder: Path
    host: str = "127.0.0.1"
    port: int = 0
    only: str = ONLY_READER
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    history: str | None = None

    @property
    def tls(self) -> bool:
        return self.certificate is not None


def serve(wanted: Wanted, *, say: Say, ready: Say, again: Say) -> None:
    """Open the room and answer until a signal stops it. Raises ProtocolError, Refused, OSError.

    ready: is told the address, with a key that lets one browser in where one person reads without a password; again: the address with
    the next key, each time one has been used.
    """
    import uvicorn

    doorway = _doorway(wanted)
    key = Key(lambda fresh: again(_with_key(doorway, fresh))) if wanted.only else None
    with (
        open_room(wanted.folder, only=wanted.only or None, now=_now, say=say, history=wanted.history, key=key) as room,
        _bound(doorway) as bound,
    ):
        doorway = replace(doorway, port=bound.getsockname()[1])
        config = uvicorn.Config(
            review_app(room, doorway),
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ssl_certfile=None if wanted.certificate is None else str(wanted.certificate),
            ssl_keyfile=None if wanted.key is None else str(wanted.key),
            timeout_graceful_shutdown=STOP_WITHIN_S,
        )
        ready(doorway.address if key is None else _with_key(doorway, key.now))
        closing = Event()
        ahead = Thread(target=room.prepare_all, args=(closing.is_set,), daemon=True)
        ahead.start()
        try:
            uvicorn.Server(config).run(sockets=[bound])
        finally:
            closing.set()
            ahead.join()


def _with_key(doorway: Doorway, key: str) -> str:
    return f"{doorway.address}?{PARAMETER}={key}"


def _doorway(wanted: Wanted) -> Doorway:
    if (wanted.certificate is None) is not (wanted.key is None):
        raise ProtocolError("--tls-cert and --tls-key belong together")
    if wanted.only and not NAME.fullmatch(wanted.only):
        raise ProtocolError(
            f"--reader {wanted.only!r}: a name here has 2 to 40 letters without accents, digits, or . _ -, and begins with a letter"
        )
    return checked_doorway(wanted.host, wanted.port, tls=wanted.tls, accounts=not wanted.only, names=wanted.names)


def _bound(doorway: Doorway) -> socket.socket:
    """Taken before the address is told, so that whoever opens it at once is answered."""
    family = socket.AF_INET6 if ":" in doorway.host else socket.AF_INET
    try:
        return socket.create_server((doorway.host.strip("[]"), doorway.port), family=family)
    except OSError as error:
        raise ProtocolError(f"port {doorway.port} of {doorway.host} cannot be taken: {error.strerror}; name another by --port") from error


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
