"""Lugano 2014 by PET: metabolic response from the Deauville score, the change of uptake and new foci."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from carpet.response.deauville import Deauville
from carpet.response.rule import Criterion, Rule, Verdict, change_percent, reaches

SIGNIFICANT_PERCENT = 30.0  # of the hottest lesion's SUVmax; no number in Lugano, borrowed from PERCIST (METHODS D.4 [P])


class Change(StrEnum):
    """Uptake of the hottest lesion against baseline's hottest."""

    FELL = "fell"
    STEADY = "steady"
    ROSE = "rose"


@dataclass(frozen=True)
class LuganoPet:
    """What one PET shows against baseline. None: not read, or nothing to compare with. same_imaging: scanner, reconstruction and voxels
    are those of baseline, or a person has accepted that they are not."""

    deauville: Deauville | None
    change: Change | None
    new_focus: bool
    same_imaging: bool = True
    marrow_involved: bool = False


LOW, HIGH = (Deauville.DS1, Deauville.DS2, Deauville.DS3), (Deauville.DS4, Deauville.DS5)

LUGANO_PET: Criterion[LuganoPet] = Criterion(
    name="lugano_pet",
    version="1",
    says="Lugano 2014 by PET (metabolic response)",
    source="Cheson 2014 J Clin Oncol 32:3059, table 3; Barrington 2014 J Clin Oncol 32:3048",
    findings=LuganoPet,
    categories=("CMR", "PMR", "NMR", "PMD", "NE"),
    rules=(
        Rule("PET-PMD-new", lambda f: f.new_focus, "PMD", "new FDG-avid foci consistent with lymphoma"),
        Rule("PET-NE-score", lambda f: f.deauville is None or f.deauville is Deauville.X, "NE", "no Deauville score of the known sites"),
        Rule(
            "PET-NE-marrow",
            lambda f: f.deauville in LOW and f.marrow_involved,
            "NE",
            "Deauville 1–3, but the marrow is involved: no complete metabolic response",
        ),
        Rule("PET-CMR", lambda f: f.deauville in LOW, "CMR", "Deauville 1–3, with or without a residual mass"),
        Rule(
            "PET-NE-recon",
            lambda f: not f.same_imaging,
            "NE",
            "Deauville 4–5, and scanner, reconstruction or voxels are not those of baseline: uptake cannot be compared",
        ),
        Rule("PET-NE-change", lambda f: f.change is None, "NE", "Deauville 4–5, and no baseline uptake to compare with"),
        Rule("PET-PMD-rise", lambda f: f.change is Change.ROSE, "PMD", "Deauville 4–5, and uptake has risen from baseline"),
        Rule("PET-PMR", lambda f: f.change is Change.FELL, "PMR", "Deauville 4–5, and uptake has fallen from baseline"),
        Rule("PET-NMR", lambda f: True, "NMR", "Deauville 4–5, and no significant change of uptake"),
    ),
)


def change_of_uptake(baseline_suv_max: float, suv_max: float, *, significant_percent: float = SIGNIFICANT_PERCENT) -> Change:
    """Hottest lesion then against hottest lesion now, by SUVmax in g/mL."""
    percent = change_percent(baseline_suv_max, suv_max)
    if reaches(-percent, significant_percent):
        return Change.FELL
    return Change.ROSE if reaches(percent, significant_percent) else Change.STEADY


def lugano_pet(findings: LuganoPet) -> Verdict:
    """The metabolic response."""
    return LUGANO_PET.decide(findings)
