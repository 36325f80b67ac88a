"""Follow-up of patients: days, events, and from when on each row is at risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from carpet.cohort import notices
from carpet.core.errors import ProtocolError, Refused

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Survival:
    """Follow-up, a row a patient; several rows a patient where a covariate changes. Made by `Survival.of`, which checks.

    days (n,): the last day of the row, counted from time zero. event (n,): what happened on it; 0 is censored, k the k-th of `causes`.
    entry (n,) or None: the row is at risk on days after this one (0 for all but delayed entry). patient (n,): whose row it is.
    """

    days: IntArray
    event: IntArray
    causes: tuple[str, ...]
    entry: IntArray | None
    patient: IntArray

    @classmethod
    def of(
        cls,
        days: ArrayLike,
        event: ArrayLike,
        *,
        causes: Sequence[str] = ("event",),
        entry: ArrayLike | None = None,
        patient: ArrayLike | None = None,
    ) -> Survival:
        """Checked follow-up; raises Refused naming the first row (from 1) that can't be, ProtocolError for unequal lengths."""
        last, code = _whole(days, "days"), _whole(event, "event")
        start = None if entry is None else _whole(entry, "entry")
        whose = np.arange(last.size, dtype=np.int64) if patient is None else _whole(patient, "patient")
        if len({array.size for array in (last, code, whose, *(() if start is None else (start,)))}) != 1:
            raise ProtocolError("days, event, entry and patient must be equally long")
        if not last.size:
            raise Refused(notices.NO_PATIENTS.at("days"))
        _refuse_rows(last < 0, notices.DAYS_NEGATIVE, "days", last)
        _refuse_rows((code < 0) | (code > len(causes)), notices.EVENT_UNKNOWN, "event", code)
        if start is not None:
            _refuse_rows(start >= last, notices.ENTRY_AFTER_EXIT, "entry", start)
        _refuse_overlap(whose, start, last)
        for array in (last, code, whose, *(() if start is None else (start,))):
            array.flags.writeable = False
        return cls(last, code, tuple(causes), start, whose)

    @property
    def rows(self) -> int:
        return int(self.days.size)

    @property
    def one_row_each(self) -> bool:
        return np.unique(self.patient).size == self.rows

    def take(self, rows: NDArray[np.int64] | BoolArray) -> Survival:
        """Some of the rows, in the order asked for; Refused(NO_PATIENTS) for none. A patient drawn twice becomes two."""
        index = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        if not index.size:
            raise Refused(notices.NO_PATIENTS.at("rows"))
        entry = None if self.entry is None else self.entry[index]
        patient = self.patient[index] if np.unique(index).size == index.size else np.arange(index.size, dtype=np.int64)
        return Survival(self.days[index], self.event[index], self.causes, entry, patient)

    def of_cause(self, cause: int = 1) -> Survival:
        """The same follow-up with one cause as the event and the others as censoring (cause-specific)."""
        if not 1 <= cause <= len(self.causes):
            raise ProtocolError(f"cause {cause} is none of 1 … {len(self.causes)}")
        return Survival(self.days, (self.event == cause).astype(np.int64), (self.causes[cause - 1],), self.entry, self.patient)

    def any_event(self) -> Survival:
        """The same follow-up with every cause as the one event."""
        name = " or ".join(self.causes)
        return Survival(self.days, (self.event > 0).astype(np.int64), (name,), self.entry, self.patient)

    def turned(self) -> Survival:
        """Censoring as the event and events as censoring (reverse Kaplan–Meier); only the last row of a patient can be censored."""
        lost = (self.event == 0) & self.last_row()
        return Survival(self.days, lost.astype(np.int64), ("end of follow-up",), self.entry, self.patient)

    def last_row(self) -> BoolArray:
        """Which rows (n,) are the last of their patient."""
        order = np.lexsort((self.days, self.patient))
        ends = np.append(self.patient[order][1:] != self.patient[order][:-1], True)
        last = np.zeros(self.rows, dtype=np.bool_)
        last[order[ends]] = True
        return last


def labelled(groups: ArrayLike, rows: int) -> tuple[tuple[str, ...], IntArray]:
    """The names of groups, sorted (numbers by size), and the index (n,) of each row's; ProtocolError for another length."""
    array = np.asarray(groups)
    if array.shape != (rows,):
        raise ProtocolError(f"{array.size} groups for {rows} rows")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise Refused(notices.VALUE_MISSING.at("groups", f"{int((~np.isfinite(array)).sum())} values"))
    names, index = np.unique(array, return_inverse=True)
    return tuple(f"{name:g}" if array.dtype.kind == "f" else str(name) for name in names), index.astype(np.int64)


def numbers(values: ArrayLike, rows: int, name: str) -> FloatArray:
    """A number a row (n,), finite; Refused(VALUE_MISSING) naming what they are, ProtocolError for another length."""
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (rows,):
        raise ProtocolError(f"{name}: {array.size} values for {rows} rows")
    missing = int((~np.isfinite(array)).sum())
    if missing:
        raise Refused(notices.VALUE_MISSING.at(name, f"{missing} of {rows}"))
    return array


def _whole(values: ArrayLike, name: str) -> IntArray:
    array = np.asarray(values)
    if array.ndim != 1:
        raise ProtocolError(f"{name} must be a list of numbers")
    if array.dtype.kind in "iub":
        return array.astype(np.int64)
    numbers_ = array.astype(np.float64)
    _refuse_rows(~np.isfinite(numbers_), notices.VALUE_MISSING, name, numbers_)
    _refuse_rows(numbers_ != np.round(numbers_), notices.DAYS_NOT_WHOLE, name, numbers_)
    return numbers_.astype(np.int64)


def _refuse_rows(wrong: BoolArray, kind: notices.NoticeKind, name: str, values: NDArray[np.int64] | FloatArray) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise Refused(kind.at(f"{name}, row {row + 1}", values[row], more=f"{int(wrong.sum())} of {wrong.size} rows"))


def _refuse_overlap(patient: IntArray, entry: IntArray | None, days: IntArray) -> None:
    start = np.full_like(days, -1) if entry is None else entry
    order = np.lexsort((start, patient))
    same = patient[order][1:] == patient[order][:-1]
    wrong = np.zeros(days.size, dtype=np.bool_)
    wrong[order[1:]] = same & (start[order][1:] < days[order][:-1])
    _refuse_rows(wrong, notices.ROWS_OVERLAP, "entry", start)
