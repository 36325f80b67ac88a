"""Lugano 2014, PET and CT together: PET decides where the lymphoma is FDG-avid; where both contradict each other, a person does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from carpet.response.rule import Criterion, Rule, Verdict


class Metabolic(StrEnum):
    """Categories of PET."""

    CMR = "CMR"
    PMR = "PMR"
    NMR = "NMR"
    PMD = "PMD"
    NE = "NE"


class Anatomic(StrEnum):
    """Categories of CT."""

    CR = "CR"
    PR = "PR"
    SD = "SD"
    PD = "PD"
    NE = "NE"


@dataclass(frozen=True)
class LuganoBoth:
    """The metabolic and the CT response of one time point; whether this lymphoma takes up FDG reliably."""

    pet: Metabolic
    ct: Anatomic
    fdg_avid: bool


def _pet_is(category: Metabolic) -> Callable[[LuganoBoth], bool]:
    return lambda f: f.pet is category


def _ct_is(category: Anatomic) -> Callable[[LuganoBoth], bool]:
    return lambda f: f.ct is category


def _by_ct(f: LuganoBoth) -> bool:
    return not f.fdg_avid or f.pet is Metabolic.NE


def _ct_rule(category: Anatomic) -> Rule[LuganoBoth]:
    return Rule(f"LUG-CT-{category}", lambda f: _by_ct(f) and f.ct is category, category.value, "CT decides: no PET that counts")


LUGANO: Criterion[LuganoBoth] = Criterion(
    name="lugano",
    version="1",
    says="Lugano 2014, PET and CT combined",
    source="Cheson 2014 J Clin Oncol 32:3059, in a table of our own for both",
    findings=LuganoBoth,
    categories=("CR", "PR", "SD", "PD", "DISCORDANT", "NE"),
    rules=(
        *(_ct_rule(category) for category in Anatomic if category is not Anatomic.NE),
        Rule("LUG-NE", _by_ct, "NE", "neither PET nor CT can be evaluated"),
        Rule("LUG-PMD", _pet_is(Metabolic.PMD), "PD", "metabolic progression, whatever the CT"),
        Rule("LUG-NMR-PD", lambda f: f.pet is Metabolic.NMR and f.ct is Anatomic.PD, "PD", "no metabolic response, and progression on CT"),
        Rule("LUG-DISCORDANT", _ct_is(Anatomic.PD), "DISCORDANT", "metabolic response, but progression on CT: a person decides"),
        Rule("LUG-CMR", _pet_is(Metabolic.CMR), "CR", "complete metabolic response, whatever is left on CT"),
        Rule("LUG-PMR", _pet_is(Metabolic.PMR), "PR", "partial metabolic response"),
        Rule("LUG-NMR", lambda f: True, "SD", "no metabolic response, no progression"),
    ),
)


def lugano(pet: str, ct: str, *, fdg_avid: bool = True) -> Verdict:
    """The combined response; `pet` CMR PMR NMR PMD NE, `ct` CR PR SD PD NE."""
    return LUGANO.decide(LuganoBoth(Metabolic(pet), Anatomic(ct), fdg_avid))
