"""Runs numbered cases in worker processes under a watch: a case that hangs or kills its process is an outcome, not the end of the run."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

PROCESSES = 2
READY_S = 120.0  # for the imports of a worker on a busy machine
ADDRESS_SPACE_BYTES = 4 * 2**30  # a brake for the machine's sake; what a case took is measured, not inferred from this
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outcome:
    """What became of one case: the worker's word, or `hang` or `crash`; wall time; peak resident memory while it ran."""

    number: int
    said: str
    seconds: float
    peak_mib: float


def watched(module: str, numbers: Sequence[int], work: Path, *, limit_s: float) -> list[Outcome]:
    """Every case `number` done by `python -m module WORK`, whose main calls `serve`; a worker that fails is replaced."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in numbers:
        waiting.put(number)
    outcomes: list[Outcome] = []
    lanes = [threading.Thread(target=_lane, args=(module, waiting, work / f"lane{n}", limit_s, outcomes)) for n in range(PROCESSES)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    return sorted(outcomes, key=lambda one: one.number)


def _lane(module: str, waiting: queue.SimpleQueue[int], work: Path, limit_s: float, outcomes: list[Outcome]) -> None:
    worker: subprocess.Popen[bytes] | None = None
    work.mkdir(parents=True, exist_ok=True)
    while True:
        try:
            number = waiting.get_nowait()
        except queue.Empty:
            break
        if worker is None:
            worker = _started(module, work)
        outcome = _asked(worker, number, limit_s)
        outcomes.append(outcome)
        if outcome.said.startswith(("hang", "crash")):
            _ended(worker)
            worker = None
    if worker is not None:
        _ended(worker)


def _started(module: str, work: Path) -> subprocess.Popen[bytes]:
    paths = os.pathsep.join([str(ROOT), *(path for path in sys.path if path)])
    environment = {**os.environ, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", module, str(work)]
    with (work / "stderr.txt").open("ab") as log:
        worker = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment, cwd=ROOT, start_new_session=True
        )
    if _line(worker, READY_S) != b"ready\n":
        _ended(worker)
        raise RuntimeError(f"{module} does not start; see {work / 'stderr.txt'}")
    return worker


def _asked(worker: subprocess.Popen[bytes], number: int, limit_s: float) -> Outcome:
    began = time.monotonic()
    assert worker.stdin is not None
    worker.stdin.write(b"%d\n" % number)
    worker.stdin.flush()
    line = _line(worker, limit_s)
    seconds = time.monotonic() - began
    if line is None:
        return Outcome(number, f"hang: more than {limit_s:g} s", seconds, 0.0)
    if not line.endswith(b"\n"):
        return Outcome(number, f"crash: exit status {worker.wait()}", seconds, 0.0)
    return Outcome(number, *json.loads(line))


def _line(worker: subprocess.Popen[bytes], limit_s: float) -> bytes | None:
    """The next line; b"" where the worker has died; None where nothing comes in time."""
    assert worker.stdout is not None
    got, until = b"", time.monotonic() + limit_s
    while not got.endswith(b"\n"):
        if not select.select([worker.stdout], [], [], max(until - time.monotonic(), 0.0))[0]:
            return None
        part = os.read(worker.stdout.fileno(), 65536)
        if not part:
            return got
        got += part
    return got


def _ended(worker: subprocess.Popen[bytes]) -> None:
    """With all the processes that it has started: its own session holds no other."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.communicate()


def serve(one: Callable[[int], str]) -> None:
    """In a worker: do the cases asked for, one by one, and answer with the word, the seconds and the peak memory (MiB)."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, resource.RLIM_INFINITY))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not mix with the answers
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        forget_peak()
        began = time.monotonic()
        said = one(int(line))
        print(json.dumps([said, round(time.monotonic() - began, 4), peak_mib()]), file=answers, flush=True)


def forget_peak() -> None:
    """Let the peak of this process start anew, where the system can do that (Linux)."""
    hook = Path("/proc/self/clear_refs")
    if hook.exists():
        hook.write_text("5")


def peak_mib() -> float:
    """Peak resident memory of this process since `forget_peak`, or of its largest child ever, if that is more."""
    status = Path("/proc/self/status")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if status.exists():
        own = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return round(max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024, 1)
