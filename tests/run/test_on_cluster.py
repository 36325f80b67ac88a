"""Contract: a cluster gives what this process gives; a worker that dies or a corrupt study stops nobody; the scheduler stays the user's."""

from __future__ import annotations

import builtins
import csv
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from carpet.core.errors import ProtocolError
from carpet.run.document import software
from carpet.run.on_cluster import measured_there, on_cluster
from carpet.run.trial.studies import Task
from carpet.testing import Visit, simple_phantom, write_study

INFUSED = "2024-03-14"  # the phantoms' own day
PATIENTS = "ABCDEF"


def quiet(step: str) -> None:
    """Nobody listens."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@dataclass
class Cluster:
    """A scheduler on loopback and its workers, one thread each, without dashboards."""

    address: str
    processes: list[subprocess.Popen[bytes]]

    def started(self, *arguments: str) -> None:
        paths = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        quiet_streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        command = [sys.executable, "-W", "ignore", "-m", "distributed.cli." + arguments[0], *arguments[1:]]
        self.processes.append(subprocess.Popen(command, env=os.environ | paths, **quiet_streams))  # type: ignore[call-overload]

    def worker(self) -> None:
        self.started("dask_worker", self.address, "--nthreads", "1", "--no-dashboard", "--no-nanny", "--host", "127.0.0.1")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    port = free_port()
    made = Cluster(f"tcp://127.0.0.1:{port}", [])
    made.started("dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show")
    made.worker()
    made.worker()
    yield made
    for process in reversed(made.processes):  # how dask itself ends is not asked here, and a worker may take its time over it
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from carpet.run.trial.folder import init_trial

    root, scan = tmp_path_factory.mktemp("cluster") / "trial", simple_phantom(spacing_mm=12.0)
    init_trial(root)
    for who in PATIENTS:
        written = write_study(scan, root / "dicom" / who, visit=Visit(patient_id=who))
        if who == "C":
            content = written.pet_files[0].read_bytes()
            written.pet_files[0].write_bytes(content[: len(content) // 2])
    rows = "".join(f"{who},60,{INFUSED},2024-03-10,no,2024-12-01\n" for who in PATIENTS)
    head = "patient_id,age,infusion_date,lymphodepletion_date,bridging,last_contact_date\n"
    (root / "clinical" / "patients.csv").write_text(head + rows)
    return root


def copied(folder: Path, to: Path) -> Path:
    to.mkdir()
    for name in ("dicom", "clinical", "trial.toml"):
        (to / name).symlink_to(folder / name)
    return to


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "results" / "tables").iterdir()}


def killed_when_busy(cluster: Cluster, results: Path) -> Callable[[], None]:
    """One worker is killed as soon as anything is measured."""
    import threading

    def wait_and_kill() -> None:
        until = time.monotonic() + 120
        while time.monotonic() < until and not any("measurements.json" in names for _, _, names in os.walk(results)):
            time.sleep(0.02)
        with suppress(ProcessLookupError):
            cluster.processes[1].send_signal(signal.SIGKILL)

    thread = threading.Thread(target=wait_and_kill)
    thread.start()
    return thread.join


@pytest.mark.slow
def test_one_worker_killed_and_one_study_corrupt_the_others_are_done(
    folder: Path, cluster: Cluster, tmp_path: Path, call: Callable[..., Any]
) -> None:
    here, there = copied(folder, tmp_path / "here"), copied(folder, tmp_path / "there")
    assert call("run", here, "--workers", "1", "--tables-only").status == 1
    killed = killed_when_busy(cluster, there / "results")
    said = call("run", there, "--scheduler", cluster.address, "--tables-only")
    killed()
    assert said.status == 1, said.err
    assert tables(there) == tables(here)
    with (there / "results" / "tables" / "studies.csv").open() as file:
        status = {row["patient_id"]: row["status"] for row in csv.DictReader(file)}
    assert {who for who, one in status.items() if one == "REFUSED"} <= {"C"}
    assert len(status) >= len(PATIENTS) - 1
    again = call("run", there, "--scheduler", cluster.address, "--tables-only", "--json")
    assert '"measured": 0,' in again.out
    assert [process.poll() for process in (cluster.processes[0], cluster.processes[2])] == [None, None]


def test_where_nobody_answers() -> None:
    with pytest.raises(ProtocolError, match="no dask scheduler answers"):
        list(on_cluster([("", None)], "no-address:", say=quiet))  # type: ignore[list-item]


def test_where_distributed_is_not_installed_and_nothing_is_to_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *given: Any, **more: Any) -> Any:
        if name == "distributed":
            raise ImportError(name)
        return real(name, *given, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    assert list(on_cluster([], "tcp://127.0.0.1:1", say=quiet)) == []
    with pytest.raises(ProtocolError, match=r"carpet\[cluster\]"):
        list(on_cluster([("", None)], "tcp://127.0.0.1:1", say=quiet))  # type: ignore[list-item]


def test_both_options_are_a_wrong_call(folder: Path, call: Callable[..., Any]) -> None:
    said = call("run", folder, "--workers", "2", "--scheduler", "tcp://127.0.0.1:1")
    assert (said.status, "exclude each other" in said.err) == (2, True)


@pytest.fixture
def task(folder: Path, tmp_path: Path) -> Task:
    import datetime as dt

    from carpet.core.protocol import Protocol
    from carpet.run.opening import found_under
    from carpet.run.store import Stamp
    from carpet.run.trial.scan_page import Heading
    from carpet.run.trial.studies import Wanted, trial_studies

    with found_under([folder / "dicom" / "A"], Protocol().suv) as found:
        (study,), _ = trial_studies(found)
    wanted = Wanted(tmp_path / "r", tmp_path / "s.dcm", tmp_path / "g.npz", tables_only=True, heading=Heading("A", None))
    return Task(study, Protocol(), wanted, Stamp(run="r", who="carpet", at=dt.datetime(2024, 1, 1, tzinfo=dt.UTC)), tmp_path / "logs")


def test_a_worker_with_other_software_or_other_files_is_refused(task: Task) -> None:
    from dataclasses import replace

    assert isinstance(measured_there(task, software()), tuple)
    with pytest.raises(ProtocolError, match=r"other software: numpy .*, not 1\.0"):
        measured_there(task, software() | {"numpy": "1.0"})
    with pytest.raises(ProtocolError, match="under the same path"):
        measured_there(replace(task, logs=Path("/absent/logs")), software())
