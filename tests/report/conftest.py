"""What the report's tests share: an asymmetric scene, a document of the schema of measurements.json, and hostile text."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from carpet.core.anatomy import Anatomy
from carpet.core.lesion import Code, Kind, Lesion, Status
from carpet.core.space import Grid, Quantity, Region, Volume
from carpet.testing import reoriented
from carpet.testing.orientation import reoriented_region

HOSTILE = (
    '<script>alert(1)</script><img src=x onerror=alert(1)> #let x = 1 #eval("1") =1+1 $\\frac{ {{7*7}} {% raw %} שלום مرحبا '
    "\u202eevil\u202c \x00\x1b[31m \"quote' & 漢字 \ud800 _*x*_ @ref ~ \\ `raw` ]] // -- https://example.org/" + "W" * 200
)


@dataclass(frozen=True, eq=False)
class Scene:
    """PET, CT, regions and anatomy of one examination."""

    suv: Volume
    ct: Volume
    lesions: tuple[Lesion, ...]
    anatomy: Anatomy

    def stored_as(self, orientation: str) -> Scene:
        """The same patient space in another storage order."""
        suv = reoriented(self.suv, orientation)
        lesions = tuple(replace(one, region=reoriented_region(one.region, orientation, suv.grid)) for one in self.lesions)
        references = {name: reoriented_region(one, orientation, suv.grid) for name, one in self.anatomy.references.items()}
        return Scene(suv, reoriented(self.ct, orientation), lesions, Anatomy(references=references))


def _grid(shape: tuple[int, int, int], spacing: tuple[float, float, float], first: tuple[float, float, float]) -> Grid:
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = *spacing, 1.0
    affine[:3, 3] = first
    return Grid(shape, affine, "1.2.3")


@pytest.fixture(scope="session")
def scene() -> Scene:
    """No two sides alike; the hottest voxel (31.5) lies in L02, to the left, in front, high up; spacing differs along each axis."""
    grid = _grid((50, 44, 60), (6.0, 5.0, 4.0), (-118.0, -110.0, -300.0))
    values = np.full(grid.shape_kji, 0.05, dtype=np.float32)
    values[:, 8:36, 8:52] = 0.8 + 0.01 * np.arange(44, dtype=np.float32)
    lesions = []
    for number, (start, size, uptake, status) in enumerate(
        (
            ((10, 12, 12), (6, 7, 8), 6.0, Status.DISEASE),
            ((38, 10, 40), (4, 5, 6), 9.0, Status.DISEASE),
            ((44, 18, 20), (6, 12, 14), 12.0, Status.PHYSIOLOGIC),
            ((24, 28, 30), (3, 3, 4), 5.0, Status.UNDECIDED),
        ),
        start=1,
    ):
        box = tuple(slice(first, first + count) for first, count in zip(start, size, strict=True))
        values[box] = uptake
        region = Region(grid, start, np.ones(size, dtype=bool))
        site = Code("62683002", "SCT", "Mediastinal lymph node") if status is Status.DISEASE else None
        lesions.append(Lesion(f"L{number:02d}", number, region, status, "rule TEST@1", "planted", site, site and Kind.NODAL))
    values[40, 12, 43] = 31.5
    liver = Region(grid, (20, 14, 14), np.ones((4, 5, 6), dtype=bool))
    ct_grid = _grid((70, 90, 100), (4.5, 2.5, 2.5), (-123.0, -112.0, -305.0))
    hu = np.full(ct_grid.shape_kji, -1000.0, dtype=np.float32)
    hu[:, 16:72, 14:86] = 40.0
    suv, ct = Volume(grid, values, Quantity.SUV_BW), Volume(ct_grid, hu, Quantity.HU)
    return Scene(suv, ct, tuple(lesions), Anatomy(references={"liver": liver}, absent={"blood_pool": "OUTSIDE_SCAN"}))


def _lesion(number: int, status: str, tlg_g: float) -> dict[str, Any]:
    return {
        "lesion_id": f"L{number:02d}",
        "label": number,
        "status": status,
        "decided_by": "rule DIS-DEFAULT@1",
        "because": f"reason {number}",
        "reviewed": False,
        "kind": "nodal",
        "site": {"value": "62683002", "scheme": "SCT", "meaning": "Mediastinal lymph node"},
        "volume_ml": 42.13,
        "suv_max": 18.237,
        "suv_mean": 9.1,
        "suv_peak": 15.0,
        "tlg_g": tlg_g,
        "centroid_lps_mm": [12.4, -30.6, 400.0],
        "voxels": 877,
    }


def _biomarker(name: str, unit: str, value: float | None, segmenter: str, *, reason: str | None = None, flags: Any = ()) -> dict[str, Any]:
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "method": f"{name}@1",
        "segmenter": segmenter,
        "reason_missing": reason,
        "flags": ["UNREVIEWED", *flags],
        "says": f"What {name} is.",
    }


def _series(uid: str) -> dict[str, Any]:
    return {
        "series_uid": uid,
        "description": "PET AC",
        "manufacturer": "GE",
        "model": "Discovery",
        "slices": 135,
        "shape_kji": [135, 128, 100],
        "spacing_mm_kji": [3.27, 4.6875, 4.5],
    }


@pytest.fixture
def document() -> dict[str, Any]:
    """A measurements.json: two disease lesions, one undecided, one physiologic, two segmenters, one missing number."""
    biomarkers = []
    for segmenter, times in (("max41", 0.9), ("suv4.0", 1.0)):
        biomarkers += [
            _biomarker("tmtv", "mL", 120.34 * times, segmenter),
            _biomarker("dmax", "mm", 352.6, segmenter, flags=["OUTSIDE_FOV"]),
            _biomarker("sdmax", "/m", None, segmenter, reason="HEIGHT_MISSING"),
        ]
    return copy.deepcopy(
        {
            "schema": 1,
            "status": "UNREVIEWED",
            "segmenter": "suv4.0",
            "software": {"carpet": "0.1.0", "numpy": "2.4.6"},
            "protocol": {"name": "cart-lymphoma", "segment": {"method": "suv4.0", "also": ["max41"]}, "suv": {"repair_date_shift": False}},
            "study": {
                "patient": "P-3f2a",
                "study_uid": "1.2.3.4",
                "date": "2009-05-02",
                "chosen_because": "the only corrected series",
                "pet": _series("1.2.3.5"),
                "ct": None,
            },
            "suv": {
                "quantity": "SUV_BW",
                "unit": "g/mL",
                "factor_bw_per_bqml": 4.2111007e-4,
                "reference_rule": "series_time",
                "uptake_min": 61.23,
                "candidates": {"back_computed": "2009-05-02T09:59:46", "series_time": "2009-05-02T09:59:47"},
                "rejected": {"ge_scan_datetime": "its date differs"},
                "facts": [{"name": "RadionuclideTotalDose", "value": "3.68e8", "unit": "Bq", "read_from": "(0054,0016)>(0018,1074)"}],
                "sop_instances_sha256": "ab" * 32,
            },
            "lesions": [
                _lesion(1, "physiologic", 900.0),
                _lesion(2, "disease", 10.0),
                _lesion(3, "undecided", 50.0),
                _lesion(4, "disease", 300.0),
            ],
            "biomarkers": biomarkers,
            "references": [
                {
                    "name": "liver",
                    "mean": 2.104,
                    "sd": 0.2,
                    "volume_ml": 14.1,
                    "centroid_lps_mm": [-60.0, 0.2, 300.0],
                    "reason_missing": None,
                },
                {"name": "spleen", "mean": None, "sd": None, "volume_ml": None, "centroid_lps_mm": None, "reason_missing": "OUTSIDE_SCAN"},
            ],
            "flags": [
                {
                    "code": "TREF_DISAGREE",
                    "severity": "W",
                    "message": "Candidates differ",
                    "where": "(0008,0031)",
                    "found": "1 s",
                    "allowed": "0 s",
                    "remedy": "Name one.",
                },
            ],
            "methods": [{"step": "SUV", "text": "Stored values times slope.", "sources": ["IBSI SUV manual"]}],
            "provenance": {"id": "5b1f3c9da01277aa", "inputs": {"dicom/P007": "sha256 11aa"}},
        }
    )


def _poisoned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _poisoned(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_poisoned(inner) for inner in value]
    return HOSTILE if isinstance(value, str) else value


@pytest.fixture
def hostile_document(document: dict[str, Any]) -> dict[str, Any]:
    """The document with hostile words in every text; only what selects code (status, severity, status of a lesion) is kept."""
    poisoned: dict[str, Any] = _poisoned(document)
    poisoned["status"] = document["status"]
    for name, key in (("lesions", "status"), ("flags", "severity")):
        for bad, good in zip(poisoned[name], document[name], strict=True):
            bad[key] = good[key]
    for bad, good in zip(poisoned["biomarkers"], document["biomarkers"], strict=True):
        bad["name"], bad["segmenter"] = good["name"] + HOSTILE, good["segmenter"] + HOSTILE
    return poisoned


@pytest.fixture(scope="session")
def hostile_text() -> str:
    return HOSTILE


def _response(timepoint: str, day: int, criterion: str, category: str, assessor: str = "carpet", **more: Any) -> dict[str, Any]:
    said = {"rule": f"{criterion}-{category}", "because": f"because of {category}", "value": None, "flags": ["UNREVIEWED"]}
    return {"timepoint": timepoint, "day": day, "criterion": f"{criterion}@1", "category": category, "assessor": assessor} | said | more


def _kinetic(biomarker: str, unit: str, pair: tuple[str, str], days: tuple[int, int], numbers: tuple[Any, ...]) -> dict[str, Any]:
    names = ("before", "now", "change", "per_day", "percent", "log_growth_per_day", "doubling_days")
    of = {"biomarker": biomarker, "unit": unit, "from_timepoint": pair[0], "to_timepoint": pair[1], "from_day": days[0], "to_day": days[1]}
    return of | dict(zip(names, numbers, strict=True)) | {"from_baseline": True, "reason_missing": "", "flags": []}


def _sighting(track: str, scan: tuple[str, int, str], event: str, volume_ml: float | None, **more: Any) -> dict[str, Any]:
    ids = ["L01"] if volume_ml else []
    said = {"lesion_ids": ids, "volume_ml": volume_ml, "confidence": "high", "because": f"T3: {event}", "into": "", "flags": []}
    said |= {"residual_suv_max": None, "residual_above": "", "residual_reason_missing": ""}
    where = dict(zip(("timepoint", "day", "study_uid"), scan, strict=True))
    return {"track": track, "event": event, "aligned_by": "bone", "alignment_error_mm": 1.0, "site": "Spleen"} | where | said | more


def _course_scan(timepoint: str, day: int, **more: Any) -> dict[str, Any]:
    said = {"status": "UNREVIEWED", "refused": [], "uptake_min": 61.0, "liver": {"mean": 2.1, "reason_missing": None}, "scanner": "GE 690"}
    said |= {"reconstruction": "OSEM", "spacing_mm_kji": [3.27, 4.0, 4.0], "segmenter": "suv4.0", "flags": ["UNREVIEWED", "UPTAKE_LATE"]}
    where = {"timepoint": timepoint, "day": day, "study_uid": f"1.2.{day}", "baseline": timepoint == "TT"}
    return where | {"report": f"day_{day}_x/report.html"} | said | more


@pytest.fixture
def patient_course() -> dict[str, Any]:
    """What is told of one patient: three scans, one of them refused, a reader and the numbers, which differ."""
    uids = (("TT", -3, "1.2.-3"), ("M3", 91, "1.2.91"))
    nothing = dict.fromkeys(("uptake_min", "liver", "scanner", "reconstruction", "spacing_mm_kji", "segmenter"))
    refused = _course_scan("M1", 28, status="REFUSED", refused=["WEIGHT_MISSING"], flags=[], report="", **nothing)
    notice = {"code": "WEIGHT_MISSING", "severity": "E", "message": "no weight", "where": "(0010,1030)", "found": "", "allowed": ""}
    answer = {"criterion": "lugano", "category": "CR", "rule": "LUG-CMR", "because": "complete metabolic response"}
    return copy.deepcopy(
        {
            "patient": {"id": "P-3f2a", "product": "axi-cel", "histology": "DLBCL", "bridging": True, "infused": True, "baseline": "TT"},
            "protocol": "cart-lymphoma",
            "scans": [_course_scan("TT", -3), refused, _course_scan("M3", 91, flags=["RECON_CHANGED"])],
            "responses": [
                _response("M1", 28, "lugano", "NE", rule="NOT_COMPUTABLE", because="the PET was refused"),
                _response("M1", 28, "lugano_pet", "NE", rule="NOT_COMPUTABLE", because="the PET was refused"),
                _response("M3", 91, "lugano", "PR", flags=["UNREVIEWED", "SPLEEN_NOT_MEASURED"]),
                _response("M3", 91, "lyric", "PD", dated_to_day=30),
                _response("M3", 91, "qpet", "5", value=7.71),
                _response("M3", 91, "delta_suv_max", "REPORTED", value=42.73),
                _response("M3", 91, "lugano", "CR", "reader Dr R", rule="LUG-CMR", because="complete metabolic response"),
            ],
            "best": [
                {"criterion": f"{name}@1", "assessor": "carpet", "category": "PR", "timepoint": "M3", "day": 91}
                | {"ended_by": "last scan", "because": "M3 PR (day 91)"}
                for name in ("lugano", "recil")
            ],
            "conversions": [
                {"criterion": "lugano@1", "assessor": "carpet", "from_timepoint": "M1", "from_day": 28, "from_category": "SD"}
                | {"to_timepoint": "M3", "to_day": 91, "to_category": "PR", "new_therapy_before": False}
            ],
            "findings": [
                {"timepoint": "M3", "day": 91, "study_uid": "1.2.91", "finding": "PSEUDO", "says": "growth early after infusion"}
                | {"because": "T01 grew by 60 %", "flags": ["UNREVIEWED", "GROWTH_BY_SITE"], "severity": "W"},
                {"timepoint": "M1", "day": 28, "study_uid": "", "finding": "DS", "says": "Deauville 2 at month 1"}
                | {"because": "by reader Dr R", "flags": [], "severity": "I"},
            ],
            "disputes": [
                {
                    "timepoint": "M3",
                    "day": 91,
                    "triggers": [["CATEGORY_DIFFERS", "CR and PR"], ["DEAUVILLE_ACROSS_3_4", "Deauville 2 and 4"]],
                }
                | {"readers": [["reader Dr R", [["lugano", "CR"], ["deauville", "2"]]], ["reader Dr S", [["lugano", "PR"]]]]}
            ],
            "unlike_numbers": [
                {"timepoint": "M3", "day": 91, "reader": "reader Dr R", "said": [["lugano", "CR"]], "numbers": [["lugano", "PR"]]}
                | {"flagged": True}
            ],
            "says": {"SPLEEN_NOT_MEASURED": "the spleen was not measured", "UPTAKE_LATE": "a late scan", "WEIGHT_MISSING": "no weight"},
            "disagreements": [
                {"timepoint": "M3", "day": 91, "assessor": "reader Dr R", "question": "complete response", "yes": [answer]}
                | {"no": [answer | {"criterion": "recil", "category": "PR", "rule": "REC-PR"}]}
            ],
            "kinetics": [
                _kinetic("tmtv", "mL", ("TT", "M3"), (-3, 91), (100.0, 25.0, -75.0, -0.798, -75.0, -0.0147, -47.0)),
                _kinetic("suv_max", "g/mL", ("TT", "M3"), (-3, 91), (20.0, None, None, None, None, None, None))
                | {"reason_missing": "NO_LESION"},
                _kinetic("tmtv", "mL", ("TD", "TT"), (-34, -3), (50.0, 100.0, 50.0, 1.613, 100.0, 0.02236, 31.0)),
            ],
            "tracks": [
                _sighting("T01", uids[0], "present", 80.0),
                _sighting("T01", uids[1], "gone", 0.0),
                _sighting("T02", uids[1], "new", 25.0, confidence="low"),
            ],
            "pairs": [["TT and M3", "../../figures/P-3f2a/tracks_TT_M3.png"]],
            "refusals": [notice | {"remedy": "scans.csv", "at": "M1 (day 28)"}],
            "flags": [notice | {"code": "RECON_CHANGED", "severity": "W", "remedy": "", "at": "", "where": "M3", "found": "model"}] * 2,
            "software": {"carpet": "0.1.0"},
            "provenance": [["Course, step of the store", "abcd1234"]],
        }
    )


@pytest.fixture
def hostile_course(patient_course: dict[str, Any]) -> dict[str, Any]:
    """The same with hostile words in every text; what selects code is kept, ids that join rows stay equal."""
    poisoned: dict[str, Any] = _poisoned(patient_course)
    poisoned["software"], poisoned["patient"]["baseline"] = {HOSTILE: HOSTILE}, HOSTILE
    for bad, good in zip(poisoned["scans"], patient_course["scans"], strict=True):
        bad["status"] = good["status"]
    return poisoned
