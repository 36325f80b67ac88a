"""Truth: the roles as issue 6 and METHODS J have them, written here a second time, role by role."""

from __future__ import annotations

import pytest

from carpet.core.errors import Refused
from carpet.review.roles import MATRIX, PEOPLE, Action, Person, Role, allows, matrix_rows, require

LOOKS = {"queue", "see", "history", "export"}
MAY = {
    "administrator": LOOKS | {"unlock", "plan", "assign", "accounts"},
    "reader": LOOKS | {"open", "edit", "sign", "unlock"},
    "adjudicator": LOOKS | {"open", "edit", "sign", "unlock", "adjudicate"},
    "viewer": LOOKS,
    "machine": {"plan", "assign", "compare"},
}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_what_the_manual_says_and_no_more(role: Role) -> None:
    assert {action.value for action in Action if allows(role, action)} == MAY[role.value]


def test_every_action_has_one_row_with_a_sentence() -> None:
    assert [right.action for right in MATRIX] == list(Action)
    assert all(right.says and right.roles for right in MATRIX)
    assert set(PEOPLE) == set(Role) - {Role.MACHINE}


@pytest.mark.parametrize("role", list(Role))
def test_what_a_role_may_not_is_refused_by_name(role: Role) -> None:
    for action in Action:
        if action.value in MAY[role.value]:
            require(Person("ann", role), action)
        else:
            with pytest.raises(Refused) as caught:
                require(Person("ann", role), action)
            assert caught.value.codes == ("REVIEW_ROLE_FORBIDS",)
            assert (caught.value.notices[0].where, caught.value.notices[0].found) == (action.value, role.value)


def test_the_table_for_the_manual_says_the_same() -> None:
    head, *rows = matrix_rows()
    assert head == ("action", "what it is", "administrator", "reader", "adjudicator", "viewer", "machine")
    assert len(rows) == len(Action)
    for action, _, *cells in rows:
        assert {role for role, cell in zip(head[2:], cells, strict=True) if cell != "–"} == {r for r in MAY if action in MAY[r]}
    assert ("adjudicate", "choose the reading that stands", "–", "–", "own cases whose readers differ", "–", "–") in rows
