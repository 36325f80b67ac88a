"""Where a trial's work is done: in this process, or in several beside it. What comes out has the order of the tasks.

A worker gets paths and facts, and gives facts back; it writes the files of its task, the store it never sees. One that dies costs its
task a second try, and the others nothing. No worker outlives the command, however that ends.
"""

from __future__ import annotations

import copyreg
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from types import FrameType, MappingProxyType
from typing import Any, Protocol, TypeVar

from carpet.run.stopping import STOPPED_STATUS, uninterrupted

Say = Callable[[str], None]
T = TypeVar("T")
Made = TypeVar("Made", covariant=True)
MOST_BY_DEFAULT = 8  # [P] workers; one needs 0.5 to 1 GB for an ordinary scan
TRIES = 2  # [P] a death may come from outside; twice on the same task does not
AHEAD = 4  # [P] tasks a worker that may be done before an earlier one: what a kill may cost
STOP_S = 5.0  # [P] time to clean up before a worker is killed
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # the workers share the cores already
# no fork, which would share locks and open files; no multiprocessing, which would run a caller's script once more in every worker
LIFE = "import sys; from carpet.run.workers import serve; serve(*map(int, sys.argv[1:]))"
ASKED_TO_STOP: list[bool] = []  # in a worker


class Task(Protocol[Made]):
    """A piece of work that can go to another process: paths and facts, no pixels."""

    def done(self, say: Say) -> Made:
        """What comes of it; say: told of each step."""

    def lost(self, how: str) -> Made:
        """What stands where the process that did it has died of it, by the signal or exit status `how`."""


def _frozen(content: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(content)


copyreg.pickle(MappingProxyType, lambda one: (_frozen, (dict(one),)))  # Python itself knows no way


def usual_workers() -> int:
    """As many as this process may use cores, at most 8."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, MOST_BY_DEFAULT))


def outcomes(tasks: Sequence[tuple[str, Task[T]]], *, number: int, say: Say) -> Generator[T]:
    """What comes of each task, in their order; by `number` workers, or in this process where one is enough.

    tasks: each with the words by which progress calls it. Close the iterator (contextlib.closing): the workers end with it. Raises what
    a task raises.
    """
    if min(number, len(tasks)) <= 1:
        yield from (task.done(_with(say, where)) for where, task in tasks)
        return
    crew: list[_Worker] = []
    try:
        for _ in range(min(number, len(tasks))):
            with uninterrupted():
                crew.append(_started())
        yield from _by(crew, tasks, say)
    finally:
        with uninterrupted():
            _end(crew)


def _with(say: Say, where: str) -> Say:
    return lambda step: say(f"{where}: {step}")


@dataclass(eq=False)
class _Worker:
    """A process, our end of the pipe to it, the pipe whose end tells it of ours, and which task it has."""

    process: subprocess.Popen[bytes]
    connection: Connection
    lifeline: int
    task: int | None = None

    def close(self) -> None:
        self.connection.close()
        if self.lifeline >= 0:  # once: its number may be another file's by now
            os.close(self.lifeline)
        self.lifeline = -1

    def take(self, number: int, task: Task[Any]) -> None:
        self.task = number
        with suppress(ConnectionError):  # it has died; who waits for it learns that
            self.connection.send(task)

    def give(self) -> tuple[Any] | None:
        """What it has made; None where it has died. Raises what ended the task."""
        try:
            said = self.connection.recv()
        except (EOFError, ConnectionError):
            return None
        if isinstance(said, BaseException):
            raise said
        return (said,)


def _by(crew: list[_Worker], tasks: Sequence[tuple[str, Task[T]]], say: Say) -> Generator[T]:
    waiting, deaths = deque(range(len(tasks))), Counter[int]()
    done: dict[int, T] = {}
    given = 0
    say(f"{len(tasks)} tasks by {len(crew)} workers")
    while given < len(tasks):
        for worker in crew:
            if worker.task is None and waiting and waiting[0] < given + AHEAD * len(crew):
                worker.take(waiting[0], tasks[waiting.popleft()][1])
        for worker in _ready(crew):
            number, outcome = worker.task, worker.give()
            assert number is not None
            worker.task = None
            if outcome is None:
                outcome = _died(worker, tasks[number][1], deaths, number)
                with uninterrupted():
                    crew[crew.index(worker)] = _started()
            if outcome is None:
                waiting.appendleft(number)
            else:
                (done[number],) = outcome
                say(f"{tasks[number][0]}: done")
        while given in done:
            yield done.pop(given)
            given += 1


def _ready(crew: Sequence[_Worker]) -> list[_Worker]:
    """Those that have made something, or have died over it."""
    busy = {worker.connection: worker for worker in crew if worker.task is not None}
    return [busy[connection] for connection in wait(list(busy)) if isinstance(connection, Connection)]


def _died(worker: _Worker, task: Task[T], deaths: Counter[int], number: int) -> tuple[T] | None:
    """None: the task may be tried again."""
    worker.close()
    status = worker.process.wait()
    deaths[number] += 1
    if deaths[number] < TRIES:
        return None
    return (task.lost(signal.Signals(-status).name if status < 0 else f"exit status {status}"),)


def _started() -> _Worker:
    """A new process that waits for tasks, in a session of its own: Ctrl-C reaches the command alone, which then stops its workers."""
    ours, theirs = Pipe()
    end, lifeline = os.pipe()
    environment = ONE_THREAD | os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", LIFE, str(theirs.fileno()), str(end)],
        env=environment,
        pass_fds=(theirs.fileno(), end),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    theirs.close()
    os.close(end)
    return _Worker(process, ours, lifeline)


def _end(crew: Sequence[_Worker]) -> None:
    """All workers end: those at work clean up first, those that do not within STOP_S are killed."""
    for worker in crew:
        worker.process.terminate()
        worker.close()
    until = time.monotonic() + STOP_S
    for worker in crew:
        try:
            worker.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()


def serve(connection: int, lifeline: int) -> None:
    """A worker's life: tasks come and outcomes go by the pipe of the first number, the second one ends with the command."""
    signal.signal(signal.SIGTERM, _stop)
    sys.unraisablehook = _keep_quiet
    threading.Thread(target=_follow, args=(lifeline,), daemon=True).start()
    with suppress(EOFError, ConnectionError), Connection(connection) as pipe:  # they end where the command has ended
        while True:
            pipe.send(_made(pipe.recv()))


def _made(task: Task[Any]) -> Any:
    try:
        return task.done(_stop_if_asked)
    except Exception as error:  # it goes on in the command's own process
        error.add_note("".join(traceback.format_exception(error)))
        return error
    finally:
        _stop_if_asked("")


def _stop(number: int, frame: FrameType | None) -> None:
    ASKED_TO_STOP.append(True)
    sys.exit(STOPPED_STATUS)


def _stop_if_asked(step: str) -> None:
    """A library may have caught our exit."""
    if ASKED_TO_STOP:
        sys.exit(STOPPED_STATUS)


def _keep_quiet(lost: sys.UnraisableHookArgs) -> None:
    """Python drops exceptions inside its own callbacks; our exit is not forgotten, see above."""
    if not issubclass(lost.exc_type, SystemExit):
        sys.__unraisablehook__(lost)


def _follow(lifeline: int) -> None:
    """Where the command was killed, nobody else ends its workers."""
    os.read(lifeline, 1)  # nothing is ever written
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_S)
    os._exit(STOPPED_STATUS)
