"""The table of the store, what guards it, and how a file is opened as a store: SQLite by way of SQLAlchemy Core."""

from __future__ import annotations

import errno
import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import DDL, CheckConstraint, Column, ForeignKey, Index, Integer, MetaData, Table, Text, create_engine, event, text
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from carpet.core.errors import NoticeKind, Refused, Severity

SCHEMA_VERSION = 1  # SQLite's user_version; raised with every change of the table below
APPLICATION_ID = 0x43525054  # "CRPT": SQLite's application_id, by which a store is told from any other database
WAIT_S = 60  # how long a writer waits for another before it gives up
TURN_S = 0.01  # between two tries to make a new store
KINDS: Mapping[str, str] = {
    "run": "one call of a command: which protocol, which software",
    "study": "a PET/CT examination as it was read, without name and record number",
    "lesion": "a region with its site and its status, and who decided",
    "measurement": "a finite number with a unit",
    "missing": "no number, and the reason",
    "assessment": "a category of response, with the rule that decided",
    "edit": "a reader's correction; the machine's record, its parent, stays",
    "refusal": "data that allow no right answer, and why",
    "flag": "what a person must know about a result",
    "provenance": "a step: method, version, source, parameters, inputs; it stands before the records that it made",
}

STORE_FOREIGN = NoticeKind(
    "STORE_FOREIGN",
    Severity.ERROR,
    "this file is not a store of carpet",
    "a file that carpet has made",
    "move it away, or name another trial folder",
)
STORE_TOO_NEW = NoticeKind(
    "STORE_TOO_NEW",
    Severity.ERROR,
    "this store was written by a later carpet",
    f"store version {SCHEMA_VERSION}",
    "take that later carpet; nothing was changed",
)
STORE_DAMAGED = NoticeKind(
    "STORE_DAMAGED", Severity.ERROR, "the store cannot be read as a database", "a whole file", "take the last backup of results/"
)
STORE_PLACE = NoticeKind(
    "STORE_PLACE",
    Severity.ERROR,
    "this disk cannot hold the store's write-ahead log",
    "a disk of this computer, not a network share",
    "put the trial folder on a local disk",
)

METADATA = MetaData()
RECORD = Table(
    "record",
    METADATA,
    Column("sequence", Integer, primary_key=True, comment="1, 2, 3, … in the order of writing, without a gap"),
    Column("id", Text, nullable=False, comment="digest of what it says and of its step; a provenance has the id of its method call"),
    Column("kind", Text, nullable=False, comment="what it is, see below"),
    Column("chain", Text, nullable=False, comment="what the step is about; a later step of the chain takes the place of the earlier one"),
    Column("step", Text, nullable=False, comment="digest of chain, method@version, parameters and inputs: the same step is stored once"),
    Column("name", Text, nullable=False, comment="which of its kind within the chain (L01, tmtv suv4.0), may be empty"),
    Column("patient", Text, comment="the patient's pseudonym"),
    Column("study", Text, comment="UID of the examination"),
    Column("day", Integer, comment="day of the time point, from infusion"),
    Column("payload", Text, nullable=False, comment="what it says: JSON, keys sorted"),
    Column("parents", Text, nullable=False, comment="ids of the records it was made from: a JSON list"),
    Column("run", Text, nullable=False, comment="which call of a command wrote it"),
    Column("who", Text, nullable=False, comment="who wrote it: a person, or carpet"),
    Column("role", Text, nullable=False, comment="as what (machine, reader, …)"),
    Column("reason", Text, nullable=False, comment="why, in that person's words; may be empty"),
    Column("created_at", Text, nullable=False, comment="when, ISO 8601 in UTC"),
    Column("previous", Text, ForeignKey("record.digest"), unique=True, comment="digest of the record before, none for the first"),
    Column("digest", Text, nullable=False, unique=True, comment="SHA-256 over all other columns"),
    CheckConstraint(f"kind IN ({', '.join(repr(kind) for kind in KINDS)})", name="kind_is_known"),
    sqlite_autoincrement=True,  # SQLite then remembers the highest number ever given: a cut-off end is found
)
Index("record_once", RECORD.c.id, unique=True, sqlite_where=RECORD.c.kind != "provenance", postgresql_where=RECORD.c.kind != "provenance")
Index("record_chain", RECORD.c.chain, RECORD.c.kind, RECORD.c.sequence)
Index("record_step", RECORD.c.step)
_OF_TABLE, _OF_INDEX = text("SELECT * FROM pragma_table_info(:name)"), text("SELECT * FROM pragma_index_info(:name)")
COLUMNS_OF = {"table": _OF_TABLE, "view": _OF_TABLE, "index": _OF_INDEX}

GUARDS: Mapping[str, str] = {
    "record_unchanged": "BEFORE UPDATE ON record BEGIN SELECT RAISE(ABORT, 'a record is never changed'); END",
    "record_kept": "BEFORE DELETE ON record BEGIN SELECT RAISE(ABORT, 'a record is never deleted'); END",
    # INSERT OR REPLACE deletes without asking the guard above, so a record goes to the end and takes nobody's place
    "record_appended": (
        "BEFORE INSERT ON record WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM record)"
        " OR EXISTS (SELECT 1 FROM record WHERE digest = NEW.digest OR previous = NEW.previous)"
        " OR NEW.kind <> 'provenance' AND EXISTS (SELECT 1 FROM record WHERE id = NEW.id AND kind <> 'provenance')"
        " BEGIN SELECT RAISE(ABORT, 'a record is only added at the end'); END"
    ),
}
for _name, _body in GUARDS.items():
    event.listen(RECORD, "after_create", DDL(f"CREATE TRIGGER {_name} {_body}").execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]


