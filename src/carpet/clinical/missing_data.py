"""What is known of how many patients: the table of missing data, input by input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from carpet.clinical.score import NotKnown


@dataclass(frozen=True, slots=True)
class MissingRow:
    """One input over all patients. reasons: code → patients, most frequent first."""

    name: str
    patients: int
    missing: int
    reasons: Mapping[str, int]

    @property
    def percent(self) -> float | None:
        """Of patients without it; None without patients."""
        return 100.0 * self.missing / self.patients if self.patients else None


def missing_data(patients: Mapping[str, Mapping[str, Any]], inputs: Sequence[str]) -> tuple[MissingRow, ...]:
    """A row an input, in the order of `inputs`. patients: patient → input → what is known; None or NotKnown where it is not."""
    rows = []
    for name in inputs:
        lacks = Counter(_reason(name, facts.get(name)) for facts in patients.values())
        known = lacks.pop("", 0)
        reasons = dict(sorted(lacks.items(), key=lambda pair: (-pair[1], pair[0])))
        rows.append(MissingRow(name, len(patients), len(patients) - known, reasons))
    return tuple(rows)


def _reason(name: str, fact: Any) -> str:
    """Why a fact is missing; empty where it is known."""
    if isinstance(fact, NotKnown):
        return fact.reason
    return f"{name.upper()}_MISSING" if fact is None else ""
