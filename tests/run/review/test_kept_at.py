"""Contract: one history a trial, wherever it is; a run that cannot reach the one it names stops. Truth: a real PostgreSQL server."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from carpet.core.errors import ProtocolError, Refused
from carpet.review.roles import Role
from carpet.run.review.app import review_app
from carpet.run.review.kept_at import NAMED, history_of, name_history, readings_of
from carpet.run.review.opening import open_room
from carpet.run.review.readings import FOLDER, HISTORY
from carpet.run.review.security import Doorway
from carpet.run.trial.running import ready_trial

from .conftest import PORT, Browser, Clock, copied

URL = "postgresql://carpet@127.0.0.1:5432/trial"


def test_a_trial_names_its_database_from_the_first_time_on(tmp_path: Path) -> None:
    own = tmp_path / FOLDER
    assert history_of(tmp_path) == own / HISTORY
    assert readings_of(tmp_path) is None
    where = history_of(tmp_path, URL)
    name_history(tmp_path, where)
    assert (own / NAMED).read_text() == f"{URL}\n"
    assert history_of(tmp_path) == history_of(tmp_path, URL) == URL
    with pytest.raises(Refused, match="REVIEW_HISTORY_TWICE"):
        history_of(tmp_path, f"{URL}2")
    (own / HISTORY).touch()
    for asked in (None, URL):
        with pytest.raises(Refused, match="REVIEW_HISTORY_TWICE"):
            history_of(tmp_path, asked)


def test_a_password_is_never_written_down(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="PGPASSWORD") as refused:
        history_of(tmp_path, "postgresql://carpet:hunter2@127.0.0.1/trial")
    assert "hunter2" not in str(refused.value)
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / NAMED).write_text("postgresql://carpet:hunter2@127.0.0.1/trial\n")
    with pytest.raises(Refused, match="REVIEW_HISTORY_UNREACHABLE") as said:
        readings_of(tmp_path)
    assert "hunter2" not in str(said.value)


@pytest.mark.parametrize("text", ["", "nonsense", "mysql://a@b/c", "\x00", "postgresql://carpet@127.0.0.1:{port}/trial"])
def test_nothing_is_measured_without_the_readings_it_names(tmp_path: Path, text: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / NAMED).write_text(text.format(port=port))
    with pytest.raises(Refused, match="REVIEW_HISTORY_UNREACHABLE"):
        readings_of(tmp_path)


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b""), lambda path: path.write_bytes(b"no database" * 99)])
def test_nothing_is_measured_and_nobody_begins_where_the_readings_are_gone(
    ran: Path, tmp_path: Path, call: Callable[..., Any], spoil: Callable[[Path], object]
) -> None:
    folder = copied(ran, tmp_path / "trial")
    with open_room(folder, only="Rea", now=Clock(), say=str):
        pass
    assert "back it up" in (folder / FOLDER / "README.txt").read_text()
    spoil(folder / FOLDER / HISTORY)
    with pytest.raises(Refused, match="REVIEW_HISTORY_LOST"), open_room(folder, only="Rea", now=Clock(), say=str):
        pass
    stopped = call("run", folder, "--tables-only")
    assert (stopped.status, "REVIEW_HISTORY_LOST" in stopped.err) == (1, True)


@pytest.mark.slow
@pytest.mark.postgres
def test_a_run_takes_what_was_signed_into_a_database(
    ran: Path, tmp_path: Path, postgres_server: str, call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(make_url(f"{postgres_server}/postgres").set(drivername="postgresql+pg8000"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE kept_at"))
    engine.dispose()
    url = make_url(f"{postgres_server}/kept_at")
    monkeypatch.setenv("PGPASSWORD", str(url.password))
    folder, plain = copied(ran, tmp_path / "trial"), f"postgresql://carpet@{url.host}:{url.port}/kept_at"
    with open_room(folder, only="Rea", now=Clock(), say=str, history=plain) as room:
        one = Browser(review_app(room, Doorway("127.0.0.1", PORT))).arrive()
        assert one.post("/api/cases/A/TT/sign", {}, version=0).status_code == 200
        assert room.people.only is not None
        assert room.people.only.role is Role.READER
    assert not (folder / FOLDER / HISTORY).exists()
    with ready_trial(folder, str) as ready:
        assert [study.asked.review.stands for some in ready.studies.values() for study in some if study.asked.review] == ["Rea"]
    with open_room(folder, only="Rea", now=Clock(), say=str) as room:  # it is found without being named again
        assert room.case("A/TT").stands == "Rea"
    monkeypatch.setenv("PGPASSWORD", "another")
    stopped = call("run", folder, "--tables-only")
    assert stopped.status == 1
    assert "REVIEW_HISTORY_UNREACHABLE" in stopped.err
    assert str(url.password) not in stopped.out + stopped.err
    secret = str(url.password).encode()
    assert not [path for path in folder.rglob("*") if path.is_file() and "dicom" not in path.parts and secret in path.read_bytes()]
