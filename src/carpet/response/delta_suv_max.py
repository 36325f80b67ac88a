"""ΔSUVmax: the fall of the hottest lesion's SUVmax; the cut-offs of first-line treatment are there by name and never the default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from carpet.response.rule import Criterion, Rule, Verdict, exceeds
from carpet.response.verdict_notices import BASELINE_BELOW_10

CUT_OFFS: dict[Literal["PET2", "PET4"], float] = {"PET2": 66.0, "PET4": 70.0}  # percent; first-line DLBCL, n = 85
LOW_BASELINE = 10.0  # g/mL; below it the percentage misleads


@dataclass(frozen=True)
class DeltaSuvMax:
    """Whether the fall exceeds the cut-off; None where none was named."""

    exceeds_cut_off: bool | None


DELTA_SUV_MAX: Criterion[DeltaSuvMax] = Criterion(
    name="delta_suv_max",
    version="1",
    says="ΔSUVmax; classes after 2 or 4 cycles of first-line treatment only (not validated after CAR T-cells)",
    source="Casasnovas 2011 Blood 118:37",
    findings=DeltaSuvMax,
    categories=("REPORTED", "good", "poor"),
    rules=(
        Rule("DSM-reported", lambda f: f.exceeds_cut_off is None, "REPORTED", "no class: none is validated after CAR T-cells"),
        Rule("DSM-good", lambda f: f.exceeds_cut_off is True, "good", "SUVmax fell by more than the cut-off"),
        Rule("DSM-poor", lambda f: True, "poor", "SUVmax fell by the cut-off or less"),
    ),
)


def delta_suv_max_percent(baseline: float, now: float) -> float:
    """100·(baseline − now)/baseline, hottest lesion of each scan, SUVmax in g/mL. Raises ValueError without uptake at baseline."""
    if baseline <= 0.0:
        raise ValueError("no uptake at baseline")
    return 100.0 * (baseline - now) / baseline


def delta_suv_max(baseline: float, now: float, *, after: Literal["PET2", "PET4"] | None) -> Verdict:
    """Good or poor by the cut-off of first-line treatment, no class without one; flag `BASELINE_BELOW_10` where the percentage misleads."""
    percent = delta_suv_max_percent(baseline, now)
    flags = (BASELINE_BELOW_10.code,) if baseline < LOW_BASELINE else ()
    return DELTA_SUV_MAX.decide(DeltaSuvMax(None if after is None else exceeds(percent, CUT_OFFS[after])), flags)
