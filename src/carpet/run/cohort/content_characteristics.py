"""Table 1: who the patients are, all and by the first group, with what is missing; and the table of missing values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from carpet.cohort.table import PATIENT, Cohort, Column, Value
from carpet.report.cohort_content import Block, Row, Section, Table, Words
from carpet.report.numbers import DASH
from carpet.run.cohort.content_balance import standardised_difference
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_words import (
    counted_reasons,
    first_group,
    group_name,
    inside,
    label,
    patients_text,
    percent_number,
    share_text,
    unit_of,
    value_text,
)

ROLES = {
    "patient": "Patients and disease",
    "marker": "FDG PET/CT before infusion",
    "kinetics": "Kinetics",
    "laboratory": "Laboratory",
    "score": "Scores",
}
AFTER_INFUSION = ("tmtv_m1_percent",)  # no characteristic at baseline
OUTCOME_ROLES = ("outcome",)


def characteristics(analysed: Analysed) -> Section:
    """Median [IQR] or n (%), of those with a value; standardised differences, no P: groups at baseline differ by how they came about."""
    cohort = analysed.cohort
    if not cohort.rows:
        return Section("characteristics", "Patients", (), "There is no patient.")
    group = first_group(analysed)
    parts = _groups(cohort, group) if group else ()
    heads = ["Characteristic", f"All (n = {len(cohort.rows)})", *(f"{name} (n = {len(rows)})" for name, rows in parts)]
    columns = [("" if n else "text", head) for n, head in enumerate(heads)]
    columns += ([("", "Difference")] if len(parts) > 1 else []) + [("", "Missing")]
    rows = tuple(_rows(cohort, group, [rows for _, rows in parts]))
    table = Table(
        "characteristics",
        "Characteristics at baseline: median [interquartile range], or patients (% of those with a value)"
        + (f", by {inside(label(group))}." if parts else "."),
        tuple((head, "text" if align else "number") for align, head in columns),
        rows,
        _notes(cohort, group, shown=len(parts) > 1),
        (2.4, *(1.25,) * (len(columns) - 2), 0.75),
    )
    return Section("characteristics", "Patients", (table,))


def _notes(cohort: Cohort, group: str, *, shown: bool) -> tuple[str, ...]:
    notes = []
    if shown:
        notes.append(
            "Difference: standardised, the largest between two groups; below 0.1 it is commonly held negligible. No P values: how groups "
            "differ at baseline is no hypothesis."
        )
    lost = [why for (_, name), why in sorted(cohort.reasons.items()) if name == group]
    if lost:
        notes.append(f"{label(group)} is not known of {patients_text(len(lost))} ({counted_reasons(lost)}), counted under All only.")
    return tuple(notes)


def _groups(cohort: Cohort, name: str) -> tuple[tuple[str, list[int]], ...]:
    values = cohort.values(name)
    found = {_level(value) for value in values if value is not None}
    order = [one for one in (*cohort.column(name).levels, "no", "yes", *sorted(found)) if one in found]
    return tuple((group_name(name, one), [n for n, value in enumerate(values) if _level(value) == one]) for one in dict.fromkeys(order))


def _level(value: Value) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else "" if value is None else str(value)


def _rows(cohort: Cohort, group: str, parts: Sequence[Sequence[int]]) -> Iterator[Row]:
    for role, title in ROLES.items():
        columns = [one for one in cohort.columns if one.role == role and one.name not in (PATIENT, group, *AFTER_INFUSION)]
        known = [one for one in columns if any(value is not None for value in cohort.values(one.name))]
        if known:
            yield Row((title,), heading=True)
        for column in known:
            yield from _of_column(cohort, column, parts)


def _of_column(cohort: Cohort, column: Column, parts: Sequence[Sequence[int]]) -> Iterator[Row]:
    values = cohort.values(column.name)
    some = [[values[n] for n in rows] for rows in parts]
    levels = _levels(column, values)
    difference = [_difference(some, levels)] if len(parts) > 1 else []
    missing = sum(value is None for value in values)
    tail = (*difference, str(missing) if missing else "0")
    if column.kind != "category":
        unit = unit_of(column)
        name = label(column.name) + (f", {unit}" if unit else "")
        yield Row((name, *(_cell(one, column) for one in (values, *some)), *tail), indented=False)
        return
    yield Row((label(column.name), *("",) * (1 + len(parts)), *tail))
    for level in levels:
        yield Row((level, *(_share(one, level) for one in (values, *some)), *("",) * len(tail)), indented=True)


def _levels(column: Column, values: Sequence[Value]) -> tuple[str, ...]:
    """Those that occur, in the column's order."""
    if column.kind != "category":
        return ()
    found = {str(value) for value in values if value is not None}
    return tuple(dict.fromkeys(one for one in (*column.levels, *sorted(found)) if one in found))


def _difference(some: Sequence[Sequence[Value]], levels: Sequence[str]) -> str:
    found = standardised_difference(some, categories=levels)
    return DASH if found is None else f"{found:.2f}"


def _share(values: Sequence[Value], level: str) -> str:
    return share_text(sum(str(value) == level for value in values), sum(value is not None for value in values))


def _cell(values: Sequence[Value], column: Column) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return DASH
    if column.kind == "yes_no":
        return share_text(sum(bool(value) for value in known), len(known))
    low, middle, high = (float(one) for one in np.quantile(np.asarray(known, dtype=np.float64), [0.25, 0.5, 0.75]))
    between = DASH if low >= 0.0 else " to "
    return f"{value_text(middle, column)} [{value_text(low, column)}{between}{value_text(high, column)}]"


def missing_values(analysed: Analysed) -> Section:
    """Of every column with a hole: how many patients lack it, and why."""
    cohort = analysed.cohort
    rows = []
    for column in cohort.columns:
        lost = [cohort.rows[n] for n, value in enumerate(cohort.values(column.name)) if value is None]
        if lost and not column.name.endswith("_event"):
            why = counted_reasons(cohort.reasons.get((str(row[PATIENT]), column.name), "") for row in lost)
            share = percent_number(len(lost) / len(cohort.rows))
            rows.append(Row((_called(column), str(len(lost)), share, why)))
    if not rows:
        return Section("missing", "Missing data", (), "Nothing is missing." if cohort.rows else "There is no patient.")
    says = Words(
        "Each analysis counts the patients who have all that it needs, and says how many it left out; nothing is filled in there. Models "
        "alone impute missing values, by chained equations inside every resample. A marker that lacks because a scan was refused is not "
        "missing at random where the refusal has to do with the disease."
    )
    table = Table(
        "missing",
        f"Values that patients lack, of {len(cohort.rows)}.",
        (("Column", "text"), ("Patients", "number"), ("%", "number"), ("Why", "text")),
        tuple(rows),
        widths=(1.6, 0.5, 0.4, 4.0),
    )
    blocks: tuple[Block, ...] = (says, table)
    return Section("missing", "Missing data", blocks)


def _called(column: Column) -> str:
    return (
        column.name.removesuffix("_days").upper() if column.role in OUTCOME_ROLES and column.name.endswith("_days") else label(column.name)
    )
