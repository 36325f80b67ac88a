"""The content of `measurements.json`: everything that is known of one measured study, as plain data."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import version
from typing import Any

from carpet.biomarkers import biomarkers
from carpet.core.errors import NotMeasurable
from carpet.core.geometry import CONNECTIVITY
from carpet.core.lesion import Lesion
from carpet.core.method import pick
from carpet.core.record import Measurement, Missing, Provenance
from carpet.core.study import Series
from carpet.run.methods_text import methods_text
from carpet.run.pipeline import MASK, Result
from carpet.run.scanning import suv_document
from carpet.segment import segmenters
from carpet.suv.volume import QUANTITY_OF, lean_quantity, scale_from_bw

SCHEMA = 1
LIBRARIES = ("numpy", "scipy", "scikit-image", "pydicom", "highdicom")
OTHER_SUV = tuple(QUANTITY_OF)
REFERENCES = ("liver", "blood_pool", "spleen", "marrow")


def software() -> dict[str, str]:
    """carpet's version, Python's, and those of the libraries that touch numbers."""
    return {"carpet": version("carpet"), "python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def document(result: Result) -> dict[str, Any]:
    """The document of INTERFACE.md; lists are in the order of the lesion table and of the segmenters asked for."""
    provenance = study_provenance(result)
    return {
        "schema": SCHEMA,
        "status": "REVIEWED" if result.reviewed else "UNREVIEWED",
        "software": software(),
        "protocol": result.protocol.of_measurement(),
        "study": {
            "patient": result.study.pseudonym,
            "study_uid": result.study.study_uid,
            "date": result.study.date.isoformat() if result.study.date else None,
            "chosen_because": result.study.chosen_because,
            "pet": _series(result.study.pet),
            "ct": _series(result.study.ct_series) if result.study.ct_series else None,
        },
        "suv": {"quantity": result.suv.quantity.name, "unit": result.suv.quantity.unit}
        | suv_document(result.quantification)
        | {"other_suv": other_suv(result), "sop_instances_sha256": _sop_digest(result)},
        "segmenter": result.segmenter,
        "segment": _segment(result),
        "lesions": [lesion_row(lesion, result) for lesion in result.lesions],
        "biomarkers": biomarker_rows(result),
        "references": [_reference(name, result) for name in REFERENCES],
        "flags": [notice.as_dict() for notice in result.flags],
        "methods": methods_text(result),
        "provenance": {
            "id": provenance.id,
            "inputs": {
                "study_uid": result.study.study_uid,
                "pet": result.study.pet.series_uid,
                "sop_instances_sha256": _sop_digest(result),
            },
        },
    }


def other_suv(result: Result) -> list[dict[str, Any]]:
    """The factors that turn SUVbw into SUL, SUVibw and SUVbsa for this patient, or why there is none; `sul` marks the protocol's SUL."""
    rows = []
    sul = lean_quantity(result.protocol.suv.lean_mass)
    for quantity in OTHER_SUV:
        row: dict[str, Any] = {"quantity": quantity.name, "says": quantity.says, "unit": quantity.unit, "sul": quantity is sul}
        try:
            if result.quantification.body is None:
                raise NotMeasurable("BODY_UNKNOWN")
            factor = scale_from_bw(quantity, result.quantification.body, result.protocol.suv)
            rows.append(row | {"per_suv_bw": factor, "reason_missing": None})
        except NotMeasurable as error:
            rows.append(row | {"per_suv_bw": None, "reason_missing": error.reason})
    return rows


def lesion_row(lesion: Lesion, result: Result) -> dict[str, Any]:
    """One region with its numbers; `reviewed` says whether a reader stands behind its status."""
    numbers = {value.name: value.value for value in result.values if value.of == lesion.id and isinstance(value, Measurement)}
    site = lesion.site
    return {
        "lesion_id": lesion.id,
        "label": lesion.label,
        "status": lesion.status.value,
        "decided_by": lesion.decided_by,
        "because": lesion.because,
        "reviewed": lesion.reviewed,
        "kind": lesion.kind.value if lesion.kind else None,
        "site": {"value": site.value, "scheme": site.scheme, "meaning": site.meaning} if site else None,
        "volume_ml": numbers["tmtv"],
        "suv_max": numbers["suv_max"],
        "suv_mean": numbers["suv_mean"],
        "suv_peak": numbers["suv_peak"],
        "tlg_g": numbers["tlg"],
        "centroid_lps_mm": [float(mm) for mm in lesion.region.centroid_lps_mm],
        "voxels": lesion.region.voxels,
        "flags": [] if result.reviewed else ["UNREVIEWED"],
    }


