"""What a cell of a clinical table may hold: text, a date, a number, a whole number, one of several words; and what is wrong else."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

from carpet.clinical.notices import CELL_MALFORMED, CELL_OUT_OF_RANGE, DATE_MALFORMED, DECIMAL_COMMA
from carpet.core.errors import NoticeKind

FIRST_YEAR, LAST_YEAR = 1990, 2100  # no event of a CAR-T course lies outside
LONGEST_TEXT = 10_000  # characters of a comment; identifiers and words are far shorter

DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
WHOLE = re.compile(r"[+-]?[0-9]{1,9}")
WITH_COMMA = re.compile(r"[<>]?\s*[+-]?[0-9]*(,[0-9]+)+(\.[0-9]+)?")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Fault(NamedTuple):
    """What is wrong with a cell, in place of its value. words: of which the cell may have meant one."""

    kind: NoticeKind
    more: str = ""
    allowed: str = ""
    words: Iterable[str] = ()


class Kind(Protocol):
    """How a cell is read. `shown`: whether its text may stand in a message (free text may hold a name)."""

    shown: ClassVar[bool]

    @property
    def says(self) -> str:
        """What is allowed, in words."""

    def read(self, cell: str) -> Any:
        """The value of a cell that is not empty, or a Fault."""


@dataclass(frozen=True, slots=True)
class Text:
    """Free text; what a spreadsheet would take for a formula is text as well."""

    says: str = "text"
    longest: int = LONGEST_TEXT
    shown: ClassVar[bool] = False

    def read(self, cell: str) -> str | Fault:
        if CONTROL.search(cell):
            return Fault(CELL_MALFORMED, "a control character", self.says)
        if len(cell) > self.longest:
            return Fault(CELL_MALFORMED, f"{len(cell)} characters", f"{self.says}, up to {self.longest} characters")
        return cell


@dataclass(frozen=True, slots=True)
class Written:
    """Text of one form. says: that form in words."""

    form: str
    says: str
    longest: int
    shown: ClassVar[bool] = False

    def read(self, cell: str) -> str | Fault:
        return cell if len(cell) <= self.longest and re.fullmatch(self.form, cell) else Fault(CELL_MALFORMED, "", self.says)


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar date, ISO 8601 in its long form and nothing else."""

    says: str = f"date YYYY-MM-DD, {FIRST_YEAR} to {LAST_YEAR}"
    shown: ClassVar[bool] = True

    def read(self, cell: str) -> dt.date | Fault:
        parts = DATE.fullmatch(cell)
        if parts is None:
            return Fault(DATE_MALFORMED)
        try:
            day = dt.date(*(int(part) for part in parts.groups()))
        except ValueError:
            return Fault(DATE_MALFORMED, "the calendar has no such day")
        return day if FIRST_YEAR <= day.year <= LAST_YEAR else Fault(DATE_MALFORMED, "outside the years of CAR-T therapy")


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal number between two limits, both included."""

    low: float
    high: float
    unit: str = ""
    shown: ClassVar[bool] = True

    @property
    def says(self) -> str:
        return f"number {self.low:g} to {self.high:g}" + (f" {self.unit}" if self.unit else "")

    def read(self, cell: str) -> float | Fault:
        if not NUMBER.fullmatch(cell):
            return _no_number(cell, self.says)
        value = float(cell)
        return value + 0.0 if self.low <= value <= self.high else Fault(CELL_OUT_OF_RANGE, "", self.says)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between two limits, both included."""

    low: int
    high: int
    shown: ClassVar[bool] = True

    @property
    def says(self) -> str:
        return f"whole number {self.low} to {self.high}"

    def read(self, cell: str) -> int | Fault:
        if not WHOLE.fullmatch(cell):
            return _no_number(cell, self.says)
        return int(cell) if self.low <= int(cell) <= self.high else Fault(CELL_OUT_OF_RANGE, "", self.says)


class Reported(NamedTuple):
    """A number as a laboratory reports it: `bound` "<" or ">" where it gave the limit of its method, else empty."""

    bound: str
    number: float


@dataclass(frozen=True, slots=True)
class ReportedNumber:
    """A laboratory's number, with < or > before it at the limit of the method."""

    says: str = "number ≥ 0, with < or > before it at the limit of the method"
    shown: ClassVar[bool] = True

    def read(self, cell: str) -> Reported | Fault:
        bound = cell[0] if cell[0] in "<>" else ""
        bare = cell.removeprefix(bound).strip()
        if not NUMBER.fullmatch(bare):
            return _no_number(cell, self.says)
        number = float(bare)
        return Reported(bound, number + 0.0) if 0.0 <= number < math.inf else Fault(CELL_OUT_OF_RANGE, "", self.says)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words, in capitals or not. spellings: what may be written, with what it means, in the order of the codebook."""

    spellings: Mapping[str, Any]
    told: str = ""
    shown: ClassVar[bool] = True

    @property
    def says(self) -> str:
        return self.told or ", ".join(self.spellings)

    def read(self, cell: str) -> Any:
        for spelling, meaning in self.spellings.items():
            if spelling.casefold() == cell.casefold():
                return meaning
        return Fault(CELL_MALFORMED, "", self.says, self.spellings)


def one_of(*words: str) -> Choice:
    """The words themselves."""
    return Choice({word: word for word in words})


YES_NO = Choice({"yes": True, "no": False})


def _no_number(cell: str, says: str) -> Fault:
    return Fault(DECIMAL_COMMA) if WITH_COMMA.fullmatch(cell) else Fault(CELL_MALFORMED, "not a number of this form", says)
