"""Truth: tamperings whose place is known: each is found, in SQLite and in a real PostgreSQL server (T21)."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError

from carpet.core.errors import ProtocolError, Refused
from carpet.core.protocol import ReviewProtocol
from carpet.review.cases import Act, Assigned, Edited, Opened, Planned, Signed, Unlocked
from carpet.review.edits import edit_of
from carpet.review.roles import Role
from carpet.review.signature import Conclusion, reading_digest, signed
from carpet.run.review.event_table import COLUMNS, FUNCTIONS, GUARDS, TRIGGERS, is_whole, opened, reading, schema_changes, writing
from carpet.run.review.history import History, open_history
from carpet.run.store import Stamp
from carpet.run.store_chain import Head

AT = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


def stamp(who: str, role: Role, reason: str = "") -> Stamp:
    return Stamp(run="room-1", who=who, at=AT, role=role, reason=reason)


def fill(history: History) -> None:
    """Two cases of one patient, with edits, signatures, a comparison and an unlocking: 38 events."""

    def do(case: str, act: Act, who: str, role: Role) -> None:
        stream = act.whose if isinstance(act, Unlocked) else "" if isinstance(act, (Planned, Assigned)) else who
        seen = 0 if isinstance(act, Planned) else history.case(case).version_of(stream)
        history.append(case, act, stamp(who, role), if_match=seen)

    for day, timepoint in ((-3, "TT"), (29, "M1")):
        case = f"P007/{timepoint}"
        do(case, Planned(patient="P007", timepoint=timepoint, day=day, rules=ReviewProtocol(readers=2)), "carpet", Role.MACHINE)
        do(case, Assigned(readers=("ann", "ben"), adjudicator="cy"), "di", Role.ADMINISTRATOR)
        for reader in ("ann", "ben"):
            do(case, Opened(), reader, Role.READER)
            for n in range(5):
                edit = edit_of({"kind": "status", "lesion": f"L{n:02d}", "status": "disease"})
                do(case, Edited(edit=edit), reader, Role.READER)
            said = Conclusion(category="CMR", tmtv_ml=10.0)
            own = history.case(case).reading_of(reader)
            assert own is not None
            digest = reading_digest(case, reader, standing=own.standing, conclusion=said)
            do(case, Signed(signature=signed(reader, digest, at=AT, meaning="reading"), conclusion=said), reader, Role.READER)
    do("P007/M1", Unlocked(whose="ann", reason="wrong scan"), "di", Role.ADMINISTRATOR)


EVENTS = 2 * (2 + 2 * 7 + 1) + 1


def raw(path: Path, *statements: str) -> list[Any]:
    """SQLite without carpet; the rows of the last statement."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = [connection.execute(statement).fetchall() for statement in statements]
        connection.commit()
    return rows[-1]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "review.sqlite"
    with open_history(path) as history:
        fill(history)
        assert history.verify() == ()
        assert history.head().sequence == EVENTS
    return path


def statement_of(draw: random.Random, last: int) -> list[str]:
    """One thing done to the rows behind the guards."""
    one, other = sorted(draw.sample(range(2, last), 2))
    column = draw.choice(COLUMNS)
    number = column in ("sequence", "version")
    value = str(last + draw.randrange(2, 9)) if number else draw.choice([f"coalesce({column}, '') || 'x'", "'?'", "'{}'"])
    changed = f"UPDATE event SET {column} = {value} WHERE sequence = {one} AND {column} <> {value}"  # noqa: S608
    if column == "old_value":
        changed = f'UPDATE event SET old_value = \'{{"state":"edited","n":1}}\' WHERE sequence = {one}'  # noqa: S608
    swap = "who, role, reason, created_at, new_value, act"
    return draw.choice(
        [
            [changed],
            [changed],
            [f"UPDATE event SET who = 'eve' WHERE sequence IN ({one}, {other})"],  # noqa: S608
            [f"UPDATE event SET new_value = replace(new_value, 'disease', 'physiologic') WHERE sequence = {draw.choice((5, 6, 12, 22))}"],  # noqa: S608
            [f"UPDATE event SET ({swap}) = (SELECT {swap} FROM event WHERE sequence = {4}) WHERE sequence = {draw.choice((10, 11, 20))}"],  # noqa: S608
            [f"UPDATE event SET sequence = sequence + 1000 WHERE sequence >= {one}"],  # noqa: S608
            [f"DELETE FROM event WHERE sequence = {one}"],  # noqa: S608
            [f"DELETE FROM event WHERE sequence >= {one}"],  # noqa: S608
            [f"UPDATE ending SET sequence = {one}", f"DELETE FROM event WHERE sequence > {one}"],  # noqa: S608
            [
                f"DELETE FROM event WHERE sequence > {one}",  # noqa: S608
                f"UPDATE ending SET sequence = {one}, digest = (SELECT digest FROM event WHERE sequence = {one})",  # noqa: S608
            ],
            ["DELETE FROM ending"],
            ["UPDATE ending SET digest = 'x'"],
        ]
    )


