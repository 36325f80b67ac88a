"""The chain of digests that binds each record of a store to the one before, and how every break of it is found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.engine import Connection

from carpet.core.errors import NoticeKind, Severity
from carpet.run.store_schema import RECORD, digest_of, our_schema, schema_of

PROVENANCE = "provenance"
COLUMNS = tuple(column.name for column in RECORD.columns)
STORE_ALTERED = NoticeKind(
    "STORE_ALTERED",
    Severity.ERROR,
    "the store is not as carpet wrote it",
    "records added by carpet only",
    "take the last backup of results/, and find out who wrote to it",
)


@dataclass(frozen=True, slots=True)
class Head:
    """How many records there are, and the digest of the last: whoever notes it down can show later that none was lost or changed."""

    sequence: int
    digest: str


EMPTY = Head(0, "")


def row_digest(row: Mapping[str, Any]) -> str:
    """What goes into a row's `digest`: all its other columns, the digest of the row before among them."""
    return digest_of([row[name] for name in COLUMNS if name != "digest"])


def breaks(connection: Connection, noted: Head = EMPTY) -> Iterator[tuple[str, str]]:
    """Where the store is not as carpet wrote it, and what is wrong there; nothing for an untouched store.

    `noted`: an end that was written down earlier and must still be there.
    """
    if connection.scalar(text("PRAGMA integrity_check")) != "ok":
        yield "file", "SQLite's integrity check fails"
        return
    yield from _schema_changes(connection)
    yield from _record_breaks(connection, noted)


def _schema_changes(connection: Connection) -> Iterator[tuple[str, str]]:
    ours, theirs = our_schema(), schema_of(connection)
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            yield f"schema {name}", "missing" if name not in theirs else "changed" if name in ours else "not of carpet"


def _record_breaks(connection: Connection, noted: Head) -> Iterator[tuple[str, str]]:
    """Every place where a record was changed, taken out or put in, as far as the digests tell."""
    last, steps = EMPTY, dict[str, int]()
    for row in connection.execute(select(RECORD).order_by(RECORD.c.sequence)):
        here = f"record {row.sequence}"
        if row.sequence != last.sequence + 1:
            yield here, f"follows record {last.sequence}: records are missing"
        elif row.previous != (last.digest or None):
            yield here, "does not follow the record before"
        if not _is_whole(row):
            yield here, "its digest is not that of what it says"
        else:
            _count(steps, row)
        if row.sequence == noted.sequence and row.digest != noted.digest:
            yield here, "not the record that was noted"
        last = Head(row.sequence, row.digest)
    yield from ((f"step {key[:16]}", f"{left:+d} records") for key, left in steps.items() if left)
    given = connection.scalar(text("SELECT CAST(max(seq) AS INTEGER) FROM sqlite_sequence WHERE name = 'record'")) or 0
    if last.sequence < max(given, noted.sequence):
        yield "end of the store", f"{last.sequence} records are left of {max(given, noted.sequence)}"


def _is_whole(row: Row[Any]) -> bool:
    try:
        return bool(row_digest(row._asdict()) == row.digest)
    except (TypeError, ValueError):  # bytes or an infinite number, where carpet writes text
        return False


def _count(steps: dict[str, int], row: Row[Any]) -> None:
    """Records of each step, less the number that its first provenance says."""
    if row.kind != PROVENANCE:
        steps[row.step] = steps.get(row.step, 0) + 1
    elif row.step not in steps:
        steps[row.step] = -int(json.loads(row.payload)["records"])
