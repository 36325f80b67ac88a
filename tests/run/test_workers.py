"""Contract: workers change no record and no table; one that dies costs its examination a second try; none outlives the command."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carpet.core.errors import Notice
from carpet.core.protocol import Protocol
from carpet.run import workers as room
from carpet.run.opening import found_under
from carpet.run.store import Stamp, open_store
from carpet.run.trial.folder import Trial, init_trial
from carpet.run.trial.scan_page import Heading
from carpet.run.trial.studies import Task, Wanted, trial_studies
from carpet.run.workers import outcomes, usual_workers
from carpet.testing import Visit, simple_phantom, write_study

STAMP = Stamp(run="r", who="carpet", at=dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
SCANS = (("A", -3), ("A", 29), ("B", -3), ("B", 29))
PATIENTS = "patient_id,age,infusion_date,lymphodepletion_date,bridging,last_contact_date\n" + "".join(
    f"{who},60,2024-03-01,2024-02-28,no,2024-12-01\n" for who in "AB"
)
PLANTED = """
import os, signal, sys
from pathlib import Path
import carpet.run.workers as room
measure, flag, often = room._made, Path({flag!r}), {often}
def deadly(task):
    if task.study.study_uid == {uid!r} and len(list(flag.iterdir())) < often:
        (flag / str(os.getpid())).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return measure(task)
