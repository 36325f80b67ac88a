"""`carpet methods`: every segmenter, biomarker, criterion, score and rule, printed from the code."""

from __future__ import annotations

from typing import Any

from carpet.biomarkers import biomarkers
from carpet.clinical.score import INPUTS, Score, scores
from carpet.core.errors import ProtocolError
from carpet.lesions.rules import rules_table
from carpet.response import Criterion, criteria
from carpet.segment import segmenters


def methods_list(kind: str | None) -> list[dict[str, Any]]:
    """A row a method; raises ProtocolError for an unknown kind."""
    rows = [
        {"kind": one.kind, "name": one.name, "version": one.version, "unit": one.unit.ucum, "says": one.says, "source": one.source}
        for available in (segmenters(), biomarkers())
        for one in available.values()
    ]
    rows += [
        {
            "kind": "rule",
            "name": name,
            "version": "1",
            "unit": "1",
            "says": f"{status}: {says}",
            "source": "carpet's own; docs/reference/methods.md",
        }
        for name, status, says in rules_table()
    ]
    rows += [
        {"kind": "criterion", "name": one.name, "version": one.version, "unit": "1", "says": says_of(one), "source": one.source}
        for one in criteria().values()
    ]
    rows += [
        {"kind": one.kind, "name": one.name, "version": one.version, "unit": one.unit.ucum, "says": asks_of(one), "source": one.source}
        for one in scores().values()
    ]
    kinds = sorted({row["kind"] for row in rows})
    if kind is not None and kind not in kinds:
        raise ProtocolError(f"no kind of method is called {kind!r}. There are: {', '.join(kinds)}")
    return [row for row in rows if kind in (None, row["kind"])]


def says_of(criterion: Criterion[Any]) -> str:
    """What the criterion is, and the categories it can give."""
    return f"{criterion.says}: {' '.join(criterion.categories)}"


def asks_of(score: Score) -> str:
    """What the score is, the facts it takes with their units, and the patients it was made for."""
    inputs = ", ".join(f"{name} ({INPUTS[name].unit})" if INPUTS[name].unit else name for name in score.inputs)
    return f"{score.says} Takes: {inputs}. Made for: {score.made_for}."


def methods_table(rows: list[dict[str, Any]]) -> str:
    """For people: name, unit and version, then what it does and where it comes from."""
    return "\n".join(
        f"{row['kind']} {row['name']}@{row['version']}  [{row['unit']}]\n    {row['says']}\n    {row['source']}" for row in rows
    )
