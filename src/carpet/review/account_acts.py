"""What happens to accounts, as data for the same history as the readings: who made one, changed it or closed it. No password, no hash."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from carpet.review.cases import Name
from carpet.review.edits import Data
from carpet.review.roles import Role

ACCOUNTS = "accounts"  # stands where a case's name stands; that of a case has a slash


class AccountMade(Data):
    """A new account may log in in this role."""

    act: Literal["account_made"] = "account_made"
    name: Name
    role: Role


class AccountRole(Data):
    """The account has another role."""

    act: Literal["account_role"] = "account_role"
    name: Name
    role: Role


class AccountPassword(Data):
    """The account has another password."""

    act: Literal["account_password"] = "account_password"
    name: Name


class AccountClosed(Data):
    """The account logs in no more."""

    act: Literal["account_closed"] = "account_closed"
    name: Name


AccountAct = AccountMade | AccountRole | AccountPassword | AccountClosed
_ACT: TypeAdapter[AccountAct] = TypeAdapter(Annotated[AccountAct, Field(discriminator="act")])


def account_act_of(value: object) -> AccountAct:
    """The act that stored JSON says; raises pydantic's ValidationError (a ValueError) for what is none."""
    return _ACT.validate_python(value)


def account_act_json(act: AccountAct) -> dict[str, Any]:
    """The act as JSON has it."""
    return act.model_dump(mode="json")
