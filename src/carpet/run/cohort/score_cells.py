"""Columns of the cohort that scores give, at the markers' time point or where the score is asked instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carpet.clinical.score import scores
from carpet.run.cohort.columns import SCORE_COLUMNS, Cell
from carpet.run.cohort.notices import NOT_ASKED_FOR
from carpet.run.cohort.stand_in import StandIn
from carpet.run.trial.score_facts import BEFORE_LYMPHODEPLETION

OF_GROUP = {"ipi_group": "ipi"}  # column → score, where the names differ


def score_cells(rows: Sequence[Mapping[str, Any]], scan: StandIn) -> dict[str, Cell]:
    """rows: the patient's of the table scores. A number for a column of numbers, the published group for all others."""
    by = {(row["score"], row["timepoint"]): row for row in rows}
    return {one.name: _cell(by, one.name, scan, number=one.kind == "number") for one in SCORE_COLUMNS}


def _cell(by: Mapping[tuple[str, str], Mapping[str, Any]], column: str, scan: StandIn, *, number: bool) -> Cell:
    name = OF_GROUP.get(column, column)
    at = scan.timepoint if scan.timepoint in scores()[name].timepoints else BEFORE_LYMPHODEPLETION
    row = by.get((name, at))
    if row is None:
        return Cell(None, scan.reason or NOT_ASKED_FOR.code)
    value = row["value"] if number else row["group"] or None
    flags = (*row["flags"], *(scan.flags if at == scan.timepoint else ()))
    return Cell.of(value, row["reason_missing"] or NOT_ASKED_FOR.code, flags)
