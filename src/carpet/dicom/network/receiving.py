"""A receiver of DICOM (C-STORE SCP): takes scans and results from allowed peers; what it answered with success is on the disk, whole."""

from __future__ import annotations

import socket
import struct
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from carpet.dicom.network.inbox import NO_ROOM, NOT_AUTHORIZED, SUCCESS, Inbox
from carpet.dicom.network.peers import MEMORY_CAP_BYTES, PDU_CAP_BYTES, Account, GuardedSocket, Memory, Peer

VERIFICATION = "1.2.840.10008.1.1"
STORAGE = "1.2.840.10008.5.1.4.1.1."
ACCEPTED = tuple(
    STORAGE + suffix
    for suffix in (
        *("128", "128.1", "130"),  # PET; legacy converted and Enhanced
        *("2", "2.1", "2.2"),  # CT; Enhanced and legacy converted
        *("66.4", "66.7", "481.3", "67"),  # segmentation, label map, RT structure set, real world value mapping
        *("88.11", "88.22", "88.33", "88.34"),  # basic text, enhanced, comprehensive and comprehensive 3D SR
    )
)
TRANSFER_SYNTAXES = tuple(  # uncompressed or lossless: what carpet reads bit by bit
    f"1.2.840.10008.1.2{suffix}" for suffix in (".1", "", ".5", ".4.57", ".4.70", ".4.80", ".4.90")
)
MAX_ASSOCIATIONS = 8
MAX_CONNECTIONS = 2 * MAX_ASSOCIATIONS  # with those that have not introduced themselves yet
IDLE_S, ANSWER_S = 60.0, 30.0  # an association without a message; a peer that is asked for something
FILES_PER_ASSOCIATION = 20_000
BROKEN_BY_PEER = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError, OSError, struct.error)
REJECTED, BY_USER, CALLING_AE_UNKNOWN = 0x01, 0x01, 0x03  # PS3.8 Table 9-21


@dataclass
class Tally:
    """What one association brought."""

    peer: str
    stored: int = 0
    repeated: int = 0
    refused: dict[int, int] = field(default_factory=dict)

    @property
    def files(self) -> int:
        return self.stored + self.repeated + sum(self.refused.values())


class Receiver:
    """The running server. `tell` is given one Tally for each association that has ended; a peer is named, a patient never is."""

    def __init__(
        self, inbox: Inbox, peers: frozenset[Peer], *, ae_title: str, address: tuple[str, int], tell: Callable[[Tally], None]
    ) -> None:
        self._inbox, self._peers, self._tell = inbox, peers, tell
        self._tallies: dict[Any, Tally] = {}
        self._entity = _entity(ae_title)
        self._server = _server(self._entity, ae_title, address, self._handlers(), frozenset(peer.address for peer in peers))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """End every association; what was not answered was not promised. Returns when no file is being written any more."""
        associations = list(self._server.active_associations)
        self._server.shutdown()
        self._thread.join()
        self._server.cut_all()
        for association in associations:
            association.join(ANSWER_S)
            association.dul.join(ANSWER_S)
        self._inbox.close()

    def _handlers(self) -> list[Any]:
        from pynetdicom import evt

        ends = [(kind, self._ended) for kind in (evt.EVT_CONN_CLOSE, evt.EVT_RELEASED, evt.EVT_ABORTED, evt.EVT_REJECTED)]
        begins = [(evt.EVT_CONN_OPEN, _quiet_end), (evt.EVT_REQUESTED, self._requested)]
        return [*begins, (evt.EVT_C_ECHO, self._echo), (evt.EVT_C_STORE, self._store), *ends]

    def _allowed(self, association: Any) -> bool:
        """Calling AE title and address together are on the list."""
        return Peer(str(association.requestor.primitive.calling_ae_title).strip(), association.requestor.address) in self._peers

    def _requested(self, event: Any) -> None:
        from pynetdicom.pdu_primitives import A_ASSOCIATE

        association = event.assoc
        if not isinstance(association.requestor.primitive, A_ASSOCIATE):
            association.is_aborted = True  # the connection ended before it began
            association.kill()
            return
        if not self._allowed(association):
            association.acse.send_reject(REJECTED, BY_USER, CALLING_AE_UNKNOWN)
            association.kill()
            return
        self._tallies[association] = Tally(f"{association.requestor.primitive.calling_ae_title}@{association.requestor.address}")

    def _echo(self, event: Any) -> int:
        return SUCCESS

    def _store(self, event: Any) -> int:
        association, request = event.assoc, event.request
        tally = self._tallies.get(association)
        if tally is None:
            return NOT_AUTHORIZED
        data = request.DataSet.getbuffer() if isinstance(request.DataSet, BytesIO) else memoryview(b"")
        try:
            status, repeated = self._status(tally, event, data)
        finally:
            size = len(data)
            data.release()
            request.DataSet = None
            if account := _account(association):
                account.dealt_with(size)
        if status == SUCCESS:
            tally.repeated, tally.stored = tally.repeated + repeated, tally.stored + (not repeated)
        else:
            tally.refused[status] = tally.refused.get(status, 0) + 1
        return status

    def _status(self, tally: Tally, event: Any, data: memoryview) -> tuple[int, bool]:
        if tally.files >= FILES_PER_ASSOCIATION:
            return NO_ROOM, False
        said = (str(event.request.AffectedSOPClassUID), str(event.request.AffectedSOPInstanceUID))
        return self._inbox.take(data, said=said, transfer_syntax=str(event.context.transfer_syntax))

    def _ended(self, event: Any) -> None:
        tally = self._tallies.pop(event.assoc, None)
        if tally is not None:
            self._tell(tally)


