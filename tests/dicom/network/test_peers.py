"""Contract: who may send; a connection that no peer can keep for ever or fill the memory through."""

from __future__ import annotations

import gc
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from carpet.core.errors import ProtocolError
from carpet.dicom.network import peers
from carpet.dicom.network.peers import Account, GuardedSocket, Memory, Peer, is_ae_title, peers_of


def pdu(length: int, *, said: int | None = None) -> bytes:
    return struct.pack(">BBL", 4, 0, length if said is None else said) + b"x" * length


@pytest.fixture
def memory() -> Memory:
    return Memory(10_000)


@pytest.fixture
def pair(memory: Memory) -> Iterator[tuple[socket.socket, GuardedSocket]]:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()) as client:
        guarded = GuardedSocket.over(listening.accept()[0], memory)
        yield client, guarded
        guarded.close()


def read(guarded: GuardedSocket, size: int) -> bytes:
    """As pynetdicom reads: the head, then the rest."""
    out = b""
    while len(out) < size:
        block = guarded.recv(min(4096, size - len(out)))
        if not block:
            break
        out += block
    return out


def test_senders_are_title_and_address() -> None:
    assert peers_of(["PACS@127.0.0.1", "PET 1@127.0.0.1"]) == {Peer("PACS", "127.0.0.1"), Peer("PET 1", "127.0.0.1")}
    assert Peer("PACS", "127.0.0.1") in peers_of(["PACS@localhost"])


@pytest.mark.parametrize("text", ["PACS", "@127.0.0.1", "PACS@", "A" * 17 + "@127.0.0.1", "A\\B@127.0.0.1", "PACS@no-such-host.invalid"])
def test_what_names_no_sender_is_a_wrong_call(text: str) -> None:
    with pytest.raises(ProtocolError, match="--allow"):
        peers_of([text])


def test_nobody_is_not_everybody() -> None:
    with pytest.raises(ProtocolError, match="nobody"):
        peers_of([])


def test_ae_titles() -> None:
    assert [is_ae_title(text) for text in ("A", "A B", "", " A", "Ä", "A\n", "A" * 16, "A" * 17)] == [
        *(True, True, False, False, False, False, True, False)
    ]


def test_pdus_of_the_allowed_length_pass(pair: tuple[socket.socket, GuardedSocket]) -> None:
    client, guarded = pair
    for length in (0, 1, 3000, 4000):
        client.sendall(pdu(length))
        assert read(guarded, 6) + read(guarded, length) == pdu(length)


def test_a_long_pdu_is_not_waited_for(pair: tuple[socket.socket, GuardedSocket]) -> None:
    client, guarded = pair
    client.sendall(pdu(10, said=peers.PDU_CAP_BYTES + 1))
    with pytest.raises(OSError, match="longer"):
        read(guarded, 6)


def test_a_slow_pdu_ends(pair: tuple[socket.socket, GuardedSocket], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "PDU_S", 0.2)
    client, guarded = pair
    began = time.monotonic()
    client.sendall(pdu(3, said=100))
    read(guarded, 9)
    with pytest.raises(TimeoutError):
        read(guarded, 100)
    assert 0.1 < time.monotonic() - began < 30
    with pytest.raises(TimeoutError, match="too long"):
        read(guarded, 1)


def test_what_is_not_dealt_with_is_bounded(pair: tuple[socket.socket, GuardedSocket], memory: Memory) -> None:
    client, guarded = pair
    client.sendall(pdu(6000))
    read(guarded, 6006)
    assert memory.held == 6006
    guarded.account.dealt_with(6000)
    assert memory.held == 0
    client.sendall(pdu(6000) + pdu(6000))
    with pytest.raises(OSError, match="more data"):
        read(guarded, 12_012)


def test_one_peer_has_less_than_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "INSTANCE_CAP_BYTES", 100)
    account = Account(Memory(10_000))
    account.take(100)
    with pytest.raises(OSError, match="more data"):
        account.take(1)


def test_a_connection_that_ends_gives_its_memory_back(memory: Memory) -> None:
    for forgotten in (False, True):
        with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()) as client:
            guarded = GuardedSocket.over(listening.accept()[0], memory)
            client.sendall(pdu(500))
            read(guarded, 506)
            assert memory.held == 506
            if forgotten:
                socket.socket.close(guarded)  # past our own close
                del guarded
                gc.collect()
            else:
                guarded.close()
        assert memory.held == 0
