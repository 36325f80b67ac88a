"""The tables of a trial: what each column holds, and the rows as CSV with a codebook beside each. Days from infusion, no calendar date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from carpet.run.cohort.schemas import COHORT_SCHEMAS, ROLES
from carpet.run.outputs import csv_bytes
from carpet.run.terminal import json_text

Columns = Mapping[str, tuple[str, str]]  # name → unit (UCUM; empty: text), what it says
CODEBOOK_SUFFIX = ".codebook.json"

WHO: Columns = {
    "patient_id": ("", "the patient's pseudonym, as in patients.csv; empty where no patient is known"),
    "timepoint": ("", "the time point the scan stands for, by the protocol's windows; empty for none"),
    "day": ("d", "days from infusion; empty where there was none"),
}
UID: Columns = {"study_uid": ("", "Study Instance UID (0020,000D)")}
FLAGS: Columns = {"flags": ("", "codes of what must be known with the row, separated by semicolons; explained in the manual")}
NOTICE: Columns = {
    "code": ("", "what it is, as a stable code"),
    "message": ("", "what it is, in words"),
    "where": ("", "the attribute, file with row and column, time point or setting"),
    "found": ("", "what was found there"),
    "allowed": ("", "what is allowed"),
    "remedy": ("", "what to do"),
}
SCHEMAS: Mapping[str, Columns] = {
    "studies": {
        **WHO,
        **UID,
        "status": ("", "REVIEWED, UNREVIEWED (no reader has confirmed what is disease), or REFUSED"),
        "pet_series_uid": ("", "the PET that was measured"),
        "ct_series_uid": ("", "the CT that went with it; empty for none"),
        "chosen_because": ("", "why this PET"),
        "manufacturer": ("", "of the PET scanner"),
        "model": ("", "of the PET scanner"),
        "reconstruction": ("", "of the PET, as it says"),
        "spacing_k_mm": ("mm", "distance of the PET's slices"),
        "spacing_j_mm": ("mm", "height of a PET voxel in its slice"),
        "spacing_i_mm": ("mm", "width of a PET voxel in its slice"),
        "uptake_min": ("min", "from injection to the PET's reference time"),
        "segmenter": ("", "the delineation of the lesion table"),
        "liver_suv_mean": ("g/mL", "mean SUVbw of the liver reference"),
        "liver_suv_max": ("g/mL", "highest SUVbw of the liver reference, for the Deauville score"),
        "blood_pool_suv_max": ("g/mL", "highest SUVbw of the blood-pool reference, for the Deauville score"),
        **FLAGS,
    },
    "lesions": {
        **WHO,
        **UID,
        "lesion_id": ("", "the region's name within its scan; the same name on another scan is another lesion"),
        "status": ("", "disease, physiologic or undecided; only disease counts"),
        "decided_by": ("", "the rule that decided, or the readers: those who agree, who adjudicates, or those who contradict each other"),
        "kind": ("", "nodal, extranodal, spleen or marrow"),
        "site": ("", "organ or lymph-node region"),
        "volume_ml": ("mL", "volume"),
        "suv_max": ("g/mL", "highest SUVbw"),
        "suv_mean": ("g/mL", "mean SUVbw"),
        "suv_peak": ("g/mL", "SUVpeak"),
        "tlg_g": ("g", "total lesion glycolysis"),
        "centroid_l_mm": ("mm", "centre, to the left (DICOM LPS)"),
        "centroid_p_mm": ("mm", "centre, to the back"),
        "centroid_s_mm": ("mm", "centre, to the head"),
        "voxels": ("{count}", "PET voxels"),
        **FLAGS,
    },
    "biomarkers": {
        **WHO,
        **UID,
        "segmenter": ("", "the delineation"),
        "name": ("", "the biomarker; `carpet methods biomarker` defines each"),
        "value": ("see unit", "the number; empty where there is none"),
        "unit": ("", "its unit, UCUM"),
        "method": ("", "biomarker@version"),
        "reason_missing": ("", "why there is no number"),
        **FLAGS,
    },
    "kinetics": {
        "patient_id": WHO["patient_id"],
        "biomarker": ("", "tmtv, tlg or suv_max of the main delineation"),
        "unit": ("", "of before, now, change; per_day is this over a day"),
        "from_timepoint": ("", "the earlier time point"),
        "to_timepoint": ("", "the later time point"),
        "from_day": ("d", "day of the earlier scan, from infusion"),
        "to_day": ("d", "day of the later scan, from infusion"),
        "from_baseline": ("", "yes where the earlier scan is the baseline"),
        "before": ("see unit", "the earlier value"),
        "now": ("see unit", "the later value"),
        "change": ("see unit", "now − before"),
        "per_day": ("see unit", "change over days"),
        "percent": ("%", "100·(now − before)/before; ΔSUVmax (Casasnovas 2011) is this of suv_max from baseline, with the other sign"),
        "log_growth_per_day": ("/d", "ln(now/before) over days"),
        "doubling_days": ("d", "ln 2 over the logarithmic growth; negative: halving time"),
        "reason_missing": ("", "why a number is missing"),
        **FLAGS,
    },
    "lesion_tracks": {
        **WHO,
        **UID,
        "track": ("", "the same lesion over all scans of the patient; only disease is followed"),
        "event": (
            "",
            "present, gone, new, split, merged, reappeared; remnant: uptake of candidate level is left at its place, in a region too small"
            " to be one; first seen: no earlier scan covers its place; not in the field of view; not aligned",
        ),
        "lesion_ids": ("", "its regions on this scan as in the table lesions, separated by semicolons; empty where it is not seen"),
        "volume_ml": ("mL", "volume of these regions, 0 where it has gone; empty where that cannot be told or `into` has it"),
        "residual_suv_max": ("g/mL", "SUVmax of what is left at its place; empty where a region of it stands, or where it is not known"),
        "residual_above": (
            "",
            "whether that stands above its surroundings: yes, no, or unsure: it goes on beyond the place; empty where not known",
        ),
        "residual_reason_missing": (
            "",
            "why it is not known: OUT_OF_FIELD, NOT_ALIGNED, PLACE_TAKEN_OUT (other regions, kidney, brain or bladder lie at the place)",
        ),
        "confidence": ("", "high, or low: a person looks first"),
        "because": ("", "the rule, or the reader, and what it saw"),
        "into": ("", "the track that this one has merged into"),
        "aligned_by": ("", "what laid this scan on the patient's first one: bone, uptake, or outline and uptake; empty for the first"),
        "alignment_error_mm": ("mm", "median distance between the surfaces of both scans once aligned"),
        **FLAGS,
    },
    "responses": {
        **WHO,
        "criterion": ("", "criterion@version"),
        "assessor": ("", "carpet: by the numbers, for a reader to confirm; reader …: by that reader's findings"),
        "category": ("", "the response; NE: cannot be evaluated"),
        "rule": ("", "the rule that decided; READING: as the reader called it; NOT_COMPUTABLE: a fact is lacking, see because"),
        "because": ("", "the rule in words, or what is lacking"),
        "value": (
            "see says",
            "qpet: SUVpeak of the hottest residual over liver SUVmean, no unit; delta_suv_max: fall of SUVmax from baseline, %; empty for"
            " all others, and where an undecided region is hotter",
        ),
        "dated_to_day": ("d", "lyric: the day of the first indeterminate response to which confirmed progression is dated; else empty"),
        "baseline_timepoint": ("", "the time point compared with"),
        "baseline_day": ("d", "its day from infusion"),
        **FLAGS,
    },
    "best_responses": {
        "patient_id": WHO["patient_id"],
        "criterion": ("", "criterion@version"),
        "assessor": ("", "as in responses"),
        "category": ("", "the best category from day 1 on, until progression or new therapy; NE: none that counts as a response"),
        "timepoint": ("", "the first time point that shows it; empty for NE, and where progression_date came before any response"),
        "day": ("d", "its day from infusion"),
        "ended_by": ("", "what ended the count: PD, progression_date (patients.csv), new therapy (transplant included) or last scan"),
        "because": ("", "the same in words, with what was not counted"),
    },
    "conversions": {
        "patient_id": WHO["patient_id"],
        "criterion": ("", "criterion@version"),
        "assessor": ("", "as in responses"),
        "from_timepoint": ("", "a time point with less than a complete response"),
        "from_day": ("d", "its day from infusion"),
        "from_category": ("", "its category"),
        "to_timepoint": ("", "the first later time point with a better category"),
        "to_day": ("d", "its day from infusion"),
        "to_category": ("", "its category"),
        "new_therapy_before": ("", "yes where new therapy began before the later scan: the improvement may be that therapy's"),
    },
    "findings": {
        **WHO,
        "timepoint": ("", "the time point; unscheduled: a scan that stands for none; whole course: no scan, the day is of patients.csv"),
        **UID,
        "finding": ("", "what a person should look at, as a stable code; explained with its source in the manual"),
        "says": ("", "the same in words; never a diagnosis"),
        "because": ("", "the facts"),
        **FLAGS,
    },
    "scores": {
        "patient_id": WHO["patient_id"],
        "timepoint": ("", "the time point asked at; LD: the first day of lymphodepletion"),
        "day": ("d", "its day from infusion; laboratory values are taken up to it, those of TT up to the first day of lymphodepletion"),
        "score": ("", "the score (`carpet methods score` defines each), or a published cut-off of a later scan"),
        "value": ("see unit", "the number; empty where there is none"),
        "unit": ("", "its unit, UCUM"),
        "group": ("", "the published group; empty where none is published or there is no number"),
        "segmenter": ("", "the delineation of the volume it takes; empty where it takes none"),
        "made_for": ("", "the patients it was published for"),
        "method": ("", "score@version, or the cut-off"),
        "source": ("", "where it was published"),
        "reason_missing": ("", "why there is no number: what lacks, or why it does not exist here"),
        "inputs": ("", "what went in and where it comes from, separated by semicolons"),
        **FLAGS,
    },
    "missing_data": {
        "timepoint": ("", "the time point asked at, as in scores"),
        "input": ("", "what a score asks for"),
        "unit": ("", "its unit, UCUM"),
        "patients": ("{count}", "patients who have this time point"),
        "missing": ("{count}", "of these without the input"),
        "percent": ("%", "the same as a share"),
        "reasons": ("", "why, with the number of patients, separated by semicolons"),
    },
    "toxicity": {
        "patient_id": WHO["patient_id"],
        "event": ("", "what happened, as in toxicity.csv"),
        "scale": ("", "the scale of the grade; grades of two scales are not compared"),
        "grade": ("", "the grade given, or, with the flag GRADE_DERIVED, the one the items make"),
        "derived_grade": ("", "the grade that the items make by ASTCT 2019, whatever the scale; empty where that cannot be told"),
        "rule": ("", "the rule of the derived grade"),
        "because": ("", "the items that decided, or what is not known"),
        "onset_day": ("d", "first day of the event, from infusion"),
        "resolution_day": ("d", "first day without it, from infusion"),
        "duration_days": ("d", "whole days from onset to resolution"),
        "worst": ("", "yes for the highest grade of this patient, event and scale; of equals the first"),
        **FLAGS,
    },
    "endpoints": {
        "patient_id": WHO["patient_id"],
        "endpoint": ("", "OS, PFS, DOR, EFS, TTP, NRM (non-relapse mortality), EP (early progression: yes or no)"),
        "rules": ("", "the named set of rules: default, and what other trials do; explained in the manual"),
        "event": ("", "0: censored (EP: no), 1: the event, 2: the competing event (NRM: progression; DOR, TTP: death of another cause)"),
        "days": ("d", "whole days from the origin to the event or to censoring; empty where there is none"),
        "origin": ("", "what days are counted from: infusion, enrolment, first response"),
        "caused_by": ("", "the one record that caused the event or the censoring"),
        "rule": ("", "what decided, as a stable code"),
        "because": ("", "the same in words; days from infusion, of a patient without infusion from enrolment"),
        "reason_missing": ("", "why there is no number"),
        **FLAGS,
    },
    "rule_effects": {
        "patient_id": ("", "a patient whose result differs from the default; empty: all patients together"),
        "endpoint": ("", "as in endpoints"),
        "rules": ("", "the set of rules that stands beside the default"),
        "patients": ("{count}", "patients with a result by these rules"),
        "events": ("{count}", "events by these rules"),
        "competing": ("{count}", "competing events by these rules"),
        "days": ("d", "follow-up by these rules, together"),
        "default_patients": ("{count}", "patients with a result by the default rules"),
        "default_events": ("{count}", "events by the default rules"),
        "default_competing": ("{count}", "competing events by the default rules"),
        "default_days": ("d", "follow-up by the default rules, together"),
        "changed": ("{count}", "patients whose result differs: event, days, or whether there is one"),
    },
    "agreement": {
        "item": (
            "",
            "what was rated: deauville, metabolic_response, ct_response, as in readings.csv; tmtv (mL), outlines (of all disease): what"
            " would be measured had each reader alone decided (decisions.csv), disputed regions included; only scans whose every region"
            " each of both decided",
        ),
        "timepoint": ("", "the time point; empty: all together, several scans of a patient counted as several cases"),
        "raters": ("", "two readers, or a reader and carpet (by the numbers); all readers, where there are three or more"),
        "statistic": (
            "",
            "percent_agreement (%), kappa_quadratic, kappa (Cohen, of two), fleiss_kappa, ac1 (Gwet); of tmtv: icc (two-way, absolute),"
            " lin_ccc, bias_ratio, limit_low_ratio and limit_high_ratio (Bland–Altman on the logarithm: first reader over second),"
            " within_benchmark (%, apart by less than 10 % of the second or 10 mL); of outlines, medians over scans: dice, hd95 (mm), nsd"
            " (tolerance 4 mm)",
        ),
        "value": ("see says", "the statistic; κ collapses where nearly all cases are alike: read it beside AC1"),
        "low": ("see says", "lower limit of its 95 % interval"),
        "high": ("see says", "upper limit"),
        "n": ("{count}", "cases"),
        "left_out": (
            "{count}",
            "further cases of these raters, left out since a reading of them was not blind: in the reading room it could be changed after"
            " sight of the other reading, or of a later scan",
        ),
        "reason_missing": (
            "",
            "why there is no number, or no interval beside it: TOO_FEW_FOR_INTERVAL (below 10 cases), NO_SPREAD (all cases alike),"
            " READING_NOT_BLIND (every case is left out),"
            " REGION_NOT_DRAWN (a reader's disease that the main delineation did not draw, since the scan was measured without it)",
        ),
    },
    "adjudications": {
        **WHO,
        "readers": ("", "who differs: two readers, or a reader and patients.csv (its progression_date)"),
        "trigger": ("", "why a third person must see the case"),
        "because": ("", "what each of both says, in the order of readers; of the reading room as found when both had signed first"),
        "not_blind": ("", "of the reading room: whose reading could be changed after sight of what; empty where both were blind"),
    },
    **COHORT_SCHEMAS,
    "refusals": {"patient_id": WHO["patient_id"], "day": WHO["day"], **UID, **NOTICE},
    "flags": {
        "patient_id": WHO["patient_id"],
        "day": WHO["day"],
        **UID,
        "severity": ("", "W: goes with every number; I: to know"),
        **NOTICE,
    },
}
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def table_files(rows: Rows) -> dict[str, bytes]:
    """File name → content: a CSV and a codebook for every table of SCHEMAS, sorted by the key columns, then by all others."""
    files = {}
    for name, columns in SCHEMAS.items():
        files[f"{name}.csv"] = csv_bytes(columns, shown_rows(name, rows))
        files[f"{name}{CODEBOOK_SUFFIX}"] = (json_text(codebook(name)) + "\n").encode()
    return files


def shown_rows(name: str, rows: Rows) -> list[dict[str, Any]]:
    """The rows of one table as they are written: in their order, truth as yes and no."""
    return sorted((_shown(row) for row in rows.get(name, ())), key=lambda row: _order(row, SCHEMAS[name]))


def codebook(name: str) -> dict[str, Any]:
    """What the columns of a table hold, in their order; of `cohort` also what each is to the analysis."""
    more = ROLES if name == "cohort" else {}
    columns = [{"name": column, "unit": unit, "says": says, **more.get(column, {})} for column, (unit, says) in SCHEMAS[name].items()]
    return {"schema": 1, "table": name, "columns": columns}


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: {True: "yes", False: "no"}[value] if isinstance(value, bool) else value for key, value in row.items()}


def _order(row: Mapping[str, Any], columns: Iterable[str]) -> tuple[tuple[bool, float, str], ...]:
    """Patients by name, days by number, whatever follows by its text; what is empty first."""
    return tuple(_place(row.get(name)) for name in columns if name != "timepoint")


def _place(value: Any) -> tuple[bool, float, str]:
    number = float(value) if isinstance(value, int | float) else 0.0
    return value is not None, number, "" if isinstance(value, int | float | None) else str(value)


def study_row(payload: Mapping[str, Any], flags: Iterable[str]) -> dict[str, Any]:
    """A stored study as a row of `studies`."""
    pet, references, highest = payload["pet"], payload["references"], payload["reference_suv_max"]
    spacing = pet["spacing_mm_kji"] or (None, None, None)
    return {
        **{name: payload[name] for name in ("status", "chosen_because", "uptake_min", "segmenter")},
        **{name: pet[name] for name in ("manufacturer", "model", "reconstruction")},
        **{f"spacing_{axis}_mm": mm for axis, mm in zip("kji", spacing, strict=True)},
        "pet_series_uid": pet["series_uid"],
        "ct_series_uid": payload["ct"]["series_uid"] if payload["ct"] else None,
        "liver_suv_mean": references["liver"]["mean"],
        "liver_suv_max": highest.get("liver"),
        "blood_pool_suv_max": highest.get("blood_pool"),
        "flags": sorted(set(flags)),
    }


def lesion_row(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A stored lesion as a row of `lesions`."""
    site, centre = payload["site"], dict(zip("lps", payload["centroid_lps_mm"], strict=True))
    return {
        **payload,
        "site": site["meaning"] if site else None,
        **{f"centroid_{axis}_mm": mm for axis, mm in centre.items()},
    }
