"""What `carpet scan` prints for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carpet.run.terminal import counted, printable_lines

VERDICT = {True: "quantifiable", False: "REFUSED"}


def scan_text(document: Mapping[str, Any]) -> str:
    """Studies, series, facts, refusals and flags as indented lines."""
    lines: list[str] = []
    for study in document["studies"]:
        lines.append(f"study {study['study_uid']}  patient {study['patient']}  {study['date'] or 'no date'}")
        for series in study["series"]:
            lines += [f"  {line}" for line in _series(series)]
    lines += [f"unreadable {row['path']}: {row['code']}, {row['message']}" for row in document["unreadable"]]
    if not document["studies"]:
        lines.append("no DICOM series here")
    if document["other_files"]:
        lines.append(f"{counted(document['other_files'], 'file')} not DICOM")
    return printable_lines(lines)


def _series(series: Mapping[str, Any]) -> list[str]:
    verdict = VERDICT[series["quantifiable"]] if "quantifiable" in series else ""
    parts = [counted(series["slices"], "file"), _size(series), verdict]
    title = f"{series['modality'] or '?':<3} {series['description'] or '(no description)'}"
    lines = ["  ".join([title, *(part for part in parts if part)]), f"    {series['series_uid']}"]
    suv = series.get("suv")
    if suv and series["quantifiable"]:
        lines += [f"    {line}" for line in _suv(suv)]
    for notice in (*series["refusals"], *series["flags"]):
        where = f" at {notice['where']}" if notice["where"] else ""
        found = f"; found: {notice['found']}" if notice["found"] else ""
        lines.append(f"    {notice['severity']} {notice['code']}{where}: {notice['message']}{found}")
        if notice["severity"] == "E" and notice["remedy"]:
            lines.append(f"      do: {notice['remedy']}")
    return lines


def _size(series: Mapping[str, Any]) -> str:
    if not series["shape_kji"]:
        return ""
    spacing = " × ".join(f"{mm:.2f}" for mm in series["spacing_mm_kji"])
    return f"{'×'.join(map(str, series['shape_kji']))} voxels of {spacing} mm"


def _suv(suv: Mapping[str, Any]) -> list[str]:
    lines = []
    if suv["factor_bw_per_bqml"] is not None:
        lines.append(f"SUVbw per Bq/mL  {suv['factor_bw_per_bqml']:.8e}")
    elif suv["per_slice"]:
        lines.append(f"SUVbw per Bq/mL  {min(suv['per_slice']):.8e} to {max(suv['per_slice']):.8e}, slice by slice")
    else:
        lines.append(f"SUV from stored values in {suv['units']}")
    if suv["reference_rule"]:
        uptake = "unknown" if suv["uptake_min"] is None else f"{suv['uptake_min']:.1f} min"
        lines.append(f"decay reference  {suv['reference_at'] or 'per slice'} by {suv['reference_rule']}, uptake {uptake}")
    for name, at in suv["candidates"].items():
        verdict = "chosen" if name == suv["reference_rule"] else suv["rejected"].get(name, "")
        lines.append(f"  {name:<25} {at}  {verdict}".rstrip())
    for fact in suv["facts"]:
        value = f"{fact['value']} {fact['unit']}".strip()
        lines.append(f"  {fact['name']:<18} {value}  from {fact['read_from']}")
    if "max" in suv:
        lines.append(f"SUVbw min {suv['min']:.4g}, median {suv['median']:.4g}, max {suv['max']:.6g}")
    return lines
