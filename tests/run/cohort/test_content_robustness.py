"""Contract: every specification is shown, the main one marked; rules that change nothing share a row."""

from __future__ import annotations

from dataclasses import replace

from carpet.report.cohort_content import Picture, Table
from carpet.report.cohort_figures.specification_curve import SpecificationData
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_robustness import robustness

SAME = {"patients": 47, "events": 22, "competing": 0, "days": 900, "default_patients": 47, "default_events": 22, "default_competing": 0}


def _effect(rules: str, changed: int) -> dict[str, object]:
    return {"patient_id": "", "endpoint": "PFS", "rules": rules, **SAME, "default_days": 900, "changed": changed}


def test_the_curve_and_the_table(analysed: Analysed) -> None:
    rows = {**analysed.rows, "rule_effects": [_effect("ema", 3), _effect("lyric", 0), _effect("hsct_event", 0)]}
    picture, words, table = robustness(replace(analysed, rows=rows)).blocks
    assert isinstance(picture, Picture)
    assert isinstance(picture.data, SpecificationData)
    assert [(one.choices, one.main) for one in picture.data.specifications] == [
        (("suv4.0", "PFS", "default", "alone"), True),
        (("suv4.0", "PFS", "default", "adjusted"), False),
    ]
    assert "One delineation" in getattr(words, "text", "")
    assert isinstance(table, Table)
    assert [row.cells[0] for row in table.rows[1:]] == ["ema", "nothing changes"]
    assert table.rows[2].cells[1] == "lyric, hsct_event"


def test_nothing_to_vary(analysed: Analysed) -> None:
    assert robustness(replace(analysed, specifications=())).empty
