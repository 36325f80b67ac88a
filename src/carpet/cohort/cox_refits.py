"""Many refits of one Cox model to resampled patients, all at once: bootstrap coefficients, intervals, stability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carpet.cohort.cox import Cox
from carpet.cohort.cox_newton import maximum
from carpet.cohort.cox_rows import batch
from carpet.cohort.survival import FloatArray, IntArray
from carpet.core.errors import ProtocolError

AT_ONCE = 12_000  # patients of all samples in one batch: what stays in a processor's second-level cache


@dataclass(frozen=True, eq=False)
class Refits:
    """coefficients (B, p) per unit, NaN where there is none; reason (B,): "" or why; drawn (B, n): rows of the original data."""

    names: tuple[str, ...]
    coefficients: FloatArray
    reason: tuple[str, ...]
    drawn: IntArray

    @property
    def usable(self) -> FloatArray:
        """The coefficients of the refits that succeeded (b, p)."""
        return self.coefficients[[not reason for reason in self.reason]]


def drawn_patients(patients: int, samples: int, *, seed: int) -> IntArray:
    """Rows (B, n) drawn with replacement, the same for the same seed."""
    return np.random.default_rng(seed).integers(0, patients, size=(samples, patients), dtype=np.int64)


def refits(model: Cox, drawn: IntArray) -> Refits:
    """The model refitted to each sample of rows (B, n); as R's coxph on the drawn rows. One row a patient; ProtocolError otherwise."""
    fitted = model.fitted
    if not fitted.survival.one_row_each:
        raise ProtocolError("patients with several rows are resampled one refit at a time: cox() on their rows")
    rank = np.empty_like(fitted.data.order)
    rank[fitted.data.order] = np.arange(rank.size)
    sorted_rows = np.sort(rank[drawn], axis=1)
    has_event = fitted.data.event[sorted_rows].any(axis=1)
    coefficients = np.full((drawn.shape[0], len(model.names)), np.nan)
    reasons = ["NO_EVENTS"] * drawn.shape[0]
    usable = np.flatnonzero(has_event)
    step = max(1, AT_ONCE // drawn.shape[1])
    for start in range(0, usable.size, step):
        part = usable[start : start + step]
        first = np.broadcast_to(fitted.found.beta, (part.size, len(model.names)))
        found = maximum(batch(fitted.data, sorted_rows[part], ties=model.ties), start=first)
        right = np.array([not reason for reason in found.reason])
        coefficients[part[right]] = found.beta[right] / fitted.design.scale
        for index, reason in zip(part, found.reason, strict=True):
            reasons[index] = reason
    return Refits(model.names, coefficients, tuple(reasons), drawn)
