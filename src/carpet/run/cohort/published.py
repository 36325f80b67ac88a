"""The published cut-offs of a marker as they apply in a trial: by its delineation, time point and what it overrides."""

from __future__ import annotations

from carpet.clinical.cut_offs import BEFORE_INFUSION, CAR_T, CUT_OFFS, DIAGNOSIS, FIRST_LINE, CutOff, apply
from carpet.cohort.analyses.cutting import Published
from carpet.core.errors import Refused
from carpet.core.protocol import Protocol

AT_BASELINE = (*BEFORE_INFUSION, *DIAGNOSIS)
POPULATIONS = {FIRST_LINE: "lymphoma in first line"}
OF_COLUMN = {"spd_cm2": "spd"}  # column of the cohort → biomarker of the registry, where the names differ


def published(marker: str, protocol: Protocol) -> tuple[Published, ...]:
    """Those found before infusion or at diagnosis, in the order of the registry.

    One of another delineation is cut by that, where [segment] also has it; else it is refused, with the code.
    """
    biomarker = OF_COLUMN.get(marker, marker)
    found = []
    for one in CUT_OFFS.values():
        if one.biomarker != biomarker or not set(one.timepoints) & set(AT_BASELINE):
            continue
        refused, flags, segmenter = "", tuple[str, ...](), _segmenter(one, protocol)
        try:
            applied = apply(
                one,
                one.value,
                delineation=segmenter,
                timepoint=protocol.cohort.timepoint,
                override=protocol.scores.overrides.get(one.name),
            )
            flags = tuple(notice.code for notice in applied.notices)
        except Refused as error:
            refused = ";".join(error.codes)
        other = "" if segmenter == protocol.segment.method else segmenter
        said = {"name": one.name, "unit": one.unit, "sign": one.sign, "source": one.source, "refused": refused, "delineation": other}
        elsewhere = "" if one.population == CAR_T else POPULATIONS[one.population]
        found.append(Published(value=one.value, flags=flags, population=elsewhere, **said))
    return tuple(found)


def _segmenter(one: CutOff, protocol: Protocol) -> str:
    """The cut-off's own delineation where it is measured, as in scores; else the main one."""
    return one.delineation if one.delineation in protocol.segment.also else protocol.segment.method
