"""What every code on a trial's pages says in words: a page shows the sentence, tables and the manual keep the code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType

from carpet.clinical import notices as clinical_notices
from carpet.clinical import table as clinical_table
from carpet.cohort.endpoints import notices as endpoint_notices
from carpet.core.errors import NoticeKind
from carpet.dicom import notices as dicom_notices
from carpet.dicom import pet_facts, placing
from carpet.lesions import decide, decisions, editing, track_corrections
from carpet.report.numbers import reason_text
from carpet.response import ct_scans, finding_notices, time_points, verdict_notices
from carpet.run import notices as run_notices
from carpet.run import store_chain, store_schema
from carpet.run.review import notices as review_notices
from carpet.run.review import server_notices
from carpet.run.trial import notices as trial_notices
from carpet.suv import notices as suv_notices

# where kinds of notices are defined; those of the cohort's statistics stand on the cohort's own page
PLACES = (
    *(trial_notices, run_notices, verdict_notices, finding_notices, time_points, ct_scans, endpoint_notices, clinical_notices),
    *(clinical_table, suv_notices, dicom_notices, pet_facts, placing, decide, decisions, editing, track_corrections, store_chain),
    *(store_schema, review_notices, server_notices),
)
# reasons and flags that are no kind of notice: what a score, a biomarker or an estimate says of itself
SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "AGE_OVER_60": "older than 60 years: this index was made for younger patients",
        "BODY_UNKNOWN": "height or weight is not known",
        "DELINEATION_NOT_MEASURED": "the delineation this needs was not measured",
        "ERROR_PREVAILS": "readers differ within patients more than patients do from each other",
        "IDEAL_WEIGHT_NOT_POSITIVE": "height and weight give no ideal weight",
        "LEAN_MASS_NOT_POSITIVE": "height and weight give no lean body mass",
        "NCCN_SITE_BONE_OR_MARROW": "bone and marrow cannot be told apart here, and NCCN counts marrow alone",
        "NCCN_SITE_UNKNOWN": "a lesion's site is not known: it may be one of those that NCCN counts",
        "NO_CHANGE": "no change: no rate of growth",
        "NO_CT_TARGET": "no target lesion was measured on CT",
        "NO_LESION": "no lesion",
        "NO_SPREAD": "all values are equal",
        "NOT_REACHED": "not reached within follow-up",
        "ONE_CATEGORY": "all readings are of one category",
        "PLATELETS_ZERO": "platelets are 0: nothing to divide by",
        "SUBJECTS_ALIKE": "the patients do not differ",
        "TOO_FEW_CASES": "too few cases",
        "TOO_FEW_FOR_INTERVAL": "too few cases for an interval",
        "TOO_MANY_LESIONS": "too many lesions for this distance",
    }
)
LACKING = "_MISSING"  # the end of a code that names a fact nobody stated
FACTS: Mapping[str, str] = MappingProxyType(
    {
        "AGE_YEARS": "age",
        "ANC": "the absolute neutrophil count",
        "ANN_ARBOR_STAGE": "the Ann Arbor stage",
        "CART_PEAK": "the peak of CAR T-cells in blood",
        "CREATININE": "creatinine",
        "CRP": "CRP",
        "ECOG": "the ECOG performance status",
        "EXTRANODAL_SITES": "the number of extranodal sites",
        "FERRITIN": "ferritin",
        "HB": "haemoglobin",
        "LDH": "LDH",
        "LDH_ULN_RATIO": "LDH with its upper limit of normal",
        "LONGEST_DIAMETER": "the longest diameter of a lesion on CT",
        "NCCN_EXTRANODAL_SITE": "whether one of the extranodal sites that NCCN counts is involved",
        "PLATELETS": "the platelet count",
        "SDMAX": "SDmax",
        "SPD": "the SPD of the targets on CT",
        "TMTV": "TMTV",
        "TMTV_BY_SUV4_0": "TMTV by SUV 4.0",
    }
)
CODE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")


@cache
def kinds() -> MappingProxyType[str, NoticeKind]:
    """Code → the kind of notice."""
    found: dict[str, NoticeKind] = {}
    for place in PLACES:
        for value in vars(place).values():
            if isinstance(value, NoticeKind):
                found.setdefault(value.code, value)
    return MappingProxyType(found)


def sentence(code: str) -> str:
    """The sentence of a flag, of a refusal or of a reason why there is no number; a code that nobody has explained in its own words."""
    kind, fact = kinds().get(code), FACTS.get(code.removesuffix(LACKING))
    if kind is not None:
        return kind.message
    return f"{fact} is not known" if fact and code.endswith(LACKING) else SENTENCES.get(code, reason_text(code))


def sentences(codes: Iterable[str]) -> dict[str, str]:
    """Code → sentence, in the order of codes."""
    return {code: sentence(code) for code in sorted(set(codes))}


def spelled(text: str) -> str:
    """A text in which every known code is replaced by its sentence."""
    return CODE.sub(lambda found: sentence(found.group()) if found.group() in kinds() else found.group(), text)
