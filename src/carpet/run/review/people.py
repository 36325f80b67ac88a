"""Who may come in: the file of accounts, the key of a room without passwords, log-ins with their waits, the sessions of this process."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from carpet.core.errors import Refused
from carpet.review.accounts import (
    IDLE_S,
    SALT_BYTES,
    SESSION_S,
    TOKEN_BYTES,
    Account,
    Failures,
    Session,
    form_token,
    is_form_token,
    logged_in,
    password_hash,
    session_of,
    token_sha256,
    used,
)
from carpet.review.notices import LOGIN_FAILED, SESSION_OVER
from carpet.review.roles import Person, Role
from carpet.run.outputs import new_files
from carpet.run.review.keys import Key
from carpet.run.review.server_notices import ACCOUNT_EXISTS, ACCOUNT_UNKNOWN, ACCOUNTS_UNREADABLE, KEY_NEEDED

FILE = "accounts.json"
PRIVATE = 0o600  # hashes are for nobody else's eyes
MOST_NAMES = 10_000  # whose failed log-ins are remembered; the oldest are forgotten first [P]
MOST_SESSIONS = 1_000  # [P]
Clock = Callable[[], dt.datetime]
Accounts = Mapping[str, Account]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody with a session: who, and the secret of the cookie that says so."""

    person: Person
    token: bytes

    @property
    def form_token(self) -> str:
        return form_token(self.token)

    def sent_form_token(self, given: str) -> bool:
        return is_form_token(self.token, given)


def read_accounts(folder: Path) -> dict[str, Account]:
    """The accounts by name, {} where there is no file; raises Refused (REVIEW_ACCOUNTS_UNREADABLE)."""
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["accounts"]
        return {row["name"]: Account(row["name"], Role(row["role"]), row["password_hash"], row["closed"]) for row in rows}
    except (ValueError, LookupError, TypeError) as error:
        raise Refused(ACCOUNTS_UNREADABLE.at(FILE, type(error).__name__)) from error


def write_accounts(folder: Path, accounts: Mapping[str, Account]) -> None:
    """Write the file whole or not at all."""
    rows = [
        {"name": one.name, "role": one.role.value, "password_hash": one.password_hash, "closed": one.closed}
        for _, one in sorted(accounts.items())
    ]
    with new_files(folder, ()) as part:
        made = part / FILE
        made.touch(PRIVATE)
        os.chmod(made, PRIVATE)
        made.write_text(json.dumps({"format": 1, "accounts": rows}, indent=1) + "\n", encoding="utf-8")


def with_account(accounts: Accounts, name: str, role: Role, password: str) -> Accounts:
    """The accounts with a new one; raises Refused for a name that is taken or unfit, or an unfit password."""
    if name.lower() in {one.lower() for one in accounts}:
        raise Refused(ACCOUNT_EXISTS.at("account", name))
    return {**accounts, name: Account(name, role, _hashed(password, name))}


def with_role(accounts: Accounts, name: str, role: Role) -> Accounts:
    """The accounts with another role of one; raises Refused for a name that nobody has."""
    return {**accounts, name: replace(_known(accounts, name), role=role)}


def with_password(accounts: Accounts, name: str, password: str) -> Accounts:
    """The accounts with another password of one; raises Refused for a name that nobody has, or an unfit password."""
    return {**accounts, name: replace(_known(accounts, name), password_hash=_hashed(password, name))}


def without(accounts: Accounts, name: str) -> Accounts:
    """The accounts with one closed: it logs in no more, and what it has signed stays. Raises Refused for a name that nobody has."""
    return {**accounts, name: replace(_known(accounts, name), closed=True)}


def _known(accounts: Accounts, name: str) -> Account:
    if name not in accounts:
        raise Refused(ACCOUNT_UNKNOWN.at("account", name))
    return accounts[name]


def _hashed(password: str, name: str) -> str:
    return password_hash(password, name=name, salt=secrets.token_bytes(SALT_BYTES))