def _quiet_end(event: Any) -> None:
    """What a peer sends may break pynetdicom's reader; then the connection ends, without a traceback and without a thread that waits."""
    from pynetdicom.pdu_primitives import A_P_ABORT

    association, reader = event.assoc, event.assoc.dul.run

    def read() -> None:
        try:
            with suppress(*BROKEN_BY_PEER):
                reader()
        finally:
            if association.requestor.primitive is None:
                association.dul.to_user_queue.put(A_P_ABORT())
            if association.dul.socket and association.dul.socket.socket:
                association.dul.socket.socket.close()

    association.dul.run = read


def _account(association: Any) -> Account | None:
    connection = association.dul.socket and association.dul.socket.socket
    return connection.account if isinstance(connection, GuardedSocket) else None  # None: it has ended, and its account with it


def _entity(ae_title: str) -> Any:
    """carpet as a DICOM node: what it takes, in which encodings, how long it waits."""
    from pynetdicom import AE

    entity = AE(ae_title)
    entity.require_called_aet = True
    entity.maximum_pdu_size = PDU_CAP_BYTES
    entity.maximum_associations = MAX_ASSOCIATIONS
    entity.acse_timeout = entity.dimse_timeout = ANSWER_S
    entity.network_timeout = IDLE_S
    entity.add_supported_context(VERIFICATION)
    for sop_class in ACCEPTED:
        entity.add_supported_context(sop_class, list(TRANSFER_SYNTAXES))
    return entity


def _server(entity: Any, ae_title: str, address: tuple[str, int], handlers: list[Any], allowed: frozenset[str]) -> Any:
    """A server bound to `address` that guards every connection and drops those of unknown addresses before a word is exchanged."""
    from pynetdicom.transport import ThreadedAssociationServer

    memory = Memory(MEMORY_CAP_BYTES)
    connections: weakref.WeakSet[GuardedSocket] = weakref.WeakSet()

    class GuardedServer(ThreadedAssociationServer):
        daemon_threads = True

        def get_request(self) -> tuple[socket.socket, Any]:
            accepted, peer = super().get_request()
            guarded = GuardedSocket.over(accepted, memory)
            connections.add(guarded)
            return guarded, peer

        def verify_request(self, request: Any, client_address: Any) -> bool:
            busy = sum(connection.fileno() != -1 for connection in connections)
            return client_address[0] in allowed and busy <= MAX_CONNECTIONS

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A connection that failed has failed; nothing is printed of it."""

        def cut_all(self) -> None:
            for connection in list(connections):
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    server = entity.make_server(address, ae_title=ae_title, evt_handlers=handlers, server_class=GuardedServer)
    entity._servers.append(server)  # as AE.start_server does: shutting down takes it out again
    return server
