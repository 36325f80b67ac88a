"""What the columns of the cohort's tables hold: a row a patient, and the results of every analysis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carpet.run.cohort.columns import COLUMNS

Columns = Mapping[str, tuple[str, str]]  # name → unit (UCUM; empty: text), what it says

COUNTED: Columns = {
    "patients": ("{count}", "patients analysed"),
    "events": ("{count}", "of these with the event"),
    "missing": ("{count}", "patients left out for want of a value"),
}
TOLD: Columns = {
    "reason_missing": ("", "why there is no number, as a code; explained in the manual"),
    "flags": ("", "codes of what must be known with the row, separated by semicolons; explained in the manual"),
}
OF_ENDPOINT: Columns = {
    "endpoint": ("", "OS, PFS, EFS, DOR, TTP, NRM"),
    "rules": ("", "the named set of rules, as in endpoints"),
}
RATIO: Columns = {
    "ratio": ("1", "the ratio; empty where there is none"),
    "low": ("1", "lower limit of its 95 % interval; empty: open, or none"),
    "high": ("1", "upper limit"),
    "p": ("1", "two-sided P of the likelihood ratio that the interval goes with (profile, Firth profile), or Wald's"),
    "interval": ("", "profile, Firth profile or Wald"),
}
EFFECT: Columns = {
    **OF_ENDPOINT,
    "model": ("", "univariable, multivariable, cause-specific, Fine–Gray, time-dependent"),
    "term": ("", "the column of the cohort; empty for a test of the whole model"),
    "per": ("", "what the ratio is for: a doubling, a step with its unit, a level against another; or what a test is of"),
    "adjusted_for": ("", "the other columns in the model, separated by semicolons"),
    "strata": ("", "the column whose groups have a baseline hazard each"),
    **RATIO,
    "ph_p": ("1", "P of the test that the ratio stays the same over follow-up (Schoenfeld residuals)"),
    **COUNTED,
    **TOLD,
}

COHORT_SCHEMAS: Mapping[str, Columns] = {
    "cohort": {
        **{one.name: (one.unit, one.says) for one in COLUMNS},
        "reason_missing": ("", "`column CODE` for every empty cell, separated by semicolons; codes are explained in the manual"),
        "flags": ("", "`column CODE` of what must be known with a value, separated by semicolons"),
    },
    "survival": {
        **OF_ENDPOINT,
        "group_by": ("", "the column whose groups are compared; empty: all patients"),
        "group": ("", "the group; empty: what is said of all groups together"),
        "landmark": ("", "the time point from which the clock runs; empty: from the endpoint's origin"),
        "from_day": ("d", "the day from infusion on which the clock starts"),
        "cause": ("", "of a cumulative incidence: which of the competing events"),
        "statistic": (
            "",
            "survival, cumulative incidence, median, restricted mean, difference of restricted means, median follow-up (reverse"
            " Kaplan–Meier), log-rank, Gray: the chi-square of the comparison",
        ),
        "day": ("d", "the day on that clock: of survival and incidence, and up to which restricted means go"),
        "value": ("see unit", "the statistic; empty where there is none"),
        "low": ("see unit", "lower limit of its 95 % interval"),
        "high": ("see unit", "upper limit"),
        "unit": ("", "1: a probability or a chi-square; d: days"),
        "p": ("1", "two-sided P of a comparison"),
        "at_risk": ("{count}", "patients still followed without event on that day"),
        **COUNTED,
        "left_out": ("{count}", "patients with the event, or out of follow-up, up to the landmark"),
        **TOLD,
    },
    "cox": EFFECT,
    "robustness": {
        "delineation": ("", "the delineation of the marker"),
        "main": ("", "yes for the choice of the protocol"),
        **EFFECT,
    },
    "cutpoints": {
        **OF_ENDPOINT,
        "marker": ("", "the column of the cohort"),
        "method": ("", "published, maximal log-rank, Youden"),
        "name": ("", "of a published cut-off: its name (`carpet methods score` shows where it is used)"),
        "label": ("", "pre-specified, published in another population (which), or exploratory: searched for in these patients"),
        "delineation": ("", "by which the marker is cut, where the cut-off's own is measured besides the main one"),
        "sign": ("", "what is high: > or ≥ the cut"),
        "cut": ("see unit", "the cut-point"),
        "unit": ("", "its unit, UCUM"),
        "low_patients": ("{count}", "patients below it"),
        "high_patients": ("{count}", "patients above it"),
        "statistic": ("1", "log-rank chi-square of a published cut, M of the maximal log-rank, J of Youden"),
        "p_naive": ("1", "P as if the cut had been fixed beforehand: not to be believed of a searched one; Youden's index has none"),
        "p_corrected": ("1", "P that allows for the search"),
        "correction": ("", "how"),
        "beside": ("", "P by the other corrections, separated by semicolons"),
        "ratio": ("1", "hazard of high against low; of a searched cut freed of what the search adds"),
        "ratio_low": ("1", "lower limit of its 95 % interval; of a searched cut the 2.5th bootstrap percentile: its spread, no interval"),
        "ratio_high": ("1", "upper limit, or 97.5th percentile"),
        "ratio_as_found": ("1", "the ratio as it was found, of a searched cut"),
        "interval": ("", "how the limits were made"),
        "boot_low": ("see unit", "2.5th percentile of the searched cut over bootstrap samples: its spread, no 95 % interval"),
        "boot_high": ("see unit", "97.5th percentile"),
        **COUNTED,
        "source": ("", "where the cut-off was published"),
        **TOLD,
    },
    "associations": {
        "outcome": ("", "the grade that is compared, as `crs_grade >= 3`"),
        "marker": ("", "the column of the cohort"),
        "model": ("", "logistic, Firth logistic, proportional odds"),
        "per": ("", "what the odds ratio is for"),
        **RATIO,
        "proportional_p": ("1", "P of the test that one ratio holds at every grade"),
        **COUNTED,
        **TOLD,
    },
    "models": {
        **OF_ENDPOINT,
        "model": ("", "the model; `IPI alone` and `TMTV alone` are what others are compared with"),
        "measure": ("", "what is measured of it, with its day"),
        "validation": ("", "optimism bootstrap, nested, or leave one site out"),
        "apparent": ("1", "on the patients it was made of: too good"),
        "optimism": ("1", "how much too good, over bootstrap samples"),
        "corrected": ("1", "apparent less optimism, or on patients it was not made of"),
        "low": ("1", "lower limit of the nominal 95 % interval; by simulation it holds the true value in 88 to 91 %"),
        "high": ("1", "upper limit"),
        "candidates": ("{count}", "coefficients that were looked at, those that were not taken included"),
        "patients": COUNTED["patients"],
        "events": COUNTED["events"],
        **TOLD,
    },
    "rates": {
        "measure": ("", "ORR: complete or partial response; CR: complete response; CRS, ICANS: any, >= 3"),
        "criterion": ("", "criterion@version; of toxicity the scale"),
        "assessor": ("", "carpet: by the numbers; reader …; endpoints: readers before numbers, as endpoints choose; empty for toxicity"),
        "timepoint": ("", "the time point, or best: until progression or new therapy"),
        "of": ("", "infused: every infused patient, NE and unseen counted as no; evaluated: of whom it is known"),
        "numerator": ("{count}", "patients with it"),
        "denominator": ("{count}", "patients counted"),
        "percent": ("%", "the same as a share"),
        "low": ("%", "lower limit of its exact 95 % interval (Clopper–Pearson)"),
        "high": ("%", "upper limit"),
        **TOLD,
    },
}
# what else the codebook says of the columns of `cohort`
ROLES: Mapping[str, Mapping[str, Any]] = {
    one.name: {"role": one.role, "kind": one.kind, "levels": list(one.levels), "doubling": one.doubling, "step": one.step}
    for one in COLUMNS
}
