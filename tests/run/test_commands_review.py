"""Contract: accounts are made, changed and closed by the command; a room that may not be opened says what it needs."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carpet.run.commands_review import review
from carpet.run.review.people import read_accounts


@pytest.fixture
def trial(call: Callable[..., Any], tmp_path: Path) -> Path:
    assert call("init", tmp_path / "trial").status == 0
    return tmp_path / "trial"


def test_accounts_are_made_and_closed(trial: Path, call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("vier kleine gelbe Enten\n"))
    made = call("review", trial, "--add-account", "Rea", "--role", "reader")
    assert (made.status, "Enten" in made.out + made.err) == (0, False)
    assert read_accounts(trial / "review")["Rea"].role == "reader"
    monkeypatch.setattr("sys.stdin", io.StringIO("fünf kleine gelbe Enten\n"))
    assert call("review", trial, "--change-account", "Rea").status == 0
    assert call("review", trial, "--change-account", "Rea", "--role", "adjudicator").status == 0
    assert call("review", trial, "--close-account", "Rea").status == 0
    assert read_accounts(trial / "review")["Rea"].closed
    listed = call("review", trial, "--list-accounts").out.splitlines()
    assert listed[0] == "Rea  adjudicator, closed"
    acts = [line.split(": ")[1].split()[0] for line in listed[1:]]
    assert acts == ["account_made", "account_password", "account_role", "account_closed"]
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert call("review", trial, "--add-account", "Ron").status == 1
    assert call("review", trial, "--add-account", "Ron", "--role", "king").status == 2


def test_a_password_in_the_url_is_refused_and_not_told(trial: Path, call: Callable[..., Any]) -> None:
    said = call("review", trial, "--history", "postgresql://carpet:hunter2@127.0.0.1/trial", "--list-accounts")
    assert (said.status, "PGPASSWORD" in said.err, "hunter2" in said.out + said.err) == (2, True, False)


def test_a_room_that_may_not_be_opened_says_why(trial: Path, call: Callable[..., Any]) -> None:
    said = call("review", trial, "--host", "10.0.0.1")
    assert (said.status, "--accounts" in said.err) == (2, True)
    said = call("review", trial, "--reader", "Rea Der")
    assert (said.status, "2 to 40 letters" in said.err) == (2, True)
    said = call("review", trial)
    assert (said.status, "carpet run" in said.err) == (2, True)
    assert review.__doc__ is not None
