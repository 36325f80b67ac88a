"""Contract: T18: what was answered with success is on the disk, whole; nothing partial is ever visible; no peer stops the server."""

from __future__ import annotations

import errno
import os
import resource
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pydicom
import pytest

from carpet.dicom.files import UNFINISHED, files_under
from carpet.dicom.network import inbox as inboxes
from carpet.dicom.network import landing, peers, receiving
from carpet.dicom.network.inbox import DUPLICATE, LOCK, MISMATCH, NO_ROOM, NOT_UNDERSTOOD, PROCESSING_FAILED, SUCCESS, Inbox, Quota
from carpet.dicom.network.peers import peers_of
from carpet.dicom.network.receiving import Receiver, Tally
from carpet.dicom.series import catalogue
from carpet.testing import PhantomScan, WrittenStudy, write_study

PLENTY = Quota(10**9, 1000)


@pytest.fixture
def written(small_scan: PhantomScan, tmp_path: Path) -> WrittenStudy:
    return write_study(small_scan, tmp_path / "sent")


@pytest.fixture
def files(written: WrittenStudy, scu: ModuleType) -> list[Any]:
    return [scu.Instance.of(path) for path in (*written.pet_files, *written.ct_files)]


@contextmanager
def receiving_into(folder: Path, quota: Quota = PLENTY, allow: str = "SCU@127.0.0.1") -> Iterator[tuple[Receiver, list[Tally]]]:
    told: list[Tally] = []
    receiver = Receiver(Inbox(folder, quota), peers_of([allow]), ae_title="CARPET", address=("127.0.0.1", 0), tell=told.append)
    try:
        yield receiver, told
    finally:
        receiver.stop()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path / "inbox"