class AccountFile(Mapping[str, Account]):
    """The accounts of a folder as they are now: read again whenever the file has changed, so that a closed account is out at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = Lock()
        self._seen: tuple[int, ...] = ()
        self._accounts: Accounts = {}

    def now(self) -> Accounts:
        """Raises Refused (REVIEW_ACCOUNTS_UNREADABLE); nobody is let in then."""
        with self._lock:
            stamp = self._stamp()
            if stamp != self._seen or not stamp:
                self._accounts, self._seen = read_accounts(self.folder), stamp
            return self._accounts

    def _stamp(self) -> tuple[int, ...]:
        try:
            found = (self.folder / FILE).stat()
        except FileNotFoundError:
            return ()
        return found.st_ino, found.st_mtime_ns, found.st_size

    def __getitem__(self, name: str) -> Account:
        return self.now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.now())

    def __len__(self) -> int:
        return len(self.now())


@dataclass(frozen=True, eq=False)
class People:
    """The sessions of one process. only: who reads without a password; None where accounts are asked for.

    key: what the only person's browser has to bring; None where whoever reaches the room is that person, as in tests of it.
    """

    accounts: Mapping[str, Account]
    now: Clock
    only: Person | None = None
    key: Key | None = None
    _sessions: OrderedDict[str, Session] = field(default_factory=OrderedDict, repr=False)
    _hashes: dict[str, str] = field(default_factory=dict, repr=False)
    _failures: OrderedDict[tuple[str, str], Failures] = field(default_factory=OrderedDict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)
    _hashing: Lock = field(default_factory=Lock, repr=False)

    def log_in(self, name: str, password: str) -> Visitor:
        """A new session, whatever the browser had before; raises Refused (REVIEW_LOGIN_FAILED, REVIEW_LOGIN_WAIT)."""
        account = self._checked(name, password, to="log in")
        visitor = self._session(account.person)
        with self._lock:
            self._hashes[token_sha256(visitor.token)] = account.password_hash
            for gone in self._hashes.keys() - self._sessions.keys():
                del self._hashes[gone]
        return visitor

    def check_again(self, person: Person, password: str) -> None:
        """Who signs says the password again; raises Refused as a log-in does. Without accounts there is nothing to say.

        Failures are counted apart from those of log-ins: a stranger's must not keep from signing whoever is logged in.
        """
        if self.only is None:
            self._checked(person.name, password, to="sign")

    def welcome(self) -> Visitor | None:
        """A session of the only person, where no key is asked for; None where one is, or accounts are."""
        return None if self.only is None or self.key is not None else self._session(self.only)

    def let_in(self, key: str) -> Visitor | None:
        """A session of the only person for the key that holds now; None for any other."""
        return self._session(self.only) if self.only is not None and self.key is not None and self.key.taken(key) else None

    def visitor(self, cookie: str) -> Visitor:
        """Who has this cookie; raises Refused (REVIEW_SESSION_OVER, REVIEW_KEY_NEEDED)."""
        token = _token(cookie)
        with self._lock:
            known = self._sessions.get(token_sha256(token))
            if known is None:
                raise Refused(SESSION_OVER.at("session") if self.key is None else KEY_NEEDED.at("session"))
            if self.only is None and not self._holds(known):
                del self._sessions[known.token_sha256]
                raise Refused(SESSION_OVER.at("session", "the account has changed"))
            idle_s = IDLE_S if self.only is None else SESSION_S  # who has no password cannot come back with it
            self._sessions[known.token_sha256] = used(known, at=self.now(), idle_s=idle_s)
        return Visitor(known.person, token)

    def _holds(self, session: Session) -> bool:
        """Whether the account is as it was at log-in: open, in this role, with this password."""
        account = self.accounts.get(session.person.name)
        return (
            account is not None
            and not account.closed
            and account.role is session.person.role
            and account.password_hash == self._hashes.get(session.token_sha256, account.password_hash)
        )

    def log_out(self, visitor: Visitor) -> None:
        """The session is over at once, in every window."""
        with self._lock:
            self._sessions.pop(token_sha256(visitor.token), None)

    def _checked(self, name: str, password: str, *, to: str) -> Account:
        """One at a time: a hash takes 64 MiB, and tries at once would all see the same number of failures."""
        with self._hashing:
            before = self._failures.get((to, name), Failures())
            account, failures = logged_in(self.accounts.get(name), password, failures=before, at=self.now())
            self._failures[to, name] = failures
            while len(self._failures) > MOST_NAMES:
                self._failures.popitem(last=False)
        if account is None:
            raise Refused(LOGIN_FAILED.at("log-in"))
        return account

    def _session(self, person: Person) -> Visitor:
        token = secrets.token_bytes(TOKEN_BYTES)
        with self._lock:
            made = session_of(person, token, at=self.now())
            self._sessions[made.token_sha256] = made
            while len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return Visitor(made.person, token)


def _token(cookie: str) -> bytes:
    try:
        return bytes.fromhex(cookie)
    except ValueError:
        return b""
