"""What the report says: the content of measurements.json as finished text, the same for the HTML page and the PDF."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from carpet.core.space import Quantity
from carpet.report import numbers
from carpet.report.drawing import UNREVIEWED, shortened

Record = Mapping[str, Any]

TITLE = "FDG PET/CT: metabolic tumour measurements"
UNREVIEWED_SAYS = "No physician has confirmed these regions and numbers."
RESEARCH_ONLY = (
    "For research use only. CARPET is not a medical device: nothing on these pages may guide the diagnosis or treatment of a patient."
)
STATUSES = (("disease", "Disease"), ("undecided", "Undecided, not counted"), ("physiologic", "Physiologic, not counted"))
CODE = re.compile(r"\b[A-Z]+(?:_[A-Z]+)+\b")  # of a reason, in the text of a method
SEVERITIES = {"E": "error", "W": "warning", "I": "note"}
MOST_IN_HEADER = 40  # characters of the pseudonym in the line on top of each page
MOST_ALERTS = 5  # beside the key numbers; the quality page lists all
MOST_SEGMENTERS = 8  # columns of one matrix that fit the width of an A4 page
KEY_BIOMARKERS = (
    "tmtv",
    "tlg",
    "mbv",
    "lesion_count",
    "suv_max",
    "suv_peak",
    "dmax",
    "sdmax",
    "nodal_regions",
    "extranodal_sites",
)
LABELS: Mapping[str, str] = {
    "tmtv": "Total metabolic tumour volume (TMTV)",
    "tlg": "Total lesion glycolysis (TLG)",
    "suv_max": "SUVmax, hottest lesion",
    "suv_peak": "SUVpeak, hottest 1 mL",
    "suv_mean": "SUVmean over all disease",
    "mbv": "Metabolic bulk volume (MBV)",
    "lesion_count": "Lesions",
    "nodal_regions": "Nodal regions involved",
    "extranodal_sites": "Extranodal sites involved",
    "dmax": "Largest distance between lesions (Dmax)",
    "dmax_voxel": "Dmax between voxels",
    "dmax_manhattan": "Dmax, Manhattan distance",
    "dmax_chebyshev": "Dmax, Chebyshev distance",
    "dmax_bulk": "Dmax from the largest lesion",
    "sdmax": "Dmax by body surface (SDmax)",
    "spread_bulk": "Spread from the largest lesion",
    "spread_patient": "Spread over all pairs",
    "tsp": "Shortest path through lesions (TSP)",
    "tts": "Total tumour surface (TTS)",
    "tvsr": "Volume to surface ratio (TVSR)",
    "asphericity": "Asphericity",
    "liver_suv_mean": "Liver SUVmean",
    "blood_pool_suv_mean": "Blood pool SUVmean",
    "spleen_liver_ratio": "Spleen to liver ratio",
    "marrow_liver_ratio": "Marrow to liver ratio",
}
REFERENCE_LABELS = {"liver": "Liver, 3 cm sphere", "blood_pool": "Blood pool, descending aorta", "spleen": "Spleen", "marrow": "Marrow"}


def clean(text: object) -> str:
    """Text from a file as one harmless line: control and direction-changing characters are shown, not obeyed."""
    return "".join(_visible(character) for character in str(text)).strip()


def _visible(character: str) -> str:
    if character in "\t\n\r":
        return " "
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    if category in ("Cc", "Cf", "Co", "Cn"):
        return f"‹U+{ord(character):04X}›"
    return character


def content(document: Record) -> dict[str, Any]:
    """Everything the templates print, as text, lists and truth values; nothing else of `document` reaches them."""
    unreviewed = document["status"] == UNREVIEWED
    alerts = _alerts(document["flags"])
    trial = document.get("trial")
    patient = clean(document["study"]["patient"])
    return {
        "title": TITLE,
        "heading": f"{TITLE}: {patient}, {_day_text(trial)}" if trial else TITLE,
        "trail": [[clean(label), link] for label, link in _trail(patient)] if trial else [],
        "trial_mark": clean(trial["mark"]) if trial else "",
        "unreviewed": unreviewed,
        "mark": clean(document["status"]),
        "mark_says": UNREVIEWED_SAYS if unreviewed else "",
        "patient": patient,
        "patient_short": shortened(patient, MOST_IN_HEADER) + (f", {_day_text(trial)}" if trial else ""),
        "research_only": RESEARCH_ONLY,
        "identity": _identity(document),
        "alerts": alerts[:MOST_ALERTS],
        "more_alerts": f"and {len(alerts) - MOST_ALERTS} more, see Flags" if len(alerts) > MOST_ALERTS else "",
        "key": _key(document),
        "key_segmenter": clean(_chosen(document)),
        "lesion_groups": _lesion_groups(document["lesions"]),
        "lesions_say": _lesions_say(document["lesions"]),
        "matrices": _matrices(document["biomarkers"], {flag["code"]: flag["message"] for flag in document["flags"]}),
        "references": [_reference(row) for row in document["references"]],
        "suv": _suv(document["suv"]),
        "facts": [_fact(row) for row in document["suv"].get("facts", ())],
        "candidates": _candidates(document["suv"]),
        "flags": [_flag(row) for row in document["flags"]],
        "methods": [_method(row) for row in document["methods"]],
        "definitions": _definitions(document["biomarkers"]),
        "protocol": _protocol(document["protocol"]),
        "software": [[clean(name), clean(version)] for name, version in document["software"].items()],
        "provenance": _provenance(document),
    }


def _identity(document: Record) -> list[list[str]]:
    study = document["study"]
    trial = document.get("trial")
    rows = [
        ("Patient", study["patient"]),
        ("Scan", _scan(trial)) if trial else ("Study date", study["date"] or "not stated"),
        ("PET", _series(study["pet"])),
        ("CT", _series(study["ct"]) if study["ct"] else "none used"),
        ("Protocol", document["protocol"].get("name", "not named")),
        ("Chosen because", study["chosen_because"]),
    ]
    return [[label, clean(text)] for label, text in rows]


def _day_text(trial: Record) -> str:
    return "no day" if trial["day"] is None else f"day {numbers.decimal_text(trial['day'], 0) if trial['day'] else '0'}"


def _scan(trial: Record) -> str:
    """The day, and the time point in whose window it lies where there is one."""
    if trial["day"] is None:
        return "no day from infusion is known"
    window = f", in the window of {trial['window']}" if trial["window"] else ""
    return f"{_day_text(trial)} from infusion{window}; the patient's page says what it stands for"


def _trail(patient: str) -> list[tuple[str, str]]:
    """The way back within a trial: label and link from results/reports/<patient>/<scan>/."""
    return [("All patients", "../../index.html"), (f"Course of {patient}", "../index.html"), ("this page as PDF", "report.pdf")]


def _series(series: Record) -> str:
    maker = " ".join(str(series[name]) for name in ("manufacturer", "model") if series.get(name))
    spacing = " × ".join(numbers.decimal_text(float(mm), 2) for mm in reversed(series["spacing_mm_kji"]))
    size = " × ".join(str(n) for n in reversed(series["shape_kji"]))
    parts = [series.get("description") or "no description", maker, f"{size} voxels of {spacing} mm"]
    return "; ".join(part for part in parts if part)


def _alerts(flags: Sequence[Record]) -> list[list[str]]:
    """Errors and warnings, which a reader must see beside the numbers; the marker of the review status has its own place."""
    return [[clean(flag["code"]), clean(flag["message"])] for flag in flags if flag["severity"] in "EW" and flag["code"] != UNREVIEWED]


def _chosen(document: Record) -> str:
    """The segmenter of the key numbers: the one that drew the lesion table."""
    return str(document["segmenter"])


def _key(document: Record) -> list[dict[str, Any]]:
    chosen = _chosen(document)
    own = {row["name"]: row for row in document["biomarkers"] if row["segmenter"] == chosen}
    return [{"label": _label(name), **_cell(own[name]), "unit": _unit(own[name]["unit"])} for name in KEY_BIOMARKERS if name in own]


def _label(name: str) -> str:
    return LABELS.get(name, clean(name))


def _unit(ucum: str) -> str:
    return clean(numbers.unit_text(ucum))


def _cell(row: Record) -> dict[str, Any]:
    """A biomarker's value as text, or the dash and reason; `notes` are its flags but for the review status."""
    notes = [clean(code) for code in row.get("flags") or () if code != UNREVIEWED]
    if row["value"] is None:
        return {"text": clean(numbers.missing_text(row["reason_missing"] or "NO_REASON_GIVEN")), "missing": True, "notes": notes}
    return {"text": numbers.number_text(float(row["value"]), row["unit"], name=row["name"]), "missing": False, "notes": notes}


