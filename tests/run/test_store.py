"""Truth: SQLite's own integrity check, the run that nobody interrupted, and tamperings whose place is known."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import math
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carpet.core.errors import ProtocolError, Refused
from carpet.core.record import Provenance
from carpet.run.store import EMPTY, Head, Record, Stamp, Step, Store, open_store

STAMP = Stamp(run="run-1", who="carpet", at=dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC))
STEPS = 20  # of the work that is killed


def lesions(volumes: tuple[float, ...], *, study: str = "1.2.3", threshold: float = 4.0) -> Step:
    records = tuple(
        Record(kind="lesion", name=f"L{n:02}", patient="P007", study=study, day=-3, payload={"volume_ml": volume})
        for n, volume in enumerate(volumes, start=1)
    )
    return Step(f"lesions/{study}", Provenance("suv4.0", "1", "a paper", {"threshold": threshold}, (f"study {study}",)), records)


def volumes_now(store: Store) -> list[float]:
    return [row.payload["volume_ml"] for row in store.current("lesion")]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "carpet.sqlite") as opened:
        yield opened


def raw(path: Path, *statements: str) -> list[Any]:
    """SQLite without carpet; the rows of the last statement."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = [connection.execute(statement).fetchall() for statement in statements]
        connection.commit()
    return rows[-1]


def test_what_is_written_is_read(store: Store) -> None:
    step = lesions((12.5, 3.0))
    store.write(step, STAMP)
    rows = store.current("lesion")
    assert [(row.name, row.patient, row.study, row.day, row.payload) for row in rows] == [
        ("L01", "P007", "1.2.3", -3, {"volume_ml": 12.5}),
        ("L02", "P007", "1.2.3", -3, {"volume_ml": 3.0}),
    ]
    assert [(row.run, row.who, row.role, row.created_at) for row in rows] == [
        ("run-1", "carpet", "machine", "2026-11-22T12:00:00.000000+00:00")
    ] * 2
    assert tuple(row.id for row in rows) == step.ids
    (made,) = store.current("provenance")
    assert made.payload["parameters"] == {"threshold": 4.0}
    assert (made.id, made.step) == (step.provenance.id, step.key)
    assert store.current("lesion", study="1.2.4") == store.current("measurement") == ()
    assert store.verify() == ()


def test_the_files_of_an_open_and_of_a_closed_store(tmp_path: Path) -> None:
    path = tmp_path / "carpet.sqlite"
    with open_store(path) as store:
        store.write(lesions((1.0,)), STAMP)
        assert raw(path, "PRAGMA journal_mode") == [("wal",)]
        for _ in range(2):
            with store.engine.connect() as one, store.engine.connect() as other:
                for connection in (one, other):
                    assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
                    assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert [file.name for file in tmp_path.iterdir()] == ["carpet.sqlite"]


def test_the_same_step_is_stored_once(store: Store) -> None:
    step = lesions((12.5, 3.0))
    assert not store.done(step.key)
    store.write(step, STAMP)
    end = store.head()
    assert store.done(step.key)
    store.write(step, replace(STAMP, run="run-2"))
    assert store.reuse(step, STAMP)
    assert store.head() == end == Head(3, end.digest)
    assert not store.done(lesions((12.5, 3.0), threshold=2.5).key)


def test_a_later_step_takes_the_place_of_the_whole_earlier_one(store: Store) -> None:
    store.write(lesions((12.5, 3.0, 1.0)), STAMP)
    store.write(lesions((7.0,), study="1.2.4"), STAMP)
    later = lesions((11.0, 2.0), threshold=5.0)
    store.write(later, STAMP)
    assert volumes_now(store) == [11.0, 2.0, 7.0]  # the third lesion of the first study has gone with its step
    assert [row.payload["volume_ml"] for row in store.history(store.current("lesion")[0].id)] == [12.5, 11.0]
    assert not store.done(lesions((12.5, 3.0, 1.0)).key)
    store.write(Step(later.chain, replace(later.provenance, parameters={"threshold": 99.0})), STAMP)
    assert volumes_now(store) == [7.0]
    assert store.verify() == ()


def test_an_earlier_step_comes_back_without_being_stored_twice(store: Store) -> None:
    first, second = lesions((12.5, 3.0)), lesions((11.0,), threshold=5.0)
    assert not store.reuse(first, STAMP)
    for step in (first, second):
        store.write(step, STAMP)
    assert store.reuse(replace(first, records=()), STAMP)
    assert store.done(first.key)
    assert not store.done(second.key)
    assert volumes_now(store) == [12.5, 3.0]
    store.write(second, STAMP)
    assert volumes_now(store) == [11.0]
    assert len(raw(store.path, "SELECT * FROM record WHERE kind = 'lesion'")) == 3
    steps = [row.step for row in store.history(store.current("provenance")[0].id)]
    assert steps == [first.key, second.key, first.key, second.key]
    assert store.verify() == ()


