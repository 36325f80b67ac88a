"""The tables of the history of readings and what guards them, in SQLite and in PostgreSQL, and how one or the other is opened.

`event` is added to at its end and never changed; `ending` has one row that says where the end is, so that a cut-off end is found.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    DDL,
    CheckConstraint,
    Column,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    insert,
    inspect,
    text,
)
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from carpet.core.errors import ProtocolError, Refused
from carpet.run import store_schema
from carpet.run.review.notices import HISTORY_FOREIGN
from carpet.run.store_schema import Format

SCHEMA_VERSION = 1  # raised with every change of the tables below
APPLICATION_ID = 0x43525048  # "CRPH": SQLite's application_id; for PostgreSQL the key of the lock under which the tables are made
DRIVER = "postgresql+pg8000"
PASSWORD = "PGPASSWORD"  # noqa: S105 the name of a variable, as libpq has it
NO_ROOM = "53100"  # PostgreSQL's code for a full disk
LOST = ("08", "57")  # classes of its codes: connection, operator's intervention
CLOSED = ("28", "3D")  # who are you, no such database

METADATA = MetaData()
EVENT = Table(
    "event",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=False, comment="1, 2, 3, … in the order of writing, without a gap"),
    Column("run", Text, nullable=False, comment="which call of a command wrote it"),
    Column("case_id", Text, nullable=False, comment="patient/time point"),
    Column("stream", Text, nullable=False, comment="whose reading it concerns; empty: the whole case"),
    Column("version", Integer, nullable=False, comment="1, 2, 3, … within the case's stream"),
    Column("act", Text, nullable=False, comment="what was done"),
    Column("old_value", Text, comment="what stood there before, as JSON; null: nothing"),
    Column("new_value", Text, nullable=False, comment="the act as JSON"),
    Column("who", Text, nullable=False, comment="name of the account, or carpet"),
    Column("role", Text, nullable=False, comment="as what"),
    Column("reason", Text, nullable=False, comment="why, in that person's words; may be empty"),
    Column("created_at", Text, nullable=False, comment="when, ISO 8601 in UTC"),
    Column("previous", Text, nullable=False, unique=True, comment="digest of the event before, empty for the first"),
    Column("digest", Text, nullable=False, unique=True, comment="SHA-256 over all other columns"),
    UniqueConstraint("case_id", "stream", "version", name="event_once"),
)
ENDING = Table(
    "ending",
    METADATA,
    Column("one", Integer, primary_key=True, autoincrement=False, comment="1"),
    Column("format", Integer, nullable=False, comment="version of these tables"),
    Column("sequence", Integer, nullable=False, comment="of the last event"),
    Column("digest", Text, nullable=False, comment="of the last event"),
    CheckConstraint("one = 1", name="ending_is_one"),
)
COLUMNS = tuple(column.name for column in EVENT.columns)

_AT_END = (
    "NEW.sequence <> (SELECT sequence + 1 FROM ending) OR NEW.previous <> (SELECT digest FROM ending) OR NEW.version <>"
    " (SELECT coalesce(max(version), 0) + 1 FROM event WHERE case_id = NEW.case_id AND stream = NEW.stream)"
)
_COUNTS = (
    "NEW.one <> OLD.one OR NEW.format <> OLD.format OR NEW.sequence <> OLD.sequence + 1"
    " OR NOT EXISTS (SELECT 1 FROM event WHERE sequence = NEW.sequence AND digest = NEW.digest)"
)
_MOVE_END = "UPDATE ending SET sequence = NEW.sequence, digest = NEW.digest"
GUARDS: Mapping[str, str] = {
    "event_unchanged": "BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END",
    "event_kept": "BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'an event is never deleted'); END",
    "event_appended": f"BEFORE INSERT ON event WHEN {_AT_END} BEGIN SELECT RAISE(ABORT, 'an event is only added at the end'); END",
    "event_counted": f"AFTER INSERT ON event BEGIN {_MOVE_END}; END",
    "ending_counts": f"BEFORE UPDATE ON ending WHEN {_COUNTS} BEGIN SELECT RAISE(ABORT, 'the end only moves on'); END",
    "ending_kept": "BEFORE DELETE ON ending BEGIN SELECT RAISE(ABORT, 'the end is never deleted'); END",
    "ending_single": ("BEFORE INSERT ON ending WHEN EXISTS (SELECT 1 FROM ending) BEGIN SELECT RAISE(ABORT, 'there is one end'); END"),
}
FUNCTIONS: Mapping[str, str] = {
    "carpet_kept": "BEGIN RAISE EXCEPTION 'the history is never changed'; END",
    "carpet_appended": f"BEGIN IF {_AT_END} THEN RAISE EXCEPTION 'an event is only added at the end'; END IF; RETURN NEW; END",
    "carpet_counted": f"BEGIN {_MOVE_END}; RETURN NULL; END",
    "carpet_counts": f"BEGIN IF {_COUNTS} THEN RAISE EXCEPTION 'the end only moves on'; END IF; RETURN NEW; END",
    "carpet_single": "BEGIN IF EXISTS (SELECT 1 FROM ending) THEN RAISE EXCEPTION 'there is one end'; END IF; RETURN NEW; END",
}
# name → table, when, for each, function; PostgreSQL keeps "when" and "for each" as the bits of `tgtype`
TRIGGERS: Mapping[str, tuple[str, str, str, str]] = {
    "event_kept": ("event", "BEFORE UPDATE OR DELETE", "ROW", "carpet_kept"),
    "event_not_emptied": ("event", "BEFORE TRUNCATE", "STATEMENT", "carpet_kept"),
    "event_appended": ("event", "BEFORE INSERT", "ROW", "carpet_appended"),
    "event_counted": ("event", "AFTER INSERT", "ROW", "carpet_counted"),
    "ending_counts": ("ending", "BEFORE UPDATE", "ROW", "carpet_counts"),
    "ending_kept": ("ending", "BEFORE DELETE", "ROW", "carpet_kept"),
    "ending_not_emptied": ("ending", "BEFORE TRUNCATE", "STATEMENT", "carpet_kept"),
    "ending_single": ("ending", "BEFORE INSERT", "ROW", "carpet_single"),
}
_BITS = {"ROW": 1, "BEFORE": 2, "INSERT": 4, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}


def _first_end(target: Table, connection: Connection, **_: Any) -> None:
    connection.execute(insert(target).values(one=1, format=SCHEMA_VERSION, sequence=0, digest=""))


event.listen(ENDING, "after_create", _first_end)
for _name, _body in GUARDS.items():  # of the metadata: they speak of both tables
    event.listen(METADATA, "after_create", DDL(f"CREATE TRIGGER {_name} {_body}").execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]
for _name, _body in FUNCTIONS.items():
    _made = DDL(f"CREATE FUNCTION {_name}() RETURNS trigger LANGUAGE plpgsql AS $${_body}$$")  # type: ignore[no-untyped-call]
    event.listen(METADATA, "after_create", _made.execute_if(dialect="postgresql"))
for _name, (_table, _when, _each, _does) in TRIGGERS.items():
    _made = DDL(f"CREATE TRIGGER {_name} {_when} ON {_table} FOR EACH {_each} EXECUTE FUNCTION {_does}()")  # type: ignore[no-untyped-call]
    event.listen(METADATA, "after_create", _made.execute_if(dialect="postgresql"))
FORMAT = Format(METADATA, APPLICATION_ID, SCHEMA_VERSION)


def opened(where: Path | str) -> Engine:
    """An engine on the history in this SQLite file or at this PostgreSQL URL, made where there is none.

    Raises Refused for what is not ours or too new, ProtocolError for a URL that is none, OSError where nobody answers.
    """
    if isinstance(where, Path):
        return store_schema.opened(where, FORMAT)
    engine = _postgresql(where)
    try:
        with _told(), engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": APPLICATION_ID})  # who comes second finds the tables
            _made_or_known_there(connection)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _postgresql(where: str) -> Engine:
    try:
        url = make_url(where)
    except ArgumentError as error:
        raise ProtocolError("this is no URL of a database; one looks like postgresql://user@host:5432/trial") from error
    if url.drivername not in ("postgresql", DRIVER):
        raise ProtocolError(f"{url.drivername} is no database that carpet knows; take postgresql://… or a file")
    password = url.password or os.environ.get(PASSWORD)  # pg8000 itself does not ask the environment as libpq does
    return create_engine(url.set(drivername=DRIVER, password=password))


def _made_or_known_there(connection: Connection) -> None:
    here = set(inspect(connection).get_table_names())
    if not here & {EVENT.name, ENDING.name}:
        METADATA.create_all(connection)
        return
    if not here >= {EVENT.name, ENDING.name} or not {one["name"] for one in inspect(connection).get_columns("ending")} >= {"format"}:
        raise Refused(HISTORY_FOREIGN.at("database", "tables of another program"))
    version = connection.scalar(text("SELECT format FROM ending"))
    if version != SCHEMA_VERSION:
        raise Refused(HISTORY_FOREIGN.at("database", f"format {version}"))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view of the history."""
    if engine.dialect.name == "sqlite":
        with store_schema.reading(engine, _path(engine)) as connection:
            yield connection
    else:
        with _told(), engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction, all or nothing, on the disk when it is over. It takes its turn at the start: what it reads holds when it writes."""
    if engine.dialect.name == "sqlite":
        with store_schema.writing(engine, _path(engine)) as connection:
            yield connection
    else:
        with _told(), engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
            connection.exec_driver_sql("LOCK TABLE event IN EXCLUSIVE MODE")  # readers go on, writers queue
            yield connection


def _path(engine: Engine) -> Path:
    return Path(engine.url.database or "")


@contextmanager
def _told() -> Iterator[None]:
    """PostgreSQL's errors as ours. A write whose answer got lost shows as a conflict when it is sent again."""
    try:
        yield
    except DBAPIError as error:
        said = error.orig.args[0] if error.orig is not None and error.orig.args else ""
        code = said.get("C", "") if isinstance(said, dict) else ""
        if code == NO_ROOM:
            raise OSError(errno.ENOSPC, "no room on the database server's disk; what was stored is as it was") from error
        if code.startswith(CLOSED):
            raise OSError(errno.EACCES, "the database server does not let carpet in: database, user or password is wrong") from error
        if not code or code.startswith(LOST):
            raise OSError(errno.ECONNABORTED, "the database server does not answer; what it has acknowledged is kept") from error
        raise
    except OSError as error:
        raise OSError(errno.ECONNABORTED, "the database server does not answer; what it has acknowledged is kept") from error


