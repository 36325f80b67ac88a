"""Where the examinations of a trial are measured: in this process, or in several beside it. What comes out has the order of the tasks.

A worker gets paths and facts, and gives records back; it writes the files of its examination, the store it never sees. One that dies
costs its examination a second try, and the others nothing. No worker outlives the command, however that ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from types import FrameType

from carpet.core.errors import Notice, ProtocolError
from carpet.run.stopping import STOPPED_STATUS, uninterrupted
from carpet.run.store import Record
from carpet.run.trial.notices import WORKER_DIED
from carpet.run.trial.studies import Task, attempted

Outcome = tuple[Record, ...] | Notice
Say = Callable[[str], None]
Named = tuple[str, Task]  # how progress calls it, and the task
MOST_BY_DEFAULT = 8  # [P] workers; one needs 0.5 to 1 GB for an ordinary scan
TRIES = 2  # [P] a death may come from outside; twice on the same examination does not
AHEAD = 4  # [P] tasks a worker that may be done before an earlier one: what a kill may cost
STOP_S = 5.0  # [P] time to clean up before a worker is killed
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # the workers share the cores already
# no fork, which would share locks and open files; no multiprocessing, which would run a caller's script once more in every worker
LIFE = "import sys; from carpet.run.workers import serve; serve(*map(int, sys.argv[1:]))"
ASKED_TO_STOP: list[bool] = []  # in a worker


def usual_workers() -> int:
    """As many as this process may use cores, at most 8."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, MOST_BY_DEFAULT))


def outcomes(tasks: Sequence[Named], *, number: int, say: Say) -> Generator[Outcome]:
    """What `attempted` gives for each task, in their order; by `number` workers, or in this process where one is enough.

    Close the iterator (contextlib.closing): the workers end with it. Raises what `attempted` raises.
    """
    if min(number, len(tasks)) <= 1:
        yield from (attempted(task, _with(say, where)) for where, task in tasks)
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

    def take(self, number: int, task: Task) -> None:
        self.task = number
        with suppress(ConnectionError):  # it has died; who waits for it learns that
            self.connection.send(task)

    def give(self) -> Outcome | None:
        """What it has made; None where it has died. Raises what ended the task."""
        try:
            said = self.connection.recv()
        except (EOFError, ConnectionError):
            return None
        if isinstance(said, BaseException):
            raise said
        outcome: Outcome = said
        return outcome


def _by(crew: list[_Worker], tasks: Sequence[Named], say: Say) -> Generator[Outcome]:
    waiting, deaths = deque(range(len(tasks))), Counter[int]()
    done: dict[int, Outcome] = {}
    given = 0
    say(f"measuring {len(tasks)} scans by {len(crew)} workers")
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
                done[number] = outcome
                say(f"{tasks[number][0]}: done")
        while given in done:
            yield done.pop(given)
            given += 1


def _ready(crew: Sequence[_Worker]) -> list[_Worker]:
    """Those that have made something, or have died over it."""
    busy = {worker.connection: worker for worker in crew if worker.task is not None}
    return [busy[connection] for connection in wait(list(busy)) if isinstance(connection, Connection)]


def _died(worker: _Worker, task: Task, deaths: Counter[int], number: int) -> Notice | None:
    """None: the examination may be tried again."""
    worker.close()
    status = worker.process.wait()
    deaths[number] += 1
    if deaths[number] < TRIES:
        return None
    return WORKER_DIED.at(task.study.study_uid, signal.Signals(-status).name if status < 0 else f"exit status {status}")


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


def _made(task: Task) -> Outcome | BaseException:
    try:
        return attempted(task, _stop_if_asked)
    except (ProtocolError, OSError) as error:  # it goes on in the command's own process
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
