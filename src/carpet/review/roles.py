"""Who may do what in the reading room: roles, actions, and the one table from which the page of the manual is printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from carpet.core.errors import Refused
from carpet.review.notices import ROLE_FORBIDS


class Role(StrEnum):
    """As what somebody acts. One account has one role; nobody logs in as `machine`."""

    ADMINISTRATOR = "administrator"
    READER = "reader"
    ADJUDICATOR = "adjudicator"
    VIEWER = "viewer"
    MACHINE = "machine"


PEOPLE = tuple(role for role in Role if role is not Role.MACHINE)


class Action(StrEnum):
    """What can be done."""

    QUEUE = "queue"
    SEE = "see"
    HISTORY = "history"
    EXPORT = "export"
    OPEN = "open"
    EDIT = "edit"
    SIGN = "sign"
    UNLOCK = "unlock"
    ADJUDICATE = "adjudicate"
    PLAN = "plan"
    ASSIGN = "assign"
    COMPARE = "compare"
    ACCOUNTS = "accounts"


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts, and as what. name: of the account."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Right:
    """One row of the table: an action, what it is, and the roles that may, each with its condition in words (empty: always)."""

    action: Action
    says: str
    roles: Mapping[Role, str] = field(default_factory=dict)


_ALWAYS = ""
_OWN = "own readings"
_THIRD = "a third read, where the protocol asks for one"
_SIGHT = {
    Role.ADMINISTRATOR: "every case that is not read or adjudicated under the same name",
    Role.READER: "own cases; the other's reading after both have signed",
    Role.ADJUDICATOR: "own cases whose readers differ",
    Role.VIEWER: "settled cases: the reading that stands",
}
MATRIX: tuple[Right, ...] = (
    Right(Action.QUEUE, "see the list of one's cases and what each waits for", dict.fromkeys(PEOPLE, _ALWAYS)),
    Right(Action.SEE, "see the images, lesions and numbers of a case", _SIGHT),
    Right(Action.HISTORY, "read who changed what, when and why", _SIGHT),
    Right(Action.EXPORT, "take the decisions of a reading as a table", _SIGHT),
    Right(Action.OPEN, "begin a reading", {Role.READER: _OWN, Role.ADJUDICATOR: _THIRD}),
    Right(Action.EDIT, "change a reading that is not signed", {Role.READER: _OWN, Role.ADJUDICATOR: _THIRD}),
    Right(Action.SIGN, "sign a reading, with the password again", {Role.READER: _OWN, Role.ADJUDICATOR: _THIRD}),
    Right(
        Action.UNLOCK,
        "unlock a signed reading with a reason, which voids the signature",
        {
            Role.ADMINISTRATOR: "any; after both have signed it is marked as changed after sight of the other",
            Role.READER: "own readings, until both readers have signed",
            Role.ADJUDICATOR: "own adjudications",
        },
    ),
    Right(Action.ADJUDICATE, "choose the reading that stands", {Role.ADJUDICATOR: "own cases whose readers differ"}),
    Right(Action.PLAN, "make a case of a scan", {Role.ADMINISTRATOR: _ALWAYS, Role.MACHINE: _ALWAYS}),
    Right(
        Action.ASSIGN,
        "name the readers and the adjudicator of a case",
        {Role.ADMINISTRATOR: "people who have begun stay", Role.MACHINE: "the only person of a room without accounts"},
    ),
    Right(Action.COMPARE, "look for disagreement between two signed readings", {Role.MACHINE: _ALWAYS}),
    Right(Action.ACCOUNTS, "make, change and close accounts", {Role.ADMINISTRATOR: _ALWAYS}),
)
_RIGHTS: Mapping[Action, Right] = {right.action: right for right in MATRIX}


def allows(role: Role, action: Action) -> bool:
    """Whether the role may ever do this; the condition of the table still has to hold."""
    return role in _RIGHTS[action].roles


def require(person: Person, action: Action) -> None:
    """Raises Refused (REVIEW_ROLE_FORBIDS) where the person's role never may."""
    if not allows(person.role, action):
        may = ", ".join(_RIGHTS[action].roles)
        raise Refused(ROLE_FORBIDS.at(action, person.role, more=f"only {may} may {_RIGHTS[action].says}"))


def matrix_rows() -> tuple[tuple[str, ...], ...]:
    """The table as text, its head first: action, what it is, and a column a role: – (never), yes, or the condition."""
    head = ("action", "what it is", *(role.value for role in Role))
    rows = [(right.action.value, right.says, *(_cell(right, role) for role in Role)) for right in MATRIX]
    return (head, *rows)


def _cell(right: Right, role: Role) -> str:
    return "–" if role not in right.roles else right.roles[role] or "yes"
