"""Contract: T21. Every change of an account says who, when and what was before; it is in the history before it holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from carpet.core.errors import ProtocolError, Refused
from carpet.review.roles import Role
from carpet.run.review import account_changes as changes
from carpet.run.review.history import History, open_history
from carpet.run.review.people import AccountFile

from .conftest import PASSWORD


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with open_history(tmp_path / "history.sqlite") as opened:
        yield opened


def test_the_way_of_an_account(history: History, tmp_path: Path) -> None:
    accounts, stamp = AccountFile(tmp_path), changes.stamp_of("itadmin")
    changes.made(accounts, history, stamp, name="Rea", role=Role.READER, password=PASSWORD)
    changes.changed_role(accounts, history, stamp, name="Rea", role=Role.ADJUDICATOR)
    changes.changed_password(accounts, history, stamp, name="Rea", password=f"{PASSWORD} 2")
    changes.close(accounts, history, stamp, name="Rea")
    assert (accounts["Rea"].role, accounts["Rea"].closed) == (Role.ADJUDICATOR, True)
    told = [(one.act, one.stream, one.version, one.who, one.role, one.old) for one in changes.changes(history)]
    assert told == [
        ("account_made", "Rea", 1, "itadmin", "administrator", None),
        ("account_role", "Rea", 2, "itadmin", "administrator", {"role": "reader"}),
        ("account_password", "Rea", 3, "itadmin", "administrator", None),
        ("account_closed", "Rea", 4, "itadmin", "administrator", {"closed": False, "role": "adjudicator"}),
    ]
    assert all(one.created_at.endswith("+00:00") for one in changes.changes(history))
    assert history.verify() == ()
    assert history.cases() == ()
    lines = list(changes.told(accounts, history))
    assert lines[0] == "Rea  adjudicator, closed"
    assert lines[2].endswith("itadmin: account_role Rea adjudicator, was reader")
    assert PASSWORD.encode() not in (tmp_path / "history.sqlite").read_bytes()
    with open_history(tmp_path / "history.sqlite") as again:
        assert changes.changes(again) == changes.changes(history)


def test_what_is_refused_leaves_no_trace(history: History, tmp_path: Path) -> None:
    accounts, stamp = AccountFile(tmp_path), changes.stamp_of("itadmin")
    with pytest.raises(Refused, match="REVIEW_PASSWORD_UNFIT"):
        changes.made(accounts, history, stamp, name="Rea", role=Role.READER, password="short")  # noqa: S106 that is refused
    with pytest.raises(Refused, match="REVIEW_ACCOUNT_UNKNOWN"):
        changes.close(accounts, history, stamp, name="Nemo")
    with pytest.raises(ProtocolError, match="--role 'machine'"):
        changes.role_of("machine")
    assert (list(accounts), changes.changes(history)) == ([], ())


def test_a_changed_trail_is_found(history: History, tmp_path: Path) -> None:
    accounts = AccountFile(tmp_path)
    changes.made(accounts, history, changes.stamp_of("itadmin"), name="Rea", role=Role.READER, password=PASSWORD)
    with sqlite3.connect(tmp_path / "history.sqlite") as raw:
        raw.execute("DROP TRIGGER event_unchanged")
        raw.execute("UPDATE event SET who = 'somebody else' WHERE case_id = 'accounts'")
    assert [one.code for one in history.verify()][-1] == "REVIEW_HISTORY_ALTERED"
