"""The trial's DICOM objects on a port of this machine, until it is stopped."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path

from carpet.core.errors import ProtocolError
from carpet.run.ohif.app import ohif_app
from carpet.run.ohif.archive import Archive, archive_of
from carpet.run.ohif.sending import Tell, says_more
from carpet.run.ohif.shelf import Shelf
from carpet.run.ohif.viewer import ROOT, described, viewer_in
from carpet.run.review.security import LOOPBACK_NAMES, Doorway
from carpet.run.terminal import printable_lines
from carpet.run.trial.folder import load_trial

STOP_WITHIN_S = 3  # an answer on its way may still go out
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the trial is to be served. ohif: a build of OHIF, None where only DICOMweb is wanted."""

    folder: Path
    port: int = 0
    ohif: Path | None = None


class ServiceDoorway(Doorway):
    """Where DICOMweb is: some clients leave the port out of Host. A page of another site can send neither of these names."""

    @property
    def hosts(self) -> frozenset[str]:
        return super().hosts | frozenset(LOOPBACK_NAMES)


def serve(wanted: Wanted, *, say: Callable[[str], None], ready: Callable[[str], None], tell: Tell) -> None:
    """Read the headers and answer until a signal stops it. Raises ProtocolError, OSError.

    say: is told each step; ready: what is there, when it is; tell: why an answer was broken off.
    """
    import uvicorn

    viewer = None if wanted.ohif is None else viewer_in(wanted.ohif)
    trial = load_trial(wanted.folder)
    with _bound(wanted.port) as bound, archive_of(trial, say) as archive:
        doorway = ServiceDoorway(HOST, bound.getsockname()[1])
        config = uvicorn.Config(
            ohif_app(Shelf(archive), doorway, viewer, tell),
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=STOP_WITHIN_S,
        )
        getLogger("uvicorn.error").addFilter(says_more)  # after the configuration, which sets this logger anew
        ready(opened_text(archive, doorway.address, with_viewer=viewer is not None))
        uvicorn.Server(config).run(sockets=[bound])


def opened_text(archive: Archive, address: str, *, with_viewer: bool) -> str:
    """What the person at the terminal reads."""
    what = f"OHIF shows the trial at {address}" if with_viewer else f"{address} says how to see the trial in OHIF"
    return printable_lines([what, f"DICOMweb: {address.rstrip('/')}{ROOT}", *described(archive), "Ctrl-C closes it."])


def _bound(port: int) -> socket.socket:
    """Taken before the address is told, so that whoever opens it at once is answered."""
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise ProtocolError(f"port {port} of {HOST} cannot be taken: {error.strerror}; name another by --port") from error