def test_an_edit_is_a_record_of_its_own_and_the_machines_stays(store: Store) -> None:
    machine = lesions((12.5,))
    store.write(machine, STAMP)
    edit = Step(
        "edit/1.2.3/L01",
        Provenance("reader", "1", "a person", {"status": "physiologic"}, machine.ids),
        (Record(kind="edit", name="L01", study="1.2.3", payload={"status": "physiologic"}, parents=machine.ids),),
    )
    reader = Stamp(run="run-2", who="Dr A", at=STAMP.at, role="reader", reason="ureter")
    store.write(edit, reader)
    (kept,) = store.current("edit")
    assert (kept.parents, kept.who, kept.role, kept.reason) == (machine.ids, "Dr A", "reader", "ureter")
    assert volumes_now(store) == [12.5]


def test_records_of_one_step_may_be_parents_of_each_other(store: Store) -> None:
    step = lesions((12.5,))
    measured = Record(kind="measurement", name="L01 suv_max", payload={"value": 9.0, "unit": "g/mL"}, parents=step.ids)
    store.write(replace(step, records=(*step.records, measured)), STAMP)
    assert store.current("measurement")[0].parents == (store.current("lesion")[0].id,)


def test_other_records_of_the_same_step_are_refused(store: Store) -> None:
    store.write(lesions((12.5, 3.0)), STAMP)
    end = store.head()
    with pytest.raises(Refused) as refusal:
        store.write(lesions((12.5, 3.1)), STAMP)
    assert refusal.value.codes == ("STEP_DIFFERS",)
    assert store.head() == end


