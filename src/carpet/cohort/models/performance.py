"""How well a model does: as it looks in the patients it was made with, and what is left of it in others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Validation = Literal["optimism bootstrap", "nested", "leave one site out"]


@dataclass(frozen=True, slots=True)
class Performance:
    """One measure of one model, or (model "A − B") of the difference of two.

    measure: "C (Harrell)", "C (Uno) before day …", "AUC at day …", "scaled Brier at day …", "calibration slope". apparent: in the
    patients the model was fitted to; corrected = apparent − optimism; low, high: 95 % interval of corrected. candidates: coefficients
    offered to the pipeline, before any selection. A number that is None has its reason, a code, in reason_missing.
    """

    model: str
    endpoint: str
    rules: str
    measure: str
    apparent: float | None
    optimism: float | None
    corrected: float | None
    low: float | None
    high: float | None
    validation: Validation
    patients: int
    events: int
    candidates: int
    reason_missing: str
    flags: tuple[str, ...]
