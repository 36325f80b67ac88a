"""T21: the audit trail of a trial: every alteration of its store is found, and every write says who, as what, when, and why.

A case is one alteration of a copy of the store of a small trial that was run, corrected by a reader and run again; made by plain SQLite
with the guards taken away and put back, as one who knows the file would do it: a value of a record changed, emptied or turned into
bytes; a record deleted, doubled, moved, put in between, or swapped with another; the end cut off; a link or digest rewritten; a whole
record rewritten with a right digest of its own; a guard, an index or a table changed; a byte of the file flipped.

A failure is an alteration of which neither opening the store nor its `verify` says anything, though the records read are not those that
were written. Before that: UPDATE, DELETE and REPLACE with the guards in place must be refused, and every record must say who wrote it, as
what, when (with the time zone), in which run, made by which method of which inputs.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from validation.reliability.score import Score
from validation.reliability.small_trial import command, small_trial

from carpet.core.errors import Refused
from carpet.run.store import open_store
from carpet.run.store_chain import row_digest
from carpet.run.store_schema import GUARDS

SEED = 21
PATIENTS = 2
CORRECTED = "suv2.5"  # the second run delineates otherwise: later steps of the same chains
TEXTS = ("id", "kind", "chain", "step", "name", "payload", "parents", "run", "who", "role", "reason", "created_at", "previous", "digest")
SAID = ("run", "who", "role", "created_at", "chain", "step", "digest")
Alter = Callable[[sqlite3.Connection, random.Random, int], str]


def _one(store: sqlite3.Connection, draw: random.Random, last: int) -> str:
    """One value of one record."""
    column, place = draw.choice((*TEXTS, "patient", "study", "day")), draw.randint(1, last)
    value = draw.choice((f"CAST({column} AS BLOB)", f"{column} || ' '", "'x'", "NULL", "'0'", "upper(hex(randomblob(4)))", "17"))
    store.execute(f"UPDATE OR IGNORE record SET {column} = {value} WHERE sequence = ?", (place,))  # noqa: S608
    return f"{column} of {place} = {value}"


def _number(store: sqlite3.Connection, draw: random.Random, last: int) -> str:
    """A digit inside the payload: the smallest change of a result that there is."""
    rows = store.execute("SELECT sequence, payload FROM record").fetchall()
    place, payload = draw.choice([row for row in rows if any(char.isdigit() for char in row[1])])
    at = draw.choice([n for n, char in enumerate(payload) if char.isdigit()])
    changed = payload[:at] + str((int(payload[at]) + draw.randint(1, 9)) % 10) + payload[at + 1 :]
    store.execute("UPDATE record SET payload = ? WHERE sequence = ?", (changed, place))
    return f"a digit of the payload of {place}"


def _deleted(store: sqlite3.Connection, draw: random.Random, last: int) -> str:
    place = draw.randint(1, last)
    store.execute("DELETE FROM record WHERE sequence = ?", (place,))
    return f"{place} deleted"


def _closed_up(store: sqlite3.Connection, draw: random.Random, last: int) -> str:
    """Deleted, and the others moved up and linked again."""
    place = draw.randint(1, last - 1)
    (previous,) = store.execute("SELECT previous FROM record WHERE sequence = ?", (place,)).fetchone()
    store.execute("DELETE FROM record WHERE sequence = ?", (place,))
    store.execute("UPDATE record SET previous = ? WHERE sequence = ?", (previous, place + 1))
    for number in range(place + 1, last + 1):
        store.execute("UPDATE record SET sequence = ? WHERE sequence = ?", (number - 1, number))
    return f"{place} deleted and closed up"


def _cut_off(store: sqlite3.Connection, draw: random.Random, last: int) -> str:
    place = draw.randint(2, last)
    store.execute("DELETE FROM record WHERE sequence >= ?", (place,))
    return f"cut off from {place}"


def _swapped(store: sqlite3.Connection, draw: random.Random, last: int) -> str:
    one, other = draw.sample(range(1, last + 1), 2)
    for was, becomes in ((one, -1), (other, one), (-1, other)):
        store.execute("UPDATE record SET sequence = ? WHERE sequence = ?", (becomes, was))
    return f"{one} and {other} swapped"


def _copied(store: sqlite3.Connection, draw: random.Random, last: int) -> str:
    """A record once more at the end, under another id, with a right digest but for its place in a counted step."""
    row = _row(store, draw.randint(1, last))
    (digest,) = store.execute("SELECT digest FROM record WHERE sequence = ?", (last,)).fetchone()
    row |= {"sequence": last + 1, "previous": digest, "id": "0" * 32}
    if row["kind"] == "provenance":
        row |= {"kind": "flag"}
    _insert(store, row | {"digest": row_digest(row)})
    return "a record put at the end"


def _rewritten(store: sqlite3.Connection, draw: random.Random, last: int) -> str:
    """A record with another author and a right digest of its own; the next one still names the old digest."""
    place = draw.randint(1, last - 1)
    row = _row(store, place) | {draw.choice(("who", "role", "reason", "created_at", "name")): "Dr X"}
    store.execute("DELETE FROM record WHERE sequence = ?", (place,))
    _insert(store, row | {"digest": row_digest(row)})
    return f"{place} rewritten with a right digest"


def _schema(store: sqlite3.Connection, draw: random.Random, last: int) -> str:
    statement = draw.choice(
        (
            *(f"DROP TRIGGER {name}" for name in GUARDS),
            "CREATE TABLE more (a)",
            "CREATE VIEW shown AS SELECT * FROM record",
            "DROP INDEX record_once",
            "DROP INDEX record_chain",
            "CREATE TRIGGER also AFTER INSERT ON record BEGIN SELECT 1; END",
            "ALTER TABLE record ADD COLUMN more TEXT",
            "ALTER TABLE record RENAME COLUMN reason TO why",
            "UPDATE sqlite_sequence SET seq = seq + 5",
        )
    )
    store.execute(statement)
    return statement


ALTERATIONS: tuple[Alter, ...] = (_one, _number, _deleted, _closed_up, _cut_off, _swapped, _copied, _rewritten, _schema)


def _row(store: sqlite3.Connection, place: int) -> dict[str, object]:
    found = store.execute("SELECT * FROM record WHERE sequence = ?", (place,))
    return dict(zip((column[0] for column in found.description), found.fetchone(), strict=True))


def _insert(store: sqlite3.Connection, row: dict[str, object]) -> None:
    names = ", ".join(row)
    store.execute(f"INSERT INTO record ({names}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))  # noqa: S608


def altered(path: Path, alter: Alter, draw: random.Random) -> str:
    """Alter the store behind carpet's back; returns what was done."""
    with closing(sqlite3.connect(path, isolation_level=None)) as store:
        for pragma in ("synchronous = OFF", "ignore_check_constraints = ON", "foreign_keys = OFF"):
            store.execute(f"PRAGMA {pragma}")
        for name in GUARDS:
            store.execute(f"DROP TRIGGER {name}")
        if alter is _schema:
            _put_back(store)
        (last,) = store.execute("SELECT max(sequence) FROM record").fetchone()
        done = alter(store, draw, last)
        if alter is not _schema:
            _put_back(store)
    return done


