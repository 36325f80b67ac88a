"""What every criterion is: findings of one time point, and an ordered list of rules of which the first that holds decides."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

F = TypeVar("F")
TOLERANCE = 1e-9  # of a published limit: 2.09/2.2 is below 0.95 in binary, and counts as 0.95 (METHODS, global conventions)


def reaches(value: float, limit: float) -> bool:
    """value ≥ limit, as a person with a calculator would find it."""
    return value >= limit - TOLERANCE


def exceeds(value: float, limit: float) -> bool:
    """value > limit, as a person with a calculator would find it."""
    return value > limit + TOLERANCE


def change_percent(before: float, now: float) -> float:
    """100·(now − before)/before; growth out of nothing is infinite, nothing that stays nothing is 0."""
    if before == 0.0:
        return math.inf if now > 0.0 else 0.0
    return 100.0 * (now - before) / before


@dataclass(frozen=True, slots=True)
class Rule(Generic[F]):
    """One rule: its id, when it holds, the category it gives, and the sentence that explains it."""

    id: str
    holds: Callable[[F], bool]
    category: str
    says: str


@dataclass(frozen=True)
class Verdict:
    """Exactly one category, the rule that decided, its sentence, and what else a person must know (codes)."""

    criterion: str
    category: str
    rule: str
    because: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Criterion(Generic[F]):
    """A published way to call a response. `findings`: a frozen class whose fields are booleans, enumerations or None (not known)."""

    name: str
    version: str
    says: str
    source: str
    findings: type[F]
    categories: tuple[str, ...]
    rules: tuple[Rule[F], ...]

    def decide(self, findings: F, flags: tuple[str, ...] = ()) -> Verdict:
        """The verdict of the first rule that holds; the last rule of a criterion always does."""
        rule = next(rule for rule in self.rules if rule.holds(findings))
        return Verdict(f"{self.name}@{self.version}", rule.category, rule.id, rule.says, flags)

    def table(self) -> list[tuple[str, str, str]]:
        """(rule, category, sentence) in the order in which they are asked, for the manual."""
        return [(rule.id, rule.category, rule.says) for rule in self.rules]
