"""T18: faults of C-STORE and DICOMweb. Nothing partial is ever visible; what was answered with success is there, also after kill -9."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from validation.reliability.archive import BOUNDARY, Archive, Asked, archive_of, cut, damaged, multipart, redirect, wrong_body
from validation.reliability.score import Score
from validation.reliability.scu import Instance, Sender, pdu, store_request

from carpet.core.errors import Refused
from carpet.dicom.network.http import Credentials, Server
from carpet.dicom.network.inbox import SUCCESS, Inbox, Quota
from carpet.dicom.network.peers import peers_of
from carpet.dicom.network.receiving import Receiver
from carpet.run.fetching import Wanted, fetch
from carpet.testing import simple_phantom, write_study

SEED = 18
FILES = 6  # of the study that is sent again and again
KILLS_SHARE, WEB_SHARE = 0.04, 0.4
COMMAND = "import carpet.run.commands_network; from carpet.run.cli import main; main()"
MULTIPART = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'


class Watch:
    """Looks at a folder again and again, as another program would: every file it sees must be one that was sent, whole."""

    def __init__(self, folder: Path, originals: set[bytes]) -> None:
        self._folder, self._originals, self._stop = folder, originals, threading.Event()
        self.wrong: list[str] = []
        self.looks = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.look()

    def _run(self) -> None:
        while not self._stop.wait(0.005):
            self.look()

    def look(self) -> None:
        self.looks += 1
        for path in visible(self._folder):
            with suppress(FileNotFoundError):  # a study folder was just replaced by a fuller one
                if data_set(path.read_bytes()) not in self._originals:
                    self.wrong.append(f"{path.name} is not what was sent")


def visible(folder: Path) -> list[Path]:
    """Files that are in no hidden folder."""
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".carpet-")]
        found += [Path(parent, name) for name in names if not name.startswith(".carpet-")]
    return found


def data_set(content: bytes) -> bytes:
    """What follows the file meta information."""
    return content[144 + int.from_bytes(content[140:144], "little") :] if len(content) > 144 else content


def run(size: int, work: Path) -> Score:
    """`size` faults, a part of them in DICOMweb, a few of them kill -9 of the receiving process."""
    rng = random.Random(SEED)  # noqa: S311 no secret
    written = write_study(simple_phantom(spacing_mm=12.0, with_ct=False), work / "sent")
    files = written.pet_files[:FILES]
    instances = [Instance.of(path) for path in files]
    originals = {one.data for one in instances}
    kills, web = max(1, round(size * KILLS_SHARE)), round(size * WEB_SHARE)
    failed: list[str] = []
    looks = 0
    for number, (fault, count) in enumerate(((_killed, kills), (_fetched, web), (_received, size - kills - web))):
        folder = work / f"in{number}"
        folder.mkdir()
        with Watch(folder, originals) as watch, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pydicom, about commands with a bit turned
            failed += fault(rng, count, folder, instances, files, originals)
        failed += sorted(set(watch.wrong))
        looks += watch.looks
    notes = (f"{kills} × kill -9, {web} × DICOMweb, {size - kills - web} × C-STORE; the folder was looked at {looks} times meanwhile",)
    return Score("T18", "faults of C-STORE and DICOMweb: nothing partial visible, success is durable", size, tuple(failed), notes=notes)


def _missing(folder: Path, promised: set[bytes]) -> int:
    return len(promised - {data_set(path.read_bytes()) for path in visible(folder)})


def _received(rng: random.Random, count: int, folder: Path, instances: list[Instance], files: Any, sent: set[bytes]) -> Iterator[str]:
    """Associations that break off, lie, stammer and repeat."""
    receiver = Receiver(
        Inbox(folder, Quota(10**9, 10_000)),
        peers_of(["SCU@127.0.0.1"]),
        ae_title="CARPET",
        address=("127.0.0.1", 0),
        tell=lambda tally: None,
    )
    promised: set[bytes] = set()
    try:
        for number in range(count):
            if number % 10 == 0:  # begin anew, so that instances are new again
                promised.clear()
                for study in folder.iterdir():
                    if not study.name.startswith("."):
                        shutil.rmtree(study)
            try:
                promised |= _one_association(rng, receiver.port, instances, sent)
            except (TimeoutError, ConnectionRefusedError):
                yield f"fault {number}: the receiver does not answer any more"
            if missing := _missing(folder, promised):
                yield f"fault {number}: {missing} instances answered with success are not there"
    finally:
        receiver.stop()


def _one_association(rng: random.Random, port: int, instances: list[Instance], known: set[bytes]) -> set[bytes]:
    """Some instances sent in order, then one fault; returns the data sets that were answered with success."""
    promised = set()
    one = rng.choice(instances)
    with Sender(port) as sender:
        contexts = sender.associate(instances)
        if contexts is None:
            return set()
        for before in rng.sample(instances, rng.randrange(3)):
            if sender.store(before, contexts) == SUCCESS:
                promised.add(before.data)
        context = contexts[one.sop_class, one.transfer_syntax]
        last = _altered(rng, one, instances)
        pdus = store_request(last, context)
        if rng.random() < 0.2:  # a bit of the command is turned
            at = rng.randrange(len(pdus[0]))
            pdus[0] = pdus[0][:at] + bytes([pdus[0][at] ^ 1 << rng.randrange(8)]) + pdus[0][at + 1 :]
        share = rng.choice([rng.random(), 1.0])
        sent = b"".join(pdus)
        sent = sent[: int(share * len(sent))]
        if share == 1.0:
            known.add(last.data)  # all of it was sent: if its elements end where it ends, it may be kept
        with suppress(ConnectionError):
            sender.connection.sendall(sent)
            _end(rng, sender, share < 1.0)
    return promised


def _altered(rng: random.Random, one: Instance, instances: list[Instance]) -> Instance:
    return rng.choice(
        [
            one,
            replace(one, data=one.data[: rng.randrange(len(one.data))] or b"\0"),
            replace(one, sop_instance=rng.choice(instances).sop_instance),
            replace(one, data=rng.randbytes(2_000)),
        ]
    )


def _end(rng: random.Random, sender: Sender, half: bool) -> None:
    how = rng.choice(["close", "reset", "abort", "garbage", "answer"])
    if how == "reset":
        sender.reset()
    elif how == "abort":
        sender.connection.sendall(pdu(7, b"\0\0\0\0"))
    elif how == "garbage":
        sender.connection.sendall(rng.randbytes(200))
    elif how == "answer" and not half:
        sender.connection.settimeout(2.0)
        with suppress(TimeoutError):
            sender.status()


def _fetched(rng: random.Random, count: int, folder: Path, instances: list[Instance], files: Any, sent: set[bytes]) -> Iterator[str]:
    """One request of a fetch is answered wrongly; the same call again must mend it."""
    with archive_of(files) as archive:
        study = str(next(archive.headers()).StudyInstanceUID)
        for number in range(count):
            archive.fault = _web_fault(rng)
            complete = _fetch(archive, study, folder)
            archive.fault = None
            there = visible(folder)
            if len(there) not in ((FILES,) if complete else (0,)):
                yield f"web fault {number}: {len(there)} of {FILES} files are visible, the fetch was {'' if complete else 'not '}done"
            if any(path.name.startswith(".carpet-") for path in folder.iterdir()):
                yield f"web fault {number}: a hidden folder is left"
            if not _fetch(archive, study, folder) or len(visible(folder)) != FILES:
                yield f"web fault {number}: the same call does not mend it"
            for child in folder.iterdir():
                shutil.rmtree(child)


def _fetch(archive: Archive, study: str, folder: Path) -> bool:
    try:
        with Server(archive.url, Credentials()) as server:
            fetch(server, Wanted(study, None, frozenset()), folder, lambda step: None)
    except Refused:
        return False
    return True


def _web_fault(rng: random.Random) -> Callable[[Asked], bool]:
    """A wrong answer to the n-th request."""
    last, seen, share = rng.randrange(1, 14), [0], rng.random()
    answers: list[Callable[[Asked], bool]] = [
        wrong_body(b"no", "text/plain", status=rng.choice([400, 401, 403, 404, 500, 503])),
        wrong_body(b"<html>", "text/html"),
        wrong_body(b"[]" * 10, "application/dicom+json", length=rng.choice([10**3, 10**12])),
        wrong_body(multipart(b"x", parts=2), MULTIPART),
        redirect,
    ]
    of_an_instance: list[Callable[[Asked], bool]] = [
        lambda asked: cut(asked, share, reset=False),
        lambda asked: cut(asked, share, reset=True),
        damaged(lambda content: content[: int(share * len(content))]),
        damaged(lambda content: content.replace(b"1.2.826.0.1.", b"1.2.826.9.9.")),
    ]
    general, special = rng.choice(answers), rng.choice(of_an_instance)

    def fault(asked: Asked) -> bool:
        seen[0] += 1
        if seen[0] != last:
            return False
        return (special if "/instances/" in asked.path and share < 0.8 else general)(asked)

    return fault


@contextmanager
def _receiving(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    arguments = ["receive", str(folder), "--port", "0", "--allow", "SCU@127.0.0.1"]
    running = subprocess.Popen([sys.executable, "-c", COMMAND, *arguments], stderr=subprocess.PIPE, text=True)
    try:
        assert running.stderr is not None
        found = re.search(r"127\.0\.0\.1:(\d+)", running.stderr.readline())
        assert found, "carpet receive does not start"
        yield running, int(found[1])
    finally:
        running.kill()
        running.communicate()


def _killed(rng: random.Random, count: int, folder: Path, instances: list[Instance], files: Any, sent: set[bytes]) -> Iterator[str]:
    """kill -9 while a study comes in."""
    for number in range(count):
        here = folder / f"{number}"
        promised = set()
        with _receiving(here) as (running, port), Sender(port) as sender:
            contexts = sender.associate(instances) or {}
            killer = threading.Timer(rng.random() * 0.1, running.kill)
            killer.start()
            end = time.monotonic() + 10.0
            with suppress(ConnectionError):
                for one in instances * 50:
                    if sender.store(one, contexts) != SUCCESS or time.monotonic() > end:
                        break
                    promised.add(one.data)
            killer.join()
        if missing := _missing(here, promised):
            yield f"kill {number}: {missing} instances answered with success are not there"
