"""Columns of the cohort as an analysis takes them: follow-up, groups in their order, and covariates per doubling, per step, per level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from carpet.cohort import notices
from carpet.cohort.survival import FloatArray, IntArray, Survival
from carpet.cohort.table import PATIENT, Cohort, Column, Value

FROM_RESPONSE = ("DOR",)  # endpoints whose clock starts at the first response, not at infusion
MOST_GROUPS = 8  # [P] values of a number that may still be groups, as the points of a score
IN_WORDS = {"a": "years", "d": "days", "/m": "m⁻¹", "m-1": "m⁻¹", "cm2": "cm²", "ug/L": "µg/L", "1": ""}  # UCUM → as printed


@dataclass(frozen=True, eq=False)
class Term:
    """One column in a model: its covariates (n,) by name, and for each what its ratio is per. Empty where the column has one level only."""

    name: str
    covariates: Mapping[str, FloatArray]
    per: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Usable:
    """The rows (m,) that have every value asked for, how many patients have not, and the codes of what must be known with the values."""

    rows: IntArray
    missing: int
    flags: tuple[str, ...]


def endpoint_columns(endpoint: str) -> tuple[str, str]:
    """The names of an endpoint's columns: days, event."""
    return f"{endpoint.lower()}_days", f"{endpoint.lower()}_event"


def usable(cohort: Cohort, endpoint: str, names: Iterable[str], *, as_measured: bool = False) -> Usable:
    """Patients with the endpoint and all these columns; one without a positive value has no doubling, and is left out and flagged.

    as_measured: no logarithm is taken, so 0 is a value like others.
    """
    asked = tuple(dict.fromkeys(names))
    known = cohort.known([*endpoint_columns(endpoint), *asked])
    doubled = [name for name in asked if cohort.column(name).doubling and not as_measured]
    kept = [int(n) for n in known if all(_number(cohort.rows[n][name]) > 0.0 for name in doubled)]
    told = {code for n in kept for name in asked for code in cohort.flags.get((str(cohort.rows[n][PATIENT]), name), ())}
    if len(kept) < known.size:
        told.add(notices.NOT_POSITIVE.code)
    return Usable(np.array(kept, dtype=np.int64), len(cohort.rows) - len(kept), tuple(sorted(told)))


def competing_happened(survival: Survival) -> bool:
    """Whether anybody had the competing event: then 1 − Kaplan–Meier is no incidence, and there are two kinds of hazard ratio."""
    return bool((survival.event > 1).any())


def values_of(cohort: Cohort, name: str, rows: IntArray) -> FloatArray:
    """The numbers (m,) of a column in these rows, as measured."""
    values = cohort.values(name)
    return np.array([_number(values[n]) for n in rows], dtype=np.float64)


def groups_of(cohort: Cohort, name: str, rows: IntArray) -> tuple[tuple[str, ...], IntArray]:
    """The groups that have patients, in the order of the column's levels, and each row's (m,); a number's values are groups by size."""
    column, values = cohort.column(name), cohort.values(name)
    found = [_level(column, values[n]) for n in rows]
    order = _levels(column, found)
    return order, np.array([order.index(one) for one in found], dtype=np.int64)


def term(cohort: Cohort, name: str, rows: IntArray) -> Term:
    """A column as covariates: the base-2 logarithm, the number in steps, or 0 and 1 for each level against the first that has patients."""
    column = cohort.column(name)
    if column.kind == "number":
        numbers = values_of(cohort, name, rows)
        if column.doubling:
            return Term(name, {name: np.log2(numbers)}, {name: "per doubling"})
        return Term(name, {name: numbers / column.step}, {name: f"per {column.step:g} {unit_in_words(column.unit)}".rstrip()})
    levels, group = groups_of(cohort, name, rows)
    labels = {f"{name}: {level}": k for k, level in enumerate(levels) if k}
    return Term(
        name,
        {label: (group == k).astype(np.float64) for label, k in labels.items()},
        {label: f"{levels[k]} vs {levels[0]}" for label, k in labels.items()},
    )


def unit_in_words(unit: str) -> str:
    """A UCUM unit as it is printed; empty for counts and scores."""
    return "" if unit.startswith("{") else IN_WORDS.get(unit, unit)


def _levels(column: Column, found: Sequence[str]) -> tuple[str, ...]:
    there = set(found)
    if column.kind == "number":
        return tuple(sorted(there, key=float))
    listed = column.levels or (("no", "yes") if column.kind == "yes_no" else ())
    return (*(level for level in listed if level in there), *sorted(there - set(listed)))


def _level(column: Column, value: Value) -> str:
    if column.kind == "number":
        return f"{_number(value):g}"
    return str(value) if not isinstance(value, bool) else "yes" if value else "no"


def _number(value: Value) -> float:
    return float(value) if value is not None else float("nan")
