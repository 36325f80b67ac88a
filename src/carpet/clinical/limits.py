"""Comparing a computed number with a published limit, as a person with a calculator would."""

from __future__ import annotations

TOLERANCE = 1e-9  # absolute: 2.09/2.2 is below 0.95 in binary, and counts as 0.95 (METHODS, global conventions)


def reaches(value: float, limit: float) -> bool:
    """value ≥ limit."""
    return value >= limit - TOLERANCE


def exceeds(value: float, limit: float) -> bool:
    """value > limit."""
    return value > limit + TOLERANCE
