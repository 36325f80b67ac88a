"""`carpet scan`: what is in these files, which PET can be quantified, from what, and why the others can't."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from carpet.core.errors import Refused
from carpet.core.study import Series
from carpet.dicom.pixels import stored_values
from carpet.run.opening import Found
from carpet.suv import Quantification

SCHEMA = 1


def scan_document(found: Found, *, values: bool) -> dict[str, Any]:
    """The JSON document of INTERFACE.md; `values` adds minimum, median and maximum of SUVbw, which reads the pixels."""
    studies = []
    for uid, members in groupby(found.catalogue.series, key=lambda series: series.study_uid):
        series = list(members)
        studies.append(
            {
                "study_uid": uid,
                "patient": series[0].patient,
                "date": series[0].date.isoformat() if series[0].date else None,
                "series": [_series(one, found, values=values) for one in series],
            }
        )
    unreadable = [
        {"path": _shown(path), "code": notice.code, "message": f"{notice.message}: {notice.found}"}
        for path, notice in found.catalogue.unreadable
    ]
    unreadable += [
        {"path": notice.where, "code": notice.code, "message": f"{notice.message}: {notice.found}"} for notice in found.not_opened
    ]
    return {"schema": SCHEMA, "studies": studies, "unreadable": unreadable, "other_files": found.catalogue.other_files}


def _shown(path: Path) -> str:
    return "/".join(path.parts[-2:])


def _series(series: Series, found: Found, *, values: bool) -> dict[str, Any]:
    decided = found.quantifications.get(series.series_uid)
    refusals = found.refusals(series)
    extremes: dict[str, float] = {}
    if values and decided and decided.quantifiable and not refusals:
        try:
            extremes = _values(series, decided)
        except Refused as error:  # the pixels of this series; the others are told all the same
            refusals = error.notices
    quantifiable = bool(decided and decided.quantifiable and not refusals)
    row: dict[str, Any] = {
        "series_uid": series.series_uid,
        "modality": series.modality,
        "description": series.description,
        "slices": series.slices,
        "shape_kji": list(series.grid.shape_kji) if series.grid else None,
        "spacing_mm_kji": [round(mm, 6) for mm in series.grid.spacing_mm_kji] if series.grid else None,
        "frame_of_reference_uid": series.grid.frame_uid if series.grid else None,
    }
    if series.modality == "PT":
        row["quantifiable"] = quantifiable
        row["suv"] = suv_document(decided) | extremes if decided else None
    row["refusals"] = [notice.as_dict() for notice in refusals]
    row["flags"] = [notice.as_dict() for notice in (*series.flags, *(decided.flags if decided else ()))]
    return row


def suv_document(decided: Quantification) -> dict[str, Any]:
    """How stored values become SUV, for `scan` and `measurements.json` alike."""
    reference = decided.reference
    return {
        "units": decided.units,
        "factor_bw_per_bqml": decided.factor_bw_per_bqml,
        "per_slice": list(decided.per_slice_bw_per_bqml) or None,
        "reference_rule": reference.rule,
        "reference_at": reference.at.isoformat() if reference.at else None,
        "injected_at": decided.injected_at.isoformat() if decided.injected_at else None,
        "uptake_min": None if decided.uptake_s is None else round(decided.uptake_s / 60.0, 4),
        "half_life_s": decided.half_life.seconds if decided.half_life else None,
        "dose_bq": decided.dose_bq,
        "candidates": {name: at.isoformat() for name, at in reference.candidates.items()},
        "rejected": dict(reference.rejected),
        "facts": [
            {"name": name, "value": value, "unit": unit, "read_from": read_from} for name, value, unit, read_from in decided.facts_used
        ],
    }


def _values(series: Series, decided: Quantification) -> dict[str, float]:
    assert series.grid is not None  # a series without a grid is refused
    assert decided.slice_factors is not None  # so is one without factors
    suv = stored_values(series, series.grid) * decided.slice_factors[:, None, None]
    return {"min": float(suv.min()), "median": float(np.median(suv)), "max": float(suv.max())}
