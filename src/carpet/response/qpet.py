"""qPET: SUVpeak of the hottest residual over the liver's mean, in the classes of the Deauville scale."""

from __future__ import annotations

from dataclasses import dataclass

from carpet.response.rule import Criterion, Rule, Verdict, reaches

LIMITS = (0.95, 1.3, 2.0)  # from 898 children with Hodgkin lymphoma


@dataclass(frozen=True)
class QpetUptake:
    """Which of the limits 0.95, 1.3 and 2.0 the ratio reaches."""

    reaches_095: bool
    reaches_13: bool
    reaches_20: bool


QPET: Criterion[QpetUptake] = Criterion(
    name="qpet",
    version="1",
    says="qPET: SUVpeak of the hottest residual over liver SUVmean",
    source="Hasenclever 2014 Eur J Nucl Med Mol Imaging 41:1301",
    findings=QpetUptake,
    categories=("1-2", "3", "4", "5"),
    rules=(
        Rule("QPET-5", lambda f: f.reaches_20, "5", "ratio at least 2.0"),
        Rule("QPET-4", lambda f: f.reaches_13, "4", "ratio at least 1.3 and below 2.0"),
        Rule("QPET-3", lambda f: f.reaches_095, "3", "ratio at least 0.95 and below 1.3"),
        Rule("QPET-1-2", lambda f: True, "1-2", "ratio below 0.95"),
    ),
)


def qpet(suv_peak: float, liver_suv_mean: float) -> tuple[float, Verdict]:
    """The ratio (dimensionless) and its class. Raises ValueError for a liver without uptake."""
    if liver_suv_mean <= 0.0:
        raise ValueError("the liver has uptake")
    ratio = suv_peak / liver_suv_mean
    return ratio, QPET.decide(QpetUptake(*(reaches(ratio, limit) for limit in LIMITS)))
