"""What `carpet deid` says: which studies were exported under which pseudonym, what stayed behind, and what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from carpet.run.deid_proof import Print
from carpet.run.deidentifying import Exported, Outcome
from carpet.run.terminal import counted, notices_text, printable_lines

SCHEMA = 1


def deid_document(outcome: Outcome) -> dict[str, Any]:
    """The JSON document: nothing in it comes from a name, a record number or a path of the input."""
    return {
        "schema": SCHEMA,
        "exported": [_study(study) for study in outcome.exported],
        "already_there": [_study(study) for study in outcome.there],
        "left_out": [{"reason": reason, "instances": number} for reason, number in sorted(outcome.left_out.items())],
        "refusals": [notice.as_dict() for notice in outcome.refused],
        "unreadable": outcome.unreadable,
        "other_files": outcome.other_files,
    }


def _study(study: Exported) -> dict[str, Any]:
    return {
        "patient": study.patient,
        "folder": f"{study.patient}/{study.folder}",
        "images": study.images,
        "series": [_series(one) for one in study.prints],
    }


def _series(one: Print) -> dict[str, Any]:
    return {
        "modality": one.modality,
        "slices": one.slices,
        "quantity": one.quantity,
        "sha256_before_and_after": one.sha256,
        "refusals": list(one.refusals),
    }


def deid_text(outcome: Outcome, out: Path, key: Path) -> str:
    """The same for a person."""
    lines = [line for study in outcome.exported for line in _told(study, "exported")]
    lines += [line for study in outcome.there for line in _told(study, "was there")]
    lines += [f"left out  {counted(number, 'object')}: {reason}" for reason, number in sorted(outcome.left_out.items())]
    if outcome.unreadable:
        lines.append(f"{counted(outcome.unreadable, 'file')} unreadable: not exported; `carpet scan` names them")
    if outcome.other_files:
        lines.append(f"{counted(outcome.other_files, 'file')} not DICOM: not exported")
    if outcome.exported or outcome.there:
        lines += ["", f"files  {out}", f"key    {key}: keep it apart and secret, it leads back to the patients"]
    text = printable_lines(lines)
    refusals = notices_text(outcome.refused)
    return "\n\n".join(part for part in (text, refusals and f"refused, not exported:\n\n{refusals}") if part)


def _told(study: Exported, verb: str) -> Sequence[str]:
    head = f"{verb}  {study.patient}/{study.folder}  {counted(study.images, 'image')}"
    return [head, *(f"          {_measured(one)}" for one in study.prints)]


def _measured(one: Print) -> str:
    if one.refusals:
        return f"{one.modality}, {counted(one.slices, 'slice')}: refused as before ({', '.join(one.refusals)})"
    return f"{one.modality}, {counted(one.slices, 'slice')}: {one.quantity} equal before and after, SHA-256 {(one.sha256 or '')[:16]}…"
