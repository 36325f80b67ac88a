"""What `carpet measure` prints: the leading numbers, never without their mark, and where the files are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from carpet.report.numbers import missing_text, quantity_text
from carpet.run.terminal import printable_lines

SHOWN = {
    "tmtv": "TMTV",
    "tlg": "TLG",
    "lesion_count": "lesions",
    "suv_max": "SUVmax",
    "suv_peak": "SUVpeak",
    "dmax": "Dmax",
    "sdmax": "SDmax",
}
UNREVIEWED = "UNREVIEWED"


def summary(document: Mapping[str, Any], out: Path, written: Sequence[str]) -> str:
    """A few lines for the terminal."""
    study, unreviewed = document["study"], document["status"] == UNREVIEWED
    mark = UNREVIEWED if unreviewed else ""
    lines = [f"{study['patient']}, {study['date'] or 'no date'}, {study['pet']['description'] or 'PET'}: {study['chosen_because']}", ""]
    rows = {row["name"]: row for row in document["biomarkers"] if row["segmenter"] == document["segmenter"]}
    lines += [f"  {label:<8} {_value(rows[name]):<14} {mark}".rstrip() for name, label in SHOWN.items() if name in rows]
    lines += ["", f"  disease by {_origin(document['segmenter'])}; {_regions(document['lesions'])}"]
    lines += [f"  {flag['code']}: {flag['message']} ({flag['found']})" for flag in _warnings(document)]
    if unreviewed:
        look = (
            f"look at {out / 'report.html'}, then run again with --decisions FILE" if "report.html" in written else "use --decisions FILE"
        )
        lines.append(f"  {UNREVIEWED}: no reader has confirmed which regions are disease; {look}")
    else:
        lines.append(f"  {document['status']}")
    return printable_lines([*lines, "", f"{len(written)} files in {out}: {', '.join(written)}"])


def _value(row: Mapping[str, Any]) -> str:
    if row["value"] is None:
        return missing_text(row["reason_missing"])
    return quantity_text(row["value"], row["unit"], name=row["name"])


def _origin(segmenter: str) -> str:
    return "the given mask" if segmenter == "mask" else segmenter


def _regions(lesions: Sequence[Mapping[str, Any]]) -> str:
    counts = {status: sum(lesion["status"] == status for lesion in lesions) for status in ("disease", "physiologic", "undecided")}
    return "regions: " + ", ".join(f"{count} {status}" for status, count in counts.items())


def _warnings(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [flag for flag in document["flags"] if flag["severity"] == "W" and flag["code"] != UNREVIEWED]