def visible(folder: Path) -> list[Path]:
    """What somebody sees who lists the folder without hidden names."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not any(part.startswith(".") for part in path.parts))


def statuses(scu: ModuleType, port: int, instances: list[Any]) -> list[int | None]:
    with scu.Sender(port) as sender:
        contexts = sender.associate(instances)
        assert contexts is not None
        found = [sender.store(one, contexts) for one in instances]
        sender.release()
    return found


def until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 60
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


def test_a_study_arrives_as_it_was_sent(scu: ModuleType, files: list[Any], written: WrittenStudy, inbox: Path, tmp_path: Path) -> None:
    with receiving_into(inbox) as (receiver, told):
        assert statuses(scu, receiver.port, files) == [SUCCESS] * 15
        assert until(lambda: told == [Tally("SCU@127.0.0.1", stored=15)])
    came = {data.SOPInstanceUID: data for data in map(pydicom.dcmread, visible(inbox))}
    sent = [pydicom.dcmread(path) for path in (*written.pet_files, *written.ct_files)]
    assert len(came) == len(sent) == 15
    for data in sent:
        assert came[data.SOPInstanceUID] == data
        assert came[data.SOPInstanceUID].file_meta.TransferSyntaxUID == data.file_meta.TransferSyntaxUID
    found = catalogue(files_under([inbox], tmp_path)[0])
    assert sorted((one.modality, one.slices) for one in found.series) == [("CT", 9), ("PT", 6)]
    assert len({path.parent for path in visible(inbox)}) == 2
    assert len({path.parent.parent for path in visible(inbox)}) == 1


def test_pynetdicom_and_echo_are_served(written: WrittenStudy, inbox: Path) -> None:
    from pynetdicom import AE

    sender = AE("SCU")
    for sop_class in ("1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.4"):
        sender.add_requested_context(sop_class)
    with receiving_into(inbox) as (receiver, _):
        association = sender.associate("127.0.0.1", receiver.port, ae_title="CARPET")
        assert association.send_c_echo().Status == SUCCESS
        assert association.send_c_store(str(written.pet_files[0])).Status == SUCCESS
        assert [context.abstract_syntax for context in association.rejected_contexts] == ["1.2.840.10008.5.1.4.1.1.4"]  # MR
        association.release()


@pytest.mark.parametrize(
    ("allow", "calling", "called"),
    [("SCU@127.0.0.1", "OTHER", "CARPET"), ("SCU@127.0.0.1", "SCU", "ORTHANC"), ("SCU@127.0.0.2", "SCU", "CARPET")],
)
def test_others_are_not_let_in(scu: ModuleType, files: list[Any], inbox: Path, allow: str, calling: str, called: str) -> None:
    with receiving_into(inbox, allow=allow) as (receiver, told):
        with scu.Sender(receiver.port) as sender:
            assert sender.associate(files, calling=calling, called=called) is None
        assert visible(inbox) == []
        assert not any(tally.files for tally in told)


def test_title_and_address_count_together(scu: ModuleType, files: list[Any], inbox: Path) -> None:
    peers = peers_of(["SCU@127.0.0.2", "OTHER@127.0.0.1"])
    receiver = Receiver(Inbox(inbox, PLENTY), peers, ae_title="CARPET", address=("127.0.0.1", 0), tell=lambda tally: None)
    try:
        with scu.Sender(receiver.port) as sender:
            assert sender.associate(files, calling="SCU") is None
        with scu.Sender(receiver.port) as sender:
            assert sender.associate(files, calling="OTHER") is not None
    finally:
        receiver.stop()


@pytest.mark.parametrize("quota", [Quota(10**9, 3), Quota(4_000, 1000)])
def test_the_folder_never_holds_more(scu: ModuleType, files: list[Any], inbox: Path, quota: Quota) -> None:
    for _ in range(2):  # what is there counts after a new start too
        with receiving_into(inbox, quota) as (receiver, _):
            found = statuses(scu, receiver.port, files)
        assert set(found[-5:]) == {NO_ROOM}
        assert len(visible(inbox)) <= quota.files
        assert sum(path.stat().st_size for path in visible(inbox)) <= quota.bytes


def test_an_association_brings_so_many_and_no_more(scu: ModuleType, files: list[Any], inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "FILES_PER_ASSOCIATION", 2)
    with receiving_into(inbox) as (receiver, _):
        assert statuses(scu, receiver.port, files[:4]) == [SUCCESS, SUCCESS, NO_ROOM, NO_ROOM]
        assert statuses(scu, receiver.port, files[2:4]) == [SUCCESS, SUCCESS]


def test_the_same_again_is_success_and_no_second_file(scu: ModuleType, files: list[Any], inbox: Path) -> None:
    with receiving_into(inbox) as (receiver, told):
        assert statuses(scu, receiver.port, files[:2] * 2) == [SUCCESS] * 4
        assert until(lambda: told == [Tally("SCU@127.0.0.1", stored=2, repeated=2)])
    assert len(visible(inbox)) == 2


def test_another_content_under_the_same_uid_is_refused_and_the_first_kept(scu: ModuleType, files: list[Any], inbox: Path) -> None:
    other = replace(files[0], data=files[0].data[:-2] + b"\x7f\x7f")
    with receiving_into(inbox) as (receiver, _):
        assert statuses(scu, receiver.port, [files[0], other, files[0]]) == [SUCCESS, DUPLICATE, SUCCESS]
    (kept,) = visible(inbox)
    assert kept.read_bytes().endswith(files[0].data)


def test_what_is_not_what_it_says_is_refused(scu: ModuleType, files: list[Any], inbox: Path) -> None:
    pet, ct = files[0], files[-1]
    hostile = pet.sop_instance[:-9] + "/../../.."
    wrong = [
        (replace(pet, sop_instance=ct.sop_instance), MISMATCH),
        (replace(pet, sop_class=ct.sop_class), MISMATCH),
        (replace(pet, data=b"\0" * 4000), NOT_UNDERSTOOD),
        (replace(pet, data=b"<html>" * 50), NOT_UNDERSTOOD),
        (replace(pet, data=pet.data[:300]), NOT_UNDERSTOOD),
        (replace(pet, data=pet.data[:-10]), NOT_UNDERSTOOD),
        (replace(pet, data=pet.data.replace(pet.sop_instance.encode(), hostile.encode())), NOT_UNDERSTOOD),
        (
            replace(pet, sop_instance=hostile, data=pet.data.replace(pet.sop_instance.encode(), hostile.encode())),
            None,
        ),  # pynetdicom hangs up
    ]
    with receiving_into(inbox) as (receiver, told):
        for one, status in wrong:
            with scu.Sender(receiver.port) as sender:
                contexts = sender.associate([pet, ct])
                assert contexts is not None
                assert sender.store(one, contexts) == status
        assert statuses(scu, receiver.port, [pet]) == [SUCCESS]
        assert all(tally.peer == "SCU@127.0.0.1" for tally in told)
    assert len(visible(inbox)) == 1


def test_a_full_disk(scu: ModuleType, files: list[Any], inbox: Path) -> None:
    """The system itself refuses to write further than so many bytes of a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with receiving_into(inbox) as (receiver, _):
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, hard))
        try:
            assert statuses(scu, receiver.port, files[:2]) == [NO_ROOM] * 2
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert [path for path in inbox.rglob("*") if not path.name.startswith(UNFINISHED)] == []
        assert statuses(scu, receiver.port, files[:2]) == [SUCCESS] * 2


