"""Truth: argon2-cffi's own verdicts and parameters, and waits and times worked out by hand."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError
from argon2.low_level import Type

from carpet.core.errors import Refused
from carpet.review.accounts import (
    ABSENT,
    Account,
    Failures,
    form_token,
    is_form_token,
    is_password,
    logged_in,
    password_hash,
    session_of,
    token_sha256,
    used,
    wait_s,
)
from carpet.review.roles import Person, Role

AT = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
WORDS = "vier Wörter am Stück"
HASH = password_hash(WORDS, name="ann", salt=b"0123456789abcdef")
ANN = Account("ann", Role.READER, HASH)


def after(seconds: float) -> dt.datetime:
    return AT + dt.timedelta(seconds=seconds)


def test_a_password_is_kept_as_argon2id_with_the_costs_of_rfc_9106() -> None:
    costs = extract_parameters(HASH)
    assert (costs.type, costs.version) == (Type.ID, 19)
    assert (costs.memory_cost, costs.time_cost, costs.parallelism, costs.hash_len, costs.salt_len) == (65536, 3, 4, 32, 16)
    assert extract_parameters(ABSENT) == costs
    assert PasswordHasher().verify(HASH, WORDS)
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(HASH, WORDS + " ")


def test_only_the_password_is_the_password() -> None:
    assert is_password(HASH, WORDS)
    for wrong in ("", WORDS.upper(), WORDS[:-1], "\ud800" * 12, "x" * 1_000_000):
        assert not is_password(HASH, wrong)
    assert not is_password("no hash", WORDS)
    assert password_hash(WORDS, name="ann", salt=b"fedcba9876543210") != HASH


@pytest.mark.parametrize("password", ["elf Zeichen", "x" * 257, "this is Ann's own", ""])
def test_a_weak_password_is_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(Refused) as caught:
        password_hash(password, name="ann", salt=b"0123456789abcdef")
    assert caught.value.codes == ("REVIEW_PASSWORD_UNFIT",)
    assert not password or password not in str(caught.value)


def test_a_salt_of_another_length_is_an_error_of_the_call() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        password_hash(WORDS, name="ann", salt=b"")


@pytest.mark.parametrize(
    ("name", "role"), [("", Role.READER), ("a b", Role.READER), ("<b>", Role.READER), ("carpet", Role.MACHINE), ("9x", Role.VIEWER)]
)
def test_an_account_needs_a_plain_name_and_a_person(name: str, role: Role) -> None:
    with pytest.raises(Refused) as caught:
        Account(name, role, HASH)
    assert caught.value.codes == ("REVIEW_ACCOUNT_UNFIT",)


def test_who_may_log_in() -> None:
    assert logged_in(ANN, WORDS, failures=Failures(), at=AT) == (ANN, Failures())
    closed, without = Account("ann", Role.READER, HASH, closed=True), Account("ann", Role.READER, "")
    for account, password in ((ANN, "wrong"), (None, WORDS), (closed, WORDS), (without, ""), (None, "")):
        assert logged_in(account, password, failures=Failures(1, AT), at=AT) == (None, Failures(2, AT))
    assert logged_in(ANN, WORDS, failures=Failures(2, AT), at=AT) == (ANN, Failures())


@pytest.mark.parametrize(("count", "wait"), [(0, 0), (2, 0), (3, 1), (4, 2), (5, 4), (12, 512), (13, 900), (1_000_000, 900)])
def test_the_wait_doubles_with_every_failure(count: int, wait: float) -> None:
    failures = Failures(count, AT) if count else Failures()
    assert wait_s(failures, AT) == wait
    assert wait_s(failures, after(wait)) == 0.0
    assert wait_s(failures, after(-3600)) == wait
    if wait:
        assert wait_s(failures, after(wait - 0.5)) == 0.5


def test_nobody_logs_in_before_the_wait_is_over_not_even_with_the_password() -> None:
    with pytest.raises(Refused) as caught:
        logged_in(ANN, WORDS, failures=Failures(5, AT), at=after(3))
    assert caught.value.codes == ("REVIEW_LOGIN_WAIT",)
    assert caught.value.notices[0].found == "1 s left"
    assert logged_in(ANN, WORDS, failures=Failures(5, AT), at=after(4))[0] == ANN


def test_a_session_lasts_while_it_is_used_and_twelve_hours_at_most() -> None:
    token = bytes(range(32))
    session = session_of(ANN.person, token, at=AT)
    assert session.token_sha256 == token_sha256(token) == hashlib.sha256(token).hexdigest()
    assert session.person == Person("ann", Role.READER)
    assert used(session, at=after(1800)).seen_at == after(1800)
    with pytest.raises(Refused, match="too long unused"):
        used(session, at=after(1801))
    for hour in range(24):
        session = used(session, at=after(1800 * (hour + 1)))
    with pytest.raises(Refused, match="12 hours") as caught:
        used(session, at=after(43_201))
    assert caught.value.codes == ("REVIEW_SESSION_OVER",)
    assert used(session, at=AT).seen_at == after(43_200)
    with pytest.raises(ValueError, match="32 bytes"):
        session_of(ANN.person, b"short", at=AT)


def test_a_form_token_belongs_to_one_session() -> None:
    one, other = bytes(32), bytes(31) + b"\x01"
    assert is_form_token(one, form_token(one))
    for given in (form_token(other), "", form_token(one)[:-1], "ä", "\ud800"):
        assert not is_form_token(one, given)
    assert token_sha256(one) != form_token(one)
