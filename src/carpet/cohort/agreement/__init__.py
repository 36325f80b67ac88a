"""How far readers agree: on numbers, on categories, on outlines; and which cases a third person must see. One file is one statistic."""

from __future__ import annotations

from carpet.cohort.agreement.estimate import Estimate

__all__ = ["Estimate"]
