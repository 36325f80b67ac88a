"""Every way carpet says no, and the notices that explain it.

CarpetError
├── Refused          the data: a series, a file, a table; carries one or more notices of severity E
├── NotMeasurable    one quantity does not exist here (no lesion, no height); becomes a `Missing`
├── ProtocolError    the protocol (TOML) or the call
└── ContractError    a plug-in method breaks its contract
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """E refuses, W travels with the number into every output, I informs."""

    ERROR = "E"
    WARNING = "W"
    INFO = "I"


@dataclass(frozen=True, slots=True)
class Notice:
    """One refusal or flag: what was found, where, what is allowed, what to do. Never a patient's name."""

    code: str
    severity: Severity
    message: str
    where: str = ""
    found: str = ""
    allowed: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        parts = [f"{self.code}: {self.message}"]
        for word, text in (("where", self.where), ("found", self.found), ("allowed", self.allowed), ("do", self.remedy)):
            if text:
                parts.append(f"  {word}: {text}")
        return "\n".join(parts)

    def as_dict(self) -> dict[str, str]:
        return {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "where": self.where,
            "found": self.found,
            "allowed": self.allowed,
            "remedy": self.remedy,
        }


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """One row of a room's table of codes: what can be wrong, how severe it is, what is allowed, what to do."""

    code: str
    severity: Severity
    message: str
    allowed: str = ""
    remedy: str = ""

    def at(self, where: str, found: object = "", *, more: str = "") -> Notice:
        """The notice of this kind for one finding; `more` is appended to the message."""
        message = f"{self.message}{more and ': '}{more}"
        return Notice(self.code, self.severity, message, where, str(found), self.allowed, self.remedy)


class CarpetError(Exception):
    """The root of all errors that carpet raises on purpose."""


class Refused(CarpetError, ValueError):
    """The data do not allow a right answer, so none is given."""

    def __init__(self, notices: Notice | Iterable[Notice]) -> None:
        self.notices: tuple[Notice, ...] = (notices,) if isinstance(notices, Notice) else tuple(notices)
        super().__init__("\n".join(str(notice) for notice in self.notices))

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(notice.code for notice in self.notices)


class NotMeasurable(CarpetError, ValueError):
    """Raised by a method whose number does not exist for this input; `reason` is a short stable code."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class ProtocolError(CarpetError, ValueError):
    """The protocol or the call is wrong; nothing was computed."""


class ContractError(CarpetError, TypeError):
    """A plug-in method does not keep its contract."""