def behind_the_guards(path: Path, statements: list[str]) -> None:
    without = [f"DROP TRIGGER {name}" for name in GUARDS]
    again = [f"CREATE TRIGGER {name} {body}" for name, body in GUARDS.items()]
    raw(path, "PRAGMA synchronous = OFF", "PRAGMA journal_mode = MEMORY", *without, *statements, *again, "PRAGMA journal_mode = WAL")


def rewritten(path: Path, first: int, change: Callable[[dict[str, Any]], None]) -> None:
    """One event changed, and all digests from there on made right again, as a clever forger would."""
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in raw(path, "SELECT * FROM event ORDER BY sequence")]
    change(rows[first - 1])
    before = rows[first - 2]["digest"]
    for row in rows[first - 1 :]:
        row["previous"] = before
        said = [row[name] for name in COLUMNS if name != "digest"]
        before = row["digest"] = hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for name in GUARDS:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM event")
        marks = ", ".join("?" * len(COLUMNS))
        connection.executemany(f"INSERT INTO event VALUES ({marks})", [tuple(row.values()) for row in rows])  # noqa: S608
        connection.execute("UPDATE ending SET digest = ?", (before,))
        for name, body in GUARDS.items():
            connection.execute(f"CREATE TRIGGER {name} {body}")
        connection.commit()


def tampered(path: Path, draw: random.Random, last: int) -> str:
    if draw.random() < 0.2:
        first = draw.randrange(3, last)
        column, value = draw.choice([("who", "eve"), ("reason", "another reason"), ("created_at", "2026-11-22T12:00:00.000000+00:00")])
        rewritten(path, first, lambda row: row.update({column: value}))
        return f"rewritten from {first}: {column}"
    statements = statement_of(draw, last)
    behind_the_guards(path, statements)
    return "; ".join(statements)


def what_is_said(path: Path, noted: Head) -> tuple[str, ...]:
    try:
        with open_history(path) as history:
            return tuple(notice.code for notice in history.verify(noted))
    except Refused as refusal:
        return refusal.codes


def missed(filled: Path, path: Path, number: int) -> list[str]:
    """What was done and not found, of so many tamperings; everything before is noted down at the end of the day."""
    with open_history(filled) as history:
        noted = history.head()
    before, out = raw(filled, "SELECT * FROM event, ending ORDER BY event.sequence"), []
    for seed in range(number):
        shutil.copy(filled, path)
        done = tampered(path, random.Random(seed), noted.sequence)  # noqa: S311
        assert raw(path, "SELECT * FROM event, ending ORDER BY event.sequence") != before, f"nothing was done: {done}"
        if set(what_is_said(path, noted)) != {"REVIEW_HISTORY_ALTERED"}:
            out.append(done)
    return out


def test_a_hundred_tamperings_are_found(filled: Path, tmp_path: Path) -> None:
    assert missed(filled, tmp_path / "review.sqlite", 100) == []


@pytest.mark.slow
def test_a_thousand_tamperings_are_found(filled: Path, tmp_path: Path) -> None:
    assert missed(filled, tmp_path / "review.sqlite", 1_000) == []