def _put_back(store: sqlite3.Connection) -> None:
    for name, body in GUARDS.items():
        store.execute(f"CREATE TRIGGER {name} {body}")


def flipped(path: Path, draw: random.Random) -> str:
    """One byte of the file; its first 100 are SQLite's own counters."""
    content = bytearray(path.read_bytes())
    at = draw.randrange(100, len(content))
    content[at] ^= draw.randrange(1, 256)
    path.write_bytes(bytes(content))
    return f"byte {at} flipped"


def said(path: Path) -> bool:
    """True where opening or verifying the store complains."""
    try:
        with open_store(path) as store:
            return bool(store.verify())
    except Refused:
        return True


def content(path: Path) -> list[tuple[object, ...]] | None:
    """All records as SQLite reads them, None where it cannot."""
    try:
        with closing(sqlite3.connect(path)) as store:
            return list(store.execute("SELECT * FROM record ORDER BY sequence"))
    except sqlite3.Error:
        return None


def unguarded(path: Path) -> Iterator[str]:
    """Statements that the guards let through."""
    for statement in (
        "UPDATE record SET who = 'Dr X' WHERE sequence = 3",
        "DELETE FROM record WHERE sequence = 3",
        "INSERT OR REPLACE INTO record SELECT * FROM record WHERE sequence = 3",
        "INSERT INTO record SELECT sequence + 1000000, id, kind, chain, step, name, patient, study, day, payload, parents, run, who, role,"
        " reason, created_at, digest, 'x' FROM record WHERE sequence = 3",
    ):
        with closing(sqlite3.connect(path)) as store:
            try:
                store.execute(statement)
            except sqlite3.IntegrityError:
                continue
            yield f"not refused: {statement}"


