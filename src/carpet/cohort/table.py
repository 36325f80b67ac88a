"""The cohort: a row a patient, and for every column its unit, what it says, and what it is to the analysis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

import numpy as np

from carpet.cohort.survival import IntArray, Survival
from carpet.core.errors import ProtocolError

Role = Literal["patient", "marker", "kinetics", "score", "laboratory", "response", "toxicity", "outcome"]
Kind = Literal["number", "category", "yes_no"]
Value = float | int | str | bool | None
PATIENT = "patient_id"


@dataclass(frozen=True)
class Column:
    """One column. unit: UCUM, empty for text. levels: of a category, in their order, the first is the reference of models.

    doubling: the column is used as its base-2 logarithm in models, so that a ratio is per doubling (volumes, which are skewed).
    step: of other numbers, what a ratio is for (10 years, 1 SUV), in the column's unit.
    """

    name: str
    unit: str
    says: str
    role: Role
    kind: Kind
    levels: tuple[str, ...] = ()
    doubling: bool = False
    step: float = 1.0


@dataclass(frozen=True, eq=False)
class Cohort:
    """rows: column → value, a row a patient in the order of ids; None where there is no value.

    reasons: (patient id, column) → why there is none. An endpoint `PFS` has the columns `pfs_event` (0 censored, 1 event, 2 competing)
    and `pfs_days`; competing: endpoint → the name of its competing event. flags: (patient id, column) → what must be known with the value.
    """

    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, Value], ...]
    reasons: Mapping[tuple[str, str], str] = field(default_factory=dict)
    competing: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def column(self, name: str) -> Column:
        """The column of this name; raises ProtocolError with the nearest one."""
        found = {one.name: one for one in self.columns}
        if name not in found:
            near = get_close_matches(name, found, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(found)}"
            raise ProtocolError(f"the cohort has no column {name!r}; {hint}")
        return found[name]

    def values(self, name: str) -> tuple[Value, ...]:
        """A value a patient, in the order of rows."""
        self.column(name)
        return tuple(row[name] for row in self.rows)

    def known(self, names: Iterable[str]) -> IntArray:
        """The rows (m,) in which all these columns have a value."""
        asked = [self.column(name).name for name in names]
        return np.array([n for n, row in enumerate(self.rows) if all(row[name] is not None for name in asked)], dtype=np.int64)

    def survival(self, endpoint: str, rows: IntArray) -> Survival:
        """The follow-up of these rows by one endpoint; raises Refused for no rows. They must have the endpoint (`known`)."""
        days, event = (self.values(f"{endpoint.lower()}_{what}") for what in ("days", "event"))
        causes = (endpoint, self.competing[endpoint]) if endpoint in self.competing else (endpoint,)
        return Survival.of([days[n] for n in rows], [event[n] for n in rows], causes=causes)