@pytest.mark.parametrize(("number", "status"), [(errno.EIO, PROCESSING_FAILED), (errno.ENOSPC, NO_ROOM)])
@pytest.mark.parametrize("failing", [1, 2, 3, 4])
def test_success_needs_every_fsync(
    scu: ModuleType, files: list[Any], inbox: Path, failing: int, number: int, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file, and the three folders that are new: whichever does not reach the disk, the peer is told and may try again."""
    calls: list[Path] = []

    def fails_once(path: Path) -> None:
        calls.append(path)
        if len(calls) == failing:
            raise OSError(number, os.strerror(number))

    with receiving_into(inbox) as (receiver, _):
        monkeypatch.setattr(landing, "to_disk", fails_once)
        assert statuses(scu, receiver.port, files[:1]) == [status]
        assert len(calls) == failing
        assert statuses(scu, receiver.port, files[:1]) == [SUCCESS]
        assert {path.name for path in calls[failing:]} >= {visible(inbox)[0].parent.name, *([inbox.name] if failing == 4 else [])}


def test_a_repeated_instance_is_synced_before_success(
    scu: ModuleType, files: list[Any], inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving_into(inbox) as (receiver, _):
        statuses(scu, receiver.port, files[:1])
        calls: list[Path] = []
        monkeypatch.setattr(inboxes, "to_disk", calls.append)
        monkeypatch.setattr(landing, "to_disk", calls.append)
        assert statuses(scu, receiver.port, files[:1]) == [SUCCESS]
    assert calls[:2] == [visible(inbox)[0], visible(inbox)[0].parent]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
@pytest.mark.parametrize("how", ["close", "reset", "abort"])
def test_who_breaks_off_leaves_nothing(scu: ModuleType, files: list[Any], inbox: Path, share: float, how: str) -> None:
    with receiving_into(inbox) as (receiver, told):
        sender = scu.Sender(receiver.port)
        contexts = sender.associate(files)
        whole = b"".join(scu.store_request(files[0], contexts[files[0].sop_class, files[0].transfer_syntax]))
        sender.connection.sendall(whole[: int(share * len(whole))])
        if how == "abort":
            sender.connection.sendall(scu.pdu(7, b"\0\0\0\0"))
        sender.reset() if how == "reset" else sender.connection.close()
        assert until(lambda: len(told) == 1)
        assert visible(inbox) == []
        assert statuses(scu, receiver.port, files[:1]) == [SUCCESS]


def test_hostile_bytes_stop_nothing(scu: ModuleType, files: list[Any], inbox: Path) -> None:
    request = scu.association_request([(1, "1.2.840.10008.1.1", "1.2.840.10008.1.2")], calling="SCU", called="CARPET")
    many = scu.association_request([(n % 256, "1." * 31 + "1", "1.2.840.10008.1.2") for n in range(2000)], calling="SCU", called="CARPET")
    attacks = [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\0" * 100,
        b"\xff" * 4000,
        struct.pack(">BBL", 1, 0, 0xFFFFFFFF),
        struct.pack(">BBL", 4, 0, 20) + b"x" * 20,
        request[:40],
        request[:6] + b"\xff" * (len(request) - 6),
        many,
        request + struct.pack(">BBL", 4, 0, 0xFFFFFFF0) + b"x" * 1000,
        request + struct.pack(">BBL", 4, 0, 8) + b"\xff" * 8,
        request + scu.pdu(4, struct.pack(">LBB", 2, 1, 3)),
        request + scu.pdu(4, struct.pack(">LBB", 22, 99, 3) + b"\0" * 20),
    ]
    with receiving_into(inbox) as (receiver, _):
        for attack in attacks:
            with scu.Sender(receiver.port) as sender:
                try:
                    sender.connection.sendall(attack)
                except ConnectionError:
                    continue
        assert statuses(scu, receiver.port, files[:1]) == [SUCCESS]
        assert len(visible(inbox)) == 1


def test_who_fills_the_memory_is_cut_off(scu: ModuleType, files: list[Any], inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "INSTANCE_CAP_BYTES", 200_000)
    endless = replace(files[0], data=files[0].data + b"\0" * 2_000_000)
    with receiving_into(inbox) as (receiver, _):
        with scu.Sender(receiver.port) as sender:
            contexts = sender.associate(files)
            flood = b"".join(scu.store_request(endless, contexts[endless.sop_class, endless.transfer_syntax])) * 50
            with pytest.raises(ConnectionError):
                sender.connection.sendall(flood)
        assert statuses(scu, receiver.port, files[:1]) == [SUCCESS]


def test_who_holds_connections_is_let_go(scu: ModuleType, files: list[Any], inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "PDU_S", 0.3)
    with receiving_into(inbox) as (receiver, _):
        holding = [scu.Sender(receiver.port) for _ in range(receiving.MAX_CONNECTIONS)]
        for sender in holding:
            sender.connection.sendall(b"\x01\x00")
        assert until(lambda: all(sender.answer() is None for sender in holding))
        for sender in holding:
            sender.connection.close()
        assert statuses(scu, receiver.port, files[:1]) == [SUCCESS]


def test_associations_are_limited(scu: ModuleType, files: list[Any], inbox: Path) -> None:
    with receiving_into(inbox) as (receiver, _):
        senders, let_in = [], []
        for _ in range(receiving.MAX_ASSOCIATIONS + 2):
            senders.append(scu.Sender(receiver.port))
            let_in.append(senders[-1].associate(files) is not None)
        assert let_in == [True] * receiving.MAX_ASSOCIATIONS + [False] * 2
        for sender in senders:
            sender.connection.close()


def test_two_associations_send_the_same_at_once(scu: ModuleType, files: list[Any], inbox: Path) -> None:
    found: list[int | None] = []
    with receiving_into(inbox) as (receiver, _):
        threads = [threading.Thread(target=lambda: found.extend(statuses(scu, receiver.port, files))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [SUCCESS] * 45
    assert len(visible(inbox)) == 15


def test_stopping_ends_open_associations(scu: ModuleType, files: list[Any], inbox: Path) -> None:
    before = set(threading.enumerate())
    with receiving_into(inbox) as (receiver, _):
        sender = scu.Sender(receiver.port)
        contexts = sender.associate(files)
        assert sender.store(files[0], contexts) == SUCCESS
        began = time.monotonic()
    assert time.monotonic() - began < 30
    assert sender.answer() is None
    sender.connection.close()
    assert set(threading.enumerate()) == before
    assert [path.name for path in inbox.iterdir() if path.name.startswith(UNFINISHED)] == [LOCK]