def _lesion_groups(lesions: Sequence[Record]) -> list[dict[str, Any]]:
    groups = []
    for status, title in STATUSES:
        own = sorted((row for row in lesions if row["status"] == status), key=lambda row: (-row["tlg_g"], row["lesion_id"]))
        if own:
            groups.append({"status": status, "title": f"{title} ({len(own)})", "rows": [_lesion(row) for row in own]})
    return groups


def _lesions_say(lesions: Sequence[Record]) -> str:
    if not lesions:
        return "No region of raised uptake was found."
    return "" if any(row["status"] == "disease" for row in lesions) else "No region is counted as disease."


def _lesion(row: Record) -> dict[str, Any]:
    site = clean(row["site"]["meaning"]) if row.get("site") else "site not determined"
    kind = clean(row["kind"]) if row.get("kind") else ""
    return {
        "id": clean(row["lesion_id"]),
        "site": f"{site}, {kind}" if kind else site,
        "volume": numbers.number_text(row["volume_ml"], "mL"),
        "suv_max": numbers.number_text(row["suv_max"], "g/mL"),
        "suv_mean": numbers.number_text(row["suv_mean"], "g/mL"),
        "suv_peak": numbers.DASH if row["suv_peak"] is None else numbers.number_text(row["suv_peak"], "g/mL"),
        "tlg": numbers.number_text(row["tlg_g"], "g"),
        "centre": numbers.point_text(row["centroid_lps_mm"]),
        "decided_by": clean(row["decided_by"]) + (" (reviewed)" if row["reviewed"] else ""),
        "because": clean(row["because"]),
    }


