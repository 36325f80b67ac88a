"""Truth: tamperings whose place is known: each one is found, and an untouched store has none."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import random
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from carpet.core.errors import Refused
from carpet.core.record import Provenance
from carpet.run.store import Record, Stamp, Step, open_store
from carpet.run.store_chain import breaks, row_digest
from carpet.run.store_schema import GUARDS, RECORD

STAMP = Stamp(run="run-1", who="carpet", at=dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC))


def lesions(volumes: tuple[float, ...], *, study: str = "1.2.3", threshold: float = 4.0) -> Step:
    records = tuple(
        Record(kind="lesion", name=f"L{n:02}", patient="P007", study=study, day=-3, payload={"volume_ml": volume})
        for n, volume in enumerate(volumes, start=1)
    )
    return Step(f"lesions/{study}", Provenance("suv4.0", "1", "a paper", {"threshold": threshold}, (f"study {study}",)), records)


def raw(path: Path, *statements: str) -> list[Any]:
    """SQLite without carpet; the rows of the last statement."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = [connection.execute(statement).fetchall() for statement in statements]
        connection.commit()
    return rows[-1]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "carpet.sqlite"
    with open_store(path) as store:
        for n in range(8):
            store.write(lesions((float(n), 3.0), study=f"1.2.{n % 5}", threshold=float(n)), STAMP)
    return path


def tampered(path: Path, draw: random.Random) -> str:
    """Go around the guards, change one thing, put the guards back; returns what was done."""
    last = raw(path, "SELECT max(sequence) FROM record")[0][0]
    one, other = draw.sample(range(2, last + 1), 2)
    column = draw.choice([name for _, name, *_ in raw(path, "PRAGMA table_info(record)")])
    values = {"sequence": [str(last + 5)], "day": ["1000", "-4"]}.get(column, [f"coalesce({column}, '') || 'x'", "x'00'", "'?'"])
    statement = draw.choice(
        [
            f"UPDATE record SET {column} = {draw.choice(values)} WHERE sequence = {one}",  # noqa: S608
            f"UPDATE record SET payload = payload || ' ', who = 'Dr B' WHERE sequence IN ({one}, {other})",  # noqa: S608
            f"UPDATE record SET sequence = sequence + 1000 WHERE sequence >= {one}",  # noqa: S608
            f"DELETE FROM record WHERE sequence = {one}",  # noqa: S608
            f"DELETE FROM record WHERE sequence >= {one}",  # noqa: S608
        ]
    )
    without = [f"DROP TRIGGER {name}" for name in GUARDS]
    again = [f"CREATE TRIGGER {name} {body}" for name, body in GUARDS.items()]
    raw(path, "PRAGMA synchronous = OFF", "PRAGMA ignore_check_constraints = ON", *without, statement, *again)
    return statement


def test_every_tampering_is_found(filled: Path, tmp_path: Path) -> None:
    with open_store(filled) as store:
        assert store.verify() == ()
    missed = []
    for seed in range(100):
        path = tmp_path / "carpet.sqlite"
        shutil.copy(filled, path)
        done = tampered(path, random.Random(seed))  # noqa: S311
        with open_store(path) as store:
            if {notice.code for notice in store.verify()} != {"STORE_ALTERED"}:
                missed.append(done)
    assert missed == []


def test_a_history_rewritten_with_right_digests_is_found_by_a_noted_end(filled: Path, tmp_path: Path) -> None:
    path = tmp_path / "carpet.sqlite"
    with open_store(filled) as before:
        noted = before.head()
        assert before.verify(noted) == ()
    with open_store(path) as forged:
        for n in range(8):
            forged.write(lesions((float(n), 2.0), study=f"1.2.{n % 5}", threshold=float(n)), STAMP)
        assert forged.verify() == ()
        assert [notice.found for notice in forged.verify(noted)] == ["not the record that was noted"]
    with open_store(tmp_path / "short.sqlite") as short:
        assert [notice.found for notice in short.verify(noted)] == ["0 records are left of 24"]


def test_a_guard_taken_away_is_found(filled: Path, tmp_path: Path) -> None:
    path = tmp_path / "carpet.sqlite"
    shutil.copy(filled, path)
    raw(path, "DROP TRIGGER record_kept", "CREATE TABLE more (a)")
    with open_store(path) as store:
        assert [(one.where, one.found) for one in store.verify()] == [("schema more", "not of carpet"), ("schema record_kept", "missing")]


def test_the_digests_can_be_checked_without_carpet(filled: Path) -> None:
    rows = raw(filled, "SELECT * FROM record ORDER BY sequence")
    before = None
    for *said, digest in rows:
        assert said[-1] == before
        text = json.dumps(said, separators=(",", ":"))  # as docs/reference/store.md says
        before = hashlib.sha256(text.encode()).hexdigest()
        assert digest == before
    with open_store(filled) as store, store.engine.connect() as connection:
        assert list(breaks(connection)) == []
        assert row_digest(connection.execute(select(RECORD).where(RECORD.c.digest == before)).one()._asdict()) == before


def what_is_said(path: Path) -> tuple[str, ...]:
    try:
        with open_store(path) as store:
            return tuple(notice.code for notice in store.verify())
    except Refused as refusal:
        return refusal.codes


def test_a_flipped_byte_is_found_or_changes_nothing(filled: Path, tmp_path: Path) -> None:
    content, right, draw = filled.read_bytes(), raw(filled, "SELECT * FROM record ORDER BY sequence"), random.Random(21)  # noqa: S311
    found, missed = 0, []
    for _ in range(150):
        path, at = tmp_path / "carpet.sqlite", draw.randrange(100, len(content))  # the first 100 bytes are SQLite's own counters
        path.write_bytes(content[:at] + bytes([content[at] ^ draw.randrange(1, 256)]) + content[at + 1 :])
        if what_is_said(path):
            found += 1
        elif raw(path, "SELECT * FROM record ORDER BY sequence") != right:
            missed.append(at)
    assert missed == []
    assert found >= 50
