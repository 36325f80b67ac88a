"""Contract: the command as a process: it says what is there, answers this machine only, and ends at Ctrl-C without leaving anything."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from carpet.core.errors import ProtocolError
from carpet.run.ohif.archive import Archive
from carpet.run.ohif.serving import Wanted, opened_text, serve

from .conftest import Shown

START_S = 120  # the machine may be busy


def test_it_answers_until_it_is_stopped(shown: Shown) -> None:
    start = "from carpet.run.cli import main; main()"
    command = [sys.executable, "-c", start, "ohif", str(shown.folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(6)]
            address = lines[0].split(" ")[0]
            assert lines[1] == f"DICOMweb: {address}dicomweb\n"
            assert lines[3:] == ["not served: 1 FILE_MALFORMED, 2 UID_CONFLICT\n", "1 file beside them no DICOM\n", "Ctrl-C closes it.\n"]
            assert len(httpx.get(f"{address}dicomweb/studies", timeout=START_S).json()) == 2
            process.send_signal(signal.SIGINT)
            assert process.wait(START_S) == 130
            assert process.stderr is not None
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()


def test_what_cannot_be_served_says_why(shown: Shown, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for wanted, words in (
            (Wanted(shown.folder, taken.getsockname()[1]), "--port"),
            (Wanted(tmp_path / "nowhere"), "no folder"),
            (Wanted(tmp_path), "not a whole trial"),
            (Wanted(shown.folder, 0, tmp_path), "npm pack"),
        ):
            with pytest.raises(ProtocolError, match=words):
                serve(wanted, say=lambda step: None, ready=pytest.fail, tell=pytest.fail)


def test_no_file_writes_a_line_of_its_own(archive: Archive) -> None:
    text = opened_text(Archive({}, {"A\nCtrl-C\x1b[2J": 1}, 0), "http://127.0.0.1:1/", with_viewer=True)
    assert text.count("\n") == 5
    assert "\x1b" not in text
    assert "in OHIF" in opened_text(archive, "http://127.0.0.1:1/", with_viewer=False)
