"""What the patient's page says of lesions over time: volume and event scan by scan, what is left where no region is, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from carpet.report import numbers
from carpet.report.content import clean
from carpet.report.mip_row import track_colour
from carpet.report.patient_responses import at_text, day_text

Row = Mapping[str, Any]

QUIET_EVENTS = ("present",)  # said by the volume alone
LOW = "low"
NO_REGION = "no region"  # gone, but uptake remains or nobody knows: "gone" alone would say too much
GONE, REMNANT = "gone", "remnant"
EVENTS: Mapping[str, str] = {  # in the order in which the key explains them
    GONE: "no region of disease at the lesion's place, and no uptake there that surely stands above its surroundings",
    NO_REGION: "no region of disease at the lesion's place, but uptake remains there, or what is left is not known; no part of TMTV",
    REMNANT: "as much uptake remains as disease has, in a region too small to be measured; no part of TMTV, and not gone",
    "new": "an earlier scan covers the place and shows no disease there",
    "first seen": "no earlier scan could have shown it",
    "reappeared": "disease again where the lesion had gone",
    "split": "more regions than on the scan before; the volume is that of all",
    "merged": "one region with another lesion; the volume stands in the row of the larger one",
    "not in the field of view": "the scan does not cover the place; never gone",
    "not aligned": "the scan could not be laid upon the others: nothing is known of the lesion",
}
LEFT: Mapping[str, str] = {  # whether uptake stands above its surroundings → in words
    "yes": "remains, above its surroundings",
    "no": "there, not above its surroundings",
    "unsure": "there, cannot be told from what goes on beyond it",
}
NOT_KNOWN: Mapping[str, str] = {  # why nobody can tell what is left
    "OUT_OF_FIELD": "the place lies outside the field of view",
    "NOT_ALIGNED": "the scan could not be aligned",
    "PLACE_TAKEN_OUT": "another region, a kidney, the brain or the bladder lies at the place",
}


def tracks_told(rows: Sequence[Row], scans: Iterable[Row]) -> dict[str, Any]:
    """Track by scan: the volume, what happened and what is left; below it why, wherever something happened or is unsure; and the key.

    rows: of the table lesion_tracks with `site`; scans: of the patient, in the order in which they are shown.
    """
    shown = [one for one in scans if any(row["study_uid"] == one["study_uid"] for row in rows)]
    named = sorted({row["track"] for row in rows}, key=lambda name: (len(name), name))
    cells = {(row["track"], row["study_uid"]): row for row in rows}
    said = {event_said(row) for row in rows}
    return {
        "columns": [{"name": clean(one["timepoint"]) or numbers.DASH, "day": day_text(one["day"])} for one in shown],
        "rows": [
            {
                "track": clean(name),
                "colour": track_colour(name),
                "site": " / ".join(dict.fromkeys(clean(row["site"]) for row in rows if row["track"] == name and row.get("site"))),
                "cells": [_sighting(cells.get((name, one["study_uid"]))) for one in shown],
            }
            for name in named
        ],
        "events": [
            _event(row)
            for n, one in enumerate(shown)
            for row in rows
            if row["study_uid"] == one["study_uid"] and _eventful(row, cells.get((row["track"], shown[n - 1]["study_uid"])) if n else None)
        ],
        "key": [[event, says] for event, says in EVENTS.items() if event in said],
    }


def event_said(row: Row) -> str:
    """The event in the page's word: `no region` for a lesion gone where uptake stands above its surroundings, or nobody can tell."""
    kept = row["event"] == GONE and (row["residual_above"] == "yes" or row["residual_reason_missing"])
    return NO_REGION if kept else clean(row["event"])


def left_text(row: Row) -> str:
    """What is left at the place of a lesion without a region: `SUVmax 2.3 remains, above its surroundings`; empty where nobody asked."""
    if row["residual_suv_max"] is not None:
        return f"SUVmax {numbers.decimal_text(float(row['residual_suv_max']), 1)} {LEFT[row['residual_above']]}"
    reason = row["residual_reason_missing"]
    if not reason or row["event"] not in (GONE, REMNANT):  # the event says it already
        return ""
    return f"what is left cannot be told: {NOT_KNOWN.get(reason) or clean(numbers.reason_text(reason))}"


def _eventful(row: Row, before: Row | None) -> bool:
    """Something happened, or it is unsure; what is as on the scan before is told once."""
    if before is not None and before["event"] == row["event"]:
        still_gone = event_said(row) == event_said(before) == GONE and row["confidence"] == before["confidence"]
        if still_gone or before["because"] == row["because"]:
            return False
    return row["confidence"] == LOW or row["event"] not in QUIET_EVENTS


def _sighting(row: Row | None) -> dict[str, Any]:
    if row is None:
        return {"volume": "", "event": "", "left": "", "unsure": False}
    told = row["volume_ml"] is not None and row["lesion_ids"]
    volume = numbers.number_text(float(row["volume_ml"]), "mL") if told else numbers.DASH
    event = "" if row["event"] in QUIET_EVENTS else event_said(row)
    event = f"{event} into {clean(row['into'])}" if row["into"] else event
    return {"volume": volume, "event": event, "left": left_text(row), "unsure": row["confidence"] == LOW}


def _event(row: Row) -> dict[str, str]:
    because = str(row["because"])
    for code, words in NOT_KNOWN.items():
        because = because.replace(f"({code})", f"({words})")
    return {
        "at": at_text(row["timepoint"], row["day"]),
        "track": clean(row["track"]),
        "event": event_said(row),
        "confidence": clean(row["confidence"]),
        "because": clean(because),
    }
