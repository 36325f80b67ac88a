"""Accounts of the reading room: passwords by argon2id, a wait that grows with failed log-ins, sessions; clock and chance are passed in."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from dataclasses import dataclass, replace

from carpet.core.errors import Refused
from carpet.review.notices import ACCOUNT_UNFIT, LOGIN_WAIT, PASSWORD_UNFIT, SESSION_OVER
from carpet.review.roles import PEOPLE, Person, Role

# RFC 9106, section 4, second recommended option: 64 MiB, 3 passes, 4 lanes
PASSES, MEMORY_KIB, LANES, HASH_BYTES, SALT_BYTES = 3, 64 * 1024, 4, 32, 16
SHORTEST, LONGEST = 12, 256  # characters of a password [P]; NIST SP 800-63B asks for 8 at least and 64 to be taken
NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{1,39}")
FREE_FAILURES = 3  # log-ins that may fail without a wait [P]
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 900.0  # doubled by each further failure [P]
IDLE_S, SESSION_S = 30 * 60, 12 * 60 * 60  # NIST SP 800-63B AAL2: 30 min without a word, 12 h in all
TOKEN_BYTES = 32
# what is checked where there is no account, so that it takes the same time; it lets nobody in
ABSENT = "$argon2id$v=19$m=65536,t=3,p=4$Y2FycGV0Y2FycGV0Y2FycA$YTkGquB3Jtt/Dne+M2JP57w7jZepuW8kPemyju03BpQ"


@dataclass(frozen=True, slots=True)
class Account:
    """Who may log in, and as what. password_hash: argon2id in its own text form; "" lets nobody in. closed: no more log-in."""

    name: str
    role: Role
    password_hash: str
    closed: bool = False

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or self.role not in PEOPLE:
            raise Refused(ACCOUNT_UNFIT.at("account", f"{self.name[:40]!r} {self.role}"))

    @property
    def person(self) -> Person:
        return Person(self.name, self.role)


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed log-ins in a row of one name, and when the last was."""

    count: int = 0
    last: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One log-in of one browser. token_sha256: of the secret in its cookie, which is kept nowhere else."""

    token_sha256: str
    person: Person
    opened_at: dt.datetime
    seen_at: dt.datetime


def password_hash(password: str, *, name: str, salt: bytes) -> str:
    """The argon2id hash of a new password. salt: 16 bytes by chance. Raises Refused (REVIEW_PASSWORD_UNFIT)."""
    from argon2.low_level import Type, hash_secret

    if not SHORTEST <= len(password) <= LONGEST or name.lower() in password.lower():
        raise Refused(PASSWORD_UNFIT.at("password", f"{len(password)} characters"))
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    costs = {"time_cost": PASSES, "memory_cost": MEMORY_KIB, "parallelism": LANES, "hash_len": HASH_BYTES}
    return hash_secret(_bytes(password), salt, type=Type.ID, **costs).decode()


def is_password(stored: str, password: str) -> bool:
    """Whether this is the password of the hash; False for a hash that is none. Takes as long for a wrong one as for the right one."""
    from argon2.exceptions import InvalidHashError, VerificationError
    from argon2.low_level import Type, verify_secret

    if len(password) > LONGEST:
        return False
    try:
        return verify_secret(stored.encode(), _bytes(password), Type.ID)
    except (VerificationError, InvalidHashError):
        return False


def _bytes(password: str) -> bytes:
    """A half of a surrogate pair, which JSON can carry, is a password like any other."""
    return password.encode("utf-8", "surrogatepass")


def wait_s(failures: Failures, at: dt.datetime) -> float:
    """Seconds until this name may try again; 0.0 where it may now. A clock set back does not shorten the wait."""
    if failures.last is None or failures.count < FREE_FAILURES:
        return 0.0
    whole = min(FIRST_WAIT_S * 2.0 ** min(failures.count - FREE_FAILURES, 30), LONGEST_WAIT_S)
    return max(0.0, min(whole, whole - (at - failures.last).total_seconds()))


def logged_in(account: Account | None, password: str, *, failures: Failures, at: dt.datetime) -> tuple[Account | None, Failures]:
    """The account, or None where the log-in failed; and the failures to be kept for the name that was typed.

    account: of that name, None where there is none, which takes the same time. A signature asks for the password in the same way.
    Raises Refused (REVIEW_LOGIN_WAIT) before the wait is over.
    """
    left = wait_s(failures, at)
    if left > 0.0:
        raise Refused(LOGIN_WAIT.at("log-in", f"{left:.0f} s left"))
    right = is_password(account.password_hash if account and account.password_hash else ABSENT, password)
    if account is not None and right and account.password_hash and not account.closed:
        return account, Failures()
    return None, Failures(failures.count + 1, at)


def session_of(person: Person, token: bytes, *, at: dt.datetime) -> Session:
    """A new session. token: 32 bytes by chance, new at every log-in, so that no earlier cookie is ever taken over."""
    if len(token) != TOKEN_BYTES:
        raise ValueError(f"a token has {TOKEN_BYTES} bytes")
    return Session(token_sha256(token), person, at, at)


def token_sha256(token: bytes) -> str:
    """By what a session is found: the secret itself is not kept."""
    return hashlib.sha256(token).hexdigest()


def used(session: Session, *, at: dt.datetime, idle_s: float = IDLE_S) -> Session:
    """The session after a request; raises Refused (REVIEW_SESSION_OVER) after 30 minutes without one, or 12 hours in all."""
    idle, whole = (at - session.seen_at).total_seconds(), (at - session.opened_at).total_seconds()
    if idle > idle_s or whole > SESSION_S:
        raise Refused(SESSION_OVER.at("session", "too long unused" if idle > idle_s else "12 hours are over"))
    return replace(session, seen_at=max(at, session.seen_at))


def form_token(token: bytes) -> str:
    """What each write carries beside the cookie, against requests forged by other pages (CSRF); 64 hexadecimal digits."""
    return hmac.new(token, b"carpet form", hashlib.sha256).hexdigest()


def is_form_token(token: bytes, given: str) -> bool:
    """Whether `given` is the session's; compared in constant time."""
    return hmac.compare_digest(form_token(token).encode(), given.encode("utf-8", "surrogatepass"))