def test_a_changed_edit_under_a_signature_is_found_even_with_right_digests(filled: Path, tmp_path: Path) -> None:
    path = tmp_path / "review.sqlite"
    shutil.copy(filled, path)

    def other(row: dict[str, Any]) -> None:
        assert row["act"] == "edited"
        row["new_value"] = row["new_value"].replace('"disease"', '"physiologic"')

    rewritten(path, 5, other)
    with open_history(path) as history:
        (found,) = history.verify()
        assert (found.where, found.found) == ("event 9", "cannot have happened: REVIEW_SIGNATURE_UNFIT")
        with pytest.raises(Refused) as caught:
            history.cases()
        assert caught.value.codes == ("REVIEW_HISTORY_ALTERED",)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET who = 'eve' WHERE sequence = 3",
        "DELETE FROM event WHERE sequence = 3",
        "INSERT OR REPLACE INTO event SELECT * FROM event WHERE sequence = 3",
        f"INSERT INTO event SELECT sequence + 99, {', '.join(COLUMNS[1:-2])}, 'a', 'b' FROM event WHERE sequence = 3",  # noqa: S608
        "UPDATE ending SET sequence = 3",
        "DELETE FROM ending",
        "INSERT OR REPLACE INTO ending VALUES (1, 1, 3, 'x')",
    ],
)
def test_the_guards_let_nothing_be_changed(filled: Path, tmp_path: Path, statement: str) -> None:
    path = tmp_path / "review.sqlite"
    shutil.copy(filled, path)
    with pytest.raises(sqlite3.IntegrityError):
        raw(path, statement)
    with open_history(path) as history:
        assert history.verify() == ()


def test_a_guard_taken_away_and_a_table_put_in_are_found(filled: Path, tmp_path: Path) -> None:
    path = tmp_path / "review.sqlite"
    shutil.copy(filled, path)
    raw(path, "DROP TRIGGER event_kept", "CREATE TABLE more (a)")
    with open_history(path) as history, reading(history.engine) as connection:
        assert list(schema_changes(connection)) == [("schema event_kept", "missing"), ("schema more", "not of carpet")]
        assert is_whole(connection)


def test_the_file_is_kept_as_the_store_is(filled: Path, tmp_path: Path) -> None:
    assert [raw(filled, f"PRAGMA {name}")[0][0] for name in ("journal_mode", "application_id", "user_version")] == ["wal", 0x43525048, 1]
    with contextlib.closing(opened(filled).raw_connection()) as connection:
        assert connection.cursor().execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    other = tmp_path / "other.sqlite"
    raw(other, "CREATE TABLE theirs (a)")
    with pytest.raises(Refused) as caught:
        opened(other)
    assert caught.value.codes == ("STORE_FOREIGN",)


@pytest.mark.parametrize("url", ["mysql://host/trial", "sqlite:///a", "no url", "postgresql+psycopg2://host/trial"])
def test_other_databases_are_errors_of_the_call(url: str) -> None:
    with pytest.raises(ProtocolError):
        opened(url)


def test_nobody_answers() -> None:
    with pytest.raises(OSError, match="does not answer"):
        opened("postgresql://carpet@127.0.0.1:1/trial")


@contextlib.contextmanager
def asked(url: str) -> Iterator[Connection]:
    """PostgreSQL without carpet, each statement at once."""
    engine = create_engine(make_url(url).set(drivername="postgresql+pg8000"), isolation_level="AUTOCOMMIT")
    with contextlib.closing(engine.connect()) as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="module")
def filled_there(postgres_server: str) -> str:
    with asked(f"{postgres_server}/postgres") as connection:
        connection.execute(text("CREATE DATABASE filled"))
    with open_history(f"{postgres_server}/filled") as history:
        fill(history)
        assert history.verify() == ()
    return postgres_server


@pytest.fixture
def copy_there(filled_there: str) -> Iterator[str]:
    """The URL of a copy of the filled database."""
    with asked(f"{filled_there}/postgres") as connection:
        connection.execute(text("CREATE DATABASE copy TEMPLATE filled"))
        yield f"{filled_there}/copy"
        connection.execute(text("DROP DATABASE copy"))


