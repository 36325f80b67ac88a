"""Weight, height and sex, and the dose: plausible and in the right unit, or refused."""

from __future__ import annotations

from carpet.core.body import Body, Sex
from carpet.core.errors import Notice
from carpet.core.study import Fact, PetFacts
from carpet.suv import notices

# what is plausible, and what was seen in the wild (docs/decisions/0002)
GRAMS_FROM, CM_ABOVE = 1000.0, 3.0
WEIGHT_KG, USUAL_WEIGHT_KG, BMI = (2.0, 400.0), (20.0, 300.0), (10.0, 80.0)
HEIGHT_CM_UP_TO = 260.0
DOSE_BQ_FROM, DOSE_MBQ = 1e7, (20.0, 1e5)


def body_of(facts: PetFacts, given_weight_kg: float | None) -> tuple[Body | None, tuple[Notice, ...]]:
    """The body, with height and sex None where unknown; None with a refusal where the weight cannot be trusted."""
    weight, found = _weight(facts.weight_kg, given_weight_kg)
    height, more = _height(facts.height_m, weight)
    found += more
    sex = {"M": Sex.MALE, "F": Sex.FEMALE, "O": Sex.OTHER}.get(facts.sex.value if facts.sex else "")
    if sex is None or sex is Sex.OTHER:
        found += (notices.SEX_UNDEFINED.at("(0010,0040)", facts.sex.value if facts.sex else "absent"),)
    if weight is None:
        return None, found
    bmi = weight / height**2 if height else None
    if not WEIGHT_KG[0] <= weight <= WEIGHT_KG[1] or (bmi is not None and not BMI[0] <= bmi <= BMI[1]):
        size = f", {height:g} m, BMI {bmi:.1f}" if bmi else ""
        return None, (*found, notices.WEIGHT_IMPLAUSIBLE.at("(0010,1030)", f"{weight:g} kg{size}"))
    if not USUAL_WEIGHT_KG[0] <= weight <= USUAL_WEIGHT_KG[1]:
        found += (notices.WEIGHT_UNUSUAL.at("(0010,1030)", f"{weight:g} kg"),)
    return Body(weight, height, sex), found


def _weight(stored: Fact[float] | None, given: float | None) -> tuple[float | None, tuple[Notice, ...]]:
    if given is not None:
        return given, (notices.WEIGHT_GIVEN.at("--weight-kg, scans.csv", f"{given:g} kg; stored: {stored.value if stored else 'absent'}"),)
    if stored is None or stored.value <= 0:
        return None, (notices.WEIGHT_MISSING.at("(0010,1030)", f"{stored.value:g}" if stored else "absent"),)
    if stored.value >= GRAMS_FROM:
        return stored.value / 1000.0, (notices.WEIGHT_IN_GRAMS.at("(0010,1030)", f"{stored.value:g}"),)
    return stored.value, ()


def _height(stored: Fact[float] | None, weight_kg: float | None) -> tuple[float | None, tuple[Notice, ...]]:
    if stored is None or stored.value <= 0:
        return None, (notices.HEIGHT_MISSING.at("(0010,1020)", f"{stored.value:g}" if stored else "absent"),)
    if stored.value <= CM_ABOVE:
        return stored.value, ()
    height_m = stored.value / 100.0
    plausible = stored.value <= HEIGHT_CM_UP_TO and weight_kg and BMI[0] <= weight_kg / height_m**2 <= BMI[1]
    if weight_kg and not plausible:
        return None, (notices.WEIGHT_IN_SIZE.at("(0010,1020)", f"{stored.value:g}"),)
    return height_m, (notices.HEIGHT_IN_CM.at("(0010,1020)", f"{stored.value:g}"),)


def dose_bq(facts: PetFacts) -> tuple[float | None, tuple[Notice, ...]]:
    """The injected activity in Bq, or a refusal. Residual activity is not in the attribute: the dose is used as it is."""
    where = "(0054,0016)▸(0018,1074)"
    if facts.dose is None or facts.dose.value <= 0:
        return None, (notices.DOSE_MISSING.at(where, f"{facts.dose.value:g}" if facts.dose else "absent"),)
    dose = facts.dose.value
    if dose >= DOSE_BQ_FROM:
        return dose, ()
    if DOSE_MBQ[0] <= dose < DOSE_MBQ[1]:
        return dose * 1e6, (notices.DOSE_MBQ.at(where, f"{dose:g}"),)
    return None, (notices.DOSE_UNIT_AMBIGUOUS.at(where, f"{dose:g}"),)