def schema_changes(connection: Connection) -> Iterator[tuple[str, str]]:
    """Tables, indices and guards that are not as carpet made them, and what is wrong with each; nothing for an untouched history."""
    if connection.dialect.name == "sqlite":
        ours, theirs = store_schema.our_schema(FORMAT), store_schema.schema_of(connection)
    else:
        ours, theirs = _ours_there(), _theirs_there(connection)
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            yield f"schema {name}", "missing" if name not in theirs else "changed" if name in ours else "not of carpet"


def _ours_there() -> dict[str, str]:
    """What `_theirs_there` gives for an untouched history."""
    columns = {f"{table.name}.{one.name}": f"{one.type} {one.nullable}".lower() for table in (EVENT, ENDING) for one in table.columns}
    triggers = {
        f"trigger {name}": f"{table} {sum(bit for word, bit in _BITS.items() if word in (*when.split(), each))} {function} O"
        for name, (table, when, each, function) in TRIGGERS.items()
    }
    return columns | triggers | {f"function {name}": body for name, body in FUNCTIONS.items()}


def _theirs_there(connection: Connection) -> dict[str, str]:
    columns = connection.execute(
        text(
            "SELECT table_name || '.' || column_name, data_type || CASE is_nullable WHEN 'YES' THEN ' true' ELSE ' false' END"
            " FROM information_schema.columns WHERE table_schema = current_schema() AND table_name IN ('event', 'ending')"
        )
    )
    triggers = connection.execute(
        text(
            "SELECT 'trigger ' || t.tgname,"
            " c.relname || ' ' || t.tgtype || ' ' || p.proname || ' ' || CAST(t.tgenabled AS text) FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE NOT t.tgisinternal AND n.nspname = current_schema() AND c.relname IN ('event', 'ending')"
        )
    )
    functions = connection.execute(
        text(
            "SELECT 'function ' || p.proname, p.prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE n.nspname = current_schema() AND p.proname LIKE 'carpet\\_%'"
        )
    )
    return {name: said for rows in (columns, triggers, functions) for name, said in rows}


def is_whole(connection: Connection) -> bool:
    """Whether the database itself finds no damage; PostgreSQL checks its pages when it reads them."""
    return connection.dialect.name != "sqlite" or connection.scalar(text("PRAGMA integrity_check")) == "ok"
