"""Contract: docs/reference/store.md is what the code makes; files that are no store of ours are refused and left as they are."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine

from carpet.core.errors import Refused
from carpet.core.record import Provenance
from carpet.run import store_schema
from carpet.run.store import EMPTY, Record, Stamp, Step, open_store
from carpet.run.store_schema import (
    APPLICATION_ID,
    GUARDS,
    KINDS,
    RECORD,
    SCHEMA_VERSION,
    canonical,
    digest_of,
    opened,
    our_schema,
    reading,
    schema_of,
    told,
    writing,
)

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "store.md").read_text(encoding="utf-8")


def rows_of(heading: str) -> list[list[str]]:
    """The rows of the table below a heading."""
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("| `")]


def test_the_page_names_every_column_and_kind() -> None:
    types = {"INTEGER": "integer", "TEXT": "text"}
    columns = [[one.name, types[str(one.type)], "yes" if one.nullable else "", one.comment] for one in RECORD.columns]
    assert rows_of("The table `record`") == columns
    assert rows_of("Kinds of record") == [[kind, says] for kind, says in KINDS.items()]


def test_the_page_names_guards_settings_and_refusals() -> None:
    said = set(re.findall(r"`([^`\n]+)`", PAGE))
    assert {*GUARDS, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"} <= said
    assert {"STORE_FOREIGN", "STORE_TOO_NEW", "STORE_DAMAGED", "STORE_PLACE"} <= said
    assert f"`application_id` is {APPLICATION_ID} " in PAGE
    assert f"`user_version` is {SCHEMA_VERSION}," in PAGE
    assert APPLICATION_ID.to_bytes(4, "big") == b"CRPT"


def test_the_query_of_the_page_gives_what_stands_now(tmp_path: Path) -> None:
    query = re.search(r"```sql\n(.*?)```", PAGE, flags=re.DOTALL)
    assert query is not None
    stamp = Stamp(run="1", who="carpet", at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    with open_store(tmp_path / "a.sqlite") as store:
        for limit in (4.0, 2.5):
            record = Record(kind="lesion", name="L01", payload={"limit": limit})
            store.write(Step("lesions/1.2", Provenance("suv", "1", "a paper", {"limit": limit}), (record,)), stamp)
        with contextlib.closing(sqlite3.connect(store.path)) as connection:
            ids = [row[1] for row in connection.execute(query[1])]
        assert ids == [one.id for one in store.current("lesion")]
        assert store.current("lesion")[0].payload == {"limit": 2.5}


def test_canonical_json_and_its_digest() -> None:
    assert canonical({"b": (1, 2.5), "a": "ü"}) == '{"a":"\\u00fc","b":[1,2.5]}'
    assert digest_of({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"  # sha256sum of the two characters {}
    with pytest.raises(ValueError, match="JSON"):
        canonical(float("nan"))


def test_a_new_file_and_an_empty_one_become_stores(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite").touch()
    for name in ("none.sqlite", "empty.sqlite"):
        with open_store(tmp_path / name) as store:
            assert store.head() == EMPTY
        engine = opened(tmp_path / name)
        with reading(engine, tmp_path / name) as connection:
            assert schema_of(connection) == our_schema()
        engine.dispose()
        with contextlib.closing(sqlite3.connect(tmp_path / name)) as raw:
            assert raw.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
            assert raw.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
            assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert {name for name in our_schema() if name in GUARDS} == set(GUARDS)


def database(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def later_version(path: Path) -> None:
    open_store(path).engine.dispose()
    database(path, f"PRAGMA user_version={SCHEMA_VERSION + 1}")


def damaged(path: Path) -> None:
    open_store(path).engine.dispose()
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xff" * (len(content) - 100))


NOT_OURS = {
    "text": (lambda path: path.write_text("patient_id,date\n" * 100), "STORE_FOREIGN"),
    "another program's": (lambda path: database(path, "CREATE TABLE record (id)"), "STORE_FOREIGN"),
    "another application's": (lambda path: database(path, "PRAGMA application_id=7"), "STORE_FOREIGN"),
    "a later carpet's": (later_version, "STORE_TOO_NEW"),
    "damaged": (damaged, "STORE_DAMAGED"),
}


@pytest.mark.parametrize(("make", "code"), NOT_OURS.values(), ids=NOT_OURS)
def test_what_is_not_ours_is_refused_and_left_as_it_is(tmp_path: Path, make: Callable[[Path], object], code: str) -> None:
    path = tmp_path / "carpet.sqlite"
    make(path)
    before = path.read_bytes()
    with pytest.raises(Refused) as refusal:
        open_store(path)
    assert refusal.value.codes == (code,)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["carpet.sqlite"]


def test_a_place_that_cannot_be_written_is_an_error_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cannot be opened for writing"):
        open_store(tmp_path / "none" / "carpet.sqlite")


def fail_while_writing(engine: Engine, path: Path) -> None:
    with writing(engine, path) as connection:
        connection.execute(text("CREATE TABLE more (a)"))
        raise ZeroDivisionError


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    engine = opened(path)
    with pytest.raises(ZeroDivisionError):
        fail_while_writing(engine, path)
    with reading(engine, path) as connection:
        assert schema_of(connection) == our_schema()
    engine.dispose()


def fill(engine: Engine, path: Path) -> None:
    with writing(engine, path) as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=20")  # SQLite's own way to be full
        connection.exec_driver_sql("CREATE TABLE more AS SELECT randomblob(1000000)")


def test_a_full_disk_is_said_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    engine = opened(path)
    with pytest.raises(OSError, match="what was stored is as it was") as error:
        fill(engine, path)
    assert error.value.errno == errno.ENOSPC
    assert error.value.filename == str(path)
    with reading(engine, path) as connection:
        assert schema_of(connection) == our_schema()
    engine.dispose()


def test_a_writer_that_never_ends_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.sqlite"
    opened(path).dispose()
    monkeypatch.setattr(store_schema, "WAIT_S", 0.2)
    engine = opened(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with reading(engine, path) as connection:  # readers do not wait
            assert schema_of(connection) == our_schema()
        with pytest.raises(OSError, match="another program has held the store") as error, writing(engine, path):
            pass
    assert error.value.errno == errno.EBUSY
    engine.dispose()


def test_errors_that_are_not_the_databases_pass(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), told(tmp_path):
        raise ZeroDivisionError
