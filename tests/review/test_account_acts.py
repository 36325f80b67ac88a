"""Contract: what happens to accounts goes to JSON and comes back; nothing else is taken for it."""

from __future__ import annotations

import pytest

from carpet.review.account_acts import AccountClosed, AccountMade, AccountPassword, AccountRole, account_act_json, account_act_of
from carpet.review.roles import Role


def test_acts_go_to_json_and_come_back() -> None:
    for act in (
        AccountMade(name="Rea", role=Role.READER),
        AccountRole(name="Rea", role=Role.VIEWER),
        AccountPassword(name="Rea"),
        AccountClosed(name="Rea"),
    ):
        assert account_act_of(account_act_json(act)) == act


@pytest.mark.parametrize(
    "value", [{}, {"act": "account_made", "name": "Rea"}, {"act": "account_closed", "name": "x y"}, {"act": "signed"}, []]
)
def test_nothing_else_is_one(value: object) -> None:
    with pytest.raises(ValueError, match="validation error"):
        account_act_of(value)