@pytest.mark.postgres
@pytest.mark.parametrize("seed", range(24))
def test_tamperings_of_a_server_are_found(copy_there: str, seed: int) -> None:
    with open_history(copy_there) as history:
        noted = history.head()
    statements = statement_of(random.Random(seed), noted.sequence)  # noqa: S311
    with asked(copy_there) as connection:
        for statement in ("SET session_replication_role = replica", *statements):
            connection.exec_driver_sql(statement)
    assert set(what_is_said_there(copy_there, noted)) == {"REVIEW_HISTORY_ALTERED"}, statements


def what_is_said_there(url: str, noted: Head) -> tuple[str, ...]:
    try:
        with open_history(url) as history:
            return tuple(notice.code for notice in history.verify(noted))
    except Refused as refusal:
        return ("REVIEW_HISTORY_ALTERED",) if refusal.codes == ("REVIEW_HISTORY_FOREIGN",) else refusal.codes


@pytest.mark.postgres
def test_the_guards_of_a_server_let_nothing_be_changed(copy_there: str) -> None:
    for statement in (
        "UPDATE event SET who = 'eve' WHERE sequence = 3",
        "DELETE FROM event WHERE sequence = 3",
        "TRUNCATE event",
        "TRUNCATE ending",
        "UPDATE ending SET sequence = 3",
        "DELETE FROM ending",
        "INSERT INTO ending VALUES (1, 1, 3, 'x')",
        "INSERT INTO event VALUES (99, 'r', 'c', '', 1, 'opened', NULL, '{}', 'a', 'reader', '', 't', 'a', 'b')",
    ):
        with asked(copy_there) as connection, pytest.raises(DBAPIError):
            connection.exec_driver_sql(statement)
    with open_history(copy_there) as history:
        assert history.verify() == ()


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("DROP TRIGGER event_kept ON event", "schema trigger event_kept"),
        ("ALTER TABLE event DISABLE TRIGGER event_kept", "schema trigger event_kept"),
        (
            "CREATE OR REPLACE FUNCTION carpet_kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "schema function carpet_kept",
        ),
        ("ALTER TABLE event ADD COLUMN more text", "schema event.more"),
    ],
)
def test_a_guard_of_a_server_taken_away_is_found(copy_there: str, statement: str, place: str) -> None:
    with asked(copy_there) as connection:
        connection.exec_driver_sql(statement)
    with open_history(copy_there) as history:
        assert [notice.where for notice in history.verify()] == [place]
    assert len(TRIGGERS) == 8
    assert len(FUNCTIONS) == 5


@pytest.mark.postgres
def test_another_program_s_database_is_refused(filled_there: str) -> None:
    with asked(f"{filled_there}/postgres") as connection:
        connection.execute(text("CREATE DATABASE theirs"))
    with asked(f"{filled_there}/theirs") as connection:
        connection.execute(text("CREATE TABLE event (a text)"))
    with pytest.raises(Refused) as caught:
        opened(f"{filled_there}/theirs")
    assert caught.value.codes == ("REVIEW_HISTORY_FOREIGN",)


@pytest.mark.postgres
def test_a_server_that_does_not_let_carpet_in(postgres_server: str) -> None:
    for url in (f"{postgres_server}/nowhere", f"{postgres_server}/postgres".replace("the-password", "a-password")):
        with pytest.raises(OSError, match="does not let carpet in") as caught:
            opened(url)
        assert "password@" not in str(caught.value)


@pytest.mark.postgres
def test_a_write_waits_for_the_one_before(copy_there: str) -> None:
    one = opened(copy_there)
    with writing(one) as connection, asked(copy_there) as other:
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("SET LOCAL lock_timeout = '200ms'")
        with pytest.raises(DBAPIError, match="lock timeout"):
            other.exec_driver_sql("LOCK TABLE event IN EXCLUSIVE MODE")
        other.exec_driver_sql("ROLLBACK")
        assert other.exec_driver_sql("SELECT count(*) FROM event").scalar() == EVENTS
    one.dispose()
