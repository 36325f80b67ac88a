"""T8: the disk is full, or refuses to write, while `carpet run` renews a trial's results.

Each trial has been run; then its protocol is changed, so that all is measured again, and the run meets a disk with room for a part of
what it would write: a small file system of its own (where this process may mount one), or a limit on the size of a file, which fails
every write beyond it. A failure is: an exit status other than 2; words that do not say what to do, or a traceback; another table than
before; a record of the store that is gone or changed, a store that `verify` complains of; a hidden file that is left; the same command,
given room, not ending well, or with other tables or records than a run that never met a full disk.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from validation.reliability.score import Score
from validation.reliability.small_trial import command, in_fork, records, same_inputs, small_trial, tables, unfinished

from carpet.run.store import open_store

PATIENTS = 1
BY_WORKERS = 10  # one case in so many by two workers
WRONG_CALL = 2
WAY_OUT = ("same command again", "try again", "what was stored is as it was")
KIB = 1024
PAGE_BYTES = 4 * KIB  # what the least file takes of a tmpfs
LEAST_BYTES = 2 * KIB  # of a file; below it not even the message of the test could be written down


def changed(trial: Path) -> None:
    """Another delineation: every scan is due again."""
    toml = (trial / "trial.toml").read_text(encoding="utf-8").replace('method = "suv4.0"', 'method = "suv2.5"')
    (trial / "trial.toml").unlink()
    (trial / "trial.toml").write_text(toml, encoding="utf-8")


def sizes(trial: Path) -> list[int]:
    return [path.stat().st_size for path in (trial / "results").rglob("*") if path.is_file()]


@contextmanager
def small_disk(place: Path, size_bytes: int) -> Iterator[bool]:
    """A file system of this size at `place`; False where none may be mounted."""
    place.mkdir()
    options = f"size={size_bytes // KIB}k"
    mounted = shutil.which("mount") is not None and (
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True, check=False).returncode == 0
    )
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(place)], capture_output=True, check=True)


def room_again(place: Path, size_bytes: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size_bytes // KIB}k", str(place)], capture_output=True, check=True)


def after_failure(trial: Path, status: int, said: str, before: Path) -> Iterator[str]:
    """What is wrong with how the command ended, and with the results that were there."""
    if status != WRONG_CALL or not any(words in said for words in WAY_OUT) or "Traceback" in said:
        yield f"ends with {status}: {said[-300:]}"
    if tables(trial) != tables(before):
        yield "the old tables have changed"
    yield from (f"left behind: {path.name}" for path in unfinished(trial))


def after_room(trial: Path, before: Path) -> Iterator[str]:
    """What is wrong with the store; SQLite needs a little room even to read it."""
    old = records(before)
    if records(trial)[: len(old)] != old:
        yield "old records are gone"
    with open_store(trial / "results" / "carpet.sqlite") as store:
        yield from (f"{notice.where}: {notice.found}" for notice in store.verify())


def after_all(trial: Path, options: tuple[str, ...], right: Path) -> Iterator[str]:
    """The same command, given room."""
    status, said = in_fork(trial, *options)
    if status:
        yield f"given room, it ends with {status}: {said[-300:]}"
        return
    if tables(trial) != tables(right):
        yield "given room, other tables"
    if records(trial) != records(right):
        yield "given room, other records"
    yield from (f"given room, left behind: {path.name}" for path in unfinished(trial))


def limited(trial: Path, options: tuple[str, ...], most_bytes: int, before: Path, right: Path) -> Iterator[str]:
    """One case with a limit on the size of a file."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    status, said = in_fork(trial, *options, before=limit)
    if status:
        yield from after_failure(trial, status, said, before)
        yield from after_room(trial, before)
    yield from after_all(trial, options, right)


def filled(trial: Path, options: tuple[str, ...], free_bytes: int, before: Path, right: Path) -> Iterator[str] | None:
    """One case on a full disk, None where none may be mounted."""
    disk, used = trial / "disk", sum(-(-size // PAGE_BYTES) + 1 for size in sizes(trial)) * PAGE_BYTES  # and one for its name
    found: list[str] = []
    with small_disk(disk, used + free_bytes) as mounted:
        if not mounted:
            return None
        shutil.copytree(trial / "results", disk / "results")
        shutil.rmtree(trial / "results")
        (trial / "results").symlink_to(disk / "results")
        status, said = in_fork(trial, *options)
        found += after_failure(trial, status, said, before) if status else ()
        room_again(disk, 100 * KIB * KIB)
        found += after_room(trial, before)
        found += after_all(trial, options, right)
    return iter(found)


def run(size: int, work: Path) -> Score:
    """`size` cases, by turns on a full disk and with a limit on the size of a file."""
    inputs, only = small_trial(work / "inputs", PATIENTS), ("--tables-only", "--workers")
    before, right = same_inputs(inputs, work / "before"), work / "right"
    command("run", before, *only, "1")
    shutil.copytree(before, right, symlinks=True)
    changed(right)
    status, said = in_fork(right, *only, "1")
    if status:
        return Score("T8", "the trial itself", 1, (said[-300:],))
    grown, largest = sum(sizes(right)) - sum(sizes(before)) + max(sizes(right)), max(sizes(right))
    failed, disks = [], 0
    for number in range(size):
        trial, share = work / str(number), (number + 0.5) / size
        shutil.copytree(before, trial, symlinks=True)
        changed(trial)
        options = (*only, "2" if number % BY_WORKERS == 1 else "1")
        found = filled(trial, options, round(share * grown), before, right) if number % 2 else None
        disks += found is not None
        if found is None:
            found = limited(trial, options, LEAST_BYTES + round(share * (largest - LEAST_BYTES)), before, right)
        failed += [f"case {number}: {'; '.join(wrong)}"] if (wrong := list(found)) else []
    notes = (f"{disks} on a full disk of their own, {size - disks} with a limit on the size of a file",)
    return Score("T8", "runs that met a disk without room", size, tuple(failed), notes=notes)
