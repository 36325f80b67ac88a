"""Deauville five-point scale: the numeric aid for the reader, who has the last word."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from carpet.response.rule import TOLERANCE, Criterion, Rule, Verdict, exceeds, reaches

MARKED: Literal[2, 3] = 2  # "markedly" is 2 to 3 times the liver's SUVmax (Barrington 2014); METHODS D.3 takes 2


class Deauville(StrEnum):
    """The score; X is new uptake that is unlikely to be lymphoma."""

    DS1 = "1"
    DS2 = "2"
    DS3 = "3"
    DS4 = "4"
    DS5 = "5"
    X = "X"


@dataclass(frozen=True)
class DeauvilleUptake:
    """The most intense residual uptake against its surroundings and the references of the same scan."""

    new_lesion: bool
    above_background: bool
    above_blood_pool: bool
    liver_tops_blood_pool: bool
    reaches_liver: bool
    above_liver: bool
    above_marked: bool


DEAUVILLE: Criterion[DeauvilleUptake] = Criterion(
    name="deauville",
    version="1",
    says="Deauville score by numbers (SUVmax of residual, blood pool and liver)",
    source="Barrington 2014 J Clin Oncol 32:3048",
    findings=DeauvilleUptake,
    categories=("1", "2", "3", "4", "5"),
    rules=(
        Rule("DS5-new", lambda f: f.new_lesion, "5", "a new lesion of lymphoma"),
        Rule("DS1", lambda f: not f.above_background, "1", "no uptake above the background"),
        Rule("DS5", lambda f: f.above_marked, "5", "uptake markedly above the liver"),
        Rule("DS4", lambda f: f.above_liver, "4", "uptake moderately above the liver"),
        Rule(
            "DS2-liver",
            lambda f: not f.liver_tops_blood_pool and not f.reaches_liver,
            "2",
            "uptake below the liver, which is not above the blood pool",
        ),
        Rule("DS2", lambda f: f.liver_tops_blood_pool and not f.above_blood_pool, "2", "uptake at most that of the blood pool"),
        Rule("DS3", lambda f: True, "3", "uptake above the blood pool, at most that of the liver"),
    ),
)


def deauville(
    suv_max: float | None,
    *,
    liver_suv_max: float,
    blood_pool_suv_max: float,
    above_background: bool,
    new_lesion: bool,
    marked: Literal[2, 3] = MARKED,
) -> Verdict:
    """The score of the most intense residual. SUVmax in g/mL; None: no residual uptake. marked: times the liver that count as 5."""
    if liver_suv_max <= 0.0 or blood_pool_suv_max <= 0.0:
        raise ValueError("the references have uptake")
    value = 0.0 if suv_max is None else suv_max
    findings = DeauvilleUptake(
        new_lesion=new_lesion,
        above_background=above_background and suv_max is not None,
        above_blood_pool=exceeds(value, blood_pool_suv_max),
        liver_tops_blood_pool=liver_suv_max > blood_pool_suv_max + TOLERANCE,
        reaches_liver=reaches(value, liver_suv_max),
        above_liver=exceeds(value, liver_suv_max),
        above_marked=exceeds(value, marked * liver_suv_max),
    )
    return DEAUVILLE.decide(findings)
