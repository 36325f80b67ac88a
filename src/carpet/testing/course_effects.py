"""What the cohort of the demonstration trial must and must not show: effects that were planted, columns that mean nothing, groups and days.

All of it was written by hand from course_tables.py and course_clinical.py, before carpet had measured anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from carpet.testing.course_clinical import CRS_ODDS_PER_DOUBLING
from carpet.testing.courses import lines

PLANTED_P = 0.05  # what a planted effect's P stays below; all nulls together keep to it by Bonferroni


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEffect:
    """One row of a table of the cohort. direction: 1 the outcome comes sooner or is worse with a higher value, 0 none.

    table: cox, or associations. outcome: the endpoint, or the grade as the table words it. size: the ratio of the rule that made the
    data; None where a hand wrote them.
    """

    table: Literal["cox", "associations"]
    outcome: str
    column: str
    per: str
    direction: Literal[0, 1]
    how: str
    size: float | None = None


TWO_FACTOR_HOW = (
    "lymphoma above 80 mL and two extranodal sites or more: all five progress by day 91, and four die; of the fifteen with neither, two"
    " relapse, one is called progression on day 5, one dies of infection"
)
BRIDGING_HOW = "lymphoma grows from TD to TT by half or more: progression by day 92; it shrinks: later, or never"
CRS_HOW = "drawn by proportional odds of the planted volume (course_clinical.crs_chances)"
BY_HAND = "made up patient by patient, of nothing else in the trial"
DRAWN = "drawn without looking at course or outcome"
ICANS_HOW = "drawn in half of the patients, whatever the volume"
DOUBLING = "per doubling"

EFFECTS = (
    PlannedEffect(table="cox", outcome="PFS", column="two_factor", per="2 vs 0", direction=1, how=TWO_FACTOR_HOW),
    PlannedEffect(table="cox", outcome="OS", column="two_factor", per="2 vs 0", direction=1, how=TWO_FACTOR_HOW),
    PlannedEffect(table="cox", outcome="PFS", column="tmtv_bridging_percent", per="per 10 %", direction=1, how=BRIDGING_HOW),
    PlannedEffect(
        table="associations", outcome="crs_grade, a grade higher", column="tmtv", per=DOUBLING, direction=1, how=CRS_HOW,
        size=CRS_ODDS_PER_DOUBLING,
    ),
    PlannedEffect(
        table="associations", outcome="crs_grade >= 3", column="tmtv", per=DOUBLING, direction=1, how=CRS_HOW, size=CRS_ODDS_PER_DOUBLING
    ),
    PlannedEffect(table="cox", outcome="PFS", column="sex", per="M vs F", direction=0, how=BY_HAND),
    PlannedEffect(table="cox", outcome="PFS", column="site", per="B vs A", direction=0, how=BY_HAND),
    PlannedEffect(table="cox", outcome="PFS", column="age_years", per="per 10 years", direction=0, how=BY_HAND),
    PlannedEffect(table="cox", outcome="PFS", column="crp_mg_l", per=DOUBLING, direction=0, how=DRAWN),
    PlannedEffect(table="cox", outcome="PFS", column="ferritin_ug_l", per=DOUBLING, direction=0, how=DRAWN),
    *(
        PlannedEffect(table="associations", outcome=f"icans_grade{what}", column="tmtv", per=DOUBLING, direction=0, how=ICANS_HOW)
        for what in (" >= 1", " >= 3", ", a grade higher")
    ),
)  # fmt: skip

# the two-factor group at TT: more than 80 mL, two extranodal sites or more. P14 was bridged and has no scan after it: no group.
TWO_FACTOR = """
0 P01 P02 P03 P04 P07 P08 P09 P10 P11 P12 P20 P21 P22 P23 P25
1 P13 P15 P16 P18 P26
2 P05 P06 P17 P19 P24
"""

# patient, days of PFS and OS by the default rules; + is censored: PFS on the last scan, OS on the day of last contact. P08 is called
# progression on day 5 by a reader; what only the numbers call so (P22, P23) is none
FOLLOW_UP = """
P01 92+  540+
P02 90+  430+
P03 183+ 400+
P04 180+ 390+
P05 28   75
P06 30   210
P07 181  380+
P08 5    300+
P09 90+  365+
P10 92+  500+
P11 88+  330+
P12 95+  250+
P13 90+  150+
P14 91+  460+
P15 92   260+
P16 240  410+
P17 89   160
P18 180+ 350+
P19 90   240
P20 91+  310+
P21 364+ 520+
P22 90+  280+
P23 300  300
P24 91   330+
P25 92   300+
P26 400  420+
"""
ENDPOINTS = ("PFS", "OS")


@dataclass(frozen=True, slots=True)
class PlannedFollowUp:
    """Days from infusion to the event, or to censoring."""

    days: int
    happened: bool


@cache
def planned_two_factor() -> dict[str, str]:
    """Patient → two-factor group; who has none is not in it."""
    return {patient_id: group for group, *patients in lines(TWO_FACTOR) for patient_id in patients}


@cache
def planned_follow_up() -> dict[tuple[str, str], PlannedFollowUp]:
    """(patient, endpoint) → follow-up."""
    return {
        (patient_id, endpoint): PlannedFollowUp(int(cell.rstrip("+")), not cell.endswith("+"))
        for patient_id, *cells in lines(FOLLOW_UP)
        for endpoint, cell in zip(ENDPOINTS, cells, strict=True)
    }
