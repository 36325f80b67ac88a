"""T6: kill -9 at a random moment of `carpet run`, then the same command: nothing lost, doubled or wrong.

A case is a run of a small trial with one or two workers that is killed with all its processes, or alone (its workers must then end
by themselves), at a random moment of its life; one case in three is killed twice. The command that follows must end well. A failure is:
tables that are not byte-equal to those of a run that was never killed; another number, order or id of the store's records; a store that
`verify` finds altered; a worker that lives on; a hidden part folder that is left.

The runs are forks of this process, which has imported carpet already: a hundred interpreters would spend the time on starting. Without
pages: these are moved to their place whole, before the records of their scan.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from validation.reliability.score import Score
from validation.reliability.small_trial import command, ended, forked, in_fork, records, same_inputs, small_trial, tables, unfinished

from carpet.run.store import open_store

PATIENTS = 1
SEED = 6
BY_WORKERS = 10  # one case in so many is measured by two workers, which must import all by themselves
GONE_S = 20.0  # a worker that was left alone must have ended


@dataclass(frozen=True)
class Case:
    """One run: by how many workers, the moments of its kills as shares of an undisturbed run, and whether its workers are killed too."""

    workers: int
    shares: tuple[float, ...]
    whole_group: bool


def cases(size: int) -> Iterator[Case]:
    draw = random.Random(SEED)  # noqa: S311 no secret
    for number in range(size):
        shares = tuple(draw.uniform(0.0, 1.1) for _ in range(2 if number % 3 == 0 else 1))
        yield Case(2 if number % BY_WORKERS == 1 else 1, shares, number % 2 == 0)


def options(workers: int) -> tuple[str, ...]:
    return ("--tables-only", "--workers", str(workers))


def lived(trial: Path, workers: int, after_s: float, *, whole_group: bool) -> set[int]:
    """Start the command and kill it after so many seconds; returns the workers that it then had."""
    child = forked(lambda: command("run", trial, *options(workers))[0])
    time.sleep(after_s)
    crew = children(child)
    for one in (child, *(crew if whole_group else ())):
        _kill(one)
    ended(child)
    return crew


def children(parent: int) -> set[int]:
    """Processes whose parent this is (Linux)."""
    place = Path(f"/proc/{parent}/task/{parent}/children")
    return {int(one) for one in place.read_text().split()} if place.exists() else set()


def _kill(one: int) -> None:
    try:
        os.kill(one, signal.SIGKILL)
    except ProcessLookupError:
        return


def alive(crew: set[int]) -> set[int]:
    """Those that are still there and no zombies, at the latest after GONE_S."""
    until = time.monotonic() + GONE_S
    while left := {one for one in crew if _is_alive(one)}:
        if time.monotonic() > until:
            return left
        time.sleep(0.02)
    return set()


def _is_alive(one: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{one}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def faults(case: Case, trial: Path, undisturbed: Path, seconds: dict[int, float]) -> Iterator[str]:
    """What is wrong after the kills and the same command."""
    crew: set[int] = set()
    for share in case.shares:
        crew |= lived(trial, case.workers, share * seconds[case.workers], whole_group=case.whole_group)
    if left := alive(crew):
        yield f"{len(left)} workers live on"
    status, said = in_fork(trial, *options(1))
    if status:
        yield f"the same command ends with {status}: {said[-200:]}"
        return
    yield from (f"left behind: {path.name}" for path in unfinished(trial))
    yield from differing(trial, undisturbed)
    with open_store(trial / "results" / "carpet.sqlite") as store:
        yield from (f"{notice.where}: {notice.found}" for notice in store.verify())


def differing(trial: Path, undisturbed: Path) -> Iterator[str]:
    """Tables and records that are not those of the undisturbed run."""
    here, there = tables(trial), tables(undisturbed)
    yield from (f"{name} differs" for name in sorted(here.keys() | there.keys()) if here.get(name) != there.get(name))
    if records(trial) != records(undisturbed):
        yield f"{len(records(trial))} records, not the {len(records(undisturbed))} of the undisturbed run in their order"


def run(size: int, work: Path) -> Score:
    """`size` cases, each a trial of its own over the same scans."""
    inputs, seconds, failed, kills = small_trial(work / "inputs", PATIENTS), dict[int, float](), [], 0
    command("run", same_inputs(inputs, work / "first"), *options(1))  # all is imported once, here
    undisturbed = same_inputs(inputs, work / "undisturbed")
    for workers, place in ((1, undisturbed), (2, same_inputs(inputs, work / "by two"))):
        began = time.monotonic()
        status, said = in_fork(place, *options(workers))
        seconds[workers] = time.monotonic() - began
        wrong = [f"ends with {status}: {said[-200:]}"] if status else list(differing(place, undisturbed))
        failed += [f"undisturbed, {workers} workers: {'; '.join(wrong)}"] if wrong else []
    for number, case in enumerate(cases(size if not failed else 0)):
        kills += len(case.shares)
        found = list(faults(case, same_inputs(inputs, work / str(number)), undisturbed, seconds))
        failed += [f"case {number} {case}: {'; '.join(found)}"] if found else []
    notes = (f"{kills} kills; an undisturbed run takes {seconds[1]:.1f} s, by two workers {seconds[2]:.1f} s",)
    return Score("T6", "runs killed with -9 and repeated", size, tuple(failed), notes=notes)
