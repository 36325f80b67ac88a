"""Contract: INTERFACE's commands and exit statuses; every error is words that lead on, and never a traceback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from carpet.run import measuring
from carpet.run.cli import main, run
from carpet.run.outputs import FILES
from carpet.testing import simple_phantom, write_study

COMMAND = "from carpet.run.cli import main; main()"
Call = Callable[..., Any]


def child(*arguments: object, first: str = "", **options: Any) -> subprocess.Popen[str]:
    """The command as a process of its own; `first` is run before it."""
    command = [sys.executable, "-c", first + COMMAND, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def test_help_shows_all_commands_and_the_exit_statuses(call: Call) -> None:
    said = call("--help")
    assert said.status == 0
    for word in ("scan", "measure", "methods", "demo", "First steps", "Exit status", "--version"):
        assert word in said.out
    assert max(map(len, said.out.splitlines())) <= 80
    assert not re.search(r"[a-z]\.\.\.\n", said.out)  # no sentence cut off


def test_without_a_command_the_help_and_status_2(call: Call) -> None:
    said = call()
    assert said.status == 2
    assert said.out == call("--help").out


@pytest.mark.parametrize("command", ["scan", "measure", "methods", "demo"])
def test_each_command_has_help(call: Call, command: str) -> None:
    said = call(command, "--help")
    assert said.status == 0
    assert f"Usage: carpet {command}" in said.out


WRONG_CALLS: list[tuple[list[str], str]] = [
    (["frobnicate"], "No such command 'frobnicate'"),
    (["scan"], "Missing argument"),
    (["scan", "{tmp}/none"], "there is no file or folder"),
    (["scan", "{dicom}", "--valeus"], "No such option: --valeus"),
    (["measure", "{dicom}"], "Missing option '--out'"),
    (["measure", "{tmp}/none", "-o", "{tmp}/out"], "there is no file or folder"),
    (["measure", "{dicom}", "-o", "{tmp}/file"], "is a file; name a folder"),
    (["measure", "{dicom}", "-o", "{tmp}/file/below"], "cannot read or write"),
    (["measure", "{dicom}", "-o", "{tmp}/out", "--protocol", "cart-lymphom"], "Did you mean 'cart-lymphoma'"),
    (["measure", "{dicom}", "-o", "{tmp}/out", "--protocol", "{tmp}/typo.toml"], "did you mean 'method'"),
    (["measure", "{dicom}", "-o", "{tmp}/out", "--also", "suv4"], "Did you mean 'suv4.0'"),
    (["measure", "{dicom}", "-o", "{tmp}/out", "--mask", "{tmp}/none"], "does not exist"),
    (["measure", "{dicom}", "-o", "{tmp}/out", "--decisions", "{tmp}/none"], "does not exist"),
    (["measure", "{dicom}", "-o", "{tmp}/out", "--reader", "Dr A"], "--reader answers for a --mask"),
    (["measure", "{dicom}", "-o", "{tmp}/out", "--mask", "{truth}", "--reader", " "], "--reader needs a name"),
    (["measure", "{dicom}", "-o", "{tmp}/out", "--mask", "{truth}", "--reader", "a\x1b[31m"], "--reader needs a name"),
    (["measure", "{dicom}", "-o", "{tmp}/out", "--weight-kg", "700"], "--weight-kg"),
    (["methods", "scores"], "There are: biomarker, criterion, rule, score, segmenter"),
    (["demo", "{tmp}/demo", "--seed", "-1"], "--seed"),
]


@pytest.mark.parametrize(("arguments", "says"), WRONG_CALLS, ids=[" ".join(arguments) for arguments, _ in WRONG_CALLS])
def test_a_wrong_call_is_status_2(call: Call, ready: Any, tmp_path: Path, arguments: list[str], says: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "typo.toml").write_text("[segment]\nmetod = 'max41'")
    places = {"tmp": tmp_path, "dicom": ready.folder, "truth": ready.truth}
    said = call(*(argument.format(**places) for argument in arguments))
    assert said.status == 2
    assert says in said.err
    assert said.out == ""
    assert "Traceback" not in said.err
    assert not (tmp_path / "out").exists()


def test_where_nothing_can_be_measured_status_1_and_why(call: Call, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("x")
    said = call("measure", tmp_path, "-o", tmp_path / "out")
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("refused: no number is given.\n\nNO_PET: ")
    assert not (tmp_path / "out").exists()
    told = json.loads(call("measure", tmp_path, "-o", tmp_path / "out", "--json").out)
    assert [notice["code"] for notice in told["refusals"]] == ["NO_PET"]
    assert call("scan", tmp_path).status == 1


def test_text_in_files_does_not_reach_the_terminal_as_commands(call: Call, tmp_path: Path) -> None:
    hostile = "=cmd|x<script>\x1b]0;gone\x07\x9b2J\nPT  fine  quantifiable"

    def edit(dataset: Dataset, index: int) -> None:
        dataset.SeriesDescription = dataset.StudyDescription = dataset.Manufacturer = hostile

    write_study(simple_phantom(spacing_mm=10.0), tmp_path / "dicom", edit=edit)
    out = tmp_path / "out"
    for arguments in (["scan"], ["scan", "--json"], ["measure", "-o", out], ["measure", "-o", out, "--json"]):
        said = call(arguments[0], tmp_path / "dicom", *arguments[1:])
        assert said.status == 0
        assert all(char == "\n" or char.isprintable() for char in said.out + said.err)
        assert not any(line.startswith("PT  fine") for line in said.out.splitlines())
    assert "<script>" not in (out / "report.html").read_text(encoding="utf-8")
    for name in ("measurements.json", "lesions.csv", "biomarkers.csv", "report.html"):
        assert "\x1b" not in (out / name).read_text(encoding="utf-8")


def test_ctrl_c_is_status_130_and_leaves_the_old_results(call: Call, ready: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(measuring, "measure_study", stopped)
    (tmp_path / "lesions.csv").write_text("old")
    said = call("measure", ready.folder, "-o", tmp_path)
    assert (said.status, said.out) == (130, "")
    assert "nothing was half-written" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["lesions.csv"]


def test_a_bug_is_status_3_with_a_log(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("our own mistake")

    monkeypatch.setattr("carpet.run.methods_list.methods_list", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    said = call("methods")
    assert (said.status, said.out) == (3, "")
    assert "Traceback" not in said.err
    log = Path(said.err.rpartition("The log is in ")[2].strip())
    assert log.parent == tmp_path
    assert "ZeroDivisionError: our own mistake" in log.read_text()


def test_too_little_memory_is_said(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise MemoryError

    monkeypatch.setattr("carpet.run.methods_list.methods_list", full)
    said = call("methods")
    assert said.status == 2
    assert "not enough memory" in said.err


def test_main_ends_with_the_status(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["carpet", "methods", "scores"])
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended:
        main()
    signal.signal(signal.SIGTERM, before)
    assert ended.value.code == run(["methods", "scores"]) == 2
    assert "wrong call" in capsys.readouterr().err


def test_a_closed_pipe_is_no_error() -> None:
    process = child("methods")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are of Unix")
def test_a_full_disk_leaves_the_old_results(ready: Any, tmp_path: Path) -> None:
    (tmp_path / "lesions.csv").write_text("old")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); "
    process = child("measure", ready.folder, "-o", tmp_path, first=limit)
    out, err = process.communicate()
    assert (process.returncode, out) == (2, "")
    assert "Make room and run the same command again" in err
    assert [path.name for path in tmp_path.iterdir()] == ["lesions.csv"]
    assert (tmp_path / "lesions.csv").read_text() == "old"


def seen(wanted: Callable[[], bool], process: subprocess.Popen[str]) -> bool:
    """Wait until the process has got so far; False where it ended before."""
    while process.poll() is None:
        if wanted():
            return True
        time.sleep(0.002)
    return False


@pytest.mark.slow
def test_a_stop_at_any_moment_leaves_all_or_nothing(ready: Any, tmp_path: Path) -> None:
    """Stopped when it has begun to read, to write, to draw, to print: by events, since a loaded machine keeps no timetable."""
    out, scratch = tmp_path / "out", tmp_path / "scratch"
    scratch.mkdir()
    environment = os.environ | {"TMPDIR": str(scratch)}
    assert child("measure", ready.folder, "-o", out, env=environment).communicate()[1] == ""
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert set(before) == set(FILES)
    moments: list[tuple[Callable[[], bool], signal.Signals]] = [
        (lambda: any(scratch.glob("carpet-*")), signal.SIGTERM),
        (lambda: any(out.glob(".carpet-*")), signal.SIGINT),
        (lambda: any(out.glob(".carpet-*/mip.png")), signal.SIGTERM),
        (lambda: any(out.glob(".carpet-*/report.html")), signal.SIGINT),
    ]
    stopped = 0
    for reached, number in moments:
        process = child("measure", ready.folder, "-o", out, env=environment)
        if seen(reached, process):
            process.send_signal(number)
        _, err = process.communicate()
        after = {path.name: path.read_bytes() for path in out.iterdir()}
        stopped += process.returncode == 130
        assert process.returncode in (0, 130)
        assert "Traceback" not in err
        assert set(after) == set(FILES)
        if process.returncode == 130 and after != before:  # it came after the last file was in place: then all are new
            assert before["measurements.sr.dcm"] != after["measurements.sr.dcm"]
            assert before["lesions.seg.dcm"] != after["lesions.seg.dcm"]
        assert list(scratch.iterdir()) == []
        before = after
    assert stopped > 0
