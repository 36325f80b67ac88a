"""What `carpet scan` prints for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def scan_text(document: Mapping[str, Any]) -> str:
    """Studies, series, facts, refusals and flags as indented lines."""
    lines: list[str] = []
    for study in document["studies"]:
        lines.append(f"study {study['study_uid']}  patient {study['patient']}  {study['date'] or 'no date'}")
        for series in study["series"]:
            lines += [f"  {line}" for line in _series(series)]
    lines += [f"unreadable {row['path']}: {row['code']}, {row['message']}" for row in document["unreadable"]]
    if document["other_files"]:
        lines.append(f"{document['other_files']} files are not DICOM")
    return "\n".join(lines) if lines else "no DICOM here"


def _series(series: Mapping[str, Any]) -> list[str]:
    verdict = {True: "quantifiable", False: "REFUSED"}.get(series.get("quantifiable"), "")
    size = ""
    if series["shape_kji"]:
        size = "×".join(map(str, series["shape_kji"])) + " voxels of " + " × ".join(f"{mm:.2f}" for mm in series["spacing_mm_kji"]) + " mm"
    lines = [f"{series['modality'] or '?':<3} {series['description'] or '(no description)'}  {series['slices']} files  {size}  {verdict}".rstrip()]
    lines.append(f"    {series['series_uid']}")
    suv = series.get("suv")
    if suv and series.get("quantifiable"):
        lines += [f"    {line}" for line in _suv(suv)]
    for notice in (*series["refusals"], *series["flags"]):
        where = f" at {notice['where']}" if notice["where"] else ""
        lines.append(f"    {notice['severity']} {notice['code']}{where}: {notice['message']}; found: {notice['found']}")
        if notice["severity"] == "E" and notice["remedy"]:
            lines.append(f"      do: {notice['remedy']}")
    return lines


def _suv(suv: Mapping[str, Any]) -> list[str]:
    lines = []
    if suv["factor_bw_per_bqml"] is not None:
        lines.append(f"SUVbw per Bq/mL {suv['factor_bw_per_bqml']:.8e}")
    if suv["reference_rule"]:
        lines.append(f"decay reference {suv['reference_at']} by {suv['reference_rule']}, uptake {suv['uptake_min']:.1f} min")
    for name, at in suv["candidates"].items():
        why = suv["rejected"].get(name)
        lines.append(f"  candidate {name} {at}" + (f"  not used: {why}" if why else ""))
    lines += [f"  {fact['name']} = {fact['value']} {fact['unit']}".rstrip() + f"  from {fact['read_from']}" for fact in suv["facts"]]
    if "max" in suv:
        lines.append(f"SUVbw min {suv['min']:.4g}, median {suv['median']:.4g}, max {suv['max']:.6g}")
    return lines
