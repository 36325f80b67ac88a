"""Survival of many patients: estimators, tests, models, their measures of error, and cut-points. One file is one method."""

from __future__ import annotations

from carpet.cohort.survival import Survival

__all__ = ["Survival"]