def unsigned(path: Path) -> Iterator[str]:
    """Records that do not say who, as what, when and of what."""
    steps: set[object] = set()
    with closing(sqlite3.connect(path)) as store:
        store.row_factory = sqlite3.Row
        for row in store.execute("SELECT * FROM record ORDER BY sequence"):
            if lacking := [name for name in SAID if not row[name]]:
                yield f"record {row['sequence']} lacks {', '.join(lacking)}"
            if not str(row["created_at"]).endswith("+00:00"):
                yield f"record {row['sequence']}: {row['created_at']} has no time zone"
            if row["kind"] == "provenance":
                steps.add(row["step"])
                method = json.loads(row["payload"])
                if not {"method", "version", "parameters", "parents"} <= method.keys():
                    yield f"record {row['sequence']} does not say how it was made"
            elif row["step"] not in steps:
                yield f"record {row['sequence']} stands before its provenance"


def old_values(path: Path) -> Iterator[str]:
    """The second run's results must stand beside the first run's, not in their place."""
    with closing(sqlite3.connect(path)) as store:
        found = store.execute("SELECT count(DISTINCT step) FROM record WHERE kind = 'study' GROUP BY chain").fetchall()
    if not found or any(number != 2 for (number,) in found):
        yield f"old values are gone: {found}"


def run(size: int, work: Path) -> Score:
    """`size` alterations, one in ten a flipped byte."""
    trial = small_trial(work / "trial", PATIENTS)
    toml, store = trial / "trial.toml", trial / "results" / "carpet.sqlite"
    for method in ("suv4.0", CORRECTED):
        toml.write_text(toml.read_text(encoding="utf-8").replace('method = "suv4.0"', f'method = "{method}"'), encoding="utf-8")
        status, printed = command("run", trial, "--tables-only", "--workers", "1")
        if status:
            return Score("T21", "the trial itself", 1, (printed[-300:],))
    clean = work / "clean.sqlite"
    with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(clean)) as target:
        source.backup(target)
    right = content(clean)
    failed = [*(["the untouched store is complained of"] if said(clean) else []), *unguarded(clean), *unsigned(clean), *old_values(clean)]
    draw, harmless = random.Random(SEED), 0  # noqa: S311 no secret
    for number in range(size):
        path = work / "altered.sqlite"
        for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            name.unlink(missing_ok=True)
        shutil.copy(clean, path)
        done = flipped(path, draw) if number % 10 == 9 else altered(path, ALTERATIONS[number % len(ALTERATIONS)], draw)
        if said(path):
            continue
        if content(path) == right:  # free space of the file, or a value that was so before
            harmless += 1
        else:
            failed.append(f"case {number}: {done}")
    notes = (f"{len(right or [])} records; {harmless} alterations left every record as it was",)
    return Score("T21", "alterations of the store found", size, tuple(failed), notes=notes)
