"""Contract: a file that goes while it is sent is refused before the first byte; later the connection ends, one line says why."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from asyncio import CancelledError
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from logging import LogRecord
from pathlib import Path

import httpx
import pydicom
import pytest

from carpet.core.errors import Refused
from carpet.run.cli import run
from carpet.run.ohif.notices import OBJECT_CHANGED
from carpet.run.ohif.pixels import BLOCK_BYTES
from carpet.run.ohif.sending import CUT_OFF, Sent, in_a_line, says_more
from carpet.run.ohif.wado import Parts

from .conftest import Shown

BLOCKS = 48  # more than the buffers between a server and a client that does not read hold
ALL_FRAMES = ",".join(map(str, range(1, BLOCKS + 1)))
PATIENCE_S = 60.0
START = "from carpet.run.cli import main; main()"


@dataclass(frozen=True)
class Sending:
    """`carpet ohif` as a process, and the large file that it serves."""

    process: subprocess.Popen[str]
    base: str
    file: Path
    place: str

    def told(self) -> list[str]:
        """What it has said on standard error, once it is stopped."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(PATIENCE_S) == 130
        assert self.process.stderr is not None
        return self.process.stderr.read().splitlines()


@pytest.fixture
def sending(shown: Shown, tmp_path: Path) -> Iterator[Sending]:
    trial = tmp_path / "trial"
    assert run(["init", str(trial)]) == 0
    data = pydicom.dcmread(shown.second.ct_files[0])
    data.Rows, data.Columns, data.NumberOfFrames = 1024, BLOCK_BYTES // 2048, BLOCKS
    data.PixelData = bytes(BLOCK_BYTES) * BLOCKS
    file = trial / "dicom" / "large.dcm"
    data.save_as(file)
    place = f"dicomweb/studies/{data.StudyInstanceUID}/series/{data.SeriesInstanceUID}/instances/{data.SOPInstanceUID}"
    command = [sys.executable, "-c", START, "ohif", str(trial), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            base = process.stdout.readline().split(" ")[0]
            yield Sending(process, base, file, place)
        finally:
            process.kill()


def removed(path: Path) -> None:
    path.unlink()


def shortened(path: Path) -> None:
    os.truncate(path, 3 * BLOCK_BYTES)


def overwritten(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-100, os.SEEK_END)
        file.write(b"new")


def replaced(path: Path) -> None:
    shutil.copy(path, path.with_suffix(".new"))
    os.utime(path.with_suffix(".new"), (1, 1))
    path.with_suffix(".new").replace(path)


CHANGES = (removed, shortened, overwritten, replaced)


@pytest.mark.parametrize(
    ("change", "below"),
    [
        (removed, ""),
        (shortened, ""),
        (overwritten, ""),
        (replaced, ""),
        (shortened, "/bulkdata/7FE00010"),
        (overwritten, f"/frames/{ALL_FRAMES}"),
    ],
)
def test_what_changes_in_the_midst_is_broken_off(change: Callable[[Path], None], below: str, sending: Sending) -> None:
    with httpx.stream("GET", f"{sending.base}{sending.place}{below}", timeout=PATIENCE_S) as answer:
        pieces = answer.iter_raw(1000)
        next(pieces)
        change(sending.file)
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):  # the client can tell
            list(pieces)
    again = httpx.get(f"{sending.base}{sending.place}{below}", timeout=PATIENCE_S)
    assert (again.status_code, again.json()["notices"][0]["code"]) == (410, "DICOMWEB_OBJECT_CHANGED")
    line, _ = sending.told()
    uid = sending.place.rpartition("/")[2]
    assert line.startswith(f"DICOMWEB_OBJECT_CHANGED: {OBJECT_CHANGED.message} ({uid}")
    assert line.endswith(f"): {OBJECT_CHANGED.remedy}")


def test_a_client_that_goes_or_a_stop_in_the_midst_is_no_matter(sending: Sending) -> None:
    with httpx.stream("GET", f"{sending.base}{sending.place}", timeout=PATIENCE_S) as answer:
        next(answer.iter_raw(1000))
    with socket.create_connection(("127.0.0.1", httpx.URL(sending.base).port or 0)) as waiting:
        waiting.sendall(f"GET /{sending.place} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        waiting.recv(1000)
        time.sleep(0.2)
        cut, stopped = sending.told()
        assert "Cancel 1 running task" in cut
        assert stopped.startswith("stopped;")


def test_nothing_of_it_can_be_sent() -> None:
    def parts() -> Iterator[tuple[str, Iterator[bytes]]]:
        raise Refused(OBJECT_CHANGED.at("1.2"))
        yield "text/plain", iter(())

    with pytest.raises(Refused):
        Sent(Parts("text/plain", parts()), pytest.fail)


def test_what_uvicorn_says_besides_is_not_lost() -> None:
    notice = OBJECT_CHANGED.at("1.2", "gone")
    assert in_a_line(notice) == f"DICOMWEB_OBJECT_CHANGED: {notice.message} (1.2, gone): {notice.remedy}"
    wrong = "Exception in ASGI application\n"
    for text, error, new in ((CUT_OFF, None, False), (wrong, CancelledError(), False), (wrong, ValueError(), True)):
        record = LogRecord("uvicorn.error", 40, "", 1, text, (), None if error is None else (type(error), error, None))
        assert says_more(record) is new
