"""Changes of accounts from the command line: each is kept in the history of the readings before it holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from carpet.core.errors import ProtocolError
from carpet.review.account_acts import ACCOUNTS, AccountAct, AccountClosed, AccountMade, AccountPassword, AccountRole
from carpet.review.roles import PEOPLE, Role
from carpet.run.review.history import Event, History
from carpet.run.review.people import AccountFile, with_account, with_password, with_role, without, write_accounts
from carpet.run.store import Stamp

READS = Role.READER  # of a new account where nobody says otherwise


def made(accounts: AccountFile, history: History, stamp: Stamp, *, name: str, role: Role, password: str) -> None:
    """A new account. Raises Refused for a name that is taken or unfit, or an unfit password; nothing has changed then."""
    after = with_account(accounts.now(), name, role, password)
    _keep(history, AccountMade(name=name, role=role), stamp, None)
    write_accounts(accounts.folder, after)


def changed_role(accounts: AccountFile, history: History, stamp: Stamp, *, name: str, role: Role) -> None:
    """Another role; sessions of the account end. Raises Refused for a name that nobody has."""
    before = accounts.now()
    after = with_role(before, name, role)
    _keep(history, AccountRole(name=name, role=role), stamp, {"role": before[name].role.value})
    write_accounts(accounts.folder, after)


def changed_password(accounts: AccountFile, history: History, stamp: Stamp, *, name: str, password: str) -> None:
    """Another password; sessions of the account end. Raises Refused for a name that nobody has, or an unfit password."""
    after = with_password(accounts.now(), name, password)
    _keep(history, AccountPassword(name=name), stamp, None)
    write_accounts(accounts.folder, after)


def close(accounts: AccountFile, history: History, stamp: Stamp, *, name: str) -> None:
    """The account logs in no more, and its sessions end; what it has signed stays. Raises Refused for a name that nobody has."""
    before = accounts.now()
    after = without(before, name)
    _keep(history, AccountClosed(name=name), stamp, {"role": before[name].role.value, "closed": before[name].closed})
    write_accounts(accounts.folder, after)


def changes(history: History) -> tuple[Event, ...]:
    """Every change of an account, oldest first."""
    return history.events(ACCOUNTS)


def told(accounts: AccountFile, history: History) -> Iterator[str]:
    """A line for each account, then one for each change, as the command shows them."""
    for name, one in sorted(accounts.items()):
        yield f"{name}  {one.role}{', closed' if one.closed else ''}"
    for event in changes(history):
        role = f" {event.new['role']}" if "role" in event.new else ""
        was = f", was {event.old['role']}" if event.old and "role" in event.old and "role" in event.new else ""
        yield f"{event.created_at}  {event.who}: {event.act} {event.stream}{role}{was}"


def stamp_of(user: str) -> Stamp:
    """Who may write into the trial's folder is its administrator."""
    at = dt.datetime.now(dt.UTC)
    return Stamp(run=at.strftime("%Y%m%dT%H%M%S.%fZ"), who=user, at=at, role=Role.ADMINISTRATOR.value)


def role_of(word: str) -> Role:
    """Raises ProtocolError for a word that is no role of a person."""
    if word not in {one.value for one in PEOPLE}:
        raise ProtocolError(f"--role {word!r} unknown; there are: {', '.join(PEOPLE)}")
    return Role(word)


def _keep(history: History, act: AccountAct, stamp: Stamp, was: dict[str, object] | None) -> None:
    history.append_account(act, stamp, was=was)