def canonical(value: Any) -> str:
    """The one JSON text of a value: keys sorted, no space, ASCII; raises ValueError for NaN and TypeError for what JSON lacks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_of(value: Any) -> str:
    """SHA-256 of the canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


@dataclass(frozen=True)
class Format:
    """A kind of SQLite file of ours: its tables and guards, and the numbers by which it is told from others."""

    metadata: MetaData
    application_id: int
    version: int


STORE = Format(METADATA, APPLICATION_ID, SCHEMA_VERSION)


def opened(path: Path, of: Format = STORE) -> Engine:
    """An engine on the file at `path`, which is made where there is none; raises Refused for a file that is not ours or too new."""
    engine = _engine(path)
    try:
        _made_in_turn(engine, path, of)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _made_in_turn(engine: Engine, path: Path, of: Format) -> None:
    """SQLite does not wait by itself where two processes turn on the write-ahead log of a new file together."""
    until = time.monotonic() + WAIT_S
    while True:
        try:
            with told(path):
                return _made_or_known(engine, path, of)
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() > until:
                raise
        time.sleep(TURN_S)


def _engine(path: Path) -> Engine:
    # the module must not open transactions by itself: each begins with the word of `begun` below
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"isolation_level": None, "timeout": WAIT_S})
    event.listen(engine, "connect", _prepared)
    event.listen(engine, "begin", _begun)
    return engine


def _prepared(connection: Any, record: object) -> None:
    """WAL: readers never wait. FULL: what is committed survives a power cut; NORMAL would lose the last commits."""
    del record
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begun(connection: Connection) -> None:
    if begins := connection.get_execution_options().get("begins", "BEGIN"):
        connection.exec_driver_sql(begins)


@contextmanager
def reading(engine: Engine, path: Path) -> Iterator[Connection]:
    """One consistent view of the store."""
    with told(path), engine.begin() as connection:
        yield connection


@contextmanager
def writing(engine: Engine, path: Path) -> Iterator[Connection]:
    """One transaction, all or nothing. It takes its turn at the start, so that what it reads still holds when it writes."""
    with told(path), engine.connect().execution_options(begins="BEGIN IMMEDIATE") as connection, connection.begin():
        yield connection


def _made_or_known(engine: Engine, path: Path, of: Format) -> None:
    with reading(engine, path) as connection:
        if _is_known(connection, path, of):
            return
    with engine.connect().execution_options(begins="") as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode=WAL").scalar_one()  # not allowed within a transaction
    if mode != "wal":
        raise Refused(STORE_PLACE.at(path.name, f"journal mode {mode}"))
    with writing(engine, path) as connection:
        if not _is_known(connection, path, of):  # another process may have made it meanwhile
            of.metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA application_id={of.application_id}")
            connection.exec_driver_sql(f"PRAGMA user_version={of.version}")


def _is_known(connection: Connection, path: Path, of: Format) -> bool:
    """True for a file of ours of this kind, False for a file without any table."""
    application, version, things = (
        connection.exec_driver_sql(question).scalar_one()
        for question in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
    )
    if application == of.application_id and version > of.version:
        raise Refused(STORE_TOO_NEW.at(path.name, f"store version {version}"))
    if application == of.application_id and version == of.version:
        return True
    if application or version or things:
        raise Refused(STORE_FOREIGN.at(path.name, "another database"))
    return False


def schema_of(connection: Connection) -> dict[str, str]:
    """Each table and index with its columns, each guard with its text, by name.

    Not the SQL that made a table: another version of SQLAlchemy may write that in other words.
    """
    things = connection.execute(text("SELECT name, type, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")).all()
    asked = {name: COLUMNS_OF.get(kind) for name, kind, _ in things}
    columns = {name: repr(connection.execute(question, {"name": name}).all()) for name, question in asked.items() if question is not None}
    return {name: sql for name, _, sql in things} | columns


def our_schema(of: Format = STORE) -> dict[str, str]:
    """What `schema_of` gives for an untouched file of this kind."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        of.metadata.create_all(engine)
        with engine.connect() as connection:
            return schema_of(connection)
    finally:
        engine.dispose()


@contextmanager
def told(path: Path) -> Iterator[None]:
    """The database's errors as ours: a file that is none, a full disk, another writer. What was stored is as it was in each case."""
    try:
        yield
    except UnicodeDecodeError as error:  # where the schema itself is damaged
        raise Refused(STORE_DAMAGED.at(path.name, "text that is not UTF-8")) from error
    except DBAPIError as error:
        name: str = getattr(error.orig, "sqlite_errorname", "")
        if name == "SQLITE_NOTADB":
            raise Refused(STORE_FOREIGN.at(path.name, "no database")) from error
        # Python's own errors have no name: text that is not UTF-8; SQLITE_ERROR: a column or table is gone
        unreadable = isinstance(error.orig, sqlite3.OperationalError) and name in ("", "SQLITE_ERROR")
        if name.startswith("SQLITE_CORRUPT") or unreadable:
            raise Refused(STORE_DAMAGED.at(path.name, str(error.orig))) from error
        if name == "SQLITE_FULL":
            raise OSError(errno.ENOSPC, "no room on the disk; what was stored is as it was", str(path)) from error
        if name.startswith("SQLITE_IOERR"):
            raise OSError(errno.EIO, "the disk refused; what was stored is as it was", str(path)) from error
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise OSError(errno.EBUSY, f"another program has held the store for {WAIT_S} s; try again", str(path)) from error
        if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
            raise OSError(errno.EACCES, "the store cannot be opened for writing", str(path)) from error
        raise
