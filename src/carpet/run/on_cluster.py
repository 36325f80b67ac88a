"""The examinations of a trial measured by the workers of a dask scheduler, on this computer or others."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from carpet.core.errors import ProtocolError
from carpet.run.document import software
from carpet.run.trial.studies import Named, Outcome, Task
from carpet.run.workers import Say

ANSWER_S = 15  # [P] how long a scheduler may take to answer
AGAIN = 1  # [P] further tries of a task that raised; a worker that dies has its tasks given to others
ALONE = threading.Lock()  # a dask worker may have several threads; measuring is made for processes


def on_cluster(tasks: Sequence[Named], address: str, *, say: Say) -> Generator[Outcome]:
    """What comes of each task, in their order, by the workers of the dask scheduler at `address`, which goes on afterwards.

    Raises ProtocolError where `distributed` is not installed, no scheduler answers, or a worker has other software or not our files.
    """
    if not tasks:
        return
    try:
        from distributed import CancelledError, KilledWorker
    except ImportError as error:
        raise ProtocolError("--scheduler needs dask's package `distributed`: pip install 'carpet[cluster]'") from error
    with _client(address) as client:
        ours, there = software(), []
        try:
            there += [client.submit(measured_there, task, ours, pure=False, retries=AGAIN) for _, task in tasks]
            for (where, task), future in zip(tasks, there, strict=True):
                say(f"{where}: waits for a worker of {address}")
                try:
                    yield future.result()
                except KilledWorker:
                    yield task.lost(address)
        except CancelledError as error:
            raise ProtocolError(f"the scheduler {address} has dropped the tasks; the same command goes on") from error
        except ImportError as error:
            raise ProtocolError(f"a worker of {address} cannot import carpet: {error}") from error
        finally:
            _drop(client, there)


def _client(address: str) -> Any:
    import distributed

    connect: Any = distributed.Client
    try:
        return connect(address, timeout=ANSWER_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ProtocolError(f"no dask scheduler answers at {address!r}; give it as tcp://host:8786") from error


def _drop(client: Any, there: Sequence[Any]) -> None:
    """What is not done is taken back; the scheduler and its workers are the user's and stay."""
    client.cancel([future for future in there if not future.done()])


def measured_there(task: Task, ours: Mapping[str, str]) -> Outcome:
    """What comes of the task on a worker; raises ProtocolError where that has other software than `ours`, or not the same files."""
    here, theirs = socket.gethostname(), software()
    if differ := sorted(f"{name} {theirs.get(name)}, not {version}" for name, version in ours.items() if theirs.get(name) != version):
        raise ProtocolError(f"the worker on {here} has other software: {'; '.join(differ)}")
    files = [file for series in task.study.found.catalogue.series for file in series.files]
    if not task.logs.parent.is_dir() or not all(file.is_file() for file in files):
        raise ProtocolError(f"the worker on {here} does not see the trial's folder under the same path")
    with ALONE:
        return task.done(_quiet)


def _quiet(step: str) -> None:
    """Nobody looks at a worker's progress."""