def _matrices(biomarkers: Sequence[Record], says: Mapping[str, str]) -> list[dict[str, Any]]:
    """Biomarkers down, segmenters across, in blocks of at most eight segmenters; notes are lettered below."""
    segmenters = list(dict.fromkeys(row["segmenter"] for row in biomarkers))
    blocks = -(-len(segmenters) // MOST_SEGMENTERS)
    size = -(-len(segmenters) // blocks) if blocks else 1
    return [_matrix(biomarkers, segmenters[start : start + size], says) for start in range(0, len(segmenters), size)]


def _matrix(biomarkers: Sequence[Record], segmenters: Sequence[str], says: Mapping[str, str]) -> dict[str, Any]:
    cells = {(row["name"], row["segmenter"]): row for row in biomarkers if row["segmenter"] in segmenters}
    units = {row["name"]: row["unit"] for row in biomarkers if row["segmenter"] in segmenters}
    letters: dict[str, str] = {}
    rows = []
    for name, unit in units.items():
        line = [_cell(cells[name, own]) if (name, own) in cells else _not_asked() for own in segmenters]
        for cell in line:
            cell["letters"] = ",".join(letters.setdefault(code, letter(len(letters))) for code in cell["notes"])
        rows.append({"label": _label(name), "unit": _unit(unit), "cells": line})
    notes = [[letter, clean(says.get(code) or numbers.reason_text(code))] for code, letter in letters.items()]
    return {"segmenters": [clean(own) for own in segmenters], "rows": rows, "notes": notes}


def _not_asked() -> dict[str, Any]:
    return {"text": clean(numbers.missing_text("NOT_COMPUTED")), "missing": True, "notes": []}


def letter(index: int) -> str:
    """The mark of a note: a, b, … z, aa, ab, …"""
    return chr(ord("a") + index) if index < 26 else letter(index // 26 - 1) + chr(ord("a") + index % 26)


def _reference(row: Record) -> dict[str, Any]:
    label = REFERENCE_LABELS.get(row["name"], clean(row["name"]))
    if row["mean"] is None:
        return {"label": label, "missing": clean(numbers.missing_text(row["reason_missing"] or "NO_REASON_GIVEN"))}
    return {
        "label": label,
        "missing": "",
        "mean": numbers.number_text(row["mean"], "g/mL"),
        "sd": numbers.DASH if row["sd"] is None else numbers.number_text(row["sd"], "g/mL"),
        "volume": numbers.number_text(row["volume_ml"], "mL"),
        "centre": numbers.point_text(row["centroid_lps_mm"]) if row["centroid_lps_mm"] else numbers.DASH,
    }


def _suv(suv: Record) -> list[list[str]]:
    factor, uptake = suv["factor_bw_per_bqml"], suv["uptake_min"]
    rows = [
        ("Quantity", f"{_quantity(suv['quantity'])}, {_unit(suv['unit'])}"),
        ("Factor", f"{numbers.factor_text(factor)} SUVbw per Bq/mL" if factor is not None else "no single factor for all slices"),
        ("Uptake time", numbers.quantity_text(uptake, "min") if uptake is not None else "not known"),
        ("Decay reference", suv["reference_rule"] or "not needed"),
    ]
    return [[label, clean(text)] for label, text in rows]


def _quantity(name: str) -> str:
    return Quantity[name].says if name in Quantity.__members__ else name


def _fact(row: Record) -> dict[str, str]:
    value = numbers.fact_text(clean(row["value"]), clean(row["unit"] or ""))
    return {"name": clean(row["name"]), "value": value, "read_from": clean(row["read_from"])}


def _candidates(suv: Record) -> list[dict[str, Any]]:
    chosen, rejected = suv["reference_rule"], suv.get("rejected") or {}
    times = dict(suv.get("candidates") or {})
    rows = []
    for rule in dict.fromkeys([*times, *rejected]):
        verdict = "chosen" if rule == chosen else rejected.get(rule, "not chosen")
        rows.append(
            {"rule": clean(rule), "time": clean(times.get(rule) or numbers.DASH), "verdict": clean(verdict), "chosen": rule == chosen}
        )
    return sorted(rows, key=lambda row: not row["chosen"])


def _flag(row: Record) -> dict[str, str]:
    text = {name: clean(row.get(name) or "") for name in ("code", "message", "where", "found", "allowed", "remedy")}
    return {**text, "severity": SEVERITIES.get(row["severity"], clean(row["severity"]))}


def _method(row: Record) -> dict[str, Any]:
    text = CODE.sub(lambda found: numbers.reason_text(found.group()), row["text"])
    return {"step": clean(row["step"]), "text": clean(text), "sources": [clean(source) for source in row["sources"]]}


def _definitions(biomarkers: Sequence[Record]) -> list[dict[str, str]]:
    said = {row["name"]: row for row in biomarkers if row.get("says")}
    return [
        {"label": _label(name), "name": clean(name), "method": clean(row["method"]), "says": clean(row["says"])}
        for name, row in said.items()
    ]


def _protocol(protocol: Record, prefix: str = "") -> list[list[str]]:
    """The resolved protocol as `section.key` and value."""
    rows: list[list[str]] = []
    for key, value in protocol.items():
        if isinstance(value, Mapping):
            rows += _protocol(value, f"{prefix}{key}.")
        else:
            rows.append([clean(f"{prefix}{key}"), clean(_setting(value))])
    return rows


def _setting(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) or "none given" if isinstance(value, list | tuple) else str(value)


def _provenance(document: Record) -> list[list[str]]:
    study, provenance = document["study"], document["provenance"]
    rows = [("Provenance", provenance["id"]), ("Study", study["study_uid"]), ("PET series", study["pet"]["series_uid"])]
    if study["ct"]:
        rows.append(("CT series", study["ct"]["series_uid"]))
    rows.append(("SHA-256 of the PET instances", document["suv"].get("sop_instances_sha256") or "not given"))
    rows += [(f"input {name}", value) for name, value in provenance.get("inputs", {}).items()]
    return [[clean(label), clean(text)] for label, text in rows]
