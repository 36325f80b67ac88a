"""Lesions and SUV become one number with a unit. One file is one biomarker."""

from carpet.biomarkers.measure import biomarkers, measure

__all__ = ["biomarkers", "measure"]
