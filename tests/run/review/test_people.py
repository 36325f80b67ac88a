"""Contract: T17. Accounts on disk, log-ins that wait, sessions that end; and that no cookie survives a log-in."""

from __future__ import annotations

import datetime as dt
import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from carpet.core.errors import Refused
from carpet.review.accounts import Account
from carpet.review.roles import Person, Role
from carpet.run.review.keys import Key
from carpet.run.review.people import (
    FILE,
    AccountFile,
    People,
    read_accounts,
    with_account,
    with_password,
    with_role,
    without,
    write_accounts,
)

from .conftest import PASSWORD, Clock


@pytest.fixture
def people(cheap_accounts: dict[str, Account]) -> tuple[People, Clock]:
    clock = Clock()
    return People(dict(cheap_accounts), clock), clock


def test_accounts_are_kept_for_nobody_elses_eyes(tmp_path: Path) -> None:
    assert read_accounts(tmp_path) == {}
    write_accounts(tmp_path, made := with_account({}, "Rea", Role.READER, PASSWORD))
    assert read_accounts(tmp_path) == made
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert PASSWORD not in (tmp_path / FILE).read_text()
    assert made["Rea"].password_hash.startswith("$argon2id$")
    with pytest.raises(Refused, match="REVIEW_ACCOUNT_EXISTS"):
        with_account(made, "rea", Role.VIEWER, PASSWORD)
    assert without(made, "Rea")["Rea"].closed
    assert with_role(made, "Rea", Role.VIEWER)["Rea"].role is Role.VIEWER
    assert with_password(made, "Rea", f"{PASSWORD} und mehr")["Rea"].password_hash != made["Rea"].password_hash
    for change in (without, lambda accounts, name: with_role(accounts, name, Role.VIEWER)):
        with pytest.raises(Refused, match="REVIEW_ACCOUNT_UNKNOWN"):
            change(made, "Ron")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"accounts": [{}]}', '{"accounts": [{"name": "x y"}]}', "\x00"])