WRONG: dict[str, dict[str, Any]] = {
    "kind": {"kind": "diagnosis"},
    "a provenance of one's own": {"kind": "provenance"},
    "not a number": {"payload": {"value": math.nan}},
    "not JSON": {"payload": {"value": b"raw"}},
    "parent": {"parents": ("0" * 32,)},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_what_cannot_be_stored_is_said_and_nothing_is_written(store: Store, change: dict[str, Any]) -> None:
    good = Record(kind="measurement", payload={"value": 1.0})
    with pytest.raises(ProtocolError):
        store.write(Step("values/1.2.3", Provenance("tlg", "1", "a paper"), (good, replace(good, name="wrong", **change))), STAMP)
    assert store.head() == EMPTY


def test_twins_and_times_without_a_zone_are_wrong_calls(store: Store) -> None:
    twin = Record(kind="flag", payload={"code": "X"})
    with pytest.raises(ProtocolError, match="the same"):
        Step("values/1.2.3", Provenance("tlg", "1", "a paper"), (twin, twin))
    with pytest.raises(ProtocolError, match="time zone"):
        replace(STAMP, at=dt.datetime(2026, 11, 22))
    with pytest.raises(ProtocolError, match="no record 'abc'"):
        store.history("abc")


FORBIDDEN = (
    "UPDATE record SET payload = '{}' WHERE sequence = 2",
    "UPDATE record SET who = 'Dr B'",
    "DELETE FROM record WHERE sequence = 3",
    "DELETE FROM record",
    "INSERT OR REPLACE INTO record SELECT * FROM record WHERE sequence = 2",
    "UPDATE OR REPLACE record SET sequence = 2 WHERE sequence = 3",
    "INSERT OR REPLACE INTO record SELECT 4, id, kind, chain, step, name, patient, study, day, '{}', parents, run, who, role, reason,"
    " created_at, 'x', 'y' FROM record WHERE sequence = 2",
)


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_database_itself_refuses_a_change(store: Store, statement: str) -> None:
    store.write(lesions((12.5, 3.0)), STAMP)
    end = store.head()
    with pytest.raises(sqlite3.IntegrityError, match="a record is"):
        raw(store.path, statement)
    assert store.head() == end
    assert store.verify() == ()


def work(path: Path, told: int | None = None) -> None:
    """Twenty steps, as `carpet run` would do them; a byte goes to `told` for each step that is now on the disk and was not before."""
    with open_store(path) as store:
        for n in range(STEPS):
            step = lesions((float(n), 1.0, 2.0), study=f"1.2.{n}")
            if not store.done(step.key):
                store.write(step, STAMP)
                os.write(told, b".") if told is not None else None


def report_of(mode: str, folder: Path) -> Any:
    """Run one of the modes below in a process of its own: it forks and is killed, or its disk is full."""
    command = [sys.executable, __file__, mode, str(folder)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout)


@pytest.mark.slow
def test_killed_100_times_the_store_is_that_of_the_uninterrupted_run(tmp_path: Path) -> None:
    report = report_of("kill", tmp_path)
    assert report["kills"] == 100
    assert report["finished"] >= 1
    assert report["within_a_step"] >= 20  # kills that fell between the first step and the last
    assert report["wrong"] == []


def test_three_processes_write_each_step_once(tmp_path: Path) -> None:
    path, alone = tmp_path / "carpet.sqlite", tmp_path / "alone.sqlite"
    work(alone)
    children = [subprocess.Popen([sys.executable, __file__, "work", str(path)], stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [(child.communicate()[1], child.returncode) for child in children] == [("", 0)] * 3
    with open_store(path) as store, open_store(alone) as other:
        assert store.verify() == ()
        assert store.head() == other.head()


def test_a_full_disk_is_said_and_afterwards_the_same_goes_on(tmp_path: Path) -> None:
    report = report_of("full", tmp_path)
    assert report["tried"] == 20
    assert report["wrong"] == []
    assert len(report["said"]) >= 1
    assert all("what was stored is as it was" in said for said in report["said"])


def killed_at_random(folder: Path) -> dict[str, Any]:
    """Fork a worker, kill it during one of its next steps, look at what it left, again; a new store when one is complete."""
    draw = random.Random(6)  # noqa: S311
    work(folder / "uninterrupted.sqlite")
    with open_store(folder / "uninterrupted.sqlite") as store:
        right = store.head()
    kills = finished = within = acknowledged = 0
    wrong: list[str] = []
    while kills < 100:
        path = folder / f"{finished}.sqlite"
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            work(path, writer)
            os._exit(0)
        os.close(writer)
        steps = len(os.read(reader, 1)) if draw.random() < 0.8 else 0  # else it may die while it opens the store
        time.sleep(draw.uniform(0.0, 0.03))
        os.kill(child, signal.SIGKILL)
        killed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) < 0
        kills += killed
        with os.fdopen(reader, "rb") as pipe:
            steps += len(pipe.read())
        acknowledged += steps
        within += killed and steps > 0 and acknowledged < STEPS
        with open_store(path) as store:
            end = store.head()
            wrong += [str(notice) for notice in store.verify()]
        if end.sequence % 4 or end.sequence < 4 * acknowledged:
            wrong.append(f"{end.sequence} records after {acknowledged} steps of 4")
        if not killed:
            wrong += [] if end == right else [f"{path.name} differs"]
            finished, acknowledged = finished + 1, 0
    work(folder / f"{finished}.sqlite")
    with open_store(folder / f"{finished}.sqlite") as store:
        wrong += [] if store.head() == right else ["the last differs"]
    return {"kills": kills, "finished": finished, "within_a_step": within, "wrong": wrong}


def written_to_a_full_disk(folder: Path) -> dict[str, Any]:
    """The same work with a limit on the size of files, from nothing to nearly enough; then without."""
    work(folder / "uninterrupted.sqlite")
    with open_store(folder / "uninterrupted.sqlite") as store:
        right = store.head()
    whole, said, wrong = (folder / "uninterrupted.sqlite").stat().st_size, set(), []
    for n in range(20):
        path, before = folder / str(n) / "carpet.sqlite", resource.getrlimit(resource.RLIMIT_FSIZE)
        path.parent.mkdir()
        resource.setrlimit(resource.RLIMIT_FSIZE, (whole * n // 20 + n, before[1]))
        try:
            work(path)
            wrong.append(f"limit {n}: nothing failed")
        except OSError as error:
            said.add(str(error.strerror))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        if path.stat().st_size:
            with contextlib.closing(sqlite3.connect(path)) as connection:
                wrong += [] if connection.execute("PRAGMA integrity_check").fetchone() == ("ok",) else [f"limit {n}: not whole"]
        work(path)
        with open_store(path) as store:
            wrong += [] if store.head() == right and store.verify() == () else [f"limit {n}: differs afterwards"]
        wrong += [] if [file.name for file in path.parent.iterdir()] == ["carpet.sqlite"] else [f"limit {n}: a file is left over"]
    return {"tried": 20, "said": sorted(said), "wrong": wrong}


if __name__ == "__main__":
    if sys.argv[1] == "work":
        work(Path(sys.argv[2]))
    else:
        modes = {"kill": killed_at_random, "full": written_to_a_full_disk}
        sys.stdout.write(json.dumps(modes[sys.argv[1]](Path(sys.argv[2]))))
