"""CRS by ASTCT 2019 from its items: fever, hypotension by the pressors it took, hypoxia by the oxygen it took.

Lee 2019, Biol Blood Marrow Transplant 25:625, doi:10.1016/j.bbmt.2018.12.758. Grade 5, death by CRS, is not made from items.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from carpet.clinical.graded import Graded, pointed, worst_item
from carpet.clinical.toxicity import Toxicity

RULE = "CRS-ASTCT2019@1"
HYPOTENSION: Mapping[str, int] = MappingProxyType(
    {"none": 0, "no_pressor": 2, "one_pressor": 3, "one_pressor_plus_vasopressin": 3, "multiple_pressors": 4}
)
HYPOXIA: Mapping[str, int] = MappingProxyType({"none": 0, "low_flow": 2, "high_flow": 3, "positive_pressure": 4})
WITH_FEVER, HIGHEST = 1, 4


def crs_grade(one: Toxicity) -> Graded:
    """The grade 0 to 4: fever is needed at onset, not after antipyretics, tocilizumab or steroids; then the worse of both columns.

    Organ toxicity does not enter. None where an item that could change the grade is not known.
    """
    worst = worst_item(
        RULE, (pointed("hypotension", one.hypotension, HYPOTENSION), pointed("hypoxia", one.hypoxia, HYPOXIA)), highest=HIGHEST
    )
    if one.fever or one.fever_suppressed:
        return worst._replace(grade=WITH_FEVER, because="fever", least=WITH_FEVER) if worst.grade == 0 else worst
    if one.fever is False and (worst.grade == 0 or one.fever_suppressed is False):
        return Graded(0, RULE, "no fever")
    lacking = "fever" if one.fever is None else "whether fever was suppressed"
    return Graded(None, RULE, f"not known: {lacking}")