room._made = deadly
room.serve(*map(int, sys.argv[1:]))
"""


def quiet(step: str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("workers") / "trial"
    init_trial(root)
    scan = simple_phantom(spacing_mm=12.0)
    for who, day in SCANS:
        at = dt.datetime(2024, 3, 1, 8, 30) + dt.timedelta(day)
        write_study(scan, root / "dicom" / f"{who}{day}", visit=Visit(patient_id=who, injected_at=at))
    (root / "clinical" / "patients.csv").write_text(PATIENTS)
    return root


@pytest.fixture
def tasks(folder: Path, tmp_path: Path) -> Iterator[list[tuple[str, Task]]]:
    trial = Trial(tmp_path, Protocol())
    with found_under([folder / "dicom"], Protocol().suv) as found:
        studies, _ = trial_studies(found)
    yield [(one.short, Task(one, trial.protocol, wanted_of(trial, one.short), STAMP, trial.results / "logs")) for one in studies]
    assert own_workers() == []


def wanted_of(trial: Trial, name: str) -> Wanted:
    places = trial.reports / name, trial.seg / f"{name}.seg.dcm", trial.geometry / f"{name}.npz"
    return Wanted(*places, tables_only=True, heading=Heading("A", None))


def own_workers(parent: int | None = None) -> list[str]:
    """Processes that serve; those of this parent, by default of this process."""
    asked = ["ps", "-A", "-ww", "-o", "ppid=", "-o", "pid=", "-o", "command="]
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    serving = [line for line in told if "workers import serve" in line or "deadly(task)" in line]
    return [line for line in serving if parent == 0 or int(line.split()[0]) == (parent or os.getpid())]


def planted_death(monkeypatch: pytest.MonkeyPatch, flag: Path, uid: str, often: int) -> None:
    flag.mkdir()
    monkeypatch.setattr(room, "LIFE", PLANTED.format(flag=str(flag), uid=uid, often=often))


def test_workers_give_the_same_in_the_same_order(tasks: list[tuple[str, Task]]) -> None:
    alone = list(outcomes(tasks, number=1, say=quiet))
    said: list[str] = []
    assert list(outcomes(tasks, number=2, say=said.append)) == alone
    assert {where for where, _ in tasks} == {one.removesuffix(": done") for one in said[1:]}
    assert all(task.wanted.there for _, task in tasks)


def test_one_that_dies_costs_a_second_try(tasks: list[tuple[str, Task]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    planted_death(monkeypatch, tmp_path / "flag", tasks[1][1].study.study_uid, 1)
    assert list(outcomes(tasks, number=2, say=quiet)) == [task.done(quiet) for _, task in tasks]
    assert len(list((tmp_path / "flag").iterdir())) == 1


def test_one_that_dies_twice_costs_one_examination(tasks: list[tuple[str, Task]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    planted_death(monkeypatch, tmp_path / "flag", tasks[0][1].study.study_uid, 9)
    first, *others = outcomes(tasks, number=2, say=quiet)
    assert isinstance(first, Notice)
    assert (first.code, first.where, first.found) == ("WORKER_DIED", tasks[0][1].study.study_uid, "SIGKILL")
    assert others == [task.done(quiet) for _, task in tasks[1:]]
    assert len(list((tmp_path / "flag").iterdir())) == 2


def test_a_disk_that_refuses_ends_the_call(tasks: list[tuple[str, Task]], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    wrong = [(where, replace(task, wanted=replace(task.wanted, report=tmp_path / "file" / "x"))) for where, task in tasks]
    with pytest.raises(NotADirectoryError):
        list(outcomes(wrong, number=2, say=quiet))


def test_closed_early_all_workers_end_and_nothing_hidden_is_left(tasks: list[tuple[str, Task]], tmp_path: Path) -> None:
    with closing(outcomes(tasks, number=2, say=quiet)) as made:
        assert isinstance(next(made), tuple)
        assert len(own_workers()) == 2
    assert own_workers() == []
    assert list(tmp_path.rglob(".*")) == []


def test_as_many_as_cores_but_not_more_than_eight(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 <= usual_workers() <= 8
    monkeypatch.setattr(os, "sched_getaffinity", lambda number: set(range(96)), raising=False)
    assert usual_workers() == 8


def test_a_worker_is_closed_once() -> None:
    worker = room._started()
    worker.close()
    number = os.open(os.devnull, os.O_RDONLY)  # takes the number that has become free
    worker.close()
    os.fstat(number)
    os.close(number)
    room._end([worker])


def test_a_file_in_the_working_directory_is_not_run(tasks: list[tuple[str, Task]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    assert all(isinstance(one, tuple) for one in outcomes(tasks[:2], number=2, say=quiet))


def started(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    script = "import carpet.run.cli as c; c.main()"
    paths = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-W", "ignore", "-c", script, "run", str(folder), *more]
    return subprocess.Popen(command, env=os.environ | paths, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    _, said = process.communicate(timeout=300)
    return process.returncode, said.decode()


def copied(folder: Path, to: Path) -> Path:
    to.mkdir()
    for name in ("dicom", "clinical", "trial.toml"):
        (to / name).symlink_to(folder / name)
    return to


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "results" / "tables").iterdir()}


def stored(folder: Path) -> list[tuple[int, str]]:
    with open_store(folder / "results" / "carpet.sqlite") as store:
        kinds = ("study", "lesion", "measurement", "missing", "assessment", "flag", "refusal")
        return sorted((one.sequence, one.id) for kind in kinds for one in store.current(kind))


def any_below(folder: Path, ending: str) -> bool:
    """Not by rglob, which breaks off where a hidden folder vanishes."""
    return any(name.endswith(ending) for _, _, names in os.walk(folder) for name in names)


def awaited(true: Callable[[], Any]) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.slow
def test_the_command_with_one_and_with_two_workers(folder: Path, tmp_path: Path) -> None:
    one, two = copied(folder, tmp_path / "one"), copied(folder, tmp_path / "two")
    for place, workers in ((one, "1"), (two, "2")):
        assert ended(started(place, "--tables-only", "--workers", workers)) == (0, "")
    assert tables(one) == tables(two)
    assert stored(one) == stored(two)


@pytest.mark.slow
@pytest.mark.parametrize(("stop", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)])
def test_a_stopped_command_leaves_no_worker_and_nothing_hidden_and_goes_on(
    folder: Path, tmp_path: Path, stop: signal.Signals, status: int
) -> None:
    place = copied(folder, tmp_path / "trial")
    running = started(place, "--workers", "2")
    awaited(lambda: any_below(place / "results", ".csv") or running.poll() is not None)
    serving = {line.split()[1] for line in own_workers(running.pid)}
    assert len(serving) == 2
    running.send_signal(stop)
    said = "" if stop == signal.SIGKILL else "stopped; nothing was half-written, the same command starts again\n"
    assert ended(running) == (status, said)
    awaited(lambda: not serving & {line.split()[1] for line in own_workers(0)})
    assert list((place / "results").rglob(".carpet*")) == []
    assert ended(started(place, "--tables-only", "--workers", "2")) == (0, "")
    with open_store(place / "results" / "carpet.sqlite") as store:
        assert store.verify() == ()
        assert len(store.current("study")) == len(SCANS)
