"""Models with their whole pipeline refitted in every resample, so that what they promise is what they keep. One file is one step."""

from __future__ import annotations

from carpet.cohort.models.performance import Performance
from carpet.cohort.models.pipeline import Pipeline

__all__ = ["Performance", "Pipeline"]