def test_a_damaged_file_lets_nobody_in(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(Refused, match="REVIEW_ACCOUNTS_UNREADABLE"):
        read_accounts(tmp_path)


def test_a_file_that_is_written_twice_is_the_same(tmp_path: Path, cheap_accounts: dict[str, Account]) -> None:
    write_accounts(tmp_path, cheap_accounts)
    first = (tmp_path / FILE).read_bytes()
    write_accounts(tmp_path, dict(reversed(cheap_accounts.items())))
    assert (tmp_path / FILE).read_bytes() == first
    assert json.loads(first)["format"] == 1


def test_a_log_in_waits_after_failures_and_says_how_long(people: tuple[People, Clock]) -> None:
    room, clock = people
    for _ in range(3):
        with pytest.raises(Refused, match="REVIEW_LOGIN_FAILED"):
            room.log_in("Rea", "wrong")
    with pytest.raises(Refused, match="REVIEW_LOGIN_WAIT"):
        room.log_in("Rea", PASSWORD)
    assert room.log_in("Ron", PASSWORD).person == Person("Ron", Role.READER)  # another name does not wait
    clock.pass_s(2)
    assert room.log_in("Rea", PASSWORD).person.name == "Rea"


def test_who_does_not_exist_waits_alike(people: tuple[People, Clock]) -> None:
    room, _ = people
    for _ in range(3):
        with pytest.raises(Refused, match="REVIEW_LOGIN_FAILED"):
            room.log_in("Nemo", PASSWORD)
    with pytest.raises(Refused, match="REVIEW_LOGIN_WAIT"):
        room.log_in("Nemo", PASSWORD)


def test_a_session_is_new_at_every_log_in_and_ends(people: tuple[People, Clock]) -> None:
    room, clock = people
    one, other = room.log_in("Rea", PASSWORD), room.log_in("Rea", PASSWORD)
    assert one.token != other.token
    assert room.visitor(one.token.hex()).person.name == "Rea"
    room.log_out(one)
    with pytest.raises(Refused, match="REVIEW_SESSION_OVER"):
        room.visitor(one.token.hex())
    clock.pass_s(31 * 60)
    with pytest.raises(Refused, match="REVIEW_SESSION_OVER"):
        room.visitor(other.token.hex())


@pytest.mark.parametrize("cookie", ["", "zz", "00" * 32, "é", "00" * 10_000])
def test_a_cookie_that_nobody_gave_is_nobodys(people: tuple[People, Clock], cookie: str) -> None:
    with pytest.raises(Refused, match="REVIEW_SESSION_OVER"):
        people[0].visitor(cookie)


def test_a_form_token_is_of_its_session(people: tuple[People, Clock]) -> None:
    one, other = people[0].log_in("Rea", PASSWORD), people[0].log_in("Rea", PASSWORD)
    assert one.sent_form_token(one.form_token)
    assert not one.sent_form_token(other.form_token)
    assert not one.sent_form_token("")


def test_an_account_that_is_closed_ends_its_sessions(cheap_accounts: dict[str, Account]) -> None:
    accounts = dict(cheap_accounts)
    room = People(accounts, Clock())
    one = room.log_in("Rea", PASSWORD)
    accounts["Rea"] = Account("Rea", Role.READER, accounts["Rea"].password_hash, closed=True)
    with pytest.raises(Refused, match="REVIEW_SESSION_OVER"):
        room.visitor(one.token.hex())
    with pytest.raises(Refused, match="REVIEW_LOGIN_FAILED"):
        room.log_in("Rea", PASSWORD)


def test_a_room_hears_at_once_of_an_account_that_another_process_closes(cheap_accounts: dict[str, Account], tmp_path: Path) -> None:
    write_accounts(tmp_path, cheap_accounts)
    room = People(AccountFile(tmp_path), Clock())
    rea, ron, zoe = (room.log_in(name, PASSWORD) for name in ("Rea", "Ron", "Zoe"))
    changed = without(with_role(cheap_accounts, "Ron", Role.VIEWER), "Rea")
    changed = {**changed, "Zoe": replace(changed["Zoe"], password_hash="another")}  # noqa: S106 nobody has it
    write_accounts(tmp_path, changed)
    for one in (rea, ron, zoe):
        with pytest.raises(Refused, match="REVIEW_SESSION_OVER"):
            room.visitor(one.token.hex())
    assert room.log_in("Ron", PASSWORD).person.role is Role.VIEWER


def test_a_key_lets_one_browser_in_and_then_the_next_one_holds() -> None:
    told: list[str] = []
    clock, key = Clock(), Key(told.append)
    alone = People({}, clock, Person("Rea", Role.READER), key)
    assert alone.welcome() is None
    first = key.now
    assert alone.let_in("") is alone.let_in("x" * len(first)) is None
    visitor = alone.let_in(first)
    assert visitor is not None
    assert alone.let_in(first) is None
    assert told == [key.now]
    assert len(first) >= 43
    clock.pass_s(3 * 60 * 60)  # there is no password with which to come back
    assert alone.visitor(visitor.token.hex()).person.name == "Rea"
    with pytest.raises(Refused, match="REVIEW_KEY_NEEDED"):
        alone.visitor("00" * 32)


def test_who_reads_alone_has_no_password() -> None:
    clock = Clock()
    alone = People({}, clock, Person("Rea", Role.READER))
    welcomed = alone.welcome()
    assert welcomed is not None
    assert alone.visitor(welcomed.token.hex()).person == Person("Rea", Role.READER)
    alone.check_again(welcomed.person, "")
    with pytest.raises(Refused, match="REVIEW_LOGIN_FAILED"):
        alone.log_in("Rea", "")
    assert People({}, lambda: dt.datetime.now(dt.UTC)).welcome() is None
