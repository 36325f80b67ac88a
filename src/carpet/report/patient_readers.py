"""What the pages say where readers disagree with each other, and where a reader disagrees with the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carpet.report.content import clean
from carpet.report.patient_responses import at_text, criterion_text

Row = Mapping[str, Any]

TRIGGERS: Mapping[str, str] = {  # code → what two readers do not agree on, and from when on a third must judge (METHODS J)
    "CATEGORY_DIFFERS": "they call another response by Lugano",
    "DEAUVILLE_ACROSS_3_4": "one scores Deauville 1 to 3, the other 4 or 5: response or residual disease",
    "TMTV_DIFFERS": "their TMTV differs by more than 10 % and 10 mL",
    "PROGRESSION_DATE_DIFFERS": "they date progression more than 7 days apart, or one of them alone sees it",
}
THIRD_READER = (
    "carpet prefers neither: both stand in all tables, and what follows from them differs. A third reader, who knows both, "
    "chooses one or reads the scan again; their reading goes into readings.csv, their word on a region into decisions.csv with "
    "yes under adjudicates."
)
AGAINST_NUMBERS = "The reader's call stands above the numbers. Look at the scan and at what the numbers rest on before either is used."
FLAGGED = "the lesion tracks or the rules give otherwise than the reader says"


def disputes(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """A box for each two readers who disagree so far that a third must judge; [] for none."""
    return [
        {
            "at": at_text(row["timepoint"], row["day"]) if row["timepoint"] else "Whole course",
            "readers": [{"name": _name(name), "says": _calls(calls)} for name, calls in row["readers"]],
            "because": [f"{TRIGGERS.get(code, clean(code))} ({clean(because)})" for code, because in row["triggers"]],
            "third": THIRD_READER,
        }
        for row in rows
    ]


def unlike_numbers(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """A line for each reader whose call is not that of the numbers; [] for none."""
    return [
        {
            "at": at_text(row["timepoint"], row["day"]),
            "reader": clean(row["reader"]),
            "said": _calls(row["said"]),
            "numbers": _calls(row["numbers"]),
            "because": FLAGGED if row["flagged"] else "",
            "what": AGAINST_NUMBERS,
        }
        for row in rows
    ]


def _name(reader: str) -> str:
    return "the date stated in patients.csv" if reader == "patients.csv" else clean(reader)


def _calls(calls: Sequence[Sequence[str]]) -> str:
    """`Lugano, PET and CT: CR; Deauville score: 3`; empty where nothing was called."""
    return "; ".join(f"{criterion_text(name)}: {clean(category)}" for name, category in calls)