def biomarker_rows(result: Result) -> list[dict[str, Any]]:
    """A row a biomarker and segmenter, with the method's version, and provenance ids that lead back to the voxels."""
    rows = []
    study = study_provenance(result)
    for value in result.values:
        if value.of != "patient":
            continue
        method = biomarkers()[value.name]
        step = Provenance(
            value.name, method.version, method.source, {"segmenter": value.segmenter}, (study.id,), f"carpet {version('carpet')}"
        )
        rows.append(
            {
                "name": value.name,
                "value": value.value if isinstance(value, Measurement) else None,
                "unit": value.unit,
                "method": f"{method.name}@{method.version}",
                "segmenter": value.segmenter,
                "reason_missing": value.reason if isinstance(value, Missing) else None,
                "flags": list(value.flags),
                "says": method.says,
                "provenance": step.id,
            }
        )
    return rows


def _segment(result: Result) -> dict[str, Any]:
    """How regions were made: by a mask (no threshold of ours), or by preselection, with what that left out."""
    settings, small = result.protocol.segment, result.small
    return {
        "connectivity": CONNECTIVITY,
        "preselect_suv": settings.preselect_suv if small else None,
        "preselect_min_ml": settings.preselect_min_ml if small else None,
        "small_regions": {"count": small.count, "volume_ml": small.volume_ml} if small else None,
    }


def study_provenance(result: Result) -> Provenance:
    """One id for: these slices, this SUV, this protocol, these decisions, this software."""
    decisions = [(lesion.id, lesion.status.value, lesion.decided_by, lesion.region.voxels) for lesion in result.lesions]
    return Provenance(
        method="measure",
        version=version("carpet"),
        source=_sop_digest(result),
        parameters={"protocol": result.protocol.of_measurement(), "segmenter": result.segmenter, "decisions": decisions},
        parents=(result.study.pet.series_uid,),
        software=f"carpet {version('carpet')}",
    )


def delineation_provenance(result: Result) -> Provenance:
    """The main segmenter as a step, as it is written into SEG and SR."""
    if result.segmenter == MASK:
        return Provenance(MASK, "1", "a mask made elsewhere")
    method = pick(segmenters(), result.segmenter, "segmenter")
    return Provenance(method.name, method.version, method.source, result.protocol.segment.model_dump(mode="json"))


def _sop_digest(result: Result) -> str:
    facts = result.study.pet.pet
    uids = [one.sop_instance_uid for one in facts.slices] if facts else []
    return hashlib.sha256("\n".join(uids).encode()).hexdigest()


def _series(series: Series) -> dict[str, Any]:
    facts, grid = series.pet, series.grid
    return {
        "series_uid": series.series_uid,
        "description": series.description,
        "manufacturer": facts.manufacturer.value if facts and facts.manufacturer else "",
        "model": facts.model.value if facts and facts.model else "",
        "slices": series.slices,
        "shape_kji": list(grid.shape_kji) if grid else None,
        "spacing_mm_kji": list(grid.spacing_mm_kji) if grid else None,
    }


def _reference(name: str, result: Result) -> dict[str, Any]:
    try:
        uptake = result.anatomy.uptake(name, result.suv)
    except NotMeasurable as error:
        return {"name": name, "mean": None, "sd": None, "volume_ml": None, "centroid_lps_mm": None, "reason_missing": error.reason}
    centre = result.anatomy.references[name].centroid_lps_mm
    return {
        "name": name,
        "mean": uptake.mean,
        "sd": uptake.sd,
        "volume_ml": uptake.volume_ml,
        "centroid_lps_mm": [float(mm) for mm in centre],
        "reason_missing": None,
    }
