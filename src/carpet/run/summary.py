"""What `carpet measure` prints: the leading numbers, never without their mark, and where the files are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from carpet.report.numbers import quantity_text

SHOWN = {"tmtv": "TMTV", "tlg": "TLG", "suv_max": "SUVmax", "suv_peak": "SUVpeak", "lesion_count": "lesions", "dmax": "Dmax", "sdmax": "SDmax"}


def summary(document: Mapping[str, Any], out: Path, written: Sequence[str]) -> str:
    """A few lines for the terminal."""
    mark = "" if document["status"] == "REVIEWED" else "  UNREVIEWED"
    study = document["study"]
    lines = [f"{study['patient']}  {study['date'] or 'no date'}  {study['pet']['description']}: {study['chosen_because']}", ""]
    for row in document["biomarkers"]:
        if row["name"] in SHOWN and row["segmenter"] == document["segmenter"]:
            value = "–  " + row["reason_missing"] if row["value"] is None else quantity_text(row["value"], row["unit"], name=row["name"])
            lines.append(f"  {SHOWN[row['name']]:<8} {value:<16} {document['segmenter']}{mark}")
    counts = {status: sum(lesion["status"] == status for lesion in document["lesions"]) for status in ("disease", "physiologic", "undecided")}
    lines += ["", "  regions: " + ", ".join(f"{count} {status}" for status, count in counts.items()) + mark]
    lines += [f"  {flag['severity']} {flag['code']}: {flag['message']} ({flag['found']})" for flag in document["flags"] if flag["severity"] == "W"]
    return "\n".join([*lines, "", f"written to {out}: {', '.join(written)}"])
